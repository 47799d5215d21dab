//! Everything that the template of the page shows, as data.

use super::super::standing::missing;
use super::case::{Case, Known};
use super::chart::Chart;
use super::run::{Link, OUTCOMES, Run, verdict, words_of};
use super::words::{meaning, moment, sentence, sign};
use crate::report::Verdict as _;
use crate::report::{CaseReport, ExitCode, Outcome, Report, RunReport, Trend, trends};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    /// The name of the page in a list of pages.
    title: String,
    /// What was tested, in a few words.
    heading: String,
    version: &'a str,
    verdict: Verdict,
    /// Targets that were asked for and not run.
    missing: Option<String>,
    /// The runs that are shown whole.
    runs: Vec<Run<'a>>,
    /// The columns of the board: one for each target, or for each run at the only one. Empty if there is one run.
    columns: Vec<Column<'a>>,
    histories: Vec<History<'a>>,
    /// What each filter offers.
    outcomes: Vec<Choice>,
    levels: Vec<String>,
    clauses: Vec<ClauseRow<'a>>,
    groups: Vec<Group<'a>>,
    cases: usize,
}

/// The verdict over all runs.
#[derive(Debug, Serialize)]
struct Verdict {
    /// The outcome that has its colour.
    outcome: &'static str,
    sign: &'static str,
    sentence: String,
}

/// A value of a filter.
#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    sign: &'static str,
    meaning: &'static str,
    count: usize,
}

#[derive(Debug, Serialize)]
struct Column<'a> {
    label: String,
    run: Run<'a>,
}

/// The runs at one target over time.
#[derive(Debug, Serialize)]
struct History<'a> {
    target: &'a str,
    chart: Chart,
    runs: Vec<Run<'a>>,
    steps: Vec<StepShown<'a>>,
}

/// What happened between two runs: words and cases.
#[derive(Debug, Serialize)]
struct StepShown<'a> {
    from: String,
    to: String,
    lists: Vec<(&'static str, Vec<Link<'a>>)>,
    has_other_corpus: bool,
}

/// A clause and the cases that test it, as signs in a row.
#[derive(Debug, Serialize)]
struct ClauseRow<'a> {
    id: &'a str,
    text: &'a str,
    wrong: usize,
    cells: Vec<Cell<'a>>,
}

#[derive(Debug, Serialize)]
struct Cell<'a> {
    link: Link<'a>,
    outcome: &'static str,
    sign: &'static str,
}

/// The cases of one group.
#[derive(Debug, Serialize)]
struct Group<'a> {
    name: &'a str,
    title: &'a str,
    cases: Vec<Case<'a>>,
    /// The rows of the board.
    rows: Vec<Row<'a>>,
}

/// A case, and its outcome and sign in each column, if it is in that run.
#[derive(Debug, Serialize)]
struct Row<'a> {
    link: Link<'a>,
    cells: Vec<Option<(&'static str, &'static str)>>,
}

impl<'a> Cell<'a> {
    fn of(case: &'a CaseReport) -> Self {
        Self { link: Link::to(&case.id), outcome: case.outcome.as_str(), sign: sign(case.outcome) }
    }
}

impl<'a> Page<'a> {
    /// The page of these runs.
    pub(super) fn of(report: &'a Report) -> Self {
        let trends = trends(std::slice::from_ref(report));
        // Several targets: the latest run of each. One target: its latest run, and the others as columns beside it.
        let latest: Vec<&RunReport> = trends.iter().filter_map(|trend| trend.runs.last().copied()).collect();
        let columns: Vec<&RunReport> = match trends.as_slice() {
            [only] => only.runs.clone(),
            _ => latest.clone(),
        };
        let number =
            |run: &RunReport| columns.iter().position(|other| std::ptr::eq(*other, run)).unwrap_or_default() + 1;
        let known: Vec<Known<'a>> = latest.iter().map(|run| Known::of(number(run), run)).collect();
        let of_columns: Vec<Known<'a>> = columns.iter().map(|run| Known::of(number(run), run)).collect();
        let is_one_target = trends.len() == 1;
        let shown = |run: &'a RunReport| Run::of(number(run), run, is_one_target && columns.len() > 1);
        let is_board = columns.len() > 1;
        Self {
            title: format!("trentcheck at {}", heading(&trends)),
            heading: heading(&trends),
            version: &report.version,
            verdict: overall(&latest, missing(report).is_some()),
            missing: missing(report),
            runs: latest.iter().map(|run| shown(run)).collect(),
            columns: columns
                .iter()
                .filter(|_| is_board)
                .map(|run| shown(run))
                .map(|run| Column { label: run.label.clone(), run })
                .collect(),
            histories: trends.iter().filter(|trend| trend.runs.len() > 1).map(history).collect(),
            outcomes: choices(&latest),
            levels: levels(&latest),
            clauses: if is_board { Vec::new() } else { latest.iter().flat_map(|run| clauses(run)).collect() },
            cases: latest.iter().flat_map(|run| &run.cases).map(|case| &case.id).collect::<BTreeSet<_>>().len(),
            groups: groups(&latest, &known, if is_board { &of_columns } else { &[] }),
        }
    }
}

/// What was tested, in a few words.
fn heading(trends: &[Trend<'_>]) -> String {
    match trends {
        [only] => words_of(only.runs[0]).to_owned(),
        several => format!("{} targets", several.len()),
    }
}

fn overall(runs: &[&RunReport], is_missing: bool) -> Verdict {
    let (outcome, words) = match runs {
        [] => (Outcome::Skipped, "nothing was run".to_owned()),
        [only] => (verdict(only), only.meaning(only.exit_code)),
        several => {
            let good = several.iter().filter(|run| run.exit_code == ExitCode::Pass).count();
            let wrong = several.iter().filter(|run| run.figures.diverges > 0).count();
            let outcome = match (good == several.len(), wrong) {
                (true, _) => Outcome::Pass,
                (false, 0) => Outcome::Indeterminate,
                _ => Outcome::Diverges,
            };
            (outcome, format!("{good} of {} targets pass, {wrong} diverge", several.len()))
        }
    };
    // What is known of some targets says nothing about the others.
    let outcome = if is_missing && outcome == Outcome::Pass { Outcome::Indeterminate } else { outcome };
    Verdict { outcome: outcome.as_str(), sign: sign(outcome), sentence: sentence(&words) }
}

fn history<'a>(trend: &Trend<'a>) -> History<'a> {
    let steps = trend.runs.windows(2).zip(&trend.steps).map(|(pair, step)| {
        let lists = [
            ("came", &step.came),
            ("went", &step.went),
            ("changed", &step.changed),
            ("unknown now", &step.unknown),
            ("without a verdict now", &step.lost),
            ("new", &step.new),
            ("removed", &step.removed),
        ];
        let links = |cases: &Vec<&'a CaseReport>| cases.iter().map(|case| Link::to(&case.id)).collect();
        let lists = lists.into_iter().filter(|(_, cases)| !cases.is_empty());
        StepShown {
            from: moment(&pair[0].started),
            to: moment(&pair[1].started),
            lists: lists.map(|(word, cases)| (word, links(cases))).collect(),
            has_other_corpus: step.has_other_corpus,
        }
    });
    History {
        target: words_of(trend.runs[0]),
        chart: Chart::of(&trend.runs),
        // The latest change first.
        steps: steps.collect::<Vec<_>>().into_iter().rev().collect(),
        runs: trend.runs.iter().enumerate().map(|(number, run)| Run::of(number + 1, run, true)).collect(),
    }
}

fn choices(runs: &[&RunReport]) -> Vec<Choice> {
    let mut cases: BTreeMap<Outcome, BTreeSet<&str>> = BTreeMap::new();
    for case in runs.iter().flat_map(|run| &run.cases) {
        cases.entry(case.outcome).or_default().insert(&case.id);
    }
    let offered = OUTCOMES.into_iter().filter_map(|outcome| Some((outcome, cases.get(&outcome)?.len())));
    let choice = |(outcome, count): (Outcome, usize)| Choice {
        value: outcome.as_str(),
        sign: sign(outcome),
        meaning: meaning(outcome),
        count,
    };
    offered.map(choice).collect()
}

fn levels(runs: &[&RunReport]) -> Vec<String> {
    let levels: BTreeSet<_> = runs.iter().flat_map(|run| &run.cases).map(|case| case.level).collect();
    levels.into_iter().rev().map(|level| level.to_string()).collect()
}

/// The clauses that cases test, those with most wrong cases first, and their cases.
fn clauses(run: &RunReport) -> Vec<ClauseRow<'_>> {
    let mut rows: BTreeMap<&str, Vec<&CaseReport>> = BTreeMap::new();
    for case in &run.cases {
        for clause in &case.clauses {
            rows.entry(clause).or_default().push(case);
        }
    }
    let mut rows: Vec<ClauseRow<'_>> = rows
        .into_iter()
        .map(|(id, cases)| ClauseRow {
            id,
            text: run.clauses.get(id).map_or("", |clause| &clause.text),
            wrong: cases.iter().filter(|case| case.is_wrong()).count(),
            cells: cases.into_iter().map(Cell::of).collect(),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.wrong));
    rows
}

/// The cases of all runs by group, in the order in which they first appear.
fn groups<'a>(runs: &[&'a RunReport], known: &[Known<'a>], columns: &[Known<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (run, case) in runs.iter().flat_map(|run| run.cases.iter().map(move |case| (*run, case))) {
        if !seen.insert(&case.id) {
            continue;
        }
        let place = *places.entry(&case.group).or_insert_with(|| {
            let title = run.groups.get(&case.group).map_or(case.group.as_str(), |title| title);
            groups.push(Group { name: &case.group, title, cases: Vec::new(), rows: Vec::new() });
            groups.len() - 1
        });
        groups[place].cases.push(Case::of(case, run, known));
        if !columns.is_empty() {
            let cells = columns.iter().map(|column| column.outcome(&case.id));
            let cells = cells.map(|outcome| outcome.map(|outcome| (outcome.as_str(), sign(outcome))));
            groups[place].rows.push(Row { link: Link::to(&case.id), cells: cells.collect() });
        }
    }
    groups
}

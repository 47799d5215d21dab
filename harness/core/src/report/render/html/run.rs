//! What the page says of one run: what was tested, the figures, and why cases diverge.

use super::super::standing::{counted, of_run, target};
use super::words::{length, link, meaning, moment, number, percent, sentence, sign, time};
use crate::report::{Cause, ExitCode, FactVerdict, Outcome, RunReport};
use serde::Serialize;

/// All outcomes, in the order in which the page lists them: first what needs attention.
pub(super) const OUTCOMES: [Outcome; 9] = [
    Outcome::Diverges,
    Outcome::Stale,
    Outcome::Flaky,
    Outcome::Indeterminate,
    Outcome::Blocked,
    Outcome::Unsupported,
    Outcome::Listed,
    Outcome::Skipped,
    Outcome::Pass,
];

/// One run of the page.
#[derive(Debug, Serialize)]
pub(super) struct Run<'a> {
    /// Its place among the runs of the page, from 1.
    pub(super) number: usize,
    /// The target's name, else its endpoint.
    target: &'a str,
    /// The target and the time, if several runs are at one target.
    pub(super) label: String,
    started: String,
    verdict: Verdict,
    /// What was tested and with what: a word and a value each.
    about: Vec<(&'static str, String)>,
    divergence: Figure,
    coverage: Figure,
    outcomes: Vec<Count>,
    notices: Vec<&'a str>,
    left: Vec<&'a str>,
    /// What blocks more cases than the first cause concerns.
    hindrance: Option<(String, &'a str)>,
    causes: Vec<CauseShown<'a>>,
    changes: Vec<Changes<'a>>,
    recorded: Option<Recorded<'a>>,
    /// Entries of a list of known deviations that do not hold and have no case.
    stale: Vec<StaleShown<'a>>,
}

/// How a run ended.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    /// The outcome whose colour and sign it has.
    pub(super) outcome: &'static str,
    pub(super) sign: &'static str,
    /// In a sentence.
    pub(super) sentence: String,
    /// Every code that applies, with its meaning.
    codes: Vec<(u8, String)>,
    /// What no case shows.
    besides: Option<String>,
}

/// A share with its parts.
#[derive(Debug, Serialize)]
struct Figure {
    percent: String,
    part: usize,
    whole: usize,
    length: f64,
}

/// How many cases came to an outcome.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    outcome: &'static str,
    sign: &'static str,
    meaning: &'static str,
    count: usize,
    /// Where its part of a bar from 0 to 100 begins, and how long it is.
    start: f64,
    length: f64,
}

#[derive(Debug, Serialize)]
struct CauseShown<'a> {
    key: String,
    kind: String,
    sentence: String,
    clause: Option<(&'a str, &'a str)>,
    level: String,
    cases: usize,
    blocks: usize,
    counted: String,
    /// The share of all diverging cases, from 0 to 100.
    length: f64,
    place: String,
    expected: String,
    found: String,
    example: Link<'a>,
    repeat: &'a str,
}

/// A case and where the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Link<'a> {
    pub(super) id: &'a str,
    pub(super) href: String,
}

/// What changed since a baseline was recorded, or differs from another target.
#[derive(Debug, Serialize)]
struct Changes<'a> {
    heading: String,
    causes: Vec<Change<'a>>,
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    sentence: &'a str,
    counted: String,
    cases: Vec<Link<'a>>,
}

/// Which recorded facts the target answers as AWS KMS did.
#[derive(Debug, Serialize)]
struct Recorded<'a> {
    agrees: usize,
    disagrees: usize,
    not_offered: usize,
    indeterminate: usize,
    /// The facts with which it disagrees, with what differs.
    facts: Vec<(&'a str, &'a str, Vec<String>)>,
}

#[derive(Debug, Serialize)]
struct StaleShown<'a> {
    entry: &'a str,
    why: &'static str,
}

impl<'a> Link<'a> {
    pub(super) fn to(id: &'a str) -> Self {
        Self { id, href: link(id) }
    }
}

impl<'a> Run<'a> {
    /// What the page says of a run. `several` says whether other runs at its target are on the page.
    pub(super) fn of(number: usize, run: &'a RunReport, several: bool) -> Self {
        let target = words_of(run);
        let label = if several { moment(&run.started) } else { target.to_owned() };
        let figures = &run.figures;
        let judged = figures.judged();
        let wrong = figures.divergence.map_or(0, |share| (share * judged as f64).round() as usize);
        Self {
            number,
            target,
            label,
            started: moment(&run.started),
            verdict: Verdict::of(run),
            about: about(run),
            divergence: Figure::of(figures.divergence, wrong, judged),
            coverage: Figure::of(figures.coverage, judged, figures.selected),
            outcomes: counts(run),
            notices: run.notices.iter().map(|notice| notice.as_str()).collect(),
            left: run.left.iter().map(|line| line.as_str()).collect(),
            hindrance: run.hindrance().map(|(cases, reason)| (counted(cases), reason)),
            causes: run.causes.iter().enumerate().map(|(at, cause)| cause_shown(run, cause, key(number, at))).collect(),
            changes: changes(run),
            recorded: recorded(run),
            stale: stale(run),
        }
    }
}

/// The target by its name, else by its endpoint. The embedded reference listens elsewhere each time.
pub(super) fn words_of(run: &RunReport) -> &str {
    if run.name.is_none() && run.target.embedded { "the embedded reference" } else { target(run) }
}

/// The name of a cause in links and filters: the run's number and its own.
pub(super) fn key(run: usize, cause: usize) -> String {
    format!("{run}.{}", cause + 1)
}

/// The outcome whose colour and sign the verdict on a run has.
pub(super) fn verdict(run: &RunReport) -> Outcome {
    match run.exit_code {
        ExitCode::Pass => Outcome::Pass,
        ExitCode::Indeterminate => Outcome::Indeterminate,
        ExitCode::NothingRun => Outcome::Skipped,
        _ => Outcome::Diverges,
    }
}

impl Verdict {
    fn of(run: &RunReport) -> Self {
        let outcome = verdict(run);
        Self {
            outcome: outcome.as_str(),
            sign: sign(outcome),
            sentence: sentence(&run.meaning(run.exit_code)),
            codes: run.exit_codes.iter().map(|code| (*code as u8, run.meaning(*code))).collect(),
            besides: of_run(run).map(|why| why.message),
        }
    }
}

impl Figure {
    fn of(share: Option<f64>, part: usize, whole: usize) -> Self {
        Self { percent: percent(share), part, whole, length: length(share.unwrap_or_default(), 1.0) }
    }
}

fn about(run: &RunReport) -> Vec<(&'static str, String)> {
    let target = &run.target;
    let calls: u64 = run.calls.values().sum();
    let mut about = vec![
        ("endpoint", target.endpoint.clone()),
        ("Region", target.region.clone()),
        ("edition", target.edition.to_string()),
        ("began", format!("{} UTC", moment(&run.started))),
        ("took", time(run.duration_ms * 1000)),
        ("keys made", number(run.keys as u64)),
        ("requests", number(calls)),
        ("lane", run.lane.clone()),
        ("cases at a time", run.jobs.to_string()),
        ("fails from", run.fail_on.to_string()),
        ("trentcheck", run.version.clone()),
        ("corpus", run.corpus.clone()),
        ("run", run.run.clone()),
    ];
    about.extend(run.name.clone().map(|name| ("target", name)));
    about.extend(run.rounds.as_ref().map(|rounds| ("rounds", rounds.describe())));
    about.extend(run.seed.map(|seed| ("seed", seed.to_string())));
    let ahead = run.clock_ahead_s.filter(|seconds| *seconds != 0);
    about.extend(ahead.map(|seconds| ("clock ahead by", format!("{seconds} s"))));
    about.extend(run.baseline.as_ref().map(|baseline| ("baseline", baseline.directory.clone())));
    about.extend(run.differential.as_ref().map(|found| ("compared with", found.right.endpoint.clone())));
    about.extend(run.deviations.as_ref().map(|list| ("known deviations", list.file.clone())));
    about
}

fn counts(run: &RunReport) -> Vec<Count> {
    let figures = &run.figures;
    let mut start = 0;
    let mut counts = Vec::new();
    for outcome in OUTCOMES {
        let count = match outcome {
            Outcome::Pass => figures.pass,
            Outcome::Diverges => figures.diverges,
            Outcome::Unsupported => figures.unsupported,
            Outcome::Indeterminate => figures.indeterminate,
            Outcome::Blocked => figures.blocked,
            Outcome::Skipped => figures.skipped,
            Outcome::Listed => figures.listed,
            Outcome::Stale => figures.stale,
            Outcome::Flaky => figures.flaky,
        };
        if count > 0 {
            let part = |count: usize| length(count as f64, figures.selected as f64);
            let (outcome, sign, meaning) = (outcome.as_str(), sign(outcome), meaning(outcome));
            counts.push(Count { outcome, sign, meaning, count, start: part(start), length: part(count) });
            start += count;
        }
    }
    counts
}

fn cause_shown<'a>(run: &'a RunReport, cause: &'a Cause, key: String) -> CauseShown<'a> {
    let clause = cause.clause.as_ref().and_then(|id| run.clauses.get_key_value(id));
    let kind = serde_json::to_value(cause.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    CauseShown {
        key,
        kind: kind.unwrap_or_default(),
        sentence: sentence(&cause.sentence),
        clause: clause.map(|(id, clause)| (id.as_str(), clause.text.as_str())),
        level: cause.level.to_string(),
        cases: cause.cases.len(),
        blocks: cause.blocks,
        counted: counted(cause.cases.len()),
        length: length(cause.cases.len() as f64, run.figures.diverges as f64).min(100.0),
        place: cause.place.to_string(),
        expected: cause.expected.to_string(),
        found: cause.found.to_string(),
        example: Link::to(&cause.example),
        repeat: &cause.repeat,
    }
}

fn changes(run: &RunReport) -> Vec<Changes<'_>> {
    let mut changes = Vec::new();
    if let Some(baseline) = &run.baseline {
        let heading = format!("{} of {} compared cases differ from the baseline", baseline.drifted, baseline.compared);
        let causes = baseline.causes.iter().map(|cause| change(&cause.sentence, &cause.cases));
        changes.push(Changes { heading, causes: causes.collect() });
    }
    if let Some(found) = &run.differential {
        let (differ, compared, right) = (found.differ.len(), found.compared, &found.right.endpoint);
        let heading = format!("{differ} of {compared} compared cases differ from {right}");
        let causes = found.causes.iter().map(|cause| change(&cause.sentence, &cause.cases));
        changes.push(Changes { heading, causes: causes.collect() });
    }
    changes
}

fn change<'a>(sentence: &'a str, cases: &'a [String]) -> Change<'a> {
    Change { sentence, counted: counted(cases.len()), cases: cases.iter().map(|case| Link::to(case)).collect() }
}

fn recorded(run: &RunReport) -> Option<Recorded<'_>> {
    let recorded = run.recorded.as_ref()?;
    let wrong = recorded.results.iter().filter(|fact| fact.verdict == FactVerdict::Disagrees);
    let facts = wrong.map(|fact| {
        let differences = fact.differences.iter().map(|found| {
            let (operation, place) = (&found.operation, &found.place);
            format!("{operation} {place}: recorded {}, found {}", found.expected, found.found)
        });
        (fact.id.as_str(), fact.title.as_str(), differences.collect())
    });
    Some(Recorded {
        agrees: recorded.agrees,
        disagrees: recorded.disagrees,
        not_offered: recorded.not_offered,
        indeterminate: recorded.indeterminate,
        facts: facts.collect(),
    })
}

fn stale(run: &RunReport) -> Vec<StaleShown<'_>> {
    let entries = run.deviations.iter().flat_map(|list| &list.stale);
    entries.map(|entry| StaleShown { entry: &entry.entry, why: entry.stale.describe() }).collect()
}

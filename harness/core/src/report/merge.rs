//! Joins the reports of the parts of a run into the report of the whole.

use super::baseline::BaselineReport;
use super::case::CaseReport;
use super::cause::causes;
use super::conclude::exit_codes;
use super::deviation::DeviationsReport;
use super::differential::DifferentialReport;
use super::exit::ExitCode;
use super::figures::Figures;
use super::grouped::{drift_causes, side_causes};
use super::recorded::{FactVerdict, RecordedReport};
use super::repeat::{Repeat, is_only};
use super::run::RunReport;
use super::target::TargetReport;
use super::whole::Report;
use std::collections::{BTreeMap, BTreeSet};

/// Reports that are not the parts of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to join.
    #[error("`report merge` needs at least two saved runs")]
    One,
    /// A case is in two parts.
    #[error("the parts overlap: `{first}` and `{second}` both have the case `{case}` of {target}")]
    Overlap {
        /// The case.
        case: String,
        /// Its target.
        target: String,
        /// The part that came first.
        first: String,
        /// The other part.
        second: String,
    },
    /// Two parts of the run of one target are not alike in what has to be the same.
    #[error("`{first}` and `{second}` are not parts of one run at {target}: their {what} differ")]
    Different {
        /// What differs.
        what: &'static str,
        /// The target.
        target: String,
        /// The part that came first.
        first: String,
        /// The other part.
        second: String,
    },
}

impl Report {
    /// Joins reports, each with its name for messages, into the one that a run of all their cases would have made.
    ///
    /// # Errors
    ///
    /// There are fewer than two, a case is in two of them, or they are not about the same corpus with the same settings.
    pub fn merge(parts: &[(String, Self)]) -> Result<Self, MergeError> {
        if parts.len() < 2 {
            return Err(MergeError::One);
        }
        let mut runs: Vec<Vec<(&str, &RunReport)>> = Vec::new();
        for (name, report) in parts {
            for run in &report.runs {
                match runs.iter_mut().find(|known| known[0].1.is_at_the_target_of(run)) {
                    Some(known) => {
                        known.iter().try_for_each(|first| check(*first, (name, run)))?;
                        known.push((name, run));
                    }
                    None => runs.push(vec![(name, run)]),
                }
            }
        }
        let asked = parts.iter().map(|(_, report)| report.targets).max().unwrap_or_default();
        let runs: Vec<RunReport> = runs.into_iter().map(joined).collect();
        let targets = asked.max(runs.len());
        Ok(Self::of(runs, targets))
    }
}

/// Whether two runs can be parts of one.
fn check((first, one): (&str, &RunReport), (second, other): (&str, &RunReport)) -> Result<(), MergeError> {
    let target = one.name.clone().unwrap_or_else(|| one.target.endpoint.clone());
    let directory = |run: &RunReport| run.baseline.as_ref().map(|baseline| baseline.directory.clone());
    let is_strict = |run: &RunReport| run.baseline.as_ref().map(|baseline| baseline.strict);
    let right = |run: &RunReport| run.differential.as_ref().map(|found| found.right.clone());
    let noise = |run: &RunReport| run.differential.as_ref().and_then(|found| found.noise_from.clone());
    let asked = |run: &RunReport| run.rounds.as_ref().map(|rounds| (rounds.asked, rounds.asked_ms));
    let list = |run: &RunReport| run.deviations.as_ref().map(|list| list.file.clone());
    let (first, second) = (first.to_owned(), second.to_owned());
    for (what, is_same) in [
        ("corpora", one.corpus == other.corpus),
        ("versions", one.version == other.version),
        ("lanes", one.lane == other.lane),
        ("levels of `--fail-on`", one.fail_on == other.fail_on),
        ("baselines", directory(one) == directory(other)),
        ("settings of `--strict`", is_strict(one) == is_strict(other)),
        ("second targets", are_alike(right(one).as_ref(), right(other).as_ref())),
        ("targets of the noise floor", are_alike(noise(one).as_ref(), noise(other).as_ref())),
        ("lists of deviations", list(one) == list(other)),
        ("rounds", asked(one) == asked(other)),
        ("verdicts on recorded facts", agree(one.recorded.as_ref(), other.recorded.as_ref())),
    ] {
        if !is_same {
            return Err(MergeError::Different { what, target, first, second });
        }
    }
    let known: BTreeSet<&str> = one.cases.iter().map(|case| case.id.as_str()).collect();
    match other.cases.iter().find(|case| known.contains(case.id.as_str())) {
        Some(case) => Err(MergeError::Overlap { case: case.id.clone(), target, first, second }),
        None => Ok(()),
    }
}

/// Whether two targets can be one. The embedded reference listens elsewhere each time.
fn are_alike(one: Option<&TargetReport>, other: Option<&TargetReport>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) if one.embedded && other.embedded => one.edition == other.edition,
        _ => one == other,
    }
}

/// Whether the verdicts on recorded facts are the same, where both parts have some.
fn agree(one: Option<&RecordedReport>, other: Option<&RecordedReport>) -> bool {
    let verdicts = |recorded: &RecordedReport| -> BTreeMap<String, FactVerdict> {
        recorded.results.iter().map(|fact| (fact.id.clone(), fact.verdict)).collect()
    };
    one.zip(other).is_none_or(|(one, other)| verdicts(one) == verdicts(other))
}

/// The run of these parts.
fn joined(parts: Vec<(&str, &RunReport)>) -> RunReport {
    let mut parts = parts.into_iter().map(|(_, run)| run);
    let mut run = parts.next().cloned().expect("a run is only there with its first part");
    parts.for_each(|part| add(&mut run, part));
    concluded(run)
}

/// Adds what a part has. Figures, causes and exit codes follow at the end.
fn add(run: &mut RunReport, part: &RunReport) {
    // Parts can run side by side or one after the other: the time that all took together is their sum.
    run.duration_ms += part.duration_ms;
    run.started = run.started.clone().min(part.started.clone());
    run.seed = run.seed.filter(|seed| Some(*seed) == part.seed);
    run.keys += part.keys;
    for (operation, count) in &part.calls {
        *run.calls.entry(operation.clone()).or_default() += count;
    }
    let notices: Vec<_> = part.notices.iter().filter(|notice| !run.notices.contains(notice)).cloned().collect();
    run.notices.extend(notices);
    run.left.extend(part.left.iter().cloned());
    run.exit_codes.extend(part.exit_codes.iter().copied());
    run.recorded = run.recorded.take().or_else(|| part.recorded.clone());
    if let (Some(whole), Some(part)) = (&mut run.rounds, &part.rounds) {
        whole.add_part(part);
    }
    run.groups.extend(part.groups.clone());
    run.clauses.extend(part.clauses.clone());
    run.passages.extend(part.passages.clone());
    run.sources.extend(part.sources.clone());
    run.cases.extend(part.cases.iter().cloned());
    if let (Some(whole), Some(part)) = (&mut run.baseline, &part.baseline) {
        add_baseline(whole, part);
    }
    if let (Some(whole), Some(part)) = (&mut run.differential, &part.differential) {
        add_differential(whole, part);
    }
    if let (Some(whole), Some(part)) = (&mut run.deviations, &part.deviations) {
        add_deviations(whole, part);
    }
}

fn add_baseline(whole: &mut BaselineReport, part: &BaselineReport) {
    whole.compared += part.compared;
    whole.drifted += part.drifted;
    whole.passing.extend(part.passing.iter().cloned());
    whole.not_compared.extend(part.not_compared.iter().cloned());
    whole.not_recorded.extend(part.not_recorded.iter().cloned());
    whole.unreferenced.extend(part.unreferenced.iter().cloned());
    whole.unreferenced.sort();
    whole.unreferenced.dedup();
}

fn add_differential(whole: &mut DifferentialReport, part: &DifferentialReport) {
    whole.figures = whole.figures.and(&part.figures);
    whole.compared += part.compared;
    whole.differ.extend(part.differ.iter().cloned());
    whole.passing.extend(part.passing.iter().cloned());
    whole.noise.extend(part.noise.iter().cloned());
    whole.not_compared.extend(part.not_compared.iter().cloned());
    whole.unconfirmed.extend(part.unconfirmed.iter().cloned());
}

fn add_deviations(whole: &mut DeviationsReport, part: &DeviationsReport) {
    // An entry that one part selected is selected by the whole, and it has a verdict if one part has one.
    let is_open =
        |list: &DeviationsReport, entry: &String| list.not_selected.contains(entry) || list.no_verdict.contains(entry);
    let entries = whole.not_selected.iter().chain(&whole.no_verdict);
    let open: Vec<String> = entries.filter(|entry| is_open(part, entry)).cloned().collect();
    let (not_selected, no_verdict) =
        open.into_iter().partition(|entry| whole.not_selected.contains(entry) && part.not_selected.contains(entry));
    (whole.not_selected, whole.no_verdict) = (not_selected, no_verdict);
    whole.no_verdict.sort();
    let new: Vec<_> = part.stale.iter().filter(|entry| !whole.stale.contains(entry)).cloned().collect();
    whole.stale.extend(new);
}

/// The run with everything that follows from its cases.
fn concluded(mut run: RunReport) -> RunReport {
    // The order of the corpus, which lists its files by name.
    run.cases.sort_by(|one, other| place(one).cmp(&place(other)));
    run.figures = Figures::of(&run.cases);
    let repeat = repeats(&run.cases);
    run.causes = causes(&run.cases, run.fail_on, &repeat);
    let order: BTreeMap<&str, usize> =
        run.cases.iter().enumerate().map(|(number, case)| (case.id.as_str(), number)).collect();
    let place_of = |case: &String| order.get(case.as_str()).copied();
    if let Some(baseline) = &mut run.baseline {
        let drifts = run.cases.iter().filter(|case| !case.drift.is_empty());
        baseline.causes = drift_causes(drifts.map(|case| (case.id.as_str(), case.drift.as_slice())));
        baseline.not_compared.sort_by_key(|uncompared| place_of(&uncompared.case));
        baseline.not_recorded.sort_by_key(|case| place_of(case));
        baseline.passing.sort_by_key(|drift| place_of(&drift.case));
    }
    if let Some(found) = &mut run.differential {
        found.differ.sort_by_key(|difference| place_of(&difference.case));
        found.passing.sort_by_key(|fields| place_of(&fields.case));
        found.noise.sort_by_key(|fields| place_of(&fields.case));
        found.not_compared.sort_by_key(|uncompared| place_of(&uncompared.case));
        found.unconfirmed.sort_by_key(|case| place_of(case));
        found.causes = side_causes(&found.differ);
    }
    run.exit_codes = exit_codes(&run, ExitCode::end_of(&run.exit_codes));
    run.exit_code = ExitCode::first_of(&run.exit_codes);
    run
}

fn place(case: &CaseReport) -> (&str, usize, &str) {
    (&case.fixture.file, case.fixture.line, &case.id)
}

/// The command line for several cases, from that of each one: `trentcheck run CASE FLAGS`.
fn repeats(cases: &[CaseReport]) -> impl Fn(&[&str]) -> String + use<> {
    let flags: BTreeMap<String, String> = cases
        .iter()
        .filter_map(|case| {
            let flags = case.repeat.strip_prefix(&format!("trentcheck run {}", case.id))?;
            Some((case.id.clone(), flags.to_owned()))
        })
        .collect();
    let is_of_library = cases.first().is_some_and(|case| is_only(&case.repeat));
    move |ids: &[&str]| {
        if is_of_library {
            return Repeat::Only.of(ids);
        }
        let flags = ids.first().and_then(|id| flags.get(*id)).cloned().unwrap_or_default();
        format!("trentcheck run {}{flags}", ids.join(" "))
    }
}

#[cfg(test)]
mod tests;

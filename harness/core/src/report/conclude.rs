//! The one place where a report is made: from what a run knows, the further looks, and what it was held against.

use super::baseline::BaselineReport;
use super::case::{CaseReport, Mismatch};
use super::cause::causes;
use super::cited::Cited;
use super::differential::DifferentialReport;
use super::exit::ExitCode;
use super::figures::Figures;
use super::grouped::side_causes;
use super::held::{Held, Look, Side};
use super::outcome::Outcome;
use super::ran::{CaseRan, End, Ran};
use super::recorded::RecordedReport;
use super::run::RunReport;
use crate::compare::Fact;
use crate::fixture::Corpus;
use crate::normalise::Shown;
use std::collections::BTreeMap;

/// What a report says besides what was found.
pub struct About<'a> {
    /// The name of the target in the configuration.
    pub name: Option<&'a str>,
    /// The corpus that was run.
    pub corpus: &'a Corpus,
    /// The command line that runs the cases of these ids again.
    pub repeat: &'a dyn Fn(&[&str]) -> String,
}

impl RunReport {
    /// Works out figures and exit codes, and adds up what all looks made, sent, said and left.
    pub fn conclude(ran: &Ran, looks: &[Look], held: Held, about: &About<'_>) -> Self {
        let cases: Vec<CaseReport> = ran.cases.iter().map(|case| reported(case, &held, about)).collect();
        let recorded = ran.recorded.as_ref();
        let recorded = recorded.map(|recorded| RecordedReport::of(recorded.facts.clone(), recorded.not_replayed));
        let Cited { groups, clauses, passages, sources } = Cited::by(&cases, recorded.as_ref(), about.corpus);
        let baseline = held.baseline.as_ref().map(BaselineReport::from);
        let differential =
            held.differential.map(|found| DifferentialReport { causes: side_causes(&found.differ), ..found });
        let mut report = Self {
            name: about.name.map(str::to_owned),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            corpus: about.corpus.digest.clone(),
            run: ran.run.clone(),
            started: ran.started.clone(),
            duration_ms: ran.duration_ms,
            target: ran.target.clone(),
            lane: ran.lane.clone(),
            jobs: ran.jobs,
            seed: ran.seed,
            fail_on: ran.fail_on,
            clock_ahead_s: ran.clock_ahead_s,
            notices: notices(ran, looks, baseline.as_ref()),
            keys: ran.keys + looks.iter().map(|look| look.ran.keys).sum::<usize>(),
            calls: calls(ran, looks),
            left: left(ran, looks),
            baseline,
            differential,
            deviations: held.deviations.map(|deviations| deviations.report),
            recorded,
            rounds: ran.rounds.clone(),
            figures: Figures::of(&cases),
            causes: causes(&cases, ran.fail_on, about.repeat),
            exit_code: ExitCode::Pass,
            exit_codes: Vec::new(),
            groups,
            clauses,
            passages,
            sources,
            cases,
        };
        report.exit_codes = exit_codes(&report, looks.iter().fold(ran.end, |end, look| end.or(look.ran.end)));
        report.exit_code = ExitCode::first_of(&report.exit_codes);
        report
    }
}

fn reported(case: &CaseRan, held: &Held, about: &About<'_>) -> CaseReport {
    let relisted = held.deviations.as_ref().and_then(|deviations| deviations.cases.get(&case.id));
    let mut drifts = held.baseline.iter().flat_map(|baseline| &baseline.drifts);
    let drift = drifts.find(|drift| drift.case == case.id);
    let precondition = about.corpus.case(&case.id).and_then(|case| about.corpus.precondition(&case.precondition));
    CaseReport {
        id: case.id.clone(),
        title: case.title.clone(),
        group: case.group.clone(),
        level: case.level,
        clauses: case.clauses.clone(),
        supports: case.supports.clone(),
        fixture: about.corpus.lines.get(&case.id).cloned().unwrap_or_default(),
        start: precondition.map(|precondition| precondition.title.clone()).unwrap_or_default(),
        outcome: relisted.map_or(case.outcome, |relisted| relisted.outcome),
        reason: relisted.map_or(&case.reason, |relisted| &relisted.reason).clone(),
        blocked_by: case.blocked_by.clone(),
        answer: Some(case.pinned.answer.clone()).filter(|answer| !answer.is_empty()),
        crashed: case.mismatches.iter().any(|mismatch| is_crash(mismatch, about.corpus)),
        mismatches: case.mismatches.clone(),
        once: case.once.iter().map(|once| once.mismatch.clone()).collect(),
        second: case.second.clone(),
        intermittent: case.intermittent,
        rounds: case.rounds.clone(),
        deviation: relisted.and_then(|relisted| relisted.deviation.clone()),
        drift: drift.map(|drift| drift.differences.clone()).unwrap_or_default(),
        exchanges: case.exchanges.clone(),
        states: case.states.clone(),
        repeat: (about.repeat)(&[&case.id]),
        curl: case.curl.clone(),
        duration_us: case.duration_us,
    }
}

/// Whether an answer is a server fault that no document lists.
fn is_crash(mismatch: &Mismatch, corpus: &Corpus) -> bool {
    let Fact::Answer { status, error, .. } = &mismatch.found else { return false };
    let known = error.as_ref().and_then(|error| corpus.error(error));
    *status >= 500 && !known.is_some_and(|known| known.status.contains(status))
}

/// Each sentence once: a second look at the same target would repeat most of them.
fn notices(ran: &Ran, looks: &[Look], baseline: Option<&BaselineReport>) -> Vec<Shown> {
    let mut notices = ran.notices.clone();
    for look in looks {
        for notice in &look.ran.notices {
            let is_known = look.side == Side::Again && ran.notices.contains(notice);
            let prefix = if look.side == Side::Again { "at the second look: " } else { look.side.prefix() };
            let notice = Shown::ours(format!("{prefix}{notice}"));
            if !is_known && !notices.contains(&notice) {
                notices.push(notice);
            }
        }
    }
    notices.extend(baseline.filter(|baseline| baseline.lacks_recordings()).map(|baseline| {
        Shown::ours(format!(
            "`--strict`: {} judged cases have no recording in {}: {}",
            baseline.not_recorded.len(),
            baseline.directory,
            baseline.not_recorded.join(", ")
        ))
    }));
    notices
}

fn calls(ran: &Ran, looks: &[Look]) -> BTreeMap<String, u64> {
    let mut calls = ran.calls.clone();
    for (operation, count) in looks.iter().flat_map(|look| &look.ran.calls) {
        *calls.entry(operation.clone()).or_default() += count;
    }
    calls
}

fn left(ran: &Ran, looks: &[Look]) -> Vec<Shown> {
    let of_looks = looks
        .iter()
        .flat_map(|look| look.ran.left.iter().map(|line| Shown::ours(format!("{}{line}", look.side.prefix()))));
    ran.left.iter().cloned().chain(of_looks).collect()
}

/// Every code that applies to a report whose runs ended so.
pub(super) fn exit_codes(report: &RunReport, end: End) -> Vec<ExitCode> {
    let figures = &report.figures;
    let uncompared = report.baseline.as_ref().is_some_and(|baseline| !baseline.not_compared.is_empty())
        || report.differential.as_ref().is_some_and(DifferentialReport::lacks_verdicts);
    let fails = figures.diverges > 0
        || report.has_drifted()
        || report.is_stale()
        || report.differs()
        || report.lacks_recordings();
    // What a list calls flaky is known.
    let is_new = |case: &&CaseReport| case.outcome == Outcome::Flaky && case.deviation.is_none();
    let flaky = report.cases.iter().filter(is_new).count();
    let without_verdict = figures.indeterminate + figures.blocked + figures.unsupported + flaky;
    let lacks_rounds = report.rounds.as_ref().is_some_and(|rounds| !rounds.ended.is_wanted());
    let mut codes = ExitCode::of_end(end);
    let applies = [
        (ExitCode::Divergence, fails),
        (ExitCode::Teardown, !report.left.is_empty()),
        (ExitCode::Indeterminate, without_verdict > 0 || uncompared || lacks_rounds),
        // Skipping everything is not a pass, and neither is scoring nothing.
        (ExitCode::NothingRun, figures.judged() == 0 && figures.skipped + figures.flaky - flaky == figures.selected),
    ];
    codes.extend(applies.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code));
    if codes.is_empty() {
        codes.push(ExitCode::Pass);
    }
    codes
}

#[cfg(test)]
mod tests;

//! How the runs at a target changed from one to the next: what came, what went, what changed.

use super::case::CaseReport;
use super::outcome::Verdict;
use super::run::RunReport;
use super::whole::Report;
use std::collections::{BTreeMap, BTreeSet};

/// The runs at one target, the earliest first.
#[derive(Debug)]
pub struct Trend<'a> {
    /// The target by its name in the configuration, else by its endpoint.
    pub target: &'a str,
    /// Its runs.
    pub runs: Vec<&'a RunReport>,
    /// What happened between each run and the next.
    pub steps: Vec<Step<'a>>,
}

/// What happened from one run to the next. A case is in at most one of the lists.
#[derive(Debug, Default, PartialEq)]
pub struct Step<'a> {
    /// Cases that diverge now and did not before.
    pub came: Vec<&'a CaseReport>,
    /// Cases that diverged and are right now.
    pub went: Vec<&'a CaseReport>,
    /// Cases that diverge in another way than before.
    pub changed: Vec<&'a CaseReport>,
    /// Cases that diverged and have no verdict now: nothing says that they are right.
    pub unknown: Vec<&'a CaseReport>,
    /// Cases that were right and have no verdict now.
    pub lost: Vec<&'a CaseReport>,
    /// Cases that were not in the run before and do not diverge.
    pub new: Vec<&'a CaseReport>,
    /// Cases that are not in the run any more.
    pub removed: Vec<&'a CaseReport>,
    /// Whether another corpus was run.
    pub has_other_corpus: bool,
}

impl Step<'_> {
    /// Whether nothing came, went or changed.
    pub fn is_quiet(&self) -> bool {
        *self == Step::default()
    }
}

/// The runs of these reports by their targets, in the order in which the targets first appear.
pub fn trends(reports: &[Report]) -> Vec<Trend<'_>> {
    let mut trends: Vec<Trend<'_>> = Vec::new();
    for run in reports.iter().flat_map(|report| &report.runs) {
        let is_same = |trend: &&mut Trend<'_>| trend.runs[0].is_at_the_target_of(run);
        match trends.iter_mut().find(is_same) {
            Some(trend) => trend.runs.push(run),
            None => {
                let target = run.name.as_deref().unwrap_or(&run.target.endpoint);
                trends.push(Trend { target, runs: vec![run], steps: Vec::new() });
            }
        }
    }
    for trend in &mut trends {
        trend.runs.sort_by(|one, other| one.started.cmp(&other.started));
        trend.steps = trend.runs.windows(2).map(|pair| step(pair[0], pair[1])).collect();
    }
    trends
}

fn step<'a>(before: &'a RunReport, after: &'a RunReport) -> Step<'a> {
    let known: BTreeMap<&str, &CaseReport> = before.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let mut step = Step { has_other_corpus: before.corpus != after.corpus, ..Step::default() };
    for case in &after.cases {
        let Some(old) = known.get(case.id.as_str()) else {
            if case.is_wrong() {
                step.came.push(case)
            } else {
                step.new.push(case)
            }
            continue;
        };
        match (old.is_wrong(), case.is_wrong()) {
            (false, true) => step.came.push(case),
            (true, true) if manner(old) != manner(case) => step.changed.push(case),
            (true, false) if case.outcome.is_judged() => step.went.push(case),
            (true, false) => step.unknown.push(case),
            (false, false) if old.outcome.is_judged() && !case.outcome.is_judged() => step.lost.push(case),
            _ => {}
        }
    }
    let now: BTreeSet<&str> = after.cases.iter().map(|case| case.id.as_str()).collect();
    step.removed = before.cases.iter().filter(|old| !now.contains(old.id.as_str())).collect();
    step
}

/// In which way a case diverges: what varies from run to run is no part of it.
fn manner(case: &CaseReport) -> (Option<&str>, Vec<String>) {
    let places = case.mismatches.iter().map(|mismatch| format!("{} {}", mismatch.what.as_str(), mismatch.place));
    (case.answer.as_deref(), places.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Held, Outcome};
    use crate::test_support::{concluded, ran};

    fn report(started: &str, cases: &[(&str, Outcome)]) -> Report {
        let mut ran = ran(cases);
        ran.started = started.to_owned();
        Report::of(vec![concluded(&ran, &[], Held::default())], 1)
    }

    fn ids(cases: &[&CaseReport]) -> String {
        cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_case_that_is_not_as_before_is_in_one_list() {
        use Outcome::{Blocked, Diverges, Pass, Skipped};
        let (before, after) = (
            [
                ("a", Pass),
                ("b", Diverges),
                ("c", Diverges),
                ("d", Pass),
                ("e", Diverges),
                ("f", Pass),
                ("g", Diverges),
                ("h", Blocked),
            ],
            [
                ("a", Diverges),
                ("b", Pass),
                ("c", Diverges),
                ("d", Skipped),
                ("e", Blocked),
                ("g", Diverges),
                ("h", Blocked),
                ("i", Pass),
                ("j", Diverges),
            ],
        );
        let mut after = report("2026-01-02T00:00:00Z", &after);
        after.runs[0].cases[2].answer = Some("404".to_owned());
        // The order of the files does not matter.
        let reports = [after, report("2026-01-01T00:00:00Z", &before)];
        let trends = trends(&reports);
        assert_eq!((trends.len(), trends[0].target, trends[0].steps.len()), (1, "http://127.0.0.1:1", 1));
        let step = &trends[0].steps[0];
        let lists = [&step.came, &step.went, &step.changed, &step.lost, &step.unknown, &step.new, &step.removed];
        assert_eq!(lists.map(|list| ids(list)), ["a j", "b", "c", "d", "e", "i", "f"]);
        assert!(!step.has_other_corpus && !step.is_quiet());
    }

    #[test]
    fn the_same_twice_is_quiet_and_another_target_is_another_trend() {
        let one = report("2026-01-01T00:00:00Z", &[("a", Outcome::Diverges)]);
        let mut other = one.clone();
        other.runs[0].target.endpoint = "http://127.0.0.1:2".to_owned();
        let mut named = other.clone();
        named.runs[0].name = Some("night".to_owned());
        let mut elsewhere = named.clone();
        elsewhere.runs[0].target.endpoint = "http://127.0.0.1:3".to_owned();
        let mut corpus = one.clone();
        corpus.runs[0].corpus = "another".to_owned();
        let reports = [one.clone(), one, other, corpus, named, elsewhere];
        let trends = trends(&reports);
        assert_eq!(trends.iter().map(|trend| trend.runs.len()).collect::<Vec<_>>(), [3, 1, 2]);
        assert!(trends[0].steps[0].is_quiet());
        assert!(trends[0].steps[1].has_other_corpus && !trends[0].steps[1].is_quiet());
    }
}

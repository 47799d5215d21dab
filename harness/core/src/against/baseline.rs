//! Compares the cases of a run with a recorded baseline.

use crate::baseline::{Baseline, Drift, compare, repeated};
use crate::report::{CaseRan, HeldBaseline, Recordings, Uncompared};

impl HeldBaseline {
    /// Compares every case with its recording. The cases come from a run with [`crate::run::Detail::Recordings`] at least.
    pub fn of(directory: String, baseline: &Baseline, recordings: Recordings, cases: &[CaseRan]) -> Option<Self> {
        let recorded = baseline
            .recorded
            .values()
            .map(|snap| &snap.head)
            .min_by(|left, right| left.recorded.cmp(&right.recorded))?;
        let mut report = Self {
            directory,
            recorded: recorded.clone(),
            recordings,
            compared: 0,
            drifts: Vec::new(),
            passing: Vec::new(),
            not_compared: Vec::new(),
            not_recorded: Vec::new(),
            unreferenced: baseline.unreferenced.iter().map(|path| path.display().to_string()).collect(),
        };
        for case in cases {
            match baseline.recorded.get(&case.id) {
                Some(_) if !case.is_recordable() => report.not_compared.push(uncompared(case)),
                Some(snap) => {
                    report.compared += 1;
                    let differences = compare(&snap.recording, &case.recording);
                    if !differences.is_empty() {
                        report.drifts.push(Drift { case: case.id.clone(), differences });
                    }
                }
                None if case.is_recordable() => report.not_recorded.push(case.id.clone()),
                None => {}
            }
        }
        Some(report)
    }

    /// Keeps the drift that a second look at its cases also shows.
    pub fn confirm(&mut self, baseline: &Baseline, again: &[CaseRan]) {
        let first = std::mem::take(&mut self.drifts);
        for Drift { case, differences } in first {
            let second = again.iter().find(|report| report.id == case);
            let (Some(second), Some(snap)) =
                (second.filter(|second| second.is_recordable()), baseline.recorded.get(&case))
            else {
                let why = second.map_or_else(|| "there was none".to_owned(), |second| uncompared(second).reason);
                let reason = format!("it differed, and a second look could not confirm this: {why}");
                self.not_compared.push(Uncompared { case, reason });
                self.compared -= 1;
                continue;
            };
            let confirmed = repeated(&differences, &compare(&snap.recording, &second.recording));
            if confirmed.is_empty() {
                self.passing.push(Drift { case, differences });
            } else {
                self.drifts.push(Drift { case, differences: confirmed });
            }
        }
    }
}

fn uncompared(case: &CaseRan) -> Uncompared {
    Uncompared { case: case.id.clone(), reason: format!("it {}", case.ending()) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use crate::baseline::{Recording, Snap};
    use crate::fixture::Corpus;
    use crate::report::Outcome;
    use crate::test_support::head;
    use std::path::Path;

    fn recording(status: &str) -> Recording {
        let text =
            "# judged\n> POST / HTTP/1.1\n> (body: 0 bytes, content-length)\n< STATUS\n< (body: 0 bytes, none)\n";
        Recording::parse(&text.replace("STATUS", status)).unwrap()
    }

    fn case(id: &str, outcome: Outcome, status: &str) -> CaseRan {
        CaseRan {
            reason: (outcome == Outcome::Indeterminate).then(|| "it was throttled".into()),
            recording: recording(status),
            ..crate::test_support::case(id, outcome)
        }
    }

    fn baseline(ids: &[&str]) -> Baseline {
        let mut baseline = Baseline::open_or_new(Path::new("no/such/folder"), &Corpus::default()).unwrap();
        for id in ids {
            let (title, source) = (String::new(), String::new());
            let snap = Snap { title, source, head: head(), replaced: Vec::new(), recording: recording("200") };
            baseline.recorded.insert((*id).to_owned(), snap);
        }
        baseline
    }

    #[test]
    fn every_recording_ends_in_one_list() {
        let baseline = baseline(&["same", "drifts", "once", "lost", "throttled", "not-selected"]);
        let first = [
            case("same", Outcome::Pass, "200"),
            // A case can diverge in the same way as before, and a case can pass with another answer than before.
            case("drifts", Outcome::Pass, "201"),
            case("once", Outcome::Diverges, "201"),
            case("lost", Outcome::Pass, "201"),
            case("throttled", Outcome::Indeterminate, "400"),
            case("new", Outcome::Pass, "200"),
        ];
        let mut report = HeldBaseline::of("d".to_owned(), &baseline, Recordings::Optional, &first).unwrap();
        assert_eq!((report.compared, report.drifts.len()), (4, 3));
        let again = [
            case("drifts", Outcome::Pass, "202"),
            case("once", Outcome::Diverges, "200"),
            case("lost", Outcome::Indeterminate, "400"),
        ];
        report.confirm(&baseline, &again);
        let ids = |drifts: &[Drift]| drifts.iter().map(|drift| drift.case.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&report.drifts), ids(&report.passing)), (vec!["drifts".to_owned()], vec!["once".to_owned()]));
        assert_eq!(report.drifts[0].differences[0].found.as_deref(), Some("202"));
        let uncompared: Vec<_> =
            report.not_compared.iter().map(|other| (other.case.as_str(), &*other.reason)).collect();
        let lost = "it differed, and a second look could not confirm this: it is indeterminate: it was throttled";
        assert_eq!(uncompared, [("throttled", "it is indeterminate: it was throttled"), ("lost", lost)]);
        assert_eq!((report.compared, report.not_recorded), (3, vec!["new".to_owned()]));
    }

    #[test]
    fn without_a_second_look_nothing_is_drift() {
        let baseline = baseline(&["a"]);
        let mut report =
            HeldBaseline::of("d".to_owned(), &baseline, Recordings::Optional, &[case("a", Outcome::Pass, "201")])
                .unwrap();
        report.confirm(&baseline, &[]);
        assert!(report.drifts.is_empty());
        assert!(report.not_compared[0].reason.ends_with("there was none"), "{:?}", report.not_compared);
    }
}

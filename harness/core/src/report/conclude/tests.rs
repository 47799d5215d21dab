//! What a report adds up, and which exit codes follow.

use crate::baseline::{Difference, Drift};
use crate::normalise::Shown;
use crate::report::*;
use crate::test_support::{concluded, head, ran};
use std::collections::BTreeMap;

const CASE: &str = "members/number";

/// A look that made two keys, sent calls, and has something to say.
fn look(side: Side, notice: &str, end: End) -> Look {
    let mut ran = ran(&[(CASE, Outcome::Diverges)]);
    ran.keys = 2;
    ran.calls = BTreeMap::from([("CreateKey".to_owned(), 2), ("DescribeKey".to_owned(), 5)]);
    ran.notices = vec![Shown::ours(notice)];
    ran.left = vec!["key 1".into()];
    ran.end = end;
    Look { side, ran }
}

#[test]
fn keys_calls_notices_and_what_is_left_are_of_every_look() {
    let Look { ran: mut first, .. } = look(Side::Again, "the clock is off", End::default());
    first.cases[0].outcome = Outcome::Pass;
    first.left.clear();
    let looks = [
        look(Side::Again, "the clock is off", End::default()),
        look(Side::Again, "a key was lost", End::default()),
        look(Side::Right, "the clock is off", End { is_interrupted: true, ..End::default() }),
        look(Side::Right, "the clock is off", End { is_faulty: true, ..End::default() }),
        look(Side::Noise, "it hangs", End::default()),
    ];
    let report = concluded(&first, &looks, Held::default());
    assert_eq!(report.keys, 12);
    assert_eq!(report.calls, BTreeMap::from([("CreateKey".to_owned(), 12), ("DescribeKey".to_owned(), 30)]));
    assert_eq!(
        report.notices,
        [
            "the clock is off",
            "at the second look: a key was lost",
            "on the right: the clock is off",
            "on the target of the noise floor: it hangs"
        ]
    );
    let left = ["key 1", "key 1", "on the right: key 1", "on the right: key 1"];
    assert_eq!((&report.left[..4], report.left.len()), (&left.map(Shown::from)[..], 5));
    // The cases and their verdicts are those of the first look.
    assert_eq!((report.figures.pass, report.figures.selected), (1, 1));
    assert_eq!(report.exit_codes, [ExitCode::Internal, ExitCode::Interrupted, ExitCode::Teardown]);
}

fn baseline(recordings: Recordings, drifts: Vec<Drift>, not_recorded: &[&str]) -> Held {
    let baseline = HeldBaseline {
        directory: "base".to_owned(),
        recorded: head(),
        recordings,
        compared: 1,
        drifts,
        passing: Vec::new(),
        not_compared: Vec::new(),
        not_recorded: not_recorded.iter().map(|id| (*id).to_owned()).collect(),
        unreferenced: Vec::new(),
    };
    Held { baseline: Some(baseline), ..Held::default() }
}

#[test]
fn a_case_has_its_drift_and_the_run_the_count() {
    let difference = Difference { place: "status".to_owned(), recorded: None, found: Some("200".to_owned()) };
    let drift = Drift { case: CASE.to_owned(), differences: vec![difference.clone()] };
    let ran = ran(&[(CASE, Outcome::Pass), ("members/true", Outcome::Pass)]);
    let report = concluded(&ran, &[], baseline(Recordings::Optional, vec![drift], &[]));
    assert_eq!(report.cases[0].drift, [difference]);
    assert!(report.cases[1].drift.is_empty());
    assert_eq!(report.baseline.as_ref().map(|baseline| baseline.drifted), Some(1));
    assert_eq!(report.exit_codes, [ExitCode::Divergence]);
    assert_eq!(report.meaning(ExitCode::Divergence), "the target is no longer as its baseline");
}

#[test]
fn only_a_strict_run_fails_for_want_of_a_recording() {
    let ran = ran(&[(CASE, Outcome::Pass)]);
    let report = concluded(&ran, &[], baseline(Recordings::Optional, Vec::new(), &[CASE]));
    assert_eq!((report.exit_code, report.notices.len()), (ExitCode::Pass, 0));
    let report = concluded(&ran, &[], baseline(Recordings::Demanded, Vec::new(), &[CASE]));
    assert_eq!((report.exit_code, report.notices.len()), (ExitCode::Divergence, 1));
    assert_eq!(report.meaning(report.exit_code), "a judged case has no recording");
    let report = concluded(&ran, &[], baseline(Recordings::Demanded, Vec::new(), &[]));
    assert_eq!(report.exit_code, ExitCode::Pass);
}

#[test]
fn a_report_has_the_texts_that_its_cases_cite_and_no_others() {
    let mut ran = ran(&[(CASE, Outcome::Diverges)]);
    ran.cases[0].clauses = vec!["S-01".to_owned()];
    let report = concluded(&ran, &[], Held::default());
    assert_eq!(report.groups.keys().collect::<Vec<_>>(), ["members"]);
    assert_eq!(report.clauses.keys().collect::<Vec<_>>(), ["S-01"]);
    for passage in report.clauses["S-01"].supports.passages() {
        assert!(report.sources.contains_key(&report.passages[passage].source), "{passage}");
    }
    let says = &report.passages["page/deletes-material"].says;
    assert!(report.sources.contains_key("page") && says.starts_with("The operation deletes"), "{says}");
    let case = &report.cases[0];
    assert_eq!((case.fixture.file.as_str(), case.fixture.line > 1), ("fixtures/cases/members.toml", true));
    assert_eq!(case.repeat, "trentcheck run members/number");
    assert_eq!(case.answer.as_deref(), Some("500"));
}

#[test]
fn a_report_of_several_runs_has_every_code_and_a_pass_only_if_all_pass() {
    let pass = concluded(&ran(&[(CASE, Outcome::Pass)]), &[], Held::default());
    let blocked = concluded(&ran(&[(CASE, Outcome::Blocked)]), &[], Held::default());
    assert_eq!(Report::of(vec![pass.clone(), pass.clone()], 2).exit_codes, [ExitCode::Pass]);
    let both = Report::of(vec![pass, blocked], 3);
    assert_eq!((&both.exit_codes[..], both.exit_code), (&[ExitCode::Indeterminate][..], ExitCode::Indeterminate));
    assert_eq!((both.schema.as_str(), both.targets, both.runs.len()), (SCHEMA, 3, 2));
}

#[test]
fn a_report_reads_back_as_it_was_written() {
    let report = Report::of(vec![concluded(&ran(&[(CASE, Outcome::Diverges)]), &[], Held::default())], 1);
    let read: Report =
        serde_json::from_str(&serde_json::to_string(&report).expect("it can be written")).expect("it can be read");
    assert_eq!(read, report);
}

//! The parts of a run make the whole, whatever way it was divided.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::*;
use crate::baseline::{Difference, Drift};
use crate::compare::{Fact, Mismatch, Place, What};
use crate::fixture::{Level, Supports};
use crate::report::{Held, HeldBaseline, Ran, Recordings, Uncompared};
use crate::test_support::{CORPUS, concluded as report_of, head, ran};
use proptest::prelude::*;

/// Cases of the corpus, in its order.
fn ids() -> Vec<String> {
    let ids = CORPUS.cases.iter().map(|case| case.id().to_owned());
    ids.filter(|id| id.starts_with("members/") || id.starts_with("body/a")).collect()
}

fn held(ran: &Ran) -> Held {
    let cases = || ran.cases.iter().map(|case| case.id.clone());
    let difference = Difference { place: "x".to_owned(), recorded: None, found: Some("y".to_owned()) };
    let drifting = cases().filter(|id| id.contains('a'));
    let not_compared = cases().filter(|id| id.contains("null"));
    let baseline = HeldBaseline {
        directory: "base".to_owned(),
        recorded: head(),
        recordings: Recordings::Optional,
        compared: ran.cases.len(),
        drifts: drifting.map(|case| Drift { case, differences: vec![difference.clone()] }).collect(),
        passing: Vec::new(),
        not_compared: not_compared.map(|case| Uncompared { case, reason: "why".to_owned() }).collect(),
        not_recorded: Vec::new(),
        unreferenced: vec!["odd".to_owned()],
    };
    Held { baseline: Some(baseline), ..Held::default() }
}

fn whole(outcomes: &[Outcome]) -> Ran {
    let ids = ids();
    let cases: Vec<(&str, Outcome)> = ids.iter().map(String::as_str).zip(outcomes.iter().copied()).collect();
    let mut ran = ran(&cases);
    for case in ran.cases.iter_mut().filter(|case| case.outcome == Outcome::Diverges) {
        case.mismatches = vec![Mismatch {
            what: What::Status,
            place: Place::answer(),
            expected: Fact::words("4xx"),
            found: Fact::Answer { status: 200, error: None, body: None },
            clauses: vec![if case.id.contains('n') { "S-12" } else { "S-19" }.to_owned()],
            supports: Supports::default(),
            level: Level::Must,
            hint: None,
        }];
    }
    ran.keys = 2;
    ran.duration_ms = 5;
    ran
}

fn part(whole: &Ran, takes: impl Fn(usize) -> bool) -> Report {
    let mut part = whole.clone();
    part.cases = whole.cases.iter().enumerate().filter(|(at, _)| takes(*at)).map(|(_, case)| case.clone()).collect();
    let held = held(&part);
    Report::of(vec![report_of(&part, &[], held)], 1)
}

proptest! {
    #[test]
    fn merged_parts_are_the_whole(
        outcomes in proptest::collection::vec(
            prop_oneof![
                Just(Outcome::Pass),
                Just(Outcome::Diverges),
                Just(Outcome::Skipped),
                Just(Outcome::Blocked),
                Just(Outcome::Flaky),
            ],
            12,
        ),
        parts in proptest::collection::vec(0_usize..3, 12),
    ) {
        let all = whole(&outcomes);
        let expected = part(&all, |_| true);
        let mut reports: Vec<(String, Report)> = (0..3)
            .filter(|number| parts.contains(number))
            .map(|number| (format!("{number}.json"), part(&all, |at| parts[at] == number)))
            .collect();
        reports.reverse();
        if reports.len() < 2 {
            prop_assert_eq!(Report::merge(&reports), Err(MergeError::One));
            return Ok(());
        }
        let merged = Report::merge(&reports).unwrap();
        let (merged, expected) = (&merged.runs[0], &expected.runs[0]);
        prop_assert_eq!(&merged.cases, &expected.cases);
        prop_assert_eq!(&merged.figures, &expected.figures);
        prop_assert_eq!(&merged.causes, &expected.causes);
        prop_assert_eq!(&merged.baseline, &expected.baseline);
        prop_assert_eq!(merged.exit_code, expected.exit_code);
        let sorted = |run: &RunReport| {
            let mut codes: Vec<u8> = run.exit_codes.iter().map(|code| *code as u8).collect();
            codes.sort_unstable();
            codes
        };
        prop_assert_eq!(sorted(merged), sorted(expected));
        prop_assert_eq!((merged.keys, merged.duration_ms), (2 * reports.len(), 5 * reports.len() as u64));
        prop_assert_eq!(&merged.clauses, &expected.clauses);
    }
}

#[test]
fn what_are_no_parts_of_one_run_is_refused() {
    let all = whole(&[Outcome::Pass; 4]);
    let named = |name: &str, report: Report| (name.to_owned(), report);
    let one = || named("a.json", part(&all, |at| at < 2));
    let second = || named("b.json", part(&all, |at| at == 3));
    let overlap = Report::merge(&[one(), second(), named("c.json", part(&all, |at| at > 1))]).unwrap_err().to_string();
    let case = &ids()[3];
    let expected =
        format!("the parts overlap: `b.json` and `c.json` both have the case `{case}` of http://127.0.0.1:1");
    assert_eq!(overlap, expected);
    let (name, mut other) = second();
    other.runs[0].corpus = "another".to_owned();
    let error = Report::merge(&[one(), (name, other)]).unwrap_err().to_string();
    assert!(error.ends_with("are not parts of one run at http://127.0.0.1:1: their corpora differ"), "{error}");
    assert_eq!(Report::merge(&[one()]), Err(MergeError::One));
    // Another target is another run.
    let (name, mut elsewhere) = one();
    elsewhere.runs[0].target.endpoint = "http://127.0.0.1:2".to_owned();
    let both = Report::merge(&[one(), (name, elsewhere)]).unwrap();
    assert_eq!((both.runs.len(), both.targets), (2, 2));
}

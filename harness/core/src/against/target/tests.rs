//! Tests which fields count as a difference, which side agrees with the spec, and which differences the noise floor
//! removes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::baseline::Recording;
use crate::report::{Agrees, DifferentialReport, ExitCode, Held, Outcome, Ran};
use crate::test_support::{concluded, ran};

const CASE: &str = "members/number";

/// A run of one case. The answer has this status and this header.
fn answered(outcome: Outcome, status: &str, header: &str) -> Ran {
    let mut ran = ran(&[(CASE, outcome)]);
    let text = format!(
        "# judged\n> POST / HTTP/1.1\n> (body: 0 bytes, content-length)\n< HTTP/1.1 {status}\n< Server: {header}\n\
         < (body: 0 bytes, content-length)\n"
    );
    ran.cases[0].recording = Recording::parse(&text).unwrap();
    ran
}

fn places(report: &DifferentialReport) -> Vec<&str> {
    report.differ.iter().flat_map(|case| &case.differences).map(|field| field.place.as_str()).collect()
}

#[test]
fn who_agrees_with_the_spec_is_told_from_both_verdicts() {
    use Outcome::{Diverges, Pass};
    for (left, right, expected) in [
        (Pass, Diverges, Agrees::Left),
        (Diverges, Pass, Agrees::Right),
        (Pass, Pass, Agrees::Both),
        (Diverges, Diverges, Agrees::Neither),
    ] {
        let found = DifferentialReport::of(&answered(left, "400", "a"), &answered(right, "500", "a"), None);
        assert_eq!(found.differ[0].agrees, expected);
        assert_eq!(places(&found), ["judged, answer: first line"]);
    }
}

#[test]
fn what_does_not_repeat_does_not_count() {
    let (left, right) = (answered(Outcome::Pass, "400", "a"), answered(Outcome::Pass, "400", "b"));
    let mut found = DifferentialReport::of(&left, &right, None);
    assert_eq!(found.differ.len(), 1);
    found.confirm(&left, Some(&left), None);
    assert!(found.differ.is_empty());
    assert_eq!(found.passing[0].places, ["judged, answer: header `Server`"]);
    let mut found = DifferentialReport::of(&left, &right, None);
    found.confirm(&left, Some(&right), None);
    assert_eq!(places(&found), ["judged, answer: header `Server`"]);
}

#[test]
fn what_differs_between_identical_targets_is_subtracted_and_told() {
    let (left, right) = (answered(Outcome::Pass, "400", "a"), answered(Outcome::Diverges, "500", "b"));
    let noise = answered(Outcome::Pass, "400", "c");
    let found = DifferentialReport::of(&left, &right, Some(&noise));
    assert_eq!(places(&found), ["judged, answer: first line"]);
    assert_eq!(found.noise[0].places, ["judged, answer: header `Server`"]);
    let only_noise = DifferentialReport::of(&left, &answered(Outcome::Pass, "400", "b"), Some(&noise));
    assert!(only_noise.differ.is_empty());
}

#[test]
fn a_case_without_a_verdict_on_one_side_is_not_compared() {
    let (left, right) = (answered(Outcome::Pass, "400", "a"), answered(Outcome::Indeterminate, "400", "b"));
    let found = DifferentialReport::of(&left, &right, None);
    assert_eq!((found.compared, found.not_compared.len(), found.lacks_verdicts()), (0, 1, true));
}

#[test]
fn a_difference_is_exit_code_1_and_no_comparison_at_all_is_3() {
    let left = answered(Outcome::Pass, "400", "a");
    let code = |right: &Ran| {
        let differential = Some(DifferentialReport::of(&left, right, None));
        concluded(&left, &[], Held { differential, ..Held::default() }).exit_code
    };
    assert_eq!(code(&answered(Outcome::Pass, "400", "a")), ExitCode::Pass);
    assert_eq!(code(&answered(Outcome::Pass, "400", "b")), ExitCode::Divergence);
    assert_eq!(code(&answered(Outcome::Blocked, "400", "a")), ExitCode::Indeterminate);
}

/// A run of this case and of another that passes.
fn beside_another(mut one: Ran) -> Ran {
    let mut another = answered(Outcome::Pass, "400", "a").cases.remove(0);
    another.id = "members/true".to_owned();
    one.cases.push(another);
    one
}

#[test]
fn without_a_second_verdict_or_with_two_answers_the_comparison_is_not_complete() {
    let left = beside_another(answered(Outcome::Pass, "400", "a"));
    let code = |found: DifferentialReport| {
        let differential = Some(found);
        concluded(&left, &[], Held { differential, ..Held::default() }).exit_code
    };
    let flaky = beside_another(answered(Outcome::Flaky, "400", "a"));
    let found = DifferentialReport::of(&left, &flaky, None);
    assert_eq!((found.compared, code(found)), (1, ExitCode::Indeterminate));
    let found = DifferentialReport::of(&left, &beside_another(answered(Outcome::Pass, "400", "b")), None);
    let indeterminate = answered(Outcome::Indeterminate, "400", "b");
    for again in [None, Some(&indeterminate)] {
        let mut found = found.clone();
        found.confirm(&left, again, None);
        assert_eq!((&found.unconfirmed[..], found.compared), (&[CASE.to_owned()][..], 1));
        assert_eq!(code(found), ExitCode::Indeterminate);
    }
}

#[test]
fn noise_is_not_told_again_as_what_differed_once() {
    let (left, right) = (answered(Outcome::Pass, "400", "a"), answered(Outcome::Diverges, "500", "b"));
    let noise = answered(Outcome::Pass, "400", "c");
    let mut found = DifferentialReport::of(&left, &right, Some(&noise));
    found.confirm(&left, Some(&right), Some(&noise));
    assert_eq!(places(&found), ["judged, answer: first line"]);
    assert!(found.passing.is_empty(), "{:?}", found.passing);
}

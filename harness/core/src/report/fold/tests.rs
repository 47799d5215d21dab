#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::{Extent, Rounds};
use crate::compare::{Fact, Likeness, Place, What};
use crate::fixture::{Level, Supports};
use crate::normalise::Shown;
use crate::report::{CaseReport, ExitCode, Held, Mismatch, Once, Outcome, Ran, Report, RoundsEnd, RunReport};
use crate::test_support::{concluded, ran};
use std::time::Duration;

const ID: &str = "success/hmac";

fn mismatch(found: &str) -> Mismatch {
    Mismatch {
        what: What::Status,
        place: Place::answer(),
        expected: Fact::words("200"),
        found: Fact::words(found),
        clauses: vec!["S-12".to_owned()],
        supports: Supports::default(),
        level: Level::Must,
        hint: None,
    }
}

/// A round of one case, whose mismatch is this if it has one.
fn round(outcome: Outcome, found: &str) -> Ran {
    let mut ran = ran(&[(ID, outcome)]);
    let case = &mut ran.cases[0];
    case.pinned.differs.clear();
    let likeness = Likeness { fault: "status".to_owned(), found: found.to_owned() };
    let differs = (Level::Must, format!("status, answer: {found}"));
    match outcome {
        Outcome::Diverges => {
            case.mismatches.push(mismatch(found));
            case.pinned.differs.push(differs);
            case.likenesses.push(likeness);
        }
        Outcome::Flaky => case.once.push(Once { mismatch: mismatch(found), differs, likeness }),
        Outcome::Pass => {}
        _ => case.reason = Some(Shown::ours(found)),
    }
    ran.keys = 2;
    ran.calls.insert("CreateKey".to_owned(), 2);
    ran
}

fn folded(rounds: impl IntoIterator<Item = Ran>, ended: RoundsEnd) -> RunReport {
    let mut rounds = rounds.into_iter();
    let mut whole = Rounds::of(rounds.next().unwrap());
    rounds.for_each(|round| whole.add(round, Extent::Whole));
    concluded(&whole.ended(None, None, ended), &[], Held::default())
}

fn of(rounds: &[(Outcome, &str)]) -> CaseReport {
    let rounds = rounds.iter().map(|(outcome, found)| round(*outcome, found));
    folded(rounds, RoundsEnd::Complete).cases.remove(0)
}

#[test]
fn the_worst_round_of_a_case_is_reported_with_the_counts_of_all() {
    use Outcome::*;
    for (rounds, outcome, shown, described) in [
        (&[(Pass, ""), (Pass, ""), (Pass, "")][..], Pass, 1, "passes in 3 of 3 rounds"),
        (&[(Pass, ""), (Diverges, "500"), (Diverges, "500")], Diverges, 2, "diverges in 2 of 3 rounds, passes in 1"),
        (
            &[(Diverges, "500"), (Pass, ""), (Indeterminate, "late")],
            Diverges,
            1,
            "diverges in 1 of 3 rounds, is indeterminate in 1, passes in 1",
        ),
        (
            &[(Pass, ""), (Indeterminate, "late"), (Flaky, "500")],
            Flaky,
            3,
            "is flaky in 1 of 3 rounds, is indeterminate in 1, passes in 1",
        ),
        (
            &[(Pass, ""), (Indeterminate, "late"), (Pass, "")],
            Indeterminate,
            2,
            "is indeterminate in 1 of 3 rounds, passes in 2",
        ),
        (&[(Skipped, "no key"), (Pass, "")], Pass, 2, "passes in 1 of 2 rounds, is skipped in 1"),
    ] {
        let case = of(rounds);
        let of_rounds = case.rounds.unwrap();
        assert_eq!((case.outcome, of_rounds.shown), (outcome, shown), "{described}");
        assert_eq!(of_rounds.describe(), described);
    }
}

#[test]
fn what_diverges_otherwise_in_a_later_round_is_reported_too() {
    let case = of(&[(Outcome::Diverges, "500"), (Outcome::Diverges, "500"), (Outcome::Diverges, "404")]);
    let found: Vec<String> = case.mismatches.iter().map(|mismatch| mismatch.found.to_string()).collect();
    assert_eq!(found, ["500", "404"]);
}

#[test]
fn what_comes_and_goes_in_three_rounds_is_a_divergence() {
    use Outcome::{Diverges, Flaky, Pass};
    let twice = of(&[(Flaky, "500"), (Pass, ""), (Flaky, "500")]);
    assert_eq!((twice.outcome, twice.came_and_went()), (Flaky, None));
    let with_other_causes = of(&[(Flaky, "500"), (Flaky, "404"), (Flaky, "403")]);
    assert_eq!(with_other_causes.outcome, Flaky);
    let often = of(&[(Pass, ""), (Flaky, "500"), (Flaky, "500"), (Pass, ""), (Flaky, "500"), (Flaky, "500")]);
    assert_eq!((often.outcome, often.came_and_went().as_deref()), (Diverges, Some("4 rounds")));
    assert_eq!(often.mismatches, [mismatch("500")]);
    assert_eq!(often.rounds.unwrap().describe(), "is flaky in 4 of 6 rounds, passes in 2");
}

#[test]
fn what_a_cut_round_did_not_judge_does_not_count() {
    let mut rounds = Rounds::of(round(Outcome::Pass, ""));
    rounds.add(round(Outcome::Indeterminate, "the run was interrupted"), Extent::Cut);
    assert_eq!(rounds.so_far().cases[0].outcome, Outcome::Pass);
    rounds.add(round(Outcome::Diverges, "500"), Extent::Cut);
    assert_eq!((rounds.so_far().cases[0].outcome, rounds.count()), (Outcome::Diverges, 3));
}

#[test]
fn keys_and_calls_are_added_up_and_a_run_that_ended_too_early_is_no_pass() {
    let rounds = || (0..3).map(|_| round(Outcome::Pass, ""));
    let report = folded(rounds(), RoundsEnd::Complete);
    assert_eq!((report.keys, report.calls["CreateKey"], report.exit_code), (6, 6, ExitCode::Pass));
    assert_eq!(folded(rounds(), RoundsEnd::Deadline).exit_code, ExitCode::Indeterminate);
}

#[test]
fn parts_that_join_have_the_fewest_rounds_and_no_quantiles() {
    let part = |id: &str, rounds: u64, asked: u64| {
        let one = || {
            let mut ran = ran(&[(id, Outcome::Pass)]);
            ran.latencies.record("Encrypt", Duration::from_millis(5));
            ran
        };
        let mut whole = Rounds::of(one());
        (1..rounds).for_each(|_| whole.add(one(), Extent::Whole));
        let ended = if rounds == asked { RoundsEnd::Complete } else { RoundsEnd::Deadline };
        let report = concluded(&whole.ended(Some(asked), None, ended), &[], Held::default());
        assert_eq!(report.rounds.as_ref().unwrap().latencies["Encrypt"].count, rounds);
        (id.to_owned(), Report::of(vec![report], 1))
    };
    let whole = Report::merge(&[part("success/hmac", 3, 3), part("members/empty", 2, 3)]).unwrap();
    let rounds = whole.runs[0].rounds.clone().unwrap();
    assert_eq!((rounds.run, rounds.ended, rounds.latencies.len()), (2, RoundsEnd::Deadline, 0));
    assert_eq!(whole.exit_code, ExitCode::Indeterminate);
    let other = Report::merge(&[part("success/hmac", 3, 3), part("members/empty", 3, 4)]);
    assert!(other.is_err_and(|error| error.to_string().contains("their rounds differ")));
}

#[test]
fn what_is_kept_does_not_grow_with_the_rounds() {
    let size = |rounds: usize| {
        let round = |number: usize| {
            let mut ran = match number % 3 {
                0 => round(Outcome::Diverges, &format!("5{number:06}")),
                1 => round(Outcome::Flaky, &format!("4{number:06}")),
                _ => round(Outcome::Pass, ""),
            };
            ran.notices.push(Shown::ours(format!("notice {number:06}")));
            ran.accounts.push("111122223333".to_owned());
            ran
        };
        let mut whole = Rounds::of(round(0));
        (1..rounds).for_each(|number| whole.add(round(number), Extent::Whole));
        assert_eq!(whole.count(), rounds as u64);
        format!("{:?}", whole.so_far()).len()
    };
    // A few digits of the counts are all that is more.
    let (some, many) = (size(300), size(30_000));
    assert!(many < some + 100, "{some} bytes after 300 rounds, {many} after 30,000");
}

//! The parts of a run make the whole, whatever way it was divided.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::*;
use crate::baseline::{Difference, Drift};
use crate::compare::{Fact, Mismatch, Place, What};
use crate::deviation::{List, apply};
use crate::fixture::{Level, Line, Supports};
use crate::report::{
    Agrees, CaseDifference, CaseRan, End, FactReport, FactVerdict, Fields, Held, HeldBaseline, HeldDeviations, Outcome,
    Ran, RecordedRan, Recordings, SideBySide, Uncompared,
};
use crate::test_support::{CORPUS, concluded as report_of, head, ran};
use proptest::prelude::*;

/// Cases of the corpus, in its order.
fn ids() -> Vec<String> {
    let ids = CORPUS.cases.iter().map(|case| case.id().to_owned());
    ids.filter(|id| id.starts_with("members/") || id.starts_with("body/a")).collect()
}

/// What a run is held against.
#[derive(Clone, Copy, Debug)]
enum Against {
    Baseline,
    Target,
    List,
}

fn held(ran: &Ran, against: Against) -> Held {
    match against {
        Against::Baseline => Held { baseline: Some(baseline(ran)), ..Held::default() },
        Against::Target => Held { differential: Some(differential(ran)), ..Held::default() },
        Against::List => Held { deviations: Some(deviations(ran)), ..Held::default() },
    }
}

/// A right side that answers some cases otherwise and one not at all.
fn differential(ran: &Ran) -> DifferentialReport {
    let right: Vec<CaseRan> = ran
        .cases
        .iter()
        .map(|case| {
            let outcome = if case.id.contains("array") { Outcome::Blocked } else { case.outcome };
            CaseRan { outcome, ..case.clone() }
        })
        .collect();
    let (compared, others): (Vec<&CaseRan>, Vec<&CaseRan>) = right.iter().partition(|case| case.outcome.is_judged());
    let ids = |part: &'static str| compared.iter().map(|case| case.id.clone()).filter(move |id| id.contains(part));
    let fields = |part: &'static str| ids(part).map(|case| Fields { case, places: vec!["x".to_owned()] }).collect();
    let differences = vec![SideBySide { place: "x".to_owned(), left: None, right: Some("y".to_owned()) }];
    let agrees = Agrees::Both;
    DifferentialReport {
        right: ran.target.clone(),
        figures: Figures::of(&right),
        noise_from: None,
        compared: compared.len(),
        causes: Vec::new(),
        differ: ids("n").map(|case| CaseDifference { case, agrees, differences: differences.clone() }).collect(),
        passing: fields("t"),
        noise: fields("a"),
        not_compared: others
            .iter()
            .map(|case| Uncompared { case: case.id.clone(), reason: case.outcome.as_verb().to_owned() })
            .collect(),
        unconfirmed: ids("list").collect(),
    }
}

/// A list with a glob for cases that different parts can have, and with entries for one case each.
fn deviations(ran: &Ran) -> HeldDeviations {
    let entry = |case: &str| {
        format!(
            "[[deviation]]\ncase = \"{case}\"\nanswer = \"500\"\ndiffers = [\"status, answer: 500\"]\nreason = \"a crash\"\n\
             expires = 2999-12-31\n"
        )
    };
    let cases = ["members/n*", "members/e*", "body/array", "members/true", "success/hmac", "no-such-group/*"];
    let list = List::parse("list.toml", &cases.map(entry).concat(), &CORPUS).unwrap();
    apply(ran, &list, &CORPUS, "2026-06-01".parse().unwrap())
}

fn baseline(ran: &Ran) -> HeldBaseline {
    let cases = || ran.cases.iter().map(|case| case.id.clone());
    let difference = Difference { place: "x".to_owned(), recorded: None, found: Some("y".to_owned()) };
    let drifting = cases().filter(|id| id.contains('a'));
    let not_compared = cases().filter(|id| id.contains("null"));
    HeldBaseline {
        directory: "base".to_owned(),
        recorded: head(),
        recordings: Recordings::Optional,
        compared: ran.cases.len(),
        drifts: drifting.map(|case| Drift { case, differences: vec![difference.clone()] }).collect(),
        passing: Vec::new(),
        not_compared: not_compared.map(|case| Uncompared { case, reason: "why".to_owned() }).collect(),
        not_recorded: Vec::new(),
        unreferenced: vec!["odd".to_owned()],
    }
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

fn part(whole: &Ran, against: Against, takes: impl Fn(usize) -> bool) -> Report {
    let mut part = whole.clone();
    part.cases = whole.cases.iter().enumerate().filter(|(at, _)| takes(*at)).map(|(_, case)| case.clone()).collect();
    let held = held(&part, against);
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
        against in prop_oneof![Just(Against::Baseline), Just(Against::Target), Just(Against::List)],
    ) {
        let all = whole(&outcomes);
        let expected = part(&all, against, |_| true);
        let mut reports: Vec<(String, Report)> = (0..3)
            .filter(|number| parts.contains(number))
            .map(|number| (format!("{number}.json"), part(&all, against, |at| parts[at] == number)))
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
        prop_assert_eq!(&merged.differential, &expected.differential);
        prop_assert_eq!(&merged.deviations, &expected.deviations);
        prop_assert_eq!(merged.exit_code, expected.exit_code);
        prop_assert_eq!(&merged.exit_codes, &expected.exit_codes);
        prop_assert_eq!((merged.keys, merged.duration_ms), (2 * reports.len(), 5 * reports.len() as u64));
        prop_assert_eq!(&merged.clauses, &expected.clauses);
    }
}

/// The part of a run that was interrupted and refused, with a recorded fact of this verdict if there is one.
fn ended(at: usize, verdict: Option<FactVerdict>) -> Report {
    let mut all = whole(&[Outcome::Pass; 4]);
    all.end = End { is_interrupted: at == 0, is_refused: at == 1, is_faulty: false };
    all.recorded = verdict.map(|verdict| {
        let (recording, fact) = CORPUS.facts().next().unwrap();
        let facts = vec![FactReport { verdict, ..FactReport::of(recording, fact, Line::default()) }];
        RecordedRan { facts, not_replayed: 3, evidence: None }
    });
    part(&all, Against::Baseline, |number| number == at)
}

#[test]
fn recorded_facts_are_those_of_the_part_that_has_them() {
    use FactVerdict::{Agrees, Disagrees};
    let named = |report: Report| ("a.json".to_owned(), report);
    let has = ended(0, Some(Agrees)).runs.remove(0).recorded;
    assert!(has.is_some());
    for verdicts in [[Some(Agrees), None], [None, Some(Agrees)], [Some(Agrees), Some(Agrees)]] {
        let parts = [named(ended(0, verdicts[0])), named(ended(1, verdicts[1]))];
        assert_eq!(Report::merge(&parts).unwrap().runs[0].recorded, has, "{verdicts:?}");
    }
    let parts = [named(ended(0, Some(Agrees))), named(ended(1, Some(Disagrees)))];
    let error = Report::merge(&parts).unwrap_err().to_string();
    assert!(error.ends_with("their verdicts on recorded facts differ"), "{error}");
}

#[test]
fn how_any_part_ended_is_how_the_whole_ended() {
    let parts = [0, 1].map(|at| ("a.json".to_owned(), ended(at, None)));
    let merged = Report::merge(&parts).unwrap();
    assert_eq!(merged.runs[0].exit_codes, [ExitCode::Interrupted, ExitCode::Safety, ExitCode::Divergence]);
}

#[test]
fn what_are_no_parts_of_one_run_is_refused() {
    let all = whole(&[Outcome::Pass; 4]);
    let named = |name: &str, report: Report| (name.to_owned(), report);
    let of = |name: &str, against: Against, takes: fn(usize) -> bool| named(name, part(&all, against, takes));
    let one = || of("a.json", Against::Baseline, |at| at < 2);
    let second = || of("b.json", Against::Baseline, |at| at == 3);
    let third = of("c.json", Against::Baseline, |at| at > 1);
    let overlap = Report::merge(&[one(), second(), third]).unwrap_err().to_string();
    let case = &ids()[3];
    let expected =
        format!("the parts overlap: `b.json` and `c.json` both have the case `{case}` of http://127.0.0.1:1");
    assert_eq!(overlap, expected);
    let (name, mut other) = second();
    other.runs[0].corpus = "another".to_owned();
    let error = Report::merge(&[one(), (name, other)]).unwrap_err().to_string();
    assert!(error.ends_with("are not parts of one run at http://127.0.0.1:1: their corpora differ"), "{error}");
    let (name, mut other) = second();
    other.runs[0].baseline.as_mut().unwrap().strict = true;
    let error = Report::merge(&[one(), (name, other)]).unwrap_err().to_string();
    assert!(error.ends_with("their settings of `--strict` differ"), "{error}");
    let (name, mut other) = of("b.json", Against::Target, |at| at == 3);
    let differential = other.runs[0].differential.as_mut().unwrap();
    differential.noise_from = Some(differential.right.clone());
    let error = Report::merge(&[of("a.json", Against::Target, |at| at < 2), (name, other)]).unwrap_err().to_string();
    assert!(error.ends_with("their targets of the noise floor differ"), "{error}");
    assert_eq!(Report::merge(&[one()]), Err(MergeError::One));
    // Another target is another run.
    let (name, mut elsewhere) = one();
    elsewhere.runs[0].target.endpoint = "http://127.0.0.1:2".to_owned();
    let both = Report::merge(&[one(), (name, elsewhere)]).unwrap();
    assert_eq!((both.runs.len(), both.targets), (2, 2));
}

#[test]
fn parts_of_the_library_are_repeated_as_in_the_library() {
    let outcomes = vec![Outcome::Diverges; ids().len()];
    let only = |at: usize| {
        let mut part = part(&whole(&outcomes), Against::List, |case| case % 2 == at);
        part.runs[0].cases.iter_mut().for_each(|case| case.repeat = Repeat::Only.of(&[&case.id]));
        part
    };
    let merged = Report::merge(&[("one".to_owned(), only(0)), ("other".to_owned(), only(1))]).unwrap();
    let cause = &merged.runs[0].causes[0];
    let cases: Vec<&str> = cause.cases.iter().map(String::as_str).collect();
    assert!(cases.len() > 1);
    assert_eq!(cause.repeat, Repeat::Only.of(&cases));
}

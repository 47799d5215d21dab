//! Which mismatches are one cause, and which are not.

use super::*;
use crate::fixture::Supports;
use crate::report::{ExchangeReport, RunReport};
use crate::test_support::{concluded, ran};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn mismatch(what: What, place: Place<Shown>, expected: Fact<Shown>, found: Fact<Shown>, clauses: &[&str]) -> Mismatch {
    Mismatch {
        what,
        place,
        expected,
        found,
        clauses: clauses.iter().map(|clause| (*clause).to_owned()).collect(),
        supports: Supports::default(),
        level: Level::Must,
        hint: None,
    }
}

fn answered(status: u16, error: &str) -> Fact<Shown> {
    let error = (!error.is_empty()).then(|| Shown::ours(error));
    Fact::Answer { status, error, body: None }
}

fn value(value: &str) -> Fact<Shown> {
    Fact::Values { values: vec![Shown::ours(value)] }
}

fn status(expected: Fact<Shown>, found: Fact<Shown>, clauses: &[&str]) -> Mismatch {
    mismatch(What::Status, Place::answer(), expected, found, clauses)
}

fn refusal() -> Fact<Shown> {
    Fact::words("4xx")
}

fn success() -> Fact<Shown> {
    Fact::Status { any_of: vec![200] }
}

fn header(name: &str, found: Fact<Shown>) -> Mismatch {
    mismatch(What::Header, Place::Header { name: name.to_owned() }, Fact::words("a UUID"), found, &["P-01"])
}

fn effect(expected: Fact<Shown>, found: &str, clauses: &[&str]) -> Mismatch {
    let member = Some(Shown::ours("KeyState"));
    let place = Place::Afterwards { call: "DescribeKey".to_owned(), member, key: crate::compare::WhichKey::Key };
    mismatch(What::Effect, place, expected, value(found), clauses)
}

fn kept(value: &str) -> Fact<Shown> {
    Fact::about("as before,", Shown::ours(value))
}

/// The report of cases with these answers and mismatches. Their ids are those of the corpus.
fn report(cases: &[(&str, &str, Vec<Mismatch>)]) -> RunReport {
    let ids: Vec<(&str, Outcome)> = cases.iter().map(|(id, ..)| (*id, Outcome::Diverges)).collect();
    let mut ran = ran(&ids);
    for (case, (_, answer, mismatches)) in ran.cases.iter_mut().zip(cases) {
        case.pinned.answer = (*answer).to_owned();
        case.mismatches = mismatches.clone();
    }
    concluded(&ran, &[], crate::report::Held::default())
}

/// Kind, clause and cases of each cause.
fn told(report: &RunReport) -> Vec<(CauseKind, &str, String)> {
    let clause = |cause: &Cause| report.clauses.get_key_value(cause.clause.as_ref()?).map(|(id, _)| id.as_str());
    report.causes.iter().map(|cause| (cause.kind, clause(cause).unwrap_or("-"), cause.cases.join(" "))).collect()
}

#[test]
fn a_crash_is_one_cause_whatever_the_clause_and_what_follows_from_it() {
    let crash = || status(refusal(), answered(500, "InternalError"), &["S-12"]);
    let report = report(&[
        ("members/null", "500 InternalError", vec![crash(), effect(kept("Enabled"), "Disabled", &["S-13"])]),
        ("members/true", "500 InternalError", vec![status(success(), answered(500, "InternalError"), &["S-19"])]),
        // The page lists this one, so it is an answer like others.
        (
            "members/list",
            "500 KMSInternalException",
            vec![status(refusal(), answered(500, "KMSInternalException"), &["S-19"])],
        ),
        ("members/empty", "502", vec![status(refusal(), answered(502, ""), &["S-19"])]),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Crash, "-", "members/null members/true".to_owned()),
            (CauseKind::Answer, "S-19", "members/list".to_owned()),
            (CauseKind::Crash, "-", "members/empty".to_owned()),
        ]
    );
    assert_eq!(report.causes[0].mismatches, 3);
    assert_eq!(report.causes[0].example, "members/true");
    assert_eq!(report.causes[0].repeat, "trentcheck run members/null members/true");
    let sentences: Vec<&str> = report.causes.iter().map(|cause| cause.sentence.as_str()).collect();
    assert_eq!(sentences[0], "the target answers 500 InternalError, a server fault that no document lists");
    assert_eq!(sentences[1], "answer: expected 4xx, found 500 KMSInternalException");
}

#[test]
fn a_crash_that_fails_no_run_is_no_cause() {
    let crash = Mismatch { level: Level::May, ..status(refusal(), answered(500, ""), &["S-12"]) };
    let again = || status(refusal(), answered(200, ""), &["S-12"]);
    let report = report(&[
        ("members/null", "500, 200", vec![crash, again()]),
        // What a call afterwards answered is a crash too, and the sentence names it.
        (
            "members/true",
            "200",
            vec![again(), {
                let place = Place::afterwards("DescribeKey");
                mismatch(What::Status, place, success(), answered(500, "InternalError"), &["S-13"])
            }],
        ),
    ]);
    let sentences: Vec<&str> = report.causes.iter().map(|cause| cause.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "the target answers 200 to a request that it has to refuse",
            "the target answers 500 InternalError, a server fault that no document lists",
        ]
    );
    assert_eq!(report.causes[1].found, answered(500, "InternalError"));
}

#[test]
fn a_header_or_body_is_one_cause_whatever_the_clause_and_the_rest_of_the_case() {
    let id = |last: &str| header("x-amzn-RequestId", value(&format!("00000000-0000-4000-8000-00000000000{last}x")));
    let report = report(&[
        ("members/null", "400", vec![id("1"), status(refusal(), answered(200, ""), &["S-12"])]),
        ("members/true", "400", vec![id("2")]),
        ("members/list", "400", vec![header("x-amzn-RequestId", Fact::Absent)]),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Form, "-", "members/null members/true".to_owned()),
            (CauseKind::Accepted, "S-12", "members/null".to_owned()),
            (CauseKind::Form, "-", "members/list".to_owned()),
        ]
    );
    assert_eq!(report.causes[2].sentence, "header x-amzn-RequestId: expected a UUID, found absent");
}

#[test]
fn a_long_body_is_one_cause_whatever_its_length() {
    let body = |bytes: usize, text: &str, whole: bool| {
        let body = crate::compare::BodyFact::Text { bytes, text: Shown::ours(text), whole };
        vec![mismatch(What::Body, Place::answer(), Fact::words("zero bytes"), Fact::Body { body }, &["S-24"])]
    };
    let report = report(&[
        ("members/null", "200", body(173, "{\"KeyId\":\"arn", false)),
        ("members/true", "200", body(88, "{\"KeyId\":\"a", false)),
        ("members/list", "200", body(2, "{}", true)),
        ("members/empty", "200", body(2, "[]", true)),
    ]);
    let cases: Vec<usize> = report.causes.iter().map(|cause| cause.cases.len()).collect();
    assert_eq!(cases, [2, 1, 1]);
}

#[test]
fn the_same_wrong_body_is_one_cause_whatever_was_expected_and_wherever_it_was_sent() {
    let null = || crate::compare::BodyFact::Text { bytes: 4, text: Shown::ours("null"), whole: true };
    let found = || Fact::Body { body: null() };
    let either = Fact::AnyOf { facts: vec![Fact::words("200 with the body of the edition"), answered(400, "X")] };
    let whole = Fact::Answer { status: 200, error: None, body: Some(null()) };
    let again = Place::afterwards("DeleteImportedKeyMaterial");
    let report = report(&[
        (
            "members/null",
            "200",
            vec![mismatch(What::Body, Place::answer(), Fact::words("zero bytes"), found(), &["S-24"])],
        ),
        ("members/true", "200", vec![mismatch(What::Body, Place::answer(), either, whole, &["S-12"])]),
        ("members/list", "200", vec![mismatch(What::Body, again, Fact::words("zero bytes"), found(), &["S-24"])]),
    ]);
    assert_eq!(told(&report), [(CauseKind::Form, "-", "members/null members/true members/list".to_owned())]);
}

#[test]
fn an_error_that_is_no_json_and_a_decorated_type_are_one_cause_each() {
    let shape = |expected: Fact<Shown>, found: Fact<Shown>| {
        mismatch(What::ErrorShape, Place::answer(), expected, found, &["S-11"])
    };
    let page = |text: &str| {
        let body = crate::compare::BodyFact::Text { bytes: 9, text: Shown::ours(text), whole: true };
        Fact::Body { body }
    };
    let report = report(&[
        (
            "members/null",
            "400",
            vec![
                shape(Fact::words("a JSON object"), page("<p>null</p>")),
                shape(Fact::words("the error's type in `__type`"), page("<p>null</p>")),
            ],
        ),
        ("members/true", "400", vec![shape(Fact::words("a JSON object"), page("<p>true</p>"))]),
        ("members/list", "400 X", vec![shape(value("X"), value("a.b#X"))]),
        ("members/empty", "400 Y", vec![shape(value("Y"), value("a.b#Y"))]),
        ("members/object", "400 Y", vec![shape(value("Y"), value("Y:http"))]),
    ]);
    let cases: Vec<String> = report.causes.iter().map(|cause| cause.cases.join(" ")).collect();
    assert_eq!(cases, ["members/null members/true", "members/list members/empty", "members/object"]);
}

#[test]
fn what_was_carried_out_by_mistake_is_told_apart_by_the_clause_that_most_cases_share() {
    let accepted = |clauses: &[&str]| {
        vec![status(refusal(), answered(200, ""), clauses), effect(kept("Enabled"), "PendingImport", &["S-13"])]
    };
    let other_words = || vec![status(Fact::words("4xx or 501"), answered(200, ""), &["S-37", "P-01"])];
    let report = report(&[
        ("members/null", "200", accepted(&["S-01", "S-12"])),
        ("members/true", "200", accepted(&["S-12"])),
        ("members/list", "200", accepted(&["S-19"])),
        ("members/empty", "200", other_words()),
        ("members/number", "200", vec![status(refusal(), answered(200, ""), &["S-37", "P-01"])]),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Accepted, "S-12", "members/null members/true".to_owned()),
            (CauseKind::Accepted, "S-37", "members/empty members/number".to_owned()),
            (CauseKind::Accepted, "S-19", "members/list".to_owned()),
        ]
    );
    assert_eq!(report.causes[0].sentence, "the target answers 200 to a request that it has to refuse");
    assert_eq!(report.causes[0].mismatches, 4);
}

#[test]
fn a_wrong_effect_is_a_cause_of_its_own_unless_the_answer_explains_it() {
    let refused = || status(success(), answered(400, "X"), &["S-04"]);
    let wrong = |clauses: &[&str]| effect(value("PendingImport"), "Enabled", clauses);
    let status_of_type = || status(Fact::Status { any_of: vec![400] }, answered(404, "NotFoundException"), &["S-27"]);
    let report = report(&[
        ("members/null", "400 X", vec![refused(), wrong(&["S-01"])]),
        ("members/true", "200", vec![wrong(&["S-01"])]),
        (
            "members/list",
            "404 NotFoundException",
            vec![status_of_type(), effect(kept("Enabled"), "Disabled", &["S-13"])],
        ),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Refused, "S-04", "members/null".to_owned()),
            (CauseKind::Effect, "S-01", "members/true".to_owned()),
            (CauseKind::Answer, "-", "members/list".to_owned()),
            (CauseKind::Effect, "S-13", "members/list".to_owned()),
        ]
    );
    assert_eq!(report.causes[0].sentence, "the target answers 400 X to a request that it has to carry out");
}

#[test]
fn a_refusal_where_a_success_is_one_of_several_answers_is_a_refusal_too() {
    let either = Fact::AnyOf { facts: vec![Fact::words("200 with the body of the edition"), answered(400, "Y")] };
    let report = report(&[
        ("members/null", "400 X", vec![status(success(), answered(400, "X"), &["S-04", "S-06"])]),
        ("members/true", "400 X", vec![status(either.clone(), answered(400, "X"), &["S-04"])]),
    ]);
    assert_eq!(told(&report), [(CauseKind::Refused, "S-04", "members/null members/true".to_owned())]);
    let alone = self::report(&[("members/true", "400 X", vec![status(either, answered(400, "X"), &["S-04"])])]);
    let sentence = "answer: expected 200 with the body of the edition, or 400 Y, found 400 X";
    assert_eq!(alone.causes[0].sentence, sentence);
}

#[test]
fn a_wrong_status_of_one_type_is_one_cause_whatever_the_clause_and_the_words() {
    let found = |error: &str| answered(404, error);
    let page = Fact::Status { any_of: vec![400] };
    let any_of = |types: &[&str]| Fact::AnyOf { facts: types.iter().map(|name| answered(400, name)).collect() };
    let another = |name: &str| {
        let expected = Fact::ErrorType { name: Shown::ours(name) };
        mismatch(What::ErrorType, Place::answer(), expected, Fact::ErrorType { name: Shown::ours("Y") }, &["S-27"])
    };
    let report = report(&[
        ("members/null", "404 X", vec![status(page.clone(), found("X"), &["S-27"])]),
        ("members/true", "404 X", vec![status(Fact::words("400 for this type"), found("X"), &["S-26"])]),
        ("members/list", "404 Y", vec![status(page.clone(), found("Y"), &["S-27"])]),
        ("members/number", "404 X", vec![status(any_of(&["Z", "X"]), found("X"), &["S-16"])]),
        ("members/false", "404 X", vec![status(any_of(&["Z"]), found("X"), &["S-16"])]),
        ("members/empty", "404 Y", vec![status(page.clone(), found("Y"), &["S-27"]), another("X")]),
        ("members/object", "404", vec![status(page, found(""), &["S-27"])]),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Answer, "-", "members/null members/true members/number".to_owned()),
            (CauseKind::Answer, "-", "members/list".to_owned()),
            (CauseKind::Answer, "S-16", "members/false".to_owned()),
            (CauseKind::Answer, "S-27", "members/empty".to_owned()),
            (CauseKind::Answer, "S-27", "members/object".to_owned()),
        ]
    );
}

#[test]
fn a_change_after_a_success_is_told_by_what_the_case_is_about() {
    let mut ran = ran(&[("members/null", Outcome::Diverges), ("members/true", Outcome::Diverges)]);
    for (case, clause) in ran.cases.iter_mut().zip(["S-12", "S-19"]) {
        case.clauses = vec![clause.to_owned()];
        case.mismatches = vec![effect(kept("Enabled"), "Disabled", &["S-13"])];
    }
    for (answer, clauses) in [("200", vec!["S-12", "S-19"]), ("400", vec!["S-13"])] {
        ran.cases.iter_mut().for_each(|case| case.pinned.answer = answer.to_owned());
        let report = concluded(&ran, &[], crate::report::Held::default());
        let found: Vec<_> = report.causes.iter().filter_map(|cause| cause.clause.as_deref()).collect();
        assert_eq!(found, clauses, "{answer}");
    }
}

#[test]
fn a_broken_connection_is_one_cause_with_the_silence_after_it() {
    let cut = || {
        let said = Fact::Said { text: Shown::ours("the connection was closed") };
        mismatch(What::Transport, Place::answer(), Fact::words("a whole answer in HTTP"), said, &["P-01"])
    };
    let dead = || {
        let said = Fact::Said { text: Shown::ours("refused") };
        mismatch(What::Liveness, Place::NextRequest, Fact::words("an answer"), said, &["P-01"])
    };
    let report = report(&[
        ("members/null", "no answer", vec![cut(), dead()]),
        ("members/true", "no answer", vec![cut()]),
        ("members/list", "no answer", vec![dead()]),
    ]);
    assert_eq!(
        told(&report),
        [
            (CauseKind::Broken, "-", "members/null members/true".to_owned()),
            (CauseKind::Broken, "-", "members/list".to_owned()),
        ]
    );
    assert_eq!(report.causes[0].sentence, "the target gives no whole answer: the connection was closed");
    assert_eq!(report.causes[1].sentence, "the target stops answering");
}

#[test]
fn the_example_has_the_least_to_read() {
    let accepted = || status(refusal(), answered(200, ""), &["S-12"]);
    let mut ran = ran(&[("members/null", Outcome::Diverges), ("members/true", Outcome::Diverges)]);
    for (case, length) in ran.cases.iter_mut().zip([9, 3]) {
        case.mismatches = vec![accepted()];
        let request = vec!["x".repeat(length)];
        let (role, lane) = ("judged".to_owned(), "wire".to_owned());
        case.exchanges = vec![ExchangeReport { role, lane, request, response: None, error: None, duration_us: 0 }];
    }
    assert_eq!(concluded(&ran, &[], crate::report::Held::default()).causes[0].example, "members/true");
    ran.cases[1].mismatches.push(effect(kept("Enabled"), "Disabled", &["S-13"]));
    let report = concluded(&ran, &[], crate::report::Held::default());
    assert_eq!(report.causes[0].example, "members/null");
    assert_eq!(report.causes[0].cases, ["members/null", "members/true"]);
}

fn any_mismatch() -> impl Strategy<Value = Mismatch> {
    let level = prop_oneof![Just(Level::Must), Just(Level::Should), Just(Level::May)];
    let clause = prop_oneof![Just("S-12"), Just("S-13"), Just("S-19")];
    let clauses = proptest::collection::vec(clause, 0..3);
    let answer = (prop_oneof![Just(200_u16), Just(400), Just(404), Just(500)], "|X|KMSInternalException")
        .prop_map(|(status, error)| answered(status, &error));
    let found = prop_oneof![answer, Just(Fact::Absent), Just(value("v")), Just(Fact::words("w"))];
    let expected =
        prop_oneof![Just(refusal()), Just(success()), Just(kept("v")), Just(Fact::ErrorType { name: "X".into() })];
    let what = prop_oneof![
        Just(What::Transport),
        Just(What::Framing),
        Just(What::Status),
        Just(What::ErrorType),
        Just(What::ErrorShape),
        Just(What::Message),
        Just(What::Body),
        Just(What::Header),
        Just(What::Effect),
        Just(What::Liveness)
    ];
    let place = prop_oneof![
        Just(Place::answer()),
        Just(Place::Answer { number: Some(2) }),
        Just(Place::Header { name: "Date".to_owned() }),
        Just(Place::NextRequest),
        Just(Place::afterwards("Encrypt")),
    ];
    (what, place, expected, found, clauses, level).prop_map(|(what, place, expected, found, clauses, level)| Mismatch {
        level,
        ..mismatch(what, place, expected, found, &clauses)
    })
}

proptest! {
    #[test]
    fn every_failing_mismatch_has_one_cause_and_every_diverging_case_at_least_one(
        cases in proptest::collection::vec((proptest::collection::vec(any_mismatch(), 1..5), any::<bool>()), 0..8),
        fail_on in prop_oneof![Just(Level::Must), Just(Level::Should), Just(Level::May)],
    ) {
        let ids: Vec<String> = (0..cases.len()).map(|number| format!("members/{number}")).collect();
        let of = |(id, (_, diverges)): (&String, &(Vec<Mismatch>, bool))| {
            (id.clone(), if *diverges { Outcome::Diverges } else { Outcome::Flaky })
        };
        let outcomes: Vec<(String, Outcome)> = ids.iter().zip(&cases).map(of).collect();
        let outcomes: Vec<(&str, Outcome)> = outcomes.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
        let mut ran = ran(&outcomes);
        ran.fail_on = fail_on;
        for (case, (mismatches, _)) in ran.cases.iter_mut().zip(&cases) {
            case.mismatches = mismatches.clone();
            // A case diverges by a mismatch that fails the run.
            if case.outcome == Outcome::Diverges {
                case.mismatches[0].level = Level::Must;
            }
        }
        let report = concluded(&ran, &[], crate::report::Held::default());
        let diverging: Vec<&CaseReport> = report.cases.iter().filter(|case| case.outcome == Outcome::Diverges).collect();
        let failing: usize = diverging.iter().map(|case| case.failures(fail_on).count()).sum();
        prop_assert_eq!(report.causes.iter().map(|cause| cause.mismatches).sum::<usize>(), failing);
        let named: BTreeSet<&str> = report.causes.iter().flat_map(|cause| &cause.cases).map(String::as_str).collect();
        prop_assert_eq!(&named, &diverging.iter().map(|case| case.id.as_str()).collect::<BTreeSet<_>>());
        prop_assert_eq!(named.len(), report.figures.diverges);
        for pair in report.causes.windows(2) {
            prop_assert!(pair[0].cases.len() >= pair[1].cases.len());
        }
        for cause in &report.causes {
            prop_assert!(cause.cases.contains(&cause.example));
            prop_assert!(cause.level >= fail_on);
            prop_assert!(!cause.sentence.contains("answers ,"), "{}", cause.sentence);
            let distinct: BTreeSet<&String> = cause.cases.iter().collect();
            prop_assert_eq!(distinct.len(), cause.cases.len());
        }
        // Names of cases decide nothing.
        let mut renamed = ran.clone();
        renamed.cases.iter_mut().enumerate().for_each(|(number, case)| case.id = format!("zz/{}", 9 - number));
        let renamed = concluded(&renamed, &[], crate::report::Held::default());
        let sizes = |report: &RunReport| report.causes.iter().map(|cause| cause.cases.len()).collect::<Vec<_>>();
        prop_assert_eq!(sizes(&renamed), sizes(&report));
    }
}

#[test]
fn a_cause_that_blocks_cases_comes_before_one_with_more_cases() {
    let ids = ["authentication/altered-signature", "members/null", "members/true", "members/list", "members/empty"];
    let outcome = |at: usize| if at < 3 { Outcome::Diverges } else { Outcome::Blocked };
    let mut ran = ran(&ids.iter().enumerate().map(|(at, id)| (*id, outcome(at))).collect::<Vec<_>>());
    for (at, case) in ran.cases.iter_mut().enumerate().take(3) {
        let clause = if at == 0 { "S-12" } else { "S-19" };
        case.mismatches = vec![status(success(), answered(400, ""), &[clause])];
    }
    let told = |ran: &crate::report::Ran| {
        let report = concluded(ran, &[], crate::report::Held::default());
        let causes: Vec<String> = report.causes.iter().map(Cause::concerns).collect();
        (causes, report.hindrance().map(|(cases, reason)| (cases, reason.to_owned())), report.is_first(0))
    };
    let [two, one] = ["2 cases", "1 case"].map(str::to_owned);
    assert_eq!(told(&ran), (vec![two.clone(), one.clone()], None, true));
    for case in &mut ran.cases[3..] {
        case.blocked_by = Some(ids[0].to_owned());
    }
    let blocking = "1 case, which blocks 2 more".to_owned();
    assert_eq!(told(&ran), (vec![blocking, two.clone()], None, true));
    // What no case blocks belongs to no cause.
    for case in &mut ran.cases[2..] {
        case.outcome = Outcome::Blocked;
        case.mismatches.clear();
        case.blocked_by = None;
        case.reason = Some(Shown::ours("no key"));
    }
    assert_eq!(told(&ran), (vec![one.clone(), one], Some((3, "no key".to_owned())), false));
}

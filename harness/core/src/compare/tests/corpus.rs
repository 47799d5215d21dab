//! Every accepted answer of the corpus is accepted, every other one is not, and no bytes make comparing panic.

use super::CORPUS;
use crate::compare::*;
use crate::fixture::{Answer, Case, Edition, Expectation, Level};
use crate::http::Header;
use crate::normalise::Redactor;
use crate::observe::{Observation, observe};
use crate::send::Response;
use crate::test_support::answer;
use proptest::prelude::*;

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/0b7fd7dd-0000-4000-8000-000000000001";

fn seen(status: u16, body: &str) -> Observation {
    observe(&answer(status, &[], body.as_bytes()))
}

fn error(name: &str, status: u16) -> Observation {
    seen(status, &format!("{{\"__type\":\"{name}\"}}"))
}

/// An answer that is this one.
fn conforming(answer: &Answer, edition: Edition) -> Observation {
    let second = format!("{{\"KeyId\":\"{ARN}\",\"KeyMaterialId\":\"{}\"}}", "0a".repeat(32));
    match (answer, edition) {
        (Answer::Success, Edition::KeyOnly) => seen(200, ""),
        (Answer::Success, Edition::KeyMaterialId) => seen(200, &second),
        (Answer::Done, _) => seen(204, ""),
        (Answer::RefusedUnclaimed, _) => seen(405, "<html>"),
        (Answer::RefusedOr501, _) => seen(501, "<html>"),
        (Answer::Not(name), _) if name == "ValidationException" => error("NotFoundException", 400),
        (Answer::Refused | Answer::Not(_), _) => error("ValidationException", 400),
        (Answer::Error(name), _) => {
            let status = CORPUS.error(name).and_then(|error| error.status.first().copied());
            error(name, status.unwrap_or(400))
        }
    }
}

fn context(case: &Case, edition: Edition) -> Context<'_> {
    Context { key_arn: Some(ARN), clauses: &case.clauses, supports: &case.supports, ..super::context(edition) }
}

#[test]
fn every_accepted_answer_is_accepted_and_a_server_fault_or_silence_never() {
    for edition in Edition::ALL {
        for case in CORPUS.cases.iter().filter(|case| case.holds_in(edition)) {
            let context = context(case, edition);
            for expectation in case.expect.iter().filter(|expectation| expectation.message.is_none()) {
                if !crate::fixture::holds_in(expectation.editions.as_ref(), edition) {
                    continue;
                }
                let alone = std::slice::from_ref(expectation);
                for answer in &expectation.answers {
                    let right = conforming(answer, edition);
                    assert_eq!(judge(&right, alone, &context), [], "{}: {answer}", case.id());
                    assert!(matches_answer(&right, answer, &context), "{}: {answer}", case.id());
                }
                for wrong in [seen(503, ""), seen(302, ""), error("NoSuchError", 500)] {
                    let found = judge(&wrong, alone, &context);
                    assert!(!found.is_empty(), "{}: {wrong:?}", case.id());
                    assert!(found.iter().all(|mismatch| mismatch.level <= expectation.level), "{found:?}");
                }
            }
        }
    }
}

fn differs(answer: Answer, edition: Edition, observation: &Observation) -> Vec<What> {
    let expectation = Expectation::of(Level::Must, vec![answer]);
    let found = judge(observation, &[expectation], &context(&CORPUS.cases[0], edition));
    found.iter().map(|mismatch| mismatch.what).collect()
}

#[test]
fn each_wrong_answer_is_wrong_in_its_own_way() {
    let named = || Answer::Error("NotFoundException".to_owned());
    let both = |key: &str, material: &str| format!("{{\"KeyId\":{key},\"KeyMaterialId\":{material}}}");
    let (arn, material) = (format!("\"{ARN}\""), format!("\"{}\"", "0a".repeat(32)));
    let (first, second) = (Edition::KeyOnly, Edition::KeyMaterialId);
    for (answer, edition, observation, expected) in [
        (Answer::Success, first, seen(201, ""), vec![What::Status]),
        (Answer::Success, first, seen(200, "{}"), vec![What::Body]),
        (Answer::Success, first, seen(200, " "), vec![What::Body]),
        (Answer::Success, second, seen(200, ""), vec![What::Body]),
        (Answer::Success, second, seen(200, "{}"), vec![What::Body]),
        (Answer::Success, second, seen(200, "[]"), vec![What::Body]),
        (Answer::Success, second, seen(200, &both("1", &material)), vec![What::Body]),
        (Answer::Success, second, seen(200, &both("\"k\"", &material)), vec![What::Body]),
        (Answer::Success, second, seen(200, &both(&arn, "\"\"")), vec![What::Body]),
        (Answer::Success, second, seen(200, &both(&arn, &material.to_uppercase())), vec![What::Body]),
        (Answer::Success, second, seen(200, &both(&arn, "\"0a\"")), vec![What::Body]),
        (Answer::Success, second, seen(200, &both(&arn, "1")), vec![What::Body]),
        (Answer::Done, first, seen(300, ""), vec![What::Status]),
        (Answer::Refused, first, seen(400, ""), vec![What::ErrorShape]),
        (Answer::Refused, first, seen(200, ""), vec![What::Status]),
        (Answer::RefusedUnclaimed, first, seen(500, ""), vec![What::Status]),
        (Answer::Not("NotFoundException".to_owned()), first, error("NotFoundException", 400), vec![What::ErrorType]),
        (Answer::Not("NotFoundException".to_owned()), first, seen(500, ""), vec![What::Status]),
        (named(), first, error("NotFoundException", 404), vec![What::Status]),
        (named(), first, error("ValidationException", 400), vec![What::ErrorType]),
        (named(), first, error("ValidationException", 500), vec![What::Status, What::ErrorType]),
    ] {
        assert_eq!(differs(answer.clone(), edition, &observation), expected, "{answer} {observation:?}");
    }
}

#[test]
fn a_value_that_no_two_answers_may_share_is_told_the_second_time() {
    let repeats = Repeats::default();
    let with = |id: &str| observe(&answer(200, &[("x-amzn-RequestId", id)], b""));
    let told = |observation: &Observation| {
        let mismatches = repeats.of(&CORPUS, observation);
        let shown = mismatches.into_iter().map(|mismatch| mismatch.shown(&Redactor::default()));
        shown.map(|mismatch| (mismatch.place.to_string(), mismatch.found.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(told(&with("a")), []);
    assert_eq!(told(&with("b")), []);
    assert_eq!(told(&with("a")), [("header x-amzn-RequestId".to_owned(), "`a` again".to_owned())]);
    // That it is empty or not there is told elsewhere, each time.
    for observation in [with(""), with(""), seen(200, ""), seen(200, "")] {
        assert_eq!(told(&observation), []);
    }
    // Other headers may say the same twice.
    let alike = || observe(&answer(200, &[("Content-Type", "text/plain")], b""));
    assert_eq!((told(&alike()), told(&alike())), (vec![], vec![]));
}

proptest! {
    #[test]
    fn any_bytes_compare_without_a_panic(
        status in 100_u16..600,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            "\\{\"(__type|code|message|KeyId)\":(null|1|\"[a-zA-Z#:]{0,12}\"|\\[\\])\\}".prop_map(String::into_bytes),
        ],
        headers in proptest::collection::vec(
            ("(Content-Type|X-Amzn-Errortype|x-amzn-RequestId|Date|Expires|[A-Za-z]{1,9})",
             proptest::collection::vec(any::<u8>(), 0..30)),
            0..6,
        ),
        case in 0..100_usize,
    ) {
        let headers = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
        let response = Response { headers, ..answer(status, &[], &body) };
        let observation = observe(&response);
        let case = &CORPUS.cases[case % CORPUS.cases.len()];
        for edition in Edition::ALL {
            let _ = judge(&observation, &case.expect, &context(case, edition));
        }
        for claimed in [Claimed::Yes, Claimed::No] {
            let _ = every_answer(&CORPUS, &response, &observation, claimed);
        }
    }
}

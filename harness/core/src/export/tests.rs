//! What an export says of requests and answers is what a run sends and accepts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::accepted::{Accepted, BodyIs, ErrorIs, accepted};
use super::{Body, CaseIn, Export, SentRequest, export};
use crate::compare::{Context, Naming, Place, matches_answer};
use crate::fixture::{Answer, Case, Edition, Mutation, RequestFraming, Supports};
use crate::observe::Observation;
use crate::test_support::{CORPUS, observed};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;

fn whole() -> Export {
    let cases: Vec<&Case> = CORPUS.cases.iter().collect();
    export(&CORPUS, &cases, &Edition::ALL).unwrap()
}

/// A text with the values of the sample in place of its templates.
fn filled(text: &str, request: &SentRequest) -> String {
    let mut filled = text.to_owned();
    for (expression, value) in &request.templates {
        filled = filled.replace(&format!("{{{{ {expression} }}}}"), value);
    }
    filled
}

fn body_of(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    bytes[end + 4..].to_vec()
}

fn requests(case: &CaseIn) -> impl Iterator<Item = &SentRequest> {
    [Some(&case.request), case.next.as_ref().map(|next| &next.request)].into_iter().flatten()
}

#[test]
fn every_case_is_there_in_each_of_its_editions() {
    let export = whole();
    let found: BTreeSet<(&str, Edition)> = export.cases.iter().map(|case| (case.id.as_str(), case.edition)).collect();
    let expected: BTreeSet<(&str, Edition)> = CORPUS
        .cases
        .iter()
        .flat_map(|case| Edition::ALL.map(|edition| (case, edition)))
        .filter(|(case, edition)| case.holds_in(*edition))
        .map(|(case, edition)| (case.id(), edition))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(export.cases.len(), expected.len());
}

#[test]
fn templates_that_are_filled_are_the_signed_sample() {
    let export = whole();
    let mut with_templates = 0;
    for (case, request) in export.cases.iter().flat_map(|case| requests(case).map(move |request| (case, request))) {
        let sample = body_of(&BASE64_STANDARD.decode(&request.sample.bytes).unwrap());
        let body = match &request.body {
            Body::Text { text } => filled(text, request).into_bytes(),
            Body::Hex { hex } => hex::decode(filled(hex, request)).unwrap(),
        };
        with_templates += usize::from(!request.templates.is_empty());
        match request.framing {
            _ if request.signing.mutation == Some(Mutation::BodyAltered) => assert_ne!(sample, body, "{}", case.id),
            RequestFraming::Chunked => assert!(sample.ends_with(b"0\r\n\r\n"), "{}", case.id),
            _ => assert_eq!(sample, body, "{}", case.id),
        }
        for (name, value) in &request.headers {
            let value = filled(value, request)
                .replace("{{ content_length }}", &body.len().to_string())
                .replace("{{ host }}", "kms.us-east-2.amazonaws.com");
            assert!(!value.contains("{{"), "{}: {name}: {value}", case.id);
            let is_sent = |(sent, text): &(String, String)| sent.eq_ignore_ascii_case(name) && *text == value;
            // Faults take headers away, change them and sign others.
            let is_altered = request.signing.mutation.is_some() || request.signing.place != Default::default();
            assert!(is_altered || request.sample.headers.iter().any(is_sent), "{}: {name}: {value}", case.id);
        }
    }
    assert!(with_templates > 300, "only {with_templates} requests have templates");
}

/// Whether an answer fits, as a program in another language finds it.
fn fits(accepted: &Accepted, observation: &Observation) -> bool {
    let status = observation.status.to_string();
    let class = format!("{}xx", observation.status / 100);
    let error = observation.error_name();
    let is_right_error = match &accepted.error {
        None => true,
        Some(ErrorIs::Any) => error.is_some(),
        Some(ErrorIs::Type { name }) => error == Some(name),
        Some(ErrorIs::NotType { name }) => error.is_some_and(|error| error != name),
    };
    let is_right_body = match &accepted.body {
        None => true,
        Some(BodyIs::ZeroBytes) => observation.bytes.is_empty(),
        Some(BodyIs::Object { members }) => {
            serde_json::from_slice(&observation.bytes).is_ok_and(|body: serde_json::Map<String, serde_json::Value>| {
                body.contains_key(&members[0].name)
                    && body.keys().all(|name| members.iter().any(|member| member.name == *name))
            })
        }
    };
    accepted.status.iter().any(|accepted| *accepted == status || *accepted == class) && is_right_error && is_right_body
}

#[test]
fn accepted_answers_are_those_that_a_run_accepts() {
    let named = |error: &str| format!("{{\"__type\":\"{error}\",\"message\":\"m\"}}");
    let bodies = [
        String::new(),
        "{}".to_owned(),
        "{\"KeyId\":\"k\"}".to_owned(),
        "{\"KeyId\":\"k\",\"More\":1}".to_owned(),
        "<html>".to_owned(),
        named("NotFoundException"),
        named("com.amazonaws.kms#NotFoundException"),
        named("ValidationException"),
        named("SomethingElse"),
    ];
    let statuses = [200, 204, 301, 400, 404, 500, 501, 503];
    let mut answers: Vec<&Answer> =
        CORPUS.cases.iter().flat_map(Case::expectations).flat_map(|of| &of.answers).collect();
    answers.sort_by_key(|answer| answer.word());
    answers.dedup();
    assert!(answers.len() > 10, "{answers:?}");
    let mut matching = 0;
    for edition in Edition::ALL {
        let context = Context {
            corpus: &CORPUS,
            edition,
            key_arn: None,
            naming: Naming::Open,
            material_id: None,
            clauses: &[],
            supports: &Supports::default(),
            place: &Place::Answer { number: None },
        };
        for answer in &answers {
            let exported = accepted(&CORPUS, edition, std::slice::from_ref(*answer)).remove(0);
            for (status, body) in statuses.iter().flat_map(|status| bodies.iter().map(move |body| (*status, body))) {
                let observation = observed(status, body);
                let expected = matches_answer(&observation, answer, &context);
                matching += usize::from(expected);
                assert_eq!(fits(&exported, &observation), expected, "{edition} {answer:?}: {status} {body}");
            }
        }
    }
    assert!(matching > 50, "only {matching} pairs match");
}

#[test]
fn what_an_export_names_is_in_it() {
    let export = whole();
    let passages: BTreeSet<&str> = export.passages.iter().map(|passage| passage.id()).collect();
    let clauses: BTreeSet<&str> = export.clauses.iter().map(|clause| clause.id.get_ref().as_str()).collect();
    let effects: BTreeSet<(&str, Edition)> =
        export.effects.iter().map(|effect| (effect.id.as_str(), effect.edition)).collect();
    for case in &export.cases {
        assert!(!case.accepts.is_empty(), "{}", case.id);
        let cited = case.accepts.iter().flat_map(|expected| expected.supports.passages());
        assert!(case.supports.passages().chain(cited).all(|id| passages.contains(id)), "{}", case.id);
        assert!(case.clauses.iter().all(|id| clauses.contains(id.as_str())), "{}", case.id);
        assert!(case.after.iter().all(|id| effects.contains(&(id.as_str(), case.edition))), "{}", case.id);
        assert!(export.preconditions.iter().any(|known| known.id() == case.precondition), "{}", case.id);
    }
}

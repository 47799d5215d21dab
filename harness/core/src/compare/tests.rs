//! Verdicts on answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod answers;
mod corpus;
mod properties;
mod rules;

use crate::compare::{
    Claimed, Context, Fact, Mismatch, Naming, Place, What, checks, every_answer, judge, matches_answer, transport,
};
use crate::fixture::{Answer, Edition, Effect, Expectation, Level, Supports};
use crate::http::Header;
use crate::normalise::{Redactor, response_lines};
use crate::observe::{Observation, observe};
use crate::send::{Response, ResponseFraming, SendError};
use crate::test_support::{CORPUS, answer, observed};
use crate::text::TargetText;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/k-1";

static SUPPORTS: Supports = Supports(Vec::new());

static ANSWER: Place<TargetText> = Place::Answer { number: None };

fn context(edition: Edition) -> Context<'static> {
    Context {
        corpus: &CORPUS,
        edition,
        key_arn: Some(ARN),
        naming: Naming::Due,
        material_id: None,
        clauses: &[],
        supports: &SUPPORTS,
        place: &ANSWER,
    }
}

fn expectation(level: Level, answers: &[Answer]) -> Expectation {
    Expectation::of(level, answers.to_vec())
}

/// What differs, briefly.
fn found(mismatches: &[Mismatch]) -> Vec<(What, String, String)> {
    let shown = mismatches.iter().map(|mismatch| mismatch.clone().shown(&Redactor::default()));
    shown.map(|mismatch| (mismatch.what, mismatch.expected.to_string(), mismatch.found.to_string())).collect()
}

fn judged(observation: &Observation, answers: &[Answer], context: &Context<'_>) -> Vec<(What, String, String)> {
    found(&judge(observation, &[expectation(Level::Must, answers)], context))
}

fn row(what: What, expected: &str, found: &str) -> (What, String, String) {
    (what, expected.to_owned(), found.to_owned())
}

fn error(name: &str) -> Answer {
    Answer::Error(name.to_owned())
}

const NOT_FOUND: &str = r#"{"__type":"NotFoundException","message":"m"}"#;
const OBJECT: &str = "a JSON object with the error's type in `__type`";

//! Verdicts on answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod answers;
mod properties;
mod rules;

use crate::compare::{
    Claimed, Context, Fact, Mismatch, Naming, Place, What, checks, every_answer, judge, matches_answer, transport,
};
use crate::fixture::{Answer, Corpus, Document, Edition, Effect, Expectation, Level, Supports, load};
use crate::http::Header;
use crate::normalise::{Redactor, response_lines};
use crate::observe::{Observation, observe};
use crate::observe_tests::{answer, observed};
use crate::send::{Response, ResponseFraming, SendError};
use crate::text::TargetText;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::sync::LazyLock;

pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    load(&documents).unwrap()
});

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/k-1";

static SUPPORTS: Supports = Supports(Vec::new());

pub(crate) static ANSWER: Place<TargetText> = Place::Answer { number: None };

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

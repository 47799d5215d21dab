//! A wrong answer in a form that is the same from run to run.

use super::answer::in_short;
use super::fact::{BodyFact, Fact};
use super::mismatch::{Mismatch, What};
use super::place::Place;
use crate::fixture::Level;
use crate::normalise::{Normaliser, Shown};
use crate::observe::observe;
use crate::send::Exchange;
use crate::text::Text;

/// Status and error type of an answer.
pub fn answer_of(exchange: &Exchange) -> Text {
    match &exchange.result {
        Err(_) => "no answer".into(),
        Ok(response) => in_short(&observe(response)),
    }
}

/// The mismatches with their levels, each as `WHAT, WHERE: FOUND`. What varies is replaced; message texts are left out,
/// since no document fixes them and a target may reword them at any time; so is which of two requests came first.
pub fn differs(mismatches: &[Mismatch<Shown>], normaliser: &mut Normaliser) -> Vec<(Level, String)> {
    mismatches
        .iter()
        .map(|mismatch| {
            let what = mismatch.what.as_str();
            let text = match mismatch.what {
                What::Message | What::Order => format!("{what}, {}", mismatch.place),
                _ => format!("{what}, {}: {}", mismatch.place, found(mismatch)),
            };
            (mismatch.level, normaliser.normalise(&text))
        })
        .collect()
}

/// What identifies a mismatch at a second look and in another case. What varies from key to key is replaced, and the
/// number of the answer is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    /// What, where, expected, and the level.
    pub fault: String,
    /// What was found.
    pub found: String,
}

/// By what a mismatch is known again.
pub fn likeness(mismatch: &Mismatch<Shown>, normaliser: &mut Normaliser) -> Likeness {
    let place = match &mismatch.place {
        Place::Answer { .. } => Place::Answer { number: None },
        other => other.clone(),
    };
    let expected = match &mismatch.expected {
        // The value is one of the key's own.
        Fact::About { words, .. } => words.clone(),
        other => other.to_string(),
    };
    let fault = format!("{}, {place}: {expected} ({})", mismatch.what.as_str(), mismatch.level);
    let found = match mismatch.what {
        What::Message | What::Order => String::new(),
        _ => found(mismatch),
    };
    Likeness { fault: normaliser.normalise(&fault), found: normaliser.normalise(&found) }
}

fn found(mismatch: &Mismatch<Shown>) -> String {
    let body = |body: &BodyFact<Shown>| match (mismatch.what, body) {
        // The body is the point. Of a long one only the beginning is known, and an id may be cut in two there.
        (What::Body, BodyFact::Text { text, whole: true, .. }) => text.to_string(),
        (What::Body, BodyFact::Text { bytes, .. }) => format!("a body of {bytes} bytes"),
        // The body of an error holds its message.
        (_, BodyFact::Text { .. }) => "a body".to_owned(),
        (_, other) => other.to_string(),
    };
    let text = match &mismatch.found {
        Fact::Body { body: found } => body(found),
        Fact::Answer { status, error: None, body: Some(found) } => format!("{status} with {}", body(found)),
        other => other.to_string(),
    };
    text.replace('`', "")
}

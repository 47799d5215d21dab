//! A wrong answer in a form that is the same from run to run.

use super::mismatch::{Mismatch, What};
use crate::fixture::Level;
use crate::normalise::Normaliser;
use crate::observe::observe;
use crate::send::Exchange;
use regex::Regex;
use std::sync::LazyLock;

/// Status and error type of an answer.
pub fn answer_of(exchange: &Exchange) -> String {
    let Ok(response) = &exchange.result else { return "no answer".to_owned() };
    let observation = observe(response);
    match observation.error_name() {
        Some(error) => format!("{} {error}", observation.status),
        None => observation.status.to_string(),
    }
}

/// The mismatches with their levels, each as `WHAT, WHERE: FOUND`. What varies is replaced; message texts are left out,
/// since no document fixes them and a target may reword them at any time.
pub fn differs(mismatches: &[Mismatch], normaliser: &mut Normaliser) -> Vec<(Level, String)> {
    mismatches
        .iter()
        .map(|mismatch| {
            let what = mismatch.what.as_str();
            let text = match found(mismatch) {
                Some(found) => format!("{what}, {}: {found}", mismatch.place),
                None => format!("{what}, {}", mismatch.place),
            };
            (mismatch.level, normaliser.normalise(&text))
        })
        .collect()
}

fn found(mismatch: &Mismatch) -> Option<String> {
    static BODY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([0-9]+) bytes: `(.*)`$").expect("the pattern is a constant that tests compile"));
    if mismatch.what == What::Message {
        return None;
    }
    let found = &mismatch.found;
    let Some(body) = BODY.captures(found) else { return Some(found.replace('`', "")) };
    let (length, text) = (&body[1], &body[2]);
    let is_whole = !text.ends_with('…');
    let body = match mismatch.what {
        // The body is the point. Of a long one only the beginning is known, and an id may be cut in two there.
        What::Body if is_whole => text.to_owned(),
        What::Body => format!("a body of {length} bytes"),
        // The body of an error holds its message.
        _ => "a body".to_owned(),
    };
    Some(BODY.replace(found, regex::NoExpand(&body)).replace('`', ""))
}

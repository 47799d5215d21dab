//! The lines of an answer with the parts that differ marked, as far as the mismatches say where that is.

use crate::compare::{Fact, Place, What};
use crate::normalise::Shown;
use crate::report::{ExchangeReport, Mismatch};
use serde::Serialize;
use std::ops::Range;

/// A piece of the lines.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Piece {
    /// Its text; several lines have line breaks between them.
    pub(super) text: String,
    /// Whether it differs from what was expected.
    pub(super) differs: bool,
}

/// Where in a case an exchange stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    /// The exchange.
    pub(super) exchange: &'a ExchangeReport,
    /// Its number among the judged exchanges, from 1; nothing if it reads a key back.
    pub(super) judged: Option<usize>,
}

/// The lines of the exchange's answer, with what these mismatches are about marked.
pub(super) fn marked<'a>(of: Of<'_>, mismatches: impl IntoIterator<Item = &'a Mismatch>) -> Vec<Piece> {
    let Some(lines) = &of.exchange.response else { return Vec::new() };
    let answer = Answer::of(lines);
    let mut ranges: Vec<Range<usize>> =
        mismatches.into_iter().filter(|found| of.is_meant_by(found)).flat_map(|found| answer.places(found)).collect();
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    pieces(&answer.text, &ranges)
}

/// Lines in which nothing is marked.
pub(super) fn plain(lines: &[String]) -> Vec<Piece> {
    pieces(&lines.join("\n"), &[])
}

impl Of<'_> {
    fn is_meant_by(self, found: &Mismatch) -> bool {
        match &found.place {
            Place::Answer { number } => {
                self.judged.is_some() && number.is_none_or(|number| self.judged == Some(number))
            }
            Place::Header { .. } => self.judged.is_some(),
            Place::NextRequest => false,
            Place::Afterwards { call, .. } | Place::Beside { call } => {
                self.judged.is_none() && self.exchange.role == *call
            }
        }
    }
}

/// The text of an answer and where its parts are.
struct Answer {
    text: String,
    first: Range<usize>,
    headers: Vec<Range<usize>>,
    /// The line that says how the body was framed.
    framing: Range<usize>,
    body: Range<usize>,
}

impl Answer {
    fn of(lines: &[String]) -> Self {
        let text = lines.join("\n");
        let mut parts = Vec::new();
        let mut start = 0;
        for line in lines {
            parts.push(start..start + line.len());
            start += line.len() + 1;
        }
        let first = parts.first().cloned().unwrap_or_default();
        let framing = parts.iter().position(|part| text[part.clone()].starts_with("(body:")).unwrap_or(parts.len());
        Self {
            body: parts.get(framing + 1).map_or(text.len()..text.len(), |part| part.start..text.len()),
            headers: parts.get(1..framing).unwrap_or_default().to_vec(),
            framing: parts.get(framing).cloned().unwrap_or_default(),
            first,
            text,
        }
    }

    /// Where the part that a mismatch is about is.
    fn places(&self, found: &Mismatch) -> Vec<Range<usize>> {
        let member = match &found.place {
            Place::Header { name } => return self.headers_of(name),
            Place::Afterwards { member, .. } => member.as_deref(),
            Place::Answer { .. } | Place::Beside { .. } | Place::NextRequest => None,
        };
        match found.what {
            What::Status => [self.status()]
                .into_iter()
                .chain(error_of(&found.found).into_iter().flat_map(|name| self.named(name)))
                .collect(),
            What::ErrorType => error_of(&found.found).map(|name| self.named(name)).unwrap_or_default(),
            What::Framing => vec![self.framing.clone()],
            What::Effect => member.and_then(|member| self.member(member)).into_iter().collect(),
            What::ErrorShape | What::Message | What::Body => vec![self.body.clone()],
            What::Header | What::Transport | What::Order | What::Liveness => Vec::new(),
        }
    }

    /// The first line behind the version.
    fn status(&self) -> Range<usize> {
        let line = &self.text[self.first.clone()];
        let version = line.find(' ').map_or(0, |at| at + 1);
        self.first.start + version..self.first.end
    }

    fn headers_of(&self, name: &str) -> Vec<Range<usize>> {
        let is_it = |range: &&Range<usize>| {
            self.text[(*range).clone()].split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
        };
        self.headers.iter().filter(is_it).cloned().collect()
    }

    /// Where a name stands in headers that carry an error's type, and in the body.
    fn named(&self, name: &str) -> Vec<Range<usize>> {
        let carriers = self.headers_of("x-amzn-errortype");
        let mut places = Vec::new();
        for part in carriers.iter().chain([&self.body]).filter(|_| !name.is_empty()) {
            let found = self.text[part.clone()].match_indices(name);
            places.extend(found.map(|(at, _)| part.start + at..part.start + at + name.len()));
        }
        places
    }

    /// A member of the body with its value, up to the end of the value if that is a text or a word.
    fn member(&self, member: &str) -> Option<Range<usize>> {
        let quoted = format!("\"{member}\"");
        let body = &self.text[self.body.clone()];
        let is_name = |at: &usize| body[at + quoted.len()..].trim_start().starts_with(':');
        let start = body.match_indices(&quoted).map(|(at, _)| at).find(is_name)?;
        let behind = start + quoted.len();
        let rest = &body[behind..];
        let value = rest.len() - rest.trim_start_matches([' ', ':']).len();
        let end = match rest[value..].strip_prefix('"') {
            Some(text) => value + 1 + text.find('"').map_or(text.len(), |at| at + 1),
            None => value + rest[value..].find([',', '}']).unwrap_or(rest.len() - value),
        };
        Some(self.body.start + start..self.body.start + behind + end)
    }
}

/// The error type that was found, if one was.
fn error_of(found: &Fact<Shown>) -> Option<&str> {
    match found {
        Fact::ErrorType { name } => Some(name),
        Fact::Answer { error: Some(name), .. } => Some(name),
        _ => None,
    }
}

/// The text cut at these ranges, which are sorted.
fn pieces(text: &str, ranges: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |range: Range<usize>, differs: bool| {
        if !range.is_empty() {
            pieces.push(Piece { text: text[range].to_owned(), differs });
        }
    };
    let mut at = 0;
    for range in ranges {
        let start = range.start.max(at);
        add(at..start, false);
        add(start..range.end.max(start), true);
        at = range.end.max(at);
    }
    add(at..text.len(), false);
    pieces
}

#[cfg(test)]
mod tests;

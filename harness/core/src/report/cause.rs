//! Causes: the mismatches of a run that have one reason, so that a person reads a few faults and not a hundred cases.
//!
//! A cause never depends on the names of cases. It depends on where a mismatch is, what was expected and found, and the
//! clause. Three kinds are one fault whatever the clause: a crash, a connection that broke, and a header or body that is
//! wrong wherever it is sent.

use super::case::{CaseReport, Mismatch};
use super::outcome::Outcome;
use crate::compare::{BodyFact, Fact, Place, What, likeness};
use crate::fixture::Level;
use crate::normalise::{Normaliser, Shown};
use crate::plan::World;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What kind of fault a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A server fault (5xx) that no document lists.
    Crash,
    /// No whole answer came, or the target stopped answering.
    Broken,
    /// A request that has to be refused is carried out.
    Accepted,
    /// A request that has to succeed is refused.
    Refused,
    /// A wrong status or error type.
    Answer,
    /// A wrong header, body or framing, in answers to different requests alike.
    Form,
    /// The answer is right, and what it did to the key is wrong.
    Effect,
}

/// The mismatches that have one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// What kind of fault it is.
    pub kind: CauseKind,
    /// The fault in one sentence.
    pub sentence: Shown,
    /// Where it is, in the example.
    #[serde(rename = "where")]
    pub place: Place<Shown>,
    /// What was expected in the example.
    pub expected: Fact<Shown>,
    /// What was found in the example.
    pub found: Fact<Shown>,
    /// The clause that all its cases have in common; absent if it is one fault whatever the clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The highest level of its mismatches.
    pub level: Level,
    /// How many mismatches it explains.
    pub mismatches: usize,
    /// The cases that it makes diverge, in the order of the corpus.
    pub cases: Vec<String>,
    /// How many cases prove nothing while these diverge, and are blocked.
    #[serde(default, skip_serializing_if = "super::figures::is_zero")]
    pub blocks: usize,
    /// The case whose exchanges show it best.
    pub example: String,
    /// The command line that runs just its cases again, quoted for a POSIX shell.
    pub repeat: String,
}

/// The causes of the cases that diverge, those first that have most cases and block most. Every mismatch that fails a run belongs
/// to exactly one of them.
pub fn causes(cases: &[CaseReport], fail_on: Level, repeat: &dyn Fn(&[&str]) -> String) -> Vec<Cause> {
    let diverging = cases.iter().enumerate().filter(|(_, case)| case.outcome == Outcome::Diverges);
    let mut alike: BTreeMap<Key, Vec<Fault<'_>>> = BTreeMap::new();
    for (number, case) in diverging {
        for fault in faults(number, case, fail_on) {
            alike.entry(fault.key.clone()).or_default().push(fault);
        }
    }
    let mut causes: Vec<(usize, Cause)> = alike
        .into_values()
        .flat_map(by_clause)
        .map(|(clause, faults)| (faults[0].number, cause(clause, &faults, cases, repeat)))
        .collect();
    // Causes with the same number of cases are in the order of the corpus, and then in that of their keys.
    causes.sort_by_key(|(number, cause)| (Reverse(cause.cases.len() + cause.blocks), *number));
    causes.into_iter().map(|(_, cause)| cause).collect()
}

impl Cause {
    /// How many cases it makes diverge, and how many these block: `1 case, which blocks 56 more`.
    pub fn concerns(&self) -> String {
        let (cases, blocks) = match self.cases.len() {
            1 => ("1 case".to_owned(), "blocks"),
            many => (format!("{many} cases"), "block"),
        };
        match self.blocks {
            0 => cases,
            more => format!("{cases}, which {blocks} {more} more"),
        }
    }
}

/// What the mismatches of one cause have in common, besides a clause. What varies from key to key is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: CauseKind,
    place: String,
    expected: String,
    found: String,
}

/// The mismatches of one case that have one reason.
struct Fault<'a> {
    key: Key,
    /// The clauses by which it may be told from others with the same key; none where the clause does not matter.
    clauses: &'a [String],
    /// The case's place in the report.
    number: usize,
    case: &'a CaseReport,
    /// The mismatch that the others follow from.
    first: &'a Mismatch,
    mismatches: usize,
    level: Level,
}

/// The faults that a case shows. What follows from another mismatch of the same case is not a fault of its own: an error's
/// type from a wrong status, an unexpected state from a request that was carried out by mistake.
fn faults<'a>(number: usize, case: &'a CaseReport, fail_on: Level) -> Vec<Fault<'a>> {
    let is_afterwards = |found: &Mismatch| matches!(found.place, Place::Afterwards { .. });
    let (mut effects, mut rest): (Vec<&Mismatch>, Vec<&Mismatch>) =
        case.failures(fail_on).partition(|mismatch| is_afterwards(mismatch));
    // A crash at a level that fails no run explains nothing else.
    let has_crashed =
        case.crashed && case.failures(fail_on).any(|found| found.what != What::Header && server_fault(found).is_some());
    let mut take = |wanted: &dyn Fn(&Mismatch) -> bool| {
        let (taken, left) = rest.iter().copied().partition::<Vec<_>, _>(|mismatch| wanted(mismatch));
        rest = left;
        taken
    };
    let mut faults = Vec::new();
    let mut add = |key: Key, clauses: &'a [String], found: Vec<&'a Mismatch>| {
        let Some(first) = found.first().copied() else { return };
        let level = found.iter().map(|mismatch| mismatch.level).max().unwrap_or(first.level);
        faults.push(Fault { key, clauses, number, case, first, mismatches: found.len(), level });
    };
    if has_crashed {
        // What a crashed server writes has no shape of its own that could be mended, and what it did is chance.
        let mut found = take(&|mismatch| mismatch.what != What::Header);
        found.append(&mut effects);
        found.sort_by_key(|mismatch| server_fault(mismatch).is_none());
        let answer = found.first().and_then(|first| server_fault(first)).unwrap_or_default();
        add(Key::of(CauseKind::Crash, "", "", &answer), &[], found);
    }
    let mut broken = take(&|mismatch| mismatch.what == What::Transport);
    broken.extend(take(&|mismatch| mismatch.what == What::Liveness));
    if let Some(first) = broken.first() {
        let key = Key::of(CauseKind::Broken, "", "", &varying_replaced(first).1);
        broken.append(&mut effects);
        add(key, &[], broken);
    }
    let mut answer = take(&|mismatch| mismatch.what == What::Status);
    answer.extend(take(&|mismatch| mismatch.what == What::ErrorType));
    if let Some(first) = answer.first().copied() {
        let kind = kind_of_answer(first);
        if kind != CauseKind::Answer {
            answer.append(&mut effects);
        }
        let of_type = kind == CauseKind::Answer && is_status_of_type(&answer);
        add(key_of_answer(kind, of_type, &answer), if of_type { &[] } else { &first.clauses }, answer);
    }
    // What a body is does not depend on the call that it answers.
    let (bodies, effects): (Vec<&Mismatch>, Vec<&Mismatch>) =
        effects.into_iter().partition(|mismatch| mismatch.what == What::Body && body_of(&mismatch.found).is_some());
    if let Some(first) = effects.first().copied() {
        let (expected, found) = varying_replaced(first);
        let key = Key::of(CauseKind::Effect, &first.place.to_string(), &expected, &found);
        // That a refusal changes nothing is one clause for all refusals, so a change after a success is told by what the
        // case is about.
        let is_kept = matches!(first.expected, Fact::About { .. });
        let clauses = if is_kept && is_success(case) { &case.clauses } else { &first.clauses };
        add(key, clauses, effects);
    }
    rest.extend(bodies);
    // An error that is no JSON breaks several rules for its shape at once.
    let (shapeless, rest): (Vec<&Mismatch>, Vec<&Mismatch>) =
        rest.into_iter().partition(|mismatch| mismatch.what == What::ErrorShape && body_of(&mismatch.found).is_some());
    if let Some(first) = shapeless.first().copied() {
        add(Key::of(CauseKind::Form, "error-shape", "", &varying_replaced(first).1), &[], shapeless);
    }
    for mismatch in rest {
        add(key_of_form(mismatch), &[], vec![mismatch]);
    }
    faults
}

impl Key {
    fn of(kind: CauseKind, place: &str, expected: &str, found: &str) -> Self {
        let [place, expected, found] = [place, expected, found].map(str::to_owned);
        Self { kind, place, expected, found }
    }
}

/// What was expected and found, with placeholders for what varies from key to key.
fn varying_replaced(mismatch: &Mismatch) -> (String, String) {
    let mut normaliser = Normaliser::new(&World::default(), None);
    let expected = match &mismatch.expected {
        // The value is one of the key's own.
        Fact::About { words, .. } => words.clone(),
        other => normaliser.normalise(&other.to_string()),
    };
    (expected, likeness(mismatch, &mut normaliser).found)
}

/// A header, body or framing as it is wherever it is sent. The same wrong body is one fault whatever was expected instead.
fn key_of_form(mismatch: &Mismatch) -> Key {
    let (expected, found) = varying_replaced(mismatch);
    let what = mismatch.what.as_str();
    let place = match &mismatch.place {
        Place::Answer { .. } => format!("{what} {}", Place::<Shown>::answer()),
        other => format!("{what} {other}"),
    };
    if let (What::Body, Some(body)) = (mismatch.what, body_of(&mismatch.found)) {
        return Key::of(CauseKind::Form, what, "", &body_in_words(body));
    }
    match (mismatch.what, &mismatch.expected, &mismatch.found) {
        // A type that is not bare is decorated in the same way, whatever type it is.
        (What::ErrorShape, Fact::Values { values: bare }, Fact::Values { values: sent }) => {
            let sent: Vec<String> = sent.iter().zip(bare).map(|(sent, bare)| sent.replace(&**bare, "<type>")).collect();
            Key::of(CauseKind::Form, &place, "<type>", &sent.join(", "))
        }
        _ => Key::of(CauseKind::Form, &place, &expected, &found),
    }
}

/// The body that was found, if it is the body as a whole that is wrong.
fn body_of(found: &Fact<Shown>) -> Option<&BodyFact<Shown>> {
    match found {
        Fact::Body { body } | Fact::Answer { error: None, body: Some(body), .. } => Some(body),
        _ => None,
    }
}

fn body_in_words(body: &BodyFact<Shown>) -> String {
    match body {
        BodyFact::Empty => "zero bytes".to_owned(),
        BodyFact::Coded { coding, .. } => coding.clone(),
        // Only its beginning is known, and its length depends on the key.
        BodyFact::Text { whole: false, .. } => "a longer body".to_owned(),
        BodyFact::Text { text, .. } => Normaliser::new(&World::default(), None).normalise(text),
    }
}

/// The status of an answer, if it is a server fault, with its error type.
fn server_fault(mismatch: &Mismatch) -> Option<String> {
    match &mismatch.found {
        Fact::Answer { status, error, .. } if *status >= 500 => Some(status_and_type(*status, error.as_ref())),
        _ => None,
    }
}

fn status_and_type(status: u16, error: Option<&Shown>) -> String {
    error.map_or_else(|| status.to_string(), |error| format!("{status} {error}"))
}

/// Which kind of fault a wrong status or error type is.
fn kind_of_answer(mismatch: &Mismatch) -> CauseKind {
    let Fact::Answer { status, .. } = &mismatch.found else { return CauseKind::Answer };
    let found = (200..300).contains(status);
    match (expects_success(&mismatch.expected), found) {
        (Some(true), false) => CauseKind::Refused,
        (Some(false), true) => CauseKind::Accepted,
        // It may be refused too, but not like this.
        (None, false) if can_succeed(&mismatch.expected) => CauseKind::Refused,
        _ => CauseKind::Answer,
    }
}

/// Whether an expected status is that of a success; nothing if it can be both.
fn expects_success(expected: &Fact<Shown>) -> Option<bool> {
    match expected {
        Fact::Status { any_of } => all_alike(any_of.iter().map(|status| Some((200..300).contains(status)))),
        Fact::Answer { status, .. } => Some((200..300).contains(status)),
        Fact::ErrorType { .. } => Some(false),
        Fact::Words { words } => Some(words.starts_with('2')),
        Fact::AnyOf { facts } => all_alike(facts.iter().map(expects_success)),
        _ => None,
    }
}

/// Whether a success is one of several accepted answers.
fn can_succeed(expected: &Fact<Shown>) -> bool {
    matches!(expected, Fact::AnyOf { facts } if facts.iter().any(|fact| expects_success(fact) == Some(true)))
}

fn all_alike(mut each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = each.next()??;
    each.all(|other| other == Some(first)).then_some(first)
}

/// Whether only the status is wrong, and the error's type is that of another status: one fault of the type, wherever it is
/// answered.
fn is_status_of_type(answer: &[&Mismatch]) -> bool {
    answer.iter().all(|mismatch| {
        let Fact::Answer { error: Some(found), .. } = &mismatch.found else { return false };
        let has_type = |fact: &Fact<Shown>| matches!(fact, Fact::Answer { error: Some(error), .. } if error == found);
        mismatch.what == What::Status
            && match &mismatch.expected {
                Fact::Status { .. } => true,
                Fact::Words { words } => words.ends_with("for this type"),
                Fact::AnyOf { facts } => facts.iter().any(has_type),
                _ => false,
            }
    })
}

fn key_of_answer(kind: CauseKind, of_type: bool, answer: &[&Mismatch]) -> Key {
    let Some(first) = answer.first() else { return Key::of(kind, "", "", "") };
    let found = match &first.found {
        Fact::Answer { status, error, .. } => status_and_type(*status, error.as_ref()),
        _ => varying_replaced(first).1,
    };
    // What has to be refused or carried out is the same expectation however it is written down.
    let expected = match kind {
        CauseKind::Answer if !of_type => {
            answer.iter().map(|mismatch| varying_replaced(mismatch).0).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    };
    Key::of(kind, "", &expected, &found)
}

/// Whether the judged answer was a success.
fn is_success(case: &CaseReport) -> bool {
    case.answer.as_ref().is_some_and(|answer| answer.starts_with('2'))
}

/// Divides faults that are alike by the clauses that they break: first by the clause that most of them have in common, then
/// the rest in the same way. One fault often breaks several clauses, and each case cites those that it is about.
fn by_clause(mut faults: Vec<Fault<'_>>) -> Vec<(Option<&str>, Vec<Fault<'_>>)> {
    let mut parts = Vec::new();
    while !faults.is_empty() {
        // How many faults have each clause, and where in their lists it stands: the first is what a case is most about.
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for fault in &faults {
            for (place, clause) in fault.clauses.iter().enumerate() {
                let (count, places) = counts.entry(clause).or_default();
                (*count, *places) = (*count + 1, *places + place);
            }
        }
        let best = counts.into_iter().min_by_key(|(clause, (count, places))| (Reverse(*count), *places, *clause));
        let most = best.map(|(clause, _)| clause);
        let has = |fault: &Fault<'_>| most.is_none_or(|most| fault.clauses.iter().any(|clause| clause == most));
        let (part, rest) = faults.into_iter().partition(has);
        parts.push((most, part));
        faults = rest;
    }
    parts
}

fn cause(clause: Option<&str>, faults: &[Fault<'_>], all: &[CaseReport], repeat: &dyn Fn(&[&str]) -> String) -> Cause {
    // The example with the least to read: few mismatches, short requests.
    let length = |case: &CaseReport| -> usize {
        let lines = |lines: &Vec<String>| lines.iter().map(String::len).sum::<usize>();
        case.exchanges.iter().map(|exchange| lines(&exchange.request)).sum()
    };
    let example = faults
        .iter()
        .min_by_key(|fault| (fault.mismatches, length(fault.case), fault.number))
        .expect("a cause has at least one case");
    let mut cases: Vec<&str> = faults.iter().map(|fault| fault.case.id.as_str()).collect();
    // One case can show the same fault in several answers.
    cases.dedup();
    Cause {
        kind: example.key.kind,
        sentence: sentence(example),
        place: example.first.place.clone(),
        expected: example.first.expected.clone(),
        found: example.first.found.clone(),
        clause: clause.map(str::to_owned),
        level: faults.iter().map(|fault| fault.level).max().unwrap_or(example.level),
        mismatches: faults.iter().map(|fault| fault.mismatches).sum(),
        repeat: repeat(&cases),
        example: example.case.id.clone(),
        blocks: all.iter().filter(|case| case.blocked_by.as_deref().is_some_and(|by| cases.contains(&by))).count(),
        cases: cases.into_iter().map(str::to_owned).collect(),
    }
}

fn sentence(fault: &Fault<'_>) -> Shown {
    let Fault { key, first, .. } = fault;
    let Mismatch { place, expected, found, .. } = first;
    Shown::ours(match key.kind {
        CauseKind::Crash => format!("the target answers {}, a server fault that no document lists", key.found),
        CauseKind::Broken if first.what == What::Liveness => "the target stops answering".to_owned(),
        CauseKind::Broken => format!("the target gives no whole answer: {found}"),
        CauseKind::Accepted => format!("the target answers {} to a request that it has to refuse", key.found),
        CauseKind::Refused if !can_succeed(expected) => {
            format!("the target answers {} to a request that it has to carry out", key.found)
        }
        CauseKind::Refused | CauseKind::Answer | CauseKind::Form | CauseKind::Effect => {
            format!("{place}: expected {expected}, found {found}")
        }
    })
}

#[cfg(test)]
mod tests;

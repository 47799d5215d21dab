//! What a replay saw, in the form of `fixtures/recorded/`: with handles for keys and placeholders for what varies, and
//! without accounts, ids and secrets.

use super::fact::{Played, Seen};
use super::path::at;
use super::stage::Stage;
use crate::baseline::day;
use crate::fixture::{Fact, FactAnswer, RecordedFile, Recording};
use crate::normalise::Normaliser;
use crate::plan::{Absent, World};
use crate::target::Target;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::SystemTime;
use toml::Spanned;

/// Operations whose answers can name keys of others. Their bytes are not kept.
const ABOUT_OTHERS: [&str; 2] = ["ListAliases", "ListKeys"];

/// Characters of a text that is kept. A longer one stands for something that varies.
const LONGEST: usize = 200;

/// The front of the ids of facts that nobody has made a source of.
const EVIDENCE: &str = "evidence";

/// The file of a run that saw these facts.
pub(crate) fn evidence(target: &Target, began: SystemTime, facts: Vec<Fact>) -> RecordedFile {
    let recording = Recording {
        source: None,
        date: day(began),
        region: Some(target.region.clone()),
        edition: target.edition,
        at: Some(at_what(&target.endpoint.host).to_owned()),
        made_with: Some(format!("trentcheck {}", env!("CARGO_PKG_VERSION"))),
        note: None,
    };
    RecordedFile { recording, facts }
}

/// The text of a file. It can be loaded again.
///
/// # Errors
///
/// A value has no form in TOML.
pub fn print(file: &RecordedFile) -> Result<String, toml::ser::Error> {
    let text = toml::to_string_pretty(file)?;
    Ok(format!(
        "# Written by `trentcheck record --as-evidence`; harness/docs/recording-evidence.md says what to do with it.\n\n{text}"
    ))
}

/// A fact with what this run saw in place of what was recorded; nothing if none of its answers was seen.
pub(crate) fn as_seen(stage: &Stage<'_, '_>, fact: &Fact, played: &Played) -> Option<Fact> {
    let mut writer = Writer { played, normaliser: Normaliser::new(&world(stage, played), Some(stage.began)) };
    let last = *played.seen.keys().max()?;
    let mut calls = fact.calls[..=last].to_vec();
    for (number, call) in calls.iter_mut().enumerate() {
        let Some(recorded) = &call.answer else { continue };
        let seen = played.seen.get(&number)?;
        let mut answer = writer.answer(recorded, seen, fact.wanted);
        if !ABOUT_OTHERS.contains(&call.operation()) {
            answer.raw = writer.normaliser.message(&seen.raw).lines().collect();
        }
        if answer.error.is_some() {
            call.keep.clear();
        }
        call.answer = Some(answer);
    }
    Some(Fact {
        id: Spanned::new(0..0, format!("{EVIDENCE}-{}/{}", day(stage.began), fact.name())),
        title: fact.title.clone(),
        date: None,
        passages: Vec::new(),
        disagrees: Vec::new(),
        editions: None,
        not_replayed: None,
        wanted: false,
        note: None,
        calls,
    })
}

fn world(stage: &Stage<'_, '_>, played: &Played) -> World {
    let names = |number: usize| played.keys.get(number).map(|key| key.names.clone());
    let account = played.keys.first().map(|key| key.arn.account().to_owned());
    World {
        key: names(0),
        other: names(1),
        absent: Absent::default(),
        region: stage.target.region.clone(),
        other_region: stage.target.other_region(),
        account: account.or_else(|| stage.account.as_ref().map(|(account, _)| account.clone())),
        partition: String::new(),
        run: stage.run.to_owned(),
        host: stage.target.endpoint.authority(),
        other_host: stage.target.other_host(),
    }
}

/// Writes the answers of one fact.
struct Writer<'a> {
    played: &'a Played,
    normaliser: Normaliser,
}

impl Writer<'_> {
    fn answer(&mut self, recorded: &FactAnswer, seen: &Seen, is_wanted: bool) -> FactAnswer {
        let observation = &seen.observation;
        let mut answer = FactAnswer { status: Some(observation.status), ..FactAnswer::default() };
        if !observation.is_success() {
            // An answer without a type is no success either.
            answer.error = Some(self.text(observation.error_name().unwrap_or("*"), seen));
            answer.message = observation.message.text().map(|text| self.text(text.raw(), seen));
            answer.no_message = answer.message.is_none();
            return answer;
        }
        let body = observation.body.json();
        let mut members = BTreeMap::new();
        if is_wanted {
            scalars("", body, &mut members);
        }
        let paths = recorded.members.keys().chain(&recorded.absent);
        for path in paths {
            let filled = seen.names.fill(path).unwrap_or_default();
            match at(body, &filled) {
                Some(value) => drop(members.insert(path.clone(), value.clone())),
                None => answer.absent.push(path.clone()),
            }
        }
        answer.members = members.into_iter().map(|(path, value)| (path, self.value(&value, seen))).collect();
        answer
    }

    fn value(&mut self, value: &Value, seen: &Seen) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text, seen)),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.value(value, seen)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.value(value, seen))).collect())
            }
            other => other.clone(),
        }
    }

    /// A text in which names stand for what has one, and `*` for everything else that varies.
    fn text(&mut self, text: &str, seen: &Seen) -> String {
        let named = seen.names.unfill(&self.played.redactor.redact(text));
        // What this call or a later one is the first to show has no name yet.
        let named = self.played.names.without(&named);
        let normalised = self.normaliser.normalise(&named);
        let mut written = String::with_capacity(normalised.len());
        let mut rest = normalised.as_str();
        while let Some((before, behind)) = rest.split_once('<') {
            written.push_str(before);
            match behind.split_once('>').filter(|(word, _)| is_placeholder(word)) {
                Some((_, after)) => {
                    written.push('*');
                    rest = after;
                }
                None => {
                    written.push('<');
                    rest = behind;
                }
            }
        }
        written.push_str(rest);
        if written.chars().count() > LONGEST { "*".to_owned() } else { written }
    }
}

fn is_placeholder(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-".contains(&byte))
}

/// The texts and truth values of an object, by their paths. Numbers are moments and counts, which vary.
fn scalars(path: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            scalars(&path, value, found);
        }),
        Value::String(_) | Value::Bool(_) => drop(found.insert(path.to_owned(), value.clone())),
        Value::Array(_) | Value::Number(_) | Value::Null => {}
    }
}

/// What answers at a host, for readers who decide what a recording is worth.
fn at_what(host: &str) -> &'static str {
    const SERVICE: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"];
    match SERVICE.iter().any(|suffix| host.ends_with(suffix)) {
        true => "AWS KMS",
        false => "a target that is not AWS KMS",
    }
}

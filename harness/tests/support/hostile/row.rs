//! The table of `harness/tests/hostile`: families of rows, each a way to misbehave and the outcomes that it allows.

use super::act::Step;
use super::server::{Call, Script};
use super::tls::Wrong;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use trentcheck_core::report::Outcome;

/// One way to misbehave, and what a run may make of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its family's name and its own.
    pub(crate) name: String,
    /// What it does.
    does: Vec<Step>,
    /// What it shares with the other rows of its family.
    pub(crate) of: Arc<Terms>,
    /// Which operation, `call` or `connection`.
    on: String,
    /// The outcomes that the cases that are hit may have.
    pub(crate) allow: Vec<Outcome>,
    /// How its connections are encrypted, if they are.
    pub(crate) tls: Option<Wrong>,
}

/// What the rows of a family have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Terms {
    /// What is hit: every `connection` before anything is read, every `call`, or those of this operation.
    #[serde(default = "under_test")]
    on: String,
    /// Only calls whose body holds this text; `made`: that name a key which was made here.
    #[serde(default)]
    naming: Option<String>,
    /// Only one in so many.
    #[serde(default = "each")]
    every: usize,
    /// The cases of a run whose outcome is one of `allow`.
    pub(crate) hits: Vec<String>,
    /// The cases that must pass.
    #[serde(default)]
    pub(crate) spares: Vec<String>,
    /// The outcomes that the cases that are hit may have.
    allow: Vec<Outcome>,
    /// The exit code of the command; if absent, any from 0 to 6.
    #[serde(default)]
    pub(crate) exit: Option<i64>,
    /// How the run is made, and what is watched besides.
    #[serde(default)]
    pub(crate) by: By,
    /// Whether the answers of the server never end, so that only the time limit of an exchange ends one.
    #[serde(default)]
    pub(crate) silent: bool,
}

/// How the run of a row is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    /// In this process.
    #[default]
    Library,
    /// By the command, whose terminal is read.
    Command,
    /// By the command with so little memory as every answer must fit into.
    SmallCommand,
}

fn under_test() -> String {
    "DeleteImportedKeyMaterial".to_owned()
}

fn each() -> usize {
    1
}

/// Rows that are written down together.
#[derive(Deserialize)]
struct Family {
    name: String,
    /// Rows by their names.
    #[serde(default)]
    rows: BTreeMap<String, Vec<Step>>,
    /// A row for each byte of this answer: it is cut there.
    cut: Option<String>,
    /// A row for each part of an answer: the parts before come whole, and half of this one.
    #[serde(default)]
    parts: Vec<Part>,
    /// What comes after that half; `@MORE@` in it is the part's `more`. TLS rows do this after the handshake.
    #[serde(default)]
    then: Vec<Step>,
    /// A row for each of these operations.
    #[serde(default)]
    operations: Vec<String>,
    /// Rows about TLS by their names.
    #[serde(default)]
    tls: BTreeMap<String, Wrong>,
    /// What its rows have in common: [`Terms`].
    #[serde(flatten)]
    terms: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    text: String,
    /// What such a part can go on with.
    #[serde(default)]
    more: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    family: Vec<Family>,
}

/// The whole table.
pub(crate) fn rows() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/tests/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut rows = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        rows.extend(file.family.into_iter().flat_map(Family::rows));
    }
    rows
}

impl Family {
    fn rows(self) -> Vec<Row> {
        let Self { name: family, rows, cut, parts, then, operations, tls, terms } = self;
        let of: Terms = terms.try_into().unwrap_or_else(|error| panic!("{family}: {error}"));
        let of = Arc::new(of);
        let row = |name: &str, does: Vec<Step>| Row {
            name: format!("{family}/{name}"),
            does,
            on: of.on.clone(),
            allow: of.allow.clone(),
            of: Arc::clone(&of),
            tls: None,
        };
        let mut all = Vec::new();
        // What stands before a fault is right: without the fault it passes.
        let whole = |text: &str| Row {
            allow: vec![Outcome::Pass],
            ..row("whole", vec![Step::Say(text.to_owned()), Step::Close])
        };
        for (name, does) in &rows {
            match operations.as_slice() {
                [] => all.push(row(name, does.clone())),
                operations => all.extend(operations.iter().map(|operation| Row {
                    on: operation.clone(),
                    ..row(&format!("{operation}-{name}"), does.clone())
                })),
            }
        }
        if let Some(answer) = cut {
            all.push(whole(&answer));
            all.extend(
                (0..answer.len())
                    .map(|at| row(&format!("{at:03}"), vec![Step::Say(answer[..at].to_owned()), Step::Close])),
            );
        }
        let mut before = String::new();
        for part in &parts {
            let half = &part.text[..part.text.len().div_ceil(2)];
            let mut does = vec![Step::Say(format!("{before}{half}"))];
            does.extend(then.iter().map(|step| match step {
                Step::Flood(_) => Step::Flood(part.more.clone()),
                Step::Drip(_, pause) => Step::Drip(part.more.repeat(1000), *pause),
                other => other.clone(),
            }));
            all.push(row(&part.name, does));
            before += &part.text;
        }
        if !parts.is_empty() {
            all.push(whole(&before));
        }
        all.extend(tls.iter().map(|(name, wrong)| Row { tls: Some(*wrong), ..row(name, then.clone()) }));
        all
    }
}

impl Row {
    /// Whether what it does speaks of this name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.texts().any(|text| text.contains(name))
    }

    /// The texts of what it does.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.does.iter().flat_map(Step::texts)
    }

    /// The script of a server that behaves like this.
    pub(crate) fn script(&self) -> impl Script + use<> {
        ByRow { row: self.clone(), seen: AtomicUsize::new(0) }
    }
}

struct ByRow {
    row: Row,
    seen: AtomicUsize,
}

impl ByRow {
    fn is_due(&self) -> bool {
        (self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.row.of.every)
    }
}

impl Script for ByRow {
    fn on_connection(&self) -> Vec<Step> {
        if self.row.on == "connection" && self.is_due() { self.row.does.clone() } else { Vec::new() }
    }

    fn on_call(&self, call: &Call, made: &BTreeSet<String>) -> Vec<Step> {
        let is_named = match self.row.of.naming.as_deref() {
            None => true,
            Some("made") => made.iter().any(|id| call.body.contains(id)),
            Some(text) => call.body.contains(text),
        };
        let is_hit = self.row.on == "call" || self.row.on == call.operation;
        if is_hit && is_named && self.is_due() { self.row.does.clone() } else { vec![Step::Pass] }
    }
}

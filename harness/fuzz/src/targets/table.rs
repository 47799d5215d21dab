//! The table of the targets.

use super::{
    answer, configuration, deviations, fixture, ledger, observation, operation, redaction, request, snap, template,
};

/// A fuzz target.
#[derive(Debug)]
pub struct Target {
    /// Its name, and the folder of its seeds.
    pub name: &'static str,
    /// Takes any bytes, and panics where the property does not hold.
    pub check: fn(&[u8]),
    /// Words that inputs of this kind are made of.
    pub words: &'static [&'static str],
    /// How many inputs the short pass tries: so many that all targets together take a few seconds.
    pub short: u64,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "answer", check: answer::check, words: answer::WORDS, short: 2000 },
    Target { name: "observation", check: observation::check, words: observation::WORDS, short: 2000 },
    Target { name: "redaction", check: redaction::planted, words: redaction::WORDS, short: 80 },
    Target { name: "harmless", check: redaction::harmless, words: redaction::WORDS, short: 50 },
    Target { name: "fixture", check: fixture::check, words: fixture::WORDS, short: 100 },
    Target { name: "snap", check: snap::check, words: snap::WORDS, short: 600 },
    Target { name: "ledger", check: ledger::check, words: ledger::WORDS, short: 1000 },
    Target { name: "deviations", check: deviations::check, words: deviations::WORDS, short: 300 },
    Target { name: "configuration", check: configuration::check, words: configuration::WORDS, short: 1000 },
    Target { name: "template", check: template::check, words: template::WORDS, short: 1000 },
    Target { name: "request", check: request::check, words: request::WORDS, short: 300 },
    Target { name: "operation", check: operation::check, words: operation::WORDS, short: 300 },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

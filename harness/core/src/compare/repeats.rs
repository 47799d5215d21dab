//! Headers whose values no two answers may share, such as a request id.

use super::fact::Fact;
use super::mismatch::{Mismatch, What};
use super::place::Place;
use crate::fixture::Corpus;
use crate::observe::Observation;
use crate::text::TargetText;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Remembers the values of such headers.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<HashSet<(String, String)>>);

impl Repeats {
    /// Mismatches of the headers whose value came before.
    pub fn of(&self, corpus: &Corpus, observation: &Observation) -> Vec<Mismatch> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mismatches = Vec::new();
        for rule in corpus.headers.iter().filter(|rule| rule.unique) {
            let name = rule.name.get_ref();
            // One that is absent, empty, there twice or no text is a mismatch of the rule itself.
            let Some(value) = observation.header(name).filter(|value| !value.is_empty()) else {
                continue;
            };
            if !seen.insert((name.clone(), value.to_owned())) {
                mismatches.push(Mismatch {
                    what: What::Header,
                    place: Place::Header { name: name.clone() },
                    expected: Fact::words("a value that no other answer of the run has"),
                    found: Fact::About {
                        words: String::new(),
                        value: TargetText::new(value),
                        then: " again".to_owned(),
                    },
                    clauses: rule.clauses.clone(),
                    supports: rule.supports.clone(),
                    level: rule.level,
                    hint: None,
                });
            }
        }
        mismatches
    }
}

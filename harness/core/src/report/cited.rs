//! The texts that the cases of a report cite, so that nobody needs the corpus to read it.

use super::case::CaseReport;
use crate::fixture::{Clause, Confidence, Corpus, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A clause of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClauseText {
    /// What it says, in our words.
    pub text: String,
    /// The id of its source.
    pub source: String,
}

/// A source of facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceText {
    /// What it is.
    pub title: String,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// When it was captured or published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Everything that cases cite, by id.
pub(super) struct Cited {
    pub(super) groups: BTreeMap<String, String>,
    pub(super) clauses: BTreeMap<String, ClauseText>,
    pub(super) sources: BTreeMap<String, SourceText>,
}

impl Cited {
    /// What these cases and their mismatches cite.
    pub(super) fn by(cases: &[CaseReport], corpus: &Corpus) -> Self {
        let mismatches = || {
            cases.iter().flat_map(|case| {
                let second = case.second.iter().flat_map(|second| &second.mismatches);
                case.mismatches.iter().chain(&case.once).chain(second)
            })
        };
        let clauses: BTreeSet<&String> = cases
            .iter()
            .flat_map(|case| &case.clauses)
            .chain(mismatches().flat_map(|mismatch| &mismatch.clauses))
            .collect();
        let clauses: Vec<&Clause> = clauses.into_iter().filter_map(|id| corpus.clause(id)).collect();
        let sources: BTreeSet<&String> = cases
            .iter()
            .map(|case| &case.source)
            .chain(mismatches().map(|mismatch| &mismatch.source))
            .chain(clauses.iter().map(|clause| &clause.source))
            .collect();
        let of_cases = |name: &str| cases.iter().any(|case| case.group == name);
        let groups = corpus.groups.iter().filter(|group| of_cases(&group.name));
        Self {
            groups: groups.map(|group| (group.name.clone(), group.title.clone())).collect(),
            clauses: clauses.into_iter().map(|clause| (clause.id.get_ref().clone(), clause.into())).collect(),
            sources: sources
                .into_iter()
                .filter_map(|id| corpus.source(id))
                .map(|source| (source.id.get_ref().clone(), source.into()))
                .collect(),
        }
    }
}

impl From<&Clause> for ClauseText {
    fn from(clause: &Clause) -> Self {
        Self { text: clause.text.clone(), source: clause.source.clone() }
    }
}

impl From<&Source> for SourceText {
    fn from(source: &Source) -> Self {
        Self { title: source.title.clone(), confidence: source.confidence, date: source.date.clone() }
    }
}

//! The texts that the cases of a report cite, so that nobody needs the corpus to read it.

use super::case::CaseReport;
use super::recorded::RecordedReport;
use crate::fixture::{About, Clause, Confidence, Corpus, Passage, Source, Supports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A clause of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClauseText {
    /// What it says, in our words.
    pub text: String,
    /// The passages that it paraphrases.
    pub supports: Supports,
}

/// A passage of a source: what a support cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassageText {
    /// The id of its source; the run's `sources` has its title.
    pub source: String,
    /// Where in the source it is.
    #[serde(rename = "where")]
    pub place: String,
    /// When it was captured or published, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// How near it is to the operation.
    pub about: About,
    /// What it says, in our words.
    pub says: String,
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
    pub(super) passages: BTreeMap<String, PassageText>,
    pub(super) sources: BTreeMap<String, SourceText>,
}

impl Cited {
    /// What these cases, their mismatches and these recorded facts cite.
    pub(super) fn by(cases: &[CaseReport], recorded: Option<&RecordedReport>, corpus: &Corpus) -> Self {
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
        let facts = recorded.iter().flat_map(|recorded| &recorded.results);
        let of_facts = facts.flat_map(|fact| fact.passages.iter().chain(&fact.disagrees_with));
        let passages: BTreeSet<&str> = cases
            .iter()
            .map(|case| &case.supports)
            .chain(mismatches().map(|mismatch| &mismatch.supports))
            .chain(clauses.iter().map(|clause| &clause.supports))
            .flat_map(Supports::passages)
            .chain(of_facts.map(String::as_str))
            .collect();
        let passages: Vec<&Passage> = passages.into_iter().filter_map(|id| corpus.passage(id)).collect();
        let sources: BTreeSet<&String> = passages.iter().map(|passage| &passage.source).collect();
        let of_cases = |name: &str| cases.iter().any(|case| case.group == name);
        let groups = corpus.groups.iter().filter(|group| of_cases(&group.name));
        Self {
            groups: groups.map(|group| (group.name.clone(), group.title.clone())).collect(),
            clauses: clauses.into_iter().map(|clause| (clause.id.get_ref().clone(), clause.into())).collect(),
            passages: passages
                .into_iter()
                .map(|passage| (passage.id().to_owned(), PassageText::of(passage, corpus)))
                .collect(),
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
        Self { text: clause.text.clone(), supports: clause.supports.clone() }
    }
}

impl PassageText {
    /// A passage of this corpus; without a date of its own it has that of its source.
    pub fn of(passage: &Passage, corpus: &Corpus) -> Self {
        let of_source = || corpus.source(&passage.source).and_then(|source| source.date.clone());
        Self {
            source: passage.source.clone(),
            place: passage.place.clone(),
            date: passage.date.clone().or_else(of_source),
            about: passage.about,
            says: passage.says.clone(),
        }
    }
}

impl From<&Source> for SourceText {
    fn from(source: &Source) -> Self {
        Self { title: source.title.clone(), confidence: source.confidence, date: source.date.clone() }
    }
}

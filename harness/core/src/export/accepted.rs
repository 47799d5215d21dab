//! The answers that an expectation accepts, as statuses, error types and bodies: no word of the fixtures has to be known.

use crate::fixture::{Answer, Corpus, Edition, Expectation, Level, Success, SuccessMember, Supports, holds_in};
use schemars::JsonSchema;
use serde::Serialize;

/// What is expected at one level: one of several answers, or a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Expected {
    /// How strongly it binds.
    pub level: Level,
    /// The accepted answers, of which one must match; empty where only the message counts.
    pub answers: Vec<Accepted>,
    /// A pattern for the error's message, in which `*` stands for any text. It may hold templates.
    pub message: Option<String>,
    /// The clauses that say so.
    pub clauses: Vec<String>,
    /// The passages that support it.
    pub supports: Supports,
}

/// One accepted answer. Every part that is not null must hold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// The word that fixtures use for it.
    pub answer: String,
    /// The accepted statuses: a status such as `400`, or a class such as `4xx`.
    pub status: Vec<String>,
    /// What the type of the error is, after a namespace in front of `#` and a URI behind `:` are removed.
    pub error: Option<ErrorIs>,
    /// What the body is.
    pub body: Option<BodyIs>,
}

/// What the type of an error is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ErrorIs {
    /// There is one: the body is a JSON object that has it.
    Any,
    /// This one.
    Type {
        /// The type.
        name: String,
    },
    /// There is one, and it is not this one.
    NotType {
        /// The type.
        name: String,
    },
}

/// What the body of a success is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BodyIs {
    /// Zero bytes.
    ZeroBytes,
    /// A JSON object of these members and no others. Whether the id of the material is one of them is said by
    /// `names_material` of the case.
    Object {
        /// The members.
        members: Vec<SuccessMember>,
    },
}

/// The expectations that hold in this edition. Clauses and supports are those of the case or effect where one has none.
pub(super) fn expected(
    corpus: &Corpus,
    edition: Edition,
    expectations: &[Expectation],
    (clauses, supports): (&[String], &Supports),
) -> Vec<Expected> {
    let of_edition = expectations.iter().filter(|expectation| holds_in(expectation.editions.as_ref(), edition));
    let expected = |expectation: &Expectation| Expected {
        level: expectation.level,
        answers: accepted(corpus, edition, &expectation.answers),
        message: expectation.message.clone(),
        clauses: holding(corpus, edition, if expectation.clauses.is_empty() { clauses } else { &expectation.clauses }),
        supports: expectation.supports.as_ref().unwrap_or(supports).clone(),
    };
    of_edition.map(expected).collect()
}

/// The clauses that hold in this edition.
pub(super) fn holding(corpus: &Corpus, edition: Edition, clauses: &[String]) -> Vec<String> {
    let holds = |id: &&String| corpus.clause(id).is_none_or(|clause| holds_in(clause.editions.as_ref(), edition));
    clauses.iter().filter(holds).cloned().collect()
}

/// These answers in this edition.
pub(super) fn accepted(corpus: &Corpus, edition: Edition, answers: &[Answer]) -> Vec<Accepted> {
    answers.iter().map(|answer| one(corpus, edition, answer)).collect()
}

fn one(corpus: &Corpus, edition: Edition, answer: &Answer) -> Accepted {
    let (status, error) = match answer {
        Answer::Success => (vec!["200".to_owned()], None),
        Answer::Done => (vec!["2xx".to_owned()], None),
        Answer::Refused => (vec!["4xx".to_owned()], Some(ErrorIs::Any)),
        Answer::RefusedUnclaimed => (vec!["4xx".to_owned()], None),
        Answer::RefusedOr501 => (vec!["4xx".to_owned(), "501".to_owned()], None),
        Answer::Error(name) => {
            let listed = corpus.error(name).map(|error| error.status.as_slice()).unwrap_or_default();
            (listed.iter().map(ToString::to_string).collect(), Some(ErrorIs::Type { name: name.clone() }))
        }
        Answer::Not(name) => (vec!["4xx".to_owned()], Some(ErrorIs::NotType { name: name.clone() })),
    };
    let body = (*answer == Answer::Success).then(|| match corpus.operation.success_in(edition) {
        Success::ZeroBytes => BodyIs::ZeroBytes,
        Success::Object(members) => BodyIs::Object { members: members.clone() },
    });
    Accepted { answer: answer.word(), status, error, body }
}

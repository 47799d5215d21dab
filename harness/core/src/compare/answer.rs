//! Compares one answer with the expectations of a case.

use super::fact::{BodyFact, Fact as FactOf};
use super::mismatch::{Mismatch, What};
use super::place::Place;
use crate::fixture::{
    Answer, Corpus, Edition, Expectation, Material, Meaning, Operation, Precondition, ShapeRule, Success,
    SuccessMember, Supports,
};
use crate::normalise::coding;
use crate::observe::{Body, Observation};
use crate::text::{TargetText, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

type Fact = FactOf<TargetText>;

/// What a comparison needs to know besides the answer.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The catalogue.
    pub corpus: &'a Corpus,
    /// The edition of the target.
    pub edition: Edition,
    /// The ARN of the key that the request named, if it named one.
    pub key_arn: Option<&'a str>,
    /// Whether a success names a material.
    pub naming: Naming,
    /// The id of the material that a success deletes, where it is known.
    pub material_id: Option<&'a str>,
    /// Stands in for what an expectation does not cite itself.
    pub clauses: &'a [String],
    /// Stands in for what an expectation does not cite itself.
    pub supports: &'a Supports,
    /// Where the answer was seen.
    pub place: &'a Place<TargetText>,
}

/// Whether a success names a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// It does: the key is symmetric, and material was imported into it at some time.
    Due,
    /// It does not: the key is of another kind, or never had material.
    Absent,
    /// It may.
    Open,
}

impl Naming {
    /// Of a key that was made like this.
    pub fn of(precondition: &Precondition) -> Self {
        match (precondition.spec.as_deref(), precondition.material) {
            (None, _) => Self::Open,
            (Some("SYMMETRIC_DEFAULT"), material) if material != Material::None => Self::Due,
            _ => Self::Absent,
        }
    }
}

/// One difference from one alternative, before it has a level.
struct Difference {
    what: What,
    expected: Fact,
    found: Fact,
    hint: Option<String>,
    /// A shape rule that says how strongly this binds, instead of the expectation.
    rule: Option<ShapeRule>,
}

/// Compares an answer with every expectation. A message pattern must already be rendered.
pub fn judge(observation: &Observation, expectations: &[Expectation], context: &Context<'_>) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for expectation in expectations {
        if !crate::fixture::holds_in(expectation.editions.as_ref(), context.edition) {
            continue;
        }
        for difference in differences(observation, expectation, context) {
            let mismatch = cite(difference, expectation, context);
            if !mismatches.contains(&mismatch) {
                mismatches.push(mismatch);
            }
        }
    }
    mismatches
}

/// Whether an answer is this one, whatever its level.
pub fn matches_answer(observation: &Observation, answer: &Answer, context: &Context<'_>) -> bool {
    alternative(observation, answer, context).is_empty()
}

fn cite(difference: Difference, expectation: &Expectation, context: &Context<'_>) -> Mismatch {
    let mut mismatch = Mismatch {
        what: difference.what,
        place: context.place.clone(),
        expected: difference.expected,
        found: difference.found,
        clauses: of_edition(
            if expectation.clauses.is_empty() { context.clauses } else { &expectation.clauses },
            context,
        ),
        supports: expectation.supports.as_ref().unwrap_or(context.supports).clone(),
        level: expectation.level,
        hint: difference.hint,
    };
    if let Some(shape) = difference.rule.and_then(|rule| context.corpus.shape(rule)) {
        mismatch.level = shape.level.min(expectation.level);
        mismatch.clauses = of_edition(&shape.clauses, context);
        mismatch.supports.clone_from(&shape.supports);
    }
    mismatch
}

/// The clauses that hold in the edition of the target: a target is not blamed with a sentence of the other one.
fn of_edition(clauses: &[String], context: &Context<'_>) -> Vec<String> {
    let holds = |id: &&String| {
        let clause = context.corpus.clause(id);
        clause.is_none_or(|clause| crate::fixture::holds_in(clause.editions.as_ref(), context.edition))
    };
    clauses.iter().filter(holds).cloned().collect()
}

/// Whether a success has the body of this edition.
pub fn has_body_of(observation: &Observation, operation: &Operation, edition: Edition) -> bool {
    observation.status == 200
        && match (operation.success_in(edition), &observation.body) {
            (Success::ZeroBytes, body) => *body == Body::Empty,
            (Success::Object(wanted), Body::Json(Value::Object(members))) => {
                wanted.first().is_some_and(|first| members.contains_key(&first.name))
            }
            (Success::Object(_), _) => false,
        }
}

fn differences(observation: &Observation, expectation: &Expectation, context: &Context<'_>) -> Vec<Difference> {
    if let Some(pattern) = &expectation.message {
        return message(observation, pattern).into_iter().collect();
    }
    let mut closest: Option<Vec<Difference>> = None;
    for answer in &expectation.answers {
        let found = alternative(observation, answer, context);
        if found.is_empty() {
            return found;
        }
        if closest.as_ref().is_none_or(|closest| found.len() < closest.len()) {
            closest = Some(found);
        }
    }
    let mut closest = closest.unwrap_or_default();
    // With several alternatives the closest one alone would read as if it were the only one.
    if expectation.answers.len() > 1
        && let Some(first) = closest.first_mut()
    {
        let facts = expectation.answers.iter().map(|answer| name(answer, context)).collect();
        first.expected = Fact::AnyOf { facts };
        first.found = describe(observation);
        closest.truncate(1);
    }
    closest
}

/// The differences from one accepted answer.
fn alternative(observation: &Observation, answer: &Answer, context: &Context<'_>) -> Vec<Difference> {
    match answer {
        Answer::Success => success(observation, context),
        Answer::Done if observation.is_success() => Vec::new(),
        Answer::Done => vec![status(observation, Fact::words("2xx"), None)],
        Answer::RefusedUnclaimed | Answer::Refused if !is_client_error(observation) => {
            vec![status(observation, Fact::words("4xx"), None)]
        }
        Answer::RefusedUnclaimed => Vec::new(),
        Answer::RefusedOr501 if is_client_error(observation) || observation.status == 501 => Vec::new(),
        Answer::RefusedOr501 => vec![status(observation, Fact::words("4xx or 501"), None)],
        Answer::Refused => error_shape(observation),
        Answer::Not(error) => {
            if !is_client_error(observation) {
                vec![status(observation, Fact::words("4xx"), None)]
            } else if observation.error_name() == Some(error) {
                vec![Difference {
                    what: What::ErrorType,
                    expected: Fact::words(format!("a refusal of another type than {error}")),
                    found: Fact::ErrorType { name: TargetText::new(error.as_str()) },
                    hint: None,
                    rule: None,
                }]
            } else {
                error_shape(observation)
            }
        }
        Answer::Error(error) => named_error(observation, error, context),
    }
}

fn success(observation: &Observation, context: &Context<'_>) -> Vec<Difference> {
    if observation.status != 200 {
        return vec![status(observation, Fact::Status { any_of: vec![200] }, None)];
    }
    let body = |expected: &str, hint: Option<String>| Difference {
        what: What::Body,
        expected: Fact::words(expected),
        found: Fact::Body { body: describe_body(observation) },
        hint,
        rule: Some(ShapeRule::SuccessBody),
    };
    let is_empty_object = matches!(&observation.body, Body::Json(Value::Object(members)) if members.is_empty());
    let both = is_empty_object.then(|| "`{}` satisfies neither edition".to_owned());
    let operation = &context.corpus.operation;
    match operation.success_in(context.edition) {
        Success::ZeroBytes if observation.body == Body::Empty => Vec::new(),
        Success::ZeroBytes => vec![body("zero bytes", both)],
        Success::Object(wanted) => match &observation.body {
            Body::Json(Value::Object(members)) if !members.is_empty() => success_object(wanted, members, context),
            _ => vec![body(&format!("an object of {}", names(wanted)), both)],
        },
    }
}

/// The names of members as they stand in a sentence.
fn names(members: &[SuccessMember]) -> String {
    members.iter().map(|member| format!("`{}`", member.name)).collect::<Vec<_>>().join(" and ")
}

fn success_object(
    wanted: &[SuccessMember],
    members: &serde_json::Map<String, Value>,
    context: &Context<'_>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |rule, expected: Fact, found: Fact| {
        differences.push(Difference { what: What::Body, expected, found, hint: None, rule: Some(rule) });
    };
    let is_wanted = |name: &&String| wanted.iter().any(|member| member.name == **name);
    let text = |text: &str| TargetText::new(text);
    let extra: Vec<TargetText> = members.keys().filter(|name| !is_wanted(name)).map(|name| text(name)).collect();
    if !extra.is_empty() {
        let expected = Fact::words(format!("no members but {}", names(wanted)));
        differ(ShapeRule::SuccessMembers, expected, Fact::Values { values: extra });
    }
    for SuccessMember { name, is } in wanted {
        match is {
            Meaning::KeyArn => match members.get(name) {
                Some(Value::String(key_id)) => {
                    if let Some(arn) = context.key_arn
                        && key_id != arn
                    {
                        let expected = Fact::about(format!("`{name}` is the key's ARN,"), text(arn));
                        differ(ShapeRule::SuccessKeyIdIsArn, expected, Fact::value(text(key_id)));
                    }
                }
                other => {
                    differ(ShapeRule::SuccessBody, Fact::words(format!("`{name}` is a string")), or_absent(other));
                }
            },
            Meaning::DeletedMaterialId => match members.get(name) {
                Some(Value::String(id)) if is_material_id(id) && context.naming != Naming::Absent => {
                    if let Some(deleted) = context.material_id
                        && id != deleted
                    {
                        let expected = Fact::about(format!("`{name}` is that of the deleted material,"), text(deleted));
                        differ(ShapeRule::SuccessMaterialIdIsDeleted, expected, Fact::value(text(id)));
                    }
                }
                None if context.naming != Naming::Due => {}
                Some(Value::String(id)) if id.is_empty() && context.naming == Naming::Open => {}
                Some(value) if context.naming == Naming::Absent => {
                    let expected = format!("no `{name}`: only a symmetric key that had material names it");
                    differ(ShapeRule::SuccessMaterialId, Fact::words(expected), or_absent(Some(value)));
                }
                other => {
                    let expected = Fact::words(format!("`{name}` is 64 lower-case hex digits"));
                    differ(ShapeRule::SuccessMaterialId, expected, or_absent(other));
                }
            },
        }
    }
    differences
}

fn is_material_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn named_error(observation: &Observation, error: &str, context: &Context<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    let Some(shape) = context.corpus.error(error) else {
        return differences;
    };
    if !shape.status.contains(&observation.status) {
        let codes = shape.statuses();
        let follows_model = shape.model_status == Some(observation.status);
        let hint = follows_model.then(|| format!(
            "the target follows the HTTP trait of the public service model ({}); the page says {codes}, and the protocol ignores the trait",
            observation.status
        ));
        differences.push(status(observation, Fact::Status { any_of: shape.status.clone() }, hint));
    }
    const ABOUT_CREDENTIALS: [&str; 3] =
        ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException"];
    match observation.error_name() {
        Some(found) if found == error => {}
        found => differences.push(Difference {
            what: What::ErrorType,
            expected: Fact::ErrorType { name: TargetText::new(error) },
            found: error_or_body(observation),
            hint: found
                .filter(|found| ABOUT_CREDENTIALS.contains(found))
                .map(|_| "the target does not know who signed: are the credentials those of the target?".to_owned()),
            rule: None,
        }),
    }
    differences
}

/// Whether there is an error of the protocol's shape at all. Its finer points are rules for every answer.
fn error_shape(observation: &Observation) -> Vec<Difference> {
    if observation.error.is_some() {
        return Vec::new();
    }
    vec![Difference {
        what: What::ErrorShape,
        expected: Fact::words("a JSON object with the error's type in `__type`"),
        found: Fact::Body { body: describe_body(observation) },
        hint: None,
        rule: None,
    }]
}

fn message(observation: &Observation, pattern: &str) -> Option<Difference> {
    let text = observation.message.text().cloned().unwrap_or_default();
    if crate::fixture::message_matches(pattern, text.raw()) {
        return None;
    }
    Some(Difference {
        what: What::Message,
        expected: Fact::value(TargetText::new(pattern)),
        found: if text.is_empty() { Fact::words("no message") } else { Fact::value(text) },
        hint: None,
        rule: None,
    })
}

fn status(observation: &Observation, expected: Fact, hint: Option<String>) -> Difference {
    Difference { what: What::Status, expected, found: status_and_type(observation), hint, rule: None }
}

fn is_client_error(observation: &Observation) -> bool {
    (400..500).contains(&observation.status)
}

fn name(answer: &Answer, context: &Context<'_>) -> Fact {
    match answer {
        Answer::Error(error) => match context.corpus.error(error).and_then(|shape| shape.status.first()) {
            Some(status) => Fact::Answer { status: *status, error: Some(TargetText::new(error.as_str())), body: None },
            None => Fact::ErrorType { name: TargetText::new(error.as_str()) },
        },
        Answer::Success => Fact::words("200 with the body of the edition"),
        other => Fact::words(other.to_string()),
    }
}

/// An answer as its status and error type, in words.
pub(crate) fn in_short(observation: &Observation) -> Text {
    let status = Text::from(observation.status.to_string());
    match &observation.error {
        Some(error) => status.and(" ").and(&error.name),
        None => status,
    }
}

/// An answer as its status and error type.
pub(super) fn status_and_type(observation: &Observation) -> Fact {
    let error = observation.error.as_ref().map(|error| error.name.clone());
    Fact::Answer { status: observation.status, error, body: None }
}

/// An answer as its status and error type, or its body.
pub(super) fn describe(observation: &Observation) -> Fact {
    let error = observation.error.as_ref().map(|error| error.name.clone());
    let body = error.is_none().then(|| describe_body(observation));
    Fact::Answer { status: observation.status, error, body }
}

/// The type of an error, or the body that has none.
fn error_or_body(observation: &Observation) -> Fact {
    match &observation.error {
        Some(error) => Fact::ErrorType { name: error.name.clone() },
        None => Fact::Body { body: describe_body(observation) },
    }
}

/// A body in a few words, at most some dozen characters of it.
pub(super) fn describe_body(observation: &Observation) -> BodyFact<TargetText> {
    const SHOWN: usize = 80;
    let bytes = observation.bytes.len();
    if bytes == 0 {
        return BodyFact::Empty;
    }
    if let Some(coding) = coding(&observation.headers, &observation.bytes) {
        return BodyFact::Coded { bytes, coding };
    }
    let text = String::from_utf8_lossy(&observation.bytes);
    let whole = text.chars().nth(SHOWN).is_none();
    BodyFact::Text { bytes, text: TargetText::beginning(&text, SHOWN), whole }
}

fn or_absent(value: Option<&Value>) -> Fact {
    value.map_or(Fact::Absent, |value| Fact::value(TargetText::new(value.to_string())))
}

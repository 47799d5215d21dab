//! The document that an export is.

use super::accepted::{Accepted, Expected};
use super::request::SentRequest;
use crate::compare::Naming;
use crate::fixture::{
    Call, Check, Clause, Danger, Edition, ErrorShape, First, HeaderRule, Level, On, Passage, Precondition, Shape,
    Source, Supports,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the JSON that an export is written as.
pub(super) const SCHEMA: &str = "trentcheck-corpus/1";

/// The corpus as plain JSON.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Export {
    /// The version of this JSON: `trentcheck-corpus/1`.
    pub schema: String,
    /// The version of the program.
    pub version: String,
    /// Tells one corpus from another. Reports of runs have the same value.
    pub corpus: String,
    /// The operation under test.
    pub operation: OperationNames,
    /// How requests are signed, and the faults that a case can ask for.
    pub signing: Signatures,
    /// The values with which the signed samples are made.
    pub sample: Names,
    /// Each case in each edition in which it holds: the cases in the order of the corpus, `key-only` first.
    pub cases: Vec<CaseIn>,
    /// The keys that cases start from.
    pub preconditions: Vec<Precondition>,
    /// What is read back after a case, in each edition in which it holds.
    pub effects: Vec<Afterwards>,
    /// Rules for the body and the framing of every answer.
    pub shapes: Vec<Shape>,
    /// Rules for the headers of every answer.
    pub headers: Vec<HeaderRule>,
    /// The error catalogue.
    pub errors: Vec<ErrorShape>,
    /// The normative statements.
    pub clauses: Vec<Clause>,
    /// What exactly sources say.
    pub passages: Vec<Passage>,
    /// Where facts come from.
    pub sources: Vec<Source>,
}

/// The operation under test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OperationNames {
    /// Its name.
    pub name: String,
    /// The value of `X-Amz-Target`.
    pub target: String,
    /// The member of a request that names the key.
    pub key_member: String,
    /// The member of a request that names the material.
    pub material_member: String,
    /// The members of DescribeKey's KeyMetadata that a success may change.
    pub may_change: Vec<String>,
}

/// How requests are signed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Signatures {
    /// The algorithm.
    pub algorithm: String,
    /// The service of the credential scope.
    pub service: String,
    /// Each fault that a request can have, by the word that `mutation` has for it: what it does.
    pub mutations: BTreeMap<String, String>,
}

/// The values with which the signed samples are made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Names {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, for the principals `session` and `expired` only.
    pub session_token: String,
    /// The time of signing, before `clock` is added.
    pub time: String,
    /// The Region.
    pub region: String,
}

/// A case in one edition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CaseIn {
    /// `GROUP/NAME`.
    pub id: String,
    /// The edition.
    pub edition: Edition,
    /// The fact that it tests.
    pub title: String,
    /// No mismatch of the case counts for more.
    pub level: Level,
    /// What it can do to the key.
    pub danger: Danger,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Anything a reader should know.
    pub note: Option<String>,
    /// The id of the precondition.
    pub precondition: String,
    /// Cases that must not diverge; otherwise this one proves nothing.
    pub requires: Vec<String>,
    /// The clauses that it tests.
    pub clauses: Vec<String>,
    /// The passages that support it.
    pub supports: Supports,
    /// The request.
    pub request: SentRequest,
    /// The accepted answers, by level. If several levels are listed, all must hold.
    pub accepts: Vec<Expected>,
    /// Whether a success names the material that it deleted.
    pub names_material: Naming,
    /// A call that is made at the same time, on another connection.
    pub together: Option<AtOnce>,
    /// A request that comes next on the same connection.
    pub next: Option<Following>,
    /// What is read back afterwards: ids of effects of this edition.
    pub after: Vec<String>,
}

/// A call that is made at the same time as the request of a case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AtOnce {
    /// The call.
    pub call: Call,
    /// Its operation.
    pub operation: String,
    /// How often both are sent, each time to a key that is as the precondition says.
    pub rounds: u8,
    /// What the call may be answered.
    pub accepts: Vec<Expected>,
    /// The orders, of which one has to explain what is seen.
    pub orders: Vec<Sequel>,
}

/// One order of two requests.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Sequel {
    /// What is carried out first.
    pub first: First,
    /// What the request is answered; anything that the case accepts if empty.
    pub answers: Vec<Accepted>,
    /// What the call is answered; anything that is accepted of it if empty.
    pub call_answers: Vec<Accepted>,
    /// What is read back afterwards: ids of effects of this edition.
    pub after: Vec<String>,
}

/// A request that comes next on the connection of the first one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Following {
    /// The request.
    pub request: SentRequest,
    /// Whether it is sent in one write with the first one.
    pub pipelined: bool,
    /// The accepted answers.
    pub accepts: Vec<Expected>,
}

/// What is read back after a case, in one edition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Afterwards {
    /// The name that cases use.
    pub id: String,
    /// The edition.
    pub edition: Edition,
    /// The fact that it shows.
    pub title: String,
    /// The call that shows it.
    pub call: Call,
    /// Its operation.
    pub operation: String,
    /// Which key is looked at.
    pub on: On,
    /// What the answer must show.
    pub checks: Vec<Check>,
    /// What must be answered.
    pub accepts: Vec<Expected>,
    /// The clauses that say so.
    pub clauses: Vec<String>,
    /// The passages that support it.
    pub supports: Supports,
    /// Anything a reader should know.
    pub note: Option<String>,
}

/// File name below `fixtures/schema/` and text of the schema of an export.
pub fn schema() -> (&'static str, String) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<Export>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    ("export.schema.json", text)
}

//! The cases that change the request as a trial does: no finding binds more than they do.
//!
//! Two requests are changed alike if they are the same, or, where no case sends the same one, if they are of the same kind:
//! the same headers, the same fault, a KeyId or a body that is wrong in the same way. Of what no case is like, nothing is
//! known.

use super::trial::is_plain;
use crate::compare::{Context, Naming, Place, matches_answer};
use crate::fixture::{
    Case, Corpus, Edition, Expectation, Level, Operation, Precondition, PrincipalName, RequestChange, RequestFraming,
    Supports,
};
use crate::observe::Observation;
use crate::plan::{Absent, KeyNames, World, render};
use serde_json::Value;
use std::collections::BTreeSet;

/// The cases of an edition, ready to be compared with what a trial sends.
pub(super) struct Precedents<'a> {
    corpus: &'a Corpus,
    edition: Edition,
    rows: Vec<Row<'a>>,
}

/// A case with what it sends.
struct Row<'a> {
    case: &'a Case,
    request: RequestChange,
    kinds: BTreeSet<String>,
}

/// The cases that change the request alike.
pub(super) struct Alike<'a> {
    corpus: &'a Corpus,
    edition: Edition,
    /// Whether the page describes the request.
    is_described: bool,
    likeness: Likeness,
    cases: Vec<&'a Case>,
}

/// How much alike the requests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    /// They are the same, so that each of the cases says what holds.
    Same,
    /// They are of one kind, so that only what all of the cases say holds.
    OneKind,
}

impl<'a> Precedents<'a> {
    /// The cases of this edition.
    pub(super) fn of(corpus: &'a Corpus, edition: Edition) -> Self {
        let row = |case: &'a Case| {
            let request = rendered(&case.request);
            Row { case, kinds: kinds(&corpus.operation, &request), request }
        };
        // What a request is answered at the same time as another one says nothing about one by itself, and a case with a
        // second request binds as its weaker part.
        let is_alone = |case: &&Case| case.together.is_none() && case.next.is_none() && case.holds_in(edition);
        Self { corpus, edition, rows: corpus.cases.iter().filter(is_alone).map(row).collect() }
    }

    /// Those like a change; of a plain request, which binds differently in each state, those that start from this state.
    pub(super) fn like(&self, change: &RequestChange, state: Option<&Precondition>) -> Alike<'a> {
        let wanted = rendered(change);
        let starts_there = |case: &Case| {
            let start = self.corpus.precondition(&case.precondition);
            state.zip(start).is_some_and(|(state, start)| is_alike(start, state))
        };
        let is_described = is_plain(change);
        let has_state = is_described && wanted.key_id.as_deref() != Some(ABSENT);
        let is_same = |row: &&Row<'_>| row.request == wanted && (!has_state || starts_there(row.case));
        let mut cases: Vec<&Case> = self.rows.iter().filter(is_same).map(|row| row.case).collect();
        let mut likeness = Likeness::Same;
        // Whether another caller is denied or the key's fault comes first is known only where a case says it.
        let is_of_another = change.principal != PrincipalName::default();
        if is_of_another && state.is_some_and(|state| state.provided.is_some()) {
            cases.retain(|case| starts_there(case));
        } else if cases.is_empty() && !is_described {
            likeness = Likeness::OneKind;
            let kinds = kinds(&self.corpus.operation, &wanted);
            cases = self.rows.iter().filter(|row| row.kinds == kinds).map(|row| row.case).collect();
        }
        Alike { corpus: self.corpus, edition: self.edition, is_described, likeness, cases }
    }
}

impl<'a> Alike<'a> {
    /// The level that no finding outdoes; of what no case is like `must`, for rules that hold whatever the request.
    pub(super) fn level(&self) -> Level {
        let levels = self.cases.iter().map(|case| case.level);
        match self.likeness {
            Likeness::Same => levels.max(),
            Likeness::OneKind => levels.min(),
        }
        .unwrap_or(Level::Must)
    }

    /// How strongly these cases say that an answer is wrong where the model answers otherwise, and what carries that.
    /// Cases that do not take the model's answer are about something else.
    pub(super) fn on(&self, answer: &Observation, model: &Observation) -> (Level, Supports) {
        if self.cases.is_empty() {
            // A plain request in a state that no case starts from is described by the page all the same.
            return (if self.is_described { Level::Must } else { Level::May }, Supports::default());
        }
        let takes_model = |case: &&&Case| self.rejection(case, model).is_none_or(|(level, _)| level < Level::Should);
        let said = self.cases.iter().filter(takes_model);
        let said = said.map(|case| self.rejection(case, answer).unwrap_or((Level::May, &case.supports)));
        match self.likeness {
            Likeness::Same => said.max_by_key(|(level, _)| *level),
            Likeness::OneKind => said.min_by_key(|(level, _)| *level),
        }
        .map_or_else(|| (Level::Must, Supports::default()), |(level, supports)| (level, supports.clone()))
    }

    /// The strongest expectation of a case that an answer does not meet, and its supports.
    fn rejection(&self, case: &'a Case, answer: &Observation) -> Option<(Level, &'a Supports)> {
        let context = Context {
            corpus: self.corpus,
            edition: self.edition,
            key_arn: None,
            naming: Naming::Open,
            material_id: None,
            clauses: &[],
            supports: &case.supports,
            place: &Place::answer(),
        };
        let is_missed = |expectation: &&Expectation| {
            let holds = crate::fixture::holds_in(expectation.editions.as_ref(), self.edition);
            let is_met = expectation.answers.iter().any(|accepted| matches_answer(answer, accepted, &context));
            holds && expectation.message.is_none() && !is_met
        };
        let missed = case.expect.iter().filter(is_missed);
        missed.max_by_key(|one| one.level).map(|one| (one.level, one.supports.as_ref().unwrap_or(&case.supports)))
    }
}

/// Whether two keys are in the same state. What kind of key it is does not matter.
fn is_alike(one: &Precondition, other: &Precondition) -> bool {
    (one.origin, one.owner, one.region) == (other.origin, other.owner, other.region)
        && (one.material, &one.then) == (other.material, &other.then)
        && one.provided == other.provided
}

const KEY: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

/// A world in which every text of a request can be rendered, so that two of them can be compared.
fn world() -> World {
    let names = |id: &str| KeyNames {
        id: id.to_owned(),
        arn: format!("arn:aws:kms:here:111111111111:key/{id}").parse().ok(),
        alias: Some("alias/one".to_owned()),
        alias_arn: "arn:aws:kms:here:111111111111:alias/one".parse().ok(),
        material_id: Some("1".repeat(64)),
        new_material_id: Some("2".repeat(64)),
        former_material_id: Some("3".repeat(64)),
    };
    World {
        key: Some(names(KEY)),
        other: Some(names(OTHER)),
        absent: Absent { id: ABSENT.to_owned() },
        region: "here".to_owned(),
        other_region: "elsewhere".to_owned(),
        account: Some("111111111111".to_owned()),
        partition: "aws".to_owned(),
        run: "run".to_owned(),
        host: "host".to_owned(),
        other_host: String::new(),
    }
}

/// A change with its templates rendered.
fn rendered(change: &RequestChange) -> RequestChange {
    let world = world();
    let text = |text: &String| render(text, &world).unwrap_or_else(|_| text.clone());
    let pairs = |pairs: &[(String, String)]| pairs.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    RequestChange {
        // The base request names the key by its id.
        key_id: change.key_id.as_ref().map(text).filter(|id| id != KEY),
        body: change.body.as_ref().map(text),
        set: change.set.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        add: pairs(&change.add),
        unsigned: pairs(&change.unsigned),
        ..change.clone()
    }
}

/// What is unusual about a request, without the texts that make one of a kind differ from the next.
fn kinds(operation: &Operation, change: &RequestChange) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let mut add = |kind: String| {
        kinds.insert(kind);
    };
    change.key_id.iter().for_each(|id| add(format!("key {}", kind_of_key_id(id))));
    change.body.iter().flat_map(|body| kinds_of_body(operation, body)).for_each(&mut add);
    change.body_hex.iter().for_each(|_| add("bytes".to_owned()));
    change.method.iter().for_each(|method| add(format!("method {method}")));
    // What is served at one path says nothing about another one.
    change.target.iter().for_each(|target| match target.contains('?') {
        true => add("query".to_owned()),
        false => add(format!("path {target}")),
    });
    for (name, value) in &change.set {
        let name = name.to_ascii_lowercase();
        // Of one header the value is another matter: a media type has parameters or not.
        let value = match (name.as_str(), value.split_once(';')) {
            ("content-type", Some((media_type, _))) => format!(" {media_type};"),
            ("content-type", None) => format!(" {value}"),
            _ => String::new(),
        };
        add(format!("set {name}{value}"));
    }
    for (at, (name, _)) in change.add.iter().enumerate() {
        // A second line of a header is another matter than the first one.
        let is_again = change.add[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        add(format!("add {}{}", kind_of_header(name), if is_again { " again" } else { "" }));
    }
    change.unsigned.iter().for_each(|(name, _)| add(format!("unsigned {}", kind_of_header(name))));
    change.remove.iter().for_each(|name| add(format!("remove {}", name.to_ascii_lowercase())));
    change.order.iter().for_each(|order| add(format!("{order:?}")));
    change.name_case.iter().for_each(|case| add(format!("{case:?}")));
    change.sign_also.iter().for_each(|name| add(format!("sign {}", name.to_ascii_lowercase())));
    change.sign_not.iter().for_each(|name| add(format!("do not sign {}", name.to_ascii_lowercase())));
    change.mutation.iter().for_each(|mutation| add(format!("mutation {mutation}")));
    change.times.iter().for_each(|_| add("several times".to_owned()));
    change.delivery.iter().for_each(|_| add("delivery".to_owned()));
    change.connection.iter().for_each(|connection| add(format!("connection {connection:?}")));
    if change.framing != RequestFraming::ContentLength {
        add(format!("framing {:?}", change.framing));
    }
    let RequestChange { principal, clock, auth, .. } = change;
    if *principal != Default::default() {
        add(format!("principal {principal:?}"));
    }
    if *clock != 0 {
        add(format!("clock {clock}"));
    }
    if *auth != Default::default() {
        add(format!("auth {auth:?}"));
    }
    kinds
}

/// Headers that mean something to the protocol; all others are alike.
fn kind_of_header(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let means_something = ["host", "authorization", "accept-encoding", "expect", "connection", "transfer-encoding"]
        .contains(&name.as_str())
        || name.starts_with("content-")
        || (name.starts_with("x-amz-") && !name.starts_with("x-amz-meta-"));
    if means_something { name } else { "any other header".to_owned() }
}

fn kind_of_key_id(id: &str) -> &'static str {
    let is_of_key =
        |id: &str| [KEY, &KEY.replace('-', "")].iter().any(|own| id.to_ascii_lowercase().contains(&own[..16]));
    match id {
        "" => "empty",
        _ if !id.is_ascii() => "outside ASCII",
        _ if id.len() > 2048 => "too long",
        _ if id.starts_with("alias/") => "alias",
        _ if id.starts_with("arn:") && id.contains(":alias/") => "alias ARN",
        _ if id.starts_with("arn:") && id.ends_with(ABSENT) => "absent ARN",
        _ if id.starts_with("arn:") => "ARN",
        _ if is_of_key(id) => "near the key's",
        _ if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => "of no key",
        _ => "odd",
    }
}

fn kinds_of_body(operation: &Operation, body: &str) -> Vec<String> {
    let one = |kind: &str| vec![format!("body {kind}")];
    let members = match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(members)) => members,
        Ok(other) => return one(type_of(&other)),
        Err(_) if body.trim().is_empty() => return one("empty"),
        Err(_) if body.starts_with('\u{feff}') => return one("with a byte order mark"),
        // What is JSON and cannot be held by every parser.
        Err(error) if error.to_string().contains("number out of range") => {
            // Without a key every answer but a refusal is wrong, whatever a parser takes.
            let names_a_key = if body.contains(ABSENT) {
                "with a number out of range, of no key"
            } else {
                "with a number out of range"
            };
            return one(names_a_key);
        }
        Err(error) if error.to_string().contains("recursion limit") => return one("too deep"),
        Err(_) => return one("that is no JSON"),
    };
    let Operation { key_member, material_member, .. } = operation;
    let quoted = format!("\"{key_member}\"");
    let named = |value: &Value| value.to_string().matches(&format!("{quoted}:")).count();
    if body.matches(&quoted).count() > named(&Value::Object(members.clone())) {
        return one("with a member twice");
    }
    let mut kinds = Vec::new();
    match members.get(key_member) {
        Some(Value::String(id)) if [KEY, ABSENT].contains(&id.as_str()) => {}
        Some(Value::String(id)) => kinds.push(format!("key {}", kind_of_key_id(id))),
        Some(other) => kinds.push(format!("key {}", type_of(other))),
        None => kinds.push("key absent".to_owned()),
    }
    for (name, value) in members.iter().filter(|(name, _)| *name != key_member) {
        kinds.push(match name {
            _ if name == material_member => format!("{material_member} {}", type_of(value)),
            _ if name.trim().eq_ignore_ascii_case(key_member) => "a name like the key's".to_owned(),
            _ => "an unknown member".to_owned(),
        });
    }
    if kinds.is_empty() {
        kinds.push("another spelling of the body".to_owned());
    }
    kinds
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Auth, NameCase};
    use crate::test_support::CORPUS;
    use crate::test_support::observed;
    use std::sync::LazyLock;

    static PRECEDENTS: LazyLock<Precedents<'static>> = LazyLock::new(|| Precedents::of(&CORPUS, Edition::KeyOnly));

    fn answer(error: &str) -> Observation {
        match error {
            "" => observed(200, ""),
            error => observed(400, &format!(r#"{{"__type":"{error}","message":"a"}}"#)),
        }
    }

    /// How strongly an answer is wrong where the model gives another; an empty error is a success.
    fn level(change: RequestChange, found: &str, model: &str) -> Level {
        PRECEDENTS.like(&change, None).on(&answer(found), &answer(model)).0
    }

    fn key_id(id: &str) -> RequestChange {
        RequestChange { key_id: Some(id.to_owned()), ..RequestChange::default() }
    }

    fn body(body: &str) -> RequestChange {
        RequestChange { body: Some(body.to_owned()), ..RequestChange::default() }
    }

    fn adding(name: &str, value: &str) -> RequestChange {
        RequestChange { add: vec![(name.to_owned(), value.to_owned())], ..RequestChange::default() }
    }

    #[test]
    fn what_a_case_leaves_open_is_left_open() {
        let clock = |clock| RequestChange { clock, ..RequestChange::default() };
        assert_eq!(level(clock(600), "", "InvalidSignatureException"), Level::Should);
        assert_eq!(level(clock(1200), "", "InvalidSignatureException"), Level::Must);
        let presigned = RequestChange { auth: Auth::Query, ..RequestChange::default() };
        assert_eq!(level(presigned.clone(), "", "MissingAuthenticationTokenException"), Level::May);
        assert_eq!(PRECEDENTS.like(&presigned, None).level(), Level::May);
        let twice = adding("X-Amz-Target", "TrentService.DeleteImportedKeyMaterial");
        assert_eq!(level(twice, "", "UnknownOperationException"), Level::May);
        assert_eq!(level(body(""), "ValidationException", "SerializationException"), Level::May);
        assert_eq!(level(body(""), "", "SerializationException"), Level::Must);
    }

    #[test]
    fn what_no_case_is_like_is_left_open() {
        let large = body(r#"{"KeyId":"{{ key.id }}","Extra":1e400}"#);
        assert_eq!(level(large.clone(), "SerializationException", ""), Level::May);
        assert_eq!(level(large, "", "SerializationException"), Level::May);
        assert_eq!(level(key_id("key/"), "ValidationException", "NotFoundException"), Level::May);
        let no_id = key_id("arn:{{ partition }}:kms:{{ region }}:{{ account }}:key/");
        assert_eq!(level(no_id, "InvalidArnException", "NotFoundException"), Level::May);
        // A rule for every answer holds all the same.
        assert_eq!(PRECEDENTS.like(&key_id("key/"), None).level(), Level::Must);
    }

    #[test]
    fn a_path_that_no_case_has_is_left_open() {
        let path = |path: &str| RequestChange { target: Some(path.to_owned()), ..RequestChange::default() };
        for served in ["/x", "/kms/", "/x/../", "/%20"] {
            assert_eq!(level(path(served), "", "UnknownOperationException"), Level::May, "{served}");
        }
        assert_eq!(level(path("//"), "", "UnknownOperationException"), Level::Should);
    }

    #[test]
    fn whether_a_caller_is_denied_before_the_fault_of_a_key_is_left_open() {
        let denied = RequestChange { principal: PrincipalName::Denied, ..RequestChange::default() };
        let from = |start: &str| {
            let alike = PRECEDENTS.like(&denied, CORPUS.precondition(start));
            alike.on(&answer("DependencyTimeoutException"), &answer("AccessDeniedException")).0
        };
        assert_eq!(from("fault-dependency-timeout"), Level::May);
        assert_eq!(from("imported-symmetric"), Level::Must);
    }

    #[test]
    fn what_the_cases_say_of_a_kind_of_request_holds_for_all_of_it() {
        for id in ["no-such-key", "0000", "11111111-1111"] {
            assert_eq!(level(key_id(id), "", "NotFoundException"), Level::Must, "{id}");
        }
        assert_eq!(level(key_id("{{ key.id }}0"), "", "NotFoundException"), Level::Should);
        assert_eq!(level(body(r#"{"KeyId":7}"#), "", "SerializationException"), Level::Must);
        assert_eq!(level(body(r#"{"KeyId":"{{ key.id }}","Extra":[]}"#), "SerializationException", ""), Level::Should);
        assert_eq!(level(adding("X-Blanks", "a   b"), "InvalidSignatureException", ""), Level::Must);
        let lower = RequestChange { name_case: Some(NameCase::Lower), ..RequestChange::default() };
        assert_eq!(level(lower, "MissingAuthenticationTokenException", ""), Level::Must);
    }

    #[test]
    fn a_plain_request_binds_as_in_the_cases_that_start_from_its_state() {
        let from = |start: &str, found: &str, model: &str| {
            let alike = PRECEDENTS.like(&RequestChange::default(), CORPUS.precondition(start));
            alike.on(&answer(found), &answer(model)).0
        };
        assert_eq!(from("imported-symmetric", "NotFoundException", ""), Level::Must);
        assert_eq!(from("deleted", "UnsupportedOperationException", ""), Level::May);
        assert_eq!(from("deleted", "KMSInvalidStateException", ""), Level::Should);
        assert_eq!(level(key_id("{{ absent.id }}"), "", "NotFoundException"), Level::Must);
    }
}

//! Replays one fact: makes its state with keys of the run, makes the recorded calls, and compares the answers.

use super::judge::{Difference, differences};
use super::names::Names;
use super::stage::Stage;
use crate::fixture::{Fact, FactAnswer, FactCall, Material, Origin, Owner, Place, ReachOf, Recording, Replica, reach};
use crate::http::Request;
use crate::json;
use crate::keys::{Base, Bytes, Choice, Key, NoLease, Secrecy, make_material};
use crate::kms::{Failure, FailureKind, Kms, Pauses, is_transient, summary};
use crate::normalise::{Message, Redactor};
use crate::observe::{Observation, observe};
use crate::report::{ExchangeReport, FactDifference, FactReport, FactVerdict};
use crate::send::{Exchange, Fault};
use crate::sign::Signing;
use crate::text::Text;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// Characters of a value in a report.
const SHOWN: usize = 1000;

/// What became of a fact.
pub(crate) struct Played {
    pub(crate) report: FactReport,
    /// What was seen of its calls, by their places.
    pub(super) seen: HashMap<usize, Seen>,
    /// The names of the fact and their values.
    pub(super) names: Names,
    /// What the run imported, and other secrets.
    pub(super) redactor: Redactor,
    /// The names of the first two keys, in the order in which they were made.
    pub(super) keys: Vec<Key>,
}

/// What was seen of a call whose answer is recorded.
pub(super) struct Seen {
    pub(super) observation: Observation,
    pub(super) raw: Message,
    /// What had a name when the call was made.
    pub(super) names: Names,
}

/// A ReplicateKey that has to be refused, and what it would make.
struct Replicating {
    primary: Key,
    base: Base,
    label: String,
}

/// Why a fact ended before its last call.
struct End {
    verdict: FactVerdict,
    reason: Text,
}

impl End {
    fn indeterminate(reason: impl Into<Text>) -> Self {
        Self { verdict: FactVerdict::Indeterminate, reason: reason.into() }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        let verdict = match failure.kind {
            FailureKind::NoSuchOperation => FactVerdict::NotOffered,
            _ => FactVerdict::Indeterminate,
        };
        Self { verdict, reason: failure.describe() }
    }
}

impl From<NoLease> for End {
    fn from(none: NoLease) -> Self {
        match none {
            NoLease::Unavailable(why) => Self::indeterminate(why),
            NoLease::Failed(failure) => failure.into(),
        }
    }
}

/// Replays a fact; never fails.
pub(crate) async fn play(stage: &Stage<'_, '_>, recording: &Recording, fact: &Fact) -> Played {
    let mut attempt = Attempt {
        stage,
        fact,
        names: stage.always(fact),
        keys: Vec::new(),
        materials: HashMap::new(),
        redactor: stage.redactor.clone(),
        differences: Vec::new(),
        exchanges: Vec::new(),
        seen: HashMap::new(),
    };
    let mut end = None;
    for (number, call) in fact.calls.iter().enumerate() {
        if let Err(why) = attempt.call(number, call).await {
            end = Some(why);
            break;
        }
    }
    let Attempt { names, keys, redactor, differences, exchanges, seen, .. } = attempt;
    let (verdict, reason) = match end {
        // What was answered otherwise counts, whatever came of it.
        _ if !differences.is_empty() => (FactVerdict::Disagrees, None),
        Some(End { verdict, reason }) => (verdict, Some(redactor.show(&reason).cut(SHOWN))),
        None => (FactVerdict::Agrees, None),
    };
    let shown = |(number, difference): (usize, Difference)| FactDifference {
        call: number + 1,
        operation: fact.calls[number].operation().to_owned(),
        place: difference.place,
        expected: redactor.show(&difference.expected).cut(SHOWN),
        found: redactor.show(&difference.found).cut(SHOWN),
    };
    let fixture = stage.corpus.lines.get(fact.id()).cloned().unwrap_or_default();
    let report = FactReport {
        verdict,
        reason,
        differences: differences.into_iter().map(shown).collect(),
        exchanges,
        ..FactReport::of(recording, fact, fixture)
    };
    Played { report, seen, names, redactor, keys: keys.into_iter().map(|(_, key)| key).collect() }
}

/// One attempt at a fact.
struct Attempt<'a, 's, 'p> {
    stage: &'a Stage<'s, 'p>,
    fact: &'a Fact,
    names: Names,
    /// The keys that were made, by name, in their order.
    keys: Vec<(String, Key)>,
    /// The bytes of each material.
    materials: HashMap<String, Vec<u8>>,
    redactor: Redactor,
    /// Each with the place of its call.
    differences: Vec<(usize, Difference)>,
    exchanges: Vec<ExchangeReport>,
    seen: HashMap<usize, Seen>,
}

impl Attempt<'_, '_, '_> {
    async fn call(&mut self, number: usize, call: &FactCall) -> Result<(), End> {
        if let Some(name) = &call.makes {
            return self.make(name, call).await;
        }
        let kms = match &call.on {
            Some(name) => self.key(name)?.kms().clone(),
            None => self.stage.primary().cloned().ok_or_else(|| End::indeterminate("nobody is configured to call"))?,
        };
        let body = self.body(call).await?;
        if let Some(import) = Redactor::of_import(body.to_string().as_bytes()) {
            self.redactor = self.redactor.and(&import);
        }
        let answer = match &call.answer {
            None => set_up(&kms, call, &body).await?,
            Some(recorded) => {
                let replicating = self.perhaps_a_replica(call).await?;
                let answer = self.ask(&kms, number, call, recorded, &body).await?;
                if let Some(replicating) = replicating {
                    self.replica_made(number, &replicating, &answer);
                }
                answer
            }
        };
        for (name, path) in &call.keep {
            let value = super::path::at(&answer, path).and_then(Value::as_str).ok_or_else(|| {
                End::indeterminate(format!("{} answered without {path}, which a later call needs", call.operation()))
            })?;
            self.names.add(name, value);
        }
        if let (Some(state), Some(on)) = (&call.then, &call.on) {
            self.key(on)?.wait_for(state).await?;
        }
        Ok(())
    }

    /// Makes the key of this name, which is one of the run's until it ends.
    async fn make(&mut self, name: &str, call: &FactCall) -> Result<(), End> {
        let key = match &call.on {
            Some(primary) => {
                let primary = self.key(primary)?.clone();
                self.stage.pool.replicate(&primary, &primary.base.of_replica()).await?
            }
            None => self.stage.pool.take(&base(call), Choice::New).await?,
        };
        self.names.key(name, &key.names.id, &key.arn);
        self.keys.push((name.to_owned(), key));
        Ok(())
    }

    fn key(&mut self, name: &str) -> Result<&mut Key, End> {
        let found = self.keys.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, key)| key).ok_or_else(|| End::indeterminate(format!("fixture: there is no key `{name}`")))
    }

    /// The body of a request.
    async fn body(&mut self, call: &FactCall) -> Result<Value, End> {
        let mut body = match &call.on {
            Some(name) => self.key(name)?.body(),
            None => Value::Object(serde_json::Map::new()),
        };
        if let (Some(material), Some(name)) = (&call.import, &call.on) {
            body = self.import(name, material).await?;
        }
        for (name, value) in &call.members {
            body[name] =
                self.names.fill_value(value).map_err(|error| End::indeterminate(format!("fixture: {error}")))?;
        }
        Ok(body)
    }

    /// The body of an import of the material of this name.
    async fn import(&mut self, key: &str, material: &str) -> Result<Value, End> {
        let label = format!("fact {} {material}", self.fact.id());
        let named = self.key(key)?;
        let (spec, secrecy) = (named.base.spec.clone(), Secrecy::at(named.kms()));
        if !self.materials.contains_key(material) {
            let whose = if self.materials.is_empty() { Bytes::Same } else { Bytes::Other };
            let bytes = make_material(&spec, self.stage.entropy, &label, whose, secrecy)
                .map_err(|error| End::indeterminate(format!("failed to {error}")))?;
            self.materials.insert(material.to_owned(), bytes);
        }
        let bytes = self.materials[material].clone();
        Ok(self.key(key)?.import_body_of(&bytes).await?)
    }

    /// Writes down that a call may make a replica, although it has to be refused, so that the run releases it.
    async fn perhaps_a_replica(&mut self, call: &FactCall) -> Result<Option<Replicating>, End> {
        let (Some(on), "ReplicateKey") = (&call.on, call.operation()) else { return Ok(None) };
        let primary = self.key(on)?.clone();
        let base = primary.base.of_replica();
        let label = self.stage.pool.intends_replica(&base).await?;
        Ok(Some(Replicating { primary, base, label }))
    }

    /// Takes over the replica that such a call made, or writes down that there is none. Without an answer, and after a
    /// server fault, it is searched for at the end.
    fn replica_made(&self, number: usize, call: &Replicating, answer: &Value) {
        let Replicating { primary, base, label } = call;
        match self.seen.get(&number).map(|seen| seen.observation.status) {
            Some(200..300) => self.stage.pool.adopt_replica(primary, base, label, answer),
            Some(400..500) => self.stage.pool.not_made(label),
            _ => {}
        }
    }

    /// Makes a recorded call and compares the answer. A call that only reads is made again while the answer may change.
    async fn ask(
        &mut self,
        kms: &Kms,
        number: usize,
        call: &FactCall,
        recorded: &FactAnswer,
        body: &Value,
    ) -> Result<Value, End> {
        let operation = call.operation();
        let is_read = reach(operation, kms.operation()) == Some(ReachOf::Reads);
        let credentials = match call.principal {
            Some(name) => {
                let known = self.stage.target.principals.get(&name).cloned();
                Some(known.ok_or_else(|| End::indeterminate("nobody is configured to play its principal"))?)
            }
            None => None,
        };
        let mut pauses = Pauses::within(self.budget(kms, call));
        loop {
            let change = |signing: &mut Signing| {
                let shift = Duration::from_secs(call.clock.unsigned_abs());
                signing.time = if call.clock < 0 { signing.time - shift } else { signing.time + shift };
                signing.mutation = call.mutation;
                if let Some(credentials) = &credentials {
                    signing.credentials = credentials.clone();
                }
            };
            let (request, exchange) = kms.permitted_on_wire(operation, body, change).await?;
            let response = match &exchange.result {
                Ok(response) => response,
                Err(error) if error.fault() == Fault::Target => {
                    let found =
                        Difference { place: "answer".to_owned(), expected: "an answer".into(), found: error.text() };
                    self.differs(number, vec![found], &request, &exchange);
                    return Err(End::indeterminate("there was no answer"));
                }
                Err(error) => return Err(End::indeterminate(Text::from(format!("{operation}: ")).and(error.text()))),
            };
            let observation = observe(response);
            let is_expected = recorded.error.is_some() && recorded.error.as_deref() == observation.error_name();
            if is_transient(&observation) && !is_expected {
                // A 503 does not prove that the call had no effect.
                let may_repeat = is_read || observation.status < 500 && operation != kms.operation().name;
                if may_repeat && pauses.pause().await {
                    continue;
                }
                return Err(End::indeterminate(
                    Text::from(format!("{operation} answered ")).and(summary(&observation)),
                ));
            }
            if kms.says_unsupported(&observation) && !is_expected {
                let reason = Text::from(format!("{operation} answered ")).and(summary(&observation));
                return Err(End { verdict: FactVerdict::NotOffered, reason });
            }
            let found = match self.fact.wanted {
                true => Vec::new(),
                false => differences(recorded, &self.names, &observation)
                    .map_err(|error| End::indeterminate(format!("fixture: {error}")))?,
            };
            if !found.is_empty() && is_read && pauses.pause().await {
                continue;
            }
            self.differs(number, found, &request, &exchange);
            let raw = Message::of_response(response, &self.redactor);
            let answer = match observation.is_success() {
                true => json::parse(&observation.bytes).unwrap_or(Value::Null),
                false => Value::Null,
            };
            self.seen.insert(number, Seen { observation, raw, names: self.names.clone() });
            return Ok(answer);
        }
    }

    /// How long to wait for an answer that comes late. A server on loopback has no reason to take as long as KMS.
    fn budget(&self, kms: &Kms, call: &FactCall) -> Duration {
        let takes = match self.stage.target.endpoint.is_loopback() {
            true => Duration::ZERO,
            false => Duration::from_secs(call.takes.unwrap_or_default()),
        };
        kms.settle().max(takes)
    }

    fn differs(&mut self, number: usize, found: Vec<Difference>, request: &Request, exchange: &Exchange) {
        if found.is_empty() {
            return;
        }
        self.differences.extend(found.into_iter().map(|difference| (number, difference)));
        let redactor = &self.redactor;
        self.exchanges.push(ExchangeReport {
            role: self.fact.calls[number].operation().to_owned(),
            lane: "wire".to_owned(),
            request: Message::of_request(request, redactor).shown(),
            response: exchange.result.as_ref().ok().map(|response| Message::of_response(response, redactor).shown()),
            error: exchange.result.as_ref().err().map(|error| redactor.show(&error.text())),
            duration_us: u64::try_from(exchange.timing.total.as_micros()).unwrap_or(u64::MAX),
        });
    }
}

/// A call that makes the state of a fact. It has to succeed.
async fn set_up(kms: &Kms, call: &FactCall, body: &Value) -> Result<Value, End> {
    let operation = call.operation();
    let made = match operation == kms.operation().name {
        true => kms.call_once(operation, body).await,
        false => kms.call_on_new(operation, body).await,
    };
    Ok(made?)
}

/// The base of a key that CreateKey makes with these members.
fn base(call: &FactCall) -> Base {
    let text = |name: &str| call.members.get(name).and_then(Value::as_str).map(str::to_owned);
    let spec = text("KeySpec").unwrap_or_else(|| "SYMMETRIC_DEFAULT".to_owned());
    let usage = text("KeyUsage").unwrap_or_else(|| {
        let usage = match spec.as_str() {
            spec if spec.starts_with("HMAC") => "GENERATE_VERIFY_MAC",
            spec if spec.starts_with("ECC") => "SIGN_VERIFY",
            _ => "ENCRYPT_DECRYPT",
        };
        usage.to_owned()
    });
    Base {
        spec,
        usage,
        origin: if text("Origin").as_deref() == Some("EXTERNAL") { Origin::External } else { Origin::AwsKms },
        owner: Owner::Primary,
        place: Place::Here,
        multi_region: call.members.get("MultiRegion") == Some(&Value::Bool(true)),
        alias: false,
        material: Material::None,
        same_bytes: false,
        replica: Replica::None,
        policy: false,
        grant: false,
    }
}

//! One side of an exploration: a target, its keys and its answers.

use super::exploration::ExploreOptions;
use super::trial::Move;
use crate::arn::Arn;
use crate::entropy::Entropy;
use crate::fixture::{Call, Corpus, Material, PrincipalName, RequestChange};
use crate::http::Request;
use crate::keys::{Choice, Key, Lease, Maker, NoLease, Pool, Provisions, body};
use crate::kms::{Clients, Failure, FailureKind, Kms, Pauses, is_transient, mark, summary, token_ended};
use crate::observe::{Body, Observation, observe};
use crate::plan::{Absent, KeyNames, World, plan};
use crate::send::{Fault, Response, SendError, Sender, Tally};
use crate::sign::sign_planned;
use crate::target::{Clock, SetupError, Target, partition};
use crate::text::Text;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

/// A target with the keys that trials created on it.
pub(super) struct Side<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) target: &'a Target,
    pub(super) pool: Pool<'a>,
    sender: Sender,
    host: String,
    primary: Kms,
    clock: Clock,
    entropy: &'a Entropy,
    run: &'a str,
    settle: Duration,
    tally: Tally,
    account: OnceLock<(String, String)>,
}

/// The keys of one trial.
pub(super) struct Stage {
    pub(super) lease: Option<Lease>,
    names: Option<KeyNames>,
    absent: String,
}

/// The result of a call.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Answers, each with its request.
    Answers(Vec<Answered>),
    /// The call is impossible here, because a template uses a name that this side does not have.
    Impossible,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) request: Request,
    pub(super) result: Result<(Response, Observation), SendError>,
}

impl Answered {
    fn new(request: Request, result: Result<Response, SendError>) -> Self {
        let result = result.map(|response| {
            let observation = observe(&response);
            (response, observation)
        });
        Self { request, result }
    }

    pub(super) fn observation(&self) -> Option<&Observation> {
        self.result.as_ref().ok().map(|(_, observation)| observation)
    }
}

/// The reason why a trial has no keys.
pub(super) enum NoStage {
    /// This side cannot create them: a principal or an endpoint is not configured, or the target refuses.
    Unavailable(Text),
    /// The target did not answer.
    NoAnswer(Text),
}

impl<'a> Side<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        target: &'a Target,
        options: &'a ExploreOptions,
        run: &'a str,
    ) -> Result<Self, SetupError> {
        let ExploreOptions { clock, entropy, settle, .. } = options;
        let Clients { sender, host, primary, by_place, tally } = Clients::new(target, clock, *settle, corpus, None)?;
        let pool = Pool::new(Maker { entropy, run }, by_place, Provisions::default());
        let account = OnceLock::new();
        if let Some(known) = &target.account {
            let _ = account.set((known.clone(), partition(&target.region).to_owned()));
        }
        let clock = Arc::clone(clock);
        Ok(Self { corpus, target, pool, sender, host, primary, clock, entropy, run, settle: *settle, tally, account })
    }

    /// The number of requests that were sent.
    pub(super) fn exchanges(&self) -> usize {
        self.tally.total()
    }

    /// Creates keys for a trial, in the state of a precondition.
    pub(super) async fn stage(&self, start: &str, absent: &str) -> Result<Stage, NoStage> {
        let mut stage = Stage { lease: None, names: None, absent: self.entropy.uuid(absent) };
        let Some(precondition) = self.corpus.precondition(start) else {
            return Err(NoStage::Unavailable(format!("there is no precondition `{start}`").into()));
        };
        if let Some(name) = &precondition.provided {
            let Some(id) = self.target.provided.get(name) else {
                return Err(NoStage::Unavailable(format!("no key `{name}` is provided").into()));
            };
            stage.names = Some(KeyNames { id: id.clone(), arn: self.arn(id), ..KeyNames::default() });
            return Ok(stage);
        }
        if precondition.spec.is_none() {
            return Ok(stage);
        }
        let lease = self.pool.lease(precondition, Choice::Any).await.map_err(|error| match error {
            NoLease::Unavailable(why) => NoStage::Unavailable(why),
            NoLease::Failed(failure) if matches!(failure.kind, FailureKind::NoAnswer | FailureKind::NotReached) => {
                NoStage::NoAnswer(failure.describe())
            }
            NoLease::Failed(failure) => NoStage::Unavailable(failure.describe()),
        })?;
        if precondition.owner == crate::fixture::Owner::Primary {
            let arn = &lease.key.arn;
            self.account.get_or_init(|| (arn.account().to_owned(), arn.partition().to_owned()));
        }
        stage.names = Some(lease.key.names.clone());
        stage.lease = Some(lease);
        Ok(stage)
    }

    /// The ARN of a key of the caller. The account may be unknown.
    fn arn(&self, id: &str) -> Option<Arn> {
        let (account, partition) = self.account.get()?;
        Arn::new(partition, "kms", &self.target.region, account, &format!("key/{id}")).ok()
    }

    /// Encrypts a text that a later call decrypts, if the key can encrypt.
    pub(super) async fn encrypt(&self, stage: &mut Stage) {
        if let Some(lease) = stage.lease.as_mut() {
            // If the key cannot encrypt, no later call decrypts.
            let _ = lease.key.encrypt().await;
        }
    }

    /// Restores the keys of a trial for further trials. The keys of a stage that is dropped instead are not used again.
    pub(super) async fn give_back(&self, stage: Stage) {
        if let Some(lease) = stage.lease {
            self.pool.give_back(lease).await;
        }
    }

    /// The same for keys that are known to be unchanged.
    pub(super) fn put_back(&self, stage: Stage) {
        if let Some(lease) = stage.lease {
            [Some(lease.key), lease.other].into_iter().flatten().for_each(|key| self.pool.put_back(key));
        }
    }

    /// KeyMetadata of the key and of the other key; null if the key does not exist.
    pub(super) async fn describe(&self, stage: &Stage) -> Result<[Value; 2], Failure> {
        let Some(lease) = &stage.lease else { return Ok([Value::Null, Value::Null]) };
        let key = lease.key.describe().await?;
        let other = match &lease.other {
            Some(other) => other.describe().await?,
            None => Value::Null,
        };
        Ok([key, other])
    }

    /// The same as [`Self::describe`], with the calls. A key that can no longer be described is an effect too.
    pub(super) async fn described(&self, stage: &Stage) -> Result<[Option<(Value, Answered)>; 2], Text> {
        let Some(lease) = &stage.lease else { return Ok([None, None]) };
        let key = self.described_key(&lease.key).await?;
        let other = match &lease.other {
            Some(other) => Some(self.described_key(other).await?),
            None => None,
        };
        Ok([Some(key), other])
    }

    async fn described_key(&self, key: &Key) -> Result<(Value, Answered), Text> {
        let mut pauses = self.pauses();
        loop {
            let (request, exchange) = key.kms().exchange("DescribeKey", &key.body()).await;
            let answered = Answered::new(request, exchange.result);
            let observation = match &answered.result {
                Ok((_, observation)) => observation,
                Err(error) if error.fault() == Fault::Target => {
                    return Ok((json!({ "KeyState": error.text().flat().raw() }), answered));
                }
                Err(error) => return Err(Text::from("DescribeKey: ").and(error.text())),
            };
            if is_transient(observation) {
                if pauses.pause().await {
                    continue;
                }
                return Err(Text::from("DescribeKey was throttled: ").and(summary(observation)));
            }
            let metadata = match &observation.body {
                Body::Json(answer) if observation.is_success() => answer.get("KeyMetadata").cloned(),
                _ => None,
            };
            return Ok((
                metadata.unwrap_or_else(|| json!({ "KeyState": summary(observation).flat().raw() })),
                answered,
            ));
        }
    }

    /// The pauses while a state change may not be visible yet.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses::within(self.settle)
    }

    /// The ARN of the key of the trial.
    pub(super) fn key_arn(stage: &Stage) -> Option<&str> {
        stage.names.as_ref()?.arn.as_ref().map(Arn::as_str)
    }

    /// Makes one call.
    pub(super) async fn perform(&self, stage: &mut Stage, step: &Move) -> Seen {
        if let Move::Delete(change) = step {
            return self.delete(stage, change).await;
        }
        let Some(lease) = stage.lease.as_mut() else { return Seen::Impossible };
        let key = &mut lease.key;
        let mut has_new_token = false;
        loop {
            let call = match step {
                // A key without key material has no bytes that could be imported again.
                Move::ImportSame if key.base.material == Material::None => return Seen::Impossible,
                Move::ImportSame => Call::ImportSame,
                Move::ImportOther => Call::ImportOther,
                Move::Describe => Call::DescribeKey,
                Move::Enable => Call::EnableKey,
                Move::Cancel => Call::CancelKeyDeletion,
                Move::Decrypt if key.made.ciphertext.is_none() => return Seen::Impossible,
                Move::Decrypt => Call::Decrypt,
                Move::Use if key.base.spec.starts_with("ECC") => Call::Sign,
                Move::Use if key.base.spec.starts_with("HMAC") => Call::GenerateMac,
                _ => Call::Encrypt,
            };
            let (name, body) = match step {
                Move::Disable => ("DisableKey", key.body()),
                Move::Schedule => {
                    let mut body = key.body();
                    body["PendingWindowInDays"] = json!(mark::WINDOW_IN_DAYS);
                    ("ScheduleKeyDeletion", body)
                }
                _ => match body(key, self.pool.maker(), call).await {
                    Ok(body) => (call.operation(&self.corpus.operation.name), body),
                    // The refusal is an answer to GetParametersForImport, and this call tests ImportKeyMaterial.
                    Err(_) => return Seen::Impossible,
                },
            };
            let (request, exchange) = key.kms().exchange(name, &body).await;
            let answered = Answered::new(request, exchange.result);
            if has_new_token || !answered.observation().is_some_and(token_ended) {
                return Seen::Answers(vec![answered]);
            }
            has_new_token = true;
            key.forget_parameters();
        }
    }

    async fn delete(&self, stage: &Stage, change: &RequestChange) -> Seen {
        let Ok(planned) = plan(&self.corpus.operation, change, &self.world(stage)) else { return Seen::Impossible };
        let Some(credentials) = self.target.principals.get(&planned.principal) else { return Seen::Impossible };
        let signed = sign_planned(&planned, credentials.clone(), &self.target.region, (self.clock)());
        let Ok(signed) = signed else { return Seen::Impossible };
        let requests = vec![signed.request; usize::from(planned.times)];
        let exchanges = self.sender.wire(&requests).await;
        let may_leave_bytes = change.framing.may_leave_bytes();
        let answers = requests.into_iter().zip(exchanges).map(|(request, exchange)| {
            let result = exchange
                .result
                .map(|response| Response { leftover: if may_leave_bytes { 0 } else { response.leftover }, ..response });
            Answered::new(request, result)
        });
        Seen::Answers(answers.collect())
    }

    /// The names that the calls of a trial can use.
    pub(super) fn world(&self, stage: &Stage) -> World {
        let (account, partition) = match self.account.get() {
            Some((account, partition)) => (Some(account.clone()), partition.clone()),
            None => (None, partition(&self.target.region).to_owned()),
        };
        World {
            key: stage.names.clone(),
            other: stage.lease.as_ref().and_then(|lease| lease.other.as_ref()).map(|other| other.names.clone()),
            absent: Absent { id: stage.absent.clone() },
            region: self.target.region.clone(),
            other_region: self.target.other_region(),
            account,
            partition,
            run: self.run.to_owned(),
            host: self.host.clone(),
            other_host: String::new(),
        }
    }

    /// Whether the target answers any request.
    pub(super) async fn is_alive(&self) -> Result<(), SendError> {
        let (_, exchange) = self.primary.exchange("DescribeKey", &json!({ "KeyId": self.entropy.uuid("alive") })).await;
        match exchange.result {
            Err(error) if error.fault() == Fault::Network => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the target can be explored: it is reached, it answers like a KMS or can create a key in the state
    /// `start`, and it has the operation under test.
    pub(super) async fn is_a_kms(&self, start: Option<&String>) -> Result<(), Text> {
        let url = &self.target.endpoint;
        let operation = &self.corpus.operation;
        let ask = async |key_id: &str| {
            let (_, exchange) = self.primary.exchange(&operation.name, &operation.value_for(key_id)).await;
            match exchange.result {
                Ok(response) => Ok(Some(observe(&response))),
                Err(error) if error.fault() == Fault::Network => {
                    Err(Text::from(format!("failed to reach {url}: ")).and(error.text()))
                }
                Err(_) => Ok(None),
            }
        };
        let lacks =
            |answer: &Option<Observation>| answer.as_ref().is_some_and(|answer| self.primary.says_unsupported(answer));
        let first = ask(&self.entropy.uuid("probe")).await?;
        if !lacks(&first) && first.as_ref().is_some_and(|answer| answer.error_name().is_some()) {
            return Ok(());
        }
        let Some(start) = start else { return Ok(()) };
        let found = first.as_ref().map_or_else(|| "nothing that is HTTP".into(), summary);
        let name = &operation.name;
        let no_operation = Text::from(format!("{url} has no operation {name}: it answers ")).and(found.clone());
        match self.stage(start, "probe").await {
            Ok(stage) => {
                let second = match &stage.names {
                    Some(names) if lacks(&first) => ask(&names.id).await?,
                    _ => None,
                };
                if lacks(&second) {
                    // The probe changed nothing, so the key can be used again.
                    self.give_back(stage).await;
                    return Err(no_operation);
                }
                // The probe may have changed the key, so the key is not used.
                Ok(())
            }
            Err(_) if lacks(&first) => Err(no_operation),
            Err(NoStage::NoAnswer(why)) => Err(Text::from(format!("failed to reach {url}: ")).and(why)),
            Err(NoStage::Unavailable(why)) => {
                let what = Text::from(format!("{url} does not answer as a KMS: to {name} it answers "));
                Err(what.and(found).and(", and ").and(why))
            }
        }
    }

    /// The principals that can sign on this side.
    pub(super) fn principals(&self) -> impl Iterator<Item = PrincipalName> {
        self.target.principals.keys().copied()
    }
}

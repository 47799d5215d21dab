//! One side of an exploration: a target, its keys, and what its answers looked like.

use super::trial::Move;
use crate::fixture::{Call, Corpus, PrincipalName, RequestChange, RequestFraming};
use crate::http::Request;
use crate::observe::{Observation, observe};
use crate::plan::{Absent, KeyNames, World, plan};
use crate::run::clients::Clients;
use crate::run::effects::{body, operation};
use crate::run::kms::{Failure, FailureKind, Kms, Pauses, token_ended};
use crate::run::pool::{Lease, NoLease, Pool};
use crate::run::probe::partition;
use crate::run::{Clock, Entropy, SetupError, Target};
use crate::send::{Response, SendError, Sender};
use crate::sign::sign_planned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A target and the keys that trials made on it.
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
    sent: Arc<AtomicUsize>,
    account: OnceLock<(String, String)>,
}

/// The keys of one trial.
pub(super) struct Stage {
    pub(super) lease: Option<Lease>,
    names: Option<KeyNames>,
    absent: String,
}

/// What came of one call.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Answers, each with the request.
    Answers(Vec<Answered>),
    /// The call cannot be made here: its text names something that this side does not have.
    Impossible,
}

/// A request and what answered it.
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

/// Why a trial has no keys.
pub(super) enum NoStage {
    /// This side has nobody, or nowhere, to make them with, or refuses to.
    Unavailable(String),
    /// There was no answer.
    NoAnswer(String),
}

impl<'a> Side<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        target: &'a Target,
        clock: &Clock,
        settle: Duration,
        entropy: &'a Entropy,
        run: &'a str,
    ) -> Result<Self, SetupError> {
        let Clients { sender, host, primary, by_place, sent } = Clients::new(target, clock, settle)?;
        let pool = Pool::new(corpus, entropy, run, by_place);
        let account = OnceLock::new();
        if let Some(known) = &target.account {
            let _ = account.set((known.clone(), partition(&target.region).to_owned()));
        }
        let clock = Arc::clone(clock);
        Ok(Self { corpus, target, pool, sender, host, primary, clock, entropy, run, settle, sent, account })
    }

    /// How many requests were sent.
    pub(super) fn exchanges(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Keys for a trial in the state of a precondition.
    pub(super) async fn stage(&self, start: &str, absent: &str) -> Result<Stage, NoStage> {
        let mut stage = Stage { lease: None, names: None, absent: self.entropy.uuid(absent) };
        let Some(precondition) = self.corpus.precondition(start) else {
            return Err(NoStage::Unavailable(format!("there is no precondition `{start}`")));
        };
        if let Some(name) = &precondition.provided {
            let Some(id) = self.target.provided.get(name) else {
                return Err(NoStage::Unavailable(format!("no key `{name}` is provided")));
            };
            stage.names = Some(KeyNames { id: id.clone(), arn: self.arn(id), ..KeyNames::default() });
            return Ok(stage);
        }
        if precondition.spec.is_none() {
            return Ok(stage);
        }
        let lease = self.pool.lease(precondition).await.map_err(|error| match error {
            NoLease::Unavailable(why) => NoStage::Unavailable(why),
            NoLease::Failed(failure) if failure.kind == FailureKind::NoAnswer => NoStage::NoAnswer(failure.describe()),
            NoLease::Failed(failure) => NoStage::Unavailable(failure.describe()),
        })?;
        let mut parts = lease.key.names.arn.split(':').skip(1);
        if let (Some(partition), Some(account)) = (parts.next(), parts.nth(2))
            && precondition.owner == crate::fixture::Owner::Primary
        {
            self.account.get_or_init(|| (account.to_owned(), partition.to_owned()));
        }
        stage.names = Some(lease.key.names.clone());
        stage.lease = Some(lease);
        Ok(stage)
    }

    fn arn(&self, id: &str) -> String {
        match self.account.get() {
            Some((account, partition)) => format!("arn:{partition}:kms:{}:{account}:key/{id}", self.target.region),
            None => String::new(),
        }
    }

    /// Lets the keys of a trial serve again. A stage that is dropped instead is not used again.
    pub(super) async fn give_back(&self, stage: Stage) {
        if let Some(lease) = stage.lease {
            self.pool.give_back(lease).await;
        }
    }

    /// KeyMetadata of the key, or of the other one.
    pub(super) async fn describe(&self, stage: &Stage) -> Result<[Value; 2], Failure> {
        let Some(lease) = &stage.lease else { return Ok([Value::Null, Value::Null]) };
        let key = lease.key.describe(self.corpus).await?;
        let other = match &lease.other {
            Some(other) => other.describe(self.corpus).await?,
            None => Value::Null,
        };
        Ok([key, other])
    }

    /// Pauses while a state change may still not be seen.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses::within(self.settle)
    }

    /// The ARN of the trial's key.
    pub(super) fn key_arn(stage: &Stage) -> Option<&str> {
        stage.names.as_ref().map(|names| names.arn.as_str())
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
                Move::ImportSame => Call::ImportSame,
                Move::ImportOther => Call::ImportOther,
                Move::Use if key.base.spec.starts_with("ECC") => Call::Sign,
                Move::Use if key.base.spec.starts_with("HMAC") => Call::GenerateMac,
                _ => Call::Encrypt,
            };
            let (name, body) = match step {
                Move::Disable => ("DisableKey", key.body()),
                Move::Enable => ("EnableKey", key.body()),
                Move::Cancel => ("CancelKeyDeletion", key.body()),
                Move::Schedule => {
                    let mut body = key.body();
                    body["PendingWindowInDays"] = json!(7);
                    ("ScheduleKeyDeletion", body)
                }
                _ => match body(&self.pool, key, call).await {
                    Ok(body) => (operation(call), body),
                    // The refused parameters are an answer too, but not one that this call is about.
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
        let Ok(planned) = plan(change, &self.world(stage)) else { return Seen::Impossible };
        let Some(credentials) = self.target.principals.get(&planned.principal) else { return Seen::Impossible };
        let signed = sign_planned(&planned, credentials.clone(), &self.target.region, (self.clock)());
        let Ok(signed) = signed else { return Seen::Impossible };
        let requests = vec![signed.request; usize::from(planned.times)];
        self.sent.fetch_add(requests.len(), Ordering::Relaxed);
        let exchanges = self.sender.wire(&requests).await;
        let is_stated = matches!(change.framing, RequestFraming::Stated(_));
        let answers = requests.into_iter().zip(exchanges).map(|(request, exchange)| {
            let result = exchange
                .result
                .map(|response| Response { leftover: if is_stated { 0 } else { response.leftover }, ..response });
            Answered::new(request, result)
        });
        Seen::Answers(answers.collect())
    }

    /// The names that a trial's calls can use.
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
        }
    }

    /// Whether the target answers at all.
    pub(super) async fn is_alive(&self) -> Result<(), SendError> {
        let (_, exchange) = self.primary.exchange("DescribeKey", &json!({ "KeyId": self.entropy.uuid("alive") })).await;
        exchange.result.map(drop)
    }

    /// Who can sign here.
    pub(super) fn principals(&self) -> impl Iterator<Item = PrincipalName> {
        self.target.principals.keys().copied()
    }
}

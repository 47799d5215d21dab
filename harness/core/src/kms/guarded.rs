//! The client that makes, changes and reads keys: it asks the guard right before each call that it sends.

use super::client::Client;
use super::failure::{Failure, FailureKind};
use super::guard::Guard;
use super::lateness::Change;
use super::newness::{Newness, Unbelievable};
use super::pauses::Pauses;
use super::sent::{Memory, Sent};
use crate::arn::Arn;
use crate::fixture::{Operation, Owner};
use crate::http::Request;
use crate::observe::Observation;
use crate::send::{Exchange, Peer};
use crate::sign::Signing;
use crate::text::{TargetText, Text};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A client of one endpoint and one principal, with the guard of its run.
#[derive(Clone)]
pub(crate) struct Kms {
    client: Client,
    /// What may be changed. A user of a client without a guard looks at each key before changing it.
    guard: Option<Arc<Guard>>,
    newness: Arc<Newness>,
    memory: Memory,
}

impl Kms {
    /// A client that this guard holds back. Keys that are made after `began` are new.
    pub(crate) fn new(client: Client, guard: Option<Arc<Guard>>, began: SystemTime) -> Self {
        Self { client, guard, newness: Arc::new(Newness::since(began)), memory: Memory::default() }
    }

    /// The same client, which remembers the calls of one key.
    pub(crate) fn for_one_key(&self) -> Self {
        Self { memory: Memory::default(), ..self.clone() }
    }

    /// The last call of this operation that got an answer.
    pub(crate) fn last(&self, operation: &str) -> Option<Arc<Sent>> {
        self.memory.last(operation)
    }

    /// The client without its guard, for functions of `kms` that only look.
    pub(crate) fn plain(&self) -> &Client {
        &self.client
    }

    /// The operation under test.
    pub(crate) fn operation(&self) -> &Operation {
        &self.client.operation
    }

    /// Who answers.
    pub(crate) fn peer(&self) -> Peer {
        self.client.peer
    }

    /// The Region that calls are signed for.
    pub(crate) fn region(&self) -> &str {
        &self.client.region
    }

    /// How long to wait for a state to be seen.
    pub(crate) fn settle(&self) -> Duration {
        self.client.settle
    }

    /// How long after a change the target showed it, if that was longer than the budget for it.
    pub(crate) async fn is_late(&self, change: Change, is_seen: impl Future<Output = bool> + Send) -> Option<Duration> {
        self.client.lateness.beyond(self.settle(), change, is_seen).await
    }

    /// The same, if it is known already.
    pub(crate) fn known_to_be_late(&self) -> Option<Duration> {
        self.client.lateness.known()
    }

    /// The time.
    pub(crate) fn now(&self) -> SystemTime {
        (self.client.clock)()
    }

    /// The time at the target, to a second, as far as its answers have told.
    pub(crate) fn now_there(&self) -> SystemTime {
        let ahead = self.client.seconds_ahead();
        let off = Duration::from_secs(ahead.unsigned_abs());
        if ahead > 0 { self.now() - off } else { self.now() + off }
    }

    /// Whether an answer means "no such operation".
    pub(crate) fn says_unsupported(&self, observation: &Observation) -> bool {
        self.client.says_unsupported(observation)
    }

    /// Whether keys are looked at before they are changed, as those off loopback are.
    pub(crate) fn is_watched(&self) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard.watches())
    }

    /// Whether keys of this owner may be made.
    pub(crate) fn may_make_for(&self, owner: Owner) -> bool {
        self.guard.as_ref().is_none_or(|guard| guard.may_make_for(owner))
    }

    /// Tells the guard of a key that this run made.
    pub(crate) fn made(&self, owner: Owner, id: &str, arn: &Arn) -> Result<(), Failure> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard.made(owner, id, arn, self.region()))
    }

    /// Tells the guard of a key that is lent.
    pub(crate) fn lent(&self, id: &str, arn: &Arn) -> Result<(), Failure> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard.lent(id, arn, self.region()))
    }

    /// Whether a call may be sent.
    pub(crate) async fn permits(&self, operation: &str, body: &Value) -> Result<(), Failure> {
        match &self.guard {
            Some(guard) => guard.permits(&self.client, operation, body).await,
            None => Ok(()),
        }
    }

    /// One call, whatever it answers. A call that changes something needs [`Self::permits`] before it.
    pub(crate) async fn exchange(&self, operation: &str, body: &Value) -> (Request, Exchange) {
        self.client.exchange(operation, body).await
    }

    /// One call, if it may be sent when its turn comes.
    pub(crate) async fn permitted(&self, operation: &str, body: &Value) -> Result<(Request, Exchange), Failure> {
        self.client.sender.turn(operation).await;
        // Right before each sending: a key can change hands while a call waits.
        self.permits(operation, body).await?;
        Ok(self.client.in_turn(operation, body).await)
    }

    /// The request of a call that may be sent now, for a caller that sends it at the same time as another one.
    pub(crate) async fn prepared(&self, operation: &str, body: &Value) -> Result<Request, Failure> {
        self.client.sender.turn(operation).await;
        self.permits(operation, body).await?;
        Ok(self.client.request(operation, body))
    }

    /// One call in the wire lane, if it may be sent when its turn comes. It is signed as `change` leaves the settings of
    /// an ordinary call.
    pub(crate) async fn permitted_on_wire(
        &self,
        operation: &str,
        body: &Value,
        change: impl FnOnce(&mut Signing),
    ) -> Result<(Request, Exchange), Failure> {
        self.client.sender.turn(operation).await;
        self.permits(operation, body).await?;
        self.client.on_wire(operation, body, change).await.map_err(|error| {
            let why = format!("nothing, since it was not sent: failed to {error}");
            Failure::new(operation, why, FailureKind::Unusable)
        })
    }

    /// One call that must succeed. A throttled call is made again while the budget lasts.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Result<Value, Failure> {
        self.call_until(operation, body, &[]).await
    }

    /// As [`Self::call`], and made again while a key that was just made is not found.
    pub(crate) async fn call_on_new(&self, operation: &str, body: &Value) -> Result<Value, Failure> {
        self.call_until(operation, body, &["NotFoundException"]).await
    }

    /// One call that must succeed and is never made again, because a second one could destroy more.
    pub(crate) async fn call_once(&self, operation: &str, body: &Value) -> Result<Value, Failure> {
        let (request, exchange) = self.permitted(operation, body).await?;
        self.answered(operation, body, request, exchange)
    }

    /// Lists the keys that are there before the first one is made. One that is in another account than was named halts
    /// the run.
    pub(crate) async fn look_around(&self, owner: Owner) -> Result<(), Failure> {
        let mut first = true;
        self.newness
            .look(&self.client, |arn| {
                // Off loopback a key that the caller has tells the account before one is made there to find out.
                if std::mem::take(&mut first)
                    && let Some(guard) = self.guard.as_ref().filter(|guard| guard.watches())
                {
                    let _ = guard.expects_text(owner, arn, self.region());
                }
            })
            .await
    }

    /// Why a key that was made then, in seconds, is not one that the run can have made.
    pub(crate) fn objection(&self, arn: &Arn, made: f64) -> Option<String> {
        self.newness.objection(&self.client, arn, Some(made))
    }

    /// CreateKey, which makes another key each time. It is made again only after a refusal that proves that no key was
    /// made. The result is the new key's id and ARN; an answer that names a key which can be another is not believed,
    /// and the key that may have been made is searched for at the end.
    pub(crate) async fn create(&self, owner: Owner, body: &Value) -> Result<(String, Arn), Failure> {
        self.look_around(owner).await?;
        let mut pauses = Pauses::within(self.settle());
        loop {
            let (request, exchange) = self.permitted("CreateKey", body).await?;
            let read = self.client.read("CreateKey", body, &exchange);
            let sent = Sent::new("CreateKey", request, exchange);
            let named =
                read.and_then(|answer| self.named_by(owner, &answer)).map_err(|failure| failure.of_call(Some(sent)));
            let failure = match named {
                Err(failure) if failure.kind == FailureKind::Throttled => failure,
                other => return other,
            };
            if !pauses.pause().await {
                return Err(failure);
            }
        }
    }

    fn named_by(&self, owner: Owner, answer: &Value) -> Result<(String, Arn), Failure> {
        let unusable = |answer: Text| Failure::new("CreateKey", answer, FailureKind::Unusable);
        let (id, arn) = self.newness.named_by(&self.client, answer).map_err(|why| match why {
            Unbelievable::Nothing(why) => unusable(why.into()),
            Unbelievable::Key(why) => {
                if let Some(guard) = &self.guard {
                    guard.distrusts(&format!("CreateKey answered {why}"));
                }
                unusable(TargetText::new(why).into())
            }
        })?;
        if let Some(guard) = &self.guard {
            // Whether a key was made there is not known.
            let expected = guard.expects(owner, &arn, self.region());
            expected.map_err(|failure| unusable(Text::from("with a key that is left alone: ").and(failure.answer)))?;
        }
        Ok((id, arn))
    }

    /// The answer of a call, which is remembered, or why it failed, with the call.
    fn answered(&self, operation: &str, body: &Value, request: Request, exchange: Exchange) -> Result<Value, Failure> {
        let read = self.client.read(operation, body, &exchange);
        let sent = Sent::new(operation, request, exchange);
        match read {
            Ok(answer) => {
                self.memory.keep(sent);
                Ok(answer)
            }
            Err(failure) => Err(failure.of_call(Some(sent))),
        }
    }

    async fn call_until(&self, operation: &str, body: &Value, again: &[&str]) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.settle());
        loop {
            let (request, exchange) = self.permitted(operation, body).await?;
            let failure = match self.answered(operation, body, request, exchange) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let may_change = failure.kind.is_not_now() || again.iter().any(|error| failure.is(error));
            if !may_change || !pauses.pause().await {
                return Err(failure);
            }
        }
    }
}

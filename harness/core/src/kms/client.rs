//! A client of one endpoint and one principal. It asks no guard, so only `kms` makes calls with it, and only to look.

use super::failure::{Failure, read, says_unsupported};
use super::lateness::Lateness;
use super::pauses::Pauses;
use super::skew;
use crate::fixture::{Operation, Unsupported};
use crate::http::Request;
use crate::normalise::Redactor;
use crate::observe::Observation;
use crate::plan::base_request;
use crate::send::{Exchange, Peer, Sender};
use crate::sign::{Credentials, SignError, Signing, SigningKeys, sign_plainly};
use crate::target::Clock;
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What stands before the name of an operation of KMS in `X-Amz-Target`.
const SERVICE: &str = "TrentService";

/// A client of one endpoint and one principal.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) sender: Sender,
    pub(crate) host: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// The key that signs today.
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) clock: Clock,
    /// How long a throttled call is made again.
    pub(crate) settle: Duration,
    /// The operation under test.
    pub(crate) operation: Arc<Operation>,
    /// The answers that mean "no such operation".
    pub(crate) unsupported: Arc<[Unsupported]>,
    /// How late the target shows a change.
    pub(crate) lateness: Arc<Lateness>,
    /// Who answers.
    pub(crate) peer: Peer,
    /// By how many seconds our clock is ahead of the target's, by the first answer that has a Date.
    pub(crate) ahead: Arc<OnceLock<i64>>,
}

impl Client {
    /// One call, whatever it answers.
    pub(super) async fn exchange(&self, operation: &str, body: &Value) -> (Request, Exchange) {
        self.sender.turn(operation).await;
        self.in_turn(operation, body).await
    }

    /// One call that changes nothing and must succeed. A throttled call is made again while the budget lasts.
    pub(super) async fn call(&self, operation: &str, body: &Value) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.settle);
        loop {
            let (_, exchange) = self.exchange(operation, body).await;
            match self.read(operation, body, &exchange) {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.kind.is_not_now() && pauses.pause().await => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// By how many seconds our clock is ahead of the target's, as far as it is known.
    pub(super) fn seconds_ahead(&self) -> i64 {
        self.ahead.get().copied().unwrap_or_default()
    }

    /// Whether an answer means "no such operation".
    pub(super) fn says_unsupported(&self, observation: &Observation) -> bool {
        says_unsupported(&self.unsupported, observation)
    }

    /// A correct request for this `X-Amz-Target`, with this body.
    pub(crate) fn signed(&self, target: &str, body: Vec<u8>) -> Request {
        let signing = Signing::plain(self.credentials.clone(), &self.region, (self.clock)());
        let signed = self.signed_otherwise(target, body, &signing);
        signed.expect("a base request has a host and plain headers, so it can be signed")
    }

    /// A request for this `X-Amz-Target`, with this body, signed in this way.
    fn signed_otherwise(&self, target: &str, body: Vec<u8>, signing: &Signing) -> Result<Request, SignError> {
        sign_plainly(base_request(&self.host, target, body), signing, &self.keys)
    }

    /// The `X-Amz-Target` of an operation.
    fn target_of(&self, operation: &str) -> String {
        match operation == self.operation.name {
            true => self.operation.target(),
            false => format!("{SERVICE}.{operation}"),
        }
    }

    /// One call whose turn has come, on a connection of its own and byte by byte. It is signed as `change` leaves the
    /// settings of an ordinary call.
    pub(super) async fn on_wire(
        &self,
        operation: &str,
        body: &Value,
        change: impl FnOnce(&mut Signing),
    ) -> Result<(Request, Exchange), SignError> {
        let mut signing = Signing::plain(self.credentials.clone(), &self.region, (self.clock)());
        change(&mut signing);
        let signed = self.signed_otherwise(&self.target_of(operation), body.to_string().into_bytes(), &signing)?;
        let mut exchanges = self.sender.wire_in_turn(std::slice::from_ref(&signed)).await;
        let exchange = exchanges.pop().expect("there is an exchange for each request");
        Ok((signed, exchange))
    }

    /// The request of a call.
    pub(super) fn request(&self, operation: &str, body: &Value) -> Request {
        self.signed(&self.target_of(operation), body.to_string().into_bytes())
    }

    /// One call whose turn has come.
    pub(super) async fn in_turn(&self, operation: &str, body: &Value) -> (Request, Exchange) {
        let signed = self.request(operation, body);
        let exchange = self.sender.http_in_turn(&signed).await;
        if let Ok(response) = &exchange.result
            && let Some(ahead) = skew::seconds_ahead(response, (self.clock)())
        {
            self.ahead.get_or_init(|| ahead);
        }
        (signed, exchange)
    }

    /// The answer of a call, or why it failed. A failure does not repeat what the call imported.
    pub(super) fn read(&self, operation: &str, body: &Value, exchange: &Exchange) -> Result<Value, Failure> {
        read(&self.unsupported, operation, &exchange.result).map_err(|failure| {
            match Redactor::of_import(body.to_string().as_bytes()) {
                Some(import) => Failure { answer: import.without_secrets(failure.answer), ..failure },
                None => failure,
            }
        })
    }
}

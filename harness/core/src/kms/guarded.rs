//! The calls around the operation under test, as an ordinary client makes them.

use crate::fixture::Corpus;
use crate::kms::guard::Guard;
use crate::normalise::{Redactor, coding, not_kept};
use crate::observe::{Observation, observe};
use crate::plan::base_request;
use crate::send::{Exchange, SendError, Sender};
use crate::sign::{Credentials, Signing, sign};
use crate::target::Clock;
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The pause before a call is made again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Long enough to spare a real service, short enough to see a state soon after it changes.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A call did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The operation.
    pub(crate) operation: String,
    /// Its answer, or why there was none.
    pub(crate) answer: String,
    /// What kind of failure it is.
    pub(crate) kind: FailureKind,
}

/// What kind of failure a call met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The target has no such operation.
    NoSuchOperation,
    /// The target refused with this error type.
    Refused(String),
    /// The target is too busy to say: throttled, or unavailable for now.
    Transient,
    /// The target answered nothing that can be used.
    Unusable,
    /// There was no answer.
    NoAnswer,
    /// It was not sent, since there was nobody to send it to.
    NotReached,
    /// It was not sent, since it would have changed what this run may not change.
    NotOurs,
}

impl Failure {
    /// The failure in a sentence's second half.
    pub(crate) fn describe(&self) -> String {
        match self.kind {
            FailureKind::NoSuchOperation => format!("the target has no operation {} ({})", self.operation, self.answer),
            FailureKind::NoAnswer | FailureKind::NotReached => {
                format!("{} got no answer: {}", self.operation, self.answer)
            }
            FailureKind::NotOurs => format!("safety: {} was not sent, since {}", self.operation, self.answer),
            _ => format!("{} answered {}", self.operation, self.answer),
        }
    }

    /// Whether an import was refused for the parameters it was made with rather than for what it imports.
    pub(crate) fn is_about_parameters(&self) -> bool {
        let errors = ["InvalidImportTokenException", "ExpiredImportTokenException", "InvalidCiphertextException"];
        errors.iter().any(|error| self.is(error))
    }

    /// Whether the target refused with this error type.
    pub(crate) fn is(&self, error: &str) -> bool {
        self.kind == FailureKind::Refused(error.to_owned())
    }
}

/// A question to the guard, whose type has to be named since answering it makes calls again.
pub(crate) type Asked<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A client of one endpoint and one principal.
#[derive(Clone)]
pub(crate) struct Kms {
    pub(crate) sender: Sender,
    pub(crate) host: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    pub(crate) clock: Clock,
    pub(crate) settle: Duration,
    /// What may be changed; whoever has none looks at keys before it changes them.
    pub(crate) guard: Option<Arc<Guard>>,
}

impl Kms {
    /// Whether a call may be sent.
    pub(crate) fn permits<'a>(&'a self, corpus: &'a Corpus, operation: &'a str, body: &'a Value) -> Asked<'a> {
        match &self.guard {
            Some(guard) => Box::pin(guard.permits(self, corpus, operation, body)),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    /// One call, whatever it answers; one that changes something only after [`Self::permits`].
    pub(crate) async fn exchange(&self, operation: &str, body: &Value) -> (crate::http::Request, Exchange) {
        self.sender.turn(operation).await;
        self.in_turn(operation, body).await
    }

    async fn in_turn(&self, operation: &str, body: &Value) -> (crate::http::Request, Exchange) {
        let request = base_request(&self.host, operation, body.to_string().into_bytes());
        let signing = Signing::plain(self.credentials.clone(), &self.region, (self.clock)());
        let signed =
            sign(request, &signing).expect("a base request has a host and plain headers, so it can be signed").request;
        let exchange = self.sender.http_in_turn(&signed).await;
        (signed, exchange)
    }

    /// One call that must succeed; a throttled one is made again while the budget lasts.
    pub(crate) async fn call(&self, corpus: &Corpus, operation: &str, body: &Value) -> Result<Value, Failure> {
        self.call_until(corpus, operation, body, &[]).await
    }

    /// One call that must succeed and is never made again: what it destroys cannot be destroyed in part.
    pub(crate) async fn call_once(&self, corpus: &Corpus, operation: &str, body: &Value) -> Result<Value, Failure> {
        let (_, exchange) = self.permitted(corpus, operation, body).await?;
        read(corpus, operation, &exchange.result)
    }

    /// As [`Self::call`], also made again while a key that was just made is not found.
    pub(crate) async fn call_on_new(&self, corpus: &Corpus, operation: &str, body: &Value) -> Result<Value, Failure> {
        self.call_until(corpus, operation, body, &["NotFoundException"]).await
    }

    /// CreateKey, which makes another key each time: made again only after a refusal that says that none was made.
    pub(crate) async fn create(&self, corpus: &Corpus, body: &Value) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.settle);
        loop {
            let (_, exchange) = self.permitted(corpus, "CreateKey", body).await?;
            let failure = match read(corpus, "CreateKey", &exchange.result) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let is_throttled = exchange.result.as_ref().is_ok_and(|answer| matches!(answer.status, 400 | 429));
            if failure.kind != FailureKind::Transient || !is_throttled || !pauses.pause().await {
                return Err(failure);
            }
        }
    }

    /// One call, when it is its turn, of what may be sent then.
    pub(crate) async fn permitted(
        &self,
        corpus: &Corpus,
        operation: &str,
        body: &Value,
    ) -> Result<(crate::http::Request, Exchange), Failure> {
        self.sender.turn(operation).await;
        // Right before it is sent, each time: keys can change hands while a call waits.
        self.permits(corpus, operation, body).await?;
        Ok(self.in_turn(operation, body).await)
    }

    async fn call_until(
        &self,
        corpus: &Corpus,
        operation: &str,
        body: &Value,
        again: &[&str],
    ) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.settle);
        loop {
            let (_, exchange) = self.permitted(corpus, operation, body).await?;
            let mut failure = match read(corpus, operation, &exchange.result) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if let Some(import) = Redactor::of_import(body.to_string().as_bytes()) {
                failure.answer = import.redact(&failure.answer);
            }
            let may_change = failure.kind == FailureKind::Transient || again.iter().any(|error| failure.is(error));
            if !may_change || !pauses.pause().await {
                return Err(failure);
            }
        }
    }
}

fn read(corpus: &Corpus, operation: &str, result: &Result<crate::send::Response, SendError>) -> Result<Value, Failure> {
    let failure = |answer: String, kind| Failure { operation: operation.to_owned(), answer, kind };
    let response = result.as_ref().map_err(|error| {
        let kind = if error.is_before_sending() { FailureKind::NotReached } else { FailureKind::NoAnswer };
        failure(error.to_string(), kind)
    })?;
    let observation = observe(response);
    if observation.is_success() {
        if response.body.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_slice(&response.body)
            .map_err(|_| failure("something that is not JSON".to_owned(), FailureKind::Unusable));
    }
    let answer = summary(&observation);
    if is_transient(&observation) {
        return Err(failure(answer, FailureKind::Transient));
    }
    if says_unsupported(corpus, &observation) {
        return Err(failure(answer, FailureKind::NoSuchOperation));
    }
    // Whoever failed may have done it all the same.
    let kind = match observation.error_name() {
        Some(name) if observation.status < 500 => FailureKind::Refused(name.to_owned()),
        _ => FailureKind::Unusable,
    };
    Err(failure(answer, kind))
}

/// Whether an answer says "not now" and nothing else: throttled, or unavailable.
pub(crate) fn is_transient(observation: &Observation) -> bool {
    matches!(observation.status, 429 | 503) || observation.error_name() == Some("ThrottlingException")
}

/// Whether an answer says "I have no such operation".
pub(crate) fn says_unsupported(corpus: &Corpus, observation: &Observation) -> bool {
    corpus.unsupported.iter().any(|pattern| {
        pattern.status.is_none_or(|status| status == observation.status)
            && pattern.error_type.as_deref().is_none_or(|name| observation.error_name() == Some(name))
    })
}

/// The types by which a target says that it does not know who signs.
pub(crate) const UNKNOWN_SIGNER: [&str; 3] =
    ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException"];

/// Whether an import was refused since its token is no longer good, which says nothing about what it imports.
pub(crate) fn token_ended(observation: &Observation) -> bool {
    matches!(observation.error_name(), Some("InvalidImportTokenException" | "ExpiredImportTokenException"))
}

/// An answer in a few words.
pub(crate) fn summary(observation: &Observation) -> String {
    let text = match (observation.error_name(), observation.message.text()) {
        (Some(error), Some(message)) => format!("{} {error}: {message}", observation.status),
        (Some(error), None) => format!("{} {error}", observation.status),
        (None, _) => match coding(&observation.headers, &observation.bytes) {
            Some(coding) => format!("{} {}", observation.status, not_kept(&coding)),
            None => format!("{} {}", observation.status, String::from_utf8_lossy(&observation.bytes)),
        },
    };
    const SHOWN: usize = 200;
    match text.char_indices().nth(SHOWN) {
        // The ellipsis tells the redactor that the front of a secret may stand before it.
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Pauses that grow, until a budget is used up.
pub(crate) struct Pauses {
    next: Duration,
    left: Duration,
}

impl Pauses {
    /// Pauses of this much in all.
    pub(crate) fn within(budget: Duration) -> Self {
        Self { next: FIRST_PAUSE, left: budget }
    }

    /// Waits, and says whether there was budget left to do so.
    pub(crate) async fn pause(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.next.min(self.left);
        tokio::time::sleep(pause).await;
        self.left -= pause;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}

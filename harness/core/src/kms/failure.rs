//! What a call came to that did not succeed, and how an answer is read.

use super::sent::Sent;
use crate::fixture::Unsupported;
use crate::normalise::{coding, not_kept};
use crate::observe::{Body, Observation, observe};
use crate::send::{Response, SendError};
use crate::text::{TargetText, Text};
use serde_json::Value;
use std::sync::Arc;

/// The error types by which a target says that it does not know the signer.
pub(crate) const UNKNOWN_SIGNER: [&str; 3] =
    ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException"];

/// A call did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The operation.
    pub(crate) operation: String,
    /// Its answer, or why there was none.
    pub(crate) answer: Text,
    /// What kind of failure it is.
    pub(crate) kind: FailureKind,
    /// The call that failed, if it was sent.
    pub(crate) sent: Option<Arc<Sent>>,
}

/// What kind of failure a call met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The target has no such operation.
    NoSuchOperation,
    /// The target refused with this error type.
    Refused(TargetText),
    /// The target refused since calls come too fast. It has done nothing.
    Throttled,
    /// The target is unavailable for now. It may have done what it was asked.
    Unavailable,
    /// The target answered nothing that can be used.
    Unusable,
    /// A key did not get into a state within the budget for it.
    NotSettled,
    /// The target gave a list that has no end.
    Endless,
    /// There was no answer.
    NoAnswer,
    /// It was not sent, because the target was not reached.
    NotReached,
    /// It was not sent, because it would have changed what this run may not change.
    NotOurs,
}

impl FailureKind {
    /// Whether the same call may succeed later, as the target only said "not now".
    pub(crate) fn is_not_now(&self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    /// Whether the failure tells nothing about the key: there was no answer, or the target said "not now".
    pub(crate) fn tells_nothing(&self) -> bool {
        matches!(self, Self::NoAnswer | Self::NotReached) || self.is_not_now()
    }
}

impl Failure {
    /// A failure of this operation.
    pub(crate) fn new(operation: impl Into<String>, answer: impl Into<Text>, kind: FailureKind) -> Self {
        Self { operation: operation.into(), answer: answer.into(), kind, sent: None }
    }

    /// The same with the call that failed, unless it is known already.
    pub(crate) fn of_call(self, sent: Option<Arc<Sent>>) -> Self {
        Self { sent: self.sent.or(sent), ..self }
    }

    /// The failure in a sentence's second half.
    pub(crate) fn describe(&self) -> Text {
        let Self { operation, answer, .. } = self;
        let answer = answer.clone();
        match self.kind {
            FailureKind::NoSuchOperation => {
                Text::from(format!("the target has no operation {operation} (")).and(answer).and(")")
            }
            FailureKind::NoAnswer | FailureKind::NotReached => {
                Text::from(format!("{operation} got no answer: ")).and(answer)
            }
            FailureKind::NotOurs => Text::from(format!("safety: {operation} was not sent, since ")).and(answer),
            _ => Text::from(format!("{operation} answered ")).and(answer),
        }
    }

    /// Whether an import was refused for the parameters it was made with rather than for what it imports.
    pub(crate) fn is_about_parameters(&self) -> bool {
        let errors = ["InvalidImportTokenException", "ExpiredImportTokenException", "InvalidCiphertextException"];
        errors.iter().any(|error| self.is(error))
    }

    /// Whether the target refused with this error type.
    pub(crate) fn is(&self, error: &str) -> bool {
        matches!(&self.kind, FailureKind::Refused(refused) if refused == error)
    }
}

/// Reads a success of ScheduleKeyDeletion: without a JSON object it does not show that the key will be deleted.
pub(crate) fn scheduled(answer: &Value) -> Result<(), Failure> {
    match answer.is_object() {
        true => Ok(()),
        false => Err(Failure::new("ScheduleKeyDeletion", "with no JSON object", FailureKind::Unusable)),
    }
}

/// What a call came to. `unsupported` are the answers that mean "no such operation".
pub(super) fn read(
    unsupported: &[Unsupported],
    operation: &str,
    result: &Result<Response, SendError>,
) -> Result<Value, Failure> {
    let failure = |answer: Text, kind| Failure::new(operation, answer, kind);
    let response = result.as_ref().map_err(|error| {
        let kind = if error.is_before_sending() { FailureKind::NotReached } else { FailureKind::NoAnswer };
        failure(error.text(), kind)
    })?;
    let observation = observe(response);
    if observation.is_success() {
        return match observation.body {
            Body::Empty => Ok(Value::Null),
            Body::Json(answer) => Ok(answer),
            Body::Other => Err(failure("something that is not JSON".into(), FailureKind::Unusable)),
        };
    }
    let answer = summary(&observation);
    if is_transient(&observation) {
        let kind = if observation.status < 500 { FailureKind::Throttled } else { FailureKind::Unavailable };
        return Err(failure(answer, kind));
    }
    if says_unsupported(unsupported, &observation) {
        return Err(failure(answer, FailureKind::NoSuchOperation));
    }
    // A 5xx does not prove that the call had no effect.
    let kind = match observation.error_name() {
        Some(name) if observation.status < 500 => FailureKind::Refused(name.into()),
        _ => FailureKind::Unusable,
    };
    Err(failure(answer, kind))
}

/// Whether an answer says "not now" and nothing else: throttled, or unavailable.
pub(crate) fn is_transient(observation: &Observation) -> bool {
    matches!(observation.status, 429 | 503) || observation.error_name() == Some("ThrottlingException")
}

/// Whether an answer is one of those that mean "no such operation".
pub(crate) fn says_unsupported(unsupported: &[Unsupported], observation: &Observation) -> bool {
    unsupported.iter().any(|pattern| {
        pattern.status.is_none_or(|status| status == observation.status)
            && pattern.error_type.as_deref().is_none_or(|name| observation.error_name() == Some(name))
    })
}

/// Whether an import was refused because its token has ended. The material may be right.
pub(crate) fn token_ended(observation: &Observation) -> bool {
    matches!(observation.error_name(), Some("InvalidImportTokenException" | "ExpiredImportTokenException"))
}

/// An answer in a few words.
pub(crate) fn summary(observation: &Observation) -> Text {
    const SHOWN: usize = 200;
    let status = Text::from(format!("{} ", observation.status));
    let message = observation.message.text().filter(|message| !message.is_empty());
    let text = match (&observation.error, message) {
        (Some(error), Some(message)) => status.and(&error.name).and(": ").and(message),
        (Some(error), None) => status.and(&error.name),
        (None, _) => match coding(&observation.headers, &observation.bytes) {
            Some(coding) => status.and(not_kept(&coding)),
            None if is_web_page(observation) => status.and("with a web page"),
            None => status.and(TargetText::of_bytes(&observation.bytes)),
        },
    };
    text.cut(SHOWN)
}

/// Whether an answer is a page for a browser, whose markup tells a reader nothing.
fn is_web_page(observation: &Observation) -> bool {
    let mut types = observation.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-type"));
    types.any(|header| header.value.to_ascii_lowercase().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::summary;
    use crate::normalise::Redactor;
    use crate::test_support::observed;

    #[test]
    fn an_answer_without_a_message_ends_with_its_type() {
        for (body, expected) in [
            (r#"{"__type":"UnknownOperationException","message":"no"}"#, "400 UnknownOperationException: no"),
            (r#"{"__type":"UnknownOperationException","message":""}"#, "400 UnknownOperationException"),
            (r#"{"__type":"UnknownOperationException"}"#, "400 UnknownOperationException"),
        ] {
            assert_eq!(Redactor::default().show(&summary(&observed(400, body))), expected, "{body}");
        }
    }
}

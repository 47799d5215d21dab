//! A refusal and its body on the wire.

use crate::protocol::CONTENT_TYPE;
use serde_json::{Value, json};

/// The beginning of a message about one violated constraint.
pub(crate) const ONE_DETECTED: &str = "1 validation error detected: ";

/// The message of an error, by the spelling of its member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    /// The error has no message.
    None,
    /// `message`, as errors of the operation spell it.
    Lower(String),
    /// `Message`, as errors of the layers in front of the operation spell it.
    Upper(String),
}

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    message: Message,
    /// Whether the request was recognised as one of this protocol.
    is_claimed: bool,
}

impl Refusal {
    /// A client error of the operation.
    pub(crate) fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, error, message: Message::Lower(message.into()), is_claimed: true }
    }

    /// A client error without a message.
    pub(crate) fn bare(error: &'static str) -> Self {
        Self { status: 400, error, message: Message::None, is_claimed: true }
    }

    /// A client error of a layer in front of the operation.
    pub(crate) fn front(error: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, error, message: Message::Upper(message.into()), is_claimed: true }
    }

    /// The refusal of a request that is not of this protocol. Its body is XML, since the client's protocol is unknown.
    pub(crate) fn unclaimed() -> Self {
        Self { status: 404, error: "UnknownOperationException", message: Message::None, is_claimed: false }
    }

    /// The same refusal with another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One refusal for two violated constraints.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let detected = |refusal: &Self| match &refusal.message {
            Message::Lower(text) => text.split_once(ONE_DETECTED).map(|(_, violation)| violation.to_owned()),
            Message::None | Message::Upper(_) => None,
        };
        match (detected(self), detected(other)) {
            (Some(first), Some(second)) => {
                Self::new(self.error, format!("2 validation errors detected: {first}; {second}"))
            }
            _ => self.clone(),
        }
    }

    /// The refusal of a call that the key's state does not allow.
    pub(crate) fn state(arn: &str, state: &str) -> Self {
        Self::new("KMSInvalidStateException", format!("{arn} is {state}."))
    }

    /// The body of the answer and its media type.
    pub(crate) fn body(&self) -> (Vec<u8>, &'static str) {
        if !self.is_claimed {
            return (format!("<{}/>\n", self.error).into_bytes(), "text/xml");
        }
        let mut body = json!({ "__type": self.error });
        match &self.message {
            Message::None => {}
            Message::Lower(text) => body["message"] = Value::String(text.clone()),
            Message::Upper(text) => body["Message"] = Value::String(text.clone()),
        }
        (body.to_string().into_bytes(), CONTENT_TYPE)
    }
}

/// The refusal of a client that exceeds its request rate.
pub(crate) fn throttled() -> Refusal {
    Refusal::new(
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    )
}

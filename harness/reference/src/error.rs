//! A refusal, and how it looks on the wire.

use crate::protocol::CONTENT_TYPE;
use serde_json::{Value, json};

/// What stands in front of a single violated constraint.
pub(crate) const ONE_DETECTED: &str = "1 validation error detected: ";

/// How an error spells its message member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    /// There is none.
    None,
    /// `message`: thrown by the operation.
    Lower(String),
    /// `Message`: made by the layers in front of it.
    Upper(String),
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    message: Message,
    /// Whether the request was for this protocol at all.
    is_claimed: bool,
}

impl Refusal {
    /// A client error that the operation throws.
    pub(crate) fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, error, message: Message::Lower(message.into()), is_claimed: true }
    }

    /// A client error without a message.
    pub(crate) fn bare(error: &'static str) -> Self {
        Self { status: 400, error, message: Message::None, is_claimed: true }
    }

    /// A client error of a layer that spells `Message`.
    pub(crate) fn front(error: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, error, message: Message::Upper(message.into()), is_claimed: true }
    }

    /// A request that is not of this protocol: answered in XML, as nobody can tell what the client reads.
    pub(crate) fn unclaimed() -> Self {
        Self { status: 404, error: "UnknownOperationException", message: Message::None, is_claimed: false }
    }

    /// The same with another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Two violated constraints in one answer.
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

    /// A key in a state that forbids the call.
    pub(crate) fn state(arn: &str, state: &str) -> Self {
        Self::new("KMSInvalidStateException", format!("{arn} is {state}."))
    }

    /// The body and its media type.
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

/// The answer to a client that asks too often.
pub(crate) fn throttled() -> Refusal {
    Refusal::new(
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    )
}

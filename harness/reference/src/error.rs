//! A refusal and its body on the wire.

use crate::protocol::CONTENT_TYPE;
use serde_json::{Value, json};

/// The message of an error, by the spelling of its member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    /// The error has no message.
    None,
    /// `message`, as errors of the operation spell it.
    Lower(String),
    /// `message` about violated constraints, all in one.
    Violations(Vec<String>),
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

    /// What it says, in one line.
    pub(crate) fn message(&self) -> String {
        match &self.message {
            Message::None => String::new(),
            Message::Lower(text) | Message::Upper(text) => text.clone(),
            Message::Violations(texts) => texts.join("; "),
        }
    }

    /// The same refusal with another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The refusal of a member that violates a constraint.
    pub(crate) fn violation(text: String) -> Self {
        Self { status: 400, error: "ValidationException", message: Message::Violations(vec![text]), is_claimed: true }
    }

    /// One refusal for the violated constraints of both.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        if let (Message::Violations(first), Message::Violations(second)) = (&mut self.message, other.message) {
            first.extend(second);
        }
        self
    }

    /// The refusal of an alias that does not exist.
    pub(crate) fn no_alias(arn: &str) -> Self {
        Self::new("NotFoundException", format!("Alias {arn} is not found."))
    }

    /// The service failed, for no reason that it tells.
    pub(crate) fn internal() -> Self {
        Self::new("KMSInternalException", "An internal exception occurred.").with_status(500)
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
            Message::Violations(all) => {
                let errors = if all.len() == 1 { "error" } else { "errors" };
                body["message"] =
                    Value::String(format!("{} validation {errors} detected: {}", all.len(), all.join("; ")));
            }
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

//! What an answer says, as data. Pure; no judgement.

use crate::http::{Header, find};
use crate::json;
use crate::send::Response;
use crate::text::TargetText;
use serde_json::Value;
use std::ops::Range;

/// A body, as far as it can be understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Zero bytes.
    Empty,
    /// JSON.
    Json(Value),
    /// Anything else.
    Other,
}

impl Body {
    /// The JSON of the body, `null` if it is none.
    pub fn json(&self) -> &Value {
        static NOTHING: Value = Value::Null;
        match self {
            Self::Json(value) => value,
            Self::Empty | Self::Other => &NOTHING,
        }
    }
}

/// Where an error's type was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Member `__type`.
    DunderType,
    /// Member `code`.
    Code,
    /// Header `X-Amzn-Errortype`.
    Header,
}

impl Carrier {
    /// The carrier's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DunderType => "__type",
            Self::Code => "code",
            Self::Header => "X-Amzn-Errortype",
        }
    }
}

/// An error's message member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// There is none.
    Absent,
    /// `message`, a string.
    Lower(TargetText),
    /// `Message`, a string.
    Upper(TargetText),
    /// One of them, but no string; what it is instead.
    NotString(TargetText),
}

impl Message {
    /// The text, if there is one.
    pub fn text(&self) -> Option<&TargetText> {
        match self {
            Self::Lower(text) | Self::Upper(text) => Some(text),
            Self::Absent | Self::NotString(_) => None,
        }
    }
}

/// An error's type as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorType {
    /// As on the wire.
    pub raw: TargetText,
    /// Without namespace and URI: what is before the first `:` and, of that, behind the last `#`.
    pub name: TargetText,
    /// Where it was.
    pub carrier: Carrier,
}

/// An answer, understood.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The status code.
    pub status: u16,
    /// The header lines.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
    /// The bytes of the body.
    pub bytes: Vec<u8>,
    /// The error's type, for any status but 2xx.
    pub error: Option<ErrorType>,
    /// The error's message member, for any status but 2xx.
    pub message: Message,
}

impl Observation {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The value of a header in any case, if it is there exactly once and is UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some(header), None) => std::str::from_utf8(&header.value).ok(),
            _ => None,
        }
    }

    /// The error's name, if there is one, to compare it.
    pub fn error_name(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.name.raw())
    }
}

/// Reads an answer.
pub fn observe(response: &Response) -> Observation {
    let body = if response.body.is_empty() {
        Body::Empty
    } else {
        json::parse(&response.body).map_or(Body::Other, Body::Json)
    };
    let is_success = (200..300).contains(&response.status);
    let (error, message) =
        if is_success { (None, Message::Absent) } else { (error_type(&body, &response.headers), message(&body)) };
    Observation {
        status: response.status,
        headers: response.headers.clone(),
        body,
        bytes: response.body.clone(),
        error,
        message,
    }
}

fn error_type(body: &Body, headers: &[Header]) -> Option<ErrorType> {
    let member = |name: &str| match body {
        Body::Json(Value::Object(members)) => members.get(name)?.as_str().map(str::to_owned),
        _ => None,
    };
    let header = || find(headers, "X-Amzn-Errortype").map(|header| header.text().into_owned());
    let (raw, carrier) = member("__type")
        .map(|raw| (raw, Carrier::DunderType))
        .or_else(|| member("code").map(|raw| (raw, Carrier::Code)))
        .or_else(|| header().map(|raw| (raw, Carrier::Header)))?;
    let raw = TargetText::front(&raw, TYPE);
    let name = raw.part(name_in(raw.raw()));
    (!name.is_empty()).then_some(ErrorType { raw, name, carrier })
}

/// Characters that are kept of a type; the longest of AWS with namespace and URI have some hundred.
const TYPE: usize = 512;

/// Characters that are kept of a message; one may repeat a KeyId of more than 2,048. A target that answers with a megabyte must
/// not fill memory and reports with it.
const TEXT: usize = 8192;

/// Where the shape name is inside a discriminator, as the protocol tells clients to read it.
fn name_in(raw: &str) -> Range<usize> {
    let before_uri = raw.split(':').next().unwrap_or_default();
    let name = before_uri.rsplit('#').next().unwrap_or_default();
    let end = before_uri.len() - (name.len() - name.trim_end().len());
    end - name.trim().len()..end
}

fn message(body: &Body) -> Message {
    let Body::Json(Value::Object(members)) = body else {
        return Message::Absent;
    };
    match (members.get("message"), members.get("Message")) {
        (Some(Value::String(text)), _) => Message::Lower(TargetText::front(text, TEXT)),
        (None | Some(Value::Null), Some(Value::String(text))) => Message::Upper(TargetText::front(text, TEXT)),
        (None, None) => Message::Absent,
        (Some(other), _) | (None, Some(other)) => Message::NotString(TargetText::front(&other.to_string(), TEXT)),
    }
}

#[cfg(test)]
mod tests;

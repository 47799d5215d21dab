//! An answer that the proxy can rewrite before it sends it.

use serde_json::Value;
use std::fmt;

/// Which answers of the operation under test are rewritten.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Always,
    Success,
    Error,
    /// Errors of this type.
    ErrorOf(&'static str),
    /// With `Every(3)` every third answer.
    Every(u32),
    /// Answers to requests for which this function returns true.
    Asked(fn(&str) -> bool),
}

/// How an answer marks its end, rightly or wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Length,
    /// Content-Length is wrong by this many bytes.
    LengthOff(i64),
    TwoLengths,
    LengthAndChunked,
    BrokenChunk,
    /// The connection is closed without an answer.
    Closed,
    /// The connection is closed 20 bytes before the end that Content-Length announces.
    Cut,
    /// The body is chunked, without a fault.
    Chunked,
    /// The answer is without a fault, and the connection is closed after it.
    Closing,
    /// More bytes follow after the answer.
    Surplus,
}

/// Which answers are rewritten, and how.
#[derive(Clone, Copy)]
pub(crate) struct Rewrite {
    pub(super) when: When,
    pub(super) change: fn(&mut Reply),
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rewrite").field("when", &self.when).finish_non_exhaustive()
    }
}

/// An answer that the proxy has read and not yet sent.
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) ending: Ending,
}

impl Rewrite {
    /// Whether this answer to `request` is rewritten. `number` counts the answers of the operation under test from 1.
    pub(super) fn covers(&self, request: &str, reply: &Reply, number: u32) -> bool {
        match self.when {
            When::Always => true,
            When::Success => reply.status == 200,
            When::Error => reply.status != 200,
            When::ErrorOf(error) => reply.json()["__type"] == error,
            When::Every(every) => number.is_multiple_of(every),
            When::Asked(is_such) => is_such(request),
        }
    }
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(super) fn set_json(&mut self, value: &Value) {
        self.body = value.to_string().into_bytes();
    }

    pub(super) fn text(&mut self, body: &str) {
        self.body = body.as_bytes().to_vec();
    }

    /// Adds a header, in place of every header of the same name.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn without(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Replaces the type of the error.
    pub(super) fn retype(&mut self, error: &str) {
        let mut value = self.json();
        value["__type"] = Value::String(error.to_owned());
        self.set_json(&value);
    }

    /// The type of the error.
    pub(super) fn error(&self) -> String {
        self.json()["__type"].as_str().unwrap_or_default().to_owned()
    }

    /// Removes the type of the error from the body and returns it.
    pub(super) fn take_error(&mut self) -> String {
        let error = self.error();
        let mut value = self.json();
        if let Some(members) = value.as_object_mut() {
            members.remove("__type");
        }
        self.set_json(&value);
        error
    }

    /// Sets a member of the body.
    pub(super) fn member(&mut self, name: &str, value: Value) {
        let mut body = self.json();
        body[name] = value;
        self.set_json(&body);
    }

    /// Removes a member from the body.
    pub(super) fn without_member(&mut self, name: &str) {
        let mut body = self.json();
        if let Some(members) = body.as_object_mut() {
            members.remove(name);
        }
        self.set_json(&body);
    }

    /// The bytes on the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Status\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.body.len();
        let body = String::from_utf8_lossy(&self.body);
        match self.ending {
            Ending::Closed => return Vec::new(),
            Ending::Length | Ending::Closing | Ending::Surplus => {
                head.push_str(&format!("content-length: {length}\r\n"))
            }
            Ending::LengthOff(off) => {
                let length = i64::try_from(length).unwrap_or_default() + off;
                head.push_str(&format!("content-length: {}\r\n", length.max(0)));
            }
            Ending::TwoLengths => {
                head.push_str(&format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 1))
            }
            Ending::LengthAndChunked => {
                head.push_str(&format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"));
            }
            Ending::BrokenChunk | Ending::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
            Ending::Cut => {
                head.push_str(&format!("content-length: {}\r\n\r\n", length + 20));
                return [head.as_bytes(), &self.body].concat();
            }
        }
        let body = match self.ending {
            Ending::LengthAndChunked => format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
            Ending::BrokenChunk => format!("zz\r\n{body}\r\n0\r\n\r\n"),
            Ending::Chunked if length == 0 => "0\r\n\r\n".to_owned(),
            Ending::Chunked => format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
            Ending::Surplus => format!("{body}surplus"),
            _ => body.into_owned(),
        };
        format!("{head}\r\n{body}").into_bytes()
    }

    /// Whether the connection is closed after this answer.
    pub(super) fn closes(&self) -> bool {
        !matches!(self.ending, Ending::Length | Ending::Chunked)
    }
}

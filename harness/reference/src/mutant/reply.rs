//! An answer that the proxy can rewrite before it sends it.

use super::asked::Asked;
use serde_json::Value;
use std::fmt;

/// Which answers of the operation under test are rewritten.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
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
    /// The answer is without a fault, and the connection is closed after it without a word.
    ClosingUnsaid,
    /// More bytes follow after the answer.
    Surplus,
    /// There is no Content-Length: the end of the connection is the end of the body.
    UntilClose,
}

/// Which answers are rewritten, and how.
#[derive(Clone, Copy)]
pub(crate) enum Rewrite {
    /// These answers of the operation under test are changed.
    Answers(When, fn(&mut Reply)),
    /// Every answer of the operation under test is changed as its request says.
    Answered(fn(&Asked, &mut Reply)),
    /// Requests of the operation under test for which this gives an answer never reach the reference.
    Instead(fn(&Asked) -> Option<Reply>),
    /// Requests of the operation under test for which this gives bytes reach the reference as these bytes.
    Forward(fn(&Asked) -> Option<Vec<u8>>),
    /// Every answer of every operation is changed as its request says.
    Everything(fn(&Asked, &mut Reply)),
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Answers(..) => "Answers",
            Self::Answered(_) => "Answered",
            Self::Instead(_) => "Instead",
            Self::Forward(_) => "Forward",
            Self::Everything(_) => "Everything",
        })
    }
}

/// An answer that the proxy has read and not yet sent.
#[derive(Clone)]
pub(crate) struct Reply {
    /// Bytes before the answer, such as an interim answer.
    pub(super) before: &'static str,
    pub(super) version: &'static str,
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) ending: Ending,
}

impl When {
    /// Whether this answer to `request` is rewritten. `number` counts the answers of the operation under test from 1.
    fn covers(self, request: &Asked, reply: &Reply, number: u32) -> bool {
        match self {
            When::Always => true,
            When::Success => reply.status == 200,
            When::Error => reply.status != 200,
            When::ErrorOf(error) => reply.json()["__type"] == error,
            When::Every(every) => number.is_multiple_of(every),
            When::Asked(is_such) => is_such(&request.text),
        }
    }

    /// Whether this answer to `request` can be among those that are rewritten, whatever came before.
    pub(super) fn can_cover(self, request: &Asked, reply: &Reply) -> bool {
        matches!(self, When::Every(_)) || self.covers(request, reply, 1)
    }
}

impl Rewrite {
    /// The answer that is given before the request reaches the reference, if there is one.
    pub(super) fn instead(self, asked: &Asked) -> Option<Reply> {
        match self {
            Self::Instead(answer) => answer(asked),
            Self::Answers(..) | Self::Answered(_) | Self::Forward(_) | Self::Everything(_) => None,
        }
    }

    /// What the reference gets in place of the request, if it gets something else.
    pub(super) fn forward(self, asked: &Asked) -> Option<Vec<u8>> {
        match self {
            Self::Forward(bytes) => bytes(asked),
            Self::Answers(..) | Self::Answered(_) | Self::Instead(_) | Self::Everything(_) => None,
        }
    }

    /// Changes an answer of the operation under test. `number` counts them from 1.
    pub(super) fn change(self, asked: &Asked, reply: &mut Reply, number: u32) {
        match self {
            Self::Answers(when, change) if when.covers(asked, reply, number) => change(reply),
            Self::Answered(change) | Self::Everything(change) => change(asked, reply),
            Self::Answers(..) | Self::Instead(_) | Self::Forward(_) => {}
        }
    }
}

impl Reply {
    /// An answer that is not the reference's. It has the headers Date and Content-Type.
    pub(super) fn new(status: u16, reason: &'static str, content_type: &str, body: &str) -> Self {
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = vec![("Date".to_owned(), date), ("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            before: "",
            version: "HTTP/1.1",
            status,
            reason,
            headers,
            body: body.as_bytes().to_vec(),
            ending: Ending::Length,
        }
    }

    /// The same answer with one more header.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer, after which the connection is closed.
    pub(super) fn closing(self) -> Self {
        Self { ending: Ending::Closing, ..self.with("Connection", "close") }
    }

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
        let mut head = format!("{}{} {} {}\r\n", self.before, self.version, self.status, self.reason);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.body.len();
        let chunks = |size: &str| [size.as_bytes(), b"\r\n", &self.body, b"\r\n0\r\n\r\n"].concat();
        let framing = match self.ending {
            Ending::Closed => return Vec::new(),
            Ending::Length | Ending::Closing | Ending::ClosingUnsaid | Ending::Surplus => {
                format!("content-length: {length}\r\n")
            }
            Ending::LengthOff(off) => {
                let length = i64::try_from(length).unwrap_or_default() + off;
                format!("content-length: {}\r\n", length.max(0))
            }
            Ending::TwoLengths => format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 1),
            Ending::LengthAndChunked => format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            Ending::BrokenChunk | Ending::Chunked => "transfer-encoding: chunked\r\n".to_owned(),
            Ending::Cut => format!("content-length: {}\r\n", length + 20),
            Ending::UntilClose => String::new(),
        };
        let body = match self.ending {
            Ending::LengthAndChunked => chunks(&format!("{length:x}")),
            Ending::BrokenChunk => chunks("zz"),
            Ending::Chunked if length == 0 => b"0\r\n\r\n".to_vec(),
            Ending::Chunked => chunks(&format!("{length:x}")),
            Ending::Surplus => [&self.body, &b"surplus"[..]].concat(),
            _ => self.body.clone(),
        };
        [head.as_bytes(), framing.as_bytes(), b"\r\n", &body].concat()
    }

    /// Whether the connection is closed after this answer.
    pub(super) fn closes(&self) -> bool {
        !matches!(self.ending, Ending::Length | Ending::Chunked)
    }
}

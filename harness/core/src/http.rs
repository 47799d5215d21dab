//! A request and a header as bytes. All stages share these types; no library has changed the bytes.

use std::time::Duration;

/// One header line. The name keeps its case, and the value keeps its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name as it is sent.
    pub name: String,
    /// The value as it is sent, without the colon and the blank after it.
    pub value: Vec<u8>,
}

impl Header {
    /// A header with this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// The value as text, with bytes that are not UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

/// How the end of the body is marked. The matching header lines are already among the headers of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A Content-Length that is equal to the length of the body.
    ContentLength,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// No header announces a body.
    Absent,
    /// A Content-Length that the case sets, whatever the length of the body is.
    Stated(u64),
}

/// How a request is handed over to the connection. Clients without their own sockets hand it over at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// In as few writes as possible.
    #[default]
    AtOnce,
    /// In so many pieces, half of them of the head and half of the body, with a pause between two.
    Pieces {
        /// How many, at least 1.
        count: usize,
        /// The pause.
        pause: Duration,
    },
    /// Cut inside the end of each line, with a pause at each cut.
    LineEnds {
        /// The pause.
        pause: Duration,
    },
    /// The head first. The body follows when this time has passed or an answer has come, and is sent even then.
    BodyWaits(Duration),
}

/// A request that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method: any token.
    pub method: String,
    /// The request-target, as in the request line.
    pub target: String,
    /// Header lines in the order in which they are sent.
    pub headers: Vec<Header>,
    /// The body, before any transfer coding is applied.
    pub body: Vec<u8>,
    /// How the end of the body is marked.
    pub framing: Framing,
    /// How it is handed over.
    pub delivery: Delivery,
}

impl Request {
    /// The value of the first header with this name; the case of the name is ignored.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        find(&self.headers, name).map(|header| header.value.as_slice())
    }

    /// Replaces the value of the first header with this name and removes further ones, or appends a header.
    pub fn set_header(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let mut value = Some(value.into());
        self.headers.retain_mut(|header| {
            if !header.name.eq_ignore_ascii_case(name) {
                return true;
            }
            match value.take() {
                Some(value) => {
                    header.value = value;
                    true
                }
                None => false,
            }
        });
        if let Some(value) = value {
            self.headers.push(Header::new(name, value));
        }
    }

    /// Removes every header with this name.
    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
    }
}

/// The first header with this name; the case of the name is ignored.
pub fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a Header> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))
}

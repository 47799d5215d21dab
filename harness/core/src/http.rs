//! The vocabulary that all stages share: a request and a header as bytes, before any library has touched them.

/// One header line. The name keeps its case, the value its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name as on the wire.
    pub name: String,
    /// The value as on the wire, without the colon and the blank after it.
    pub value: Vec<u8>,
}

impl Header {
    /// A header of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// The value as text, with bytes that are not UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

/// How the body's end is marked. The header lines that say so are already among the request's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A Content-Length equal to the body's bytes.
    ContentLength,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// No header says that there is a body.
    Absent,
    /// A Content-Length that a case made up.
    Stated(u64),
}

/// A request as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, any token.
    pub method: String,
    /// The request-target, as on the request line.
    pub target: String,
    /// Header lines in the order in which they are sent.
    pub headers: Vec<Header>,
    /// The body before any transfer coding.
    pub body: Vec<u8>,
    /// How the body's end is marked.
    pub framing: Framing,
}

impl Request {
    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        find(&self.headers, name).map(|header| header.value.as_slice())
    }

    /// Replaces the first header of this name where it stands and drops further ones, or appends one.
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

    /// Drops every header of this name.
    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
    }
}

/// The first header of this name, in any case.
pub fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a Header> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))
}

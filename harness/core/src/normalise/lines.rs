//! Requests and answers line by line, as a person reads them and as recordings keep them.

use super::coding::{coding, not_kept};
use super::invisible::is_invisible;
use super::redact::{Redactor, SECRET_HEADERS, secret_value};
use crate::http::{Framing, Header, Request};
use crate::send::{Response, ResponseFraming, Version};
use crate::text::place_of_cut;

/// Headers of answers whose values are shown. What another holds, nobody knows; that it is there is told.
const SHOWN_HEADERS: &[&str] = &[
    "access-control-allow-origin",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "expires",
    "keep-alive",
    "pragma",
    "retry-after",
    "server",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amzn-errortype",
    "x-amzn-query-error",
    "x-amzn-requestid",
    "x-content-type-options",
];

/// How the value of a header that is not shown begins.
pub(crate) const PRESENT: &str = "<present, ";

/// Characters of a line that a report shows.
const SHOWN: usize = 2048;

/// A request or an answer, line by line, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The request line or the status line.
    pub start: String,
    /// Header lines, names as on the wire.
    pub headers: Vec<(String, String)>,
    /// The line that tells the body's length and framing, with its parentheses.
    pub framing: String,
    /// The body, escaped; absent when it has no bytes.
    pub body: Option<String>,
}

impl Message {
    /// A request.
    pub fn of_request(request: &Request, redactor: &Redactor) -> Self {
        let framing = match request.framing {
            Framing::ContentLength => "content-length".to_owned(),
            Framing::Chunked => "chunked".to_owned(),
            Framing::Absent => "without framing".to_owned(),
            Framing::Stated(length) => format!("stated as {length}"),
        };
        let start = format!("{} {} HTTP/1.1", request.method, request.target);
        Self::of(&start, &request.headers, |_| true, (&request.body, None), &framing, redactor)
    }

    /// An answer. What came around it (interim answers, bytes behind it) is told with the framing.
    pub fn of_response(response: &Response, redactor: &Redactor) -> Self {
        let mut framing = match &response.framing {
            ResponseFraming::None => "none".to_owned(),
            ResponseFraming::Length(_) => "content-length".to_owned(),
            ResponseFraming::Chunked => "chunked".to_owned(),
            ResponseFraming::UntilClose => "until close".to_owned(),
            ResponseFraming::Ambiguous(why) => format!("ambiguous: {}", escape(why.flat().raw().as_bytes())),
        };
        for status in &response.interim {
            framing.push_str(&format!(", behind an interim {status}"));
        }
        if response.leftover > 0 {
            framing.push_str(&format!(", {} more bytes behind it", response.leftover));
        }
        let version = match response.version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
            Version::Http2 => "HTTP/2",
        };
        let start = format!("{version} {} {}", response.status, response.reason);
        let is_shown = |name: &str| SHOWN_HEADERS.contains(&name);
        let body = (response.body.as_slice(), coding(&response.headers, &response.body));
        Self::of(start.trim_end(), &response.headers, is_shown, body, &framing, redactor)
    }

    fn of(
        start: &str,
        headers: &[Header],
        is_shown: impl Fn(&str) -> bool,
        (body, coding): (&[u8], Option<String>),
        framing: &str,
        redactor: &Redactor,
    ) -> Self {
        let kept = || match &coding {
            Some(coding) => not_kept(coding),
            None => redactor.redact(&readable(&redactor.redact_front(body, KEPT), redactor)),
        };
        let headers = headers.iter().map(|header| {
            let name = header.name.to_ascii_lowercase();
            let value = match SECRET_HEADERS.contains(&name.as_str()) {
                true => secret_value(&header.text()),
                false if is_shown(&name) => readable(&redactor.redact_bytes(&header.value), redactor),
                false => format!("{PRESENT}{} bytes>", header.value.len()),
            };
            (redactor.redact(&header.name), redactor.redact(&value))
        });
        Self {
            start: redactor.redact(&escape(start.as_bytes())),
            headers: headers.collect(),
            framing: redactor.redact(&format!("(body: {} bytes, {framing})", body.len())),
            body: (!body.is_empty()).then(kept),
        }
    }

    /// The lines, whole.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        [self.start.clone()].into_iter().chain(headers).chain([self.framing.clone()]).chain(self.body.clone())
    }

    /// The lines, long ones cut: secrets are gone by now, half of one would not have been recognised.
    pub fn shown(&self) -> Vec<String> {
        self.lines().map(|line| cut(line, SHOWN)).collect()
    }
}

/// Bytes of a body that are kept: far more than a whole answer of KMS has, and little enough that the answers of a whole
/// run fit into memory.
pub(super) const KEPT: usize = 16 * 1024;

/// Bytes as a text in which what is not shown is still found: in hexadecimal, as other bytes are shown, it would not be.
fn readable(bytes: &[u8], redactor: &Redactor) -> String {
    match std::str::from_utf8(bytes).is_err() && redactor.hides(bytes) {
        true => escape(String::from_utf8_lossy(bytes).as_bytes()),
        false => escape(bytes),
    }
}

/// At most so many characters of a line.
pub(super) fn cut(line: String, characters: usize) -> String {
    match place_of_cut(&line, characters) {
        Some(at) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// The lines of a request as a person reads them: secrets replaced, control characters visible, the body at the end
/// with its length.
pub fn request_lines(request: &Request, redactor: &Redactor) -> Vec<String> {
    Message::of_request(request, redactor).shown()
}

/// The lines of an answer as a person reads them.
pub fn response_lines(response: &Response, redactor: &Redactor) -> Vec<String> {
    Message::of_response(response, redactor).shown()
}

/// Text with control characters visible; bytes that are no text as hex.
pub fn escape(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let mut escaped = String::with_capacity(text.len());
            for letter in text.chars() {
                match letter {
                    ' '..='~' | '…' => escaped.push(letter),
                    letter if letter.is_alphanumeric() && !is_invisible(letter) => escaped.push(letter),
                    letter => escaped.extend(letter.escape_default()),
                }
            }
            // A blank at the end would be lost to readers and to tools that trim.
            match escaped.strip_suffix(' ') {
                Some(rest) => format!("{rest}\\u{{20}}"),
                None => escaped,
            }
        }
        Err(_) => format!("hex:{}", hex::encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        assert_eq!(escape(b"a\r\n"), "a\\r\\n");
        assert_eq!(escape(b"a "), "a\\u{20}");
        assert_eq!(escape(b"\xff\x00"), "hex:ff00");
        assert_eq!(escape("\u{feff}{}".as_bytes()), "\\u{feff}{}");
        // A letter that is a blank to the eye.
        assert_eq!(escape("é\u{3164}".as_bytes()), "é\\u{3164}");
    }
}

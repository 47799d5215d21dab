//! Requests and answers line by line, as a person reads them and as recordings keep them.

use super::coding::{coding, not_kept};
use super::invisible::is_invisible;
use super::redact::{BETWEEN, Redactor, SECRET_HEADERS, secret_value};
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
        let length = length(&request.body, &framing);
        Raw { start: &start, headers: &request.headers, is_shown: |_| true, body: &request.body, coding: None, length }
            .without_secrets(redactor)
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
        Raw {
            start: start.trim_end(),
            headers: &response.headers,
            is_shown: |name| is_among(SHOWN_HEADERS, name),
            body: &response.body,
            coding: coding(&response.headers, &response.body),
            length: length(&response.body, &framing),
        }
        .without_secrets(redactor)
    }

    /// The lines, whole.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.clone().into_lines()
    }

    /// The lines, long ones cut: secrets are gone by now, half of one would not have been recognised.
    pub fn shown(&self) -> Vec<String> {
        self.clone().into_shown()
    }

    /// As [`Self::shown`], for a message that is not needed afterwards.
    fn into_shown(self) -> Vec<String> {
        self.into_lines().map(|line| cut(line, SHOWN)).collect()
    }

    fn into_lines(self) -> impl Iterator<Item = String> {
        let headers = self.headers.into_iter().map(|(mut line, value)| {
            line.push_str(": ");
            line.push_str(&value);
            line
        });
        [self.start].into_iter().chain(headers).chain([self.framing]).chain(self.body)
    }
}

/// The line that tells a body's length and framing.
fn length(body: &[u8], framing: &str) -> String {
    format!("(body: {} bytes, {framing})", body.len())
}

/// A message from which nothing is taken yet.
struct Raw<'a> {
    start: &'a str,
    headers: &'a [Header],
    /// Whether the value of a header is shown, by its name.
    is_shown: fn(&str) -> bool,
    body: &'a [u8],
    /// How the body is compressed.
    coding: Option<String>,
    length: String,
}

impl Raw<'_> {
    fn without_secrets(&self, redactor: &Redactor) -> Message {
        self.plain(redactor).unwrap_or_else(|| self.hidden(redactor))
    }

    /// The message as it is, if every letter of it can be shown and nothing has to be hidden. One look at the whole is enough
    /// to know that; most messages are such.
    fn plain(&self, redactor: &Redactor) -> Option<Message> {
        if self.coding.is_some() || self.body.len() > KEPT {
            return None;
        }
        let mut whole = Vec::with_capacity(ORDINARY);
        let mut ends = Vec::new();
        let mut add = |part: &[u8]| {
            whole.extend_from_slice(part);
            ends.push(whole.len());
            whole.extend_from_slice(BETWEEN.as_bytes());
        };
        add(self.start.as_bytes());
        for header in self.headers {
            add(header.name.as_bytes());
            match self.instead(header) {
                Some(instead) => add(instead.as_bytes()),
                None => add(&header.value),
            }
        }
        add(self.length.as_bytes());
        add(self.body);
        let whole = printable(&whole, &ends).filter(|whole| redactor.is_clean(whole))?;
        let mut parts = ends.iter().scan(0, |from, end| {
            let part = &whole[*from..*end];
            *from = end + BETWEEN.len();
            Some(part.to_owned())
        });
        let start = parts.next()?;
        let headers = self.headers.iter().map_while(|_| Some((parts.next()?, parts.next()?))).collect();
        let (framing, body) = (parts.next()?, parts.next()?);
        Some(Message { start, headers, framing, body: (!body.is_empty()).then_some(body) })
    }

    /// The message, part by part without what has to be hidden.
    fn hidden(&self, redactor: &Redactor) -> Message {
        let headers = self.headers.iter().map(|header| {
            let value = self.instead(header);
            let value = value.unwrap_or_else(|| readable(&redactor.redact_bytes(&header.value), redactor));
            (redactor.redact(&header.name), redactor.redact(&value))
        });
        let kept = || match &self.coding {
            Some(coding) => not_kept(coding),
            None => redactor.redact(&readable(&redactor.redact_front(self.body, KEPT), redactor)),
        };
        Message {
            start: redactor.redact(&escape(self.start.as_bytes())),
            headers: headers.collect(),
            framing: redactor.redact(&self.length),
            body: (!self.body.is_empty()).then(kept),
        }
    }

    /// What stands for the value of a header that is a secret or not shown.
    fn instead(&self, header: &Header) -> Option<String> {
        match is_among(SECRET_HEADERS, &header.name) {
            true => Some(secret_value(&header.text())),
            false if (self.is_shown)(&header.name) => None,
            false => Some(format!("{PRESENT}{} bytes>", header.value.len())),
        }
    }
}

/// Whether names in lower case have this one, in any case.
fn is_among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// These bytes as text, if [`escape`] would change none of the parts in them, and none has an escape or an entity. `ends` tells
/// where each part ends.
fn printable<'a>(bytes: &'a [u8], ends: &[usize]) -> Option<&'a str> {
    let is_plain = |byte: &u8| PLAIN[usize::from(*byte)];
    let has_blank_end = || ends.iter().any(|end| bytes[..*end].ends_with(b" "));
    let text = if bytes.iter().all(is_plain) { std::str::from_utf8(bytes).ok() } else { None };
    text.filter(|_| !has_blank_end())
}

/// The bytes of which such parts are made.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'\\' && byte != b'&';
        byte += 1;
    }
    plain
};

/// Bytes that an ordinary message has at most.
const ORDINARY: usize = 1024;

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
    Message::of_request(request, redactor).into_shown()
}

/// The lines of an answer as a person reads them.
pub fn response_lines(response: &Response, redactor: &Redactor) -> Vec<String> {
    Message::of_response(response, redactor).into_shown()
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
    use proptest::prelude::*;

    /// Texts of a message, many of which have something to hide.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a",
            " ",
            "=",
            "%",
            "\\",
            "&",
            ";",
            ":",
            "…",
            "é",
            "\n",
            "a-s3cr3t-k3y",
            "a-s3cr3t",
            "-k3y",
            "a%2Ds3cr3t-k3y",
            "a\\u002ds3cr3t-k3y",
            "Signature=",
            "0a1b",
            "<signature>",
            "AKIAABCDEFGHIJKLMNOP",
            "https://",
            "joe:pw",
            "@h",
            "\"ImportToken\":\"",
            "77:4a:61:6c:72:58:55:74:6e",
            "123456789012",
            "%2561",
            "&gt",
            "%5c",
        ]);
        prop::collection::vec(pieces, 0..5).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_message_that_is_shown_as_it_is_has_nothing_to_hide(
            start in texts(), name in texts(), values in prop::collection::vec(texts(), 0..3), body in texts(),
        ) {
            let redactor = Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret-access-key>")]);
            let names = [name.as_str(), "Host", "Authorization"];
            let headers: Vec<Header> = names.iter().zip(&values).map(|(name, value)| Header::new(*name, value.as_str())).collect();
            let (body, length) = (body.as_bytes(), "(body)".to_owned());
            let raw = Raw { start: &start, headers: &headers, is_shown: |_| true, body, coding: None, length };
            if let Some(plain) = raw.plain(&redactor) {
                prop_assert_eq!(plain, raw.hidden(&redactor));
            }
        }
    }

    #[test]
    fn an_ordinary_request_is_shown_after_one_look() {
        let redactor = Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret-access-key>")]);
        let headers = [
            ("Host", "kms.us-east-2.amazonaws.com"),
            ("Content-Type", "application/x-amz-json-1.1"),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261126/us-east-2/kms/aws4_request, SignedHeaders=host, Signature=0a1b",
            ),
        ];
        let headers = headers.map(|(name, value)| Header::new(name, value));
        let body = br#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
        let length = length(body, "content-length");
        let raw = Raw { start: "POST / HTTP/1.1", headers: &headers, is_shown: |_| true, body, coding: None, length };
        assert!(raw.plain(&redactor).is_some());
    }

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

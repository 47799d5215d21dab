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
        let framing = format!("(body: {} bytes, {framing})", body.len());
        let is_short = coding.is_none() && body.len() <= KEPT;
        let plain = is_short.then(|| Self::plain(start, headers, &is_shown, body, &framing, redactor)).flatten();
        plain.unwrap_or_else(|| Self::hiding(start, headers, is_shown, (body, coding), &framing, redactor))
    }

    /// The message without what has to be hidden.
    fn hiding(
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
                false => present(header),
            };
            (redactor.redact(&header.name), redactor.redact(&value))
        });
        Self {
            start: redactor.redact(&escape(start.as_bytes())),
            headers: headers.collect(),
            framing: redactor.redact(framing),
            body: (!body.is_empty()).then(kept),
        }
    }

    /// The message as it is, if every letter of it can be shown and nothing has to be hidden. Most messages are such, and one
    /// look at the whole takes a fifth of the time that looks at each part take.
    fn plain(
        start: &str,
        headers: &[Header],
        is_shown: impl Fn(&str) -> bool,
        body: &[u8],
        framing: &str,
        redactor: &Redactor,
    ) -> Option<Self> {
        let mut whole = String::new();
        let mut part = |bytes: &[u8]| {
            let text = printable(bytes)?.to_owned();
            whole.push_str(&text);
            // No sign of a coding, and nothing that can stand inside a secret.
            whole.push(';');
            Some(text)
        };
        let start = part(start.as_bytes())?;
        let headers = headers.iter().map(|header| {
            let name = header.name.to_ascii_lowercase();
            let value = match SECRET_HEADERS.contains(&name.as_str()) {
                true => part(secret_value(&header.text()).as_bytes())?,
                false if is_shown(&name) => part(&header.value)?,
                false => part(present(header).as_bytes())?,
            };
            Some((part(header.name.as_bytes())?, value))
        });
        let headers = headers.collect::<Option<_>>()?;
        let framing = part(framing.as_bytes())?;
        let body = if body.is_empty() { None } else { Some(part(body)?) };
        redactor.is_clean(&whole).then_some(Self { start, headers, framing, body })
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

/// What stands for a header's value that is not shown.
fn present(header: &Header) -> String {
    format!("{PRESENT}{} bytes>", header.value.len())
}

/// The text of bytes that [`escape`] leaves as they are.
fn printable(bytes: &[u8]) -> Option<&str> {
    let is_plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && !bytes.ends_with(b" ");
    std::str::from_utf8(bytes).ok().filter(|_| is_plain)
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
            let (body, framing) = (body.as_bytes(), "(body)");
            if let Some(plain) = Message::plain(&start, &headers, |_| true, body, framing, &redactor) {
                prop_assert_eq!(plain, Message::hiding(&start, &headers, |_| true, (body, None), framing, &redactor));
            }
        }
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

//! What varies is replaced by name: secrets always, and everything that changes from run to run for snapshots. Pure.
//!
//! Placeholders keep identity: one value is always one placeholder, and two values never share one.

use crate::http::{Framing, Header, Request};
use crate::plan::World;
use crate::send::{Response, ResponseFraming};
use regex_lite::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Header lines whose values are secrets or made with one.
const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// Replaces secrets in anything that leaves the program.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<(String, &'static str)>,
}

impl Redactor {
    /// A redactor of these values; empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let secrets = secrets.into_iter().filter(|(value, _)| !value.is_empty());
        // Bytes that are no text are shown as hex.
        let mut secrets: Vec<_> =
            secrets.flat_map(|(value, name)| [(hex::encode(&value), name), (value, name)]).collect();
        // The longest first, in case one secret contains another.
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self { secrets }
    }

    /// The text without secrets and signatures.
    pub fn redact(&self, text: &str) -> String {
        static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(Signature=)[^\s,&]+"));
        // Import tokens and wrapped material are as good as secrets.
        static MATERIAL: LazyLock<Regex> =
            LazyLock::new(|| pattern(r#"("(?:ImportToken|EncryptedKeyMaterial)"\s*:\s*")[^"]*"#));
        let text = SIGNATURE.replace_all(text, "${1}<signature>");
        let mut text = MATERIAL.replace_all(&text, "${1}<removed>").into_owned();
        for (secret, placeholder) in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), placeholder);
            }
        }
        text
    }
}

/// The lines of a request as a person reads them: secrets replaced, control characters visible, the body at the end
/// with its length.
pub fn request_lines(request: &Request, redactor: &Redactor) -> Vec<String> {
    let mut lines = vec![format!("{} {} HTTP/1.1", request.method, request.target)];
    lines.extend(request.headers.iter().map(header_line));
    let framing = match request.framing {
        Framing::ContentLength => "content-length".to_owned(),
        Framing::Chunked => "chunked".to_owned(),
        Framing::Absent => "without framing".to_owned(),
        Framing::Stated(length) => format!("stated as {length}"),
    };
    lines.extend(body_lines(&request.body, &framing));
    shown(&lines, redactor)
}

/// The lines of an answer as a person reads them.
pub fn response_lines(response: &Response, redactor: &Redactor) -> Vec<String> {
    let mut lines =
        vec![format!("HTTP/1.1 {} {}", response.status, escape(response.reason.as_bytes())).trim_end().to_owned()];
    lines.extend(response.headers.iter().map(header_line));
    let framing = match &response.framing {
        ResponseFraming::None => "none".to_owned(),
        ResponseFraming::Length(_) => "content-length".to_owned(),
        ResponseFraming::Chunked => "chunked".to_owned(),
        ResponseFraming::UntilClose => "until close".to_owned(),
        ResponseFraming::Ambiguous(why) => format!("ambiguous: {why}"),
    };
    lines.extend(body_lines(&response.body, &framing));
    shown(&lines, redactor)
}

fn header_line(header: &Header) -> String {
    if SECRET_HEADERS.contains(&header.name.to_ascii_lowercase().as_str()) {
        return format!("{}: {}", header.name, secret_value(&header.text()));
    }
    format!("{}: {}", header.name, escape(&header.value))
}

/// An Authorization value without what a key made: scope and list of signed headers stay, since cases are about them.
fn secret_value(value: &str) -> String {
    static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"Credential=[^/,\s]+"));
    static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"Signature=[^,\s]*"));
    if !value.contains("Credential=") && !value.contains("Signature=") && !value.contains("SignedHeaders=") {
        return if value.is_empty() { String::new() } else { format!("<{} characters>", value.len()) };
    }
    let value = CREDENTIAL.replace_all(value, "Credential=<access-key-id>");
    SIGNATURE.replace_all(&value, "Signature=<signature>").into_owned()
}

fn body_lines(body: &[u8], framing: &str) -> Vec<String> {
    let mut lines = vec![format!("(body: {} bytes, {framing})", body.len())];
    if !body.is_empty() {
        lines.push(escape(body));
    }
    lines
}

/// Lines without secrets, and only then cut: half a secret would not be recognised.
fn shown(lines: &[String], redactor: &Redactor) -> Vec<String> {
    const SHOWN: usize = 2048;
    let cut = |line: String| match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    };
    lines.iter().map(|line| cut(redactor.redact(line))).collect()
}

/// Text with control characters visible; bytes that are no text as hex.
pub fn escape(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let mut escaped = String::with_capacity(text.len());
            for letter in text.chars() {
                match letter {
                    ' '..='~' => escaped.push(letter),
                    letter if letter.is_alphanumeric() => escaped.push(letter),
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

/// Replaces what varies from run to run.
#[derive(Clone, Debug, Default)]
pub struct Normaliser {
    known: Vec<(String, String)>,
    seen: HashMap<(&'static str, String), usize>,
    counts: HashMap<&'static str, usize>,
}

impl Normaliser {
    /// A normaliser that knows the names of this world.
    pub fn new(world: &World) -> Self {
        let mut known = Vec::new();
        let mut add = |value: &str, placeholder: &str| {
            if !value.is_empty() {
                known.push((value.to_owned(), placeholder.to_owned()));
            }
        };
        for (names, label) in [(&world.key, "key"), (&world.other, "other-key")] {
            let Some(names) = names else { continue };
            add(&names.arn, &format!("<{label}-arn>"));
            add(&names.id, &format!("<{label}-id>"));
            add(&names.id.replace('-', ""), &format!("<{label}-id-without-dashes>"));
            for (value, part) in [
                (&names.alias_arn, "alias-arn"),
                (&names.alias, "alias"),
                (&names.material_id, "material-id"),
                (&names.new_material_id, "new-material-id"),
            ] {
                add(value.as_deref().unwrap_or_default(), &format!("<{label}-{part}>"));
            }
        }
        add(&world.absent.id, "<absent-id>");
        add(&world.absent.id.replace('-', ""), "<absent-id-without-dashes>");
        add(&world.run, "<run>");
        add(&world.host, "<host>");
        add(world.account.as_deref().unwrap_or_default(), "<account>");
        // The longest first: an ARN contains its id.
        known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let mut both = Vec::new();
        for (value, placeholder) in known {
            let upper = value.to_uppercase();
            if upper != value {
                both.push((upper, format!("{placeholder}-in-upper-case")));
            }
            both.push((value, placeholder));
        }
        Self { known: both, ..Self::default() }
    }

    /// The text with placeholders.
    pub fn normalise(&mut self, text: &str) -> String {
        static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
            vec![
                ("uuid", pattern(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")),
                ("material-id", pattern(r"\b[0-9a-f]{64}\b")),
            ]
        });
        // Clocks go on and ciphers are random, so that two of these being equal says nothing.
        static UNNUMBERED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
            vec![
                ("${1}<blob>", pattern(r#"("(?:CiphertextBlob|Mac|Signature|PublicKey)"\s*:\s*")[^"]*"#)),
                (
                    "<date-time>",
                    pattern(r"\b[0-9]{8}T[0-9]{6}Z|\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
                ),
                (
                    "<http-date>",
                    pattern(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"),
                ),
                ("<date>", pattern(r"\b20[0-9]{6}\b")),
                ("<time>", pattern(r"\b1[0-9]{9}(?:\.[0-9]+)?\b|\b[12]\.[0-9]+E9\b")),
            ]
        });
        let mut text = text.to_owned();
        for (value, placeholder) in &self.known {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), placeholder);
            }
        }
        for (kind, pattern) in PATTERNS.iter() {
            text =
                pattern.replace_all(&text, |captures: &Captures<'_>| self.placeholder(kind, &captures[0])).into_owned();
        }
        // After them, since the digits of a UUID can look like a date.
        for (placeholder, pattern) in UNNUMBERED.iter() {
            text = pattern.replace_all(&text, *placeholder).into_owned();
        }
        text
    }

    fn placeholder(&mut self, kind: &'static str, value: &str) -> String {
        let counts = &mut self.counts;
        let number = self.seen.entry((kind, value.to_owned())).or_insert_with(|| {
            let count = counts.entry(kind).or_default();
            *count += 1;
            *count
        });
        format!("<{kind}-{number}>")
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{KeyNames, World};

    #[test]
    fn one_value_is_one_placeholder_and_two_values_are_two() {
        let mut normaliser = Normaliser::new(&World::default());
        let text = normaliser.normalise(
            "0b7fd7dd-0000-4000-8000-000000000001 0b7fd7dd-0000-4000-8000-000000000002 0b7fd7dd-0000-4000-8000-000000000001",
        );
        assert_eq!(text, "<uuid-1> <uuid-2> <uuid-1>");
    }

    #[test]
    fn an_arn_is_replaced_before_the_id_inside_it() {
        let key = KeyNames { id: "k-1".into(), arn: "arn:aws:kms:r:1:key/k-1".into(), ..KeyNames::default() };
        let mut normaliser = Normaliser::new(&World { key: Some(key), ..World::default() });
        assert_eq!(normaliser.normalise("arn:aws:kms:r:1:key/k-1 and k-1"), "<key-arn> and <key-id>");
    }

    #[test]
    fn secrets_and_signatures_do_not_pass() {
        let redactor = Redactor::new([("s3cr3t".to_owned(), "<secret>")]);
        assert_eq!(redactor.redact("a s3cr3t, Signature=0a1b, b"), "a <secret>, Signature=<signature>, b");
        assert_eq!(redactor.redact(r#"{"ImportToken": "abc","x":1}"#), r#"{"ImportToken": "<removed>","x":1}"#);
        let header = Header::new(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=00",
        );
        assert_eq!(
            header_line(&header),
            "Authorization: AWS4-HMAC-SHA256 Credential=<access-key-id>/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=<signature>"
        );
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        assert_eq!(escape(b"a\r\n"), "a\\r\\n");
        assert_eq!(escape(b"a "), "a\\u{20}");
        assert_eq!(escape(b"\xff\x00"), "hex:ff00");
        assert_eq!(escape("\u{feff}{}".as_bytes()), "\\u{feff}{}");
    }
}

use super::explanation;
use crate::config::Config;
use crate::request::Incoming;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, SystemTime};

const BODY: &str = "{ \"KeyId\":  \"a\" }\n";
const DATE: &str = "20260101T000000Z";
const NAMES: &str = "content-type;host;x-amz-date;x-amz-meta-two;x-amz-target";
const SECRET: &str = "trentcheck-dummy-secret-primary";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A signature written down as text by a signer that shares nothing with the code under test but its hash functions.
struct Signer {
    canonical: String,
    /// `HASH` stands for the hash of the canonical request.
    to_sign: String,
    secret: String,
    parts: Vec<String>,
    names: String,
    credential: String,
    spelled: fn(&[u8]) -> String,
    hashed: fn(&str) -> String,
    hands_on: fn(Vec<u8>) -> Vec<u8>,
    headers: Vec<(&'static str, String)>,
    query: String,
}

fn sha(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn right() -> Signer {
    let scope = "20260101/us-east-2/kms/aws4_request";
    let lines = format!(
        "content-type:application/x-amz-json-1.1\nhost:127.0.0.1:4566\nx-amz-date:{DATE}\nx-amz-meta-two:a b,c\n\
         x-amz-target:TrentService.DescribeKey\n"
    );
    Signer {
        canonical: format!("POST\n/\n\n{lines}\n{NAMES}\n{}", sha(BODY)),
        to_sign: format!("AWS4-HMAC-SHA256\n{DATE}\n{scope}\nHASH"),
        secret: format!("AWS4{SECRET}"),
        parts: scope.split('/').map(str::to_owned).collect(),
        names: NAMES.to_owned(),
        credential: format!("AKIDTRENTCHECK000001/{scope}"),
        spelled: |bytes| hex::encode(bytes),
        hashed: sha,
        hands_on: |key| key,
        headers: vec![
            ("host", "127.0.0.1:4566".to_owned()),
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-date", DATE.to_owned()),
            ("x-amz-target", "TrentService.DescribeKey".to_owned()),
            ("x-amz-meta-two", "a  b".to_owned()),
            ("x-amz-meta-two", "c".to_owned()),
            ("user-agent", "signer/1".to_owned()),
        ],
        query: String::new(),
    }
}

impl Signer {
    fn replace(&mut self, from: &str, to: &str) {
        assert!(self.canonical.contains(from), "{from}: {}", self.canonical);
        self.canonical = self.canonical.replacen(from, to, 1);
    }

    fn request(self) -> Incoming {
        let to_sign = self.to_sign.replace("HASH", &(self.hashed)(&self.canonical));
        let key = self.parts.iter().fold(self.secret.into_bytes(), |key, part| (self.hands_on)(mac(&key, part)));
        let signature = (self.spelled)(&mac(&key, &to_sign));
        let mut headers: Vec<(String, String)> =
            self.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        headers.push((
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={signature}",
                self.credential, self.names
            ),
        ));
        Incoming {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: self.query,
            headers,
            body: BODY.into(),
            behind: Default::default(),
        }
    }
}

fn new_year() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn explained(change: impl FnOnce(&mut Signer)) -> Option<String> {
    let mut signer = right();
    change(&mut signer);
    let config = Config { clock: new_year, ..Config::default() };
    explanation(&config, "us-east-2", &signer.request())
}

#[test]
fn a_right_signature_needs_no_explanation() {
    assert_eq!(explained(|_| {}), None);
}

type Row = (&'static str, &'static str, fn(&mut Signer));

const CANONICAL: &str = "canonical request";
const TO_SIGN: &str = "string to sign";

#[rustfmt::skip]
const MISTAKES: &[Row] = &[
    (CANONICAL, "the hash of an empty body", |signer| signer.replace(&sha(BODY), EMPTY)),
    (CANONICAL, "UNSIGNED-PAYLOAD in place of", |signer| signer.replace(&sha(BODY), "UNSIGNED-PAYLOAD")),
    (CANONICAL, "the hash of the body in capitals", |signer| signer.replace(&sha(BODY), &sha(BODY).to_uppercase())),
    (CANONICAL, "the body itself in place of its hash", |signer| signer.replace(&sha(BODY), BODY)),
    (CANONICAL, "without the white space around it", |signer| signer.replace(&sha(BODY), &sha(BODY.trim()))),
    (CANONICAL, "with a line end after it", |signer| signer.replace(&sha(BODY), &sha(&format!("{BODY}\n")))),
    (CANONICAL, "a line end (CR LF) after it", |signer| signer.replace(&sha(BODY), &sha(&format!("{BODY}\r\n")))),
    (CANONICAL, "a zero byte after it", |signer| signer.replace(&sha(BODY), &sha(&format!("{BODY}\0")))),
    (CANONICAL, "JSON written without white space", |signer| signer.replace(&sha(BODY), &sha("{\"KeyId\":\"a\"}"))),
    (CANONICAL, "JSON written laid out", |signer| signer.replace(&sha(BODY), &sha("{\n  \"KeyId\": \"a\"\n}"))),
    (CANONICAL, "what X-Amz-Content-Sha256 says", |signer| {
        let other = sha("another body");
        signer.replace(&sha(BODY), &other);
        signer.headers.push(("x-amz-content-sha256", other));
    }),
    (CANONICAL, "does not fold the white space", |signer| signer.replace("a b,c", "a  b,c")),
    (CANONICAL, "with `, ` in place of `,`", |signer| signer.replace("a b,c", "a  b, c")),
    (CANONICAL, "a blank after the colon", |signer| {
        for name in NAMES.split(';') {
            signer.replace(&format!("{name}:"), &format!("{name}: "));
        }
    }),
    (CANONICAL, "the values of headers in small letters", |signer| {
        signer.replace("TrentService.DescribeKey", "trentservice.describekey");
        signer.replace(":20260101T000000Z", ":20260101t000000z");
    }),
    (CANONICAL, "it sorts the headers, and lists", |signer| {
        signer.names = "host;content-type;x-amz-date;x-amz-meta-two;x-amz-target".to_owned();
        signer.replace(NAMES, "host;content-type;x-amz-date;x-amz-meta-two;x-amz-target");
    }),
    (CANONICAL, "names of the headers sorted, and lists them in another order", |signer| {
        signer.names = "host;content-type;x-amz-date;x-amz-meta-two;x-amz-target".to_owned();
    }),
    (CANONICAL, "leaves out the empty line", |signer| signer.replace("DescribeKey\n\n", "DescribeKey\n")),
    (CANONICAL, "two empty lines", |signer| signer.replace("DescribeKey\n\n", "DescribeKey\n\n\n")),
    (CANONICAL, "with `,` in place of `;`", |signer| signer.replace(NAMES, &NAMES.replace(';', ","))),
    (CANONICAL, "does not write the names of the headers in small letters", |signer| {
        signer.names = NAMES.replace("content-type", "Content-Type");
        signer.replace("content-type:", "Content-Type:");
        signer.replace(NAMES, &NAMES.replace("content-type", "Content-Type"));
    }),
    (CANONICAL, "in capitals and signs them in small letters", |signer| {
        signer.names = NAMES.replace("content-type", "Content-Type");
    }),
    (CANONICAL, "the host without its port", |signer| signer.replace("host:127.0.0.1:4566", "host:127.0.0.1")),
    (CANONICAL, "the host with the port 80", |signer| signer.replace("host:127.0.0.1:4566", "host:127.0.0.1:80")),
    (CANONICAL, "the host with the port 443", |signer| signer.replace("host:127.0.0.1:4566", "host:127.0.0.1:443")),
    (CANONICAL, "the host of AWS KMS", |signer| signer.replace("host:127.0.0.1:4566", "host:kms.us-east-2.amazonaws.com")),
    (CANONICAL, "the host as `localhost`", |signer| signer.replace("host:127.0.0.1:4566", "host:localhost:4566")),
    (CANONICAL, "lists `x-amz-meta-two` as signed and signs without it", |signer| {
        signer.replace("x-amz-meta-two:a b,c\n", "");
        signer.replace("x-amz-meta-two;", "");
    }),
    (CANONICAL, "lists `x-amz-meta-two` as signed and signs without its line", |signer| signer.replace("x-amz-meta-two:a b,c\n", "")),
    (CANONICAL, "signs `x-amz-meta-two` with an empty value", |signer| signer.replace("x-amz-meta-two:a b,c\n", "x-amz-meta-two:\n")),
    (CANONICAL, "signs `user-agent` and does not list it", |signer| {
        signer.replace("host:127.0.0.1:4566\n", "host:127.0.0.1:4566\nuser-agent:signer/1\n");
        signer.replace("host;", "host;user-agent;");
    }),
    (CANONICAL, "the method in small letters", |signer| signer.replace("POST", "post")),
    (CANONICAL, "the method GET", |signer| signer.replace("POST", "GET")),
    (CANONICAL, "the method PUT", |signer| signer.replace("POST", "PUT")),
    (CANONICAL, "an empty path", |signer| signer.replace("POST\n/\n", "POST\n\n")),
    (CANONICAL, "it signs no query", |signer| signer.query = "b=2&a=1".to_owned()),
    (CANONICAL, "the query as it was sent", |signer| {
        signer.query = "b=2&a=1".to_owned();
        signer.replace("/\n\n", "/\nb=2&a=1\n");
    }),
    (CANONICAL, "it encodes the query twice", |signer| {
        signer.query = "a=%3A".to_owned();
        signer.replace("/\n\n", "/\na=%253A\n");
    }),
    (TO_SIGN, "hash of the canonical request in capitals", |signer| signer.hashed = |canonical| sha(canonical).to_uppercase()),
    (TO_SIGN, "the canonical request itself in place of its hash", |signer| signer.hashed = str::to_owned),
    (TO_SIGN, "the date without the time", |signer| signer.to_sign = signer.to_sign.replace(DATE, "20260101")),
    (TO_SIGN, "the date of the header `date`", |signer| {
        signer.headers.push(("date", "Thu, 01 Jan 2026 00:00:00 GMT".to_owned()));
        signer.to_sign = signer.to_sign.replace(DATE, "Thu, 01 Jan 2026 00:00:00 GMT");
    }),
    (TO_SIGN, "the access key id before it", |signer| signer.to_sign = signer.to_sign.replace("20260101/", "AKIDTRENTCHECK000001/20260101/")),
    (TO_SIGN, "with the Region `us-east-1`, and sends", |signer| signer.to_sign = signer.to_sign.replace("us-east-2", "us-east-1")),
    (TO_SIGN, "with the Region `us-west-2`, in the key too", |signer| {
        signer.to_sign = signer.to_sign.replace("us-east-2", "us-west-2");
        signer.parts[1] = "us-west-2".to_owned();
    }),
    (TO_SIGN, "with the service `TrentService`, in the key too", |signer| {
        signer.to_sign = signer.to_sign.replace("/kms/", "/TrentService/");
        signer.parts[2] = "TrentService".to_owned();
    }),
    (TO_SIGN, "with the time behind its date", |signer| signer.to_sign = signer.to_sign.replace("20260101/", "20260101T000000Z/")),
    (TO_SIGN, "without `aws4_request`", |signer| signer.to_sign = signer.to_sign.replace("/aws4_request", "")),
    (TO_SIGN, "Region and service exchanged", |signer| signer.to_sign = signer.to_sign.replace("us-east-2/kms", "kms/us-east-2")),
    ("key", "without `AWS4` before it", |signer| SECRET.clone_into(&mut signer.secret)),
    ("key", "a line end at its end", |signer| signer.secret.push('\n')),
    ("key", "a blank at its end", |signer| signer.secret.push(' ')),
    ("key", "its secret is empty", |signer| "AWS4".clone_into(&mut signer.secret)),
    ("key", "the secret of the principal `denied`", |signer| "AWS4trentcheck-dummy-secret-denied".clone_into(&mut signer.secret)),
    ("key", "the secret itself, and derives no key", |signer| {
        SECRET.clone_into(&mut signer.secret);
        signer.parts.clear();
    }),
    ("key", "`AWS4` and the secret, and derives no key", |signer| signer.parts.clear()),
    ("key", "in hexadecimal and not as bytes", |signer| signer.hands_on = |key| hex::encode(key).into_bytes()),
    ("key", "the key without `aws4_request`", |signer| drop(signer.parts.pop())),
    ("key", "in the wrong order", |signer| signer.parts.swap(1, 2)),
    ("key", "the date with its time", |signer| DATE.clone_into(&mut signer.parts[0])),
    ("key", "the key for the Region `us-east-1`", |signer| "us-east-1".clone_into(&mut signer.parts[1])),
    ("key", "the key for the service `s3`", |signer| "s3".clone_into(&mut signer.parts[2])),
    ("key", "another day, `20251231`", |signer| "20251231".clone_into(&mut signer.parts[0])),
    ("header", "the signature in capitals", |signer| signer.spelled = |bytes| hex::encode_upper(bytes)),
    ("header", "in base64", |signer| signer.spelled = |bytes| STANDARD.encode(bytes)),
    // What is refused before the signature itself is looked at.
    ("header", "within five minutes of the server's clock", |signer| {
        for (name, value) in &mut signer.headers {
            if *name == "x-amz-date" { "20260101T001000Z".clone_into(value) }
        }
    }),
    (CANONICAL, "a header is not signed that has to be", |signer| "host".clone_into(&mut signer.names)),
    (TO_SIGN, "the scope is not that of this server", |signer| signer.credential = signer.credential.replace("us-east-2", "eu-west-1")),
    ("key", "does not know this access key id", |signer| signer.credential = signer.credential.replace("AKID", "AKIE")),
    ("header", "does not have five parts", |signer| signer.credential = signer.credential.replace("/aws4_request", "")),
];

#[test]
fn each_mistake_is_found_with_its_step() {
    let mut wrong = Vec::new();
    for (step, sentence, change) in MISTAKES {
        let text = explained(change).unwrap_or_else(|| "no explanation".to_owned());
        if !text.contains(sentence) || !text.contains(&format!("step     {step}\n")) {
            wrong.push(format!("{step}, {sentence}:\n{text}"));
        }
        assert!(!text.contains(SECRET) && !text.contains("dummy-secret"), "{text}");
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), MISTAKES.len(), wrong.join("\n\n"));
}

#[test]
fn two_mistakes_are_found_together_and_three_are_not() {
    let two = explained(|signer| {
        signer.replace("host:127.0.0.1:4566", "host:127.0.0.1");
        signer.secret.push('\n');
    });
    let two = two.unwrap_or_default();
    assert!(two.contains("the host without its port") && two.contains("a line end at its end"), "{two}");
    assert!(two.contains("≠ server host:127.0.0.1:4566\n    signer host:127.0.0.1\n"), "{two}");
    let three = explained(|signer| {
        signer.replace("host:127.0.0.1:4566", "host:127.0.0.1");
        signer.replace("POST", "post");
        signer.secret.push('\n');
    });
    let three = three.unwrap_or_default();
    assert!(three.contains("step     not known") && three.contains("           host:127.0.0.1:4566\n"), "{three}");
}

#[test]
fn a_session_token_is_not_shown() {
    const TOKEN: &str = "trentcheck-dummy-session-token-session";
    for (sent, expected) in [(TOKEN, "the host without its port"), ("another/token", "the host without its port")] {
        let text = explained(|signer| {
            signer.headers.push(("x-amz-security-token", sent.to_owned()));
            signer.secret = "AWS4trentcheck-dummy-secret-session".to_owned();
            signer.credential = signer.credential.replace("AKIDTRENTCHECK000001", "ASIATRENTCHECK000002");
            let line = format!("x-amz-security-token:{sent}\nx-amz-target:");
            signer.replace("x-amz-target:", &line);
            signer.replace(";x-amz-target", ";x-amz-security-token;x-amz-target");
            signer.names = NAMES.replace(";x-amz-target", ";x-amz-security-token;x-amz-target");
            signer.replace("host:127.0.0.1:4566", "host:127.0.0.1");
        });
        let text = text.unwrap_or_default();
        assert!(text.contains(expected) && text.contains("x-amz-security-token:<session-token>"), "{text}");
        assert!(!text.contains(sent), "{text}");
    }
}

#[test]
fn what_a_client_sent_cannot_command_a_terminal() {
    let text = explained(|signer| {
        signer
            .headers
            .iter_mut()
            .filter(|(name, _)| *name == "x-amz-target")
            .for_each(|(_, value)| value.push('\u{1b}'));
    });
    let text = text.unwrap_or_default();
    assert!(text.contains("\\u{1b}") && !text.contains('\u{1b}'), "{text}");
}

//! Bytes of requests and answers for a hexadecimal dump, without secrets.

use super::coding::coding;
use super::lines::{KEPT, escape};
use super::redact::{Redactor, SECRET_HEADERS};
use crate::http::{Header, Request};
use crate::send::{Response, encode};

/// Bytes without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// What is shown of them.
    Shown(Vec<u8>),
    /// They are not shown. The text says why, as the end of a sentence.
    NotShown(&'static str),
}

/// The bytes of a request. Asterisks stand for the value of a header that is a secret.
pub fn bytes_of_request(request: &Request, redactor: &Redactor) -> Bytes {
    let masked = |header: &Header| match SECRET_HEADERS.contains(&header.name.trim().to_ascii_lowercase().as_str()) {
        true => Header::new(header.name.clone(), vec![b'*'; header.value.len()]),
        false => header.clone(),
    };
    let request = Request { headers: request.headers.iter().map(masked).collect(), ..request.clone() };
    shown(&encode(&request), redactor)
}

/// The bytes of an answer's body.
pub fn bytes_of_body(response: &Response, redactor: &Redactor) -> Bytes {
    match coding(&response.headers, &response.body) {
        Some(_) => Bytes::NotShown("a secret could not be found in compressed bytes"),
        None => shown(&response.body, redactor),
    }
}

/// As in the lines of a report, bytes are looked through as they are and again as text. A dump shows each byte twice, so that
/// nothing is found in it afterwards.
fn shown(bytes: &[u8], redactor: &Redactor) -> Bytes {
    let clean = redactor.redact_front(bytes, KEPT).into_owned();
    match redactor.hides(&clean) || redactor.hides(escape(&clean).as_bytes()) {
        true => Bytes::NotShown("they hold what is not shown, such as an account or a secret in another spelling"),
        false => Bytes::Shown(clean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Framing;
    use crate::test_support::answer;

    fn redactor() -> Redactor {
        Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret-access-key>")]).with_accounts(["210987654321"])
    }

    #[test]
    fn a_request_keeps_its_bytes_and_its_secrets_are_masked() {
        let request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: vec![Header::new("AUTHORIZATION", "AWS4 x"), Header::new("Host", "h")],
            body: b"{\xff a-s3cr3t-k3y}".to_vec(),
            framing: Framing::ContentLength,
            delivery: crate::http::Delivery::AtOnce,
        };
        let expected =
            b"POST / HTTP/1.1\r\nAUTHORIZATION: ******\r\nHost: h\r\n\r\n{\xff <secret-access-key>}".to_vec();
        assert_eq!(bytes_of_request(&request, &redactor()), Bytes::Shown(expected));
    }

    #[test]
    fn a_body_in_which_something_is_hidden_is_not_shown() {
        let body = |bytes: &[u8]| bytes_of_body(&answer(200, &[], bytes), &redactor());
        assert_eq!(body(b"\xef\xbb\xbf{}"), Bytes::Shown(b"\xef\xbb\xbf{}".to_vec()));
        assert_eq!(body(b"\xff 111122223333 1234567890123"), Bytes::Shown(b"\xff 111122223333 1234567890123".to_vec()));
        assert_eq!(body(b"a-s3cr3t-k3y"), Bytes::Shown(b"<secret-access-key>".to_vec()));
        for hidden in [
            &b"\x1f\x8bwhatever"[..],
            b"of 210987654321",
            b"arn:aws:kms:r:998877665544:key/x",
            br#"{"ImportToken":"abc"}"#,
            // None of them is text.
            b"\xff of 210987654321",
            b"\xff of 314159265358",
            b"\xff of AKIAPL4NTEDKEYID0002",
            b"\xff {\"ImportToken\":\"abc\"}",
            b"\xff http://joe:pw@h/",
            b"\xff Signature=0123",
            b"\xff of 2109\xfe87654321",
        ] {
            assert!(matches!(body(hidden), Bytes::NotShown(_)), "{hidden:?}");
        }
    }
}

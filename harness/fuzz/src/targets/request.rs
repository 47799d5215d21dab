//! Bytes on a connection to the reference.

use super::server::{Wait, answers, said};

pub(super) const WORDS: &[&str] = &[
    "POST / HTTP/1.1\r\n",
    "GET ",
    "OPTIONS ",
    "HTTP/1.0",
    "Host: h\r\n",
    "Content-Length: 2\r\n",
    "Transfer-Encoding: chunked\r\n",
    "X-Amz-Target: TrentService.DeleteImportedKeyMaterial\r\n",
    "Content-Type: application/x-amz-json-1.1\r\n",
    "Expect: 100-continue\r\n",
    "Connection: keep-alive\r\n",
    "Connection: close\r\n",
    "Upgrade: h2c\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=",
    "X-Amz-Date: ",
    "?X-Amz-Signature=",
    "%2e%2e/",
    "\r\n\r\n",
    "0\r\n\r\n",
    "{}",
    "{\"KeyId\":\"",
    "\\ud800",
    "AKIDTRENTCHECK000001/20260101/us-east-2/kms/aws4_request",
    "SignedHeaders=host;x-amz-date",
];

/// No panic, and whatever is answered is HTTP with a request id. Without a signature nothing succeeds.
pub(super) fn check(bytes: &[u8]) {
    let said = said(bytes, Wait::Idle);
    // An answer to HEAD has no body, whatever its head says.
    if bytes.windows(4).any(|four| four == b"HEAD") {
        assert!(said.is_empty() || said.starts_with(b"HTTP/1."), "{}", said.escape_ascii());
        return;
    }
    for answer in answers(&said) {
        assert!((400..600).contains(&answer.status), "{}", said.escape_ascii());
        // What is no HTTP the server refuses before it knows what it is.
        let is_ours = answer.headers.iter().any(|header| header.name.eq_ignore_ascii_case("x-amzn-requestid"));
        assert!(
            is_ours || [400, 414, 431].contains(&answer.status) && answer.body.is_empty(),
            "{}",
            said.escape_ascii()
        );
    }
}

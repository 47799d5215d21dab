//! A right server tells which mutants could have acted on what it was asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::reached::Reached;
use crate::{Config, Server};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the server answers to these bytes, and the mutants that they reach.
async fn asked(bytes: &[u8]) -> (String, BTreeSet<&'static str>) {
    let reached = Arc::new(Reached::default());
    let server = Server::start(Config { reached: Some(Arc::clone(&reached)), ..Config::default() }).await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let first = reached.take();
    assert!(reached.take().iter().all(|name| is_habit_of_streams(name)), "what was taken is told again");
    server.stop().await;
    (String::from_utf8_lossy(&answer).into_owned(), first)
}

fn is_habit_of_streams(name: &str) -> bool {
    crate::mutant(name).is_some_and(|mutant| matches!(mutant.fault, super::fault::Fault::Stream(_)))
}

fn request(target: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nX-Amz-Target: {target}\r\n{more}\
         Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

const TESTED: &str = "TrentService.DeleteImportedKeyMaterial";
const BODY: &str = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;

#[track_caller]
fn assert_told(told: &BTreeSet<&str>, expected: &[&str], unexpected: &[&str]) {
    for name in expected.iter().chain(unexpected) {
        assert!(crate::mutant(name).is_some(), "there is no mutant {name}");
    }
    let missing: Vec<_> = expected.iter().filter(|name| !told.contains(**name)).collect();
    let surplus: Vec<_> = unexpected.iter().filter(|name| told.contains(**name)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "not told: {missing:?}; told for nothing: {surplus:?}");
}

#[tokio::test]
async fn an_unsigned_request_reaches_those_that_need_no_signature_and_those_that_change_its_answer() {
    let (answer, told) = asked(&request(TESTED, "", BODY)).await;
    assert!(answer.contains("MissingAuthenticationTokenException"), "{answer}");
    assert_told(
        &told,
        &[
            "authorization-optional",
            "garbage-accepted",
            "verifies-too-late",
            "request-id-absent",
            "error-html",
            "body-left",
        ],
        &["host-optional", "becomes-disabled", "success-body-null", "target-case-ignored", "not-found-status-404"],
    );
}

#[tokio::test]
async fn what_a_mutant_reads_otherwise_reaches_it() {
    let (_, told) = asked(&request("trentservice.DeleteImportedKeyMaterial", "", BODY)).await;
    assert_told(&told, &["target-case-ignored", "target-prefix-ignored"], &["target-suffix-ignored", "spaced-refused"]);
    let (_, told) = asked(&request(TESTED, "", r#"{"KeyId": 012}"#)).await;
    assert_told(&told, &["newtonsoft-octal", "spaced-refused"], &["target-case-ignored", "truncated-repaired"]);
    let (_, told) = asked(&request(TESTED, "", r#"{"KeyId":"1234abcd"#)).await;
    assert_told(&told, &[], &["truncated-repaired", "newtonsoft-octal"]);
    let (_, told) = asked(&request(TESTED, "", r#"{"KeyId":"1234abcd""#)).await;
    assert_told(&told, &["truncated-repaired"], &["newtonsoft-octal"]);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_reaches_every_mutant() {
    let (_, told) = asked(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nless").await;
    assert_told(&told, &["becomes-disabled", "success-body-null", "newtonsoft-octal"], &[]);
}

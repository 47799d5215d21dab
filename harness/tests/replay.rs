//! `replay`: one case with its bytes and times.

use crate::support::command::{said, text, trentcheck, trentcheck_apart};
use crate::support::served;
use crate::support::service::{KEYS, service, with};

/// The bytes of the dumps in what was printed, of requests or of answers.
pub(crate) fn dumped(told: &str, sign: char) -> Vec<u8> {
    let lines = told.lines().filter_map(|line| line.trim_start().strip_prefix(sign)?.strip_prefix(' '));
    let hex = lines.filter_map(|line| {
        let (offset, rest) = line.split_once("  ")?;
        let is_offset = offset.len() == 6 && offset.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_offset.then(|| rest.get(..47)).flatten()
    });
    hex.flat_map(str::split_whitespace).map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn a_case_is_shown_with_its_lines_and_on_request_with_times_and_bytes() {
    let replay = |more: &[&str]| {
        let output = trentcheck(&[&["replay", "success/symmetric", "--edition", "key-material-id"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        text(&output.stdout)
    };
    let told = replay(&[]);
    for part in ["    > POST / HTTP/1.1", "    < HTTP/1.1 200 OK", "\npass\n", "exit code 0"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("times") && dumped(&told, '>').is_empty(), "{told}");
    let told = replay(&["--trace"]);
    let times = told.lines().find(|line| line.starts_with("    times  DNS ")).unwrap_or_else(|| panic!("{told}"));
    for phase in ["connect", "first byte", "rest", "whole"] {
        assert!(times.contains(&format!(" · {phase} ")), "{times}");
    }
    assert!(!times.contains("TLS") && dumped(&told, '>').is_empty(), "{told}");
    let told = replay(&["--trace=hex"]);
    let (sent, answered) = (dumped(&told, '>'), dumped(&told, '<'));
    assert!(sent.starts_with(b"POST / HTTP/1.1\r\n"), "{told}");
    let sent = String::from_utf8(sent).unwrap();
    let head = sent.split("\r\n\r\n").next().unwrap();
    let authorization = head.lines().find_map(|line| line.strip_prefix("Authorization: ")).unwrap();
    assert!(authorization.len() > 100 && authorization.bytes().all(|byte| byte == b'*'), "{authorization}");
    assert!(head.contains("X-Amz-Target: TrentService.DeleteImportedKeyMaterial"), "{head}");
    // The answers of later exchanges stand behind the first.
    let mut bodies = serde_json::Deserializer::from_slice(&answered).into_iter::<serde_json::Value>();
    let body = bodies.next().unwrap().unwrap();
    assert!(body["KeyMaterialId"].is_string(), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_divergence_is_explained_and_the_same_connection_is_named() {
    let (server, url) = served(Some("success-body-null")).await;
    let replay = async |case: &str| {
        trentcheck_apart(&[], &["replay", case, "--trace=times", "--edition", "key-only", "--endpoint", &url]).await
    };
    let output = replay("success/symmetric").await;
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for part in [
        "    where     answer (must)",
        "    expected  zero bytes",
        "    found     4 bytes: `null`",
        "clause    ",
        "\ndiverges\n",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = text(&replay("protocol/keep-alive").await.stdout);
    assert!(told.contains("    times  the same connection · first byte "), "{told}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_its_time_is_told() {
    let (server, reached) = service("replay").await;
    let output = trentcheck_apart(&KEYS, &with("replay", &reached, &["example/absent-key", "--trace"])).await;
    let told = text(&output.stdout);
    assert!(told.contains(" · TLS ") && told.contains("ms · first byte "), "{}", said(&output));
    server.stop().await;
}

#[test]
fn what_is_no_single_case_is_refused() {
    for (arguments, told) in [
        (&["replay", "success/*"][..], "takes one case"),
        (&["replay", "@cases.txt"], "takes one case"),
        (&["replay", "success/symetric"], "did you mean `success/symmetric`?"),
        (&["replay", "nothing/*"], "failed to find a case"),
        (&["replay"], "required"),
        (&["replay", "success/symmetric", "--brief"], "`replay` does not take `--brief`"),
        (&["replay", "success/symmetric", "--trace=octal"], "possible values"),
    ] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told) && output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
    let output = trentcheck(&["replay", "materials/unknown", "--edition", "key-only"]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("choose it with `--edition key-material-id`"), "{}", said(&output));
}

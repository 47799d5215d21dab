//! Every wait has an end and every answer a size: a target that hangs, dawdles, never stops or sends as much as it may.

use crate::support::command::{apart, program, said, text, trentcheck_apart};
use crate::support::fake::start;
use crate::support::faulty::{self, Behaviour};
use crate::support::losing::{Fate, front};
use crate::support::scratch::Scratch;
use crate::support::{config, reference};
use serde_json::{Value, json};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trentcheck_core::fixture::Edition;

/// The command, and how long it took.
async fn timed(arguments: &[&str]) -> (Output, Duration) {
    let started = Instant::now();
    let output = trentcheck_apart(&[], arguments).await;
    (output, started.elapsed())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_is_given_up_after_three_time_outs() {
    let hangs = faulty::start(Behaviour::Hangs).await;
    let url = format!("http://{}", hangs.address);
    let (output, took) = timed(&["run", "--endpoint", &url, "--timeout", "1s"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    // Three time-outs; what is above is for a slow machine to start and to print.
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(said(&output).contains("given up after 3 time-outs in a row"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_hangs_is_given_up_and_what_does_not_need_it_is_judged() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    // A front that answers nothing for as long as the caller waits.
    let fate = |operation: &str, _: &str| match operation {
        "GetParametersForImport" => Fate::Kept,
        _ => Fate::Passed,
    };
    let url = format!("http://{}", front(server.address(), fate).await);
    let arguments = ["run", "success/*", "identifiers/*", "--endpoint", &url, "--timeout", "2s", "--report", "json"];
    let (output, took) = timed(&arguments).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert!(report["runs"][0]["figures"]["pass"].as_u64().unwrap() > 5, "{report}");
    assert!(report["runs"][0]["calls"]["GetParametersForImport"].as_u64().unwrap() <= 8 + 3, "{report}");
    assert!(said(&output).contains("given up after 3 time-outs in a row"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_an_end_ends_a_run_and_a_sweep() {
    for (repeats, expected) in [(true, "that it gave before"), (false, "more than 1000 pages")] {
        let calls = AtomicUsize::new(0);
        let (server, _) = reference(config(Edition::KeyOnly)).await;
        let fate = move |operation: &str, _: &str| match operation {
            "ListKeys" => {
                let marker = if repeats {
                    calls.fetch_add(1, Ordering::Relaxed) % 3
                } else {
                    calls.fetch_add(1, Ordering::Relaxed)
                };
                Fate::Answered(
                    200,
                    json!({ "Keys": [], "Truncated": true, "NextMarker": marker.to_string() }).to_string(),
                )
            }
            _ => Fate::Passed,
        };
        let url = format!("http://{}", front(server.address(), fate).await);
        for (word, more) in [("run", "success/hmac"), ("sweep", "--older-than=0s")] {
            let (output, took) = timed(&[word, more, "--endpoint", &url]).await;
            assert!(took < Duration::from_secs(60), "{word}: {took:?}");
            assert!(said(&output).contains(expected), "{word}: {}", said(&output));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_bounds_run_sweep_and_doctor_at_a_target_that_dawdles() {
    let (server, _) =
        reference(trentcheck_reference::Config { latency: Duration::from_millis(700), ..config(Edition::KeyOnly) })
            .await;
    let url = format!("http://{}", server.address());
    for (words, expected) in [
        (&["run"][..], "in time"),
        (&["sweep", "--older-than", "0s"], "there was no time"),
        (&["doctor"], "the checks took more than 2s"),
    ] {
        let (output, took) = timed(&[words, &["--endpoint", &url, "--deadline", "2s"]].concat()).await;
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
        // A run releases its keys besides, within half a minute.
        let most = if words[0] == "run" { 2 + 30 + 5 } else { 2 + 5 };
        assert!(took < Duration::from_secs(most), "{words:?}: {took:?}");
        assert_ne!(output.status.code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_look_has_the_time_that_the_first_left() {
    let (quick, _) = reference(config(Edition::KeyOnly)).await;
    let slow = trentcheck_reference::Config { latency: Duration::from_millis(100), ..config(Edition::KeyOnly) };
    let (slow, _) = reference(slow).await;
    let folder = Scratch::new();
    let directory = folder.as_str();
    let cases = ["members/*", "identifiers/*"];
    let at = |server: &trentcheck_reference::Server| format!("http://{}", server.address());
    let url = at(&quick);
    timed(&[&["record", directory, "--endpoint", &url][..], &cases].concat()).await;
    // All that is recorded drifts, and would be looked at for as long again.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("\n< HTTP/1.1 400 ", "\n< HTTP/1.1 400 drifted ")).unwrap();
    }
    let url = at(&slow);
    let limits = ["--endpoint", &url, "--jobs", "1", "--deadline", "6s"];
    let arguments = [&["run", "--against", directory][..], &limits, &cases].concat();
    let (output, took) = timed(&arguments).await;
    // The release of keys has a limit of its own, 30 seconds on loopback.
    let expected = "at the second look: failed to find out what the target is in time";
    assert!(said(&output).contains(expected), "{}", said(&output));
    assert!(took < Duration::from_secs(6 + 30 + 4), "{took:?}: {}", said(&output));
}

/// What a target answers that makes as much of an answer as it may.
fn big(kind: &'static str) -> impl Fn(&str, &str) -> String + Send + Sync + 'static {
    const BIG: usize = 900_000;
    let made = AtomicUsize::new(0);
    let public_key = {
        use base64::Engine;
        let key = aws_lc_public_key();
        base64::prelude::BASE64_STANDARD.encode(key)
    };
    // Made once: a target in this process must not be what takes the time.
    let refusal = |error: String, message: String| json!({ "__type": error, "message": message }).to_string();
    let whole = match kind {
        "token" => json!({ "ImportToken": "A1b2".repeat(700_000 / 4), "PublicKey": public_key }).to_string(),
        "type" => refusal("X".repeat(BIG), "m".to_owned()),
        "message" => refusal("NotFoundException".to_owned(), "x\\u%=&".repeat(BIG / 12)),
        "objects" => {
            let objects = vec![r#"{"a":[0]}"#; BIG / 10].join(",");
            format!(r#"{{"__type":"NotFoundException","message":"m","x":[{objects}]}}"#)
        }
        _ => format!("[{}]", vec!["0"; BIG / 2].join(",")),
    };
    move |request, body| {
        let request = request.get(..400).unwrap_or(request).to_lowercase();
        let is = |operation: &str| request.contains(&format!("trentservice.{operation}\r\n"));
        let metadata = |id: &str| {
            let arn = format!("arn:aws:kms:us-east-2:111122223333:key/{id}");
            json!({ "KeyMetadata": { "KeyId": id, "Arn": arn, "KeyState": "Enabled", "CreationDate": now() } })
                .to_string()
        };
        let (status, answer) = match kind {
            "token" if is("createkey") => {
                let id = format!("0b7fd7dd-0000-4000-8000-{:012}", made.fetch_add(1, Ordering::Relaxed));
                (200, metadata(&id))
            }
            "token" if is("describekey") => {
                let named: Value = serde_json::from_str(body).unwrap_or_default();
                (200, metadata(named["KeyId"].as_str().unwrap_or_default()))
            }
            "token" if is("getparametersforimport") => (200, whole.clone()),
            "token" => (200, "{}".to_owned()),
            _ => (400, whole.clone()),
        };
        let head = "Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length";
        format!("HTTP/1.1 {status} Big\r\n{head}: {}\r\n\r\n{answer}", answer.len())
    }
}

/// A public key to wrap material with, as DER.
fn aws_lc_public_key() -> Vec<u8> {
    // As a KMS gave it once.
    let pem = include_str!("public-key.pem");
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.decode(text).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_fits_the_size_limits_fits_into_64_mib_and_a_little_time() {
    for kind in ["token", "type", "message", "objects", "numbers"] {
        let url = format!("http://{}", start(big(kind)).await);
        let folder = Scratch::new();
        let report = folder.file("report.json");
        let report_to = format!("json={report}");
        // Data that a process may have, in KiB, its threads' stacks included.
        let limited = format!("ulimit -d {}; exec \"$0\" \"$@\"", 64 * 1024);
        let arguments = [
            "-c",
            &limited,
            env!("CARGO_BIN_EXE_trentcheck"),
            "run",
            "members/*",
            "success/*",
            "--endpoint",
            &url,
            "--report",
            &report_to,
        ];
        let variables = [("TOKIO_WORKER_THREADS", "2"), ("MALLOC_ARENA_MAX", "2")];
        let mut command = program("sh", folder.path(), &variables);
        command.args(arguments);
        let started = Instant::now();
        let output = apart(command).await;
        assert!(
            matches!(output.status.code(), Some(1 | 3 | 6)),
            "{kind}: {:?} {}",
            output.status,
            text(&output.stderr)
        );
        assert!(started.elapsed() < Duration::from_secs(60), "{kind}: {:?}", started.elapsed());
        assert!(std::fs::metadata(&report).unwrap().len() < 8 << 20, "{kind}");
    }
}

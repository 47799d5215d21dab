//! Every wait has an end: a target that hangs, dawdles or never stops.

use crate::support::command::{said, trentcheck_apart};
use crate::support::hostile::{Fate, front};
use crate::support::scratch::Scratch;
use crate::support::{config, reference};
use serde_json::{Value, json};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use trentcheck_core::fixture::Edition;

/// The command, which has to end within so many seconds.
async fn within(seconds: u64, arguments: &[&str]) -> Output {
    let ended = tokio::time::timeout(Duration::from_secs(seconds), trentcheck_apart(&[], arguments)).await;
    ended.unwrap_or_else(|_| panic!("{arguments:?} did not end within {seconds} s"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_is_given_up_after_three_time_outs() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let kept = Arc::new(AtomicUsize::new(0));
    let counted = kept.clone();
    let fate = move |_: &str, _: &str| {
        counted.fetch_add(1, Ordering::Relaxed);
        Fate::Kept
    };
    let url = format!("http://{}", front(server.address(), fate).await);
    let output = trentcheck_apart(&[], &["run", "--endpoint", &url, "--timeout", "1s"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    // Three time-outs, and what was under way beside them.
    let kept = kept.load(Ordering::Relaxed);
    assert!((3..=3 + 8).contains(&kept), "{kept}");
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
    let output = within(25, &arguments).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
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
            let output = within(60, &[word, more, "--endpoint", &url]).await;
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
        // A run releases its keys besides, within half a minute.
        let most = if words[0] == "run" { 2 + 30 + 5 } else { 2 + 5 };
        let output = within(most, &[words, &["--endpoint", &url, "--deadline", "2s"]].concat()).await;
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
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
    within(100, &[&["record", directory, "--endpoint", &url][..], &cases].concat()).await;
    // All that is recorded drifts, and would be looked at for as long again.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("\n< HTTP/1.1 400 ", "\n< HTTP/1.1 400 drifted ")).unwrap();
    }
    let url = at(&slow);
    let limits = ["--endpoint", &url, "--jobs", "1", "--deadline", "6s"];
    let arguments = [&["run", "--against", directory][..], &limits, &cases].concat();
    // The release of keys has a limit of its own, 30 seconds on loopback.
    let output = within(6 + 30 + 4, &arguments).await;
    let expected = "at the second look: failed to find out what the target is in time";
    assert!(said(&output).contains(expected), "{}", said(&output));
}

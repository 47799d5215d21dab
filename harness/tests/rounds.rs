//! `run --repeat` and `run --for`: the selected cases again and again, as one run with one report.

use crate::support::client::{client_of, keys};
use crate::support::command::{program, said, tested, text, trentcheck, trentcheck_apart};
use crate::support::hostile::{Fate, front};
use crate::support::scratch::{file, folder};
use crate::support::{config, reference, served};
use aws_sdk_kms::types::KeyState;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

const CASE: &str = "success/symmetric";

/// What a run said, how it ended, and its report.
async fn run(more: &[&str]) -> (Option<i32>, String, Value) {
    let path = file("report.json");
    let report = format!("json={path}");
    let flags = ["run", "--edition", "key-only", "--report", &report];
    let output = trentcheck_apart(&[], &[&flags[..], more].concat()).await;
    let report: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (output.status.code(), text(&output.stdout), report["runs"][0].clone())
}

/// What the report says of its rounds, without the times.
fn ended(report: &Value) -> Value {
    let mut rounds = report["rounds"].clone();
    rounds.as_object_mut().unwrap().remove("latencies");
    rounds
}

/// A reference that answers deletions with these numbers as if there were no such key. Each round sends one as its probe, and
/// then that of its case.
async fn wrong_at(numbers: &'static [usize]) -> (Server, String) {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let number = AtomicUsize::new(0);
    let address = front(server.address(), move |operation, _| {
        let is_deletion = operation == "DeleteImportedKeyMaterial";
        match is_deletion && numbers.contains(&(number.fetch_add(1, Ordering::Relaxed) + 1)) {
            true => Fate::Answered(400, r#"{"__type":"NotFoundException"}"#.to_owned()),
            false => Fate::Passed,
        }
    })
    .await;
    (server, format!("http://{address}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_are_one_run_and_each_releases_its_keys() {
    let (server, url) = served(None).await;
    let client = client_of(&server, "primary");
    let before = keys(&client).await.len();
    let (code, shown, once) = run(&[CASE, "members/empty", "--endpoint", &url]).await;
    assert_eq!((code, &once["rounds"], &once["cases"][0]["rounds"]), (Some(0), &Value::Null, &Value::Null), "{shown}");

    let (code, shown, report) = run(&[CASE, "members/empty", "--endpoint", &url, "--repeat", "3"]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(ended(&report), json!({ "run": 3, "asked": 3, "ended": "complete" }));
    for case in report["cases"].as_array().unwrap() {
        assert_eq!(case["rounds"], json!({ "outcomes": { "pass": 3 }, "shown": 1 }), "{}", case["id"]);
    }
    assert!(
        shown.contains("rounds: 3, all that were asked for; every case came to the same outcome in each"),
        "{shown}"
    );
    let count = |report: &Value, what: &str| report["calls"][what].as_u64().unwrap();
    for what in ["CreateKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial"] {
        assert_eq!(count(&report, what), 3 * count(&once, what), "{what}");
    }
    assert_eq!(report["figures"], once["figures"]);
    let all = keys(&client).await;
    let made = report["keys"].as_u64().unwrap() + once["keys"].as_u64().unwrap();
    assert_eq!((all.len() - before) as u64, made);
    assert_eq!(all.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count() as u64, made);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_times_of_all_answers_are_in_the_report_by_operation() {
    let latency = Duration::from_millis(10);
    let (server, _) = reference(Config { latency, ..config(Edition::KeyOnly) }).await;
    let url = format!("http://{}", server.address());
    let (code, shown, report) = run(&[CASE, "members/empty", "--endpoint", &url, "--repeat", "2"]).await;
    assert_eq!(code, Some(0), "{shown}");
    let latencies = report["rounds"]["latencies"].as_object().unwrap();
    let counts: Vec<(&String, &Value)> = latencies.iter().map(|(name, times)| (name, &times["count"])).collect();
    let calls: Vec<(&String, &Value)> = report["calls"].as_object().unwrap().iter().collect();
    assert_eq!(counts, calls, "every call was answered");
    for (operation, times) in latencies {
        let of = |name: &str| times[name].as_u64().unwrap();
        let times = ["p50_us", "p90_us", "p99_us", "max_us"].map(of);
        // The reference waits so long before each answer.
        assert!(times[0] >= 9_900 && times.is_sorted(), "{operation}: {times:?}");
    }
    let row = shown.lines().find(|line| line.starts_with("DeleteImportedKeyMaterial "));
    assert!(row.is_some_and(|row| row.matches(" ms").count() == 4), "{shown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_diverges_is_not_hidden_by_those_that_pass() {
    // Deletions 3 and 4 are those of the second round: its probe, its case; 5 is the second look.
    for (wrong, outcome, code, told) in [
        (&[4, 5][..], "diverges", 1, "~ success/symmetric  diverges in 1 of 4 rounds, passes in 3; shown is round 2"),
        (&[4], "flaky", 3, "~ success/symmetric  is flaky in 1 of 4 rounds, passes in 3; shown is round 2"),
    ] {
        let (server, url) = wrong_at(wrong).await;
        let (ended, shown, report) = run(&[CASE, "--endpoint", &url, "--settle", "200ms", "--repeat", "4"]).await;
        let case = &report["cases"][0];
        assert_eq!((ended, &case["outcome"]), (Some(code), &json!(outcome)), "{shown}");
        assert_eq!(case["rounds"], json!({ "outcomes": { outcome: 1, "pass": 3 }, "shown": 2 }));
        assert!(shown.contains(told) && shown.contains("1 case did not come to the same outcome"), "{shown}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_and_goes_in_three_rounds_diverges() {
    // Each round that is wrong once sends one deletion more, as its second look.
    let (server, url) = wrong_at(&[2, 5, 8]).await;
    let (code, shown, report) = run(&[CASE, "--endpoint", &url, "--settle", "200ms", "--repeat", "4"]).await;
    let case = &report["cases"][0];
    assert_eq!((code, &case["outcome"], &case["intermittent"]), (Some(1), &json!("diverges"), &json!(3)), "{shown}");
    assert!(shown.contains("intermittent: it came and went in 3 rounds, with the same cause"), "{shown}");
    assert_eq!(case["rounds"]["outcomes"], json!({ "flaky": 3, "pass": 1 }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_ends_the_rounds_and_a_round_that_began_is_finished() {
    let (code, shown, report) = run(&[CASE, "--for", "1ms"]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(ended(&report), json!({ "run": 1, "asked_ms": 1, "ended": "complete" }));
    assert_eq!(report["figures"]["pass"], 1);
    // With both, the first that is reached.
    let (code, shown, report) = run(&[CASE, "--for", "1h", "--repeat", "2"]).await;
    assert_eq!((code, &report["rounds"]["run"]), (Some(0), &json!(2)), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_holds_for_all_rounds_and_a_run_that_it_ends_is_no_pass() {
    let (code, shown, report) = run(&[CASE, "--repeat", "1000000", "--deadline", "1s"]).await;
    assert_eq!((code, &report["rounds"]["ended"]), (Some(3), &json!("deadline")), "{shown}");
    let rounds = report["rounds"]["run"].as_u64().unwrap();
    assert!(rounds > 1 && rounds < 1_000_000, "{rounds}");
    // What the limit cut is not held against the case.
    assert_eq!(report["cases"][0]["outcome"], "pass", "{shown}");
    assert!(
        shown.contains(&format!("rounds: {rounds} of 1000000, until the time limit of the run was reached")),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_between_rounds_too() {
    let (server, url) = served(None).await;
    let began = Instant::now();
    let (code, shown, report) = run(&[CASE, "--endpoint", &url, "--repeat", "4", "--rate", "CreateKey=5"]).await;
    let (took, calls) = (began.elapsed(), report["calls"]["CreateKey"].as_u64().unwrap());
    assert!(code == Some(0) && calls >= 4, "{calls} {shown}");
    let least = Duration::from_millis(200 * (calls - 1));
    assert!(took >= least, "{calls} calls in {took:?}");
    assert!(u128::from(report["duration_ms"].as_u64().unwrap()) >= least.as_millis(), "{report:#}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_divergences_ends_the_rounds() {
    let (server, url) = served(Some("success-body-null")).await;
    let (code, shown, report) = run(&[CASE, "--endpoint", &url, "--repeat", "5", "--max-fail", "1"]).await;
    assert_eq!((code, &report["rounds"]["ended"]), (Some(1), &json!("max-fail")), "{shown}");
    assert_eq!(report["rounds"]["run"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_there_ends_the_rounds() {
    let (server, url) = served(None).await;
    server.stop().await;
    let (code, shown, report) = run(&[CASE, "--endpoint", &url, "--repeat", "5"]).await;
    assert_eq!((code, &report["rounds"]["ended"]), (Some(3), &json!("nothing-judged")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_judges_nothing_ends_no_rounds_that_judged_before() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let number = AtomicUsize::new(0);
    let address = front(server.address(), move |operation, _| {
        let is_deletion = operation == "DeleteImportedKeyMaterial";
        // After the first round, until the second one has given up.
        match is_deletion && (2..8).contains(&number.fetch_add(1, Ordering::Relaxed)) {
            true => Fate::Answered(400, r#"{"__type":"ThrottlingException"}"#.to_owned()),
            false => Fate::Passed,
        }
    })
    .await;
    let url = format!("http://{address}");
    let (code, shown, report) = run(&["identifiers/absent-id", "--endpoint", &url, "--repeat", "4"]).await;
    let outcomes = &report["cases"][0]["rounds"]["outcomes"];
    assert!(outcomes["pass"].as_u64() > Some(0) && outcomes["indeterminate"].as_u64() > Some(0), "{shown}");
    assert_eq!((code, ended(&report)["run"].as_u64()), (Some(3), Some(4)), "{shown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_left_ends_the_rounds() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let address = front(server.address(), |operation, _| match operation {
        "ScheduleKeyDeletion" => Fate::Answered(400, r#"{"__type":"AccessDeniedException"}"#.to_owned()),
        _ => Fate::Passed,
    })
    .await;
    let url = format!("http://{address}");
    let (code, shown, report) = run(&[CASE, "--endpoint", &url, "--repeat", "5"]).await;
    assert_eq!((code, &report["rounds"]["ended"]), (Some(6), &json!("keys-left")), "{shown}");
    assert_eq!((&report["rounds"]["run"], report["left"].as_array().unwrap().is_empty()), (&json!(1), false));
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_rounds_with_a_report_and_without_keys() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let (began, mut second_round) = mpsc::unbounded_channel();
    let number = AtomicUsize::new(0);
    let address = front(server.address(), move |operation, _| {
        if operation == "DeleteImportedKeyMaterial" && number.fetch_add(1, Ordering::Relaxed) == 3 {
            let _ = began.send(());
        }
        Fate::Passed
    })
    .await;
    let path = file("report.json");
    let url = format!("http://{address}");
    let child = program(tested(), &folder(), &[])
        .args(["run", CASE, "--endpoint", &url, "--for", "1h", "--report", &format!("json={path}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    second_round.recv().await.unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let run = &report["runs"][0];
    assert_eq!((&run["rounds"]["ended"], &run["cases"][0]["outcome"]), (&json!("interrupted"), &json!("pass")));
    assert!(run["rounds"]["run"].as_u64().unwrap() >= 2);
    let all = keys(&client).await;
    assert_eq!(all.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count() as u64, run["keys"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_each_case_once_and_what_became_of_it_in_all_rounds() {
    let (server, url) = wrong_at(&[4, 5]).await;
    let flags = ["run", CASE, "--edition", "key-only", "--endpoint", &url, "--settle", "200ms", "--repeat", "3"];
    let output = trentcheck_apart(&[], &[&flags[..], &["--report", "ndjson"]].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_case: Vec<&Value> = lines.iter().filter(|line| line["id"] == CASE).collect();
    assert!(of_case.len() == 1 && of_case[0]["outcome"] == "diverges", "{lines:#?}");
    server.stop().await;
}

/// The bodies of all deletions of a run, in their order, without what varies.
async fn deletions(more: &[&str]) -> Vec<String> {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let bodies = Arc::clone(&seen);
    let address = front(server.address(), move |operation, body| {
        if operation == "DeleteImportedKeyMaterial" {
            bodies.lock().unwrap().push(body.replace(|letter: char| letter.is_ascii_hexdigit(), ""));
        }
        Fate::Passed
    })
    .await;
    let url = format!("http://{address}");
    let (code, shown, _) = run(&[&["members/*", "--endpoint", &url, "--jobs", "1"], more].concat()).await;
    assert_eq!(code, Some(0), "{shown}");
    server.stop().await;
    seen.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_round_has_an_order_that_follows_from_the_first() {
    let both = deletions(&["--shuffle=7", "--repeat", "2"]).await;
    let second = deletions(&["--shuffle=8"]).await;
    assert!(second.len() > 5 && both.len() == 2 * second.len(), "{} {}", both.len(), second.len());
    let (first, then) = both.split_at(second.len());
    assert_eq!(then, second);
    assert_ne!(first, then);
}

#[test]
fn what_does_not_go_with_rounds_is_refused() {
    for (arguments, told) in [
        (&["run", "--repeat", "0"][..], "0 is not in 1.."),
        (&["run", "--for", "0s"], "`0s` is no time at all"),
        (&["run", "--repeat", "2", "--watch"], "cannot be used with"),
        (&["run", "--repeat", "2", "--against", "http://127.0.0.1:1"], "do not go with a baseline or a second target"),
        (&["run", "--for", "1h", "--deadline", "1h"], "`--deadline` must be longer than `--for`"),
        (&["record", "base", "--repeat", "2"], "unexpected argument"),
    ] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told) && output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
}

//! What a run runs again and when it stops: `--last-failed` and `--max-fail`.

use crate::support::command::{json, json_run, said, trentcheck, trentcheck_apart, trentcheck_in};
use crate::support::scratch::{Scratch, file, written};
use crate::support::served;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

const EDITION: [&str; 2] = ["--edition", "key-only"];

/// Runs with a report in JSON, and gives the exit code and the report of the run.
async fn run(more: &[&str]) -> (Option<i32>, Value) {
    let output = trentcheck_apart(&[], &[&["run", "--report", "json"], &EDITION[..], more].concat()).await;
    (output.status.code(), json_run(&output))
}

fn notices(report: &Value) -> String {
    report["notices"].to_string()
}

/// The cases of an outcome.
fn of(report: &Value, outcome: &str) -> Vec<String> {
    let cases = report["cases"].as_array().unwrap().iter().filter(|case| case["outcome"] == outcome);
    cases.map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_after_as_many_divergences_as_it_may_have() {
    let (server, url) = served(Some("success-body-null")).await;
    let stopped = async |most: &str, more: &[&str]| {
        run(&[&["success/*", "--endpoint", &url, "--jobs", "1", "--max-fail", most], more].concat()).await
    };
    let (code, report) = stopped("2", &[]).await;
    let all = report["figures"]["selected"].as_u64().unwrap();
    let left_out = of(&report, "skipped");
    assert_eq!((code, of(&report, "diverges").len()), (Some(1), 2));
    assert!(left_out.len() > 5 && of(&report, "pass").is_empty(), "{report:#}");
    let told = format!("`--max-fail 2`: the run stopped, and {} of {all} selected cases were not run", left_out.len());
    assert!(notices(&report).contains(&told), "{told}: {}", notices(&report));
    let reason = report["cases"].as_array().unwrap().iter().find_map(|case| case["reason"].as_str()).unwrap();
    assert!(reason.contains("`--max-fail`"), "{reason}");

    // What a list knows does not count.
    let first = of(&report, "diverges");
    let entry = |case: &String| {
        format!(
            "[[deviation]]\ncase = \"{case}\"\nanswer = \"200\"\ndiffers = [\"body, answer: null\"]\nreason = \"r\"\n\
             expires = 2999-12-31\n"
        )
    };
    let list = written("known.toml", first.iter().map(entry).collect::<String>());
    let (code, report) = stopped("1", &["--deviations", &list]).await;
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!((of(&report, "listed"), of(&report, "diverges").len()), (first, 1), "{report:#}");

    let (code, report) = stopped("1000", &[]).await;
    assert_eq!(code, Some(1), "{report:#}");
    assert!(!report.to_string().contains("--max-fail"), "{report:#}");
    server.stop().await;
}

#[test]
fn a_limit_of_none_and_one_for_two_targets_are_refused() {
    for (arguments, told) in [
        (&["run", "--max-fail", "0"][..], "0 is not in 1.."),
        (&["run", "--max-fail", "1", "--against", "http://127.0.0.1:1"], "second target"),
        (&["record", "base", "--max-fail", "1"], "unexpected argument"),
        (&["deviations", "update", "list.toml", "--last-failed"], "unexpected argument"),
        (&["run", "--last-failed", "--state", "none"], "needs a state directory"),
        (&["run", "--last-failed=nowhere.json"], "nowhere.json"),
    ] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told) && output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
}

/// The file that keeps what failed at a target, below a state directory.
fn kept(state: &str, url: &str) -> PathBuf {
    let name: String = url.chars().map(|letter| if "/:".contains(letter) { '_' } else { letter }).collect();
    Path::new(state).join("last-failed").join(format!("{name}-key-only.json"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .unwrap()
}

fn failed(path: &Path) -> Value {
    let kept = read(path);
    assert_eq!(kept["format"], "trentcheck-last-failed/1");
    assert_eq!(kept.as_object().unwrap().len(), 2, "{kept}");
    kept["failed"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_last_is_run_again_until_it_passes() {
    let state = file("state");
    let ((wrong, url), (right, mended)) = (served(Some("success-body-null")).await, served(None).await);
    let at = async |url: &str, more: &[&str]| run(&[&["--state", &state, "--endpoint", url], more].concat()).await;
    let cases = ["success/symmetric", "success/hmac", "members/empty"];
    let (code, report) = at(&url, &cases).await;
    assert_eq!((code, of(&report, "diverges").len()), (Some(1), 2));
    let path = kept(&state, &url);
    assert_eq!(failed(&path), json!(["success/hmac", "success/symmetric"]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // A run of other cases says nothing about these.
    at(&url, &["members/empty"]).await;
    assert_eq!(failed(&path), json!(["success/hmac", "success/symmetric"]));
    let (code, report) = at(&url, &[&["--last-failed"], &cases[..]].concat()).await;
    assert_eq!((code, of(&report, "diverges").len(), report["figures"]["selected"].as_u64()), (Some(1), 2, Some(2)));
    assert!(notices(&report).contains("`--last-failed`: 2 of 3 selected cases are run"), "{}", notices(&report));
    let (_, report) = at(&url, &["--last-failed", "success/hmac"]).await;
    assert!(notices(&report).contains("`--last-failed`: 1 of 1 selected cases"), "{}", notices(&report));
    let (code, report) = at(&url, &["--last-failed", "members/empty"]).await;
    assert_eq!((code, of(&report, "pass").len()), (Some(0), 1), "{report:#}");
    assert!(notices(&report).contains("none of the selected cases is among the 2"), "{}", notices(&report));

    // The target is mended, case by case.
    let path = kept(&state, &mended);
    std::fs::rename(kept(&state, &url), &path).unwrap();
    at(&mended, &["success/hmac"]).await;
    assert_eq!(failed(&path), json!(["success/symmetric"]));
    let (code, report) = at(&mended, &["--last-failed"]).await;
    assert_eq!((code, of(&report, "pass")), (Some(0), vec!["success/symmetric".to_owned()]), "{report:#}");
    assert_eq!(failed(&path), json!([]));
    let (code, report) = at(&mended, &[&["--last-failed"], &cases[..]].concat()).await;
    assert_eq!((code, of(&report, "pass").len()), (Some(0), 3), "{report:#}");
    assert!(notices(&report).contains("no case failed last, so all selected cases are run"), "{}", notices(&report));
    wrong.stop().await;
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_in_a_saved_run_is_run_again_at_another_address() {
    let ((wrong, url), (right, mended)) = (served(Some("success-body-null")).await, served(None).await);
    let saved = file("run.json");
    let report = format!("json={saved}");
    let cases = ["success/symmetric", "members/empty"];
    let output =
        trentcheck_apart(&[], &[&["run", "--endpoint", &url, "--report", &report], &EDITION[..], &cases].concat())
            .await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let flag = format!("--last-failed={saved}");
    let (code, report) = run(&["--endpoint", &mended, &flag]).await;
    assert_eq!((code, of(&report, "pass")), (Some(0), vec!["success/symmetric".to_owned()]), "{report:#}");
    let other = ["run", "--endpoint", &mended, &flag, "--edition", "key-material-id"];
    let output = trentcheck_apart(&[], &other).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("no run of the edition `key-material-id`"), "{}", said(&output));
    wrong.stop().await;
    right.stop().await;
}

/// Runs one case at a target that nobody serves.
fn at_nobody(folder: &Scratch, more: &[&str]) -> Output {
    let arguments = ["run", "members/empty", "--endpoint", "http://127.0.0.1:1"];
    trentcheck_in(folder.path(), &[], &[&arguments, &EDITION[..], more].concat())
}

#[test]
fn a_target_that_was_not_reached_changes_nothing_and_a_broken_file_is_told() {
    let folder = Scratch::new();
    let name = ".local/state/trentcheck/last-failed/http___127.0.0.1_1-key-only.json";
    let text = r#"{"format":"trentcheck-last-failed/1","failed":["success/hmac"]}"#;
    folder.write(name, text);
    assert_eq!(at_nobody(&folder, &[]).status.code(), Some(3));
    assert_eq!(folder.read(name), text);
    for broken in ["", "[]", r#"{"format":"other/1","failed":[]}"#] {
        folder.write(name, broken);
        let output = at_nobody(&folder, &["--last-failed"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(name) && said(&output).contains("delete the file"), "{}", said(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_keep_what_failed_goes_on_and_one_without_failures_leaves_no_file() {
    let (server, url) = served(Some("success-body-null")).await;
    let blocked = written("blocked", "");
    let at = async |cases: &str, state: &str| {
        trentcheck_apart(&[], &[&["run", cases, "--endpoint", &url, "--state", state], &EDITION[..]].concat()).await
    };
    let output = at("success/hmac", &blocked).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("`--state none` keeps nothing"), "{}", said(&output));
    for (cases, state) in [("success/hmac", "none"), ("members/empty", file("state").as_str())] {
        let output = at(cases, state).await;
        assert!(output.stderr.is_empty(), "{}", said(&output));
        assert!(!Path::new(&file(state)).exists(), "{state}");
    }
    // The embedded reference has another port each time, and one file.
    let state = file("state");
    let none = trentcheck(&["run", "members/empty", "--state", &state, "--last-failed", "--report", "json"]);
    assert!(json(&none)["runs"][0]["notices"].to_string().contains("no case failed last"), "{}", said(&none));
    server.stop().await;
}

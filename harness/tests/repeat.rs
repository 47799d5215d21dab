//! The line that repeats a case does what the run did, in a shell that knows nothing else.

use crate::support::command::{json, said, shell, text, trentcheck_apart};
use crate::support::scratch::Scratch;
use crate::support::{config, documents, reference, served};
use std::path::Path;
use std::process::Output;
use trentcheck_core::fixture::Edition;

const ACCOUNT: (&str, &str) = ("TRENTCHECK_ACCOUNT", "111122223333");

/// Writes the fixtures into a folder, where cases that the reference passes expect something else.
fn fixtures(folder: &Scratch, cases: &[&str]) -> String {
    for document in documents() {
        let mut text = document.text;
        for case in cases {
            if let Some(at) = text.find(&format!("id = \"{case}\"\n")) {
                let expected = at + text[at..].find("answers = [\"").unwrap() + "answers = [\"".len();
                let end = expected + text[expected..].find('"').unwrap();
                text.replace_range(expected..end, "DisabledException");
            }
        }
        folder.write(&document.path, text);
    }
    folder.as_str().to_owned()
}

async fn run(arguments: &[&str]) -> Output {
    trentcheck_apart(&[ACCOUNT], arguments).await
}

/// The lines that a run prints to repeat its divergences.
#[track_caller]
fn printed(output: &Output) -> Vec<String> {
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}{}", text(&output.stderr));
    stdout.lines().filter_map(|line| line.trim().strip_prefix("repeat ")).map(|line| line.trim().to_owned()).collect()
}

async fn must_diverge_again(line: &str, case: &str) {
    let again = shell(&[ACCOUNT], line).await;
    let said = said(&again);
    assert_eq!(again.status.code(), Some(1), "{line}: {said}");
    assert!(said.contains(&format!(" {case}  ")), "{line}: {said}");
    assert_eq!(printed(&again), [line], "the line repeats itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutant_diverges_again_when_the_printed_line_is_run() {
    const CASE: &str = "success/pending-deletion";
    let (server, url) = served(Some("pending-deletion-refused")).await;
    let lines = printed(&run(&["run", "success/*", "--endpoint", &url]).await);
    assert_eq!(lines.len(), 1, "{lines:?}");
    must_diverge_again(&lines[0], CASE).await;
    // A baseline and a report are no part of what a case is.
    let output = run(&["run", CASE, "--endpoint", &url, "--report", "json", "--jobs", "2"]).await;
    let report = json(&output);
    assert_eq!(report["runs"][0]["cases"][0]["repeat"], lines[0].as_str());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cases_and_the_target_are_is_in_the_line() {
    let cases = ["example/absent-key", "faults/creating", "identifiers/key-elsewhere"];
    let folder = Scratch::named("repeat 'em & \"all\" ");
    let fixtures = fixtures(&folder, &cases);
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let url = target.endpoint.to_string();
    let provide = format!("creating={}", target.provided["creating"]);
    let second = target.elsewhere.clone().unwrap();
    let elsewhere = format!("{}={}", second.region, second.endpoint);
    let more = [
        &cases[..],
        &["--endpoint", &url, "--fixtures", &fixtures, "--provide", &provide, "--elsewhere", &elsewhere],
        &["--allow-mutation", "--timeout", "7s", "--settle", "1500ms", "--fail-on", "should", "--rate", "Encrypt=9"],
    ]
    .concat();
    let lines = printed(&run(&[&["run", "--details"], &more[..]].concat()).await);
    assert_eq!(lines.len(), cases.len(), "{lines:?}");
    for (line, case) in lines.iter().zip(cases) {
        for part in [
            "--account \"$TRENTCHECK_ACCOUNT\"",
            "--allow-mutation",
            "--timeout 7s",
            "--settle 1500ms",
            "--fail-on should",
            "--rate 'Encrypt=9'",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains(ACCOUNT.1), "{line}");
        must_diverge_again(line, case).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_a_cause_repeats_its_cases_and_no_others() {
    let (server, url) = served(Some("success-body-null")).await;
    let output = run(&["run", "success/*", "members/*", "--endpoint", &url, "--report", "json"]).await;
    let report = json(&output);
    let causes = report["runs"][0]["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{causes:?}");
    let again = shell(&[ACCOUNT], &format!("{} --report json", causes[0]["repeat"].as_str().unwrap())).await;
    let again = json(&again);
    let of = |report: &serde_json::Value| report["runs"][0]["causes"][0]["cases"].clone();
    assert_eq!(of(&again), of(&report));
    assert!(of(&report).as_array().unwrap().len() > 3);
    assert_eq!(again["runs"][0]["figures"]["selected"], again["runs"][0]["figures"]["diverges"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exploration_is_repeated_by_its_line() {
    let folder = Scratch::named("repeat explore ");
    let failures = folder.file("kept failures.json");
    let (server, url) = served(Some("success-body-null")).await;
    let arguments = ["explore", "--seed", "1", "--cases", "40", "--endpoint", &url, "--failures", &failures];
    let output = run(&[&arguments[..], &["--fail-on", "must", "--timeout", "6s"]].concat()).await;
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}{}", text(&output.stderr));
    let line = told.lines().find_map(|line| line.strip_prefix("again: ")).unwrap().to_owned();
    for part in ["--timeout 6s", "--fail-on must", "--account \"$TRENTCHECK_ACCOUNT\"", "--region us-east-2"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    std::fs::remove_file(&failures).unwrap();
    let again = shell(&[ACCOUNT], &line).await;
    assert_eq!(again.status.code(), Some(1), "{line}: {}", said(&again));
    assert!(Path::new(&failures).exists(), "{line}");
    server.stop().await;
}

//! The line that repeats a case does what the run did, in a shell that knows nothing else.

use crate::command::{text, trentcheck_with};
use crate::support::{config, documents, reference};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

const ACCOUNT: (&str, &str) = ("TRENTCHECK_ACCOUNT", "111122223333");

/// A folder of its own for each test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name} {}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// The fixtures, where cases that the reference passes expect something else.
    fn fixtures(&self, cases: &[&str]) -> String {
        for document in documents() {
            let mut text = document.text;
            for case in cases {
                if let Some(at) = text.find(&format!("id = \"{case}\"\n")) {
                    let expected = at + text[at..].find("answers = [\"").unwrap() + "answers = [\"".len();
                    let end = expected + text[expected..].find('"').unwrap();
                    text.replace_range(expected..end, "DisabledException");
                }
            }
            let path = self.0.join(document.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.0.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Has a shell run the line.
async fn shell(line: &str) -> Output {
    let line = line.to_owned();
    tokio::task::spawn_blocking(move || {
        let program = Path::new(env!("CARGO_BIN_EXE_trentcheck"));
        let mut command = Command::new("sh");
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("TRENTCHECK_") || name.starts_with("AWS_") || name == "CI" {
                command.env_remove(&name);
            }
        }
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).env(ACCOUNT.0, ACCOUNT.1).current_dir(env!("CARGO_TARGET_TMPDIR"));
        command.args(["-c", &line]).output().unwrap()
    })
    .await
    .unwrap()
}

async fn run(arguments: &[&str]) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let run = move || trentcheck_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[ACCOUNT]);
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// The lines that a run prints to repeat its divergences.
fn printed(output: &Output) -> Vec<String> {
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}{}", text(&output.stderr));
    stdout.lines().filter_map(|line| line.trim().strip_prefix("repeat ")).map(|line| line.trim().to_owned()).collect()
}

async fn must_diverge_again(line: &str, case: &str) {
    let again = shell(line).await;
    let said = text(&again.stdout) + &text(&again.stderr);
    assert_eq!(again.status.code(), Some(1), "{line}: {said}");
    assert!(said.contains(&format!("✗ {case} ")), "{line}: {said}");
    assert_eq!(printed(&again), [line], "the line repeats itself");
}

async fn served(mutant: Option<&str>) -> (Server, String) {
    let mutant = mutant.map(|name| trentcheck_reference::mutants().iter().find(|mutant| mutant.name == name).unwrap());
    let (server, target) = reference(Config { mutant, ..config(Edition::KeyOnly) }).await;
    (server, target.endpoint.to_string())
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
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["runs"][0]["cases"][0]["repeat"], lines[0].as_str());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cases_and_the_target_are_is_in_the_line() {
    let cases = ["example/absent-key", "faults/creating", "identifiers/key-elsewhere"];
    let folder = Folder::new("repeat 'em & \"all\"");
    let fixtures = folder.fixtures(&cases);
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
    let lines = printed(&run(&[&["run"], &more[..]].concat()).await);
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
async fn an_exploration_is_repeated_by_its_line() {
    let folder = Folder::new("repeat explore");
    let failures = folder.0.join("kept failures.json").display().to_string();
    let (server, url) = served(Some("success-body-null")).await;
    let arguments = ["explore", "--seed", "1", "--cases", "40", "--endpoint", &url, "--failures", &failures];
    let output = run(&[&arguments[..], &["--fail-on", "must", "--timeout", "6s"]].concat()).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    let line = said.lines().find_map(|line| line.strip_prefix("again: ")).unwrap().to_owned();
    for part in ["--timeout 6s", "--fail-on must", "--account \"$TRENTCHECK_ACCOUNT\"", "--region us-east-2"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    std::fs::remove_file(&failures).unwrap();
    let again = shell(&line).await;
    assert_eq!(again.status.code(), Some(1), "{line}: {}", text(&again.stdout) + &text(&again.stderr));
    assert!(Path::new(&failures).exists(), "{line}");
    server.stop().await;
}

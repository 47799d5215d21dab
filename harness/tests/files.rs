//! What the command reads and writes: no file that somebody laid makes it wait, crash or write elsewhere.

use crate::support::command::{text, trentcheck, trentcheck_apart, trentcheck_with};
use crate::support::scratch;
use crate::support::service::{KEYS, service, with};
use crate::support::{config, documents, reference};
use std::path::Path;
use std::process::{Command, Output};
use trentcheck_core::fixture::{Edition, load};

fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn refused(output: &Output, code: i32, expected: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(expected), "{expected}: {said}");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_reads_or_writes_is_refused_and_a_link_is_not_followed() {
    let folder = scratch::folder();
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = word(&pipe);
    let url = ["run", "--endpoint", "http://127.0.0.1:1"];
    for (more, expected) in [
        (["--report", &format!("json={pipe}")], "it is a pipe"),
        (["--config", &pipe], "it is a pipe"),
        (["--deviations", &pipe], "it is a pipe"),
        (["--ca", &pipe], "it is a pipe"),
        (["--ledger", &pipe], "it is no ordinary file"),
        (["--skip", &format!("@{pipe}")], "it is a pipe"),
    ] {
        refused(&trentcheck(&[&url[..], &more].concat()), 2, expected);
    }
    let (link, victim) = (folder.join("link"), folder.join("victim"));
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    refused(&trentcheck(&[&url[..], &["--ledger", &word(&link)]].concat()), 2, "it is no ordinary file");
    trentcheck(&["run", "members/null", "--report", &format!("json={}", word(&link))]);
    assert!(!victim.exists() && std::fs::symlink_metadata(&link).unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_report_goes_to_a_stream_or_a_device_as_it_is() {
    for path in ["/dev/stdout", "/dev/fd/1"] {
        let output = trentcheck(&["run", "members/null", "--report", &format!("json={path}")]);
        assert!(text(&output.stdout).contains("\"schema\""), "{path}: {}", text(&output.stderr));
    }
    assert_eq!(trentcheck(&["run", "members/null", "--report", "json=/dev/null"]).status.code(), Some(0));
}

#[test]
fn numbers_of_a_file_are_checked_as_those_of_flags() {
    let folder = scratch::folder();
    let file = folder.join("trentcheck.toml");
    for (line, flag, expected) in [
        ("jobs = 0", &["--jobs", "0"][..], "is not in 1..=256"),
        ("jobs = 65535", &["--jobs", "65535"], "is not in 1..=256"),
        ("[rates]\nCreateKey = 1e-300", &["--rate", "CreateKey=1e-300"], "number must be above 0"),
        ("[rates]\nCreateKey = 1e300", &["--rate", "CreateKey=1e300"], "number must be above 0"),
        ("[rates]\nNope = 1", &["--rate", "Nope=1"], "pace the operation `Nope`"),
        ("[rates]\nCreateKeys = 1", &["--rate", "CreateKeys=1"], "did you mean `CreateKey`"),
    ] {
        std::fs::write(&file, format!("{line}\n")).unwrap();
        refused(&trentcheck(&["run", "members/null", "--config", &word(&file)]), 2, expected);
        refused(&trentcheck(&[&["run", "members/null"], flag].concat()), 2, expected);
    }
}

#[test]
fn a_recording_of_fifty_thousand_dashes_is_one_clear_error() {
    let folder = scratch::folder();
    for head in ["- ".repeat(50_000), "[".repeat(50_000), "? ".repeat(50_000)] {
        std::fs::write(folder.join("example__absent-key.snap"), format!("---\n{head}\n---\n# judged\n")).unwrap();
        refused(&trentcheck(&["run", "example/*", "--against", &word(&folder)]), 2, "nested too deeply");
    }
}

#[test]
fn a_case_whose_clock_no_calendar_has_is_a_fault_of_the_fixture() {
    for clock in [i64::MAX, i64::MIN] {
        let mut documents = documents();
        let example = documents.iter_mut().find(|document| document.path == "cases/example.toml").unwrap();
        example.text = example.text.replacen("request = { ", &format!("request = {{ clock = {clock}, "), 1);
        let error = load(&documents).map(drop).unwrap_err().to_string();
        assert!(error.contains("`clock` shifts by more than"), "{error}");
    }
}

#[test]
fn an_endpoint_with_a_password_is_refused_with_a_hint_and_not_repeated() {
    for url in [
        "http://user:hunter2hunter2@127.0.0.1:1",
        "http://user:hunter2/hunter2@127.0.0.1:1",
        "http://user:hunter2 hunter2@127.0.0.1:1",
        "http://user:a@hunter2@127.0.0.1:1",
        "ftp://hunter2@127.0.0.1:1",
    ] {
        for arguments in
            [&["run", "--endpoint", url][..], &["run", "--endpoint", "http://127.0.0.1:1", "--against", url]]
        {
            let output = trentcheck(arguments);
            refused(&output, 2, "requests are signed: `--profile`");
            assert!(!text(&output.stderr).contains("hunter2"), "{}", text(&output.stderr));
        }
    }
}

#[test]
fn help_shows_no_variables_value() {
    let names = [
        "ENDPOINT",
        "TARGET",
        "REGION",
        "CA",
        "PROXY",
        "ACCOUNT",
        "STRANGER_ACCOUNT",
        "PROFILE",
        "LEDGER",
        "DEVIATIONS",
        "CONFIG",
        "CLIENT_CERT",
        "CLIENT_KEY",
        "SERVER_NAME",
    ]
    .map(|name| format!("TRENTCHECK_{name}"));
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "hunter2hunter2")).collect();
    for words in [&["-h"][..], &["--help"], &["run", "-h"], &["sweep", "--help"], &["doctor", "-h"], &["explore", "-h"]]
    {
        let output = trentcheck_with(&variables, words);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("TRENTCHECK_ENDPOINT"));
        assert!(!text(&output.stdout).contains("hunter2"), "{words:?}: {}", text(&output.stdout));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_credential_process_says_is_not_shown() {
    let files = scratch::written(
        "files-credentials",
        "[profile p]\ncredential_process = /bin/sh -c 'echo out-hunter2; echo token hunter2 expired >&2; exit 7'\n",
    );
    let variables = [("AWS_CONFIG_FILE", files.as_str()), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")];
    let arguments = ["run", "--endpoint", "https://kms.example.test", "--profile", "p"];
    let output = trentcheck_apart(&variables, &arguments).await;
    refused(&output, 2, "exit status: 7, with 12 bytes on stdout and 22 on stderr");
    assert!(!text(&output.stderr).contains("hunter2"), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_is_removed_by_the_line_that_is_printed() {
    let (server, reached) = service("files-killed").await;
    let client = crate::support::client::client_of(&server, "primary");
    let ledger = word(&scratch::folder().join("run.jsonl"));
    let run = "0123456789ab";
    let tag = aws_sdk_kms::types::Tag::builder().tag_key("trentcheck-run").tag_value(run).build().unwrap();
    let made = client.create_key().description(format!("trentcheck {run}")).tags(tag).send().await.unwrap();
    let arn = made.key_metadata.unwrap().arn.unwrap();
    // As the run leaves it that is killed behind CreateKey.
    let endpoint = &reached[1];
    std::fs::write(
        &ledger,
        format!(
            "{{\"event\":\"ledger\",\"format\":\"trentcheck-ledger/2\"}}\n\
             {{\"event\":\"run\",\"run\":\"{run}\",\"endpoint\":\"{endpoint}\",\"region\":\"us-east-2\"}}\n\
             {{\"event\":\"account\",\"run\":\"{run}\",\"owner\":\"primary\",\"account\":\"111122223333\"}}\n\
             {{\"event\":\"intent\",\"run\":\"{run}\",\"label\":\"key 1\",\"region\":\"us-east-2\",\"owner\":\"primary\"}}\n\
             {{\"event\":\"created\",\"run\":\"{run}\",\"label\":\"key 1\",\"arn\":\"{arn}\"}}\n"
        ),
    )
    .unwrap();
    let again = ["--allow-mutation", "--account", "111122223333", "--yes", "--ledger", &ledger];
    let output = trentcheck_apart(&KEYS, &with("run", &reached, &again)).await;
    refused(&output, 5, "did not end");
    let said = text(&output.stderr);
    let line = said.lines().map(str::trim).find(|line| line.starts_with("trentcheck sweep")).unwrap();
    // As a shell splits it; nothing in it has a blank.
    let words: Vec<&str> = line.split(' ').skip(1).chain(["--yes"]).collect();
    let output = trentcheck_apart(&KEYS, &words).await;
    assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
    let state = crate::support::client::state(&client, &arn).await;
    assert_eq!(state, aws_sdk_kms::types::KeyState::PendingDeletion, "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_run_does_not_fail_for_want_of_an_account_number() {
    let (_server, reached) = service("files-account").await;
    let fast = ["identifiers/*", "--rate", "DeleteImportedKeyMaterial=100000"];
    let output = trentcheck_apart(&KEYS, &with("run", &reached, &fast)).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("`--account` names it"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_holds_whoever_signs() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let url = format!("http://{}", server.address());
    let principal = |name: &str| server.config().principals.iter().find(|known| known.name == name).unwrap().clone();
    let directory = word(&scratch::folder());
    let by = async |name: &str, words: &[&str]| {
        let principal = principal(name);
        let mut variables = vec![
            ("TRENTCHECK_ACCESS_KEY_ID", principal.access_key_id.clone()),
            ("TRENTCHECK_SECRET_ACCESS_KEY", principal.secret_access_key.clone()),
        ];
        variables.extend(principal.session_token.clone().map(|token| ("TRENTCHECK_SESSION_TOKEN", token)));
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        trentcheck_apart(&variables, &[words, &["members/*", "authentication/presigned", "--endpoint", &url]].concat())
            .await
    };
    let output = by("primary", &["record", &directory]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = by("session", &["run", "--against", &directory]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("drift: 1"), "{}", text(&output.stdout));
}

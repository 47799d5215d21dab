//! The command that sweeps after a killed run: what is printed is what a shell runs.
#![cfg(unix)]

use crate::sdk::client_of;
use crate::services::{KEYS, scratch, service, text, trentcheck, with};
use crate::support::{config, reference};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyState, Tag};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};
use trentcheck_core::fixture::Edition;

const RUN: &str = "0123456789ab";

/// A key of a run that was killed, and its ledger.
async fn killed(client: &Client, name: &str, endpoint: &str) -> (String, String) {
    let tag = Tag::builder().tag_key("trentcheck-run").tag_value(RUN).build().unwrap();
    let made = client.create_key().description(format!("trentcheck {RUN}")).tags(tag).send().await.unwrap();
    let arn = made.key_metadata.unwrap().arn.unwrap();
    let records = [
        json!({ "event": "ledger", "format": "trentcheck-ledger/2" }),
        json!({ "event": "run", "run": RUN, "endpoint": endpoint, "region": "us-east-2" }),
        json!({ "event": "created", "run": RUN, "label": "key 1", "arn": arn }),
    ];
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    (arn, scratch(&format!("it's the ledger of {name}.jsonl"), lines))
}

async fn state(client: &Client, arn: &str) -> KeyState {
    client.describe_key().key_id(arn).send().await.unwrap().key_metadata.unwrap().key_state.unwrap()
}

/// The line of what was said that is a sweep.
fn line(output: &Output) -> String {
    let said = text(&output.stderr);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| line.starts_with("trentcheck sweep")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].to_owned()
}

/// Runs a line as a person would who pastes it.
async fn shell(variables: &[(&str, &str)], line: &str) -> Output {
    let command = Path::new(env!("CARGO_BIN_EXE_trentcheck")).parent().unwrap();
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TRENTCHECK_") || name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
            shell.env_remove(&name);
        }
    }
    shell.args(["-c", line]).envs(variables.iter().copied()).current_dir(env!("CARGO_TARGET_TMPDIR"));
    shell.env("PATH", format!("{}:{}", command.display(), std::env::var("PATH").unwrap_or_default()));
    tokio::task::spawn_blocking(move || shell.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_run_prints_sweeps_after_the_killed_one() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let (client, endpoint) = (client_of(&server, "primary"), target.endpoint.to_string());
    let (arn, ledger) = killed(&client, "a run on loopback", &endpoint).await;
    let run = ["run", "example/absent-key", "--endpoint", &endpoint, "--ledger", &ledger];
    let refused = trentcheck(&[], &run).await;
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
    let swept = shell(&[], &line(&refused)).await;
    assert_eq!(swept.status.code(), Some(0), "{}{}", text(&swept.stdout), text(&swept.stderr));
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
    assert_eq!(trentcheck(&[], &run).await.status.code(), Some(0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_finds_the_target_of_a_configuration_with_other_targets() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let (client, endpoint) = (client_of(&server, "primary"), target.endpoint.to_string());
    let (arn, ledger) = killed(&client, "a target", &endpoint).await;
    // The top of the file is another target.
    let text_of_file = format!(
        "endpoint = \"http://127.0.0.1:1\"\nregion = \"us-west-2\"\n[targets.\"of mine\"]\nendpoint = \"{endpoint}\"\nregion = \"us-east-2\"\n"
    );
    let file = scratch("the targets.toml", text_of_file);
    let run = ["run", "example/absent-key", "--config", &file, "--target", "of mine", "--ledger", &ledger];
    let refused = trentcheck(&[], &run).await;
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
    let swept = shell(&[], &line(&refused)).await;
    assert_eq!(swept.status.code(), Some(0), "{}{}", text(&swept.stdout), text(&swept.stderr));
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_off_loopback_reaches_the_target_as_the_run_did() {
    let (server, reached) = service("sweep line").await;
    let (arn, ledger) = killed(&client_of(&server, "primary"), "a service", &reached[1]).await;
    let variables = [&KEYS[..], &[("TRENTCHECK_ACCOUNT", "111122223333")]].concat();
    let run = with("run", &reached, &["example/absent-key", "--allow-mutation", "--ledger", &ledger]);
    let refused = trentcheck(&variables, &run).await;
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
    let printed = line(&refused);
    assert!(!printed.contains("111122223333"), "{printed}");
    // Nobody is here to confirm.
    let asked = shell(&variables, &printed).await;
    assert_eq!(asked.status.code(), Some(5), "{}", text(&asked.stderr));
    assert!(
        text(&asked.stderr).contains("would be scheduled for deletion in 7 days: arn:aws:kms"),
        "{}",
        text(&asked.stderr)
    );
    let swept = shell(&variables, &format!("{printed} --yes")).await;
    assert_eq!(swept.status.code(), Some(0), "{}{}", text(&swept.stdout), text(&swept.stderr));
    assert_eq!(state(&client_of(&server, "primary"), &arn).await, KeyState::PendingDeletion);
    // The plan of a run names the same line.
    let planned = trentcheck(&variables, &run).await;
    assert_eq!(planned.status.code(), Some(5), "{}", text(&planned.stderr));
    assert_eq!(line(&planned), printed);
    server.stop().await;
}

//! A ledger is written before keys are made, and a sweep removes what a run left and nothing else.

use crate::support::client::{client_of, state};
use crate::support::command::{text, trentcheck_apart};
use crate::support::scratch::file;
use crate::support::{config, corpus, options, reference, replay};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyState, Tag};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use trentcheck_core::fixture::{Edition, Owner};
use trentcheck_core::ledger::{Ledger, OpenRun};
use trentcheck_core::run::{Clock, Options, Target};
use trentcheck_core::sweep::{Sweeping, Swept, Times, Touch, sweep};

const RUN: &str = "0123456789ab";

/// The ARN of a key with this description and tag.
async fn key(client: &Client, description: &str, tag: Option<&str>) -> String {
    let tags = tag.map(|value| vec![Tag::builder().tag_key("trentcheck-run").tag_value(value).build().unwrap()]);
    let made = client.create_key().description(description).set_tags(tags).send().await.unwrap();
    made.key_metadata.unwrap().arn.unwrap()
}

/// Keys that a run could be taken to have made, but did not.
async fn look_alikes(client: &Client) -> Vec<String> {
    let named = format!("trentcheck {RUN}");
    vec![
        key(client, "", None).await,
        key(client, &named, None).await,
        key(client, "", Some(RUN)).await,
        key(client, &named, Some("ba9876543210")).await,
        key(client, &format!("a {named}"), Some(RUN)).await,
        key(client, "trentcheck production", Some("production")).await,
    ]
}

fn times() -> Times {
    Times { settle: Duration::from_millis(100), deadline: Duration::from_secs(60) }
}

async fn swept(target: &Target, sweeping: Sweeping, touch: Touch) -> Swept {
    let clock: Clock = Arc::new(SystemTime::now);
    sweep(&corpus(), target, &sweeping, touch, &clock, times()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_by_age_takes_old_keys_of_runs_and_no_look_alike() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let foreign = look_alikes(&client).await;
    let ours = key(&client, &format!("trentcheck {RUN}"), Some(RUN)).await;
    let alias = format!("alias/trentcheck-{RUN}-key-1");
    for (name, arn) in [(alias.as_str(), &ours), ("alias/production", &ours)] {
        client.create_alias().alias_name(name).target_key_id(arn).send().await.unwrap();
    }
    client
        .create_alias()
        .alias_name(format!("alias/trentcheck-{RUN}-key-2"))
        .target_key_id(&foreign[1])
        .send()
        .await
        .unwrap();
    let hour = Duration::from_secs(60 * 60);
    let old = || Sweeping::OlderThan(Duration::ZERO);
    let young = swept(&target, Sweeping::OlderThan(hour), Touch::Change).await;
    assert!(young.scheduled.is_empty() && young.skipped.len() == 1, "{young:?}");
    let dry = swept(&target, old(), Touch::Nothing).await;
    assert_eq!((&dry.scheduled, &dry.aliases), (&vec![ours.clone()], &vec![alias.clone()]));
    assert_eq!(state(&client, &ours).await, KeyState::Enabled);
    let wet = swept(&target, old(), Touch::Change).await;
    assert_eq!(wet, dry);
    assert_eq!(state(&client, &ours).await, KeyState::PendingDeletion);
    for arn in &foreign {
        assert_eq!(state(&client, arn).await, KeyState::Enabled);
    }
    let left = client.list_aliases().send().await.unwrap();
    let mut names: Vec<_> = left.aliases().iter().filter_map(|alias| alias.alias_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["alias/production", &format!("alias/trentcheck-{RUN}-key-2")]);
    let again = swept(&target, old(), Touch::Change).await;
    assert_eq!((again.scheduled.len(), again.pending), (0, vec![ours]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_names_a_strangers_key_does_not_make_it_ours() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let foreign = look_alikes(&client).await;
    let run = OpenRun { run: RUN.to_owned(), keys: foreign.iter().cloned().collect(), ..OpenRun::default() };
    let swept = swept(&target, Sweeping::Runs(vec![run]), Touch::Change).await;
    assert_eq!((swept.scheduled.len(), swept.skipped.len(), swept.left.len()), (0, 0, foreign.len()), "{swept:?}");
    for arn in &foreign {
        assert_eq!(state(&client, arn).await, KeyState::Enabled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_creation_was_not_recorded_is_found_among_hundreds() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    for _ in 0..120 {
        key(&client, "somebody's", None).await;
    }
    let ours = key(&client, &format!("trentcheck {RUN}"), Some(RUN)).await;
    let intents = [("key 1".to_owned(), ("us-east-2".to_owned(), Owner::Primary))].into();
    let run = OpenRun { run: RUN.to_owned(), intents, ..OpenRun::default() };
    let swept = swept(&target, Sweeping::Runs(vec![run]), Touch::Change).await;
    assert_eq!(swept.scheduled, [ours]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_leaves_an_ended_ledger_without_secrets() {
    let path = PathBuf::from(file("run.ledger"));
    let (_server, target) = reference(config(Edition::KeyOnly)).await;
    let (ledger, _) = Ledger::open(&path).unwrap();
    let options = Options { ledger: Some(Arc::new(ledger)), ..options(4) };
    let report = replay(&corpus(), &["success/*"], &target, &options).await;
    assert!(report.left.is_empty(), "{:?}", report.left);
    drop(options);
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.matches("\"created\"").count() > 2, "{written}");
    assert!(!written.contains("secret") && !written.contains("AKID"), "{written}");
    assert_eq!(Ledger::open(&path).unwrap().1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_no_file_is_refused_and_nothing_is_sent() {
    // A device that is always full.
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let endpoint = format!("http://{}", server.address());
    let output = trentcheck_apart(&[], &["run", "--endpoint", &endpoint, "--ledger", "/dev/full"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_eq!(server.served(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_of_a_run_that_goes_on_or_did_not_end_is_refused_and_nothing_is_sent() {
    let path = PathBuf::from(file("run.ledger"));
    let file = path.to_string_lossy().into_owned();
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let endpoint = target.endpoint.to_string();
    let (ledger, _) = Ledger::open(&path).unwrap();
    ledger.begins(RUN, &endpoint, "us-east-2").unwrap();
    for arguments in [&["run", "--endpoint", &endpoint, "--ledger", &file][..], &["sweep", "--ledger", &file]] {
        let output = trentcheck_apart(&[], arguments).await;
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("is in use by another run"), "{}", text(&output.stderr));
    }
    drop(ledger);
    for (arguments, expected) in [
        (&["run", "--endpoint", &endpoint, "--ledger", &file][..], "did not end"),
        (&["sweep", "--endpoint", "http://127.0.0.1:1", "--ledger", &file], "of the ledger was at"),
        (&["sweep", "--region", "us-west-2", "--ledger", &file], "of the ledger was at"),
    ] {
        let output = trentcheck_apart(&[], arguments).await;
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    assert_eq!(server.served(), 0);
    // An intent whose key was never made: the sweep looks, finds nothing, and the ledger is free again.
    for expected in ["0 keys scheduled", "nothing to sweep"] {
        let output = trentcheck_apart(&[], &["sweep", "--ledger", &file]).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    }
}

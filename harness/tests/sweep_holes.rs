//! A sweep and a ledger at targets that answer late, wrongly or "not now", and in hands that are not those of the run.

use crate::support::client::{client_of, state};
use crate::support::command::{text, trentcheck_apart};
use crate::support::hostile::{self, Fate, tls_front};
use crate::support::scratch::{file, written};
use crate::support::service::{ACCOUNT, KEYS};
use crate::support::{config, corpus, options, reference, replay};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyState, Tag};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use trentcheck_core::fixture::{Edition, Owner};
use trentcheck_core::ledger::{Ledger, OpenRun};
use trentcheck_core::report::Outcome;
use trentcheck_core::run::{Elsewhere, Facts, Options};
use trentcheck_core::send::Endpoint;

use trentcheck_reference::Server;

const RUN: &str = "0123456789ab";
const STRANGER: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDTRENTCHECK000004"), ("AWS_SECRET_ACCESS_KEY", "trentcheck-dummy-secret-stranger")];

fn refusal(name: &str) -> Fate {
    Fate::Answered(400, json!({ "__type": name, "message": "on purpose" }).to_string())
}

/// A front that decides by operation and body what becomes of a call.
async fn front(backend: SocketAddr, decide: impl Fn(&str, &Value) -> Fate + Send + Sync + 'static) -> SocketAddr {
    hostile::front(backend, move |operation, body| decide(operation, &serde_json::from_str(body).unwrap_or_default()))
        .await
}

/// Whether this is one of the first calls so counted.
fn is_among_first(count: &AtomicUsize, first: usize) -> bool {
    count.fetch_add(1, Ordering::Relaxed) < first
}

async fn target() -> (Server, Client) {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    (server, client)
}

/// The ARN of a key as the run of this id makes them.
async fn key_of(client: &Client, run: &str) -> String {
    let tag = Tag::builder().tag_key("trentcheck-run").tag_value(run).build().unwrap();
    let made = client.create_key().description(format!("trentcheck {run}")).tags(tag).send().await.unwrap();
    made.key_metadata.unwrap().arn.unwrap()
}

async fn alias_of(client: &Client, arn: &str) -> String {
    let name = format!("alias/trentcheck-{RUN}-key-1");
    client.create_alias().alias_name(&name).target_key_id(arn).send().await.unwrap();
    name
}

/// The ledger of a run that was killed after these records.
fn ledger(name: &str, endpoint: &str, records: &[Value]) -> String {
    let begun = [
        json!({ "event": "ledger", "format": "trentcheck-ledger/2" }),
        json!({ "event": "run", "run": RUN, "endpoint": endpoint, "region": "us-east-2" }),
    ];
    let lines: String = begun.iter().chain(records).map(|record| format!("{record}\n")).collect();
    written(&format!("holes-{name}.jsonl"), lines)
}

fn created(arn: &str) -> Value {
    json!({ "event": "created", "run": RUN, "label": arn, "arn": arn })
}

fn intent(region: &str, owner: &str) -> Value {
    json!({ "event": "intent", "run": RUN, "label": "key 1", "region": region, "owner": owner })
}

/// What a ledger says is open.
fn open(path: &str) -> Vec<OpenRun> {
    Ledger::open(Path::new(path)).unwrap().1
}

/// Sweeps by a ledger on loopback, through a front.
async fn swept(address: SocketAddr, name: &str, records: &[Value]) -> (Output, Vec<OpenRun>) {
    let file = ledger(name, &format!("http://{address}"), records);
    let output = trentcheck_apart(&[], &["sweep", "--ledger", &file, "--settle", "400ms"]).await;
    (output, open(&file))
}

#[track_caller]
fn assert_left(output: &Output, expected: &str) {
    assert_eq!(output.status.code(), Some(6), "{}{}", text(&output.stdout), text(&output.stderr));
    let stdout = text(&output.stdout);
    assert!(stdout.lines().any(|line| line.starts_with("left: ") && line.contains(expected)), "{expected}: {stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_ledger_names_is_waited_for() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let looks = AtomicUsize::new(0);
    let late = move |operation: &str, _: &Value| match operation {
        "DescribeKey" if is_among_first(&looks, 3) => refusal("NotFoundException"),
        _ => Fate::Passed,
    };
    let (output, open) = swept(front(server.address(), late).await, "late", &[created(&arn)]).await;
    assert_eq!((output.status.code(), open), (Some(0), vec![]), "{}", text(&output.stdout));
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_ledger_names_and_nobody_finds_is_left_and_the_ledger_stays_open() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let blind = |operation: &str, _: &Value| match operation {
        "DescribeKey" => refusal("NotFoundException"),
        _ => Fate::Passed,
    };
    let (output, open) = swept(front(server.address(), blind).await, "blind", &[created(&arn)]).await;
    assert_left(&output, "NotFoundException");
    assert!(text(&output.stderr).contains("delete `"), "{}", text(&output.stderr));
    assert_eq!(open[0].keys, [arn].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_region_that_nobody_reaches_is_left() {
    let (server, _) = target().await;
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let (output, open) = swept(server.address(), "far", &[created(arn)]).await;
    assert_left(&output, "no principal that could reach it");
    assert_eq!(open[0].keys, [arn.to_owned()].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_arn_is_left_in_the_ledger_and_in_a_list() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let records = [created("nonsense"), created(&arn)];
    let (output, open) = swept(server.address(), "no-arn", &records).await;
    assert_left(&output, "key nonsense: failed to read an ARN that does not begin with `arn:`");
    assert_eq!(open[0].keys, ["nonsense".to_owned()].into());
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
    let listed = |operation: &str, _: &Value| match operation {
        "ListKeys" => {
            Fate::Answered(200, json!({ "Keys": [{ "KeyArn": "nonsense" }], "Truncated": false }).to_string())
        }
        _ => Fate::Passed,
    };
    let records = [intent("us-east-2", "primary")];
    let (output, open) = swept(front(server.address(), listed).await, "no-arn-listed", &records).await;
    assert_left(&output, "nonsense is listed, and is no ARN");
    assert_eq!(open.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_run_is_not_touched_whatever_the_ledger_says() {
    let (server, client) = target().await;
    let (ours, other) = (key_of(&client, RUN).await, key_of(&client, "ba9876543210").await);
    let (output, open) = swept(server.address(), "other", &[created(&ours), created(&other)]).await;
    assert_left(&output, "are not those of run");
    assert_eq!((state(&client, &ours).await, state(&client, &other).await), {
        (KeyState::PendingDeletion, KeyState::Enabled)
    });
    // What was released is written down, and the run has not ended.
    assert_eq!((&open[0].keys, &open[0].released), (&[other].into(), &[ours].into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_described_by_another_arn_is_not_touched() {
    let (server, client) = target().await;
    let (ours, asked) = (key_of(&client, RUN).await, key_of(&client, "ba9876543210").await);
    let (id, arn) = (ours.rsplit('/').next().unwrap().to_owned(), ours.clone());
    let name = asked.clone();
    // Asked for one key the target describes another.
    let astray = move |operation: &str, body: &Value| match (operation, body["KeyId"] == name.as_str()) {
        ("DescribeKey", true) => {
            let description = format!("trentcheck {RUN}");
            let metadata = json!({ "Arn": arn, "KeyId": id, "Description": description, "CreationDate": 1.0 });
            Fate::Answered(200, json!({ "KeyMetadata": metadata }).to_string())
        }
        ("ListResourceTags", true) => Fate::Answered(
            200,
            json!({ "Tags": [{ "TagKey": "trentcheck-run", "TagValue": RUN }], "Truncated": false }).to_string(),
        ),
        _ => Fate::Passed,
    };
    let (output, _) = swept(front(server.address(), astray).await, "astray", &[created(&asked)]).await;
    assert_left(&output, "are not those of run");
    assert_eq!((state(&client, &ours).await, state(&client, &asked).await), (KeyState::Enabled, KeyState::Enabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_creation_was_under_way_is_waited_for() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let looks = AtomicUsize::new(0);
    let late = move |operation: &str, _: &Value| match operation {
        "ListKeys" if is_among_first(&looks, 3) => {
            Fate::Answered(200, json!({ "Keys": [], "Truncated": false }).to_string())
        }
        _ => Fate::Passed,
    };
    let records = [intent("us-east-2", "primary")];
    let (output, open) = swept(front(server.address(), late).await, "under-way", &records).await;
    assert_eq!((output.status.code(), open), (Some(0), vec![]), "{}", text(&output.stdout));
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_looked_for_where_and_by_whom_it_was_meant() {
    let (server, _) = target().await;
    let endpoint = format!("http://{}", server.address());
    let region = server.config().regions[1].clone();
    // The second Region is asked for at the same address, where this target does not have it.
    let refused = format!("in {region}: ListKeys answered 400 InvalidSignatureException");
    let nobody = "no credentials are configured to search for it";
    for (name, region, owner, why) in
        [("elsewhere", region.as_str(), "primary", refused.as_str()), ("stranger", "us-east-2", "stranger", nobody)]
    {
        let file = ledger(name, &endpoint, &[intent(region, owner)]);
        let output = trentcheck_apart(&[], &["sweep", "--ledger", &file, "--settle", "0s"]).await;
        assert_left(&output, why);
        let owner = if owner == "primary" { Owner::Primary } else { Owner::Stranger };
        assert_eq!(open(&file)[0].intents["key 1"], (region.to_owned(), owner));
    }
    let file = ledger("elsewhere", &endpoint, &[intent(&region, "primary")]);
    let elsewhere = format!("{region}=http://{}", server.address_of(&region).unwrap());
    let output =
        trentcheck_apart(&[], &["sweep", "--ledger", &file, "--settle", "0s", "--elsewhere", &elsewhere]).await;
    assert_eq!((output.status.code(), open(&file)), (Some(0), vec![]), "{}", text(&output.stdout));
}

/// A front off loopback, with the arguments that reach it.
async fn service(name: &str, backend: SocketAddr) -> (String, Vec<String>) {
    let (address, ca) = tls_front(backend).await;
    let ca = written(&format!("holes-{name}.pem"), ca);
    let endpoint = format!("https://kms.example.test:{}", address.port());
    let reached =
        ["sweep", "--endpoint", &endpoint, "--resolve", &address.to_string(), "--ca", &ca, "--settle", "200ms"]
            .map(str::to_owned);
    (endpoint, reached.to_vec())
}

async fn at(reached: &[String], keys: &[(&str, &str)], more: &[&str]) -> Output {
    let arguments: Vec<&str> = reached.iter().map(String::as_str).chain(more.iter().copied()).collect();
    trentcheck_apart(keys, &arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_a_run_ends_only_for_somebody_of_the_named_account() {
    let (server, client) = target().await;
    let (endpoint, reached) = service("account", server.address()).await;
    let arn = key_of(&client, RUN).await;
    let records = [intent("us-east-2", "primary")];
    let stranger = client_of(&server, "stranger");
    for (name, expected) in [("nobody", "no key there that shows its account"), ("other", "to another account")] {
        if name == "other" {
            stranger.create_key().description("somebody's").send().await.unwrap();
        }
        let file = ledger(name, &endpoint, &records);
        let output = at(&reached, &STRANGER, &["--ledger", &file, "--account", ACCOUNT, "--yes"]).await;
        assert_left(&output, expected);
        assert_eq!((open(&file).len(), state(&client, &arn).await), (1, KeyState::Enabled));
    }
    let file = ledger("named", &endpoint, &records);
    let output = at(&reached, &KEYS, &["--ledger", &file, "--account", ACCOUNT, "--yes"]).await;
    assert_eq!((output.status.code(), open(&file)), (Some(0), vec![]), "{}", text(&output.stdout));
    assert_eq!(state(&client, &arn).await, KeyState::PendingDeletion);
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_an_alias_is_deleted_only_after_a_yes() {
    let (server, client) = target().await;
    let (_, reached) = service("alias", server.address()).await;
    let arn = key_of(&client, RUN).await;
    alias_of(&client, &arn).await;
    client.schedule_key_deletion().key_id(&arn).send().await.unwrap();
    let more = ["--older-than", "0s", "--account", ACCOUNT];
    let output = at(&reached, &KEYS, &more).await;
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stdout));
    assert_eq!(client.list_aliases().send().await.unwrap().aliases().len(), 1);
    let output = at(&reached, &KEYS, &[&more[..], &["--yes"]].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(client.list_aliases().send().await.unwrap().aliases().len(), 0);
    // Nobody has to say yes to nothing.
    let output = at(&reached, &KEYS, &more).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_only_what_was_shown_is_changed() {
    let (server, client) = target().await;
    let (shown, later) = (key_of(&client, RUN).await, key_of(&client, "ba9876543210").await);
    let alias = format!("alias/trentcheck-{RUN}-key-1");
    let (arn, first) = (shown.clone(), AtomicUsize::new(0));
    let (looks, name) = (AtomicUsize::new(0), alias.clone());
    // The first look shows one key of two, without its alias.
    let growing = move |operation: &str, _: &Value| match operation {
        "ListKeys" if is_among_first(&first, 1) => {
            Fate::Answered(200, json!({ "Keys": [{ "KeyArn": arn }], "Truncated": false }).to_string())
        }
        "ListAliases" if is_among_first(&looks, 1) => {
            Fate::Answered(200, json!({ "Aliases": [], "Truncated": false }).to_string())
        }
        _ => Fate::Passed,
    };
    alias_of(&client, &shown).await;
    let (_, reached) = service("later", front(server.address(), growing).await).await;
    let output = at(&reached, &KEYS, &["--older-than", "0s", "--account", ACCOUNT, "--yes"]).await;
    assert_left(&output, &later[later.len() - 36..]);
    assert_left(&output, &name);
    assert_eq!((state(&client, &shown).await, state(&client, &later).await), {
        (KeyState::PendingDeletion, KeyState::Enabled)
    });
    assert_eq!(client.list_aliases().send().await.unwrap().aliases().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_keys_of_another_account_are_refused_also_where_nothing_would_change() {
    let (server, client) = target().await;
    let (_, reached) = service("unnamed", server.address()).await;
    let arn = key_of(&client, RUN).await;
    let output = at(&reached, &KEYS, &["--older-than", "0s", "--account", "999999999999", "--dry-run"]).await;
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stdout));
    assert_eq!(state(&client, &arn).await, KeyState::Enabled);
}

/// A front that keeps the calls that change something, and answers for tags from the moment that it is told to.
#[derive(Clone, Default)]
struct Watch {
    changes: Arc<Mutex<Vec<(String, Value)>>>,
    tag_looks: Arc<AtomicUsize>,
}

impl Watch {
    fn sees(&self, operation: &str, body: &Value) {
        if ["ScheduleKeyDeletion", "DeleteAlias"].contains(&operation) {
            self.changes.lock().unwrap().push((operation.to_owned(), body.clone()));
        }
    }

    fn changes(&self) -> Vec<(String, Value)> {
        self.changes.lock().unwrap().clone()
    }
}

fn tagged(run: &str) -> Fate {
    Fate::Answered(
        200,
        json!({ "Tags": [{ "TagKey": "trentcheck-run", "TagValue": run }], "Truncated": false }).to_string(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_looked_at_again_before_each_change() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    alias_of(&client, &arn).await;
    // It changes hands right after it was found; or after its alias was looked for.
    for first in [1, 2] {
        let watch = Watch::default();
        let seen = watch.clone();
        let taken = move |operation: &str, body: &Value| {
            seen.sees(operation, body);
            match operation {
                "ListResourceTags" if !is_among_first(&seen.tag_looks, first) => tagged("production"),
                "DeleteAlias" => refusal("KMSInternalException"),
                _ => Fate::Passed,
            }
        };
        let (output, open) = swept(front(server.address(), taken).await, "taken", &[created(&arn)]).await;
        assert_left(&output, if first == 1 { "have changed" } else { "DeleteAlias answered" });
        assert_eq!(watch.changes().len(), first - 1, "{:?}", watch.changes());
        assert_eq!((open[0].keys.len(), state(&client, &arn).await), (1, KeyState::Enabled));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_looked_at_again_before_a_change_is_tried_again() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let watch = Watch::default();
    let seen = watch.clone();
    let busy = move |operation: &str, body: &Value| {
        seen.sees(operation, body);
        match operation {
            "ScheduleKeyDeletion" => Fate::Answered(503, json!({}).to_string()),
            // Found, looked at before the call, and no longer ours before the next.
            "ListResourceTags" if !is_among_first(&seen.tag_looks, 2) => tagged("production"),
            _ => Fate::Passed,
        }
    };
    let (output, _) = swept(front(server.address(), busy).await, "busy", &[created(&arn)]).await;
    assert_left(&output, "have changed");
    let expected = json!({ "KeyId": arn, "PendingWindowInDays": 7 });
    assert_eq!(watch.changes(), [("ScheduleKeyDeletion".to_owned(), expected)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_target_was_too_busy_for_is_made_again() {
    let (server, client) = target().await;
    let arn = key_of(&client, RUN).await;
    let alias = alias_of(&client, &arn).await;
    let watch = Watch::default();
    let (seen, calls) = (watch.clone(), AtomicUsize::new(0));
    let busy = move |operation: &str, body: &Value| {
        seen.sees(operation, body);
        match operation {
            "ScheduleKeyDeletion" | "DeleteAlias" if calls.fetch_add(1, Ordering::Relaxed) % 2 == 0 => {
                Fate::Answered(503, json!({}).to_string())
            }
            _ => Fate::Passed,
        }
    };
    let (output, open) = swept(front(server.address(), busy).await, "again", &[created(&arn)]).await;
    assert_eq!((output.status.code(), open), (Some(0), vec![]), "{}", text(&output.stdout));
    let (named, window) = (json!({ "AliasName": alias }), json!({ "KeyId": arn, "PendingWindowInDays": 7 }));
    let expected = [("DeleteAlias", &named), ("DeleteAlias", &named), ("ScheduleKeyDeletion", &window)];
    let changes = watch.changes();
    let made: Vec<(&str, &Value)> = changes.iter().map(|(name, body)| (name.as_str(), body)).collect();
    assert_eq!(made, [&expected[..], &[("ScheduleKeyDeletion", &window)]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_another_key_is_not_deleted() {
    let (server, client) = target().await;
    let (ours, other) = (key_of(&client, RUN).await, key_of(&client, "ba9876543210").await);
    let name = alias_of(&client, &other).await;
    // The target lists it with whatever key it is asked about.
    let target = other.rsplit('/').next().unwrap().to_owned();
    let careless = move |operation: &str, _: &Value| match operation {
        "ListAliases" => {
            let alias = json!({ "AliasName": name, "TargetKeyId": target });
            Fate::Answered(200, json!({ "Aliases": [alias], "Truncated": false }).to_string())
        }
        _ => Fate::Passed,
    };
    let (output, _) = swept(front(server.address(), careless).await, "careless", &[created(&ours)]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(client.list_aliases().send().await.unwrap().aliases().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_writes_each_key_down_before_it_asks_for_it_and_schedules_with_the_shortest_window() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let path = PathBuf::from(file("run.jsonl"));
    let (seen, watch) = (path.clone(), Watch::default());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (questions, changes) = (Arc::clone(&asked), watch.clone());
    let watching = move |operation: &str, body: &Value| {
        changes.sees(operation, body);
        if operation == "CreateKey" {
            let written = std::fs::read_to_string(&seen).unwrap();
            questions.lock().unwrap().push(written.matches("\"event\":\"intent\"").count());
        }
        Fate::Passed
    };
    target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), watching).await)).unwrap();
    let (opened, _) = Ledger::open(&path).unwrap();
    let options = Options { ledger: Some(Arc::new(opened)), ..options(1) };
    let report = replay(&corpus(), &["example/*", "success/*"], &target, &options).await;
    assert!(report.left.is_empty(), "{:?}", report.left);
    // Each finds an intent more than the one before: its own.
    let asked = asked.lock().unwrap().clone();
    assert!(!asked.is_empty() && asked.iter().enumerate().all(|(at, intents)| *intents > at), "{asked:?}");
    let windows: Vec<Value> = watch
        .changes()
        .into_iter()
        .filter(|(name, _)| name == "ScheduleKeyDeletion")
        .map(|(_, body)| body["PendingWindowInDays"].clone())
        .collect();
    assert!(!windows.is_empty() && windows.iter().all(|window| *window == 7), "{windows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_region_that_a_test_server_does_not_serve_is_never_written_down() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let path = PathBuf::from(file("nowhere.jsonl"));
    let (seen, asked) = (path.clone(), Arc::new(Mutex::new(Vec::new())));
    let written = Arc::clone(&asked);
    let watching = move |operation: &str, _: &Value| {
        written.lock().unwrap().push((operation.to_owned(), std::fs::read_to_string(&seen).unwrap_or_default()));
        Fate::Passed
    };
    target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), watching).await)).unwrap();
    target.elsewhere = Some(Elsewhere::assumed(&target.endpoint, &target.region));
    let region = format!("\"region\":\"{}\"", target.other_region());
    let (opened, _) = Ledger::open(&path).unwrap();
    // Recorded facts make replicas too, and make calls of ReplicateKey that have to be refused.
    let options = Options { ledger: Some(Arc::new(opened)), facts: Facts::Recorded, ..options(4) };
    let report = replay(&corpus(), &["identifiers/*elsewhere", "example/*"], &target, &options).await;
    let skipped = report.cases.iter().filter(|case| case.outcome == Outcome::Skipped).count();
    assert!(skipped > 0, "no case needs a key in the other Region");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().any(|(operation, _)| operation == "CreateKey"), "no key was made");
    let told: Vec<&String> =
        asked.iter().filter(|(_, ledger)| ledger.contains(&region)).map(|(name, _)| name).collect();
    assert_eq!(told, [""; 0], "a sweep of a run that was killed here is refused for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_nobody_asked_for_is_not_deleted() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    for (refused, has_alias) in [("ImportKeyMaterial", false), ("CreateGrant", true)] {
        let refusing = move |operation: &str, _: &Value| match operation == refused {
            true => refusal("AccessDeniedException"),
            false => Fate::Passed,
        };
        target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), refusing).await)).unwrap();
        let report = replay(&corpus(), &["identifiers/alias-name"], &target, &options(1)).await;
        assert!(report.left.is_empty(), "{:?}", report.left);
        for call in ["CreateAlias", "DeleteAlias"] {
            assert_eq!(report.calls.contains_key(call), has_alias, "{refused}: {:?}", report.calls);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_a_list_was_written_over_are_told_and_have_their_exit_code() {
    let (server, _) = target().await;
    const MOVED: usize = 2;
    let ends = AtomicUsize::new(0);
    // Only at the end of the run, so that every case has a verdict.
    let holding = move |operation: &str, _: &Value| match operation {
        "DeleteAlias" => {
            ends.fetch_add(1, Ordering::Relaxed);
            Fate::Passed
        }
        // Two cases move an alias: it is deleted and made again before they begin.
        "ScheduleKeyDeletion" if ends.load(Ordering::Relaxed) > MOVED => refusal("AccessDeniedException"),
        _ => Fate::Passed,
    };
    let endpoint = format!("http://{}", front(server.address(), holding).await);
    let list = written("holes-list.toml", "");
    // In the wire lane, cases with a `next` request have no verdict at a front that closes its connections.
    let arguments = ["deviations", "update", "--endpoint", &endpoint, &list, "--lane", "http"];
    let output = trentcheck_apart(&[("CI", "")], &arguments).await;
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{}{stderr}", text(&output.stdout));
    assert!(stderr.contains("left behind, remove by hand: key arn:"), "{stderr}");
    assert!(text(&output.stdout).contains("holes-list.toml is written"), "{}{stderr}", text(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_the_configuration_has_12_digits_too() {
    for name in ["account", "stranger-account"] {
        let configuration = written(&format!("holes-{name}.toml"), format!("{name} = \"1111\"\n"));
        let output =
            trentcheck_apart(&[], &["sweep", "--config", &configuration, "--endpoint", "http://127.0.0.1:1"]).await;
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("12 digits"), "{}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_answer_leaves_everything_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let arn =
        |number: u8| format!("arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-12345678900{number}");
    let (output, open) =
        swept(address, "dead", &[created(&arn(1)), created(&arn(2)), intent("us-east-2", "primary")]).await;
    assert_left(&output, &arn(1)[24..]);
    assert_left(&output, &arn(2)[24..]);
    assert_left(&output, "perhaps a key of run");
    assert_eq!((open[0].keys.len(), open[0].intents.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_without_an_object_deletes_no_key() {
    for body in ["[]", "null", ""] {
        let (server, client) = target().await;
        let arn = key_of(&client, RUN).await;
        let front = front(server.address(), move |operation, _| match operation {
            "ScheduleKeyDeletion" => Fate::Answered(200, body.to_owned()),
            _ => Fate::Passed,
        })
        .await;
        let (output, open) = swept(front, "no-object", &[created(&arn)]).await;
        assert_left(&output, "ScheduleKeyDeletion answered with no JSON object");
        assert_eq!((open.len(), state(&client, &arn).await), (1, KeyState::Enabled));
    }
}

//! What may be changed at a service that is not on loopback, and what has to be said before.

use crate::support::client::{client_of, keys};
use crate::support::command::{json_run, reasons, text, trentcheck_apart};
use crate::support::scratch::{file, written};
use crate::support::service::{ACCOUNT, FAST, KEYS, service, with};
use crate::support::{complaints, concluded, config, corpus, documents, options, reference, replay, selection};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyState, Tag};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;
use tokio::sync::watch;
use trentcheck_core::fixture::{Document, Edition, PrincipalName, load};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::report::{CaseRan, CaseReport, ExitCode, Outcome};
use trentcheck_core::run::{Options, Permit, Progress, Target, run};
use trentcheck_reference as reference_server;

/// The command at the service, with everything that only slows it down taken away.
async fn at(reached: &[String], more: &[&str]) -> Output {
    let rates: Vec<String> = FAST.iter().map(|operation| format!("{operation}=100000")).collect();
    let mut arguments = with("run", reached, &["success/*", "identifiers/*", "--settle", "2s"]);
    for rate in &rates {
        arguments.extend(["--rate", rate]);
    }
    arguments.extend(more);
    trentcheck_apart(&KEYS, &arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_account_plan_and_a_yes() {
    let (server, reached) = service("interlock-unsaid").await;
    let path = PathBuf::from(file("run.jsonl"));
    let path = path.to_str().unwrap();
    for (more, code) in [
        (&["--allow-mutation"][..], 5),
        (&["--allow-mutation", "--account", ACCOUNT], 5),
        (&["--allow-mutation", "--account", "1111", "--yes"], 2),
    ] {
        let output = at(&reached, &[more, &["--ledger", path]].concat()).await;
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    }
    assert_eq!(server.served(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_is_what_the_run_does_and_every_key_is_released() {
    let (server, reached) = service("interlock-plan").await;
    let client = client_of(&server, "primary");
    let before = keys(&client).await.len();
    let path = PathBuf::from(file("run.jsonl"));
    let more = ["--allow-mutation", "--account", ACCOUNT, "--yes", "--report", "json", "--ledger"];
    let output = at(&reached, &[&more[..], &[path.to_str().unwrap()]].concat()).await;
    let (report, plan) = (json_run(&output), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{plan}{}", reasons(&report));
    assert!(report["figures"]["pass"].as_u64().unwrap() > 20, "{}", report["figures"]);
    let made = report["keys"].as_u64().unwrap();
    assert!(made > 3 && plan.contains(&format!("keys      {made} are made")), "{plan}");
    for operation in ["CreateKey", "ImportKeyMaterial", "DeleteImportedKeyMaterial", "ScheduleKeyDeletion"] {
        let calls = report["calls"][operation].as_u64().unwrap();
        assert!(calls > 0 && plan.contains(&format!("{calls:6}  {operation}")), "{operation} {calls}: {plan}");
    }
    assert!(!plan.contains(ACCOUNT), "{plan}");
    let after = keys(&client).await;
    assert_eq!(after.len() - before, usize::try_from(made).unwrap());
    let pending = after.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count();
    assert_eq!(pending, usize::try_from(made).unwrap());
    assert_eq!(Ledger::open(&path).unwrap().1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_rounds_has_the_keys_of_all_and_needs_their_number() {
    let (server, reached) = service("interlock-rounds").await;
    let client = client_of(&server, "primary");
    let before = keys(&client).await.len();
    let more = ["--allow-mutation", "--account", ACCOUNT, "--yes", "--report", "json"];
    let output = at(&reached, &[&more[..], &["--for", "1h"]].concat()).await;
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("needs a number of rounds"), "{}", text(&output.stderr));
    assert_eq!(keys(&client).await.len(), before);

    let output = at(&reached, &[&more[..], &["--repeat", "2"]].concat()).await;
    let (report, plan) = (json_run(&output), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{plan}{}", reasons(&report));
    let made = report["keys"].as_u64().unwrap();
    assert!(
        made > 6 && plan.contains(&format!("keys      {made} are made, and never more than {}", 3 * made)),
        "{plan}"
    );
    assert!(plan.contains("rounds    2; keys, calls and cost are those of all rounds"), "{plan}");
    let deletions = report["calls"]["DeleteImportedKeyMaterial"].as_u64().unwrap();
    assert!(plan.contains(&format!("{deletions:6}  DeleteImportedKeyMaterial")), "{deletions}: {plan}");
    let after = keys(&client).await;
    let pending = after.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count();
    assert_eq!((after.len() - before, pending), (usize::try_from(made).unwrap(), usize::try_from(made).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_match_is_seen_before_a_key_is_made() {
    let (server, reached) = service("interlock-account").await;
    let client = client_of(&server, "primary");
    client.create_key().description("somebody's").send().await.unwrap();
    let before = keys(&client).await;
    let path = PathBuf::from(file("run.jsonl"));
    let more = ["--allow-mutation", "--account", "999999999999", "--yes", "--report", "json", "--ledger"];
    let output = at(&reached, &[&more[..], &[path.to_str().unwrap()]].concat()).await;
    let report = json_run(&output);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(report["notices"].to_string().contains("was named"), "{}", report["notices"]);
    assert_eq!(report["calls"]["CreateKey"], Value::Null, "{}", report["calls"]);
    assert_eq!(keys(&client).await, before);
}

/// A target on loopback that is guarded as one that is not.
async fn guarded(config: reference_server::Config) -> (reference_server::Server, Target, Client, Options) {
    let (server, mut target) = reference(config).await;
    target.account = Some(ACCOUNT.to_owned());
    target.principals.remove(&PrincipalName::Stranger);
    let client = client_of(&server, "primary");
    (server, target, client, Options { permit: Permit::Owned, ..options(1) })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_in_another_account_is_scheduled_for_deletion_and_nothing_else_is_sent() {
    let empty = reference_server::Config { seeds: Vec::new(), ..config(Edition::KeyOnly) };
    let (_server, mut target, client, options) = guarded(empty).await;
    target.account = Some("999999999999".to_owned());
    let report = replay(&corpus(), &["success/*"], &target, &options).await;
    assert_eq!((report.exit_code, report.keys), (ExitCode::Safety, 1));
    let made: Vec<KeyState> = keys(&client).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(made, [KeyState::PendingDeletion]);
    let sent: Vec<&str> = report.calls.keys().map(String::as_str).collect();
    let allowed = [
        "CreateKey",
        "DeleteImportedKeyMaterial",
        "DescribeKey",
        "ListKeys",
        "ListResourceTags",
        "ScheduleKeyDeletion",
    ];
    assert!(sent.iter().all(|operation| allowed.contains(operation)), "{sent:?}");
    // The question whether the operation is there, about a key that does not exist.
    assert_eq!(report.calls["DeleteImportedKeyMaterial"], 1);
    assert!(report.cases.iter().all(|case| case.outcome == Outcome::Skipped), "{:?}", complaints(&report));
}

/// Does something to the target as soon as the first case has ended.
struct Meanwhile<F: Fn() + Send + Sync>(F, AtomicUsize);

impl<F: Fn() + Send + Sync> Progress for Meanwhile<F> {
    fn begins(&self, _cases: usize) {}

    fn ended(&self, _case: &CaseRan) {
        if self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            (self.0)();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_no_longer_the_runs_is_not_touched_again() {
    let (_server, target, client, options) = guarded(config(Edition::KeyOnly)).await;
    let (taken, run_id) = (client.clone(), options.run_id.clone());
    // Somebody takes the keys over while the run goes on.
    let take_over = move || {
        let (client, run_id) = (taken.clone(), run_id.clone());
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for (id, _) in keys(&client).await {
                    let described = client.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap();
                    if described.description.as_deref() == Some(&format!("trentcheck {run_id}")) {
                        let tag = Tag::builder().tag_key("trentcheck-run").tag_value("production").build().unwrap();
                        client.tag_resource().key_id(&id).tags(tag).send().await.unwrap();
                    }
                }
            });
        });
    };
    let progress = Meanwhile(take_over, AtomicUsize::new(0));
    let (_stop, stopped) = watch::channel(false);
    let ran = run(&corpus(), &selection(&["success/*"]), &target, &options, &progress, stopped).await.unwrap();
    let report = concluded(&corpus(), &ran);
    let skipped: Vec<&CaseReport> = report.cases.iter().filter(|case| case.outcome == Outcome::Skipped).collect();
    assert!(!skipped.is_empty(), "{:?}", complaints(&report));
    assert!(!report.left.is_empty() && report.exit_codes.contains(&ExitCode::Teardown), "{:?}", report.left);
    assert!(report.left.iter().all(|line| line.contains("tag and description")), "{:?}", report.left);
    for (id, state) in keys(&client).await {
        let tags = client.list_resource_tags().key_id(&id).send().await.unwrap();
        if tags.tags().iter().any(|tag| tag.tag_value() == "production") {
            assert_ne!(state, KeyState::PendingDeletion, "{id}");
        }
    }
}

/// The corpus with one case more, which says that it names no key and does.
#[track_caller]
fn corpus_with_a_lie(key_id: &str) -> trentcheck_core::fixture::Corpus {
    let mut documents = documents();
    let text = format!(
        r#"
[group]
name = "lie"
title = "A case that lies"

[[case]]
id = "lie/names-a-key"
title = "names a key that somebody has"
clauses = ["S-22"]
supports = ["states page/key-id-required"]
level = "must"
danger = "none"
precondition = "none"
expect = [{{ level = "must", answers = ["success"] }}]
request = {{ body = '{{"KeyId":"{key_id}"}}' }}
"#
    );
    documents.push(Document { path: "cases/lie.toml".to_owned(), text });
    load(&documents).unwrap_or_else(|error| panic!("failed to {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_hides_the_name_of_somebodys_key_is_not_sent() {
    let (_server, target, client, options) = guarded(config(Edition::KeyOnly)).await;
    let made = client.create_key().description("somebody's").send().await.unwrap().key_metadata.unwrap();
    client.create_alias().alias_name("alias/production").target_key_id(&made.key_id).send().await.unwrap();
    let escaped: String = made.key_id.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let arn = made.arn.unwrap();
    for permit in [Permit::Owned, Permit::NoKeys] {
        for named in [&made.key_id, &arn, &escaped, "alias/production"] {
            let options = Options { permit, ..options.clone() };
            let report = replay(&corpus_with_a_lie(named), &["lie/*"], &target, &options).await;
            let case = &report.cases[0];
            assert_eq!(case.outcome, Outcome::Skipped, "{named}: {:?}", complaints(&report));
            assert!(case.reason.as_ref().unwrap().contains("did not make the key"), "{:?}", case.reason);
        }
    }
    // The same case at an id that nobody has goes through: the guard asks, and does not guess.
    let report =
        replay(&corpus_with_a_lie("00000000-0000-4000-8000-00000000dead"), &["lie/*"], &target, &options).await;
    assert_eq!(report.cases[0].outcome, Outcome::Diverges, "{:?}", complaints(&report));
}

/// The corpus with one case more, in which GetPublicKey of an RSA key is shown.
fn corpus_that_shows_a_public_key() -> trentcheck_core::fixture::Corpus {
    let mut documents = documents();
    let effects = documents.iter_mut().find(|document| document.path == "spec/effects.toml").unwrap();
    effects.text.push_str(
        r#"
[[effect]]
id = "no-public-key"
title = "there is no public key"
call = "GetPublicKey"
supports = []
clauses = ["S-03"]
expect = [{ level = "may", answers = ["NotFoundException"] }]
"#,
    );
    let text = r#"
[group]
name = "lie"
title = "A case that lies"

[[case]]
id = "lie/no-public-key"
title = "an RSA key has no public key"
clauses = ["S-03"]
supports = []
level = "may"
danger = "refused"
precondition = "imported-rsa"
expect = [{ level = "may", answers = ["NotFoundException"] }]
after = ["no-public-key"]
request = { key-id = "{{ absent.id }}" }
"#;
    documents.push(Document { path: "cases/lie.toml".to_owned(), text: text.to_owned() });
    load(&documents).unwrap_or_else(|error| panic!("failed to {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_that_everybody_knows_is_imported_on_loopback_only() {
    /// A part of the modulus of `harness/core/src/keys/rsa-2048.der`.
    const KNOWN: &str = "ym/69tH1cTbrr9xRGiqaR86M14IYTzIYkZgEsHz";
    let corpus = corpus_that_shows_a_public_key();
    for (permit, is_known) in [(Permit::All, true), (Permit::Owned, false)] {
        let (_server, target, _, options) = guarded(config(Edition::KeyOnly)).await;
        let report = replay(&corpus, &["lie/*"], &target, &Options { permit, ..options }).await;
        let exchanges = format!("{:?}", report.cases[0].exchanges);
        assert!(exchanges.contains("PublicKey"), "{permit:?}: {:?}", complaints(&report));
        assert_eq!(exchanges.contains(KNOWN), is_known, "{permit:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_case_releases_every_key_all_the_same() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let before = keys(&client).await.len();
    let (path, readings) = (PathBuf::from(file("run.jsonl")), AtomicUsize::new(0));
    let clock = move || {
        assert_ne!(readings.fetch_add(1, Ordering::Relaxed), 60, "a fault of our own, on purpose");
        SystemTime::now()
    };
    let (opened, _) = Ledger::open(&path).unwrap();
    let options = Options { clock: Arc::new(clock), ledger: Some(Arc::new(opened)), ..options(1) };
    // Without replicas, whose keys are in two Regions.
    let patterns = ["success/s*", "success/h*", "success/e*", "success/d*"];
    let report = replay(&corpus(), &patterns, &target, &options).await;
    assert_eq!((report.exit_code, report.left.len()), (ExitCode::Internal, 0), "{:?}", report.left);
    assert_eq!(report.cases.iter().filter(|case| case.outcome == Outcome::Indeterminate).count(), 1);
    let after = keys(&client).await;
    let pending = after.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count();
    assert!(report.keys > 1);
    assert_eq!((pending, after.len() - before), (report.keys, report.keys));
    drop(options);
    assert_eq!(Ledger::open(Path::new(&path)).unwrap().1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_off_loopback_says_what_it_would_do_and_waits_for_a_yes() {
    let (server, reached) = service("interlock-sweep").await;
    let client = client_of(&server, "primary");
    let run = "0123456789ab";
    let tag = Tag::builder().tag_key("trentcheck-run").tag_value(run).build().unwrap();
    let made = client.create_key().description(format!("trentcheck {run}")).tags(tag).send().await.unwrap();
    let ours = made.key_metadata.unwrap().key_id;
    let foreign = client.create_key().description("somebody's").send().await.unwrap().key_metadata.unwrap().key_id;
    let state_of = async |id: &str| {
        client.describe_key().key_id(id).send().await.unwrap().key_metadata.unwrap().key_state.unwrap()
    };
    let old = ["--older-than", "0s"];
    for (more, code, expected) in [
        (&[][..], 5, "only in an account that you name"),
        (&["--account", "999999999999", "--yes"], 5, "in another account than the one that you named"),
        (&["--account", ACCOUNT], 5, "nobody can confirm"),
        (&["--account", ACCOUNT, "--dry-run"], 0, "1 keys would be scheduled"),
    ] {
        let output = trentcheck_apart(&KEYS, &with("sweep", &reached, &[&old[..], more].concat())).await;
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let said = text(&output.stderr) + &text(&output.stdout);
        assert!(said.contains(expected), "{said}");
        assert_eq!(state_of(&ours).await, KeyState::Enabled, "{expected}");
    }
    let output =
        trentcheck_apart(&KEYS, &with("sweep", &reached, &[&old[..], &["--account", ACCOUNT, "--yes"]].concat())).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((state_of(&ours).await, state_of(&foreign).await), (KeyState::PendingDeletion, KeyState::Enabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_target_off_loopback_gets_no_key_whatever_is_allowed_at_the_first() {
    let (right, reached) = service("interlock-right").await;
    let (left, _) = reference(config(Edition::KeyOnly)).await;
    let value = |flag: &str| reached[reached.iter().position(|word| word == flag).unwrap() + 1].clone();
    let (endpoint, resolve, ca) = (value("--endpoint"), value("--resolve"), value("--ca"));
    let table = format!("[targets.right]\nendpoint = \"{endpoint}\"\nresolve = \"{resolve}\"\nca = \"{ca}\"\n");
    let configuration = written("interlock-right.toml", table);
    let before = keys(&client_of(&right, "primary")).await;
    let left = format!("http://{}", left.address());
    let arguments = ["run", "success/*", "--endpoint", &left, "--against", "right", "--config", &configuration];
    let more = ["--allow-mutation", "--account", ACCOUNT, "--yes", "--settle", "200ms"];
    let output = trentcheck_apart(&KEYS, &[&arguments[..], &more].concat()).await;
    assert!(right.served() > 0, "{}", text(&output.stderr));
    assert_eq!(keys(&client_of(&right, "primary")).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_a_key_is_released_is_told_and_the_others_are_released() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let (path, has_ended) = (PathBuf::from(file("run.jsonl")), Arc::new(AtomicUsize::new(0)));
    let ended = Arc::clone(&has_ended);
    // The first reading of the clock after the case signs the first call of the release.
    let clock = move || {
        assert!(ended.compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst).is_err(), "on purpose");
        SystemTime::now()
    };
    let (opened, _) = Ledger::open(&path).unwrap();
    let options = Options { clock: Arc::new(clock), ledger: Some(Arc::new(opened)), ..options(1) };
    let progress = Meanwhile(move || has_ended.store(1, Ordering::SeqCst), AtomicUsize::new(0));
    let (_stop, stopped) = watch::channel(false);
    let cases = selection(&["success/hmac"]);
    let report = run(&corpus(), &cases, &target, &options, &progress, stopped).await.unwrap();
    assert_eq!(report.left.len(), 1, "{:?}", report.left);
    assert!(report.left[0].contains("an internal error"), "{:?}", report.left);
    let states = keys(&client).await;
    let pending = states.iter().filter(|(_, state)| *state == KeyState::PendingDeletion).count();
    assert_eq!(pending, report.keys - 1);
    drop(options);
    assert_eq!(Ledger::open(&path).unwrap().1[0].keys.len(), 1);
}

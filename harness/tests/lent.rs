//! Keys that are lent to a run: used only when the command line repeats them, and given back as they were.

use crate::support::client::{client_of, import, keys, state};
use crate::support::command::{json_run, reasons, text, trentcheck_apart};
use crate::support::scratch::written;
use crate::support::service::{ACCOUNT, FAST, KEYS, service, with};
use crate::support::{complaints, config, corpus, options, reference, replay};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyState, OriginType};
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use trentcheck_core::fixture::Edition;
use trentcheck_core::ledger::OpenRun;
use trentcheck_core::normalise::Shown;
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::run::{Clock, Lent, Options, Permit};
use trentcheck_core::sweep::{Sweeping, Times, Touch, sweep};
use trentcheck_reference::{Config, mutant};

const MATERIAL: [u8; 32] = [7; 32];

/// Somebody's key with this material, and what it encrypted before anybody borrowed it.
async fn somebodys_key(client: &Client) -> (String, Blob) {
    let created = client.create_key().origin(OriginType::External).description("payroll").send().await.unwrap();
    let key_id = created.key_metadata().unwrap().key_id().to_owned();
    import(client, &key_id, &MATERIAL).await;
    let sealed = client.encrypt().key_id(&key_id).plaintext(Blob::new("payroll")).send().await.unwrap();
    (key_id, sealed.ciphertext_blob.unwrap())
}

/// Whether the key is enabled and still opens what it sealed.
async fn is_as_it_was(client: &Client, key_id: &str, sealed: &Blob) -> bool {
    let opened = client.decrypt().key_id(key_id).ciphertext_blob(sealed.clone()).send().await;
    state(client, key_id).await == KeyState::Enabled
        && opened.is_ok_and(|opened| opened.plaintext().is_some_and(|text| text.as_ref() == b"payroll"))
}

/// A configuration file that lends this key for a precondition.
fn lending(name: &str, precondition: &str, key_id: &str, material: &[u8]) -> String {
    let material = written(&format!("{name}.bin"), material);
    let text = format!("[keys.{precondition}]\nid = \"{key_id}\"\nmaterial = \"{material}\"\n");
    written(&format!("{name}.toml"), text)
}

async fn at(reached: &[String], configuration: &str, more: &[&str]) -> Output {
    let rates: Vec<String> = FAST.iter().map(|operation| format!("{operation}=100000")).collect();
    let ledger = format!("{configuration}.jsonl");
    let _ = std::fs::remove_file(&ledger);
    let own = ["success/*", "effects/*", "--settle", "1s", "--config", configuration, "--report", "json"];
    let mut arguments = with("run", reached, &own);
    arguments.extend(["--account", ACCOUNT, "--ledger", &ledger]);
    rates.iter().for_each(|rate| arguments.extend(["--rate", rate]));
    arguments.extend(more);
    trentcheck_apart(&KEYS, &arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_lent_and_repeated_is_used_and_given_back_as_it_was() {
    let (server, reached) = service("lent").await;
    let client = client_of(&server, "primary");
    let (key_id, sealed) = somebodys_key(&client).await;
    let before = keys(&client).await;
    let configuration = lending("lent", "imported-symmetric", &key_id, &MATERIAL);
    let output = at(&reached, &configuration, &["--allow-key", &key_id, "--yes"]).await;
    let report = json_run(&output);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stderr), reasons(&report));
    assert!(report["figures"]["pass"].as_u64().unwrap() > 5, "{}", report["figures"]);
    assert!(report["calls"]["DeleteImportedKeyMaterial"].as_u64().unwrap() > 5, "{}", report["calls"]);
    for never in ["CreateKey", "ScheduleKeyDeletion", "CreateAlias"] {
        assert!(report["calls"][never].is_null(), "{never}");
    }
    assert!(text(&output.stderr).contains("material deleted and imported again"), "{}", text(&output.stderr));
    assert!(is_as_it_was(&client, &key_id, &sealed).await);
    assert_eq!(keys(&client).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_repeated_or_not_confirmed_is_not_touched() {
    let (server, reached) = service("lent-unsaid").await;
    let client = client_of(&server, "primary");
    let (key_id, sealed) = somebodys_key(&client).await;
    let configuration = lending("lent-unsaid", "imported-symmetric", &key_id, &MATERIAL);
    let imports = server.served();
    for (more, code, expected) in [
        (&["--allow-key", &key_id][..], 5, "nobody can confirm"),
        (&["--allow-key", "1234abcd-12ab-34cd-56ef-1234567890ab", "--yes"], 2, "no such key"),
    ] {
        let output = at(&reached, &configuration, more).await;
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
        assert_eq!(server.served(), imports);
    }
    let output = at(&reached, &configuration, &["--yes"]).await;
    assert!(text(&output.stderr).contains("repeat its id with `--allow-key`"), "{}", text(&output.stderr));
    assert!(json_run(&output)["calls"]["ImportKeyMaterial"].is_null());
    assert!(is_as_it_was(&client, &key_id, &sealed).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_could_not_be_given_back_is_refused_before_anything_is_deleted() {
    let (server, reached) = service("lent-unfit").await;
    let client = client_of(&server, "primary");
    let (key_id, sealed) = somebodys_key(&client).await;
    // Material that is not the key's.
    let configuration = lending("lent-wrong", "imported-symmetric", &key_id, &[8; 32]);
    let output = at(&reached, &configuration, &["--allow-key", &key_id, "--yes"]).await;
    let report = json_run(&output);
    assert_eq!(output.status.code(), Some(3), "{}{}", text(&output.stderr), reasons(&report));
    assert!(reasons(&report).contains("IncorrectKeyMaterialException"), "{}", reasons(&report));
    assert!(is_as_it_was(&client, &key_id, &sealed).await);
    // A key of KMS's own material, and one in another state.
    let other = client.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    client.disable_key().key_id(&key_id).send().await.unwrap();
    for (name, key_id, expected) in [("lent-aws", &other, "Origin"), ("lent-disabled", &key_id, "KeyState")] {
        let configuration = lending(name, "imported-symmetric", key_id, &MATERIAL);
        let report = json_run(&at(&reached, &configuration, &["--allow-key", key_id, "--yes"]).await);
        assert!(reasons(&report).contains(&format!("its {expected} is")), "{}", reasons(&report));
        assert!(report["calls"]["ImportKeyMaterial"].is_null(), "{}", report["calls"]);
    }
    // Preconditions that leave behind what cannot be undone are refused before anything is sent.
    let served = server.served();
    for precondition in ["pending-deletion", "never-imported", "with-alias", "expiring", "aws-origin", "nothing-such"] {
        let configuration = lending("lent-precondition", precondition, &key_id, &MATERIAL);
        let output = at(&reached, &configuration, &["--allow-key", &key_id, "--yes"]).await;
        assert_eq!(output.status.code(), Some(2), "{precondition}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("lend a key for the precondition"), "{}", text(&output.stderr));
    }
    assert_eq!(server.served(), served);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_wrong_target_does_not_give_back_is_told_and_never_scheduled_for_deletion() {
    let wrong = Config { mutant: mutant("old-ciphertext-lost"), ..config(Edition::KeyOnly) };
    let (server, mut target) = reference(wrong).await;
    let client = client_of(&server, "primary");
    let (key_id, _) = somebodys_key(&client).await;
    target.account = Some(ACCOUNT.to_owned());
    let lent =
        Lent { precondition: "imported-symmetric".to_owned(), key_id: key_id.clone(), material: MATERIAL.to_vec() };
    let options = Options { permit: Permit::NoKeys, lent: vec![lent], ..options(1) };
    let report = replay(&corpus(), &["success/*"], &target, &options).await;
    assert!(report.exit_codes.contains(&ExitCode::Teardown), "{:?}", complaints(&report));
    let told = |line: &Shown| line.contains(&key_id) && line.contains("import its material again");
    assert!(report.left.iter().any(told), "{:?}", report.left);
    // One case met the fault; the others are not sent at a key in doubt.
    assert!(report.calls["DeleteImportedKeyMaterial"] < 5, "{:?}", report.calls);
    assert!(report.cases.iter().any(|case| case.outcome == Outcome::Skipped));
    assert_ne!(state(&client, &key_id).await, KeyState::PendingDeletion);
    assert!(!report.calls.contains_key("ScheduleKeyDeletion"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_tells_of_a_key_that_was_lent_and_touches_it_in_no_way() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let (key_id, _) = somebodys_key(&client).await;
    let run = OpenRun { run: "0123456789ab".to_owned(), lent: [key_id.clone()].into(), ..OpenRun::default() };
    let runs = Sweeping::Runs(vec![run]);
    let clock: Clock = Arc::new(SystemTime::now);
    let times = Times { settle: Duration::from_millis(100), deadline: Duration::from_secs(60) };
    let whole = sweep(&corpus(), &target, &runs, Touch::Change, &clock, times).await.unwrap();
    assert_eq!((whole.left.len(), whole.skipped.len()), (0, 1), "{whole:?}");
    client.delete_imported_key_material().key_id(&key_id).send().await.unwrap();
    let without = sweep(&corpus(), &target, &runs, Touch::Change, &clock, times).await.unwrap();
    let left = trentcheck_core::normalise::Redactor::default().show(&without.left[0]);
    assert!(left.contains("import its material again"), "{left}");
    assert_eq!((state(&client, &key_id).await, without.scheduled.len()), (KeyState::PendingImport, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_lent_is_brought_back_also_after_the_run_was_halted() {
    // After the import the key is disabled: the case diverges and keeps it, so that it is brought back at the end.
    let wrong = Config { mutant: mutant("import-leaves-pending"), ..config(Edition::KeyOnly) };
    let (server, mut target) = reference(wrong).await;
    let client = client_of(&server, "primary");
    let (key_id, sealed) = somebodys_key(&client).await;
    target.account = Some(ACCOUNT.to_owned());
    // The stranger's key is in another account than was named, and halts the run.
    target.stranger_account = Some("999999999999".to_owned());
    let lent =
        Lent { precondition: "imported-symmetric".to_owned(), key_id: key_id.clone(), material: MATERIAL.to_vec() };
    let options = Options { permit: Permit::Owned, lent: vec![lent], ..options(1) };
    let cases = ["effects/import-restores", "permission/*"];
    let report = replay(&corpus(), &cases, &target, &options).await;
    assert!(report.exit_codes.contains(&ExitCode::Safety), "{:?}", complaints(&report));
    let diverges = |case: &trentcheck_core::report::CaseReport| {
        case.id == "effects/import-restores" && case.outcome == Outcome::Diverges
    };
    assert!(report.cases.iter().any(diverges), "{:?}", complaints(&report));
    assert!(!report.left.iter().any(|line| line.contains(&key_id)), "{:?}", report.left);
    assert!(is_as_it_was(&client, &key_id, &sealed).await);
}

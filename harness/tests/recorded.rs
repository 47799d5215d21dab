//! Recorded facts: the reference agrees with them, a wrong server does not, and a run writes new ones.

use crate::support::client::{client_of, keys};
use crate::support::command::{json_run, text, trentcheck, trentcheck_apart};
use crate::support::run::ran;
use crate::support::scratch::file;
use crate::support::service::{ACCOUNT, KEYS, service_of, with};
use crate::support::{config, corpus, documents, mutant, options, reference};
use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Corpus, Document, Edition, load};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::report::{FactReport, FactVerdict};
use trentcheck_core::run::{Facts, Options};
use trentcheck_reference as reference_server;

/// How a server compares with the facts of a corpus, by their ids.
async fn replayed(corpus: &Corpus, config: reference_server::Config, settle: Duration) -> BTreeMap<String, FactReport> {
    let (_server, target) = reference(config).await;
    let options = Options { facts: Facts::Recorded, settle, ..options(4) };
    let ran = ran(corpus, &["example/absent-key"], &target, &options).await;
    assert!(ran.left.is_empty(), "{:?}", ran.left);
    ran.recorded.unwrap().facts.into_iter().map(|fact| (fact.id.clone(), fact)).collect()
}

/// What a server answers otherwise, or why there is no verdict.
fn complaint(fact: &FactReport) -> String {
    let differences: Vec<String> = fact
        .differences
        .iter()
        .map(|found| {
            format!("call {} {}, {}: {} / {}", found.call, found.operation, found.place, found.expected, found.found)
        })
        .collect();
    format!("{}: {:?} {:?} {}", fact.id, fact.verdict, fact.reason, differences.join("; "))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_agrees_with_every_recorded_fact() {
    for (edition, fewest) in [(Edition::KeyOnly, 55), (Edition::KeyMaterialId, 90)] {
        // Long enough for what is recorded to be asked while the rotation runs.
        let config = reference_server::Config { rotation_delay: Duration::from_secs(3), ..config(edition) };
        let facts = replayed(&corpus(), config, Duration::from_secs(10)).await;
        let others = facts.values().filter(|fact| fact.verdict != FactVerdict::Agrees);
        assert_eq!(others.map(complaint).collect::<Vec<_>>(), [""; 0], "{edition}");
        assert!(facts.len() >= fewest, "{edition}: {}", facts.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_server_disagrees_with_the_fact_that_it_breaks() {
    for (name, fact, place) in [
        ("still-encrypts", "floci-3968/symmetric-after-deletion", "status"),
        ("unknown-material-deletes-current", "stackd-2026-09-12/unknown-material", "error type"),
        ("other-bytes-accepted", "stackd-2026-09-12/hmac-other-bytes", "error type"),
        ("former-secret-accepted", "ministack-1745/wrong-secret", "error type"),
    ] {
        let config = reference_server::Config { mutant: Some(mutant(name)), ..config(Edition::KeyMaterialId) };
        let mut corpus = corpus();
        corpus.recordings.iter_mut().for_each(|file| file.facts.retain(|known| known.id() == fact));
        let facts = replayed(&corpus, config, Duration::from_millis(50)).await;
        let found = &facts[fact];
        assert_eq!(found.verdict, FactVerdict::Disagrees, "{name}: {}", complaint(found));
        assert_eq!(found.differences[0].place, place, "{name}: {}", complaint(found));
        assert!(!found.exchanges.is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn disagreement_is_shown_and_changes_no_exit_code() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let endpoint = format!("http://{}", server.address());
    let facts = file("facts.toml");
    let text_of = "[recording]\ndate = \"2026\"\nedition = \"key-only\"\n\n[[fact]]\nid = \"mine/list\"\ntitle = \"a list\"\ncall = [{ operation = \"ListKeys\", answer = { members = { Truncated = \"never\" } } }]\n";
    std::fs::write(&facts, text_of).unwrap();
    let recorded = format!("--recorded={facts}");
    let run = ["run", "example/absent-key", "--endpoint", &endpoint, &recorded];
    let shown = trentcheck_apart(&[], &run).await;
    let screen = text(&shown.stdout);
    assert_eq!(shown.status.code(), Some(0), "{screen}{}", text(&shown.stderr));
    assert!(screen.contains("the target agrees with 0 of 1 (1 disagree)"), "{screen}");
    assert!(screen.contains("mine/list") && screen.contains("0 of 1 judged cases diverge"), "{screen}");
    let report = json_run(&trentcheck_apart(&[], &[&run[..], &["--report", "json"]].concat()).await);
    let recorded = &report["recorded"];
    assert_eq!((&recorded["facts"], &recorded["disagrees"]), (&1.into(), &1.into()), "{recorded}");
    assert_eq!(report["exit_codes"], serde_json::json!([0]));
    assert_eq!(report["figures"]["selected"], 1);
}

#[test]
fn a_file_that_no_run_could_replay_is_refused_with_its_line() {
    let facts = file("facts.toml");
    std::fs::write(&facts, "[recording]\ndate = \"2026\"\nedition = \"key-only\"\n\n[[fact]]\nid = \"mine/alias\"\ntitle = \"an alias\"\ncall = [{ operation = \"DeleteAlias\", answer = {} }]\n").unwrap();
    let output = trentcheck(&["run", &format!("--recorded={facts}")]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("recorded/facts.toml:8: `mine/alias` calls `DeleteAlias`, which is no operation"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_holds_no_account_no_id_and_no_secret_and_can_be_replayed() {
    let config = config(Edition::KeyMaterialId);
    let (server, reached) = service_of("evidence", config.clone()).await;
    let client = client_of(&server, "primary");
    let path = file("evidence.toml");
    let rates: Vec<String> = operations().iter().map(|operation| format!("{operation}=100000")).collect();
    let mut arguments = with("record", &reached, &["--as-evidence", &path, "--edition", "key-material-id"]);
    arguments.extend(["--settle", "2s", "--jobs", "4", "--ledger"]);
    let ledger = file("run.jsonl");
    arguments.push(&ledger);
    rates.iter().for_each(|rate| arguments.extend(["--rate", rate]));

    // As for a run: nothing is made in an account that nobody named, and nothing without a yes.
    for more in [&["--allow-mutation"][..], &["--allow-mutation", "--account", ACCOUNT]] {
        let output = trentcheck_apart(&KEYS, &[&arguments[..], more].concat()).await;
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    }
    assert_eq!(server.served(), 0);
    assert!(!std::path::Path::new(&path).exists());

    let allowed = [&arguments[..], &["--allow-mutation", "--account", ACCOUNT, "--yes"]].concat();
    let output = trentcheck_apart(&KEYS, &allowed).await;
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("recorded what the target answers in ") && said.contains("  facts  "), "{said}");
    let written = std::fs::read_to_string(&path).unwrap();
    let ids = keys(&client).await;
    assert!(ids.len() > 60 && written.contains("{{ key.arn }} is pending import."), "{}", ids.len());
    for secret in ids.iter().map(|(id, _)| id.as_str()).chain([ACCOUNT, KEYS[0].1, KEYS[1].1, "kms.example.test"]) {
        assert!(!written.contains(secret), "{secret}\n{written}");
    }
    for line in
        ["HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request", "x-amzn-requestid: <uuid-1>", "a target that is not AWS KMS"]
    {
        assert!(written.contains(line), "{line}\n{written}");
    }
    assert_eq!(Ledger::open(std::path::Path::new(&ledger)).unwrap().1, []);
    // What nobody has recorded is there too.
    assert!(written.contains("/delete-pending-deletion\""), "{written}");

    let mut documents = documents();
    documents.push(Document { path: "recorded/evidence.toml".to_owned(), text: written });
    let loaded = load(&documents).unwrap_or_else(|error| panic!("failed to {error}"));
    let facts = loaded.recordings.iter().find(|file| file.recording.source.is_none()).unwrap().facts.len();
    assert!(facts > 80, "{facts}");
    let (again, _) = reference(config).await;
    let endpoint = format!("http://{}", again.address());
    let recorded = format!("--recorded={path}");
    let run = ["run", "example/absent-key", "--endpoint", &endpoint, "--edition", "key-material-id", &recorded];
    let output = trentcheck_apart(&[], &[&run[..], &["--report", "json"]].concat()).await;
    let recorded = json_run(&output)["recorded"].clone();
    let others = recorded["results"].as_array().unwrap().iter().filter(|fact| fact["verdict"] != "agrees");
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&serde_json::Value>::new());
    assert_eq!(recorded["agrees"].as_u64(), Some(facts as u64));
}

/// The operations that are paced.
fn operations() -> Vec<String> {
    corpus().quotas.iter().map(|quota| quota.operation.get_ref().clone()).collect()
}

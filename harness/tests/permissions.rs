//! The permissions of a run: what the documentation prints, what `doctor` asks for and what a run calls are one list.

use crate::support::client::client_of;
use crate::support::command::{text, trentcheck_apart};
use crate::support::service::{KEYS, service, with};
use crate::support::{config, corpus, options, reference, replay};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use trentcheck_core::fixture::Edition;
use trentcheck_core::run::{Options, PERMISSIONS, Permit};

fn needed() -> BTreeSet<String> {
    let others = PERMISSIONS.iter().map(|permission| permission.operation.to_owned());
    others.chain([corpus().operation.name]).collect()
}

/// The operations of the policy in the documentation.
fn documented() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/docs/keys-at-a-service.md");
    let page = std::fs::read_to_string(path).unwrap();
    let policy = page.split("The policy needs: ").nth(1).unwrap().split("\n\n").next().unwrap();
    policy.split('`').skip(1).step_by(2).map(|word| word.trim_start_matches("kms:").to_owned()).collect()
}

#[test]
fn the_policy_of_the_documentation_is_what_doctor_asks_for() {
    assert_eq!(PERMISSIONS.len() + 1, needed().len());
    assert_eq!(documented(), needed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_calls_what_the_policy_allows_and_nothing_else() {
    let corpus = corpus();
    // Cases name operations that do not exist, too; those that exist have a quota.
    let quotas: BTreeSet<&str> = corpus.quotas.iter().map(|quota| quota.operation.get_ref().as_str()).collect();
    let mut called = BTreeSet::new();
    for edition in [Edition::KeyOnly, Edition::KeyMaterialId] {
        let (server, mut target) = reference(config(edition)).await;
        let account_of = |name| {
            let principals = &server.config().principals;
            principals.iter().find(|principal| principal.name == name).map(|principal| principal.account.clone())
        };
        (target.account, target.stranger_account) = (account_of("primary"), account_of("stranger"));
        // As off loopback: the run looks at each key before it changes it.
        let report = replay(&corpus, &[], &target, &Options { permit: Permit::Owned, ..options(8) }).await;
        called.extend(report.calls.into_keys().filter(|operation| quotas.contains(operation.as_str())));
        server.stop().await;
    }
    // CreateKey with tags needs the one, and only `sweep` calls the other.
    called.extend(["TagResource", "ListAliases"].map(str::to_owned));
    assert_eq!(called, needed());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_asks_for_every_permission_or_says_why_not_and_changes_nothing() {
    let (server, reached) = service("permissions").await;
    let client = client_of(&server, "primary");
    let made = client.create_key().send().await.unwrap().key_metadata.unwrap();
    let output = trentcheck_apart(&KEYS, &with("doctor", &reached, &["--report", "json"])).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}{}", text(&output.stderr));
    for permission in PERMISSIONS {
        let checks: Vec<&Value> =
            report["checks"].as_array().unwrap().iter().filter(|check| check["what"] == permission.operation).collect();
        assert_eq!(checks.len(), 1, "{}", permission.operation);
        match permission.why_not_asked() {
            // The first edition has no such operation.
            None if permission.operation == "ListKeyRotations" => assert_eq!(checks[0]["health"], "unknown"),
            None => assert_eq!(checks[0]["health"], "good", "{}", checks[0]),
            Some(why) => assert_eq!(checks[0]["found"], format!("not asked: {why}")),
        }
    }
    assert!(!report.to_string().contains(made.key_id()), "{report}");
    assert_eq!(client.list_keys().send().await.unwrap().keys().len(), 1 + server.config().seeds.len());
    assert_eq!(client.list_aliases().send().await.unwrap().aliases().len(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_each_permission_that_is_denied() {
    use crate::support::hostile::{Fate, front};
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    for denied in ["ListKeys", "ImportKeyMaterial", "DeleteAlias", "GenerateMac"] {
        let refuse = move |operation: &str, _: &str| match operation == denied {
            true => Fate::Answered(400, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned()),
            false => Fate::Passed,
        };
        let endpoint = format!("http://{}", front(server.address(), refuse).await);
        let output = trentcheck_apart(&[], &["doctor", "--endpoint", &endpoint]).await;
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("hint: allow `kms:{denied}`")), "{said}");
    }
    server.stop().await;
}

//! Recorded facts: the reference agrees with them, a wrong server does not, and a run writes new ones.

use crate::support::client::{client_of, keys};
use crate::support::command::{json_run, text, trentcheck, trentcheck_apart};
use crate::support::scratch::file;
use crate::support::service::{ACCOUNT, FAST, KEYS, service_of, with};
use crate::support::{config, corpus, documents, options, ran, reference};
use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Document, Edition, load};
use trentcheck_core::report::{FactReport, FactVerdict};
use trentcheck_core::run::{Facts, Options};
use trentcheck_reference as reference_server;

/// How a server compares with each fact, by its id.
async fn replayed(config: reference_server::Config) -> BTreeMap<String, FactReport> {
    let (_server, target) = reference(config).await;
    let options = Options { facts: Facts::Recorded, settle: Duration::from_secs(2), ..options(4) };
    // No case: `*` is skipped by asking for one that is quick.
    let ran = ran(&corpus(), &["example/absent-key"], &target, &options).await;
    assert_eq!(ran.left, []);
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
    for (edition, fewest) in [(Edition::KeyOnly, 60), (Edition::KeyMaterialId, 90)] {
        // Long enough for the call that is recorded to have been made while the rotation runs.
        let config = reference_server::Config { rotation_delay: Duration::from_millis(500), ..config(edition) };
        let facts = replayed(config).await;
        let others = facts.values().filter(|fact| fact.verdict != FactVerdict::Agrees);
        assert_eq!(others.map(complaint).collect::<Vec<_>>(), [""; 0], "{edition}");
        assert!(facts.len() >= fewest, "{edition}: {}", facts.len());
    }
}

//! The corpus at the reference. Mutants of the reference's source have to fail this test: it tells what the cases see,
//! and not what unit tests see. `.ci/source_mutants.py` runs it.
//!
//! It is a package of its own, so that for each mutant only this test is linked again, and so that the reference does not
//! depend on the library that judges it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../tests/support/corpus.rs"]
mod corpus;
#[path = "../tests/support/reference.rs"]
#[expect(dead_code, reason = "the integration tests use the rest")]
mod reference;

use corpus::corpus;
use reference::{config, reference};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;
use trentcheck_core::fixture::{Edition, Level, Selection};
use trentcheck_core::report::{CaseRan, Outcome};
use trentcheck_core::run::{Entropy, Options, Progress, run};

/// Longer than the reference needs for anything.
const SETTLE: Duration = Duration::from_millis(200);

/// Every mutant draws the same material and names, so that what is found does not depend on chance.
const SEED: [u8; 32] = *b"trentcheck source mutants, one.\n";

/// Stops both runs at the first divergence: one is enough.
struct FirstDivergence {
    stop: watch::Sender<bool>,
    cases: Mutex<Vec<String>>,
}

impl Progress for FirstDivergence {
    fn begins(&self, _cases: usize) {}

    fn ended(&self, case: &CaseRan) {
        // What is observed only may differ from the reference's choice.
        let counts = case.mismatches.iter().any(|mismatch| mismatch.level > Level::May);
        if counts || case.outcome == Outcome::Flaky {
            self.cases.lock().unwrap().push(case.id.clone());
            let _ = self.stop.send(true);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_passes_every_case_in_both_editions() {
    let corpus = corpus();
    let (stop, stopped) = watch::channel(false);
    let first = FirstDivergence { stop, cases: Mutex::default() };
    let at = async |edition| {
        let (_server, mut target) = reference(config(edition)).await;
        target.limits.exchange = Duration::from_secs(5);
        let options = Options {
            jobs: 8,
            deadline: Duration::from_secs(60),
            fail_on: Level::Should,
            ..Options::new(SETTLE, Entropy::new(SEED))
        };
        run(&corpus, &Selection::default(), &target, &options, &first, stopped.clone()).await.unwrap()
    };
    let (key_only, key_material_id) = tokio::join!(at(Edition::KeyOnly), at(Edition::KeyMaterialId));
    let diverging = first.cases.lock().unwrap().join(" ");
    assert!(diverging.is_empty(), "diverge: {diverging}");
    // Cases that never began are not told on the way.
    let all = key_only.cases.iter().chain(&key_material_id.cases);
    let without_verdict: Vec<&str> =
        all.filter(|case| !case.outcome.is_judged()).map(|case| case.id.as_str()).collect();
    assert!(without_verdict.is_empty(), "no verdict: {}", without_verdict.join(" "));
}

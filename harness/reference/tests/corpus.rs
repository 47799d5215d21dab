//! The corpus at the reference. Mutants of the reference's source have to fail this test: it tells what the cases see,
//! and not what unit tests see. `.ci/source_mutants.py` runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "../../tests/support/reference.rs"]
#[allow(dead_code, unreachable_pub, reason = "only a part of it is used here")]
mod support;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use support::{config, reference};
use tokio::sync::watch;
use trentcheck_core::fixture::{Corpus, Document, Edition, Level, Selection, load};
use trentcheck_core::report::{CaseRan, Outcome};
use trentcheck_core::run::{Entropy, Options, Progress, run};

/// Longer than the reference needs for anything.
const SETTLE: Duration = Duration::from_millis(50);

/// Stops both runs at the first divergence: one is enough.
struct Judge {
    stop: watch::Sender<bool>,
    diverging: Mutex<Vec<String>>,
}

impl Progress for Judge {
    fn begins(&self, _cases: usize) {}

    fn ended(&self, case: &CaseRan) {
        match case.outcome {
            // What is observed only may differ from the reference's choice.
            Outcome::Diverges | Outcome::Flaky if case.mismatches.iter().all(|one| one.level == Level::May) => {}
            Outcome::Diverges | Outcome::Flaky => {
                self.diverging.lock().unwrap().push(case.id.clone());
                let _ = self.stop.send(true);
            }
            _ => {}
        }
    }
}

fn corpus() -> Corpus {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases", "targets", "recorded"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    load(&documents).unwrap_or_else(|error| panic!("failed to {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_passes_every_case_in_both_editions() {
    let corpus = corpus();
    let (stop, stopped) = watch::channel(false);
    let judge = Judge { stop, diverging: Mutex::default() };
    let at = async |edition| {
        let (_server, mut target) = reference(config(edition)).await;
        target.limits.exchange = Duration::from_secs(2);
        let options = Options {
            jobs: 8,
            deadline: Duration::from_secs(60),
            ..Options::new(SETTLE, Entropy::new(*b"the same draw for each of them.."))
        };
        run(&corpus, &Selection::default(), &target, &options, &judge, stopped.clone()).await.unwrap()
    };
    let (first, second) = tokio::join!(at(Edition::KeyOnly), at(Edition::KeyMaterialId));
    let diverging = judge.diverging.lock().unwrap().join(" ");
    assert!(diverging.is_empty(), "diverge: {diverging}");
    // Cases that never began are not told on the way.
    let all = first.cases.iter().chain(&second.cases);
    let without_verdict: Vec<&str> =
        all.filter(|case| !case.outcome.is_judged()).map(|case| case.id.as_str()).collect();
    assert!(without_verdict.is_empty(), "no verdict: {}", without_verdict.join(" "));
}

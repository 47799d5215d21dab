//! Property mode at the reference and at its mutants.

use crate::support::hostile::altered;
use crate::support::{config, corpus, documents, mutant, mutated, options, reference, replay};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, watch};
use trentcheck_core::compare::Place;
use trentcheck_core::explore::{
    Certainty, Ended, Exploration, ExploreOptions, Finding, Relation, Trial, Watcher, explore,
};
use trentcheck_core::fixture::{Corpus, Document, Edition, Level, load};
use trentcheck_core::report::Outcome;
use trentcheck_core::run::{Entropy, Target, fill_random};
use trentcheck_core::send::Endpoint;

fn explore_options(seed: u64) -> ExploreOptions {
    let mut bytes = [0; 32];
    fill_random(&mut bytes).unwrap();
    ExploreOptions {
        trials: usize::MAX,
        exchanges: usize::MAX,
        // Far more than it takes on a busy machine; what ends it is the number of requests.
        time: Duration::from_secs(600),
        seed,
        level: Level::Should,
        findings: 10,
        shrinking: 400,
        known: Vec::new(),
        spared: BTreeMap::new(),
        settle: Duration::from_millis(50),
        clock: Arc::new(SystemTime::now),
        entropy: Entropy::new(bytes),
    }
}

struct Silent;

impl Watcher for Silent {
    fn ended(&self, _: usize, _: usize, _: usize) {}
}

async fn explored(corpus: &Corpus, target: &Target, model: &Target, options: &ExploreOptions) -> Exploration {
    let (_stop, stopped) = watch::channel(false);
    explore(corpus, target, model, options, &Silent, stopped).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_on_the_reference() {
    let corpus = corpus();
    let mut bytes = [0; 32];
    fill_random(&mut bytes).unwrap();
    let fresh = u64::from(u32::from_be_bytes(bytes[..4].try_into().unwrap()));
    for edition in Edition::ALL {
        let (server, target) = reference(config(edition)).await;
        let (other, model) = reference(config(edition)).await;
        let exploring = ExploreOptions { trials: 120, ..explore_options(fresh) };
        let exploration = explored(&corpus, &target, &model, &exploring).await;
        assert!(exploration.findings.is_empty(), "seed {fresh}: {:#?}", exploration.findings);
        assert_eq!(exploration.ended, Ended::Done);
        assert_eq!(exploration.judged, 120, "seed {fresh}: {:?}", exploration.reasons);
        server.stop().await;
        other.stop().await;
    }
}

/// Trials of which it is known that they show nothing are not made, and everything is counted as if they were.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_is_spared_counts_and_sends_nothing() {
    let corpus = corpus();
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let (_other, model) = reference(config(Edition::KeyOnly)).await;
    let spared: BTreeMap<usize, usize> = (1..10).map(|number| (number, 1000)).collect();
    let exploring = ExploreOptions { trials: 10, spared, ..explore_options(1) };
    let exploration = explored(&corpus, &target, &model, &exploring).await;
    assert_eq!((exploration.generated, exploration.judged), (10, 10), "{:?}", exploration.reasons);
    assert!((9001..9100).contains(&exploration.exchanges), "{}", exploration.exchanges);
    assert!(server.served() < 100, "{}", server.served());
    let few = ExploreOptions { exchanges: 2000, spared: exploring.spared.clone(), ..explore_options(1) };
    let exploration = explored(&corpus, &target, &model, &few).await;
    assert_eq!(exploration.generated, 2, "the limit of exchanges counts them too");
}

/// What is printed is a case: the linter takes it, it diverges at the mutant, and it passes at the reference.
#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_a_case() {
    for name in [
        "success-body-null",
        "alias-accepted",
        "arn-refused",
        "any-method",
        "newer-key-id-bare",
        "not-found-status-404",
        "creating-accepted",
        "still-encrypts",
        "verifies-too-late",
    ] {
        let corpus = corpus();
        let (wrong, target) = reference(mutated(mutant(name))).await;
        let (right, model) = reference(config(target.edition)).await;
        let exploring = ExploreOptions { findings: 1, exchanges: 10_000, ..explore_options(1) };
        let exploration = explored(&corpus, &target, &model, &exploring).await;
        let finding = exploration.findings.first().unwrap_or_else(|| panic!("{name} is not found"));
        assert_eq!(finding.certainty, Certainty::Smallest, "{name}");
        let case = finding.case.replace("GROUP/NAME", "explored/found");
        let text = format!("[group]\nname = \"explored\"\ntitle = \"Explored\"\n\n{case}\n");
        let mut documents = documents();
        documents.push(Document { path: "cases/explored.toml".to_owned(), text: text.clone() });
        let corpus = load(&documents).unwrap_or_else(|error| panic!("{name}: failed to {error}\n{text}"));
        let at_mutant = replay(&corpus, &["explored/found"], &target, &options(2)).await;
        let found = at_mutant.cases.iter().find(|case| case.id == "explored/found").unwrap();
        assert_eq!(found.outcome, Outcome::Diverges, "{name}\n{text}\n{finding:#?}");
        let at_reference = replay(&corpus, &["explored/found"], &model, &options(2)).await;
        let passed = at_reference.cases.iter().find(|case| case.id == "explored/found").unwrap();
        assert_eq!(passed.outcome, Outcome::Pass, "{name}\n{text}\n{:?}", passed.mismatches);
        wrong.stop().await;
        right.stop().await;
    }
}

/// One fault is in every answer, the other only in a later call of a sequence that shows the first one too.
#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_faults_is_shown_with_its_own_call() {
    let corpus = corpus();
    let (wrong, mut target) = reference(mutated(mutant("still-encrypts"))).await;
    let way = altered(wrong.address(), ("x-amzn-requestid", "x-amzn-requestix"), usize::MAX).await;
    target.endpoint = Endpoint::parse(&format!("http://{way}")).unwrap();
    let (right, model) = reference(config(target.edition)).await;
    let exploring = ExploreOptions { findings: 2, exchanges: 10_000, ..explore_options(1) };
    let exploration = explored(&corpus, &target, &model, &exploring).await;
    let [first, second] = exploration.findings.as_slice() else { panic!("{:#?}", exploration.findings) };
    assert_eq!(first.mismatches[0].place.to_string(), "header x-amzn-RequestId");
    assert_eq!(first.steps, ["delete"]);
    assert!(second.mismatches.iter().all(|mismatch| mismatch.place == Place::afterwards("Encrypt")), "{second:#?}");
    assert_eq!(second.steps, ["delete", "use"], "{second:#?}");
    let bytes = second.exchange.join("\n");
    assert!(bytes.contains("> X-Amz-Target: TrentService.Encrypt"), "{bytes}");
    assert!(!bytes.contains("DeleteImportedKeyMaterial"), "{bytes}");
    for finding in [first, second] {
        assert_eq!(finding.certainty, Certainty::Smallest);
        // What is printed can be seen again, alone, by whoever has only the trial.
        let only = ExploreOptions { trials: 0, known: vec![finding.trial.clone()], ..explore_options(1) };
        let again = explored(&corpus, &target, &model, &only).await;
        let places = |finding: &Finding| finding.mismatches.iter().map(|found| found.place.clone()).collect::<Vec<_>>();
        assert!(again.findings.iter().any(|other| places(other) == places(finding)), "{again:#?}");
        assert_eq!((again.generated, again.repeated, again.gone.len()), (0, 1, 0));
    }
    wrong.stop().await;
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shrinking_ends_at_its_limit_and_says_so() {
    let corpus = corpus();
    let (wrong, target) = reference(mutated(mutant("signature-unchecked"))).await;
    let (right, model) = reference(config(target.edition)).await;
    for (shrinking, expected) in [(0, Certainty::Once), (1, Certainty::Larger)] {
        let exploring = ExploreOptions { shrinking, findings: 1, exchanges: 10_000, ..explore_options(1) };
        let exploration = explored(&corpus, &target, &model, &exploring).await;
        assert_eq!(exploration.findings[0].certainty, expected, "{:#?}", exploration.findings);
    }
    wrong.stop().await;
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_tried_is_not_gone() {
    let corpus = corpus();
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let (other, model) = reference(config(Edition::KeyOnly)).await;
    let trial = |start: &str| Trial {
        start: start.to_owned(),
        relation: Relation::Model,
        steps: vec![trentcheck_core::explore::Move::delete()],
    };
    let known = vec![trial("imported-symmetric"), trial("no-such-start")];
    let exploring = ExploreOptions { known: known.clone(), time: Duration::ZERO, ..explore_options(1) };
    let exploration = explored(&corpus, &target, &model, &exploring).await;
    assert_eq!((exploration.repeated, exploration.gone.len()), (0, 0));
    // Of what could not be judged nobody knows whether it is gone.
    let exploring = ExploreOptions { known: known.clone(), trials: 3, ..explore_options(1) };
    let exploration = explored(&corpus, &target, &model, &exploring).await;
    assert_eq!((exploration.repeated, exploration.generated, exploration.blocked), (2, 3, 1));
    assert_eq!(exploration.gone, known[..1]);
    server.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_repeats_its_trials() {
    let corpus = corpus();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (wrong, target) = reference(mutated(mutant("alias-accepted"))).await;
        let (right, model) = reference(config(target.edition)).await;
        let exploring = ExploreOptions { findings: 1, exchanges: 20_000, ..explore_options(5) };
        let exploration = explored(&corpus, &target, &model, &exploring).await;
        seen.push(exploration.findings.first().map(|finding| (finding.number, finding.trial.clone())));
        wrong.stop().await;
        right.stop().await;
    }
    assert!(seen[0].is_some());
    assert_eq!(seen[0], seen[1]);
}

/// Says when some trials were made.
struct After {
    trials: usize,
    seen: AtomicUsize,
    reached: Notify,
}

impl Watcher for After {
    fn ended(&self, _: usize, _: usize, _: usize) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.trials {
            self.reached.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_dies_ends_it_and_findings_are_kept() {
    let corpus = corpus();
    let (wrong, target) = reference(mutated(mutant("request-id-absent"))).await;
    let (right, model) = reference(config(target.edition)).await;
    let after = After { trials: 20, seen: AtomicUsize::new(0), reached: Notify::new() };
    let exploring = explore_options(1);
    let (_stop, stopped) = watch::channel(false);
    let (exploration, ()) = tokio::join!(explore(&corpus, &target, &model, &exploring, &after, stopped), async {
        after.reached.notified().await;
        wrong.stop().await;
    });
    let exploration = exploration.unwrap();
    assert!(matches!(exploration.ended, Ended::Lost(_)), "{:?}", exploration.ended);
    assert!(!exploration.findings.is_empty());
    right.stop().await;
}

/// A trial of two answers of the target itself, or of one key before and after.
fn relation(start: &str, relation: Relation, steps: &[&str]) -> Trial {
    let steps = steps.iter().map(|step| serde_json::from_str(step).unwrap()).collect();
    Trial { start: start.to_owned(), relation, steps }
}

/// Each relation that the target is held to without a model finds a fault, and none on the reference.
#[tokio::test(flavor = "multi_thread")]
async fn every_relation_finds_a_mutant() {
    const DELETE: &str = r#"{"delete":{}}"#;
    let plain = |change: &str| relation("imported-symmetric", Relation::Plain, &[change]);
    let unchanged = |start: &str, change: &str| relation(start, Relation::Unchanged, &[change]);
    let again = |start: &str| relation(start, Relation::Again, &[DELETE, r#""import-same""#, DELETE]);
    let orders = [
        r#"{"delete":{"body":"{\"Extra\":1,\"KeyId\":\"{{ key.id }}\"}"}}"#,
        r#"{"delete":{"body":"{\"KeyId\":\"{{ key.id }}\",\"Extra\":1}"}}"#,
    ];
    for (name, trial) in [
        ("arn-refused", plain(r#"{"delete":{"key-id":"{{ key.arn }}"}}"#)),
        ("spaced-refused", plain(r#"{"delete":{"body":"{ \"KeyId\" : \"{{ key.id }}\" }"}}"#)),
        ("unknown-refused", plain(orders[1])),
        ("member-order-counts", relation("imported-symmetric", Relation::Plain, &orders)),
        ("header-case-counts", plain(r#"{"delete":{"name-case":"upper"}}"#)),
        ("header-order-counts", plain(r#"{"delete":{"order":"reversed"}}"#)),
        ("material-id-renewed", again("imported-symmetric")),
        ("verifies-too-late", unchanged("imported-symmetric", r#"{"delete":{"mutation":"signature-altered"}}"#)),
        ("denied-deletes", unchanged("imported-symmetric", r#"{"delete":{"principal":"denied"}}"#)),
        ("refusal-deletes", unchanged("aws-origin-disabled", DELETE)),
    ] {
        let corpus = corpus();
        let (wrong, target) = reference(mutated(mutant(name))).await;
        let (right, model) = reference(config(target.edition)).await;
        let only = ExploreOptions { trials: 0, known: vec![trial], ..explore_options(1) };
        let found = explored(&corpus, &target, &model, &only).await;
        assert_eq!(found.findings.len(), 1, "{name}: {found:#?}");
        let nothing = explored(&corpus, &model, &model, &only).await;
        assert_eq!((nothing.findings.len(), nothing.judged), (0, 1), "{name}: {nothing:#?}");
        wrong.stop().await;
        right.stop().await;
    }
}

//! The reference passes every case, however it is run.

use crate::support::{complaints, config, corpus, options, reference, replay, replay_stopped};
use std::time::Duration;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::run::{Permit, SequenceOf};
use trentcheck_core::send::Lane;

#[tokio::test(flavor = "multi_thread")]
async fn every_case_passes_in_both_editions_in_any_order_and_number() {
    let corpus = corpus();
    for edition in Edition::ALL {
        for (jobs, seed) in [(1, 1), (16, 2)] {
            let (_server, target) = reference(config(edition)).await;
            let mut options = options(jobs);
            options.order = SequenceOf::Seed(seed);
            let report = replay(&corpus, &[], &target, &options).await;
            // What is observed only is allowed to differ from the reference's choice.
            let failed: Vec<_> = complaints(&report).into_iter().filter(|line| !is_observed_only(line)).collect();
            assert!(failed.is_empty(), "edition {edition}, {jobs} jobs, seed {seed}:\n{}", failed.join("\n"));
            assert!(report.left.is_empty(), "{:?}", report.left);
            assert_eq!(report.figures.coverage, Some(1.0));
        }
    }
}

/// Ten minutes off: the reference keeps to the recorded window, the cases only look.
fn is_observed_only(line: &str) -> bool {
    line.contains("level: May")
}

#[tokio::test(flavor = "multi_thread")]
async fn both_lanes_observe_the_same() {
    let corpus = corpus();
    let (_server, target) = reference(config(Edition::KeyMaterialId)).await;
    let wire = replay(&corpus, &[], &target, &options(4)).await;
    let mut options = options(4);
    options.lane = Lane::Http;
    let http = replay(&corpus, &[], &target, &options).await;
    let mut carried = 0;
    for (wire, http) in wire.cases.iter().zip(&http.cases) {
        if http.outcome == Outcome::Skipped {
            assert!(http.reason.as_ref().is_some_and(|reason| reason.contains("wire lane")), "{:?}", http.reason);
            continue;
        }
        carried += 1;
        assert_eq!((&wire.id, wire.outcome, &wire.mismatches), (&http.id, http.outcome, &http.mismatches));
        let status_and_body = |case: &trentcheck_core::report::CaseReport| {
            let answer = case.exchanges.first().and_then(|exchange| exchange.response.clone()).unwrap_or_default();
            (answer.first().cloned(), answer.last().map(|body| body.len()))
        };
        assert_eq!(status_and_body(wire), status_and_body(http), "{}", wire.id);
    }
    assert!(carried > 120, "only {carried} cases went through the http lane");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_only_eventually_consistent_passes() {
    let corpus = corpus();
    let mut config = config(Edition::KeyOnly);
    config.consistency_delay = Duration::from_millis(60);
    let (_server, target) = reference(config).await;
    let mut options = options(16);
    options.settle = Duration::from_secs(10);
    let report = replay(&corpus, &["success/*", "effects/*", "races/*"], &target, &options).await;
    let failed: Vec<_> = complaints(&report);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_answer_is_indeterminate_and_no_divergence() {
    let corpus = corpus();
    let mut config = config(Edition::KeyOnly);
    config.throttle_every = Some(3);
    let (_server, target) = reference(config).await;
    let mut options = options(1);
    options.settle = Duration::from_secs(5);
    let report = replay(&corpus, &["identifiers/*"], &target, &options).await;
    assert_eq!(report.figures.diverges, 0, "{}", complaints(&report).join("\n"));
    assert!(report.figures.indeterminate > 0);
    assert_eq!(report.exit_code, ExitCode::Indeterminate);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_to_make_keys_none_is_made() {
    let corpus = corpus();
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let mut options = options(4);
    options.permit = Permit::NoKeys;
    let report = replay(&corpus, &[], &target, &options).await;
    for case in &report.cases {
        // Cases that name another key of the caller's account need to know the account.
        if case.reason.as_ref().is_some_and(|reason| reason.contains("--account")) {
            continue;
        }
        let names_a_key = corpus.case(&case.id).is_some_and(|case| case.precondition != "none");
        assert_eq!(names_a_key, case.outcome == Outcome::Skipped, "{}", case.id);
    }
    assert!(server.served() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_releases_its_keys_and_says_so() {
    let corpus = corpus();
    let (_server, target) = reference(config(Edition::KeyOnly)).await;
    let report = replay_stopped(&corpus, &target, &options(4)).await;
    assert_eq!(report.exit_code, ExitCode::Interrupted);
    assert!(report.left.is_empty(), "{:?}", report.left);
    assert_eq!(report.figures.judged(), 0);
}

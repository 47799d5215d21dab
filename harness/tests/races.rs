//! Two requests at the same time, and two on one connection: no wrong blame at a right target, and none that is lost.

use crate::support::hostile::{Fate, front};
use crate::support::{complaints, config, corpus, options, reference, replay};
use std::time::Duration;
use trentcheck_core::fixture::{Edition, Level};
use trentcheck_core::report::{CaseReport, Outcome, RunReport};
use trentcheck_core::run::Options;
use trentcheck_core::send::Endpoint;
use trentcheck_reference::{Config, Mutant, controls, mutants};

/// The cases with a second request.
const CASES: [&str; 7] = [
    "races/*",
    "protocol/after-error",
    "protocol/pipelined",
    "protocol/in-pieces",
    "protocol/answer-before-body",
    "authentication/after-refusal",
    "authentication/connection-not-trusted",
];

fn case<'a>(report: &'a RunReport, id: &str) -> &'a CaseReport {
    report.cases.iter().find(|case| case.id == id).unwrap()
}

fn named(name: &str) -> &'static Mutant {
    mutants().iter().chain(controls()).find(|mutant| mutant.name == name).unwrap()
}

/// The run of some cases at a mutant or a control.
async fn at(name: &str, patterns: &[&str]) -> RunReport {
    let mutant = Some(named(name));
    let (_server, target) = reference(Config { mutant, ..config(Edition::KeyOnly) }).await;
    let mut options = options(4);
    options.fail_on = Level::Should;
    replay(&corpus(), patterns, &target, &options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_target_passes_whichever_of_two_requests_comes_first() {
    let corpus = corpus();
    for edition in Edition::ALL {
        let (_server, target) = reference(config(edition)).await;
        for jobs in [1, 2, 4, 8, 16] {
            let report = replay(&corpus, &CASES, &target, &options(jobs)).await;
            let wrong: Vec<_> = report.cases.iter().filter(|case| case.outcome != Outcome::Pass).collect();
            assert!(wrong.is_empty(), "edition {edition}, {jobs} jobs: {:?}", complaints(&report));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_shows_changes_late_passes() {
    let late = Config { consistency_delay: Duration::from_millis(60), ..config(Edition::KeyMaterialId) };
    let (_server, target) = reference(late).await;
    let options = Options { settle: Duration::from_secs(10), ..options(4) };
    let report = replay(&corpus(), &["races/*"], &target, &options).await;
    let passed = report.cases.iter().filter(|case| case.outcome == Outcome::Pass).count();
    assert_eq!(passed, 4, "{:?}", complaints(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_order_explains_is_one_mismatch_that_comes_again() {
    for (mutant, id) in
        [("import-half-done", "races/delete-and-import"), ("schedule-writes-back", "races/delete-and-schedule")]
    {
        let report = at(mutant, &[id]).await;
        let case = case(&report, id);
        assert_eq!(case.outcome, Outcome::Diverges, "{mutant}: {:?}", complaints(&report));
        let words: Vec<String> = case.mismatches.iter().map(|one| one.what.as_str().to_owned()).collect();
        assert_eq!(words, ["order"], "{mutant}: {:?}", complaints(&report));
        // What a list of deviations keeps does not depend on chance.
        assert!(case.answer.as_deref().is_some_and(|answer| answer.starts_with("answers of two requests")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_closes_its_connections_is_not_blamed() {
    let report = at("connection-close", &CASES).await;
    let pipelined = case(&report, "protocol/pipelined");
    assert_eq!(pipelined.outcome, Outcome::Skipped, "{:?}", complaints(&report));
    assert!(pipelined.reason.as_deref().is_some_and(|why| why.contains("closes the connection")));
    let others = report.cases.iter().filter(|case| case.id != "protocol/pipelined");
    let wrong: Vec<_> = others.filter(|case| case.outcome != Outcome::Pass).map(|case| &case.id).collect();
    assert!(wrong.is_empty(), "{wrong:?}: {:?}", complaints(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_a_right_blocks_the_race_that_needs_it() {
    for (denied, id) in
        [("ScheduleKeyDeletion", "races/delete-and-schedule"), ("DisableKey", "races/delete-and-disable")]
    {
        let (server, mut target) = reference(config(Edition::KeyOnly)).await;
        let address = front(server.address(), move |operation, _| match operation == denied {
            true => Fate::Answered(400, r#"{"__type":"AccessDeniedException"}"#.to_owned()),
            false => Fate::Passed,
        })
        .await;
        target.endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
        let report = replay(&corpus(), &[id], &target, &Options { fail_on: Level::Should, ..options(1) }).await;
        let case = case(&report, id);
        assert_eq!(case.outcome, Outcome::Blocked, "{:?}", complaints(&report));
        assert!(case.reason.as_deref().is_some_and(|why| why.contains(denied)), "{:?}", case.reason);
    }
}

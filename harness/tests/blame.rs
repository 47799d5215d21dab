//! No wrong blame: what comes once, comes late or is not the target's fault is no divergence, and what comes again is one.

use crate::support::hostile::{Fate, answering, front, front_of_methods, front_of_somebody_else};
use crate::support::{complaints, config, corpus, mutant, mutated, options, reference, replay};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use trentcheck_core::fixture::{Edition, Level};
use trentcheck_core::report::{CaseReport, ExitCode, Outcome, RunReport};
use trentcheck_core::run::{Options, Target};
use trentcheck_core::send::Endpoint;
use trentcheck_reference::Server;

/// A reference behind a front that decides what becomes of each call.
async fn behind(fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) -> (Server, Target) {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let address = front(server.address(), fate).await;
    target.endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    (server, target)
}

/// A target at this address.
async fn at(address: SocketAddr) -> Target {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    server.stop().await;
    target.endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    target
}

fn at_must(jobs: usize) -> Options {
    let mut options = options(jobs);
    options.fail_on = Level::Must;
    options
}

fn case<'a>(report: &'a RunReport, id: &str) -> &'a CaseReport {
    report.cases.iter().find(|case| case.id == id).unwrap()
}

/// Decides by how many calls of the operation under test there were.
fn of_deletion(number: &AtomicUsize, operation: &str) -> Option<usize> {
    (operation == "DeleteImportedKeyMaterial").then(|| number.fetch_add(1, Ordering::Relaxed) + 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_again_is_flaky_and_shown_with_both_answers() {
    let number = AtomicUsize::new(0);
    // The first is the probe.
    let (_server, target) = behind(move |operation, _| match of_deletion(&number, operation) {
        Some(2) => Fate::Answered(400, r#"{"__type":"NotFoundException"}"#.to_owned()),
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &["success/symmetric"], &target, &at_must(1)).await;
    let case = case(&report, "success/symmetric");
    assert_eq!(
        (case.outcome, report.exit_code),
        (Outcome::Flaky, ExitCode::Indeterminate),
        "{:?}",
        complaints(&report)
    );
    let second = case.second.as_ref().unwrap();
    assert_eq!(case.answer.as_deref(), Some("400 NotFoundException"));
    assert_eq!((second.outcome, second.answer.as_deref()), (Outcome::Pass, Some("200")));
    assert!(!case.once.is_empty() && !second.exchanges.is_empty());
    assert_eq!(report.figures.judged(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shows_a_new_alias_late_shows_no_effect() {
    let number = AtomicUsize::new(0);
    let (_server, target) = behind(move |operation, _| match operation {
        "ListAliases" if number.fetch_add(1, Ordering::Relaxed) == 0 => {
            Fate::Answered(200, r#"{"Aliases":[],"Truncated":false}"#.to_owned())
        }
        _ => Fate::Passed,
    })
    .await;
    let mut options = at_must(1);
    options.fail_on = Level::Should;
    let report = replay(&corpus(), &["success/aliases-kept"], &target, &options).await;
    let case = case(&report, "success/aliases-kept");
    assert_eq!((case.outcome, case.mismatches.len()), (Outcome::Pass, 0), "{:?}", complaints(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_says_afterwards_that_there_is_no_such_operation_counts() {
    let number = AtomicUsize::new(0);
    let (_server, target) = behind(move |operation, _| match operation {
        "DeleteImportedKeyMaterial" => {
            number.fetch_add(1, Ordering::Relaxed);
            Fate::Passed
        }
        // The first deletion is the probe.
        "DescribeKey" if number.load(Ordering::Relaxed) > 1 => {
            number.fetch_sub(1, Ordering::Relaxed);
            Fate::Answered(400, r#"{"__type":"UnknownOperationException"}"#.to_owned())
        }
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &["success/symmetric"], &target, &at_must(1)).await;
    assert_eq!(case(&report, "success/symmetric").outcome, Outcome::Diverges, "{:?}", complaints(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_without_describe_key_is_blocked_and_not_skipped() {
    let (_server, target) = behind(|operation, _| match operation {
        "DescribeKey" => Fate::Answered(400, r#"{"__type":"UnknownOperationException"}"#.to_owned()),
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &["success/symmetric"], &target, &at_must(1)).await;
    assert_eq!(
        (case(&report, "success/symmetric").outcome, report.exit_code),
        (Outcome::Blocked, ExitCode::Indeterminate),
        "{:?}",
        complaints(&report)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_loses_one_deletion_in_twenty_is_intermittent() {
    let number = AtomicUsize::new(0);
    let (_server, target) = behind(move |operation, _| match of_deletion(&number, operation) {
        Some(number) if number.is_multiple_of(20) => Fate::Answered(200, String::new()),
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &[], &target, &at_must(1)).await;
    assert_eq!(report.exit_code, ExitCode::Divergence, "{:?}", complaints(&report));
    let lost = report.cases.iter().filter(|case| case.intermittent.is_some()).count();
    assert!(lost >= 3, "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn retryable_faults_are_indeterminate_and_three_in_a_row_diverge() {
    let fault = r#"{"__type":"KMSInternalException","message":"once"}"#;
    for (most, outcome) in [(1, Outcome::Indeterminate), (2, Outcome::Indeterminate), (3, Outcome::Diverges)] {
        let number = AtomicUsize::new(0);
        let (_server, target) = behind(move |operation, _| match of_deletion(&number, operation) {
            // After each fault trentcheck asks whether the target is alive, so the faults are calls 2, 4 and 6.
            Some(2) => Fate::Answered(500, fault.to_owned()),
            Some(4) if most > 1 => Fate::Answered(500, fault.to_owned()),
            Some(6) if most > 2 => Fate::Answered(500, fault.to_owned()),
            _ => Fate::Passed,
        })
        .await;
        let report = replay(&corpus(), &["success/symmetric"], &target, &at_must(1)).await;
        assert_eq!(case(&report, "success/symmetric").outcome, outcome, "{:?}", complaints(&report));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_fault_diverges_only_when_it_comes_again() {
    let fault = r#"{"__type":"InternalFailure"}"#;
    for (again, outcome) in [(false, Outcome::Flaky), (true, Outcome::Diverges)] {
        let number = AtomicUsize::new(0);
        let (_server, target) = behind(move |operation, _| match of_deletion(&number, operation) {
            Some(2) => Fate::Answered(500, fault.to_owned()),
            Some(number) if number > 2 && again => Fate::Answered(500, fault.to_owned()),
            _ => Fate::Passed,
        })
        .await;
        let report = replay(&corpus(), &["success/symmetric"], &target, &at_must(1)).await;
        assert_eq!(case(&report, "success/symmetric").outcome, outcome, "{:?}", complaints(&report));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_somebody_changed_is_not_used() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let address = front_of_somebody_else(server.address()).await;
    let target = Target { endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(), ..target };
    let cases = ["identifiers/key-id", "permission/denied", "success/symmetric"];
    let report = replay(&corpus(), &cases, &target, &at_must(1)).await;
    assert_eq!(report.exit_code, ExitCode::Pass, "{:?}", complaints(&report));
    // The one that was changed, and one in its place.
    assert_eq!(report.keys, 3);
}

/// The cases at which a late DescribeKey was seen to blame the target.
const LATE: &[&str] = &["permission/*", "materials/*", "success/*", "effects/*"];

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_shows_changes_late_is_not_blamed() {
    let corpus = corpus();
    for (edition, delay, settle) in [(Edition::KeyOnly, 600, 3000), (Edition::KeyMaterialId, 600, 3000)] {
        let mut config = config(edition);
        config.consistency_delay = Duration::from_millis(delay);
        let (_server, target) = reference(config).await;
        let mut options = at_must(16);
        options.settle = Duration::from_millis(settle);
        let report = replay(&corpus, LATE, &target, &options).await;
        assert_eq!(report.exit_code, ExitCode::Pass, "{:?}", complaints(&report));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_changes_come_after_the_budget_one_notice_names_it_and_nothing_is_blamed() {
    let corpus = corpus();
    let mut config = config(Edition::KeyOnly);
    config.consistency_delay = Duration::from_secs(3);
    let (_server, target) = reference(config).await;
    let mut options = at_must(16);
    options.settle = Duration::from_secs(1);
    let report = replay(&corpus, LATE, &target, &options).await;
    assert_eq!(report.figures.diverges + report.figures.flaky, 0, "{:?}", complaints(&report));
    assert!(report.exit_codes.contains(&ExitCode::Indeterminate), "{:?}", report.exit_codes);
    let notices = report.notices.iter().filter(|notice| notice.contains("--settle")).count();
    assert_eq!(notices, 1, "{:?}", report.notices);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_with_scoped_rights_is_not_the_targets_fault() {
    let denied = r#"{"__type":"AccessDeniedException","message":"scoped"}"#;
    let (_server, target) = behind(move |operation, _| match operation {
        "DeleteImportedKeyMaterial" => Fate::Answered(400, denied.to_owned()),
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &["authentication/control", "example/absent-key"], &target, &at_must(1)).await;
    for case in &report.cases {
        assert_eq!(case.outcome, Outcome::Indeterminate, "{:?}", complaints(&report));
        assert!(case.reason.as_ref().is_some_and(|reason| reason.contains("kms:DeleteImportedKeyMaterial")));
    }
}

/// The reference behind a front that answers one method otherwise, byte for byte.
async fn with_method(method: &'static str, answer: &'static str) -> (Server, Target) {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let address = front_of_methods(server.address(), method, answer).await;
    (server, Target { endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(), ..target })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_nobody_knows_may_be_answered_with_501() {
    let none = "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let fault = "HTTP/1.1 500 Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (answer, outcome) in [(none, Outcome::Pass), (fault, Outcome::Diverges)] {
        let (_server, target) = with_method("PUT ", answer).await;
        let report = replay(&corpus(), &["protocol/method-put"], &target, &at_must(1)).await;
        assert_eq!(case(&report, "protocol/method-put").outcome, outcome, "{:?}", complaints(&report));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_the_other_edition_is_one_notice_and_no_clause_of_it_is_cited() {
    let corpus = corpus();
    for edition in Edition::ALL {
        let other = Edition::ALL.into_iter().find(|other| *other != edition).unwrap();
        let (_server, target) = reference(config(other)).await;
        let target = Target { edition, ..target };
        let report = replay(&corpus, &["success/symmetric", "success/disabled"], &target, &at_must(1)).await;
        assert_eq!(report.figures.diverges, 2, "{:?}", complaints(&report));
        let named = report.notices.iter().filter(|notice| notice.contains(&format!("--edition {other}"))).count();
        assert_eq!(named, 1, "{:?}", report.notices);
        for mismatch in report.cases.iter().flat_map(|case| &case.mismatches) {
            for clause in mismatch.clauses.iter().filter_map(|id| corpus.clause(id)) {
                let holds = clause.editions.as_ref().is_none_or(|editions| editions.contains(&edition));
                assert!(holds, "{mismatch:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mismatch_counts_for_more_than_its_case() {
    let corpus = corpus();
    let (_server, target) = behind(|operation, _| match operation {
        "DeleteImportedKeyMaterial" => Fate::Dropped,
        _ => Fate::Passed,
    })
    .await;
    let report = replay(&corpus, &[], &target, &options(8)).await;
    assert!(report.figures.diverges > 100, "{:?}", report.figures);
    for case in &report.cases {
        assert!(case.mismatches.iter().all(|mismatch| mismatch.level <= case.level), "{}", case.id);
    }
}

/// Runs at conforming variations: as many for each as `TRENTCHECK_RUNS` says; the counts go to the file
/// `TRENTCHECK_MEASURED`. It takes minutes.
#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread")]
async fn shuffled_runs_at_conforming_variations_blame_nobody() {
    let corpus = corpus();
    let runs: u64 = std::env::var("TRENTCHECK_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1);
    let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
    let of_control = |name: &str| (name.to_owned(), mutated(mutant(name)), seconds(1.0));
    let late = |delay: f64, settle: f64| {
        let config = trentcheck_reference::Config { consistency_delay: seconds(delay), ..config(Edition::KeyOnly) };
        (format!("late by {delay} s, settle {settle} s"), config, seconds(settle))
    };
    let names = [
        "one-throttled",
        "one-retryable-fault",
        "scoped-caller",
        "connection-close",
        "success-member-added",
        "target-unknown-html",
    ];
    let mut variations: Vec<_> = names.into_iter().map(of_control).collect();
    variations.extend([late(0.6, 2.0), late(0.6, 0.3), late(3.0, 8.0), late(3.0, 1.0)]);
    let (mut lines, mut blamed) = (Vec::new(), Vec::new());
    for (name, config, settle) in variations {
        let edition = config.edition;
        let (mut wrong, mut flaky) = (Vec::new(), 0);
        for seed in 0..runs {
            let (_server, target) = reference(config.clone()).await;
            let mut options = at_must(32);
            options.order = trentcheck_core::run::SequenceOf::Seed(seed);
            options.settle = settle;
            options.deadline = Duration::from_secs(300);
            let report = replay(&corpus, &[], &target, &options).await;
            flaky += report.figures.flaky;
            let diverging = report.cases.iter().filter(|case| case.outcome == Outcome::Diverges);
            wrong.extend(diverging.map(|case| format!("seed {seed}: {}: {:?}", case.id, case.mismatches)));
        }
        lines.push(format!("{name} ({edition:?}): {runs} runs, {} wrong, {flaky} flaky", wrong.len()));
        blamed.extend(wrong);
    }
    if let Ok(path) = std::env::var("TRENTCHECK_MEASURED") {
        std::fs::write(path, lines.join("\n")).unwrap();
    }
    assert!(blamed.is_empty(), "{}\n{}", lines.join("\n"), blamed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_does_not_offer_costs_coverage_and_is_never_blamed() {
    const OFFERED: [&str; 16] = [
        "DeleteImportedKeyMaterial",
        "CreateKey",
        "DescribeKey",
        "ListKeys",
        "GetParametersForImport",
        "ImportKeyMaterial",
        "EnableKey",
        "DisableKey",
        "ScheduleKeyDeletion",
        "CancelKeyDeletion",
        "CreateAlias",
        "DeleteAlias",
        "Encrypt",
        "Decrypt",
        "Sign",
        "GenerateMac",
    ];
    // The second is what a server says that has no route for it.
    for (status, body) in [(501, r#"{"__type":"NotImplemented"}"#), (500, "<html>no</html>")] {
        let (_server, target) = behind(move |operation, _| match OFFERED.contains(&operation) {
            true => Fate::Passed,
            false => Fate::Answered(status, body.to_owned()),
        })
        .await;
        let report = replay(&corpus(), &["success/*", "effects/*"], &target, &at_must(4)).await;
        assert_eq!(report.figures.diverges, 0, "{status}: {:?}", complaints(&report));
        for id in ["effects/data-keys-refused", "effects/verify-refused", "success/tags-kept"] {
            let case = case(&report, id);
            assert_eq!(case.outcome, Outcome::Skipped, "{status} {id}: {:?}", case.reason);
        }
        let grants = case(&report, "success/grants-kept").outcome;
        assert_eq!(grants, if status == 501 { Outcome::Skipped } else { Outcome::Blocked }, "{status}");
        assert!(report.figures.judged() > 20, "{status}: {:?}", complaints(&report));
        if status == 501 {
            assert_eq!(report.exit_code, ExitCode::Pass, "{:?}", complaints(&report));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_kms_is_not_blamed_for_it() {
    for (status, kind, body) in [
        ("404 Not Found", "text/html", "<html></html>"),
        ("405 Method Not Allowed", "text/plain", ""),
        ("501 Unsupported method", "text/html", "<html></html>"),
        ("502 Bad Gateway", "text/html", "<h1>Bad Gateway</h1>"),
        ("200 OK", "text/html", "<html></html>"),
        ("404 Not Found", "text/plain", "404 page not found\n"),
    ] {
        let length = body.len();
        let address = answering(move |_, _| {
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
        })
        .await;
        let report = replay(&corpus(), &["success/*", "protocol/*"], &at(address).await, &at_must(4)).await;
        assert_eq!(report.figures.diverges, 0, "{status}: {:?}", complaints(&report));
        assert_eq!(report.exit_code, ExitCode::Indeterminate, "{status}");
        let notices: Vec<String> = report.notices.iter().map(ToString::to_string).collect();
        assert!(notices.iter().any(|notice| notice.contains("answers as KMS does")), "{status}: {notices:?}");
    }
}

/// A target whose answers have the marks of the protocol is judged, however wrong all of them are.
#[tokio::test(flavor = "multi_thread")]
async fn a_kms_that_refuses_everything_is_judged() {
    for (header, body) in [("X-Amzn-RequestId: 1\r\n", ""), ("", "{\"message\":\"no\"}")] {
        let length = body.len();
        let address = answering(move |_, _| {
            format!("HTTP/1.1 400 Bad Request\r\n{header}Content-Length: {length}\r\n\r\n{body}")
        })
        .await;
        let report = replay(&corpus(), &["protocol/*"], &at(address).await, &at_must(4)).await;
        assert!(report.figures.diverges > 0, "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_the_target_has_no_operation_for_is_not_left_behind() {
    let (_server, target) = behind(|operation, _| match operation.ends_with("Alias") {
        true => Fate::Answered(501, r#"{"__type":"NotImplemented"}"#.to_owned()),
        false => Fate::Passed,
    })
    .await;
    let report = replay(&corpus(), &["success/with-alias", "success/symmetric"], &target, &at_must(4)).await;
    assert_eq!(case(&report, "success/with-alias").outcome, Outcome::Skipped);
    assert_eq!(report.exit_code, ExitCode::Pass, "{:?}", report.exit_codes);
}

//! Whatever a target does, a run ends within its limits, without a panic and without a pass.

use crate::support::faulty::{Behaviour, start};
use crate::support::tls::front;
use crate::support::{complaints, config, corpus, options, reference, replay, target};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::{ExitCode, Outcome, RunReport};
use trentcheck_core::run::Target;
use trentcheck_core::send::{Tls, Verify};

const CASES: &[&str] = &["example/absent-key", "members/empty", "success/symmetric"];

async fn run_at(mut target: Target) -> RunReport {
    target.limits.exchange = Duration::from_millis(300);
    target.limits.connect = Duration::from_millis(300);
    let mut options = options(4);
    options.settle = Duration::from_millis(50);
    let started = Instant::now();
    let report = replay(&corpus(), CASES, &target, &options).await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(report.figures.pass, 0, "{:?}", report.figures);
    report
}

async fn run_at_faulty(behaviour: Behaviour) -> RunReport {
    let faulty = start(behaviour).await;
    run_at(target(&format!("http://{}", faulty.address), Edition::KeyOnly)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_breaks_off_or_floods_diverges() {
    for behaviour in [
        Behaviour::Closes,
        Behaviour::Resets,
        Behaviour::Truncates,
        Behaviour::FloodsHeaders,
        Behaviour::FloodsBody,
        Behaviour::Garbage,
        Behaviour::Redirects,
        Behaviour::Says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nnull"),
        Behaviour::Says("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}"),
    ] {
        let report = run_at_faulty(behaviour).await;
        let is_divergence = report.exit_code == ExitCode::Divergence;
        // A target that answers everything alike, however wrongly, says that it has no such operation.
        let is_unsupported = report.cases.iter().all(|case| case.outcome == Outcome::Unsupported);
        assert!(
            is_divergence || is_unsupported,
            "{behaviour:?}: {:?} {}",
            report.exit_code,
            complaints(&report).join("\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_is_indeterminate() {
    let report = run_at_faulty(Behaviour::Hangs).await;
    assert_eq!(report.exit_code, ExitCode::Indeterminate);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_port_is_one_clear_sentence() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let report = run_at(target(&format!("http://{address}"), Edition::KeyOnly)).await;
    assert_eq!(report.exit_code, ExitCode::Indeterminate);
    assert_eq!(report.notices.len(), 1);
    assert!(report.notices[0].contains("no connection"), "{:?}", report.notices);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified_unless_asked_otherwise_and_then_no_material_is_sent() {
    let (server, plain) = reference(config(Edition::KeyOnly)).await;
    let (address, ca) = front(server.address()).await;
    let endpoint = format!("https://kms.example.test:{}", address.port());
    let with = |tls: Tls| Target {
        tls: Tls { resolve: Some(address), ..tls },
        endpoint: trentcheck_core::send::Endpoint::parse(&endpoint).unwrap(),
        elsewhere: None,
        ..plain.clone()
    };
    let refused = run_at(with(Tls { ca_pem: Some(front(server.address()).await.1), ..Tls::default() })).await;
    assert_eq!(refused.exit_code, ExitCode::Indeterminate);
    assert!(refused.notices[0].contains("TLS failed"), "{:?}", refused.notices);
    for tls in [Tls { ca_pem: Some(ca), ..Tls::default() }, Tls { verify: Verify::NoInsecure, ..Tls::default() }] {
        // Material is wrapped only for somebody whose certificate was verified.
        let is_verified = tls.verify == Verify::Yes;
        let report =
            replay(&corpus(), if is_verified { CASES } else { &CASES[..2] }, &with(tls.clone()), &options(4)).await;
        assert_eq!(report.exit_code, ExitCode::Pass, "{}", complaints(&report).join("\n"));
        assert_eq!(report.notices.iter().any(|notice| notice.contains("was not verified")), !is_verified);
        let report = replay(&corpus(), &CASES[2..], &with(tls), &options(4)).await;
        assert_eq!(report.exit_code == ExitCode::Pass, is_verified, "{}", complaints(&report).join("\n"));
        assert_eq!(report.calls.contains_key("ImportKeyMaterial"), is_verified, "{:?}", report.calls);
    }
}

//! The command at a service that is not on loopback: the reference behind TLS, under a name that leads nowhere.

use crate::support::command::{text, trentcheck_apart};
use crate::support::hostile::answering;
use crate::support::scratch::written;
use crate::support::service::{KEYS, service, with};
use crate::support::{config, corpus, options, reference, replay};
use std::sync::Arc;
use std::time::SystemTime;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::Options;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_reached_by_another_address_and_only_harmless_cases_are_sent() {
    let (server, reached) = service("resolve").await;
    let output = trentcheck_apart(
        &KEYS,
        &with(
            "run",
            &reached,
            &["--report", "json", "--account", "111122223333", "--rate", "DeleteImportedKeyMaterial=10000"],
        ),
    )
    .await;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &report["runs"][0];
    // What names a key is skipped, since the host as typed is not on loopback.
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(report["figures"]["pass"].as_u64().unwrap() > 20, "{}", report["figures"]);
    assert!(report["figures"]["skipped"].as_u64().unwrap() > 20, "{}", report["figures"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_as_loopback_leads_nowhere_else() {
    for more in [
        &["--resolve", "192.0.2.1:443"][..],
        &["--proxy", "http://192.0.2.1:3128"],
        &["--elsewhere", "us-west-2=http://192.0.2.1:80"],
    ] {
        let arguments = [&["run", "--endpoint", "http://127.0.0.1:1"], more].concat();
        let output = trentcheck_apart(&[], &arguments).await;
        assert_eq!(output.status.code(), Some(5), "{more:?}: {}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_aws_follows_from_the_region() {
    // The connection ends at a server that is not AWS, which only its certificate can say.
    let (server, reached) = service("derived").await;
    let (address, ca) = (&reached[3], &reached[5]);
    let arguments = ["run", "--endpoint", "aws", "--fips", "--resolve", address, "--ca", ca, "--report", "json"];
    let variables = [&KEYS[..], &[("AWS_REGION", "us-gov-west-1")]].concat();
    let output = trentcheck_apart(&variables, &arguments).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &report["runs"][0];
    assert_eq!(report["target"]["endpoint"], "https://kms-fips.us-gov-west-1.amazonaws.com");
    assert_eq!(report["target"]["region"], "us-gov-west-1");
    assert!(report["notices"][0].as_str().unwrap().contains("TLS failed"), "{}", report["notices"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_too_far_apart_are_one_notice_and_no_divergence() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let late = std::time::Duration::from_secs(600);
    let skewed = Options { clock: Arc::new(move || SystemTime::now() - late), ..options(4) };
    let report = replay(&corpus(), &["authentication/*"], &target, &skewed).await;
    assert_eq!(report.exit_code, ExitCode::Indeterminate);
    assert_eq!((report.figures.diverges, report.figures.judged()), (0, 0));
    assert!(report.notices[0].contains("behind the target's"), "{:?}", report.notices);
    assert!(report.clock_ahead_s.is_some_and(|ahead| (-602..=-598).contains(&ahead)), "{:?}", report.clock_ahead_s);
    let right = replay(&corpus(), &["authentication/control"], &target, &options(4)).await;
    assert!(right.clock_ahead_s.is_some_and(|ahead| ahead.abs() <= 2), "{:?}", right.clock_ahead_s);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_proxy_is_one_clear_sentence_and_shows_no_password() {
    let ca = written("any.pem", rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap().cert.pem());
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://user:hunter2hunter2@{dead}");
    let arguments = ["run", "--endpoint", "https://kms.example.test", "--ca", &ca, "--proxy", &proxy];
    let output = trentcheck_apart(&KEYS, &arguments).await;
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(said.matches("no way through the proxy").count(), 1, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_wants_a_login_is_told_as_that_and_not_as_the_target() {
    const LOGIN: &str =
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
    let ca = written("any.pem", rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap().cert.pem());
    let proxy = format!("http://user:hunter2hunter2@{}", answering(|_, _| LOGIN).await);
    // A tunnel, and a proxy that sees the requests.
    let tunnel = ["--endpoint", "https://kms.example.test", "--ca", &ca, "--proxy", &proxy];
    let plain = ["--endpoint", "http://127.0.0.1:1", "--proxy", &proxy];
    for way in [&tunnel[..], &plain] {
        for lane in ["wire", "http"] {
            let arguments = [&["run"], way, &["--lane", lane, "example/absent-key"]].concat();
            let output = trentcheck_apart(&KEYS, &arguments).await;
            let said = text(&output.stdout) + &text(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{said}");
            assert!(said.contains("0 of 0 judged cases diverge"), "{said}");
            let why = "it requires a user name and a password, or refuses the given ones";
            assert_eq!(said.matches(why).count(), 1, "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        let output = trentcheck_apart(&KEYS, &[&["doctor"], way].concat()).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("requires a user name") && said.contains("check `--proxy`"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

//! The command at a service that is not on loopback: the reference behind TLS, under a name that leads nowhere.

use crate::bad_targets::tls_front;
use crate::support::{config, corpus, options, reference, replay};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::SystemTime;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::Options;

/// The credentials that the reference knows as those of its primary principal.
pub(crate) const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDTRENTCHECK000001"), ("AWS_SECRET_ACCESS_KEY", "trentcheck-dummy-secret-primary")];

/// The command in an environment of these variables and no other that it reads.
pub(crate) async fn trentcheck(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trentcheck"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TRENTCHECK_") || name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    // No profile of whoever runs the tests.
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.envs(variables.iter().copied()).args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of its own for a test.
pub(crate) fn scratch(name: &str, contents: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, contents).unwrap();
    path.to_string_lossy().into_owned()
}

/// The reference behind TLS, with the arguments that reach it.
pub(crate) async fn service(name: &str) -> (trentcheck_reference::Server, Vec<String>) {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let (address, ca) = tls_front(server.address()).await;
    let ca = scratch(&format!("{name}.pem"), ca);
    let endpoint = format!("https://kms.example.test:{}", address.port());
    let address = address.to_string();
    let arguments = ["--endpoint", &endpoint, "--resolve", &address, "--ca", &ca];
    (server, arguments.map(str::to_owned).to_vec())
}

/// The arguments as the command takes them.
pub(crate) fn with<'a>(first: &'a str, reached: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    [first].into_iter().chain(reached.iter().map(String::as_str)).chain(more.iter().copied()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_reached_by_another_address_and_only_harmless_cases_are_sent() {
    let (server, reached) = service("resolve").await;
    let output = trentcheck(
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
        let output = trentcheck(&[], &arguments).await;
        assert_eq!(output.status.code(), Some(5), "{more:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("refused: "), "{}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_settings_that_cannot_be_used_are_one_clear_error() {
    let nothing = scratch("nothing.pem", "nothing");
    let pair = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
    let certificate = scratch("certificate.pem", pair.cert.pem());
    let other = scratch("other.pem", rcgen::KeyPair::generate().unwrap().serialize_pem());
    let service = "https://kms.example.test";
    for (more, expected) in [
        (&["--client-cert", "nowhere.pem"][..], "read `nowhere.pem`"),
        (&["--client-cert", &nothing], "read a certificate from the client certificate's file"),
        (&["--client-cert", &certificate], "read a private key"),
        (&["--client-cert", &certificate, "--client-key", &other], "use the client certificate with its key"),
        (&["--client-key", &other], "`--client-key` needs `--client-cert`"),
        (&["--ca", &nothing], "read a certificate from the CA file"),
        (&["--server-name", "not a name"], "as a server name"),
        (&["--resolve", "kms.example.test:443"], "invalid socket address"),
        (&["--proxy", "https://proxy.example.test:3128"], "`http://`"),
        (&["--proxy", "env"], "find a proxy in the environment"),
        (&["--proxy", "http://127.0.0.1:1", "--server-name", "other"], "the proxy finds the target"),
    ] {
        let arguments = [&["run", "--endpoint", service], more].concat();
        let output = trentcheck(&KEYS, &arguments).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {stderr}");
        assert!(stderr.contains(expected), "{more:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_aws_needs_a_region_that_has_one() {
    let in_region = [&KEYS[..], &[("AWS_REGION", "us-iso-east-1")]].concat();
    for (variables, more, expected) in [
        (&KEYS[..], &["--endpoint", "aws"][..], "`--endpoint aws` needs a Region"),
        (&KEYS, &["--endpoint", "aws", "--region", "east"], "does not have the form of a Region"),
        (&in_region, &["--endpoint", "aws"], "in none of the partitions"),
        (
            &KEYS,
            &["--endpoint", "https://kms.example.test", "--fips"],
            "`--fips` and `--dual-stack` need `--endpoint aws`",
        ),
        (&KEYS, &["--rate", "CreateKey=fast"], "`CreateKey=2`, not `CreateKey=fast`"),
        (&KEYS, &["--rate", "CreateKey=0"], "above 0"),
    ] {
        let output = trentcheck(variables, &[&["run"], more].concat()).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {stderr}");
        assert!(stderr.contains(expected), "{more:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_aws_follows_from_the_region() {
    // The connection ends at a server that is not AWS, which only its certificate can say.
    let (server, reached) = service("derived").await;
    let (address, ca) = (&reached[3], &reached[5]);
    let arguments = ["run", "--endpoint", "aws", "--fips", "--resolve", address, "--ca", ca, "--report", "json"];
    let variables = [&KEYS[..], &[("AWS_REGION", "us-gov-west-1")]].concat();
    let output = trentcheck(&variables, &arguments).await;
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
    let ca = scratch("any.pem", rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap().cert.pem());
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://user:hunter2hunter2@{dead}");
    let arguments = ["run", "--endpoint", "https://kms.example.test", "--ca", &ca, "--proxy", &proxy];
    let output = trentcheck(&KEYS, &arguments).await;
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(said.matches("no way through the proxy").count(), 1, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

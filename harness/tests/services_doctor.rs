//! `doctor` at services that are well and at those that are not.

use crate::support::command::{json, text, trentcheck_apart};
use crate::support::hostile::answering;
use crate::support::service::{KEYS, service, with};
use crate::support::{config, corpus, options, reference, replay};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::run::{Options, Target};
use trentcheck_core::send::Endpoint;

/// The lines of a sign, by what they check.
fn lines(stdout: &str, sign: &str) -> Vec<String> {
    let line = |line: &str| Some(line.strip_prefix(sign)?.split_whitespace().next()?.to_owned());
    stdout.lines().filter_map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_well_passes_every_check_and_nothing_is_made_there() {
    let (server, reached) = service("doctor").await;
    let output = trentcheck_apart(&KEYS, &with("doctor", &reached, &[])).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}{}", text(&output.stderr));
    let good = lines(&stdout, "✓");
    for what in ["name", "connection", "TLS", "clock", "identity", "operation", "DescribeKey", "ScheduleKeyDeletion"] {
        assert!(good.iter().any(|line| line == what), "{what}: {stdout}");
    }
    assert_eq!(lines(&stdout, "✗"), Vec::<String>::new());
    let report = trentcheck_apart(&KEYS, &with("doctor", &reached, &["--report", "json"])).await;
    let checkups = json(&report);
    assert_eq!(checkups["schema"], "trentcheck-doctor/1");
    assert!(checkups["checks"].as_array().unwrap().iter().all(|checkup| checkup["health"] != "bad"), "{checkups}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_has_its_own_line_and_a_hint() {
    let (server, reached) = service("doctor-wrong").await;
    let stranger = [("AWS_ACCESS_KEY_ID", "AKIDNOBODY"), ("AWS_SECRET_ACCESS_KEY", "unknown")];
    let without_ca = &reached[..4].to_vec();
    let nobody: Vec<String> = ["--endpoint", "https://kms.example.test", "--resolve", "127.0.0.1:1", "--insecure"]
        .map(str::to_owned)
        .to_vec();
    for (variables, reached, expected) in
        [(&stranger, &reached, "identity"), (&KEYS, without_ca, "TLS"), (&KEYS, &nobody, "connection")]
    {
        let output = trentcheck_apart(variables, &with("doctor", reached, &[])).await;
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{expected}: {stdout}{}", text(&output.stderr));
        assert!(lines(&stdout, "✗").iter().any(|what| what == expected), "{expected}: {stdout}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_at_a_port_of_tls_is_one_clear_sentence() {
    let (server, reached) = service("doctor-plain").await;
    let endpoint = format!("http://{}", reached[3]);
    let doctor = trentcheck_apart(&[], &["doctor", "--endpoint", &endpoint]).await;
    let stdout = text(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(3), "{stdout}");
    assert_eq!(lines(&stdout, "✗"), ["TLS"], "{stdout}");
    for lane in ["wire", "http"] {
        let run = trentcheck_apart(&[], &["run", "--endpoint", &endpoint, "--lane", lane]).await;
        let said = text(&run.stdout);
        assert_eq!(run.status.code(), Some(3), "{said}");
        assert_eq!(said.matches("it speaks TLS there").count(), 1, "{said}");
        assert!(said.contains("0 of 0 judged cases diverge"), "{said}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_close_or_explain_are_told_from_those_that_are_wrong() {
    // Neither speaks TLS, so that what they answer is judged.
    for answer in ["", "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"] {
        let endpoint = format!("http://{}", answering(move |_, _| answer).await);
        let doctor = trentcheck_apart(&[], &["doctor", "--endpoint", &endpoint]).await;
        let said = text(&doctor.stdout);
        assert!(!said.contains("speaks TLS"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_a_target_does_not_know_are_one_sentence_and_no_divergence() {
    let (server, reached) = service("unknown-credentials").await;
    let nobody = [("AWS_ACCESS_KEY_ID", "AKIDNOBODY"), ("AWS_SECRET_ACCESS_KEY", "unknown")];
    let wrong = [KEYS[0], ("AWS_SECRET_ACCESS_KEY", "not-the-secret")];
    for (variables, name) in [(nobody, "UnrecognizedClientException"), (wrong, "InvalidSignatureException")] {
        let output = trentcheck_apart(&variables, &with("run", &reached, &[])).await;
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("0 of 0 judged cases diverge") && said.contains("--profile"), "{said}");
        assert_eq!(said.matches(name).count(), 1, "{said}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_server_that_refuses_every_signature_is_judged_and_a_notice_says_what_may_be_set_wrongly() {
    let (_server, known) = reference(config(Edition::KeyOnly)).await;
    let elsewhere = Target { region: "eu-north-1".to_owned(), elsewhere: None, ..known.clone() };
    for (target, told) in [(known, ""), (elsewhere, "serve the Region `eu-north-1`")] {
        let report = replay(&corpus(), &["authentication/control"], &target, &options(4)).await;
        let notices: Vec<&str> = report.notices.iter().map(|notice| &**notice).collect();
        let notices = notices.join("\n");
        assert!(notices.contains(told) && notices.is_empty() == told.is_empty(), "{notices}");
        assert_eq!(report.cases[0].outcome == Outcome::Pass, told.is_empty(), "{notices}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_up_a_moment_later_is_waited_for_if_asked() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    // Bound from the first on, so that nobody else gets the port before it listens.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    let at_once = trentcheck_apart(&[], &["run", "authentication/control", "--endpoint", &endpoint]).await;
    let said = text(&at_once.stdout);
    assert_eq!(at_once.status.code(), Some(3), "{said}");
    assert!(said.contains("Is it started? `--wait 10s` waits for it"), "{said}");
    let target = Target { endpoint: Endpoint::parse(&endpoint).unwrap(), elsewhere: None, ..target };
    // Each attempt is signed. It is up after so many that the first were refused.
    let (signed, again) = (AtomicUsize::new(0), Arc::new(Notify::new()));
    let seen = Arc::clone(&again);
    let clock = move || {
        if signed.fetch_add(1, Ordering::Relaxed) == 20 {
            seen.notify_one();
        }
        SystemTime::now()
    };
    let options = Options { up_within: Duration::from_secs(60), clock: Arc::new(clock), ..options(1) };
    let corpus = corpus();
    let comes = async {
        again.notified().await;
        let listener = socket.listen(16).unwrap();
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut behind = TcpStream::connect(server.address()).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut behind).await });
        }
    };
    let report = tokio::select! {
        report = replay(&corpus, &["authentication/control"], &target, &options) => report,
        () = comes => unreachable!("it accepts for ever"),
    };
    assert_eq!(report.exit_code, ExitCode::Pass, "{:?}", report.notices);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_below_localhost_leads_to_this_machine_whatever_a_resolver_says() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let endpoint = format!("http://no-resolver-has.this.localhost:{}", server.address().port());
    for lane in ["wire", "http"] {
        let output =
            trentcheck_apart(&[], &["run", "authentication/control", "--endpoint", &endpoint, "--lane", lane]).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    }
    server.stop().await;
}

//! Cases as tests: what the harness for `cargo test` and cargo-nextest shows of each.

use crate::support::mutant;
use crate::support::scratch::Scratch;
use std::time::Duration;
use trentcheck_core::Check;
use trentcheck_core::fixture::Edition;
use trentcheck_core::libtest::{Arguments, Conclusion, Failure, Process, Started, run};
use trentcheck_reference::{Config, Server};

/// What the harness came to and printed.
struct Told {
    conclusion: Result<Conclusion, Failure>,
    printed: String,
}

impl Told {
    /// Passed, failed and ignored tests.
    fn counts(&self) -> (u64, u64, u64) {
        let conclusion = self.conclusion.as_ref().unwrap();
        (conclusion.num_passed, conclusion.num_failed, conclusion.num_ignored)
    }

    fn failure(&self) -> String {
        self.conclusion.as_ref().unwrap_err().to_string()
    }
}

fn told(fault: Option<&str>, process: Process, words: &[&str], settings: impl FnOnce(Check) -> Check) -> Told {
    let fault = fault.map(mutant);
    with(process, words, settings, async || {
        let server = Server::start(Config { mutant: fault, ..Config::default() }).await?;
        Ok(Started::at(server.address()).keeping(server))
    })
}

fn with(
    process: Process,
    words: &[&str],
    settings: impl FnOnce(Check) -> Check,
    start: impl AsyncFnOnce() -> Result<Started, Failure>,
) -> Told {
    let folder = Scratch::new();
    let log = folder.file("log");
    let words = [&["each_case", "--logfile", &log], words].concat();
    // The reference shows every change at once.
    let settings = |check: Check| settings(check.settle(Duration::from_millis(100)));
    let conclusion = run(&Arguments::from_iter(words), process, settings, start);
    Told { conclusion, printed: std::fs::read_to_string(&log).unwrap_or_default() }
}

fn listed(folder: &Scratch, how: &str) -> String {
    let list = folder.file("known.toml");
    let entry = "[[deviation]]\ncase = \"success/pending-deletion\"\nreason = \"known\"\nexpires = 2099-01-01\n";
    std::fs::write(&list, format!("{entry}{how}\n")).unwrap();
    list
}

const CASE: &str = "example/absent-key";

#[test]
fn a_case_passes_at_a_server_that_is_right_and_fails_at_one_that_is_wrong() {
    let of_group = |fault| told(fault, Process::Shared, &["identifiers/alias-"], |check| check);
    let (passed, failed, _) = of_group(None).counts();
    assert!(passed > 0 && failed == 0);
    let wrong = of_group(Some("alias-accepted"));
    assert!(wrong.counts().1 > 0, "{}", wrong.printed);
    assert_eq!(wrong.counts().0 + wrong.counts().1, passed);
    assert!(wrong.printed.contains("clause "), "{}", wrong.printed);
    let repeat = "repeat: cargo test --test integration -- --exact identifiers/alias-";
    assert!(wrong.printed.contains(repeat), "{}", wrong.printed);
}

#[test]
fn tests_are_listed_without_a_server_and_one_runs_alone() {
    let list = with(Process::Own, &["--list", "--format", "terse"], |check| check, async || Err("started".into()));
    assert!(list.conclusion.is_ok(), "{}", list.failure());
    let all = told(None, Process::Own, &["--exact", CASE], |check| check);
    assert_eq!(all.counts(), (1, 0, 0), "{}", all.printed);
}

#[test]
fn what_is_not_run_is_never_a_pass() {
    // Nobody is configured for these: known before, so they are ignored in the list, and no server is started.
    for (case, why) in [
        ("permission/denied", "nobody is configured to play the principal `denied`"),
        ("permission/foreign-arn", "a principal of another account is needed and none is configured"),
        ("permission/foreign-id", "a principal of another account is needed and none is configured"),
    ] {
        let listed =
            |process| with(process, &["--exact", case], |check| check, async || Err("a server was started".into()));
        assert_eq!(listed(Process::Own).counts(), (0, 0, 1), "{case}");
        let shared = listed(Process::Shared);
        assert_eq!(shared.counts(), (0, 0, 1), "{case}");
        assert!(shared.printed.contains(&format!("ignored ({why})")), "{}", shared.printed);
    }
    let denied = |process, more: &[&str]| {
        told(None, process, &[&["--exact", "permission/denied"], more].concat(), |check| check)
    };
    assert_eq!(denied(Process::Shared, &[]).counts(), (0, 0, 1));
    // Asked for nevertheless, it is ignored when it runs; where a process can only pass or fail, it fails.
    assert_eq!(denied(Process::Shared, &["--include-ignored"]).counts(), (0, 0, 1));
    let asked = denied(Process::Own, &["--include-ignored"]);
    assert_eq!(asked.counts(), (0, 1, 0));
    assert!(asked.printed.contains("nobody is configured to play the principal `denied`"), "{}", asked.printed);
    let left_out = told(None, Process::Own, &["--exact", CASE], |check| check.without("example/*", "not ours"));
    assert_eq!(left_out.counts(), (0, 0, 1));
}

#[test]
fn a_known_deviation_passes_only_as_listed() {
    let folder = Scratch::new();
    let case = |fault, list: String| {
        told(fault, Process::Shared, &["--exact", "success/pending-deletion"], move |check| check.deviations(list))
    };
    let wrong = case(Some("pending-deletion-refused"), listed(&folder, "flaky = true"));
    assert_eq!(wrong.counts(), (0, 0, 1), "flaky is ignored: {}", wrong.printed);
    let stale =
        case(None, listed(&folder, "answer = \"400 KMSInvalidStateException\"\ndiffers = [\"status, answer: 400\"]"));
    assert_eq!(stale.counts(), (0, 1, 0));
    assert!(stale.printed.contains("[known deviation] success/pending-deletion"), "{}", stale.printed);
    assert!(stale.printed.contains("stale: it is listed, and "), "{}", stale.printed);
}

#[test]
fn a_server_that_cannot_be_judged_is_one_error_and_no_test_is_run() {
    for (expected, started) in [
        ("nothing listens there within", Ok("http://127.0.0.1:1")),
        ("it is not on loopback", Ok("http://192.0.2.1:80")),
        ("my server fell over", Err("my server fell over")),
    ] {
        let start = async || match started {
            Ok(url) => Ok(Started::at(url)),
            Err(why) => Err(Failure::from(why)),
        };
        let told = with(Process::Shared, &[], |check| check.up_within(Duration::from_millis(100)), start);
        assert!(told.failure().contains(expected), "{expected}: {}", told.failure());
        assert_eq!(told.printed, "", "{expected}");
    }
    let never = with(
        Process::Shared,
        &[],
        |check| check.up_within(Duration::from_millis(50)),
        async || std::future::pending().await,
    );
    assert!(never.failure().contains("did not start within 50ms"), "{}", never.failure());
    let other_edition =
        told(None, Process::Shared, &[], |check| check.edition(Edition::KeyMaterialId).deviations("no-such"));
    assert!(other_edition.failure().contains("read `no-such`"), "{}", other_edition.failure());
}

#[test]
fn a_port_that_answers_something_else_is_one_error() {
    let told = with(
        Process::Shared,
        &[],
        |check| check,
        async || {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            tokio::spawn(async move { while listener.accept().await.is_ok() {} });
            Ok(Started::at(address))
        },
    );
    assert!(told.failure().contains("it is no KMS"), "{}", told.failure());
    assert_eq!(told.printed, "");
}

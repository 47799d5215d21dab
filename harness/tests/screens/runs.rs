//! Runs and everything else that talks to a target, at references, mutants and servers that are none.

use super::{Screen, Stage};
use crate::support::service::KEYS;
use trentcheck_core::fixture::Edition;

/// The screens.
pub(super) const SCREENS: &[Screen] = &[
    ("run-passes", |stage| stage.call(&[])),
    ("run-passes-edition", |stage| stage.call(&["run", "--edition", "key-material-id", "materials/*", "success/*"])),
    ("run-wrong-status", |stage| {
        at_mutant(stage, "not-found-status-404", &["example/*", "identifiers/without-dashes"])
    }),
    ("run-wrong-body", |stage| at_mutant(stage, "success-body-null", &["success/symmetric", "success/disabled"])),
    ("run-wrong-effect", |stage| at_mutant(stage, "disabled-hmac-kept", &["success/*hmac*"])),
    ("run-wrong-type", |stage| at_mutant(stage, "pending-deletion-refused", &["success/pending-deletion"])),
    ("run-transport-fault", |stage| at_mutant(stage, "framing-two-lengths", &["members/empty"])),
    ("run-closed", |stage| at_mutant(stage, "every-second-closes", &["protocol/eight-in-a-row"])),
    ("run-wrong-header", |stage| at_mutant(stage, "request-id-absent", &["members/empty", "members/null"])),
    ("run-notes", |stage| at_mutant(stage, "date-absent", &["members/*", "example/*"])),
    ("run-fails-on-notes", |stage| at_mutant(stage, "date-absent", &["members/empty", "--fail-on", "may"])),
    ("run-brief", |stage| at_mutant(stage, "success-body-null", &["success/*", "--brief"])),
    ("run-other-edition", other_edition),
    ("run-skips", |stage| stage.call(&["run", "--lane", "http", "protocol/*", "materials/*"])),
    ("run-blocked", blocked),
    ("run-unsupported", unsupported),
    ("run-dead-port", |stage| stage.call(&["run", "--endpoint", "http://127.0.0.1:1", "success/*"])),
    ("run-unknown-credentials", unknown_credentials),
    ("run-nothing", |stage| stage.call(&["run", "materials/*"])),
    ("run-nothing-slow", |stage| stage.call(&["run", "effects/expiry*"])),
    ("run-stopped", stopped),
    ("run-settings", settings),
    ("replay", replayed),
    ("run-drift", drift),
    ("run-baseline-odds", baseline_odds),
    ("run-deviations", deviations),
    ("run-side-by-side", side_by_side),
    ("run-several-targets", several_targets),
    ("run-details", |stage| at_mutant(stage, "success-body-null", &["success/symmetric", "success/hmac", "--details"])),
    ("report", report),
    ("report-trend", report_trend),
    ("deviations-update", deviations_update),
    ("doctor", |stage| stage.call(&["doctor"])),
    ("doctor-dead-port", |stage| stage.call(&["doctor", "--endpoint", "http://127.0.0.1:1"])),
    ("doctor-no-kms", doctor_no_kms),
    ("doctor-service", doctor_service),
    ("doctor-plain-http", doctor_plain_http),
    ("selfcheck-two", |stage| stage.call(&["selfcheck", "--quick", "success-body-null", "success-status-20[12]"])),
    ("explore-finding", explore_finding),
    ("explore-kept", explore_kept),
    ("explore-no-kms", explore_no_kms),
    ("explore-nothing", |stage| stage.call(&["explore", "--seed", "1", "--cases", "5"])),
    ("explore-dead-port", |stage| stage.call(&["explore", "--seed", "1", "--endpoint", "http://127.0.0.1:1"])),
    ("sweep-dry-run", sweep_dry_run),
];

fn at_mutant(stage: &mut Stage, name: &str, more: &[&str]) {
    let url = stage.mutant(name);
    stage.call(&[&["run", "--endpoint", &url], more].concat());
}

fn other_edition(stage: &mut Stage) {
    let url = stage.reference(Edition::KeyMaterialId);
    stage.call(&["run", "success/symmetric", "success/hmac", "--edition", "key-only", "--endpoint", &url]);
}

/// A target on which nobody may do anything.
fn blocked(stage: &mut Stage) {
    let url = stage.answers("400 Bad Request", r#"{"__type":"AccessDeniedException","message":"not you"}"#);
    stage.call(&["run", "success/symmetric", "success/hmac", "members/empty", "--endpoint", &url]);
}

fn unsupported(stage: &mut Stage) {
    let url = stage.answers("400 Bad Request", r#"{"__type":"UnknownOperationException"}"#);
    stage.call(&["run", "success/symmetric", "members/empty", "--endpoint", &url]);
}

fn unknown_credentials(stage: &mut Stage) {
    let url = stage.reference(Edition::KeyOnly);
    let nobody =
        [("TRENTCHECK_ACCESS_KEY_ID", "AKIDNOBODY0000000001"), ("TRENTCHECK_SECRET_ACCESS_KEY", "of-nobody-at-all")];
    stage.call_with(&nobody, &["run", "identifiers/absent-id", "--endpoint", &url]);
}

const CASES: [&str; 2] = ["example/absent-key", "success/symmetric"];

fn stopped(stage: &mut Stage) {
    let url = stage.mutant("success-body-null");
    stage.call(&["run", "success/*", "--endpoint", &url, "--jobs", "1", "--max-fail", "1", "--brief"]);
    stage.call(&["run", "success/*", "--endpoint", &url, "--last-failed", "--brief"]);
}

fn settings(stage: &mut Stage) {
    stage.write(
        "trentcheck.toml",
        "jobs = 3\n[targets.a]\nendpoint = \"http://127.0.0.1:1\"\naccount = \"111122223333\"\n",
    );
    stage.call_with(
        &[("TRENTCHECK_TIMEOUT", "2s")],
        &["run", "--print-config", "--target", "a", "--fail-on", "may", "--state", "none"],
    );
}

fn replayed(stage: &mut Stage) {
    let url = stage.reference(Edition::KeyOnly);
    stage.call(&["replay", "example/absent-key", "--endpoint", &url, "--trace"]);
}

fn drift(stage: &mut Stage) {
    let right = stage.reference(Edition::KeyOnly);
    let other = stage.mutant("headers-added");
    let run = |url: &str, command: &str| {
        [&[command, "--endpoint", url, if command == "record" { "base" } else { "--against=base" }], &CASES[..]]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    for (url, command) in [(&right, "record"), (&right, "run"), (&other, "run")] {
        let arguments = run(url, command);
        stage.call(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }
    stage.call(&["accept", "base", "--diff"]);
    stage.call(&["accept", "base", "success/symmetric"]);
    stage.call(&["accept", "base"]);
    stage.call(&["accept", "base", "--all"]);
    stage.call(&["accept", "base"]);
}

fn baseline_odds(stage: &mut Stage) {
    stage.prepare(&["record", "base", CASES[0], CASES[1]]);
    stage.write("base/success__gone.snap", "whatever");
    stage.call(&["run", "--against", "base", CASES[0], "members/empty"]);
    stage.call(&["run", "--against", "base", "--strict", CASES[0], "members/empty"]);
    stage.call(&["accept", "base", "--delete-unreferenced"]);
    stage.call_with(&[("CI", "true")], &["record", "base"]);
}

fn deviations(stage: &mut Stage) {
    let url = stage.mutant("success-body-null");
    let entry = |case: &str, differs: &str| {
        format!(
            "[[deviation]]\ncase = \"{case}\"\nanswer = \"200\"\ndiffers = [\"{differs}\"]\nreason = \"the body is null\"\n\
             link = \"https://example.test/issues/1\"\nexpires = 2999-12-31\n"
        )
    };
    let list = [
        entry("success/symmetric", "body, answer: null"),
        entry("success/disabled", "body, answer: {}"),
        entry("members/empty", "body, answer: null"),
        entry("success/hmac", "body, answer: null").replace("2999-12-31", "2019-12-31"),
        entry("protocol/keep-alive", "body, answer: null"),
    ];
    stage.write("known.toml", &list.concat());
    let run = ["run", "success/symmetric", "success/disabled", "members/empty", "success/hmac", "--endpoint", &url];
    stage.call(&[&run[..], &["--deviations", "known.toml"]].concat());
    stage.call(&["run", "success/symmetric", "--endpoint", &url, "--deviations", "known.toml"]);
}

fn side_by_side(stage: &mut Stage) {
    let left = stage.reference(Edition::KeyOnly);
    let right = stage.mutant("pending-deletion-refused");
    stage.call(&["run", "success/*", "--endpoint", &left, "--against", &right]);
    stage.call(&["run", "success/*", "--endpoint", &left, "--against", &right, "--noise", &right]);
    stage.call(&["run", "success/*", "--endpoint", &left, "--against", "http://127.0.0.1:1"]);
}

fn several_targets(stage: &mut Stage) {
    let right = stage.reference(Edition::KeyOnly);
    let wrong = stage.mutant("success-body-null");
    stage.write(
        "trentcheck.toml",
        &format!("[targets.right]\nendpoint = \"{right}\"\n[targets.wrong]\nendpoint = \"{wrong}\"\n"),
    );
    stage.call(&["run", "success/symmetric", "--target", "all"]);
}

/// A saved run in formats that need no replacing of times.
fn report(stage: &mut Stage) {
    let url = stage.mutant("success-body-null");
    stage.prepare(&["run", "success/symmetric", "success/hmac", "--endpoint", &url, "--report", "json=run.json"]);
    let saved = stage.read("run.json").replace(url.as_str(), "http://kms.example.test");
    stage.write("run.json", &saved);
    for format in ["markdown", "github", "badge-divergence", "badge-coverage"] {
        stage.call(&["report", format, "run.json"]);
    }
}

/// Three nights of one target: it is right, then wrong, then right in part.
fn report_trend(stage: &mut Stage) {
    let right = stage.reference(Edition::KeyOnly);
    let wrong = stage.mutant("success-body-null");
    let nights = [
        (&right, "success/symmetric", "2026-01-01T01:00:00Z"),
        (&wrong, "success/symmetric", "2026-01-02T01:00:00Z"),
        (&right, "success/hmac", "2026-01-03T01:00:00Z"),
    ];
    for (number, (url, case, started)) in nights.into_iter().enumerate() {
        let (file, report) = (format!("{number}.json"), format!("json={number}.json"));
        stage.prepare(&["run", case, "members/null", "--endpoint", url, "--report", &report]);
        let text = stage.read(&file).replace(url.as_str(), "http://kms.example.test");
        let at = text.find("\"started\": \"").map(|at| at + "\"started\": \"".len()).unwrap();
        stage.write(&file, &format!("{}{started}{}", &text[..at], &text[at + started.len()..]));
    }
    stage.call(&["report", "trend", "2.json", "0.json", "1.json"]);
}

fn deviations_update(stage: &mut Stage) {
    let url = stage.mutant("pending-deletion-refused");
    let update = ["deviations", "update", "--endpoint", &url, "known.toml"];
    stage.call_with(&[("CI", "true")], &update);
    stage.call(&update);
    stage.call(&update);
    stage.call(&["run", "success/pending-deletion", "--endpoint", &url, "--deviations", "known.toml"]);
    stage.call(&["deviations", "update", "--endpoint", "http://127.0.0.1:1", "known.toml"]);
}

fn doctor_no_kms(stage: &mut Stage) {
    let url = stage.answers("404 Not Found", "<html></html>");
    stage.call(&["doctor", "--endpoint", &url]);
}

fn explore_finding(stage: &mut Stage) {
    let url = stage.mutant("success-body-null");
    stage.call(&["explore", "--seed", "1", "--cases", "10", "--endpoint", &url]);
}

fn doctor_service(stage: &mut Stage) {
    let reached = stage.service();
    let at = |count: usize| [&["doctor"], &*reached[..count].iter().map(String::as_str).collect::<Vec<_>>()].concat();
    stage.call_with(&KEYS, &at(6));
    stage.call_with(&[("AWS_ACCESS_KEY_ID", "AKIDNOBODY"), ("AWS_SECRET_ACCESS_KEY", "unknown")], &at(6));
    // Its certificate is not known.
    stage.call_with(&KEYS, &at(4));
}

/// Plain HTTP at a port of TLS.
fn doctor_plain_http(stage: &mut Stage) {
    let endpoint = format!("http://{}", stage.service()[3]);
    stage.call(&["doctor", "--endpoint", &endpoint]);
    stage.call(&["run", "success/symmetric", "--endpoint", &endpoint]);
}

/// A failure that is kept, looked for elsewhere, seen elsewhere too, and mended.
fn explore_kept(stage: &mut Stage) {
    let [wrong, also] = [stage.mutant("success-body-null"), stage.mutant("success-body-null")];
    let right = stage.reference(Edition::KeyOnly);
    let explore = |url: &str| ["explore", "--seed", "1", "--cases", "4", "--endpoint", url].map(str::to_owned);
    for url in [&wrong, &right, &also] {
        let arguments = explore(url);
        stage.call(&arguments.each_ref().map(String::as_str));
    }
    // The right server gets the address of the wrong ones.
    const FILE: &str = "trentcheck-failures.json";
    stage.write(FILE, &stage.read(FILE).replace(&wrong, &right).replace(&also, &right));
    let arguments = explore(&right);
    stage.call(&arguments.each_ref().map(String::as_str));
}

fn explore_no_kms(stage: &mut Stage) {
    for (status, body) in [
        ("404 Not Found", "<html></html>"),
        ("200 OK", "<html></html>"),
        ("501 Not Implemented", "<html></html>"),
        ("400 Bad Request", r#"{"__type":"UnknownOperationException"}"#),
    ] {
        let url = stage.answers(status, body);
        stage.call(&["explore", "--seed", "1", "--endpoint", &url]);
    }
}

fn sweep_dry_run(stage: &mut Stage) {
    let url = stage.reference(Edition::KeyOnly);
    stage.call(&["sweep", "--endpoint", &url, "--dry-run"]);
    stage.call(&["sweep", "--endpoint", &url]);
}

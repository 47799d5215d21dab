//! The command as its users meet it.

use crate::support::command::{Served, json, program, tested, text, trentcheck, trentcheck_with};
use crate::support::scratch;
use std::process::{Command, Stdio};

#[test]
fn credentials_do_not_go_over_plain_http() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    let output = trentcheck_with(&keys, &["run", "--endpoint", "http://kms.example.com"]);
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn the_main_job_passes_and_its_report_is_json() {
    let output = trentcheck(&["--report", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let report = json(&output);
    assert_eq!(report["schema"], "trentcheck-report/2");
    assert_eq!((&report["exit_code"], report["runs"].as_array().map(Vec::len)), (&0.into(), Some(1)));
    let report = &report["runs"][0];
    assert_eq!(report["figures"]["divergence"], 0.0);
    assert_eq!(report["figures"]["coverage"], 1.0);
    assert!(report["cases"].as_array().unwrap().len() >= 90);
    for secret in ["trentcheck-dummy-secret", "trentcheck-dummy-session-token", "AKIDTRENTCHECK"] {
        assert!(!text(&output.stdout).contains(secret), "{secret}");
    }
}

#[test]
fn every_case_can_be_explained() {
    let list = text(&trentcheck(&["list"]).stdout);
    let ids: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|word| word.contains('/'))
        .collect();
    assert!(ids.len() >= 90, "{list}");
    // A process a case would be slow; one of each group shows all the ways.
    let mut groups = std::collections::BTreeSet::new();
    for id in ids.into_iter().filter(|id| groups.insert(id.split('/').next())) {
        let output = trentcheck(&["explain", id]);
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{id}: {}", text(&output.stderr));
        for part in [id, "clauses", "accepted answers", "request (with example values)", "string to sign", "curl"] {
            assert!(stdout.contains(part), "{id} lacks {part}:\n{stdout}");
        }
    }
}

#[test]
fn an_export_has_the_cases_asked_for_and_is_the_same_everywhere() {
    let arguments = ["export", "materials/current-by-id", "success/symmetric", "--edition", "key-only"];
    let output = trentcheck(&arguments);
    let export = json(&output);
    let cases: Vec<_> =
        export["cases"].as_array().unwrap().iter().map(|case| (&case["id"], &case["edition"])).collect();
    assert_eq!(cases, [(&"success/symmetric".into(), &"key-only".into())]);
    // A word of the fixtures may be somebody's secret. A program that reads the export needs it all the same.
    let elsewhere = trentcheck_with(&[("AWS_SECRET_ACCESS_KEY", "imported-symmetric")], &arguments);
    assert_eq!(text(&elsewhere.stdout), text(&output.stdout));
    let none = trentcheck(&["export", "materials/current-by-id", "--edition", "key-only"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(2), 0), "{}", text(&none.stderr));
}

#[test]
fn an_eighth_of_the_mutants_is_found_by_the_cases_that_they_name() {
    // All take a minute and a half here; the whole self-check, which CI runs, finds them by these cases too.
    let output = trentcheck(&["selfcheck", "--quick", "--partition", "hash:1/8"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("(100.0 %)"));
}

#[test]
fn coverage_has_a_case_or_a_reason_for_every_clause() {
    let output = trentcheck(&["coverage"]);
    assert_eq!(output.status.code(), Some(0));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("S-09"), "{stdout}");
}

#[test]
fn explore_and_sweep_keep_to_loopback() {
    for word in ["explore", "sweep"] {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
        let output = trentcheck_with(&keys, &[word, "--endpoint", "https://kms.example.com"]);
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    }
}

#[test]
fn a_case_after_shuffle_is_a_case() {
    let output = trentcheck(&["run", "--shuffle", "members/null"]);
    assert!(text(&output.stdout).contains("1 of 1 selected cases"), "{}", text(&output.stdout));
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_lost_is_no_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = program(tested(), &scratch::folder(), &[]);
    let output = command.arg("list").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("write to stdout"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_terminated_ends_as_one_that_is_interrupted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut run = program(tested(), &scratch::folder(), &[])
        .args(["run", "--endpoint", &url, "--timeout", "2s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Once it has connected it listens for signals too; nobody answers it, so it is still there.
    let connection = listener.accept().unwrap();
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    drop(connection);
}

#[test]
fn the_reference_tells_the_credentials_that_it_takes_as_they_are() {
    let mut server = Served::start(&[]);
    let lines = std::iter::from_fn(|| server.stderr_line());
    let principals: Vec<String> = lines.take_while(|line| line.starts_with("principal ")).collect();
    assert_eq!(principals.len(), 5, "{principals:?}");
    assert!(principals.iter().all(|line| !line.contains('<')), "{principals:?}");
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let file = scratch::written("nonsense.toml", "nonsense = 1\n");
    let output = trentcheck(&["run", "--config", &file]);
    let said = text(&output.stderr);
    let known = said.split("expected one of ").nth(1).unwrap_or_default();
    let words = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut known = words(known.lines().next().unwrap());
    let readme = include_str!("../../fixtures/README.md");
    let section = readme.split("## `trentcheck.toml`").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let mut described: Vec<String> = rows.flat_map(|row| words(row.split('|').nth(1).unwrap())).collect();
    known.sort();
    described.sort();
    assert_eq!(known, described, "{said}");
}

#[test]
fn a_curl_line_is_signed_by_the_principal_of_its_case() {
    for (case, expected) in [
        ("success/symmetric", "--user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""),
        ("permission/denied", "--user \"$TRENTCHECK_DENIED_ACCESS_KEY_ID:$TRENTCHECK_DENIED_SECRET_ACCESS_KEY\""),
        ("authentication/session-token", "-H \"X-Amz-Security-Token: $TRENTCHECK_SESSION_SESSION_TOKEN\""),
        ("protocol/method-head", "curl cannot express it: curl sends no body with HEAD"),
        ("protocol/content-type-absent", "-H 'Content-Type:'"),
        ("protocol/target-empty", "-H 'X-Amz-Target;'"),
    ] {
        let output = trentcheck(&["explain", case]);
        let last = text(&output.stdout);
        let last = last.lines().last().unwrap_or_default();
        assert!(last.contains(expected) && !last.contains("example-token"), "{case}: {last}");
    }
}

#[test]
fn coverage_begins_with_a_summary_and_shows_details_when_asked() {
    let short = text(&trentcheck(&["coverage"]).stdout);
    assert!(short.lines().next().unwrap().contains(" clauses: "), "{short}");
    assert!(short.lines().count() < 60 && !short.contains("      success/symmetric"), "{short}");
    let whole = text(&trentcheck(&["coverage", "--details"]).stdout);
    assert!(whole.lines().count() > 500 && whole.contains("      success/symmetric"));
}

//! The command as its users meet it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

pub(crate) fn trentcheck(arguments: &[&str]) -> Output {
    trentcheck_with(arguments, &[])
}

/// The command with these variables, and none of those that would change what it does.
pub(crate) fn trentcheck_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trentcheck"));
    // Nothing of the environment may change what a test sees.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TRENTCHECK_") || name.starts_with("AWS_") || name == "CI" {
            command.env_remove(&name);
        }
    }
    command.envs(environment.iter().copied());
    command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The reference on a port of its own. Whoever starts it stops it.
fn serve(stdout: Stdio, stderr: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trentcheck")).arg("serve").stdout(stdout).stderr(stderr).spawn().unwrap()
}

#[test]
fn a_mistake_is_one_clear_error_and_exit_code_2() {
    let scratch = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(scratch.join("broken.toml"), "endpiont = \"http://127.0.0.1:1\"\n").unwrap();
    let kept = |schema: &str, word: &str| {
        format!(
            r#"{{"schema":"trentcheck-failures/{schema}","failures":[{{"edition":"key-only","{word}":{{"start":"nowhere","relation":"model","steps":["use"]}}}}]}}"#
        )
    };
    std::fs::write(scratch.join("other.json"), kept("9", "trial")).unwrap();
    std::fs::write(scratch.join("member.json"), kept("1", "trail")).unwrap();
    std::fs::write(scratch.join("start.json"), kept("1", "trial")).unwrap();
    for (arguments, expected) in [
        (&["--edtion", "key-only"][..], "--edition"),
        (&["run", "success/symetric"], "did you mean `success/symmetric`"),
        (&["run", "--tag", "nonsense"], "tags are"),
        (&["run", "--level", "perhaps"], "`perhaps` is none of"),
        (&["run", "--fail-on", "perhaps"], "`perhaps` is none of"),
        (&["run", "--endpoint", "127.0.0.1:80"], "read the endpoint"),
        (&["run", "--endpoint", "ftp://h"], "neither `http` nor `https`"),
        (&["run", "--report", "xml"], "takes `json`"),
        (&["run", "--report", "json=/nonexistent/report.json"], "write `/nonexistent/report.json`"),
        (&["run", "--timeout", "soon"], "is no time such as"),
        (&["run", "@nowhere.txt"], "read `nowhere.txt`"),
        (&["run", "--shuffle=abc"], "takes a number"),
        (&["run", "--deadline", "18446744073709551615s"], "longer than 30 days"),
        (&["run", "--endpoint", "http://127.0.0.1:1", "--region", "us east"], "`us east` is not the name of a Region"),
        (&["run", "--fixtures", "/nonexistent"], "read the fixtures"),
        (&["run", "--config", "broken.toml"], "unknown field `endpiont`"),
        (&["run", "--endpoint", "https://kms.example.com"], "find credentials"),
        (&["run", "--endpoint", "http://127.0.0.1:1", "--ca", "nowhere.pem"], "read `nowhere.pem`"),
        (&["explain", "success/symetric"], "did you mean"),
        (&["explore", "--seed", "abc"], "invalid digit"),
        (&["explore", "--cases", "0"], "--cases"),
        (&["explore", "--seed=-1"], "invalid digit"),
        (&["explore", "--seed", "18446744073709551616"], "number too large"),
        (&["explore", "--for", "soon"], "is no time such as"),
        (&["explore", "--failures", "broken.toml"], "read the kept failures"),
        (&["explore", "--failures", "other.json"], "it says `trentcheck-failures/9`"),
        (&["explore", "--failures", "member.json"], "unknown field `trail`"),
        (&["explore", "--failures", "start.json"], "there is no precondition `nowhere`"),
        (&["selfcheck", "nonsense"], "there is no mutant `nonsense`"),
        (&["serve", "--mutant", "nonsense"], "nonsense"),
        (&["run", "--ledger", "run.ledger"], "`--ledger` needs `--endpoint`"),
        (&["run", "--endpoint", "http://127.0.0.1:1", "--ledger", "broken.toml"], "line 1 is not a record"),
        (&["sweep", "--ledger", "broken.toml"], "line 1 is not a record"),
        (&["sweep", "--ledger", "nowhere.ledger"], "the ledger `nowhere.ledger` does not exist"),
        (&["sweep"], "`sweep` needs a target"),
        (
            &["run", "--endpoint", "http://127.0.0.1:1", "--against", "http://127.0.0.1:2", "--ledger", "two.ledger"],
            "`--ledger` does not go with a second target",
        ),
    ] {
        let output = trentcheck(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn credentials_do_not_go_over_plain_http() {
    let output = Command::new(env!("CARGO_BIN_EXE_trentcheck"))
        .args(["run", "--endpoint", "http://kms.example.com"])
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("plain HTTP"));
}

#[test]
fn a_dead_port_ends_with_exit_code_3_and_one_sentence() {
    let output = trentcheck(&["run", "--endpoint", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(3));
    let stdout = text(&output.stdout);
    assert_eq!(stdout.matches("no connection").count(), 1, "{stdout}");
}

#[test]
fn the_main_job_passes_and_its_report_is_json() {
    let output = trentcheck(&["--report", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
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
fn every_mutant_is_found_by_the_case_that_it_names() {
    let output = trentcheck(&["selfcheck", "--quick"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("(100.0 %)"));
}

#[test]
fn an_unknown_mutant_is_one_clear_error() {
    for arguments in [&["selfcheck", "no-such-mutant"][..], &["serve", "--mutant", "no-such-mutant"]] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("there is no mutant `no-such-mutant`"), "{}", text(&output.stderr));
    }
}

#[test]
fn coverage_has_a_case_or_a_reason_for_every_clause() {
    let output = trentcheck(&["coverage"]);
    assert_eq!(output.status.code(), Some(0));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("S-09") && stdout.contains("not observable from outside"), "{stdout}");
}

#[test]
fn explore_and_sweep_keep_to_loopback() {
    for word in ["explore", "sweep"] {
        let output = Command::new(env!("CARGO_BIN_EXE_trentcheck"))
            .args([word, "--endpoint", "https://kms.example.com"])
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "example")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("loopback"));
    }
}

#[test]
fn cases_of_the_other_edition_are_told_where_nothing_else_is_selected() {
    let output = trentcheck(&["run", "materials/*"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).contains("choose it with `--edition key-material-id`"), "{}", text(&output.stdout));
}

#[test]
fn a_case_after_shuffle_is_a_case() {
    let output = trentcheck(&["run", "--shuffle", "members/null"]);
    assert!(text(&output.stdout).contains("1 of 1 selected cases"), "{}", text(&output.stdout));
}

#[test]
fn unknown_credentials_are_one_sentence_and_no_divergence() {
    let mut server = serve(Stdio::piped(), Stdio::null());
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().trim_start_matches("listening on ");
    let environment = [
        ("TRENTCHECK_ACCESS_KEY_ID", "AKIDNOBODY0000000001"),
        ("TRENTCHECK_SECRET_ACCESS_KEY", "a-secret-key-of-nobody"),
    ];
    let output = trentcheck_with(&["run", "identifiers/absent-id", "--endpoint", url], &environment);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let stdout = text(&output.stdout);
    assert_eq!(stdout.matches("the credentials that sign: it answers").count(), 1, "{stdout}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_lost_is_no_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trentcheck"))
        .arg("list")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("write to stdout"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_terminated_ends_as_one_that_is_interrupted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut run = Command::new(env!("CARGO_BIN_EXE_trentcheck"))
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
    let mut server = serve(Stdio::null(), Stdio::piped());
    let lines = BufReader::new(server.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    let principals: Vec<String> = lines.take_while(|line| line.starts_with("principal ")).collect();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(principals.len(), 5, "{principals:?}");
    assert!(principals.iter().all(|line| !line.contains('<')), "{principals:?}");
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}.toml", std::process::id()));
    std::fs::write(&file, "nonsense = 1\n").unwrap();
    let output = trentcheck(&["run", "--config", &file.to_string_lossy()]);
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
    std::fs::remove_file(&file).unwrap();
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

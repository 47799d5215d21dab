//! Reports in all their formats through the command: what a run writes, what is made of saved runs, what is refused.

use crate::support::command::{apart, json, program, said, tested, text, trentcheck_in, trentcheck_with};
use crate::support::scratch::Scratch;
use crate::support::served;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the command in this folder, apart from the runtime that serves its target.
async fn call(folder: &Scratch, arguments: &[&str]) -> Output {
    let mut command = program(tested(), folder.path(), &[]);
    command.args(arguments);
    apart(command).await
}

#[track_caller]
fn refused(output: &Output, expected: &str) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(expected), "{expected}: {told}");
    assert_eq!(told.matches("error:").count(), 1, "{told}");
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_writes_every_format_beside_what_a_person_reads() {
    let folder = Scratch::new();
    let (server, url) = served(Some("success-body-null")).await;
    let mut arguments = vec!["run", "success/symmetric", "members/empty", "members/null", "--endpoint", &url];
    let formats = [
        "json=run.json",
        "junit=run.xml",
        "markdown=run.md",
        "html=run.html",
        "github=run.txt",
        "ndjson=run.ndjson",
        "prometheus=run.prom",
        "badge-divergence=divergence.json",
        "badge-coverage=coverage.json",
    ];
    formats.iter().for_each(|format| arguments.extend(["--report", format]));
    let output = call(&folder, &arguments).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(text(&output.stdout).contains("✗ 1 case: answer: expected zero bytes"), "{}", said(&output));
    let report = value(&folder.read("run.json"));
    assert_eq!(report["runs"][0]["causes"][0]["cases"], serde_json::json!(["success/symmetric"]));
    assert!(folder.read("run.xml").contains("tests=\"3\" failures=\"1\" errors=\"0\""), "{}", folder.read("run.xml"));
    let markdown = folder.read("run.md");
    assert!(markdown.contains("\n1. 1 case: answer&#58; expected zero bytes, found 4 bytes"), "{markdown}");
    let annotations = folder.read("run.txt");
    assert!(annotations.starts_with("::error file=fixtures/cases/success.toml,line="), "{annotations}");
    let prometheus = folder.read("run.prom");
    let label = format!("trentcheck_exit_code{{target=\"{url}\",endpoint=\"{url}\",edition=\"key-only\"}} 1\n");
    assert!(prometheus.contains(&label), "{prometheus}");
    assert_eq!(value(&folder.read("divergence.json"))["message"], "33.3 %");
    assert_eq!(value(&folder.read("coverage.json"))["message"], "100.0 %");
    let events: Vec<Value> = folder.read("run.ndjson").lines().map(value).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(kinds, ["began", "case", "case", "case", "ended", "done"]);
    assert_eq!(events[0]["selected"], 3);
    assert_eq!(events[4]["figures"], report["runs"][0]["figures"]);
    // The same from the saved run.
    let formats = ["junit", "markdown", "html", "github", "prometheus", "badge-divergence", "badge-coverage"];
    let files = ["run.xml", "run.md", "run.html", "run.txt", "run.prom", "divergence.json", "coverage.json"];
    for (format, file) in formats.iter().zip(files) {
        let again = call(&folder, &["report", format, "run.json"]).await;
        assert_eq!(again.status.code(), Some(0), "{}", said(&again));
        assert_eq!(text(&again.stdout), folder.read(file), "{format}");
    }
    let again = call(&folder, &["report", "run.json"]).await;
    assert_eq!(text(&again.stdout), text(&output.stdout));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_has_the_states_of_its_key_and_a_curl_line() {
    let folder = Scratch::new();
    let cases = ["success/symmetric", "members/empty", "effects/import-restores", "authentication/altered-signature"];
    let arguments = [&["run"], &cases[..], &["--embedded", "--report", "json"]].concat();
    let report = json(&call(&folder, &arguments).await);
    let case = |id: &str| {
        let cases = report["runs"][0]["cases"].as_array().unwrap();
        cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("{id}: {report:#}")).clone()
    };
    let states = |id: &str| case(id)["states"][0]["seen"].clone();
    assert_eq!(states("success/symmetric"), serde_json::json!(["Enabled", "PendingImport"]));
    assert_eq!(states("effects/import-restores"), serde_json::json!(["Enabled", "PendingImport", "Enabled"]));
    assert_eq!(case("success/symmetric")["start"], "an enabled symmetric key with imported material");
    let curl = case("success/symmetric")["curl"].as_str().unwrap().to_owned();
    assert!(curl.starts_with("curl -i -X POST \"$ENDPOINT\"/ ") && curl.contains("{\"KeyId\":"), "{curl}");
    // curl signs by itself, so it cannot send a signature that is wrong.
    assert!(case("authentication/altered-signature").get("curl").is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_one_error_and_the_others_are_written() {
    let folder = Scratch::new();
    // It can be opened, and takes nothing.
    for (format, lost) in [("junit", "write `/dev/full`"), ("ndjson", "write `/dev/full`")] {
        let arguments =
            ["run", "members/empty", "--report", &format!("{format}=/dev/full"), "--report", "json=run.json"];
        let output = trentcheck_in(folder.path(), &[], &arguments);
        refused(&output, lost);
        assert!(text(&output.stdout).contains("conforms: 0 of 1 judged"), "{}", said(&output));
        assert_eq!(value(&folder.read("run.json"))["exit_code"], 0);
        std::fs::remove_file(folder.path().join("run.json")).unwrap();
    }
    // Nothing is sent if it is known before.
    let output =
        trentcheck_in(folder.path(), &[], &["run", "--report", "junit=no/such/run.xml", "--report", "json=run.json"]);
    refused(&output, "write `no/such/run.xml`");
    assert!(output.stdout.is_empty() && !Path::new(&folder.file("run.json")).exists());
}

#[test]
fn markdown_goes_to_the_summary_of_a_job_behind_what_is_there() {
    let folder = Scratch::new();
    let summary = folder.write("summary.md", "before\n");
    let arguments = ["run", "members/empty", "--report", "markdown"];
    let output = trentcheck_with(&[("GITHUB_STEP_SUMMARY", &summary)], &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text(&output.stdout).contains("conforms: 0 of 1 judged"), "{}", said(&output));
    let told = folder.read("summary.md");
    assert!(told.starts_with("before\n## trentcheck\n\n| target |"), "{told}");
    let output = trentcheck_with(&[], &arguments);
    assert!(text(&output.stdout).starts_with("## trentcheck"), "{}", said(&output));
}

#[test]
fn annotations_stand_behind_what_a_person_reads() {
    let output = trentcheck_with(&[], &["run", "materials/*", "--report", "github"]);
    let told = text(&output.stdout);
    let (person, commands) = told.split_once("::error ").unwrap_or_else(|| panic!("{told}"));
    assert!(person.contains("exit code 4"), "{told}");
    assert!(commands.ends_with("::nothing was run\n"), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_writes_its_reports_and_what_did_not_run_is_no_pass() {
    let folder = Scratch::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut run = program(tested(), folder.path(), &[])
        .args(["run", "--endpoint", &url, "--timeout", "2s"])
        .args(["json=run.json", "junit=run.xml", "ndjson=run.ndjson"].map(|word| format!("--report={word}")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Once it has connected it listens for signals too; nobody answers it, so it is still there.
    let connection = listener.accept().unwrap();
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    drop(connection);
    let figures = value(&folder.read("run.json"))["runs"][0]["figures"].clone();
    assert_eq!((figures["pass"].as_u64(), figures["selected"].as_u64() > Some(100)), (Some(0), true));
    let junit = folder.read("run.xml");
    // Each case is an error or skipped, with a reason, and the interrupt is an error of its own.
    assert_eq!(
        junit.matches("<testcase ").count(),
        junit.matches("<error ").count() + junit.matches("<skipped ").count()
    );
    assert!(junit.contains("interrupted; teardown done"), "{junit}");
    let events: Vec<Value> = folder.read("run.ndjson").lines().map(value).collect();
    let cases = events.iter().filter(|event| event["event"] == "case");
    assert_eq!(Some(cases.clone().count() as u64), figures["selected"].as_u64());
    assert!(cases.into_iter().all(|case| case["outcome"] != "pass"));
    assert_eq!(events.last().unwrap()["exit_code"], 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_run_are_joined_and_compared() {
    let folder = Scratch::new();
    let (server, url) = served(Some("success-body-null")).await;
    for (cases, file) in [("members/*", "a.json"), ("success/*", "b.json"), ("[ms]*/*", "whole.json")] {
        let report = format!("json={file}");
        call(&folder, &["run", cases, "--endpoint", &url, "--report", &report]).await;
    }
    let merged = call(&folder, &["report", "merge", "b.json", "a.json"]).await;
    assert_eq!(merged.status.code(), Some(0), "{}", said(&merged));
    let (merged, whole) = (json(&merged), value(&folder.read("whole.json")));
    let of = |report: &Value, part: &str| report["runs"][0][part].clone();
    assert_eq!(of(&merged, "figures"), of(&whole, "figures"));
    assert_eq!(of(&merged, "causes"), of(&whole, "causes"));
    assert_eq!(of(&merged, "exit_codes"), of(&whole, "exit_codes"));
    let ids = |report: &Value| {
        let cases = report["runs"][0]["cases"].as_array().unwrap();
        cases.iter().map(|case| case["id"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&merged), ids(&whole));
    refused(&call(&folder, &["report", "merge", "a.json", "whole.json"]).await, "the parts overlap: `a.json` and");
    let other = folder.read("b.json").replacen("\"corpus\": \"", "\"corpus\": \"x", 1);
    folder.write("other.json", other);
    refused(&call(&folder, &["report", "merge", "a.json", "other.json"]).await, "their corpora differ");
    server.stop().await;
}

#[test]
fn what_is_no_saved_run_is_refused_and_nothing_is_written() {
    let folder = Scratch::new();
    let call = |arguments: &[&str]| trentcheck_in(folder.path(), &[], arguments);
    call(&["run", "members/empty", "--report", "json=run.json"]);
    let saved = folder.read("run.json");
    folder.write("old.json", saved.replace("trentcheck-report/2", "trentcheck-report/1"));
    folder.write("half.json", &saved[..saved.len() / 2]);
    let mut empty = value(&saved);
    empty["runs"][0]["cases"] = serde_json::json!([]);
    folder.write("empty.json", empty.to_string());
    for (file, expected) in [
        ("old.json", "read the report `old.json`: its schema is `trentcheck-report/1`"),
        ("half.json", "read the report `half.json`: it is no JSON"),
        ("empty.json", "read the report `empty.json`: it holds no run with a case"),
        ("none.json", "read the report `none.json`: No such file"),
    ] {
        refused(&call(&["report", "junit=out.xml", "run.json", file]), expected);
        refused(&call(&["report", "merge", "run.json", file, "--report", "junit=out.xml"]), expected);
        refused(&call(&["report", "trend", "run.json", file]), expected);
    }
    refused(&call(&["report", "junit=no/out.xml", "run.json"]), "write `no/out.xml`");
    refused(&call(&["report", "junit"]), "`report` needs a saved run");
    refused(&call(&["report", "merge", "run.json"]), "`report merge` needs at least two saved runs");
    refused(&call(&["report", "trend", "run.json"]), "`report trend` needs at least two saved runs");
    refused(&call(&["report", "junit", "markdown", "run.json"]), "cannot both go to stdout");
    refused(&call(&["report", "junit=out", "markdown=out", "run.json"]), "cannot both go to `out`");
    refused(&call(&["report", "junit=out", "markdown=./out", "run.json"]), "cannot both go to `./out`");
    assert!(!Path::new(&folder.file("out.xml")).exists() && !Path::new(&folder.file("out")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_case_shows_the_call_that_failed_and_says_what_it_needs() {
    let folder = Scratch::new();
    // A target of the first edition knows no ids of key material and no second material.
    let (server, url) = served(None).await;
    let cases = ["materials/current-by-id", "materials/of-other-key", "materials/pending-rotation"];
    let more = ["--edition", "key-material-id", "--endpoint", &url, "--report", "json"];
    let report = json(&call(&folder, &[&["run"], &cases[..], &more].concat()).await);
    for (case, reason, role) in [
        (cases[0], "DescribeKey gave no CurrentKeyMaterialId", "DescribeKey"),
        (cases[1], "DescribeKey gave no CurrentKeyMaterialId for the other key", "DescribeKey"),
        (cases[2], "its precondition could not be made: ImportKeyMaterial answered 400", "ImportKeyMaterial"),
    ] {
        let found = report["runs"][0]["cases"].as_array().unwrap().iter().find(|found| found["id"] == case).unwrap();
        assert_eq!(found["outcome"], "blocked", "{found:#}");
        assert!(found["reason"].as_str().unwrap().starts_with(reason), "{found:#}");
        let exchanges = found["exchanges"].as_array().unwrap();
        assert_eq!((exchanges.len(), exchanges[0]["role"].as_str()), (1, Some(role)), "{found:#}");
        let lines =
            |part: &str| exchanges[0][part].as_array().unwrap().iter().map(Value::to_string).collect::<String>();
        assert!(lines("request").contains(role) && lines("response").contains("HTTP/1.1 "), "{found:#}");
        assert_eq!(lines("request").contains("\\\"ImportToken\\\":\\\"<removed>\\\""), role == "ImportKeyMaterial");
    }
    server.stop().await;
}

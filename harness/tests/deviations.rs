//! Known deviations as users of the command meet them, at mutants of the reference.

use crate::support::command::{text, trentcheck_apart};
use crate::support::scratch;
use crate::support::{corpus, served};
use std::path::Path;
use trentcheck_core::deviation::{Date, List};

/// What the command says, apart from the runtime that serves its target.
async fn command(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = trentcheck_apart(variables, arguments).await;
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_written_from_a_run_makes_the_next_run_pass_until_the_target_changes() {
    let file = scratch::folder().join("known.toml");
    let path = file.to_str().unwrap();
    let (wrong, url) = served(Some("pending-deletion-refused")).await;
    let (code, _, _) = command(&["run", "success/pending-deletion", "--endpoint", &url], &[]).await;
    assert_eq!(code, Some(1));

    let (code, stdout, stderr) = command(&["deviations", "update", "--endpoint", &url, path], &[("CI", "1")]).await;
    assert_eq!((code, file.exists()), (Some(1), false), "{stdout}{stderr}");

    let (code, stdout, stderr) = command(&["deviations", "update", "--endpoint", &url, path], &[]).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("case = \"success/pending-deletion\"\nanswer = \"400 KMSInvalidStateException\"\ndiffers = [\"status, answer: 400 KMSInvalidStateException\"]\n"),
        "{written}"
    );

    let listed = ["run", "--endpoint", &url, "--deviations", path];
    let (code, stdout, stderr) = command(&listed, &[]).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");

    let (code, stdout, _) = command(&["run", "members/*", "--endpoint", &url, "--deviations", path], &[]).await;
    assert_eq!(code, Some(0), "{stdout}");
    wrong.stop().await;

    let (right, url) = served(None).await;
    let (code, stdout, _) = command(&["run", "--endpoint", &url, "--deviations", path, "--report", "json"], &[]).await;
    assert_eq!(code, Some(1), "{stdout}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let stale = report["runs"][0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["id"] == "success/pending-deletion")
        .unwrap();
    assert_eq!((&stale["outcome"], &stale["deviation"]["stale"]["why"]), (&"stale".into(), &"passes".into()));
    assert_eq!(report["runs"][0]["figures"]["divergence"], 0.0);
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_wrong_answer_than_the_listed_one_is_stale() {
    let file = scratch::folder().join("known.toml");
    let path = file.to_str().unwrap();
    let (first, url) = served(Some("pending-deletion-refused")).await;
    assert_eq!(command(&["deviations", "update", "--endpoint", &url, path], &[]).await.0, Some(0));
    first.stop().await;
    let (second, url) = served(Some("pending-deletion-reset")).await;
    let (code, stdout, _) =
        command(&["run", "success/pending-deletion", "--endpoint", &url, "--deviations", path], &[]).await;
    assert_eq!(code, Some(1), "{stdout}");
    for part in ["status, answer: 400 KMSInvalidStateException", "KeyState afterwards: PendingImport"] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_all_verdicts_writes_nothing() {
    let file = scratch::folder().join("known.toml");
    let arguments = ["deviations", "update", "--endpoint", "http://127.0.0.1:1", file.to_str().unwrap()];
    let (code, stdout, stderr) = command(&arguments, &[]).await;
    assert_eq!((code, file.exists()), (Some(3), false), "{stdout}{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_names_targets_and_their_lists() {
    let folder = scratch::folder();
    let (server, url) = served(Some("success-body-null")).await;
    let entry = |answer: &str| {
        format!(
            "case = \"success/symmetric\"\nanswer = \"{answer}\"\ndiffers = [\"body, answer: null\"]\nreason = \"a null\"\n\
             expires = 2999-12-31\n"
        )
    };
    std::fs::write(folder.join("known.toml"), format!("[[deviation]]\n{}", entry("200"))).unwrap();
    let config = folder.join("trentcheck.toml");
    let text = format!(
        "endpoint = \"http://127.0.0.1:1\"\n[targets.filed]\nendpoint = \"{url}\"\ndeviations = \"known.toml\"\n\
         [targets.placed]\nendpoint = \"{url}\"\n[[targets.placed.deviation]]\n{}[targets.changed]\nendpoint = \"{url}\"\n\
         [[targets.changed.deviation]]\n{}",
        entry("200"),
        entry("500")
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    for (name, expected) in [("filed", Some(0)), ("placed", Some(0)), ("changed", Some(1)), ("nowhere", Some(2))] {
        let (code, stdout, stderr) =
            command(&["run", "success/symmetric", "--config", config, "--target", name], &[]).await;
        assert_eq!(code, expected, "{name}: {stdout}{stderr}");
    }
    let (code, _, _) = command(&["run", "success/symmetric", "--config", config], &[]).await;
    assert_eq!(code, Some(3), "the file's own target is nowhere");
    let several = ["run", "success/symmetric", "--config", config, "--target", "filed", "--target", "changed"];
    let (code, stdout, stderr) = command(&several, &[]).await;
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    let all = ["run", "success/symmetric", "--config", config, "--target", "all", "--report", "json"];
    let (code, stdout, stderr) = command(&all, &[]).await;
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    let runs: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let names: Vec<&str> = runs["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["changed", "filed", "placed"]);
    assert_eq!((&runs["exit_code"], &runs["runs"][1]["exit_code"]), (&1.into(), &0.into()));
    assert_eq!((&runs["schema"], &runs["targets"]), (&"trentcheck-report/2".into(), &3.into()));
    for more in [&["--endpoint", &url][..], &["--against", "."], &["--target", "nowhere"]] {
        let (code, _, stderr) = command(&[&several[..], more].concat(), &[]).await;
        assert_eq!(code, Some(2), "{more:?}: {stderr}");
    }
    let update = ["deviations", "update", "--config", config, "--target", "filed", "--target", "changed"];
    assert_eq!(command(&update, &[]).await.0, Some(2));
    server.stop().await;
}

#[test]
fn the_lists_that_are_shipped_can_be_used() {
    let corpus = corpus();
    for (name, entries) in [("ministack", 43), ("moto", 0)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/deviations/{name}.toml"));
        let list = List::parse(name, &std::fs::read_to_string(path).unwrap(), &corpus).unwrap();
        assert_eq!(list.entries.len(), entries, "{name}");
        let day: Date = "2026-11-24".parse().unwrap();
        assert!(
            list.entries.iter().all(|entry| entry.expires > day && !entry.flaky && entry.reason.len() > 20),
            "{name}"
        );
    }
}

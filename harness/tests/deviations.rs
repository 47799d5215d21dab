//! Known deviations as users of the command meet them, at mutants of the reference.

use crate::command::{text, trentcheck, trentcheck_with};
use crate::support::{config, reference};
use std::path::{Path, PathBuf};
use trentcheck_core::deviation::{Date, List};
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

/// A folder of its own for each test.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deviations-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The reference with one fault.
async fn mutant(name: &str) -> (Server, String) {
    let mutant = trentcheck_reference::mutants().iter().find(|mutant| mutant.name == name);
    assert!(mutant.is_some(), "{name}");
    let (server, target) = reference(Config { mutant, ..config(Edition::KeyOnly) }).await;
    (server, target.endpoint.to_string())
}

/// Runs the command apart from the runtime that serves its target.
async fn command(arguments: &[&str], environment: &[(&'static str, &'static str)]) -> (Option<i32>, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let environment = environment.to_vec();
    let output = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        trentcheck_with(&arguments, &environment)
    });
    let output = output.await.unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_written_from_a_run_makes_the_next_run_pass_until_the_target_changes() {
    let file = scratch("update").join("known.toml");
    let path = file.to_str().unwrap();
    let (wrong, url) = mutant("pending-deletion-refused").await;
    let (code, _, _) = command(&["run", "success/pending-deletion", "--endpoint", &url], &[]).await;
    assert_eq!(code, Some(1));

    let (code, stdout, stderr) = command(&["deviations", "update", "--endpoint", &url, path], &[("CI", "1")]).await;
    assert_eq!((code, file.exists()), (Some(1), false), "{stdout}{stderr}");
    assert!(stdout.contains("it is not written"), "{stdout}");

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
    assert!(stdout.contains("deviates as listed") && stdout.contains("not read yet"), "{stdout}");

    let (code, stdout, _) = command(&["run", "members/*", "--endpoint", &url, "--deviations", path], &[]).await;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("concern cases that were not selected"), "{stdout}");
    wrong.stop().await;

    let (right, target) = reference(config(Edition::KeyOnly)).await;
    let url = target.endpoint.to_string();
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
    let file = scratch("otherwise").join("known.toml");
    let path = file.to_str().unwrap();
    let (first, url) = mutant("pending-deletion-refused").await;
    assert_eq!(command(&["deviations", "update", "--endpoint", &url, path], &[]).await.0, Some(0));
    first.stop().await;
    let (second, url) = mutant("pending-deletion-reset").await;
    let (code, stdout, _) =
        command(&["run", "success/pending-deletion", "--endpoint", &url, "--deviations", path], &[]).await;
    assert_eq!(code, Some(1), "{stdout}");
    for part in [
        "stale: it diverges otherwise than listed",
        "status, answer: 400 KMSInvalidStateException",
        "KeyState afterwards: PendingImport",
    ] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_all_verdicts_writes_nothing() {
    let file = scratch("incomplete").join("known.toml");
    let arguments = ["deviations", "update", "--endpoint", "http://127.0.0.1:1", file.to_str().unwrap()];
    let (code, stdout, stderr) = command(&arguments, &[]).await;
    assert_eq!((code, file.exists()), (Some(3), false), "{stdout}{stderr}");
    assert!(stderr.contains("is not complete"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_names_targets_and_their_lists() {
    let folder = scratch("targets");
    let (server, url) = mutant("success-body-null").await;
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
    for part in [
        "== filed",
        "== changed",
        "2 of 2 targets run; exit code 1",
        "0 (every case that could be run passes or deviates as listed)",
    ] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
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
fn a_list_that_cannot_be_used_is_exit_code_2() {
    let folder = scratch("broken");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let entry = "answer = \"200\"\ndiffers = [\"body, answer: null\"]\nreason = \"r\"\nexpires = \"2999-12-31\"\n";
    let typo = write("typo.toml", &format!("[[deviation]]\ncase = \"success/symetric\"\n{entry}"));
    let wide = write("wide.toml", &format!("[[deviation]]\ncase = \"*\"\n{entry}"));
    let edition = write("edition.toml", "edition = \"key-material-id\"\n");
    let level = write("level.toml", "fail-on = \"may\"\n");
    let key = write("key.toml", "editoin = \"key-only\"\n");
    let inline = write("inline.toml", &format!("[[deviation]]\ncase = \"success/symetric\"\n{entry}"));
    let both = write("both.toml", &format!("deviations = \"x\"\n[[deviation]]\ncase = \"success/symmetric\"\n{entry}"));
    let nested = write("nested.toml", "[targets.a.targets.b]\nregion = \"r\"\n");
    for (arguments, expected) in [
        (&["--deviations", &typo][..], "did you mean `success/symmetric`"),
        (&["--deviations", &wide], "at most 20"),
        (&["--deviations", &edition], "with the edition key-only"),
        (&["--deviations", &level], "with `--fail-on must`"),
        (&["--deviations", &key], "key.toml:1: unknown field `editoin`"),
        (&["--deviations", "/nonexistent.toml"], "read `/nonexistent.toml`"),
        (&["--config", &inline], "inline.toml:2: failed to find a case"),
        (&["--config", &both], "not both"),
        (&["--config", &nested], "cannot contain `targets`"),
        (&["--target", "a"], "has no target `a`"),
    ] {
        let output = trentcheck(&[&["run", "success/symmetric"], arguments].concat());
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let output = trentcheck(&["deviations", "update"]);
    assert_eq!(output.status.code(), Some(2));
    let output = trentcheck(&["deviations", "update", "--expires", "soon", &key]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_lists_that_are_shipped_can_be_used() {
    let corpus = crate::support::corpus();
    for (name, entries) in [("ministack", 35), ("moto", 0)] {
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

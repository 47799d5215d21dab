//! Two targets side by side, as users of the command meet it: references, one of them a mutant.

use crate::command::{text, trentcheck};
use crate::support::{config, reference};
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

async fn served(mutant: Option<&str>) -> (Server, String) {
    let mutant = mutant.map(|name| trentcheck_reference::mutants().iter().find(|mutant| mutant.name == name).unwrap());
    let (server, target) = reference(Config { mutant, ..config(Edition::KeyOnly) }).await;
    (server, target.endpoint.to_string())
}

/// Runs a few cases, apart from the runtime that serves the targets.
async fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments: Vec<String> =
        ["run", "success/*", "identifiers/absent*"].iter().chain(arguments).map(|word| (*word).to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        trentcheck(&arguments)
    });
    let output = output.await.unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const MUTANT: &str = "pending-deletion-refused";
const CASE: &str = "success/pending-deletion";

#[tokio::test(flavor = "multi_thread")]
async fn equal_targets_do_not_differ_and_a_mutant_does_with_the_spec_on_the_other_side() {
    let (first, left) = served(None).await;
    let (second, right) = served(None).await;
    let (third, wrong) = served(Some(MUTANT)).await;
    let (code, stdout, stderr) = run(&["--endpoint", &left, "--against", &right]).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("side by side: 0 of"), "{stdout}");

    let (code, stdout, _) = run(&["--endpoint", &left, "--against", &wrong]).await;
    assert_eq!(code, Some(1), "{stdout}");
    for part in [
        "\u{2260} success/pending-deletion  the spec agrees with the left",
        "judged, answer: first line",
        "left      HTTP/1.1 200 OK",
        "right     HTTP/1.1 400 Bad Request",
        "the two targets differ",
    ] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }

    let (code, stdout, _) = run(&["--endpoint", &wrong, "--against", &left, "--report", "json"]).await;
    assert_eq!(code, Some(1), "{stdout}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let differ = report["runs"][0]["differential"]["differ"].as_array().unwrap();
    let case = differ.iter().find(|difference| difference["case"] == CASE).unwrap();
    assert_eq!(case["agrees"], "right");
    assert!(!stdout.contains("trentcheck-dummy-secret"));
    for server in [first, second, third] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_identical_targets_differ_in_does_not_count() {
    let (first, left) = served(None).await;
    let (second, right) = served(Some(MUTANT)).await;
    // A target that is no more identical to the first than the second is: its difference is the noise.
    let (third, noise) = served(Some(MUTANT)).await;
    let (code, stdout, stderr) = run(&["--endpoint", &left, "--against", &right, "--noise", &noise]).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("differ between identical targets too"), "{stdout}");
    for server in [first, second, third] {
        server.stop().await;
    }
}

#[test]
fn a_second_target_that_cannot_be_used_is_told() {
    for (arguments, code, expected) in [
        (&["--against", "http://127.0.0.1:1"][..], 3, "on the right: failed to reach"),
        (&["--against", "ftp://h"], 2, "neither `http` nor `https`"),
        (&["--against", "http://kms.example.com", "--region", "us-east-2"], 2, "find credentials"),
        (&["--noise", "http://127.0.0.1:1"], 2, "--against"),
        (&["--against", ".", "--noise", "http://127.0.0.1:1"], 2, ""),
    ] {
        let output = trentcheck(&[&["run", "success/symmetric"], arguments].concat());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_second_target_has_settings_of_its_own() {
    let (first, left) = served(None).await;
    let (second, target) = reference(config(Edition::KeyMaterialId)).await;
    let right = target.endpoint.to_string();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("named-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("both")).unwrap();
    let keys = "aws_access_key_id = AKIDTRENTCHECK000001\naws_secret_access_key = ";
    let credentials = folder.join("credentials");
    std::fs::write(
        &credentials,
        format!("[good]\n{keys}trentcheck-dummy-secret-primary\n[wrong]\n{keys}another-secret\n"),
    )
    .unwrap();
    let named = |name: &str, profile: &str| {
        format!("[targets.{name}]\nendpoint = \"{right}\"\nedition = \"key-material-id\"\nprofile = \"{profile}\"\n")
    };
    let text_of = named("good", "good") + &named("wrong", "wrong") + &named("both", "good") + "[targets.none]\n";
    std::fs::write(folder.join("trentcheck.toml"), text_of).unwrap();
    let run = async |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trentcheck"));
        command.args(["run", "success/symmetric", "--endpoint", &left]).args(more).current_dir(&folder);
        command.env("AWS_SHARED_CREDENTIALS_FILE", &credentials).env("AWS_CONFIG_FILE", folder.join("config"));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    // Each side answers as its edition says: they differ, and both agree with the spec.
    let (code, said) = run(&["--against", "good"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("both in 1") && said.contains("KeyMaterialId"), "{said}");
    let (code, said) = run(&["--against", "good", "--noise", "good"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("differ between identical targets too"), "{said}");
    // The credentials of the right are its own too: nothing could be judged there.
    let (code, said) = run(&["--against", "wrong"]).await;
    assert!(code == Some(1) || code == Some(3), "{said}");
    assert!(said.contains("InvalidSignatureException"), "{said}");
    for (more, expected) in [
        (&["--against", "none"][..], "the target `none` has no endpoint"),
        (&["--against", "both"], "write `./both` for the directory"),
        (&["--against", "good", "--noise", "nobody"], "has no target `nobody`"),
    ] {
        let (code, said) = run(more).await;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    first.stop().await;
    second.stop().await;
}

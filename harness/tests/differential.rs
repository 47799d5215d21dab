//! Two targets side by side, as users of the command meet it: references, one of them a mutant.

use crate::support::command::{said, text, trentcheck_apart};
use crate::support::{config, reference, scratch, served};
use trentcheck_core::fixture::Edition;

/// Runs a few cases, apart from the runtime that serves the targets.
async fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = trentcheck_apart(&[], &[&["run", "success/*", "identifiers/absent*"], arguments].concat()).await;
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
    for server in [first, second, third] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_second_target_has_settings_of_its_own() {
    let (first, left) = served(None).await;
    let (second, target) = reference(config(Edition::KeyMaterialId)).await;
    let right = target.endpoint.to_string();
    std::fs::create_dir(scratch::folder().join("both")).unwrap();
    let keys = "aws_access_key_id = AKIDTRENTCHECK000001\naws_secret_access_key = ";
    let credentials = scratch::written(
        "credentials",
        format!("[good]\n{keys}trentcheck-dummy-secret-primary\n[wrong]\n{keys}another-secret\n"),
    );
    let named = |name: &str, profile: &str| {
        format!("[targets.{name}]\nendpoint = \"{right}\"\nedition = \"key-material-id\"\nprofile = \"{profile}\"\n")
    };
    let text_of = named("good", "good") + &named("wrong", "wrong") + &named("both", "good") + "[targets.none]\n";
    scratch::written("trentcheck.toml", text_of);
    let run = async |more: &[&str]| {
        let files = [("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()), ("AWS_CONFIG_FILE", "config")];
        let arguments = [&["run", "success/symmetric", "--endpoint", &left], more].concat();
        let output = trentcheck_apart(&files, &arguments).await;
        (output.status.code(), said(&output))
    };
    // Each side answers as its edition says: they differ, and both agree with the spec.
    let (code, said) = run(&["--against", "good"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("both in 1") && said.contains("KeyMaterialId"), "{said}");
    let (code, said) = run(&["--against", "good", "--noise", "good"]).await;
    assert_eq!(code, Some(0), "{said}");
    // The credentials of the right are its own too: nothing could be judged there.
    let (code, said) = run(&["--against", "wrong"]).await;
    assert!(code == Some(1) || code == Some(3), "{said}");
    assert!(said.contains("InvalidSignatureException"), "{said}");
    for more in [&["--against", "none"][..], &["--against", "both"], &["--against", "good", "--noise", "nobody"]] {
        let (code, said) = run(more).await;
        assert_eq!(code, Some(2), "{said}");
    }
    first.stop().await;
    second.stop().await;
}

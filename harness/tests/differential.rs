//! Two targets side by side, as users of the command meet it: references, one of them a mutant.

use crate::support::command::{said, text, trentcheck, trentcheck_apart};
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
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
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
    assert!(said.contains("differ between identical targets too"), "{said}");
    // The credentials of the right are its own too: nothing could be judged there.
    let (code, said) = run(&["--against", "wrong"]).await;
    assert!(code == Some(1) || code == Some(3), "{said}");
    assert!(said.contains("InvalidSignatureException"), "{said}");
    for (more, expected) in [
        (&["--against", "none"][..], "find the endpoint of the target `none`"),
        (&["--against", "both"], "`./both` is the directory"),
        (&["--against", "good", "--noise", "nobody"], "find the target `nobody`"),
    ] {
        let (code, said) = run(more).await;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    first.stop().await;
    second.stop().await;
}

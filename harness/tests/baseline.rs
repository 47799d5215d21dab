//! Baselines through the command: what is written, what counts as drift, what is refused.

use crate::support::command::{said, trentcheck, trentcheck_with};
use crate::support::hostile::answering;
use crate::support::scratch::{Scratch, file};
use crate::support::{config, mutant, mutated, reference};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use trentcheck_core::fixture::Edition;

const CASES: &[&str] = &["example/*", "success/symmetric", "success/disabled"];

fn with_cases<'a>(front: &[&'a str]) -> Vec<&'a str> {
    front.iter().chain(CASES).copied().collect()
}

#[track_caller]
fn recorded(edition: &str) -> Scratch {
    let folder = Scratch::new();
    let output = trentcheck(&with_cases(&["record", "--edition", edition, folder.as_str()]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(folder.names(".snap").len(), 6, "{}", said(&output));
    folder
}

#[test]
fn what_was_recorded_is_found_again() {
    let folder = recorded("key-only");
    let file = folder.read("success__symmetric.snap");
    for part in
        ["info:", "corpus: ", "edition: \"key-only\"", "lane: \"wire\"", "# judged", "(body: 0 bytes, content-length)"]
    {
        assert!(file.contains(part), "{part}: {file}");
    }
    let output = trentcheck(&with_cases(&["run", "--against", folder.as_str()]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("drift: 0 of 6 compared cases differ"), "{}", said(&output));
    assert_eq!(folder.names(".snap.new"), Vec::<String>::new());
    // A case without a recording fails nothing.
    let output = trentcheck(&with_cases(&["run", "--against", folder.as_str(), "members/empty"]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_strict_run_fails_for_want_of_a_recording_and_names_the_case() {
    let folder = recorded("key-only");
    let strict = |more: &[&str]| {
        let output = trentcheck(&[&with_cases(&["run", "--against", folder.as_str(), "--strict"]), more].concat());
        (output.status.code(), said(&output))
    };
    assert_eq!(strict(&[]).0, Some(0));
    let (code, told) = strict(&["members/empty"]);
    assert_eq!(code, Some(1), "{told}");
    let (code, told) = strict(&["members/empty", "--report", "json"]);
    let report: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["exit_code"]), (Some(1), &serde_json::json!(1)), "{told}");
    assert_eq!(report["runs"][0]["baseline"]["not_recorded"], serde_json::json!(["members/empty"]));
    for arguments in [&["run", "--strict"][..], &["run", "--strict", "--against", "http://127.0.0.1:1"]] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_told_apart_from_divergence_and_can_be_accepted() {
    let folder = recorded("key-only");
    // A conforming server that differs: it sends further headers.
    let (server, target) = reference(mutated(mutant("headers-added"))).await;
    let endpoint = target.endpoint.to_string();
    let path = folder.as_str().to_owned();
    let run = move |extra: &[&str], ci: bool| {
        let mut arguments = with_cases(&["run", "--endpoint", &endpoint, "--against", &path]);
        arguments.extend(extra);
        trentcheck_with(if ci { &[("CI", "true")] } else { &[] }, &arguments)
    };
    let (in_ci, drifted, json) =
        tokio::task::spawn_blocking(move || (run(&[], true), run(&[], false), run(&["--report", "json"], false)))
            .await
            .unwrap();
    assert_eq!(in_ci.status.code(), Some(1), "{}", said(&in_ci));
    assert_eq!(drifted.status.code(), Some(1), "{}", said(&drifted));
    let told = said(&drifted);
    assert!(told.contains("0 of 6 judged cases diverge"), "{told}");
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let report = &report["runs"][0];
    let cause = &report["baseline"]["causes"][0];
    assert_eq!(cause["sentence"], "judged, answer: header `server`: absent → Server, and 2 more fields");
    let with_it: Vec<_> = cause["cases"].as_array().unwrap().iter().filter_map(|case| case.as_str()).collect();
    assert!(with_it.len() == 6 && with_it.contains(&"success/symmetric"), "{with_it:?}");
    assert!(told.contains(&format!("≠ {}: 6 cases (", cause["sentence"].as_str().unwrap())), "{told}");
    assert_eq!(report["figures"]["diverges"], 0);
    assert_eq!(report["baseline"]["compared"], 6);
    let cases = report["cases"].as_array().unwrap();
    let drifted: Vec<_> = cases.iter().filter(|case| case["drift"].is_array()).collect();
    assert!(!drifted.is_empty());
    assert_eq!(report["baseline"]["drifted"], drifted.len());
    assert!(drifted[0]["drift"][0]["place"].is_string());
    let pending = folder.names(".snap.new");
    assert!(pending.contains(&"success__symmetric.snap.new".to_owned()), "{pending:?}");
    // insta reads what is pending, as its own review does.
    for name in &pending {
        insta::Snapshot::from_file(&folder.path().join(name)).unwrap();
    }
    let refused = trentcheck_with(&[("CI", "1")], &["accept", folder.as_str()]);
    assert_eq!(refused.status.code(), Some(2));
    let one = trentcheck(&["accept", folder.as_str(), "success/symmetric"]);
    assert_eq!(one.status.code(), Some(0), "{}", said(&one));
    assert_eq!(folder.names(".snap.new").len(), pending.len() - 1);
    let unnamed = trentcheck(&["accept", folder.as_str()]);
    assert_eq!(unnamed.status.code(), Some(2), "{}", said(&unnamed));
    assert!(said(&unnamed).contains("5 cases wait to be accepted, and nobody can be asked"), "{}", said(&unnamed));
    let shown = trentcheck_with(&[("CI", "1")], &["accept", folder.as_str(), "--diff"]);
    assert_eq!(shown.status.code(), Some(1), "{}", said(&shown));
    assert!(said(&shown).contains("5 cases wait to be accepted; nothing was written"), "{}", said(&shown));
    assert_eq!(said(&shown).matches("judged, answer: header `server`").count(), 5, "{}", said(&shown));
    assert_eq!(folder.names(".snap.new").len(), pending.len() - 1);
    let rest = trentcheck(&["accept", folder.as_str(), "--all"]);
    assert_eq!(rest.status.code(), Some(0), "{}", said(&rest));
    assert_eq!((folder.names(".snap").len(), folder.names(".snap.new").len()), (6, 0));
    let endpoint = target.endpoint.to_string();
    let path = folder.as_str().to_owned();
    let shown = trentcheck(&["accept", folder.as_str(), "--diff"]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    let after = tokio::task::spawn_blocking(move || {
        trentcheck(&with_cases(&["run", "--endpoint", &endpoint, "--against", &path]))
    })
    .await
    .unwrap();
    assert_eq!(after.status.code(), Some(0), "{}", said(&after));
    server.stop().await;
}

#[test]
fn what_nobody_sees_in_a_recording_is_refused_and_a_link_is_not_accepted_as_one() {
    let folder = recorded("key-only");
    let [accepted, pending] = [".snap", ".snap.new"].map(|end| folder.path().join(format!("success__symmetric{end}")));
    let text = std::fs::read_to_string(&accepted).unwrap();
    for unseen in ["\u{1b}[2K", "\u{202e}", "\u{200b}"] {
        std::fs::write(&pending, text.replacen("HTTP/1.1 200", &format!("HTTP/1.1 200{unseen}"), 1)).unwrap();
        let output = trentcheck(&["accept", folder.as_str(), "--diff"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("characters that nobody sees"), "{}", said(&output));
    }
    std::fs::remove_file(&pending).unwrap();
    #[cfg(unix)]
    {
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, text.replacen("HTTP/1.1 200 OK", "HTTP/1.1 200 Fine", 1)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &pending).unwrap();
        let output = trentcheck(&["accept", folder.as_str(), "--all"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(!std::fs::symlink_metadata(&accepted).unwrap().is_symlink() && !pending.exists());
        assert!(std::fs::read_to_string(&accepted).unwrap().contains("200 Fine"));
    }
}

#[test]
fn in_ci_nothing_is_recorded() {
    let folder = file("base");
    let output = trentcheck_with(&[("CI", "true")], &["record", &folder]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!Path::new(&folder).exists());
}

#[test]
fn a_baseline_that_says_nothing_is_refused_before_anything_is_sent() {
    let folder = recorded("key-only");
    // Nobody listens there: an attempt to send would be told.
    let run = |extra: &[&str]| {
        let mut arguments = vec!["run", "--endpoint", "http://127.0.0.1:1", "--against", folder.as_str()];
        arguments.extend(extra);
        let output = trentcheck(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(output.stdout.is_empty());
        said(&output)
    };
    run(&["--edition", "key-material-id"]);
    run(&["--lane", "http"]);
    run(&["members/empty"]);
    let kept = folder.read("success__symmetric.snap");
    let corpus = kept.lines().find(|line| line.trim_start().starts_with("corpus: ")).unwrap();
    for (broken, complaint) in [
        (kept.replace(corpus, "  corpus: \"000000000000\""), "its corpus is `000000000000`"),
        (kept.replace("# judged", "judged"), "a heading is missing"),
        (kept.replace("info:", "info: ["), "its head is no YAML"),
        (String::new(), "does not begin with a head"),
        ("\u{0}\u{1}".to_owned(), "does not begin with a head"),
    ] {
        folder.write("success__symmetric.snap", &broken);
        let told = run(&[]);
        assert!(told.contains(complaint) && told.contains("success__symmetric.snap"), "{told}");
        // Nothing is lost: what cannot be read is still there.
        assert_eq!(folder.read("success__symmetric.snap"), broken);
    }
    folder.write("success__symmetric.snap", b"---\ninfo:\n\xff\n---\n");
    assert!(run(&[]).contains("success__symmetric.snap"));
    let missing = trentcheck(&["run", "--against", "no/such/folder"]);
    assert_eq!(missing.status.code(), Some(2));
    let empty = Scratch::new();
    empty.write("README.md", "nothing");
    let nothing = trentcheck(&["run", "--against", empty.as_str()]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn files_of_no_case_are_told_and_deleted_only_when_asked() {
    let folder = recorded("key-only");
    folder.write("success__gone.snap", "whatever");
    folder.write("notes.txt", "kept");
    let output = trentcheck(&with_cases(&["run", "--against", folder.as_str()]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("success__gone.snap"), "{}", said(&output));
    let told = trentcheck(&["accept", folder.as_str()]);
    assert!(said(&told).contains("success__gone.snap"), "{}", said(&told));
    assert_eq!(folder.names("gone.snap").len(), 1);
    let deleted = trentcheck(&["accept", folder.as_str(), "--delete-unreferenced"]);
    assert_eq!(deleted.status.code(), Some(0), "{}", said(&deleted));
    assert_eq!(folder.names("gone.snap").len(), 0);
    assert_eq!((folder.names(".snap").len(), folder.names(".txt").len()), (6, 1));
}

#[test]
fn insta_asserts_on_the_files_that_the_command_wrote() {
    let folder = recorded("key-material-id");
    for name in folder.names(".snap") {
        let kept = folder.read(&name);
        let (_, contents) = kept.split_once("\n---\n").unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder.path());
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(name.strip_suffix(".snap").unwrap(), contents));
    }
    assert_eq!(folder.names(".snap.new"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_once_and_not_again_is_no_drift() {
    let (asked, odd) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, left) = (Arc::clone(&asked), Arc::clone(&odd));
    let address = answering(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        let is_odd = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let server = if is_odd { "other" } else { "usual" };
        let body = r#"{"__type":"NotFoundException","message":"no"}"#;
        format!(
            "HTTP/1.1 400 Bad Request\r\nServer: {server}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    })
    .await;
    let endpoint = format!("http://{address}");
    tokio::task::spawn_blocking(move || {
        let folder = Scratch::new();
        let at = |front: &[&str]| trentcheck(&[front, &["--endpoint", &endpoint, "example/absent-key"]].concat());
        let output = at(&["record", folder.as_str()]);
        assert_eq!(folder.names(".snap").len(), 1, "{}", said(&output));
        let requests = asked.load(Ordering::SeqCst);
        // The whole first look is odd, the second is not.
        odd.store(requests, Ordering::SeqCst);
        let once = said(&at(&["run", "--against", folder.as_str()]));
        assert!(once.contains("drift: 0 of 1 compared"), "{once}");
        assert!(
            once.contains("example/absent-key differed once and not again: judged, answer: header `Server`"),
            "{once}"
        );
        assert_eq!(folder.names(".snap.new").len(), 0);
        odd.store(usize::MAX, Ordering::SeqCst);
        let twice = said(&at(&["run", "--against", folder.as_str()]));
        assert!(twice.contains("drift: 1 of 1 compared"), "{twice}");
        assert_eq!(folder.names(".snap.new").len(), 1);
        // What waits to be accepted goes when nothing differs any more.
        odd.store(0, Ordering::SeqCst);
        let gone = said(&at(&["run", "--against", folder.as_str()]));
        assert!(gone.contains("example/absent-key no longer differs; its `.snap.new` was deleted"), "{gone}");
        assert_eq!(folder.names(".snap.new").len(), 0);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_of_one_region_holds_in_another() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let here = target.endpoint.to_string();
    let there = target.elsewhere.unwrap();
    let (region, there) = (there.region, there.endpoint.to_string());
    tokio::task::spawn_blocking(move || {
        let folder = Scratch::new();
        let output = trentcheck(&with_cases(&["record", folder.as_str(), "--endpoint", &here]));
        assert_eq!(folder.names(".snap").len(), 6, "{}", said(&output));
        let output =
            trentcheck(&with_cases(&["run", "--against", folder.as_str(), "--endpoint", &there, "--region", &region]));
        assert!(said(&output).contains("drift: 0 of 6 compared cases differ"), "{}", said(&output));
    })
    .await
    .unwrap();
    server.stop().await;
}

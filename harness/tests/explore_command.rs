//! `trentcheck explore` as its users meet it: what it keeps, and how it ends.

use crate::altered;
use crate::command::{text, trentcheck};
use crate::fake;
use crate::support::{config, reference};
use std::path::PathBuf;
use std::process::Output;
use tokio::net::TcpListener;
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server, mutant};

/// A file for kept failures that goes with the test.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.json", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }

    /// Explores, with these arguments too.
    async fn explore(&self, url: &str, more: &[&str]) -> Output {
        let file = self.0.to_string_lossy().into_owned();
        let arguments: Vec<String> = ["explore", "--seed", "1", "--endpoint", url, "--failures", &file]
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect();
        let run = move || trentcheck(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn serve(name: Option<&str>) -> (Server, String) {
    let mutant = name.map(|name| mutant(name).unwrap());
    let (server, target) = reference(Config { mutant, ..config(Edition::KeyOnly) }).await;
    (server, target.endpoint.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_kept_for_each_target_that_showed_it() {
    let kept = Kept::new("kept");
    let (wrong, wrong_url) = serve(Some("success-body-null")).await;
    let (also_wrong, also_url) = serve(Some("success-body-null")).await;
    let (right, right_url) = serve(None).await;
    let few = ["--cases", "10"];
    let first = kept.explore(&wrong_url, &few).await;
    let stdout = text(&first.stdout);
    assert_eq!(first.status.code(), Some(1), "{}", text(&first.stderr));
    assert!(stdout.contains("1 finding in 10 trials, 10 of them judged"), "{stdout}");
    assert!(stdout.contains("again: trentcheck explore --seed 1 --edition key-only"), "{stdout}");
    assert!(stdout.trim_end().ends_with("--cases 10"), "{stdout}");
    assert!(kept.text().contains("trentcheck-failures/1") && kept.text().contains(&wrong_url), "{}", kept.text());
    let elsewhere = kept.explore(&right_url, &few).await;
    let stdout = text(&elsewhere.stdout);
    assert_eq!(elsewhere.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains(&format!("not seen here, and kept for {wrong_url}")), "{stdout}");
    assert!(stdout.contains("nothing found in 10 trials and 1 kept failure, 11 of them judged"), "{stdout}");
    assert!(kept.text().contains(&wrong_url), "{}", kept.text());
    let also = kept.explore(&also_url, &few).await;
    assert!(text(&also.stdout).contains("(a kept failure)"), "{}", text(&also.stdout));
    assert!(kept.text().contains(&wrong_url) && kept.text().contains(&also_url), "{}", kept.text());
    // Nothing is tried once time is up, and so nothing goes.
    let before = kept.text();
    kept.explore(&right_url, &["--for", "0ms"]).await;
    assert_eq!(kept.text(), before);
    for server in [wrong, also_wrong, right] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_is_mended_where_it_was_seen_is_no_longer_kept() {
    let kept = Kept::new("mended");
    let (wrong, url) = serve(Some("success-body-null")).await;
    kept.explore(&url, &["--cases", "10"]).await;
    wrong.stop().await;
    assert!(kept.text().contains("\"trial\""));
    let (right, target) = reference(config(Edition::KeyOnly)).await;
    // The mended server has the address of the wrong one.
    let mended = target.endpoint.to_string();
    std::fs::write(&kept.0, kept.text().replace(&url, &mended)).unwrap();
    let then = kept.explore(&mended, &["--cases", "10"]).await;
    assert!(text(&then.stdout).contains("no longer seen"), "{}", text(&then.stdout));
    assert!(!kept.text().contains("\"trial\""), "{}", kept.text());
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_port_is_one_sentence_and_exit_code_3() {
    let kept = Kept::new("dead");
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let output = kept.explore(&format!("http://{address}"), &[]).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("nothing was explored: failed to reach http://127.0.0.1:"), "{stdout}");
    assert_eq!(stdout.matches("no connection").count(), 1, "{stdout}");
    assert!(!kept.0.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_is_no_kms() {
    let kept = Kept::new("web");
    for page in ["404 Not Found", "200 OK", "501 Not Implemented"] {
        let address = fake::start(move |_, _| {
            format!("HTTP/1.1 {page}\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>")
        })
        .await;
        let output = kept.explore(&format!("http://{address}"), &[]).await;
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{stdout}");
        assert!(stdout.contains("nothing was explored"), "{stdout}");
        assert!(stdout.contains("does not answer as a KMS") || stdout.contains("has no operation"), "{stdout}");
        assert!(!kept.0.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_without_the_operation_is_told_and_exit_code_3() {
    let kept = Kept::new("lacking");
    let (server, _) = serve(None).await;
    // The word that the target says is wrong, so that the reference knows no such operation either.
    let lacking = fake::start(move |_, _| {
        let body = r#"{"__type":"UnknownOperationException"}"#;
        format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
    .await;
    let output = kept.explore(&format!("http://{lacking}"), &[]).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("has no operation DeleteImportedKeyMaterial"), "{stdout}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_before_a_target_died_is_printed_and_kept() {
    let kept = Kept::new("died");
    let (wrong, target) = reference(config(Edition::KeyOnly)).await;
    // Enough connections for some trials and to repeat what they show.
    let way = altered::start(wrong.address(), ("x-amzn-requestid", "x-amzn-requestix"), 400).await;
    let url = format!("http://{way}");
    let output = kept.explore(&url, &["--cases", "100000"]).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("header x-amzn-RequestId"), "{stdout}");
    assert!(stdout.contains("the exploration ended early: the target stopped answering"), "{stdout}");
    assert!(stdout.contains("1 finding in"), "{stdout}");
    assert!(kept.text().contains(&url), "{}", kept.text());
    drop(target);
    wrong.stop().await;
}

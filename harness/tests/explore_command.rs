//! `trentcheck explore` as its users meet it: what it keeps, and how it ends.

use crate::support::command::{text, trentcheck_apart};
use crate::support::hostile::{altered, answering};
use crate::support::scratch::file;
use crate::support::{config, reference, served};
use std::path::PathBuf;
use std::process::Output;
use tokio::net::TcpListener;
use trentcheck_core::fixture::Edition;

/// The file of the test's kept failures.
struct Kept(PathBuf);

impl Kept {
    fn new() -> Self {
        Self(PathBuf::from(file("kept.json")))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }

    /// Explores, with these arguments too.
    async fn explore(&self, url: &str, more: &[&str]) -> Output {
        let file = self.0.to_string_lossy();
        let arguments = [&["explore", "--seed", "1", "--endpoint", url, "--failures", &file], more].concat();
        trentcheck_apart(&[], &arguments).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_kept_for_each_target_that_showed_it() {
    let kept = Kept::new();
    let (wrong, wrong_url) = served(Some("success-body-null")).await;
    let (also_wrong, also_url) = served(Some("success-body-null")).await;
    let (right, right_url) = served(None).await;
    let few = ["--cases", "10"];
    let first = kept.explore(&wrong_url, &few).await;
    assert_eq!(first.status.code(), Some(1), "{}", text(&first.stderr));
    assert!(kept.text().contains("trentcheck-failures/1") && kept.text().contains(&wrong_url), "{}", kept.text());
    let elsewhere = kept.explore(&right_url, &few).await;
    let stdout = text(&elsewhere.stdout);
    assert_eq!(elsewhere.status.code(), Some(0), "{stdout}");
    assert!(kept.text().contains(&wrong_url), "{}", kept.text());
    let also = kept.explore(&also_url, &few).await;
    assert_eq!(also.status.code(), Some(1), "{}", text(&also.stdout));
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
    let kept = Kept::new();
    let (wrong, url) = served(Some("success-body-null")).await;
    kept.explore(&url, &["--cases", "10"]).await;
    wrong.stop().await;
    assert!(kept.text().contains("\"trial\""));
    let (right, target) = reference(config(Edition::KeyOnly)).await;
    // The mended server has the address of the wrong one.
    let mended = target.endpoint.to_string();
    std::fs::write(&kept.0, kept.text().replace(&url, &mended)).unwrap();
    let then = kept.explore(&mended, &["--cases", "10"]).await;
    assert_eq!(then.status.code(), Some(0), "{}", text(&then.stdout));
    assert!(!kept.text().contains("\"trial\""), "{}", kept.text());
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_port_is_one_sentence_and_exit_code_3() {
    let kept = Kept::new();
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let output = kept.explore(&format!("http://{address}"), &[]).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert_eq!(stdout.matches("no connection").count(), 1, "{stdout}");
    assert!(!kept.0.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_is_no_kms() {
    let kept = Kept::new();
    for page in ["404 Not Found", "200 OK", "501 Not Implemented"] {
        let address = answering(move |_, _| {
            format!("HTTP/1.1 {page}\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>")
        })
        .await;
        let output = kept.explore(&format!("http://{address}"), &[]).await;
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{stdout}");
        assert!(!kept.0.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_before_a_target_died_is_printed_and_kept() {
    let kept = Kept::new();
    let (wrong, target) = reference(config(Edition::KeyOnly)).await;
    // Enough connections for some trials and to repeat what they show.
    let way = altered(wrong.address(), ("x-amzn-requestid", "x-amzn-requestix"), 400).await;
    let url = format!("http://{way}");
    let output = kept.explore(&url, &["--cases", "100000"]).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("header x-amzn-RequestId"), "{stdout}");
    assert!(stdout.contains("the exploration ended early: the target stopped answering"), "{stdout}");
    assert!(kept.text().contains(&url), "{}", kept.text());
    drop(target);
    wrong.stop().await;
}

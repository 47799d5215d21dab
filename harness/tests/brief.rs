//! A run with many divergences stays readable: what is the same for all is said once, and `--brief` takes a line each.

use crate::support::command::{text, trentcheck_apart};
use crate::support::{config, reference};
use trentcheck_core::fixture::Edition;

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_is_given_once_and_brief_takes_a_line_for_each_divergence() {
    // A target of the other edition: every success has another body, which a notice says once.
    let (server, target) = reference(config(Edition::KeyMaterialId)).await;
    let endpoint = target.endpoint.to_string();
    let run = async |more: &[&str]| {
        let arguments = [&["run", "success/*", "--edition", "key-only", "--endpoint", &endpoint], more].concat();
        let output = trentcheck_apart(&[], &arguments).await;
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stdout)
    };
    let whole = run(&[]).await;
    let signs = whole.lines().filter(|line| line.starts_with('✗')).count();
    assert!(signs > 3, "{whole}");
    assert_eq!(whole.matches("choose it with `--edition key-material-id`").count(), 1, "{whole}");
    let brief = run(&["--brief"]).await;
    let lines: Vec<&str> = brief.lines().filter(|line| line.starts_with('✗')).collect();
    assert_eq!(lines.len(), signs, "{brief}");
    assert!(lines.iter().all(|line| line.contains("answer: expected ")), "{brief}");
    assert!(!brief.contains("hint:") && !brief.contains("> POST") && !brief.contains("repeat"), "{brief}");
    server.stop().await;
}

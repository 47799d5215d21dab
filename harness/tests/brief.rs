//! A run with many divergences stays readable: what is the same for all is one cause, and `--brief` takes a line each.

use crate::support::command::{text, trentcheck_apart};
use crate::support::{config, reference};
use trentcheck_core::fixture::Edition;

#[tokio::test(flavor = "multi_thread")]
async fn many_divergences_are_one_cause_brief_takes_a_line_and_details_show_every_case() {
    // A target of the other edition: every success has another body, which a notice says once.
    let (server, target) = reference(config(Edition::KeyMaterialId)).await;
    let endpoint = target.endpoint.to_string();
    let run = async |more: &[&str]| {
        let arguments = [&["run", "success/*", "--edition", "key-only", "--endpoint", &endpoint], more].concat();
        let output = trentcheck_apart(&[], &arguments).await;
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stdout)
    };
    let signs = |text: &str| text.lines().filter(|line| line.starts_with('✗')).count();
    let whole = run(&[]).await;
    assert_eq!(signs(&whole), 1, "{whole}");
    assert_eq!(whole.matches("choose it with `--edition key-material-id`").count(), 1, "{whole}");
    assert_eq!((whole.matches("> POST").count(), whole.matches("    repeat ").count()), (1, 1), "{whole}");
    let details = run(&["--details"]).await;
    let cases = signs(&details) - 1;
    assert!(cases > 3 && details.matches("    repeat ").count() == cases, "{details}");
    let brief = run(&["--brief"]).await;
    let lines: Vec<&str> = brief.lines().filter(|line| line.starts_with('✗')).collect();
    assert_eq!(lines.len(), 1, "{brief}");
    assert!(lines[0].starts_with(&format!("✗ {cases} cases: answer: expected zero bytes")), "{brief}");
    assert!(!brief.contains("hint:") && !brief.contains("> POST") && !brief.contains("repeat"), "{brief}");
    server.stop().await;
}

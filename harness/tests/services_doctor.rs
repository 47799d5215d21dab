//! `doctor` at services that are well and at those that are not.

use crate::services::{KEYS, service, text, trentcheck, with};

/// The lines of a sign, by what they check.
fn lines(stdout: &str, sign: &str) -> Vec<String> {
    let line = |line: &str| Some(line.strip_prefix(sign)?.split_whitespace().next()?.to_owned());
    stdout.lines().filter_map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_well_passes_every_check_and_nothing_is_made_there() {
    let (server, reached) = service("doctor").await;
    let output = trentcheck(&KEYS, &with("doctor", &reached, &[])).await;
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}{}", text(&output.stderr));
    let good = lines(&stdout, "✓");
    for what in ["name", "connection", "TLS", "clock", "identity", "operation", "DescribeKey", "ScheduleKeyDeletion"] {
        assert!(good.iter().any(|line| line == what), "{what}: {stdout}");
    }
    assert_eq!(lines(&stdout, "✗"), Vec::<String>::new());
    let json = trentcheck(&KEYS, &with("doctor", &reached, &["--json"])).await;
    let checkups: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(checkups.as_array().unwrap().iter().all(|checkup| checkup["health"] != "bad"), "{checkups}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_has_its_own_line_and_a_hint() {
    let (server, reached) = service("doctor-wrong").await;
    let stranger = [("AWS_ACCESS_KEY_ID", "AKIDNOBODY"), ("AWS_SECRET_ACCESS_KEY", "unknown")];
    let without_ca = &reached[..4].to_vec();
    let nobody: Vec<String> = ["--endpoint", "https://kms.example.test", "--resolve", "127.0.0.1:1", "--insecure"]
        .map(str::to_owned)
        .to_vec();
    for (variables, reached, expected) in
        [(&stranger, &reached, "identity"), (&KEYS, without_ca, "TLS"), (&KEYS, &nobody, "connection")]
    {
        let output = trentcheck(variables, &with("doctor", reached, &[])).await;
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{expected}: {stdout}{}", text(&output.stderr));
        assert!(lines(&stdout, "✗").iter().any(|what| what == expected), "{expected}: {stdout}");
        assert!(stdout.contains("hint: "), "{stdout}");
    }
    server.stop().await;
}

//! `trentcheck serve` as a process.

use crate::support::command::{Served, finished, json_run, pasted, said, text, trentcheck, trentcheck_with};
use crate::support::scratch::{Scratch, written};

#[cfg(unix)]
#[test]
fn no_case_is_skipped_with_the_configuration_that_serve_writes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Scratch::new();
    let file = &folder.file("it's a file.toml");
    // The second server replaces the file of the first.
    for edition in ["key-only", "key-material-id"] {
        let mut server = Served::start(&["--edition", edition, "--config-out", file]);
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.names("").len(), 1);
        let run = trentcheck(&["run", "--config", file, "--target", "reference", "--report", "json"]);
        assert_eq!(run.status.code(), Some(0), "{edition}: {}", text(&run.stderr));
        let report = json_run(&run);
        assert_eq!(report["figures"]["skipped"], 0, "{edition}: {}", report["figures"]);
        assert_eq!(report["figures"]["pass"], report["figures"]["selected"], "{edition}: {}", report["figures"]);
        assert_eq!(report["target"]["edition"], edition);
        let doctor = trentcheck(&["doctor", "--config", file, "--target", "reference"]);
        assert_eq!(doctor.status.code(), Some(0), "{edition}: {}", text(&doctor.stdout));
        // The line that it prints is one that a shell runs.
        let lines = [(); 2].map(|()| server.stderr_line().unwrap());
        assert!(lines[0].contains(file.as_str()), "{lines:?}");
        let run = finished(&mut pasted(&[], &format!("{} example/absent-key", lines[1].trim())));
        assert_eq!(run.status.code(), Some(0), "{lines:?}: {}", text(&run.stderr));
    }
}

/// What a client with this secret is answered, and what the server explains.
fn explaining(secret: &str) -> (String, Vec<String>) {
    let mut server = Served::start(&["--explain-signature"]);
    let keys = [("TRENTCHECK_ACCESS_KEY_ID", "AKIDTRENTCHECK000001"), ("TRENTCHECK_SECRET_ACCESS_KEY", secret)];
    let endpoint = server.url.clone();
    let run = trentcheck_with(&keys, &["replay", "example/absent-key", "--endpoint", &endpoint]);
    let mut lines = Vec::new();
    if run.status.code() != Some(0) {
        while !lines.iter().any(|line: &String| line.contains("why ")) {
            lines.push(server.stderr_line().unwrap());
        }
    }
    // The server says first how to call it, and its published credentials are a part of that.
    let begins = lines.iter().position(|line| line.starts_with("wrong signature")).unwrap_or(lines.len());
    (text(&run.stdout), lines.split_off(begins))
}

#[test]
fn serve_explains_a_wrong_signature_and_answers_as_always() {
    let (answer, explained) = explaining("trentcheck-dummy-secret-denied");
    assert!(answer.contains("InvalidSignatureException"), "{answer}");
    let explained = explained.join("\n");
    assert!(explained.contains("step     key"), "{explained}");
    assert!(explained.contains("it signs with the secret of the principal `denied`"), "{explained}");
    assert!(!explained.contains("dummy-secret"), "{explained}");
    let (answer, explained) = explaining("trentcheck-dummy-secret-primary");
    assert!(!answer.contains("InvalidSignatureException") && explained.is_empty(), "{answer}");
}

#[test]
fn serve_replaces_no_file_that_somebody_else_wrote() {
    let path = written("trentcheck.toml", "endpoint = \"http://127.0.0.1:1\"\n");
    let output = trentcheck(&["serve", "--config-out", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("only a file that it wrote"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "endpoint = \"http://127.0.0.1:1\"\n");
}

#[test]
fn access_keys_of_a_configuration_are_for_loopback_and_are_not_shown() {
    const KEY: &str = "access-key-id = \"AKIDHUNTER2\"\nsecret-access-key = \"hunter2hunter2\"\n";
    let at = |endpoint: &str| format!("[targets.t]\nendpoint = \"{endpoint}\"\n");
    let loopback = at("http://127.0.0.1:1");
    for (text_of_file, code, expected) in [
        (format!("{}[targets.t.credentials.denied]\n{KEY}", at("https://kms.example.test")), 5, "on loopback only"),
        (
            format!("{loopback}profile = \"p\"\n[targets.t.credentials.primary]\n{KEY}"),
            2,
            "both give credentials for `primary`",
        ),
        (format!("{loopback}[targets.t.credentials.nobody]\n{KEY}"), 2, "has tables `primary`"),
        (format!("{loopback}[targets.t.credentials.denied]\n{KEY}token = \"hunter2\"\n"), 2, "has tables `primary`"),
        (format!("{loopback}credentials = \"hunter2hunter2\"\n"), 2, "has tables `primary`"),
        (
            format!("{loopback}[targets.t.credentials.denied]\n{}", KEY.replace("hunter2hunter2", "hunter2 hunter2")),
            2,
            "the configuration file",
        ),
    ] {
        let path = written("trentcheck.toml", &text_of_file);
        let output = trentcheck(&["run", "--config", &path, "--target", "t"]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{text_of_file}: {said}");
        assert!(said.contains(expected) && !said.to_lowercase().contains("hunter2"), "{text_of_file}: {said}");
    }
}

#[test]
fn a_profile_of_a_targets_table_replaces_the_access_key_of_the_whole_file() {
    let key = "[credentials.primary]\naccess-key-id = \"AKID\"\nsecret-access-key = \"secret\"\n";
    let path = written(
        "trentcheck.toml",
        format!("{key}[targets.t]\nendpoint = \"http://127.0.0.1:1\"\nprofile = \"no-such-profile\"\n"),
    );
    let output = trentcheck(&["run", "--config", &path, "--target", "t"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no-such-profile"), "{said}");
}

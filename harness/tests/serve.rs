//! `trentcheck serve` as a process.

use crate::command::{text, trentcheck};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that is killed at the end.
struct Serving {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Serving {
    /// Starts it, and waits until it says that it is ready.
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trentcheck"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder of a test, empty.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve {name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[cfg(unix)]
#[test]
fn no_case_is_skipped_with_the_configuration_that_serve_writes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("config-out");
    let path = folder.join("it's a file.toml");
    let file = path.to_str().unwrap();
    // The second server replaces the file of the first.
    for edition in ["key-only", "key-material-id"] {
        let mut server = Serving::start(&["--edition", edition, "--config-out", file]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let run = trentcheck(&["run", "--config", file, "--target", "reference", "--report", "json"]);
        assert_eq!(run.status.code(), Some(0), "{edition}: {}", text(&run.stderr));
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        let report = &report["runs"][0];
        assert_eq!(report["figures"]["skipped"], 0, "{edition}: {}", report["figures"]);
        assert_eq!(report["figures"]["pass"], report["figures"]["selected"], "{edition}: {}", report["figures"]);
        assert_eq!(report["target"]["edition"], edition);
        let doctor = trentcheck(&["doctor", "--config", file, "--target", "reference"]);
        assert_eq!(doctor.status.code(), Some(0), "{edition}: {}", text(&doctor.stdout));
        // The line that it prints is one that a shell runs.
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            server.stderr.read_line(line).unwrap();
        }
        assert!(lines[0].contains(file), "{lines:?}");
        let run = shell(&format!("{} example/absent-key", lines[1].trim()));
        assert_eq!(run.status.code(), Some(0), "{lines:?}: {}", text(&run.stderr));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Runs a line as a person would who pastes it.
#[cfg(unix)]
fn shell(line: &str) -> std::process::Output {
    let command = Path::new(env!("CARGO_BIN_EXE_trentcheck")).parent().unwrap();
    let path = format!("{}:{}", command.display(), std::env::var("PATH").unwrap_or_default());
    Command::new("sh").args(["-c", line]).env("PATH", path).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

#[test]
fn serve_replaces_no_file_that_somebody_else_wrote() {
    let folder = folder("kept");
    let path = folder.join("trentcheck.toml");
    std::fs::write(&path, "endpoint = \"http://127.0.0.1:1\"\n").unwrap();
    let output = trentcheck(&["serve", "--config-out", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("only a file that it wrote"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "endpoint = \"http://127.0.0.1:1\"\n");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn access_keys_of_a_configuration_are_for_loopback_and_are_not_shown() {
    const KEY: &str = "access-key-id = \"AKIDHUNTER2\"\nsecret-access-key = \"hunter2hunter2\"\n";
    let folder = folder("keys");
    let path = folder.join("trentcheck.toml");
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
        std::fs::write(&path, &text_of_file).unwrap();
        let output = trentcheck(&["run", "--config", path.to_str().unwrap(), "--target", "t"]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text_of_file}: {said}");
        assert!(said.contains(expected) && !said.to_lowercase().contains("hunter2"), "{text_of_file}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_profile_of_a_targets_table_replaces_the_access_key_of_the_whole_file() {
    let folder = folder("over");
    let path = folder.join("trentcheck.toml");
    let key = "[credentials.primary]\naccess-key-id = \"AKID\"\nsecret-access-key = \"secret\"\n";
    std::fs::write(
        &path,
        format!("{key}[targets.t]\nendpoint = \"http://127.0.0.1:1\"\nprofile = \"no-such-profile\"\n"),
    )
    .unwrap();
    let output = trentcheck(&["run", "--config", path.to_str().unwrap(), "--target", "t"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no-such-profile"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

//! `run --watch`: again when something changes, until an interrupt.

use crate::support::command::{program, said, tested, trentcheck};
use crate::support::scratch::{Scratch, file};
use crate::support::{config, reference};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

/// Whatever takes this long hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A run that watches, killed when this is dropped.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = program(tested(), folder, &[]);
        command.args(["run", "--watch", "--state", "none"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines }
    }

    /// The lines until all of these texts came; the two streams are in no order.
    #[track_caller]
    fn until(&self, parts: &[&str]) -> String {
        let mut told = String::new();
        while !parts.iter().all(|part| told.contains(part)) {
            let Ok(line) = self.lines.recv_timeout(LIMIT) else { panic!("{parts:?} did not come: {told}") };
            told += &line;
            told.push('\n');
        }
        told
    }

    /// Interrupts it, and gives its exit code.
    fn interrupted(mut self) -> Option<i32> {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
        // The streams end with the process.
        while self.lines.recv_timeout(LIMIT).is_ok() {}
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of the fixtures.
fn copied() -> Scratch {
    let copy = Scratch::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for part in ["spec", "cases", "targets", "recorded"] {
        for entry in std::fs::read_dir(fixtures.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            copy.write(&format!("{part}/{name}"), std::fs::read(&path).unwrap());
        }
    }
    copy
}

#[cfg(unix)]
#[test]
fn fixtures_that_change_are_run_again_and_wrong_ones_are_told() {
    let copy = copied();
    let watching = Watching::start(copy.path(), &["example/absent-key", "--embedded", "--fixtures", copy.as_str()]);
    const WAITS: &str = "watching; an interrupt ends it";
    watching.until(&["exit code 0", WAITS]);
    let case = copy.read("cases/example.toml");
    copy.write("cases/example.toml", case.clone() + "\nnonsense");
    let told = watching.until(&["== again: `", "error: ", WAITS]);
    assert!(told.contains("cases/example.toml` changed"), "{told}");
    copy.write("cases/example.toml", case);
    let told = watching.until(&["== again: `", "exit code 0", WAITS]);
    assert!(!told.contains('\u{1b}'), "{told}");
    assert_eq!(watching.interrupted(), Some(130));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_restarts_is_run_again() {
    let (first, target) = reference(config(Edition::KeyOnly)).await;
    let (address, url) = (first.address(), target.endpoint.to_string());
    let arguments = ["members/empty", "--edition", "key-only", "--endpoint", &url];
    let watching = Watching::start(Scratch::new().path().parent().unwrap(), &arguments);
    watching.until(&["exit code 0", "watching"]);
    first.stop().await;
    // It says what it sees, so that nobody has to wait for a time.
    watching.until(&["the target is away"]);
    let second = Server::start(Config { listen: address, ..config(Edition::KeyOnly) }).await.unwrap();
    watching.until(&["== again: the target listens again", "exit code 0"]);
    assert_eq!(watching.interrupted(), Some(130));
    second.stop().await;
}

#[test]
fn what_cannot_be_watched_is_refused() {
    for (arguments, code, told) in [
        (&["run", "--watch"][..], 2, "needs something that can change"),
        (&["run", "--watch", "--endpoint", "http://127.0.0.1:1", "--report", "json"], 2, "report on stdout"),
        (&["run", "--watch", "--endpoint", "https://kms.example.test", "--insecure"], 5, "on loopback only"),
        (&["run", "--watch", "--print-config"], 2, "cannot be used with"),
        (&["run", "--watch", "--fixtures", "nowhere"], 2, "nowhere"),
    ] {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
        let output = crate::support::command::trentcheck_with(&keys, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told) && output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
    let list = file("trentcheck.toml");
    std::fs::write(
        &list,
        "[targets.a]\nendpoint = \"http://127.0.0.1:1\"\n[targets.b]\nendpoint = \"http://127.0.0.1:2\"\n",
    )
    .unwrap();
    let output = trentcheck(&["run", "--watch", "--target", "all"]);
    assert!(said(&output).contains("`--watch` takes one target"), "{}", said(&output));
}

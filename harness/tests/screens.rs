//! What users read: help, reports and errors of the command, each screen a snapshot in `snapshots/screens`.
//!
//! `INSTA_UPDATE=always cargo test --test snapshots screens/` accepts every screen as it is now.

mod errors;
mod help;
mod runs;

use crate::support::command::{text, trentcheck_in};
use crate::support::scratch::Scratch;
use crate::support::service::service;
use crate::support::{config, mutant, reference};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use tokio::runtime::Handle;
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

/// A screen's name, and the calls that it shows.
pub(crate) type Screen = (&'static str, fn(&mut Stage));

/// A trial for each screen, and one that fails if a file belongs to none.
pub(crate) fn trials(runtime: &Handle) -> Vec<Trial> {
    let screens: Vec<Screen> = [help::SCREENS, runs::SCREENS, errors::SCREENS].concat();
    let expected: Vec<PathBuf> = screens.iter().map(|(name, _)| folder().join(format!("{name}.snap"))).collect();
    let mut trials = vec![Trial::test("screens/no_screen_is_left_over", move || left_over(&expected))];
    for (name, calls) in screens {
        let runtime = runtime.clone();
        trials.push(Trial::test(format!("screens/{name}"), move || shown(name, calls, runtime)));
    }
    trials
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/screens")
}

/// What differs from call to call and from machine to machine, and what is shown in its place.
fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"(/[^\s`'=]+)?/scratch[0-9A-Za-z]{6}\b", "[folder]"),
        // Ports of servers of ours; the fixed ones of examples are smaller.
        (r"127\.0\.0\.1:[1-6]\d{4}\b", "127.0.0.1:[port]"),
        (r"kms\.example\.test:[1-6]\d{4}\b", "kms.example.test:[port]"),
        (r"made to port \d+", "made to port [port]"),
        // Ids that were drawn, whole or cut off; an example of the documentation is of no version and stays.
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "[uuid]"),
        (r"\b[0-9a-f]{8}-[0-9a-f-]{8,27}…", "[uuid]…"),
        (r#"\btrentcheck [0-9a-f]{12}\b"#, "trentcheck [run]"),
        (r#""TagValue":"[0-9a-f]{12}""#, r#""TagValue":"[run]""#),
        (r"\b[0-9a-f]{32}\b", "[id]"),
        (r#""KeyMaterialId":"[0-9a-f]{64}""#, r#""KeyMaterialId":"[id]""#),
        (r"\bcorpus [0-9a-f]{12}\b", "corpus [digest]"),
        (r"\bcorpus 20\d\d\.\d+\.\d+ \([0-9a-f]{12}\)", "corpus [version] ([digest])"),
        // Moments and times.
        (r"\b[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} 20\d\d \d{2}:\d{2}:\d{2} GMT", "[date]"),
        (r"X-Amz-Date: 202\d{5}T\d{6}Z", "X-Amz-Date: [date]"),
        (r"Credential=<access-key-id>/202\d{5}/", "Credential=<access-key-id>/[day]/"),
        (r"(recorded|until) 20\d\d-\d\d-\d\d", "$1 [day]"),
        (r"\b\d+ s (ahead of|behind) the target's", "[seconds] ahead of the target's"),
        (r"\b\d+\.\d+ s\b", "[duration]"),
        (r"\b\d+\.\d+ ms\b", "[duration]"),
        // How often a state is read again depends on the machine.
        (r"\b\d+ exchanges with", "[number] exchanges with"),
        (r"(?m)^ {10,}\d+  ([A-Z])", "          [number]  $1"),
        (r"calls     \d+", "calls     [number]"),
        (r"\b\d{4} requests", "[number] requests"),
        // The system's own number of an error.
        (r"\(os error \d+\)", "(os error [number])"),
        (concat!("(trentcheck|by) ", env!("CARGO_PKG_VERSION")), "$1 [version]"),
    ]
}

/// Where calls are made: a folder, servers, and what has been said so far.
pub(crate) struct Stage {
    runtime: Handle,
    folder: Scratch,
    servers: Vec<Server>,
    transcript: String,
}

impl Stage {
    /// Makes a call that is shown.
    #[track_caller]
    pub(crate) fn call(&mut self, arguments: &[&str]) {
        self.call_with(&[], arguments);
    }

    /// Makes a call with these variables that is shown.
    #[track_caller]
    pub(crate) fn call_with(&mut self, variables: &[(&str, &str)], arguments: &[&str]) {
        let output = trentcheck_in(self.folder.path(), variables, arguments);
        let mut line = String::new();
        for (name, value) in variables {
            line += &format!("{name}={} ", quoted(value));
        }
        line += "trentcheck";
        for argument in arguments {
            line += &format!(" {}", quoted(argument));
        }
        if !self.transcript.is_empty() {
            self.transcript += "\n";
        }
        self.transcript += &format!("$ {line}\n");
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                self.transcript += &format!("--- {stream}\n{}", text(bytes));
            }
        }
        self.transcript += &format!("--- exit code {}\n", output.status.code().unwrap());
    }

    /// Makes a call that is not shown.
    pub(crate) fn prepare(&self, arguments: &[&str]) {
        trentcheck_in(self.folder.path(), &[], arguments);
    }

    /// Writes a file into the folder in which calls are made.
    pub(crate) fn write(&self, name: &str, contents: &str) {
        self.folder.write(name, contents);
    }

    /// A file of the folder in which calls are made.
    pub(crate) fn read(&self, name: &str) -> String {
        self.folder.read(name)
    }

    /// The URL of a reference.
    pub(crate) fn reference(&mut self, edition: Edition) -> String {
        self.serve(config(edition))
    }

    /// The URL of a mutant or of a control.
    pub(crate) fn mutant(&mut self, name: &str) -> String {
        self.serve(Config { mutant: Some(mutant(name)), ..config(Edition::KeyOnly) })
    }

    /// The arguments that reach a reference off loopback.
    pub(crate) fn service(&mut self) -> Vec<String> {
        let (server, reached) = self.runtime.block_on(service("ca"));
        self.servers.push(server);
        reached
    }

    /// The URL of a server that answers everything alike.
    pub(crate) fn answers(&self, status: &'static str, body: &'static str) -> String {
        let answer = move |_: &str, _: &str| {
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        format!("http://{}", self.runtime.block_on(crate::support::hostile::answering(answer)))
    }

    fn serve(&mut self, config: Config) -> String {
        let (server, target) = self.runtime.block_on(reference(config));
        self.servers.push(server);
        target.endpoint.to_string()
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@,+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

fn shown(name: &'static str, calls: fn(&mut Stage), runtime: Handle) -> Result<(), Failed> {
    let mut stage = Stage { runtime, folder: Scratch::new(), servers: Vec::new(), transcript: String::new() };
    calls(&mut stage);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_filters(filters());
    settings.bind(|| insta::assert_snapshot!(name, stage.transcript));
    for server in stage.servers {
        stage.runtime.block_on(server.stop());
    }
    Ok(())
}

fn left_over(expected: &[PathBuf]) -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "snap") && !expected.contains(&path) {
            return Err(format!("{} belongs to no screen", path.display()).into());
        }
    }
    Ok(())
}

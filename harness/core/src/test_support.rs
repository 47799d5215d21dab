//! What unit tests start from: the corpus, an answer, a run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::baseline::{Head, Recording};
use crate::fixture::{Corpus, Document, Edition, Level, Supports, load};
use crate::http::Header;
use crate::observe::{Observation, observe};
use crate::report::{About, CaseRan, End, Held, Look, Outcome, Pinned, Ran, RunReport, TargetReport};
use crate::send::{Response, ResponseFraming, Version};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The corpus of `fixtures/`.
pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases", "targets", "recorded"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    load(&documents).unwrap()
});

/// The head of a recording.
pub(crate) fn head() -> Head {
    Head {
        tool: "0".to_owned(),
        corpus: "0".to_owned(),
        edition: Edition::KeyOnly,
        region: "r".to_owned(),
        lane: "wire".to_owned(),
        recorded: "2026-01-01".to_owned(),
    }
}

/// An answer of this status, headers and body, framed well.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response {
    Response {
        version: Version::Http11,
        status,
        reason: String::new(),
        headers: headers.iter().map(|(name, value)| Header::new(*name, *value)).collect(),
        body: body.to_vec(),
        framing: ResponseFraming::Length(body.len() as u64),
        interim: Vec::new(),
        leftover: 0,
        closes: false,
    }
}

/// What is read from an answer of this status and body.
pub(crate) fn observed(status: u16, body: &str) -> Observation {
    observe(&answer(status, &[], body.as_bytes()))
}

/// A case that answers 500; the mismatch is a `must`.
pub(crate) fn case(id: &str, outcome: Outcome) -> CaseRan {
    let differs = match outcome {
        Outcome::Diverges => {
            vec![(Level::Must, "status, answer: 500".to_owned()), (Level::May, "message, answer".to_owned())]
        }
        _ => Vec::new(),
    };
    CaseRan {
        id: id.to_owned(),
        title: String::new(),
        group: id.split('/').next().unwrap().to_owned(),
        level: Level::Must,
        clauses: Vec::new(),
        supports: Supports::default(),
        outcome,
        blocked_by: None,
        reason: None,
        mismatches: Vec::new(),
        likenesses: Vec::new(),
        once: Vec::new(),
        second: None,
        intermittent: None,
        rounds: None,
        pinned: Pinned { answer: if differs.is_empty() { "200" } else { "500" }.to_owned(), differs },
        exchanges: Vec::new(),
        states: Vec::new(),
        curl: None,
        traces: Vec::new(),
        recording: Recording::default(),
        replaced: Vec::new(),
        duration_us: 0,
    }
}

/// A run of these cases, with these outcomes.
pub(crate) fn ran(cases: &[(&str, Outcome)]) -> Ran {
    Ran {
        run: "r".to_owned(),
        started: String::new(),
        duration_ms: 0,
        target: TargetReport {
            endpoint: "http://127.0.0.1:1".to_owned(),
            region: "us-east-2".to_owned(),
            edition: Edition::KeyMaterialId,
            embedded: false,
        },
        lane: "wire".to_owned(),
        jobs: 1,
        seed: None,
        fail_on: Level::Must,
        clock_ahead_s: None,
        notices: Vec::new(),
        keys: 0,
        calls: std::collections::BTreeMap::new(),
        latencies: crate::send::Latencies::default(),
        left: Vec::new(),
        accounts: Vec::new(),
        recorded: None,
        rounds: None,
        end: End::default(),
        cases: cases.iter().map(|(id, outcome)| case(id, *outcome)).collect(),
    }
}

/// The report of a run.
pub(crate) fn concluded(ran: &Ran, looks: &[Look], held: Held) -> RunReport {
    let about = About { name: None, corpus: &CORPUS, repeat: &|ids| format!("trentcheck run {}", ids.join(" ")) };
    RunReport::conclude(ran, looks, held, &about)
}

/// The code of every source file below a folder of this crate, tests apart.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_test =
        |path: &PathBuf| path.strip_prefix(root).unwrap().iter().any(|part| part.to_string_lossy().contains("tests"));
    let files = files(&root.join(folder)).into_iter().filter(|path| !is_test(path));
    files.map(|path| (path.clone(), code(&std::fs::read_to_string(path).unwrap()))).collect()
}

/// Every source file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The code of a source file without comments and tests. An item for tests ends at the first line of its indentation
/// that closes it, as rustfmt lays it out.
pub(crate) fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indentation = line.len() - line.trim_start().len();
        match line.trim_start() {
            "#[cfg(test)]" => {
                let ends = |line: &&str| {
                    line.get(indentation..)
                        .is_some_and(|rest| !rest.starts_with(' ') && (rest == "}" || rest.ends_with(';')))
                };
                lines.by_ref().find(ends);
            }
            comment if comment.starts_with("//") => {}
            _ => code.extend([line, "\n"]),
        }
    }
    code
}

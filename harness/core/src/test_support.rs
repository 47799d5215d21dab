//! What unit tests start from: the corpus, an answer, a run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::baseline::{Head, Recording};
use crate::fixture::{Corpus, Document, Edition, Level, Supports, load};
use crate::http::Header;
use crate::observe::{Observation, observe};
use crate::report::{About, CaseRan, End, Held, Look, Outcome, Pinned, Ran, RunReport, TargetReport};
use crate::send::{Response, ResponseFraming, Version};
use std::sync::LazyLock;

/// The corpus of `fixtures/`.
pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases", "recorded"] {
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
        reason: None,
        mismatches: Vec::new(),
        likenesses: Vec::new(),
        once: Vec::new(),
        second: None,
        intermittent: None,
        pinned: Pinned { answer: if differs.is_empty() { "200" } else { "500" }.to_owned(), differs },
        exchanges: Vec::new(),
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
        left: Vec::new(),
        accounts: Vec::new(),
        recorded: None,
        end: End::default(),
        cases: cases.iter().map(|(id, outcome)| case(id, *outcome)).collect(),
    }
}

/// The report of a run.
pub(crate) fn concluded(ran: &Ran, looks: &[Look], held: Held) -> RunReport {
    let about = About { name: None, corpus: &CORPUS, repeat: &|id| format!("trentcheck run {id}") };
    RunReport::conclude(ran, looks, held, &about)
}

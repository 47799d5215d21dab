//! Files of known deviations.

use super::visible::must_be_lines;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use trentcheck_core::baseline::Recording;
use trentcheck_core::deviation::{Date, Fresh, List, update};
use trentcheck_core::fixture::{Corpus, Document, Edition, Level, Supports, load};
use trentcheck_core::report::{CaseRan, End, Outcome, Pinned, Ran, TargetReport};
use trentcheck_core::send::Latencies;

pub(super) const WORDS: &[&str] = &[
    "[[deviation]]\n",
    "case = ",
    "\"success/enabled\"",
    "\"example/*\"",
    "flaky = true\n",
    "answer = \"400 ValidationException\"\n",
    "differs = [\"status, answer: 400\"]\n",
    "reason = ",
    "link = ",
    "expires = 2027-06-30\n",
    "expires = \"2027-06-30\"\n",
    "edition = \"key-material-id\"\n",
    "fail-on = \"should\"\n",
    "deviation = [{ case = \"",
    "\"\"\"",
    "'''",
    "{a,b}",
    "[!",
    "**",
    "# ",
    "\\n::error::",
    "\\u001b",
];

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let read = |part: &'static str| {
        std::fs::read_dir(root.join(part)).unwrap().map(move |entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() }
        })
    };
    load(&["spec", "cases", "targets", "recorded"].into_iter().flat_map(read).collect::<Vec<_>>()).unwrap()
});

/// A run with a case that passes, and one that diverges.
static RAN: LazyLock<Ran> = LazyLock::new(|| Ran {
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
    calls: BTreeMap::new(),
    latencies: Latencies::default(),
    left: Vec::new(),
    accounts: Vec::new(),
    recorded: None,
    rounds: None,
    end: End::default(),
    cases: CORPUS
        .cases
        .iter()
        .take(2)
        .zip([Outcome::Pass, Outcome::Diverges])
        .map(|(case, outcome)| ran(case.id(), outcome))
        .collect(),
});

fn ran(id: &str, outcome: Outcome) -> CaseRan {
    let differs = vec![(Level::Must, "status, answer: 500".to_owned())];
    CaseRan {
        id: id.to_owned(),
        title: String::new(),
        group: String::new(),
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
        pinned: Pinned {
            answer: "500".to_owned(),
            differs: if outcome == Outcome::Diverges { differs } else { Vec::new() },
        },
        exchanges: Vec::new(),
        states: Vec::new(),
        curl: None,
        traces: Vec::new(),
        recording: Recording::default(),
        replaced: Vec::new(),
        duration_us: 0,
    }
}

/// Every fault stands in a line of the file. A list that is taken can be written anew from a run, is taken again, and
/// does not change when it is written once more.
pub(super) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let list = match List::parse("known.toml", text, &CORPUS) {
        Ok(list) => list,
        Err(faults) => {
            for fault in faults.0 {
                let line =
                    fault.strip_prefix("known.toml:").and_then(|rest| rest.split_once(':')).map(|(line, _)| line);
                let line: usize = line.and_then(|line| line.parse().ok()).unwrap();
                assert!((1..=text.matches('\n').count() + 1).contains(&line), "{fault}");
                must_be_lines(&fault);
            }
            return;
        }
    };
    // Reports show these texts line by line.
    for entry in &list.entries {
        let texts =
            [entry.pattern(), &entry.reason].into_iter().chain(entry.link.as_deref()).chain(entry.answer.as_deref());
        texts
            .chain(entry.differs.iter().map(String::as_str))
            .for_each(|text| assert!(!text.contains(char::is_control)));
    }
    let today: Date = "2026-11-26".parse().unwrap();
    let fresh = Fresh { reason: "new".to_owned(), expires: "2027-11-26".parse().unwrap(), renewed: None };
    let updated = update(text, &list, &RAN, &CORPUS, today, &fresh).unwrap().text;
    let again = List::parse("known.toml", &updated, &CORPUS);
    let again = again.unwrap_or_else(|error| panic!("{error}\n{updated}"));
    let twice = update(&updated, &again, &RAN, &CORPUS, today, &fresh).unwrap();
    assert_eq!(twice.text, updated);
    assert_eq!((twice.added, twice.changed, twice.removed), (Vec::new(), Vec::new(), Vec::new()), "{updated}");
}

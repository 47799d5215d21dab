//! A report says everything: written and read back it is the same, and is shown the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::judging::Judging;
use super::regress::snap;
use crate::arguments::{Arguments, Command};
use crate::render::parts::Detail;
use crate::render::terminal::render;
use crate::setup::choice::chosen;
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use clap::Parser;
use std::collections::BTreeSet;
use std::path::Path;
use tokio::sync::OnceCell;
use trentcheck_core::baseline::{Baseline, SnapFile};
use trentcheck_core::report::{Outcome, Report, RunReport};
use trentcheck_reference::{Config, Server, mutant};

/// A session of `trentcheck run` with these arguments.
async fn session(arguments: &[&str]) -> Session {
    let Arguments { command: Some(Command::Run { cases, run, .. }), .. } =
        Arguments::parse_from(["trentcheck", "run", "success/*", "--settle", "100ms"].iter().chain(arguments))
    else {
        panic!("it is a run")
    };
    let configuration = Configuration::default();
    let choice = &chosen(&run.target, &configuration).unwrap()[0];
    Session::prepare(RunSettings::of(&run, choice, &configuration).unwrap(), &cases, None).await.unwrap()
}

async fn run(arguments: &[&str]) -> RunReport {
    Judging::prepare(session(arguments).await).await.unwrap().judge().await.unwrap().report
}

/// What `trentcheck record` writes, also where `CI` is set.
async fn record(directory: &Path, arguments: &[&str]) {
    let mut session = session(arguments).await;
    session.settings.detail = trentcheck_core::run::Detail::Recordings;
    let ran = session.replay(&session.selection).await.unwrap();
    let texts: Vec<(&str, String)> =
        ran.cases.iter().map(|case| (case.id.as_str(), snap(&session.corpus, &session.head(), case))).collect();
    let baseline = Baseline::open_or_new(directory, &session.corpus).unwrap();
    baseline.write(SnapFile::Accepted, texts.iter().map(|(case, text)| (*case, text.as_str()))).unwrap();
}

/// One report for all tests.
static REPORT: OnceCell<Report> = OnceCell::const_new();

/// Two runs with everything that a report can hold: divergences, drift, listed and stale cases, a second target.
async fn report() -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let server = Server::start(Config { mutant: mutant("success-body-null"), ..Config::default() }).await.unwrap();
    let url = format!("http://{}", server.address());
    let entry = |case: &str, answer: &str| {
        format!(
            "[[deviation]]\ncase = \"{case}\"\nanswer = \"{answer}\"\ndiffers = [\"body, answer: null\"]\n\
             reason = \"a null\"\nexpires = 2999-12-31\n"
        )
    };
    let list = entry("success/symmetric", "200") + &entry("success/disabled", "500");
    std::fs::write(path("known.toml"), list).unwrap();
    let base = path("base");
    record(Path::new(&base), &["--skip", "success/hmac", "--embedded"]).await;
    let known = path("known.toml");
    let held = ["--endpoint", &url, "--against", &base, "--strict", "--deviations", &known];
    let runs = vec![run(&held).await, run(&["--embedded", "--against", &url]).await];
    server.stop().await;
    Report::of(runs, 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_read_back_is_the_same_and_is_shown_the_same() {
    let report = REPORT.get_or_init(report).await;
    let text = serde_json::to_string_pretty(report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(read, *report);
    for detail in [Detail::Full, Detail::Brief] {
        assert_eq!(render(&read, detail), render(report, detail));
    }
    // It has what it is about.
    let [held, compared] = report.runs.as_slice() else { panic!("there are two runs") };
    let outcomes: BTreeSet<Outcome> = held.cases.iter().map(|case| case.outcome).collect();
    assert!([Outcome::Diverges, Outcome::Listed, Outcome::Stale].iter().all(|one| outcomes.contains(one)));
    assert!(held.has_drifted() && held.lacks_recordings() && held.is_stale() && compared.differs());
    let shown = render(report, Detail::Full);
    for part in
        ["clause", "states", "repeat", "≠ judged, answer", "stale: it", "listed", "side by side", "2 of 2 targets"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_that_a_case_cites_is_in_its_run() {
    let report = REPORT.get_or_init(report).await;
    for run in &report.runs {
        for case in &run.cases {
            assert!(run.groups.contains_key(&case.group), "{}", case.group);
            assert!(case.fixture.file.starts_with("fixtures/cases/") && case.fixture.line > 0, "{:?}", case.fixture);
            assert!(case.repeat.starts_with(&format!("trentcheck run {} --edition ", case.id)), "{}", case.repeat);
            let mismatches = || case.mismatches.iter();
            for clause in case.clauses.iter().chain(mismatches().flat_map(|mismatch| &mismatch.clauses)) {
                let mut passages = run.clauses[clause].supports.passages();
                assert!(passages.all(|passage| run.passages.contains_key(passage)), "{clause}");
            }
            for supports in [&case.supports].into_iter().chain(mismatches().map(|mismatch| &mismatch.supports)) {
                for passage in supports.passages() {
                    assert!(run.sources.contains_key(&run.passages[passage].source), "{passage}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_calls_of_a_second_look_are_in_the_report() {
    let report = REPORT.get_or_init(report).await;
    let deletions = |run: &RunReport| usize::try_from(run.calls["DeleteImportedKeyMaterial"]).unwrap();
    // Each case that drifted was sent twice; each that differs twice at either side.
    let [held, compared] = report.runs.as_slice() else { panic!("there are two runs") };
    let drifted = held.cases.iter().filter(|case| !case.drift.is_empty()).count();
    assert!(drifted > 5 && deletions(held) >= held.cases.len() + drifted, "{:?}", held.calls);
    let differ = compared.differential.as_ref().unwrap().differ.len();
    assert!(differ > 5 && deletions(compared) >= 2 * (compared.cases.len() + differ), "{:?}", compared.calls);
    assert!(held.keys > held.cases.len() && compared.keys > 2 * compared.cases.len(), "{}", compared.keys);
}

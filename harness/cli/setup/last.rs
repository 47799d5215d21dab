//! Which cases failed when they were last run at a target: kept in a file for each target and edition, for `--last-failed`.
//!
//! The file has ids of cases only. What is kept is an aid, so a run that cannot keep it goes on.

use super::environment::variable;
use crate::edge::failure::Failure;
use crate::edge::output;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::{Case, Corpus, Selection};
use trentcheck_core::normalise::Shown;
use trentcheck_core::report::{CaseReport, Outcome, Report, RunReport};
use trentcheck_core::run::Target;

/// The word for no directory.
const NONE: &str = "none";

/// The format of the file.
const FORMAT: &str = "trentcheck-last-failed/1";

/// The most bytes of the file.
const LARGEST: u64 = 4 << 20;

/// The most bytes of a saved run.
const LARGEST_REPORT: u64 = 256 << 20;

/// Where the cases that failed are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastFailed {
    /// In what earlier runs kept.
    Kept,
    /// In a saved run.
    InReport(PathBuf),
}

/// The directory for what is kept: the one that the user names, else one below the user's state directory, as the XDG base
/// directories have it. It is absent if the user wants none or has no home.
pub(super) fn directory(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        return (named != Path::new(NONE)).then(|| named.to_owned());
    }
    let of_system = || match cfg!(windows) {
        true => variable("LOCALAPPDATA").map(PathBuf::from),
        false => std::env::home_dir().map(|home| home.join(".local").join("state")),
    };
    // The specification says that a relative path is ignored.
    let stated = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(stated.or_else(of_system).filter(|path| path.is_absolute())?.join("trentcheck"))
}

/// What is kept of the runs at one target in one edition.
pub(super) struct Last {
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: String,
    failed: BTreeSet<String>,
}

impl Last {
    /// The file for a target. The port of the embedded reference is another one each time.
    pub(super) fn at(directory: &Path, target: &Target) -> Self {
        let place = if target.embedded { "embedded".to_owned() } else { target.endpoint.to_string() };
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
        let name: String = place.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        Self { file: directory.join("last-failed").join(format!("{name}-{}.json", target.edition)) }
    }

    /// The cases that failed; none if nothing is kept.
    fn failed(&self) -> Result<BTreeSet<String>, Failure> {
        let failure = |why: String| {
            Failure::usage(format!("read the cases that failed last in `{}`: {why}", self.file.display()))
                .hint("delete the file, and the next run writes it anew")
        };
        let text = match read_text(&self.file, LARGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(failure(error.to_string())),
        };
        match serde_json::from_str::<Kept>(&text) {
            Ok(kept) if kept.format == FORMAT => Ok(kept.failed),
            Ok(_) => Err(failure(format!("its format is not `{FORMAT}`"))),
            Err(error) => Err(failure(error.to_string())),
        }
    }

    /// Adds the cases of a run that failed, and removes those that did not. Cases that were not run stay as they were. The
    /// user is told if that is not possible.
    pub(super) fn keep(&self, report: &RunReport) {
        // A target that was never reached says nothing about its cases.
        if report.cases.iter().all(|case| case.exchanges.is_empty()) {
            return;
        }
        // What cannot be read is replaced.
        let before = self.failed().unwrap_or_default();
        let mut failed = before.clone();
        for case in &report.cases {
            match has_failed(case, report) {
                Some(true) => drop(failed.insert(case.id.clone())),
                Some(false) => drop(failed.remove(&case.id)),
                None => {}
            }
        }
        if failed == before && (failed.is_empty() || self.file.exists()) {
            return;
        }
        if let Err(failure) = self.write(failed) {
            output::to_stderr(&format!("{}\nhint: `--state none` keeps nothing for `--last-failed`", failure.text()));
        }
    }

    fn write(&self, failed: BTreeSet<String>) -> Result<(), Failure> {
        let kept = Kept { format: FORMAT.to_owned(), failed };
        let text = serde_json::to_string_pretty(&kept)
            .map_err(|error| Failure::internal(format!("write the cases that failed: {error}")))?;
        output::to_private_file(&self.file, &format!("{text}\n"))
    }
}

/// Whether a case failed; nothing if it was not run.
fn has_failed(case: &CaseReport, report: &RunReport) -> Option<bool> {
    let differs = || report.differential.iter().flat_map(|found| &found.differ).any(|one| one.case == case.id);
    match case.outcome {
        Outcome::Skipped => None,
        Outcome::Diverges | Outcome::Stale | Outcome::Unsupported | Outcome::Indeterminate | Outcome::Blocked => {
            Some(true)
        }
        // What a list calls flaky is known.
        Outcome::Flaky => Some(case.deviation.is_none()),
        Outcome::Pass | Outcome::Listed => Some(!case.drift.is_empty() || differs()),
    }
}

/// The part of a selection that failed before, with a sentence for the report. If nothing of it did, it stays whole.
pub(super) fn narrowed(
    from: &LastFailed,
    last: Option<&Last>,
    selection: Selection,
    corpus: &Corpus,
    target: (&Target, Option<&str>),
) -> Result<(Selection, Shown), Failure> {
    let failed = match (from, last) {
        (LastFailed::Kept, Some(last)) => last.failed()?,
        (LastFailed::Kept, None) => BTreeSet::new(),
        (LastFailed::InReport(file), _) => in_report(file, target)?,
    };
    let of = |selection: &Selection| -> Vec<&str> {
        let taken = |case: &&Case| selection.takes(case) && case.holds_in(target.0.edition);
        corpus.cases.iter().filter(taken).map(Case::id).collect()
    };
    // A slow case that failed is run again without being asked for.
    let mut taken = of(&selection.clone().with_slow());
    taken.retain(|id| failed.contains(*id));
    let (count, all) = (taken.len(), of(&selection).len());
    if count > 0 {
        let told = format!("`--last-failed`: {count} of {all} selected cases are run, those that failed last");
        return Ok((Selection::of_ids(taken), Shown::ours(told)));
    }
    let told = match failed.len() {
        0 => "`--last-failed`: no case failed last, so all selected cases are run".to_owned(),
        known => format!(
            "`--last-failed`: none of the selected cases is among the {known} that failed last, so all selected cases are run"
        ),
    };
    Ok((selection, Shown::ours(told)))
}

/// The cases that failed in a saved run of this edition; of several runs, in the one at the target of this name.
fn in_report(file: &Path, (target, name): (&Target, Option<&str>)) -> Result<BTreeSet<String>, Failure> {
    let failed = |why: String| Failure::usage(format!("read the report `{}`: {why}", file.display()));
    let text = read_text(file, LARGEST_REPORT).map_err(|error| failed(error.to_string()))?;
    let report = Report::read(&text).map_err(|error| failed(error.to_string()))?;
    let of_edition = report.runs.iter().filter(|run| run.target.edition == target.edition);
    let runs: Vec<&RunReport> =
        of_edition.filter(|run| report.runs.len() == 1 || run.name.as_deref() == name).collect();
    let [run] = runs.as_slice() else {
        let of = name.map(|name| format!(" at the target `{name}`")).unwrap_or_default();
        let found = if runs.is_empty() { "no run" } else { "several runs" };
        return Err(Failure::rule(format!(
            "`--last-failed={}`: the report has {found} of the edition `{}`{of}",
            file.display(),
            target.edition
        )));
    };
    Ok(run.cases.iter().filter(|case| has_failed(case, run) == Some(true)).map(|case| case.id.clone()).collect())
}

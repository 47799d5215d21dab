//! `run --against DIR`: holds a run against a baseline, looks twice at what differs, and leaves a file beside it.

use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::setup::session::Session;
use std::collections::BTreeSet;
use std::path::Path;
use trentcheck_core::baseline::{Baseline, BaselineError, Head, Snap, SnapFile};
use trentcheck_core::fixture::{Case, Corpus, Selection};
use trentcheck_core::report::{CaseRan, HeldBaseline, Look, Ran, Recordings, RunReport, Side};

/// What becomes of files that belong to no case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreferenced {
    /// They are named.
    Told,
    /// They are deleted.
    Deleted,
}

impl Unreferenced {
    pub(crate) fn of(delete: bool) -> Self {
        if delete { Self::Deleted } else { Self::Told }
    }

    /// Names these files or deletes them, and gives one line for each.
    pub(crate) fn settle(self, baseline: &Baseline) -> Result<Vec<String>, Failure> {
        let (what, hint) = match self {
            Self::Told => ("belongs to no case", "; `--delete-unreferenced` deletes it"),
            Self::Deleted => ("belonged to no case and was deleted", ""),
        };
        if self == Self::Deleted {
            baseline.delete_unreferenced().map_err(failure)?;
        }
        Ok(baseline.unreferenced.iter().map(|path| format!("{} {what}{hint}", path.display())).collect())
    }
}

/// The failure that a baseline cannot be used or written.
pub(crate) fn failure(error: BaselineError) -> Failure {
    let text = error.to_string();
    match text.split_once("\nhint: ") {
        Some((message, hint)) => Failure::usage(message).hint(hint),
        None => Failure::usage(text),
    }
}

/// A case's recording as a file's text.
pub(crate) fn snap(corpus: &Corpus, head: &Head, case: &CaseRan) -> String {
    Snap {
        title: case.title.clone(),
        source: format!("fixtures/cases/{}.toml", corpus.case(&case.id).map_or(case.group.as_str(), Case::group)),
        head: head.clone(),
        replaced: case.replaced.clone(),
        recording: case.recording.clone(),
    }
    .render()
}

/// A baseline that a run is about to be held against.
pub(crate) struct Regression {
    baseline: Baseline,
    directory: String,
    head: Head,
    recordings: Recordings,
}

impl Regression {
    /// Reads a baseline and refuses one that says nothing about the run, before anything is sent.
    pub(crate) fn prepare(directory: &Path, session: &Session) -> Result<Self, Failure> {
        let (corpus, selection, head) = (&session.corpus, &session.selection, session.head());
        let baseline = Baseline::open(directory, corpus).map_err(failure)?;
        baseline.must_suit(&head).map_err(failure)?;
        let selected = |id: &String| corpus.case(id).is_some_and(|case| selection.takes(case));
        if !baseline.recorded.keys().any(selected) {
            return Err(Failure::rule(format!("`{}` holds no recording of a selected case", directory.display()))
                .hint("`trentcheck record` adds recordings; `trentcheck accept` accepts those that are pending"));
        }
        let recordings = if session.settings.strict { Recordings::Demanded } else { Recordings::Optional };
        Ok(Self { baseline, directory: directory.display().to_string(), head, recordings })
    }

    /// Holds the run against the baseline, with a second look at what differs: a difference must repeat before it counts.
    pub(crate) async fn hold(
        &self,
        session: &Session,
        ran: &Ran,
        looks: &mut Vec<Look>,
    ) -> Result<Option<HeldBaseline>, Failure> {
        let Some(mut held) = HeldBaseline::of(self.directory.clone(), &self.baseline, self.recordings, &ran.cases)
        else {
            return Ok(None);
        };
        let drifted: Vec<String> = held.drifts.iter().map(|drift| drift.case.clone()).collect();
        if !drifted.is_empty() && !ran.end.is_interrupted {
            let again = session.replay(&Selection::of_ids(drifted)).await?;
            looks.push(Look { side: Side::Again, ran: again });
        }
        held.confirm(&self.baseline, second(looks));
        Ok(Some(held))
    }

    /// Writes what was found at the second look beside the baseline.
    pub(crate) fn write(
        &self,
        ran: &Ran,
        looks: &[Look],
        report: &RunReport,
        corpus: &Corpus,
        writing: Writing,
    ) -> Result<(), Failure> {
        let drifted: BTreeSet<&str> =
            report.cases.iter().filter(|case| !case.drift.is_empty()).map(|case| case.id.as_str()).collect();
        if writing == Writing::InCi {
            if !drifted.is_empty() {
                output::to_stderr("no `.snap.new` was written, since `CI` is set");
            }
            return Ok(());
        }
        let texts: Vec<(&str, String)> = second(looks)
            .iter()
            .filter(|case| drifted.contains(case.id.as_str()))
            .map(|case| (case.id.as_str(), snap(corpus, &self.head, case)))
            .collect();
        for (case, text) in &texts {
            output::must_be_clean(&self.baseline.path(case, SnapFile::Pending), text)?;
        }
        if !texts.is_empty() {
            let texts = texts.iter().map(|(case, text)| (*case, text.as_str()));
            self.baseline.write(SnapFile::Pending, texts).map_err(failure)?;
        }
        // What waits to be accepted and no longer differs would bring back what is gone.
        for case in ran.cases.iter().filter(|case| case.is_recordable()) {
            let waits = self.baseline.pending.contains_key(&case.id) && self.baseline.recorded.contains_key(&case.id);
            if waits && !drifted.contains(case.id.as_str()) {
                self.baseline.forget(&case.id).map_err(failure)?;
                output::to_stderr(&format!("{} no longer differs; its `.snap.new` was deleted", case.id));
            }
        }
        Ok(())
    }
}

/// The cases of the second look.
fn second(looks: &[Look]) -> &[CaseRan] {
    looks.iter().find(|look| look.side == Side::Again).map(|look| look.ran.cases.as_slice()).unwrap_or_default()
}

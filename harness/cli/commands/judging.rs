//! A run that is held against all that its settings name: the corpus, a baseline or another target, known deviations.

use super::differential::Others;
use super::regress::Regression;
use crate::edge::failure::Failure;
use crate::edge::writing::Writing;
use crate::setup::session::Session;
use crate::setup::settings::Against;
use std::time::SystemTime;
use trentcheck_core::deviation::{List, apply, day_of};
use trentcheck_core::fixture::Selection;
use trentcheck_core::normalise::Shown;
use trentcheck_core::report::{ExitCode, RunReport};

/// A run that is about to begin. Whatever it is held against has been read, so that nothing is sent in vain.
pub(crate) struct Judging {
    /// The run.
    pub(crate) session: Session,
    regression: Option<Regression>,
    others: Option<Others>,
    list: Option<List>,
}

/// What a run came to.
pub(crate) struct Judged {
    /// Its report.
    pub(crate) report: RunReport,
    /// The second look at what differs from the baseline.
    again: Option<RunReport>,
}

impl Judging {
    /// Reads what a run is held against. Nothing is sent.
    pub(crate) async fn prepare(session: Session) -> Result<Self, Failure> {
        let regression = match &session.settings.against {
            Some(Against::Baseline(directory)) => {
                Some(Regression::prepare(directory, &session.corpus, &session.selection, session.head())?)
            }
            _ => None,
        };
        let others = match &session.settings.against {
            Some(Against::Target(right)) => {
                Some(Others::prepare(&session, right, session.settings.noise.as_deref()).await?)
            }
            _ => None,
        };
        let settings = &session.settings;
        let list = settings.known.list(&session.corpus, session.target().edition, settings.fail_on)?;
        Ok(Self { session, regression, others, list })
    }

    /// Replays the selected cases and holds what was found against everything.
    pub(crate) async fn judge(&self) -> Result<Judged, Failure> {
        let session = &self.session;
        let mut report = session.replay(&session.selection).await?;
        let mut again = None;
        if let Some(regression) = &self.regression {
            let differing = regression.hold(&mut report);
            again = match differing.is_empty() || report.exit_codes.contains(&ExitCode::Interrupted) {
                true => None,
                // A difference must repeat before it counts.
                false => Some(session.replay(&Selection::of_ids(differing)).await?),
            };
            regression.settle(&mut report, again.as_ref());
        }
        if let Some(others) = &self.others {
            others.compare(session, &mut report).await?;
        }
        if let Some(list) = &self.list {
            report = apply(report, list, &session.corpus, day_of(SystemTime::now()));
        }
        if session.settings.strict {
            demand_recordings(&mut report);
        }
        Ok(Judged { report, again })
    }

    /// Writes what differs beside the baseline. Last of all, so that a file that cannot be written does not take the report
    /// with it.
    pub(crate) fn leave(&self, judged: &Judged) -> Result<(), Failure> {
        match &self.regression {
            Some(regression) => {
                regression.write(&judged.report, judged.again.as_ref(), &self.session.corpus, Writing::of_environment())
            }
            None => Ok(()),
        }
    }
}

/// Fails a run that judged a case without a recording, and names every such case. Last of all, since the report is concluded
/// anew whenever it is held against something.
fn demand_recordings(report: &mut RunReport) {
    let Some(baseline) = report.baseline.as_ref().filter(|baseline| !baseline.not_recorded.is_empty()) else { return };
    report.notices.push(Shown::ours(format!(
        "`--strict`: {} judged cases have no recording in {}: {}",
        baseline.not_recorded.len(),
        baseline.directory,
        baseline.not_recorded.join(", ")
    )));
    if !report.exit_codes.contains(&ExitCode::Divergence) {
        report.exit_codes.retain(|code| *code != ExitCode::Pass);
        report.exit_codes.push(ExitCode::Divergence);
    }
    report.exit_code = ExitCode::first_of(&report.exit_codes);
}

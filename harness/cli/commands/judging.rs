//! A run that is held against all that its settings name: the corpus, a baseline or another target, known deviations.

use super::differential::Others;
use super::regress::Regression;
use super::rounds;
use crate::edge::failure::Failure;
use crate::edge::writing::Writing;
use crate::setup::session::Session;
use crate::setup::settings::Against;
use std::time::SystemTime;
use trentcheck_core::deviation::{List, apply, day_of};
use trentcheck_core::fixture::Case;
use trentcheck_core::report::{ExitCode, Held, Look, Ran, RunReport, Trace};

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
    ran: Ran,
    /// The further runs that the report rests on.
    looks: Vec<Look>,
}

impl Judged {
    /// The traces of a case, in the order of its exchanges.
    pub(crate) fn traces(&self, case: &str) -> &[Trace] {
        self.ran.case(case).map(|case| case.traces.as_slice()).unwrap_or_default()
    }

    /// Whether one of the runs was interrupted, so that no other is begun.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.report.exit_codes.contains(&ExitCode::Interrupted)
    }
}

impl Judging {
    /// Reads what a run is held against. Nothing is sent.
    pub(crate) async fn prepare(session: Session) -> Result<Self, Failure> {
        let regression = match &session.settings.against {
            Some(Against::Baseline(directory)) => Some(Regression::prepare(directory, &session)?),
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

    /// Replays the selected cases, holds what was found against everything, and concludes the report.
    pub(crate) async fn judge(&self) -> Result<Judged, Failure> {
        let session = &self.session;
        let ids = session.corpus.cases.iter().map(Case::id);
        let is_listed = |id: &&str| self.list.as_ref().is_some_and(|list| list.entry_of(id).is_some());
        let known = ids.filter(is_listed).map(str::to_owned).collect();
        let ran = rounds::first_look(session, known).await?;
        let mut looks = Vec::new();
        let baseline = match &self.regression {
            Some(regression) => regression.hold(session, &ran, &mut looks).await?,
            None => None,
        };
        let differential = match &self.others {
            Some(others) => others.compare(session, &ran, &mut looks).await?,
            None => None,
        };
        let today = day_of(SystemTime::now());
        let deviations = self.list.as_ref().map(|list| apply(&ran, list, &session.corpus, today));
        let report = session.conclude(&ran, &looks, Held { baseline, differential, deviations });
        Ok(Judged { report, ran, looks })
    }

    /// Writes what differs beside the baseline. Last of all, so that a file that cannot be written does not take the report
    /// with it.
    pub(crate) fn leave(&self, judged: &Judged) -> Result<(), Failure> {
        let Judged { report, ran, looks } = judged;
        match &self.regression {
            Some(regression) => regression.write(ran, looks, report, &self.session.corpus, Writing::of_environment()),
            None => Ok(()),
        }
    }
}

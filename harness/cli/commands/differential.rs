//! `run --against URL|NAME`: the same cases at a second target, and what differs side by side.

use crate::edge::failure::Failure;
use crate::setup::session::Session;
use crate::setup::settings::TargetSettings;
use crate::setup::target::{Missing, Prepared, Provided, Reach, Terms};
use trentcheck_core::fixture::Selection;
use trentcheck_core::report::{DifferentialReport, ExitCode, RunReport};

/// The targets that a run is compared with.
pub(crate) struct Others {
    right: Prepared,
    noise: Option<Prepared>,
}

impl Others {
    /// Describes the targets of these URLs or names. Nothing is sent.
    pub(crate) async fn prepare(session: &Session, right: &str, noise: Option<&str>) -> Result<Self, Failure> {
        let noise = match noise {
            Some(noise) => Some(other(session, noise).await?),
            None => None,
        };
        Ok(Self { right: other(session, right).await?, noise })
    }

    /// Runs the same cases at the other targets, looks twice at what differs, and adds what was found to the report.
    pub(crate) async fn compare(&self, session: &Session, left: &mut RunReport) -> Result<(), Failure> {
        if is_interrupted(left) {
            return Ok(());
        }
        let (right, noise) = self.replay(session, &session.selection, left).await?;
        let mut found = DifferentialReport::of(left, &right, noise.as_ref());
        if !found.differ.is_empty() && !is_interrupted(left) {
            // A difference must repeat before it counts.
            let again = Selection { patterns: found.differing(), ..Selection::default() };
            let second = session.replay(&again).await?;
            absorb(left, &second, "");
            let (right, noise) = self.replay(session, &again, left).await?;
            found.confirm(&second, &right, noise.as_ref());
        }
        left.differential = Some(found);
        left.conclude();
        Ok(())
    }

    async fn replay(
        &self,
        session: &Session,
        selection: &Selection,
        left: &mut RunReport,
    ) -> Result<(RunReport, Option<RunReport>), Failure> {
        let right = session.replay_at(&self.right.target, selection).await?;
        absorb(left, &right, "on the right: ");
        let noise = match &self.noise {
            Some(noise) if !is_interrupted(left) => Some(session.replay_at(&noise.target, selection).await?),
            _ => None,
        };
        if let Some(noise) = &noise {
            absorb(left, noise, "on the target of the noise floor: ");
        }
        Ok((right, noise))
    }
}

/// A URL gets the settings of the left side; a name in the configuration has its own.
async fn other(session: &Session, word: &str) -> Result<Prepared, Failure> {
    let (left, settings) = (session.target(), &session.settings);
    let settings = match word.contains("://") {
        true => settings.target.at_another_url(word, left),
        false => TargetSettings::configured(word, &settings.configuration)?.as_beside(left),
    };
    let missing = Failure::rule(format!("the target `{word}` has no endpoint")).hint("give its table an `endpoint`");
    let terms = Terms { missing: Missing::Refused(missing), reach: Reach::Anywhere, provided: Provided::Checked };
    Prepared::of(&settings, &session.corpus, terms).await
}

/// What the run itself says about its end, rather than its cases.
const OF_THE_RUN: [ExitCode; 3] = [ExitCode::Interrupted, ExitCode::Safety, ExitCode::Internal];

fn is_interrupted(report: &RunReport) -> bool {
    report.exit_codes.contains(&ExitCode::Interrupted)
}

/// What another run says about the whole: keys that are left, an interrupt.
fn absorb(report: &mut RunReport, other: &RunReport, side: &str) {
    report.left.extend(other.left.iter().map(|line| format!("{side}{line}")));
    report.exit_codes.extend(other.exit_codes.iter().filter(|code| OF_THE_RUN.contains(code)));
    // What concerns the left side has been said by its first run.
    if !side.is_empty() {
        for notice in other.notices.iter().map(|notice| format!("{side}{notice}")) {
            if !report.notices.contains(&notice) {
                report.notices.push(notice);
            }
        }
    }
}

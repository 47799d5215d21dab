//! `run --against URL|NAME`: the same cases at a second target, and what differs side by side.

use crate::edge::failure::Failure;
use crate::setup::session::Session;
use crate::setup::settings::TargetSettings;
use crate::setup::target::{Missing, Prepared, Provided, Reach, Terms};
use trentcheck_core::fixture::Selection;
use trentcheck_core::report::{DifferentialReport, Look, Ran, Side};

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

    /// Runs the same cases at the other targets and looks twice at what differs: a difference must repeat before it counts.
    pub(crate) async fn compare(
        &self,
        session: &Session,
        left: &Ran,
        looks: &mut Vec<Look>,
    ) -> Result<Option<DifferentialReport>, Failure> {
        if left.end.is_interrupted {
            return Ok(None);
        }
        let (right, noise) = self.replay(session, &session.selection).await?;
        let mut found = DifferentialReport::of(left, &right, noise.as_ref());
        add(looks, right, noise);
        if !found.differ.is_empty() && !looks.iter().any(|look| look.ran.end.is_interrupted) {
            let again = Selection::of_ids(found.differing());
            let second = session.replay(&again).await?;
            let (right, noise) = match second.end.is_interrupted {
                true => (None, None),
                false => {
                    let (right, noise) = self.replay(session, &again).await?;
                    (Some(right), noise)
                }
            };
            found.confirm(&second, right.as_ref(), noise.as_ref());
            looks.push(Look { side: Side::Again, ran: second });
            if let Some(right) = right {
                add(looks, right, noise);
            }
        }
        Ok(Some(found))
    }

    async fn replay(&self, session: &Session, selection: &Selection) -> Result<(Ran, Option<Ran>), Failure> {
        let right = session.replay_at(&self.right, selection).await?;
        let noise = match &self.noise {
            Some(noise) if !right.end.is_interrupted => Some(session.replay_at(noise, selection).await?),
            _ => None,
        };
        Ok((right, noise))
    }
}

fn add(looks: &mut Vec<Look>, right: Ran, noise: Option<Ran>) {
    looks.push(Look { side: Side::Right, ran: right });
    looks.extend(noise.map(|ran| Look { side: Side::Noise, ran }));
}

/// A URL gets the settings of the left side; a name in the configuration has its own.
async fn other(session: &Session, word: &str) -> Result<Prepared, Failure> {
    let (left, settings) = (session.target(), &session.settings);
    let settings = match word.contains("://") {
        true => settings.target.at_another_url(word, left),
        false => {
            let fixtures = settings.fixtures.as_deref();
            TargetSettings::configured(word, &settings.configuration, fixtures)?.as_beside(left)
        }
    };
    let missing = Failure::rule(format!("the target `{word}` has no endpoint")).hint("give its table an `endpoint`");
    let terms = Terms { missing: Missing::Refused(missing), reach: Reach::Anywhere, provided: Provided::Checked };
    Prepared::of(&settings, &session.corpus, terms).await
}

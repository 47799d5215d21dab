//! Whether a target shows a change later than the budget for it allows. Then its answers say nothing about the change.

use super::pauses::Pauses;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// How much longer than the budget the target is watched, once.
const PATIENCE: u32 = 5;

/// The most that watching takes. No KMS is known to show a change later.
const LONGEST: Duration = Duration::from_secs(10);

/// What a run knows about how late its target shows a change.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    of_preconditions: OnceCell<Option<Duration>>,
    of_effects: OnceCell<Option<Duration>>,
}

/// What a change is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A key gets into the state from which a case starts.
    Precondition,
    /// An exchange has its effect.
    Effect,
}

impl Lateness {
    /// How long after a change it was seen, if that was longer than `budget`. The first change of a kind that is not seen
    /// within the budget is looked for somewhat longer by `is_seen`; all others wait for what comes of that.
    pub(crate) async fn beyond(
        &self,
        budget: Duration,
        change: Change,
        is_seen: impl Future<Output = bool> + Send,
    ) -> Option<Duration> {
        let known = self.known();
        if known.is_some() {
            return known;
        }
        let cell = match change {
            Change::Precondition => &self.of_preconditions,
            Change::Effect => &self.of_effects,
        };
        *cell.get_or_init(|| watch(budget, is_seen)).await
    }

    /// The same, if it is known already.
    pub(crate) fn known(&self) -> Option<Duration> {
        let known = |cell: &OnceCell<Option<Duration>>| cell.get().copied().flatten();
        known(&self.of_preconditions).max(known(&self.of_effects))
    }
}

#[expect(clippy::disallowed_methods, reason = "how late the target is has to be measured")]
async fn watch(budget: Duration, is_seen: impl Future<Output = bool> + Send) -> Option<Duration> {
    let started = Instant::now();
    is_seen.await.then(|| budget + started.elapsed())
}

/// The pauses between the looks for a change that was not seen within the budget.
pub(crate) fn patience(budget: Duration) -> Pauses {
    Pauses::within((budget * PATIENCE).min(LONGEST))
}

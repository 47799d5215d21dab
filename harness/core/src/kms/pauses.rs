//! Pauses between two looks, or between two attempts at a call.

use std::time::Duration;

/// The pause before a call is made again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Long enough to spare a real service, short enough to see a state soon after it changes.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Pauses that grow, until a budget is used up.
pub(crate) struct Pauses {
    next: Duration,
    left: Duration,
}

impl Pauses {
    /// Pauses of this much in all.
    pub(crate) fn within(budget: Duration) -> Self {
        Self { next: FIRST_PAUSE, left: budget }
    }

    /// Waits, and says whether there was budget left to do so.
    pub(crate) async fn pause(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.next.min(self.left);
        tokio::time::sleep(pause).await;
        self.left -= pause;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}

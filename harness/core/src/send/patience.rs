//! When a target is given up: nobody has to wait for the same silence again and again.

use super::error::SendError;
use super::exchange::{Lane, Response};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many time-outs in a row without an answer are enough.
const ENOUGH: u32 = 3;

/// Exchanges that are alike: a target may answer some kinds and no other.
type Kind = (Lane, String);

/// What is known of exchanges with a target. Shared by both lanes.
#[derive(Debug, Default)]
pub(super) struct Patience {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// All exchanges together.
    target: Silence,
    kinds: HashMap<Kind, Silence>,
}

/// How long there has been no answer.
#[derive(Clone, Copy, Debug)]
enum Silence {
    /// There was one once. What answers is never given up: one answer that does not come can have many reasons.
    Broken,
    /// So many time-outs in a row.
    Lasts(u32),
}

impl Default for Silence {
    fn default() -> Self {
        Self::Lasts(0)
    }
}

impl Silence {
    fn is_enough(self) -> bool {
        matches!(self, Self::Lasts(times) if times >= ENOUGH)
    }

    fn learn(&mut self, result: &Result<Response, SendError>) {
        *self = match (*self, result) {
            (Self::Broken, _) | (_, Ok(_)) => Self::Broken,
            (Self::Lasts(times), Err(SendError::Timeout { .. } | SendError::ConnectTimeout(_))) => {
                Self::Lasts(times.saturating_add(1))
            }
            (Self::Lasts(times), Err(SendError::GivenUp { .. })) => Self::Lasts(times),
            // Something came, though it was no answer.
            (Self::Lasts(_), Err(_)) => Self::Lasts(0),
        };
    }
}

impl Patience {
    /// Why an exchange of this kind is not tried any more.
    pub(super) fn ended(&self, lane: Lane, operation: &str) -> Option<SendError> {
        let known = self.known();
        let is_given_up = known.target.is_enough()
            || known.kinds.get(&(lane, operation.to_owned())).is_some_and(|silence| silence.is_enough());
        is_given_up.then_some(SendError::GivenUp { timeouts: ENOUGH })
    }

    /// Learns from what came of an exchange.
    pub(super) fn learn(&self, lane: Lane, operation: &str, result: &Result<Response, SendError>) {
        let mut known = self.known();
        known.target.learn(result);
        known.kinds.entry((lane, operation.to_owned())).or_default().learn(result);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::{ResponseFraming, Version};
    use std::time::Duration;

    const SILENT: Result<Response, SendError> = Err(SendError::Timeout { after: Duration::ZERO, received: 0 });

    fn answer() -> Result<Response, SendError> {
        Ok(Response {
            version: Version::Http11,
            status: 400,
            reason: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: ResponseFraming::None,
            interim: Vec::new(),
            leftover: 0,
            closes: false,
        })
    }

    #[test]
    fn a_target_is_given_up_after_three_time_outs_of_whatever_kind() {
        let patience = Patience::default();
        for operation in ["A", "B", "C"] {
            assert_eq!(patience.ended(Lane::Http, "D"), None);
            patience.learn(Lane::Wire, operation, &SILENT);
        }
        assert_eq!(patience.ended(Lane::Http, "D"), Some(SendError::GivenUp { timeouts: 3 }));
    }

    #[test]
    fn a_kind_that_never_succeeds_is_given_up_and_the_others_go_on() {
        let patience = Patience::default();
        patience.learn(Lane::Http, "B", &answer());
        for number in 0..3 {
            assert_eq!(patience.ended(Lane::Wire, "A"), None, "{number}");
            patience.learn(Lane::Wire, "A", &SILENT);
            patience.learn(Lane::Http, "B", &answer());
        }
        assert!(patience.ended(Lane::Wire, "A").is_some());
        assert_eq!((patience.ended(Lane::Http, "A"), patience.ended(Lane::Http, "B")), (None, None));
    }

    #[test]
    fn what_answered_once_is_not_given_up_and_a_break_begins_the_row_anew() {
        let patience = Patience::default();
        patience.learn(Lane::Wire, "A", &answer());
        (0..9).for_each(|_| patience.learn(Lane::Wire, "A", &SILENT));
        assert_eq!(patience.ended(Lane::Wire, "A"), None);
        for result in [SILENT, SILENT, Err(SendError::ClosedBeforeAnswer), SILENT, SILENT] {
            patience.learn(Lane::Http, "B", &result);
        }
        assert_eq!(patience.ended(Lane::Http, "B"), None);
    }
}

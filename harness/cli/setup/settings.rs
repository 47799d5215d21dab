//! What holds where nothing else is said.

use std::time::Duration;

/// The time limit of a run that sets none.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

//! The progress bar that is on the terminal. Other output hides it while it writes, so that both stay readable.

use indicatif::ProgressBar;
use std::sync::{PoisonError, RwLock};

/// There is one bar for the process, because there is one terminal.
static DRAWN: RwLock<Option<ProgressBar>> = RwLock::new(None);

/// Sets the bar that is drawn from now on, or removes it.
pub(super) fn set(bar: Option<ProgressBar>) {
    *DRAWN.write().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Hides the bar, writes, and draws the bar again below. `write` must not call this function.
pub(super) fn aside<T>(write: impl FnOnce() -> T) -> T {
    let bar = DRAWN.read().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

//! The progress bar that is drawn now. Whoever writes to the terminal puts it aside, so that neither garbles the other.

use indicatif::ProgressBar;
use std::sync::{PoisonError, RwLock};

/// One for the process, as there is one terminal.
static DRAWN: RwLock<Option<ProgressBar>> = RwLock::new(None);

/// Sets the bar that is drawn from now on, or that none is.
pub(super) fn set(bar: Option<ProgressBar>) {
    *DRAWN.write().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Writes while the bar is taken away, and draws it again below. `write` must not come back here.
pub(super) fn aside<T>(write: impl FnOnce() -> T) -> T {
    let bar = DRAWN.read().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

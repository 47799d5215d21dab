//! How a run marks what it makes, so that it is known again: by itself, and by a sweep.

/// The key of the tag whose value is the run's id.
pub(crate) const TAG: &str = "trentcheck-run";

/// The window of a deletion in days: the shortest that there is.
pub(crate) const WINDOW_IN_DAYS: u8 = 7;

/// What stands before the run's id in the description of its keys.
pub(crate) const DESCRIPTION: &str = "trentcheck ";

/// The description of a run's keys.
pub(crate) fn description(run: &str) -> String {
    format!("{DESCRIPTION}{run}")
}

/// What the names of a run's aliases begin with.
pub(crate) fn alias_prefix(run: &str) -> String {
    format!("alias/trentcheck-{run}-")
}

/// The name of the alias of the key of this label.
pub(crate) fn alias(run: &str, label: &str) -> String {
    alias_prefix(run) + &label.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

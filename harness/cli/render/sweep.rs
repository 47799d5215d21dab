//! A sweep as a person reads it.

use trentcheck_core::sweep::Swept;

/// Whether the target is changed.
#[derive(Clone, Copy)]
pub(crate) enum Touched {
    /// It is.
    Something,
    /// It is only said what would be.
    Nothing,
}

/// A line for each thing, and how many there are of each kind.
pub(crate) fn render(swept: &Swept, touched: Touched) -> String {
    let would = if matches!(touched, Touched::Nothing) { "would be " } else { "" };
    let mut lines = Vec::new();
    lines.extend(swept.aliases.iter().map(|name| format!("{would}deleted: {name}")));
    lines.extend(swept.scheduled.iter().map(|arn| format!("{would}scheduled for deletion in 7 days: {arn}")));
    lines.extend(swept.pending.iter().map(|arn| format!("pending deletion already: {arn}")));
    lines.extend(swept.skipped.iter().map(|line| format!("skipped: {line}")));
    lines.extend(swept.left.iter().map(|line| format!("left: {line}")));
    lines.push(format!(
        "{} keys {would}scheduled for deletion, {} were already, {} aliases {would}deleted, {} skipped, {} left",
        swept.scheduled.len(),
        swept.pending.len(),
        swept.aliases.len(),
        swept.skipped.len(),
        swept.left.len()
    ));
    lines.join("\n")
}

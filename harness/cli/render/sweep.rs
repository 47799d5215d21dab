//! A sweep as a person reads it.

use crate::edge::output::shown;
use trentcheck_core::sweep::Swept;
use trentcheck_core::text::TargetText;

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
    // Names of keys and aliases are the target's.
    let name = |name: &String| shown(&TargetText::from(name.as_str()).into());
    lines.extend(swept.aliases.iter().map(|alias| format!("{would}deleted: {}", name(alias))));
    lines.extend(swept.scheduled.iter().map(|arn| format!("{would}scheduled for deletion in 7 days: {}", name(arn))));
    lines.extend(swept.pending.iter().map(|arn| format!("pending deletion already: {}", name(arn))));
    lines.extend(swept.skipped.iter().map(|line| format!("skipped: {}", shown(line))));
    lines.extend(swept.left.iter().map(|line| format!("left: {}", shown(line))));
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

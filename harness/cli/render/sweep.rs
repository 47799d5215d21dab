//! Renders the result of a sweep.

use crate::edge::output::shown;
use trentcheck_core::sweep::Swept;
use trentcheck_core::text::TargetText;

/// Whether the sweep changes the target.
#[derive(Clone, Copy)]
pub(crate) enum Touched {
    /// It changes the target.
    Something,
    /// It only lists what it would change.
    Nothing,
}

/// One line for each key and alias that is changed or left, then the number of each kind.
pub(crate) fn render(swept: &Swept, touched: Touched) -> String {
    let would = if matches!(touched, Touched::Nothing) { "would be " } else { "" };
    let mut lines = Vec::new();
    // The target chose the names of keys and aliases.
    let name = |name: &String| shown(&TargetText::from(name.as_str()).into());
    lines.extend(swept.aliases.iter().map(|alias| format!("{would}deleted: {}", name(alias))));
    lines.extend(swept.scheduled.iter().map(|arn| format!("{would}scheduled for deletion in 7 days: {}", name(arn))));
    lines.extend(swept.skipped.iter().map(|line| format!("skipped: {}", shown(line))));
    lines.extend(swept.left.iter().map(|line| format!("left: {}", shown(line))));
    lines.push(format!(
        "{} keys {would}scheduled for deletion, {} already were, {} aliases {would}deleted, {} skipped, {} not removed",
        swept.scheduled.len(),
        swept.pending.len(),
        swept.aliases.len(),
        swept.skipped.len(),
        swept.left.len()
    ));
    lines.join("\n")
}

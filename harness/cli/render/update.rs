//! Renders the changes to a list of known deviations.

use trentcheck_core::deviation::Update;

/// One line for each entry that changed, then the numbers. `last` says what was done with the file.
pub(crate) fn render(update: &Update, last: &str) -> String {
    let mut lines = Vec::new();
    for (word, names) in [
        ("added", &update.added),
        ("changed", &update.changed),
        ("removed", &update.removed),
        ("past its date", &update.expired),
    ] {
        lines.extend(names.iter().map(|name| format!("{word:13} {name}")));
    }
    if !update.added.is_empty() || !update.changed.is_empty() {
        lines.push("hint: read each of these entries, and write into its `reason` why the target deviates".to_owned());
    }
    if !update.expired.is_empty() {
        lines.push(
            "hint: these entries still hold; read them again, then give them another day with `--expires DATE`"
                .to_owned(),
        );
    }
    lines.push(format!(
        "{} kept, {} added, {} changed, {} removed; {last}",
        update.kept.len(),
        update.added.len(),
        update.changed.len(),
        update.removed.len()
    ));
    lines.join("\n")
}

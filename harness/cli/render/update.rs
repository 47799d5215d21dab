//! What became of a list of known deviations, as a person reads it.

use trentcheck_core::deviation::Update;

/// A line for each entry that is another than before, and how many there are. `last` is what was done with the file.
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
        lines.push("hint: read each of these, and say in its `reason` why it is so".to_owned());
    }
    if !update.expired.is_empty() {
        lines.push(
            "hint: they still deviate; `--expires DATE` gives them another day, once they were read again".to_owned(),
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

//! Renders the settings of a run, each with the place that it comes from.

use super::style::BOLD;
use super::table::{Cell, Side, titled};

/// A table of name, value and place for each target, with the names of the targets if there are several.
pub(crate) fn render(targets: &[(Option<&str>, Vec<[&str; 3]>)]) -> String {
    let columns = ["setting", "value", "from"].map(|title| (title, Side::Left));
    let mut blocks = Vec::new();
    for (name, rows) in targets {
        let cells = |row: &[&str; 3]| row.map(Cell::from).to_vec();
        let mut lines = titled(&columns, rows.iter().map(cells).collect());
        if targets.len() > 1 {
            lines.insert(0, format!("{BOLD}== {}{BOLD:#}", name.unwrap_or_default()));
        }
        blocks.push(lines.join("\n"));
    }
    blocks.join("\n\n")
}

//! Colours, and short forms that all renderings share.

use anstyle::{AnsiColor, Style};
use trentcheck_core::text::place_of_cut;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// A share in percent.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// A number of things: `1 case`, `2 cases`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A line that is cut to about two widths of a terminal.
pub(crate) fn shortened(line: &str) -> String {
    const SHOWN: usize = 200;
    match place_of_cut(line, SHOWN) {
        Some(at) => format!("{}… ({} characters)", &line[..at], line.chars().count()),
        None => line.to_owned(),
    }
}

/// The first ids of a list, with the number of the others.
pub(crate) fn some_of(ids: &[&str]) -> String {
    const SHOWN: usize = 3;
    let more = if ids.len() > SHOWN { format!(" and {} more", ids.len() - SHOWN) } else { String::new() };
    format!("{}{more}", ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", "))
}

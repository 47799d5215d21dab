//! A check-up as a person reads it.

use super::style::BOLD;
use anstyle::{AnsiColor, Style};
use trentcheck_core::run::{Checkup, Health};

/// A line a check, and what they come to.
pub(crate) fn render(endpoint: &str, region: &str, checkups: &[Checkup]) -> String {
    let width = checkups.iter().map(|checkup| checkup.what.len()).max().unwrap_or_default();
    let mut lines = vec![format!("{BOLD}{endpoint}{BOLD:#} ({region})"), String::new()];
    for Checkup { what, health, found, hint } in checkups {
        let (sign, style) = match health {
            Health::Good => ("✓", AnsiColor::Green.on_default()),
            Health::Bad => ("✗", AnsiColor::Red.on_default()),
            Health::Unknown => ("–", Style::new().dimmed()),
        };
        lines.push(format!("{style}{sign}{style:#} {what:width$}  {found}"));
        lines.extend(hint.iter().map(|hint| format!("  {:width$}  hint: {hint}", "")));
    }
    let count = |health| checkups.iter().filter(|checkup| checkup.health == health).count();
    let (bad, unknown) = (count(Health::Bad), count(Health::Unknown));
    let open = if unknown > 0 { format!(", {unknown} could not be told") } else { String::new() };
    lines.push(String::new());
    lines.push(match bad {
        0 => format!("nothing stands in the way{open}; exit code 0"),
        _ => format!("{bad} of {} checks failed{open}; exit code 3 (cases could not be judged)", checkups.len()),
    });
    lines.join("\n")
}

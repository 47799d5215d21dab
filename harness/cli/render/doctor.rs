//! Renders the result of `doctor`.

use super::style::BOLD;
use super::table::{self, Side};
use anstyle::{AnsiColor, Style};
use trentcheck_core::run::{Checkup, Health};

/// One line for each check, then a summary.
pub(crate) fn render(endpoint: &str, region: &str, checkups: &[Checkup]) -> String {
    let (mut signs, mut rows) = (Vec::new(), Vec::new());
    for Checkup { what, health, found, hint } in checkups {
        let (sign, style) = match health {
            Health::Good => ("✓", AnsiColor::Green.on_default()),
            Health::Bad => ("✗", AnsiColor::Red.on_default()),
            Health::Unknown => ("–", Style::new().dimmed()),
        };
        signs.push(format!("{style}{sign}{style:#}"));
        rows.push(vec![what.into(), found.into()]);
        if let Some(hint) = hint {
            signs.push(" ".to_owned());
            rows.push(vec!["".into(), format!("hint: {hint}").into()]);
        }
    }
    let mut lines = vec![format!("{BOLD}{endpoint}{BOLD:#} ({region})"), String::new()];
    let checks = table::lines(&[Side::Left; 2], &rows);
    lines.extend(signs.iter().zip(checks).map(|(sign, line)| format!("{sign} {line}")));
    let count = |health| checkups.iter().filter(|checkup| checkup.health == health).count();
    let (bad, unknown) = (count(Health::Bad), count(Health::Unknown));
    let open = if unknown > 0 { format!(", {unknown} could not be checked") } else { String::new() };
    lines.push(String::new());
    lines.push(match bad {
        0 => format!("the target can be tested{open}; exit code 0"),
        _ => format!("{bad} of {} checks failed{open}; exit code 3 (cases could not be judged)", checkups.len()),
    });
    lines.join("\n")
}

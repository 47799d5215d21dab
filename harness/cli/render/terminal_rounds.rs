//! Rounds, as a person reads them: how many there were, and the cases that were not the same in all.

use super::style::{DIM, YELLOW};
use trentcheck_core::report::{CaseReport, RunReport};

/// The most cases that are listed.
const SHOWN: usize = 12;

/// Nothing without `--repeat` and `--for`.
pub(crate) fn render(report: &RunReport) -> Vec<String> {
    let Some(rounds) = &report.rounds else { return Vec::new() };
    let varying: Vec<&CaseReport> =
        report.cases.iter().filter(|case| case.rounds.as_ref().is_some_and(|rounds| rounds.varies())).collect();
    let same = match varying.len() {
        0 => "every case came to the same outcome in each".to_owned(),
        1 => "1 case did not come to the same outcome in each".to_owned(),
        cases => format!("{cases} cases did not come to the same outcome in each"),
    };
    let mut lines = vec![String::new(), format!("rounds: {}; {same}", rounds.describe())];
    for case in varying.iter().take(SHOWN) {
        let of_case =
            case.rounds.iter().map(|rounds| format!("{}; shown is round {}", rounds.describe(), rounds.shown));
        lines.extend(of_case.map(|described| format!("{YELLOW}~ {}{YELLOW:#}  {described}", case.id)));
    }
    if varying.len() > SHOWN {
        lines.push(format!("    {DIM}and {} more{DIM:#}", varying.len() - SHOWN));
    }
    lines
}

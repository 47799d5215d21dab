//! A report as plain text for the message of a failed test: a line for each cause.

use super::standing::{besides, counted, others};
use crate::report::{Cause, Outcome, RunReport};

/// A line for each cause, for each reason without a cause, and the figures.
pub fn brief(run: &RunReport) -> String {
    let figures = &run.figures;
    let mut text = vec![
        format!(
            "{}: {} diverge, {} have no verdict, {} skipped, {} of {} judged; exit code {} ({})",
            run.target.endpoint,
            figures.diverges,
            figures.unsupported + figures.indeterminate + figures.blocked + unlisted_flaky(run),
            figures.skipped,
            figures.judged(),
            figures.selected,
            run.exit_code as u8,
            run.meaning(run.exit_code),
        ),
        format!("trentcheck {}, corpus {}, edition {}", run.version, run.corpus, run.target.edition),
    ];
    text.extend(run.notices.iter().map(|notice| format!("! {notice}")));
    text.extend(
        run.causes
            .iter()
            .map(|cause| format!("✗ {}: {} ({})", cause.concerns(), run.in_a_sentence(cause), some(cause))),
    );
    for found in others(run) {
        let ids: Vec<&str> = found.cases.iter().map(|case| case.id.as_str()).collect();
        text.push(format!("✗ {} {}: {} ({})", counted(ids.len()), found.why.kind, found.why.message, shortened(&ids)));
    }
    text.extend(besides(run).iter().map(|line| format!("✗ {line}")));
    if let Some(cause) = run.causes.first() {
        text.push(format!("repeat: {}", cause.repeat));
    }
    text.join("\n")
}

fn unlisted_flaky(run: &RunReport) -> usize {
    run.cases.iter().filter(|case| case.outcome == Outcome::Flaky && case.deviation.is_none()).count()
}

fn some(cause: &Cause) -> String {
    shortened(&cause.cases.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The first ids, and how many there are besides.
fn shortened(ids: &[&str]) -> String {
    const SHOWN: usize = 3;
    let more = if ids.len() > SHOWN { format!(" and {} more", ids.len() - SHOWN) } else { String::new() };
    format!("{}{more}", ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", "))
}

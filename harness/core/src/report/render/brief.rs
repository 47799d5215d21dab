//! A report as plain text for the message of a failed test: a line for each cause.

use super::standing::{besides, counted, others};
use crate::report::{Cause, Outcome, RunReport};
use crate::text::place_of_cut;
use std::cmp::Reverse;
use std::collections::BTreeMap;

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
    text.extend(skipped(run));
    if let Some(cause) = run.causes.first() {
        text.push(format!("repeat: {}", cause.repeat));
    }
    text.join("\n")
}

/// How many cases were skipped for each reason, the most frequent reasons first.
fn skipped(run: &RunReport) -> Option<String> {
    const SHOWN: usize = 6;
    const CHARACTERS: usize = 70;
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for case in run.cases.iter().filter(|case| case.outcome == Outcome::Skipped) {
        *by_reason.entry(case.reason.as_deref().unwrap_or("no reason is known")).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, cases)| Reverse(*cases));
    let shown = reasons.iter().take(SHOWN).map(|(reason, cases)| match place_of_cut(reason, CHARACTERS) {
        Some(end) => format!("{cases} ({}…)", reason[..end].trim_end()),
        None => format!("{cases} ({reason})"),
    });
    let mut shown: Vec<String> = shown.collect();
    let others: usize = reasons.iter().skip(SHOWN).map(|(_, cases)| cases).sum();
    if others > 0 {
        shown.push(format!("{others} for other reasons"));
    }
    (!shown.is_empty()).then(|| format!("skipped: {}", shown.join(", ")))
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

#[cfg(test)]
mod tests {
    use super::brief;
    use crate::normalise::Shown;
    use crate::report::{Held, Outcome};
    use crate::test_support::{concluded, ran};

    #[test]
    fn skipped_cases_are_counted_by_reason() {
        let skipped = ["body/a", "body/b", "body/c", "body/d"].map(|id| (id, Outcome::Skipped));
        let mut ran = ran(&[&skipped[..], &[("members/number", Outcome::Pass)]].concat());
        let long = format!("no rotation, {}", "and no ".repeat(20));
        for (case, why) in ran.cases.iter_mut().zip(["no HMAC", long.as_str(), "no HMAC", "no HMAC"]) {
            case.reason = Some(Shown::ours(why));
        }
        let text = brief(&concluded(&ran, &[], Held::default()));
        let line = text.lines().find(|line| line.starts_with("skipped: ")).unwrap_or_default();
        assert!(line.starts_with("skipped: 3 (no HMAC), 1 (no rotation, and no "), "{text}");
        assert!(line.ends_with("…)") && line.chars().count() < 120, "{text}");
        ran.cases.retain(|case| case.outcome == Outcome::Pass);
        assert!(!brief(&concluded(&ran, &[], Held::default())).contains("skipped: "));
    }
}

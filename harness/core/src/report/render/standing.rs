//! What a case comes to in a format that knows four ends: passed, failed, error, skipped. And words that formats share.

use crate::report::{CaseReport, ExchangeReport, ExitCode, Mismatch, Outcome, Report, RunReport};

/// What a case comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was judged, and nothing is wrong with it.
    Passed,
    /// It makes the run fail.
    Failed(Why),
    /// It has no verdict that counts.
    Error(Why),
    /// It was not run, or a list of known deviations takes it out.
    Skipped(String),
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    /// In one word.
    pub(super) kind: &'static str,
    /// In one sentence.
    pub(super) message: String,
}

impl Why {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// What a case of this run comes to. A case fails whenever it makes the run's exit code 1.
pub(super) fn standing(case: &CaseReport, run: &RunReport) -> Standing {
    let reason = || case.reason.as_ref().map_or_else(|| case.outcome.as_verb().to_owned(), ToString::to_string);
    let why = || Why::new(case.outcome.as_str(), reason());
    match case.outcome {
        Outcome::Diverges => Standing::Failed(diverges(case, run)),
        Outcome::Stale => Standing::Failed(Why::new("stale", stale(case))),
        Outcome::Unsupported | Outcome::Indeterminate | Outcome::Blocked => Standing::Error(why()),
        Outcome::Flaky if case.deviation.is_none() => Standing::Error(why()),
        Outcome::Pass | Outcome::Listed | Outcome::Flaky | Outcome::Skipped => {
            held(case, run).unwrap_or_else(|| match case.outcome {
                Outcome::Pass => Standing::Passed,
                Outcome::Skipped => Standing::Skipped(reason()),
                _ => Standing::Skipped(listed(case)),
            })
        }
    }
}

/// What is wrong with a run as a whole and is shown by none of its cases.
pub(super) fn of_run(run: &RunReport) -> Option<Why> {
    let standings: Vec<Standing> = run.cases.iter().map(|case| standing(case, run)).collect();
    let has_failed = standings.iter().any(|standing| matches!(standing, Standing::Failed(_)));
    let has_error = standings.iter().any(|standing| matches!(standing, Standing::Error(_)));
    let stale = run.deviations.as_ref().map(|list| list.stale.as_slice()).unwrap_or_default();
    let told = run.exit_codes.iter().filter_map(|code| match code {
        ExitCode::Pass => None,
        ExitCode::Divergence if has_failed => (!stale.is_empty()).then(|| "a listed deviation is stale".to_owned()),
        ExitCode::Indeterminate if has_error => None,
        code => Some(run.meaning(*code)),
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| Why::new("run", told.join("; ")))
}

/// What is left of a run, and entries of its list of deviations that have no case, one a line.
pub(super) fn besides(run: &RunReport) -> Vec<String> {
    let left = run.left.iter().map(|left| format!("left: {left}"));
    let stale = run.deviations.iter().flat_map(|list| &list.stale);
    left.chain(stale.map(|entry| format!("stale: `{}` {}", entry.entry, entry.stale.describe()))).collect()
}

/// Cases that did not pass for the same reason, and whose reason is no cause.
pub(super) struct Others<'a> {
    /// Whether they make the exit code 1.
    pub(super) is_failure: bool,
    /// Why.
    pub(super) why: Why,
    /// The cases, in the order of the corpus.
    pub(super) cases: Vec<&'a CaseReport>,
}

/// The cases that did not pass and that no cause of the run lists.
pub(super) fn others(run: &RunReport) -> Vec<Others<'_>> {
    let mut by_reason: Vec<Others<'_>> = Vec::new();
    for case in &run.cases {
        let (is_failure, why) = match standing(case, run) {
            // Divergences, drift and differences have causes.
            Standing::Failed(why) if matches!(why.kind, "not-recorded" | "stale") => (true, why),
            Standing::Error(why) => (false, why),
            Standing::Passed | Standing::Failed(_) | Standing::Skipped(_) => continue,
        };
        match by_reason.iter_mut().find(|others| others.why == why) {
            Some(others) => others.cases.push(case),
            None => by_reason.push(Others { is_failure, why, cases: vec![case] }),
        }
    }
    by_reason.sort_by_key(|others| !others.is_failure);
    by_reason
}

/// Says how many targets were asked for and not run, if there are any.
pub(super) fn missing(report: &Report) -> Option<String> {
    let missing = report.targets.saturating_sub(report.runs.len());
    (missing > 0).then(|| format!("{missing} of {} targets were not run", report.targets))
}

/// The target by its name in the configuration, else by its endpoint.
pub(super) fn target(run: &RunReport) -> &str {
    run.name.as_deref().unwrap_or(&run.target.endpoint)
}

/// `1 case` or `N cases`.
pub(super) fn counted(cases: usize) -> String {
    if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") }
}

/// A mismatch in one sentence.
pub(super) fn in_a_sentence(mismatch: &Mismatch) -> String {
    format!("{}: expected {}, found {} ({})", mismatch.place, mismatch.expected, mismatch.found, mismatch.level)
}

/// The lines of an exchange, request before answer.
pub(super) fn lines(exchange: &ExchangeReport) -> Vec<String> {
    let request = exchange.request.iter().map(|line| format!("> {line}"));
    let response = exchange.response.iter().flatten().map(|line| format!("< {line}"));
    let error = exchange.error.iter().map(|error| format!("! {error}"));
    request.chain(response).chain(error).collect()
}

fn diverges(case: &CaseReport, run: &RunReport) -> Why {
    let mut failures = case.failures(run.fail_on);
    let Some(first) = failures.next() else { return Why::new("diverges", case.outcome.as_verb()) };
    let more = match failures.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Why::new(first.what.as_str(), in_a_sentence(first) + &more)
}

fn stale(case: &CaseReport) -> String {
    let deviation = case.deviation.as_ref();
    let stale = deviation.and_then(|deviation| deviation.stale.as_ref());
    stale.map_or_else(|| case.outcome.as_verb().to_owned(), |stale| format!("it is listed, and {}", stale.describe()))
}

fn listed(case: &CaseReport) -> String {
    let reason = case.deviation.as_ref().map(|deviation| format!(": {}", deviation.reason)).unwrap_or_default();
    match case.outcome {
        Outcome::Flaky => format!("flaky as listed{reason}"),
        _ => format!("deviates as listed{reason}"),
    }
}

/// What a baseline or another target says against a case that is right by the fixtures.
fn held(case: &CaseReport, run: &RunReport) -> Option<Standing> {
    if let Some(first) = case.drift.first() {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
        let (recorded, found) = (value(&first.recorded), value(&first.found));
        let message = format!("{}: recorded {recorded}, found {found}", first.place);
        return Some(Standing::Failed(Why::new("drift", message)));
    }
    if let Some(baseline) = &run.baseline {
        if baseline.strict && baseline.not_recorded.contains(&case.id) {
            return Some(Standing::Failed(Why::new(
                "not-recorded",
                "it was judged, and the baseline has no recording",
            )));
        }
        if let Some(uncompared) = baseline.not_compared.iter().find(|uncompared| uncompared.case == case.id) {
            return Some(Standing::Error(Why::new("not-compared", uncompared.reason.clone())));
        }
    }
    let differential = run.differential.as_ref()?;
    if let Some(difference) = differential.differ.iter().find(|difference| difference.case == case.id) {
        let places: Vec<&str> = difference.differences.iter().map(|field| field.place.as_str()).collect();
        let message = format!("the two targets differ in {}", places.join(", "));
        return Some(Standing::Failed(Why::new("difference", message)));
    }
    let is_open = differential.unconfirmed.contains(&case.id);
    is_open
        .then(|| Standing::Error(Why::new("not-confirmed", "it differed, and there was no verdict at the second look")))
}

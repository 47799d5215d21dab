//! The plan that is printed before a run creates keys: cases, keys, calls, cost and duration.

use std::path::Path;
use std::time::Duration;
use trentcheck_core::fixture::{Corpus, PriceOf};
use trentcheck_core::report::{Outcome, Ran};
use trentcheck_core::run::{Lent, Permit, Target};

/// The plan, with the values from which it is calculated.
pub(crate) struct Plan<'a> {
    pub(crate) lent: &'a [Lent],
    /// Keys and calls are those of all rounds.
    pub(crate) rehearsal: &'a Ran,
    /// How often the cases are run.
    pub(crate) rounds: u64,
    /// The most keys that may be created.
    pub(crate) most: usize,
    pub(crate) target: &'a Target,
    pub(crate) corpus: &'a Corpus,
    /// The ledger, and the command line that sweeps by it.
    pub(crate) ledger: Option<(&'a Path, String)>,
    pub(crate) deadline: Duration,
}

impl Plan<'_> {
    /// The text of the plan.
    pub(crate) fn render(&self) -> String {
        let skipped = self.rehearsal.cases.iter().filter(|case| case.outcome == Outcome::Skipped).count();
        let selected = self.rehearsal.cases.len();
        let keys = self.rehearsal.keys;
        let calls: u64 = self.rehearsal.calls.values().sum();
        let mut lines = vec![
            format!(
                "Plan for {} ({}), as rehearsed at the embedded reference; a slower target gets more calls that read:",
                self.target.endpoint, self.target.region
            ),
            format!("  cases     {} of {selected}, {skipped} skipped", selected - skipped),
        ];
        let mut end = "at the end";
        if self.rounds > 1 {
            lines.push(format!("  rounds    {}; keys, calls and cost are those of all rounds", self.rounds));
            end = "at the end of each round";
        }
        lines.push(format!(
            "  keys      {keys} are made, and never more than {}; {end} their deletion is scheduled, in 7 days",
            self.most
        ));
        lines.extend(self.rehearsal.recorded.iter().map(|recorded| {
            let calls = recorded.evidence.as_ref().map_or(recorded.facts.len(), |evidence| evidence.facts.len());
            format!("  facts     the calls of {calls} facts")
        }));
        lines.extend(self.lent.iter().map(|lent| {
            format!("  lent      {} as `{}`: material deleted and imported again", lent.key_id, lent.precondition)
        }));
        lines.push(format!("  calls     {calls}"));
        lines.extend(self.by_operation());
        lines.push(self.cost(keys, calls));
        lines.push(self.duration());
        lines.push(format!(
            "  limit     {} for the cases (`--deadline`); then {} more for the release of keys",
            told(self.deadline),
            told(Permit::Owned.release())
        ));
        if let Some((ledger, sweep)) = &self.ledger {
            lines.push(format!("  ledger    {}; after a crash:", ledger.display()));
            lines.push(format!("            {sweep}"));
        }
        lines.join("\n")
    }

    /// The pace of an operation, and the shortest time that its calls need at this pace.
    fn least(&self, operation: &str, calls: u64) -> Option<(f64, Duration)> {
        let rates = &self.target.limits.rates;
        let rate = rates.by_operation.get(operation).copied().or(rates.others)?;
        Some((rate, Duration::from_secs_f64(calls.saturating_sub(1) as f64 / rate)))
    }

    fn by_operation(&self) -> Vec<String> {
        let known = |operation: &str| self.corpus.quotas.iter().any(|quota| quota.operation.get_ref() == operation);
        let (named, others): (Vec<_>, Vec<_>) = self.rehearsal.calls.iter().partition(|(name, _)| known(name));
        let mut rows: Vec<(&str, u64)> = named.iter().map(|(name, calls)| (name.as_str(), **calls)).collect();
        rows.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        let others: u64 = others.iter().map(|(_, calls)| **calls).sum();
        let mut lines: Vec<String> = rows
            .into_iter()
            .map(|(name, calls)| {
                let pace = self.least(name, calls);
                // A time of 0 seconds is not shown.
                let pace = pace.filter(|(_, time)| time.as_secs() > 0);
                let pace = pace.map(|(rate, time)| format!("at {rate} a second: {}", told(time))).unwrap_or_default();
                format!("            {calls:6}  {name:26} {pace}").trim_end().to_owned()
            })
            .collect();
        if others > 0 {
            lines.push(format!("            {others:6}  others: no pace is published, or malformed"));
        }
        lines
    }

    fn cost(&self, keys: usize, calls: u64) -> String {
        let price = |of: PriceOf| self.corpus.prices.iter().find(|price| *price.of.get_ref() == of);
        let (Some(key), Some(requests)) = (price(PriceOf::KeyMonth), price(PriceOf::TenThousandRequests)) else {
            return "  cost      no price is known".to_owned();
        };
        const HOURS_A_MONTH: f64 = 730.0;
        let for_keys = keys as f64 * key.usd / HOURS_A_MONTH;
        let for_calls = calls as f64 / 10_000.0 * requests.usd;
        format!(
            "  cost      about USD {:.2}: {keys} keys for an hour {for_keys:.3}, {calls} requests {for_calls:.3} (source {}; a month's first 20,000 requests are free)",
            (for_keys + for_calls).max(0.01),
            key.source
        )
    }

    fn duration(&self) -> String {
        let slowest = self
            .rehearsal
            .calls
            .iter()
            .filter_map(|(name, calls)| Some((self.least(name, *calls)?.1, name)))
            .max_by_key(|(time, _)| *time);
        let Some((time, name)) = slowest else { return "  duration  not limited by a pace".to_owned() };
        let warning = match time > self.deadline {
            true => format!("; that is more than the time limit of {}: raise `--deadline`", told(self.deadline)),
            false => String::new(),
        };
        format!("  duration  {} or more, as {name} is the slowest at the pace above{warning}", told(time))
    }
}

fn told(time: Duration) -> String {
    match time.as_secs() {
        0 => "less than 1 s".to_owned(),
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

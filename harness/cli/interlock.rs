//! What has to be said before keys are made off loopback: the account, the plan, and a yes.
//!
//! The plan is a rehearsal: the same cases at the embedded reference, with the same guard, calls counted.

use crate::arguments::RunArguments;
use crate::confirm::confirm;
use crate::embedded;
use crate::failure::Failure;
use crate::output;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::fixture::{Case, Corpus, Danger, PriceOf, PrincipalName, Selection};
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::{CaseReport, Outcome, RunReport};
use trentcheck_core::run::{Lent, Options, Permit, Progress, Target, run};

/// What a run may do at its target. Off loopback keys are made only after everything has been said.
pub(crate) async fn permit(
    arguments: &RunArguments,
    target: &Target,
    corpus: &Corpus,
    selection: &Selection,
    options: Options,
    ledger: Option<&Path>,
) -> Result<Permit, Failure> {
    if target.endpoint.is_loopback() {
        return Ok(Permit::All);
    }
    let permit = if arguments.allow_mutation { Permit::Owned } else { Permit::NoKeys };
    let lent = options.lent.clone();
    if permit == Permit::NoKeys && lent.is_empty() {
        return Ok(permit);
    }
    let Some(account) = &target.account else {
        return Err(Failure::safety("keys are made only in an account that is named")
            .hint("`--account` with its number; if the target's keys turn out to be in another, nothing goes on"));
    };
    let selection = match permit {
        Permit::NoKeys => &on_lent_only(corpus, selection, &lent),
        Permit::Owned | Permit::All => selection,
    };
    let mut rehearsal = rehearse(target, corpus, selection, options).await?;
    if permit == Permit::NoKeys {
        // The rehearsal made keys in place of those that are lent.
        rehearsal.keys = 0;
        rehearsal.calls.retain(|name, _| !["CreateKey", "ScheduleKeyDeletion", "ListKeys"].contains(&name.as_str()));
    }
    let plan = Plan { lent: &lent, rehearsal: &rehearsal, target, corpus, ledger, deadline: arguments.deadline };
    output::to_stderr(&plan.render());
    if !arguments.yes {
        let account = account.clone();
        tokio::task::spawn_blocking(move || confirm(&account))
            .await
            .map_err(|error| Failure::internal(format!("ask: {error}")))??;
    }
    Ok(permit)
}

/// The keys that the configuration names and the command line repeats, with their material.
pub(crate) fn lent(arguments: &RunArguments, corpus: &Corpus) -> Result<Vec<Lent>, Failure> {
    let known: Vec<&str> = arguments.keys.values().map(|key| key.id.as_str()).collect();
    if let Some(id) = arguments.allow_key.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(Failure::usage(format!("use the key `{id}`: the configuration has no such key"))
            .hint("a table `[keys.PRECONDITION]` has its `id` and a file with its `material`"));
    }
    let mut lent = Vec::new();
    for (precondition, key) in &arguments.keys {
        if !arguments.allow_key.contains(&key.id) {
            output::to_stderr(&format!(
                "the key of [keys.{precondition}] is not used: `--allow-key` has to repeat its id"
            ));
            continue;
        }
        let material = std::fs::read(&key.material)
            .map_err(|error| Failure::usage(format!("read `{}`: {error}", key.material.display())))?;
        if material.is_empty() {
            return Err(Failure::usage(format!("use `{}` as key material: it is empty", key.material.display())));
        }
        let spelt = [BASE64_STANDARD.encode(&material), material.iter().map(|byte| format!("{byte:02x}")).collect()];
        output::protect(&Redactor::new(spelt.map(|text| (text, "<key-material>"))));
        let key = Lent { precondition: precondition.clone(), key_id: key.id.clone(), material };
        key.check(corpus).map_err(|error| Failure::usage(error.to_string()))?;
        lent.push(key);
    }
    Ok(lent)
}

/// The cases that need no key, or one that is lent.
fn on_lent_only(corpus: &Corpus, selection: &Selection, lent: &[Lent]) -> Selection {
    let takes = |case: &&Case| {
        let is_lent = lent.iter().any(|lent| lent.precondition == case.precondition);
        selection.takes(case) && (case.danger == Danger::None || is_lent)
    };
    let patterns = corpus.cases.iter().filter(takes).map(|case| case.id().to_owned()).collect();
    Selection { patterns, ..Selection::default() }
}

/// The same cases at the embedded reference, by whom and where they would be sent.
async fn rehearse(
    target: &Target,
    corpus: &Corpus,
    selection: &Selection,
    options: Options,
) -> Result<RunReport, Failure> {
    let (server, mut stage) = embedded::start(target.edition, Duration::from_secs(10)).await?;
    let account_of = |name: &str| {
        let principals = &server.config().principals;
        principals.iter().find(|principal| principal.name == name).map(|principal| principal.account.clone())
    };
    stage.account = account_of("primary");
    stage.stranger_account = target.stranger_account.as_ref().and_then(|_| account_of("stranger"));
    stage.principals.retain(|name, _| *name == PrincipalName::Primary || target.principals.contains_key(name));
    stage.provided.retain(|name, _| target.provided.contains_key(name));
    if target.elsewhere.is_none() {
        stage.elsewhere = None;
    }
    let options = Options {
        permit: Permit::Owned,
        settle: Duration::from_secs(1),
        deadline: Duration::from_secs(60),
        clock: Arc::new(SystemTime::now),
        ledger: None,
        lent: Vec::new(),
        ..options
    };
    let (_stop, stopped) = watch::channel(false);
    let report = run(corpus, selection, &stage, &options, &Silent, stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    Ok(report)
}

struct Silent;

impl Progress for Silent {
    fn begins(&self, _cases: usize) {}
    fn ended(&self, _case: &CaseReport) {}
}

struct Plan<'a> {
    lent: &'a [Lent],
    rehearsal: &'a RunReport,
    target: &'a Target,
    corpus: &'a Corpus,
    ledger: Option<&'a Path>,
    deadline: Option<Duration>,
}

impl Plan<'_> {
    fn render(&self) -> String {
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
            format!(
                "  keys      {keys} are made; nothing else is touched; at the end their deletion is scheduled, in 7 days"
            ),
        ];
        lines.extend(self.lent.iter().map(|lent| {
            format!("  lent      {} as `{}`: material deleted and imported again", lent.key_id, lent.precondition)
        }));
        lines.push(format!("  calls     {calls}"));
        lines.extend(self.by_operation());
        lines.push(self.cost(keys, calls));
        lines.push(self.duration());
        if let Some(ledger) = self.ledger {
            lines.push(format!("  ledger    {0}; after a crash: `trentcheck sweep --ledger {0}`", ledger.display()));
        }
        lines.join("\n")
    }

    /// How long the quota of an operation makes its calls last, at the least.
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
                // What takes no time is not worth a column.
                let pace = pace.filter(|(_, time)| time.as_secs() > 0);
                let pace = pace.map(|(rate, time)| format!("at {rate} a second: {}", told(time))).unwrap_or_default();
                format!("            {calls:6}  {name:26} {pace}").trim_end().to_owned()
            })
            .collect();
        if others > 0 {
            lines.push(format!("            {others:6}  malformed, or naming no operation"));
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
        let limit = self.deadline.unwrap_or(crate::run::DEADLINE);
        let warning = match time > limit {
            true => format!("; that is more than the time limit of {}: raise `--deadline`", told(limit)),
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

//! `trentcheck sweep`. Off loopback it looks first, and asks.

use crate::arguments::SweepArguments;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::sweep::{Touched, render};
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::confirm::confirm;
use crate::setup::corpus::corpus;
use crate::setup::ledger::open;
use crate::setup::settings::{DEADLINE, TargetSettings};
use crate::setup::target::{Missing, Prepared, Provided, Reach, Terms, must_be_verified};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use trentcheck_core::arn::Arn;
use trentcheck_core::fixture::Owner;
use trentcheck_core::ledger::OpenRun;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::Clock;
use trentcheck_core::sweep::{Sweeping, Swept, Times, Touch, settle, sweep as remove};

/// How old a run has to be if neither a ledger nor an age is given; far longer than a run's usual time limit.
const OLD: Duration = Duration::from_secs(60 * 60);

/// Sweeps, prints what was done, and gives the exit code.
pub(crate) async fn sweep(arguments: &SweepArguments) -> Result<u8, Failure> {
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    // A ledger says where its keys are.
    let unchosen = if arguments.ledger.is_some() { Unchosen::Allowed } else { Unchosen::Refused };
    let choice = one(&arguments.target, &configuration, unchosen)?;
    let mut settings = TargetSettings::of(&arguments.target, &choice, &configuration, None)?;
    let corpus = corpus(None)?;
    let opened = match &arguments.ledger {
        Some(path) if !path.exists() => {
            return Err(Failure::rule(format!("the ledger `{}` does not exist", path.display())));
        }
        Some(path) => Some(open(path)?),
        None => None,
    };
    if let Some((_, runs)) = &opened {
        settings = of_ledger(settings, runs)?;
        if runs.is_empty() {
            output::to_stdout("nothing to sweep: every run of the ledger ended");
            return Ok(ExitCode::Pass as u8);
        }
    }
    let nowhere = Failure::rule("`sweep` needs a target")
        .hint("name it with `--endpoint` or `--target`, or give the ledger of the run with `--ledger`");
    let terms = Terms { missing: Missing::Refused(nowhere), reach: Reach::Anywhere, provided: Provided::Unused };
    let Prepared { mut target, settle: settling, .. } = Prepared::of(&settings, &corpus, terms).await?;
    let runs = opened.as_ref().map_or(&[][..], |(_, runs)| runs);
    // A Region that nobody named is asked only where a run made keys.
    target.elsewhere = target.elsewhere.filter(|there| !there.is_assumed || names_region(runs, &there.region));
    must_be_verified(&target, "keys are swept")?;
    let named: Vec<String> = target.account.iter().chain(&target.stranger_account).cloned().collect();
    if !target.endpoint.is_loopback() && named.is_empty() {
        return Err(Failure::safety("off loopback, keys are swept only in an account that you name")
            .hint("name it with `--account`"));
    }
    let sweeping = match &opened {
        Some((_, runs)) => Sweeping::Runs(runs.clone()),
        None => Sweeping::OlderThan(arguments.older_than.unwrap_or(OLD)),
    };
    let clock: Clock = Arc::new(SystemTime::now);
    let is_loopback = target.endpoint.is_loopback();
    let deadline = arguments.deadline.or(settings.deadline).unwrap_or(DEADLINE);
    let times = Times { settle: settling, deadline };
    let sweep = async |touch: Touch| {
        remove(&corpus, &target, &sweeping, touch, &clock, times)
            .await
            .map_err(|error| Failure::usage(error.to_string()))
    };
    let touched = if arguments.dry_run { Touched::Nothing } else { Touched::Something };
    let swept = match (is_loopback, touched) {
        (_, Touched::Nothing) => sweep(Touch::Nothing).await?,
        (true, Touched::Something) => sweep(Touch::Change).await?,
        (false, Touched::Something) => {
            let would = sweep(Touch::Nothing).await?;
            must_be_named(&would)?;
            match would.has_changes() {
                // Nothing would be different the second time, and nobody has to say yes to nothing.
                false => would,
                true => {
                    output::to_stderr(&render(&would, Touched::Nothing));
                    if !arguments.yes {
                        confirm(named.first().map_or("", String::as_str)).await?;
                    }
                    // What was said and no more, whatever has turned up since.
                    sweep(Touch::Shown(would)).await?
                }
            }
        }
    };
    must_be_named(&swept)?;
    if let (Some((ledger, runs)), Touched::Something) = (&opened, touched) {
        settle(ledger, runs, &swept).map_err(|error| Failure::usage(error.to_string()))?;
    }
    output::to_stdout(&render(&swept, touched));
    if swept.left.is_empty() {
        return Ok(ExitCode::Pass as u8);
    }
    if let Some(path) = &arguments.ledger {
        output::to_stderr(&format!(
            "hint: the ledger stays open. Sweep again later, with the credentials of the run:\n  {}\nhint: if that does not help, look at the target yourself, and delete `{}` when nothing of the run is left there",
            settings.sweep_line(path, &target),
            path.display()
        ));
    }
    Ok(ExitCode::Teardown as u8)
}

/// Whether one of these runs made a key in this Region, or may have.
fn names_region(runs: &[OpenRun], region: &str) -> bool {
    let is_there = |arn: &String| arn.parse::<Arn>().is_ok_and(|arn| arn.region() == region);
    runs.iter().any(|run| run.keys.iter().any(is_there) || run.intents.values().any(|(there, _)| there == region))
}

fn must_be_named(swept: &Swept) -> Result<(), Failure> {
    match swept.unnamed.is_empty() {
        true => Ok(()),
        false => Err(Failure::safety("some of the keys are in another account than the one that you named")),
    }
}

/// Endpoint and Region come from the ledger; others than those would sweep the wrong place.
fn of_ledger(settings: TargetSettings, runs: &[OpenRun]) -> Result<TargetSettings, Failure> {
    let Some(first) = runs.first() else { return Ok(settings) };
    let endpoint = settings.endpoint.as_deref().unwrap_or(&first.endpoint);
    let region = settings.region.as_deref().unwrap_or(&first.region);
    let is_elsewhere = |run: &&OpenRun| {
        endpoint.trim_end_matches('/') != run.endpoint || region != run.region || run.accounts != first.accounts
    };
    match runs.iter().find(is_elsewhere) {
        // Accounts are those that were named for the run, unless others are named now.
        None => {
            let named = |owner| first.accounts.get(&owner).cloned();
            let mut settings = settings.at(endpoint, region);
            settings.account = settings.account.or_else(|| named(Owner::Primary));
            settings.stranger_account = settings.stranger_account.or_else(|| named(Owner::Stranger));
            Ok(settings)
        }
        Some(run) => Err(Failure::safety(format!(
            "run {} of the ledger was at {} in {}, not at {endpoint} in {region}",
            run.run, run.endpoint, run.region
        ))),
    }
}

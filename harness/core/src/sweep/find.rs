//! Finds the keys of runs. A key that a ledger names and that is not found counts as left, not as removed: the target
//! may show it late, or the principal may be the wrong one.

use super::subject::{Found, Sweep, Swept};
use crate::arn::Arn;
use crate::fixture::Owner;
use crate::kms::ours::{Ours, inspect, is_not_found, list};
use crate::kms::{FailureKind, Kms, Pauses};
use crate::ledger::OpenRun;
use crate::text::{TargetText, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// The keys that the ledgers name. If a CreateKey call may have been under way, also the keys of the run that the
/// target lists.
pub(super) async fn of_runs<'a>(sweep: &Sweep<'a>, runs: &[OpenRun], swept: &mut Swept) -> Vec<Found<'a>> {
    let mut found: BTreeMap<Arn, Found<'a>> = BTreeMap::new();
    let mut missing: BTreeMap<Arn, (&OpenRun, Missing)> = BTreeMap::new();
    for (run, text) in runs.iter().flat_map(|run| run.keys.iter().map(move |text| (run, text))) {
        match text.parse() {
            Ok(arn) => drop(missing.insert(arn, (run, Missing::default()))),
            Err(error) => swept.left.push(format!("key {}: failed to {error}", text.escape_debug()).into()),
        }
    }
    let mut searches = searches(sweep, runs);
    let mut pauses = Pauses::within(sweep.settle);
    // Regions without an answer. Waiting for the time limit of each of hundreds of keys would take too long.
    let mut silent: BTreeMap<String, Text> = BTreeMap::new();
    loop {
        missing.retain(|arn, _| !found.contains_key(arn));
        for (arn, (run, missing)) in missing.iter_mut().filter(|(_, (_, missing))| missing.may_change) {
            if let Some(why) = silent.get(arn.region()) {
                *missing = Missing { why: why.clone(), may_change: false, is_silent: true };
                continue;
            }
            match look(sweep, run, arn).await {
                Ok(key) => drop(found.insert(arn.clone(), key)),
                Err(now) => {
                    if now.is_silent {
                        silent.insert(arn.region().to_owned(), now.why.clone());
                    }
                    *missing = now;
                }
            }
        }
        for search in searches.iter_mut().filter(|search| search.goes_on()) {
            search.look(&mut found).await;
        }
        missing.retain(|arn, _| !found.contains_key(arn));
        let may_change =
            missing.values().any(|(_, missing)| missing.may_change) || searches.iter().any(Search::goes_on);
        if !may_change || !pauses.pause().await {
            break;
        }
    }
    let missing = missing.into_iter().map(|(arn, (_, missing))| Text::from(format!("key {arn}: ")).and(missing.why));
    swept.left.extend(missing);
    swept.left.extend(searches.iter().filter_map(|search| search.doubt(sweep)));
    found.into_values().collect()
}

/// The reason why a key is not found.
struct Missing {
    why: Text,
    /// Whether another attempt can have another result.
    may_change: bool,
    /// Whether there was no answer.
    is_silent: bool,
}

impl Default for Missing {
    fn default() -> Self {
        Self { why: Text::default(), may_change: true, is_silent: false }
    }
}

/// Looks for a key of a ledger, as every principal that may have access to it.
async fn look<'a>(sweep: &Sweep<'a>, run: &OpenRun, arn: &Arn) -> Result<Found<'a>, Missing> {
    let mut whys: Vec<Text> = Vec::new();
    let (mut may_change, mut is_silent) = (false, false);
    for (_, kms) in sweep.everybody().into_iter().filter(|(_, kms)| kms.region() == arn.region()) {
        let why = match inspect(kms.plain(), arn).await {
            Ok(Some(ours)) if ours.is_of(&run.run) => return Ok(Found { ours, kms }),
            Ok(_) => {
                may_change = true;
                format!("tag and description are not those of run {}", run.run).into()
            }
            Err(failure) => {
                may_change |= is_not_found(&failure);
                is_silent |= failure.kind == FailureKind::NoAnswer;
                failure.describe()
            }
        };
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    if whys.is_empty() {
        whys.push("no principal that could reach it is configured".into());
    }
    Err(Missing { why: Text::joined(whys, "; "), may_change, is_silent })
}

/// The search for keys whose CreateKey may have been under way, as one principal in one Region.
struct Search<'a, 'r> {
    region: &'r str,
    owner: Owner,
    kms: Option<&'a Kms>,
    /// The runs, each with the number of such keys.
    runs: BTreeMap<&'r str, (&'r OpenRun, usize)>,
    /// ARNs of keys of these runs that no ledger names.
    extra: BTreeMap<Arn, String>,
    accounts: BTreeSet<String>,
    unseen: BTreeMap<TargetText, &'static str>,
    failure: Option<Text>,
}

fn searches<'a, 'r>(sweep: &Sweep<'a>, runs: &'r [OpenRun]) -> Vec<Search<'a, 'r>> {
    let mut searches: BTreeMap<(&str, Owner), Search> = BTreeMap::new();
    for run in runs {
        for (region, owner) in run.intents.values() {
            let search = searches.entry((region, *owner)).or_insert_with(|| Search {
                region,
                owner: *owner,
                kms: sweep
                    .everybody()
                    .into_iter()
                    .find(|(who, kms)| who == owner && kms.region() == *region)
                    .map(|(_, kms)| kms),
                runs: BTreeMap::new(),
                extra: BTreeMap::new(),
                accounts: BTreeSet::new(),
                unseen: BTreeMap::new(),
                failure: None,
            });
            search.runs.entry(&run.run).or_insert((run, 0)).1 += 1;
        }
    }
    searches.into_values().collect()
}

impl<'a> Search<'a, '_> {
    /// Whether another look may find more keys: the last CreateKey may still be in progress, or its key may not be
    /// visible yet.
    fn goes_on(&self) -> bool {
        let found = |run: &str| self.extra.values().filter(|of| *of == run).count();
        let is_complete = self.runs.iter().all(|(run, (_, intents))| found(run) >= *intents);
        self.kms.is_some() && self.failure.is_none() && !is_complete
    }

    async fn look(&mut self, found: &mut BTreeMap<Arn, Found<'a>>) {
        let Some(kms) = self.kms else { return };
        let listing = match list(kms.plain()).await {
            Ok(listing) => listing,
            Err(failure) => {
                self.failure = Some(failure.describe());
                return;
            }
        };
        self.accounts.extend(listing.accounts);
        self.unseen = listing.unseen;
        for ours in listing.ours {
            let Some((run, _)) = self.runs.get(ours.run.as_str()) else { continue };
            if !run.keys.contains(ours.arn.as_str()) && !run.released.contains(ours.arn.as_str()) {
                self.extra.insert(ours.arn.clone(), ours.run.clone());
            }
            found.entry(ours.arn.clone()).or_insert(Found { ours, kms });
        }
    }

    /// The reason why a key may still be left.
    fn doubt(&self, sweep: &Sweep<'_>) -> Option<Text> {
        let owner = match self.owner {
            Owner::Primary => "primary",
            Owner::Stranger => "stranger",
        };
        let why = if self.kms.is_none() {
            format!("no credentials are configured to search for it: `{owner}` in that Region").into()
        } else if let Some(failure) = &self.failure {
            failure.clone()
        } else if !sweep.target.endpoint.is_loopback() && self.accounts.is_empty() {
            format!("`{owner}` has no key there that shows its account, so its account may differ from the one that was named")
                .into()
        } else if !sweep.target.endpoint.is_loopback()
            && self.accounts.iter().any(|account| Some(account) != sweep.named(self.owner))
        {
            format!("`{owner}` belongs to another account than the one that was named for it").into()
        } else if let (true, Some((named, why))) = (self.goes_on(), self.unseen.first_key_value()) {
            Text::from(named).and(" is listed, and ").and(*why)
        } else {
            return None;
        };
        let runs: Vec<&str> = self.runs.keys().copied().collect();
        Some(Text::from(format!("perhaps a key of run {} in {}: ", runs.join(" and "), self.region)).and(why))
    }
}

/// The keys of runs whose youngest key has at least this age, as every principal.
pub(super) async fn older_than<'a>(
    sweep: &Sweep<'a>,
    age: Duration,
    now: SystemTime,
    swept: &mut Swept,
) -> Vec<Found<'a>> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let mut found = Vec::new();
    for (_, kms) in sweep.everybody() {
        let all = match list(kms.plain()).await {
            Ok(listing) => listing.ours,
            Err(failure) => {
                swept.left.push(Text::from(format!("keys in {}: ", kms.region())).and(failure.describe()));
                continue;
            }
        };
        let young: BTreeSet<String> =
            all.iter().filter(|ours| now - ours.made < age.as_secs_f64()).map(|ours| ours.run.clone()).collect();
        let (skipped, old): (Vec<Ours>, Vec<Ours>) = all.into_iter().partition(|ours| young.contains(&ours.run));
        let younger = |ours: &Ours| {
            let arn = TargetText::from(ours.arn.as_str());
            Text::from("key ").and(arn).and(format!(": run {} is younger", ours.run))
        };
        swept.skipped.extend(skipped.iter().map(younger));
        found.extend(old.into_iter().map(|ours| Found { ours, kms }));
    }
    found
}

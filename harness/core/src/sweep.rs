//! Removes what runs left behind: only keys that have the run's id in tag and description, looked at again right before
//! each call that changes something.

use crate::fixture::Corpus;
use crate::ledger::{Ledger, OpenRun};
use crate::run::clients::Clients;
use crate::run::kms::{Failure, FailureKind, Kms, Pauses};
use crate::run::{Clock, SetupError, Target};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// Which keys are swept.
#[derive(Clone, Debug)]
pub enum Sweeping {
    /// Those of runs that did not end, by their ledger.
    Runs(Vec<OpenRun>),
    /// Those of runs whose youngest key is at least this old.
    OlderThan(Duration),
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Aliases are deleted and deletions scheduled.
    Change,
    /// It is only said what would be done.
    Nothing,
}

/// What a sweep did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// ARNs of the keys whose deletion is scheduled now.
    pub scheduled: Vec<String>,
    /// ARNs of the keys that were pending deletion before.
    pub pending: Vec<String>,
    /// Names of the aliases that are deleted.
    pub aliases: Vec<String>,
    /// What was let be, and why.
    pub skipped: Vec<String>,
    /// What could not be removed, and why.
    pub left: Vec<String>,
}

/// A key that a run of this program made: its id is in the description and in the tag.
pub(crate) struct Ours {
    run: String,
    arn: String,
    id: String,
    state: String,
    /// In seconds.
    made: f64,
}

impl Ours {
    /// Whether the run of this id made it.
    pub(crate) fn is_of(&self, run: &str) -> bool {
        self.run == run
    }
}

/// Sweeps.
///
/// # Errors
///
/// Connection settings or credentials that are wrong; everything later is in the result.
pub async fn sweep(
    corpus: &Corpus,
    target: &Target,
    sweeping: &Sweeping,
    touch: Touch,
    clock: &Clock,
    settle: Duration,
) -> Result<Swept, SetupError> {
    let clients = Clients::new(target, clock, settle, None)?;
    let mut swept = Swept::default();
    for kms in clients.by_place.values() {
        let found = match sweeping {
            Sweeping::Runs(runs) => of_runs(kms, corpus, runs, &mut swept).await,
            Sweeping::OlderThan(age) => older_than(kms, corpus, *age, (clock)(), &mut swept).await,
        };
        match found {
            Ok(found) => {
                for ours in found {
                    let arn = ours.arn.clone();
                    if let Err(failure) = release(kms, corpus, ours, touch, &mut swept).await {
                        swept.left.push(format!("key {arn}: {}", failure.describe()));
                    }
                }
            }
            Err(failure) => swept.left.push(format!("keys in {}: {}", kms.region, failure.describe())),
        }
    }
    if let Sweeping::Runs(runs) = sweeping {
        for key in runs.iter().flat_map(|run| &run.lent) {
            look_at_lent(&clients.primary, corpus, key, &mut swept).await;
        }
        // A key that no client reached is left, whatever else was found.
        let seen: BTreeSet<&String> = swept.scheduled.iter().chain(&swept.pending).collect();
        let told = |arn: &String| {
            seen.contains(arn) || swept.left.iter().chain(&swept.skipped).any(|line| line.contains(arn.as_str()))
        };
        let lost: Vec<String> = runs.iter().flat_map(|run| &run.keys).filter(|arn| !told(arn)).cloned().collect();
        swept.left.extend(lost.into_iter().map(|arn| format!("key {arn}: nobody who could reach it is configured")));
    }
    Ok(swept)
}

/// A key that was lent is never touched by a sweep, which has no material for it; it is told where it stands.
async fn look_at_lent(kms: &Kms, corpus: &Corpus, key: &str, swept: &mut Swept) {
    let state = match kms.call(corpus, "DescribeKey", &json!({ "KeyId": key })).await {
        Ok(answer) => answer["KeyMetadata"]["KeyState"].as_str().unwrap_or_default().to_owned(),
        Err(failure) => failure.describe(),
    };
    match state.as_str() {
        "Enabled" => swept.skipped.push(format!("key {key}: it was lent to the run, and is enabled again")),
        _ => swept
            .left
            .push(format!("key {key}: it was lent to the run ({state}); import its material again, or enable it")),
    }
}

/// Tells a ledger what was swept.
///
/// # Errors
///
/// A file that cannot be written.
pub fn settle(ledger: &Ledger, runs: &[OpenRun], swept: &Swept) -> Result<(), crate::ledger::LedgerError> {
    for run in runs {
        for arn in swept.scheduled.iter().chain(&swept.pending).filter(|arn| run.keys.contains(*arn)) {
            ledger.released(&run.run, arn)?;
        }
        if swept.left.is_empty() {
            ledger.ended(&run.run)?;
        }
    }
    Ok(())
}

/// The keys of one run, for a run that does not know whether a call of its own made a key.
pub(crate) async fn arns_of_run(kms: &Kms, corpus: &Corpus, run: &str) -> Result<Vec<String>, Failure> {
    Ok(all(kms, corpus).await?.into_iter().filter(|ours| ours.run == run).map(|ours| ours.arn).collect())
}

/// The keys that the ledger names, and where a CreateKey may have been under way, those that the target has of the run.
async fn of_runs(kms: &Kms, corpus: &Corpus, runs: &[OpenRun], swept: &mut Swept) -> Result<Vec<Ours>, Failure> {
    let mut found: BTreeMap<String, Ours> = BTreeMap::new();
    let here = format!(":kms:{}:", kms.region);
    for run in runs {
        for arn in run.keys.iter().filter(|arn| arn.contains(&here)) {
            match inspect(kms, corpus, arn).await {
                Ok(Some(ours)) if ours.run == run.run => drop(found.insert(ours.arn.clone(), ours)),
                Ok(_) => swept.skipped.push(format!("key {arn}: tag and description are not those of run {}", run.run)),
                // Somebody else's: another of the principals reaches it, or it is gone.
                Err(failure) if failure.kind == FailureKind::Refused("NotFoundException".to_owned()) => {
                    swept.skipped.push(format!("key {arn}: there is none"));
                }
                Err(failure) if failure.kind == FailureKind::Refused("AccessDeniedException".to_owned()) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    let unsure: BTreeSet<&str> =
        runs.iter().filter(|run| !run.intents.is_empty()).map(|run| run.run.as_str()).collect();
    if !unsure.is_empty() {
        // The last CreateKey may still be at work, or not be seen yet.
        let mut pauses = Pauses::within(kms.settle);
        loop {
            let before = found.len();
            for ours in all(kms, corpus).await?.into_iter().filter(|ours| unsure.contains(ours.run.as_str())) {
                found.insert(ours.arn.clone(), ours);
            }
            if found.len() > before || !pauses.pause().await {
                break;
            }
        }
    }
    Ok(found.into_values().collect())
}

async fn older_than(
    kms: &Kms,
    corpus: &Corpus,
    age: Duration,
    now: SystemTime,
    swept: &mut Swept,
) -> Result<Vec<Ours>, Failure> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let all = all(kms, corpus).await?;
    let young: BTreeSet<String> =
        all.iter().filter(|ours| now - ours.made < age.as_secs_f64()).map(|ours| ours.run.clone()).collect();
    let (skipped, old): (Vec<Ours>, Vec<Ours>) = all.into_iter().partition(|ours| young.contains(&ours.run));
    swept.skipped.extend(skipped.iter().map(|ours| format!("key {}: run {} is younger", ours.arn, ours.run)));
    Ok(old)
}

/// Every key of the caller that a run of this program made.
async fn all(kms: &Kms, corpus: &Corpus) -> Result<Vec<Ours>, Failure> {
    let mut found = Vec::new();
    for key in paged(kms, corpus, "ListKeys", json!({}), "Keys").await? {
        let Some(arn) = key["KeyArn"].as_str() else { continue };
        match inspect(kms, corpus, arn).await {
            Ok(ours) => found.extend(ours),
            // A key that may not be looked at is not ours.
            Err(Failure { kind: FailureKind::Refused(error), .. })
                if ["NotFoundException", "AccessDeniedException"].contains(&error.as_str()) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

/// All pages of a list.
async fn paged(kms: &Kms, corpus: &Corpus, operation: &str, body: Value, member: &str) -> Result<Vec<Value>, Failure> {
    let mut body = body;
    let mut items = Vec::new();
    loop {
        let mut answer = kms.call(corpus, operation, &body).await?;
        if let Value::Array(page) = answer[member].take() {
            items.extend(page);
        }
        let next = answer["NextMarker"].take();
        if answer["Truncated"] != true || !next.is_string() || next == body["Marker"] {
            return Ok(items);
        }
        body["Marker"] = next;
    }
}

/// The key if it is one of ours: the description and the tag name the same run.
pub(crate) async fn inspect(kms: &Kms, corpus: &Corpus, arn: &str) -> Result<Option<Ours>, Failure> {
    let named = json!({ "KeyId": arn });
    let answer = kms.call(corpus, "DescribeKey", &named).await?;
    let metadata = &answer["KeyMetadata"];
    let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
    let description = text("Description");
    let Some(run) = description.strip_prefix("trentcheck ").filter(|run| is_run_id(run)) else { return Ok(None) };
    // Another key than the one that was asked for is nobody's.
    if text("Arn") != arn || text("KeyId").is_empty() || !metadata["CreationDate"].is_number() {
        return Ok(None);
    }
    let tags = paged(kms, corpus, "ListResourceTags", named, "Tags").await?;
    let is_tagged = tags.iter().any(|tag| tag["TagKey"] == "trentcheck-run" && tag["TagValue"] == run);
    Ok(is_tagged.then(|| Ours {
        run: run.to_owned(),
        arn: arn.to_owned(),
        id: text("KeyId"),
        state: text("KeyState"),
        made: metadata["CreationDate"].as_f64().unwrap_or(f64::MAX),
    }))
}

/// As [`crate::run::Entropy::run_id`] makes them.
fn is_run_id(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
}

/// Deletes the aliases of a key and schedules its deletion, with the shortest window.
async fn release(kms: &Kms, corpus: &Corpus, ours: Ours, touch: Touch, swept: &mut Swept) -> Result<(), Failure> {
    let aliases = paged(kms, corpus, "ListAliases", json!({ "KeyId": ours.arn }), "Aliases").await?;
    let prefix = format!("alias/trentcheck-{}-", ours.run);
    let is_ours = |alias: &&Value| alias["TargetKeyId"] == ours.id.as_str();
    let names = aliases.iter().filter(is_ours).filter_map(|alias| alias["AliasName"].as_str());
    for name in names.filter(|name| name.starts_with(&prefix)) {
        if touch == Touch::Change && still(kms, corpus, &ours, swept).await? {
            kms.call(corpus, "DeleteAlias", &json!({ "AliasName": name })).await?;
        }
        swept.aliases.push(name.to_owned());
    }
    if ours.state == "PendingDeletion" {
        swept.pending.push(ours.arn);
        return Ok(());
    }
    if touch == Touch::Nothing {
        swept.scheduled.push(ours.arn);
        return Ok(());
    }
    if !still(kms, corpus, &ours, swept).await? {
        return Ok(());
    }
    let body = json!({ "KeyId": ours.arn, "PendingWindowInDays": 7 });
    kms.call(corpus, "ScheduleKeyDeletion", &body).await?;
    swept.scheduled.push(ours.arn);
    Ok(())
}

/// Whether the key is still that run's.
async fn still(kms: &Kms, corpus: &Corpus, ours: &Ours, swept: &mut Swept) -> Result<bool, Failure> {
    let is_ours = inspect(kms, corpus, &ours.arn).await?.is_some_and(|now| now.run == ours.run);
    if !is_ours {
        swept.skipped.push(format!("key {}: tag or description changed meanwhile", ours.arn));
    }
    Ok(is_ours)
}

//! Removes the keys that runs left behind. A key is removed only if it has the run's id in its tag and its description.
//! Both are checked again right before each call that changes something.

mod find;
mod release;
mod subject;

pub use subject::{Sweeping, Swept, Times, Touch};

use crate::fixture::Corpus;
use crate::kms::{Clients, Kms};
use crate::ledger::{Ledger, LedgerError, OpenRun};
use crate::target::{Clock, SetupError, Target};
use crate::text::{TargetText, Text};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::BTreeSet;
use subject::Sweep;
use tokio::time::{Instant, timeout_at};

/// Removes the keys that runs left behind.
///
/// # Errors
///
/// Connection settings or credentials are wrong. Later failures are part of the result.
pub fn sweep<'a>(
    corpus: &'a Corpus,
    target: &'a Target,
    sweeping: &'a Sweeping,
    touch: Touch,
    clock: &'a Clock,
    times: Times,
) -> BoxFuture<'a, Result<Swept, SetupError>> {
    Box::pin(whole(corpus, target, sweeping, touch, clock, times))
}

async fn whole(
    corpus: &Corpus,
    target: &Target,
    sweeping: &Sweeping,
    touch: Touch,
    clock: &Clock,
    times: Times,
) -> Result<Swept, SetupError> {
    let Times { settle, deadline } = times;
    #[expect(clippy::disallowed_methods, reason = "a sweep has a limit")]
    let deadline = Instant::now() + deadline;
    let clients = Clients::new(target, clock, settle, corpus, None)?;
    let sweep = Sweep { target, clients: &clients, touch: &touch, settle };
    let mut swept = Swept::default();
    let found = async {
        match sweeping {
            Sweeping::Runs(runs) => find::of_runs(&sweep, runs, &mut swept).await,
            Sweeping::OlderThan(age) => find::older_than(&sweep, *age, (clock)(), &mut swept).await,
        }
    };
    let found = timeout_at(deadline, found).await;
    for found in found.unwrap_or_else(|_| {
        swept.left.push("there was no time to find all keys; nothing was changed".into());
        Vec::new()
    }) {
        let arn = found.ours.arn.clone();
        match timeout_at(deadline, release::release(&sweep, found, &mut swept)).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => swept.left.push(Text::from(format!("key {arn}: ")).and(failure.describe())),
            Err(_) => swept.left.push(format!("key {arn}: there was no time for it").into()),
        }
    }
    if let Sweeping::Runs(runs) = sweeping {
        for key in runs.iter().flat_map(|run| &run.lent) {
            if timeout_at(deadline, look_at_lent(&clients.primary, key, &mut swept)).await.is_err() {
                swept
                    .left
                    .push(format!("key {key}: it was lent to the run, and there was no time to look at it").into());
            }
        }
    }
    Ok(swept)
}

/// Reports the state of a key that was lent. A sweep never changes such a key, because it does not have the key
/// material.
async fn look_at_lent(kms: &Kms, key: &str, swept: &mut Swept) {
    let state = match kms.call("DescribeKey", &json!({ "KeyId": key })).await {
        Ok(answer) => TargetText::from(answer["KeyMetadata"]["KeyState"].as_str().unwrap_or_default()).into(),
        Err(failure) => failure.describe(),
    };
    let name = Text::from(format!("key {key}: it was lent to the run"));
    match state == Text::from(TargetText::from("Enabled")) {
        true => swept.skipped.push(name.and(", and is enabled again")),
        false => swept.left.push(name.and(" (").and(state).and("); import its material again, or enable it")),
    }
}

/// Records in the ledger what was swept. A run has ended once every key in the ledger is accounted for and nothing is
/// left.
///
/// # Errors
///
/// The file cannot be written.
pub fn settle(ledger: &Ledger, runs: &[OpenRun], swept: &Swept) -> Result<(), LedgerError> {
    let done: BTreeSet<&String> = swept.scheduled.iter().chain(&swept.pending).collect();
    for run in runs {
        for arn in run.keys.iter().filter(|arn| done.contains(arn)) {
            ledger.released(&run.run, arn)?;
        }
        if swept.left.is_empty() && run.keys.iter().all(|arn| done.contains(arn)) {
            ledger.ended(&run.run)?;
        }
    }
    Ok(())
}

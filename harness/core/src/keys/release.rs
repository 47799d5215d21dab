//! The end of a run: everything that it made is released.

use super::pool::{Created, Pool};
use crate::arn::Arn;
use crate::fixture::{Owner, Place};
use crate::kms::ours::{Ours, keys_of_run};
use crate::kms::{Kms, Pauses, mark, scheduled};
use crate::text::Text;
use futures_util::FutureExt;
use serde_json::json;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Keys that are released at a time.
const AT_A_TIME: usize = 4;

/// What a release did not do, in sentences.
pub(crate) struct Released {
    /// What is there still, and why.
    pub(crate) left: Vec<Text>,
    /// What may be there, because the target did not answer.
    pub(crate) perhaps: Vec<Text>,
}

impl Pool<'_> {
    /// Releases every key within this time: aliases deleted, deletion scheduled.
    pub(crate) async fn release(&self, within: Duration) -> Released {
        let deadline = Instant::now() + within;
        // What somebody else owns comes first, what may not exist at all gets no more than half of the time.
        let mut left = surely(self.loans.give_back(), deadline, "keys that were lent").await;
        let about = "perhaps keys, as calls that make a key gave no answer";
        let perhaps = surely(self.look_for_open(), deadline.min(Instant::now() + within / 2), about).await;
        let created = std::mem::take(&mut self.inner().created);
        let slots = &Semaphore::new(AT_A_TIME);
        let ends = created.into_iter().map(|created| async move {
            let _slot = slots.acquire().await;
            surely(self.release_one(&created), deadline, &format!("key {}", created.arn)).await
        });
        left.extend(futures_util::future::join_all(ends).await.into_iter().flatten());
        if left.is_empty()
            && perhaps.is_empty()
            && let Some(ledger) = &self.ledger
            && let Err(error) = ledger.ended(self.maker.run)
        {
            left.push(format!("nothing, but the ledger says otherwise: failed to {error}").into());
        }
        Released { left, perhaps }
    }

    async fn release_one(&self, created: &Created) -> Vec<Text> {
        let Created { place, owner, id, arn, alias } = created;
        let mut left = Vec::new();
        let Some(kms) = self.client(*place, *owner) else { return left };
        if let Some(alias) = alias
            && let Err(failure) = kms.call("DeleteAlias", &json!({ "AliasName": alias })).await
            && !failure.is("NotFoundException")
        {
            left.push(Text::from(format!("alias {alias}: ")).and(failure.describe()));
        }
        let body = json!({ "KeyId": id, "PendingWindowInDays": mark::WINDOW_IN_DAYS });
        match kms.call("ScheduleKeyDeletion", &body).await.and_then(|answer| scheduled(&answer)) {
            Ok(()) => self.released(arn),
            // A refusal can have other reasons than that there is nothing to do.
            Err(failure) => match self.needs_no_release(kms, id).await {
                true => self.released(arn),
                false => left.push(Text::from(format!("key {arn}: ")).and(failure.describe())),
            },
        }
        left
    }

    /// Whether the target shows that a key is pending deletion, or still does not find it at the end.
    async fn needs_no_release(&self, kms: &Kms, id: &str) -> bool {
        match kms.call_on_new("DescribeKey", &json!({ "KeyId": id })).await {
            Ok(answer) => {
                let state = answer["KeyMetadata"]["KeyState"].as_str();
                matches!(state, Some("PendingDeletion" | "PendingReplicaDeletion"))
            }
            Err(failure) => failure.is("NotFoundException"),
        }
    }

    fn released(&self, arn: &Arn) {
        if let Some(ledger) = &self.ledger {
            // A key that a sweep finds pending deletion is no harm.
            let _ = ledger.released(self.maker.run, arn.as_str());
        }
    }

    /// Looks for keys that a call without an answer may have made. The result names what is left, and why.
    async fn look_for_open(&self) -> Vec<Text> {
        let open = std::mem::take(&mut self.inner().open);
        let mut asked: HashMap<(Place, Owner), usize> = HashMap::new();
        open.into_values().for_each(|at| *asked.entry(at).or_default() += 1);
        let mut left = Vec::new();
        for ((place, owner), number) in asked {
            let Some(kms) = self.client(place, owner) else { continue };
            let perhaps = match number {
                1 => format!("perhaps a key in {}: the call that makes it did not name one", kms.region()),
                many => format!("perhaps {many} keys in {}: the calls that make them named none", kms.region()),
            };
            let mut pauses = Pauses::within(kms.settle());
            let mut found = 0;
            // What was made a moment ago need not be listed yet.
            while found < number {
                match keys_of_run(kms.plain(), self.maker.run).await {
                    Ok(keys) => {
                        keys.into_iter().for_each(|key| found += usize::from(self.adopt(kms, place, owner, key)));
                    }
                    Err(failure) => {
                        left.push(Text::from(format!("{perhaps}, and ")).and(failure.describe()));
                        break;
                    }
                }
                if found < number && !pauses.pause().await {
                    left.push(format!("{perhaps}, and ListKeys shows no new key").into());
                    break;
                }
            }
        }
        left
    }

    /// Takes over a key that proved to be the run's, if it was not known.
    fn adopt(&self, kms: &Kms, place: Place, owner: Owner, Ours { arn, made, .. }: Ours) -> bool {
        if kms.objection(&arn, made).is_some() || self.inner().created.iter().any(|created| created.arn == arn) {
            return false;
        }
        let Some(id) = arn.key_id().map(str::to_owned) else { return false };
        // A key in another account than the one that was named is released too.
        let _ = kms.made(owner, &id, &arn);
        let mut inner = self.inner();
        inner.made += 1;
        inner.created.push(Created { place, owner, id, arn, alias: None });
        true
    }
}

/// Ends in time and without a panic, or says of what it was about that this failed.
async fn surely(part: impl Future<Output = Vec<Text>>, deadline: Instant, about: &str) -> Vec<Text> {
    match tokio::time::timeout_at(deadline, AssertUnwindSafe(part).catch_unwind()).await {
        Ok(Ok(left)) => left,
        Ok(Err(_)) => vec![format!("{about}: an internal error of trentcheck came between").into()],
        Err(_) => vec![format!("{about}: there was no time for it").into()],
    }
}

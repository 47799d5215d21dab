//! The end of a run: everything that it made is released.

use super::kms::{Failure, FailureKind};
use super::pool::{Created, Pool};
use crate::fixture::{Owner, Place};
use crate::plan::KeyNames;
use crate::sweep::arns_of_run;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long the release of all keys may take. What is not released by then is told.
const RELEASE: Duration = Duration::from_secs(5 * 60);

/// Keys that are released at a time.
const AT_A_TIME: usize = 4;

impl Pool<'_> {
    /// Releases every key: aliases deleted, deletion scheduled. The result names what is left, and why.
    pub(crate) async fn release(&self) -> Vec<String> {
        let deadline = tokio::time::Instant::now() + RELEASE;
        // What somebody else owns comes first, what may not exist at all gets no more than half of the time.
        let mut left = match tokio::time::timeout_at(deadline, self.give_back_lent()).await {
            Ok(left) => left,
            Err(_) => vec!["keys that were lent: there was no time to give them back".to_owned()],
        };
        match tokio::time::timeout(RELEASE / 2, self.look_for_open()).await {
            Ok(lines) => left.extend(lines),
            Err(_) => {
                left.push("perhaps keys that CreateKey gave no answer about: there was no time to look".to_owned())
            }
        }
        let created = std::mem::take(&mut self.inner().created);
        let slots = &Semaphore::new(AT_A_TIME);
        let ends = created.into_iter().map(|created| async move {
            let _slot = slots.acquire().await;
            let released = tokio::time::timeout_at(deadline, self.release_one(&created)).await;
            released.unwrap_or_else(|_| vec![format!("key {}: there was no time to release it", created.names.arn)])
        });
        left.extend(futures_util::future::join_all(ends).await.into_iter().flatten());
        if left.is_empty()
            && let Some(ledger) = &self.ledger
            && let Err(error) = ledger.ended(self.run)
        {
            left.push(format!("nothing, but the ledger says otherwise: failed to {error}"));
        }
        left
    }

    async fn release_one(&self, created: &Created) -> Vec<String> {
        let Created { place, owner, names } = created;
        let mut left = Vec::new();
        let Some(kms) = self.clients.get(&(*place, *owner)) else { return left };
        if let Some(alias) = &names.alias
            && let Err(failure) = kms.call(self.corpus, "DeleteAlias", &json!({ "AliasName": alias })).await
            && failure.kind != FailureKind::Refused("NotFoundException".to_owned())
        {
            left.push(format!("alias {alias}: {}", failure.describe()));
        }
        let body = json!({ "KeyId": names.id, "PendingWindowInDays": 7 });
        match kms.call(self.corpus, "ScheduleKeyDeletion", &body).await {
            Ok(_) => self.released(&names.arn),
            // It is pending deletion already, or gone.
            Err(Failure { kind: FailureKind::Refused(error), .. })
                if ["KMSInvalidStateException", "NotFoundException"].contains(&error.as_str()) =>
            {
                self.released(&names.arn);
            }
            Err(failure) => left.push(format!("key {}: {}", names.arn, failure.describe())),
        }
        left
    }

    fn released(&self, arn: &str) {
        if let Some(ledger) = &self.ledger {
            // A key that a sweep finds pending deletion is no harm.
            let _ = ledger.released(self.run, arn);
        }
    }

    /// Looks for keys that a CreateKey without an answer may have made. The result names what is left, and why.
    async fn look_for_open(&self) -> Vec<String> {
        let open = std::mem::take(&mut self.inner().open);
        let mut left = Vec::new();
        let places: HashSet<(Place, Owner)> = open.values().copied().collect();
        for (place, owner) in places {
            let Some(kms) = self.clients.get(&(place, owner)) else { continue };
            match arns_of_run(kms, self.corpus, self.run).await {
                Ok(arns) => {
                    for arn in arns {
                        let mut inner = self.inner();
                        if inner.created.iter().any(|created| created.names.arn == arn) {
                            continue;
                        }
                        let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
                        inner.created.push(Created {
                            place,
                            owner,
                            names: KeyNames { id, arn, ..KeyNames::default() },
                        });
                    }
                }
                // A target that cannot be reached has most likely made nothing; one that can may have.
                Err(failure) if failure.kind == FailureKind::NoAnswer && self.inner().created.is_empty() => {}
                Err(failure) => {
                    left.push(format!("perhaps a key that CreateKey gave no answer about: {}", failure.describe()))
                }
            }
        }
        left
    }
}

//! The keys of a run: leased to one case at a time, restored and leased again, released at the end.
//!
//! A lease is exclusive, so that a case can be blamed for what happened to its key. A key that cannot be restored, or
//! that took part in a divergence, is not leased again.

use super::borrowed::Borrowed;
use super::key::{Base, Key, Maker};
use super::lent::Lent;
use crate::entropy::Entropy;
use crate::fixture::{Owner, Place, Precondition};
use crate::kms::mark;
use crate::kms::{Failure, FailureKind, Kms};
use crate::ledger::Ledger;
use crate::plan::KeyNames;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The keys that a precondition made for one case.
pub(crate) struct Lease {
    pub(crate) key: Key,
    pub(crate) other: Option<Key>,
}

/// Why there is no lease.
pub(crate) enum NoLease {
    /// This run has nobody, or nowhere, to make such a key with.
    Unavailable(String),
    /// A call failed.
    Failed(Failure),
}

impl From<Failure> for NoLease {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A key that the run made.
pub(crate) struct Created {
    pub(crate) place: Place,
    pub(crate) owner: Owner,
    pub(crate) names: KeyNames,
}

#[derive(Default)]
pub(crate) struct Inner {
    idle: HashMap<Base, Vec<Key>>,
    pub(crate) created: Vec<Created>,
    made: usize,
    labels: usize,
    /// Keys that were asked for, while it is not known whether they were made.
    pub(crate) open: BTreeMap<String, (Place, Owner)>,
    /// A base that could not be made is not tried again for every case.
    failed: HashMap<Base, Failure>,
}

/// All keys of a run.
pub(crate) struct Pool<'a> {
    pub(crate) entropy: &'a Entropy,
    pub(crate) run: &'a str,
    /// A client for each place and owner that the run has.
    pub(crate) clients: HashMap<(Place, Owner), Kms>,
    pub(crate) ledger: Option<Arc<Ledger>>,
    pub(crate) lent: &'a [Lent],
    /// How many keys may still be made.
    budget: Option<&'a AtomicUsize>,
    inner: Mutex<Inner>,
    /// The keys that are lent, by id or ARN as their owner wrote it. One case at a time has one; a case that keeps it
    /// leaves it in doubt.
    pub(crate) borrowed: tokio::sync::Mutex<HashMap<String, Borrowed>>,
}

impl<'a> Pool<'a> {
    /// A pool without keys.
    pub(crate) fn new(entropy: &'a Entropy, run: &'a str, clients: HashMap<(Place, Owner), Kms>) -> Self {
        Self {
            entropy,
            run,
            clients,
            ledger: None,
            lent: &[],
            budget: None,
            inner: Mutex::default(),
            borrowed: tokio::sync::Mutex::default(),
        }
    }

    /// The same pool, which writes what it makes to this ledger.
    pub(crate) fn with_ledger(self, ledger: Option<Arc<Ledger>>) -> Self {
        Self { ledger, ..self }
    }

    /// The same pool, which makes no more keys than this.
    pub(crate) fn with_budget(self, budget: Option<&'a AtomicUsize>) -> Self {
        Self { budget, ..self }
    }

    /// The same pool, in which these keys stand in for some.
    pub(crate) fn with_lent(self, lent: &'a [Lent]) -> Self {
        Self { lent, ..self }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn maker(&self) -> Maker<'_> {
        Maker { entropy: self.entropy, run: self.run }
    }

    /// Keys in the state of a precondition that makes one.
    pub(crate) async fn lease(&self, precondition: &Precondition) -> Result<Lease, NoLease> {
        let Some(base) = Base::of(precondition) else {
            return Err(NoLease::Unavailable("the precondition makes no key".to_owned()));
        };
        if let Some(lent) = self.lent.iter().find(|lent| lent.precondition == precondition.id()) {
            let key = self.borrow(&base, lent).await?;
            key.prepare(precondition).await?;
            return Ok(Lease { key, other: None });
        }
        let key = self.take(&base).await?;
        let other = match precondition.other {
            true => match self.take(&base).await {
                Ok(other) => Some(other),
                Err(failure) => {
                    self.put(key);
                    return Err(failure);
                }
            },
            false => None,
        };
        match key.prepare(precondition).await {
            Ok(()) => Ok(Lease { key, other }),
            Err(failure) => Err(failure.into()),
        }
    }

    /// A key of this base in its base state.
    pub(crate) async fn take(&self, base: &Base) -> Result<Key, NoLease> {
        let Some(kms) = self.clients.get(&(base.place, base.owner)) else {
            let missing = match base.owner {
                Owner::Stranger => "a principal of another account is needed and none is configured",
                Owner::Primary => "a second Region is needed and none is configured",
            };
            return Err(NoLease::Unavailable(missing.to_owned()));
        };
        if !kms.may_make_for(base.owner) {
            let why = "safety: nobody named the account in which such a key may be made";
            return Err(NoLease::Unavailable(why.to_owned()));
        }
        let label = {
            let mut inner = self.inner();
            if let Some(key) = inner.idle.get_mut(base).and_then(Vec::pop) {
                return Ok(key);
            }
            if let Some(failure) = inner.failed.get(base) {
                return Err(NoLease::Failed(failure.clone()));
            }
            if !self.may_make_one_more() {
                let why = "safety: as many keys were made as the plan allows";
                return Err(NoLease::Unavailable(why.to_owned()));
            }
            inner.labels += 1;
            format!("key {}", inner.labels)
        };
        if let Some(ledger) = &self.ledger
            && let Err(error) = ledger.intends(self.run, &label, &kms.region(), base.owner)
        {
            // What is not in the ledger is not made.
            let answer = format!("nothing, since it was not sent: failed to {error}");
            return Err(NoLease::Failed(Failure {
                operation: "CreateKey".to_owned(),
                answer,
                kind: FailureKind::Unusable,
            }));
        }
        self.inner().open.insert(label.clone(), (base.place, base.owner));
        let created = |names: &KeyNames| {
            self.inner().open.remove(&label);
            if let Some(ledger) = &self.ledger {
                // Where this fails the intent stays, by which a sweep finds the key too.
                let _ = ledger.created(self.run, &label, &names.arn);
            }
            let mut inner = self.inner();
            inner.made += 1;
            // It may be made and its making not answered.
            let alias = base.alias.then(|| mark::alias(self.run, &label));
            inner.created.push(Created {
                place: base.place,
                owner: base.owner,
                names: KeyNames { alias, ..names.clone() },
            });
        };
        match Key::create(self.maker(), kms, base, &label, created).await {
            Ok(key) => Ok(key),
            Err(failure) => {
                // Only a refusal says for sure that no key was made.
                let is_not_made = matches!(
                    failure.kind,
                    FailureKind::Refused(_)
                        | FailureKind::NoSuchOperation
                        | FailureKind::NotOurs
                        | FailureKind::NotReached
                );
                if is_not_made
                    && self.inner().open.remove(&label).is_some()
                    && let Some(ledger) = &self.ledger
                {
                    let _ = ledger.refused(self.run, &label);
                }
                // What is throttled or unreachable now may be made later; what is refused will be refused again.
                if matches!(
                    &failure.kind,
                    FailureKind::NoSuchOperation
                        | FailureKind::Unusable
                        | FailureKind::Refused(_)
                        | FailureKind::NotOurs
                ) {
                    self.inner().failed.insert(base.clone(), failure.clone());
                }
                Err(failure.into())
            }
        }
    }

    /// Restores the keys of a lease for the next case; a key that cannot be restored is kept for the end only.
    pub(crate) async fn give_back(&self, lease: Lease) {
        for mut key in [Some(lease.key), lease.other].into_iter().flatten() {
            if let Some(name) = self.name_of_lent(&key) {
                self.take_back(name, key).await;
            } else if key.restore(self.maker()).await.is_ok() {
                self.put(key);
            }
        }
    }

    /// Returns a key that is as it was when it was taken.
    pub(crate) fn put_back(&self, key: Key) {
        self.put(key);
    }

    fn may_make_one_more(&self) -> bool {
        let Some(budget) = self.budget else { return true };
        budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn put(&self, key: Key) {
        self.inner().idle.entry(key.base.clone()).or_default().push(key);
    }

    /// The accounts of the keys that were made.
    pub(crate) fn accounts(&self) -> Vec<String> {
        let inner = self.inner();
        let accounts = inner.created.iter().filter_map(|created| created.names.arn.split(':').nth(4));
        let mut accounts: Vec<String> = accounts.map(str::to_owned).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// How many keys were made.
    pub(crate) fn made(&self) -> usize {
        self.inner().made
    }
}

//! The keys of a run: leased to one case at a time, restored and leased again, released at the end.
//!
//! A lease is exclusive, so that a case can be blamed for what happened to its key. A key that cannot be restored, or
//! that took part in a divergence, is not leased again.

use super::borrowed::Loans;
use super::key::{Base, Key, Maker};
use super::lease::{Choice, Lease, NoLease};
use super::lent::Lent;
use crate::arn::Arn;
use crate::fixture::{Owner, Place, Precondition, Replica};
use crate::kms::{Failure, FailureKind, Kms, mark};
use crate::ledger::Ledger;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All keys of a run.
pub(crate) struct Pool<'a> {
    pub(super) maker: Maker<'a>,
    /// A client for each place and owner that the run has.
    clients: HashMap<(Place, Owner), Kms>,
    pub(super) ledger: Option<Arc<Ledger>>,
    /// How many keys may still be made.
    budget: Option<&'a AtomicUsize>,
    inner: Mutex<Inner>,
    pub(super) loans: Loans<'a>,
}

/// What a pool has besides its clients. Without it the pool makes keys without a limit and writes no ledger.
#[derive(Default)]
pub(crate) struct Provisions<'a> {
    /// Where the pool writes what it makes, before it is made.
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// Keys that stand in for some that the pool would make.
    pub(crate) lent: &'a [Lent],
    /// How many keys may still be made.
    pub(crate) budget: Option<&'a AtomicUsize>,
}

/// A key that the run made.
pub(super) struct Created {
    pub(super) place: Place,
    pub(super) owner: Owner,
    pub(super) id: String,
    pub(super) arn: Arn,
    /// Whether it is there is not certain.
    pub(super) alias: Option<String>,
}

/// The part of a pool that changes.
#[derive(Default)]
pub(super) struct Inner {
    idle: HashMap<Base, Vec<Key>>,
    pub(super) created: Vec<Created>,
    pub(super) made: usize,
    pub(super) labels: usize,
    /// Keys that were asked for, while it is not known whether they were made.
    pub(super) open: BTreeMap<String, (Place, Owner)>,
    /// A base that could not be made is not tried again for every case.
    failed: HashMap<Base, Failure>,
}

/// Why no key of this owner can be made, if nobody is configured who could.
pub(crate) fn nobody_makes(owner: Owner) -> &'static str {
    match owner {
        Owner::Stranger => "a principal of another account is needed and none is configured",
        Owner::Primary => "a second Region is needed and none is configured",
    }
}

/// The next key of a base.
enum Next {
    /// A key that was made before and that no case has.
    Idle(Box<Key>),
    /// One that is to be made, with this label.
    New(String),
}

impl<'a> Pool<'a> {
    /// A pool without keys.
    pub(crate) fn new(maker: Maker<'a>, clients: HashMap<(Place, Owner), Kms>, provisions: Provisions<'a>) -> Self {
        let Provisions { ledger, lent, budget } = provisions;
        let loans = Loans::new(maker, ledger.clone(), lent);
        Self { maker, clients, ledger, budget, inner: Mutex::default(), loans }
    }

    /// What making keys needs.
    pub(crate) fn maker(&self) -> Maker<'a> {
        self.maker
    }

    /// The client that makes keys of this owner in this place, if there is one.
    pub(crate) fn client(&self, place: Place, owner: Owner) -> Option<&Kms> {
        self.clients.get(&(place, owner))
    }

    /// Keys in the state of a precondition that makes one.
    pub(crate) async fn lease(&self, precondition: &Precondition, choice: Choice) -> Result<Lease, NoLease> {
        let Some(base) = Base::of(precondition) else {
            return Err(NoLease::unavailable("the precondition makes no key"));
        };
        if let Some(lent) = self.loans.for_precondition(precondition) {
            let Some(kms) = self.client(base.place, base.owner) else {
                return Err(NoLease::unavailable("nobody is configured who could use the key that is lent"));
            };
            let key = self.loans.borrow(kms, &base, lent, choice).await?;
            key.prepare(precondition).await?;
            return Ok(Lease { key, other: None });
        }
        if precondition.replica != Replica::None {
            let lease = self.lease_replicas(precondition, &base).await?;
            lease.key.prepare(precondition).await?;
            return Ok(lease);
        }
        let key = self.take(&base, choice).await?;
        let other = match precondition.other {
            true => match self.take(&base, choice).await {
                Ok(other) => Some(other),
                Err(failure) => {
                    self.put_back(key);
                    return Err(failure);
                }
            },
            false => None,
        };
        key.prepare(precondition).await?;
        if let Some(other) = other.as_ref().filter(|_| precondition.alias_moved) {
            key.hand_alias_to(other).await?;
        }
        Ok(Lease { key, other })
    }

    /// A new primary key and its replica.
    async fn lease_replicas(&self, precondition: &Precondition, base: &Base) -> Result<Lease, NoLease> {
        let place = match base.place {
            Place::Here => Place::Elsewhere,
            Place::Elsewhere => Place::Here,
        };
        let of_replica = Base { place, ..base.clone() };
        if self.maker_of(&of_replica)?.is_watched() {
            let why = "safety: off loopback, cases make no replicas: the policy of a run does not allow ReplicateKey";
            return Err(NoLease::unavailable(why));
        }
        let primary = self.take(base, Choice::New).await?;
        let replica = self.replicate(&primary, &of_replica).await?;
        Ok(match precondition.replica {
            Replica::Key => Lease { key: replica, other: Some(primary) },
            Replica::Other | Replica::None => Lease { key: primary, other: Some(replica) },
        })
    }

    /// A new replica of a primary key, in the state of this base and in its Region.
    pub(crate) async fn replicate(&self, primary: &Key, base: &Base) -> Result<Key, NoLease> {
        let kms = self.maker_of(base)?;
        answers(kms).await?;
        let label = self.one_more()?;
        self.intends(base, &label, kms)?;
        let created = |id: &str, arn: &Arn| self.created(base, &label, id, arn);
        match Box::pin(primary.replicate(self.maker, kms, base, created)).await {
            Ok(replica) => Ok(replica),
            Err(failure) => {
                self.refused(&label, &failure);
                Err(failure.into())
            }
        }
    }

    /// Writes down, before a ReplicateKey that has to be refused is sent, that it could make a replica of this base. The
    /// result is the replica's label. It does not count among the keys that the plan allows: none is to be made.
    pub(crate) async fn intends_replica(&self, base: &Base) -> Result<String, NoLease> {
        let kms = self.maker_of(base)?;
        self.serves_its_region(base, kms).await?;
        let label = self.label();
        self.intends(base, &label, kms)?;
        Ok(label)
    }

    /// Takes over the replica that such a call made of a primary key.
    pub(crate) fn adopt_replica(&self, primary: &Key, base: &Base, label: &str, answer: &Value) {
        let Ok(kms) = self.maker_of(base) else { return };
        // What is named otherwise is searched for at the end.
        if let Ok(arn) = primary.replica_of(answer, kms.region()) {
            self.created(base, label, &primary.names.id, &arn);
            let _ = kms.made(base.owner, &primary.names.id, &arn);
        }
    }

    /// A key of this base in its base state.
    pub(crate) async fn take(&self, base: &Base, choice: Choice) -> Result<Key, NoLease> {
        let kms = self.maker_of(base)?;
        let label = match self.next(base, choice)? {
            Next::Idle(key) => return Ok(*key),
            Next::New(label) => label,
        };
        if base.place == Place::Elsewhere {
            self.serves_its_region(base, kms).await?;
        }
        self.intends(base, &label, kms)?;
        // On the heap: it is the deepest of the calls around a case.
        let created = |id: &str, arn: &Arn| self.created(base, &label, id, arn);
        let aliased = |arn: &Arn| self.aliased(&label, arn);
        match Box::pin(Key::create(self.maker, kms, base, &label, created, aliased)).await {
            Ok(key) => Ok(key),
            Err(failure) => {
                self.failed(base, &label, &failure);
                Err(failure.into())
            }
        }
    }

    /// Restores the keys of a lease for the next case. A key that cannot be restored is kept for the end only.
    pub(crate) async fn give_back(&self, lease: Lease) {
        for mut key in [Some(lease.key), lease.other].into_iter().flatten() {
            if let Some(name) = self.loans.name_of(&key) {
                self.loans.take_back(name, key).await;
            } else if key.restore(self.maker).await.is_ok() {
                key.is_used = true;
                self.put_back(key);
            }
        }
    }

    /// Keeps the keys of a lease from other cases. Only a second look at the same case may have a key that is lent again.
    pub(crate) async fn set_aside(&self, lease: Lease) {
        for key in [Some(lease.key), lease.other].into_iter().flatten() {
            if let Some(name) = self.loans.name_of(&key) {
                self.loans.doubt(name, key).await;
            }
        }
    }

    /// Returns a key that is as it was when it was taken.
    pub(crate) fn put_back(&self, key: Key) {
        self.inner().idle.entry(key.base.clone()).or_default().push(key);
    }

    /// The accounts of the keys that were made.
    pub(crate) fn accounts(&self) -> Vec<String> {
        let inner = self.inner();
        let accounts = inner.created.iter().map(|created| created.arn.account());
        let mut accounts: Vec<String> = accounts.map(str::to_owned).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// How many keys were made.
    pub(crate) fn made(&self) -> usize {
        self.inner().made
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client that may make keys of this base.
    fn maker_of(&self, base: &Base) -> Result<&Kms, NoLease> {
        let kms = self.client(base.place, base.owner).ok_or_else(|| NoLease::unavailable(nobody_makes(base.owner)))?;
        match kms.may_make_for(base.owner) {
            true => Ok(kms),
            false => Err(NoLease::unavailable("safety: nobody named the account in which such a key may be made")),
        }
    }

    /// A key that no case has, or else the label of one more.
    fn next(&self, base: &Base, choice: Choice) -> Result<Next, NoLease> {
        let mut inner = self.inner();
        if choice == Choice::Any
            && let Some(key) = inner.idle.get_mut(base).and_then(Vec::pop)
        {
            return Ok(Next::Idle(Box::new(key)));
        }
        if let Some(failure) = inner.failed.get(base) {
            return Err(NoLease::Failed(failure.clone()));
        }
        drop(inner);
        self.one_more().map(Next::New)
    }

    /// The label of one more key, if the plan allows one.
    fn one_more(&self) -> Result<String, NoLease> {
        let take = |budget: &AtomicUsize| {
            budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        match self.budget.is_none_or(take) {
            true => Ok(self.label()),
            false => Err(NoLease::unavailable("safety: as many keys were made as the plan allows")),
        }
    }

    fn label(&self) -> String {
        let mut inner = self.inner();
        inner.labels += 1;
        format!("key {}", inner.labels)
    }

    /// Asks another Region for its keys before one is written down there: a test server may serve no such Region, and a sweep
    /// would be refused there each time it looks for the key. A target without lists, or that gives none to this principal,
    /// may make keys.
    async fn serves_its_region(&self, base: &Base, kms: &Kms) -> Result<(), NoLease> {
        let Err(failure) = answers(kms).await else { return Ok(()) };
        let is_without_lists = matches!(failure.kind, FailureKind::NoSuchOperation | FailureKind::Unusable);
        if is_without_lists || failure.is("AccessDeniedException") {
            return Ok(());
        }
        self.fails_again(base, &failure);
        Err(failure.into())
    }

    /// Writes down that a key will be made. A key that is not in the ledger is not made.
    fn intends(&self, base: &Base, label: &str, kms: &Kms) -> Result<(), NoLease> {
        if let Some(ledger) = &self.ledger
            && let Err(error) = ledger.intends(self.maker.run, label, kms.region(), base.owner)
        {
            let answer = format!("nothing, since it was not sent: failed to {error}");
            return Err(NoLease::Failed(Failure::new("the call that makes a key", answer, FailureKind::Unusable)));
        }
        self.inner().open.insert(label.to_owned(), (base.place, base.owner));
        Ok(())
    }

    /// Writes down the key that an answer named.
    fn created(&self, base: &Base, label: &str, id: &str, arn: &Arn) {
        self.inner().open.remove(label);
        if let Some(ledger) = &self.ledger {
            // If this fails the intent stays, by which a sweep finds the key too.
            let _ = ledger.created(self.maker.run, label, arn.as_str());
        }
        let mut inner = self.inner();
        inner.made += 1;
        inner.created.push(Created {
            place: base.place,
            owner: base.owner,
            id: id.to_owned(),
            arn: arn.clone(),
            alias: None,
        });
    }

    /// Writes down that an alias of this key will be asked for: it may be made although CreateAlias gets no answer.
    fn aliased(&self, label: &str, arn: &Arn) {
        let mut inner = self.inner();
        if let Some(created) = inner.created.iter_mut().rev().find(|created| created.arn == *arn) {
            created.alias = Some(mark::alias(self.maker.run, label));
        }
    }

    /// Writes down what is certain after a key could not be made, or not fully.
    fn failed(&self, base: &Base, label: &str, failure: &Failure) {
        self.refused(label, failure);
        self.fails_again(base, failure);
    }

    /// Remembers that keys of this base cannot be made, if that is certain.
    fn fails_again(&self, base: &Base, failure: &Failure) {
        // What is throttled or unreachable now may be made later. What is refused will be refused again.
        let is_certain = matches!(
            failure.kind,
            FailureKind::NoSuchOperation
                | FailureKind::Unusable
                | FailureKind::NotSettled
                | FailureKind::Refused(_)
                | FailureKind::NotOurs
        );
        if is_certain {
            self.inner().failed.insert(base.clone(), failure.clone());
        }
    }

    /// Writes down that a key or its alias was not made, if the failure proves it.
    fn refused(&self, label: &str, failure: &Failure) {
        // Only a refusal proves that no key was made.
        let is_not_made = matches!(
            failure.kind,
            FailureKind::Refused(_)
                | FailureKind::Throttled
                | FailureKind::NoSuchOperation
                | FailureKind::NotOurs
                | FailureKind::NotReached
        );
        if is_not_made {
            if failure.operation == "CreateAlias" {
                let alias = mark::alias(self.maker.run, label);
                let mut inner = self.inner();
                let with_alias = inner.created.iter_mut().filter(|created| created.alias.as_ref() == Some(&alias));
                with_alias.for_each(|created| created.alias = None);
            }
            self.not_made(label);
        }
    }

    /// Writes down that no key of this label was made.
    pub(crate) fn not_made(&self, label: &str) {
        if self.inner().open.remove(label).is_some()
            && let Some(ledger) = &self.ledger
        {
            let _ = ledger.refused(self.maker.run, label);
        }
    }
}

/// Asks a Region for its keys before there is one: where nobody answers, it could not be released.
async fn answers(there: &Kms) -> Result<(), Failure> {
    there.call("ListKeys", &json!({ "Limit": 1 })).await.map(|_| ())
}

//! The keys of a run: leased to one case at a time, restored and leased again, released at the end.
//!
//! A lease is exclusive, so that a case can be blamed for what happened to its key. A key that cannot be restored, or
//! that took part in a divergence, is not leased again.

use super::entropy::Entropy;
use super::keys::{Base, Key, Maker};
use super::kms::{Failure, FailureKind, Kms};
use super::lent::Lent;
use crate::fixture::{Corpus, Owner, Place, Precondition};
use crate::ledger::Ledger;
use crate::plan::KeyNames;
use crate::sweep::arns_of_run;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long the release of all keys may take. What is not released by then is told.
const RELEASE: Duration = Duration::from_secs(5 * 60);

/// Keys that are released at a time.
const AT_A_TIME: usize = 4;

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

struct Created {
    place: Place,
    owner: Owner,
    names: KeyNames,
}

#[derive(Default)]
struct Inner {
    idle: HashMap<Base, Vec<Key>>,
    created: Vec<Created>,
    made: usize,
    labels: usize,
    /// Keys that were asked for, while it is not known whether they were made.
    open: BTreeMap<String, (Place, Owner)>,
    /// A base that could not be made is not tried again for every case.
    failed: HashMap<Base, Failure>,
}

/// All keys of a run.
pub(crate) struct Pool<'a> {
    pub(crate) corpus: &'a Corpus,
    pub(crate) entropy: &'a Entropy,
    pub(crate) run: &'a str,
    /// A client for each place and owner that the run has.
    pub(crate) clients: HashMap<(Place, Owner), Kms>,
    ledger: Option<Arc<Ledger>>,
    lent: &'a [Lent],
    inner: Mutex<Inner>,
    /// The keys that are lent, by id or ARN as their owner wrote it. One case at a time has one; a case that keeps it
    /// leaves it in doubt.
    borrowed: tokio::sync::Mutex<HashMap<String, Borrowed>>,
}

/// A key that was lent, as the last case left it.
enum Borrowed {
    /// It is as it was.
    Whole(Box<Key>),
    /// A case has it, or gave it back otherwise than it was.
    Out(Box<Key>),
    /// It cannot stand in for what it was lent for.
    Unfit(Failure),
}

impl<'a> Pool<'a> {
    /// A pool without keys.
    pub(crate) fn new(
        corpus: &'a Corpus,
        entropy: &'a Entropy,
        run: &'a str,
        clients: HashMap<(Place, Owner), Kms>,
    ) -> Self {
        Self {
            corpus,
            entropy,
            run,
            clients,
            ledger: None,
            lent: &[],
            inner: Mutex::default(),
            borrowed: tokio::sync::Mutex::default(),
        }
    }

    /// The same pool, which writes what it makes to this ledger.
    pub(crate) fn with_ledger(self, ledger: Option<Arc<Ledger>>) -> Self {
        Self { ledger, ..self }
    }

    /// The same pool, in which these keys stand in for some.
    pub(crate) fn with_lent(self, lent: &'a [Lent]) -> Self {
        Self { lent, ..self }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn maker(&self) -> Maker<'_> {
        Maker { corpus: self.corpus, entropy: self.entropy, run: self.run }
    }

    /// Keys in the state of a precondition that makes one.
    pub(crate) async fn lease(&self, precondition: &Precondition) -> Result<Lease, NoLease> {
        let Some(base) = Base::of(precondition) else {
            return Err(NoLease::Unavailable("the precondition makes no key".to_owned()));
        };
        if let Some(lent) = self.lent.iter().find(|lent| lent.precondition == precondition.id()) {
            let key = self.borrow(&base, lent).await?;
            key.prepare(self.corpus, precondition).await?;
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
        match key.prepare(self.corpus, precondition).await {
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
        if kms.guard.as_ref().is_some_and(|guard| !guard.may_make_for(base.owner)) {
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
            inner.labels += 1;
            format!("key {}", inner.labels)
        };
        if let Some(ledger) = &self.ledger
            && let Err(error) = ledger.intends(self.run, &label)
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
            inner.created.push(Created { place: base.place, owner: base.owner, names: names.clone() });
        };
        match Key::create(self.maker(), kms, base, &label, created).await {
            Ok(key) => {
                if let (Some(alias), Some(created)) =
                    (&key.names.alias, self.inner().created.iter_mut().find(|created| created.names.id == key.names.id))
                {
                    created.names.alias = Some(alias.clone());
                }
                Ok(key)
            }
            Err(failure) => {
                // Only a refusal says for sure that no key was made.
                if matches!(failure.kind, FailureKind::Refused(_) | FailureKind::NoSuchOperation | FailureKind::NotOurs)
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

    /// A key that is lent, for one case.
    async fn borrow(&self, base: &Base, lent: &Lent) -> Result<Key, NoLease> {
        let Some(kms) = self.clients.get(&(base.place, base.owner)) else {
            return Err(NoLease::Unavailable("nobody is configured who could use the key that is lent".to_owned()));
        };
        let mut borrowed = self.borrowed.lock().await;
        let key = match borrowed.get(&lent.key_id) {
            Some(Borrowed::Whole(key)) if key.base == *base => (**key).clone(),
            Some(Borrowed::Whole(_)) => {
                return Err(NoLease::Unavailable("the key that is lent has another spec".to_owned()));
            }
            Some(Borrowed::Out(_)) => {
                let why = "the key that is lent for it is in use, or in doubt since another case";
                return Err(NoLease::Unavailable(why.to_owned()));
            }
            Some(Borrowed::Unfit(failure)) => return Err(NoLease::Failed(failure.clone())),
            None => {
                if let Some(ledger) = &self.ledger
                    && let Err(error) = ledger.lent(self.run, &lent.key_id)
                {
                    return Err(NoLease::Unavailable(format!("failed to {error}")));
                }
                match Key::borrow(self.maker(), kms, base, lent).await {
                    Ok(mut key) => {
                        // From here on it has to be given back.
                        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
                        let proved = key.prove(self.maker()).await;
                        // With what it encrypted, by which it is known again.
                        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
                        proved?;
                        key
                    }
                    Err(failure) => {
                        borrowed.insert(lent.key_id.clone(), Borrowed::Unfit(failure.clone()));
                        return Err(failure.into());
                    }
                }
            }
        };
        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
        Ok(key)
    }

    /// Brings a key that is lent back to what it was. If that fails it is in doubt, and tried once more at the end.
    async fn take_back(&self, name: String, mut key: Key) {
        if key.restore(self.maker()).await.is_ok() && key.is_itself(self.maker()).await.is_ok() {
            self.borrowed.lock().await.insert(name, Borrowed::Whole(Box::new(key)));
        }
    }

    fn name_of_lent(&self, key: &Key) -> Option<String> {
        let is_it = |lent: &&Lent| lent.key_id == key.names.id || lent.key_id == key.names.arn;
        self.lent.iter().find(is_it).map(|lent| lent.key_id.clone())
    }

    /// Gives back every key that was lent. The result names those that are not as they were, and why.
    async fn give_back_lent(&self) -> Vec<String> {
        let borrowed = std::mem::take(&mut *self.borrowed.lock().await);
        let mut left = Vec::new();
        for (name, borrowed) in borrowed {
            let mut key = match borrowed {
                Borrowed::Whole(key) | Borrowed::Out(key) => key,
                Borrowed::Unfit(_) => continue,
            };
            let mut restored = key.restore(self.maker()).await;
            if restored.is_ok() {
                restored = key.is_itself(self.maker()).await;
            }
            match restored {
                Ok(()) => {
                    if let Some(ledger) = &self.ledger {
                        let _ = ledger.returned(self.run, &name);
                    }
                }
                Err(failure) => left.push(format!(
                    "key {} (lent, not scheduled for deletion): it is not as it was; import its material again: {}",
                    key.names.arn,
                    failure.describe()
                )),
            }
        }
        left
    }

    /// Returns a key that is as it was when it was taken.
    pub(crate) fn put_back(&self, key: Key) {
        self.put(key);
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

    /// Releases every key: aliases deleted, deletion scheduled. The result names what is left, and why.
    pub(crate) async fn release(&self) -> Vec<String> {
        let deadline = tokio::time::Instant::now() + RELEASE;
        let Ok(mut left) = tokio::time::timeout_at(deadline, self.look_for_open()).await else {
            return vec!["perhaps keys: there was no time to look for them".to_owned()];
        };
        match tokio::time::timeout_at(deadline, self.give_back_lent()).await {
            Ok(lines) => left.extend(lines),
            Err(_) => left.push("keys that were lent: there was no time to give them back".to_owned()),
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

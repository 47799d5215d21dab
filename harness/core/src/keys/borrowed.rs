//! The keys that are lent to a run, while it has them.

use super::key::{Base, Key, Maker};
use super::lease::{Choice, NoLease};
use super::lent::Lent;
use crate::fixture::Precondition;
use crate::kms::{Failure, Kms};
use crate::ledger::Ledger;
use crate::text::Text;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// All keys that are lent to a run.
pub(super) struct Loans<'a> {
    maker: Maker<'a>,
    ledger: Option<Arc<Ledger>>,
    lent: &'a [Lent],
    /// The keys that were used, by id or ARN as their owner wrote it. One case at a time has such a key; after a case
    /// that keeps the key, the key is in doubt.
    borrowed: Mutex<HashMap<String, Borrowed>>,
}

/// A key that was lent, as the last case left it.
enum Borrowed {
    /// It is as it was.
    Whole(Box<Key>),
    /// A case has it, or gave it back otherwise than it was.
    Out(Box<Key>),
    /// A case that diverges has used it.
    Doubted(Box<Key>),
    /// It cannot stand in for what it was lent for.
    Unfit(Failure),
}

impl<'a> Loans<'a> {
    /// None of these keys is used yet.
    pub(super) fn new(maker: Maker<'a>, ledger: Option<Arc<Ledger>>, lent: &'a [Lent]) -> Self {
        Self { maker, ledger, lent, borrowed: Mutex::default() }
    }

    /// The key that stands in for a precondition.
    pub(super) fn for_precondition(&self, precondition: &Precondition) -> Option<&'a Lent> {
        self.lent.iter().find(|lent| lent.precondition == precondition.id())
    }

    /// The name under which this key was lent, if it was.
    pub(super) fn name_of(&self, key: &Key) -> Option<&'a str> {
        let is_it = |lent: &&Lent| lent.key_id == key.names.id || lent.key_id == key.arn.as_str();
        self.lent.iter().find(is_it).map(|lent| lent.key_id.as_str())
    }

    /// A key that is lent, for one case.
    pub(super) async fn borrow(&self, kms: &Kms, base: &Base, lent: &Lent, choice: Choice) -> Result<Key, NoLease> {
        let mut borrowed = self.borrowed.lock().await;
        let key = match borrowed.get(&lent.key_id) {
            Some(Borrowed::Whole(key)) if key.base == *base => (**key).clone(),
            Some(Borrowed::Whole(_)) => return Err(NoLease::unavailable("the key that is lent has another spec")),
            // There is no other key for a second look, and this one is proved to be as it was.
            Some(Borrowed::Doubted(key)) if key.base == *base && choice == Choice::New => {
                let mut key = (**key).clone();
                key.restore(self.maker).await?;
                key.is_itself().await?;
                key
            }
            Some(Borrowed::Out(_) | Borrowed::Doubted(_)) => {
                let why = "the key that is lent for it is in use, or in doubt since another case";
                return Err(NoLease::unavailable(why));
            }
            Some(Borrowed::Unfit(failure)) => return Err(NoLease::Failed(failure.clone())),
            None => self.borrow_first(kms, base, lent, &mut borrowed).await?,
        };
        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
        Ok(key)
    }

    /// Takes over a key that no case has used yet.
    async fn borrow_first(
        &self,
        kms: &Kms,
        base: &Base,
        lent: &Lent,
        borrowed: &mut HashMap<String, Borrowed>,
    ) -> Result<Key, NoLease> {
        if let Some(ledger) = &self.ledger
            && let Err(error) = ledger.lent(self.maker.run, &lent.key_id)
        {
            return Err(NoLease::unavailable(format!("failed to {error}")));
        }
        let mut key = match Key::borrow(kms, base, lent).await {
            Ok(key) => key,
            Err(failure) => {
                borrowed.insert(lent.key_id.clone(), Borrowed::Unfit(failure.clone()));
                return Err(failure.into());
            }
        };
        // From here on it has to be given back.
        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
        let proved = key.prove(self.maker).await;
        // With what it encrypted, by which it is known again.
        borrowed.insert(lent.key_id.clone(), Borrowed::Out(Box::new(key.clone())));
        proved?;
        Ok(key)
    }

    /// Keeps a key from other cases.
    pub(super) async fn doubt(&self, name: &str, key: Key) {
        self.borrowed.lock().await.insert(name.to_owned(), Borrowed::Doubted(Box::new(key)));
    }

    /// Brings a key that is lent back to what it was. If that fails, the key is in doubt and is tried once more at the
    /// end.
    pub(super) async fn take_back(&self, name: &str, mut key: Key) {
        if key.restore(self.maker).await.is_ok() && key.is_itself().await.is_ok() {
            self.borrowed.lock().await.insert(name.to_owned(), Borrowed::Whole(Box::new(key)));
        }
    }

    /// Gives back every key that was lent. The result names those that are not as they were, and why.
    pub(super) async fn give_back(&self) -> Vec<Text> {
        let borrowed = std::mem::take(&mut *self.borrowed.lock().await);
        let mut left = Vec::new();
        for (name, borrowed) in borrowed {
            let mut key = match borrowed {
                Borrowed::Whole(key) | Borrowed::Out(key) | Borrowed::Doubted(key) => key,
                Borrowed::Unfit(_) => continue,
            };
            let mut restored = key.restore(self.maker).await;
            if restored.is_ok() {
                restored = key.is_itself().await;
            }
            match restored {
                Ok(()) => {
                    if let Some(ledger) = &self.ledger {
                        let _ = ledger.returned(self.maker.run, &name);
                    }
                }
                Err(failure) => {
                    let what = "(lent, not scheduled for deletion): it is not as it was; import its material again:";
                    left.push(Text::from(format!("key {} {what} ", key.arn)).and(failure.describe()));
                }
            }
        }
        left
    }
}

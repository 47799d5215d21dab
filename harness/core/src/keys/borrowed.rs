//! The keys that are lent to a run, while it has them.

use super::key::{Base, Key};
use super::lent::Lent;
use super::pool::{NoLease, Pool};
use crate::kms::Failure;

/// A key that was lent, as the last case left it.
pub(crate) enum Borrowed {
    /// It is as it was.
    Whole(Box<Key>),
    /// A case has it, or gave it back otherwise than it was.
    Out(Box<Key>),
    /// It cannot stand in for what it was lent for.
    Unfit(Failure),
}

impl Pool<'_> {
    /// A key that is lent, for one case.
    pub(crate) async fn borrow(&self, base: &Base, lent: &Lent) -> Result<Key, NoLease> {
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
                match Key::borrow(kms, base, lent).await {
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
    pub(crate) async fn take_back(&self, name: String, mut key: Key) {
        if key.restore(self.maker()).await.is_ok() && key.is_itself().await.is_ok() {
            self.borrowed.lock().await.insert(name, Borrowed::Whole(Box::new(key)));
        }
    }

    pub(crate) fn name_of_lent(&self, key: &Key) -> Option<String> {
        let is_it = |lent: &&Lent| lent.key_id == key.names.id || lent.key_id == key.names.arn;
        self.lent.iter().find(is_it).map(|lent| lent.key_id.clone())
    }

    /// Gives back every key that was lent. The result names those that are not as they were, and why.
    pub(crate) async fn give_back_lent(&self) -> Vec<String> {
        let borrowed = std::mem::take(&mut *self.borrowed.lock().await);
        let mut left = Vec::new();
        for (name, borrowed) in borrowed {
            let mut key = match borrowed {
                Borrowed::Whole(key) | Borrowed::Out(key) => key,
                Borrowed::Unfit(_) => continue,
            };
            let mut restored = key.restore(self.maker()).await;
            if restored.is_ok() {
                restored = key.is_itself().await;
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
}

//! A call: what an operation gets to see of a request, and of the target that serves it.

use crate::config::{Config, Principal};
use crate::store::Store;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A request that may be carried out.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) region: &'a str,
    pub(crate) operation: &'static str,
    pub(crate) principal: &'a Principal,
    pub(crate) members: &'a Map<String, Value>,
}

/// What all listeners share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    store: Mutex<Store>,
    served: AtomicU64,
}

impl Shared {
    /// A target that has served nothing yet.
    pub(crate) fn new(config: Config) -> Self {
        Self { store: Mutex::new(Store::new(&config)), config, served: AtomicU64::new(0) }
    }

    /// The store, for one caller at a time.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that is being served and gives its number; the first is 1.
    pub(crate) fn count(&self) -> u64 {
        self.served.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many requests were counted.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

//! A call of an operation, and the state of the target that all calls share.

use crate::config::{Config, Principal};
use crate::store::Store;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A request that passed all checks in front of its operation.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) region: &'a str,
    pub(crate) operation: &'static str,
    pub(crate) principal: &'a Principal,
    pub(crate) members: &'a Map<String, Value>,
}

/// The state that all listeners share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    store: Mutex<Store>,
    served: AtomicU64,
}

impl Shared {
    /// The state before the first request.
    pub(crate) fn new(config: Config) -> Self {
        Self { store: Mutex::new(Store::new(&config)), config, served: AtomicU64::new(0) }
    }

    /// Locks the store and brings it up to date. Other calls wait until the guard is dropped.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.settle(&self.config);
        store
    }

    /// Counts a request and returns its number. The first request has number 1.
    pub(crate) fn count(&self) -> u64 {
        self.served.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many requests were counted.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

//! Counts the requests that are sent, by operation.

use super::pace::operation;
use crate::http::Request;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts of requests. All clients of a target share them.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<String, u64>>>);

impl Tally {
    pub(super) fn count(&self, requests: &[Request]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for request in requests {
            *counts.entry(operation(request).to_owned()).or_default() += 1;
        }
    }

    /// The number of all requests.
    pub(crate) fn total(&self) -> usize {
        self.counts().values().map(|count| usize::try_from(*count).unwrap_or(usize::MAX)).sum()
    }

    /// The counts so far. Requests without an operation are counted under the empty name.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

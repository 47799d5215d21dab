//! Counts the requests that are sent, and the time of each answer, by operation.

use super::exchange::Exchange;
use super::latency::Latencies;
use super::pace::operation;
use crate::http::Request;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts of requests, and times of answers. All clients of a target share them.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<String, u64>,
    latencies: Latencies,
}

impl Tally {
    pub(super) fn count(&self, requests: &[Request]) {
        let counts = &mut self.inner().counts;
        for request in requests {
            *counts.entry(operation(request).to_owned()).or_default() += 1;
        }
    }

    /// Takes the time of an answer. What got none took as long as we waited.
    pub(super) fn learn(&self, request: &Request, exchange: &Exchange) {
        if exchange.result.is_ok() {
            self.inner().latencies.record(operation(request), exchange.timing.total);
        }
    }

    /// The number of all requests.
    pub(crate) fn total(&self) -> usize {
        self.counts().values().map(|count| usize::try_from(*count).unwrap_or(usize::MAX)).sum()
    }

    /// The counts so far. Requests without an operation are counted under the empty name.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.inner().counts.clone()
    }

    /// The times so far.
    pub fn latencies(&self) -> Latencies {
        self.inner().latencies.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

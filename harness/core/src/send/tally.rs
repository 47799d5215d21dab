//! Counts the requests that are sent, and the time of each answer, by operation.

use super::error::SendError;
use super::exchange::{Exchange, Lane};
use super::latency::Latencies;
use super::pace::{is_throttled, operation};
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
    /// Signs that the target is overloaded.
    strains: u64,
}

impl Tally {
    pub(super) fn count(&self, requests: &[Request]) {
        let counts = &mut self.inner().counts;
        for request in requests {
            *counts.entry(operation(request).to_owned()).or_default() += 1;
        }
    }

    /// Takes the time of an answer, and whether the target is overloaded.
    pub(super) fn learn(&self, request: &Request, exchange: &Exchange) {
        let mut inner = self.inner();
        if exchange.result.is_ok() {
            inner.latencies.record(operation(request), exchange.timing.total);
        }
        if is_strained(exchange) {
            inner.strains += 1;
        }
    }

    /// How many calls were throttled, could not connect, or got no answer although they are ordinary ones.
    pub(crate) fn strains(&self) -> u64 {
        self.inner().strains
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

/// Whether the target has too much to do. Requests of the wire lane can be such that no answer is due.
fn is_strained(exchange: &Exchange) -> bool {
    match &exchange.result {
        Ok(response) => is_throttled(response),
        Err(SendError::Connect(_) | SendError::ConnectTimeout(_)) => true,
        Err(SendError::Timeout { .. }) => exchange.lane == Lane::Http,
        Err(_) => false,
    }
}

//! Calls that were sent, kept so that a case which they block can show them.

use crate::http::Request;
use crate::send::Exchange;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A larger answer is not kept: a run has many keys, and a key has several calls.
const KEPT_BYTES: usize = 16 * 1024;

/// A call and what came of it.
pub(crate) struct Sent {
    pub(crate) operation: String,
    pub(crate) request: Request,
    pub(crate) exchange: Exchange,
}

impl fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sent({})", self.operation)
    }
}

impl Sent {
    /// A call of this operation.
    pub(super) fn new(operation: &str, request: Request, exchange: Exchange) -> Arc<Self> {
        Arc::new(Self { operation: operation.to_owned(), request, exchange })
    }
}

/// The last call of each operation.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<BTreeMap<String, Arc<Sent>>>>);

impl Memory {
    /// Keeps a call that got an answer of a usual size.
    pub(super) fn keep(&self, sent: Arc<Sent>) {
        let is_small = |sent: &Sent| sent.exchange.result.as_ref().is_ok_and(|answer| answer.body.len() <= KEPT_BYTES);
        if is_small(&sent) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sent.operation.clone(), sent);
        }
    }

    /// The last call of this operation.
    pub(super) fn last(&self, operation: &str) -> Option<Arc<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(operation).cloned()
    }
}

//! A request before any check.

use crate::error::Refusal;
use std::sync::Arc;

/// A request as it arrived. Header values that are not UTF-8 have replacement characters.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What came before it on its connection.
    pub(crate) behind: Behind,
}

impl Incoming {
    /// Whether both say the same, whatever came before them.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.method == other.method
            && self.path == other.path
            && self.query == other.query
            && self.headers == other.headers
            && self.body == other.body
    }

    /// The values of a header. `name` must be in lower case.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What came before a request on its connection. Only mutants look at it: to the reference each request stands for itself.
#[derive(Clone, Default)]
pub(crate) struct Behind {
    /// Whether a request succeeded.
    pub(crate) has_succeeded: bool,
    /// Whether a caller was denied.
    pub(crate) has_denied: bool,
    /// The request that came last. What came before it is left out.
    last: Option<Arc<Incoming>>,
}

impl Behind {
    /// Adds a request and what became of it.
    pub(crate) fn learn(&mut self, request: Incoming, outcome: Result<(), &Refusal>) {
        self.has_succeeded |= outcome.is_ok();
        self.has_denied |= outcome.is_err_and(|refusal| refusal.error == "AccessDeniedException");
        self.last = Some(Arc::new(Incoming { behind: Self::default(), ..request }));
    }

    /// The request that came last.
    pub(crate) fn last(&self) -> Option<&Incoming> {
        self.last.as_deref()
    }
}

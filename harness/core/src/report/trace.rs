//! How an exchange went: when each phase ended, and the bytes.

use crate::normalise::Bytes;
use crate::send::Timing;

/// The trace of an exchange. It is in the order of the exchanges of its case, and in no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// When each phase ended.
    pub timing: Timing,
    /// Whether the connection had carried another exchange before.
    pub reused: bool,
    /// The whole request.
    pub sent: Bytes,
    /// The body of the answer, after the transfer coding is removed; absent if no answer came.
    pub received: Option<Bytes>,
}

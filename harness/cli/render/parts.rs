//! Parts that several renderings of a run share: how much is shown, a mismatch, an exchange.

use super::style::{DIM, RED, shortened};
use trentcheck_core::baseline::Difference;
use trentcheck_core::report::{ExchangeReport, Mismatch};

/// The amount of detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// One line for each cause.
    Brief,
    /// Each cause with an example.
    Full,
    /// One line for each cause, and every case.
    Cases,
}

/// Where a mismatch is, what was expected there and what was found.
pub(super) fn difference(mismatch: &Mismatch) -> [String; 3] {
    [
        format!("    {:9} {} {DIM}({}){DIM:#}", "where", mismatch.place, mismatch.level),
        format!("    {:9} {}", "expected", mismatch.expected),
        format!("    {:9} {RED}{}{RED:#}", "found", mismatch.found),
    ]
}

/// A field before and after.
pub(super) fn changed(difference: &Difference) -> [String; 3] {
    let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "absent".to_owned(), shortened);
    [
        format!("    {:9} {}", "where", difference.place),
        format!("    {:9} {}", "recorded", shown(&difference.recorded)),
        format!("    {:9} {RED}{}{RED:#}", "found", shown(&difference.found)),
    ]
}

/// The lines of an exchange.
pub(super) fn bytes(exchange: &ExchangeReport) -> Vec<String> {
    let request = exchange.request.iter().map(|line| format!("    {DIM}> {}{DIM:#}", shortened(line)));
    let response = exchange.response.iter().flatten().map(|line| format!("    {DIM}< {}{DIM:#}", shortened(line)));
    let error = exchange.error.iter().map(|error| format!("    {DIM}! {error}{DIM:#}"));
    request.chain(response).chain(error).collect()
}

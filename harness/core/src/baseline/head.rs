//! What a recording says of itself: what made it, and what it holds for.

use crate::fixture::Edition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// The circumstances of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The program's version.
    pub tool: String,
    /// The corpus' digest.
    pub corpus: String,
    /// The edition that the requests are of.
    pub edition: Edition,
    /// The Region that they were signed for.
    pub region: String,
    /// The lane of the judged exchanges.
    pub lane: String,
    /// The day, in UTC.
    pub recorded: String,
}

/// A moment's day in UTC, as heads state it.
pub fn day(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

impl Head {
    /// The parts without which two recordings cannot be compared, with their names.
    pub(super) fn must_agree(&self) -> [(&'static str, &str); 3] {
        [("edition", self.edition.as_str()), ("corpus", &self.corpus), ("lane", &self.lane)]
    }
}

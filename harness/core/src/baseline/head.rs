//! The head of a recording: which program made it, and for which edition, Region, lane and corpus it is valid.

use crate::fixture::Edition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// The conditions under which a recording was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The program's version.
    pub tool: String,
    /// The digest of the corpus.
    pub corpus: String,
    /// The edition of the requests.
    pub edition: Edition,
    /// The Region that the requests are signed for.
    pub region: String,
    /// The lane of the judged exchanges.
    pub lane: String,
    /// The day of the recording, in UTC.
    pub recorded: String,
}

/// The UTC day of a moment, in the form that heads use.
pub fn day(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

impl Head {
    /// The fields, with their names, that must be equal before two recordings can be compared.
    pub(super) fn must_agree(&self) -> [(&'static str, &str); 3] {
        [("edition", self.edition.as_str()), ("corpus", &self.corpus), ("lane", &self.lane)]
    }
}

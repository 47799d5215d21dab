//! What a report says of its target.

use crate::fixture::Edition;
use crate::target::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The target, without its credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetReport {
    /// Its URL.
    pub endpoint: String,
    /// The Region that requests are signed for.
    pub region: String,
    /// Its edition.
    pub edition: Edition,
    /// Whether it is the embedded reference.
    pub embedded: bool,
}

impl TargetReport {
    /// What a report says of this target.
    pub fn of(target: &Target) -> Self {
        Self {
            endpoint: target.endpoint.to_string(),
            region: target.region.clone(),
            edition: target.edition,
            embedded: target.embedded,
        }
    }
}

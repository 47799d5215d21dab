//! A case that has no place in a comparison.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A case that was not compared, or whose differences did not count, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uncompared {
    /// The case.
    pub case: String,
    /// Why.
    pub reason: String,
}

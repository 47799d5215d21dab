//! The reasons why a corpus cannot be exported.

use crate::plan::PlanError;
use crate::sign::SignError;

/// The request of a case cannot be written. The fixture is at fault.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be planned.
    #[error("export `{case}`: {source}")]
    Plan {
        /// The id of the case.
        case: String,
        /// What is wrong with its request.
        source: PlanError,
    },
    /// It cannot be signed.
    #[error("export `{case}`: {source}")]
    Sign {
        /// The id of the case.
        case: String,
        /// What is wrong with its signature.
        source: SignError,
    },
}

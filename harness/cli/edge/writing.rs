//! Decides whether this process may write files that a person must review.

use super::failure::Failure;

/// Whether this process may change a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// It may.
    Allowed,
    /// It may not, because no person reviews the files of a CI job.
    InCi,
}

impl Writing {
    /// Decides by the environment, with the same rule as insta.
    pub(crate) fn of_environment() -> Self {
        match std::env::var("CI").as_deref() {
            Err(_) | Ok("" | "0" | "false") => Self::Allowed,
            Ok(_) => Self::InCi,
        }
    }

    /// Refuses a command whose purpose is to write.
    pub(crate) fn must_be_allowed(self, what: &str) -> Result<(), Failure> {
        match self {
            Self::Allowed => Ok(()),
            Self::InCi => Err(Failure::rule(format!(
                "`{what}` does not run in CI, because a person must review the files; the variable `CI` is set"
            ))
            .hint("run it on your machine, review the files and commit them")),
        }
    }
}

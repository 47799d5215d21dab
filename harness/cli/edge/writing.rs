//! Whether files that somebody has to read may be written here.

use super::failure::Failure;

/// Whether this process may change a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// It may.
    Allowed,
    /// Nobody looks at files that a CI job leaves.
    InCi,
}

impl Writing {
    /// As the environment says, by the same rule as insta's.
    pub(crate) fn of_environment() -> Self {
        match std::env::var("CI").as_deref() {
            Err(_) | Ok("" | "0" | "false") => Self::Allowed,
            Ok(_) => Self::InCi,
        }
    }

    /// Refuses a command that is there to write.
    pub(crate) fn must_be_allowed(self, what: &str) -> Result<(), Failure> {
        match self {
            Self::Allowed => Ok(()),
            Self::InCi => Err(Failure::rule(format!("`{what}` writes nothing where the variable `CI` is set"))
                .hint("run it on your machine, review the files and commit them")),
        }
    }
}

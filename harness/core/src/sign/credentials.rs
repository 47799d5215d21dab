//! The credentials that sign a request.

use std::fmt;

/// An access key, and a session token for temporary ones. `Debug` shows neither secret nor token.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// The published credentials that sign at targets on loopback that do not check them.
    pub fn dummy() -> Self {
        Self {
            access_key_id: "AKIDTRENTCHECK000001".to_owned(),
            secret_access_key: "trentcheck-dummy-secret-primary".to_owned(),
            session_token: None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

//! The signing key of the last request: it changes once a day, and deriving it takes longer than using it.

use super::canonical::{Scope, sign_text, signing_key};
use aws_lc_rs::hmac;
use std::fmt;
use std::sync::Mutex;

/// Remembers the signing key that was used last. `Debug` shows nothing of it.
#[derive(Default)]
pub struct SigningKeys(Mutex<Option<Known>>);

struct Known {
    secret: String,
    scope: Scope,
    key: hmac::Key,
}

impl SigningKeys {
    /// The signature of a string, in lower-case hex.
    pub(super) fn signature(&self, secret: &str, scope: &Scope, string_to_sign: &str) -> String {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = known.as_ref()
            && known.secret == secret
            && known.scope == *scope
        {
            return sign_text(&known.key, string_to_sign);
        }
        let key = signing_key(secret, scope);
        let signature = sign_text(&key, string_to_sign);
        *known = Some(Known { secret: secret.to_owned(), scope: scope.clone(), key });
        signature
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

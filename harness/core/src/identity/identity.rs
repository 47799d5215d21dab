//! Credentials with their origin and expiry time.

use super::error::IdentityError;
use crate::sign::Credentials;
use jiff::Timestamp;
use std::time::SystemTime;

/// Credentials with their origin and expiry time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The credentials.
    pub credentials: Credentials,
    /// The expiry time, if there is one.
    pub expires: Option<Timestamp>,
    /// The origin, as messages name it.
    pub origin: String,
}

impl Identity {
    /// Credentials that another library has resolved, such as those of a role.
    ///
    /// # Errors
    ///
    /// The values cannot be credentials.
    pub fn resolved(
        keys: [&str; 2],
        session_token: Option<&str>,
        expires: Option<SystemTime>,
        origin: &str,
    ) -> Result<Self, IdentityError> {
        let expires = expires.map(|at| Timestamp::try_from(at).unwrap_or(Timestamp::MAX));
        Ok(Self { expires, ..identity(keys, session_token, None, origin)? })
    }

    /// The credentials, if they have not expired.
    ///
    /// # Errors
    ///
    /// The credentials have expired. trentcheck sends nothing with them.
    pub fn valid_at(self, now: SystemTime) -> Result<Credentials, IdentityError> {
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::MAX);
        match self.expires {
            Some(at) if at <= now => Err(IdentityError::Expired { origin: self.origin, at }),
            _ => Ok(self.credentials),
        }
    }
}

/// Checks the parts and makes credentials of them.
pub(super) fn identity(
    [access_key_id, secret_access_key]: [&str; 2],
    session_token: Option<&str>,
    expires: Option<&str>,
    origin: &str,
) -> Result<Identity, IdentityError> {
    let is_plain = |value: &str| !value.is_empty() && value.chars().all(|letter| letter.is_ascii_graphic());
    if !is_plain(access_key_id) || !is_plain(secret_access_key) || !session_token.is_none_or(is_plain) {
        return Err(IdentityError::NotPlain(origin.to_owned()));
    }
    let read = |text: &str| {
        text.parse().map_err(|_| IdentityError::Expiration { origin: origin.to_owned(), text: text.to_owned() })
    };
    Ok(Identity {
        credentials: Credentials {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: session_token.map(str::to_owned),
        },
        expires: expires.map(read).transpose()?,
        origin: origin.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    #[test]
    fn expired_credentials_are_refused_and_others_are_not() {
        let at = |text: &str| SystemTime::try_from(text.parse::<Timestamp>().unwrap()).unwrap();
        let identity = identity(["AKID", "secret"], None, Some("2026-01-01T12:00:00+02:00"), "a test").unwrap();
        assert!(identity.clone().valid_at(at("2026-01-01T09:59:59Z")).is_ok());
        let refused = identity.valid_at(at("2026-01-01T10:00:00Z")).unwrap_err().to_string();
        assert_eq!(refused, "use the credentials of a test: they expired at 2026-01-01T10:00:00Z");
    }

    #[test]
    fn what_somebody_else_resolved_is_held_to_the_same_rules() {
        let resolved = |secret, expires| Identity::resolved(["AKID", secret], Some("token"), Some(expires), "a role");
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000);
        let later = now + std::time::Duration::from_secs(1);
        assert!(resolved("secret", later).unwrap().valid_at(now).is_ok());
        assert!(matches!(resolved("secret", now).unwrap().valid_at(now), Err(IdentityError::Expired { .. })));
        assert!(matches!(resolved("se cret", later), Err(IdentityError::NotPlain(_))));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_and_not_shown() {
        for (keys, token) in [(["AK ID", "s"], None), (["AKID", ""], None), (["AKID", "s"], Some("a b"))] {
            let refused = identity(keys, token, None, "a test").unwrap_err().to_string();
            assert!(refused.contains("a test") && !refused.contains("AK"), "{refused}");
        }
        assert!(matches!(identity(["A", "s"], None, Some("soon"), "x"), Err(IdentityError::Expiration { .. })));
    }
}

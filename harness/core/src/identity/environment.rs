//! Credentials from environment variables.

use super::error::IdentityError;
use super::identity::{Identity, identity};

/// The credentials in `PREFIX_ACCESS_KEY_ID` and its companions, if these are set. An empty variable counts as not set.
///
/// # Errors
///
/// One of the two variables is missing, or the values cannot be credentials.
pub fn from_environment(
    prefix: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Identity>, IdentityError> {
    let name = |part: &str| format!("{prefix}_{part}");
    let value = |part: &str| variable(&name(part)).filter(|value| !value.is_empty());
    let incomplete =
        |missing: &str, beside: &str| Err(IdentityError::Incomplete { missing: name(missing), beside: name(beside) });
    match (value("ACCESS_KEY_ID"), value("SECRET_ACCESS_KEY")) {
        (None, None) => Ok(None),
        (Some(_), None) => incomplete("SECRET_ACCESS_KEY", "ACCESS_KEY_ID"),
        (None, Some(_)) => incomplete("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"),
        (Some(id), Some(secret)) => {
            let token = value("SESSION_TOKEN");
            let expires = value("CREDENTIAL_EXPIRATION");
            let origin = format!("{prefix}_ACCESS_KEY_ID and {prefix}_SECRET_ACCESS_KEY");
            identity([&id, &secret], token.as_deref(), expires.as_deref(), &origin).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Identity>, IdentityError> {
        from_environment("AWS", |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_pair_is_taken_with_its_token_and_half_a_pair_is_not() {
        let pair = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let with_token = [pair[0], pair[1], ("AWS_SESSION_TOKEN", "token")];
        let found = of(&with_token).unwrap().unwrap();
        assert_eq!(found.credentials.session_token.as_deref(), Some("token"));
        assert_eq!(of(&pair).unwrap().unwrap().credentials.session_token, None);
        assert_eq!(of(&[("AWS_ACCESS_KEY_ID", "")]), Ok(None));
        for half in pair {
            assert!(matches!(of(&[half]), Err(IdentityError::Incomplete { .. })), "{half:?}");
        }
        let dated = [pair[0], pair[1], ("AWS_CREDENTIAL_EXPIRATION", "2026-01-01T00:00:00Z")];
        assert!(of(&dated).unwrap().unwrap().expires.is_some());
    }
}

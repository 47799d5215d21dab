//! Splits the command line of `credential_process` and reads the output of the process.

use super::error::IdentityError;
use super::identity::{Identity, identity};
use serde::Deserialize;

/// The output of a credential process, without its version. Unknown members are ignored, as in the AWS tools.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Splits a command line as the AWS CLI does: by the quoting rules of a shell, but without running a shell.
///
/// # Errors
///
/// A quote is not closed, or the line is empty.
pub fn arguments(profile: &str, command: &str) -> Result<Vec<String>, IdentityError> {
    let wrong = || IdentityError::CommandLine(profile.to_owned());
    let words = shlex::split(command).ok_or_else(wrong)?;
    if words.first().is_none_or(String::is_empty) { Err(wrong()) } else { Ok(words) }
}

/// Reads the credentials that a process printed for a profile.
///
/// # Errors
///
/// The output is not version 1 of the AWS format. The message does not repeat the output, because it may hold a secret.
pub fn from_output(profile: &str, output: &[u8]) -> Result<Identity, IdentityError> {
    let wrong = |why: String| IdentityError::Output { profile: profile.to_owned(), why };
    let value: serde_json::Value = serde_json::from_slice(output).map_err(|_| wrong("it is not JSON".to_owned()))?;
    match value.get("Version") {
        Some(version) if version == 1 => {}
        Some(version) if version.is_number() => return Err(wrong(format!("it has Version {version} instead of 1"))),
        _ => return Err(wrong("it has no `Version`".to_owned())),
    }
    for name in ["AccessKeyId", "SecretAccessKey"] {
        if !value.get(name).is_some_and(serde_json::Value::is_string) {
            return Err(wrong(format!("it has no `{name}`")));
        }
    }
    let output: Output = serde_json::from_value(value)
        .map_err(|_| wrong("`SessionToken` or `Expiration` is not a string".to_owned()))?;
    identity(
        [&output.access_key_id, &output.secret_access_key],
        output.session_token.as_deref().filter(|token| !token.is_empty()),
        output.expiration.as_deref(),
        &format!("the `credential_process` of the profile `{profile}`"),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    #[test]
    fn a_command_line_is_split_by_quotes_and_nothing_is_expanded() {
        let words = arguments("p", r#"/bin/get "two words" 'a$b' c\ d ; e"#).unwrap();
        assert_eq!(words, ["/bin/get", "two words", "a$b", "c d", ";", "e"]);
        for wrong in ["", "  ", "\"open", "''"] {
            assert!(arguments("p", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_agreed_form_is_read() {
        let full = br#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t",
            "Expiration":"2026-01-01T00:00:00+00:00","AccountId":"1"}"#;
        let identity = from_output("p", full).unwrap();
        assert_eq!(identity.credentials.session_token.as_deref(), Some("t"));
        assert_eq!(identity.expires.unwrap().to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn anything_else_is_refused_with_a_reason_and_without_what_was_printed() {
        for (output, reason) in [
            ("hunter2", "it is not JSON"),
            ("{}", "no `Version`"),
            (r#"{"Version":2,"AccessKeyId":"hunter2"}"#, "Version 2"),
            (r#"{"Version":"1"}"#, "no `Version`"),
            (r#"{"Version":1,"SecretAccessKey":"hunter2"}"#, "no `AccessKeyId`"),
            (r#"{"Version":1,"AccessKeyId":"hunter2","SecretAccessKey":7}"#, "no `SecretAccessKey`"),
            (r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"hunter2","SessionToken":7}"#, "not a string"),
            (r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"hunter 2"}"#, "blanks"),
        ] {
            let error = from_output("p", output.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("hunter"), "{output}: {error}");
        }
    }
}

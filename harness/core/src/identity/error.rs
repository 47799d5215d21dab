//! The reasons why credentials cannot be found or used.

use jiff::Timestamp;

/// Credentials cannot be found or used. The message holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// One of two variables or settings that belong together is missing.
    #[error("find {missing} beside {beside}")]
    Incomplete {
        /// The missing variable or setting.
        missing: String,
        /// The variable or setting that is present.
        beside: String,
    },
    /// A value is empty, or holds blanks or other characters that no access key contains.
    #[error(
        "use the credentials of {0}: they are empty, or hold blanks or other characters that no access key contains"
    )]
    NotPlain(String),
    /// The credentials have expired.
    #[error("use the credentials of {origin}: they expired at {at}")]
    Expired {
        /// The origin of the credentials.
        origin: String,
        /// When they expired.
        at: Timestamp,
    },
    /// The expiry time cannot be read.
    #[error("use the credentials of {origin}: `{text}` is not a time such as `2026-01-31T12:00:00Z`")]
    Expiration {
        /// The origin of the credentials.
        origin: String,
        /// The text that was found.
        text: String,
    },
    /// A line of a profile file cannot be read.
    #[error("read `{path}`: line {line} is neither `[section]` nor `name = value`")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// No file has a profile of this name.
    #[error("find the profile `{name}` in {places}; {known}")]
    UnknownProfile {
        /// The profile.
        name: String,
        /// The files.
        places: String,
        /// The names of the profiles in these files.
        known: String,
    },
    /// A profile defines no credentials.
    #[error("find credentials in the profile `{0}`: it has neither keys nor a `credential_process`")]
    NoKeys(String),
    /// A command line cannot be split.
    #[error("read the `credential_process` of the profile `{0}`: a quote is not closed, or it is empty")]
    CommandLine(String),
    /// A credential process printed invalid output.
    #[error("use what the `credential_process` of the profile `{profile}` prints: {why}")]
    Output {
        /// The profile.
        profile: String,
        /// What is wrong.
        why: String,
    },
}

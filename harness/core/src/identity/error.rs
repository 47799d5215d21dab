//! Why there are no credentials.

use jiff::Timestamp;

/// Credentials cannot be had, or not be used. No secret is in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// One of two variables or settings that go together.
    #[error("find {missing} beside {beside}")]
    Incomplete {
        /// What is missing.
        missing: String,
        /// What is there.
        beside: String,
    },
    /// A value has blanks or other characters that no key has.
    #[error("use the credentials of {0}: they are empty, or hold blanks or characters that no key has")]
    NotPlain(String),
    /// They are no longer good.
    #[error("use the credentials of {origin}: they expired at {at}")]
    Expired {
        /// Where they come from.
        origin: String,
        /// When they expired.
        at: Timestamp,
    },
    /// The time at which they expire cannot be read.
    #[error("use the credentials of {origin}: `{text}` is no time such as `2026-01-31T12:00:00Z`")]
    Expiration {
        /// Where they come from.
        origin: String,
        /// What was found.
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
        /// The profiles that they have.
        known: String,
    },
    /// A profile says nothing about credentials.
    #[error("find credentials in the profile `{0}`: it has neither keys nor a `credential_process`")]
    NoKeys(String),
    /// A command line cannot be split.
    #[error("read the `credential_process` of the profile `{0}`: a quote is not closed, or it is empty")]
    CommandLine(String),
    /// A credential process printed something else than it should.
    #[error("use what the `credential_process` of the profile `{profile}` prints: {why}")]
    Output {
        /// The profile.
        profile: String,
        /// What is wrong.
        why: String,
    },
}

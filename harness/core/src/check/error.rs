//! The reasons why a server cannot be judged at all.

use crate::against::deviation::{DeviationError, Mismatched};
use crate::fixture::{GlobError, SelectionError};
use crate::send::EndpointError;
use crate::target::SetupError;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A server cannot be judged. Whatever it answers is an outcome and not an error.
///
/// `Debug` reads as `Display` and adds a line for each source, so that `?` and `unwrap` in a test show a sentence.
#[derive(thiserror::Error)]
pub enum CheckError {
    /// The address is not one of a server.
    #[error("read the address `{address}`: {source}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        source: EndpointError,
    },
    /// The server is not on this machine, and nobody said that it may be elsewhere.
    #[error("check {0}: it is not on loopback; `off_loopback()` allows it")]
    NotLoopback(String),
    /// The server is off loopback and speaks plain HTTP.
    #[error("check {0}: off loopback credentials are sent over `https://` only")]
    PlainHttp(String),
    /// The server is off loopback, and dummy credentials would sign.
    #[error("check {0}: off loopback it needs `principal(PrincipalName::Primary, …)`")]
    NoCredentials(String),
    /// Nothing listens at the address.
    #[error("reach {address}: nothing listens there within {within:?}: {source}")]
    NotUp {
        /// The address.
        address: String,
        /// How long it was tried.
        within: Duration,
        /// Why the last attempt failed.
        source: std::io::Error,
    },
    /// A name of a case is no glob.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// A name means no case of this corpus.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A line of a file of cases is no glob, or means no case of this corpus.
    #[error("{file}:{line}: {source}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: Box<CheckError>,
    },
    /// A file cannot be read: the list of known deviations, or one of cases to leave out.
    #[error("read `{file}`: {source}")]
    File {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The list of known deviations is wrong, or of another corpus.
    #[error(transparent)]
    Deviations(#[from] DeviationError),
    /// The list of known deviations is of another edition or level.
    #[error(transparent)]
    Mismatched(#[from] Mismatched),
    /// A key is provided under a name that no case asks for.
    #[error("provide the key `{name}`: no case asks for one of this name; the names are {}", .known.join(", "))]
    Provided {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The system has no randomness.
    #[error("draw a seed: the system has no randomness")]
    Randomness,
    /// The run cannot begin.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl fmt::Debug for CheckError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&with_sources(self))
    }
}

/// An error with its hints, and with a line for each source that it does not quote itself.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let words = source.to_string();
        if !text.contains(&words) {
            text = format!("{text}\ncaused by: {words}");
        }
        next = source.source();
    }
    text
}

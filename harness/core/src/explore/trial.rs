//! What an exploration tries: a key in some state, then calls in some order.

use crate::fixture::RequestChange;
use serde::{Deserialize, Serialize};

/// One thing to try. Its parts are fixtures' words, so that it can be written down as a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trial {
    /// An id of `preconditions.toml`.
    pub start: String,
    /// What is compared with what.
    pub relation: Relation,
    /// The calls, in order.
    pub steps: Vec<Move>,
}

/// What an answer must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// As the model's, which makes the same calls.
    Model,
    /// As the target's own to the second request, or to the plain one if there is no second, on another key in the same
    /// state: what the two differ in must not matter.
    Plain,
    /// As the target's own to the same request, after the same material was imported again.
    Again,
    /// If the call is refused, DescribeKey of the target shows what it showed before.
    Unchanged,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Move {
    /// The operation under test, with these changes of its request.
    Delete(Box<RequestChange>),
    /// Imports the bytes that the key was made with.
    ImportSame,
    /// Imports other bytes.
    ImportOther,
    /// DisableKey.
    Disable,
    /// EnableKey.
    Enable,
    /// ScheduleKeyDeletion.
    Schedule,
    /// CancelKeyDeletion.
    Cancel,
    /// Encrypts, signs or authenticates, whatever the key is for.
    Use,
    /// Decrypts what was encrypted before the first call.
    Decrypt,
    /// DescribeKey.
    Describe,
}

impl Move {
    /// The plain request of the operation.
    pub fn delete() -> Self {
        Self::Delete(Box::default())
    }

    /// The request changes, if it is the operation under test.
    pub fn change(&self) -> Option<&RequestChange> {
        match self {
            Self::Delete(change) => Some(change),
            _ => None,
        }
    }
}

/// Whether the request is one that the page describes: nothing of it is unusual but how it names the key.
pub(super) fn is_plain(change: &RequestChange) -> bool {
    let named = RequestChange { key_id: change.key_id.clone(), ..RequestChange::default() };
    let usual = [None, Some("{{ key.id }}"), Some("{{ key.arn }}"), Some("{{ absent.id }}")];
    *change == named && usual.contains(&change.key_id.as_deref())
}

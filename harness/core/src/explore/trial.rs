//! A trial: a key in some state, then calls in some order.

use crate::fixture::RequestChange;
use serde::{Deserialize, Serialize};

/// One trial. Its parts use the words of the fixtures, so that it can be written as a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trial {
    /// The id of a precondition in `preconditions.toml`.
    pub start: String,
    /// The answers that are compared.
    pub relation: Relation,
    /// The calls, in order.
    pub steps: Vec<Move>,
}

/// The comparison that an answer must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The answer equals the answer of the model, which gets the same calls.
    Model,
    /// The answer equals the target's answer to the second request, or to the plain request if there is no second one,
    /// on another key in the same state. The difference between the requests must not matter.
    Plain,
    /// The answer equals the target's earlier answer to the same request, after the same key material was imported
    /// again.
    Again,
    /// If the call is refused, DescribeKey shows the same state as before.
    Unchanged,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Move {
    /// The operation under test, with these changes to its request.
    Delete(Box<RequestChange>),
    /// Imports the same bytes again.
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
    /// Encrypts, signs or creates a MAC, depending on the key.
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

    /// The changes to the request, if the call is the operation under test.
    pub fn change(&self) -> Option<&RequestChange> {
        match self {
            Self::Delete(change) => Some(change),
            _ => None,
        }
    }
}

/// Whether the page describes such a request: only the way in which it names the key may be unusual.
pub(super) fn is_plain(change: &RequestChange) -> bool {
    let named = RequestChange { key_id: change.key_id.clone(), ..RequestChange::default() };
    let usual = [None, Some("{{ key.id }}"), Some("{{ key.arn }}"), Some("{{ absent.id }}")];
    *change == named && usual.contains(&change.key_id.as_deref())
}

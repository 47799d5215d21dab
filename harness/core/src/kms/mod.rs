//! The calls around the operation under test, as an ordinary client makes them, and which of them may be sent.

mod client;
mod clients;
mod failure;
mod guard;
mod guarded;
mod lateness;
pub(crate) mod mark;
mod named;
mod newness;
pub(crate) mod ours;
mod pages;
mod pauses;
mod sent;
pub(crate) mod skew;

pub(crate) use clients::Clients;
pub(crate) use failure::{
    Failure, FailureKind, UNKNOWN_SIGNER, is_transient, says_unsupported, scheduled, summary, token_ended,
};
pub(crate) use guard::Guard;
pub(crate) use guarded::Kms;
pub(crate) use lateness::{Change, patience};
pub(crate) use pages::each_page;
pub(crate) use pauses::Pauses;
pub(crate) use sent::Sent;

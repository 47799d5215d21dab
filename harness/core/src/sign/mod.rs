//! Signature Version 4 as a pure function of request, credentials and time, with an optional named fault.

mod canonical;
mod credentials;
mod curl;
mod keys;
mod mutate;
#[expect(clippy::module_inception, reason = "it holds what the folder is named after")]
mod sign;
mod signer;
#[cfg(test)]
mod tests;

pub use crate::fixture::Mutation;
pub use canonical::{
    Explanation, PathEncoding, PathNormalisation, Scope, canonical_request, signature, string_to_sign,
};
pub use credentials::Credentials;
pub use curl::curl;
pub use keys::SigningKeys;
pub use sign::{sign, sign_plainly, sign_planned};
pub use signer::{Location, SignError, Signed, Signing};

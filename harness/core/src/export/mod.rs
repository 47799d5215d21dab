//! The corpus as plain JSON: what `trentcheck export` writes for programs in other languages.
//!
//! A document stands alone. Every case has its request as bytes and as parts, the answers that it accepts as statuses and
//! error types, and the passages that support them.

mod accepted;
mod document;
mod error;
mod make;
mod request;
#[cfg(test)]
mod tests;

pub use accepted::{Accepted, BodyIs, ErrorIs, Expected};
pub use document::{Afterwards, AtOnce, CaseIn, Export, Following, Names, OperationNames, Sequel, Signatures, schema};
pub use error::ExportError;
pub use make::export;
pub use request::{Body, SentRequest, SignedBy, SignedRequest};

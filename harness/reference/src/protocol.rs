//! What requests and answers of the protocol have in common.

/// The protocol's media type.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

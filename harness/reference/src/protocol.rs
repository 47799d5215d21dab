//! What requests and answers of the protocol awsJson1_1 have in common.

/// The media type of requests and answers.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

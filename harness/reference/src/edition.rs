//! The two editions of the API reference that a reference target can follow.

/// An edition of the API reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// A request has `KeyId`. A success has a body of zero bytes.
    KeyOnly,
    /// A request can also have `KeyMaterialId`. A success has `KeyId` and `KeyMaterialId`.
    KeyMaterialId,
}

//! The two editions of the API reference that a reference target can follow.

/// The edition of the API reference that is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// `KeyId` in, zero bytes out.
    KeyOnly,
    /// Optional `KeyMaterialId` in, `KeyId` and `KeyMaterialId` out.
    KeyMaterialId,
}

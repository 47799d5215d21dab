//! Key material: what was imported into a key or generated for it.

use std::time::SystemTime;

/// The place of a material in the rotations of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// It encrypts and decrypts.
    Current,
    /// It waits for a rotation that makes it the current one.
    Pending,
    /// A rotation replaced it. It only decrypts.
    Former,
}

/// When imported material expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiration {
    Never,
    At(SystemTime),
}

/// A material that was imported into a key or generated for it.
#[derive(Clone, Debug)]
pub(crate) struct Material {
    pub(crate) id: String,
    /// Absent after the material was deleted or has expired, and in a replica into which it was not imported.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) rotation: Rotation,
    /// Absent where `bytes` is, and for generated material.
    pub(crate) expiration: Option<Expiration>,
    /// When a rotation made it the current material. Absent for the first material.
    pub(crate) rotated: Option<SystemTime>,
}

impl Material {
    /// A material with its bytes.
    pub(crate) fn new(id: String, bytes: Vec<u8>, rotation: Rotation, expiration: Option<Expiration>) -> Self {
        Self { id, bytes: Some(bytes), rotation, expiration, rotated: None }
    }

    /// Whether the key needs this material: it encrypts or has encrypted with it.
    pub(crate) fn is_used(&self) -> bool {
        self.rotation != Rotation::Pending
    }

    /// Deletes the bytes. The id stays.
    pub(crate) fn clear(&mut self) {
        self.bytes = None;
        self.expiration = None;
    }
}

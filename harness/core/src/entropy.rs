//! Randomness: one seed, which the command reads once and passes down.

use aws_lc_rs::hmac;

/// 32 random bytes. All unpredictable values of a run are derived from them.
#[derive(Clone)]
pub struct Entropy([u8; 32]);

impl Entropy {
    /// Takes these bytes as the seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// 32 bytes that are derived for this label.
    pub(crate) fn bytes(&self, label: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, label.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// A UUID that is derived for this label.
    pub(crate) fn uuid(&self, label: &str) -> String {
        let bytes = self.bytes(label);
        let mut half = [0; 16];
        half.copy_from_slice(&bytes[..16]);
        uuid::Builder::from_random_bytes(half).into_uuid().to_string()
    }

    /// The id of the run, short enough for tags and alias names.
    pub fn run_id(&self) -> String {
        hex::encode(&self.bytes("run")[..6])
    }
}

/// Fills a seed with randomness of the operating system.
///
/// # Errors
///
/// The operating system has no randomness available.
#[expect(clippy::result_unit_err, reason = "there is nothing to say about it")]
pub fn fill_random(seed: &mut [u8; 32]) -> Result<(), ()> {
    aws_lc_rs::rand::fill(seed).map_err(|_| ())
}

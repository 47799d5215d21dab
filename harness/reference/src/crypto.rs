//! Symmetric encryption, MACs, and key material with its wrapping. aws-lc-rs does all the cryptography.

use crate::key::{Key, Wrapping};
use crate::pairs;
use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::{hmac, rand};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The length of an AES-GCM nonce, in bytes.
const NONCE: usize = 12;

/// The RSA key pair that wraps imported material.
pub(crate) struct WrappingKey {
    private: OaepPrivateDecryptingKey,
    /// The public key as a SubjectPublicKeyInfo in DER.
    pub(crate) public: Vec<u8>,
    /// What was decrypted before. A self-check imports the same bytes at hundreds of servers, and decrypting them is a tenth
    /// of what it costs.
    before: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
}

impl WrappingKey {
    /// The test key of this repository, the same for all servers. Generating a key pair would take longer than a whole run.
    pub(crate) fn fixed() -> &'static Self {
        static FIXED: LazyLock<WrappingKey> = LazyLock::new(WrappingKey::read);
        &FIXED
    }

    fn read() -> Self {
        let private = PrivateDecryptingKey::from_pkcs8(include_bytes!("../keys/wrapping-key.pkcs8.der"))
            .expect("the key that is shipped is an RSA private key in PKCS#8");
        let public = private.public_key();
        let public =
            AsDer::<PublicKeyX509Der<'_>>::as_der(&public).expect("a public key has a DER form").as_ref().to_vec();
        let private = OaepPrivateDecryptingKey::new(private).expect("2048 bits are enough for OAEP");
        Self { private, public, before: Mutex::default() }
    }

    /// Unwraps material.
    pub(crate) fn unwrap(&self, wrapping: Wrapping, wrapped: &[u8]) -> Option<Vec<u8>> {
        match wrapping {
            Wrapping::Oaep => self.decrypt(wrapped),
            // An AES key in RSAES_OAEP_SHA_256, and behind it the material, wrapped with the AES key.
            Wrapping::AesKeyWrap => {
                let (key, material) = wrapped.split_at_checked(self.private.key_size_bytes())?;
                let key = AesKek::new(&AES_256, &self.decrypt(key)?).ok()?;
                let mut plain = vec![0; material.len()];
                let length = key.unwrap_with_padding(material, &mut plain).ok()?.len();
                plain.truncate(length);
                Some(plain)
            }
        }
    }

    fn decrypt(&self, wrapped: &[u8]) -> Option<Vec<u8>> {
        /// A client that sends other bytes each time must not fill the memory.
        const MOST: usize = 1024;
        let before = || self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plain) = before().get(wrapped) {
            return Some(plain.clone());
        }
        let plain = self.decrypt_anew(wrapped)?;
        let mut before = before();
        if before.len() == MOST {
            before.clear();
        }
        before.insert(wrapped.to_vec(), plain.clone());
        Some(plain)
    }

    fn decrypt_anew(&self, wrapped: &[u8]) -> Option<Vec<u8>> {
        let mut plain = vec![0; self.private.min_output_size()];
        let length = self.private.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut plain, None).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

/// Random bytes.
pub(crate) fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// New material for a key of this spec, as KMS generates it for keys of origin `AWS_KMS`.
pub(crate) fn generated(spec: &str) -> Vec<u8> {
    match bytes_of(spec) {
        Some(length) => random(length),
        None => pairs::generated(spec),
    }
}

/// The length of the material for a symmetric or an HMAC key, in bytes.
fn bytes_of(spec: &str) -> Option<usize> {
    match spec {
        "HMAC_224" => Some(28),
        "SYMMETRIC_DEFAULT" | "HMAC_256" => Some(32),
        "HMAC_384" => Some(48),
        "HMAC_512" => Some(64),
        _ => None,
    }
}

/// What is authenticated beside the plaintext: the key's id and the encryption context.
fn associated(key_id: &str, context: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([key_id.as_bytes(), context].concat())
}

/// Encrypts with a material. The blob holds the ids of key and material, so that Decrypt can find both.
pub(crate) fn encrypt(
    key: &Key,
    material_id: &str,
    material: &[u8],
    plaintext: &[u8],
    context: &[u8],
) -> Option<Vec<u8>> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, material).ok()?;
    let mut sealed = plaintext.to_vec();
    let nonce = cipher.seal_in_place_append_tag(associated(&key.id, context), &mut sealed).ok()?;
    let mut blob = vec![u8::try_from(key.id.len()).ok()?];
    blob.extend_from_slice(key.id.as_bytes());
    blob.extend(hex::decode(material_id).ok()?);
    blob.extend_from_slice(nonce.as_ref());
    blob.extend(sealed);
    Some(blob)
}

/// The parts of a blob that [`encrypt`] made.
pub(crate) struct Blob {
    pub(crate) key_id: String,
    pub(crate) material_id: String,
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
}

impl Blob {
    /// Splits a blob into its parts, if the bytes have the form of a blob.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        let (material_id, rest) = rest.split_at_checked(32)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE)?;
        Some(Self {
            key_id: String::from_utf8(id.to_vec()).ok()?,
            material_id: hex::encode(material_id),
            nonce: nonce.try_into().ok()?,
            sealed: sealed.to_vec(),
        })
    }

    /// The plaintext, if these are the material and the context that the blob was encrypted with.
    pub(crate) fn decrypt(mut self, material: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, material).ok()?;
        let nonce = aws_lc_rs::aead::Nonce::from(&self.nonce);
        let plain = cipher.open_in_place(nonce, associated(&self.key_id, context), &mut self.sealed).ok()?;
        Some(plain.to_vec())
    }
}

/// A MAC by the algorithm of the key's spec.
pub(crate) fn mac(spec: &str, material: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match spec {
        "HMAC_224" => hmac::HMAC_SHA224,
        "HMAC_384" => hmac::HMAC_SHA384,
        "HMAC_512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, material), message).as_ref().to_vec()
}

/// Whether these bytes have the form of material for a key of this spec.
pub(crate) fn fits(spec: &str, material: &[u8]) -> bool {
    match bytes_of(spec) {
        Some(length) => material.len() == length,
        None => pairs::fits(spec, material),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_has_the_length_or_the_form_of_its_spec() {
        for (spec, length) in
            [("SYMMETRIC_DEFAULT", 32), ("HMAC_224", 28), ("HMAC_256", 32), ("HMAC_384", 48), ("HMAC_512", 64)]
        {
            assert!(fits(spec, &vec![7; length]), "{spec}");
            assert!(!fits(spec, &vec![7; length - 1]), "{spec}");
            assert!(!fits(spec, &vec![7; length + 1]), "{spec}");
            assert_eq!(generated(spec).len(), length);
        }
        assert!(fits("ECC_NIST_P256", &generated("ECC_NIST_P256")));
        assert!(!fits("ECC_NIST_P256", &[7; 32]));
        assert!(!fits("RSA_2048", &[7; 32]));
    }

    /// The second test case of RFC 4231.
    #[test]
    fn a_mac_is_that_of_the_spec() {
        for (spec, front) in
            [("HMAC_224", "a30e0109"), ("HMAC_256", "5bdcc146"), ("HMAC_384", "af45d2e3"), ("HMAC_512", "164b7a7b")]
        {
            let mac = hex::encode(mac(spec, b"Jefe", b"what do ya want for nothing?"));
            assert!(mac.starts_with(front), "{spec}: {mac}");
        }
    }

    #[test]
    fn two_random_values_differ() {
        assert_ne!(random(16), random(16));
        assert_eq!(random(16).len(), 16);
    }
}

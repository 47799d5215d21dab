//! Encryption, MACs, signatures and key material. aws-lc-rs does all the cryptography.

use crate::key::Key;
use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use aws_lc_rs::{hmac, rand};

/// The length of an AES-GCM nonce, in bytes.
const NONCE: usize = 12;

/// The RSA key pair that wraps imported material.
pub(crate) struct WrappingKey {
    private: OaepPrivateDecryptingKey,
    /// The public key as a SubjectPublicKeyInfo in DER.
    pub(crate) public: Vec<u8>,
}

impl WrappingKey {
    /// The test key of this repository. Generating a key pair would take longer than a whole run.
    pub(crate) fn fixed() -> Self {
        let private = PrivateDecryptingKey::from_pkcs8(include_bytes!("../keys/wrapping-key.pkcs8.der"))
            .expect("the key that is shipped is an RSA private key in PKCS#8");
        let public = private.public_key();
        let public =
            AsDer::<PublicKeyX509Der<'_>>::as_der(&public).expect("a public key has a DER form").as_ref().to_vec();
        Self { private: OaepPrivateDecryptingKey::new(private).expect("2048 bits are enough for OAEP"), public }
    }

    /// Unwraps material that was wrapped with RSAES_OAEP_SHA_256.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Option<Vec<u8>> {
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
    match spec {
        "ECC_NIST_P256" => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rand::SystemRandom::new())
            .expect("the system has random bytes")
            .as_ref()
            .to_vec(),
        "HMAC_384" => random(48),
        "HMAC_512" => random(64),
        _ => random(32),
    }
}

/// Encrypts with a material. The blob holds the ids of key and material, so that Decrypt can find both.
pub(crate) fn encrypt(key: &Key, material_id: &str, material: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, material).ok()?;
    let mut sealed = plaintext.to_vec();
    let nonce = cipher.seal_in_place_append_tag(Aad::from(key.id.as_bytes()), &mut sealed).ok()?;
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

    /// The plaintext, if this is the material that the blob was encrypted with.
    pub(crate) fn decrypt(mut self, material: &[u8]) -> Option<Vec<u8>> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, material).ok()?;
        let nonce = aws_lc_rs::aead::Nonce::from(&self.nonce);
        let plain = cipher.open_in_place(nonce, Aad::from(self.key_id.as_bytes()), &mut self.sealed).ok()?;
        Some(plain.to_vec())
    }
}

/// A MAC by the algorithm of the key's spec.
pub(crate) fn mac(spec: &str, material: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match spec {
        "HMAC_384" => hmac::HMAC_SHA384,
        "HMAC_512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, material), message).as_ref().to_vec()
}

/// An ECDSA P-256 signature by a PKCS#8 private key.
pub(crate) fn sign(material: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, material).ok()?;
    let signature = pair.sign(&rand::SystemRandom::new(), message).ok()?;
    Some(signature.as_ref().to_vec())
}

/// Whether these bytes have the form of material for a key of this spec.
pub(crate) fn fits(spec: &str, material: &[u8]) -> bool {
    match spec {
        "SYMMETRIC_DEFAULT" | "HMAC_256" => material.len() == 32,
        "HMAC_384" => material.len() == 48,
        "HMAC_512" => material.len() == 64,
        "ECC_NIST_P256" => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, material).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, KeyPair, UnparsedPublicKey};

    #[test]
    fn material_has_the_length_or_the_form_of_its_spec() {
        for (spec, length) in [("SYMMETRIC_DEFAULT", 32), ("HMAC_256", 32), ("HMAC_384", 48), ("HMAC_512", 64)] {
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
        for (spec, front) in [("HMAC_256", "5bdcc146"), ("HMAC_384", "af45d2e3"), ("HMAC_512", "164b7a7b")] {
            let mac = hex::encode(mac(spec, b"Jefe", b"what do ya want for nothing?"));
            assert!(mac.starts_with(front), "{spec}: {mac}");
        }
    }

    #[test]
    fn a_signature_is_good_for_its_message() {
        let material = generated("ECC_NIST_P256");
        let signature = sign(&material, b"message").unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &material).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(public.verify(b"massage", &signature).is_err());
        assert_eq!(sign(&[7; 32], b"message"), None);
    }

    #[test]
    fn two_random_values_differ() {
        assert_ne!(random(16), random(16));
        assert_eq!(random(16).len(), 16);
    }
}

//! Key material to import, how it is wrapped, and the text that is encrypted with it.

use crate::entropy::Entropy;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{KeyPair, KeySize, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Material cannot be made or wrapped.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// No recipe says what such material looks like.
    #[error(
        "make key material for the key spec `{0}`: the harness knows SYMMETRIC_DEFAULT, HMAC_*, ECC_NIST_P256 and RSA_*"
    )]
    Spec(String),
    /// The library failed.
    #[error("make a key pair to import")]
    Generate,
    /// The target's public key is none, or too small.
    #[error("wrap key material with the target's public key")]
    Wrap,
}

/// Material for a key spec, belonging to this label.
pub(crate) fn make(spec: &str, entropy: &Entropy, label: &str) -> Result<Vec<u8>, MaterialError> {
    let bytes = entropy.bytes(&format!("material {label}"));
    match spec {
        "SYMMETRIC_DEFAULT" | "HMAC_256" => Ok(bytes.to_vec()),
        "HMAC_224" => Ok(bytes[..28].to_vec()),
        "HMAC_384" | "HMAC_512" => {
            let mut long = bytes.to_vec();
            long.extend(entropy.bytes(&format!("material {label} continued")));
            long.truncate(if spec == "HMAC_384" { 48 } else { 64 });
            Ok(long)
        }
        "ECC_NIST_P256" => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| MaterialError::Generate)?;
            let der = pair.to_pkcs8v1().map_err(|_| MaterialError::Generate)?;
            Ok(der.as_ref().to_vec())
        }
        other => {
            let size = size(other).ok_or_else(|| MaterialError::Spec(other.to_owned()))?;
            let pair = KeyPair::generate(size).map_err(|_| MaterialError::Generate)?;
            let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| MaterialError::Generate)?;
            Ok(der.as_ref().to_vec())
        }
    }
}

/// The size of an RSA key spec.
fn size(spec: &str) -> Option<KeySize> {
    match spec {
        "RSA_2048" => Some(KeySize::Rsa2048),
        "RSA_3072" => Some(KeySize::Rsa3072),
        "RSA_4096" => Some(KeySize::Rsa4096),
        _ => None,
    }
}

/// The algorithm that wraps material for a key spec. An RSA private key is longer than what RSA alone can wrap.
pub(super) fn wrapping_algorithm(spec: &str) -> &'static str {
    match size(spec) {
        Some(_) => "RSA_AES_KEY_WRAP_SHA_256",
        None => "RSAES_OAEP_SHA_256",
    }
}

/// Material as [`wrapping_algorithm`] wraps it for a key spec. `public_key` is a DER SubjectPublicKeyInfo.
pub(super) fn wrap_for(
    spec: &str,
    material: &[u8],
    public_key: &[u8],
    entropy: &Entropy,
) -> Result<Vec<u8>, MaterialError> {
    if size(spec).is_none() {
        return wrap(material, public_key);
    }
    let key = entropy.bytes(&format!("key that wraps {}", hex::encode(digest(material))));
    let kek = AesKek::new(&AES_256, &key).map_err(|_| MaterialError::Wrap)?;
    // The padding fills the last block of 8 bytes, and a block with the length stands before it.
    let mut wrapped = vec![0; material.len() + 16];
    let length = kek.wrap_with_padding(material, &mut wrapped).map_err(|_| MaterialError::Wrap)?.len();
    wrapped.truncate(length);
    let mut whole = wrap(&key, public_key)?;
    whole.extend(wrapped);
    Ok(whole)
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}

/// Material as RSAES_OAEP_SHA_256 wraps it. `public_key` is a DER SubjectPublicKeyInfo.
///
/// # Errors
///
/// A public key that is none, or too small for the material.
pub fn wrap(material: &[u8], public_key: &[u8]) -> Result<Vec<u8>, MaterialError> {
    let key = PublicEncryptingKey::from_der(public_key).map_err(|_| MaterialError::Wrap)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| MaterialError::Wrap)?;
    let mut wrapped = vec![0; key.ciphertext_size()];
    let length =
        key.encrypt(&OAEP_SHA256_MGF1SHA256, material, &mut wrapped, None).map_err(|_| MaterialError::Wrap)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

/// The plaintext of every Encrypt that trentcheck sends, as it is sent.
pub(crate) fn plaintext_sent() -> String {
    BASE64_STANDARD.encode("trentcheck")
}

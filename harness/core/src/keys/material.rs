//! Key material to import, how it is wrapped, and the text that is encrypted with it.

use crate::entropy::Entropy;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Material cannot be made or wrapped.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// No recipe says what such material looks like.
    #[error("make key material for the key spec `{0}`: the harness knows SYMMETRIC_DEFAULT, HMAC_* and ECC_NIST_P256")]
    Spec(String),
    /// The library failed.
    #[error("make a key pair to import")]
    Generate,
    /// The target's public key is none, or too small.
    #[error("wrap key material with the target's public key")]
    Wrap,
}

/// Material for a key spec, belonging to this label.
pub(super) fn make(spec: &str, entropy: &Entropy, label: &str) -> Result<Vec<u8>, MaterialError> {
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
        other => Err(MaterialError::Spec(other.to_owned())),
    }
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

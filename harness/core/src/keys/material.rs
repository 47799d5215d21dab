//! Key material to import, how it is wrapped, and the text that is encrypted with it.

use crate::entropy::Entropy;
use crate::kms::Kms;
use crate::send::Peer;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

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

/// Who may know the private keys that are imported. Generating RSA keys is a third of what a run costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Everybody: those of RSA_2048 are part of this program, and all material is kept in memory until the process ends.
    /// Enough for a target on loopback.
    Published,
    /// Nobody else: they are generated in this process.
    Generated,
}

impl Secrecy {
    /// What keys of this target need.
    pub(crate) fn at(kms: &Kms) -> Self {
        match kms.peer() == Peer::Loopback && !kms.is_watched() {
            true => Self::Published,
            false => Self::Generated,
        }
    }
}

/// Whose bytes are imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// Those of the first import.
    Same,
    /// Others.
    Other,
}

/// Material for a key spec, belonging to this label.
pub(crate) fn make(
    spec: &str,
    entropy: &Entropy,
    label: &str,
    bytes: Bytes,
    secrecy: Secrecy,
) -> Result<Vec<u8>, MaterialError> {
    let label = match bytes {
        Bytes::Same => label.to_owned(),
        Bytes::Other => format!("{label} other"),
    };
    let random = entropy.bytes(&format!("material {label}"));
    match spec {
        "SYMMETRIC_DEFAULT" | "HMAC_256" => Ok(random.to_vec()),
        "HMAC_224" => Ok(random[..28].to_vec()),
        "HMAC_384" | "HMAC_512" => {
            let mut long = random.to_vec();
            long.extend(entropy.bytes(&format!("material {label} continued")));
            long.truncate(if spec == "HMAC_384" { 48 } else { 64 });
            Ok(long)
        }
        "ECC_NIST_P256" => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| MaterialError::Generate)?;
            let der = pair.to_pkcs8v1().map_err(|_| MaterialError::Generate)?;
            Ok(der.as_ref().to_vec())
        }
        "RSA_2048" if secrecy == Secrecy::Published => Ok(published(bytes).to_vec()),
        "RSA_2048" => generated(bytes),
        other => {
            let size = size(other).ok_or_else(|| MaterialError::Spec(other.to_owned()))?;
            let pair = RsaKeyPair::generate(size).map_err(|_| MaterialError::Generate)?;
            let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| MaterialError::Generate)?;
            Ok(der.as_ref().to_vec())
        }
    }
}

/// The size of an RSA key spec of which few keys are made.
fn size(spec: &str) -> Option<KeySize> {
    match spec {
        "RSA_3072" => Some(KeySize::Rsa3072),
        "RSA_4096" => Some(KeySize::Rsa4096),
        _ => None,
    }
}

/// RSA private keys in PKCS#8 of 1218 bytes, which protect nothing.
fn published(bytes: Bytes) -> &'static [u8] {
    match bytes {
        Bytes::Same => include_bytes!("rsa-2048.der"),
        Bytes::Other => include_bytes!("rsa-2048-other.der"),
    }
}

/// An RSA private key in PKCS#8. Generating one takes longer than many cases, so that all keys of a process have the same,
/// and the same other one.
fn generated(bytes: Bytes) -> Result<Vec<u8>, MaterialError> {
    static FIRST: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    static OTHER: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    // Nearly all keys have a few bytes more than 1216. With one of this length, what is sent has the same length in each run.
    const LENGTHS: RangeInclusive<usize> = 1217..=1224;
    let generate = || loop {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).ok()?.as_ref().to_vec();
        if LENGTHS.contains(&der.len()) {
            break Some(der);
        }
    };
    let key = match bytes {
        Bytes::Same => &FIRST,
        Bytes::Other => &OTHER,
    };
    key.get_or_init(generate).clone().ok_or(MaterialError::Generate)
}

/// How material is wrapped for an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wrapping {
    /// With the target's RSA key.
    Oaep,
    /// With an AES key of its own, which is wrapped with the target's RSA key.
    AesKeyWrap,
}

impl Wrapping {
    /// The name of the algorithm.
    pub(super) fn algorithm(self) -> &'static str {
        match self {
            Self::Oaep => "RSAES_OAEP_SHA_256",
            Self::AesKeyWrap => "RSA_AES_KEY_WRAP_SHA_256",
        }
    }
}

/// Material for an import, wrapped. If everybody may know the material, the same bytes are sent again as long as the target
/// names the same public key: wrapping them anew is a twentieth of what a run costs.
pub(super) fn wrap_for(
    secrecy: Secrecy,
    wrapping: Wrapping,
    material: &[u8],
    public_key: &[u8],
) -> Result<Vec<u8>, MaterialError> {
    /// Wrapped material, by how it was wrapped, the material and the public key.
    type Before = HashMap<(Wrapping, Vec<u8>, Vec<u8>), Vec<u8>>;
    static BEFORE: LazyLock<Mutex<Before>> = LazyLock::new(Mutex::default);
    /// A target that names another key each time must not fill the memory.
    const MOST: usize = 1024;
    if secrecy == Secrecy::Generated {
        return wrap_by(wrapping, material, public_key);
    }
    let known = (wrapping, material.to_vec(), public_key.to_vec());
    let before = || BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(wrapped) = before().get(&known) {
        return Ok(wrapped.clone());
    }
    let wrapped = wrap_by(wrapping, material, public_key)?;
    let mut before = before();
    if before.len() == MOST {
        before.clear();
    }
    before.insert(known, wrapped.clone());
    Ok(wrapped)
}

/// Material as this algorithm wraps it.
fn wrap_by(wrapping: Wrapping, material: &[u8], public_key: &[u8]) -> Result<Vec<u8>, MaterialError> {
    if wrapping == Wrapping::Oaep {
        return wrap(material, public_key);
    }
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|_| MaterialError::Generate)?;
    let mut wrapped = wrap(&key, public_key)?;
    // RFC 5649: the next multiple of 8 bytes, and 8 bytes before them.
    let mut behind = vec![0; material.len().next_multiple_of(8) + 8];
    let kek = AesKek::new(&AES_256, &key).map_err(|_| MaterialError::Wrap)?;
    wrapped.extend_from_slice(kek.wrap_with_padding(material, &mut behind).map_err(|_| MaterialError::Wrap)?);
    Ok(wrapped)
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::PublicKeyX509Der;
    use aws_lc_rs::signature::KeyPair;

    #[test]
    fn other_material_of_every_kind_is_not_the_same() {
        let entropy = Entropy::new([1; 32]);
        for secrecy in [Secrecy::Published, Secrecy::Generated] {
            for spec in ["SYMMETRIC_DEFAULT", "HMAC_256", "ECC_NIST_P256", "RSA_2048"] {
                let made = |bytes| make(spec, &entropy, "a key", bytes, secrecy).ok();
                assert!(made(Bytes::Same).is_some(), "{spec}");
                assert_ne!(made(Bytes::Same), made(Bytes::Other), "{spec}");
            }
            // Otherwise the key would not be restored.
            for spec in ["SYMMETRIC_DEFAULT", "HMAC_256", "RSA_2048"] {
                let made = |bytes| make(spec, &entropy, "a key", bytes, secrecy).ok();
                assert_eq!(made(Bytes::Same), made(Bytes::Same), "{spec}");
                assert_eq!(made(Bytes::Other), made(Bytes::Other), "{spec}");
            }
        }
    }

    #[test]
    fn the_same_bytes_are_imported_again_only_where_everybody_may_know_them() {
        let pair = RsaKeyPair::from_pkcs8(published(Bytes::Same)).expect("it is a key");
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("it has a public key");
        for wrapping in [Wrapping::Oaep, Wrapping::AesKeyWrap] {
            let wrap = |secrecy, material: &[u8]| {
                wrap_for(secrecy, wrapping, material, public.as_ref()).expect("the material is short")
            };
            let first = wrap(Secrecy::Published, b"one");
            assert_eq!(wrap(Secrecy::Published, b"one"), first);
            assert_ne!(wrap(Secrecy::Published, b"two"), first);
            assert_ne!(wrap(Secrecy::Generated, b"one"), first);
            assert_ne!(wrap(Secrecy::Generated, b"one"), wrap(Secrecy::Generated, b"one"));
        }
    }

    #[test]
    fn published_keys_are_used_only_where_they_may_be() {
        let entropy = Entropy::new([1; 32]);
        for bytes in [Bytes::Same, Bytes::Other] {
            let made = |secrecy| make("RSA_2048", &entropy, "a key", bytes, secrecy).expect("the library makes keys");
            assert_eq!(made(Secrecy::Published), published(bytes));
            assert_ne!(made(Secrecy::Generated), published(bytes));
            assert!(RsaKeyPair::from_pkcs8(published(bytes)).is_ok_and(|pair| pair.public_modulus_len() == 256));
        }
    }
}

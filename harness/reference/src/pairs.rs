//! Key pairs: RSA and P-256. Their material is a private key in PKCS#8.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{self as algorithms, EcdsaKeyPair, KeyPair, RsaEncoding, RsaKeyPair, UnparsedPublicKey};

/// A new private key.
pub(crate) fn generated(spec: &str) -> Vec<u8> {
    const RANDOM: &str = "the system has random bytes";
    match size(spec) {
        Some(size) => {
            let pair = RsaKeyPair::generate(size).expect(RANDOM);
            AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a private key has a DER form").as_ref().to_vec()
        }
        None => EcdsaKeyPair::generate_pkcs8(&algorithms::ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .expect(RANDOM)
            .as_ref()
            .to_vec(),
    }
}

/// Whether these bytes are a private key of this spec.
pub(crate) fn fits(spec: &str, material: &[u8]) -> bool {
    match size(spec) {
        Some(size) => RsaKeyPair::from_pkcs8(material).is_ok_and(|pair| pair.public_modulus_len() == size.len()),
        None => spec == "ECC_NIST_P256" && elliptic(material).is_some(),
    }
}

/// The public key as a SubjectPublicKeyInfo in DER.
pub(crate) fn public(spec: &str, material: &[u8]) -> Option<Vec<u8>> {
    let der = match size(spec) {
        Some(_) => AsDer::<PublicKeyX509Der<'_>>::as_der(RsaKeyPair::from_pkcs8(material).ok()?.public_key()).ok()?,
        None => AsDer::<PublicKeyX509Der<'_>>::as_der(elliptic(material)?.public_key()).ok()?,
    };
    Some(der.as_ref().to_vec())
}

/// A signature over a message.
pub(crate) fn sign(algorithm: &str, material: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let Some(encoding) = encoding(algorithm) else {
        return Some(elliptic(material)?.sign(&random, message).ok()?.as_ref().to_vec());
    };
    let pair = RsaKeyPair::from_pkcs8(material).ok()?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &random, message, &mut signature).ok()?;
    Some(signature)
}

/// Whether a signature is good for a message.
pub(crate) fn verify(algorithm: &str, material: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let verification: &'static dyn algorithms::VerificationAlgorithm = match algorithm {
        "RSASSA_PKCS1_V1_5_SHA_256" => &algorithms::RSA_PKCS1_2048_8192_SHA256,
        "RSASSA_PKCS1_V1_5_SHA_384" => &algorithms::RSA_PKCS1_2048_8192_SHA384,
        "RSASSA_PKCS1_V1_5_SHA_512" => &algorithms::RSA_PKCS1_2048_8192_SHA512,
        "RSASSA_PSS_SHA_256" => &algorithms::RSA_PSS_2048_8192_SHA256,
        "RSASSA_PSS_SHA_384" => &algorithms::RSA_PSS_2048_8192_SHA384,
        "RSASSA_PSS_SHA_512" => &algorithms::RSA_PSS_2048_8192_SHA512,
        _ => &algorithms::ECDSA_P256_SHA256_ASN1,
    };
    let public = match elliptic(material) {
        Some(pair) => Some(pair.public_key().as_ref().to_vec()),
        None => RsaKeyPair::from_pkcs8(material).ok().map(|pair| pair.public_key().as_ref().to_vec()),
    };
    public.is_some_and(|public| UnparsedPublicKey::new(verification, public).verify(message, signature).is_ok())
}

/// Encrypts with an RSA public key.
pub(crate) fn encrypt(algorithm: &str, material: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
    let public = PrivateDecryptingKey::from_pkcs8(material).ok()?.public_key();
    let public = OaepPublicEncryptingKey::new(public).ok()?;
    let mut sealed = vec![0; public.ciphertext_size()];
    public.encrypt(padding(algorithm), plaintext, &mut sealed, None).ok()?;
    Some(sealed)
}

/// Decrypts with an RSA private key.
pub(crate) fn decrypt(algorithm: &str, material: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let private = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(material).ok()?).ok()?;
    let mut plain = vec![0; private.min_output_size()];
    let length = private.decrypt(padding(algorithm), sealed, &mut plain, None).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

/// The secret that ECDH derives with a public key, which is a SubjectPublicKeyInfo in DER.
pub(crate) fn agree(material: &[u8], public: &[u8]) -> Option<Vec<u8>> {
    let private = agreement::PrivateKey::from_private_key_der(&ECDH_P256, material).ok()?;
    let public = agreement::UnparsedPublicKey::new(&ECDH_P256, public);
    agreement::agree(&private, public, (), |secret| Ok(secret.to_vec())).ok()
}

fn elliptic(material: &[u8]) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&algorithms::ECDSA_P256_SHA256_ASN1_SIGNING, material).ok()
}

/// The size of an RSA key of this spec, or nothing for another spec.
fn size(spec: &str) -> Option<KeySize> {
    match spec {
        "RSA_2048" => Some(KeySize::Rsa2048),
        "RSA_3072" => Some(KeySize::Rsa3072),
        "RSA_4096" => Some(KeySize::Rsa4096),
        _ => None,
    }
}

/// The encoding of an RSA signature, or nothing for another algorithm.
fn encoding(algorithm: &str) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        "RSASSA_PKCS1_V1_5_SHA_256" => Some(&algorithms::RSA_PKCS1_SHA256),
        "RSASSA_PKCS1_V1_5_SHA_384" => Some(&algorithms::RSA_PKCS1_SHA384),
        "RSASSA_PKCS1_V1_5_SHA_512" => Some(&algorithms::RSA_PKCS1_SHA512),
        "RSASSA_PSS_SHA_256" => Some(&algorithms::RSA_PSS_SHA256),
        "RSASSA_PSS_SHA_384" => Some(&algorithms::RSA_PSS_SHA384),
        "RSASSA_PSS_SHA_512" => Some(&algorithms::RSA_PSS_SHA512),
        _ => None,
    }
}

fn padding(algorithm: &str) -> &'static OaepAlgorithm {
    match algorithm {
        "RSAES_OAEP_SHA_1" => &OAEP_SHA1_MGF1SHA1,
        _ => &OAEP_SHA256_MGF1SHA256,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_message_and_its_key_only() {
        let rsa =
            ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384"];
        for (spec, algorithms) in [("ECC_NIST_P256", &["ECDSA_SHA_256"][..]), ("RSA_2048", &rsa)] {
            let (material, other) = (generated(spec), generated(spec));
            assert!(fits(spec, &material), "{spec}");
            for algorithm in algorithms {
                let signature = sign(algorithm, &material, b"message").unwrap();
                assert!(verify(algorithm, &material, b"message", &signature), "{algorithm}");
                assert!(!verify(algorithm, &material, b"massage", &signature), "{algorithm}");
                assert!(!verify(algorithm, &other, b"message", &signature), "{algorithm}");
            }
        }
        assert_eq!(sign("ECDSA_SHA_256", &[7; 32], b"message"), None);
    }

    #[test]
    fn an_rsa_key_has_the_size_of_its_spec() {
        let material = generated("RSA_2048");
        assert!(fits("RSA_2048", &material));
        for spec in ["RSA_3072", "RSA_4096", "ECC_NIST_P256"] {
            assert!(!fits(spec, &material), "{spec}");
        }
    }

    #[test]
    fn an_rsa_key_decrypts_what_it_encrypted_with_the_same_padding() {
        let material = generated("RSA_2048");
        let sealed = encrypt("RSAES_OAEP_SHA_1", &material, b"message").unwrap();
        assert_eq!(decrypt("RSAES_OAEP_SHA_1", &material, &sealed).unwrap(), b"message");
        assert_eq!(decrypt("RSAES_OAEP_SHA_256", &material, &sealed), None);
    }

    #[test]
    fn both_sides_of_an_agreement_derive_the_same_secret() {
        let (one, other) = (generated("ECC_NIST_P256"), generated("ECC_NIST_P256"));
        let public = |material: &[u8]| public("ECC_NIST_P256", material).unwrap();
        let secret = agree(&one, &public(&other)).unwrap();
        assert_eq!(secret, agree(&other, &public(&one)).unwrap());
        assert_eq!(secret.len(), 32);
        assert_eq!(agree(&one, b"no key"), None);
        assert_eq!(agree(&one, &super::public("RSA_2048", &generated("RSA_2048")).unwrap()), None);
    }
}

//! What a run needs permission for, and how `doctor` asks whether it has it without changing anything.

use serde_json::{Value, json};

/// An operation that the policy of a run has to allow.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The operation.
    pub operation: &'static str,
    /// How it is asked for.
    pub(super) asking: Asking,
    /// Whether only some cases need it: those that read back what other cases do not, or use the key in another way. A
    /// target that lacks it loses their coverage.
    pub(super) is_optional: bool,
}

impl Permission {
    /// Why `doctor` does not ask for it; absent if it does.
    pub fn why_not_asked(&self) -> Option<&'static str> {
        match self.asking {
            Asking::Not(why) => Some(why),
            Asking::AbsentKey(_) | Asking::Listing(_) => None,
        }
    }
}

/// How a permission is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asking {
    /// By a call about a key, or an alias, that does not exist.
    AbsentKey(fn(&Absent) -> Value),
    /// By a call that lists something, and so names no key.
    Listing(fn() -> Value),
    /// Not at all, for this reason.
    Not(&'static str),
}

/// What does not exist at the target.
pub(super) struct Absent {
    /// The id of a key.
    pub(super) key: String,
    /// The name of an alias.
    pub(super) alias: String,
}

/// Bytes that no operation takes for anything of its own, in base64.
const BYTES: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// The operations that the policy of a run has to allow besides the one under test; no other list of them is in the code. DeleteAlias comes after
/// CreateAlias: it takes the alias back if a target makes one for a key that does not exist.
pub const PERMISSIONS: [Permission; 33] = [
    Permission {
        operation: "CreateKey",
        asking: Asking::Not("every call that is not refused makes a key"),
        is_optional: false,
    },
    about(
        "TagResource",
        |absent| json!({ "KeyId": absent.key, "Tags": [{ "TagKey": "trentcheck", "TagValue": "doctor" }] }),
    ),
    named("DescribeKey"),
    listing("ListKeys"),
    listing("ListAliases"),
    named("ListResourceTags"),
    about(
        "GetParametersForImport",
        |absent| json!({ "KeyId": absent.key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" }),
    ),
    about("ImportKeyMaterial", |absent| {
        json!({
            "KeyId": absent.key,
            "ImportToken": BYTES,
            "EncryptedKeyMaterial": BYTES,
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        })
    }),
    named("EnableKey"),
    named("DisableKey"),
    named("ScheduleKeyDeletion"),
    named("CancelKeyDeletion"),
    about("CreateAlias", |absent| json!({ "AliasName": absent.alias, "TargetKeyId": absent.key })),
    about("DeleteAlias", |absent| json!({ "AliasName": absent.alias })),
    about("Encrypt", |absent| json!({ "KeyId": absent.key, "Plaintext": BYTES })),
    about("Decrypt", |absent| json!({ "KeyId": absent.key, "CiphertextBlob": BYTES })),
    about(
        "Sign",
        |absent| json!({ "KeyId": absent.key, "Message": BYTES, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256" }),
    ),
    about("GenerateMac", |absent| json!({ "KeyId": absent.key, "Message": BYTES, "MacAlgorithm": "HMAC_SHA_256" })),
    optional(
        "ReEncrypt",
        |absent| json!({ "SourceKeyId": absent.key, "DestinationKeyId": absent.key, "CiphertextBlob": BYTES }),
    ),
    optional("GenerateDataKey", |absent| json!({ "KeyId": absent.key, "KeySpec": "AES_256" })),
    optional("GenerateDataKeyWithoutPlaintext", |absent| json!({ "KeyId": absent.key, "KeySpec": "AES_256" })),
    optional("GenerateDataKeyPair", |absent| json!({ "KeyId": absent.key, "KeyPairSpec": "ECC_NIST_P256" })),
    optional(
        "GenerateDataKeyPairWithoutPlaintext",
        |absent| json!({ "KeyId": absent.key, "KeyPairSpec": "ECC_NIST_P256" }),
    ),
    optional("Verify", |absent| {
        json!({
            "KeyId": absent.key,
            "Message": BYTES,
            "MessageType": "RAW",
            "Signature": BYTES,
            "SigningAlgorithm": "ECDSA_SHA_256",
        })
    }),
    optional(
        "VerifyMac",
        |absent| json!({ "KeyId": absent.key, "Message": BYTES, "Mac": BYTES, "MacAlgorithm": "HMAC_SHA_256" }),
    ),
    optional("GetPublicKey", |absent| json!({ "KeyId": absent.key })),
    optional(
        "DeriveSharedSecret",
        |absent| json!({ "KeyId": absent.key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": BYTES }),
    ),
    optional("GetKeyPolicy", |absent| json!({ "KeyId": absent.key, "PolicyName": "default" })),
    optional(
        "PutKeyPolicy",
        |absent| json!({ "KeyId": absent.key, "PolicyName": "default", "Policy": r#"{"Version":"2012-10-17","Statement":[]}"# }),
    ),
    optional("CreateGrant", |absent| {
        json!({
            "KeyId": absent.key,
            "GranteePrincipal": "arn:aws:iam::111122223333:root",
            "Operations": ["DescribeKey"],
        })
    }),
    optional("ListGrants", |absent| json!({ "KeyId": absent.key })),
    optional("ListKeyRotations", |absent| json!({ "KeyId": absent.key })),
    optional("RotateKeyOnDemand", |absent| json!({ "KeyId": absent.key })),
];

const fn about(operation: &'static str, body: fn(&Absent) -> Value) -> Permission {
    Permission { operation, asking: Asking::AbsentKey(body), is_optional: false }
}

const fn optional(operation: &'static str, body: fn(&Absent) -> Value) -> Permission {
    Permission { operation, asking: Asking::AbsentKey(body), is_optional: true }
}

const fn listing(operation: &'static str) -> Permission {
    Permission { operation, asking: Asking::Listing(|| json!({ "Limit": 1 })), is_optional: false }
}

const fn named(operation: &'static str) -> Permission {
    about(operation, |absent| json!({ "KeyId": absent.key }))
}

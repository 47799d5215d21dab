//! Finds an operation by its name and carries it out.

use super::{
    aliases, create, data_keys, delete, describe, encryption, import, lifecycle, policies, regions, rotation, signing,
    tags,
};
use crate::call::Call;
use crate::error::Refusal;

type Operation = fn(&Call<'_>) -> Result<Vec<u8>, Refusal>;

/// Every operation with its name.
const OPERATIONS: &[(&str, Operation)] = &[
    ("CancelKeyDeletion", lifecycle::cancel),
    ("CreateAlias", aliases::create),
    ("CreateGrant", policies::create_grant),
    ("CreateKey", create::create),
    ("Decrypt", encryption::decrypt),
    ("DeleteAlias", aliases::delete),
    ("DeleteImportedKeyMaterial", delete::delete),
    ("DeriveSharedSecret", signing::derive),
    ("DescribeKey", describe::describe),
    ("DisableKey", lifecycle::disable),
    ("DisableKeyRotation", rotation::disable),
    ("EnableKey", lifecycle::enable),
    ("EnableKeyRotation", rotation::enable),
    ("Encrypt", encryption::encrypt),
    ("GenerateDataKey", data_keys::with_plaintext),
    ("GenerateDataKeyPair", data_keys::pair_with_plaintext),
    ("GenerateDataKeyPairWithoutPlaintext", data_keys::pair_without_plaintext),
    ("GenerateDataKeyWithoutPlaintext", data_keys::without_plaintext),
    ("GenerateMac", signing::generate_mac),
    ("GetKeyPolicy", policies::get),
    ("GetKeyRotationStatus", rotation::status),
    ("GetParametersForImport", import::parameters),
    ("GetPublicKey", signing::public_key),
    ("ImportKeyMaterial", import::import),
    ("ListAliases", aliases::list),
    ("ListGrants", policies::list_grants),
    ("ListKeyRotations", rotation::list),
    ("ListKeys", describe::list),
    ("ListResourceTags", tags::list),
    ("PutKeyPolicy", policies::put),
    ("ReEncrypt", encryption::re_encrypt),
    ("ReplicateKey", regions::replicate),
    ("RotateKeyOnDemand", rotation::on_demand),
    ("ScheduleKeyDeletion", lifecycle::schedule),
    ("Sign", signing::sign),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
    ("UpdateAlias", aliases::update),
    ("UpdateKeyDescription", describe::update),
    ("UpdatePrimaryRegion", regions::update_primary),
    ("Verify", signing::verify),
    ("VerifyMac", signing::verify_mac),
];

/// The name itself, if an operation has it.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    OPERATIONS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

/// The names of the operations beside the one under test.
pub(crate) fn others() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name).filter(|name| *name != "DeleteImportedKeyMaterial")
}

/// Carries out the operation of this name.
pub(crate) fn carry_out(name: &str, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    match OPERATIONS.iter().find(|(known, _)| *known == name) {
        Some((_, operation)) => operation(call),
        None => Err(Refusal::bare("UnknownOperationException")),
    }
}

//! Finds an operation by its name and carries it out.

use super::{aliases, create, cryptographic, delete, describe, import, lifecycle, tags};
use crate::call::Call;
use crate::error::Refusal;

type Operation = fn(&Call<'_>) -> Result<Vec<u8>, Refusal>;

/// Every operation with its name.
const OPERATIONS: &[(&str, Operation)] = &[
    ("CancelKeyDeletion", lifecycle::cancel),
    ("CreateAlias", aliases::create),
    ("CreateKey", create::create),
    ("Decrypt", cryptographic::decrypt),
    ("DeleteAlias", aliases::delete),
    ("DeleteImportedKeyMaterial", delete::delete),
    ("DescribeKey", describe::describe),
    ("DisableKey", lifecycle::disable),
    ("EnableKey", lifecycle::enable),
    ("Encrypt", cryptographic::encrypt),
    ("GenerateMac", cryptographic::generate_mac),
    ("GetParametersForImport", import::parameters),
    ("ImportKeyMaterial", import::import),
    ("ListAliases", aliases::list),
    ("ListKeyRotations", describe::rotations),
    ("ListKeys", describe::list),
    ("ListResourceTags", tags::list),
    ("ScheduleKeyDeletion", lifecycle::schedule),
    ("Sign", cryptographic::sign),
    ("TagResource", tags::tag),
];

/// The name itself, if an operation has it.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    OPERATIONS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

/// Carries out the operation of this name.
pub(crate) fn carry_out(name: &str, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    match OPERATIONS.iter().find(|(known, _)| *known == name) {
        Some((_, operation)) => operation(call),
        None => Err(Refusal::bare("UnknownOperationException")),
    }
}

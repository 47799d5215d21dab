//! Deletes one material of a key.

use crate::config::Config;
use crate::error::Refusal;
use crate::json;
use crate::key::Key;
use crate::material::Rotation;
use crate::store::Store;

/// Deletes a material and returns its id. Without `wanted` it deletes the material in use, if the key has one. A material
/// that was deleted before is deleted again, with the same answer.
pub(super) fn material(key: &mut Key, wanted: Option<&str>) -> Result<Option<String>, Refusal> {
    let current = key.current().map(|material| material.id.clone());
    let Some(id) = wanted.map(str::to_owned).or(current) else {
        return Ok(None);
    };
    let is_primary = key.is_primary();
    let Some(found) = key.material_mut(&id) else {
        return Err(json::invalid(format!(
            "Key material (id: {id}) has never been imported into KMS key {}.",
            key.arn
        )));
    };
    found.clear();
    if found.is_used() {
        // A disabled key does not stay disabled: the next import enables it.
        key.is_disabled = false;
    } else if is_primary {
        // A replica remembers what the primary key still has.
        key.materials.retain(|material| material.id != id);
    }
    Ok(Some(id))
}

/// Makes the replicas of a primary key forget the material that waited for a rotation, once it was deleted there.
pub(super) fn forget(config: &Config, store: &mut Store, primary: &Key, deleted: &str) {
    let waited = primary.materials.iter().any(|known| known.id == deleted && known.rotation == Rotation::Pending);
    if primary.is_primary() && waited {
        store.change_elsewhere(config, (&primary.region, &primary.id), |replica| {
            replica.materials.retain(|known| known.id != deleted);
        });
    }
}

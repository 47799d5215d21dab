//! What mutants do instead of the operation under test, or besides. The reference does none of it.

use super::removal::material;
use crate::call::Call;
use crate::config::Config;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Usage};
use crate::material::{Expiration, Material, Rotation};
use crate::mutant::Point;
use crate::store::Store;

/// The key that a mutant takes instead: the one that now has the alias which the key had first.
pub(super) fn followed(call: &Call<'_>, store: &Store, key: Key) -> Key {
    if !call.shared.config.concerns(Point::AliasFollowed) {
        return key;
    }
    let first = store.first_aliases.iter().find(|(_, id)| **id == key.id).map(|(arn, _)| arn);
    let now = first.and_then(|arn| store.aliases.get(arn)).and_then(|id| store.find(&key.region, id));
    match now {
        Some(now) if now.id != key.id && call.shared.config.at(Point::AliasFollowed) => now.clone(),
        _ => key,
    }
}

/// The refusal of a mutant that does not accept the key.
pub(super) fn refusal(config: &Config, key: &Key, wanted: Option<&str>) -> Option<Refusal> {
    let is_known = |known: &&Material| Some(known.id.as_str()) == wanted;
    let named = key.materials.iter().find(is_known);
    if named.is_some_and(|material| material.rotation == Rotation::Former) && config.at(Point::FormerRefused) {
        return Some(json::invalid("The key material is not in use."));
    }
    if wanted.is_some() && named.is_none() && config.at(Point::UnknownMaterialNotFound) {
        return Some(Refusal::new("NotFoundException", "The key material does not exist."));
    }
    let state = key.state();
    let was_imported = key.current().is_some();
    let is_second = state == "PendingImport" && was_imported;
    let refuses = state == "PendingDeletion" && config.at(Point::PendingDeletionRefused)
        || is_second && config.at(Point::SecondDeleteRefused)
        || state == "PendingImport" && !was_imported && config.at(Point::NeverImportedRefused)
        || state == "Disabled" && config.at(Point::DisabledRefused)
        || matches!(key.current().and_then(|current| current.expiration), Some(Expiration::At(_)))
            && config.at(Point::ExpiringRefused)
        || key.spec.starts_with("HMAC") && config.at(Point::HmacRefused)
        || key.spec.starts_with("ECC") && config.at(Point::EccRefused)
        || key.spec.starts_with("RSA") && config.at(Point::RsaRefused)
        || key.usage == Usage::KeyAgreement && config.at(Point::KeyAgreementRefused)
        || state == "PendingReplicaDeletion" && config.at(Point::PendingReplicaDeletionRefused)
        || key.multi_region.is_some() && config.at(Point::MultiRegionRefused);
    if is_second
        && (key.spec.starts_with("HMAC") && config.at(Point::SecondHmacDeleteFails)
            || key.spec.starts_with("ECC") && config.at(Point::SecondEccDeleteFails))
    {
        return Some(Refusal::bare("InternalFailure").with_status(500));
    }
    if state == "PendingImport" && !was_imported && config.at(Point::NeverImportedNotFound) {
        return Some(Refusal::new("NotFoundException", "There is no key material."));
    }
    refuses.then(|| Refusal::state(&key.arn, "in the wrong state"))
}

/// The material that a mutant deletes instead of the requested one. Without a mutant it is the requested one.
pub(super) fn choice(config: &Config, key: &Key, requested: Option<String>) -> Option<String> {
    let requested = requested.filter(|_| !config.at(Point::PendingRotationDeletesCurrent));
    match key.pending() {
        Some(pending) if requested.is_none() && config.at(Point::DeletesPendingInstead) => Some(pending.id.clone()),
        _ => requested,
    }
}

/// Whether a mutant leaves this key as it is and answers with a success.
pub(super) fn is_kept(config: &Config, key: &Key, requested: Option<&str>) -> bool {
    let is_waiting = key.pending().is_some_and(|pending| Some(pending.id.as_str()) == requested);
    let is_unknown = requested.is_some_and(|id| !key.materials.iter().any(|material| material.id == id));
    config.at(Point::DeletesNothing)
        || is_waiting && config.at(Point::WaitingKept)
        || is_unknown && config.at(Point::UnknownMaterialSucceeds)
        || key.spec.starts_with("RSA") && config.at(Point::RsaKept)
        || key.state() == "Disabled"
            && (key.spec.starts_with("HMAC") && config.at(Point::DisabledHmacKept)
                || key.spec.starts_with("ECC") && config.at(Point::DisabledEccKept))
}

/// The mutants that use material after its deletion.
const USES: [Point; 11] = [
    Point::StillEncrypts,
    Point::StillDecrypts,
    Point::StillSigns,
    Point::StillMacs,
    Point::StillGeneratesDataKeys,
    Point::StillReEncrypts,
    Point::StillVerifies,
    Point::StillVerifiesMacs,
    Point::StillShowsPublicKey,
    Point::StillDerives,
    Point::DecryptWithoutKeyIdUnchecked,
];

/// Keeps the material for mutants that use it after the deletion. Returns whether a mutant deletes nothing at all.
pub(super) fn remembers(config: &Config, key: &mut Key) -> bool {
    if config.reached.is_some() || USES.into_iter().any(|point| config.at(point)) {
        key.remembered = key.current().and_then(|material| material.bytes.clone()).or(key.remembered.take());
    }
    key.deletion.is_some() && config.at(Point::PendingDeletionKeepsMaterial)
}

/// Changes the key in the way of a mutant, after the deletion.
pub(super) fn effect(config: &Config, before: &Key, key: &mut Key, deleted: Option<&str>) {
    let is_pending_deletion = key.deletion.is_some();
    let rotation = before.materials.iter().find(|known| Some(known.id.as_str()) == deleted).map(|found| found.rotation);
    effect_on_materials(config, key, rotation, deleted);
    for mark in [
        Point::BecomesDisabled,
        Point::EnabledFlagLeft,
        Point::ExpirationModelLeft,
        Point::ValidToLeft,
        Point::DescriptionLost,
        Point::DescribeDrifts,
        Point::ReimportUnusable,
        Point::ReimportedFlagLeft,
        Point::MaterialIdCleared,
        Point::NeverImportedEnabled,
        Point::UnlistedForGood,
    ] {
        let is_never_imported = key.materials.is_empty();
        // A key pending deletion gets no mark: the cases about such keys could not tell the mark's effect from the
        // state before the call.
        if !is_pending_deletion && (mark != Point::NeverImportedEnabled || is_never_imported) && config.at(mark) {
            key.marks.push(mark);
        }
    }
    if is_pending_deletion && config.at(Point::DeletionDateMoved) {
        key.deletion = key.deletion.map(|date| date + std::time::Duration::from_secs(3600));
    }
    if is_pending_deletion && config.at(Point::DeletionDateLost) {
        key.marks.push(Point::DeletionDateLost);
    }
    if is_pending_deletion && config.at(Point::PendingDeletionReset) {
        key.deletion = None;
    }
}

/// Changes the other materials of the key in the way of a mutant. `rotation` is that of the deleted material.
fn effect_on_materials(config: &Config, key: &mut Key, rotation: Option<Rotation>, deleted: Option<&str>) {
    let is_waiting = rotation == Some(Rotation::Pending);
    let is_former = rotation == Some(Rotation::Former);
    for (mark, is_marked) in [(Point::WaitingBecomesPendingImport, is_waiting), (Point::FormerLeavesEnabled, is_former)]
    {
        if is_marked && config.at(mark) {
            key.marks.push(mark);
        }
    }
    if is_waiting && config.at(Point::WaitingDeletesBoth) {
        key.materials.iter_mut().for_each(Material::clear);
    }
    if rotation == Some(Rotation::Current) && config.at(Point::CurrentDeletesWaiting) {
        key.materials.retain(Material::is_used);
    }
    if is_former && config.at(Point::FormerForgotten) {
        key.materials.retain(|material| Some(material.id.as_str()) != deleted);
    }
    let has_history = |material: &Material| material.rotation == Rotation::Former || material.rotated.is_some();
    if key.materials.iter().any(has_history) && config.at(Point::HistoryDropped) {
        key.materials.retain(|material| material.rotation != Rotation::Former);
        key.materials.iter_mut().for_each(|material| material.rotated = None);
    }
    if is_waiting && config.at(Point::RotationCancelled) {
        key.rotating = None;
    }
}

/// What mutants do after the deletion. `key` is the key before it.
pub(super) fn besides(call: &Call<'_>, store: &mut Store, key: &Key, deleted: Option<&str>) -> Result<(), Refusal> {
    let config = &call.shared.config;
    let place = (key.region.as_str(), key.id.as_str());
    if config.at(Point::OtherKeyDamaged) {
        damage_another(store, call, &key.id)?;
    }
    if config.at(Point::KeyGone) {
        store.remove(&key.region, &key.id);
        return Ok(());
    }
    if config.concerns(Point::EqualBytesShared) {
        delete_equal_bytes(store, call, key)?;
    }
    if config.concerns(Point::AliasesDropped)
        && store.aliases.values().any(|target| *target == key.id)
        && config.at(Point::AliasesDropped)
    {
        store.aliases.retain(|_, target| *target != key.id);
    }
    if key.multi_region.is_some()
        && (config.at(Point::ReplicaSharesRecord) || !key.is_primary() && config.at(Point::PrimarySharesDeletion))
    {
        // A replica that does not know the material has nothing to delete.
        store.change_elsewhere(config, place, |other| drop(material(other, deleted)));
    }
    store.change(config, place, |key| {
        if !key.tags.is_empty() && config.at(Point::TagsDropped) {
            key.tags.clear();
        }
        if config.at(Point::PolicyDropped) {
            key.policy = "{}".to_owned();
        }
        if !key.grants.is_empty() && config.at(Point::GrantsDropped) {
            key.grants.clear();
        }
        Ok(())
    })
}

/// The ARN that the answer shows.
pub(super) fn arn(config: &Config, key: &Key) -> String {
    match &key.multi_region {
        Some(set) if config.at(Point::ReplicaNamesPrimary) => key.arn_in(&set.primary),
        _ => key.arn.clone(),
    }
}

/// The material that the answer names.
pub(super) fn named(config: &Config, key: &Key, deleted: Option<String>) -> Option<String> {
    match deleted {
        None if config.at(Point::NeverImportedNamed) => Some(key.material_id(&[])),
        Some(deleted) if config.at(Point::AnotherMaterialNamed) => Some("0".repeat(deleted.len())),
        deleted => deleted.filter(|_| key.state() != "PendingImport" || !config.at(Point::SecondAnswerNamesNothing)),
    }
}

/// Deletes the material of every key that has the same bytes as this one had.
fn delete_equal_bytes(store: &mut Store, call: &Call<'_>, key: &Key) -> Result<(), Refusal> {
    let bytes = key.current().and_then(|material| material.bytes.clone());
    let has_them = |other: &&Key| bytes.is_some() && other.current().is_some_and(|material| material.bytes == bytes);
    let others: Vec<String> =
        store.of(call.region, &call.principal.account).filter(has_them).map(|other| other.id.clone()).collect();
    for other in others.into_iter().filter(|_| call.shared.config.at(Point::EqualBytesShared)) {
        store.change(&call.shared.config, (call.region, &other), |key| material(key, None))?;
    }
    Ok(())
}

fn damage_another(store: &mut Store, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let others: Vec<String> = store
        .of(call.region, &call.principal.account)
        .filter(|key| key.id != id && key.seed.is_none() && key.state() == "Enabled" && key.current().is_some())
        .map(|key| key.id.clone())
        .collect();
    for other in others {
        store.change(&call.shared.config, (call.region, &other), |key| material(key, None))?;
    }
    Ok(())
}

//! Mutants that read a key, let other requests pass, and write what they have read.

use crate::call::Shared;
use crate::error::Refusal;
use crate::front;
use crate::key::Key;
use crate::material::Material;
use crate::mutant::Point;
use crate::request::Incoming;
use std::time::Duration;

/// How long a deletion waits between reading and writing.
const DELETION: Duration = Duration::from_millis(4);

/// How long another call waits: longer, so that of two calls at the same time it writes last.
const OTHERS: Duration = Duration::from_millis(12);

/// Answers a request, with a gap between reading and writing if the mutant has one there.
/// `sent` is the request as the client signed it.
pub(crate) async fn handle(
    shared: &Shared,
    region: &str,
    request: &Incoming,
    sent: &Incoming,
) -> Result<Vec<u8>, Refusal> {
    let Some((gap, read)) = gap(shared, region, request) else {
        return front::handle(shared, region, request, sent);
    };
    tokio::time::sleep(gap).await;
    let place = (region, read.id.as_str());
    let config = &shared.config;
    let is_deleted_since = has_material(&read)
        && shared.store().find(region, &read.id).is_some_and(|key| key.origin == read.origin && !has_material(key));
    if config.at(Point::DeletionsCollide) && is_deleted_since {
        return Err(Refusal::bare("InternalFailure").with_status(500));
    }
    if config.at(Point::ScheduleWritesBack) || config.at(Point::DisableWritesBack) {
        let stale = read.clone();
        shared.store().change(config, place, |key| {
            *key = stale;
            Ok(())
        })?;
    }
    let answer = front::handle(shared, region, request, sent);
    if config.at(Point::ImportHalfDone) && is_deleted_since && answer.is_ok() {
        shared.store().change(config, place, |key| {
            key.materials.iter_mut().for_each(Material::clear);
            key.marks.push(Point::NeverImportedEnabled);
            Ok(())
        })?;
    }
    answer
}

/// The gap of a call that has one, and the key as the call reads it.
fn gap(shared: &Shared, region: &str, request: &Incoming) -> Option<(Duration, Key)> {
    let at = |point| shared.config.at(point);
    let name = request.values("x-amz-target").next()?.strip_prefix("TrentService.")?;
    let gap = match name {
        "DeleteImportedKeyMaterial" if at(Point::DeletionsCollide) => DELETION,
        "DeleteImportedKeyMaterial" if at(Point::ScheduleWritesBack) || at(Point::DisableWritesBack) => DELETION,
        "DeleteImportedKeyMaterial" if at(Point::ImportHalfDone) => DELETION,
        "ScheduleKeyDeletion" if at(Point::ScheduleWritesBack) => OTHERS,
        "DisableKey" if at(Point::DisableWritesBack) => OTHERS,
        "ImportKeyMaterial" if at(Point::ImportHalfDone) => OTHERS,
        _ => return None,
    };
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    let key = shared.store().find(region, body["KeyId"].as_str()?)?.clone();
    Some((gap, key))
}

fn has_material(key: &Key) -> bool {
    key.current().is_some_and(|material| material.bytes.is_some())
}

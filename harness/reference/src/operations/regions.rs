//! ReplicateKey and UpdatePrimaryRegion.

use super::answer::body;
use super::named::key;
use super::policies::policy;
use super::state::{enabled, stays};
use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Origin};
use crate::resolve::Aliases;
use serde_json::json;

pub(super) fn replicate(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    let region = json::required(call.members, "ReplicaRegion", 1, 32)?;
    let description = json::string(call.members, "Description")?.unwrap_or_default();
    let tags = super::tags::of(call.members.get("Tags"))?;
    let policy = policy(call)?;
    let named = key(call, Aliases::Refused)?;
    let mut store = call.shared.store();
    // Another call may have changed the key since it was read.
    let primary = store.find(call.region, &named.id).ok_or_else(|| Refusal::bare("NotFoundException"))?.clone();
    let Some(mut set) = primary.multi_region.clone().filter(|_| primary.is_primary()) else {
        return Err(Refusal::new("UnsupportedOperationException", format!("{} is not a primary key.", primary.arn)));
    };
    enabled(&primary)?;
    let Some(region) = config.regions.iter().find(|known| **known == region && region != call.region) else {
        return Err(json::invalid(format!("The reference does not replicate keys to {region}.")));
    };
    if store.find(region, &primary.id).is_some() {
        return Err(Refusal::new("AlreadyExistsException", format!("{} already exists.", primary.arn_in(region))));
    }
    set.replicas.push(region.clone());
    let (id, account) = (&primary.id, &primary.account);
    let made = (config.clock)();
    let mut replica =
        Key::new(id.clone(), &config.partition, region, account, &primary.spec, primary.usage, primary.origin, made);
    replica.description = description;
    replica.tags = tags;
    replica.policy = policy;
    replica.materials.clone_from(&primary.materials);
    if primary.origin == Origin::External {
        // Imported material is not copied. It has to be imported into each replica.
        replica.materials.iter_mut().for_each(|material| material.clear());
    }
    let shared = set.clone();
    replica.multi_region = Some(set);
    store.insert(config, replica);
    store.change_elsewhere(config, (region, id), |key| key.multi_region = Some(shared.clone()));
    let Some(replica) = store.find(region, id) else {
        return Err(Refusal::internal());
    };
    let tags = super::tags::shown(replica);
    Ok(body(&json!({
        "ReplicaKeyMetadata": replica.described(config), "ReplicaPolicy": replica.policy, "ReplicaTags": tags,
    })))
}

/// Makes a replica the primary key. On AWS both keys are Updating for some seconds.
pub(super) fn update_primary(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    let region = json::required(call.members, "PrimaryRegion", 1, 32)?;
    let named = key(call, Aliases::Refused)?;
    let mut store = call.shared.store();
    // Another call may have changed the key since it was read.
    let primary = store.find(call.region, &named.id).ok_or_else(|| Refusal::bare("NotFoundException"))?.clone();
    let Some(set) = primary.multi_region.as_ref().filter(|_| primary.is_primary()) else {
        return Err(Refusal::new("UnsupportedOperationException", format!("{} is not a primary key.", primary.arn)));
    };
    stays(&primary)?;
    if !set.replicas.contains(&region) {
        return Err(json::invalid(format!("{} has no replica in {region}.", primary.arn)));
    }
    let mut updated = set.clone();
    updated.replicas.retain(|replica| *replica != region);
    updated.replicas.push(call.region.to_owned());
    updated.primary.clone_from(&region);
    store.change_elsewhere(config, (call.region, &primary.id), |key| key.multi_region = Some(updated.clone()));
    store.change(config, (call.region, &primary.id), |key| {
        key.multi_region = Some(updated.clone());
        Ok(Vec::new())
    })
}

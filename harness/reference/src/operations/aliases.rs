//! CreateAlias, UpdateAlias, DeleteAlias and ListAliases.

use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::resolve::{Aliases, arn_of, resolve};
use serde_json::{Value, json};

/// The longest alias name, in characters.
const LONGEST: usize = 256;

pub(super) fn create(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let name = name(call)?;
    let target = json::required(call.members, "TargetKeyId", 1, 2048)?;
    let arn = arn_of(call, &name);
    let mut store = call.shared.store();
    let id = resolve(&store, call, &target, Aliases::Refused)?.id.clone();
    if store.aliases.contains_key(&arn) {
        return Err(Refusal::new("AlreadyExistsException", format!("An alias with the name {arn} already exists")));
    }
    store.first_aliases.entry(arn.clone()).or_insert_with(|| id.clone());
    store.aliases.insert(arn, id);
    Ok(Vec::new())
}

pub(super) fn update(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let arn = arn_of(call, &name(call)?);
    let target = json::required(call.members, "TargetKeyId", 1, 2048)?;
    let mut store = call.shared.store();
    let id = resolve(&store, call, &target, Aliases::Refused)?.id.clone();
    match store.aliases.get_mut(&arn) {
        Some(known) => *known = id,
        None => return Err(Refusal::no_alias(&arn)),
    }
    Ok(Vec::new())
}

pub(super) fn delete(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let arn = arn_of(call, &name(call)?);
    match call.shared.store().aliases.remove(&arn) {
        Some(_) => Ok(Vec::new()),
        None => Err(Refusal::no_alias(&arn)),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = match call.members.get("KeyId") {
        None | Some(Value::Null) => None,
        Some(_) => Some(super::named::key(call, Aliases::Refused)?.id),
    };
    let own = arn_of(call, "alias/");
    let store = call.shared.store();
    let mut aliases: Vec<(String, Value)> = store
        .aliases
        .iter()
        .filter(|(arn, id)| arn.starts_with(&own) && key.as_ref().is_none_or(|key| key == *id))
        .map(|(arn, id)| {
            let name = format!("alias/{}", &arn[own.len()..]);
            (name.clone(), json!({ "AliasArn": arn, "AliasName": name, "TargetKeyId": id }))
        })
        .collect();
    aliases.sort_by(|(left, _), (right, _)| left.cmp(right));
    super::answer::page(call, "Aliases", aliases)
}

fn name(call: &Call<'_>) -> Result<String, Refusal> {
    let name = json::required(call.members, "AliasName", 1, LONGEST)?;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "/_-".contains(letter);
    if name.starts_with("alias/") && name.len() > "alias/".len() && name.chars().all(is_word) {
        return Ok(name);
    }
    Err(json::invalid("Invalid identifier"))
}

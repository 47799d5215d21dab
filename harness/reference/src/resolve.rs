//! Finds the key that a value of `KeyId` names. The answer to each form was recorded on other operations
//! of KMS.

use crate::call::Call;
use crate::error::Refusal;
use crate::key::Key;
use crate::mutant::Point;
use crate::store::Store;

/// Whether an operation takes aliases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aliases {
    Taken,
    Refused,
}

/// The key that a value names.
pub(crate) fn resolve<'s>(
    store: &'s Store,
    call: &Call<'_>,
    value: &str,
    aliases: Aliases,
) -> Result<&'s Key, Refusal> {
    let config = &call.shared.config;
    let read = mutant_reading(call, value);
    let value = read.as_str();
    if config.concerns(Point::IdsByPrefix)
        && let Some(key) = by_prefix(store, call, value)
        && config.at(Point::IdsByPrefix)
    {
        return Ok(key);
    }
    if value.starts_with("arn:") {
        if aliases == Aliases::Refused && config.at(Point::ArnRefused) {
            return Err(Refusal::new("InvalidArnException", format!("Invalid arn {value}")));
        }
        return by_arn(store, call, value, aliases);
    }
    if value.starts_with("alias/") {
        let arn = arn_of(call, value);
        if aliases == Aliases::Refused
            && let Some(key) = handed_on(store, call, &arn)
            && config.at(Point::AliasRemembered)
        {
            return Ok(key);
        }
        return by_alias(store, call, &arn, aliases);
    }
    if !is_key_id(value) && config.at(Point::MalformedIsValidation) {
        return Err(Refusal::new("ValidationException", format!("Invalid keyId '{value}'")));
    }
    if !is_key_id(value) {
        return Err(Refusal::new("NotFoundException", format!("Invalid keyId '{value}'")));
    }
    by_id(store, call, value)
}

/// The value as a mutant reads it. Without a mutant it is unchanged.
fn mutant_reading(call: &Call<'_>, value: &str) -> String {
    let config = &call.shared.config;
    let lower = value.to_lowercase();
    if lower != value && config.at(Point::UpperCaseAccepted) {
        return lower;
    }
    let trimmed = value.trim();
    if trimmed != value && config.at(Point::BlanksTrimmed) {
        return trimmed.to_owned();
    }
    if value.len() == 32 && value.is_ascii() && config.at(Point::DashesIgnored) {
        return format!("{}-{}-{}-{}-{}", &value[..8], &value[8..12], &value[12..16], &value[16..20], &value[20..]);
    }
    match value.strip_prefix("key/") {
        Some(id) if config.at(Point::KeyPrefixAccepted) => id.to_owned(),
        _ => value.to_owned(),
    }
}

/// The key that an alias was made for first, if another one has it now. Only a mutant finds keys in this way.
fn handed_on<'s>(store: &'s Store, call: &Call<'_>, arn: &str) -> Option<&'s Key> {
    let (first, now) = (store.first_aliases.get(arn)?, store.aliases.get(arn)?);
    store.find(call.region, first).filter(|_| first != now)
}

/// The key whose id or ARN begins with a value. Only a mutant finds keys in this way.
fn by_prefix<'s>(store: &'s Store, call: &Call<'_>, value: &str) -> Option<&'s Key> {
    let id = match value.split_once(":key/") {
        Some((front, id)) if arn_of(call, "") == format!("{front}:") => id,
        _ => value,
    };
    let is_prefix = |key: &&Key| key.id.starts_with(id) && id.len() >= 8 && key.id != id;
    let id = store.of(call.region, &call.principal.account).find(is_prefix)?.id.clone();
    store.find(call.region, &id)
}

fn by_arn<'s>(store: &'s Store, call: &Call<'_>, value: &str, aliases: Aliases) -> Result<&'s Key, Refusal> {
    let invalid = || Refusal::new("InvalidArnException", format!("Invalid arn {value}"));
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts.as_slice() else {
        return Err(invalid());
    };
    let config = &call.shared.config;
    if *partition != config.partition && !config.at(Point::ArnPartitionIgnored)
        || *service != "kms" && !config.at(Point::ArnServiceIgnored)
    {
        return Err(invalid());
    }
    if *region != call.region && !config.at(Point::ArnRegionIgnored) {
        return Err(Refusal::new("NotFoundException", format!("Invalid arn {region}")));
    }
    if resource.starts_with("alias/") {
        return by_alias(store, call, value, aliases);
    }
    let mut id = match resource.strip_prefix("key/") {
        Some(id) => id,
        None if config.at(Point::ArnResourceIgnored) => resource.rsplit('/').next().unwrap_or_default(),
        None => return Err(invalid()),
    };
    if let Some((front, _)) = id.split_once('/')
        && config.at(Point::ArnTailIgnored)
    {
        id = front;
    }
    if *account != call.principal.account && config.at(Point::StrangerAccepted) {
        return store.find(call.region, id).ok_or_else(|| denied(call, value));
    }
    if *account != call.principal.account && !config.at(Point::ArnAccountIgnored) {
        return Err(denied(call, value));
    }
    // Unlike a bare value, the id of an ARN was recorded without quotes.
    if !is_key_id(id) {
        return Err(Refusal::new("NotFoundException", format!("Invalid keyId {id}")));
    }
    by_id(store, call, id)
}

fn by_alias<'s>(store: &'s Store, call: &Call<'_>, arn: &str, aliases: Aliases) -> Result<&'s Key, Refusal> {
    let config = &call.shared.config;
    if aliases == Aliases::Refused && config.at(Point::AliasNotFound) {
        return Err(Refusal::no_alias(arn));
    }
    if aliases == Aliases::Refused && !config.at(Point::AliasAccepted) {
        return Err(Refusal::new("InvalidArnException", "Key Aliases are not supported for this operation."));
    }
    let id = store.aliases.get(arn).ok_or_else(|| Refusal::no_alias(arn))?;
    by_id(store, call, id)
}

fn by_id<'s>(store: &'s Store, call: &Call<'_>, id: &str) -> Result<&'s Key, Refusal> {
    let arn = arn_of(call, &format!("key/{id}"));
    let config = &call.shared.config;
    let elsewhere = || config.regions.iter().find_map(|region| store.find(region, id));
    store
        .find(call.region, id)
        .or_else(|| elsewhere().filter(|_| config.at(Point::OtherRegionFound)))
        .filter(|key| key.account == call.principal.account || config.at(Point::ForeignIdFound))
        .ok_or_else(|| Refusal::new("NotFoundException", format!("Key '{arn}' does not exist")))
}

/// The ARN of a resource in the caller's account and Region.
pub(crate) fn arn_of(call: &Call<'_>, resource: &str) -> String {
    format!("arn:{}:kms:{}:{}:{resource}", call.shared.config.partition, call.region, call.principal.account)
}

/// The refusal of a caller that has no permission for a resource.
pub(crate) fn denied(call: &Call<'_>, arn: &str) -> Refusal {
    let (config, operation) = (&call.shared.config, call.operation);
    Refusal::front(
        "AccessDeniedException",
        format!(
            "User: arn:{}:iam::{}:user/{} is not authorized to perform: kms:{operation} on resource: {arn} because no resource-based policy allows the kms:{operation} action",
            config.partition, call.principal.account, call.principal.name
        ),
    )
}

/// Whether a value has the form of a key id: a UUID, or `mrk-` and 32 hex digits. The letters may be in upper case, but
/// keys have their ids in lower case.
fn is_key_id(value: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(digits) = value.strip_prefix("mrk-") {
        return digits.len() == 32 && is_hex(digits);
    }
    let groups: Vec<&str> = value.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|group| is_hex(group))
}

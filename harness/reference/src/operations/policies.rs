//! PutKeyPolicy, GetKeyPolicy, CreateGrant and ListGrants. The reference keeps policies and grants and does not evaluate
//! them: the permission of its principals is part of the configuration.

use super::answer::{body, page};
use super::named::{change, key};
use super::state::enabled;
use crate::call::Call;
use crate::crypto::random;
use crate::error::Refusal;
use crate::json;
use crate::key::seconds;
use crate::resolve::Aliases;
use serde_json::{Value, json};

/// The longest policy, in characters.
const LONGEST: usize = 131_072;

pub(super) fn put(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    name(call)?;
    json::required(call.members, "Policy", 1, LONGEST)?;
    let policy = policy(call)?;
    change(call, |key| {
        key.policy = policy;
        Ok(Vec::new())
    })
}

pub(super) fn get(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    name(call)?;
    let policy = key(call, Aliases::Refused)?.policy;
    Ok(body(&json!({ "Policy": policy, "PolicyName": "default" })))
}

/// The policy of a request, or the one that KMS gives to a key without one.
pub(super) fn policy(call: &Call<'_>) -> Result<String, Refusal> {
    let Some(policy) = json::string(call.members, "Policy")? else {
        let config = &call.shared.config;
        return Ok(json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:{}:iam::{}:root", config.partition, call.principal.account) },
                "Action": "kms:*",
                "Resource": "*",
            }],
        })
        .to_string());
    };
    match serde_json::from_str(&policy) {
        Ok(Value::Object(members)) if members.contains_key("Statement") => Ok(policy),
        _ => Err(Refusal::bare("MalformedPolicyDocumentException")),
    }
}

fn name(call: &Call<'_>) -> Result<(), Refusal> {
    match json::string(call.members, "PolicyName")?.as_deref() {
        None | Some("default") => Ok(()),
        Some(_) => Err(Refusal::new("NotFoundException", "No such policy exists")),
    }
}

pub(super) fn create_grant(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let grantee = json::required(call.members, "GranteePrincipal", 1, 256)?;
    let Some(Value::Array(operations)) = call.members.get("Operations") else {
        return Err(json::violation("Value null", "Operations", "Member must not be null"));
    };
    if !operations.iter().all(Value::is_string) {
        return Err(Refusal::bare("SerializationException"));
    }
    let (id, token) = (hex::encode(random(32)), hex::encode(random(64)));
    let created = seconds((call.shared.config.clock)());
    change(call, |key| {
        enabled(key)?;
        let mut grant = json!({
            "CreationDate": created,
            "GrantId": id,
            "GranteePrincipal": grantee,
            "IssuingAccount": key.account,
            "KeyId": key.arn,
            "Operations": operations,
        });
        for member in ["Constraints", "Name", "RetiringPrincipal"] {
            if let Some(value) = call.members.get(member).filter(|value| !value.is_null()) {
                grant[member] = value.clone();
            }
        }
        key.grants.push(grant);
        Ok(body(&json!({ "GrantId": id, "GrantToken": token })))
    })
}

pub(super) fn list_grants(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let grants = key(call, Aliases::Refused)?.grants.into_iter();
    let mut named: Vec<(String, Value)> =
        grants.map(|grant| (grant["GrantId"].as_str().unwrap_or_default().to_owned(), grant)).collect();
    named.sort_by(|(left, _), (right, _)| left.cmp(right));
    page(call, "Grants", named)
}

//! What a run finds out about its target before the first case.

use super::engine::Run;
use super::keys::Base;
use super::kms::{Kms, says_unsupported, summary};
use super::pool::NoLease;
use crate::fixture::{Material, Origin, Owner, Place};
use crate::observe::observe;
use crate::send::{Fault, SendError};
use serde_json::json;

/// What the target turned out to be.
pub(super) enum Verdict {
    /// It can be tested.
    Ready {
        /// The primary principal's account and partition, if a key's ARN told them.
        account: Option<(String, String)>,
    },
    /// It says that it has no such operation.
    Unsupported(String),
    /// No case could reach it.
    Unreachable(String),
}

/// Asks the target for the operation on a key that does not exist, and learns the account from a key's ARN.
pub(super) async fn probe(run: &Run<'_>) -> Verdict {
    let kms = &run.primary;
    let absent = run.options.entropy.uuid("probe");
    let first = match ask(run, kms, &absent).await {
        Asked::Reached(first) => first,
        Asked::Unreachable(why) => return Verdict::Unreachable(why),
    };
    let mut account = run.target.account.clone().map(|account| (account, partition(&run.target.region).to_owned()));
    let mut key_id = None;
    if run.may_make_keys() && (run.needs_keys() || account.is_none()) {
        let base = Base {
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            usage: "ENCRYPT_DECRYPT".to_owned(),
            origin: Origin::External,
            owner: Owner::Primary,
            place: Place::Here,
            multi_region: false,
            alias: false,
            material: Material::None,
        };
        match run.pool.take(&base).await {
            Ok(key) => {
                let mut parts = key.names.arn.split(':').skip(1);
                if let (Some(partition), Some(owner)) = (parts.next(), parts.nth(2)) {
                    account = Some((owner.to_owned(), partition.to_owned()));
                }
                key_id = Some(key.names.id.clone());
                run.pool.put_back(key);
            }
            Err(NoLease::Failed(_) | NoLease::Unavailable(_)) => {}
        }
    }
    // One answer of that kind could be a wrong answer about an absent key; two, one of them about a key that exists,
    // are a statement about the operation.
    if let Some(first) = first {
        let second = match &key_id {
            Some(key_id) => ask(run, kms, key_id).await,
            None => Asked::Reached(Some(first.clone())),
        };
        if let Asked::Reached(Some(_)) = second {
            return Verdict::Unsupported(format!(
                "the target has no operation DeleteImportedKeyMaterial: it answers {first}"
            ));
        }
    }
    Verdict::Ready { account }
}

enum Asked {
    /// The target was reached; holds its answer if that says "no such operation".
    Reached(Option<String>),
    Unreachable(String),
}

async fn ask(run: &Run<'_>, kms: &Kms, key_id: &str) -> Asked {
    let (_, exchange) = kms.exchange("DeleteImportedKeyMaterial", &json!({ "KeyId": key_id })).await;
    match &exchange.result {
        Ok(response) => {
            let observation = observe(response);
            Asked::Reached(says_unsupported(run.corpus, &observation).then(|| summary(&observation)))
        }
        Err(error) if error.fault() == Fault::Network && !matches!(error, SendError::Timeout { .. }) => {
            Asked::Unreachable(format!("reach {}: {error}", run.target.endpoint))
        }
        Err(_) => Asked::Reached(None),
    }
}

/// The partition that a Region's name belongs to.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

//! Removes one key. The key is checked right before each call that changes something, also before a repeated call.

use super::subject::{Found, Sweep, Swept, Touch};
use crate::kms::mark;
use crate::kms::ours::{Ours, aliases, inspect};
use crate::kms::{Failure, Kms, Pauses, scheduled};
use crate::text::{TargetText, Text};
use serde_json::{Value, json};

/// The result of a call that changes something.
enum Change {
    /// The change is made.
    Done,
    /// The call was not sent, for this reason.
    Refrained(&'static str),
}

const NOT_SHOWN: &str = "it was not found when the plan was printed; sweep again";

/// Deletes the aliases of a key and schedules its deletion.
pub(super) async fn release(sweep: &Sweep<'_>, found: Found<'_>, swept: &mut Swept) -> Result<(), Failure> {
    let Found { ours, kms } = found;
    if !sweep.may_touch(&ours.arn) {
        swept.left.push(about("key", ours.arn.as_str(), "it is in an account that was not named"));
        swept.unnamed.push(ours.arn.to_string());
        return Ok(());
    }
    for name in aliases(kms.plain(), &ours).await? {
        let change = match sweep.touch {
            Touch::Nothing => Change::Done,
            Touch::Shown(shown) if !shown.aliases.contains(&name) => Change::Refrained(NOT_SHOWN),
            Touch::Shown(_) | Touch::Change => delete_alias(kms, &ours, &name).await?,
        };
        match change {
            Change::Done => swept.aliases.push(name),
            Change::Refrained(why) => swept.left.push(about("alias", &name, why)),
        }
    }
    if ours.is_pending() {
        swept.pending.push(ours.arn.to_string());
        return Ok(());
    }
    let change = match sweep.touch {
        Touch::Nothing => Change::Done,
        Touch::Shown(shown) if !shown.scheduled.iter().any(|arn| arn == ours.arn.as_str()) => {
            Change::Refrained(NOT_SHOWN)
        }
        Touch::Shown(_) | Touch::Change => schedule(kms, &ours).await?,
    };
    match change {
        Change::Done => swept.scheduled.push(ours.arn.to_string()),
        Change::Refrained(why) => swept.left.push(about("key", ours.arn.as_str(), why)),
    }
    Ok(())
}

/// A message about a key or an alias. The name comes from the target.
fn about(what: &'static str, name: &str, why: &'static str) -> Text {
    Text::from(what).and(" ").and(TargetText::from(name)).and(": ").and(why)
}

async fn delete_alias(kms: &Kms, ours: &Ours, name: &String) -> Result<Change, Failure> {
    let mut pauses = Pauses::within(kms.settle());
    let mut was_sent = false;
    loop {
        if now(kms, ours).await?.is_none() {
            return Ok(Change::Refrained(CHANGED));
        }
        if !aliases(kms.plain(), ours).await?.contains(name) {
            // A call that was answered with a failure may still have had its effect.
            return Ok(if was_sent { Change::Done } else { Change::Refrained("it now belongs to another key") });
        }
        if attempt(kms, "DeleteAlias", &json!({ "AliasName": name }), |_| Ok(()), &mut pauses).await? {
            return Ok(Change::Done);
        }
        was_sent = true;
    }
}

async fn schedule(kms: &Kms, ours: &Ours) -> Result<Change, Failure> {
    let mut pauses = Pauses::within(kms.settle());
    let body = json!({ "KeyId": ours.arn, "PendingWindowInDays": mark::WINDOW_IN_DAYS });
    loop {
        match now(kms, ours).await? {
            None => return Ok(Change::Refrained(CHANGED)),
            Some(now) if now.is_pending() => return Ok(Change::Done),
            Some(_) => {}
        }
        match attempt(kms, "ScheduleKeyDeletion", &body, scheduled, &mut pauses).await {
            Ok(true) => return Ok(Change::Done),
            Ok(false) => {}
            // Whatever was answered, a key that is pending deletion is released.
            Err(_) if matches!(now(kms, ours).await, Ok(Some(now)) if now.is_pending()) => return Ok(Change::Done),
            Err(failure) => return Err(failure),
        }
    }
}

const CHANGED: &str = "tag or description of the key have changed";

/// The current state of the key, if it still belongs to that run.
async fn now(kms: &Kms, ours: &Ours) -> Result<Option<Ours>, Failure> {
    Ok(inspect(kms.plain(), &ours.arn).await?.filter(|now| now.is_of(&ours.run)))
}

/// Sends a call once and reads its success. Returns `false` if it must be repeated after another check of the key.
async fn attempt(
    kms: &Kms,
    operation: &str,
    body: &Value,
    read: fn(&Value) -> Result<(), Failure>,
    pauses: &mut Pauses,
) -> Result<bool, Failure> {
    match kms.call_once(operation, body).await.and_then(|answer| read(&answer)) {
        Ok(()) => Ok(true),
        Err(failure) if failure.kind.is_not_now() && pauses.pause().await => Ok(false),
        Err(failure) => Err(failure),
    }
}

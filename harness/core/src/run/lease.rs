//! The keys of one case: which it may have, and whether only these are touched.

use super::context::Run;
use super::effects::Before;
use super::ended::{Ended, blocked, ended, unread};
use crate::fixture::{Call, Case, Danger, Owner, Place, Precondition, PrincipalName, holds_in};
use crate::http::Request;
use crate::keys::{Choice, Lease, NoLease};
use crate::kms::FailureKind;
use crate::plan::{KeyNames, World};
use crate::report::Outcome;

/// Whether the case can be run, by what is known without a call.
pub(super) fn before_any_call(run: &Run<'_>, case: &Case, precondition: &Precondition) -> Result<(), Ended> {
    let edition = run.target.edition;
    if !holds_in(precondition.editions.as_ref(), edition) {
        return Err(ended(Outcome::Skipped, format!("its precondition cannot be made in the edition {edition}")));
    }
    if case.danger != Danger::None && !run.is_lent(precondition) && !run.may_make_keys() {
        return Err(ended(
            Outcome::Skipped,
            "safety: off loopback this needs `--allow-mutation`, since it names a key",
        ));
    }
    let schedules = run.corpus.effects_of(case, edition).any(|effect| effect.call == Call::ScheduleKeyDeletion);
    if schedules && run.is_lent(precondition) {
        return Err(ended(Outcome::Skipped, "safety: a key that is lent is never scheduled for deletion"));
    }
    if !run.target.principals.contains_key(&case.request.principal) {
        return Err(ended(
            Outcome::Skipped,
            format!("nobody is configured to play the principal `{}`", principal_word(case)),
        ));
    }
    Ok(())
}

/// What a case has for keys.
pub(super) enum Leased {
    /// Keys that the run made, or that were lent to it, and what they showed when they were proved.
    Keys(Box<Lease>, Before),
    /// A key that a target under our control has.
    Provided(Box<KeyNames>),
    /// The case needs none.
    Nothing,
}

/// Makes the precondition of a case, and proves it.
pub(super) async fn lease(
    run: &Run<'_>,
    case: &Case,
    precondition: &Precondition,
    choice: Choice,
) -> Result<Leased, Ended> {
    if let Some(name) = &precondition.provided {
        if run.guard.watches() {
            let why = "safety: off loopback no key is used that the run did not make, nor of `--provide`";
            return Err(ended(Outcome::Skipped, why));
        }
        let id = run.target.provided.get(name).ok_or_else(|| {
            ended(
                Outcome::Skipped,
                "no client can provoke this from outside; `--provide` names a key of a target that can",
            )
        })?;
        return Ok(Leased::Provided(Box::new(KeyNames { id: id.clone(), arn: run.arn(id), ..KeyNames::default() })));
    }
    if precondition.spec.is_none() {
        return Ok(Leased::Nothing);
    }
    let decrypts = run.corpus.effects_of(case, run.target.edition).any(|effect| effect.call == Call::Decrypt);
    let mut choice = choice;
    loop {
        let mut lease = match run.pool.lease(precondition, choice).await {
            Ok(lease) => lease,
            Err(NoLease::Unavailable(why)) => return Err(ended(Outcome::Skipped, why)),
            Err(NoLease::Failed(failure)) => return Err(blocked(&failure)),
        };
        if decrypts && let Err(failure) = lease.key.encrypt().await {
            return Err(blocked(&failure));
        }
        let is_used = [Some(&lease.key), lease.other.as_ref()].into_iter().flatten().any(|key| key.is_used);
        match Before::proved(run, precondition, &mut lease).await {
            Ok(mut before) => {
                before.seen_for(run, case, &mut lease).await.map_err(|failure| unread(&failure))?;
                return Ok(Leased::Keys(Box::new(lease), before));
            }
            // A key that somebody else changed, or that is not yet what it was restored to.
            Err(failure) if is_used && failure.kind == FailureKind::NotSettled => choice = Choice::New,
            Err(failure) => return Err(blocked(&failure)),
        }
    }
}

/// Looks, right before the exchange, at every key that its requests name: only those of the run may be touched.
pub(super) async fn only_ours(
    run: &Run<'_>,
    case: &Case,
    world: &World,
    lease: Option<&Lease>,
    requests: &[Request],
) -> Result<(), Ended> {
    if !run.guard.watches() {
        return Ok(());
    }
    let keys = [lease.map(|lease| &lease.key), lease.and_then(|lease| lease.other.as_ref())];
    for key in keys.into_iter().flatten() {
        let owned = run.guard.owns(key.kms().plain(), &run.corpus.operation.name, key.arn.as_str()).await;
        owned.map_err(|failure| blocked(&failure))?;
    }
    // An id is looked up by the principal that signs the request, too.
    let stranger = match case.request.principal {
        PrincipalName::Stranger => run.pool.client(Place::Here, Owner::Stranger),
        _ => None,
    };
    for request in requests {
        for kms in [Some(&run.primary), stranger].into_iter().flatten() {
            let named = run.guard.names_only_ours(kms.plain(), request, &world.absent.id).await;
            named.map_err(|failure| blocked(&failure))?;
        }
    }
    Ok(())
}

/// The fixtures' word for who signs a case.
fn principal_word(case: &Case) -> String {
    serde_json::to_value(case.request.principal)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

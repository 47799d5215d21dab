//! The keys of one case: which it may have, and whether only these are touched.

use super::context::Run;
use super::effects::Before;
use super::ended::{Ended, blocked, ended, unread};
use super::options::Options;
use crate::fixture::{Call, Case, Corpus, Danger, Owner, Place, Precondition, PrincipalName, Replica, holds_in};
use crate::http::Request;
use crate::keys::{Base, Choice, Key, Lease, NoLease, nobody_makes};
use crate::kms::{Failure, FailureKind};
use crate::normalise::Shown;
use crate::plan::{KeyNames, World};
use crate::report::Outcome;
use crate::target::{Permit, Target};
use crate::text::Text;
use std::collections::BTreeMap;

/// Whether the case can be run, by what is known without a call.
pub(super) fn before_any_call(run: &Run<'_>, case: &Case, precondition: &Precondition) -> Result<(), Ended> {
    can_be_run(run.corpus, run.target, run.options, case, precondition)
}

/// Cases of which it is known before a run that they will be skipped, by id, each with the reason.
pub fn foreseen<'a>(corpus: &'a Corpus, target: &Target, options: &Options) -> BTreeMap<&'a str, Shown> {
    let skipped = |case: &'a Case| {
        let excluded = options.excluded.get(case.id()).map(Shown::ours);
        let precondition = corpus.precondition(&case.precondition)?;
        let reason = excluded.or_else(|| {
            let ended = can_be_run(corpus, target, options, case, precondition)
                .and_then(|()| provided(target, precondition).map(drop));
            ended.err().map(|ended| target.redactor().show(&ended.reason))
        });
        reason.map(|reason| (case.id(), reason))
    };
    corpus.cases.iter().filter_map(skipped).collect()
}

fn can_be_run(
    corpus: &Corpus,
    target: &Target,
    options: &Options,
    case: &Case,
    precondition: &Precondition,
) -> Result<(), Ended> {
    let edition = target.edition;
    let is_lent = options.lent.iter().any(|lent| lent.precondition == precondition.id());
    if !holds_in(precondition.editions.as_ref(), edition) {
        return Err(ended(Outcome::Skipped, format!("its precondition cannot be made in the edition {edition}")));
    }
    if case.danger != Danger::None && !is_lent && options.permit == Permit::NoKeys {
        return Err(ended(
            Outcome::Skipped,
            "safety: off loopback this needs `--allow-mutation`, since it names a key",
        ));
    }
    let schedules = corpus.effects_of(case, edition).any(|effect| effect.call == Call::ScheduleKeyDeletion)
        || case.together.as_ref().is_some_and(|together| together.call == Call::ScheduleKeyDeletion);
    if schedules && is_lent {
        return Err(ended(Outcome::Skipped, "safety: a key that is lent is never scheduled for deletion"));
    }
    let mut principals = principals(case);
    if let Some(absent) = principals.find(|principal| !target.principals.contains_key(principal)) {
        return Err(ended(
            Outcome::Skipped,
            format!("nobody is configured to play the principal `{}`", principal_word(absent)),
        ));
    }
    if precondition.spec.is_some() && !is_lent {
        can_be_made(target, precondition).map_err(|why| ended(Outcome::Skipped, why))?;
    }
    Ok(())
}

/// Whether somebody is configured who can make the keys of a precondition.
fn can_be_made(target: &Target, precondition: &Precondition) -> Result<(), &'static str> {
    let is_elsewhere = precondition.region == Place::Elsewhere || precondition.replica != Replica::None;
    match precondition.owner {
        Owner::Stranger if !target.principals.contains_key(&PrincipalName::Stranger) => {
            Err(nobody_makes(Owner::Stranger))
        }
        Owner::Primary if is_elsewhere && target.elsewhere.is_none() => Err(nobody_makes(Owner::Primary)),
        Owner::Stranger | Owner::Primary => Ok(()),
    }
}

/// The key of the target that a precondition names, if it names one.
fn provided<'a>(target: &'a Target, precondition: &Precondition) -> Result<Option<&'a String>, Ended> {
    let Some(name) = &precondition.provided else { return Ok(None) };
    target.provided.get(name).map(Some).ok_or_else(|| {
        ended(
            Outcome::Skipped,
            "no client can bring a key into this state; if the target has such a key, name it with `--provide`",
        )
    })
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
    if precondition.provided.is_some() && run.guard.watches() {
        let why = "safety: off loopback no key is used that the run did not make, nor of `--provide`";
        return Err(ended(Outcome::Skipped, why));
    }
    if let Some(id) = provided(run.target, precondition)? {
        return Ok(Leased::Provided(Box::new(KeyNames { id: id.clone(), arn: run.arn(id), ..KeyNames::default() })));
    }
    if precondition.spec.is_none() {
        return Ok(Leased::Nothing);
    }
    if principals(case).any(|principal| principal == PrincipalName::Stranger) && precondition.owner == Owner::Primary {
        strangers_are_apart(run).await?;
    }
    let decrypts = run.corpus.all_effects_of(case, run.target.edition).any(|effect| effect.call == Call::Decrypt);
    // What an earlier case made a key lose is not there to be lost again.
    let is_listed =
        |call: Call| matches!(call, Call::ListAliases | Call::ListResourceTags | Call::GetKeyPolicy | Call::ListGrants);
    let looks_beside = run.corpus.all_effects_of(case, run.target.edition).any(|effect| is_listed(effect.call));
    let mut choice = if looks_beside { Choice::New } else { choice };
    loop {
        let mut lease = match run.pool.lease(precondition, choice).await {
            Ok(lease) => lease,
            Err(NoLease::Unavailable(why)) => return Err(ended(Outcome::Skipped, why)),
            Err(NoLease::Failed(failure)) => return Err(no_second_region(run, precondition, &failure)),
        };
        if precondition.owner == Owner::Stranger && is_our_account(run, &lease.key) {
            run.pool.give_back(lease).await;
            return Err(ended(Outcome::Skipped, ONE_ACCOUNT));
        }
        if decrypts && let Err(failure) = lease.key.encrypt().await {
            return Err(blocked(&lease.key.with_call(failure)));
        }
        let is_used = [Some(&lease.key), lease.other.as_ref()].into_iter().flatten().any(|key| key.is_used);
        match Before::proved(run, precondition, &mut lease).await {
            Ok(mut before) => {
                before.seen_for(run, case, &mut lease).await.map_err(|failure| unread(&failure))?;
                return Ok(Leased::Keys(Box::new(lease), before));
            }
            // A key that somebody else changed, or that is not yet what it was restored to.
            Err(failure) if is_used && failure.kind == FailureKind::NotSettled => choice = Choice::New,
            Err(failure) => return Err(blocked(&lease.key.with_call(failure))),
        }
    }
}

/// Why a case about two accounts cannot be judged.
const ONE_ACCOUNT: &str = "the target keeps no accounts apart: it makes the keys of `stranger` in the caller's account";

/// Whether a key of the principal `stranger` is in the caller's account.
fn is_our_account(run: &Run<'_>, key: &Key) -> bool {
    run.account().is_some_and(|(account, _)| account == key.arn.account())
}

/// Refuses a case about two accounts at a test server that has one, where the caller's own key is what the principal
/// `stranger` names. Elsewhere no key is made to find out.
async fn strangers_are_apart(run: &Run<'_>) -> Result<(), Ended> {
    if run.guard.watches() {
        return Ok(());
    }
    // A principal that cannot make keys may be refused for it in the case too.
    let Ok(key) = run.pool.take(&Base::unused(Owner::Stranger), Choice::Any).await else { return Ok(()) };
    let is_ours = is_our_account(run, &key);
    run.pool.put_back(key);
    if is_ours { Err(ended(Outcome::Skipped, ONE_ACCOUNT)) } else { Ok(()) }
}

/// Why there is no key. That a test server makes none for a Region that nobody named is no failure of its own.
fn no_second_region(run: &Run<'_>, precondition: &Precondition, failure: &Failure) -> Ended {
    let is_assumed = run.target.elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.is_assumed);
    // The keys that are there are listed before the first one is made.
    let is_refusal = ["ListKeys", "CreateKey"].contains(&failure.operation.as_str()) && !failure.kind.tells_nothing();
    let is_about_it = precondition.region == Place::Elsewhere || precondition.replica != Replica::None;
    if is_about_it && is_assumed && is_refusal {
        let region = run.target.other_region();
        let why = Text::from(format!("the target makes no key in a second Region (`{region}`): "));
        let found = match failure.kind {
            FailureKind::NotOurs => failure.answer.clone(),
            _ => failure.describe(),
        };
        let why = why.and(found).and("; `--elsewhere` names an endpoint that does");
        return ended(Outcome::Skipped, why);
    }
    blocked(failure)
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
    let stranger = match principals(case).any(|principal| principal == PrincipalName::Stranger) {
        true => run.pool.client(Place::Here, Owner::Stranger),
        false => None,
    };
    for request in requests {
        for kms in [Some(&run.primary), stranger].into_iter().flatten() {
            let named = run.guard.names_only_ours(kms.plain(), request, &world.absent.id).await;
            named.map_err(|failure| blocked(&failure))?;
        }
    }
    Ok(())
}

/// Who signs the requests of a case.
fn principals(case: &Case) -> impl Iterator<Item = PrincipalName> {
    std::iter::once(&case.request).chain(case.next.iter().map(|next| &next.request)).map(|change| change.principal)
}

/// The fixtures' word for who signs a request.
fn principal_word(principal: PrincipalName) -> String {
    serde_json::to_value(principal).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

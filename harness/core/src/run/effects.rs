//! Reads a key back after the exchange and compares. What is only eventually consistent is read again for a while.

use super::context::Run;
use super::recorder::Recorder;
use crate::compare::{Context, Mismatch, Naming, Place, WhichKey, checks, given, judge, transport};
use crate::fixture::{Call, CallKind, Case, Check, Edition, Effect, On, Precondition, Supports};
use crate::json;
use crate::keys::{Key, Lease, body};
use crate::kms::{Change, Failure, FailureKind, Pauses, is_transient, patience, summary, token_ended};
use crate::observe::{Observation, observe};
use crate::plan::{World, render};
use crate::send::Fault;
use crate::text::{TargetText, Text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the keys showed before the exchange.
pub(super) struct Before {
    key: Value,
    other: Value,
    /// What calls other than DescribeKey showed of a key.
    shown: BTreeMap<(Call, On), Value>,
}

impl Before {
    /// What the key showed.
    pub(super) fn of_key(&self) -> &Value {
        &self.key
    }

    /// Proves that the keys of a lease are as the precondition says, and describes them.
    pub(super) async fn proved(run: &Run<'_>, precondition: &Precondition, lease: &mut Lease) -> Result<Self, Failure> {
        let maker = run.pool.maker();
        let state = lease.key.base.state_of(precondition);
        let key = lease.key.proved(maker, state).await?;
        let other = match &mut lease.other {
            Some(other) => {
                let state = other.base.state();
                other.proved(maker, state).await?
            }
            None => Value::Null,
        };
        Ok(Self { key, other, shown: BTreeMap::new() })
    }

    /// Makes the calls of a case's effects once, as far as what they answer afterwards says something only then.
    pub(super) async fn seen_for(&mut self, run: &Run<'_>, case: &Case, lease: &mut Lease) -> Result<(), Failure> {
        for effect in run.corpus.all_effects_of(case, run.target.edition) {
            let Lease { key, other } = &mut *lease;
            let (key, other) = match (effect.on, other) {
                (On::Key, other) => (key, other.as_mut()),
                (On::Other, Some(other)) => (other, Some(key)),
                (On::Other, None) => continue,
            };
            match effect.call.kind() {
                CallKind::Reads if effect.call != Call::DescribeKey => {
                    self.shown.insert((effect.call, effect.on), key.shown_whole(effect.call).await?);
                }
                CallKind::Uses => key.practise(other, effect).await?,
                CallKind::Reads | CallKind::Changes => {}
            }
        }
        Ok(())
    }

    fn of(&self, effect: &Effect) -> &Value {
        match (effect.call, effect.on) {
            (Call::DescribeKey, On::Key) => &self.key,
            (Call::DescribeKey, On::Other) => &self.other,
            read => self.shown.get(&read).unwrap_or(&Value::Null),
        }
    }
}

/// The key cannot be read back.
pub(super) enum Unread {
    /// A call failed.
    Failed(Failure),
    /// There was no answer, or a throttled one.
    Indeterminate(Text),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        match failure.kind.tells_nothing() {
            true => Self::Indeterminate(failure.describe()),
            false => Self::Failed(failure),
        }
    }
}

/// Reads the effects of one exchange back.
pub(super) struct ReadBack<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) lease: &'a mut Lease,
    /// What the checks of effects can name.
    pub(super) world: &'a World,
    /// Whether a deletion names the material.
    pub(super) naming: Naming,
    pub(super) before: &'a Before,
    pub(super) recorder: &'a mut Recorder,
}

impl ReadBack<'_> {
    /// Reads one effect back.
    pub(super) async fn read(&mut self, effect: &Effect) -> Result<Vec<Mismatch>, Unread> {
        if let Some(key) = key_of(self.lease, effect.on) {
            // What expires before it is imported again cannot show whether anything outlives it.
            if effect.call == Call::ImportLasting && key.may_have_expired() {
                return Err(Unread::Indeterminate(EXPIRED.into()));
            }
            if effect.after_expiry {
                key.outlive().await;
            }
        }
        match effect.call.kind() {
            CallKind::Reads => self.look(&rendered(effect, self.world)).await,
            CallKind::Uses | CallKind::Changes => self.call(effect).await,
        }
    }

    /// Reads one effect back that only reads, as it is now. DescribeKey gives the KeyState too.
    pub(super) async fn once(&mut self, effect: &Effect) -> Result<(Vec<Mismatch>, Option<TargetText>), Unread> {
        let run = self.run;
        let before = self.before.of(effect);
        let Some(key) = key_of(self.lease, effect.on) else { return Ok((Vec::new(), None)) };
        if effect.call.kind() == CallKind::Reads {
            let effect = rendered(effect, self.world);
            let after = key.shown(effect.call).await?;
            let state = || TargetText::new(after["KeyState"].as_str().unwrap_or_default());
            let state = (effect.call == Call::DescribeKey).then(state);
            return Ok((checks(&effect, before, &after, run.target.edition), state));
        }
        let body = body(key, run.pool.maker(), effect.call).await?;
        let operation = effect.call.operation(&run.corpus.operation.name);
        let (request, exchange) = key.kms().permitted(operation, &body).await?;
        self.recorder.add(operation, &request, &exchange);
        let response = match &exchange.result {
            Ok(response) => response,
            Err(error) if error.fault() == Fault::Target => {
                return Ok((transport(run.corpus, error).into_iter().collect(), None));
            }
            Err(error) => return Err(Unread::Indeterminate(Text::from(format!("{operation}: ")).and(error.text()))),
        };
        let observation = observe(response);
        if is_transient(&observation) {
            return Err(Unread::Indeterminate(Text::from(format!("{operation} was throttled"))));
        }
        if key.kms().says_unsupported(&observation) {
            let answer = summary(&observation);
            return Err(Unread::Failed(Failure::new(operation, answer, FailureKind::NoSuchOperation)));
        }
        Ok((judged(run, key, effect, self.naming, &observation), None))
    }

    async fn look(&mut self, effect: &Effect) -> Result<Vec<Mismatch>, Unread> {
        let before = self.before.of(effect);
        let Some(key) = key_of(self.lease, effect.on) else { return Ok(Vec::new()) };
        let edition = self.run.target.edition;
        let mut pauses = Pauses::within(self.run.options.settle);
        loop {
            let after = match key.shown(effect.call).await {
                Ok(after) => after,
                Err(failure) if failure.kind.tells_nothing() => return Err(failure.into()),
                Err(failure) => {
                    // A key that can no longer be described is itself an effect. The call was answered before the exchange,
                    // so the target has the operation whatever it says now.
                    let gone = serde_json::json!({ "KeyState": failure.answer.flat().raw() });
                    if effect.call == Call::DescribeKey {
                        self.recorder.state(effect.on, before, &gone);
                    }
                    return Ok(checks(effect, before, &gone, edition));
                }
            };
            let mismatches = checks(effect, before, &after, edition);
            if mismatches.is_empty() || !pauses.pause().await {
                if !mismatches.is_empty()
                    && let Some(late) =
                        Box::pin(key.kms().is_late(Change::Effect, comes_late(key, effect, before, edition))).await
                {
                    return Err(Unread::Indeterminate(too_late(late)));
                }
                if effect.call == Call::DescribeKey {
                    key.seen = after["KeyState"].as_str().map(str::to_owned);
                    self.recorder.metadata(effect.on, &after);
                    self.recorder.state(effect.on, before, &after);
                }
                return Ok(mismatches);
            }
        }
    }

    async fn call(&mut self, effect: &Effect) -> Result<Vec<Mismatch>, Unread> {
        let run = self.run;
        let Some(key) = key_of(self.lease, effect.on) else { return Ok(Vec::new()) };
        let mut pauses = Pauses::within(run.options.settle);
        let mut body = body(key, run.pool.maker(), effect.call).await?;
        let operation = effect.call.operation(&run.corpus.operation.name);
        let only_uses = effect.call.kind() == CallKind::Uses;
        if !only_uses {
            key.seen = None;
        }
        let mut has_new_token = false;
        let mut is_repeated = false;
        loop {
            let (request, exchange) = key.kms().permitted(operation, &body).await?;
            if std::mem::replace(&mut is_repeated, true) {
                self.recorder.forget_last();
            }
            self.recorder.add(operation, &request, &exchange);
            let observation = match &exchange.result {
                Ok(response) => observe(response),
                Err(error) if error.fault() == Fault::Target => {
                    let mismatch = transport(run.corpus, error);
                    return Ok(mismatch
                        .map(|found| Mismatch { place: place(run, effect), ..found })
                        .into_iter()
                        .collect());
                }
                Err(error) => {
                    return Err(Unread::Indeterminate(Text::from(format!("{operation}: ")).and(error.text())));
                }
            };
            if is_transient(&observation) {
                // The operation under test may have been carried out, and is never repeated.
                if effect.call != Call::DeleteAgain && pauses.pause().await {
                    continue;
                }
                return Err(Unread::Indeterminate(
                    Text::from(format!("{operation} was throttled: ")).and(summary(&observation)),
                ));
            }
            if key.kms().says_unsupported(&observation) {
                let answer = summary(&observation);
                return Err(Unread::Failed(Failure::new(operation, answer, FailureKind::NoSuchOperation)));
            }
            // A token can end with the material. That is no answer to the import which the case is about.
            if token_ended(&observation) && !has_new_token {
                has_new_token = true;
                key.forget_parameters();
                body = self::body(key, run.pool.maker(), effect.call).await?;
                continue;
            }
            let mismatches = judged(run, key, effect, self.naming, &observation);
            if mismatches.is_empty() || !only_uses || !pauses.pause().await {
                if only_uses
                    && !mismatches.is_empty()
                    && let Some(late) = key.kms().known_to_be_late()
                {
                    return Err(Unread::Indeterminate(too_late(late)));
                }
                return Ok(mismatches);
            }
        }
    }
}

/// An effect with its checks' members rendered; one that names what is not known is left out.
fn rendered(effect: &Effect, world: &World) -> Effect {
    let value = |is: &toml::Value| match is {
        toml::Value::String(text) => render(text, world).ok().map(toml::Value::String),
        other => Some(other.clone()),
    };
    let known = |check: &Check| {
        let is = match &check.is {
            Some(is) => Some(value(is)?),
            None => None,
        };
        Some(Check { member: render(&check.member, world).ok()?, is, ..check.clone() })
    };
    Effect { checks: effect.checks.iter().filter_map(known).collect(), ..effect.clone() }
}

/// Whether an effect is seen when the budget for it is over.
async fn comes_late(key: &Key, effect: &Effect, before: &Value, edition: Edition) -> bool {
    let mut pauses = patience(key.kms().settle());
    while pauses.pause().await {
        if key.shown(effect.call).await.is_ok_and(|after| checks(effect, before, &after, edition).is_empty()) {
            return true;
        }
    }
    false
}

/// Why a case is not judged whose first material expired too soon.
pub(super) const EXPIRED: &str = "the moment at which the material expires came before the case was ready for it";

/// Why the effect of an exchange cannot be judged at a target that shows changes later than the budget for it.
pub(super) fn too_late(late: Duration) -> Text {
    Text::from(format!("the target shows a change only after {:.1} s: raise `--settle`", late.as_secs_f64()))
}

fn key_of(lease: &mut Lease, on: On) -> Option<&mut Key> {
    match on {
        On::Key => Some(&mut lease.key),
        On::Other => lease.other.as_mut(),
    }
}

/// Where the mismatches of an effect are.
fn place(run: &Run<'_>, effect: &Effect) -> Place<TargetText> {
    let call = effect.call.operation(&run.corpus.operation.name).to_owned();
    Place::Afterwards { call, member: None, key: WhichKey::of(effect.on) }
}

/// Compares the answer of a call with what its effect expects.
fn judged(run: &Run<'_>, key: &Key, effect: &Effect, naming: Naming, observation: &Observation) -> Vec<Mismatch> {
    let none = Supports::default();
    let context = Context {
        corpus: run.corpus,
        edition: run.target.edition,
        key_arn: Some(key.arn.as_str()),
        naming,
        material_id: None,
        clauses: &effect.clauses,
        supports: effect.supports.as_ref().unwrap_or(&none),
        place: &place(run, effect),
    };
    let mut mismatches = judge(observation, &effect.expect, &context);
    if observation.is_success()
        && let Some((member, value)) = key.gives(effect.call)
    {
        let answer = json::parse(&observation.bytes).unwrap_or(Value::Null);
        mismatches.extend(given(effect, &answer, member, &value));
    }
    mismatches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_tells_nothing_about_the_key_blocks_no_verdict() {
        use FailureKind::{NoAnswer, NoSuchOperation, NotReached, Throttled, Unavailable, Unusable};
        for (kind, is_indeterminate) in [
            (NoAnswer, true),
            (NotReached, true),
            (Throttled, true),
            (Unavailable, true),
            (Unusable, false),
            (NoSuchOperation, false),
        ] {
            let failure = Failure::new("GetParametersForImport", "it", kind);
            let kind = failure.kind.clone();
            assert_eq!(matches!(Unread::from(failure), Unread::Indeterminate(_)), is_indeterminate, "{kind:?}");
        }
    }
}

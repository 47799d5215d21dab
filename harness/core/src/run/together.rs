//! Two requests at the same time, judged as a whole: one order of them has to explain both answers and the key afterwards.

use super::case::{Answered, Attempt, signed_requests};
use super::context::Run;
use super::effects::{Before, Unread, too_late};
use super::ended::{Ended, blocked, ended, unread as unread_before};
use super::lease::only_ours;
use crate::compare::{
    Context, Fact, Mismatch, Naming, Place, What, answer_of, checks, judge, matches_answer, transport,
};
use crate::fixture::{Answer, Call, Case, Edition, Effect, First, Level, Precondition, Sequence, Together, holds_in};
use crate::http::Request;
use crate::keys::{Key, Lease, body};
use crate::kms::{Change, Pauses, is_transient, patience, token_ended};
use crate::observe::observe;
use crate::report::Outcome;
use crate::send::{Exchange, Fault, Lane, Sender};
use crate::text::Text;
use serde_json::Value;

/// What no order explains.
struct Unexplained {
    level: Level,
    found: Text,
    /// Whether DescribeKey shows it. Only what is read is waited for: a key that is used again and again never changes.
    is_read: bool,
}

/// The two requests of a round and what answered them.
struct Pair {
    operation: String,
    requests: [Request; 2],
    exchanges: [Exchange; 2],
}

impl Attempt<'_> {
    /// Sends the request and the call beside it in each round. The first round that differs ends it.
    pub(super) async fn at_once(
        &mut self,
        together: &Together,
        precondition: &Precondition,
        lease: &mut Lease,
        mut before: Before,
    ) -> Result<(), Ended> {
        let run = self.run;
        // Which of the two comes first is chance, and so are their answers.
        self.recorder.varies();
        for round in 0..together.rounds() {
            if round > 0 {
                before = again(run, self.case, precondition, lease).await?;
            }
            self.recorder.restart();
            let known = self.mismatches.clone();
            lease.key.seen = None;
            let pair = self.sent(together, lease).await?;
            self.answers(together, precondition, lease, &pair).await?;
            if !self.diverges()
                && let Some(unexplained) = self.unexplained(together, precondition, lease, &before, &pair).await?
            {
                let mismatch = mismatch(self.case, &pair.operation, unexplained);
                self.mismatches.push(mismatch);
            }
            // A note that every round repeats is one note.
            let mut number = 0;
            self.mismatches.retain(|mismatch| {
                number += 1;
                number <= known.len() || !known.contains(mismatch)
            });
            if self.diverges() {
                break;
            }
        }
        Ok(())
    }

    fn diverges(&self) -> bool {
        self.mismatches.iter().any(|mismatch| mismatch.level >= self.run.options.fail_on)
    }

    /// Sends both, as soon as it is certain that both may be sent.
    async fn sent(&mut self, together: &Together, lease: &mut Lease) -> Result<Pair, Ended> {
        let (run, case) = (self.run, self.case);
        let (mut requests, _) = signed_requests(run, case, &self.world, Some(lease))?;
        let request = requests.pop().ok_or_else(|| ended(Outcome::Blocked, "fixture: nothing is sent"))?;
        // A target may take each token for one import only.
        if matches!(together.call, Call::ImportSame | Call::ImportLasting | Call::ImportOther) {
            lease.key.forget_parameters();
        }
        let body = body(&mut lease.key, run.pool.maker(), together.call).await.map_err(|failure| blocked(&failure))?;
        let operation = together.call.operation(&run.corpus.operation.name).to_owned();
        run.sender.turn_of(std::slice::from_ref(&request)).await;
        only_ours(run, case, &self.world, Some(lease), std::slice::from_ref(&request)).await?;
        // The key is looked at last for the call that is not the operation under test.
        let beside = lease.key.kms().prepared(&operation, &body).await.map_err(|failure| blocked(&failure))?;
        let requests = [request, beside];
        let exchanges = match run.options.lane {
            Lane::Wire => run.sender.at_once_in_turn(&requests).await,
            Lane::Http => {
                if let Err(why) = Sender::can_carry(&requests[0]) {
                    return Err(ended(Outcome::Skipped, format!("it needs the wire lane: {why}")));
                }
                futures_util::future::join_all(requests.iter().map(|request| run.sender.http_in_turn(request))).await
            }
        };
        let exchanges = exchanges.try_into().map_err(|_| ended(Outcome::Blocked, "two requests have two answers"))?;
        Ok(Pair { operation, requests, exchanges })
    }

    /// Judges each answer by itself.
    async fn answers(
        &mut self,
        together: &Together,
        precondition: &Precondition,
        lease: &Lease,
        pair: &Pair,
    ) -> Result<(), Ended> {
        let case = self.case;
        let [request, beside] = &pair.requests;
        let [exchange, other] = &pair.exchanges;
        let both_judged = together.call == Call::DeleteAgain;
        let first = Answered { request, exchange, change: &case.request, expect: &case.expect };
        self.judge_one(precondition, first, both_judged.then_some(1)).await?;
        if both_judged {
            let second = Answered { request: beside, exchange: other, change: &case.request, expect: &together.expect };
            return self.judge_one(precondition, second, Some(2)).await;
        }
        self.recorder.add(&pair.operation, beside, other);
        self.of_call(together, precondition, lease, &pair.operation, other)
    }

    /// Judges the answer of a call that is not the operation under test.
    fn of_call(
        &mut self,
        together: &Together,
        precondition: &Precondition,
        lease: &Lease,
        operation: &str,
        exchange: &Exchange,
    ) -> Result<(), Ended> {
        let (run, case) = (self.run, self.case);
        let place = Place::Beside { call: operation.to_owned() };
        let response = match &exchange.result {
            Ok(response) => response,
            Err(error) if error.fault() == Fault::Target => {
                let found = transport(run.corpus, error).map(|found| Mismatch { place, ..found });
                self.found(found);
                return Ok(());
            }
            Err(error) => {
                let why = Text::from(format!("{operation} got no answer: ")).and(error.text());
                return Err(ended(Outcome::Indeterminate, why));
            }
        };
        let observation = observe(response);
        if is_transient(&observation) {
            return Err(ended(Outcome::Indeterminate, format!("{operation} was throttled")));
        }
        if lease.key.kms().says_unsupported(&observation) {
            return Err(ended(Outcome::Blocked, format!("the target has no operation {operation}")));
        }
        // A caller may have the right to delete material and no other.
        if observation.error_name() == Some("AccessDeniedException") {
            return Err(ended(Outcome::Blocked, format!("the caller may not use {operation} (AccessDeniedException)")));
        }
        if token_ended(&observation) {
            return Err(ended(Outcome::Skipped, "the target ends an import token with the material"));
        }
        let context = Context {
            corpus: run.corpus,
            edition: run.target.edition,
            material_id: None,
            key_arn: None,
            naming: Naming::of(precondition),
            clauses: &case.clauses,
            supports: &case.supports,
            place: &place,
        };
        self.found(judge(&observation, &together.expect, &context));
        Ok(())
    }

    /// What is not explained by any order, if there is something.
    async fn unexplained(
        &mut self,
        together: &Together,
        precondition: &Precondition,
        lease: &mut Lease,
        before: &Before,
        pair: &Pair,
    ) -> Result<Option<Unexplained>, Ended> {
        let (run, case) = (self.run, self.case);
        let edition = run.target.edition;
        let [one, other] = &pair.exchanges;
        let answers = answer_of(one).and(" and ").and(answer_of(other));
        let orders: Vec<Vec<&Effect>> = together
            .orders
            .iter()
            .filter(|order| holds_in(order.editions.as_ref(), edition) && self.fits(precondition, order, pair))
            .map(|order| run.corpus.effects_named(&order.after, edition).collect())
            .collect();
        if orders.is_empty() {
            return Ok(Some(Unexplained { level: case.level, found: answers, is_read: false }));
        }
        let mark = self.recorder.mark();
        let mut pauses = Pauses::within(run.options.settle);
        let nearest = loop {
            self.recorder.back_to(mark);
            let mut nearest: Option<Unexplained> = None;
            for effects in &orders {
                let Some(found) = self.difference(precondition, lease, before, effects).await? else {
                    nearest = None;
                    break;
                };
                let is_read = found.is_read;
                nearest.get_or_insert(found).is_read &= is_read;
            }
            if nearest.is_none() || !pauses.pause().await {
                break nearest;
            }
        };
        if let Some(Unexplained { level, found, is_read }) = nearest {
            let key = &lease.key;
            let late = match is_read {
                true => {
                    Box::pin(key.kms().is_late(Change::Effect, comes_late(key, &orders, before.of_key(), edition)))
                        .await
                }
                false => key.kms().known_to_be_late(),
            };
            if let Some(late) = late {
                return Err(ended(Outcome::Indeterminate, too_late(late)));
            }
            let (level, found) = (level.min(case.level), answers.and(", then ").and(found));
            return Ok(Some(Unexplained { level, found, is_read }));
        }
        self.afterwards(precondition, lease, before, answers).await
    }

    /// Whether an order gives these answers.
    fn fits(&self, precondition: &Precondition, order: &Sequence, pair: &Pair) -> bool {
        let place = Place::answer();
        let context = Context {
            corpus: self.run.corpus,
            edition: self.run.target.edition,
            material_id: None,
            key_arn: None,
            naming: Naming::of(precondition),
            clauses: &self.case.clauses,
            supports: &self.case.supports,
            place: &place,
        };
        let gives = |answers: &[Answer], exchange: &Exchange| {
            let Ok(response) = &exchange.result else { return false };
            let observation = observe(response);
            answers.is_empty() || answers.iter().any(|answer| matches_answer(&observation, answer, &context))
        };
        let [one, other] = &pair.exchanges;
        // Of two that are the same, either can be the first.
        let is_swapped = order.first == First::Either;
        gives(&order.answers, one) && gives(&order.call_answers, other)
            || is_swapped && gives(&order.answers, other) && gives(&order.call_answers, one)
    }

    /// The first of these effects that is not seen now.
    async fn difference(
        &mut self,
        precondition: &Precondition,
        lease: &mut Lease,
        before: &Before,
        effects: &[&Effect],
    ) -> Result<Option<Unexplained>, Ended> {
        let mut reading = self.reading(precondition, lease, before);
        for effect in effects {
            let (found, state) = reading.once(effect).await.map_err(unread)?;
            if let Some(level) = found.iter().map(|mismatch| mismatch.level).max() {
                let found = match state {
                    Some(state) => Text::from("KeyState ").and(state),
                    None => Text::from(format!("not this: {}", effect.title)),
                };
                let is_read = effect.call == Call::DescribeKey;
                return Ok(Some(Unexplained { level, found, is_read }));
            }
        }
        Ok(None)
    }

    /// Reads back what holds whatever the order was.
    async fn afterwards(
        &mut self,
        precondition: &Precondition,
        lease: &mut Lease,
        before: &Before,
        answers: Text,
    ) -> Result<Option<Unexplained>, Ended> {
        let (run, case) = (self.run, self.case);
        let mut reading = self.reading(precondition, lease, before);
        for effect in run.corpus.effects_of(case, run.target.edition) {
            let found = reading.read(effect).await.map_err(unread)?;
            if let Some(level) = found.iter().map(|mismatch| mismatch.level).max() {
                let found = answers.and(format!(", then not this: {}", effect.title));
                return Ok(Some(Unexplained { level: level.min(case.level), found, is_read: false }));
            }
        }
        Ok(None)
    }
}

/// Brings the key back to the state from which the case starts, and proves it.
async fn again(run: &Run<'_>, case: &Case, precondition: &Precondition, lease: &mut Lease) -> Result<Before, Ended> {
    lease.key.seen = None;
    lease.key.restore(run.pool.maker()).await.map_err(|failure| blocked(&failure))?;
    lease.key.prepare(precondition).await.map_err(|failure| blocked(&failure))?;
    let mut before = Before::proved(run, precondition, lease).await.map_err(|failure| blocked(&failure))?;
    before.seen_for(run, case, lease).await.map_err(|failure| unread_before(&failure))?;
    Ok(before)
}

/// Whether what one of the orders shows is seen when the budget for it is over.
async fn comes_late(key: &Key, orders: &[Vec<&Effect>], before: &Value, edition: Edition) -> bool {
    let mut pauses = patience(key.kms().settle());
    while pauses.pause().await {
        let Ok(after) = key.describe().await else { continue };
        let shows =
            |effect: &&Effect| effect.call != Call::DescribeKey || checks(effect, before, &after, edition).is_empty();
        if orders.iter().any(|effects| effects.iter().all(shows)) {
            return true;
        }
    }
    false
}

fn unread(unread: Unread) -> Ended {
    match unread {
        Unread::Failed(failure) => {
            ended(Outcome::Blocked, Text::from("the key cannot be read back: ").and(failure.describe()))
        }
        Unread::Indeterminate(why) => ended(Outcome::Indeterminate, why),
    }
}

fn mismatch(case: &Case, operation: &str, unexplained: Unexplained) -> Mismatch {
    Mismatch {
        what: What::Order,
        place: Place::Beside { call: operation.to_owned() },
        expected: Fact::words("answers and a state that one order of the two requests explains"),
        found: Fact::Said { text: unexplained.found.flat() },
        clauses: case.clauses.clone(),
        supports: case.supports.clone(),
        level: unexplained.level,
        hint: None,
    }
}

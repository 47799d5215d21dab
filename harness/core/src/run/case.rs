//! One case, from its precondition to its outcome.

use super::context::Run;
use super::effects::{Before, EXPIRED, ReadBack, Unread};
use super::ended::{Ended, ended};
use super::judge::{Asked, Judged, deleted_material, judge_exchange, rendered};
use super::lease::{Leased, before_any_call, lease, only_ours};
use super::options::Detail;
use super::recorder::{JUDGED, Recorder, micros};
use super::step::in_step;
use crate::arn::Arn;
use crate::baseline::Recording;
use crate::compare::{Context, Mismatch, Naming, Place, What, differs, likeness};
use crate::fixture::{
    Call, Case, Danger, Expectation, Level, Place as Region, Precondition, RequestChange, RequestFraming,
};
use crate::http::Request;
use crate::keys::{Choice, Lease};
use crate::kms::FailureKind;
use crate::normalise::{Normaliser, Shown};
use crate::plan::{PlanError, World, plan};
use crate::report::{CaseRan, Outcome, Pinned};
use crate::send::{Exchange, Followed, Lane, SendError, Sender};
use crate::sign::{curl, sign_planned};
use crate::text::Text;
use std::cell::LazyCell;
use std::time::{Instant, SystemTime};

/// What one look at a case saw.
pub(super) struct Looked {
    pub(super) ran: CaseRan,
    /// An answer after which a client may ask again: a 500 or 503 that the page calls retryable.
    pub(super) retryable: Option<Shown>,
}

/// Runs one case to its end, with keys of this choice and on a connection that nothing else has used; never fails.
pub(super) async fn run_case(run: &Run<'_>, case: &Case, choice: Choice) -> Looked {
    let (started, began) = (Instant::now(), (run.options.clock)());
    let mut attempt = Attempt {
        run,
        case,
        world: run.world(case),
        recorder: Recorder::new(run.redactor.clone(), run.options.detail),
        mismatches: Vec::new(),
        retryable: None,
        curl: None,
        choice,
    };
    let verdict = attempt.make().await;
    let Attempt { world, mut recorder, mismatches, retryable, curl, .. } = attempt;
    let diverges = mismatches.iter().any(|mismatch| mismatch.level >= run.options.fail_on);
    let (outcome, reason) = match verdict {
        // Mismatches that were found before the case ended count too.
        _ if diverges => (Outcome::Diverges, None),
        Ok(()) => (Outcome::Pass, None),
        Err(Ended { outcome, reason, sent }) => {
            if let Some(sent) = sent.filter(|_| outcome == Outcome::Blocked) {
                recorder.add_failed(&sent);
            }
            (outcome, Some(recorder.shown(&reason)))
        }
    };
    let mismatches: Vec<_> = mismatches.into_iter().map(|mismatch| recorder.shown_mismatch(mismatch)).collect();
    // Most runs record nothing, and most cases have no mismatch.
    let fresh = LazyCell::new(|| Normaliser::new(&world, Some(began)));
    let (recording, replaced) = match run.options.detail >= Detail::Recordings {
        true => {
            let mut normaliser = fresh.clone();
            (recorder.recording(&mut normaliser), normaliser.legend())
        }
        false => (Recording::default(), Vec::new()),
    };
    let pinned = Pinned {
        answer: recorder.answers().to_string(),
        // Numbered apart from the recording, so that an entry does not depend on what is recorded before.
        differs: match mismatches.is_empty() {
            true => Vec::new(),
            false => differs(&mismatches, &mut fresh.clone()),
        },
    };
    let ran = CaseRan {
        likenesses: mismatches.iter().map(|mismatch| likeness(mismatch, &mut fresh.clone())).collect(),
        mismatches,
        pinned,
        exchanges: recorder.exchanges(),
        states: recorder.states(),
        curl: curl.and_then(|line| recorder.command(line)),
        traces: recorder.traces(),
        recording,
        replaced,
        duration_us: micros(started.elapsed()),
        ..without_exchanges(case, outcome, reason)
    };
    Looked { ran, retryable: retryable.map(|answer| recorder.shown(&answer)) }
}

/// A report of a case that was not begun.
pub(super) fn not_run(case: &Case, outcome: Outcome, reason: &Shown) -> CaseRan {
    without_exchanges(case, outcome, Some(reason.clone()))
}

fn without_exchanges(case: &Case, outcome: Outcome, reason: Option<Shown>) -> CaseRan {
    CaseRan {
        id: case.id().to_owned(),
        title: case.title.clone(),
        group: case.group().to_owned(),
        level: case.level,
        clauses: case.clauses.clone(),
        supports: case.supports.clone(),
        outcome,
        reason,
        blocked_by: None,
        mismatches: Vec::new(),
        likenesses: Vec::new(),
        once: Vec::new(),
        second: None,
        intermittent: None,
        rounds: None,
        pinned: Pinned::default(),
        exchanges: Vec::new(),
        states: Vec::new(),
        curl: None,
        traces: Vec::new(),
        recording: Recording::default(),
        replaced: Vec::new(),
        duration_us: 0,
    }
}

/// One attempt at a case, and what it found so far.
pub(super) struct Attempt<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) case: &'a Case,
    pub(super) world: World,
    pub(super) recorder: Recorder,
    pub(super) mismatches: Vec<Mismatch>,
    retryable: Option<Text>,
    curl: Option<String>,
    choice: Choice,
}

/// A request of the operation under test, what answered it, and what is expected of it.
#[derive(Clone, Copy)]
pub(super) struct Answered<'a> {
    pub(super) request: &'a Request,
    pub(super) exchange: &'a Exchange,
    pub(super) change: &'a RequestChange,
    pub(super) expect: &'a [Expectation],
}

impl Attempt<'_> {
    async fn make(&mut self) -> Result<(), Ended> {
        let (run, case) = (self.run, self.case);
        let precondition = run
            .corpus
            .precondition(&case.precondition)
            .ok_or_else(|| ended(Outcome::Blocked, "its precondition is not in the corpus"))?;
        before_any_call(run, case, precondition)?;
        let (mut lease, before) = match lease(run, case, precondition, self.choice).await? {
            Leased::Keys(lease, before) => (Some(lease), Some(before)),
            Leased::Provided(names) => {
                self.world.key = Some(*names);
                (None, None)
            }
            Leased::Nothing => (None, None),
        };
        if let Some(lease) = &lease {
            self.world.key = Some(lease.key.names.clone());
            self.world.other = lease.other.as_ref().map(|other| other.names.clone());
        }
        let verdict = match (&case.together, lease.as_deref_mut(), before) {
            (Some(together), Some(lease), Some(before)) => {
                Box::pin(self.at_once(together, precondition, lease, before)).await
            }
            (_, lease, before) => self.exchange_and_read_back(precondition, lease, before).await,
        };
        if let Some(lease) = lease {
            // A key that took part in a divergence could take the blame into the next case.
            if verdict.is_ok()
                && self.mismatches.iter().all(|mismatch| !matches!(mismatch.what, What::Effect | What::Order))
                && precondition.is_restorable()
            {
                run.pool.give_back(*lease).await;
            } else {
                run.pool.set_aside(*lease).await;
            }
        }
        verdict
    }

    async fn exchange_and_read_back(
        &mut self,
        precondition: &Precondition,
        lease: Option<&mut Lease>,
        before: Option<Before>,
    ) -> Result<(), Ended> {
        let (requests, curl) = signed_requests(self.run, self.case, &self.world, lease.as_deref())?;
        // The turn first: between the look at the keys and the exchange there is no pause.
        self.run.sender.turn_of(&requests).await;
        only_ours(self.run, self.case, &self.world, lease.as_deref(), &requests).await?;
        self.curl = curl;
        let (mut exchanges, is_closed) = self.exchanged(&requests).await?;
        if lease.as_deref().is_some_and(|lease| lease.key.may_have_expired()) {
            return Err(ended(Outcome::Indeterminate, EXPIRED));
        }
        // Bytes past a length that the case made up are a request of their own, and so are chunks to a target that reads
        // none, and a body that comes too late. What answers them is not judged, and not recorded either: whether it
        // comes in time to be seen is chance.
        if may_leave_bytes(&self.case.request) {
            exchanges
                .iter_mut()
                .filter_map(|exchange| exchange.result.as_mut().ok())
                .for_each(|answer| answer.leftover = 0);
        }
        self.judge(precondition, &requests, &exchanges).await?;
        if let (Some(lease), Some(before)) = (lease, before) {
            self.read_back(precondition, lease, &before).await?;
        }
        match is_closed {
            // To close a connection is no fault.
            true => Err(ended(Outcome::Skipped, CLOSES)),
            false => Ok(()),
        }
    }

    /// Sends the requests, whose turn has come, and says whether the target closed the connection before the second
    /// of two that were sent in one write was answered.
    async fn exchanged(&mut self, requests: &[Request]) -> Result<(Vec<Exchange>, bool), Ended> {
        let (run, case) = (self.run, self.case);
        let is_pipelined = case.next.as_ref().is_some_and(|next| next.pipelined);
        match (requests, run.options.lane) {
            ([request], Lane::Wire) if is_followed(&case.request) => {
                let (exchange, out_of_step) = in_step(run, request).await;
                self.found(out_of_step);
                Ok((vec![exchange], false))
            }
            ([first, second], Lane::Wire) if is_pipelined => {
                let (first, followed) = run.sender.pipelined_in_turn(&[first.clone(), second.clone()]).await;
                Ok(match followed {
                    Followed::Answered(second) => (vec![first, *second], false),
                    Followed::Closed | Followed::Surplus => {
                        let is_closed = first.result.is_ok();
                        (vec![first], is_closed)
                    }
                })
            }
            (_, Lane::Http) if case.next.is_some() => {
                Err(ended(Outcome::Skipped, "it needs the wire lane: the client chooses the connection itself"))
            }
            _ => {
                let mut exchanges = send(run, requests).await?;
                // What may have been carried out is not sent again.
                if case.danger == Danger::None {
                    for (request, exchange) in requests.iter().zip(&mut exchanges) {
                        again_if_closed(run, request, exchange).await;
                    }
                }
                Ok((exchanges, false))
            }
        }
    }

    /// Takes mismatches, none of which counts for more than the case itself.
    pub(super) fn found(&mut self, found: impl IntoIterator<Item = Mismatch>) {
        self.mismatches.extend(capped(found.into_iter().collect(), self.case.level));
    }

    /// Judges each answer.
    async fn judge(
        &mut self,
        precondition: &Precondition,
        requests: &[Request],
        exchanges: &[Exchange],
    ) -> Result<(), Ended> {
        let case = self.case;
        for (number, (request, exchange)) in requests.iter().zip(exchanges).enumerate() {
            let (change, expect) = match &case.next {
                Some(next) if number > 0 => (&next.request, &next.expect),
                _ => (&case.request, &case.expect),
            };
            let answered = Answered { request, exchange, change, expect };
            if number > 0 && is_closed_idle(exchange) {
                self.recorder.add(JUDGED, request, exchange);
                // To close a connection is no fault, with an announcement or without.
                return Err(ended(Outcome::Skipped, CLOSES));
            }
            self.judge_one(precondition, answered, (requests.len() > 1).then_some(number + 1)).await?;
        }
        Ok(())
    }

    /// Judges an answer, which has a number where there are several.
    pub(super) async fn judge_one(
        &mut self,
        precondition: &Precondition,
        answered: Answered<'_>,
        number: Option<usize>,
    ) -> Result<(), Ended> {
        let (run, case) = (self.run, self.case);
        let Answered { request, exchange, change, expect } = answered;
        self.recorder.add(JUDGED, request, exchange);
        let material_id = deleted_material(&run.corpus.operation, request, &self.world);
        let context = Context {
            corpus: run.corpus,
            edition: run.target.edition,
            material_id: material_id.as_deref(),
            key_arn: self.world.key.as_ref().and_then(|key| key.arn.as_ref()).map(Arn::as_str),
            naming: Naming::of(precondition),
            clauses: &case.clauses,
            supports: &case.supports,
            place: &Place::Answer { number },
        };
        let expectations = rendered(expect, &self.world);
        let asked = Asked {
            change,
            has_key_here: precondition.has_key() && precondition.region != Region::Elsewhere && !change.names_absent(),
            expectations: &expectations,
        };
        let Judged { found, retryable } = judge_exchange(run, asked, exchange, &context).await?;
        self.retryable = self.retryable.take().or(retryable);
        self.found(found);
        Ok(())
    }

    /// Reads back what the exchange did to the keys.
    async fn read_back(
        &mut self,
        precondition: &Precondition,
        lease: &mut Lease,
        before: &Before,
    ) -> Result<(), Ended> {
        let (run, case) = (self.run, self.case);
        let mut mismatches = Vec::new();
        let mut reading = self.reading(precondition, lease, before);
        let mut verdict = Ok(());
        for effect in run.corpus.effects_of(case, run.target.edition) {
            // If a wrong target takes other bytes, nobody can get the key back.
            if effect.call == Call::ImportOther && run.is_lent(precondition) {
                continue;
            }
            match reading.read(effect).await {
                Ok(found) => mismatches.extend(capped(found, case.level)),
                Err(unread) => {
                    verdict = Err(unread_back(&unread));
                    break;
                }
            }
        }
        // What was found before the end counts too.
        self.mismatches.extend(mismatches);
        verdict
    }

    /// What reads this attempt's keys back.
    pub(super) fn reading<'b>(
        &'b mut self,
        precondition: &Precondition,
        lease: &'b mut Lease,
        before: &'b Before,
    ) -> ReadBack<'b> {
        ReadBack {
            run: self.run,
            lease,
            world: &self.world,
            naming: Naming::of(precondition),
            before,
            recorder: &mut self.recorder,
        }
    }
}

/// A case ends because a key cannot be read back.
fn unread_back(unread: &Unread) -> Ended {
    match unread {
        Unread::Failed(failure) => {
            let is_offered = failure.kind != FailureKind::NoSuchOperation;
            let why = Text::from("the key cannot be read back: ").and(failure.describe());
            let outcome = if is_offered { Outcome::Blocked } else { Outcome::Skipped };
            Ended { sent: failure.sent.clone(), ..ended(outcome, why) }
        }
        Unread::Indeterminate(why) => ended(Outcome::Indeterminate, why.clone()),
    }
}

/// Whether a good request has to show that target and client agree where the request ends.
fn is_followed(change: &RequestChange) -> bool {
    change.framing == RequestFraming::Chunked || is_kept_back(change)
}

/// Whether a target may take a part of the request for a request of its own.
fn may_leave_bytes(change: &RequestChange) -> bool {
    change.framing.may_leave_bytes() || is_kept_back(change)
}

fn is_kept_back(change: &RequestChange) -> bool {
    change.delivery.is_some_and(|delivery| delivery.body_waits_ms > 0)
}

/// Why a case whose second request cannot come on the connection of the first is not judged.
const CLOSES: &str = "the target closes the connection behind the first answer, so that a second one cannot come on it";

/// Whether the target closed a connection that it had answered on before, and said nothing more.
fn is_closed_idle(exchange: &Exchange) -> bool {
    exchange.reused && matches!(exchange.result, Err(SendError::ClosedBeforeAnswer | SendError::Reset { received: 0 }))
}

/// Sends a request once more, on a connection of its own, if the target closed the one that it was sent on without a word. A
/// server may close an idle connection at any time, and every client then does this.
async fn again_if_closed(run: &Run<'_>, request: &Request, exchange: &mut Exchange) {
    if is_closed_idle(exchange) {
        run.sender.turn_of(std::slice::from_ref(request)).await;
        if let Some(again) = run.sender.wire_in_turn(std::slice::from_ref(request)).await.pop() {
            *exchange = again;
        }
    }
}

/// None of these counts for more than the case itself.
fn capped(found: Vec<Mismatch>, most: Level) -> impl Iterator<Item = Mismatch> {
    found.into_iter().map(move |mismatch| Mismatch { level: mismatch.level.min(most), ..mismatch })
}

/// Why a name has no value, in words, and the operation whose answer shows it.
fn needed(name: &str) -> (String, Option<&'static str>) {
    let (of, what) = name.rsplit_once('.').unwrap_or(("", name));
    let of = if of == "other" { " for the other key" } else { "" };
    match what {
        "account" => {
            let how = "it is learnt from a key that the run makes, or from `--account`";
            (format!("the account's number is not known: {how}"), None)
        }
        "material_id" => (format!("DescribeKey gave no CurrentKeyMaterialId{of}"), Some("DescribeKey")),
        "new_material_id" => (format!("ImportKeyMaterial gave no KeyMaterialId{of}"), Some("ImportKeyMaterial")),
        _ => (format!("`{name}` has no value in this run"), None),
    }
}

/// The requests of a case, signed now, and a curl line for them, if one line says it all. The lease shows which call gave no
/// name that they need.
pub(super) fn signed_requests(
    run: &Run<'_>,
    case: &Case,
    world: &World,
    lease: Option<&Lease>,
) -> Result<(Vec<Request>, Option<String>), Ended> {
    // Both at one time: a target that takes something over from the first one shows it only if the dates are the same.
    let now = (run.options.clock)();
    let (mut requests, mut curl) = signed(run, &case.request, world, (lease, now))?;
    if let Some(next) = &case.next {
        requests.extend(signed(run, &next.request, world, (lease, now))?.0);
        curl = None;
    }
    Ok((requests, curl))
}

fn signed(
    run: &Run<'_>,
    change: &RequestChange,
    world: &World,
    (lease, now): (Option<&Lease>, SystemTime),
) -> Result<(Vec<Request>, Option<String>), Ended> {
    let planned = plan(&run.corpus.operation, change, world).map_err(|error| match error {
        // No fault of anybody: where no key is made, nothing shows the account.
        PlanError::Unknown { .. } if world.account.is_none() && !run.may_make_keys() => {
            ended(Outcome::Skipped, "the account's number is not known: `--account` names it")
        }
        PlanError::Unknown { name, .. } => {
            let (why, operation) = needed(&name);
            let sent = lease.zip(operation).and_then(|(lease, operation)| {
                let key = if name.starts_with("other.") { lease.other.as_ref() } else { Some(&lease.key) };
                key?.kms().last(operation)
            });
            Ended { sent, ..ended(Outcome::Blocked, why) }
        }
        error => ended(Outcome::Blocked, format!("fixture: failed to {error}")),
    })?;
    let credentials = run
        .target
        .principals
        .get(&planned.principal)
        .cloned()
        .ok_or_else(|| ended(Outcome::Skipped, "its principal is not configured"))?;
    let signed = sign_planned(&planned, credentials, &run.target.region, now)
        .map_err(|error| ended(Outcome::Blocked, format!("fixture: failed to {error}")))?;
    let curl = curl(&planned, &signed.request, &str::to_owned).ok();
    Ok((vec![signed.request; usize::from(planned.times)], curl))
}

/// Sends the requests, whose turn has come.
async fn send(run: &Run<'_>, requests: &[Request]) -> Result<Vec<Exchange>, Ended> {
    match run.options.lane {
        Lane::Wire => Ok(run.sender.wire_in_turn(requests).await),
        Lane::Http => {
            let mut exchanges = Vec::new();
            for request in requests {
                if let Err(why) = Sender::can_carry(request) {
                    return Err(ended(Outcome::Skipped, format!("it needs the wire lane: {why}")));
                }
                exchanges.push(run.sender.http_in_turn(request).await);
            }
            Ok(exchanges)
        }
    }
}

//! One case, from its precondition to its outcome.

use super::context::Run;
use super::effects::{Before, ReadBack, Unread};
use super::ended::{Ended, ended};
use super::judge::{Judged, deleted_material, judge_exchange, rendered};
use super::lease::{Leased, before_any_call, lease, only_ours};
use super::recorder::{JUDGED, Recorder, micros};
use super::step::in_step;
use crate::arn::Arn;
use crate::baseline::Recording;
use crate::compare::{Context, Mismatch, Naming, Place, What, differs, likeness};
use crate::fixture::{Call, Case, Level, Precondition, RequestFraming};
use crate::http::Request;
use crate::keys::{Choice, Lease};
use crate::kms::FailureKind;
use crate::normalise::{Normaliser, Shown};
use crate::plan::{PlanError, World, plan};
use crate::report::{CaseRan, Outcome, Pinned};
use crate::send::{Exchange, Lane, Sender};
use crate::sign::sign_planned;
use crate::text::Text;
use std::time::Instant;

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
        recorder: Recorder::new(run.redactor.clone()),
        mismatches: Vec::new(),
        retryable: None,
        choice,
    };
    let verdict = attempt.make().await;
    let Attempt { world, mut recorder, mismatches, retryable, .. } = attempt;
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
    let fresh = Normaliser::new(&world, Some(began));
    let mut normaliser = fresh.clone();
    let recording = recorder.recording(&mut normaliser);
    let pinned = Pinned {
        answer: recorder.answers().to_string(),
        // Numbered apart from the recording, so that an entry does not depend on what is recorded before.
        differs: differs(&mismatches, &mut fresh.clone()),
    };
    let ran = CaseRan {
        likenesses: mismatches.iter().map(|mismatch| likeness(mismatch, &mut fresh.clone())).collect(),
        mismatches,
        pinned,
        exchanges: recorder.exchanges(),
        recording,
        replaced: normaliser.legend(),
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
        mismatches: Vec::new(),
        likenesses: Vec::new(),
        once: Vec::new(),
        second: None,
        intermittent: None,
        pinned: Pinned::default(),
        exchanges: Vec::new(),
        recording: Recording::default(),
        replaced: Vec::new(),
        duration_us: 0,
    }
}

/// One attempt at a case, and what it found so far.
struct Attempt<'a> {
    run: &'a Run<'a>,
    case: &'a Case,
    world: World,
    recorder: Recorder,
    mismatches: Vec<Mismatch>,
    retryable: Option<Text>,
    choice: Choice,
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
        let verdict = self.exchange_and_read_back(precondition, lease.as_deref_mut(), before).await;
        if let Some(lease) = lease {
            // A key that took part in a divergence could take the blame into the next case.
            if verdict.is_ok()
                && self.mismatches.iter().all(|mismatch| mismatch.what != What::Effect)
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
        let requests = signed_requests(self.run, self.case, &self.world, lease.as_deref())?;
        // The turn first: between the look at the keys and the exchange there is no pause.
        self.run.sender.turn_of(&requests).await;
        only_ours(self.run, self.case, &self.world, lease.as_deref(), &requests).await?;
        let mut exchanges = match (requests.as_slice(), self.run.options.lane) {
            ([request], Lane::Wire) if self.case.request.framing == RequestFraming::Chunked => {
                let (exchange, out_of_step) = in_step(self.run, request).await;
                self.mismatches.extend(capped(out_of_step.into_iter().collect(), self.case.level));
                vec![exchange]
            }
            _ => send(self.run, &requests).await?,
        };
        // Bytes past a length that the case made up are a request of their own, and so are chunks to a target that reads
        // none. What answers them is not judged, and not recorded either: whether it comes in time to be seen is chance.
        if self.case.request.framing.may_leave_bytes() {
            exchanges
                .iter_mut()
                .filter_map(|exchange| exchange.result.as_mut().ok())
                .for_each(|answer| answer.leftover = 0);
        }
        self.judge(precondition, &requests, &exchanges).await?;
        match (lease, before) {
            (Some(lease), Some(before)) => self.read_back(precondition, lease, &before).await,
            _ => Ok(()),
        }
    }

    /// Judges each answer.
    async fn judge(
        &mut self,
        precondition: &Precondition,
        requests: &[Request],
        exchanges: &[Exchange],
    ) -> Result<(), Ended> {
        let (run, case) = (self.run, self.case);
        let expectations = rendered(case, &self.world);
        for (number, (request, exchange)) in requests.iter().zip(exchanges).enumerate() {
            self.recorder.add(JUDGED, request, exchange);
            let place = Place::Answer { number: (exchanges.len() > 1).then_some(number + 1) };
            let material_id = deleted_material(&run.corpus.operation, request, &self.world);
            let context = Context {
                corpus: run.corpus,
                edition: run.target.edition,
                material_id: material_id.as_deref(),
                key_arn: self.world.key.as_ref().and_then(|key| key.arn.as_ref()).map(Arn::as_str),
                naming: Naming::of(precondition),
                clauses: &case.clauses,
                supports: &case.supports,
                place: &place,
            };
            let Judged { found, retryable } = judge_exchange(run, case, &expectations, exchange, &context).await?;
            self.retryable = self.retryable.take().or(retryable);
            self.mismatches.extend(capped(found, case.level));
        }
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
        let mut reading = ReadBack {
            run,
            lease,
            world: &self.world,
            naming: Naming::of(precondition),
            before,
            recorder: &mut self.recorder,
        };
        for effect in run.corpus.effects_of(case, run.target.edition) {
            // If a wrong target takes other bytes, nobody can get the key back.
            if effect.call == Call::ImportOther && run.is_lent(precondition) {
                continue;
            }
            match reading.read(effect).await {
                Ok(found) => self.mismatches.extend(capped(found, case.level)),
                Err(Unread::Failed(failure)) => {
                    let is_offered = failure.kind != FailureKind::NoSuchOperation;
                    let why = Text::from("the key cannot be read back: ").and(failure.describe());
                    let outcome = if is_offered { Outcome::Blocked } else { Outcome::Skipped };
                    return Err(Ended { sent: failure.sent.clone(), ..ended(outcome, why) });
                }
                Err(Unread::Indeterminate(why)) => return Err(ended(Outcome::Indeterminate, why)),
            }
        }
        Ok(())
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

fn signed_requests(run: &Run<'_>, case: &Case, world: &World, lease: Option<&Lease>) -> Result<Vec<Request>, Ended> {
    let planned = plan(&run.corpus.operation, &case.request, world).map_err(|error| match error {
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
    let signed = sign_planned(&planned, credentials, &run.target.region, (run.options.clock)())
        .map_err(|error| ended(Outcome::Blocked, format!("fixture: failed to {error}")))?;
    Ok(vec![signed.request; usize::from(planned.times)])
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

//! One case, from its precondition to its outcome.

use super::effects::{Before, ReadBack, Unread};
use super::engine::Run;
use crate::baseline::{Recording, Section};
use crate::compare::{Claimed, Context, Mismatch, What, every_answer, judge, matches_answer, transport};
use crate::deviation::{answer_of, differs};
use crate::fixture::{
    Answer, Call, Case, Danger, Expectation, Level, Material, On, Owner, Place, Precondition, PrincipalName,
    RequestFraming, ShapeRule,
};
use crate::http::Request;
use crate::keys::{Lease, NoLease};
use crate::kms::FailureKind;
use crate::normalise::{Message, Normaliser, Redactor, escape};
use crate::observe::observe;
use crate::plan::{Absent, KeyNames, OPERATION, PlanError, World, base_request, plan, render};
use crate::report::{CaseReport, ExchangeReport, Outcome, Pinned};
use crate::send::{Exchange, Fault, Lane, Sender};
use crate::sign::{Signing, sign, sign_planned};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The role of the exchanges that a case is about.
const JUDGED: &str = "judged";

/// Collects the exchanges of a case, secrets removed.
pub(super) struct Recorder {
    redactor: Redactor,
    exchanges: Vec<Recorded>,
    metadata: Vec<(On, Value)>,
    answers: Vec<String>,
}

struct Recorded {
    role: String,
    lane: Lane,
    request: Message,
    answer: Result<Message, String>,
    took: Duration,
}

impl Recorder {
    pub(super) fn add(&mut self, role: &str, request: &Request, exchange: &Exchange) {
        // Of a call that is repeated until its effect is seen, the last one counts.
        if role != JUDGED && self.exchanges.last().is_some_and(|last| last.role == role) {
            self.exchanges.pop();
        }
        if let Some(import) = Redactor::of_import(&request.body) {
            self.redactor = self.redactor.and(&import);
        }
        let answer = match &exchange.result {
            Ok(response) => Ok(Message::of_response(response, &self.redactor)),
            Err(error) => Err(self.redactor.redact(&escape(error.to_string().as_bytes()))),
        };
        if role == JUDGED {
            self.answers.push(answer_of(exchange));
        }
        self.exchanges.push(Recorded {
            role: role.to_owned(),
            lane: exchange.lane,
            request: Message::of_request(request, &self.redactor),
            answer,
            took: exchange.timing.total,
        });
    }

    pub(super) fn metadata(&mut self, on: On, metadata: &Value) {
        let cut = metadata.as_object().into_iter().flatten().map(|(name, value)| {
            let is_long = value.as_str().is_some_and(|text| text.len() > 4096);
            let shown =
                if is_long { Value::String(cut(value.as_str().unwrap_or_default().to_owned())) } else { value.clone() };
            (name.clone(), shown)
        });
        self.metadata.push((on, cut.collect()));
    }
}

/// Why a case has no verdict.
struct Ended {
    outcome: Outcome,
    reason: String,
}

fn ended(outcome: Outcome, reason: impl Into<String>) -> Ended {
    Ended { outcome, reason: reason.into() }
}

/// Runs one case to its end; never fails.
pub(super) async fn run_case(run: &Run<'_>, case: &Case) -> CaseReport {
    let (started, began) = (Instant::now(), (run.options.clock)());
    let mut recorder =
        Recorder { redactor: run.redactor.clone(), exchanges: Vec::new(), metadata: Vec::new(), answers: Vec::new() };
    let mut world = run.world(case);
    let mut mismatches = Vec::new();
    let verdict = attempt(run, case, &mut world, &mut recorder, &mut mismatches).await;
    let diverges = mismatches.iter().any(|mismatch| mismatch.level >= run.options.fail_on);
    let (outcome, reason) = match verdict {
        // What was found before the case ended counts all the same.
        _ if diverges => (Outcome::Diverges, None),
        Ok(()) => (Outcome::Pass, None),
        Err(Ended { outcome, reason }) => (outcome, Some(cut(recorder.redactor.redact(&reason)))),
    };
    for mismatch in &mut mismatches {
        // Only then cut: half a secret would not be recognised.
        mismatch.found = cut(recorder.redactor.redact(&mismatch.found));
        mismatch.place = cut(recorder.redactor.redact(&mismatch.place));
        mismatch.expected = cut(recorder.redactor.redact(&mismatch.expected));
    }
    let fresh = Normaliser::new(&world, Some(began));
    let mut normaliser = fresh.clone();
    let recording = recorder.recording(&mut normaliser);
    let pinned = Pinned {
        answer: recorder.redactor.redact(&recorder.answers.join(", then ")),
        // Numbered apart from the recording, so that an entry does not hang on what is recorded before.
        differs: differs(&mismatches, &mut fresh.clone()),
    };
    CaseReport {
        id: case.id().to_owned(),
        title: case.title.clone(),
        group: case.group().to_owned(),
        level: case.level,
        clauses: case.clauses.clone(),
        source: case.source.clone(),
        outcome,
        reason,
        mismatches,
        deviation: None,
        pinned,
        exchanges: recorder.exchanges(),
        recording,
        replaced: normaliser.legend(),
        duration_us: micros(started.elapsed()),
    }
}

/// What a target sends ends up in reports, so there is a limit: as much as a person reads.
fn cut(text: String) -> String {
    const SHOWN: usize = 1000;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text,
    }
}

/// A report of a case that was not begun.
pub(super) fn not_run(case: &Case, outcome: Outcome, reason: &str) -> CaseReport {
    CaseReport {
        id: case.id().to_owned(),
        title: case.title.clone(),
        group: case.group().to_owned(),
        level: case.level,
        clauses: case.clauses.clone(),
        source: case.source.clone(),
        outcome,
        reason: Some(reason.to_owned()),
        mismatches: Vec::new(),
        deviation: None,
        pinned: Pinned::default(),
        exchanges: Vec::new(),
        recording: Recording::default(),
        replaced: Vec::new(),
        duration_us: 0,
    }
}

async fn attempt(
    run: &Run<'_>,
    case: &Case,
    world: &mut World,
    recorder: &mut Recorder,
    mismatches: &mut Vec<Mismatch>,
) -> Result<(), Ended> {
    let precondition = run
        .corpus
        .precondition(&case.precondition)
        .ok_or_else(|| ended(Outcome::Blocked, "its precondition is not in the corpus"))?;
    before_any_call(run, case, precondition)?;
    let mut lease = match lease(run, case, precondition).await? {
        Leased::Keys(lease) => Some(lease),
        Leased::Provided(names) => {
            world.key = Some(names);
            None
        }
        Leased::Nothing => None,
    };
    if let Some(lease) = &lease {
        world.key = Some(lease.key.names.clone());
        world.other = lease.other.as_ref().map(|other| other.names.clone());
    }
    let verdict =
        exchange_and_read_back(run, case, precondition, world, lease.as_deref_mut(), recorder, mismatches).await;
    if let Some(lease) = lease {
        // A key that took part in a divergence could take the blame into the next case, and a second material that is
        // gone cannot be brought back.
        if verdict.is_ok()
            && mismatches.iter().all(|mismatch| mismatch.what != What::Effect)
            && precondition.material != Material::Two
        {
            run.pool.give_back(*lease).await;
        }
    }
    verdict
}

fn is_lent(run: &Run<'_>, precondition: &Precondition) -> bool {
    run.options.lent.iter().any(|lent| lent.precondition == precondition.id())
}

fn before_any_call(run: &Run<'_>, case: &Case, precondition: &Precondition) -> Result<(), Ended> {
    let edition = run.target.edition;
    if precondition.editions.as_ref().is_some_and(|editions| !editions.contains(&edition)) {
        return Err(ended(Outcome::Skipped, format!("its precondition cannot be made in the edition {edition}")));
    }
    if case.danger != Danger::None && !is_lent(run, precondition) && !run.may_make_keys() {
        return Err(ended(
            Outcome::Skipped,
            "safety: off loopback this needs `--allow-mutation`, since it names a key",
        ));
    }
    if !run.target.principals.contains_key(&case.request.principal) {
        return Err(ended(
            Outcome::Skipped,
            format!("nobody is configured to play the principal `{}`", run.principal_word(case)),
        ));
    }
    Ok(())
}

enum Leased {
    Keys(Box<Lease>),
    Provided(KeyNames),
    Nothing,
}

async fn lease(run: &Run<'_>, case: &Case, precondition: &Precondition) -> Result<Leased, Ended> {
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
        return Ok(Leased::Provided(KeyNames {
            id: id.clone(),
            arn: run.arn(id).unwrap_or_default(),
            ..KeyNames::default()
        }));
    }
    if precondition.spec.is_none() {
        return Ok(Leased::Nothing);
    }
    let mut lease = match run.pool.lease(precondition).await {
        Ok(lease) => lease,
        Err(NoLease::Unavailable(why)) => return Err(ended(Outcome::Skipped, why)),
        Err(NoLease::Failed(failure)) => return Err(blocked(&failure)),
    };
    let decrypts = run.corpus.effects_of(case, run.target.edition).any(|effect| effect.call == Call::Decrypt);
    if decrypts && let Err(failure) = lease.key.encrypt().await {
        return Err(blocked(&failure));
    }
    Ok(Leased::Keys(Box::new(lease)))
}

fn blocked(failure: &crate::kms::Failure) -> Ended {
    let outcome = match &failure.kind {
        FailureKind::NoAnswer | FailureKind::NotReached | FailureKind::Transient => Outcome::Indeterminate,
        FailureKind::NotOurs => return ended(Outcome::Skipped, failure.describe()),
        _ => Outcome::Blocked,
    };
    ended(outcome, format!("its precondition could not be made: {}", failure.describe()))
}

async fn exchange_and_read_back(
    run: &Run<'_>,
    case: &Case,
    precondition: &Precondition,
    world: &World,
    mut lease: Option<&mut Lease>,
    recorder: &mut Recorder,
    mismatches: &mut Vec<Mismatch>,
) -> Result<(), Ended> {
    let before = match &lease {
        Some(lease) => Some(Before::of(lease).await.map_err(|failure| blocked(&failure))?),
        None => None,
    };
    let (requests, sender) = signed_requests(run, case, world)?;
    // The turn first: between the look at the keys and the exchange there is no pause.
    run.sender.turn_of(&requests).await;
    only_ours(run, case, world, lease.as_deref(), &requests).await?;
    let mut exchanges = send(run, &sender, &requests).await?;
    // Bytes past a length that the case made up are a request of their own. What answers them is not judged, and not
    // recorded either: whether it comes in time to be seen is chance.
    if matches!(case.request.framing, RequestFraming::Stated(_)) {
        exchanges
            .iter_mut()
            .filter_map(|exchange| exchange.result.as_mut().ok())
            .for_each(|answer| answer.leftover = 0);
    }
    let expectations = rendered(case, world);
    for (number, (request, exchange)) in requests.iter().zip(&exchanges).enumerate() {
        recorder.add(JUDGED, request, exchange);
        let place = if exchanges.len() > 1 { format!("answer {}", number + 1) } else { "answer".to_owned() };
        let material_id = deleted_material(request, world);
        let context = Context {
            corpus: run.corpus,
            edition: run.target.edition,
            material_id: material_id.as_deref(),
            key_arn: world.key.as_ref().map(|key| key.arn.as_str()),
            // The second of two deletions finds no material.
            material_is_named: number == 0
                && precondition.spec.as_deref() == Some("SYMMETRIC_DEFAULT")
                && !matches!(precondition.material, Material::None | Material::Deleted),
            clauses: &case.clauses,
            source: &case.source,
            place: &place,
        };
        judge_exchange(run, case, &expectations, exchange, &context, mismatches).await?;
    }
    let (Some(lease), Some(before)) = (lease.as_mut(), before) else {
        return Ok(());
    };
    for effect in run.corpus.effects_of(case, run.target.edition) {
        // Of a wrong target that takes other bytes, nobody could get the key back.
        if effect.call == Call::ImportOther && is_lent(run, precondition) {
            continue;
        }
        match (ReadBack { run, lease, before: &before, recorder }).read(effect).await {
            // Where the refusal itself is no `must`, neither is that it left the key alone.
            Ok(found) => mismatches.extend(
                found.into_iter().map(|mismatch| Mismatch { level: mismatch.level.min(case.level), ..mismatch }),
            ),
            Err(Unread::Failed(failure)) => {
                return Err(ended(Outcome::Blocked, format!("the key cannot be read back: {}", failure.describe())));
            }
            Err(Unread::Indeterminate(why)) => return Err(ended(Outcome::Indeterminate, why)),
        }
    }
    Ok(())
}

/// Looks, right before the exchange, at every key that its requests name: only those of the run may be touched.
async fn only_ours(
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
        let owned = run.guard.owns(key.kms().plain(), OPERATION, &key.names.arn).await;
        owned.map_err(|failure| blocked(&failure))?;
    }
    // An id is looked for where whoever signs would find it.
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

/// The id of the material that a request deletes: the one it names, or the key's current one.
fn deleted_material(request: &Request, world: &World) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let named = body.as_ref().and_then(|body| body["KeyMaterialId"].as_str().map(str::to_owned));
    named.or_else(|| world.key.as_ref()?.material_id.clone())
}

fn signed_requests(run: &Run<'_>, case: &Case, world: &World) -> Result<(Vec<Request>, Sender), Ended> {
    let planned = plan(&case.request, world).map_err(|error| match error {
        PlanError::Unknown { .. } => ended(Outcome::Blocked, format!("failed to {error} (the account is learnt from the ARN of a key that the run makes, or from `--account`)")),
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
    Ok((vec![signed.request; usize::from(planned.times)], run.sender.clone()))
}

async fn send(run: &Run<'_>, sender: &Sender, requests: &[Request]) -> Result<Vec<Exchange>, Ended> {
    match run.options.lane {
        Lane::Wire => Ok(sender.wire_in_turn(requests).await),
        Lane::Http => {
            let mut exchanges = Vec::new();
            for request in requests {
                if let Err(why) = Sender::can_carry(request) {
                    return Err(ended(Outcome::Skipped, format!("it needs the wire lane: {why}")));
                }
                exchanges.push(sender.http_in_turn(request).await);
            }
            Ok(exchanges)
        }
    }
}

/// The expectations with their message patterns rendered; one that names what is not known is left out.
fn rendered(case: &Case, world: &World) -> Vec<Expectation> {
    case.expect
        .iter()
        .filter_map(|expectation| {
            let mut expectation = expectation.clone();
            if let Some(pattern) = &expectation.message {
                expectation.message = Some(render(pattern, world).ok()?);
            }
            Some(expectation)
        })
        .collect()
}

async fn judge_exchange(
    run: &Run<'_>,
    case: &Case,
    expectations: &[Expectation],
    exchange: &Exchange,
    context: &Context<'_>,
    mismatches: &mut Vec<Mismatch>,
) -> Result<(), Ended> {
    let response = match &exchange.result {
        Ok(response) => response,
        Err(error) => {
            if error.fault() != Fault::Target {
                return Err(ended(Outcome::Indeterminate, format!("no answer: {error}")));
            }
            mismatches.extend(transport(run.corpus, error));
            mismatches.extend(liveness(run).await);
            return Ok(());
        }
    };
    let observation = observe(response);
    let throttled = observation.status == 429 || observation.error_name() == Some("ThrottlingException");
    let expected = |answer: &Answer| matches!(answer, Answer::Error(error) if error == "ThrottlingException");
    if throttled && !expectations.iter().any(|expectation| expectation.answers.iter().any(expected)) {
        return Err(ended(Outcome::Indeterminate, "the target throttled the request"));
    }
    let mut found = judge(&observation, expectations, context);
    let unclaimed = case.expect.iter().any(|expectation| expectation.answers.contains(&Answer::RefusedUnclaimed));
    let claimed = if unclaimed { Claimed::No } else { Claimed::Yes };
    let accepted = expectations.iter().filter(|expectation| expectation.level == Level::Must).all(|expectation| {
        expectation.answers.is_empty()
            || expectation.answers.iter().any(|answer| matches_answer(&observation, answer, context))
    });
    for mut mismatch in every_answer(run.corpus, response, &observation, claimed) {
        // A wrong status or type was reported already, as what it is wrong for.
        let repeated =
            |seen: &Mismatch| seen.what == mismatch.what && seen.level >= mismatch.level && seen.place == context.place;
        if mismatch.what != What::Header && !accepted && found.iter().any(repeated) {
            continue;
        }
        if mismatch.place == "answer" {
            mismatch.place = context.place.to_owned();
        }
        found.push(mismatch);
    }
    found.extend(run.repeated_values(&observation));
    if observation.status >= 500 && !accepted {
        found.extend(liveness(run).await);
    }
    mismatches.extend(found);
    Ok(())
}

/// After an answer that was none: does the target still answer a correct request?
async fn liveness(run: &Run<'_>) -> Option<Mismatch> {
    let body = serde_json::json!({ "KeyId": run.options.entropy.uuid("liveness") }).to_string();
    let credentials = run.target.principals.get(&crate::fixture::PrincipalName::Primary)?;
    let signing = Signing::plain(credentials.clone(), &run.target.region, (run.options.clock)());
    let request = sign(base_request(&run.host, "DeleteImportedKeyMaterial", body.into_bytes()), &signing).ok()?.request;
    let exchange = run.sender.wire(&[request]).await.pop()?;
    let found = match &exchange.result {
        Ok(_) => return None,
        Err(error) => error.to_string(),
    };
    let shape = run.corpus.shape(ShapeRule::TargetStaysAlive)?;
    Some(Mismatch {
        what: What::Liveness,
        place: "the next request".to_owned(),
        expected: "an answer".to_owned(),
        found,
        clauses: shape.clauses.clone(),
        source: shape.source.clone(),
        level: shape.level,
        hint: Some("the target stopped answering after this case; what follows may be its victim".to_owned()),
    })
}

impl Recorder {
    /// What a report shows of the exchanges.
    fn exchanges(&self) -> Vec<ExchangeReport> {
        let shown = |recorded: &Recorded| ExchangeReport {
            role: recorded.role.clone(),
            lane: lane_name(recorded.lane).to_owned(),
            request: recorded.request.shown(),
            response: recorded.answer.as_ref().ok().map(Message::shown),
            error: recorded.answer.as_ref().err().cloned(),
            duration_us: micros(recorded.took),
        };
        self.exchanges.iter().map(shown).collect()
    }

    /// What is kept of a case, with placeholders for what varies.
    fn recording(&self, normaliser: &mut Normaliser) -> Recording {
        let mut sections = Vec::new();
        for recorded in &self.exchanges {
            let request = normaliser.message(&recorded.request);
            let (answer, error) = match &recorded.answer {
                Ok(answer) => (Some(normaliser.message(answer)), None),
                Err(error) => (None, Some(normaliser.normalise(error))),
            };
            sections.push(Section::Exchange { role: recorded.role.clone(), request, answer, error });
        }
        for (on, metadata) in &self.metadata {
            let of = if *on == On::Key { "the key" } else { "the other key" };
            let mut kept = |text: &str| normaliser.normalise(&self.redactor.redact(text));
            let members = metadata.as_object().into_iter().flatten();
            let members =
                members.map(|(name, value)| (kept(&escape(name.as_bytes())), kept(&value.to_string()))).collect();
            sections.push(Section::State { of: of.to_owned(), members });
        }
        Recording { sections }
    }
}

/// The lane's word.
pub(super) fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Wire => "wire",
        Lane::Http => "http",
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Run<'_> {
    /// The names that a case can use, without its keys.
    fn world(&self, case: &Case) -> World {
        World {
            key: None,
            other: None,
            absent: Absent { id: self.options.entropy.uuid(&format!("absent {}", case.id())) },
            region: self.target.region.clone(),
            other_region: self.target.other_region(),
            account: self.account().map(|(account, _)| account),
            partition: self.partition(),
            run: self.id.clone(),
            host: self.host.clone(),
        }
    }
}

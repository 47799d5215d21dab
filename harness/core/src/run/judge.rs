//! The judgement of one answer.

use super::context::Run;
use super::ended::{Ended, ended};
use crate::compare::{
    Claimed, Context, Fact, Mismatch, Place, What, every_answer, has_body_of, in_short, judge, matches_answer,
    transport, wrong_times,
};
use crate::fixture::{Answer, Expectation, Level, Operation, PrincipalName, RequestChange, ShapeRule};
use crate::http::Request;
use crate::observe::{Observation, observe};
use crate::plan::{World, render};
use crate::report::Outcome;
use crate::send::{Exchange, Fault};
use crate::text::Text;
use serde_json::Value;
use std::sync::atomic::Ordering;

/// What was found in one answer.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) found: Vec<Mismatch>,
    /// The answer, if it is one after which a client may ask again and that the case does not expect.
    pub(super) retryable: Option<Text>,
}

/// What was asked, as far as an answer depends on it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) change: &'a RequestChange,
    /// Whether the case has a key in the Region of the request.
    pub(super) has_key_here: bool,
    /// With their message patterns rendered.
    pub(super) expectations: &'a [Expectation],
}

/// Compares one answer with its expectations and with the rules for every answer.
pub(super) async fn judge_exchange(
    run: &Run<'_>,
    asked: Asked<'_>,
    exchange: &Exchange,
    context: &Context<'_>,
) -> Result<Judged, Ended> {
    let expectations = asked.expectations;
    let response = match &exchange.result {
        Ok(response) => response,
        Err(error) => {
            if error.fault() != Fault::Target {
                return Err(ended(Outcome::Indeterminate, Text::from("no answer: ").and(error.text())));
            }
            let found = transport(run.corpus, error).into_iter().chain(liveness(run).await).collect();
            return Ok(Judged { found, retryable: None });
        }
    };
    let observation = observe(response);
    let throttled = observation.status == 429 || observation.error_name() == Some("ThrottlingException");
    let expects = |error: &str| {
        let is_it = |answer: &Answer| matches!(answer, Answer::Error(expected) if expected == error);
        expectations.iter().any(|expectation| expectation.answers.iter().any(is_it))
    };
    if throttled && !expects("ThrottlingException") {
        return Err(ended(Outcome::Indeterminate, "the target throttled the request"));
    }
    if is_scoped(asked, &observation) && expects(ABSENT) && !expects(DENIED) {
        return Err(ended(
            Outcome::Indeterminate,
            format!(
                "the caller may not use the operation on a key that does not exist (AccessDeniedException): allow \
                 `kms:{}` on `*` to judge it",
                run.corpus.operation.name
            ),
        ));
    }
    if expectations.iter().any(|expectation| expectation.answers.contains(&Answer::Success)) {
        let has_body = |edition| has_body_of(&observation, &run.corpus.operation, edition);
        match (has_body(run.target.edition), has_body(run.target.edition.other())) {
            (true, _) => _ = run.own_edition.fetch_add(1, Ordering::Relaxed),
            (false, true) => _ = run.other_edition.fetch_add(1, Ordering::Relaxed),
            (false, false) => {}
        }
    }
    let mut found = judge(&observation, expectations, context);
    let unclaimed = [Answer::RefusedUnclaimed, Answer::RefusedOr501];
    let unclaimed = expectations.iter().any(|one| one.answers.iter().any(|answer| unclaimed.contains(answer)));
    let claimed = if unclaimed { Claimed::No } else { Claimed::Yes };
    let accepted = expectations.iter().filter(|expectation| expectation.level == Level::Must).all(|expectation| {
        expectation.answers.is_empty()
            || expectation.answers.iter().any(|answer| matches_answer(&observation, answer, context))
    });
    // What HTTP recommends for it is a server fault everywhere else.
    let is_unknown_method = observation.status == 501
        && expectations.iter().any(|expectation| expectation.answers.contains(&Answer::RefusedOr501));
    // An answer to HEAD has no body that could name its error.
    let unnamed = asked.change.method.as_deref() == Some("HEAD") && matches!(observation.status, 500 | 503);
    let retryable = observation
        .error_name()
        .and_then(|name| run.corpus.error(name))
        .filter(|error| error.retryable && error.status.contains(&observation.status) && !expects(error.id.get_ref()))
        .map(|_| in_short(&observation))
        .or_else(|| unnamed.then(|| in_short(&observation)));
    for mut mismatch in every_answer(run.corpus, response, &observation, claimed) {
        if is_unknown_method && mismatch.what == What::Status {
            continue;
        }
        // A wrong status or type was reported already, as what it is wrong for.
        let repeated = |seen: &Mismatch| {
            seen.what == mismatch.what && seen.level >= mismatch.level && seen.place == *context.place
        };
        if mismatch.what != What::Header && !accepted && found.iter().any(repeated) {
            continue;
        }
        if mismatch.place == Place::answer() {
            mismatch.place = context.place.clone();
        }
        found.push(mismatch);
    }
    found.extend(run.repeated_values(&observation));
    found.extend(wrong_times(run.corpus, &observation, (run.options.clock)()));
    if observation.status >= 500 && !accepted {
        found.extend(liveness(run).await);
    }
    Ok(Judged { found, retryable })
}

/// What a correct request about a key that does not exist is answered with.
const ABSENT: &str = "NotFoundException";

/// What it is answered with if the caller may use the operation on some keys only.
const DENIED: &str = "AccessDeniedException";

/// Whether the caller was told that it may not use the operation, in a case that has no key in the Region of the request.
fn is_scoped(asked: Asked<'_>, observation: &Observation) -> bool {
    asked.change.principal == PrincipalName::Primary
        && !asked.has_key_here
        && observation.error_name() == Some(DENIED)
        && matches!(observation.status, 400 | 403)
}

/// The expectations with their message patterns rendered; one that names what is not known is left out.
pub(super) fn rendered(expect: &[Expectation], world: &World) -> Vec<Expectation> {
    expect
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

/// The id of the material that a request deletes: the one it names, or the key's current one.
pub(super) fn deleted_material(operation: &Operation, request: &Request, world: &World) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let named = body.as_ref().and_then(|body| body[&operation.material_member].as_str().map(str::to_owned));
    named.or_else(|| world.key.as_ref()?.material_id.clone())
}

/// A correct request about a key that does not exist.
pub(super) fn absent(run: &Run<'_>, label: &str) -> Request {
    let operation = &run.corpus.operation;
    let body = operation.body_for(&run.options.entropy.uuid(label));
    run.primary.plain().signed(&operation.target(), body.into_bytes())
}

/// Is the target still alive after a broken answer?
async fn liveness(run: &Run<'_>) -> Option<Mismatch> {
    let request = absent(run, "liveness");
    let exchange = run.sender.wire(&[request]).await.pop()?;
    let found = match &exchange.result {
        Ok(_) => return None,
        Err(error) => error.text(),
    };
    let shape = run.corpus.shape(ShapeRule::TargetStaysAlive)?;
    Some(Mismatch {
        what: What::Liveness,
        place: Place::NextRequest,
        expected: Fact::words("an answer"),
        found: Fact::Said { text: found.flat() },
        clauses: shape.clauses.clone(),
        supports: shape.supports.clone(),
        level: shape.level,
        hint: Some("the target stopped answering after this case; what follows may be its victim".to_owned()),
    })
}

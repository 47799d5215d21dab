//! The judgement of one answer.

use super::context::Run;
use super::ended::{Ended, ended};
use crate::compare::{Claimed, Context, Fact, Mismatch, Place, What, every_answer, judge, matches_answer, transport};
use crate::fixture::{Answer, Case, Expectation, Level, PrincipalName, ShapeRule};
use crate::http::Request;
use crate::observe::observe;
use crate::plan::{OPERATION, World, base_request, render};
use crate::report::Outcome;
use crate::send::{Exchange, Fault};
use crate::sign::{Signing, sign};
use crate::text::Text;
use serde_json::{Value, json};

/// Compares one answer with its expectations and with the rules for every answer.
pub(super) async fn judge_exchange(
    run: &Run<'_>,
    case: &Case,
    expectations: &[Expectation],
    exchange: &Exchange,
    context: &Context<'_>,
) -> Result<Vec<Mismatch>, Ended> {
    let response = match &exchange.result {
        Ok(response) => response,
        Err(error) => {
            if error.fault() != Fault::Target {
                return Err(ended(Outcome::Indeterminate, Text::from("no answer: ").and(error.text())));
            }
            return Ok(transport(run.corpus, error).into_iter().chain(liveness(run).await).collect());
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
    if observation.status >= 500 && !accepted {
        found.extend(liveness(run).await);
    }
    Ok(found)
}

/// The expectations with their message patterns rendered; one that names what is not known is left out.
pub(super) fn rendered(case: &Case, world: &World) -> Vec<Expectation> {
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

/// The id of the material that a request deletes: the one it names, or the key's current one.
pub(super) fn deleted_material(request: &Request, world: &World) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let named = body.as_ref().and_then(|body| body["KeyMaterialId"].as_str().map(str::to_owned));
    named.or_else(|| world.key.as_ref()?.material_id.clone())
}

/// Is the target still alive after a broken answer?
async fn liveness(run: &Run<'_>) -> Option<Mismatch> {
    let body = json!({ "KeyId": run.options.entropy.uuid("liveness") }).to_string();
    let credentials = run.target.principals.get(&PrincipalName::Primary)?;
    let signing = Signing::plain(credentials.clone(), &run.target.region, (run.options.clock)());
    let request = sign(base_request(&run.host, OPERATION, body.into_bytes()), &signing).ok()?.request;
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

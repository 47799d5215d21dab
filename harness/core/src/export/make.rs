//! Makes the document of a corpus.

use super::accepted::{accepted, expected, holding};
use super::document::{
    Afterwards, AtOnce, CaseIn, Export, Following, Names, OperationNames, SCHEMA, Sequel, Signatures,
};
use super::error::ExportError;
use super::request::{Signer, request};
use crate::compare::Naming;
use crate::fixture::{Case, Corpus, Edition, Effect, Mutation, Precondition, Sequence, Supports, Together, holds_in};
use crate::plan::World;
use std::time::{Duration, SystemTime};

/// The time of the page's example: seconds since 1970, and the same in words.
const TIME: (u64, &str) = (1_478_554_532, "2016-11-07T21:35:32Z");

/// The corpus with these cases, in these editions. The rest of the corpus is whole.
///
/// # Errors
///
/// The request of a case cannot be planned or signed.
pub fn export(corpus: &Corpus, cases: &[&Case], editions: &[Edition]) -> Result<Export, ExportError> {
    let operation = &corpus.operation;
    let signer = Signer {
        // The credentials of AWS's documentation.
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: "example-token".to_owned(),
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(TIME.0),
    };
    let in_editions =
        |case: &Case| -> Vec<Edition> { editions.iter().copied().filter(|edition| case.holds_in(*edition)).collect() };
    let exported = cases
        .iter()
        .flat_map(|case| in_editions(case).into_iter().map(move |edition| (*case, edition)))
        .map(|(case, edition)| case_in(corpus, case, edition, &signer))
        .collect::<Result<_, _>>()?;
    let effects = corpus.effects.iter().flat_map(|effect| {
        let held = editions.iter().filter(|edition| holds_in(effect.editions.as_ref(), **edition));
        held.map(move |edition| afterwards(corpus, effect, *edition))
    });
    Ok(Export {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        corpus: corpus.digest.clone(),
        operation: OperationNames {
            name: operation.name.clone(),
            target: operation.target(),
            key_member: operation.key_member.clone(),
            material_member: operation.material_member.clone(),
            may_change: operation.may_change.clone(),
        },
        signing: Signatures {
            algorithm: "AWS4-HMAC-SHA256".to_owned(),
            service: "kms".to_owned(),
            mutations: Mutation::ALL.iter().map(|one| (one.to_string(), one.describe().to_owned())).collect(),
        },
        sample: Names {
            region: World::example().region,
            access_key_id: signer.access_key_id,
            secret_access_key: signer.secret_access_key,
            session_token: signer.session_token,
            time: TIME.1.to_owned(),
        },
        cases: exported,
        preconditions: corpus.preconditions.clone(),
        effects: effects.collect(),
        shapes: corpus.shapes.clone(),
        headers: corpus.headers.clone(),
        errors: corpus.errors.clone(),
        clauses: corpus.clauses.clone(),
        passages: corpus.passages.clone(),
        sources: corpus.sources.clone(),
    })
}

fn case_in(corpus: &Corpus, case: &Case, edition: Edition, signer: &Signer) -> Result<CaseIn, ExportError> {
    let precondition = corpus.precondition(&case.precondition);
    let mut world = World::example();
    if !precondition.is_some_and(Precondition::has_key) {
        world.key = None;
    }
    let cited = (case.clauses.as_slice(), &case.supports);
    let sent = |change| request(case.id(), &corpus.operation, change, &world, signer);
    let next = match &case.next {
        Some(next) => Some(Following {
            request: sent(&next.request)?,
            pipelined: next.pipelined,
            accepts: expected(corpus, edition, &next.expect, cited),
        }),
        None => None,
    };
    Ok(CaseIn {
        id: case.id().to_owned(),
        edition,
        title: case.title.clone(),
        level: case.level,
        danger: case.danger,
        tags: case.tags.clone(),
        note: case.note.clone(),
        precondition: case.precondition.clone(),
        requires: case.requires.clone(),
        clauses: holding(corpus, edition, &case.clauses),
        supports: case.supports.clone(),
        request: sent(&case.request)?,
        accepts: expected(corpus, edition, &case.expect, cited),
        names_material: precondition.map_or(Naming::Open, Naming::of),
        together: case.together.as_ref().map(|together| at_once(corpus, together, edition, cited)),
        next,
        after: ids(corpus, &case.after, edition),
    })
}

fn at_once(corpus: &Corpus, together: &Together, edition: Edition, cited: (&[String], &Supports)) -> AtOnce {
    let holds = |order: &&Sequence| holds_in(order.editions.as_ref(), edition);
    AtOnce {
        call: together.call,
        operation: together.call.operation(&corpus.operation.name).to_owned(),
        rounds: together.rounds(),
        accepts: expected(corpus, edition, &together.expect, cited),
        orders: together
            .orders
            .iter()
            .filter(holds)
            .map(|order| Sequel {
                first: order.first,
                answers: accepted(corpus, edition, &order.answers),
                call_answers: accepted(corpus, edition, &order.call_answers),
                after: ids(corpus, &order.after, edition),
            })
            .collect(),
    }
}

fn afterwards(corpus: &Corpus, effect: &Effect, edition: Edition) -> Afterwards {
    let supports = effect.supports.clone().unwrap_or_default();
    let checks = effect.checks.iter().filter(|check| holds_in(check.editions.as_ref(), edition));
    Afterwards {
        id: effect.id.get_ref().clone(),
        edition,
        title: effect.title.clone(),
        call: effect.call,
        operation: effect.call.operation(&corpus.operation.name).to_owned(),
        on: effect.on,
        checks: checks.cloned().collect(),
        accepts: expected(corpus, edition, &effect.expect, (&effect.clauses, &supports)),
        clauses: holding(corpus, edition, &effect.clauses),
        supports,
        note: effect.note.clone(),
    }
}

/// The effects of these ids that hold in this edition.
fn ids(corpus: &Corpus, ids: &[String], edition: Edition) -> Vec<String> {
    corpus.effects_named(ids, edition).map(|effect| effect.id.get_ref().clone()).collect()
}

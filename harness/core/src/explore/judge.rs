//! Compares the answers of two sides. Pure.

use super::precedent::Precedents;
use super::side::{Answered, Seen};
use super::trial::{Move, Relation, is_plain};
use crate::compare::{
    Claimed, Context, Fact, Mismatch, Naming, Place, What, WhichKey, every_answer, in_short, judge, transport,
};
use crate::fixture::{Answer, Corpus, Edition, Expectation, Level, Meaning, Precondition, RequestChange, Supports};
use crate::normalise::{Normaliser, Redactor};
use crate::observe::{Body, Observation};
use crate::plan::World;
use crate::send::Fault;
use crate::text::{TargetText, Text};
use serde_json::Value;
use std::collections::BTreeSet;

/// The context for judging one call.
pub(super) struct Judging<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) edition: Edition,
    pub(super) step: &'a Move,
    /// The cases. No finding binds more than they do.
    pub(super) precedents: &'a Precedents<'a>,
    /// The state of the key before the call, if a precondition's words can say it.
    pub(super) state: Option<&'a Precondition>,
    /// Whether the operation under test has succeeded in this trial. Later calls then show its effect.
    pub(super) deleted: bool,
    /// The ARN of the key on the target.
    pub(super) key_arn: Option<&'a str>,
    /// The id of the only key material that was imported so far.
    pub(super) material_id: Option<&'a str>,
}

/// The result of judging one call.
pub(super) struct Verdict {
    /// The mismatches of each answer.
    pub(super) mismatches: Vec<Vec<Mismatch>>,
    /// Whether both sides are still in the same state. If not, the trial ends.
    pub(super) in_step: bool,
    /// The reason why the target was not reached.
    pub(super) unreached: Option<Text>,
}

/// Compares the target's answers to a call with the model's.
pub(super) fn by_model(target: &Seen, model: &Seen, judging: &Judging<'_>) -> Verdict {
    let mut verdict = Verdict { mismatches: Vec::new(), in_step: true, unreached: None };
    let (Seen::Answers(target), Seen::Answers(model)) = (target, model) else {
        verdict.in_step = false;
        return verdict;
    };
    for (target, model) in target.iter().zip(model) {
        let Some(expected) = model.observation() else {
            verdict.in_step = false;
            return verdict;
        };
        let found = answer(target, expected, judging, &mut verdict);
        verdict.mismatches.push(found);
    }
    verdict
}

/// The place of an answer: the answer of the operation under test, or a later call that shows the effect.
fn place(target: &Answered, judging: &Judging<'_>) -> Place<TargetText> {
    let called = target.request.header("X-Amz-Target").map(String::from_utf8_lossy).unwrap_or_default();
    match judging.step.change() {
        Some(_) => Place::answer(),
        None => Place::afterwards(called.rsplit('.').next().unwrap_or_default()),
    }
}

fn answer(target: &Answered, expected: &Observation, judging: &Judging<'_>, verdict: &mut Verdict) -> Vec<Mismatch> {
    let corpus = judging.corpus;
    let place = place(target, judging);
    // Other operations are not under test, until their answers show the effect of the operation under test.
    let counts = judging.deleted || judging.step.change().is_some();
    let (response, observation) = match &target.result {
        Ok(answer) => answer,
        Err(error) => {
            verdict.in_step = false;
            if error.fault() == Fault::Network {
                verdict.unreached = Some(error.text());
            }
            let found = transport(corpus, error).filter(|_| counts);
            let mut found: Vec<_> = found.into_iter().map(|found| Mismatch { place: place.clone(), ..found }).collect();
            if let Some(change) = judging.step.change() {
                limit(&mut found, judging.precedents.like(change, judging.state).level());
            }
            return found;
        }
    };
    let expectations = expectations(corpus, expected, judging);
    let clauses = clauses(corpus, expected);
    let none = Supports::default();
    let context = Context {
        corpus,
        edition: judging.edition,
        key_arn: judging.key_arn,
        naming: if names_material(expected, judging) { Naming::Due } else { Naming::Absent },
        // A request that names a key material may name another one.
        material_id: judging.material_id.filter(|_| judging.step.change().is_some_and(is_plain)),
        clauses: &clauses,
        supports: &none,
        place: &place,
    };
    let differs = observation.is_success() != expected.is_success();
    let mut found = judge(observation, &expectations, &context);
    if differs {
        // If one side succeeds and the other refuses, the first mismatch says it all.
        found.truncate(1);
    }
    for mismatch in found.iter_mut().filter(|mismatch| mismatch.what == What::Status && mismatch.hint.is_none()) {
        mismatch.hint = Some(format!("the reference answers {}", Redactor::default().show(&in_short(expected))));
    }
    verdict.in_step &= !differs;
    // If the model refuses a change of the key's state, an answer of the target that accepts it does not show an effect
    // of the operation under test.
    let is_of_state =
        matches!(judging.step, Move::Disable | Move::Enable | Move::Schedule | Move::Cancel) && !expected.is_success();
    if !counts || is_of_state {
        return Vec::new();
    }
    if !differs && expected.is_success() {
        found.extend(shown_afterwards(observation, expected, judging.step, &place));
    }
    if let Some(change) = judging.step.change() {
        let mut of_every_answer = every_answer(corpus, response, observation, claimed(change));
        if !found.is_empty() || !of_every_answer.is_empty() {
            let alike = judging.precedents.like(change, judging.state);
            let (level, supports) = alike.on(observation, expected);
            for mismatch in found.iter_mut().filter(|mismatch| mismatch.supports.is_empty()) {
                mismatch.level = mismatch.level.min(level);
                mismatch.supports.clone_from(&supports);
            }
            limit(&mut found, alike.level());
            limit(&mut of_every_answer, alike.level());
        }
        add_news(&mut found, of_every_answer);
    }
    found
}

/// Mismatches that bind no more than this level.
pub(super) fn limit(found: &mut [Mismatch], level: Level) {
    found.iter_mut().for_each(|mismatch| mismatch.level = mismatch.level.min(level));
}

/// Adds the mismatches that are not implied by earlier ones.
fn add_news(found: &mut Vec<Mismatch>, of_every_answer: Vec<Mismatch>) {
    let is_wrong = !found.is_empty();
    for mismatch in of_every_answer {
        let is_repeated = mismatch.what != What::Header
            && is_wrong
            && found.iter().any(|seen| seen.what == mismatch.what && seen.level >= mismatch.level);
        if !is_repeated {
            found.push(mismatch);
        }
    }
}

/// The differences that a later call shows if it succeeds on both sides.
fn shown_afterwards(
    seen: &Observation,
    expected: &Observation,
    step: &Move,
    place: &Place<TargetText>,
) -> Vec<Mismatch> {
    let member = |observation: &Observation, path: &str| match &observation.body {
        Body::Json(value) => value.pointer(path).cloned().unwrap_or(Value::Null),
        _ => Value::Null,
    };
    let paths: &[&str] = match step {
        Move::Describe => &["/KeyMetadata/KeyState", "/KeyMetadata/Enabled"],
        // Both sides encrypted the same plaintext.
        Move::Decrypt => &["/Plaintext"],
        _ => &[],
    };
    let differs = paths.iter().filter(|path| member(seen, path) != member(expected, path));
    let mismatches = differs.map(|path| Mismatch {
        what: What::Effect,
        place: Place::Afterwards {
            call: place.call().unwrap_or_default().to_owned(),
            member: path.rsplit('/').next().map(TargetText::from),
            key: WhichKey::Key,
        },
        expected: Fact::value(member(expected, path).to_string()),
        found: Fact::value(member(seen, path).to_string()),
        clauses: vec!["S-03".to_owned()],
        supports: Supports::default(),
        level: Level::Should,
        hint: None,
    });
    mismatches.collect()
}

/// The answers that the target may give, derived from the model's answer. If the page describes the request, the answer
/// of the model binds. Otherwise only the refusal binds, and the error type is a hint.
fn expectations(corpus: &Corpus, expected: &Observation, judging: &Judging<'_>) -> Vec<Expectation> {
    let binding = judging.step.change().is_none_or(is_plain);
    let one = |level, answer| Expectation::of(level, vec![answer]);
    let is_delete = judging.step.change().is_some();
    if expected.is_success() {
        let answer = if is_delete { Answer::Success } else { Answer::Done };
        let level = if binding { Level::Must } else { Level::Should };
        return vec![one(level, answer)];
    }
    let refused = match judging.step.change().map(claimed) {
        Some(Claimed::No) => Answer::RefusedUnclaimed,
        _ => Answer::Refused,
    };
    match expected.error_name().filter(|name| corpus.error(name).is_some()) {
        // The precondition of the key decides which server fault is expected, not the request.
        Some(name) if expected.status >= 500 => vec![one(Level::Must, Answer::Error(name.to_owned()))],
        Some(name) if binding && is_delete => vec![one(Level::Must, Answer::Error(name.to_owned()))],
        Some(name) if refused == Answer::Refused => {
            vec![one(Level::Must, refused), one(Level::Should, Answer::Error(name.to_owned()))]
        }
        _ => vec![one(Level::Must, refused)],
    }
}

/// The clauses that describe such an answer.
pub(super) fn clauses(corpus: &Corpus, expected: &Observation) -> Vec<String> {
    match expected.error_name().and_then(|name| corpus.error(name)) {
        Some(error) => error.clauses.clone(),
        None if expected.is_success() => vec!["S-23".to_owned()],
        None => Vec::new(),
    }
}

/// Whether a front door can recognise that the request uses this protocol. If X-Amz-Target is absent or unknown, the
/// content type still shows it.
pub(super) fn claimed(change: &RequestChange) -> Claimed {
    let is_about_it = |name: &String| ["content-type", "host"].iter().any(|known| name.eq_ignore_ascii_case(known));
    let is_odd = change.method.is_some()
        || change.target.is_some()
        || change.set.keys().any(is_about_it)
        || change.remove.iter().any(is_about_it)
        || change.add.iter().chain(&change.unsigned).any(|(name, _)| is_about_it(name));
    if is_odd { Claimed::No } else { Claimed::Yes }
}

fn names_material(expected: &Observation, judging: &Judging<'_>) -> bool {
    let success = judging.corpus.operation.success_in(judging.edition);
    let Some(member) = success.member(Meaning::DeletedMaterialId) else { return false };
    match &expected.body {
        Body::Json(value) => value[member].as_str().is_some_and(|id| !id.is_empty()),
        _ => false,
    }
}

/// Compares two answers of one target that must be equal. Each is compared with the names of its own world.
pub(super) fn alike(answer: (&Answered, &World), plain: (&Answered, &World), relation: Relation) -> Option<Mismatch> {
    let shown = |(answered, world): (&Answered, &World)| {
        let observation = answered.observation()?;
        Some(match observation.error_name() {
            Some(error) => format!("{} {error}", observation.status),
            None => {
                let body = Normaliser::new(world, None).normalise(&String::from_utf8_lossy(&observation.bytes));
                format!("{} with `{body}`", observation.status)
            }
        })
    };
    let (found, expected) = (shown(answer)?, shown(plain)?);
    (found != expected).then(|| Mismatch {
        what: What::Status,
        place: Place::answer(),
        expected: Fact::Said {
            text: TargetText::new(match relation {
                Relation::Again => format!("as before the same material was imported again, {expected}"),
                _ => format!("as to the other request, {expected}"),
            }),
        },
        found: Fact::Said { text: TargetText::new(found) },
        clauses: Vec::new(),
        supports: Supports::default(),
        level: Level::Must,
        hint: Some(
            "the difference between the two requests must not change the answer; the first exchange is the other request".to_owned(),
        ),
    })
}

/// The changes that a call may make to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// No change, because the call was refused or named another key.
    Nothing,
    /// The change that the model made.
    Change,
}

/// Compares the changes of the key on the target with the changes of the key on the model.
pub(super) fn effects(
    corpus: &Corpus,
    target: [&Value; 2],
    model: [&Value; 2],
    allowed: Allowed,
    on: WhichKey,
) -> Vec<Mismatch> {
    let ([before, after], [model_before, model_after]) = (target, model);
    let refused = allowed == Allowed::Nothing;
    let members = |metadata: &'_ Value| {
        metadata.as_object().into_iter().flat_map(serde_json::Map::keys).cloned().collect::<BTreeSet<_>>()
    };
    let names = &members(before) | &members(after);
    let state = |metadata: &Value| [metadata.get("KeyState").cloned(), metadata.get("Enabled").cloned()];
    // Calls before this one had different effects on the two sides. The operation under test did not cause this
    // difference.
    if allowed == Allowed::Change && state(before) != state(model_before) {
        return Vec::new();
    }
    let mut mismatches: Vec<Mismatch> = Vec::new();
    for name in &names {
        let of = |metadata: &Value| metadata.get(name).filter(|value| !value.is_null()).cloned();
        let (had, has) = (of(before), of(after));
        let (model_had, model_has) = (of(model_before), of(model_after));
        let is_state = ["KeyState", "Enabled"].contains(&name.as_str());
        let expected = if model_had == model_has {
            // If the model lacks a member, it is unknown whether a success may change it.
            if model_had.is_none() && allowed == Allowed::Change {
                continue;
            }
            had.clone()
        } else if is_state && had == model_had {
            model_has.clone()
        } else if model_has.is_none() {
            None
        } else {
            continue;
        };
        if has == expected {
            continue;
        }
        let clause = if refused { "S-13" } else { "S-01" };
        let said = corpus.clause(clause).map(|clause| clause.supports.clone());
        let show = |value: Option<&Value>| value.map_or(Fact::Absent, |value| Fact::value(value.to_string()));
        mismatches.push(Mismatch {
            what: What::Effect,
            place: Place::Afterwards {
                call: "DescribeKey".to_owned(),
                member: Some(TargetText::from(name.as_str())),
                key: on,
            },
            expected: show(expected.as_ref()),
            found: show(has.as_ref()),
            clauses: vec![clause.to_owned()],
            supports: said.filter(|_| is_state || refused).unwrap_or_default(),
            level: if is_state || refused { Level::Must } else { Level::Should },
            hint: None,
        });
    }
    mismatches
}

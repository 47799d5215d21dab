//! Tells the faults of a target apart, so that each fault is reported once, and no fault is replaced by another one
//! while its trial is shrunk.

use super::trial::{Move, Relation, Trial};
use crate::compare::{Mismatch, What};
use crate::fixture::RequestChange;
use crate::normalise::Redactor;
use std::collections::BTreeSet;

/// The identity of a fault: the kind of the mismatch, its place, the expected value and the found value. Ids are left
/// out, because they differ in every trial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault(String);

/// The fault that a mismatch shows.
pub(super) fn what_differs(mismatch: &Mismatch) -> Fault {
    let mismatch = &mismatch.clone().shown(&Redactor::default());
    // A wrong status is another fault if the model refuses with another error. A wrong header is the same fault.
    let model = mismatch.hint.as_deref().filter(|_| mismatch.what == What::Status).unwrap_or_default();
    let found = match mismatch.what {
        // The expected value identifies these faults. The found text depends on the request.
        What::Header | What::Framing | What::Message | What::Transport => String::new(),
        _ => blurred(&mismatch.found.to_string()),
    };
    Fault(format!("{:?} {} {} {found} {model}", mismatch.what, mismatch.place, blurred(&mismatch.expected.to_string())))
}

fn blurred(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let is_id = |word: &str| word.len() > 12 && word.chars().any(|letter| letter == '0');
    text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .map(|word| if is_id(word) { "…" } else { word })
        .collect()
}

/// Whether a smaller trial still tests the same thing: the call that shows the fault is the same operation, and its
/// request has no unusual part that the larger request does not have. Otherwise a request with a bad signature could be
/// shrunk to one with a bad id, if the target gives both the same wrong answer.
pub(super) fn is_smaller((candidate, at): (&Trial, usize), (trial, was_at): (&Trial, usize)) -> bool {
    let (Some(step), Some(was)) = (candidate.steps.get(at), trial.steps.get(was_at)) else { return false };
    if candidate.relation != trial.relation {
        return false;
    }
    match (step, was) {
        (Move::Delete(change), Move::Delete(was)) => parts(change).is_subset(&parts(was)),
        (step, was) => step == was,
    }
}

/// Whether a trial could be smaller in this sense, for any of its calls. This is checked before the trial is made,
/// because every trial costs requests.
pub(super) fn may_be_smaller(candidate: &Trial, trial: &Trial) -> bool {
    let unusual =
        |trial: &Trial| -> BTreeSet<String> { trial.steps.iter().filter_map(Move::change).flat_map(parts).collect() };
    candidate.relation == trial.relation && unusual(candidate).is_subset(&unusual(trial))
}

/// The trial without one of its calls, or with one unusual part of a request less.
pub(super) fn with_less(trial: &Trial, usual_start: &str) -> Vec<Trial> {
    let mut candidates = Vec::new();
    if trial.start != usual_start {
        candidates.push(Trial { start: usual_start.to_owned(), ..trial.clone() });
    }
    if trial.relation == Relation::Model && trial.steps.len() > 1 {
        for at in 0..trial.steps.len() {
            let mut less = trial.clone();
            less.steps.remove(at);
            candidates.push(less);
        }
    }
    for (at, change) in trial.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.change()?))) {
        let Ok(toml::Value::Table(table)) = toml::Value::try_from(change) else { continue };
        for name in table.keys() {
            let mut table = table.clone();
            table.remove(name);
            let Ok(change) = table.try_into::<RequestChange>() else { continue };
            let mut less = trial.clone();
            less.steps[at] = Move::Delete(Box::new(change));
            candidates.push(less);
        }
    }
    candidates
}

/// The unusual parts of a request. A named fault, a principal and a header each count as one part.
fn parts(change: &RequestChange) -> BTreeSet<String> {
    let Ok(toml::Value::Table(table)) = toml::Value::try_from(change) else { return BTreeSet::new() };
    let mut parts = BTreeSet::new();
    for (name, value) in table {
        match (name.as_str(), &value) {
            ("mutation" | "principal" | "auth" | "framing" | "connection" | "order", value) => {
                parts.insert(format!("{name} {value}"));
            }
            (_, toml::Value::Integer(number)) => drop(parts.insert(format!("{name} {}", number.signum()))),
            (_, toml::Value::Table(headers)) => parts.extend(headers.keys().map(|header| format!("{name} {header}"))),
            (_, toml::Value::Array(headers)) => parts.extend(headers.iter().map(|header| {
                let header = header.get(0).unwrap_or(header);
                format!("{name} {header}")
            })),
            _ => {
                parts.insert(name);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Fact, Place};
    use crate::fixture::{Level, Mutation, Supports};

    fn mismatch(what: What, expected: &str, found: &str) -> Mismatch {
        Mismatch {
            what,
            place: Place::answer(),
            expected: Fact::words(expected),
            found: Fact::words(found),
            clauses: Vec::new(),
            supports: Supports::default(),
            level: Level::Must,
            hint: None,
        }
    }

    #[test]
    fn ids_do_not_tell_faults_apart_and_what_is_found_does() {
        let one = mismatch(
            What::Body,
            "`KeyId` is `arn:aws:kms:us-east-2:1:key/0b7fd7dd-0000-4000-8000-000000000001`",
            "absent",
        );
        let other = mismatch(
            What::Body,
            "`KeyId` is `arn:aws:kms:us-east-2:1:key/ab7fd7dd-1111-4000-8000-000000000002`",
            "absent",
        );
        assert_eq!(what_differs(&one), what_differs(&other));
        let one = mismatch(What::Status, "4xx", "200");
        assert_ne!(what_differs(&one), what_differs(&mismatch(What::Status, "4xx", "500 InternalError")));
        let refused =
            |error: &str| Mismatch { hint: Some(format!("the reference answers 400 {error}")), ..one.clone() };
        assert_ne!(what_differs(&refused("NotFoundException")), what_differs(&refused("ValidationException")));
    }

    #[test]
    fn a_smaller_trial_changes_nothing_that_was_usual() {
        let trial = |change: RequestChange| Trial {
            start: "imported-symmetric".to_owned(),
            relation: Relation::Model,
            steps: vec![Move::Delete(Box::new(change))],
        };
        let mutated = |mutation| trial(RequestChange { mutation: Some(mutation), ..RequestChange::default() });
        let garbage = mutated(Mutation::AuthorizationGarbage);
        let is_smaller = |candidate: &Trial, trial: &Trial| is_smaller((candidate, 0), (trial, 0));
        assert!(is_smaller(&garbage, &garbage));
        assert!(is_smaller(&trial(RequestChange::default()), &garbage));
        assert!(!is_smaller(&mutated(Mutation::AuthorizationAbsent), &garbage));
        let alias = trial(RequestChange { key_id: Some("alias/x".to_owned()), ..RequestChange::default() });
        assert!(!is_smaller(&alias, &garbage));
        assert!(may_be_smaller(&garbage, &garbage) && !may_be_smaller(&alias, &garbage));
        let used = Trial { steps: vec![Move::Use], ..garbage.clone() };
        assert!(!is_smaller(&used, &garbage));
    }

    #[test]
    fn less_is_one_call_or_one_unusual_thing_less() {
        let change = RequestChange { key_id: Some("x".to_owned()), times: Some(2), ..RequestChange::default() };
        let trial = Trial {
            start: "disabled".to_owned(),
            relation: Relation::Model,
            steps: vec![Move::Disable, Move::Delete(Box::new(change))],
        };
        let less = with_less(&trial, "imported-symmetric");
        assert_eq!(less.len(), 5, "{less:?}");
        assert_eq!(less[0].start, "imported-symmetric");
        assert_eq!(less[2].steps, [Move::Disable]);
        let parts: Vec<usize> = less[3..]
            .iter()
            .map(|trial| parts(trial.steps[1].change().unwrap_or(&RequestChange::default())).len())
            .collect();
        assert_eq!(parts, [1, 1]);
        let smallest = Trial { start: "x".to_owned(), relation: Relation::Plain, steps: vec![Move::delete()] };
        assert!(with_less(&smallest, "x").is_empty());
    }
}

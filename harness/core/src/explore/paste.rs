//! Writes a finding as a case that can be pasted into `fixtures/cases/`.

use super::judge::{claimed, clauses};
use super::trial::{Move, Relation, Trial, is_plain};
use crate::compare::{Claimed, Mismatch};
use crate::fixture::{
    Answer, Case, Corpus, Danger, Edition, Expectation, Material, Precondition, Reach, RequestChange, Step, Supports,
    print_case,
};
use crate::observe::Observation;
use toml::Spanned;

/// The text of a case, with the calls that led to it as a comment. `expected` is the model's answer to the call that
/// shows the difference, `found` is the difference: the case binds no more than it, and cites what it cites.
pub(super) fn case(
    corpus: &Corpus,
    edition: Edition,
    trial: &Trial,
    at: usize,
    expected: Option<&Observation>,
    found: &[Mismatch],
) -> String {
    let last = trial.steps[..=at.min(trial.steps.len().saturating_sub(1))]
        .iter()
        .rposition(|step| step.change().is_some())
        .unwrap_or_default();
    let (before, rest) = trial.steps.split_at(last);
    let (precondition, is_exact) = precondition(corpus, &trial.start, before, edition);
    let mut lines = Vec::new();
    if trial.relation != Relation::Model {
        let relation = format!("{:?}", trial.relation).to_lowercase();
        lines.push(format!("# two answers of the target itself have to be alike ({relation})."));
    }
    if !is_exact {
        let calls: Vec<String> = before.iter().map(word).collect();
        lines.push(format!("# No precondition says: {}, then {}.", trial.start, calls.join(", ")));
    }
    let change = rest.first().and_then(Move::change).cloned().unwrap_or_default();
    let after: Vec<&Move> = rest.iter().skip(1).take(at.saturating_sub(last)).collect();
    let is_binding = is_plain(&change);
    let shows_effect = at > last;
    let succeeds = shows_effect || expected.is_none_or(Observation::is_success);
    let answer = answer(corpus, &change, expected.filter(|expected| !shows_effect && !expected.is_success()));
    let strongest = found.iter().rev().max_by_key(|mismatch| mismatch.level);
    let mut cited = strongest.map(|mismatch| mismatch.clauses.clone()).unwrap_or_default();
    if cited.is_empty() {
        cited = expected.filter(|_| !shows_effect).map(|expected| clauses(corpus, expected)).unwrap_or_default();
    }
    if cited.is_empty() {
        cited.push(if succeeds { "S-23" } else { "S-13" }.to_owned());
    }
    // A level is never stronger than its passages carry, and the model is no source.
    let of_clauses = cited.iter().filter_map(|id| corpus.clause(id)).flat_map(|clause| clause.supports.iter().cloned());
    let supports = match strongest.map(|mismatch| &mismatch.supports) {
        Some(supports) if !supports.is_empty() => supports.clone(),
        _ if is_binding => Supports(of_clauses.collect()),
        _ => Supports::default(),
    };
    let carried = corpus.carried(&supports, Reach::Operation);
    let level = strongest.map_or(carried, |mismatch| carried.min(mismatch.level));
    let effects = match corpus.precondition(&precondition).filter(|start| start.spec.is_some()) {
        Some(start) => {
            let is_known = is_exact && change.key_id.as_deref() != Some("{{ absent.id }}");
            let words = read_back(start, &after, is_known.then(|| left_behind(start, succeeds)));
            held_in(corpus, edition, &words)
        }
        None => Vec::new(),
    };
    let case = Case {
        id: Spanned::new(0..0, "GROUP/NAME".to_owned()),
        title: title(&change, &after, succeeds),
        clauses: cited,
        supports,
        level,
        editions: None,
        danger: danger(succeeds, &precondition),
        precondition,
        tags: Vec::new(),
        slow: false,
        note: None,
        kept: None,
        requires: Vec::new(),
        request: change,
        expect: vec![Expectation::of(level, vec![answer])],
        together: None,
        next: None,
        after: effects,
    };
    lines.push(print_case(&case));
    lines.join("\n")
}

fn danger(succeeds: bool, precondition: &str) -> Danger {
    match (precondition, succeeds) {
        ("none", _) => Danger::None,
        (_, true) => Danger::Mutates,
        (_, false) => Danger::Refused,
    }
}

fn title(change: &RequestChange, after: &[&Move], succeeds: bool) -> String {
    let what = match change {
        change if is_plain(change) => "a plain request".to_owned(),
        RequestChange { mutation: Some(mutation), .. } => format!("a request where {}", mutation.describe()),
        _ => "a changed request".to_owned(),
    };
    let answer = if succeeds { "succeeds" } else { "is refused" };
    match after.last() {
        Some(step) => format!("{what} {answer}, seen by {}", word(step)),
        None => format!("{what} {answer}"),
    }
}

/// A short name of a call.
pub(super) fn word(step: &Move) -> String {
    match step {
        Move::Delete(change) if **change == RequestChange::default() => "delete".to_owned(),
        Move::Delete(change) => match toml::Value::try_from(change.as_ref()) {
            Ok(value) => format!("delete {value}"),
            Err(_) => format!("delete {change:?}"),
        },
        Move::ImportSame => "import the same bytes".to_owned(),
        Move::ImportOther => "import other bytes".to_owned(),
        Move::Disable => "disable".to_owned(),
        Move::Enable => "enable".to_owned(),
        Move::Schedule => "schedule deletion".to_owned(),
        Move::Cancel => "cancel deletion".to_owned(),
        Move::Use => "use".to_owned(),
        Move::Decrypt => "decrypt what was encrypted before".to_owned(),
        Move::Describe => "describe".to_owned(),
    }
}

/// The state that a key is in after these calls, if that is known.
pub(super) fn state_after(corpus: &Corpus, start: &str, before: &[Move]) -> Option<Precondition> {
    let mut state = corpus.precondition(start)?.clone();
    let Precondition { material, then, .. } = &mut state;
    for step in before {
        match step {
            Move::Delete(change) if is_plain(change) && then.is_empty() && *material != Material::None => {
                *material = Material::Deleted;
            }
            Move::Delete(change) if !is_plain(change) => {}
            Move::ImportSame if *material == Material::Deleted && then.is_empty() => *material = Material::Imported,
            Move::Disable => then.push(Step::DisableKey),
            Move::Schedule => then.push(Step::ScheduleKeyDeletion),
            Move::Enable | Move::Cancel => drop(then.pop()),
            Move::Use | Move::Decrypt | Move::Describe => {}
            _ => return None,
        }
    }
    Some(state)
}

/// The precondition that these calls lead to, and whether there is one.
fn precondition(corpus: &Corpus, start: &str, before: &[Move], edition: Edition) -> (String, bool) {
    if corpus.precondition(start).is_none() {
        return (start.to_owned(), before.is_empty());
    }
    let Some(state) = state_after(corpus, start, before) else { return (start.to_owned(), false) };
    let alike = |other: &&Precondition| {
        other.spec == state.spec
            && other.origin == state.origin
            && (other.owner, other.region) == (state.owner, state.region)
            && (other.alias, other.other, other.multi_region) == (state.alias, state.other, state.multi_region)
            && other.provided == state.provided
            && crate::fixture::holds_in(other.editions.as_ref(), edition)
            && other.material == state.material
            && other.then == state.then
    };
    match corpus.preconditions.iter().find(alike) {
        Some(found) => (found.id().to_owned(), true),
        None => (start.to_owned(), false),
    }
}

/// The answer that the case expects. `refusal` is the model's answer if the model refused.
fn answer(corpus: &Corpus, change: &RequestChange, refusal: Option<&Observation>) -> Answer {
    let Some(refusal) = refusal else { return Answer::Success };
    let known = refusal.error_name().filter(|name| corpus.error(name).is_some());
    match (claimed(change), known) {
        (Claimed::No, _) => Answer::RefusedUnclaimed,
        (Claimed::Yes, Some(known)) => Answer::Error(known.to_owned()),
        (Claimed::Yes, None) => Answer::Refused,
    }
}

/// The effect that shows the state of a key of this precondition after the operation.
fn left_behind(start: &Precondition, succeeds: bool) -> &'static str {
    let is_pending = start.then.contains(&Step::ScheduleKeyDeletion);
    match (succeeds, is_pending) {
        (false, _) => "unchanged",
        (true, true) => "still-pending-deletion",
        (true, false) if start.material == Material::Two => "enabled-beside-rotation",
        (true, false) => "pending-import",
    }
}

/// The effects that the case must read back to show the difference again: the effect of the operation, if it is known,
/// then those that the later calls show.
fn read_back(start: &Precondition, after: &[&Move], first: Option<&'static str>) -> Vec<&'static str> {
    let mut words: Vec<&str> = first.into_iter().collect();
    let symmetric = start.spec.as_deref() == Some("SYMMETRIC_DEFAULT");
    for step in after {
        match step {
            Move::Use | Move::Describe if words.contains(&"import-same") => words.push("usable-again"),
            Move::Decrypt if words.contains(&"import-same") => words.push("old-ciphertext-decrypts"),
            Move::Decrypt => words.push("decrypt-refused"),
            Move::Use if symmetric => words.push("encrypt-refused"),
            Move::Use if start.spec.as_deref().is_some_and(|spec| spec.starts_with("HMAC")) => {
                words.push("mac-refused")
            }
            Move::Use => words.push("sign-refused"),
            Move::ImportSame => words.push("import-same"),
            Move::ImportOther => words.push("import-other-refused"),
            Move::Delete(_) => words.push("delete-again"),
            _ => {}
        }
    }
    words
}

/// The effects that exist in the edition.
fn held_in(corpus: &Corpus, edition: Edition, words: &[&str]) -> Vec<String> {
    let holds = |word: &&&str| {
        corpus
            .effects
            .iter()
            .any(|effect| effect.id.get_ref() == **word && crate::fixture::holds_in(effect.editions.as_ref(), edition))
    };
    words.iter().filter(holds).map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Fact, Place, What};
    use crate::fixture::{Level, Mutation};
    use crate::test_support::{CORPUS, observed};

    fn difference(level: Level, clauses: &[&str], supports: &[&str]) -> Mismatch {
        Mismatch {
            what: What::Status,
            place: Place::answer(),
            expected: Fact::words("a refusal"),
            found: Fact::words("a success"),
            clauses: clauses.iter().map(|clause| (*clause).to_owned()).collect(),
            supports: supports.iter().copied().collect(),
            level,
            hint: None,
        }
    }

    fn pasted(change: RequestChange, found: &[Mismatch]) -> String {
        let steps = vec![Move::Delete(Box::new(change))];
        let trial = Trial { start: "imported-symmetric".to_owned(), relation: Relation::Model, steps };
        let refusal = observed(400, r#"{"__type":"InvalidSignatureException","message":"a"}"#);
        case(&CORPUS, Edition::KeyOnly, &trial, 0, Some(&refusal), found)
    }

    #[test]
    fn a_pasted_case_cites_what_its_finding_cites() {
        let altered = RequestChange { mutation: Some(Mutation::SignatureAltered), ..RequestChange::default() };
        let weak = difference(Level::May, &["S-49"], &[]);
        let strong = difference(Level::Must, &["A-10"], &["states sigv4/mismatch"]);
        let text = pasted(altered, &[weak, strong]);
        for line in ["clauses = [\"A-10\"]", "supports = [\"states sigv4/mismatch\"]", "level = \"must\""] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_pasted_case_binds_no_more_than_its_finding_and_its_passages() {
        for (level, supports, bound) in [
            (Level::May, &["states page/key-id"][..], "may"),
            (Level::Should, &["states page/key-id"], "should"),
            (Level::Must, &["states page/key-id"], "must"),
            (Level::Must, &["implies page/key-id"], "should"),
        ] {
            let text = pasted(RequestChange::default(), &[difference(level, &["S-13"], supports)]);
            assert!(text.contains(&format!("\nlevel = \"{bound}\"\n")), "{bound}\n{text}");
            assert!(text.contains(&format!("{{ level = \"{bound}\",")), "{bound}\n{text}");
        }
    }
}

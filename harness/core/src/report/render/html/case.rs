//! What the page says of one case, and of what became of it in each run.

use super::marks::{Of, Piece, marked, plain};
use super::run::key;
use super::words::{anchor, length, sign, time};
use crate::compare::{Place, What, WhichKey};
use crate::fixture::Supports;
use crate::report::{CaseReport, ExchangeReport, KeyStates, Mismatch, Outcome, RunReport};
use serde::Serialize;
use std::collections::BTreeMap;

/// A case with its end in each run that the page shows whole.
#[derive(Debug, Serialize)]
pub(super) struct Case<'a> {
    id: &'a str,
    anchor: String,
    title: &'a str,
    pub(super) group: &'a str,
    level: String,
    clauses: Vec<(&'a str, &'a str)>,
    supports: Vec<SupportShown<'a>>,
    /// File and line of its fixture; empty if that is not known.
    fixture: String,
    start: &'a str,
    /// The outcomes in these runs, each once, for the filter.
    outcomes: String,
    /// The causes that it belongs to, for the filter.
    causes: String,
    ends: Vec<End<'a>>,
}

#[derive(Debug, Serialize)]
struct SupportShown<'a> {
    verb: &'static str,
    source: &'a str,
    date: Option<&'a str>,
    place: &'a str,
    says: &'a str,
}

/// What became of a case in one run.
#[derive(Debug, Serialize)]
struct End<'a> {
    run: usize,
    outcome: &'static str,
    verb: &'static str,
    sign: &'static str,
    answer: Option<&'a str>,
    /// Everything that is to be said of it in sentences.
    sentences: Vec<String>,
    failures: Vec<MismatchShown<'a>>,
    notes: Vec<MismatchShown<'a>>,
    fail_on: String,
    changes: Vec<ChangeShown<'a>>,
    exchanges: Vec<ExchangeShown<'a>>,
    /// The exchanges of the second look, where it did not confirm the first.
    second: Vec<ExchangeShown<'a>>,
    states: Vec<StatesShown<'a>>,
    repeat: &'a str,
    curl: Option<&'a str>,
    took: String,
    /// Its time as a share of that of the slowest case, from 0 to 100.
    length: f64,
}

#[derive(Debug, Serialize)]
struct MismatchShown<'a> {
    what: &'static str,
    place: String,
    expected: String,
    found: String,
    level: String,
    clauses: &'a [String],
    hint: Option<&'a str>,
}

/// A field that is not as in the baseline or at the other target.
#[derive(Debug, Serialize)]
struct ChangeShown<'a> {
    place: &'a str,
    names: (&'static str, &'static str),
    values: (Option<&'a str>, Option<&'a str>),
}

#[derive(Debug, Serialize)]
struct ExchangeShown<'a> {
    role: &'a str,
    lane: &'a str,
    request: Vec<Piece>,
    response: Vec<Piece>,
    /// Whether an answer came, be it empty.
    answered: bool,
    error: Option<&'a str>,
    took: String,
    /// Its time as a share of that of all exchanges of the case: where its bar begins, and how long it is.
    start: f64,
    length: f64,
}

/// The states of a key one after the other.
#[derive(Debug, Serialize)]
struct StatesShown<'a> {
    key: &'static str,
    states: Vec<&'a str>,
    /// The state that was due after the exchange, if it is another one.
    expected: Option<String>,
}

/// What is looked up for every case of a run.
#[derive(Debug)]
pub(super) struct Known<'a> {
    number: usize,
    run: &'a RunReport,
    cases: BTreeMap<&'a str, &'a CaseReport>,
    causes: BTreeMap<&'a str, Vec<String>>,
    differ: BTreeMap<&'a str, &'a crate::report::CaseDifference>,
    slowest: u64,
}

impl<'a> Known<'a> {
    pub(super) fn of(number: usize, run: &'a RunReport) -> Self {
        let mut causes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (at, cause) in run.causes.iter().enumerate() {
            for case in &cause.cases {
                causes.entry(case).or_default().push(key(number, at));
            }
        }
        let differ = run.differential.iter().flat_map(|found| &found.differ);
        Self {
            number,
            run,
            cases: run.cases.iter().map(|case| (case.id.as_str(), case)).collect(),
            causes,
            differ: differ.map(|difference| (difference.case.as_str(), difference)).collect(),
            slowest: run.cases.iter().map(|case| case.duration_us).max().unwrap_or_default(),
        }
    }

    /// The outcome of a case; nothing if it is not in the run.
    pub(super) fn outcome(&self, id: &str) -> Option<Outcome> {
        self.cases.get(id).map(|case| case.outcome)
    }
}

impl<'a> Case<'a> {
    /// The case of this id, which one of these runs has.
    pub(super) fn of(case: &'a CaseReport, run: &'a RunReport, known: &[Known<'a>]) -> Self {
        let found: Vec<(&Known<'a>, &'a CaseReport)> =
            known.iter().filter_map(|known| Some((known, *known.cases.get(case.id.as_str())?))).collect();
        let mut outcomes: Vec<&str> = found.iter().map(|(_, case)| case.outcome.as_str()).collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        let causes = found.iter().flat_map(|(known, _)| known.causes.get(case.id.as_str()).into_iter().flatten());
        let causes: Vec<&str> = causes.map(String::as_str).collect();
        let fixture = match case.fixture.file.as_str() {
            "" => String::new(),
            file => format!("{file}:{}", case.fixture.line),
        };
        let clauses = case.clauses.iter();
        Self {
            id: &case.id,
            anchor: anchor(&case.id),
            title: &case.title,
            group: &case.group,
            level: case.level.to_string(),
            clauses: clauses
                .map(|id| (id.as_str(), run.clauses.get(id).map_or("", |clause| clause.text.as_str())))
                .collect(),
            supports: supports(&case.supports, run),
            fixture,
            start: &case.start,
            outcomes: outcomes.join(" "),
            causes: causes.join(" "),
            ends: found.into_iter().map(|(known, case)| end(known, case)).collect(),
        }
    }
}

fn supports<'a>(supports: &'a Supports, run: &'a RunReport) -> Vec<SupportShown<'a>> {
    let shown = supports.iter().map(|support| {
        let passage = run.passages.get(&support.passage);
        let source = passage.and_then(|passage| run.sources.get(&passage.source));
        SupportShown {
            verb: support.verb.as_str(),
            source: source.map_or(support.passage.as_str(), |source| &source.title),
            date: passage.and_then(|passage| passage.date.as_deref()),
            place: passage.map_or("", |passage| &passage.place),
            says: passage.map_or("", |passage| &passage.says),
        }
    });
    shown.collect()
}

fn end<'a>(known: &Known<'a>, case: &'a CaseReport) -> End<'a> {
    let fail_on = known.run.fail_on;
    let (failures, notes): (Vec<&Mismatch>, Vec<&Mismatch>) =
        case.mismatches.iter().partition(|found| found.level >= fail_on);
    let all = || case.mismatches.iter().chain(&case.once);
    let failing = || all().filter(|found| found.level >= fail_on);
    // What counts is marked. Where nothing does, what is noted.
    let meant: Vec<&Mismatch> = if failing().next().is_some() { failing().collect() } else { all().collect() };
    End {
        run: known.number,
        outcome: case.outcome.as_str(),
        verb: case.outcome.as_verb(),
        sign: sign(case.outcome),
        answer: case.answer.as_deref(),
        sentences: sentences(case),
        failures: failures.into_iter().chain(&case.once).map(mismatch).collect(),
        notes: notes.into_iter().map(mismatch).collect(),
        fail_on: fail_on.to_string(),
        changes: changes(known, case),
        exchanges: exchanges(&case.exchanges, &meant),
        second: case
            .second
            .iter()
            .flat_map(|second| exchanges(&second.exchanges, &second.mismatches.iter().collect::<Vec<_>>()))
            .collect(),
        states: case.states.iter().map(|states| states_shown(states, case)).collect(),
        repeat: &case.repeat,
        curl: case.curl.as_deref(),
        took: time(case.duration_us),
        length: length(case.duration_us as f64, known.slowest as f64),
    }
}

/// Why a case ended as it did, as far as that is no mismatch.
fn sentences(case: &CaseReport) -> Vec<String> {
    let mut sentences: Vec<String> = case.reason.iter().map(ToString::to_string).collect();
    if let Some(times) = case.came_and_went() {
        sentences.push(format!("it diverged once and not again, with the same mismatch in {times} of the run"));
    }
    if let Some(rounds) = case.rounds.as_ref().filter(|rounds| rounds.varies()) {
        sentences.push(format!("{}; shown is round {}", rounds.describe(), rounds.shown));
    }
    if let Some(second) = &case.second {
        let answer = second.answer.as_ref().map_or_else(String::new, |answer| format!(", with the answer {answer}"));
        let reason = second.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        sentences.push(format!("at the second look it {}{answer}{reason}", second.outcome.as_verb()));
    }
    if let Some(deviation) = &case.deviation {
        let stale = deviation.stale.as_ref().map_or_else(String::new, |stale| format!(", and {}", stale.describe()));
        let link = deviation.link.as_ref().map_or_else(String::new, |link| format!(" ({link})"));
        let (entry, until, reason) = (&deviation.entry, &deviation.expires, &deviation.reason);
        sentences.push(format!("listed as `{entry}` until {until}{stale}: {reason}{link}"));
    }
    sentences
}

fn mismatch(found: &Mismatch) -> MismatchShown<'_> {
    MismatchShown {
        what: found.what.as_str(),
        place: found.place.to_string(),
        expected: found.expected.to_string(),
        found: found.found.to_string(),
        level: found.level.to_string(),
        clauses: &found.clauses,
        hint: found.hint.as_deref(),
    }
}

fn changes<'a>(known: &Known<'a>, case: &'a CaseReport) -> Vec<ChangeShown<'a>> {
    let drift = case.drift.iter().map(|field| ChangeShown {
        place: &field.place,
        names: ("recorded", "found"),
        values: (field.recorded.as_deref(), field.found.as_deref()),
    });
    let differ = known.differ.get(case.id.as_str()).into_iter().flat_map(|difference| &difference.differences);
    let sides = differ.map(|field| ChangeShown {
        place: &field.place,
        names: ("here", "there"),
        values: (field.left.as_deref(), field.right.as_deref()),
    });
    drift.chain(sides).collect()
}

fn exchanges<'a>(exchanges: &'a [ExchangeReport], meant: &[&'a Mismatch]) -> Vec<ExchangeShown<'a>> {
    let whole: u64 = exchanges.iter().map(|exchange| exchange.duration_us).sum();
    let (mut start, mut judged) = (0, 0);
    let mut shown = Vec::new();
    for exchange in exchanges {
        let is_judged = exchange.role == "judged";
        judged += usize::from(is_judged);
        let of = Of { exchange, judged: is_judged.then_some(judged) };
        shown.push(ExchangeShown {
            role: &exchange.role,
            lane: &exchange.lane,
            request: plain(&exchange.request),
            response: marked(of, meant.iter().copied()),
            answered: exchange.response.is_some(),
            error: exchange.error.as_deref(),
            took: time(exchange.duration_us),
            start: length(start as f64, whole as f64),
            length: length(exchange.duration_us as f64, whole as f64),
        });
        start += exchange.duration_us;
    }
    shown
}

fn states_shown<'a>(states: &'a KeyStates, case: &CaseReport) -> StatesShown<'a> {
    let is_state = |found: &&Mismatch| {
        found.what == What::Effect
            && matches!(&found.place, Place::Afterwards { member: Some(member), key, .. }
                if *member == "KeyState" && *key == states.key)
    };
    StatesShown {
        key: match states.key {
            WhichKey::Key => "the key",
            WhichKey::Other => "the other key",
        },
        states: states.seen.iter().map(|state| state.as_str()).collect(),
        expected: case.mismatches.iter().find(is_state).map(|found| found.expected.to_string()),
    }
}

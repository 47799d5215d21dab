//! Matches a run with a list of known deviations.

use super::list::{Entry, List};
use crate::fixture::{Corpus, Edition, Level};
use crate::normalise::Shown;
use crate::report::{
    CaseDeviation, CaseReport, DeviationsReport, Figures, Outcome, Pinned, RunReport, Stale, StaleEntry,
};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The list is for another kind of run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Mismatched {
    /// It is for the other edition.
    #[error("use `{file}` with the edition {run}: it lists deviations from the edition {list}")]
    Edition {
        /// The file.
        file: String,
        /// The edition of the list.
        list: Edition,
        /// The edition of the run.
        run: Edition,
    },
    /// It was made with another level.
    #[error("use `{file}` with `--fail-on {run}`: it lists what deviates with `--fail-on {list}`")]
    Level {
        /// The file.
        file: String,
        /// The level of the list.
        list: Level,
        /// The level of the run.
        run: Level,
    },
}

impl List {
    /// Checks that the list is for such a run.
    ///
    /// # Errors
    ///
    /// What keeps it from being so.
    pub fn fits(&self, edition: Edition, fail_on: Level) -> Result<(), Mismatched> {
        if let Some(list) = self.edition.filter(|list| *list != edition) {
            return Err(Mismatched::Edition { file: self.file.clone(), list, run: edition });
        }
        if self.fail_on != fail_on {
            return Err(Mismatched::Level { file: self.file.clone(), list: self.fail_on, run: fail_on });
        }
        Ok(())
    }
}

/// Gives the cases that the list covers their outcome by it, and the run its figures and exit code. An entry about cases
/// that were not selected, or have no verdict, is neither listed nor stale.
pub fn apply(mut report: RunReport, list: &List, corpus: &Corpus, today: Date) -> RunReport {
    let before: BTreeMap<String, Outcome> = report.cases.iter().map(|case| (case.id.clone(), case.outcome)).collect();
    let fail_on = report.fail_on;
    for case in &mut report.cases {
        if let Some(entry) = list.entry_of(&case.id) {
            judge(case, entry, fail_on, today);
        }
    }
    skip_what_rests_on_the_list(&mut report.cases, &before, corpus);
    let stale = list.entries.iter().filter_map(|entry| without_case(entry, corpus)).collect();
    let mut deviations = DeviationsReport {
        file: list.file.clone(),
        entries: list.entries.len(),
        not_selected: 0,
        no_verdict: 0,
        stale,
    };
    for entry in list.entries.iter().filter(|entry| without_case(entry, corpus).is_none()) {
        let mut covered = report.cases.iter().filter(|case| entry.covers(&case.id)).peekable();
        if covered.peek().is_none() {
            deviations.not_selected += 1;
        } else if covered.all(|case| case.deviation.is_none()) {
            deviations.no_verdict += 1;
        }
    }
    report.figures = Figures::of(&report.cases);
    report.deviations = Some(deviations);
    report.conclude();
    report
}

fn judge(case: &mut CaseReport, entry: &Entry, fail_on: Level, today: Date) {
    let is_expired = today > entry.expires;
    let stale = match case.outcome {
        Outcome::Pass | Outcome::Diverges | Outcome::Indeterminate if entry.flaky && !is_expired => None,
        Outcome::Pass if is_expired => Some(Stale::ExpiredAndPasses),
        Outcome::Pass => Some(Stale::Passes),
        Outcome::Diverges if entry.flaky => Some(Stale::Expired),
        Outcome::Diverges => otherwise(&case.pinned, entry, fail_on).or(is_expired.then_some(Stale::Expired)),
        _ => return,
    };
    // What a flaky case did this time is logged all the same.
    if entry.flaky && stale.is_none() {
        let did = match case.outcome {
            Outcome::Diverges => format!("diverges this time: {}", case.pinned.answer),
            outcome => format!("{} this time", outcome.as_verb()),
        };
        let did = case.reason.take().map_or(did.clone(), |reason| format!("{did}: {reason}"));
        case.reason = Some(Shown::ours(did));
    }
    case.outcome = match &stale {
        Some(_) => Outcome::Stale,
        None if entry.flaky => Outcome::Flaky,
        None => Outcome::Listed,
    };
    case.deviation = Some(CaseDeviation {
        entry: entry.pattern().to_owned(),
        reason: entry.reason.clone(),
        link: entry.link.clone(),
        expires: entry.expires.to_string(),
        stale,
    });
}

/// What differs between an answer and an entry, if anything does.
pub(super) fn otherwise(pinned: &Pinned, entry: &Entry, fail_on: Level) -> Option<Stale> {
    let (mut listed, mut found) = (entry.sorted(), pinned.differs_from(fail_on));
    let answer = entry.answer.as_deref().unwrap_or_default();
    if listed == found && answer == pinned.answer {
        return None;
    }
    let common: Vec<String> = listed.iter().filter(|text| found.contains(text)).cloned().collect();
    listed.retain(|text| !common.contains(text));
    found.retain(|text| !common.contains(text));
    if answer != pinned.answer {
        listed.insert(0, format!("answer {answer}"));
        found.insert(0, format!("answer {}", pinned.answer));
    }
    Some(Stale::Otherwise { listed, found })
}

/// Cases that say nothing as long as a listed one deviates are part of what the list says: they were not run, and that
/// is known.
fn skip_what_rests_on_the_list(cases: &mut [CaseReport], before: &BTreeMap<String, Outcome>, corpus: &Corpus) {
    // A required case can itself rest on another; no chain is longer than there are cases.
    loop {
        let after: BTreeMap<&str, &CaseReport> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
        let excused: Vec<(usize, String)> = cases
            .iter()
            .enumerate()
            .filter(|(_, case)| case.outcome == Outcome::Blocked)
            .filter_map(|(index, case)| {
                let required = after.get(blocker(&case.id, before, corpus)?)?;
                let is_known = match required.outcome {
                    Outcome::Listed | Outcome::Flaky => true,
                    Outcome::Skipped => before.get(&required.id) == Some(&Outcome::Blocked),
                    _ => false,
                };
                let verb = required.outcome.as_verb();
                is_known.then(|| (index, format!("it says nothing as long as `{}` {verb}", required.id)))
            })
            .collect();
        if excused.is_empty() {
            return;
        }
        for (index, reason) in excused {
            cases[index].outcome = Outcome::Skipped;
            cases[index].reason = Some(Shown::ours(reason));
        }
    }
}

/// The required case that kept this one from being run.
pub(super) fn blocker<'a>(id: &str, before: &BTreeMap<String, Outcome>, corpus: &'a Corpus) -> Option<&'a str> {
    let required = &corpus.case(id)?.requires;
    let keeps = |id: &&String| before.get(*id).is_some_and(|outcome| *outcome != Outcome::Pass);
    required.iter().find(keeps).map(String::as_str)
}

fn without_case(entry: &Entry, corpus: &Corpus) -> Option<StaleEntry> {
    if corpus.cases.iter().any(|case| entry.covers(case.id())) {
        return None;
    }
    Some(StaleEntry {
        entry: entry.pattern().to_owned(),
        stale: Stale::MatchesNothing,
        reason: entry.reason.clone(),
        expires: entry.expires.to_string(),
    })
}

//! Applies a list of known deviations to a run.

use super::list::{Entry, List};
use crate::fixture::{Corpus, Edition, Level};
use crate::normalise::Shown;
use crate::report::{
    CaseDeviation, CaseRan, DeviationsReport, HeldDeviations, Outcome, Pinned, Ran, Relisted, Stale, StaleEntry,
};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The list is for another kind of run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Mismatched {
    /// The list is for the other edition.
    #[error("use `{file}` with the edition {run}: it lists deviations from the edition {list}")]
    Edition {
        /// The file.
        file: String,
        /// The edition of the list.
        list: Edition,
        /// The edition of the run.
        run: Edition,
    },
    /// The list was written with another `--fail-on`.
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
    /// The edition or the level does not match.
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

/// The effect of the list on the cases of a run, and of the run on the entries of the list. An entry whose cases were
/// not selected or have no verdict is neither listed nor stale.
pub fn apply(ran: &Ran, list: &List, corpus: &Corpus, today: Date) -> HeldDeviations {
    let covered = ran.cases.iter().filter_map(|case| {
        let relisted = judge(case, list.entry_of(&case.id)?, ran.fail_on, today)?;
        Some((case.id.clone(), relisted))
    });
    let mut cases: BTreeMap<String, Relisted> = covered.collect();
    let stale = list.entries.iter().filter_map(|entry| without_case(entry, corpus)).collect();
    let mut report = DeviationsReport {
        file: list.file.clone(),
        entries: list.entries.len(),
        not_selected: Vec::new(),
        no_verdict: Vec::new(),
        stale,
    };
    for entry in list.entries.iter().filter(|entry| without_case(entry, corpus).is_none()) {
        let mut covered = ran.cases.iter().map(|case| &case.id).filter(|id| entry.covers(id)).peekable();
        if covered.peek().is_none() {
            report.not_selected.push(entry.pattern().to_owned());
        } else if covered.all(|id| !cases.contains_key(id)) {
            report.no_verdict.push(entry.pattern().to_owned());
        }
    }
    report.not_selected.sort();
    report.no_verdict.sort();
    skip_what_rests_on_the_list(&mut cases, ran, corpus);
    HeldDeviations { report, cases }
}

/// Applies an entry to a case; nothing if the case has no verdict to which the entry can apply.
fn judge(case: &CaseRan, entry: &Entry, fail_on: Level, today: Date) -> Option<Relisted> {
    let is_expired = today > entry.expires;
    let stale = match case.outcome {
        Outcome::Pass | Outcome::Diverges | Outcome::Indeterminate | Outcome::Flaky if entry.flaky && !is_expired => {
            None
        }
        Outcome::Pass if is_expired => Some(Stale::ExpiredAndPasses),
        Outcome::Pass => Some(Stale::Passes),
        Outcome::Diverges if entry.flaky => Some(Stale::Expired),
        Outcome::Diverges => otherwise(&case.pinned, entry, fail_on).or(is_expired.then_some(Stale::Expired)),
        _ => return None,
    };
    let mut reason = case.reason.clone();
    // The result of a flaky case is logged.
    if entry.flaky && stale.is_none() {
        let did = match case.outcome {
            Outcome::Diverges => format!("diverges this time: {}", case.pinned.answer),
            Outcome::Flaky => format!("diverged once this time: {}", case.pinned.answer),
            outcome => format!("{} this time", outcome.as_verb()),
        };
        let did = reason.map_or(did.clone(), |reason| format!("{did}: {reason}"));
        reason = Some(Shown::ours(did));
    }
    let outcome = match &stale {
        Some(_) => Outcome::Stale,
        None if entry.flaky => Outcome::Flaky,
        None => Outcome::Listed,
    };
    let deviation = Some(CaseDeviation {
        entry: entry.pattern().to_owned(),
        reason: entry.reason.clone(),
        link: entry.link.clone(),
        expires: entry.expires.to_string(),
        stale,
    });
    Some(Relisted { outcome, reason, deviation })
}

/// The difference between an answer and an entry, if there is one.
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

/// Skips the blocked cases whose required case deviates as listed. The list already explains why they were not run.
fn skip_what_rests_on_the_list(cases: &mut BTreeMap<String, Relisted>, ran: &Ran, corpus: &Corpus) {
    // A required case can itself require another case. No chain is longer than the number of cases.
    loop {
        let blocked = ran.cases.iter().filter(|case| case.outcome == Outcome::Blocked);
        let excused: Vec<(String, Relisted)> = blocked
            .map(|case| &case.id)
            .filter(|id| !cases.contains_key(*id))
            .filter_map(|id| {
                let required = blocker(id, ran, corpus)?;
                let outcome = cases.get(required)?.outcome;
                let is_known = matches!(outcome, Outcome::Listed | Outcome::Flaky | Outcome::Skipped);
                let reason = format!("it needs `{required}`, which {}", outcome.as_verb());
                let relisted =
                    Relisted { outcome: Outcome::Skipped, reason: Some(Shown::ours(reason)), deviation: None };
                is_known.then(|| (id.clone(), relisted))
            })
            .collect();
        if excused.is_empty() {
            return;
        }
        cases.extend(excused);
    }
}

/// The required case that blocked this case.
pub(super) fn blocker<'a>(id: &str, ran: &Ran, corpus: &'a Corpus) -> Option<&'a str> {
    let required = &corpus.case(id)?.requires;
    let keeps = |id: &&String| ran.case(id).is_some_and(|case| !case.was_right());
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

//! Writes a list of known deviations from a run, and keeps what people wrote into it.

use super::apply::{blocker, otherwise};
use super::list::{Entry, List};
use crate::fixture::{Case, Corpus, Level};
use crate::report::{CaseRan, Figures, Outcome, Pinned, Ran};
use jiff::civil::Date;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

/// The values of new entries.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The reason of new entries.
    pub reason: String,
    /// The last day of new entries.
    pub expires: Date,
    /// The new last day of entries that hold and have expired; absent means that they keep their day.
    pub renewed: Option<Date>,
}

/// The run cannot be used to write a list, because a case without a verdict may or may not deviate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write deviations from a run that is not complete: {0}")]
pub struct Incomplete(pub String);

/// The updated list, and the changes to it. The names are case ids and globs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The new text of the file.
    pub text: String,
    /// Entries that still hold.
    pub kept: Vec<String>,
    /// Cases that deviate and were not listed before.
    pub added: Vec<String>,
    /// Cases that deviate in another way than before.
    pub changed: Vec<String>,
    /// Entries and cases that no longer deviate, and globs that match no case.
    pub removed: Vec<String>,
    /// Entries that still hold but have expired.
    pub expired: Vec<String>,
}

/// The result of a case that an entry covers.
enum Now {
    /// The case deviates as listed, or has no verdict.
    Holds,
    Otherwise(Pinned),
    Passes,
}

/// Updates the list from a run to which no list was applied. `text` is the text of the file, empty for a new file.
///
/// # Errors
///
/// The run was interrupted, or a case has no verdict. Cases that were skipped, or that are blocked by a case that
/// diverges, are allowed.
///
/// # Panics
///
/// The text is not TOML. This cannot happen, because the list was read from this text.
pub fn update(
    text: &str,
    list: &List,
    ran: &Ran,
    corpus: &Corpus,
    today: Date,
    fresh: &Fresh,
) -> Result<Update, Incomplete> {
    check(ran, list, corpus)?;
    let mut document: DocumentMut = text.parse().expect("the list was read from this text, so it is TOML");
    if text.trim().is_empty() {
        document["edition"] = value(ran.target.edition.to_string());
        document["fail-on"] = value(ran.fail_on.to_string());
    }
    // A list that is written inline, `deviation = [{ … }]`, is rewritten as tables.
    let tables = document.remove("deviation").and_then(|item| item.into_array_of_tables().ok());
    let mut tables = tables.unwrap_or_default();
    let mut writer = Writer { ran, corpus, today, fresh, update: Update::default() };
    writer.entries(list, &mut tables);
    writer.new_cases(list, &mut tables);
    let mut update = writer.update;
    if !tables.is_empty() {
        document["deviation"] = Item::ArrayOfTables(tables);
    }
    update.text = document.to_string();
    Ok(update)
}

/// Writes entries and notes the changes.
struct Writer<'a> {
    ran: &'a Ran,
    corpus: &'a Corpus,
    today: Date,
    fresh: &'a Fresh,
    update: Update,
}

impl Writer<'_> {
    /// Updates the existing entries.
    fn entries(&mut self, list: &List, tables: &mut ArrayOfTables) {
        let mut gone = Vec::new();
        for (index, entry) in list.entries.iter().enumerate() {
            let Some(table) = tables.get_mut(index) else { continue };
            let covered = self.covered(entry);
            let exists = self.corpus.cases.iter().any(|case| entry.covers(case.id()));
            if exists && covered.iter().all(|(_, now)| matches!(now, Now::Holds)) {
                self.keep(table, entry);
                continue;
            }
            if let [(case, Now::Otherwise(pinned))] = covered.as_slice()
                && !entry.is_glob()
            {
                pin(table, pinned, self.ran.fail_on);
                table["reason"] = value(again(entry, self.fresh));
                self.update.changed.push(case.clone());
                continue;
            }
            // The cases of the glob no longer behave alike, so each case that still deviates gets an entry.
            gone.push(index);
            let split: Vec<Table> = covered.iter().filter_map(|(case, now)| self.part(case, now, entry)).collect();
            self.update.removed.extend((split.is_empty() || !exists).then(|| entry.pattern().to_owned()));
            split.into_iter().for_each(|table| tables.push(table));
        }
        // Entries are removed from the end, so that the positions of earlier entries stay valid.
        gone.into_iter().rev().for_each(|index| {
            tables.remove(index);
        });
    }

    /// The cases of the edition that an entry covers, each with its result. What was not run is as it was.
    fn covered(&self, entry: &Entry) -> Vec<(String, Now)> {
        let is_covered = |case: &&Case| entry.covers(case.id()) && case.holds_in(self.ran.target.edition);
        let result = |case: &Case| self.ran.case(case.id()).map_or(Now::Holds, |ran| now(ran, entry, self.ran.fail_on));
        self.corpus.cases.iter().filter(is_covered).map(|case| (case.id().to_owned(), result(case))).collect()
    }

    /// Adds an entry for each case that deviates and has no entry.
    fn new_cases(&mut self, list: &List, tables: &mut ArrayOfTables) {
        for case in self.ran.cases.iter().filter(|case| case.outcome == Outcome::Diverges) {
            if list.entry_of(&case.id).is_none() {
                let (reason, expires) = (self.fresh.reason.clone(), self.fresh.expires);
                tables.push(self.entry(&case.id, &case.pinned, Said { reason, link: None, expires }));
                self.update.added.push(case.id.clone());
            }
        }
    }

    fn keep(&mut self, table: &mut Table, entry: &Entry) {
        let name = entry.pattern().to_owned();
        if self.today > entry.expires {
            match self.fresh.renewed {
                Some(renewed) => table["expires"] = value(renewed.to_string()),
                None => self.update.expired.push(name.clone()),
            }
        }
        self.update.kept.push(name);
    }

    /// The entry of one case that a glob covered.
    fn part(&mut self, case: &str, now: &Now, entry: &Entry) -> Option<Table> {
        let said = |reason| Said { reason, link: entry.link.as_deref(), expires: entry.expires };
        match now {
            Now::Passes => {
                self.update.removed.extend(entry.is_glob().then(|| case.to_owned()));
                None
            }
            Now::Holds => {
                self.update.kept.push(case.to_owned());
                let differs = entry.sorted().into_iter().map(|text| (self.ran.fail_on, text)).collect();
                let pinned = Pinned { answer: entry.answer.clone().unwrap_or_default(), differs };
                Some(self.entry(case, &pinned, said(entry.reason.clone())))
            }
            Now::Otherwise(pinned) => {
                self.update.changed.push(case.to_owned());
                Some(self.entry(case, pinned, said(again(entry, self.fresh))))
            }
        }
    }

    fn entry(&self, id: &str, pinned: &Pinned, said: Said<'_>) -> Table {
        let mut table = Table::new();
        table["case"] = value(id);
        pin(&mut table, pinned, self.ran.fail_on);
        table["reason"] = value(said.reason);
        if let Some(link) = said.link {
            table["link"] = value(link);
        }
        table["expires"] = value(said.expires.to_string());
        table.decor_mut().set_prefix("\n");
        table
    }
}

/// The parts of an entry that people write.
struct Said<'a> {
    reason: String,
    link: Option<&'a str>,
    expires: Date,
}

fn check(ran: &Ran, list: &List, corpus: &Corpus) -> Result<(), Incomplete> {
    if ran.end.is_interrupted {
        return Err(Incomplete("it was interrupted".to_owned()));
    }
    let unknown: Vec<&CaseRan> = ran.cases.iter().filter(|case| !is_known(case, ran, list, corpus)).collect();
    if let [first, more @ ..] = unknown.as_slice() {
        let which = format!("`{}` {}", first.id, first.ending());
        return Err(Incomplete(match more.len() {
            0 => format!("{which}\nhint: `--skip {}` leaves it out", first.id),
            // Where most cases are without a verdict, leaving them out is no help.
            _ if unknown.len() * 2 > ran.cases.len() => format!("{which}, and {} more have no verdict", more.len()),
            _ if unknown.len() > MOST_ON_A_LINE => {
                let ids: Vec<&str> = unknown.iter().map(|case| case.id.as_str()).collect();
                format!(
                    "{which}, and {} more have no verdict\nhint: `--skip @FILE` leaves them out, with these lines in FILE:\n{}",
                    more.len(),
                    ids.join("\n")
                )
            }
            _ => {
                let skips: Vec<String> = unknown.iter().map(|case| format!("--skip {}", case.id)).collect();
                format!("{which}, and {} more have no verdict\nhint: `{}` leaves them out", more.len(), skips.join(" "))
            }
        }));
    }
    if Figures::of(&ran.cases).judged() == 0 {
        return Err(Incomplete("no case was judged".to_owned()));
    }
    Ok(())
}

/// Cases that are left out by flags; more are left out by a file.
const MOST_ON_A_LINE: usize = 5;

/// Whether it is known if the case deviates, or why it cannot be known.
fn is_known(case: &CaseRan, ran: &Ran, list: &List, corpus: &Corpus) -> bool {
    match case.outcome {
        Outcome::Indeterminate => list.entry_of(&case.id).is_some_and(|entry| entry.flaky),
        Outcome::Unsupported => false,
        Outcome::Blocked => rests_on_a_divergence(&case.id, ran, corpus),
        _ => true,
    }
}

fn rests_on_a_divergence(id: &str, ran: &Ran, corpus: &Corpus) -> bool {
    let Some(required) = blocker(id, ran, corpus) else { return false };
    match ran.case(required).map(|case| case.outcome) {
        Some(Outcome::Diverges) => true,
        Some(Outcome::Blocked) => rests_on_a_divergence(required, ran, corpus),
        _ => false,
    }
}

fn now(case: &CaseRan, entry: &Entry, fail_on: Level) -> Now {
    match case.outcome {
        _ if entry.flaky => Now::Holds,
        Outcome::Pass => Now::Passes,
        Outcome::Diverges => match otherwise(&case.pinned, entry, fail_on) {
            None => Now::Holds,
            Some(_) => Now::Otherwise(case.pinned.clone()),
        },
        _ => Now::Holds,
    }
}

/// The reason of an entry whose answer changed. The old reason is kept in it, because it may no longer apply.
fn again(entry: &Entry, fresh: &Fresh) -> String {
    format!("{} (before: {})", fresh.reason, entry.reason)
}

/// Writes the answer and the mismatches, one line each if there are several mismatches.
fn pin(table: &mut Table, pinned: &Pinned, fail_on: Level) {
    table["answer"] = value(&pinned.answer);
    let differs = pinned.differs_from(fail_on);
    let mut array: Array = differs.iter().map(String::as_str).collect();
    if differs.len() > 1 {
        array.iter_mut().for_each(|text| text.decor_mut().set_prefix("\n    "));
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    table["differs"] = Item::Value(Value::Array(array));
}

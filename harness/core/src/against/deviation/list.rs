//! The list of known deviations as a file holds it, checked against the corpus.

use crate::fixture::{Corpus, Edition, Glob, Level, Selection, render_schema};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::ops::Range;
use std::time::SystemTime;
use toml::Spanned;

/// How many cases a glob may match: a list that swallows whole groups says nothing about any of them.
pub const GLOB_LIMIT: usize = 20;

/// A file of known deviations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviationFile {
    /// The edition that the list is for; any when absent.
    pub edition: Option<Edition>,
    /// The `--fail-on` that the list is for; `must` when absent.
    pub fail_on: Option<Level>,
    /// The deviations.
    #[serde(default, rename = "deviation")]
    pub entries: Vec<Entry>,
}

/// One known deviation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// A case's id, or a glob that matches at most 20 of them, each of which has to deviate in just this way.
    #[schemars(with = "String")]
    pub case: Spanned<Glob>,
    /// Whether the case comes out now one way and now another: then it is logged and never scored.
    #[serde(default)]
    pub flaky: bool,
    /// Status and error type of the answer, such as `400 ValidationException`; `no answer` where none came.
    pub answer: Option<String>,
    /// The mismatches, such as `effect, DescribeKey KeyState afterwards: Enabled`. Their order says nothing.
    #[serde(default)]
    pub differs: Vec<String>,
    /// Why it is so, or why it is left so.
    pub reason: String,
    /// Where more is said about it.
    pub link: Option<String>,
    /// The last day on which the entry holds, `YYYY-MM-DD`.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub expires: Date,
}

impl Entry {
    /// The case id or glob.
    pub fn pattern(&self) -> &str {
        self.case.get_ref().text()
    }

    /// Whether the entry has a glob, which may be about more than one case.
    pub fn is_glob(&self) -> bool {
        self.case.get_ref().is_pattern()
    }

    /// Whether the entry is about this case.
    pub fn covers(&self, id: &str) -> bool {
        self.case.get_ref().matches(id)
    }

    /// The mismatches, sorted.
    pub fn sorted(&self) -> Vec<String> {
        let mut differs = self.differs.clone();
        differs.sort();
        differs.dedup();
        differs
    }
}

/// The list cannot be used. A line for each fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("read the deviations:\n{}", .0.join("\n"))]
pub struct DeviationError(pub Vec<String>);

/// A list of known deviations in which every name means something.
#[derive(Clone, Debug)]
pub struct List {
    /// The file that holds it.
    pub file: String,
    /// The edition that it is for.
    pub edition: Option<Edition>,
    /// The level from which on a mismatch counts.
    pub fail_on: Level,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
}

impl List {
    /// Reads and checks the text of a file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, by line.
    pub fn parse(file: &str, text: &str, corpus: &Corpus) -> Result<Self, DeviationError> {
        let parsed: DeviationFile = toml::from_str(text).map_err(|error| {
            let line = line_of(text, error.span().unwrap_or_default());
            DeviationError(vec![format!("{file}:{line}: {}", error.message().trim().replace('\n', " "))])
        })?;
        Self::new(file, text, parsed, corpus)
    }

    /// Checks a list that was read as part of `file`, whose whole text is `text`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, by line.
    pub fn new(file: &str, text: &str, parsed: DeviationFile, corpus: &Corpus) -> Result<Self, DeviationError> {
        let mut faults = Vec::new();
        for (number, entry) in parsed.entries.iter().enumerate() {
            let line = |entry: &Entry| line_of(text, entry.case.span());
            let before = &parsed.entries[..number];
            let mut found = faults_of(entry, corpus);
            let twice = corpus.cases.iter().map(|case| case.id()).find_map(|id| {
                let other = before.iter().find(|other| entry.covers(id) && other.covers(id))?;
                Some(format!("`{id}` has an entry already, `{}` in line {}", other.pattern(), line(other)))
            });
            found.extend(twice);
            faults.extend(found.into_iter().map(|fault| format!("{file}:{}: {fault}", line(entry))));
        }
        if !faults.is_empty() {
            return Err(DeviationError(faults));
        }
        Ok(Self {
            file: file.to_owned(),
            edition: parsed.edition,
            fail_on: parsed.fail_on.unwrap_or(Level::Must),
            entries: parsed.entries,
        })
    }

    /// The entry about this case.
    pub fn entry_of(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.covers(id))
    }
}

/// File name below `fixtures/schema/` and text of the schema of a file of deviations.
pub fn schema() -> (&'static str, String) {
    ("deviations.schema.json", render_schema::<DeviationFile>())
}

/// The day on which a moment falls, in UTC.
pub fn day_of(time: SystemTime) -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::try_from(time).unwrap_or_default()).date()
}

/// An unknown id is a fault of the file; a glob that matches nothing may have lost its cases, and so it is stale.
fn faults_of(entry: &Entry, corpus: &Corpus) -> Vec<String> {
    let mut faults = Vec::new();
    let pattern = entry.pattern();
    let count = corpus.cases.iter().filter(|case| entry.covers(case.id())).count();
    if count == 0 && !entry.is_glob() {
        faults.extend(Selection::of_ids([pattern]).check(corpus).err().map(|error| format!("failed to {error}")));
    }
    if count > GLOB_LIMIT {
        faults.push(format!("`{pattern}` matches {count} cases; a glob may match at most {GLOB_LIMIT}"));
    }
    if entry.reason.trim().is_empty() {
        faults.push(format!("`{pattern}` has an empty `reason`; say why the deviation is known"));
    }
    match (entry.flaky, &entry.answer, entry.differs.is_empty()) {
        (true, None, true) | (false, Some(_), false) => {}
        (true, ..) => faults.push(format!("`{pattern}` is flaky, so it cannot have `answer` or `differs`")),
        (false, ..) => faults.push(format!(
            "`{pattern}` needs `answer` and `differs` (`trentcheck deviations update` writes them), or `flaky = true`"
        )),
    }
    faults
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
}

/// Reads a date as a string or as TOML's own.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Toml(toml::value::Datetime),
    }
    let text = match Written::deserialize(deserializer) {
        Ok(Written::Text(text)) => text,
        Ok(Written::Toml(date)) => date.to_string(),
        Err(_) => return Err(serde::de::Error::custom("`expires` is a day such as `2027-06-30`")),
    };
    let wrong = |_| serde::de::Error::custom(format!("`{text}` is no day such as `2027-06-30`"));
    // A time of day behind the date would be read over in silence.
    if text.len() != 10 {
        return Err(serde::de::Error::custom(format!("`{text}` is no day such as `2027-06-30`")));
    }
    text.parse().map_err(wrong)
}

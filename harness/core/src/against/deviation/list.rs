//! The list of known deviations, read from a file and checked against the corpus.

use crate::fixture::{Corpus, Edition, Glob, Level, Selection, render_schema};
use crate::text::in_one_line;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::ops::Range;
use std::time::SystemTime;
use toml::Spanned;

/// The most cases that a glob may match. A list that covers whole groups no longer describes single deviations.
const GLOB_LIMIT: usize = 20;

/// A file of known deviations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviationFile {
    /// The edition that the list is for; absent means any edition.
    pub edition: Option<Edition>,
    /// The `--fail-on` that the list is for; absent means `must`.
    pub fail_on: Option<Level>,
    /// The deviations.
    #[serde(default, rename = "deviation")]
    pub entries: Vec<Entry>,
}

/// One known deviation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// A case id, or a glob that matches at most 20 cases. Each of these cases must deviate in exactly this way.
    #[schemars(with = "String")]
    pub case: Spanned<Glob>,
    /// Whether the case sometimes passes and sometimes diverges. Such a case is logged and never scored.
    #[serde(default)]
    pub flaky: bool,
    /// Status and error type of the answer, such as `400 ValidationException`; `no answer` if there was none.
    pub answer: Option<String>,
    /// The mismatches, such as `effect, DescribeKey KeyState afterwards: Enabled`. Their order does not matter.
    #[serde(default)]
    pub differs: Vec<String>,
    /// Why the target deviates, or why the deviation is accepted.
    pub reason: String,
    /// A link to more information.
    pub link: Option<String>,
    /// The last day on which the entry is valid, `YYYY-MM-DD`.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub expires: Date,
}

impl Entry {
    /// The case id or the glob.
    pub fn pattern(&self) -> &str {
        self.case.get_ref().text()
    }

    /// Whether the entry has a glob, which can match more than one case.
    pub fn is_glob(&self) -> bool {
        self.case.get_ref().is_pattern()
    }

    /// Whether the entry applies to this case.
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

/// The list cannot be used. The message has one line for each fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("read the deviations:\n{}", .0.join("\n"))]
pub struct DeviationError(pub Vec<String>);

/// A list of known deviations in which every id names a case.
#[derive(Clone, Debug)]
pub struct List {
    /// The file that holds it.
    pub file: String,
    /// The edition that the list is for.
    pub edition: Option<Edition>,
    /// The level from which on a mismatch makes a case diverge.
    pub fail_on: Level,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
}

impl List {
    /// Reads and checks the text of a file.
    ///
    /// # Errors
    ///
    /// All faults of the text, with their lines.
    pub fn parse(file: &str, text: &str, corpus: &Corpus) -> Result<Self, DeviationError> {
        let parsed: DeviationFile = toml::from_str(text).map_err(|error| {
            let line = line_of(text, error.span().unwrap_or_default());
            DeviationError(vec![format!("{file}:{line}: {}", in_one_line(error.message()))])
        })?;
        Self::new(file, text, parsed, corpus)
    }

    /// Checks a list that was read as a part of `file`. `text` is the whole text of that file.
    ///
    /// # Errors
    ///
    /// All faults of the list, with their lines.
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

    /// The entry that applies to this case.
    pub fn entry_of(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.covers(id))
    }
}

/// The file name below `fixtures/schema/` and the text of the schema of a list of deviations.
pub fn schema() -> (&'static str, String) {
    ("deviations.schema.json", render_schema::<DeviationFile>())
}

/// The UTC day of a moment.
pub fn day_of(time: SystemTime) -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::try_from(time).unwrap_or_default()).date()
}

/// An unknown id is a fault of the file. A glob that matches no case is stale, because its cases may have been removed.
fn faults_of(entry: &Entry, corpus: &Corpus) -> Vec<String> {
    let mut faults = Vec::new();
    let pattern = entry.pattern();
    // Terminals and logs show these texts, and a line of a log can be a command to a CI service.
    let texts = [pattern, &entry.reason].into_iter().chain(entry.answer.as_deref()).chain(entry.link.as_deref());
    if texts.chain(entry.differs.iter().map(String::as_str)).any(|text| text.contains(char::is_control)) {
        return vec![format!("`{}` has a text with a line end or a control character", in_one_line(pattern))];
    }
    if in_one_line(pattern) != pattern {
        return vec![format!("`{}` has characters that the name of no case has", in_one_line(pattern))];
    }
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

/// Reads a date that is written as a string or as a TOML date.
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
    let wrong = || serde::de::Error::custom(format!("`{text}` is no day such as `2027-06-30`"));
    // The parser would silently ignore a time of day after the date.
    if text.len() != 10 {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::CORPUS;

    #[test]
    fn a_text_of_a_list_cannot_command_a_terminal_or_a_ci_service() {
        let faults =
            |text: &str| List::parse("k", text, &CORPUS).err().map(|error| error.0.join("|")).unwrap_or_default();
        let entry = |case: &str, reason: &str| {
            format!("[[deviation]]\ncase = \"{case}\"\nflaky = true\nreason = \"{reason}\"\nexpires = 2027-01-01\n")
        };
        assert_eq!(faults(&entry("body/array", "fine")), "");
        for text in [
            entry("body/array", r"a\n::error::b"),
            entry("body/array", r"\u001b[2J"),
            entry(r"no\n::error::b", "a"),
            // A letter that nobody sees.
            entry(r"body/ar\U000E0041ray", "a"),
            r#"edition = "a\r\n\u001b[2J::error::b""#.to_owned(),
        ] {
            let faults = faults(&text);
            assert!(!faults.is_empty() && faults.is_ascii() && !faults.contains(char::is_control), "{faults}");
        }
    }
}

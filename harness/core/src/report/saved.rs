//! Saved reports, read back. A file can come from anywhere, so nothing in it is shown as it is.

use super::repeat::is_only;
use super::whole::{Report, SCHEMA};
use crate::normalise::Shown;
use serde::Deserialize;
use serde_json::Value;

/// A text is not a report that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// It is no report, or one of another version.
    #[error("its schema is {found}; this version of trentcheck reads `{SCHEMA}`")]
    Schema {
        /// What it says of itself.
        found: Shown,
    },
    /// It does not have the shape of a report.
    #[error("it is not a whole report: {0}")]
    Shape(#[source] serde_json::Error),
    /// A line that is there to be copied is no command that trentcheck writes.
    #[error("it has a command to copy that trentcheck does not write: `{0}`")]
    Command(Shown),
    /// It has no run, or a run without a case.
    #[error("it holds no run with a case")]
    Empty,
}

/// As much of a report as says what it is.
#[derive(Deserialize)]
struct Named {
    schema: Option<String>,
}

impl Report {
    /// Reads a saved report. What cannot be seen in its texts is made visible.
    ///
    /// # Errors
    ///
    /// The text is no JSON, a report of another version, not whole, about no case, or has a command that is not ours.
    pub fn read(text: &str) -> Result<Self, SavedError> {
        let schema = match serde_json::from_str(text) {
            Ok(Named { schema }) => schema,
            Err(error) if error.is_data() => None,
            Err(error) => return Err(SavedError::Json(error)),
        };
        if schema.as_deref() != Some(SCHEMA) {
            let found = schema.map_or_else(|| "absent".to_owned(), |word| format!("`{word}`"));
            return Err(SavedError::Schema { found: Shown::ours(found) });
        }
        // First as a report: what is none takes no more memory than its text.
        let report: Self = serde_json::from_str(text).map_err(SavedError::Shape)?;
        let mut value = serde_json::to_value(report).map_err(SavedError::Shape)?;
        visible(&mut value);
        must_have_our_commands(&value)?;
        let report: Self = serde_json::from_value(value).map_err(SavedError::Shape)?;
        match report.runs.is_empty() || report.runs.iter().any(|run| run.cases.is_empty()) {
            true => Err(SavedError::Empty),
            false => Ok(report),
        }
    }
}

/// Makes every character of every text visible.
fn visible(value: &mut Value) {
    match value {
        Value::String(text) => *text = Shown::ours(&*text).to_string(),
        Value::Array(values) => values.iter_mut().for_each(visible),
        Value::Object(members) => {
            let old = std::mem::take(members);
            members.extend(old.into_iter().map(|(name, mut value)| {
                visible(&mut value);
                (Shown::ours(name).to_string(), value)
            }));
        }
        _ => {}
    }
}

/// Checks the lines that a page offers to copy: whoever writes a report could put any command there.
fn must_have_our_commands(value: &Value) -> Result<(), SavedError> {
    match value {
        Value::Array(values) => values.iter().try_for_each(must_have_our_commands),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
            ("repeat" | "curl", Value::String(line)) if !is_our_command(line) => {
                Err(SavedError::Command(Shown::ours(line)))
            }
            _ => must_have_our_commands(value),
        }),
        _ => Ok(()),
    }
}

/// Whether a line runs trentcheck or curl, and a shell reads nothing else in it. Reports of the library have what to add to a
/// check instead.
fn is_our_command(line: &str) -> bool {
    if is_only(line) {
        return true;
    }
    if !(line.starts_with("trentcheck ") || line.starts_with("curl ")) {
        return false;
    }
    let (mut quote, mut letters) = (None, line.chars().peekable());
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => _ = letters.next(),
            (_, '`') => return false,
            (_, '$') if letters.peek() == Some(&'(') => return false,
            (None, '\'' | '"') => quote = Some(letter),
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')' | '\n' | '\r' | '#') => return false,
            _ => {}
        }
    }
    quote.is_none()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use crate::report::{Held, Outcome};
    use crate::test_support::{concluded, ran};

    fn report() -> Report {
        let ran = ran(&[("members/number", Outcome::Diverges), ("members/true", Outcome::Pass)]);
        Report::of(vec![concluded(&ran, &[], Held::default())], 1)
    }

    fn error(text: &str) -> String {
        Report::read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_is_read() {
        let report = report();
        assert_eq!(Report::read(&serde_json::to_string(&report).unwrap()).unwrap(), report);
    }

    #[test]
    fn a_line_to_copy_runs_nothing_else() {
        let ours = [
            "trentcheck run members/number 'a;b' --edition key-only",
            r#"curl -i "$ENDPOINT"/ ${AWS_SESSION_TOKEN:+-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"} --data-binary '{"a":"$(b)"}'"#,
        ];
        assert!(ours.into_iter().all(is_our_command));
        assert!(is_our_command(".only(\"members/number\")"));
        for line in [
            "rm -rf .",
            ".only(\"members/number\"); rm x",
            "trentcheck run; rm x",
            "trentcheck run && rm x",
            "trentcheck run | sh",
            "trentcheck run > file",
            "curl -i $(rm x)",
            "curl -i \"$(rm x)\"",
            "curl -i `rm x`",
            "curl -i 'a\nb' \n rm x",
            "curl -i 'a",
        ] {
            assert!(!is_our_command(line), "{line}");
        }
        let mut report = report();
        report.runs[0].cases[0].repeat = "trentcheck run; rm x".to_owned();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(error(&text), "it has a command to copy that trentcheck does not write: `trentcheck run; rm x`");
    }

    #[test]
    fn what_is_no_whole_report_is_refused() {
        let text = serde_json::to_string(&report()).unwrap();
        assert!(error("{").starts_with("it is no JSON"));
        assert!(error("{}").starts_with("its schema is absent; this version"));
        let other = error(&text.replace(SCHEMA, "trentcheck-report/1"));
        assert!(other.starts_with("its schema is `trentcheck-report/1`; this version"), "{other}");
        assert!(error(&text.replace("\"figures\"", "\"other\"")).starts_with("it is not a whole report"));
        let mut empty = report();
        empty.runs[0].cases.clear();
        assert_eq!(error(&serde_json::to_string(&empty).unwrap()), "it holds no run with a case");
        empty.runs.clear();
        assert_eq!(error(&serde_json::to_string(&empty).unwrap()), "it holds no run with a case");
    }

    #[test]
    fn nothing_in_a_file_is_shown_as_it_is() {
        let mut report = report();
        report.runs[0].cases[0].title = "\u{1b}[2J\n::error::x\u{202e}".to_owned();
        let read = Report::read(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(read.runs[0].cases[0].title, "\\u{1b}[2J\\n::error::x\\u{202e}");
    }
}

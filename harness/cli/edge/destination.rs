//! The destinations of reports: stdout, the summary of a CI job, or files.

use super::failure::Failure;
use super::output::{self, Layout};
use super::strings;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use trentcheck_core::file::must_be_writable;
use trentcheck_core::fixture::nearest_of;
use trentcheck_core::report::Report;
use trentcheck_core::report::render::Format;

/// The variable in which GitHub names the file of a job's summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A report in a format, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    format: Format,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Stdout,
    /// The summary of a job, to which other steps write as well.
    Summary(PathBuf),
    File(PathBuf),
}

impl Place {
    /// Whether both are the same, however their paths are spelt.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stdout, Self::Stdout) => true,
            (Self::File(one) | Self::Summary(one), Self::File(other) | Self::Summary(other)) => {
                one == other || whole(one).is_some_and(|path| Some(path) == whole(other))
            }
            _ => false,
        }
    }
}

/// The path from the root of a file that need not exist yet.
fn whole(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

impl Destination {
    /// Whether it is written line by line while a run goes on.
    pub(super) fn is_followed(&self) -> bool {
        self.format == Format::Ndjson
    }

    /// Its file; nothing for stdout.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) | Place::Summary(path) => Some(path),
            Place::Stdout => None,
        }
    }

    fn of(word: &str) -> Result<Self, Failure> {
        let (format, path) = match word.split_once('=') {
            Some((format, path)) => (format, Some(path)),
            None => (word, None),
        };
        let rule = || Failure::rule(format!("`--report` takes FORMAT or FORMAT=PATH, not `{word}`"));
        let format: Format = format.parse().map_err(|_| {
            rule().hint(match nearest(format) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the formats are {}", Format::words()),
            })
        })?;
        if path.is_some_and(str::is_empty) {
            return Err(rule());
        }
        let summary = || std::env::var_os(SUMMARY).filter(|path| !path.is_empty() && format == Format::Markdown);
        let place = match path {
            Some(path) => Place::File(path.into()),
            None => summary().map_or(Place::Stdout, |path| Place::Summary(path.into())),
        };
        let one = Self { format, place };
        match one.file().map(|path| (path, must_be_writable(path))) {
            Some((path, Err(error))) => Err(Failure::usage(format!("write `{}`: {error}", path.display()))),
            _ => Ok(one),
        }
    }

    /// Writes a text whose strings are redacted. `ours` has the words of ours in it.
    fn write(&self, text: &str, ours: &dyn Fn() -> String) -> Result<(), Failure> {
        let layout = if self.format == Format::Json { Layout::Json } else { Layout::Free };
        match &self.place {
            Place::Stdout => output::report_to_stdout(text, layout, ours),
            Place::Summary(path) => output::append_report(path, &format!("{text}\n"), ours),
            Place::File(path) => output::report_to_file(path, &format!("{text}\n"), layout, ours),
        }
    }
}

/// The word of the format that is spelt most alike, if it is close.
pub(crate) fn nearest(word: &str) -> Option<String> {
    nearest_of(word, Format::ALL.into_iter().map(Format::as_str))
}

/// Whether a word names a format, with a path or without.
pub(crate) fn is_destination(word: &str) -> bool {
    word.split_once('=').map_or(word, |(format, _)| format).parse::<Format>().is_ok()
}

/// Whether a report is written to stdout in place of what a person reads. Annotations are written behind that: a CI service
/// takes them out of everything else that a step prints.
pub(crate) fn takes_stdout(destinations: &[Destination]) -> bool {
    destinations.iter().any(|one| one.place == Place::Stdout && one.format != Format::Github)
}

/// The destinations that the values of `--report` name. Whether files can be written is found out now, so that an error is
/// reported before the run.
pub(crate) fn reports(words: &[String]) -> Result<Vec<Destination>, Failure> {
    let destinations: Vec<Destination> = words.iter().map(|word| Destination::of(word)).collect::<Result<_, _>>()?;
    for (number, one) in destinations.iter().enumerate() {
        let Some(other) = destinations[..number].iter().find(|other| other.place.is(&one.place)) else { continue };
        let (first, second) = (other.format, one.format);
        let place = match &one.place {
            Place::Stdout => "stdout".to_owned(),
            Place::Summary(path) | Place::File(path) => format!("`{}`", path.display()),
        };
        return Err(Failure::rule(format!("the reports `{first}` and `{second}` cannot both go to {place}"))
            .hint(format!("name another file: `--report {second}=PATH`")));
    }
    Ok(destinations)
}

/// The destinations of a command that writes nothing but JSON.
pub(crate) fn json_reports(words: &[String]) -> Result<Vec<Destination>, Failure> {
    match words.iter().find(|word| *word != "json" && !word.starts_with("json=")) {
        Some(word) => Err(Failure::rule(format!("`--report` takes `json` or `json=PATH` here, not `{word}`"))),
        None => reports(words),
    }
}

/// Writes a report to each destination but those that were written line by line. What cannot be written does not keep the
/// others from being written; each is a failure.
pub(crate) fn write(report: &Report, destinations: &[Destination]) -> Vec<Failure> {
    let others: Vec<_> = destinations.iter().filter(|one| !one.is_followed()).collect();
    write_all(report, &others)
}

/// Writes a saved report to each destination.
pub(crate) fn write_saved(report: &Report, destinations: &[Destination]) -> Vec<Failure> {
    write_all(report, &destinations.iter().collect::<Vec<_>>())
}

/// Secrets are taken out before a format escapes anything: afterwards they could not be recognised, and what stands in for them
/// would not be escaped.
fn write_all(report: &Report, destinations: &[&Destination]) -> Vec<Failure> {
    if destinations.is_empty() {
        return Vec::new();
    }
    let read = |value: Value| {
        serde_json::from_value(value)
            .map_err(|error| Failure::internal(format!("read the report without its secrets: {error}")))
    };
    let clean: Report = match strings::redacted(report).and_then(read) {
        Ok(clean) => clean,
        Err(failure) => return vec![failure],
    };
    let written = destinations.iter().map(|one| {
        let rendered = |report: &Report| one.format.render(report).trim_end_matches('\n').to_owned();
        let ours = || strings::emptied(report).and_then(read).map(|report| rendered(&report)).unwrap_or_default();
        one.write(&rendered(&clean), &ours)
    });
    written.filter_map(Result::err).collect()
}

/// Writes JSON of another kind to each destination.
pub(crate) fn write_json(report: &impl Serialize, destinations: &[Destination]) -> Result<(), Failure> {
    let text = format!("{:#}", strings::redacted(report)?);
    let ours = || strings::emptied(report).map(|value| format!("{value:#}")).unwrap_or_default();
    destinations.iter().try_for_each(|one| one.write(&text, &ours))
}

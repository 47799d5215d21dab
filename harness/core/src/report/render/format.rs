//! The formats of a report, by their words.

use super::badge::Figure;
use super::{annotations, badge, html, junit, markdown, ndjson, prometheus};
use crate::report::Report;
use std::fmt;
use std::str::FromStr;

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The whole report as JSON.
    Json,
    /// JUnit XML, for CI services.
    Junit,
    /// Markdown, for a job's summary or a comment.
    Markdown,
    /// A page for people: one file that works offline.
    Html,
    /// Workflow commands of GitHub, which annotate the lines of the fixtures.
    Github,
    /// One JSON object a line, so that a program can follow a run.
    Ndjson,
    /// The text format of Prometheus, for the textfile collector.
    Prometheus,
    /// An endpoint badge of shields.io with the divergence.
    BadgeDivergence,
    /// An endpoint badge of shields.io with the coverage.
    BadgeCoverage,
}

/// A word that is not a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a format: {}", Format::words())]
pub struct UnknownFormat {
    word: String,
}

impl Format {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Json,
        Self::Junit,
        Self::Markdown,
        Self::Html,
        Self::Github,
        Self::Ndjson,
        Self::Prometheus,
        Self::BadgeDivergence,
        Self::BadgeCoverage,
    ];

    /// Its word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Github => "github",
            Self::Ndjson => "ndjson",
            Self::Prometheus => "prometheus",
            Self::BadgeDivergence => "badge-divergence",
            Self::BadgeCoverage => "badge-coverage",
        }
    }

    /// The words of all formats, as a list for a message.
    pub fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// The report in this format, with a line break at its end. Every value of a target in it must be redacted already.
    pub fn render(self, report: &Report) -> String {
        match self {
            Self::Json => serde_json::to_string_pretty(report).expect("a report has only plain keys") + "\n",
            Self::Junit => junit::render(report),
            Self::Markdown => markdown::render(report),
            Self::Html => html::render(report),
            Self::Github => annotations::render(report),
            Self::Ndjson => ndjson::render(report),
            Self::Prometheus => prometheus::render(report),
            Self::BadgeDivergence => badge::render(report, Figure::Divergence),
            Self::BadgeCoverage => badge::render(report, Figure::Coverage),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        found.ok_or_else(|| UnknownFormat { word: word.to_owned() })
    }
}

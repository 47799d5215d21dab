//! The destinations of a JSON report: stdout or files.

use super::failure::Failure;
use super::output;
use serde::Serialize;
use std::path::Path;
use trentcheck_core::file::must_be_writable;

/// A destination of the JSON report.
pub(crate) enum Destination {
    Stdout,
    File(String),
}

/// Whether a report is written to stdout.
pub(crate) fn takes_stdout(destinations: &[Destination]) -> bool {
    destinations.iter().any(|destination| matches!(destination, Destination::Stdout))
}

/// The destinations that the values of `--report` name. Files are opened now, so that an error is reported before the
/// run.
pub(crate) fn reports(words: &[String]) -> Result<Vec<Destination>, Failure> {
    words
        .iter()
        .map(|word| match word.split_once('=') {
            None if word == "json" => Ok(Destination::Stdout),
            Some(("json", path)) if !path.is_empty() => match must_be_writable(Path::new(path)) {
                Ok(()) => Ok(Destination::File(path.to_owned())),
                Err(error) => Err(Failure::usage(format!("write `{path}`: {error}"))),
            },
            _ => Err(Failure::rule(format!("`--report` takes `json` or `json=PATH`, not `{word}`"))),
        })
        .collect()
}

/// Writes a report to each destination.
pub(crate) fn write(report: &impl Serialize, destinations: &[Destination]) -> Result<(), Failure> {
    for destination in destinations {
        let text = serde_json::to_string_pretty(report)
            .map_err(|error| Failure::internal(format!("write the report: {error}")))?;
        match destination {
            Destination::Stdout => output::to_stdout(&text),
            Destination::File(path) => {
                output::to_file(Path::new(path), &(output::redacted(&text) + "\n"))?;
            }
        }
    }
    Ok(())
}

//! `trentcheck report`: saved runs in other formats, the parts of a run as one, and what changed between runs.

use crate::arguments::{ReportArguments, ReportCommand};
use crate::edge::destination::{is_destination, nearest, reports, write_saved};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::parts::Detail;
use crate::render::terminal::render;
use crate::render::trend;
use std::path::Path;
use trentcheck_core::file::read_text;
use trentcheck_core::report::{Report, trends};

/// The most bytes of a saved run. One of all cases takes about one MiB, and 2.3 MiB where every answer is as large as it may be.
/// A report takes eight times as much memory.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Renders, merges or compares saved runs, and gives the exit code.
pub(crate) fn report(arguments: &ReportArguments) -> Result<u8, Failure> {
    match &arguments.command {
        None => {
            let (words, files): (Vec<String>, Vec<String>) =
                arguments.words.iter().cloned().partition(|word| is_destination(word));
            if files.is_empty() {
                return Err(Failure::rule("`report` needs a saved run")
                    .hint("`trentcheck run --report json=run.json` saves one"));
            }
            written(&together(read(&files)?), &words)
        }
        Some(ReportCommand::Merge { files, report: words }) => {
            let merged = Report::merge(&read(files)?).map_err(|error| Failure::rule(error.to_string()))?;
            let json = ["json".to_owned()];
            written(&merged, if words.is_empty() { &json } else { words })
        }
        Some(ReportCommand::Trend { files }) => {
            if files.len() < 2 {
                return Err(Failure::rule("`report trend` needs at least two saved runs"));
            }
            let saved: Vec<Report> = read(files)?.into_iter().map(|(_, report)| report).collect();
            output::to_stdout(&trend::render(&trends(&saved)));
            Ok(0)
        }
    }
}

/// Writes to each destination; without one, as a person reads it.
fn written(report: &Report, words: &[String]) -> Result<u8, Failure> {
    let destinations = reports(words)?;
    if destinations.is_empty() {
        output::to_stdout(&render(report, Detail::Full));
    }
    Ok(output::report_all(&write_saved(report, &destinations)).map_or(0, |code| code as u8))
}

/// Saved reports with the names of their files. Nothing is written before all are read.
fn read(files: &[String]) -> Result<Vec<(String, Report)>, Failure> {
    files
        .iter()
        .map(|file| {
            let failed = |why: String| Failure::usage(format!("read the report `{file}`: {why}"));
            let text = read_text(Path::new(file), LARGEST).map_err(|error| {
                // A misspelt format looks like the name of a file.
                let word = file.split_once('=').map_or(file.as_str(), |(format, _)| format);
                let failure = failed(error.to_string());
                match nearest(word).filter(|_| !word.contains('.')) {
                    Some(near) => failure.hint(format!("if you meant a format, it is `{near}`")),
                    None => failure,
                }
            })?;
            Ok((file.clone(), Report::read(&text).map_err(|error| failed(error.to_string()))?))
        })
        .collect()
}

/// The runs of several reports in one.
fn together(reports: Vec<(String, Report)>) -> Report {
    let targets = reports.iter().map(|(_, report)| report.targets).sum();
    Report::of(reports.into_iter().flat_map(|(_, report)| report.runs).collect(), targets)
}

//! Events of a run, a line each, written while it goes on: to stdout or to files that another program follows.

use super::destination::Destination;
use super::failure::Failure;
use super::output::{self, Layout};
use super::strings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use trentcheck_core::file::new_stream;
use trentcheck_core::report::render::{ndjson_began, ndjson_case, ndjson_ended, ndjson_of_report};
use trentcheck_core::report::{CaseRan, Report, TargetReport};

/// Where the events go, and what was said already.
pub(crate) struct Events(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    sinks: Vec<Sink>,
    /// Runs that began, by the names of their targets.
    began: BTreeSet<Option<String>>,
    /// The cases that ended, by the names of their targets.
    said: BTreeSet<(Option<String>, String)>,
    failures: Vec<Failure>,
}

enum Sink {
    Stdout,
    /// A file that nothing was written to yet: a run that is refused leaves an old one as it was.
    Closed(PathBuf),
    Open(PathBuf, File),
}

impl Events {
    /// Events go to those of these destinations that follow a run.
    pub(crate) fn to(destinations: &[Destination]) -> Self {
        let sink = |one: &Destination| one.file().map_or(Sink::Stdout, |path| Sink::Closed(path.to_owned()));
        let sinks = destinations.iter().filter(|one| one.is_followed()).map(sink).collect();
        Self(Mutex::new(Inner { sinks, ..Inner::default() }))
    }

    /// A run begins.
    pub(crate) fn began(&self, name: Option<&str>, target: &TargetReport, selected: usize) {
        self.inner().began(name, target, selected);
    }

    /// A case ended.
    pub(crate) fn case(&self, name: Option<&str>, case: &CaseRan) {
        let mut inner = self.inner();
        if inner.is_followed() && inner.is_news(name, &case.id) {
            inner.write(&ndjson_case(name, case));
        }
    }

    /// Everything ended. Cases that were not begun are told now. What could not be written is returned.
    pub(crate) fn ended(&self, report: &Report) -> Vec<Failure> {
        let mut inner = self.inner();
        if !inner.is_followed() {
            return std::mem::take(&mut inner.failures);
        }
        for run in &report.runs {
            let name = run.name.as_deref();
            inner.began(name, &run.target, run.figures.selected);
            for case in &run.cases {
                if inner.is_news(name, &case.id) {
                    inner.write(&ndjson_of_report(name, case));
                }
            }
        }
        ndjson_ended(report).iter().for_each(|line| inner.write(line));
        std::mem::take(&mut inner.failures)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether something still takes lines.
    fn is_followed(&self) -> bool {
        !self.sinks.is_empty()
    }

    fn began(&mut self, name: Option<&str>, target: &TargetReport, selected: usize) {
        if self.is_followed() && self.began.insert(name.map(str::to_owned)) {
            self.write(&ndjson_began(name, target, selected));
        }
    }

    /// Whether nothing was said of a case yet.
    fn is_news(&mut self, name: Option<&str>, case: &str) -> bool {
        self.said.insert((name.map(str::to_owned), case.to_owned()))
    }

    /// Writes a line to each place that still takes lines.
    fn write(&mut self, line: &str) {
        let read: Value = match serde_json::from_str(line) {
            Ok(event) => event,
            Err(error) => return self.failures.push(Failure::internal(format!("read an event: {error}"))),
        };
        let (line, ours) = match (strings::redacted(&read), strings::emptied(&read)) {
            (Ok(line), Ok(ours)) => (line.to_string(), ours.to_string()),
            (Err(failure), _) | (_, Err(failure)) => return self.failures.push(failure),
        };
        let failures = &mut self.failures;
        self.sinks.retain_mut(|sink| sink.write(&line, &ours).map_err(|failure| failures.push(failure)).is_ok());
    }
}

impl Sink {
    fn write(&mut self, line: &str, ours: &str) -> Result<(), Failure> {
        let failed =
            |path: &Path, error: std::io::Error| Failure::usage(format!("write `{}`: {error}", path.display()));
        if let Self::Closed(path) = self {
            let file = new_stream(path).map_err(|error| failed(path, error))?;
            *self = Self::Open(std::mem::take(path), file);
        }
        if let Self::Open(path, file) = self {
            output::must_be_clean_beyond(path, line, Layout::Free, &|| ours.to_owned())?;
            return writeln!(file, "{line}").map_err(|error| failed(path, error));
        }
        output::report_to_stdout(line, Layout::Free, &|| ours.to_owned())
    }
}

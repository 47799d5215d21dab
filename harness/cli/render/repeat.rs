//! The line that repeats a case.

use crate::edge::shell;
use trentcheck_core::fixture::Level;
use trentcheck_core::report::{CaseReport, RunReport};

/// What a line that repeats a case has to say about the target.
pub(crate) struct Repeat {
    /// The endpoint, unless it is the embedded reference.
    pub(crate) endpoint: Option<String>,
    /// The flags that say how it is reached and who signs, each behind a space.
    pub(crate) flags: String,
}

impl Repeat {
    /// The line for a case of a run.
    pub(crate) fn line(&self, case: &CaseReport, report: &RunReport) -> String {
        let mut line = format!("trentcheck run {} --edition {}", shell::word(&case.id), report.target.edition);
        if let Some(endpoint) = &self.endpoint {
            line.push_str(&shell::flag("--endpoint", endpoint));
            line.push_str(&shell::flag("--region", &report.target.region));
        }
        if report.fail_on != Level::Must {
            line.push_str(&format!(" --fail-on {}", report.fail_on));
        }
        if report.lane != "wire" {
            line.push_str(&format!(" --lane {}", report.lane));
        }
        line.push_str(&self.flags);
        line
    }
}

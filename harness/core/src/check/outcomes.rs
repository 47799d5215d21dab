//! What a check came to.

use crate::normalise::Redactor;
use crate::report::render::{Format, brief};
use crate::report::{CaseReport, ExitCode, Report, RunReport};
use std::fmt;
use std::sync::OnceLock;

/// What a check came to. As text it is the brief report: a line for each cause.
#[must_use = "`assert_conforms` fails the test"]
pub struct Outcomes {
    report: RunReport,
    redactor: Redactor,
    /// The report without secrets and account ids, made for the first rendering.
    clean: OnceLock<Report>,
}

impl Outcomes {
    pub(super) fn new(report: RunReport, redactor: Redactor) -> Self {
        Self { report, redactor, clean: OnceLock::new() }
    }

    /// Whether every case that could be run passes, or deviates as listed. A case without a verdict does not conform, and
    /// a run of no case does not either. Skipped cases do not count.
    pub fn conforms(&self) -> bool {
        self.exit_code() == ExitCode::Pass
    }

    /// Panics with the brief report if the server does not conform.
    ///
    /// # Panics
    ///
    /// The server does not conform.
    #[track_caller]
    pub fn assert_conforms(&self) {
        assert!(self.conforms(), "{self}");
    }

    /// The code with which the command would end.
    pub fn exit_code(&self) -> ExitCode {
        self.report.exit_code
    }

    /// Every case that was selected, with what became of it.
    pub fn cases(&self) -> &[CaseReport] {
        &self.report.cases
    }

    /// The whole report as data. It holds account ids that the server showed; [`Self::render`] leaves them out.
    pub fn report(&self) -> &RunReport {
        &self.report
    }

    /// The report as a file for another program, without secrets and account ids.
    pub fn render(&self, format: Format) -> String {
        let clean = || {
            let report = Report::of(vec![self.report.clone()], 1);
            report.redacted(&self.redactor).expect("a report is read as it was written")
        };
        format.render(self.clean.get_or_init(clean))
    }

    /// A text about this check without secrets and account ids.
    #[cfg(feature = "libtest")]
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redactor.redact_all(text)
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redactor.redact_all(&brief(&self.report)))
    }
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

//! An error that ends the command: what failed, whose fault it is, what to do.

use trentcheck_core::report;

/// What stands before a message that says what could not be done.
const FAILED: &str = "failed to ";

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: report::ExitCode,
    prefix: &'static str,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Something named by usage, configuration or fixture could not be done. The message can follow "failed to".
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Usage, FAILED, message)
    }

    /// Wrong usage or configuration. The message is a clause that states the rule.
    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Usage, "", message)
    }

    /// Refused by a safety rule. The message is a clause that states the rule.
    pub(crate) fn safety(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Safety, "refused: ", message)
    }

    /// What was asked for needs verdicts that are not there. The message can follow "failed to".
    pub(crate) fn unjudged(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Indeterminate, FAILED, message)
    }

    /// A fault of our own. The message can follow "failed to".
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Internal, FAILED, message)
    }

    fn of(code: report::ExitCode, prefix: &'static str, message: impl Into<String>) -> Self {
        Self { code, prefix, message: message.into(), hint: None }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code that the process ends with.
    pub(crate) fn exit_code(&self) -> u8 {
        self.code as u8
    }

    /// The failure as a person reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("error: {}{}", self.prefix, self.message);
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

//! An error that ends the command: what failed, whose fault it is, what to do.

use trentcheck_core::report;

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: report::ExitCode,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Wrong usage, configuration or fixture. The message can follow "failed to".
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: report::ExitCode::Usage, message: message.into(), hint: None }
    }

    /// Refused by a safety rule.
    pub(crate) fn safety(message: impl Into<String>) -> Self {
        Self { code: report::ExitCode::Safety, message: message.into(), hint: None }
    }

    /// What was asked for needs verdicts that are not there.
    pub(crate) fn unjudged(message: impl Into<String>) -> Self {
        Self { code: report::ExitCode::Indeterminate, message: message.into(), hint: None }
    }

    /// A fault of our own.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { code: report::ExitCode::Internal, message: message.into(), hint: None }
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
        let mut text = match self.code {
            report::ExitCode::Safety => format!("error: refused: {}", self.message),
            _ => format!("error: failed to {}", self.message),
        };
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

//! An error that ends the command: what failed, who is at fault, and what to do.

use trentcheck_core::normalise::Shown;
use trentcheck_core::report;

/// The start of a message about something that could not be done.
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
    /// A request by flags, configuration or fixtures could not be carried out. The message can follow "failed to".
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Usage, FAILED, message)
    }

    /// The usage or the configuration is wrong. The message is a clause that states the rule.
    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Usage, "", message)
    }

    /// A safety rule refuses the command. The message is a clause that states the rule.
    pub(crate) fn safety(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Safety, "refused: ", message)
    }

    /// The command needs verdicts, and they are missing. The message can follow "failed to".
    pub(crate) fn unjudged(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Indeterminate, FAILED, message)
    }

    /// trentcheck itself is at fault. The message can follow "failed to".
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::of(report::ExitCode::Internal, FAILED, message)
    }

    fn of(code: report::ExitCode, prefix: &'static str, message: impl Into<String>) -> Self {
        Self { code, prefix, message: message.into(), hint: None }
    }

    /// Adds a hint: what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        self.code as u8
    }

    /// The same by its name.
    pub(crate) fn code(&self) -> report::ExitCode {
        self.code
    }

    /// The text of the failure for the user. What it quotes of a file or an argument moves no cursor, and begins no line
    /// that is a command to a CI service.
    pub(crate) fn text(&self) -> String {
        let line = |line: &str| {
            let is_command = ["::", "##"].iter().any(|start| line.trim_start().starts_with(start));
            format!("{}{}", if is_command { "| " } else { "" }, Shown::ours(line))
        };
        let message: Vec<String> = self.message.split('\n').map(line).collect();
        let mut text = format!("error: {}{}", self.prefix, message.join("\n"));
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

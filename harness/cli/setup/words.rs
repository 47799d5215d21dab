//! Builds command lines that a shell reads correctly.

use crate::edge::{output, shell};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// A command line, word by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of this text, which must need no quoting.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.split(' ').map(str::to_owned).collect())
    }

    /// Adds a word.
    pub(crate) fn word(&mut self, word: impl Display) {
        self.0.push(quoted(&word.to_string()));
    }

    /// Adds a flag without a value.
    pub(crate) fn switch(&mut self, flag: &'static str) {
        self.0.push(flag.to_owned());
    }

    /// Adds a flag with its value.
    pub(crate) fn flag(&mut self, flag: &'static str, value: impl Display) {
        self.switch(flag);
        self.word(value);
    }

    /// Adds a flag with its value, if there is one.
    pub(crate) fn maybe(&mut self, flag: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.flag(flag, value);
        }
    }

    /// Adds a flag with a path, if there is one.
    pub(crate) fn path(&mut self, flag: &'static str, path: Option<&Path>) {
        self.maybe(flag, path.map(Path::display));
    }

    /// Adds a flag whose value is redacted and comes from this environment variable.
    pub(crate) fn variable(&mut self, flag: &'static str, name: &str) {
        self.switch(flag);
        self.0.push(format!("\"${name}\""));
    }

    /// Adds the words of another command line.
    pub(crate) fn all(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    /// The command line as text.
    pub(crate) fn line(&self) -> String {
        self.0.join(" ")
    }
}

/// A duration in the form that flags accept.
pub(crate) fn time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// Quotes a word for a POSIX shell. Secrets are redacted before the word is quoted, because the shell would read an
/// unquoted `<` of the replacement as a redirection.
fn quoted(word: &str) -> String {
    shell::word(&output::redacted(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_every_word_back() {
        let values = ["", "a b", "it's", "$HOME", "`x`", "a\nb", "~", "*", "!x", "a=b", "<account>", "\\"];
        let mut words = Words::of("trentcheck run");
        values.iter().for_each(|value| words.flag("--ca", value));
        let read = shlex::split(&words.line()).unwrap_or_default();
        let expected: Vec<&str> =
            ["trentcheck", "run"].into_iter().chain(values.iter().flat_map(|value| ["--ca", value])).collect();
        assert_eq!(read, expected);
    }
}

//! All output of the process: stdout, stderr and files. Everything passes one redactor, which knows every secret in
//! use. The text of a file is searched again before the file is written.
//!
//! A reader that closes the pipe early is not an error.

use super::drawn::aside;
use super::failure::Failure;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};
use trentcheck_core::file::{append, write_private, write_whole};
use trentcheck_core::normalise::{Redactor, Shown};
use trentcheck_core::report;
use trentcheck_core::text::Text;

/// The secrets that must not leave the process, collected while it runs. There is one value for the process, so that
/// every output uses it.
static KEPT_BACK: LazyLock<RwLock<Redactor>> = LazyLock::new(RwLock::default);

/// Hides these secrets and accounts from now on.
pub(crate) fn protect(more: &Redactor) {
    let mut kept_back = KEPT_BACK.write().unwrap_or_else(PoisonError::into_inner);
    *kept_back = kept_back.and(more);
}

/// Hides the credentials in the environment, whether or not they are used.
pub(crate) fn protect_environment() {
    let secrets = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.to_str()?, value.to_str()?);
        let shown = match name {
            name if !name.starts_with("AWS_") && !name.starts_with("TRENTCHECK_") => return None,
            name if name.ends_with("_SECRET_ACCESS_KEY") => "<secret-access-key>",
            name if name.ends_with("_SESSION_TOKEN") => "<session-token>",
            name if name.ends_with("_ACCESS_KEY_ID") => "<access-key-id>",
            _ => return None,
        };
        Some((value.to_owned(), shown))
    });
    protect(&Redactor::new(secrets));
}

/// The text without secrets.
pub(crate) fn redacted(text: &str) -> String {
    KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner).redact_all(text)
}

/// Texts without secrets.
pub(crate) fn redacted_each(texts: &[&str]) -> Vec<String> {
    KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner).redact_each(texts)
}

/// A text that may quote a target, redacted and escaped.
pub(crate) fn shown(text: &Text) -> Shown {
    KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner).show(text)
}

/// The reason why stdout did not take all output. A reader that closed the pipe is not such a reason.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes one or more lines to stdout.
pub(crate) fn to_stdout(text: &str) {
    print(&redacted(text));
}

fn print(text: &str) {
    match aside(|| writeln!(anstream::stdout().lock(), "{text}")) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => drop(LOST.set(error.to_string())),
        _ => {}
    }
}

/// Writes text that is made of fixtures alone to stdout, unchanged: a program reads it, and a word of it may happen to be a
/// secret of the environment.
pub(crate) fn fixtures_to_stdout(text: &str) {
    print(text);
}

/// Writes a report that was redacted string by string to stdout, or nothing if it would hold a secret.
pub(crate) fn report_to_stdout(text: &str, layout: Layout, ours: &dyn Fn() -> String) -> Result<(), Failure> {
    must_be_clean_beyond(Path::new("stdout"), text, layout, ours)?;
    print(text);
    Ok(())
}

/// Fails if stdout did not take all output, because a lost result is not a result.
pub(crate) fn delivered() -> Result<(), Failure> {
    match LOST.get() {
        Some(why) => Err(Failure::usage(format!("write to stdout: {why}"))),
        None => Ok(()),
    }
}

/// Clears the terminal; nothing happens where stdout is none.
pub(crate) fn clear_terminal() {
    if std::io::stdout().is_terminal() {
        // Back to the top, clear to the end, and what was scrolled away.
        let _ = aside(|| {
            write!(anstream::stdout().lock(), "\x1b[H\x1b[2J\x1b[3J").and_then(|()| std::io::stdout().flush())
        });
    }
}

/// Writes one or more lines to stderr.
pub(crate) fn to_stderr(text: &str) {
    let text = redacted(text);
    let _ = aside(|| writeln!(anstream::stderr().lock(), "{text}"));
}

/// Writes a line to stderr without redaction: credentials of the reference target, which are published and open nothing
/// else.
pub(crate) fn publish(text: &str) {
    let _ = aside(|| writeln!(anstream::stderr().lock(), "{text}"));
}

/// Prints a failure and returns the exit code of the process.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    to_stderr(&failure.text());
    ExitCode::from(failure.exit_code())
}

/// Writes a question to stderr. The user types the answer behind it.
pub(crate) fn prompt(text: &str) {
    let text = redacted(text);
    let _ = aside(|| write!(std::io::stderr().lock(), "{text}"));
}

/// Refuses a text for this file if it holds a secret. The message names the place and never the secret.
pub(crate) fn must_be_clean(path: &Path, text: &str) -> Result<(), Failure> {
    must_be_clean_beyond(path, text, Layout::Free, &String::new)
}

/// How a text is laid out, as far as that helps to look through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// JSON with each value on a line of its own.
    Json,
    /// In any way.
    Free,
}

/// The same, for a text that was redacted string by string. Words of ours stay in it even where a secret is such a word;
/// `ours` is asked for them only if there is something to tell apart.
pub(crate) fn must_be_clean_beyond(
    path: &Path,
    text: &str,
    layout: Layout,
    ours: &dyn Fn() -> String,
) -> Result<(), Failure> {
    let kept_back = KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner);
    let is_clean = match layout {
        Layout::Json => kept_back.is_clean_json(text),
        Layout::Free => kept_back.leaks(text).is_empty(),
    };
    if is_clean {
        return Ok(());
    }
    let leaks = kept_back.leaks_beyond(text, &ours());
    let Some(first) = leaks.first() else { return Ok(()) };
    let more = match leaks.len() {
        1 => String::new(),
        several => format!(", and {} more places", several - 1),
    };
    Err(Failure::safety(format!(
        "`{}` is not written: line {} would hold a secret ({}){more}",
        path.display(),
        first.line,
        first.what
    ))
    .hint("check what the target repeats, and whether a flag or a file holds a secret by mistake"))
}

/// Prints failures that happened one beside the other, and returns the exit code that wins.
pub(crate) fn report_all(failures: &[Failure]) -> Option<report::ExitCode> {
    failures.iter().for_each(|failure| to_stderr(&failure.text()));
    let codes: Vec<report::ExitCode> = failures.iter().map(Failure::code).collect();
    (!codes.is_empty()).then(|| report::ExitCode::first_of(&codes))
}

/// Adds a report to a file that others write to as well.
pub(crate) fn append_report(path: &Path, text: &str, ours: &dyn Fn() -> String) -> Result<(), Failure> {
    must_be_clean_beyond(path, text, Layout::Free, ours)?;
    append(path, text).map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))
}

/// Writes a file as a whole that only its owner can read, and makes the folders above it.
pub(crate) fn to_private_file(path: &Path, text: &str) -> Result<(), Failure> {
    must_be_clean(path, text)?;
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| write_private(path, text))
        .map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))
}

/// Writes a file as a whole, or leaves the old file unchanged.
pub(crate) fn to_file(path: &Path, text: &str) -> Result<(), Failure> {
    must_be_clean(path, text)?;
    write_whole(path, text).map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))
}

/// The same for a report that was redacted string by string.
pub(crate) fn report_to_file(
    path: &Path,
    text: &str,
    layout: Layout,
    ours: &dyn Fn() -> String,
) -> Result<(), Failure> {
    must_be_clean_beyond(path, text, layout, ours)?;
    write_whole(path, text).map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))
}

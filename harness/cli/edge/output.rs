//! The only way out: two streams and files. Everything passes one redactor that knows every secret in use, and what is
//! to be a file is searched once more before it is one.
//!
//! A reader who closes the pipe early is no error.

use super::failure::Failure;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};
use trentcheck_core::file::write_whole;
use trentcheck_core::normalise::Redactor;

/// What has to be kept back, learnt as the process goes. One for the process, so that no way out can forget it.
static KEPT_BACK: LazyLock<RwLock<Redactor>> = LazyLock::new(RwLock::default);

/// Keeps these secrets and accounts back from now on.
pub(crate) fn protect(more: &Redactor) {
    let mut kept_back = KEPT_BACK.write().unwrap_or_else(PoisonError::into_inner);
    *kept_back = kept_back.and(more);
}

/// Keeps the credentials of the environment back, whether or not they come to be used.
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

/// The text as it may leave.
pub(crate) fn redacted(text: &str) -> String {
    KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner).redact_all(text)
}

/// Why stdout did not take everything; a reader who went away is no such reason.
static LOST: OnceLock<String> = OnceLock::new();

/// A line, or several, to stdout.
pub(crate) fn to_stdout(text: &str) {
    match writeln!(anstream::stdout().lock(), "{}", redacted(text)) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => drop(LOST.set(error.to_string())),
        _ => {}
    }
}

/// What became of everything that went to stdout: a result that nobody can read is none.
pub(crate) fn delivered() -> Result<(), Failure> {
    match LOST.get() {
        Some(why) => Err(Failure::usage(format!("write to stdout: {why}"))),
        None => Ok(()),
    }
}

/// A line, or several, to stderr.
pub(crate) fn to_stderr(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", redacted(text));
}

/// A line to stderr as it is: credentials of the reference target, which are published and open nothing else.
pub(crate) fn publish(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints a failure and gives the process' exit code.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    to_stderr(&failure.text());
    ExitCode::from(failure.exit_code())
}

/// Characters to stderr as they are, for a line that is redrawn.
pub(crate) fn draw(text: &str) {
    let _ = write!(std::io::stderr().lock(), "{}", redacted(text));
}

/// Refuses a text that is to be the file of this path if it holds a secret. The place is told, never the secret.
pub(crate) fn must_be_clean(path: &Path, text: &str) -> Result<(), Failure> {
    let leaks = KEPT_BACK.read().unwrap_or_else(PoisonError::into_inner).leaks(text);
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
    .hint("look at what the target repeats, and at flags and files that may hold a secret by mistake"))
}

/// Writes a file whole, or leaves what is there.
pub(crate) fn to_file(path: &Path, text: &str) -> Result<(), Failure> {
    must_be_clean(path, text)?;
    write_whole(path, text).map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))
}

//! The two streams. A reader who closes the pipe early is no error.

use std::io::Write;

/// A line, or several, to stdout.
pub(crate) fn to_stdout(text: &str) {
    // Nothing can be said about a stdout that is gone.
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// A line, or several, to stderr.
pub(crate) fn to_stderr(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

//! `run --watch`: runs again whenever something changes, until an interrupt.

use super::run::{Once, once};
use crate::arguments::{Cases, RunArguments, RunControl};
use crate::edge::change::Watched;
use crate::edge::failure::Failure;
use crate::edge::interrupt::Interrupt;
use crate::edge::output;
use trentcheck_core::report::ExitCode;

/// Runs again and again. What is wrong at the beginning is an error; later it is told, and the next change is awaited:
/// whoever writes fixtures has them wrong for a while.
pub(crate) async fn watch(arguments: &RunArguments, cases: &Cases, control: &RunControl) -> Result<u8, Failure> {
    // From here on, so that no signal between two runs is lost.
    let mut interrupt =
        Interrupt::listen().map_err(|error| Failure::internal(format!("listen for interrupts: {error}")))?;
    let mut watched: Option<Watched> = None;
    loop {
        let before = watched.as_ref().map(Watched::files);
        match (once(arguments, cases, control).await, &watched) {
            (Ok(Once { is_interrupted: true, code, .. }), _) => return Ok(code),
            (Ok(once), _) => watched = Some(once.watched),
            (Err(failure), None) => return Err(failure),
            (Err(failure), Some(_)) => drop(output::report(&failure)),
        }
        let Some(watched) = &watched else { continue };
        // Files of the first run are looked at after it, since it names them.
        let before = before.unwrap_or_else(|| watched.files());
        output::to_stderr("\nwatching; an interrupt ends it");
        let why = tokio::select! {
            () = interrupt.came() => return Ok(ExitCode::Interrupted as u8),
            why = watched.changed(&before, || output::to_stderr("the target is away")) => why,
        };
        output::clear_terminal();
        output::to_stderr(&format!("== again: {why}"));
    }
}

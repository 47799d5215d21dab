//! `trentcheck accept DIR`.

use super::regress::{Unreferenced, failure};
use crate::arguments::AcceptArguments;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::setup::corpus::{corpus, selection};
use trentcheck_core::baseline::{Baseline, SnapFile};
use trentcheck_core::file::read_text;
use trentcheck_core::report::ExitCode;

/// Bytes of a recording that is read.
const LARGEST: u64 = 16 << 20;

/// Puts what is pending in the place of what was recorded.
pub(crate) fn accept(arguments: &AcceptArguments) -> Result<u8, Failure> {
    Writing::of_environment().must_be_allowed("accept")?;
    let corpus = corpus(arguments.fixtures.as_deref())?;
    let selection = selection(&arguments.cases, &corpus)?;
    let baseline = Baseline::open(&arguments.directory, &corpus).map_err(failure)?;
    // One directory holds recordings of one kind only, so that none is refused later.
    if let Some(snap) = baseline.recorded.values().chain(baseline.pending.values()).next() {
        baseline.must_suit(&snap.head).map_err(failure)?;
    }
    let accepted: Vec<&String> =
        baseline.pending.keys().filter(|id| corpus.case(id).is_some_and(|case| selection.takes(case))).collect();
    for id in &accepted {
        // Somebody may have written into it by hand.
        let path = baseline.path(id, SnapFile::Pending);
        let text =
            read_text(&path, LARGEST).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
        output::must_be_clean(&path, &text)?;
    }
    for id in &accepted {
        baseline.accept(id).map_err(failure)?;
    }
    let mut lines = Unreferenced::of(arguments.delete_unreferenced).settle(&baseline)?;
    lines.extend(accepted.iter().map(|id| format!("accepted {id}")));
    let left = baseline.pending.len() - accepted.len();
    lines.push(match (accepted.len(), left) {
        (0, 0) => format!("nothing waits to be accepted in {}", arguments.directory.display()),
        (taken, 0) => format!("accepted {taken}, and nothing waits any more"),
        (taken, left) => format!("accepted {taken}, and {left} still wait"),
    });
    output::to_stdout(&lines.join("\n"));
    Ok(ExitCode::Pass as u8)
}

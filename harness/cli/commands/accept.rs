//! `trentcheck accept DIR`.

use super::regress::{Unreferenced, failure};
use crate::arguments::AcceptArguments;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::render::pending::render;
use crate::setup::confirm::{Reader, agreed};
use crate::setup::corpus::{corpus, selection};
use trentcheck_core::baseline::{Baseline, SnapFile};
use trentcheck_core::file::read_text;
use trentcheck_core::report::ExitCode;

/// Bytes of a recording that is read.
const LARGEST: u64 = 16 << 20;

/// Puts what is pending in the place of what was recorded, once somebody agreed; or shows it and writes nothing.
pub(crate) fn accept(arguments: &AcceptArguments) -> Result<u8, Failure> {
    if !arguments.diff {
        Writing::of_environment().must_be_allowed("accept")?;
    }
    let corpus = corpus(arguments.fixtures.as_deref())?;
    let selection = selection(&arguments.cases, &corpus)?.with_slow();
    let baseline = Baseline::open(&arguments.directory, &corpus).map_err(failure)?;
    // One directory holds recordings of one kind only, so that none is refused later.
    if let Some(snap) = baseline.recorded.values().chain(baseline.pending.values()).next() {
        baseline.must_suit(&snap.head).map_err(failure)?;
    }
    let selected: Vec<&str> = baseline
        .pending
        .keys()
        .map(String::as_str)
        .filter(|id| corpus.case(id).is_some_and(|case| selection.takes(case)))
        .collect();
    if arguments.diff {
        let mut lines = render(&baseline, &selected);
        lines.extend(Unreferenced::Told.settle(&baseline)?);
        lines.push(waiting(selected.len(), baseline.pending.len() - selected.len(), arguments));
        output::to_stdout(&lines.join("\n"));
        return Ok(if selected.is_empty() { ExitCode::Pass } else { ExitCode::Divergence } as u8);
    }
    for id in &selected {
        // Somebody may have written into it by hand.
        let path = baseline.path(id, SnapFile::Pending);
        let text =
            read_text(&path, LARGEST).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
        output::must_be_clean(&path, &text)?;
    }
    if !selected.is_empty() && !arguments.all && arguments.cases.patterns.is_empty() {
        must_be_agreed_to(&baseline, &selected)?;
    }
    for id in &selected {
        baseline.accept(id).map_err(failure)?;
    }
    let mut lines = Unreferenced::of(arguments.delete_unreferenced).settle(&baseline)?;
    lines.extend(selected.iter().map(|id| format!("accepted {id}")));
    let left = baseline.pending.len() - selected.len();
    lines.push(match (selected.len(), left) {
        (0, 0) => format!("nothing waits to be accepted in {}", arguments.directory.display()),
        (taken, 0) => format!("accepted {taken}, and nothing waits any more"),
        (taken, left) => format!("accepted {taken}, and {left} still wait"),
    });
    output::to_stdout(&lines.join("\n"));
    Ok(ExitCode::Pass as u8)
}

/// Shows what would be accepted and asks, since nobody named it.
fn must_be_agreed_to(baseline: &Baseline, selected: &[&str]) -> Result<(), Failure> {
    let reader = Reader::at_the_terminal();
    if reader == Reader::Nobody {
        return Err(Failure::rule(format!(
            "{} to be accepted, and nobody can be asked, because there is no terminal",
            waits(selected.len())
        ))
        .hint("`--diff` shows them; name the cases that are right, or accept all with `--all`"));
    }
    output::to_stderr(&render(baseline, selected).join("\n"));
    match agreed(&format!("{} to be accepted. Accept? [y/N] ", waits(selected.len()))) {
        true => Ok(()),
        false => Err(Failure::rule("not confirmed; nothing was accepted")),
    }
}

fn waits(cases: usize) -> String {
    if cases == 1 { "1 case waits".to_owned() } else { format!("{cases} cases wait") }
}

/// The last line of what is shown without being written.
fn waiting(selected: usize, others: usize, arguments: &AcceptArguments) -> String {
    let more = if others > 0 { format!("; {others} that are not selected wait too") } else { String::new() };
    match selected {
        0 => format!("nothing waits to be accepted in {}{more}", arguments.directory.display()),
        selected => format!("{} to be accepted; nothing was written{more}", waits(selected)),
    }
}

//! The ledger that a run writes before it makes a key, for `sweep` to read.

use super::settings::{RunSettings, TargetSettings};
use crate::edge::failure::Failure;
use crate::edge::shell;
use std::path::{Path, PathBuf};
use trentcheck_core::ledger::{Ledger, LedgerError, OpenRun};
use trentcheck_core::run::Target;

/// Where keys are written to before they are made: off loopback always somewhere.
pub(crate) fn ledger_path(settings: &RunSettings, target: &Target) -> Option<PathBuf> {
    match &settings.ledger {
        Some(path) => Some(path.clone()),
        None if target.endpoint.is_loopback() => None,
        None if !settings.allow_mutation && settings.allow_key.is_empty() => None,
        None => Some(PathBuf::from(match &settings.name {
            Some(name) => format!("trentcheck-ledger-{}.jsonl", name.replace(['/', '\\'], "-")),
            None => "trentcheck-ledger.jsonl".to_owned(),
        })),
    }
}

/// The ledger for a new run. One that still lists keys belongs to the run that left them.
pub(crate) fn ledger_of_new_run(path: &Path, target: &Target, settings: &TargetSettings) -> Result<Ledger, Failure> {
    if target.embedded {
        return Err(Failure::usage("use `--ledger` at the embedded reference: its keys end with the run")
            .hint("it goes with `--endpoint`"));
    }
    let (ledger, runs) = open(path)?;
    match runs.first() {
        None => Ok(ledger.keeping_back(&target.redactor())),
        Some(first) => {
            Err(Failure::safety(format!("the ledger `{}` is of run {}, which did not end", path.display(), first.run))
                .hint(format!("`{}` removes what it left", sweep_line(path, settings))))
        }
    }
}

/// What to type to remove what a run left; where it was and for which account stands in the ledger.
pub(crate) fn sweep_line(path: &Path, settings: &TargetSettings) -> String {
    format!("trentcheck sweep --ledger {}{}", shell::word(&path.to_string_lossy()), settings.flags())
}

/// A ledger, and the runs of it that did not end.
pub(crate) fn open(path: &Path) -> Result<(Ledger, Vec<OpenRun>), Failure> {
    Ledger::open(path).map_err(|error| match error {
        LedgerError::InUse { .. } => Failure::safety(error.to_string()).hint("one run at a time writes a ledger"),
        other => Failure::usage(other.to_string()),
    })
}

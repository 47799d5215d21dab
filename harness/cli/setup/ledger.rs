//! Opens the ledger in which a run records its keys before it creates them, so that `sweep` can find them.

use super::settings::{RunSettings, TargetSettings};
use crate::edge::failure::Failure;
use std::path::{Path, PathBuf};
use trentcheck_core::ledger::{Ledger, LedgerError, OpenRun};
use trentcheck_core::run::Target;

/// The path of the ledger. Off loopback there is always a ledger.
pub(crate) fn ledger_path(settings: &RunSettings, target: &Target) -> Option<PathBuf> {
    match &settings.ledger {
        Some(path) => Some(path.clone()),
        None if target.endpoint.is_loopback() => None,
        None if !settings.allow_mutation && settings.allow_key.is_empty() => None,
        None => Some(PathBuf::from(match &settings.target.name {
            Some(name) => format!("trentcheck-ledger-{}.jsonl", name.replace(['/', '\\'], "-")),
            None => "trentcheck-ledger.jsonl".to_owned(),
        })),
    }
}

/// The ledger for a new run. A ledger that still lists keys is refused, because it belongs to an earlier run.
pub(crate) fn ledger_of_new_run(path: &Path, settings: &TargetSettings, target: &Target) -> Result<Ledger, Failure> {
    if target.embedded {
        return Err(Failure::rule(
            "`--ledger` needs `--endpoint`: the keys of the embedded reference end with the run",
        ));
    }
    let (ledger, runs) = open(path)?;
    match runs.first() {
        None => Ok(ledger.keeping_back(&target.redactor())),
        Some(first) => {
            Err(Failure::safety(format!("run {} of the ledger `{}` did not end", first.run, path.display()))
                .hint(format!("this command removes the keys that it left:\n  {}", settings.sweep_line(path, target))))
        }
    }
}

/// Opens a ledger, and returns its runs that did not end.
pub(crate) fn open(path: &Path) -> Result<(Ledger, Vec<OpenRun>), Failure> {
    Ledger::open(path).map_err(|error| match error {
        LedgerError::InUse { .. } => {
            Failure::safety(error.to_string()).hint("wait until that run ends, or name another file with `--ledger`")
        }
        other => Failure::usage(other.to_string()),
    })
}

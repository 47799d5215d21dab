//! Trials that showed something, kept in a file and tried first next time.
//!
//! One is kept for as long as a target that showed it may still show it: it goes when it was made again at every such
//! target and showed nothing.

use crate::edge::failure::Failure;
use crate::edge::output;
use serde::{Deserialize, Serialize};
use std::path::Path;
use trentcheck_core::explore::{Certainty, Exploration, Trial};
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::{Corpus, Edition};

/// Bytes of the file; a trial has some hundred.
const LARGEST: u64 = 16 << 20;

/// The version of the file.
const SCHEMA: &str = "trentcheck-failures/1";

/// The file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Failures {
    schema: String,
    failures: Vec<Known>,
    /// What is on disk, so that nothing is written without need.
    #[serde(skip)]
    on_disk: Vec<Known>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Known {
    edition: Edition,
    trial: Trial,
    /// The targets that showed it when it was tried there last. A file from before targets were written down has none,
    /// and then nobody knows when it may go.
    #[serde(default)]
    seen_at: Vec<String>,
}

impl Failures {
    /// Those of a file, or none if there is no such file.
    pub(crate) fn read(path: &Path, corpus: &Corpus) -> Result<Self, Failure> {
        let text = match read_text(path, LARGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { schema: SCHEMA.to_owned(), failures: Vec::new(), on_disk: Vec::new() });
            }
            Err(error) => return Err(Failure::usage(format!("read `{}`: {error}", path.display()))),
        };
        let wrong = |why: String| {
            Failure::usage(format!("read the kept failures of `{}`: {why}", path.display()))
                .hint("name another file with `--failures`, or delete this one if you do not need it")
        };
        let failures: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if failures.schema != SCHEMA {
            return Err(wrong(format!("it says `{}`, and this version reads `{SCHEMA}`", failures.schema)));
        }
        let is_unknown = |known: &&Known| corpus.precondition(&known.trial.start).is_none();
        if let Some(known) = failures.failures.iter().find(is_unknown) {
            return Err(wrong(format!("there is no precondition `{}`", known.trial.start)));
        }
        Ok(Self { on_disk: failures.failures.clone(), ..failures })
    }

    /// The trials of this edition.
    pub(crate) fn of(&self, edition: Edition) -> Vec<Trial> {
        self.failures.iter().filter(|known| known.edition == edition).map(|known| known.trial.clone()).collect()
    }

    /// Takes in what an exploration of a target has shown. Says what became of those that showed nothing.
    pub(crate) fn update(&mut self, edition: Edition, target: &str, exploration: &Exploration) -> Vec<String> {
        let mut notes = Vec::new();
        self.failures.retain_mut(|known| {
            if known.edition != edition || !exploration.gone.contains(&known.trial) {
                return true;
            }
            let was_seen = !known.seen_at.is_empty();
            known.seen_at.retain(|place| place != target);
            let what = format!("a kept failure from `{}` with {} calls", known.trial.start, known.trial.steps.len());
            let stays = !(was_seen && known.seen_at.is_empty());
            notes.push(match (stays, known.seen_at.as_slice()) {
                (false, _) => format!("no longer seen: {what}"),
                (true, []) => format!("not seen here, and kept, since nobody knows where it was: {what}"),
                (true, places) => format!("not seen here, and kept for {}: {what}", places.join(", ")),
            });
            stays
        });
        for finding in exploration.findings.iter().filter(|finding| finding.certainty != Certainty::NotAgain) {
            let is_it = |known: &&mut Known| known.edition == edition && known.trial == finding.trial;
            match self.failures.iter_mut().find(is_it) {
                Some(known) if known.seen_at.iter().any(|place| place == target) => {}
                Some(known) => known.seen_at.push(target.to_owned()),
                None => self.failures.push(Known {
                    edition,
                    trial: finding.trial.clone(),
                    seen_at: vec![target.to_owned()],
                }),
            }
        }
        notes
    }

    /// Writes the file, if it would change.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        if self.failures == self.on_disk {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::internal(format!("write `{}`: {error}", path.display())))?;
        output::to_file(path, &(text + "\n"))
    }
}

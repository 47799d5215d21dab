//! The list of known deviations of a run: where it is, and whether it matches the run.

use super::configuration::{Configuration, File};
use crate::edge::failure::Failure;
use std::path::{Path, PathBuf};
use trentcheck_core::deviation::{DeviationError, DeviationFile, List};
use trentcheck_core::fixture::{Corpus, Edition, Level};

/// The place of a run's list of known deviations.
pub(crate) enum Known {
    /// There is none.
    Nothing,
    /// A separate file.
    File(PathBuf),
    /// The configuration file with this path and text.
    Inline {
        /// The configuration file.
        path: String,
        /// Its text, used to find line numbers.
        text: String,
        /// The list.
        list: DeviationFile,
    },
}

impl Known {
    /// Takes the file that the command line names, then the list that the configuration gives for the target.
    pub(super) fn of(
        asked: Option<&Path>,
        file: &File,
        configuration: &Configuration,
        fail_on: Option<Level>,
    ) -> Result<Self, Failure> {
        if let Some(path) = asked {
            return Ok(Self::File(path.to_owned()));
        }
        Ok(match (&file.deviations, file.deviation.is_empty()) {
            (Some(_), false) => {
                return Err(Failure::rule(format!(
                    "`{}`: a target has either `deviations` or `[[deviation]]`, not both",
                    configuration.path.display()
                )));
            }
            (Some(list), true) => Self::File(configuration.beside(list)),
            (None, true) => Self::Nothing,
            (None, false) => Self::Inline {
                path: configuration.path.display().to_string(),
                text: configuration.text.clone(),
                // A list in the configuration file has the edition of its target.
                list: DeviationFile { edition: None, fail_on, entries: file.deviation.clone() },
            },
        })
    }

    /// Reads and checks the list. A list for another kind of run is refused.
    pub(crate) fn list(&self, corpus: &Corpus, edition: Edition, fail_on: Level) -> Result<Option<List>, Failure> {
        let list = match self {
            Self::Nothing => return Ok(None),
            Self::File(path) => List::parse(&path.display().to_string(), &text(path)?, corpus),
            Self::Inline { path, text, list } => List::new(path, text, list.clone(), corpus),
        };
        let list = list.map_err(wrong)?;
        fits(&list, edition, fail_on)?;
        Ok(Some(list))
    }
}

/// Refuses a list for another kind of run.
pub(crate) fn fits(list: &List, edition: Edition, fail_on: Level) -> Result<(), Failure> {
    list.fits(edition, fail_on).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("run with the `--edition` and `--fail-on` of the list, or use a list for this run")
    })
}

/// The failure that reports a wrong list.
pub(crate) fn wrong(error: DeviationError) -> Failure {
    Failure::usage(error.to_string()).hint("`fixtures/README.md` explains the format")
}

/// Bytes of a list; an entry has some hundred.
const LARGEST: u64 = 16 << 20;

/// The text of the file with the list.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    trentcheck_core::file::read_text(path, LARGEST)
        .map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))
}

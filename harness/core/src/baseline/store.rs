//! A baseline directory: a `.snap` file for each case, and a `.snap.new` file for each case that differs. Each file is
//! replaced as a whole, so a reader never sees a part of it.

use super::head::Head;
use super::snap::{Snap, SnapError, SnapFile};
use crate::file::write_whole;
use crate::fixture::Corpus;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A directory cannot be used as a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("read the baseline `{}`: {source}\nhint: `trentcheck record --endpoint URL DIR` creates one", .directory.display())]
    Unreadable {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The directory holds no recording.
    #[error("find a recording in `{}`\nhint: `trentcheck record --endpoint URL DIR` creates one", .directory.display())]
    Empty {
        /// The directory.
        directory: PathBuf,
    },
    /// A file does not hold a recording.
    #[error("read `{}`: {source}\nhint: restore the file, or delete it and record its case again", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SnapError,
    },
    /// A file was recorded with another edition, corpus or lane than the run.
    #[error("use `{}`: its {part} is `{has}`, and here it is `{wanted}`\nhint: {}", .path.display(), remedy(.part))]
    Other {
        /// The file.
        path: PathBuf,
        /// `edition`, `corpus` or `lane`.
        part: &'static str,
        /// The value in the file.
        has: String,
        /// The value of the run.
        wanted: String,
    },
    /// A file cannot be written, renamed or deleted.
    #[error("write `{}`: {source}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn remedy(part: &str) -> &'static str {
    match part {
        "corpus" => "the fixtures changed: record a new baseline in another directory",
        "edition" => "give this edition with `--edition`, or record a new baseline in another directory",
        _ => "give this lane with `--lane`, or record a new baseline in another directory",
    }
}

/// A directory of recordings that all belong to one corpus.
#[derive(Clone, Debug)]
pub struct Baseline {
    directory: PathBuf,
    /// The accepted recordings, by case.
    pub recorded: BTreeMap<String, Snap>,
    /// The recordings that are not accepted yet, by case.
    pub pending: BTreeMap<String, Snap>,
    /// Files that belong to no case of the corpus.
    pub unreferenced: Vec<PathBuf>,
}

/// The file name of a case, without the extension.
pub fn file_name(case: &str) -> String {
    case.replace('/', "__")
}

/// The case id that a file name stands for. The corpus need not have such a case.
pub fn case_of(file: &str) -> Option<(String, SnapFile)> {
    [SnapFile::Pending, SnapFile::Accepted]
        .into_iter()
        .find_map(|kind| Some((file.strip_suffix(kind.extension())?.replace("__", "/"), kind)))
}

impl Baseline {
    /// Reads a directory, which must hold at least one recording.
    ///
    /// # Errors
    ///
    /// The directory or a file in it cannot be used.
    pub fn open(directory: &Path, corpus: &Corpus) -> Result<Self, BaselineError> {
        let baseline = Self::read(directory, corpus)?;
        match baseline.recorded.is_empty() && baseline.pending.is_empty() {
            true => Err(BaselineError::Empty { directory: directory.to_owned() }),
            false => Ok(baseline),
        }
    }

    /// Reads a directory to which recordings are added later. The directory need not exist.
    ///
    /// # Errors
    ///
    /// The directory or a file in it cannot be used.
    pub fn open_or_new(directory: &Path, corpus: &Corpus) -> Result<Self, BaselineError> {
        if directory.exists() {
            return Self::read(directory, corpus);
        }
        Ok(Self {
            directory: directory.to_owned(),
            recorded: BTreeMap::new(),
            pending: BTreeMap::new(),
            unreferenced: Vec::new(),
        })
    }

    fn read(directory: &Path, corpus: &Corpus) -> Result<Self, BaselineError> {
        let unreadable = |source| BaselineError::Unreadable { directory: directory.to_owned(), source };
        let mut baseline = Self {
            directory: directory.to_owned(),
            recorded: BTreeMap::new(),
            pending: BTreeMap::new(),
            unreferenced: Vec::new(),
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some((case, kind)) = case_of(&name) else { continue };
            if corpus.case(&case).is_none() || file_name(&case) + kind.extension() != name {
                baseline.unreferenced.push(path);
                continue;
            }
            let snap = Snap::read(&path).map_err(|source| BaselineError::Corrupt { path, source })?;
            match kind {
                SnapFile::Accepted => baseline.recorded.insert(case, snap),
                SnapFile::Pending => baseline.pending.insert(case, snap),
            };
        }
        Ok(baseline)
    }

    /// Checks that every recording can be compared with a recording that has this head.
    ///
    /// # Errors
    ///
    /// The first recording that cannot be compared.
    pub fn must_suit(&self, wanted: &Head) -> Result<(), BaselineError> {
        let accepted = self.recorded.iter().map(|(case, snap)| (case, SnapFile::Accepted, snap));
        let pending = self.pending.iter().map(|(case, snap)| (case, SnapFile::Pending, snap));
        for (case, kind, snap) in accepted.chain(pending) {
            for ((part, has), (_, wanted)) in snap.head.must_agree().into_iter().zip(wanted.must_agree()) {
                if has != wanted {
                    let (has, wanted) = (has.to_owned(), wanted.to_owned());
                    return Err(BaselineError::Other { path: self.path(case, kind), part, has, wanted });
                }
            }
        }
        Ok(())
    }

    /// The file of a case.
    pub fn path(&self, case: &str, kind: SnapFile) -> PathBuf {
        self.directory.join(file_name(case) + kind.extension())
    }

    /// Writes recordings, each file as a whole. `texts` are results of [`Snap::render`].
    ///
    /// # Errors
    ///
    /// A file cannot be written. The files before it are already written.
    pub fn write<'a>(
        &self,
        kind: SnapFile,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), BaselineError> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| BaselineError::Unwritable { path, source }
        };
        std::fs::create_dir_all(&self.directory).map_err(unwritable(&self.directory))?;
        for (case, text) in texts {
            let path = self.path(case, kind);
            write_whole(&path, text).map_err(unwritable(&path))?;
        }
        Ok(())
    }

    /// Replaces the accepted recording of a case by the pending one, as it was read: the file may be another by now, or a
    /// link.
    ///
    /// # Errors
    ///
    /// A file cannot be written or deleted.
    pub fn accept(&self, case: &str) -> Result<(), BaselineError> {
        let Some(pending) = self.pending.get(case) else { return Ok(()) };
        let text = pending.render();
        self.write(SnapFile::Accepted, [(case, text.as_str())])?;
        self.forget(case)
    }

    /// Deletes the pending recording of a case that no longer differs.
    ///
    /// # Errors
    ///
    /// The file cannot be deleted.
    pub fn forget(&self, case: &str) -> Result<(), BaselineError> {
        delete(&self.path(case, SnapFile::Pending))
    }

    /// Deletes the files that belong to no case of the corpus.
    ///
    /// # Errors
    ///
    /// A file cannot be deleted.
    pub fn delete_unreferenced(&self) -> Result<(), BaselineError> {
        self.unreferenced.iter().try_for_each(|path| delete(path))
    }
}

fn delete(path: &Path) -> Result<(), BaselineError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(BaselineError::Unwritable { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

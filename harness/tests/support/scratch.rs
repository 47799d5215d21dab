//! Folders for the files of one test, removed when the test ends.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

thread_local! {
    // Each test has a thread of its own.
    static OWN: Scratch = Scratch::new();
}

/// The folder of the test that runs on this thread.
#[track_caller]
pub(crate) fn folder() -> PathBuf {
    OWN.with(|scratch| scratch.path().to_owned())
}

/// The path of a file in it, whether or not there is one, as an argument of the command.
pub(crate) fn file(name: &str) -> String {
    OWN.with(|scratch| scratch.file(name))
}

/// Writes a file in it, with the folders above, and gives its path.
#[track_caller]
pub(crate) fn written(name: &str, contents: impl AsRef<[u8]>) -> String {
    OWN.with(|scratch| scratch.write(name, contents))
}

/// A folder apart from the test's own.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// An empty one.
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self::named("scratch")
    }

    /// An empty one whose name begins like this.
    #[track_caller]
    pub(crate) fn named(prefix: &str) -> Self {
        Self(tempfile::Builder::new().prefix(prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folder itself, as an argument of the command.
    pub(crate) fn as_str(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// The path of a file in it, whether or not there is one, as an argument of the command.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file in it, with the folders above, and gives its path.
    #[track_caller]
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A file's text.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names of the files that end like this, in order.
    #[track_caller]
    pub(crate) fn names(&self, end: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.ends_with(end));
        names.sort();
        names
    }
}

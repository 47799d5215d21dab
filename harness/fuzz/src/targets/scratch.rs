//! A file for those who read files.

use std::path::PathBuf;
use tempfile::TempDir;

/// Calls this with the path of a file that holds these bytes.
pub(super) fn with_file(name: &str, bytes: &[u8], then: impl FnOnce(&PathBuf)) {
    thread_local! {
        static FOLDER: TempDir = tempfile::tempdir().unwrap();
    }
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        then(&path);
    });
}

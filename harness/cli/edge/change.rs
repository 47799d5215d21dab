//! What a watcher looks at: files, by time and size, and a port, by whether somebody listens there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;

/// The time between two looks. A restart that takes less may be missed.
const INTERVAL: Duration = Duration::from_millis(250);

/// Files that are watched. Whoever names a larger directory named the wrong one.
const MOST_FILES: usize = 10_000;

/// The most time of one attempt to connect.
const CONNECT: Duration = Duration::from_secs(1);

/// What is watched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// Files, and directories of which every file below is watched. They need not exist.
    pub(crate) paths: Vec<PathBuf>,
    /// Where the target listens.
    pub(crate) target: Vec<SocketAddr>,
}

/// The files as they are at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<PathBuf, (SystemTime, u64)>);

impl Watched {
    /// The files as they are now.
    pub(crate) fn files(&self) -> Files {
        let mut files = BTreeMap::new();
        self.paths.iter().for_each(|path| gather(path, &mut files));
        Files(files)
    }

    /// Waits until the files are others than they were and stay so for a while, or until the target is there after it was
    /// away; `away` is called when it is not there. The result says what happened, as a sentence.
    pub(crate) async fn changed(&self, before: &Files, away: impl Fn()) -> String {
        let mut was_away = !self.is_there().await;
        if was_away {
            away();
        }
        let mut last = before.clone();
        loop {
            let now = self.files();
            // Whoever saves several files is not done after the first.
            if now != *before && now == last {
                return of_files(before, &now);
            }
            last = now;
            tokio::time::sleep(INTERVAL).await;
            match (self.is_there().await, was_away) {
                (true, true) => return "the target listens again".to_owned(),
                (false, false) => {
                    away();
                    was_away = true;
                }
                (true, false) | (false, true) => {}
            }
        }
    }

    /// Whether somebody listens where the target should, or nothing is known of a target.
    async fn is_there(&self) -> bool {
        if self.target.is_empty() {
            return true;
        }
        for address in &self.target {
            if matches!(tokio::time::timeout(CONNECT, TcpStream::connect(address)).await, Ok(Ok(_))) {
                return true;
            }
        }
        false
    }
}

/// Adds a file, or what is below a directory. Below it no link to a directory is followed: two that point upwards have more
/// paths than can be walked.
fn gather(path: &Path, files: &mut BTreeMap<PathBuf, (SystemTime, u64)>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        files.insert(path.to_owned(), (time, metadata.len()));
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        let is_linked_directory = entry.file_type().is_ok_and(|kind| kind.is_symlink()) && path.is_dir();
        if !is_linked_directory && files.len() < MOST_FILES {
            gather(&path, files);
        }
    }
}

fn of_files(before: &Files, now: &Files) -> String {
    let keys = now.0.keys().chain(before.0.keys());
    let changed: Vec<&PathBuf> = keys.filter(|path| before.0.get(*path) != now.0.get(*path)).collect();
    let first = changed.first().map(|path| path.display().to_string()).unwrap_or_default();
    let distinct: std::collections::BTreeSet<_> = changed.iter().collect();
    match distinct.len() {
        1 => format!("`{first}` changed"),
        files => format!("`{first}` and {} more changed", files - 1),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_new_other_or_gone_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let path = folder.path().join("below/case.toml");
        let watched = Watched { paths: vec![folder.path().to_owned()], target: Vec::new() };
        for text in [Some("one"), Some("other"), None] {
            let before = watched.files();
            match text {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            assert_eq!(watched.changed(&before, || {}).await, format!("`{}` changed", path.display()));
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_point_upwards_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("case.toml"), "one").unwrap();
        for name in ["a", "b"] {
            std::os::unix::fs::symlink(".", folder.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("case.toml", folder.path().join("linked.toml")).unwrap();
        let watched = Watched { paths: vec![folder.path().to_owned()], target: Vec::new() };
        assert_eq!(watched.files().0.len(), 2);
    }

    #[tokio::test]
    async fn a_target_that_comes_is_a_change() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let watched = Watched { paths: Vec::new(), target: vec![address] };
        assert!(watched.is_there().await);
        drop(listener);
        assert!(!watched.is_there().await);
        let before = watched.files();
        let changed = watched.changed(&before, || {});
        let comes = async {
            tokio::task::yield_now().await;
            std::net::TcpListener::bind(address).unwrap()
        };
        let (told, _listener) = tokio::join!(changed, comes);
        assert_eq!(told, "the target listens again");
    }
}

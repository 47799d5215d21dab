//! The ledger of a run: a file that lists each key before it is created, so that `sweep` can find the keys after a
//! crash.
//!
//! Each line is one JSON record. It is on the disk before the call that it describes is sent. Only one run at a time
//! can use a ledger: the operating system holds a lock until the process ends. The ledger holds ids and ARNs, and no
//! secrets.

mod tail;

use crate::fixture::Owner;
use crate::normalise::Redactor;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tail::Tail;

/// The version of the records.
const FORMAT: &str = "trentcheck-ledger/2";

/// A ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("use the ledger `{path}`: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process uses the file.
    #[error("the ledger `{path}` is in use by another run", path = path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A record would hold a secret, such as one that a target repeats in an ARN.
    #[error("write the ledger `{path}`: a record would hold a secret ({what})", path = path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What kind of secret.
        what: String,
    },
    /// The file is not a ledger of this version.
    #[error("read the ledger `{path}`: line {line} is not a record of {FORMAT}", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// One record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
enum Record {
    /// The first record of the file.
    Ledger { format: String },
    /// A run begins.
    Run { run: String, endpoint: String, region: String },
    /// The account that was named for this principal.
    Account { run: String, owner: Owner, account: String },
    /// CreateKey is about to be sent in this Region, signed by this principal.
    Intent { run: String, label: String, region: String, owner: Owner },
    /// The target refused CreateKey.
    Refused { run: String, label: String },
    /// CreateKey created this key.
    Created { run: String, label: String, arn: String },
    /// The deletion of the key is scheduled.
    Released { run: String, arn: String },
    /// A key that the user lends is about to be used.
    Lent { run: String, key: String },
    /// A key that the user lent is restored to its first state.
    Returned { run: String, key: String },
    /// Nothing of the run is left to remove.
    Ended { run: String },
}

/// A run that did not end, according to its ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenRun {
    /// The id of the run.
    pub run: String,
    /// The endpoint that the run tested.
    pub endpoint: String,
    /// The Region.
    pub region: String,
    /// The accounts that were named for it, by principal.
    pub accounts: BTreeMap<Owner, String>,
    /// ARNs of the keys that the run created and did not release.
    pub keys: BTreeSet<String>,
    /// ARNs of the keys that the run released.
    pub released: BTreeSet<String>,
    /// The CreateKey calls of which the outcome is unknown, by label, with their Region and principal.
    pub intents: BTreeMap<String, (String, Owner)>,
    /// Ids or ARNs of keys that were lent to the run and not returned. They are never scheduled for deletion.
    pub lent: BTreeSet<String>,
}

/// An open ledger. The lock ends when the value is dropped or the process ends.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    tail: Mutex<Tail<File>>,
    kept_back: Redactor,
}

/// How often a lock that is taken is tried again, and how long after.
const TRIES: usize = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(25);

/// Locks the file. A process that this one has just started holds its open files, and their locks, until it runs its own
/// program, so a lock that is taken gets half a second to become free.
fn lock(file: &File, mut pause: impl FnMut()) -> Result<(), TryLockError> {
    let mut locked = file.try_lock();
    for _ in 0..TRIES {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        pause();
        locked = file.try_lock();
    }
    locked
}

impl Ledger {
    /// Opens or creates a ledger, and returns its runs that did not end.
    ///
    /// # Errors
    ///
    /// The file cannot be used, another run holds it, or it is not a ledger.
    pub fn open(path: &Path) -> Result<(Self, Vec<OpenRun>), LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        let mut file = opened(path).map_err(failed)?;
        match lock(&file, || std::thread::sleep(BETWEEN_TRIES)) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST {
            return Err(failed(Error::other(format!("it is larger than {} MiB", LARGEST >> 20))));
        }
        // A killed process may leave an unfinished last line. The call of that line was not sent, or the line before
        // describes it.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if FORMAT_LINE.starts_with(&bytes) || whole > 0 {
            bytes.truncate(whole);
        }
        let runs = read(&bytes).map_err(|line| LedgerError::Format { path: path.to_owned(), line })?;
        // The records of runs that ended are no longer needed. A first line that somebody edited is written anew.
        if runs.is_empty() {
            bytes.truncate(if bytes.starts_with(FORMAT_LINE) { FORMAT_LINE.len() } else { 0 });
        }
        file.set_len(bytes.len() as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let tail = Mutex::new(Tail::new(file, bytes.len() as u64));
        let ledger = Self { path: path.to_owned(), tail, kept_back: Redactor::default() };
        if bytes.is_empty() {
            ledger.write(&Record::Ledger { format: FORMAT.to_owned() })?;
            // After a crash the file name must exist, not only the content.
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
            }
        }
        Ok((ledger, runs))
    }

    /// The same ledger, which refuses records that hold one of these secrets. If the record of a created key is
    /// refused, the record of its CreateKey call remains, and `sweep` finds the key by it.
    #[must_use]
    pub fn keeping_back(self, secrets: &Redactor) -> Self {
        Self { kept_back: secrets.clone(), ..self }
    }

    /// Records that a run begins.
    ///
    /// # Errors
    ///
    /// The file cannot be written. The same holds for every record.
    pub fn begins(&self, run: &str, endpoint: &str, region: &str) -> Result<(), LedgerError> {
        self.write(&Record::Run { run: run.to_owned(), endpoint: endpoint.to_owned(), region: region.to_owned() })
    }

    /// An account was named for this principal of the run. A sweep touches keys in no other.
    pub(crate) fn names(&self, run: &str, owner: Owner, account: &str) -> Result<(), LedgerError> {
        self.write(&Record::Account { run: run.to_owned(), owner, account: account.to_owned() })
    }

    /// Records that CreateKey is about to be sent in this Region by this principal.
    pub(crate) fn intends(&self, run: &str, label: &str, region: &str, owner: Owner) -> Result<(), LedgerError> {
        let (run, label, region) = (run.to_owned(), label.to_owned(), region.to_owned());
        self.write(&Record::Intent { run, label, region, owner })
    }

    /// Records that the target refused CreateKey.
    pub(crate) fn refused(&self, run: &str, label: &str) -> Result<(), LedgerError> {
        self.write(&Record::Refused { run: run.to_owned(), label: label.to_owned() })
    }

    /// Records that CreateKey created this key.
    pub(crate) fn created(&self, run: &str, label: &str, arn: &str) -> Result<(), LedgerError> {
        self.write(&Record::Created { run: run.to_owned(), label: label.to_owned(), arn: arn.to_owned() })
    }

    /// Records that the deletion of the key is scheduled.
    pub(crate) fn released(&self, run: &str, arn: &str) -> Result<(), LedgerError> {
        self.write(&Record::Released { run: run.to_owned(), arn: arn.to_owned() })
    }

    /// Records that a lent key is about to be used.
    pub(crate) fn lent(&self, run: &str, key: &str) -> Result<(), LedgerError> {
        self.write(&Record::Lent { run: run.to_owned(), key: key.to_owned() })
    }

    /// Records that a lent key is restored to its first state.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn returned(&self, run: &str, key: &str) -> Result<(), LedgerError> {
        self.write(&Record::Returned { run: run.to_owned(), key: key.to_owned() })
    }

    /// Records that nothing of the run is left to remove.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn ended(&self, run: &str) -> Result<(), LedgerError> {
        self.write(&Record::Ended { run: run.to_owned() })
    }

    fn write(&self, record: &Record) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::File { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        if let Some(leak) = self.kept_back.leaks(&String::from_utf8_lossy(&line)).into_iter().next() {
            return Err(LedgerError::Secret { path: self.path.clone(), what: leak.what });
        }
        line.push(b'\n');
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).add(&line).map_err(failed)
    }
}

/// Bytes of a ledger; a run writes some hundred for each key.
const LARGEST: u64 = 16 << 20;

/// The file of this path, or a new one. No link is followed: somebody else could have laid it.
fn opened(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // Nobody but the owner has to know which keys were made.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => return other,
    }
    // Reading a device may never end, and opening a pipe may wait for ever.
    let is_ordinary = || std::fs::symlink_metadata(path).map(|metadata| metadata.is_file());
    let refused = || Error::other("it is no ordinary file");
    if !is_ordinary()? {
        return Err(refused());
    }
    let file = options.open(path)?;
    // It may have been replaced in between.
    if !is_ordinary()? || !file.metadata()?.is_file() {
        return Err(refused());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            file.set_permissions(PermissionsExt::from_mode(permissions.mode() & 0o700))?;
        }
    }
    Ok(file)
}

/// The first line. A process that is killed at once may leave only its beginning.
const FORMAT_LINE: &[u8] = b"{\"event\":\"ledger\",\"format\":\"trentcheck-ledger/2\"}\n";

/// The runs that did not end, in their order. An error is the number of the line that is not a record.
fn read(bytes: &[u8]) -> Result<Vec<OpenRun>, usize> {
    let mut order: Vec<String> = Vec::new();
    let mut runs: BTreeMap<String, OpenRun> = BTreeMap::new();
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    for (number, line) in lines {
        let wrong = number + 1;
        let record: Record = serde_json::from_slice(line).map_err(|_| wrong)?;
        if (number == 0) != matches!(&record, Record::Ledger { format } if format == FORMAT) {
            return Err(wrong);
        }
        match record {
            Record::Ledger { .. } => {}
            Record::Run { run, endpoint, region } => {
                order.push(run.clone());
                runs.insert(run.clone(), OpenRun { run, endpoint, region, ..OpenRun::default() });
            }
            Record::Account { run, owner, account } => {
                runs.get_mut(&run).ok_or(wrong)?.accounts.insert(owner, account);
            }
            Record::Intent { run, label, region, owner } => {
                runs.get_mut(&run).ok_or(wrong)?.intents.insert(label, (region, owner));
            }
            Record::Refused { run, label } => {
                runs.get_mut(&run).ok_or(wrong)?.intents.remove(&label);
            }
            Record::Created { run, label, arn } => {
                let run = runs.get_mut(&run).ok_or(wrong)?;
                run.intents.remove(&label);
                run.keys.insert(arn);
            }
            Record::Released { run, arn } => {
                let run = runs.get_mut(&run).ok_or(wrong)?;
                run.keys.remove(&arn);
                run.released.insert(arn);
            }
            Record::Lent { run, key } => {
                runs.get_mut(&run).ok_or(wrong)?.lent.insert(key);
            }
            Record::Returned { run, key } => {
                runs.get_mut(&run).ok_or(wrong)?.lent.remove(&key);
            }
            Record::Ended { run } => drop(runs.remove(&run).ok_or(wrong)?),
        }
    }
    Ok(order.into_iter().filter_map(|run| runs.remove(&run)).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("trentcheck-ledger-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_first_line_that_somebody_edited_does_not_break_the_next_record() {
        let path = scratch("edited");
        let first = r#"{"event": "ledger", "format": "trentcheck-ledger/2"}"#;
        let ended = "{\"event\":\"run\",\"run\":\"a\",\"endpoint\":\"e\",\"region\":\"r\"}\n{\"event\":\"ended\",\"run\":\"a\"}\n";
        for text in [first.to_owned(), format!("{first}\n"), format!("{first}\n{ended}")] {
            std::fs::write(&path, &text).unwrap();
            let (ledger, runs) = Ledger::open(&path).unwrap();
            assert_eq!(runs, []);
            ledger.begins("b", "http://h", "r").unwrap();
            drop(ledger);
            assert_eq!(Ledger::open(&path).unwrap().1.len(), 1, "{text}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_ledger_tells_what_a_run_left() {
        let path = scratch("left");
        let (ledger, runs) = Ledger::open(&path).unwrap();
        assert_eq!(runs, []);
        ledger.begins("a", "http://h", "r").unwrap();
        for label in ["1", "2", "3"] {
            ledger.intends("a", label, "r2", Owner::Stranger).unwrap();
        }
        ledger.created("a", "1", "arn1").unwrap();
        ledger.refused("a", "2").unwrap();
        for key in ["mine", "yours"] {
            ledger.lent("a", key).unwrap();
        }
        ledger.returned("a", "yours").unwrap();
        ledger.begins("b", "http://h", "r").unwrap();
        ledger.ended("b").unwrap();
        drop(ledger);
        // An unfinished line counts as absent.
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(b"{\"event\":\"released\",\"run\":\"a\"");
        std::fs::write(&path, bytes).unwrap();
        let (ledger, runs) = Ledger::open(&path).unwrap();
        let only = |word: &str| BTreeSet::from([word.to_owned()]);
        assert_eq!(runs.len(), 1);
        assert_eq!((&runs[0].run, &runs[0].keys), (&"a".to_owned(), &only("arn1")));
        assert_eq!(runs[0].intents, [("3".to_owned(), ("r2".to_owned(), Owner::Stranger))].into());
        assert_eq!(runs[0].lent, only("mine"));
        ledger.released("a", "arn1").unwrap();
        drop(ledger);
        let run = Ledger::open(&path).unwrap().1.remove(0);
        assert_eq!((run.keys, run.released), (BTreeSet::new(), only("arn1")));
        std::fs::remove_file(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_new_ledger() {
        use std::os::unix::fs::PermissionsExt;
        let path = scratch("mode");
        let _ledger = Ledger::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_ledger_is_its_owners_alone_and_no_link_is_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("ledger"), folder.path().join("link"));
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        drop(Ledger::open(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for target in [path, folder.path().join("absent")] {
            std::os::unix::fs::symlink(&target, &link).unwrap();
            assert!(matches!(Ledger::open(&link), Err(LedgerError::File { .. })));
            std::fs::remove_file(&link).unwrap();
        }
        assert!(!folder.path().join("absent").exists());
    }

    #[test]
    fn a_ledger_whose_runs_ended_is_compacted_and_one_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        for run in ["a", "b"] {
            let (ledger, runs) = Ledger::open(&path).unwrap();
            assert_eq!((runs, std::fs::read(&path).unwrap().len()), (Vec::new(), FORMAT_LINE.len()));
            ledger.begins(run, "http://h", "r").unwrap();
            ledger.ended(run).unwrap();
        }
        File::options().write(true).open(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(Ledger::open(&path).unwrap_err().to_string().contains("larger than 16 MiB"));
    }

    #[test]
    fn a_lock_that_is_held_for_a_moment_is_waited_for() {
        let path = scratch("held");
        let mut held = Some(Ledger::open(&path).unwrap());
        let file = File::open(&path).unwrap();
        lock(&file, || drop(held.take())).unwrap();
        let mut pauses = 0;
        let refused = lock(&File::open(&path).unwrap(), || pauses += 1);
        assert!(matches!(refused, Err(TryLockError::WouldBlock)) && pauses == TRIES, "{refused:?} after {pauses}");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_ledger_belongs_to_one_run_at_a_time() {
        let path = scratch("locked");
        let first = Ledger::open(&path).unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerError::InUse { .. })));
        drop(first);
        assert!(Ledger::open(&path).is_ok());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_ledger_is_refused_and_left_as_it_is() {
        let path = scratch("format");
        let header = String::from_utf8_lossy(FORMAT_LINE).into_owned();
        let begun = "{\"event\":\"run\",\"run\":\"a\",\"endpoint\":\"http://h\",\"region\":\"r\"}\n";
        for (text, wrong) in [
            ("hello\n".to_owned(), 1),
            ("no newline".to_owned(), 1),
            ("{\"event\":\"ledger\",\"format\":\"trentcheck-ledger/1\"}\n".to_owned(), 1),
            (format!("{header}{{\"event\":\"ended\",\"run\":\"a\"}}\n"), 2),
            (format!("{header}{begun}{{\"event\":\"intent\",\"run\":\"a\",\"label\":\"1\"}}\n"), 3),
            (format!("{header}{header}"), 2),
        ] {
            std::fs::write(&path, &text).unwrap();
            assert!(matches!(Ledger::open(&path), Err(LedgerError::Format { line, .. }) if line == wrong), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::remove_file(&path).unwrap();
    }
}

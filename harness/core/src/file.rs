//! Files: written whole, so that a reader sees the old content or the new one and never a part; read up to a size.

use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::path::Path;
use tempfile::Builder;

/// How a path is written to.
enum Way {
    /// A new file takes its place. A link is replaced and not followed.
    Replaced,
    /// A device or a stream of this process takes what is written.
    Streamed,
}

/// Writes a file whole: into a new file with a random name in the same folder, which then takes the place of the old
/// one. A device cannot be replaced, so it is written to directly, and so is a stream of this process (`/dev/stdout`,
/// `/dev/fd/3`).
///
/// # Errors
///
/// The folder or the file cannot be written, or it is a pipe, which nobody may be reading. An old file is then still there
/// as it was.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // As for any other file, the umask decides which users may read it.
    write(path, text, 0o666)
}

/// Adds to the end of a file, or makes one.
///
/// # Errors
///
/// The file cannot be written, or it is a link or a pipe.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(Error::other("it is a link"));
    }
    way(path)?;
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// A new file that takes the place of an old one at once and is written to bit by bit, for a reader that follows it. A
/// device and a stream of this process are opened to be written to.
///
/// # Errors
///
/// As for [`write_whole`].
pub fn new_stream(path: &Path) -> io::Result<File> {
    match way(path)? {
        Way::Streamed => OpenOptions::new().append(true).open(path),
        Way::Replaced => Ok(beside(path, 0o666)?.persist(path)?),
    }
}

/// Writes a file whole, as [`write_whole`] does. Only the owner can read it.
///
/// # Errors
///
/// The same as for [`write_whole`].
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    write(path, text, 0o600)
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    match way(path)? {
        // What a stream holds already stays: it may be a file that others have written to.
        Way::Streamed => OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes()),
        Way::Replaced => {
            let mut file = beside(path, mode)?;
            file.write_all(text.as_bytes())?;
            file.persist(path)?;
            Ok(())
        }
    }
}

/// Finds out whether [`write_whole`] can write a file. Nothing is left behind.
///
/// # Errors
///
/// As [`write_whole`].
pub fn must_be_writable(path: &Path) -> io::Result<()> {
    match way(path)? {
        Way::Streamed => OpenOptions::new().append(true).open(path).map(drop),
        Way::Replaced => beside(path, 0o666).map(drop),
    }
}

/// Reads a file of at most this many bytes.
///
/// # Errors
///
/// It cannot be read, is larger, or is a pipe that is no stream of this process, which nobody may be writing to.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !is_stream(path) && is_pipe(path) {
        return Err(Error::other("it is a pipe"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(Error::other(format!("it is larger than {} KiB", most / 1024))),
        false => Ok(bytes),
    }
}

/// As [`read`], of text.
///
/// # Errors
///
/// As [`read`], and what is no UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| Error::new(ErrorKind::InvalidData, "it is no UTF-8"))
}

/// A new file with a random name in the folder of another.
fn beside(path: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    // The user asked for no file with a random name, so the message must not name it.
    std::fs::metadata(folder)?;
    builder.tempfile_in(folder).map_err(|error| Error::from(error.kind()))
}

/// Whether a path stands for something that this process has open already.
fn is_stream(path: &Path) -> bool {
    const STREAMS: [&str; 3] = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    STREAMS.iter().any(|stream| path == Path::new(stream))
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

fn way(path: &Path) -> io::Result<Way> {
    if is_stream(path) {
        return Ok(Way::Streamed);
    }
    let kind = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Way::Replaced),
        Err(error) => return Err(error),
    };
    match () {
        () if kind.is_file() || kind.is_symlink() => Ok(Way::Replaced),
        () if is_character_device(kind) => Ok(Way::Streamed),
        () if kind.is_dir() => Err(Error::new(ErrorKind::IsADirectory, "it is a folder")),
        () => Err(Error::other("it is a pipe, a socket or a disk, and no ordinary file")),
    }
}

#[cfg(unix)]
fn is_character_device(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(not(unix))]
fn is_character_device(_: std::fs::FileType) -> bool {
    false
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type()))
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        for text in ["old", "new"] {
            write_whole(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn what_is_appended_stands_behind_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        for text in ["one\n", "two\n"] {
            append(&path, text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert!(append(folder.path(), "text").is_err());
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(append(&link, "text").unwrap_err().to_string().contains("a link"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_stream_takes_the_place_of_the_old_file_and_can_be_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        fs::write(&path, "old").unwrap();
        let mut stream = new_stream(&path).unwrap();
        for (text, whole) in [("", ""), ("one\n", "one\n"), ("two\n", "one\ntwo\n")] {
            stream.write_all(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        }
        assert_eq!(names(folder.path()), ["events"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stream_keeps_what_it_holds() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "before, ").unwrap();
        let log = OpenOptions::new().append(true).open(&path).unwrap();
        write_whole(Path::new(&format!("/dev/fd/{}", log.as_raw_fd())), "after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before, after");
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("folder");
        fs::create_dir(&taken).unwrap();
        assert!(write_whole(&taken, "text").is_err());
        assert!(write_whole(&folder.path().join("absent/report.json"), "text").is_err());
        assert_eq!(names(folder.path()), ["folder"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_with_the_names_of_neighbours_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        for name in ["report.json.new", ".report.json.tmp"] {
            std::os::unix::fs::symlink(&victim, folder.path().join(name)).unwrap();
        }
        write_whole(&folder.path().join("report.json"), "text").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_a_pipe_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link, pipe) =
            (folder.path().join("victim"), folder.path().join("link"), folder.path().join("pipe"));
        fs::write(&victim, "untouched").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        write_whole(&link, "text").unwrap();
        assert_eq!(
            (fs::read_to_string(&victim).unwrap(), fs::read_to_string(&link).unwrap()),
            ("untouched".into(), "text".into())
        );
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for refused in [write_whole(&pipe, "text"), must_be_writable(&pipe), read(&pipe, 10).map(drop)] {
            assert!(refused.unwrap_err().to_string().contains("a pipe"));
        }
    }

    #[test]
    fn what_has_no_end_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x".repeat(1025)).unwrap();
        assert!(read(&path, 1024).unwrap_err().to_string().contains("larger than 1 KiB"));
        assert_eq!(read_text(&path, 1025).unwrap().len(), 1025);
        #[cfg(target_os = "linux")]
        assert!(read(Path::new("/dev/zero"), 1024).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let null = Path::new("/dev/null");
        write_whole(null, "text").unwrap();
        assert!(fs::metadata(null).unwrap().file_type().is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn the_umask_decides_who_may_read_a_new_file_unless_it_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        fs::write(folder.path().join("plain"), "text").unwrap();
        write_whole(&folder.path().join("whole"), "text").unwrap();
        assert_eq!(mode("whole"), mode("plain"));
        for name in ["private", "plain"] {
            write_private(&folder.path().join(name), "text").unwrap();
            assert_eq!(mode(name), 0o600);
        }
    }
}

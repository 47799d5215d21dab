//! Appends whole lines to the ledger. If the disk is full, a line is added completely or not at all.

use std::fs::File;
use std::io::{Error, Result, Seek, SeekFrom, Write};

/// The medium that lines are written to.
pub(super) trait Medium {
    /// Adds these bytes at the end. They are on the disk when the call returns.
    fn add(&mut self, line: &[u8]) -> Result<()>;

    /// Truncates the medium to this length, in bytes.
    fn cut(&mut self, length: u64) -> Result<()>;
}

impl Medium for File {
    fn add(&mut self, line: &[u8]) -> Result<()> {
        self.write_all(line).and_then(|()| self.sync_data())
    }

    fn cut(&mut self, length: u64) -> Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length))?;
        self.sync_data()
    }
}

/// Appends whole lines to a medium.
#[derive(Debug)]
pub(super) struct Tail<M> {
    medium: M,
    /// The length of the whole lines in bytes; `None` if it is unknown.
    length: Option<u64>,
}

impl<M: Medium> Tail<M> {
    /// A medium that holds whole lines of this length, in bytes.
    pub(super) fn new(medium: M, length: u64) -> Self {
        Self { medium, length: Some(length) }
    }

    /// Adds a line. If that fails, the part that was written is removed. If the removal fails as well, every later call
    /// fails, because a new line would begin inside the broken one.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<()> {
        let Some(length) = self.length else {
            return Err(Error::other("an earlier line could be neither completed nor removed"));
        };
        match self.medium.add(line) {
            Ok(()) => self.length = Some(length + line.len() as u64),
            Err(error) => {
                if self.medium.cut(length).is_err() {
                    self.length = None;
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    /// A disk of limited size, which may fail to shorten a file.
    struct Full {
        bytes: Vec<u8>,
        room: usize,
        cuts: bool,
    }

    impl Medium for Full {
        fn add(&mut self, line: &[u8]) -> Result<()> {
            let fits = line.len().min(self.room - self.bytes.len());
            self.bytes.extend(&line[..fits]);
            if fits == line.len() { Ok(()) } else { Err(Error::other("full")) }
        }

        fn cut(&mut self, length: u64) -> Result<()> {
            if !self.cuts {
                return Err(Error::other("not now"));
            }
            self.bytes.truncate(usize::try_from(length).unwrap());
            Ok(())
        }
    }

    #[test]
    fn a_line_that_does_not_fit_is_taken_away_and_later_ones_are_whole() {
        let mut tail = Tail::new(Full { bytes: b"first\n".to_vec(), room: 10, cuts: true }, 6);
        assert!(tail.add(b"second\n").is_err());
        assert_eq!(tail.medium.bytes, b"first\n");
        tail.medium.room = 100;
        tail.add(b"third\n").unwrap();
        tail.add(b"fourth\n").unwrap();
        assert_eq!(tail.medium.bytes, b"first\nthird\nfourth\n");
    }

    #[test]
    fn nothing_is_added_to_half_a_line() {
        let mut tail = Tail::new(Full { bytes: b"first\n".to_vec(), room: 10, cuts: false }, 6);
        assert!(tail.add(b"second\n").is_err());
        (tail.medium.room, tail.medium.cuts) = (100, true);
        assert!(tail.add(b"third\n").unwrap_err().to_string().contains("earlier line"));
        assert_eq!(tail.medium.bytes, b"first\nseco");
    }

    #[test]
    fn a_file_is_cut_where_it_was_whole() {
        let path = std::env::temp_dir().join(format!("trentcheck-tail-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        file.add(b"first\nseco").unwrap();
        file.cut(6).unwrap();
        Tail::new(file, 6).add(b"third\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"first\nthird\n");
        std::fs::remove_file(&path).unwrap();
    }
}

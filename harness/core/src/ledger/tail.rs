//! The end of the file: a line is there as a whole or not at all, also where the disk is full.

use std::fs::File;
use std::io::{Error, Result, Seek, SeekFrom, Write};

/// What lines are written to.
pub(super) trait Medium {
    /// Adds this at the end, on the disk when it returns.
    fn add(&mut self, line: &[u8]) -> Result<()>;

    /// Takes away what is beyond this length, in bytes.
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

/// Writes whole lines.
#[derive(Debug)]
pub(super) struct Tail<M> {
    medium: M,
    /// Of the whole lines, in bytes; `None` once it is not known where they end.
    length: Option<u64>,
}

impl<M: Medium> Tail<M> {
    /// A medium that ends with a whole line at this length, in bytes.
    pub(super) fn new(medium: M, length: u64) -> Self {
        Self { medium, length: Some(length) }
    }

    /// Adds a line. One that could not be added is taken away again; where that fails too nothing is added any more,
    /// since it would stand in the middle of a line.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<()> {
        let Some(length) = self.length else {
            return Err(Error::other("an earlier line could be neither finished nor taken away"));
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

    /// A disk with this much room, which may refuse to shorten a file.
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

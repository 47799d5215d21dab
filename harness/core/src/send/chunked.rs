//! Reads a chunked body piece by piece.

use super::error::{SendError, quoted};
use crate::text::{TargetText, Text};

/// The most bytes of a chunk size line with its extensions, far more than any known server sends.
const SIZE_LINE: usize = 4096;

/// Removes the chunked coding from a body. Bytes that are read are removed from the buffer.
pub(super) struct Chunks {
    at: At,
    trailer: usize,
}

/// The part of the body that is expected next.
enum At {
    Size,
    Data(usize),
    DataEnd,
    Trailers,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self { at: At::Size, trailer: 0 }
    }

    /// Moves data from the buffer to the body, and returns whether the body is complete. `head_limit` limits the
    /// trailers, which are header lines behind the body.
    pub(super) fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        body: &mut Vec<u8>,
        limit: usize,
        head_limit: usize,
    ) -> Result<bool, SendError> {
        let mut read = 0;
        let whole = loop {
            let left = &buffer[read..];
            match self.at {
                At::Size => {
                    let Some(line) = line(left, SIZE_LINE).map_err(|()| too_long())? else { break false };
                    read += line.len() + 2;
                    self.at = match size(line)? {
                        0 => At::Trailers,
                        size => match usize::try_from(size) {
                            Ok(size) if size <= limit - body.len() => At::Data(size),
                            _ => return Err(SendError::BodyTooLarge { limit }),
                        },
                    };
                }
                At::Data(size) => {
                    let here = &left[..size.min(left.len())];
                    body.extend_from_slice(here);
                    read += here.len();
                    if here.len() < size {
                        self.at = At::Data(size - here.len());
                        break false;
                    }
                    self.at = At::DataEnd;
                }
                At::DataEnd => {
                    let known = left.len().min(2);
                    if left[..known] != b"\r\n"[..known] {
                        return Err(SendError::Malformed("a chunk that is longer than its size line states".into()));
                    }
                    if known < 2 {
                        break false;
                    }
                    read += 2;
                    self.at = At::Size;
                }
                At::Trailers => {
                    let too_large = SendError::HeadTooLarge { limit: head_limit };
                    let found = line(left, head_limit - self.trailer).map_err(|()| too_large.clone())?;
                    let Some(line) = found else { break false };
                    read += line.len() + 2;
                    if line.is_empty() {
                        break true;
                    }
                    self.trailer = self.trailer.saturating_add(line.len() + 2);
                    if self.trailer > head_limit {
                        return Err(too_large);
                    }
                }
            }
        };
        buffer.drain(..read);
        Ok(whole)
    }
}

/// The first line without its end, if it is complete. Fails if the line is longer than the limit.
fn line(bytes: &[u8], limit: usize) -> Result<Option<&[u8]>, ()> {
    match bytes.windows(2).take(limit.saturating_add(1)).position(|pair| pair == b"\r\n") {
        Some(at) => Ok(Some(&bytes[..at])),
        None if bytes.len() > limit.saturating_add(1) => Err(()),
        None => Ok(None),
    }
}

/// The size in a size line: hexadecimal digits, optionally followed by an extension.
fn size(line: &[u8]) -> Result<u64, SendError> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    let is_size = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let size = std::str::from_utf8(digits).ok().filter(|_| is_size).map(|digits| u64::from_str_radix(digits, 16));
    match size {
        Some(Ok(size)) => Ok(size),
        _ => {
            let shown = TargetText::beginning(&String::from_utf8_lossy(line), SHOWN);
            Err(SendError::Malformed(Text::from("the chunk size ").and(quoted(shown))))
        }
    }
}

fn too_long() -> SendError {
    SendError::Malformed("a chunk size line without an end".into())
}

/// The most characters of a wrong size line that a message shows.
const SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(bool, Vec<u8>), SendError> {
        let (mut buffer, mut body) = (text.as_bytes().to_vec(), Vec::new());
        let whole = Chunks::new().read(&mut buffer, &mut body, 8, 16)?;
        Ok((whole, body))
    }

    #[test]
    fn sizes_extensions_and_trailers_are_read() {
        assert_eq!(read("2\r\nab\r\n00;x=\"y\"\r\n\r\n"), Ok((true, b"ab".to_vec())));
        assert_eq!(read("A \r\n"), Err(SendError::BodyTooLarge { limit: 8 }));
        assert_eq!(read("0\r\nT: t\r\n\r\n"), Ok((true, Vec::new())));
        assert_eq!(read("0\r\nT: t\r\n"), Ok((false, Vec::new())));
        assert_eq!(read("0\r\nTrailer: long enough\r\n\r\n"), Err(SendError::HeadTooLarge { limit: 16 }));
    }

    #[test]
    fn broken_chunks_are_malformed() {
        for text in ["\r\n", " 1\r\na", "+1\r\na", "0x1\r\na", "g\r\n", "1\r\nab", "11111111111111111\r\n", "1\ra"] {
            let is_error = read(&format!("{text}\r\n")).is_err();
            assert!(is_error, "{text:?}");
        }
        assert_eq!(read("1\r\na\r\nffffffffffffffff\r\nxx"), Err(SendError::BodyTooLarge { limit: 8 }));
    }
}

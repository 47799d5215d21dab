//! One recording as a file that insta's tools can read: a head in YAML, three dashes, the text.

use super::head::Head;
use super::recording::Recording;
use crate::file;
use crate::fixture::Edition;
use crate::normalise::Shown;
use crate::text::in_one_line;
use insta::internals::{Content, SnapshotContents};
use std::path::Path;

/// A file does not hold a recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SnapError(String);

/// A recording with its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snap {
    /// The case's title.
    pub title: String,
    /// The fixture file that holds the case.
    pub source: String,
    /// The head of the recording.
    pub head: Head,
    /// What each placeholder stands for, one sentence each.
    pub replaced: Vec<String>,
    /// The exchanges.
    pub recording: Recording,
}

/// The two kinds of files that a case can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapFile {
    /// `.snap`: the accepted recording.
    Accepted,
    /// `.snap.new`: a recording that differs from the accepted one.
    Pending,
}

impl SnapFile {
    /// The extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Accepted => ".snap",
            Self::Pending => ".snap.new",
        }
    }
}

impl Snap {
    /// The text of the file.
    pub fn render(&self) -> String {
        let mut text = format!("---\nsource: {}\ndescription: {}\ninfo:\n", quoted(&self.source), quoted(&self.title));
        let Head { tool, corpus, edition, region, lane, recorded } = &self.head;
        for (name, value) in [
            ("tool", tool.as_str()),
            ("corpus", corpus),
            ("edition", edition.as_str()),
            ("region", region),
            ("lane", lane),
            ("recorded", recorded),
        ] {
            text.push_str(&format!("  {name}: {}\n", quoted(value)));
        }
        if !self.replaced.is_empty() {
            text.push_str("  replaced:\n");
            for line in &self.replaced {
                text.push_str(&format!("    - {}\n", quoted(line)));
            }
        }
        text.push_str("---\n");
        text.push_str(&self.recording.to_string());
        text
    }

    /// Reads a file in the same way as insta.
    ///
    /// # Errors
    ///
    /// The reason why the file holds no recording, as the second half of a sentence.
    pub fn read(path: &Path) -> Result<Self, SnapError> {
        // A reason can quote the file.
        let wrong = |why: String| SnapError(in_one_line(&why));
        // insta reads a file without a head as its first format and prints a warning to stderr.
        let bytes = file::read(path, LARGEST).map_err(|error| wrong(error.to_string()))?;
        if !bytes.starts_with(b"---\n") && !bytes.starts_with(b"---\r\n") {
            return Err(wrong("it does not begin with a head between lines of three dashes".to_owned()));
        }
        if !is_visible(&bytes) {
            return Err(wrong("it has characters that nobody sees, which trentcheck never writes".to_owned()));
        }
        if !is_shallow(&bytes) {
            return Err(wrong("its head is nested too deeply, or too long".to_owned()));
        }
        let snapshot = insta::Snapshot::from_file(path).map_err(|error| {
            // insta's message repeats the path.
            let is_yaml = error.to_string().contains("YAML");
            wrong(if is_yaml { "its head is no YAML".to_owned() } else { error.to_string() })
        })?;
        let SnapshotContents::Text(text) = snapshot.contents() else {
            return Err(wrong("it is not text".to_owned()));
        };
        let info = snapshot.metadata().private_info();
        let word = |name: &str| {
            let value = info.and_then(|info| member(info, name)).and_then(Content::as_str);
            value.map(str::to_owned).ok_or_else(|| wrong(format!("its head lacks `info.{name}`")))
        };
        let edition = word("edition")?;
        let head = Head {
            tool: word("tool")?,
            corpus: word("corpus")?,
            edition: edition
                .parse::<Edition>()
                .map_err(|_| wrong(format!("its edition `{edition}` is none that this version knows")))?,
            region: word("region")?,
            lane: word("lane")?,
            recorded: word("recorded")?,
        };
        let replaced = match info.and_then(|info| member(info, "replaced")).map(Content::resolve_inner) {
            Some(Content::Seq(lines)) => lines.iter().filter_map(Content::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let recording = Recording::parse(&text.to_string()).map_err(|error| wrong(error.to_string()))?;
        if recording.sections.is_empty() {
            return Err(wrong("it holds no exchange".to_owned()));
        }
        Ok(Self {
            title: snapshot.metadata().description().unwrap_or_default().to_owned(),
            source: snapshot.metadata().source().unwrap_or_default().to_owned(),
            head,
            replaced,
            recording,
        })
    }
}

/// Whether whoever reads the file on a terminal sees all of it.
fn is_visible(file: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(file) else { return false };
    text.lines().all(|line| Shown::ours(line).as_str() == line)
}

/// Bytes of a file; a recording has some thousand.
const LARGEST: u64 = 16 << 20;

/// Whether the head is no deeper than a reader of YAML bears that calls itself for each level. Ours has three levels.
fn is_shallow(file: &[u8]) -> bool {
    const BYTES: usize = 64 * 1024;
    const BLANKS: usize = 64;
    const BRACKETS: usize = 256;
    let mut brackets = 0;
    let mut bytes = 0;
    for line in file.split(|byte| *byte == b'\n').skip(1).take_while(|line| line.trim_ascii_end() != b"---") {
        bytes += line.len() + 1;
        brackets += line.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
        let opened = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'?' | b':' | b'\r'));
        if opened.count() > BLANKS || brackets > BRACKETS || bytes > BYTES {
            return false;
        }
    }
    true
}

fn member<'a>(info: &'a Content, name: &str) -> Option<&'a Content> {
    match info.resolve_inner() {
        Content::Map(members) => members.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value),
        _ => None,
    }
}

/// A scalar that every YAML reader reads as text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use crate::test_support::head;

    #[test]
    fn a_head_of_any_text_reads_back_through_insta() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a__b.snap");
        for title in ["plain", "yes", "a: b # c", "\"quoted\" \\ and 'single'", "ünï ☃", "- x\n---\n", "12"] {
            let snap = Snap {
                title: title.to_owned(),
                source: "fixtures/cases/a.toml".to_owned(),
                head: Head { tool: "0.1.0".to_owned(), corpus: "123456789012".to_owned(), ..head() },
                replaced: vec!["<uuid-1>: a UUID".to_owned()],
                recording: Recording::parse("# judged\n> GET / HTTP/1.1\n> (body: 0 bytes, without framing)\n! no")
                    .unwrap(),
            };
            std::fs::write(&path, snap.render()).unwrap();
            assert_eq!(Snap::read(&path).unwrap(), snap);
        }
        for (text, why) in [
            ("", "head between"),
            ("source: x\n\nrest", "head between"),
            ("---\nsource: [\n---\n# judged\n", "no YAML"),
            ("---\nsource: x\n---\n# judged\n", "`info.edition`"),
            ("---\nsource: x\n", "`info.edition`"),
            ("---\ninfo:\n  tool: t\n  corpus: c\n  edition: \"\\e[2J\"\n---\n# judged\n", "`\\u{1b}[2J`"),
            ("---\n---\n", ""),
            (&format!("---\n{}\n---\n", "- ".repeat(50_000)), "too deeply"),
            (&format!("---\n{}\n---\n", "[".repeat(50_000)), "too deeply"),
            (&format!("---\n{}---\n", "[\n".repeat(20_000)), "too deeply"),
            (&format!("---\n{}\n---\n", "? ".repeat(50_000)), "too deeply"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Snap::read(&path).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

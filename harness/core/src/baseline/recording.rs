//! The recording of a case: its exchanges and the states read back, normalised. It has one text form, which can be
//! parsed again.

use crate::normalise::Message;
use std::fmt;

/// A recording's text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read line {line} of the recording: {why}")]
pub struct RecordingError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Everything that is recorded for one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Exchanges and states, in the order in which they were observed.
    pub sections: Vec<Section>,
}

/// One part of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// A request and its answer or error.
    Exchange {
        /// `judged`, or the operation that read the key back.
        role: String,
        /// The request.
        request: Message,
        /// The answer, if there is one.
        answer: Option<Message>,
        /// The reason why there is no answer.
        error: Option<String>,
    },
    /// The state that DescribeKey returned.
    State {
        /// `the key` or `the other key`.
        of: String,
        /// The members and their values, as JSON.
        members: Vec<(String, String)>,
    },
}

const STATE: &str = "DescribeKey of ";
const AFTERWARDS: &str = " afterwards";

/// Parses the lines of a message: first line, headers, framing, body.
fn message<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Message, &'static str> {
    let mut lines = lines.into_iter();
    let mut message = Message { start: lines.next().ok_or("a message is empty")?.to_owned(), ..Message::default() };
    loop {
        let line = lines.next().ok_or("a message ends before the line of its body's length")?;
        // No header name contains a parenthesis.
        if line.starts_with("(body: ") {
            message.framing = line.to_owned();
            break;
        }
        let (name, value) = line.split_once(':').ok_or("a header line has no colon")?;
        message.headers.push((name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()));
    }
    message.body = lines.next().map(str::to_owned);
    match lines.next() {
        None => Ok(message),
        Some(_) => Err("a message goes on behind its body"),
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            match section {
                Section::Exchange { role, request, answer, error } => {
                    writeln!(formatter, "# {role}")?;
                    for line in request.lines() {
                        writeln!(formatter, "> {line}")?;
                    }
                    for line in answer.iter().flat_map(Message::lines) {
                        writeln!(formatter, "< {line}")?;
                    }
                    if let Some(error) = error {
                        writeln!(formatter, "! {error}")?;
                    }
                }
                Section::State { of, members } => {
                    writeln!(formatter, "# {STATE}{of}{AFTERWARDS}")?;
                    for (name, value) in members {
                        writeln!(formatter, "= {name}: {value}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Recording {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// The first line that does not belong to a recording.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let lines: Vec<(usize, &str)> =
            text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.is_empty()).collect();
        let mut sections = Vec::new();
        let mut rest = lines.as_slice();
        while let Some(((at, heading), behind)) = rest.split_first() {
            let heading =
                heading.strip_prefix("# ").ok_or(RecordingError { line: *at, why: "a heading is missing" })?;
            let length = behind.iter().position(|(_, line)| line.starts_with("# ")).unwrap_or(behind.len());
            let (body, next) = behind.split_at(length);
            sections.push(section(heading, body).map_err(|(offset, why)| RecordingError {
                line: body.get(offset).map_or(*at, |(line, _)| *line),
                why,
            })?);
            rest = next;
        }
        Ok(Self { sections })
    }
}

/// Parses a section. An error is the offset of the wrong line.
fn section(heading: &str, lines: &[(usize, &str)]) -> Result<Section, (usize, &'static str)> {
    if let Some(of) = heading.strip_prefix(STATE).and_then(|of| of.strip_suffix(AFTERWARDS)) {
        let mut members = Vec::new();
        for (offset, (_, line)) in lines.iter().enumerate() {
            let member = line.strip_prefix("= ").and_then(|line| line.split_once(": "));
            let (name, value) = member.ok_or((offset, "a state has lines `= NAME: VALUE` only"))?;
            members.push((name.to_owned(), value.to_owned()));
        }
        return Ok(Section::State { of: of.to_owned(), members });
    }
    let mut request = Vec::new();
    let mut answer = Vec::new();
    let mut error = None;
    for (offset, (_, line)) in lines.iter().enumerate() {
        match line.split_at_checked(2) {
            Some(("> ", line)) if answer.is_empty() && error.is_none() => request.push(line),
            Some(("< ", line)) if error.is_none() => answer.push(line),
            Some(("! ", line)) if error.is_none() => error = Some(line.to_owned()),
            _ => return Err((offset, "an exchange has lines of a request, then of an answer or an error, only")),
        }
    }
    let answer = match answer.is_empty() {
        true => None,
        false => Some(message(answer).map_err(|why| (request.len(), why))?),
    };
    let request = message(request).map_err(|why| (0, why))?;
    Ok(Section::Exchange { role: heading.to_owned(), request, answer, error })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    const TEXT: &str = "# judged\n> POST / HTTP/1.1\n> Host: <host>\n> X-Empty: \n> (body: 2 bytes, content-length)\n> {}\n\
                        < HTTP/1.1 200 OK\n< a: b: c\n< (body: 0 bytes, content-length)\n\
                        # Encrypt\n> POST / HTTP/1.1\n> (body: 0 bytes, content-length)\n! it hung up\n\
                        # DescribeKey of the key afterwards\n= KeyState: \"Enabled\"\n";

    #[test]
    fn the_text_form_reads_back() {
        let recording = Recording::parse(TEXT).unwrap();
        assert_eq!(recording.sections.len(), 3);
        assert_eq!(recording.to_string(), TEXT);
        // Tools that trim lines remove the blank behind an empty value.
        assert_eq!(Recording::parse(&TEXT.replace("X-Empty: ", "X-Empty:")).unwrap(), recording);
    }

    #[test]
    fn what_is_no_recording_is_told_by_its_line() {
        for (text, line) in [
            ("> POST / HTTP/1.1", 1),
            ("# judged\nnonsense", 2),
            ("# judged\n> POST / HTTP/1.1", 2),
            ("# judged\n< HTTP/1.1 200 OK\n> POST", 3),
            ("# DescribeKey of the key afterwards\n= KeyState: \"Enabled\"\n> what", 3),
            ("# judged\n> POST / HTTP/1.1\n> (body: 2 bytes, chunked)\n> {}\n> {}", 2),
        ] {
            assert_eq!(Recording::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}

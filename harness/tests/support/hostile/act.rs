//! What a hostile server does with a call, step by step.

use super::server::{Call, Front};
use super::text::bytes;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// One step. After the last one the server waits for the next call on the same connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Sends this text.
    Say(String),
    /// Sends this text for as long as the client reads.
    Flood(String),
    /// Sends this text byte by byte, with as many milliseconds between two.
    Drip(String, u64),
    /// Sends an answer whose length fits.
    Answer {
        /// The status, 400 if absent.
        #[serde(default = "refused")]
        status: u16,
        /// Header lines besides those of every answer.
        #[serde(default)]
        head: String,
        /// The body, a right refusal of an empty KeyId if absent.
        #[serde(default = "right")]
        body: String,
    },
    /// Has the call carried out, and passes the answer on.
    Pass,
    /// Has the call carried out, and passes the answer on with these members of its body replaced: pointers and values,
    /// of which `@ABSENT@` removes the member.
    Edit(Vec<(String, Value)>),
    /// Has the call carried out, and passes this word of the answer on as that one.
    Replace(String, String),
    /// Has the call carried out, and answers with what an earlier call was to be answered with; closes at the first.
    Swap,
    /// Has the call carried out, and passes the answer on with this text right behind it.
    Behind(String),
    /// Has the call carried out, and passes the answer on twice.
    Twice,
    /// Has the call carried out, and passes on so many bytes of the answer; negative: all but so many.
    Part(isize),
    /// Has the call carried out, and says nothing of it.
    CarryOut,
    /// Sends these bytes.
    #[serde(skip)]
    Bytes(Vec<u8>),
    /// Has the call carried out and then this request, and passes the first answer on.
    #[serde(skip)]
    PassAfterwards(Vec<u8>),
    /// Carries bytes both ways until the end, and replaces one word of the backend by another one of the same length.
    #[serde(skip)]
    Pipe(String, String),
    /// Does nothing more, and keeps the connection open.
    Hang,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

fn refused() -> u16 {
    400
}

fn right() -> String {
    r#"{"__type":"ValidationException","message":"refused"}"#.to_owned()
}

impl Step {
    /// The texts of the table that it has.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Say(text) | Self::Flood(text) | Self::Drip(text, _) | Self::Behind(text) => vec![text],
            Self::Answer { head, body, .. } => vec![head, body],
            Self::Edit(edits) => edits.iter().filter_map(|(_, value)| value.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

/// How a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Another call may come.
    GoesOn,
    /// It is closed.
    Closes,
    /// It is reset.
    Resets,
}

/// Takes the steps one after another. `call` is absent where none was read.
pub(crate) async fn act<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    steps: &[Step],
    call: Option<&Call>,
    front: &Front,
) -> Then {
    for step in steps {
        let carried_out = async || match call {
            Some(call) => front.carried_out(call).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let text = |text: &str| bytes(text, &front.values(call));
        let answer = match step {
            Step::Say(said) => text(said),
            Step::Flood(said) => {
                let flood = text(said).repeat(512);
                while stream.write_all(&flood).await.is_ok() {}
                return Then::Closes;
            }
            Step::Drip(said, pause) => {
                for byte in text(said) {
                    if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                        return Then::Closes;
                    }
                    if *pause > 0 {
                        tokio::time::sleep(Duration::from_millis(*pause)).await;
                    }
                }
                continue;
            }
            Step::Answer { status, head, body } => framed(*status, &text(head), &text(body)),
            Step::Pass => carried_out().await,
            Step::Edit(edits) => {
                let edits = edits.iter().map(|(pointer, value)| (pointer.as_str(), filled(value, &text)));
                edited(&carried_out().await, edits)
            }
            Step::Replace(word, other) => replaced(carried_out().await, word, other),
            Step::Swap => match front.swapped(carried_out().await) {
                earlier if earlier.is_empty() => return Then::Closes,
                earlier => earlier,
            },
            Step::Behind(more) => [carried_out().await, text(more)].concat(),
            Step::Twice => carried_out().await.repeat(2),
            Step::Part(most) => {
                let answer = carried_out().await;
                let all_but = answer.len().saturating_sub(most.unsigned_abs());
                let most = if *most < 0 { all_but } else { answer.len().min(most.unsigned_abs()) };
                answer[..most].to_vec()
            }
            Step::CarryOut => {
                carried_out().await;
                continue;
            }
            Step::Bytes(bytes) => bytes.clone(),
            Step::PassAfterwards(other) => {
                let answer = carried_out().await;
                front.carried_out(&Call::of(other.clone())).await;
                answer
            }
            Step::Pipe(word, other) => {
                if let Some(backend) = front.connect().await {
                    pipe(stream, backend, word, other).await;
                }
                return Then::Closes;
            }
            Step::Hang => std::future::pending().await,
            Step::Close => return Then::Closes,
            Step::Reset => return Then::Resets,
        };
        if stream.write_all(&answer).await.is_err() || stream.flush().await.is_err() {
            return Then::Closes;
        }
    }
    Then::GoesOn
}

/// An answer of this protocol.
pub(crate) fn framed(status: u16, head: &[u8], body: &[u8]) -> Vec<u8> {
    let id = bytes("@UUID@", &super::text::Values::new());
    let first = format!(
        "HTTP/1.1 {status} Own\r\nContent-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: {}\r\n\
         Content-Length: {}\r\n",
        String::from_utf8_lossy(&id),
        body.len()
    );
    [first.as_bytes(), head, b"\r\n", body].concat()
}

/// The value of a member that is removed.
const ABSENT: &str = "@ABSENT@";

/// A value of the table with the names in its texts replaced.
fn filled(value: &Value, text: &impl Fn(&str) -> Vec<u8>) -> Value {
    match value {
        Value::String(said) if said == ABSENT => value.clone(),
        Value::String(said) => Value::String(String::from_utf8_lossy(&text(said)).into_owned()),
        Value::Array(all) => all.iter().map(|one| filled(one, text)).collect(),
        Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), filled(one, text))).collect(),
        other => other.clone(),
    }
}

/// An answer with members of its body replaced, or removed where the value is `@ABSENT@`. A pointer of which only the last
/// member is absent adds it.
fn edited<'a>(answer: &[u8], edits: impl Iterator<Item = (&'a str, Value)>) -> Vec<u8> {
    let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return answer.to_vec() };
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer[at + 4..]) else { return answer.to_vec() };
    for (pointer, value) in edits {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).and_then(Value::as_object_mut) {
            Some(parent) if value == ABSENT => drop(parent.remove(member)),
            Some(parent) => drop(parent.insert(member.to_owned(), value)),
            None => {}
        }
    }
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    framed(status, b"", body.to_string().as_bytes())
}

async fn pipe(client: &mut (impl AsyncRead + AsyncWrite + Unpin), backend: TcpStream, word: &str, other: &str) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_backend, mut to_backend) = backend.into_split();
    let there = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_backend).await;
        let _ = to_backend.shutdown().await;
    };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        // An answer of the reference is one write, and so in practice one read.
        while let Ok(read @ 1..) = from_backend.read(&mut buffer).await {
            let bytes = replaced(buffer[..read].to_vec(), word, other);
            if to_client.write_all(&bytes).await.is_err() || to_client.flush().await.is_err() {
                return;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, back);
}

/// Replaces a word by another one of the same length, in whatever case it is.
fn replaced(mut bytes: Vec<u8>, word: &str, other: &str) -> Vec<u8> {
    assert_eq!(word.len(), other.len());
    if word.is_empty() {
        return bytes;
    }
    for at in 0..bytes.len().saturating_sub(word.len() - 1) {
        let here = &mut bytes[at..at + word.len()];
        if here.eq_ignore_ascii_case(word.as_bytes()) {
            here.copy_from_slice(other.as_bytes());
        }
    }
    bytes
}

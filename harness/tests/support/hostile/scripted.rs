//! Hostile servers of single tests, which say in code what becomes of a call.

use super::act::Step;
use super::server::{Call, Hostile, Script};
use super::text::Values;
use super::tls::{Server, Wrong};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;

/// What becomes of a call.
pub(crate) enum Fate {
    /// It is carried out and answered.
    Passed,
    /// It is not carried out, and answered with this status and body.
    Answered(u16, String),
    /// It is carried out, and answered with this status and body.
    Replaced(u16, String),
    /// It is not carried out, and the connection is closed.
    Dropped,
    /// It is carried out, and the connection is closed.
    Lost,
    /// It is not carried out, and never answered.
    Kept,
}

/// A server that decides by operation and body what becomes of each call.
pub(crate) async fn front(
    backend: SocketAddr,
    fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static,
) -> SocketAddr {
    let steps = move |call: &Call, _: &BTreeSet<String>| match fate(&call.operation, &call.body) {
        Fate::Passed => vec![Step::Pass],
        Fate::Answered(status, body) => vec![own(status, &body)],
        Fate::Replaced(status, body) => vec![Step::CarryOut, own(status, &body)],
        Fate::Dropped => Vec::new(),
        Fate::Lost => vec![Step::CarryOut],
        Fate::Kept => vec![Step::Hang],
    };
    closing(backend, steps).await
}

/// A server that answers each request, which comes as a whole and, apart, its body, with these bytes.
pub(crate) async fn answering<B: Into<Vec<u8>>>(
    answer: impl Fn(&str, &str) -> B + Send + Sync + 'static,
) -> SocketAddr {
    let steps = move |call: &Call, _: &BTreeSet<String>| {
        vec![Step::Bytes(answer(&String::from_utf8_lossy(&call.request), &call.body).into())]
    };
    closing(None, steps).await
}

/// A server that answers requests of one method with these bytes.
pub(crate) async fn front_of_methods(backend: SocketAddr, method: &'static str, bytes: &'static str) -> SocketAddr {
    let steps = move |call: &Call, _: &BTreeSet<String>| match call.request.starts_with(method.as_bytes()) {
        true => vec![Step::Bytes(bytes.as_bytes().to_vec())],
        false => vec![Step::Pass],
    };
    closing(backend, steps).await
}

/// A server that sends the first deletion once more, as somebody else's call, right after its key was restored and
/// described.
pub(crate) async fn front_of_somebody_else(backend: SocketAddr) -> SocketAddr {
    // The deletion, and whether its key was restored since.
    let deleted: Mutex<(Option<Vec<u8>>, bool)> = Mutex::default();
    let steps = move |call: &Call, made: &BTreeSet<String>| {
        let (deletion, is_restored) = &mut *deleted.lock().unwrap();
        match call.operation.as_str() {
            "DeleteImportedKeyMaterial" if deletion.is_none() && made.iter().any(|id| call.body.contains(id)) => {
                *deletion = Some(call.request.clone());
            }
            "ImportKeyMaterial" => *is_restored = deletion.is_some(),
            "DescribeKey" if std::mem::take(is_restored) => {
                return vec![Step::PassAfterwards(deletion.clone().unwrap_or_default())];
            }
            _ => {}
        }
        vec![Step::Pass]
    };
    closing(backend, steps).await
}

/// A way to a server that replaces one word in what the server says by one of the same length, and ends after so many
/// connections.
pub(crate) async fn altered(
    backend: SocketAddr,
    words: (&'static str, &'static str),
    connections: usize,
) -> SocketAddr {
    let pipe = Step::Pipe(words.0.to_owned(), words.1.to_owned());
    Hostile::start_for(connections, Piped(pipe), Some(backend), Values::new(), None).await.kept()
}

/// TLS before a server that speaks none: its address, and the certificates that its clients trust.
pub(crate) async fn tls_front(backend: SocketAddr) -> (SocketAddr, Vec<u8>) {
    let (tls, trusted) = Server::new(Wrong::Nothing);
    let pipe = Step::Pipe(String::new(), String::new());
    (Hostile::start(Piped(pipe), Some(backend), Values::new(), Some(tls)).await.kept(), trusted)
}

/// The connections are piped.
struct Piped(Step);

impl Script for Piped {
    fn on_connection(&self) -> Vec<Step> {
        vec![self.0.clone()]
    }

    fn on_call(&self, _: &Call, _: &BTreeSet<String>) -> Vec<Step> {
        vec![Step::Close]
    }
}

/// Each connection carries one call.
struct Closing<F>(F);

impl<F: Fn(&Call, &BTreeSet<String>) -> Vec<Step> + Send + Sync> Script for Closing<F> {
    fn on_call(&self, call: &Call, made: &BTreeSet<String>) -> Vec<Step> {
        let mut steps = self.0(call, made);
        steps.push(Step::Close);
        steps
    }
}

async fn closing(
    backend: impl Into<Option<SocketAddr>>,
    steps: impl Fn(&Call, &BTreeSet<String>) -> Vec<Step> + Send + Sync + 'static,
) -> SocketAddr {
    Hostile::start(Closing(steps), backend.into(), Values::new(), None).await.kept()
}

fn own(status: u16, body: &str) -> Step {
    let head = "Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length";
    Step::Bytes(format!("HTTP/1.1 {status} Own\r\n{head}: {}\r\n\r\n{body}", body.len()).into_bytes())
}

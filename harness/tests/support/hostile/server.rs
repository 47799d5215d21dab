//! The server: listens on loopback, plain or behind TLS, reads calls, and does with each what its script says.

use super::act::{Step, Then, act};
use super::text::Values;
use super::tls;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A call as it came.
pub(crate) struct Call {
    /// The request, byte for byte.
    pub(crate) request: Vec<u8>,
    /// What stands behind the service in `X-Amz-Target`; nothing if there is no such header.
    pub(crate) operation: String,
    /// The body as text.
    pub(crate) body: String,
}

/// Says what is done with connections and calls.
pub(crate) trait Script: Send + Sync {
    /// Before anything is read; nothing by default.
    fn on_connection(&self) -> Vec<Step> {
        Vec::new()
    }

    /// After a call was read. `made` are the ids of the keys that CreateKey answered with.
    fn on_call(&self, call: &Call, made: &BTreeSet<String>) -> Vec<Step>;
}

/// What the connections of a server share.
pub(crate) struct Front {
    script: Box<dyn Script>,
    /// Where calls are carried out.
    backend: Option<SocketAddr>,
    values: Values,
    made: Mutex<BTreeSet<String>>,
    /// The answer that the next swapped call gets.
    kept: Mutex<Vec<u8>>,
    calls: Mutex<Vec<(String, String)>>,
}

impl Front {
    /// What the names in a text stand for.
    pub(crate) fn values(&self, call: Option<&Call>) -> Values {
        let mut values = self.values.clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        values.insert("NOW", now.to_string());
        let named = call.and_then(|call| serde_json::from_str::<serde_json::Value>(&call.body).ok());
        let named = named.and_then(|body| body["KeyId"].as_str().map(str::to_owned));
        values.insert("KEY", named.unwrap_or_default());
        values
    }

    /// A connection to the backend.
    pub(crate) async fn connect(&self) -> Option<TcpStream> {
        TcpStream::connect(self.backend?).await.ok()
    }

    /// What the backend answers to a call.
    pub(crate) async fn carried_out(&self, call: &Call) -> Option<Vec<u8>> {
        let mut stream = self.connect().await?;
        stream.write_all(&call.request).await.ok()?;
        let has_body = !call.request.starts_with(b"HEAD ");
        let answer = message(&mut stream, has_body).await?;
        if call.operation == "CreateKey"
            && let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n")
            && let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer[at + 4..])
            && let Some(id) = body["KeyMetadata"]["KeyId"].as_str()
        {
            self.made.lock().unwrap().insert(id.to_owned());
        }
        Some(answer)
    }

    /// Keeps this answer, and gives the one that was kept before.
    pub(crate) fn swapped(&self, answer: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut *self.kept.lock().unwrap(), answer)
    }
}

/// A running server. It stops when it is dropped.
pub(crate) struct Hostile {
    pub(crate) address: SocketAddr,
    front: Arc<Front>,
    task: Option<JoinHandle<()>>,
}

impl Hostile {
    /// Starts one.
    pub(crate) async fn start(
        script: impl Script + 'static,
        backend: Option<SocketAddr>,
        values: Values,
        tls: Option<tls::Server>,
    ) -> Self {
        Self::start_for(usize::MAX, script, backend, values, tls).await
    }

    /// Starts one that lets so many connections in. Those that are open end as they would have.
    pub(crate) async fn start_for(
        mut connections: usize,
        script: impl Script + 'static,
        backend: Option<SocketAddr>,
        values: Values,
        tls: Option<tls::Server>,
    ) -> Self {
        let front = Arc::new(Front {
            script: Box::new(script),
            backend,
            values,
            made: Mutex::default(),
            kept: Mutex::default(),
            calls: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&front);
        let task = tokio::spawn(async move {
            // Dropped together with their listener.
            let mut open = JoinSet::new();
            while connections > 0 {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { return };
                        let _ = stream.set_nodelay(true);
                        open.spawn(accepted_on(stream, Arc::clone(&shared), tls.clone()));
                        connections -= 1;
                    }
                    Some(_) = open.join_next(), if !open.is_empty() => {}
                }
            }
            drop(listener);
            while open.join_next().await.is_some() {}
        });
        Self { address, front, task: Some(task) }
    }

    /// Lets it run for as long as the test's runtime does, and gives its address.
    pub(crate) fn kept(mut self) -> SocketAddr {
        self.task = None;
        self.address
    }

    /// The operations and bodies of the calls that came.
    pub(crate) fn calls(&self) -> Vec<(String, String)> {
        self.front.calls.lock().unwrap().clone()
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.iter().for_each(JoinHandle::abort);
    }
}

async fn accepted_on(stream: TcpStream, front: Arc<Front>, tls: Option<tls::Server>) {
    match tls {
        None => {
            let (stream, then) = served(stream, &front).await;
            if then == Then::Resets {
                let _ = stream.set_zero_linger();
            }
        }
        Some(tls) => {
            let Some(stream) = tls.accept(stream).await else { return };
            let (stream, _) = served(stream, &front).await;
            tls.end(stream).await;
        }
    }
}

/// Answers calls until the connection is to end.
async fn served<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, front: &Front) -> (S, Then) {
    let mut then = act(&mut stream, &front.script.on_connection(), None, front).await;
    while then == Then::GoesOn {
        let Some(request) = message(&mut stream, true).await else { break };
        let call = Call::of(request);
        front.calls.lock().unwrap().push((call.operation.clone(), call.body.clone()));
        let made = front.made.lock().unwrap().clone();
        let steps = front.script.on_call(&call, &made);
        then = act(&mut stream, &steps, Some(&call), front).await;
    }
    (stream, then)
}

impl Call {
    /// A request as it was read.
    pub(crate) fn of(request: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&request).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let target = head.lines().find(|line| line.to_lowercase().starts_with("x-amz-target:")).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        Self { operation, body: body.to_owned(), request }
    }
}

/// One request or answer as it came, as soon as it is whole.
async fn message(stream: &mut (impl AsyncRead + Unpin), has_body: bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_lowercase();
            let value =
                |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<usize>().ok());
            let is_whole = match value("content-length:") {
                _ if !has_body => true,
                None if head.contains("transfer-encoding: chunked") => bytes.ends_with(b"0\r\n\r\n"),
                length => bytes.len() >= at + 4 + length.unwrap_or(0),
            };
            if is_whole {
                return Some(bytes);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

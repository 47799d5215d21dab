//! Servers that are no servers: each accepts connections on loopback and misbehaves in one way.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One way to misbehave.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    /// Accepts and never answers.
    Hangs,
    /// Closes at once.
    Closes,
    /// Closes with unread bytes, which resets the connection.
    Resets,
    /// Promises more than it sends.
    Truncates,
    /// Sends headers without end.
    FloodsHeaders,
    /// Sends a body without end.
    FloodsBody,
    /// Sends something that is not HTTP.
    Garbage,
    /// Redirects.
    Redirects,
    /// Sends these bytes.
    Says(&'static str),
}

/// A running one. It stops when it is dropped.
pub(crate) struct Faulty {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts one.
pub(crate) async fn start(behaviour: Behaviour) -> Faulty {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, behaviour));
        }
    });
    Faulty { address, task }
}

async fn misbehave(mut stream: TcpStream, behaviour: Behaviour) {
    if matches!(behaviour, Behaviour::Closes) {
        return;
    }
    let mut buffer = [0; 64];
    if matches!(behaviour, Behaviour::Resets) {
        // What is left unread makes the kernel reset.
        let _ = stream.read(&mut buffer[..1]).await;
        return;
    }
    let mut big = vec![0; 16 * 1024];
    let _ = stream.read(&mut big).await;
    let flood = |line: &'static str| line.repeat(1024);
    match behaviour {
        Behaviour::Hangs => std::future::pending::<()>().await,
        Behaviour::Closes | Behaviour::Resets => {}
        Behaviour::Truncates => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{").await;
        }
        Behaviour::FloodsHeaders => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(flood("X-Flood: flood\r\n").as_bytes()).await.is_ok() {}
        }
        Behaviour::FloodsBody => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(flood("flood").as_bytes()).await.is_ok() {}
        }
        Behaviour::Garbage => {
            let _ = stream.write_all(b"\x00\x01\x02 this is not HTTP\r\n\r\n").await;
        }
        Behaviour::Redirects => {
            let answer =
                b"HTTP/1.1 301 Moved Permanently\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.read(&mut buffer).await;
        }
        Behaviour::Says(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.read(&mut buffer).await;
        }
    }
}

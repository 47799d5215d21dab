//! A way to a server that replaces one word in what the server says, and ends after some connections.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Starts one. `words` are of the same length, so that no length in an answer changes.
pub(crate) async fn start(server: SocketAddr, words: (&'static str, &'static str), connections: usize) -> SocketAddr {
    assert_eq!(words.0.len(), words.1.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut ways = JoinSet::new();
        for _ in 0..connections {
            let Ok((client, _)) = listener.accept().await else { return };
            ways.spawn(way(client, server, words));
        }
        // Those that are open end as they would have; nobody is let in any more.
        drop(listener);
        while ways.join_next().await.is_some() {}
    });
    address
}

async fn way(client: TcpStream, server: SocketAddr, words: (&'static str, &'static str)) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            replace(&mut buffer[..read], words);
            if to_client.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, back);
}

/// An answer of the reference is one write, and so in practice one read.
fn replace(bytes: &mut [u8], (word, other): (&str, &str)) {
    for at in 0..bytes.len().saturating_sub(word.len() - 1) {
        let here = &mut bytes[at..at + word.len()];
        if here.eq_ignore_ascii_case(word.as_bytes()) {
            here.copy_from_slice(other.as_bytes());
        }
    }
}

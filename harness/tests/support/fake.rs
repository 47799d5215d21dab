//! A server that answers each request with whatever a function says, byte for byte, and closes.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Gives the answer to a request, which comes as a whole and, apart, its body.
pub(crate) type Answer = Arc<dyn Fn(&str, &str) -> Vec<u8> + Send + Sync>;

/// Starts one; it ends with the test's runtime.
pub(crate) async fn start<B: Into<Vec<u8>>>(answer: impl Fn(&str, &str) -> B + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer: Answer = Arc::new(move |request, body| answer(request, body).into());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&answer)));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, answer: Answer) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            if bytes.len() >= head.len() + 4 + length.unwrap_or(0_usize) {
                break;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let _ = stream.write_all(&answer(&text, body)).await;
    let _ = stream.shutdown().await;
}

//! A front before the reference that carries calls out and loses or replaces their answers.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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

/// One message as it came, as soon as it is whole.
async fn message(stream: &mut TcpStream, is_whole: fn(&str, usize) -> bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n")
            && is_whole(head, bytes.len())
        {
            return Some(bytes);
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Whether the body is there that the head announces, in a message of this many bytes.
fn with_body(head: &str, length: usize) -> bool {
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    length >= head.len() + 4 + announced.unwrap_or(0_usize)
}

/// The front's address. `fate` sees the operation and the body of each call.
pub(crate) async fn front(server: SocketAddr, fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let fate = Arc::new(fate);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let fate = Arc::clone(&fate);
            tokio::spawn(async move {
                let Some(bytes) = message(&mut client, with_body).await else { return };
                let answer = answer(server, &bytes, &*fate).await;
                let _ = client.write_all(&answer.unwrap_or_default()).await;
                let _ = client.shutdown().await;
            });
        }
    });
    address
}

async fn answer(server: SocketAddr, bytes: &[u8], fate: &(dyn Fn(&str, &str) -> Fate + Sync)) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let target = head.lines().find(|line| line.to_lowercase().starts_with("x-amz-target:")).unwrap_or_default();
    let carried_out = async || {
        let mut stream = TcpStream::connect(server).await.ok()?;
        stream.write_all(bytes).await.ok()?;
        // What answers HEAD announces a body that does not come.
        let is_whole = if bytes.starts_with(b"HEAD ") { |_: &str, _: usize| true } else { with_body };
        message(&mut stream, is_whole).await
    };
    let own = |status: u16, body: &str| {
        let head = "Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length";
        Some(format!("HTTP/1.1 {status} Own\r\n{head}: {}\r\n\r\n{body}", body.len()).into_bytes())
    };
    match fate(target.rsplit('.').next().unwrap_or_default(), body) {
        Fate::Passed => carried_out().await,
        Fate::Answered(status, body) => own(status, &body),
        Fate::Replaced(status, body) => {
            carried_out().await;
            own(status, &body)
        }
        Fate::Dropped => None,
        Fate::Kept => std::future::pending().await,
        Fate::Lost => {
            carried_out().await;
            None
        }
    }
}

/// A front that answers requests of one method with these bytes.
pub(crate) async fn front_of_methods(server: SocketAddr, method: &'static str, bytes: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let Some(request) = message(&mut client, with_body).await else { return };
                let answer = match request.starts_with(method.as_bytes()) {
                    true => Some(bytes.as_bytes().to_vec()),
                    false => answer(server, &request, &|_, _| Fate::Passed).await,
                };
                let _ = client.write_all(&answer.unwrap_or_default()).await;
                let _ = client.shutdown().await;
            });
        }
    });
    address
}

/// A front that sends the first deletion once more, as somebody else's call, right after its key was restored and described.
pub(crate) async fn front_of_somebody_else(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut deletion: Option<Vec<u8>> = None;
        let mut is_restored = false;
        while let Ok((mut client, _)) = listener.accept().await {
            let Some(request) = message(&mut client, with_body).await else { continue };
            let reply = answer(server, &request, &|_, _| Fate::Passed).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&request).into_owned();
            if head.contains("DeleteImportedKeyMaterial") && reply.starts_with(b"HTTP/1.1 200") && deletion.is_none() {
                deletion = Some(request);
            } else if deletion.is_some() && head.contains("ImportKeyMaterial") {
                is_restored = true;
            } else if is_restored && head.contains("DescribeKey") {
                is_restored = false;
                answer(server, &deletion.clone().unwrap_or_default(), &|_, _| Fate::Passed).await;
            }
            let _ = client.write_all(&reply).await;
            let _ = client.shutdown().await;
        }
    });
    address
}

//! Waits until something listens at an endpoint: a server that was started a moment ago may not be ready.

use super::endpoint::Endpoint;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Connects and closes, again and again until it works or the time is over. Nothing is sent.
///
/// # Errors
///
/// Why the last attempt failed.
pub async fn listens(endpoint: &Endpoint, within: Duration) -> io::Result<()> {
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    let attempts = async {
        loop {
            match TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await {
                Ok(_) => return,
                Err(error) => last = error,
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    match tokio::time::timeout(within, attempts).await {
        Ok(()) => Ok(()),
        Err(_) => Err(last),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use tokio::net::TcpSocket;

    #[tokio::test]
    async fn a_server_that_comes_up_later_is_waited_for_and_one_that_never_does_is_an_error() {
        // Bound from the first on, so that nobody else gets the port before it listens.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
        let error = listens(&endpoint, Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let waits = listens(&endpoint, Duration::from_secs(10));
        let starts = async {
            tokio::time::sleep(PAUSE * 2).await;
            socket.listen(1).unwrap()
        };
        let (listening, _server) = tokio::join!(waits, starts);
        listening.unwrap();
    }
}

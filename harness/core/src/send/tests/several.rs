//! Requests in pieces, and several at a time or one behind the other.

use super::*;

#[tokio::test]
async fn a_request_in_pieces_arrives_whole() {
    let server = Server::start(&[&[Read, Say(OK)]]).await;
    let pieces = Delivery::Pieces { count: 7, pause: Duration::from_millis(1) };
    let split = Request { delivery: pieces, ..request("{\"a\":1}") };
    let exchange = sender(&server, limits()).wire(std::slice::from_ref(&split)).await.remove(0);
    assert_eq!(exchange.result.map(|response| response.status), Ok(200));
    assert_eq!(server.read().concat(), http1::encode(&split));
}

#[tokio::test]
async fn a_body_that_waits_is_sent_behind_an_early_answer() {
    // The answer comes before the body, which would wait for longer than the test.
    let server = Server::start(&[&[ReadHead, Say(OK), Read, Say(OK)]]).await;
    let waits = Request { delivery: Delivery::BodyWaits(Duration::from_secs(60)), ..request("{}") };
    let (exchange, followed) = sender(&server, limits()).followed_in_turn(&waits, &request("[]")).await;
    assert_eq!(exchange.result.map(|response| response.status), Ok(200));
    assert!(matches!(followed, Followed::Answered(_)), "{followed:?}");
    let read = server.read().concat();
    let body_and_next = [&b"{}"[..], &http1::encode(&request("[]"))].concat();
    assert!(read.ends_with(&body_and_next), "{}", String::from_utf8_lossy(&read));
}

#[tokio::test]
async fn two_requests_in_one_write_have_two_answers_in_order() {
    const SECOND: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    const CLOSING: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    const TOGETHER: &str =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let both = [request("{}"), request("[]")];
    let status = |exchange: &Exchange| exchange.result.as_ref().map(|response| response.status).ok();
    let scripts: [&'static [&'static [Step]]; 2] =
        [&[&[Read, Say(OK), Read, Say(SECOND)]], &[&[Read, Read, Say(TOGETHER)]]];
    for script in scripts {
        let server = Server::start(script).await;
        let (first, followed) = sender(&server, limits()).pipelined_in_turn(&both).await;
        let Followed::Answered(second) = followed else { panic!("{followed:?}") };
        assert_eq!((status(&first), status(&second)), (Some(200), Some(400)));
        assert_eq!(first.result.map(|response| response.leftover), Ok(0));
    }
    for script in [&[&[Read, Say(OK), Read] as &[Step]] as &'static [&'static [Step]], &[&[Read, Say(CLOSING), Read]]] {
        let server = Server::start(script).await;
        let (first, followed) = sender(&server, limits()).pipelined_in_turn(&both).await;
        assert_eq!(status(&first), Some(200));
        assert!(matches!(followed, Followed::Closed), "{followed:?}");
    }
}

#[tokio::test]
async fn the_second_of_two_answers_has_a_time_limit_of_its_own() {
    let both = [request("{}"), request("[]")];
    let short = Limits { exchange: Duration::from_millis(600), ..limits() };
    for (script, received) in [
        (&[&[Read, Say(OK), Hang] as &[Step]] as &'static [&'static [Step]], 0),
        (&[&[Read, Say(OK), Say("HTTP/1.1 200"), Hang]], 12),
    ] {
        let server = Server::start(script).await;
        let (first, followed) = sender(&server, short.clone()).pipelined_in_turn(&both).await;
        assert_eq!(first.result.map(|response| response.status), Ok(200));
        let Followed::Answered(second) = followed else { panic!("{followed:?}") };
        let after = short.exchange;
        assert!(
            matches!(second.result, Err(SendError::Timeout { after: at, received: bytes }) if (at, bytes) == (after, received)),
            "{:?}",
            second.result
        );
    }
    // Each answer comes in time, with room for a busy machine, and both together take longer than one may.
    let patient = Limits { exchange: Duration::from_secs(2), ..limits() };
    let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = slow.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = slow.accept().await.unwrap();
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(1200)).await;
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    let (first, followed) = Sender::new(endpoint, Tls::default(), patient).unwrap().pipelined_in_turn(&both).await;
    let Followed::Answered(second) = followed else { panic!("{followed:?}") };
    assert!(first.result.is_ok() && second.result.is_ok(), "{first:?} {second:?}");
    serving.abort();
}

#[tokio::test]
async fn requests_at_once_have_a_connection_each() {
    let server = Server::start(&[&[Read, Say(OK), Hang]]).await;
    let exchanges = sender(&server, limits()).at_once_in_turn(&[request("{}"), request("[]")]).await;
    assert!(exchanges.iter().all(|exchange| exchange.result.is_ok() && !exchange.reused), "{exchanges:?}");
    assert_eq!(server.read().len(), 2);
}

#[tokio::test]
async fn a_server_that_serves_one_connection_after_another_answers_both_requests_at_once() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            // Until the client closes it, no other connection is served.
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        }
    });
    let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    let sender = Sender::new(endpoint, Tls::default(), limits()).unwrap();
    let exchanges = sender.at_once_in_turn(&[request("{}"), request("[]")]).await;
    assert!(exchanges.iter().all(|exchange| exchange.result.is_ok()), "{exchanges:?}");
    serving.abort();
}

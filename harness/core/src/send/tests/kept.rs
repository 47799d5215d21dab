//! Calls that change nothing, on connections that are kept.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const BAD: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
const TWO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{1}";
const SERVES: &[Step] = &[Read, Say(OK), Read, Say(OK), Read, Say(OK), Read, Say(OK), Read, Say(OK), Read, Say(OK)];

fn keeps(sender: &Sender) -> bool {
    sender.lanes.http.kept().is_some()
}

/// The status of a look, whose answer need not name anything.
async fn look(sender: &Sender) -> u16 {
    sender.look_in_turn(&request("{}"), None).await.result.unwrap().status
}

#[tokio::test]
async fn a_target_that_serves_it_has_the_same_connections_for_all_looks() {
    let server = Server::start(&[SERVES]).await;
    let sender = sender(&server, limits());
    look(&sender).await;
    sender.keep_connections(&request("{}")).await;
    assert!(keeps(&sender));
    let before = server.read().len();
    for _ in 0..4 {
        assert_eq!(look(&sender).await, 200);
    }
    assert_eq!((before, server.read().len()), (6, 6));
    // A call that may change something still has its own.
    assert_eq!(sender.http(&request("{}")).await.result.unwrap().status, 200);
    assert_eq!(server.read().len(), 7);
}

/// A server that has a thread for one connection, and no more.
#[tokio::test]
async fn a_target_that_serves_one_connection_at_a_time_has_a_new_one_for_each_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        }
    });
    let sender = Sender::new(endpoint, Tls::default(), limits()).unwrap();
    sender.keep_connections(&request("{}")).await;
    assert!(!keeps(&sender));
    assert_eq!(look(&sender).await, 200);
    task.abort();
}

#[tokio::test]
async fn a_target_that_closes_behind_each_answer_loses_no_look() {
    let server = Server::start(&[&[Read, Say(OK)]]).await;
    let sender = sender(&server, limits());
    sender.keep_connections(&request("{}")).await;
    for _ in 0..8 {
        assert_eq!(look(&sender).await, 200);
    }
}

#[tokio::test]
async fn a_kept_connection_that_answers_otherwise_is_the_last() {
    const OTHERWISE: &[Step] = &[Read, Say(OK), Read, Say(BAD)];
    let server = Server::start(&[OTHERWISE, OTHERWISE, OTHERWISE, OTHERWISE, SERVES]).await;
    let sender = sender(&server, limits());
    sender.keep_connections(&request("{}")).await;
    assert!(keeps(&sender));
    assert_eq!(look(&sender).await, 200);
    assert!(!keeps(&sender));
}

#[tokio::test]
async fn what_a_target_sends_too_much_is_no_answer_to_the_next_look() {
    let server = Server::start(&[&[Read, Say(TWO), Read, Say(TWO), Read, Say(TWO)]]).await;
    let sender = sender(&server, limits());
    sender.keep_connections(&request("{}")).await;
    for _ in 0..4 {
        assert_eq!(sender.look_in_turn(&request("{}"), None).await.result.unwrap().body, b"{}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_name_the_key_is_asked_for_again() {
    let server = Server::start(&[SERVES]).await;
    let sender = sender(&server, limits());
    sender.keep_connections(&request("{}")).await;
    let before = server.read().len();
    let exchange = sender.look_in_turn(&request("{}"), Some("1234abcd")).await;
    assert_eq!(exchange.result.unwrap().status, 200);
    assert_eq!(server.read().len(), before + 1);
    // It answers both alike, so that the next look need not have a new one.
    assert!(keeps(&sender));
}

//! Tests both lanes with servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod proxy;
mod several;
mod tls;

use super::faulty::{Server, Step};
use super::*;
use crate::http::{Delivery, Framing, Header, Request};
use std::time::{Duration, Instant};

use Step::{Flood, Hang, Read, ReadByte, ReadHead, Say};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: Value\r\n\r\n{}";

fn request(body: impl Into<Vec<u8>>) -> Request {
    let body = body.into();
    let headers = vec![Header::new("Host", "kms.example.test"), Header::new("Content-Length", body.len().to_string())];
    Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers,
        body,
        framing: Framing::ContentLength,
        delivery: Delivery::AtOnce,
    }
}

fn limits() -> Limits {
    Limits {
        exchange: Duration::from_secs(5),
        connect: Duration::from_secs(5),
        head: 4096,
        body: 4096,
        ..Limits::default()
    }
}

fn sender(server: &Server, limits: Limits) -> Sender {
    let endpoint = Endpoint::parse(&format!("http://{}", server.address)).unwrap();
    Sender::new(endpoint, Tls::default(), limits).unwrap()
}

async fn wire(scripts: &'static [&'static [Step]], requests: &[Request]) -> Vec<Exchange> {
    let server = Server::start(scripts).await;
    sender(&server, limits()).wire(requests).await
}

async fn wire_error(script: &'static [Step]) -> SendError {
    let scripts: &'static [&'static [Step]] = Box::leak(Box::new([script]));
    wire(scripts, &[request("{}")]).await.remove(0).result.unwrap_err()
}

#[tokio::test]
async fn every_way_to_break_off_has_its_own_error() {
    assert_eq!(wire_error(&[]).await.fault(), Fault::Target);
    assert_eq!(wire_error(&[Read]).await, SendError::ClosedBeforeAnswer);
    assert_eq!(wire_error(&[ReadByte]).await, SendError::Reset { received: 0 });
    assert_eq!(
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")]).await,
        SendError::Truncated { expected: Some(9), received: 1 }
    );
    assert_eq!(
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\nX: "), Flood("x")]).await,
        SendError::HeadTooLarge { limit: 4096 }
    );
    assert_eq!(
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\n"), Flood("X: y\r\n")]).await,
        SendError::HeadTooLarge { limit: 4096 }
    );
    assert_eq!(
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\n\r\n"), Flood("x")]).await,
        SendError::BodyTooLarge { limit: 4096 }
    );
    assert_eq!(
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Flood("1\r\nx\r\n")]).await,
        SendError::BodyTooLarge { limit: 4096 }
    );
    assert!(matches!(wire_error(&[Read, Say("{}")]).await, SendError::NotHttp { .. }));
    assert!(matches!(wire_error(&[Read, Say("<html>no status line</html>"), Hang]).await, SendError::NotHttp { .. }));
}

#[tokio::test]
async fn interim_answers_and_trailers_without_end_are_cut_off() {
    let interim = wire_error(&[Read, Flood("HTTP/1.1 100 Continue\r\n\r\n")]).await;
    assert_eq!(interim, SendError::HeadTooLarge { limit: 4096 });
    let trailers =
        wire_error(&[Read, Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"), Flood("T: t\r\n")]).await;
    assert_eq!(trailers, SendError::HeadTooLarge { limit: 4096 });
}

#[tokio::test]
async fn a_chunk_size_near_the_largest_number_is_too_large_and_no_panic() {
    let error = wire_error(&[
        Read,
        Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nffffffffffffffff\r\nxx"),
    ])
    .await;
    assert_eq!(error, SendError::BodyTooLarge { limit: 4096 });
}

#[tokio::test]
async fn whatever_hangs_ends_within_the_limit() {
    const SCRIPTS: &[&[Step]] = &[
        &[Hang],
        &[Read, Hang],
        &[Read, Say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), Hang],
        &[Read, Say("HTTP/1.1 200 OK\r\n\r\n{"), Hang],
    ];
    let server = Server::start(SCRIPTS).await;
    let short = Limits { exchange: Duration::from_millis(200), ..limits() };
    #[expect(clippy::disallowed_methods, reason = "the test measures how long it takes")]
    let started = Instant::now();
    for _ in SCRIPTS {
        // A sender of its own, since one gives a target up.
        let error = sender(&server, short.clone()).wire(&[request("{}")]).await.remove(0).result.unwrap_err();
        assert!(matches!(error, SendError::Timeout { .. }), "{error:?}");
        assert_eq!(error.fault(), Fault::Network);
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_bytes_of_the_requests_arrive_as_they_are_on_one_connection() {
    let server = Server::start(&[&[Read, Say(OK), Read, Say(OK), Hang]]).await;
    let exchanges = sender(&server, limits()).wire(&[request("{}"), request("[1]")]).await;
    assert_eq!(exchanges.iter().map(|exchange| exchange.reused).collect::<Vec<_>>(), [false, true]);
    assert!(exchanges.iter().all(|exchange| exchange.result.is_ok()));
    let sent = "POST / HTTP/1.1\r\nHost: kms.example.test\r\nContent-Length: 2\r\n\r\n{}\
                POST / HTTP/1.1\r\nHost: kms.example.test\r\nContent-Length: 3\r\n\r\n[1]";
    assert_eq!(server.read(), [sent.as_bytes()]);
}

#[tokio::test]
async fn a_connection_that_cannot_be_trusted_any_more_is_not_used_again() {
    const CLOSE: &str = "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n";
    const SURPLUS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 ";
    const OLD: &str = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    const SCRIPTS: &[&[&[Step]]] = &[
        &[&[Read, Say(CLOSE), Hang], &[Read, Say(OK), Hang]],
        &[&[Read, Say(OLD), Hang], &[Read, Say(OK), Hang]],
        &[&[Read, Say(SURPLUS), Hang], &[Read, Say(OK), Hang]],
    ];
    for scripts in SCRIPTS {
        let exchanges = wire(scripts, &[request("{}"), request("{}")]).await;
        let states: Vec<_> = exchanges.iter().map(|exchange| (exchange.reused, exchange.result.is_ok())).collect();
        assert_eq!(states, [(false, true), (false, true)], "{scripts:?}: {exchanges:?}");
    }
}

#[tokio::test]
async fn an_answer_before_the_body_was_read_is_taken_and_the_rest_of_the_body_meets_no_other_request() {
    const EARLY: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    // More bytes than the kernel buffers for a peer that does not read.
    let large = request(vec![b'x'; 32 << 20]);
    let exchanges =
        wire(&[&[ReadHead, Say(EARLY), Hang], &[Read, Say(OK), Hang]], &[large.clone(), request("{}")]).await;
    assert_eq!(exchanges[0].result.as_ref().unwrap().status, 413);
    assert!(exchanges[1].result.is_ok() && !exchanges[1].reused, "{:?}", exchanges[1]);
}

#[tokio::test]
async fn a_length_that_a_case_made_up_leaves_a_connection_that_no_other_request_uses() {
    let mut stated = request("{}");
    stated.set_header("Content-Length", "1");
    stated.framing = Framing::Stated(1);
    let exchanges = wire(&[&[Read, Say(OK), Hang], &[Read, Say(OK), Hang]], &[stated, request("{}")]).await;
    assert!(exchanges[1].result.is_ok() && !exchanges[1].reused, "{:?}", exchanges[1]);
}

#[tokio::test]
async fn a_request_on_a_connection_that_brought_no_answer_is_never_sent_again() {
    let server = Server::start(&[&[Read, Say(OK), Read], &[Read, Say(OK)]]).await;
    let exchanges = sender(&server, limits()).wire(&[request("{}"), request("{}")]).await;
    assert_eq!(exchanges[1].result, Err(SendError::ClosedBeforeAnswer));
    assert!(exchanges[1].reused);
    assert_eq!(server.read().len(), 1);
}

#[tokio::test]
async fn a_dead_port_is_the_networks_fault() {
    let server = Server::start(&[&[Hang]]).await;
    let sender = sender(&server, limits());
    server.stop().await;
    for error in [sender.wire(&[request("{}")]).await.remove(0).result, sender.http(&request("{}")).await.result] {
        assert!(matches!(error, Err(SendError::Connect(_))), "{error:?}");
    }
}

#[tokio::test]
async fn an_ipv6_address_is_reached() {
    // A machine without IPv6 cannot run this test.
    let Ok(server) = Server::start_at("[::1]:0", &[&[Read, Say(OK), Hang]], None).await else { return };
    let sender = sender(&server, limits());
    assert!(sender.wire(&[request("{}")]).await[0].result.is_ok());
    assert!(sender.http(&request("{}")).await.result.is_ok());
}

#[tokio::test]
async fn both_lanes_see_the_same_answer() {
    const SCRIPTS: &[&str] = &[
        OK,
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n{}",
    ];
    for &answer in SCRIPTS {
        let script: &'static [Step] = Box::leak(Box::new([Read, Say(answer)]));
        let scripts: &'static [&'static [Step]] = Box::leak(Box::new([script]));
        let server = Server::start(scripts).await;
        let sender = sender(&server, limits());
        Sender::can_carry(&request("{}")).unwrap();
        let mut wire = sender.wire(&[request("{}")]).await.remove(0).result.unwrap();
        for header in &mut wire.headers {
            header.name.make_ascii_lowercase();
        }
        assert_eq!(Ok(wire), sender.http(&request("{}")).await.result, "{answer}");
    }
}

#[tokio::test]
async fn the_http_lane_has_the_same_limits() {
    const FLOOD: &[&[Step]] = &[&[Read, Say("HTTP/1.1 200 OK\r\n\r\n"), Flood("x")]];
    const ANNOUNCED: &[&[Step]] = &[&[Read, Say("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), Hang]];
    for scripts in [FLOOD, ANNOUNCED] {
        let server = Server::start(scripts).await;
        let error = sender(&server, limits()).http(&request("{}")).await.result;
        assert_eq!(error, Err(SendError::BodyTooLarge { limit: 4096 }));
    }
    let server = Server::start(&[&[Read, Hang]]).await;
    let short = Limits { exchange: Duration::from_millis(200), ..limits() };
    let error = sender(&server, short).http(&request("{}")).await.result;
    assert!(matches!(error, Err(SendError::Timeout { .. })), "{error:?}");
}

#[tokio::test]
async fn the_http_lane_says_how_a_body_broke_off() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const CUT: &[&[Step]] = &[&[Read, Say(CHUNKED), Say("5\r\n{")]];
    const BROKEN: &[&[Step]] = &[&[Read, Say(CHUNKED), Say("zz\r\n{}")]];
    let server = Server::start(CUT).await;
    let error = sender(&server, limits()).http(&request("{}")).await.result;
    assert!(matches!(error, Err(SendError::Truncated { .. })), "{error:?}");
    let server = Server::start(BROKEN).await;
    let error = sender(&server, limits()).http(&request("{}")).await.result;
    assert!(matches!(error, Err(SendError::Malformed(_))), "{error:?}");
}

#[test]
fn what_the_client_would_rewrite_it_does_not_carry() {
    let targets = ["/a#b", "/%2E%2E/", "/a\\b", "/a\"b", "/{x}", "/a/../b", "/%2e", "//", "*", "/a b", "/?a='b'"];
    for target in targets {
        let request = Request { target: target.to_owned(), ..request("{}") };
        assert!(Sender::can_carry(&request).is_err(), "{target}");
    }
    for target in ["/", "/?a=b", "/?", "/%20", "/a.b", "/.well-known"] {
        let request = Request { target: target.to_owned(), ..request("{}") };
        assert_eq!(Sender::can_carry(&request), Ok(()), "{target}");
    }
    let mut named = request("{}");
    named.headers.push(Header::new("X Y", "z"));
    assert!(Sender::can_carry(&named).is_err());
}

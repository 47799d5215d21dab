//! Proxies in both lanes: a tunnel, and one that sees the requests.

use super::tls::{Authority, authority};
use super::*;

fn through(proxy: &Server, endpoint: &str, ca: Option<Vec<u8>>) -> Sender {
    let proxy = Proxy::parse(&format!("http://user:secret@{}", proxy.address)).unwrap();
    let tls = Tls { ca_pem: ca, proxy: Some(proxy), ..Tls::default() };
    Sender::new(Endpoint::parse(endpoint).unwrap(), tls, limits()).unwrap()
}

async fn in_both_lanes(sender: &Sender) -> [Result<u16, SendError>; 2] {
    let wire = sender.wire(&[request("{}")]).await.remove(0).result;
    let http = sender.http(&request("{}")).await.result;
    [wire, http].map(|result| result.map(|response| response.status))
}

#[tokio::test]
async fn both_lanes_go_through_a_tunnel_to_a_target_over_tls() {
    let (ca, config) = authority("kms.example.test", false);
    let target = Server::start_tls(&[&[Read, Say(OK), Hang]], config).await;
    // The name has no address. Only the proxy can reach the target.
    let proxy = Server::start_tunnel(target.address).await;
    let sender = through(&proxy, "https://kms.example.test:8443", Some(ca));
    assert_eq!(in_both_lanes(&sender).await, [Ok(200), Ok(200)]);
    for asked in proxy.read() {
        let asked = String::from_utf8(asked).unwrap();
        assert!(asked.starts_with("CONNECT kms.example.test:8443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{asked}");
    }
    // The target reads exactly the request, and nothing that is meant for the proxy.
    let sent = "POST / HTTP/1.1\r\nHost: kms.example.test\r\nContent-Length: 2\r\n\r\n{}";
    assert_eq!(target.read()[0], sent.as_bytes());
    assert!(!String::from_utf8_lossy(&target.read()[1]).to_ascii_lowercase().contains("proxy"));
}

#[tokio::test]
async fn without_tls_the_proxy_gets_the_whole_url() {
    let proxy = Server::start(&[&[Read, Say(OK), Hang]]).await;
    let sender = through(&proxy, "http://127.0.0.1:1", None);
    assert_eq!(in_both_lanes(&sender).await, [Ok(200), Ok(200)]);
    for request in proxy.read() {
        let request = String::from_utf8(request).unwrap().to_ascii_lowercase();
        assert!(request.starts_with("post http://127.0.0.1:1/ http/1.1\r\n"), "{request}");
        assert!(request.contains("proxy-authorization: basic "), "{request}");
    }
    let off_loopback = Tls { proxy: Proxy::parse("http://127.0.0.1:1").ok(), ..Tls::default() };
    let refused = Sender::new(Endpoint::parse("http://kms.example.test").unwrap(), off_loopback, limits()).err();
    assert!(matches!(refused, Some(SetupError::PlainProxy)), "{refused:?}");
}

#[tokio::test]
async fn a_proxy_that_makes_no_way_is_said_to_be_the_one() {
    const LOGIN: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    const REFUSALS: &[(&str, &str)] = &[
        (LOGIN, "user name"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", ""),
        ("SSH-2.0-x\r\n\r\n", ""),
        ("", ""),
    ];
    for &(answer, reason) in REFUSALS {
        let script: &'static [Step] = Box::leak(Box::new([Read, Say(answer)]));
        let proxy = Server::start(Box::leak(Box::new([script]))).await;
        for result in in_both_lanes(&through(&proxy, "https://kms.example.test", Some(Authority::new().pem()))).await {
            assert!(matches!(&result, Err(SendError::Proxy(text)) if text.mentions(reason)), "{answer}: {result:?}");
        }
    }
    let refusing = Server::start(&[&[Read, Say(LOGIN)]]).await;
    let dead = Server::start(&[&[Hang]]).await;
    let senders = ["http://127.0.0.1:1", "https://kms.example.test"]
        .map(|endpoint| through(&dead, endpoint, Some(Authority::new().pem())));
    dead.stop().await;
    for sender in senders.iter().chain([&through(&refusing, "http://127.0.0.1:1", None)]) {
        for result in in_both_lanes(sender).await {
            assert!(matches!(result, Err(SendError::Proxy(_))), "{result:?}");
        }
    }
}

#[test]
fn a_proxy_finds_the_way_itself() {
    let proxy = Proxy::parse("http://127.0.0.1:1").ok();
    for tls in [
        Tls { proxy: proxy.clone(), resolve: Some(([127, 0, 0, 1], 1).into()), ..Tls::default() },
        Tls { proxy, server_name: Some("other".to_owned()), ..Tls::default() },
    ] {
        let refused = Sender::new(Endpoint::parse("https://h").unwrap(), tls, limits()).err();
        assert!(matches!(refused, Some(SetupError::ProxyFindsTheWay(_))), "{refused:?}");
    }
}

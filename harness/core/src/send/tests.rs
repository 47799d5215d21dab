//! Tests both lanes with servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use super::faulty::{Server, Step};
use super::*;
use crate::http::{Delivery, Framing, Header, Request};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;
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

/// A certificate authority.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    /// A certificate and its key.
    fn certify(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn server(&self, name: &str, asks_for_certificate: bool) -> rustls::ServerConfig {
        let (certificate, key) = self.certify(name);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if asks_for_certificate {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

/// The certificate of an authority, and a server with a certificate that the authority issued for a name.
fn authority(name: &str, asks_for_certificate: bool) -> (Vec<u8>, rustls::ServerConfig) {
    let authority = Authority::new();
    (authority.pem(), authority.server(name, asks_for_certificate))
}

async fn over_tls(endpoint: &str, server: &Server, tls: Tls) -> [Result<u16, SendError>; 2] {
    let endpoint = Endpoint::parse(&endpoint.replace("PORT", &server.address.port().to_string())).unwrap();
    let sender = Sender::new(endpoint, tls, limits()).unwrap();
    let wire = sender.wire(&[request("{}")]).await.remove(0).result;
    let http = sender.http(&request("{}")).await.result;
    [wire, http].map(|result| result.map(|response| response.status))
}

#[tokio::test]
async fn a_certificate_is_verified_in_both_lanes_alike() {
    let (ca, config) = authority("kms.example.test", false);
    let (other, _) = authority("kms.example.test", false);
    let server = Server::start_tls(&[&[Read, Say(OK), Hang]], config).await;
    let resolve = Some(server.address);
    let name = Some("kms.example.test".to_owned());
    let trusted = Tls { ca_pem: Some(ca.clone()), ..Tls::default() };

    let named = over_tls("https://kms.example.test:PORT", &server, Tls { resolve, ..trusted.clone() }).await;
    assert_eq!(named, [Ok(200), Ok(200)]);
    // The port of the address is used, not that of the endpoint.
    let elsewhere = over_tls("https://kms.example.test", &server, Tls { resolve, ..trusted.clone() }).await;
    assert_eq!(elsewhere, [Ok(200), Ok(200)]);
    let renamed = Tls { server_name: name, ..trusted.clone() };
    assert_eq!(over_tls("https://127.0.0.1:PORT", &server, renamed.clone()).await, [Ok(200), Ok(200)]);
    assert_eq!(over_tls("https://localhost:PORT", &server, renamed).await, [Ok(200), Ok(200)]);
    let insecure = Tls { verify: Verify::NoInsecure, ..Tls::default() };
    assert_eq!(over_tls("https://127.0.0.1:PORT", &server, insecure).await, [Ok(200), Ok(200)]);

    let untrusted = Tls { ca_pem: Some(other), resolve, ..Tls::default() };
    for (endpoint, tls) in [("https://kms.example.test:PORT", untrusted), ("https://127.0.0.1:PORT", trusted)] {
        for result in over_tls(endpoint, &server, tls).await {
            assert!(matches!(result, Err(SendError::Tls(_))), "{result:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_handshake_is_not_the_targets_fault() {
    let (ca, config) = authority("localhost", true);
    let server = Server::start_tls(&[&[Read, Say(OK), Hang]], config).await;
    let tls = Tls { ca_pem: Some(ca), resolve: Some(server.address), ..Tls::default() };
    for result in over_tls("https://localhost:PORT", &server, tls).await {
        assert!(matches!(result, Err(SendError::Tls(_))), "{result:?}");
    }
}

#[tokio::test]
async fn two_requests_share_one_tls_connection() {
    let (ca, config) = authority("localhost", false);
    let server = Server::start_tls(&[&[Read, Say(OK), Read, Say(OK), Hang]], config).await;
    let endpoint = Endpoint::parse(&format!("https://localhost:{}", server.address.port())).unwrap();
    let tls = Tls { ca_pem: Some(ca), resolve: Some(server.address), ..Tls::default() };
    let exchanges = Sender::new(endpoint, tls, limits()).unwrap().wire(&[request("{}"), request("{}")]).await;
    let states: Vec<_> = exchanges.iter().map(|exchange| (exchange.reused, exchange.result.is_ok())).collect();
    assert_eq!(states, [(false, true), (true, true)], "{exchanges:?}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_in_both_lanes() {
    let authority = Authority::new();
    let server = Server::start_tls(&[&[Read, Say(OK), Hang]], authority.server("localhost", true)).await;
    let (certificate, key) = authority.certify("client");
    let (certificate_pem, key_pem) = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
    let both = [certificate_pem.clone(), key_pem.clone()].concat();
    for client in
        [ClientIdentity { certificate_pem, key_pem }, ClientIdentity { certificate_pem: both.clone(), key_pem: both }]
    {
        assert!(!format!("{client:?}").contains('['));
        let tls = Tls {
            ca_pem: Some(authority.pem()),
            resolve: Some(server.address),
            client: Some(client),
            ..Tls::default()
        };
        assert_eq!(over_tls("https://localhost:PORT", &server, tls).await, [Ok(200), Ok(200)]);
    }
    // The server refuses a certificate of another authority.
    let (certificate, key) = Authority::new().certify("client");
    let client =
        ClientIdentity { certificate_pem: certificate.pem().into_bytes(), key_pem: key.serialize_pem().into_bytes() };
    let tls =
        Tls { ca_pem: Some(authority.pem()), resolve: Some(server.address), client: Some(client), ..Tls::default() };
    for result in over_tls("https://localhost:PORT", &server, tls).await {
        assert!(matches!(result, Err(SendError::Tls(_))), "{result:?}");
    }
}

#[test]
fn a_client_certificate_that_cannot_be_used_is_refused_before_anything_is_sent() {
    let authority = Authority::new();
    let (certificate, key) = authority.certify("client");
    let (_, other) = authority.certify("client");
    let (certificate, key) = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
    for (certificate_pem, key_pem, reason) in [
        (b"nothing".to_vec(), key.clone(), "read a certificate from the client certificate's file"),
        (certificate.clone(), certificate.clone(), "read a private key"),
        (certificate, other.serialize_pem().into_bytes(), "use the client certificate with its key"),
    ] {
        let client = Some(ClientIdentity { certificate_pem, key_pem });
        let tls = Tls { ca_pem: Some(authority.pem()), client, ..Tls::default() };
        let refused = Sender::new(Endpoint::parse("https://h").unwrap(), tls, limits()).err().unwrap().to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

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

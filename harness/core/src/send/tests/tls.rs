//! TLS in both lanes: who is believed, and who is asked for a certificate.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;

/// A certificate authority.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    pub(super) fn pem(&self) -> Vec<u8> {
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
pub(super) fn authority(name: &str, asks_for_certificate: bool) -> (Vec<u8>, rustls::ServerConfig) {
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

//! TLS before a hostile server, with what can be wrong about it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde::Deserialize;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// The name that clients expect; it has no address.
pub(crate) const NAME: &str = "kms.example.test";

/// What is wrong about a server's TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wrong {
    /// Nothing.
    Nothing,
    /// The certificate has ended.
    Expired,
    /// The certificate has not begun.
    NotYet,
    /// The certificate is for another name.
    OtherName,
    /// The certificate signs itself.
    SelfSigned,
    /// Nobody trusts the authority.
    OtherAuthority,
    /// The connection ends without a close notification.
    NoNotify,
    /// Bytes that are no record come after the handshake.
    RawBytes,
    /// It ends after so many bytes of the server.
    CutAt(u64),
    /// There is none where the client expects it.
    Absent,
    /// There is some where the client expects none.
    Unexpected,
}

/// How connections of a server are encrypted.
#[derive(Clone)]
pub(crate) struct Server {
    wrong: Wrong,
    acceptor: TlsAcceptor,
}

impl Server {
    /// One, and the certificates that its clients trust.
    pub(crate) fn new(wrong: Wrong) -> (Self, Vec<u8>) {
        let authority = authority();
        let trusted = if wrong == Wrong::OtherAuthority { self::authority().pem() } else { authority.pem() };
        let key = KeyPair::generate().unwrap();
        let name = if wrong == Wrong::OtherName { "other.example.test" } else { NAME };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        match wrong {
            Wrong::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Wrong::NotYet => params.not_before = date_time_ymd(4000, 1, 1),
            _ => {}
        }
        let certificate = match wrong {
            Wrong::SelfSigned => params.self_signed(&key).unwrap(),
            _ => params.signed_by(&key, &authority).unwrap(),
        };
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        (Self { wrong, acceptor: TlsAcceptor::from(Arc::new(config)) }, trusted.into_bytes())
    }

    /// The stream behind a handshake; nothing if there was none.
    pub(super) async fn accept(&self, client: TcpStream) -> Option<TlsStream<DuplexStream>> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let most = if let Wrong::CutAt(most) = self.wrong { most } else { u64::MAX };
        tokio::spawn(bridge(client, far, most));
        let mut stream = self.acceptor.accept(near).await.ok()?;
        if self.wrong == Wrong::RawBytes {
            stream.get_mut().0.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.ok()?;
        }
        Some(stream)
    }

    /// Ends a connection.
    pub(super) async fn end(&self, mut stream: TlsStream<DuplexStream>) {
        if self.wrong != Wrong::NoNotify {
            let _ = stream.shutdown().await;
        }
    }
}

/// Carries bytes both ways, and at most so many of the server's.
async fn bridge(client: TcpStream, server: DuplexStream, most: u64) {
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = tokio::io::split(server);
    let there = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let back = async {
        let _ = tokio::io::copy(&mut from_server.take(most), &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, back);
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

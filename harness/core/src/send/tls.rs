//! The TLS settings of connections.

use super::error::SetupError;
use super::proxy::Proxy;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Whether the certificate of the target is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// The certificate is verified.
    #[default]
    Yes,
    /// The certificate is not verified.
    NoInsecure,
}

/// A client certificate and its private key, both as PEM. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate, and the intermediate certificates.
    pub certificate_pem: Vec<u8>,
    /// The private key; may be the same bytes.
    pub key_pem: Vec<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

/// Settings of connections, most of them for TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Trusted certificates, instead of those of the platform.
    pub ca_pem: Option<Vec<u8>>,
    /// Whether the certificate is verified.
    pub verify: Verify,
    /// The name that the certificate must have, if it differs from the host.
    pub server_name: Option<String>,
    /// The address to connect to, instead of the address of the host.
    pub resolve: Option<SocketAddr>,
    /// The client certificate to present if the target asks for one.
    pub client: Option<ClientIdentity>,
    /// The proxy to use.
    pub proxy: Option<Proxy>,
}

/// The TLS configuration of both lanes.
pub(super) fn client_config(tls: &Tls) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if tls.verify == Verify::NoInsecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(NoVerifier(provider)))
    } else if let Some(pem) = &tls.ca_pem {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(pem).ok_or(SetupError::Certificate)? {
            roots.add(certificate)?;
        }
        builder.with_root_certificates(roots)
    } else {
        builder.with_platform_verifier()?
    };
    let Some(client) = &tls.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&client.certificate_pem).ok_or(SetupError::ClientCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(&client.key_pem).map_err(|_| SetupError::ClientKey)?;
    builder.with_client_auth_cert(chain, key).map_err(SetupError::ClientIdentity)
}

/// The certificates of a PEM file, at least one.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

/// Accepts every certificate. Signatures in the handshake are still checked.
#[derive(Debug)]
struct NoVerifier(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerifier {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

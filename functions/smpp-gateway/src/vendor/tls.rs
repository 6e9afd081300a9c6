//! TLS to a vendor, over whatever stream leads to it.

use std::io;
use std::sync::Arc;

use domain::connection::Tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::VerifierBuilderError;
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Why there is no TLS to a vendor.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the certificates to trust are no PEM")]
    Pem(#[source] pem::Error),
    #[error("there is no certificate to trust")]
    NothingTrusted,
    #[error("a certificate to trust cannot be used")]
    Trusted(#[source] rustls::Error),
    #[error("`{name}` is no name that a certificate can have")]
    Name { name: String },
    #[error("TLS cannot be set up")]
    SetUp(#[source] rustls::Error),
    #[error("certificates cannot be verified")]
    Verifier(#[source] VerifierBuilderError),
    #[error("the vendor's certificate is not accepted")]
    Certificate(#[source] rustls::Error),
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
}

impl TlsError {
    /// Whether it stays so until somebody changes a setting or a certificate.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Handshake(_))
    }
}

/// Shakes hands over a fresh stream. The vendor's certificate has to be for `host`, unless the settings
/// name another name, and of somebody who is trusted; or it is itself among those that are given.
pub async fn connect<S>(stream: S, settings: &Tls, host: &str) -> Result<TlsStream<S>, TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = settings.server_name.as_deref().unwrap_or(host).to_owned();
    let name = ServerName::try_from(name.clone()).map_err(|_| TlsError::Name { name })?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let given = given(settings)?;
    let roots = Arc::new(trusted(given.as_deref())?);
    let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
    let verifier =
        Verifier { authorities: authorities.map_err(TlsError::Verifier)?, given: given.unwrap_or_default() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::SetUp)?
        .dangerous() // only the one rule more that the verifier states
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(failed)
}

fn given(settings: &Tls) -> Result<Option<Vec<CertificateDer<'static>>>, TlsError> {
    let read = |pem: &String| CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    settings.ca_pem.as_ref().map(read).transpose().map_err(TlsError::Pem)
}

/// Those that are given, or else those that this machine trusts.
fn trusted(given: Option<&[CertificateDer<'static>]>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match given {
        Some(given) => {
            for certificate in given {
                roots.add(certificate.clone()).map_err(TlsError::Trusted)?;
            }
        }
        // A machine may have some that nobody can read; the others do.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() { Err(TlsError::NothingTrusted) } else { Ok(roots) }
}

/// Accepts what an authority has signed for the name; and, as many vendors sign for themselves, the very
/// certificates that were given, whatever they say of names and authorities.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.given.contains(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// What rustls has to say comes packed in an error of I/O.
fn failed(error: io::Error) -> TlsError {
    match error.downcast::<rustls::Error>() {
        Ok(error @ rustls::Error::InvalidCertificate(_)) => TlsError::Certificate(error),
        Ok(error) => TlsError::Handshake(io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) => TlsError::Handshake(error),
    }
}

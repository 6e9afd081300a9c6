//! TLS for those who bind: the certificate and its key come from files, and are read again when the files
//! are others, so that a renewed certificate needs no restart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tracing::{info, warn};

/// The files are looked at when somebody connects, this often at most.
const LOOK_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} cannot be read")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} is not PEM as it should be")]
    Pem {
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("the certificate and its key are of no use together")]
    Unusable(#[source] rustls::Error),
}

/// The certificate, as the files have it.
pub struct Certificate {
    /// The chain in PEM, ours first.
    chain: PathBuf,
    /// The private key in PEM.
    key: PathBuf,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    acceptor: TlsAcceptor,
    written_at: [SystemTime; 2],
    looked_at: Instant,
}

impl Certificate {
    pub fn load(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let (chain, key) = (chain.into(), key.into());
        let loaded = Mutex::new(read(&chain, &key)?);
        Ok(Self { chain, key, loaded })
    }

    /// For the next who connects. What cannot be read any more leaves the last one in use.
    pub fn acceptor(&self) -> TlsAcceptor {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if LOOK_EVERY <= loaded.looked_at.elapsed() {
            loaded.looked_at = Instant::now();
            self.look(&mut loaded);
        }
        loaded.acceptor.clone()
    }

    fn look(&self, loaded: &mut Loaded) {
        if written_at(&self.chain, &self.key).is_ok_and(|now| now == loaded.written_at) {
            return;
        }
        match read(&self.chain, &self.key) {
            Ok(new) => {
                info!("the certificate is a new one");
                *loaded = new;
            }
            Err(error) => warn!(error = crate::chain(error), "the last certificate stays in use"),
        }
    }
}

fn read(chain: &Path, key: &Path) -> Result<Loaded, TlsError> {
    // Before they are read: what is written meanwhile is then read again.
    let written_at = written_at(chain, key)?;
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { path, source }
    };
    let certificates = CertificateDer::pem_file_iter(chain).map_err(pem(chain))?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(pem(chain))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(TlsError::Unusable)?;
    Ok(Loaded { acceptor: TlsAcceptor::from(Arc::new(config)), written_at, looked_at: Instant::now() })
}

fn written_at(chain: &Path, key: &Path) -> Result<[SystemTime; 2], TlsError> {
    let one = |path: &Path| {
        let written = fs::metadata(path).and_then(|file| file.modified());
        written.map_err(|source| TlsError::File { path: path.to_owned(), source })
    };
    Ok([one(chain)?, one(key)?])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use super::*;

    /// Writes a new certificate, and gives what trusts it and no other.
    fn renew(folder: &Path) -> TlsConnector {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.join("chain.pem"), cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }

    async fn is_trusted(certificate: &Certificate, connector: &TlsConnector) -> bool {
        let (ours, theirs) = tokio::io::duplex(16 * 1024);
        let name = ServerName::try_from("localhost").unwrap();
        let accepting = certificate.acceptor().accept(ours);
        let (_, connected) = tokio::join!(accepting, connector.connect(name, theirs));
        connected.is_ok()
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_used_after_a_while_and_a_broken_one_is_not() {
        let folder = std::env::temp_dir().join(format!("waybill-certificate-{}", runtime::fresh()));
        fs::create_dir(&folder).unwrap();
        let old = renew(&folder);
        let certificate = Certificate::load(folder.join("chain.pem"), folder.join("key.pem")).unwrap();
        assert!(is_trusted(&certificate, &old).await);
        let new = renew(&folder);
        assert!(is_trusted(&certificate, &old).await, "it is not looked at all the time");
        tokio::time::pause();
        tokio::time::advance(LOOK_EVERY).await;
        assert!(is_trusted(&certificate, &new).await);
        fs::write(folder.join("key.pem"), "half a").unwrap();
        tokio::time::advance(LOOK_EVERY + Duration::from_secs(1)).await;
        assert!(is_trusted(&certificate, &new).await, "the last good one stays");
        fs::remove_dir_all(&folder).unwrap();
        assert!(Certificate::load(folder.join("chain.pem"), folder.join("key.pem")).is_err());
    }
}

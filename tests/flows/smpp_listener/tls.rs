//! Binds over TLS.

use std::fs;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use smpp_gateway::client::tls::Certificate;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

#[tokio::test]
async fn a_client_binds_over_tls_and_one_that_has_to_may() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = std::env::temp_dir().join(format!("waybill-tls-{}", runtime::fresh()));
    fs::create_dir(&folder).expect("a folder");
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    fs::write(&chain, cert.pem()).expect("is written");
    fs::write(&key, signing_key.serialize_pem()).expect("is written");
    let certificate = Certificate::load(&chain, &key).expect("is read");
    fs::remove_dir_all(&folder).expect("is removed");

    let stage = Stage::new().await;
    let door = |listener| Door { listener, certificate: Some(certificate), behind_proxy: false };
    let gate = stage.gate_with(door).await;
    let client = stage.client("secure", |link| link.tls_required = true).await;
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("is a root");
    let stream = tls_stream(gate.address, roots).await;
    let (session, _inbound) = esme::bind(stream, client.settings()).await.expect("binds");
    let answer = session.submit(client.submit("4915112345678", "hello")).await.expect("is answered");
    assert_eq!(answer.status, CommandStatus::ROK);
    assert!(matches!(gate.bind(client.settings()).await, Err(BindError::Link(_))), "plain TCP is not TLS");
    session.unbind().await;
    gate.stop().await;
}

async fn tls_stream(address: SocketAddr, roots: RootCertStore) -> TlsStream<tokio::net::TcpStream> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = tcp::connect(address).await.expect("connects");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("trusts")
}

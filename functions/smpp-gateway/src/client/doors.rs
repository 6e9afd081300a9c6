//! The addresses that clients come in at, as the environment names them.
//!
//! | variable | what | unless told |
//! |---|---|---|
//! | `LISTEN_ADDRESS` | for plain TCP; none if empty | a free port of this machine, which the log names |
//! | `LISTEN_TLS_ADDRESS` | for TLS | none |
//! | `TLS_CERTIFICATE`, `TLS_KEY` | files in PEM for it, read again when they change | |
//! | `PROXY_PROTOCOL` | `v2` behind a balancer that tells the clients' addresses so | the peer's own address |

use anyhow::{Context, bail};
use runtime::config::setting;
use tokio::net::TcpListener;
use tracing::info;

use super::listener::Door;
use super::tls::Certificate;

const LISTEN_ADDRESS_DEFAULT: &str = "127.0.0.1:0";

/// Opens them.
pub async fn open() -> anyhow::Result<Vec<Door>> {
    let behind_proxy = match optional("PROXY_PROTOCOL").as_deref() {
        None => false,
        Some("v2") => true,
        Some(other) => bail!("PROXY_PROTOCOL is `v2` or nothing, not `{other}`"),
    };
    let mut doors = Vec::new();
    let plain = std::env::var("LISTEN_ADDRESS").unwrap_or_else(|_| LISTEN_ADDRESS_DEFAULT.to_owned());
    if !plain.is_empty() {
        doors.push(Door { listener: listen(&plain).await?, certificate: None, behind_proxy });
    }
    if let Some(address) = optional("LISTEN_TLS_ADDRESS") {
        let certificate = Certificate::load(setting("TLS_CERTIFICATE")?, setting("TLS_KEY")?)?;
        let certificate = Some(certificate);
        doors.push(Door { listener: listen(&address).await?, certificate, behind_proxy });
    }
    for door in &doors {
        let (address, tls) = (door.listener.local_addr()?, door.certificate.is_some());
        info!(%address, tls, behind_proxy, "clients may bind");
    }
    Ok(doors)
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened at"))
}

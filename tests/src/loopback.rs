//! Serves a router on loopback for as long as somebody holds on to it.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A port that is taken but not answered yet, so that a router can be told its own address.
pub struct Reserved {
    listener: TcpListener,
    address: SocketAddr,
}

impl Reserved {
    /// Zero takes a free port.
    pub async fn port(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn serve(self, router: Router) -> Serving {
        let (stop, stopped) = oneshot::channel::<()>();
        let Self { listener, address } = self;
        tokio::spawn(async move {
            let dropped = async {
                let _ = stopped.await; // nothing is ever sent: the sender's end is the signal
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(dropped).await {
                tracing::error!(%error, %address, "no longer served");
            }
        });
        Serving { _stop: stop }
    }
}

/// Dropped, no more connections are taken and those at rest are closed.
pub struct Serving {
    _stop: oneshot::Sender<()>,
}

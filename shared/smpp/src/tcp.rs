//! TCP as SMPP wants it: `TCP_NODELAY`, without which a window of small PDUs crawls (a tenth of
//! the rate was measured). TLS wraps the stream that comes from here.

use std::io;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

/// Connects with `TCP_NODELAY`.
pub async fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Waits for the next client, with `TCP_NODELAY`.
pub async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

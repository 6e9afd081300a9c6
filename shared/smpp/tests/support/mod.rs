//! Two ends of a bind over a pipe, and a peer that speaks in single PDUs and octets.

// Each test program uses a part of it.
#![allow(dead_code)]

use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use smpp::codec::{Cut, Framer, decode, encode};
use smpp::esme::{self, BindSettings, Inbound, Session};
use smpp::pdu::{Bind, BindResp, Body};
use smpp::smsc::{self, Requests, ServerSession, ServerSettings};
use smpp::{BindMode, CommandStatus, Pdu, SubmitSm};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

pub const SOON: Duration = Duration::from_secs(5);
pub const SHORT: Duration = Duration::from_millis(60);

pub fn settings() -> BindSettings {
    BindSettings {
        answer_timeout: Duration::from_secs(2),
        enquire_link_every: SOON,
        ..BindSettings::new("acme", "secret-longer-than-8")
    }
}

pub fn window(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("not zero")
}

pub fn to(destination: &str) -> SubmitSm {
    SubmitSm { destination: destination.to_owned(), ..SubmitSm::default() }
}

pub async fn pair(
    client: BindSettings,
    server: ServerSettings,
) -> (Session, Inbound, ServerSession, Requests) {
    let (near, far) = duplex(4096);
    let serve = async {
        let handshake = smsc::accept(far, server).await.expect("binds");
        handshake.accept().await.expect("is let in")
    };
    let (client, server) = tokio::join!(esme::bind(near, client), serve);
    let (session, inbound) = client.expect("is bound");
    (session, inbound, server.0, server.1)
}

/// A peer that speaks in single PDUs and octets.
pub struct Peer {
    pub stream: DuplexStream,
    buffer: BytesMut,
    framer: Framer,
}

impl Peer {
    pub fn new(stream: DuplexStream) -> Self {
        Self { stream, buffer: BytesMut::new(), framer: Framer::new(70_000) }
    }

    pub async fn read(&mut self) -> io::Result<Pdu> {
        loop {
            if let Cut::Frame(length) = self.framer.cut(&mut self.buffer) {
                let pdu = decode(&self.buffer[..length]).expect("is valid");
                self.buffer.advance(length);
                return Ok(pdu);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub async fn expect(&mut self) -> Pdu {
        timeout(SOON, self.read()).await.expect("comes in time").expect("comes")
    }

    pub async fn send(&mut self, status: CommandStatus, sequence: u32, body: Body) {
        let mut out = BytesMut::new();
        encode(&Pdu { status, sequence, body }, &mut out).expect("is valid");
        self.stream.write_all(&out).await.expect("is written");
    }

    pub async fn send_words(&mut self, words: [u32; 4], rest: &[u8]) {
        for word in words {
            self.stream.write_u32(word).await.expect("is written");
        }
        self.stream.write_all(rest).await.expect("is written");
    }
}

/// Our client bound to a raw server.
pub async fn client_and_peer(settings: BindSettings) -> (Session, Inbound, Peer) {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Peer::new(far);
    let answer = async {
        let bind = peer.expect().await;
        let body = Body::BindResp(BindMode::Transceiver, BindResp::default());
        peer.send(CommandStatus::ROK, bind.sequence, body).await;
    };
    let (bound, ()) = tokio::join!(esme::bind(near, settings), answer);
    let (session, inbound) = bound.expect("is bound");
    (session, inbound, peer)
}

/// A raw client bound to our server.
pub async fn server_and_peer(server: ServerSettings) -> (ServerSession, Requests, Peer) {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Peer::new(near);
    let serve = async {
        let handshake = smsc::accept(far, server).await.expect("binds");
        handshake.accept().await.expect("is let in")
    };
    let bind = async {
        let bind = Bind { interface_version: 0x34, ..Bind::default() };
        peer.send(CommandStatus::ROK, 1, Body::Bind(BindMode::Transceiver, bind)).await;
        assert!(peer.expect().await.status.is_ok());
    };
    let ((session, requests), ()) = tokio::join!(serve, bind);
    (session, requests, peer)
}

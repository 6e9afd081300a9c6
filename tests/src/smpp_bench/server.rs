//! The far end of a measured session, on a thread of its own: either a server of templates, which does as
//! little as a server can, so that what is measured is the client; or our own server session, each
//! message with an id of its own.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use smpp::codec::{Cut, EncodeError, Framer, decode, encode};
use smpp::pdu::{BindResp, Body, MessageResp, command};
use smpp::smsc::{self, ServerSession, ServerSettings};
use smpp::{CommandStatus, DeliverSm, Pdu, tcp, tlv};
use tokio::net::TcpListener as AsyncListener;
use tokio::time::sleep;

/// What the server of templates calls every message.
const MESSAGE_ID: &str = "0059113978";
/// As large as real ones, so that no id read as hexadecimal is another one in decimal.
const FIRST_ID: u64 = 9_000_000_000;
const BUFFER: usize = 64 * 1024;
/// Receipts without an answer at one time, of a server whose receipts take their time: a platform answers them
/// when they are stored.
const PATIENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(399);

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Templates,
    TemplatesWithReceipts,
    Session,
    SessionWithReceipts,
}

impl Kind {
    pub const ALL: [Self; 4] =
        [Self::Templates, Self::TemplatesWithReceipts, Self::Session, Self::SessionWithReceipts];

    pub fn title(self) -> &'static str {
        match self {
            Self::Templates => "our client -> templates",
            Self::TemplatesWithReceipts => "our client -> templates, a receipt each",
            Self::Session => "our client -> our server",
            Self::SessionWithReceipts => "our client -> our server, a receipt each",
        }
    }

    pub fn has_receipts(self) -> bool {
        matches!(self, Self::TemplatesWithReceipts | Self::SessionWithReceipts)
    }
}

/// A running server; it ends with the process, once its last client is gone it does nothing.
pub struct Server {
    pub address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Server {
    /// Templates serve one client after the other, sessions all at once.
    pub fn start(kind: Kind) -> io::Result<Self> {
        Self::start_with(kind, Duration::ZERO)
    }

    /// One whose sessions send a receipt so long after the answer.
    pub fn start_with(kind: Kind, receipt_delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicU64::new(0));
        let counter = taken.clone();
        let serve = move || match kind {
            Kind::Templates | Kind::TemplatesWithReceipts => serve_templates(&listener, kind.has_receipts()),
            Kind::Session => serve_sessions(listener, None, counter),
            Kind::SessionWithReceipts => serve_sessions(listener, Some(receipt_delay), counter),
        };
        thread::Builder::new().name("server".to_owned()).spawn(serve)?;
        Ok(Self { address, taken })
    }

    /// The submits that a server of sessions has answered.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

fn serve_sessions(
    listener: TcpListener,
    receipts: Option<Duration>,
    counter: Arc<AtomicU64>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = AsyncListener::from_std(listener)?;
        loop {
            let stream = tcp::accept(&listener).await?;
            tokio::spawn(serve_session(stream, receipts, counter.clone()));
        }
    })
}

async fn serve_session(stream: tokio::net::TcpStream, receipts: Option<Duration>, counter: Arc<AtomicU64>) {
    let settings = match receipts {
        Some(delay) if !delay.is_zero() => ServerSettings { window: PATIENT, ..ServerSettings::new("bench") },
        _ => ServerSettings::new("bench"),
    };
    let Ok(handshake) = smsc::accept(stream, settings).await else { return };
    let Ok((session, mut requests)) = handshake.accept().await else { return };
    while let Some(submit) = requests.next_submit().await {
        let id = (FIRST_ID + counter.fetch_add(1, Ordering::Relaxed)).to_string();
        match receipts.filter(|_| submit.pdu.registered_delivery & 1 == 1) {
            Some(delay) => {
                let receipt = receipt(&submit.pdu.destination, &submit.pdu.source, &id);
                submit.accept(id);
                tokio::spawn(deliver(session.clone(), receipt, delay));
            }
            None => submit.accept(id),
        }
    }
}

async fn deliver(session: ServerSession, receipt: DeliverSm, delay: Duration) {
    if !delay.is_zero() {
        sleep(delay).await;
    }
    let _ = session.deliver(receipt).await; // whoever waits for it counts
}

fn serve_templates(listener: &TcpListener, receipts: bool) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        let _ = serve_client(stream, receipts); // it went away
    }
}

fn serve_client(mut stream: TcpStream, receipts: bool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (answer, receipt) = templates().map_err(io::Error::other)?;
    let mut framer = Framer::new(BUFFER);
    let mut inbox = BytesMut::with_capacity(BUFFER);
    let mut outbox = BytesMut::with_capacity(BUFFER);
    let mut octets = vec![0; BUFFER];
    let mut receipts_sent = 0;
    loop {
        let count = stream.read(&mut octets)?;
        if count == 0 {
            return Ok(());
        }
        inbox.extend_from_slice(&octets[..count]);
        while let Cut::Frame(length) = framer.cut(&mut inbox) {
            let (command_id, sequence) = (word(&inbox, 4), word(&inbox, 12));
            if command_id == command::SUBMIT_SM {
                copy(&answer, sequence, &mut outbox);
                if receipts {
                    receipts_sent += 1;
                    copy(&receipt, receipts_sent, &mut outbox);
                }
            } else if let Ok(Pdu { body, .. }) = decode(&inbox[..length])
                && let Some(body) = farewell_or_bind(body)
            {
                let _ = encode(&Pdu { status: CommandStatus::ROK, sequence, body }, &mut outbox);
            }
            inbox.advance(length);
        }
        stream.write_all(&outbox)?;
        outbox.clear();
    }
}

fn farewell_or_bind(body: Body) -> Option<Body> {
    match body {
        Body::Bind(mode, _) => Some(Body::BindResp(mode, BindResp::default())),
        Body::EnquireLink => Some(Body::EnquireLinkResp),
        Body::Unbind => Some(Body::UnbindResp),
        _ => None,
    }
}

/// An answer and a receipt, to be given their sequence numbers.
fn templates() -> Result<(BytesMut, BytesMut), EncodeError> {
    let answer = MessageResp { message_id: MESSAGE_ID.to_owned(), ..MessageResp::default() };
    let receipt = receipt("491700000001", "Waybill", MESSAGE_ID);
    Ok((written(Body::SubmitSmResp(answer))?, written(Body::DeliverSm(receipt))?))
}

fn receipt(source: &str, destination: &str, id: &str) -> DeliverSm {
    let text = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 \
         text:Your code is"
    );
    let mut deliver = DeliverSm {
        source_ton: 1,
        source_npi: 1,
        source: source.to_owned(),
        destination: destination.to_owned(),
        esm_class: 0x04,
        short_message: text.into(),
        ..DeliverSm::default()
    };
    deliver.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, id);
    deliver.tlvs.push(tlv::MESSAGE_STATE, vec![2]);
    deliver
}

fn written(body: Body) -> Result<BytesMut, EncodeError> {
    let mut out = BytesMut::new();
    encode(&Pdu::request(0, body), &mut out)?;
    Ok(out)
}

fn copy(template: &[u8], sequence: u32, out: &mut BytesMut) {
    let start = out.len();
    out.extend_from_slice(template);
    out[start + 12..start + 16].copy_from_slice(&sequence.to_be_bytes());
}

fn word(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).map_or(0, |mut word| word.get_u32())
}

//! The far end of the measured session, in a process of its own, so that each side's CPU can be told
//! apart: either a server of templates, which does as little as a server can, so that what is
//! measured is the client; or our own server session.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use bytes::{Buf, BytesMut};
use smpp::codec::{Cut, Framer, decode, encode};
use smpp::pdu::{BindResp, Body, MessageResp, command};
use smpp::smsc::{self, ServerSession, ServerSettings};
use smpp::{CommandStatus, DeliverSm, Pdu, tcp, tlv};

/// The argument that makes this program a server; the next is its kind.
pub const SERVE: &str = "--serve";
const MESSAGE_ID: &str = "0059113978";

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

    pub fn parse(title: &str) -> io::Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.title() == title);
        found.ok_or_else(|| io::Error::other(format!("no server {title}")))
    }
}

/// A running server; dropped, it ends.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(kind: Kind) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args([SERVE, kind.title()]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves one client after the other, for ever.
pub fn serve(kind: Kind) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    if matches!(kind, Kind::Session | Kind::SessionWithReceipts) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(serve_sessions(listener, kind.has_receipts()));
    }
    loop {
        let (stream, _) = listener.accept()?;
        let _ = serve_client(stream, kind.has_receipts()); // it went away
    }
}

async fn serve_sessions(listener: TcpListener, receipts: bool) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let stream = tcp::accept(&listener).await?;
        let handshake = smsc::accept(stream, ServerSettings::new("bench")).await.map_err(io::Error::other)?;
        let (session, mut requests) = handshake.accept().await.map_err(io::Error::other)?;
        while let Some(submit) = requests.next_submit().await {
            submit.accept(MESSAGE_ID);
            if receipts {
                tokio::spawn(deliver(session.clone()));
            }
        }
    }
}

async fn deliver(session: ServerSession) {
    let _ = session.deliver(receipt()).await; // the client counts them
}

fn serve_client(mut stream: TcpStream, receipts: bool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (answer, receipt) = (answer_template(), receipt_template());
    let mut framer = Framer::new(64 * 1024);
    let mut inbox = BytesMut::with_capacity(64 * 1024);
    let mut outbox = BytesMut::with_capacity(64 * 1024);
    let mut octets = vec![0; 64 * 1024];
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

fn answer_template() -> BytesMut {
    written(Body::SubmitSmResp(MessageResp { message_id: MESSAGE_ID.to_owned(), ..MessageResp::default() }))
}

fn receipt_template() -> BytesMut {
    written(Body::DeliverSm(receipt()))
}

fn receipt() -> DeliverSm {
    let text = "id:0059113978 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:Your code is";
    let mut deliver = DeliverSm {
        source_ton: 1,
        source_npi: 1,
        source: "491700000001".to_owned(),
        destination: "Waybill".to_owned(),
        esm_class: 0x04,
        short_message: text.into(),
        ..DeliverSm::default()
    };
    deliver.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, "38601fa");
    deliver.tlvs.push(tlv::MESSAGE_STATE, vec![2]);
    deliver
}

fn written(body: Body) -> BytesMut {
    let mut out = BytesMut::new();
    encode(&Pdu::request(0, body), &mut out).expect("is valid");
    out
}

fn copy(template: &[u8], sequence: u32, out: &mut BytesMut) {
    let start = out.len();
    out.extend_from_slice(template);
    out[start + 12..start + 16].copy_from_slice(&sequence.to_be_bytes());
}

fn word(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).map_or(0, |mut word| word.get_u32())
}

//! A stream with its buffers: frames in, octets out. The handshakes speak over it directly, the
//! task takes it over with whatever was read ahead.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tracing::warn;

use crate::codec::{Cut, EncodeError, Framer, decode, encode};
use crate::pdu::Pdu;
use crate::status::CommandStatus;

/// Taken by one read; a hundred submits fit.
const READ_OCTETS: usize = 16 * 1024;

pub(crate) struct Wire<S> {
    stream: S,
    inbox: BytesMut,
    framer: Framer,
    outbox: BytesMut,
    /// Octets of `outbox` taken by the stream since the beginning.
    written: u64,
    /// Whether the stream may hold back octets it has taken (TLS does).
    unflushed: bool,
}

/// The place of the next PDU is lost.
pub(crate) struct OutOfStep;

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S, frame_length_max: usize) -> Self {
        Self {
            stream,
            inbox: BytesMut::new(),
            framer: Framer::new(frame_length_max),
            outbox: BytesMut::new(),
            written: 0,
            unflushed: false,
        }
    }

    /// From now on PDUs may be so long.
    pub fn set_frame_length_max(&mut self, frame_length_max: usize) {
        self.framer.set_length_max(frame_length_max);
    }

    /// Octets the stream has taken since the beginning.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Where the next PDU will begin, counted from the first octet sent.
    pub fn position(&self) -> u64 {
        self.written + self.outbox.len() as u64
    }

    /// Whether the octet at this position is still ours.
    pub fn is_unsent(&self, position: u64) -> bool {
        self.written <= position
    }

    /// Octets that wait in the outbox.
    pub fn queued(&self) -> usize {
        self.outbox.len()
    }

    /// Whether all that was pushed has left us.
    pub fn is_drained(&self) -> bool {
        self.outbox.is_empty() && !self.unflushed
    }

    /// Puts a PDU into the outbox.
    pub fn push(&mut self, pdu: &Pdu) -> Result<(), EncodeError> {
        encode(pdu, &mut self.outbox)
    }

    /// Puts a generic_nack into the outbox.
    pub fn nack(&mut self, sequence: u32, status: CommandStatus) {
        // A header alone has nothing that could not be encoded.
        let _ = self.push(&Pdu::nack(sequence, status));
    }

    /// The next PDU that has come whole. Those that cannot be read are nacked and passed over.
    pub fn next_pdu(&mut self) -> Result<Option<Pdu>, OutOfStep> {
        loop {
            match self.framer.cut(&mut self.inbox) {
                Cut::NeedMore => return Ok(None),
                Cut::TooShort { sequence } => {
                    self.nack(sequence, CommandStatus::RINVCMDLEN);
                    return Err(OutOfStep);
                }
                Cut::TooLong { sequence } => {
                    warn!(sequence, "a PDU over the bound is skipped");
                    self.nack(sequence, CommandStatus::RINVCMDLEN);
                }
                Cut::Frame(length) => {
                    let decoded = decode(&self.inbox[..length]);
                    self.inbox.advance(length);
                    match decoded {
                        Ok(pdu) => return Ok(Some(pdu)),
                        Err(error) => {
                            warn!(%error, "a PDU cannot be read");
                            self.nack(error.sequence(), error.status());
                        }
                    }
                }
            }
        }
    }

    /// Reads once; the end of the stream is an error, since SMPP says goodbye by unbinding.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // On the stack, so that a bind that only waits holds no buffer.
        let mut octets = [const { MaybeUninit::uninit() }; READ_OCTETS];
        let mut buffer = ReadBuf::uninit(&mut octets);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.inbox.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }

    /// Lets go of buffers that nothing stands in.
    pub fn rest(&mut self) {
        for buffer in [&mut self.inbox, &mut self.outbox] {
            if buffer.is_empty() {
                *buffer = BytesMut::new();
            }
        }
    }

    /// Writes as much of the outbox as the stream takes at once; pending also when it is empty.
    pub fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outbox.is_empty() {
            return self.poll_flush(context);
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.outbox))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.outbox.advance(written);
        self.written += written as u64;
        self.unflushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Pending
    }

    /// Waits for one PDU; only for handshakes.
    pub async fn read(&mut self) -> io::Result<Pdu> {
        loop {
            match self.next_pdu() {
                Ok(Some(pdu)) => return Ok(pdu),
                Err(OutOfStep) => {
                    self.send().await?; // the nack
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Ok(None) => {
                    self.send().await?; // nacks
                    std::future::poll_fn(|context| self.poll_read(context)).await?;
                }
            }
        }
    }

    /// Sends the outbox; only for handshakes and farewells.
    pub async fn send(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            std::future::poll_fn(|context| self.poll_write(context)).await?;
        }
        self.stream.flush().await
    }

    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }
}

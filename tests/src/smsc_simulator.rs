//! An SMS centre on loopback that does what it is told: for flows, load and demonstrations.
//!
//! It takes every message and reports on it as its [`Behaviour`] says; the last four digits of a
//! destination single out the awkward cases:
//!
//! | ends in | outcome |
//! |---|---|
//! | 0001 | taken, receipt UNDELIV with error 001 |
//! | 0002 | taken, receipt EXPIRED with error 002 |
//! | 0003 | taken, receipt DELIVRD, but late by [`Behaviour::late_by`] |
//! | 0004 | taken, no receipt ever |
//! | 0005 | refused with ESME_RINVDSTADR (0x0B) |
//! | 0006 | throttled once with ESME_RTHROTTLED (0x58), taken when sent again |
//! | 0007 | taken and reported on, but the submit is never answered |
//! | 0008 | taken, receipt DELIVRD comes before the submit's answer |
//! | 0009 | the connection drops after the submit is received; it was not taken |
//! | 0010 | taken, receipt REJECTD with error 010 |
//! | 0011 | taken, receipt DELIVRD comes twice |
//!
//! All else is delivered, but for [`Behaviour::failed_per_mille`]. A receipt comes only if
//! `registered_delivery` asks for it. Receipts wait while no receiver of their system_id is bound,
//! and are sent again until one acknowledges them.
//!
//! It lets in as many binds of one system_id as it is told, over TLS alone if it has a certificate.
//!
//! Not for judging octets: the codec has its own tests. What a message costs is unknown here.

mod behaviour;
mod deliveries;
mod receipts;
mod tls;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::segmentation::{Encoding, segment};
use jiff::Timestamp;
use smpp::address::Numbering;
use smpp::coding::Alphabet;
use smpp::long::{LongForm, cut, part_of};
use smpp::smsc::{self, Handshake, Requests, ServerSession, ServerSettings, Submit};
use smpp::{BindMode, CommandStatus, DeliverSm, SubmitSm, tcp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

pub use behaviour::{
    Behaviour, Fate, IdForm, Outcome, Override, ReceiptForm, ReceiptMode, default_overrides,
};
use deliveries::Deliveries;
use receipts::{receipt, turned};
pub use tls::Identity;

/// How long the answer waits for an early receipt to be acknowledged.
const EARLY_RECEIPT_HEAD_START: Duration = Duration::from_secs(1);

/// One submit as it came, taken or not. A client that sends twice is here twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedSubmit {
    pub system_id: String,
    /// The number of the bind it came over.
    pub bind: u64,
    pub source: String,
    pub destination: String,
    /// Without the header; from `message_payload` if it stood there.
    pub text: Bytes,
    /// The user data header with its length octet; empty when there is none.
    pub udh: Bytes,
    pub data_coding: u8,
    pub esm_class: u8,
    /// All of it, as it came.
    pub pdu: SubmitSm,
    /// As in the submit's answer; `None` when it was not taken.
    pub vendor_id: Option<String>,
    pub at: Timestamp,
}

/// A live bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundClient {
    /// No other bind has had it.
    pub number: u64,
    pub system_id: String,
    pub mode: BindMode,
    /// The version that is spoken with it.
    pub interface_version: u8,
}

/// A running simulator. Dropped, it stops.
pub struct SmscSimulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

impl SmscSimulator {
    /// Listens on loopback.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        let acceptor = behaviour.tls.as_ref().map(Identity::acceptor).transpose()?;
        let listener = TcpListener::bind(("127.0.0.1", behaviour.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(behaviour));
        let listening = tokio::spawn(listen(listener, acceptor, shared.clone()));
        Ok(Self { address, shared, listening })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All submits in the order they came, as far as they are remembered.
    pub fn received(&self) -> Vec<ReceivedSubmit> {
        self.shared.state().received.iter().cloned().collect()
    }

    /// How many submits came since the start, remembered or not.
    pub fn received_count(&self) -> u64 {
        self.shared.state().received_count
    }

    /// Receipts and incoming messages that no receiver has acknowledged yet.
    pub fn undelivered_count(&self) -> usize {
        self.shared.deliveries.open_count()
    }

    /// The clients that are bound now.
    pub fn binds(&self) -> Vec<BoundClient> {
        self.shared.deliveries.binds()
    }

    /// For submits from now on; the port stays.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.shared.state().behaviour = Arc::new(behaviour);
    }

    /// Sends a message from a phone to a client, now or when it binds.
    pub fn send_incoming(&self, system_id: &str, message: DeliverSm) {
        self.shared.deliveries.send(system_id, Duration::ZERO, message);
    }

    /// The same with a text, in parts if it is long, and with the addresses as it was told.
    pub fn send_text(&self, system_id: &str, from: &str, to: &str, text: &str) {
        let (number, is_inverted) = {
            let mut state = self.shared.state();
            (state.take_id(), state.behaviour.inverted_addresses)
        };
        for part in phone_message(from, to, text, number) {
            self.send_incoming(system_id, if is_inverted { turned(part) } else { part });
        }
    }

    /// Drops one connection without a word.
    pub fn disconnect(&self, bind: u64) {
        self.shared.deliveries.disconnect(bind);
    }

    /// Drops every connection without a word; clients may come back.
    pub fn disconnect_all(&self) {
        self.shared.deliveries.disconnect_all();
    }

    /// Takes no more clients and lets the present ones go in good order.
    pub async fn stop(self) {
        self.listening.abort();
        self.shared.deliveries.unbind_all().await;
    }
}

impl Drop for SmscSimulator {
    fn drop(&mut self) {
        self.listening.abort();
        self.shared.deliveries.stop();
        self.disconnect_all();
    }
}

struct Shared {
    state: Mutex<State>,
    deliveries: Arc<Deliveries>,
}

struct State {
    behaviour: Arc<Behaviour>,
    /// Unique across restarts too, as a real centre's ids are.
    next_id: u64,
    received: VecDeque<ReceivedSubmit>,
    received_count: u64,
    /// Destinations that were throttled already.
    throttled: HashSet<String>,
}

impl Shared {
    fn new(behaviour: Behaviour) -> Self {
        let state = State {
            behaviour: Arc::new(behaviour),
            next_id: Timestamp::now().as_microsecond().unsigned_abs(),
            received: VecDeque::new(),
            received_count: 0,
            throttled: HashSet::new(),
        };
        Self { state: Mutex::new(state), deliveries: Arc::new(Deliveries::new()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn remember(&mut self, submit: ReceivedSubmit) {
        self.received_count += 1;
        self.received.push_back(submit);
        while self.behaviour.remembered_max < self.received.len() {
            self.received.pop_front();
        }
    }

    /// What becomes of a message; the second try after a throttling is an ordinary message.
    fn outcome(&mut self, destination: &str) -> Outcome {
        match self.behaviour.outcome(destination) {
            Outcome::ThrottledOnce if self.throttled.insert(destination.to_owned()) => {
                Outcome::Refused(CommandStatus::RTHROTTLED)
            }
            Outcome::ThrottledOnce => Outcome::Taken(self.behaviour.fate()),
            outcome => outcome,
        }
    }
}

async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        match (tcp::accept(&listener).await, acceptor.clone()) {
            (Ok(stream), None) => {
                tokio::spawn(serve(stream, shared.clone()));
            }
            (Ok(stream), Some(acceptor)) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    match acceptor.accept(stream).await {
                        Ok(stream) => serve(stream, shared).await,
                        Err(error) => tracing::debug!(%error, "no TLS"),
                    }
                });
            }
            (Err(error), _) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(100)).await; // out of files, most likely
            }
        }
    }
}

async fn serve<S>(stream: S, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let behaviour = shared.state().behaviour.clone();
    let settings = ServerSettings {
        interface_version: behaviour.interface_version,
        window: behaviour.window,
        ..ServerSettings::new("simulator")
    };
    let handshake = match smsc::accept(stream, settings).await {
        Ok(handshake) => handshake,
        Err(error) => return tracing::debug!(%error, "no bind"),
    };
    if let Some(status) = refusal(&shared, &behaviour, &handshake) {
        let _ = handshake.refuse(status).await; // whoever may not come in may also hang up
        return;
    }
    let system_id = handshake.bind().system_id.clone();
    match handshake.accept().await {
        Ok((session, requests)) => serve_session(shared, system_id, session, requests).await,
        Err(error) => tracing::debug!(%error, "the client left during the bind"),
    }
}

fn refusal<S>(shared: &Shared, behaviour: &Behaviour, handshake: &Handshake<S>) -> Option<CommandStatus>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let bind = handshake.bind();
    match &behaviour.credentials {
        Some((system_id, _)) if *system_id != bind.system_id => Some(CommandStatus::RINVSYSID),
        Some((_, password)) if *password != bind.password => Some(CommandStatus::RINVPASWD),
        _ if behaviour.binds_max <= shared.deliveries.count_of(&bind.system_id) => {
            Some(CommandStatus::RALYBND)
        }
        _ => None,
    }
}

async fn serve_session(
    shared: Arc<Shared>,
    system_id: String,
    session: ServerSession,
    mut requests: Requests,
) {
    tracing::info!(system_id, mode = ?session.mode(), "bound");
    let bind = shared.deliveries.add_bind(&system_id, &session);
    while let Some(submit) = requests.next_submit().await {
        take_submit(&shared, &system_id, bind, &session, submit);
    }
    let reason = session.closed().await;
    shared.deliveries.forget_closed();
    tracing::info!(system_id, ?reason, "gone");
}

/// Notes one submit and starts what becomes of it; waits for nothing.
fn take_submit(shared: &Arc<Shared>, system_id: &str, bind: u64, session: &ServerSession, submit: Submit) {
    let mut state = shared.state();
    let behaviour = state.behaviour.clone();
    let outcome = state.outcome(&submit.pdu.destination);
    let id = matches!(outcome, Outcome::Taken(_) | Outcome::NeverAnswered).then(|| state.take_id());
    let vendor_id = id.map(|id| behaviour.answer_id.write(id));
    tracing::info!(
        system_id,
        source = submit.pdu.source,
        destination = submit.pdu.destination,
        vendor_id,
        ?outcome,
        "submit"
    );
    state.remember(received(system_id, bind, &submit.pdu, vendor_id.clone()));
    drop(state);

    let message = Message { shared: shared.clone(), behaviour, system_id: system_id.to_owned() };
    match (outcome, id) {
        (Outcome::Taken(fate), Some(id)) => {
            let answer = vendor_id.unwrap_or_default();
            message.take(submit, fate, id, answer);
        }
        (Outcome::NeverAnswered, Some(id)) => {
            message.report(&submit.pdu, Fate::DELIVERED, id);
            hold_until_closed(session, submit);
        }
        (Outcome::DropsConnection, _) => {
            session.abort();
            hold_until_closed(session, submit);
        }
        (Outcome::Refused(status), _) => message.refuse(submit, status),
        (Outcome::Taken(_) | Outcome::NeverAnswered | Outcome::ThrottledOnce, _) => {
            message.refuse(submit, CommandStatus::RTHROTTLED);
        }
    }
}

fn received(system_id: &str, bind: u64, submit: &SubmitSm, vendor_id: Option<String>) -> ReceivedSubmit {
    let payload = submit.payload();
    let (_, text) = part_of(submit);
    ReceivedSubmit {
        system_id: system_id.to_owned(),
        bind,
        source: submit.source.clone(),
        destination: submit.destination.clone(),
        udh: payload.slice(..payload.len() - text.len()),
        text,
        data_coding: submit.data_coding,
        esm_class: submit.esm_class,
        pdu: submit.clone(),
        vendor_id,
        at: Timestamp::now(),
    }
}

/// What a phone's message comes as.
fn phone_message(from: &str, to: &str, text: &str, number: u64) -> Vec<DeliverSm> {
    let numbering = Numbering::default();
    let (source, destination) = (numbering.address(from), numbering.address(to));
    let segmented = segment(text);
    let alphabet = match segmented.encoding {
        Encoding::Gsm7 => Alphabet::Gsm7,
        Encoding::Ucs2 => Alphabet::Ucs2,
        Encoding::Binary => Alphabet::Octets,
    };
    let whole = DeliverSm {
        source_ton: source.ton,
        source_npi: source.npi,
        source: source.value,
        destination_ton: destination.ton,
        destination_npi: destination.npi,
        destination: destination.value,
        data_coding: alphabet.data_coding(false),
        ..DeliverSm::default()
    };
    let reference = u16::try_from(number % 0x1_0000).unwrap_or(0);
    cut(&whole, &segmented.segments, LongForm::Udh8, reference)
}

/// Dropping the submit would answer it.
fn hold_until_closed(session: &ServerSession, submit: Submit) {
    let session = session.clone();
    tokio::spawn(async move {
        session.closed().await;
        drop(submit);
    });
}

/// One message on its way through the centre.
struct Message {
    shared: Arc<Shared>,
    behaviour: Arc<Behaviour>,
    system_id: String,
}

impl Message {
    /// Answers the submit, and reports after or before that.
    fn take(self, submit: Submit, fate: Fate, id: u64, vendor_id: String) {
        let latency = self.behaviour.answer_latency;
        let is_early = fate.receipts == ReceiptMode::Early;
        if latency.is_zero() && !is_early {
            let pdu = submit.pdu.clone();
            submit.accept(vendor_id);
            self.report(&pdu, fate, id);
            return;
        }
        tokio::spawn(async move {
            sleep(latency).await;
            if is_early {
                for report in self.report(&submit.pdu, fate, id) {
                    let _ = timeout(EARLY_RECEIPT_HEAD_START, report).await;
                }
                submit.accept(vendor_id);
            } else {
                let pdu = submit.pdu.clone();
                submit.accept(vendor_id);
                self.report(&pdu, fate, id);
            }
        });
    }

    fn refuse(self, submit: Submit, status: CommandStatus) {
        let latency = self.behaviour.answer_latency;
        if latency.is_zero() {
            return submit.refuse(status);
        }
        tokio::spawn(async move {
            sleep(latency).await;
            submit.refuse(status);
        });
    }

    /// Starts the receipts the client asked for.
    fn report(&self, submit: &SubmitSm, fate: Fate, id: u64) -> Vec<JoinHandle<()>> {
        let copies = match fate.receipts {
            _ if !fate.is_asked_for(submit.registered_delivery) => 0,
            ReceiptMode::Never => 0,
            ReceiptMode::Doubled => 2,
            ReceiptMode::Normal | ReceiptMode::Early | ReceiptMode::Late => 1,
        };
        let delay = match fate.receipts {
            ReceiptMode::Early => Duration::ZERO,
            ReceiptMode::Late => self.behaviour.draw_receipt_delay() + self.behaviour.late_by,
            _ => self.behaviour.draw_receipt_delay(),
        };
        let send = |_| {
            let pdu = receipt(&self.behaviour, submit, fate, id);
            let pdu = if self.behaviour.inverted_addresses { turned(pdu) } else { pdu };
            self.shared.deliveries.send(&self.system_id, delay, pdu)
        };
        (0..copies).map(send).collect()
    }
}

#[cfg(test)]
mod tests;

//! Receipts and incoming messages on their way to the clients, and the binds that may take them.
//!
//! Each delivery is a task that ends only when a receiver has acknowledged it or the simulator
//! stops.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use smpp::smsc::{DeliverError, ServerSession};
use smpp::{DeliverSm, SubmitSm, tlv, udh};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Behaviour, BoundClient, Fate};

/// How long a delivery rests after the receiver would not have it.
const REFUSED_REST: Duration = Duration::from_millis(500);
/// `esm_class` of a delivery receipt.
const ESM_CLASS_RECEIPT: u8 = 0x04;
/// How much of the message a receipt repeats (SMPP 3.4 appendix B).
const RECEIPT_TEXT_OCTETS: usize = 20;

pub(super) struct Deliveries {
    binds: Mutex<Binds>,
    /// Changes with each bind, for the deliveries that wait for one.
    bound: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
    open: AtomicUsize,
}

#[derive(Default)]
struct Binds {
    all: Vec<Bind>,
    /// Receivers take turns.
    turn: usize,
}

struct Bind {
    system_id: String,
    session: ServerSession,
}

impl Deliveries {
    pub fn new() -> Self {
        Self {
            binds: Mutex::default(),
            bound: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            open: AtomicUsize::new(0),
        }
    }

    /// Sends a message after a delay, as soon as and as often as it takes. The task ends with the
    /// acknowledgement.
    pub fn send(self: &Arc<Self>, system_id: &str, delay: Duration, message: DeliverSm) -> JoinHandle<()> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let (deliveries, system_id) = (self.clone(), system_id.to_owned());
        tokio::spawn(async move {
            let mut stopped = deliveries.stopped.subscribe();
            tokio::select! {
                () = deliveries.send_until_acknowledged(&system_id, delay, message) => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
            deliveries.open.fetch_sub(1, Ordering::SeqCst);
        })
    }

    async fn send_until_acknowledged(&self, system_id: &str, delay: Duration, message: DeliverSm) {
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let mut bound = self.bound.subscribe();
        loop {
            bound.mark_unchanged();
            let Some(session) = self.receiver(system_id) else {
                if bound.changed().await.is_err() {
                    return;
                }
                continue;
            };
            match session.deliver(message.clone()).await {
                Ok(status) if status.is_ok() => return,
                Ok(status) => {
                    tracing::debug!(system_id, %status, "a delivery was refused");
                    sleep(REFUSED_REST).await;
                }
                Err(DeliverError::Invalid(error)) => {
                    return tracing::warn!(system_id, %error, "a delivery that no one could read");
                }
                Err(error) => tracing::debug!(system_id, %error, "a delivery has no answer"),
            }
        }
    }

    fn receiver(&self, system_id: &str) -> Option<ServerSession> {
        let mut binds = self.lock();
        binds.turn = binds.turn.wrapping_add(1);
        let fits = |bind: &&Bind| {
            bind.system_id == system_id && bind.session.mode().can_receive() && !bind.session.is_closed()
        };
        let count = binds.all.iter().filter(fits).count();
        let index = binds.turn.checked_rem(count)?;
        binds.all.iter().filter(fits).nth(index).map(|bind| bind.session.clone())
    }

    pub fn add_bind(&self, system_id: &str, session: &ServerSession) {
        let bind = Bind { system_id: system_id.to_owned(), session: session.clone() };
        self.lock().all.push(bind);
        self.bound.send_modify(|count| *count += 1);
    }

    pub fn forget_closed(&self) {
        self.lock().all.retain(|bind| !bind.session.is_closed());
    }

    pub fn binds(&self) -> Vec<BoundClient> {
        let binds = self.lock();
        let live = binds.all.iter().filter(|bind| !bind.session.is_closed());
        live.map(|bind| BoundClient { system_id: bind.system_id.clone(), mode: bind.session.mode() })
            .collect()
    }

    pub fn open_count(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub fn disconnect_all(&self) {
        for bind in &self.lock().all {
            bind.session.abort();
        }
    }

    pub async fn unbind_all(&self) {
        let sessions: Vec<_> = self.lock().all.iter().map(|bind| bind.session.clone()).collect();
        futures::future::join_all(sessions.iter().map(ServerSession::unbind)).await;
    }

    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Binds> {
        self.binds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receipt for a message, in the shape of SMPP 3.4 appendix B.
pub(super) fn receipt(behaviour: &Behaviour, submit: &SubmitSm, fate: Fate, id: u64) -> DeliverSm {
    let id = behaviour.receipt_id.write(id);
    let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M").to_string();
    let delivered = u8::from(fate.error == 0);
    let mut text = format!(
        "id:{id} sub:001 dlvrd:{delivered:03} submit date:{now} done date:{now} stat:{} err:{:03} text:",
        fate.state.name(),
        fate.error,
    )
    .into_bytes();
    text.extend(content(submit).iter().take(RECEIPT_TEXT_OCTETS));
    let mut receipt = DeliverSm {
        source: submit.destination.clone(),
        source_ton: submit.destination_ton,
        source_npi: submit.destination_npi,
        destination: submit.source.clone(),
        destination_ton: submit.source_ton,
        destination_npi: submit.source_npi,
        esm_class: ESM_CLASS_RECEIPT,
        short_message: text.into(),
        ..DeliverSm::default()
    };
    if behaviour.receipt_tlvs {
        receipt.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, &id);
        receipt.tlvs.push(tlv::MESSAGE_STATE, vec![fate.state.number()]);
    }
    receipt
}

/// The message without its header.
pub(super) fn content(submit: &SubmitSm) -> &[u8] {
    let has_header = submit.esm_class & udh::ESM_CLASS_UDHI != 0;
    match udh::split(submit.payload()) {
        Some((_, text)) if has_header => text,
        _ => submit.payload(),
    }
}

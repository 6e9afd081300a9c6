//! What a vendor delivers to us goes to the progress queue, and is only then acknowledged. Until it is
//! there the vendor keeps it: what the queue does not take is refused with a temporary error. What will never
//! be of use is acknowledged too, as a vendor that keeps order would hold all that comes after it back.
//!
//! Reports that come soon after each other, over whichever bind, go as one progress.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::receipt::ReceiptState;
use queue::{Progress, Report, Segment};
use smpp::CommandStatus;
use smpp::esme::Delivery;
use smpp::receipt::{is_acknowledgement, is_receipt};
use store::UnmatchedReceipt;
use tokio::time::sleep;
use tracing::{debug, error, info};

use crate::chain;
use crate::vendor::lane::Lane;
use crate::vendor::{incoming, receipts};

/// "Not now": the vendor sends it again later (SMPP 3.4 section 5.1.3).
const NOT_NOW: CommandStatus = CommandStatus::RX_T_APPN;
/// How long a report waits for others while none come; the window of a vendor that sends ten at a time then
/// still lets through a thousand a second.
const GATHERED_FOR: Duration = Duration::from_millis(3);
/// And how often so long while others come: what is stored together is moved together.
const GATHERED_TIMES: usize = 8;
const REPORTS_MAX: usize = 500;
/// Less than SQS takes in a message.
const OCTETS_MAX: usize = 240_000;

/// The reports of a connection that wait for their progress. No more than the binds hand out at once.
#[derive(Default)]
pub struct Gathering {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    reports: Vec<Report>,
    /// Of each report, in the same order.
    deliveries: Vec<Delivery>,
    octets: usize,
}

/// Begins to store a delivery, which is answered once that is done.
pub fn pass_on(lane: &Arc<Lane>, delivery: Delivery) {
    let report = is_receipt(&delivery.pdu).then(|| receipts::read(&delivery.pdu, &lane.link));
    match report {
        // Some vendors say that a receipt is an acknowledgement.
        Some(Some(report)) if report.state != ReceiptState::Unknown => pass_on_report(lane, report, delivery),
        _ if is_acknowledgement(&delivery.pdu) => {
            info!(connection = %lane.connection, "an acknowledgement of a phone is passed over");
            lane.figures.acknowledgement();
            delivery.accept();
        }
        Some(_) => {
            tokio::spawn(list(lane.clone(), delivery));
        }
        None => {
            tokio::spawn(take_in(lane.clone(), delivery));
        }
    }
}

/// Keeps what there is of a receipt that cannot be read, or that says a state which nobody knows, where people look
/// for it: nothing follows from it, and perhaps a rule for the connection's statuses is missing.
async fn list(lane: Arc<Lane>, delivery: Delivery) {
    let octets = delivery.pdu.payload().len();
    error!(connection = %lane.connection, octets, "a receipt without an id, or a state that is known");
    lane.figures.unreadable_receipt();
    let receipt = receipts::remains(&delivery.pdu, &lane.link);
    let unmatched =
        UnmatchedReceipt { connection: lane.connection.clone(), receipt, received_at: runtime::now() };
    match lane.store.put_unmatched_receipt(&unmatched).await {
        Ok(()) => delivery.accept(),
        Err(error) => {
            error!(connection = %lane.connection, error = chain(error), "the receipt is not listed");
            delivery.refuse(NOT_NOW);
        }
    }
}

fn pass_on_report(lane: &Arc<Lane>, report: Report, delivery: Delivery) {
    debug!(connection = %lane.connection, reference = report.reference, state = ?report.state, "receipt");
    let mut waiting = lane.gathering.waiting();
    let is_first = waiting.reports.is_empty();
    waiting.octets += octets(&report);
    waiting.reports.push(report);
    waiting.deliveries.push(delivery);
    if waiting.is_full() {
        tokio::spawn(store(lane.clone(), std::mem::take(&mut *waiting)));
    } else if is_first {
        let lane = lane.clone();
        tokio::spawn(async move {
            let mut known = 0;
            for _ in 0..GATHERED_TIMES {
                sleep(GATHERED_FOR).await;
                let waiting = lane.gathering.waiting().reports.len();
                if waiting <= known {
                    break;
                }
                known = waiting;
            }
            let gathered = std::mem::take(&mut *lane.gathering.waiting());
            store(lane, gathered).await;
        });
    }
}

async fn store(lane: Arc<Lane>, gathered: Waiting) {
    let Waiting { mut reports, deliveries, mut octets } = gathered;
    if reports.is_empty() {
        return; // it had become too many before the time was over
    }
    for report in &mut reports {
        let segment = lane.hints.of(report);
        let length = segment.as_ref().map_or(0, segment_octets);
        // One that has no room is looked for.
        if octets + length < OCTETS_MAX {
            octets += length;
            report.segment = segment;
        }
    }
    let (connection, at) = (lane.connection.clone(), runtime::now());
    let progress = Progress::ReceiptsV1 { connection, receipts: reports, at };
    let stored = lane.outbox.send(&progress).await; // which says why not
    for delivery in deliveries {
        match stored {
            Ok(()) => {
                lane.figures.receipt();
                delivery.accept();
            }
            Err(_) => delivery.refuse(NOT_NOW),
        }
    }
}

/// Passes on once more what nobody knew the segments of when it came. Its vendor has its answer; if this is
/// lost, the ids that are stored later find what was passed on first.
pub fn again(lane: &Lane, reports: Vec<Report>) {
    for report in reports {
        let length = octets(&report) + report.segment.as_ref().map_or(0, segment_octets);
        if OCTETS_MAX <= length {
            continue;
        }
        let (connection, at, outbox) = (lane.connection.clone(), runtime::now(), lane.outbox.clone());
        let progress = Progress::ReceiptsV1 { connection, receipts: vec![report], at };
        tokio::spawn(async move {
            let _ = outbox.send(&progress).await; // it has said why not
        });
    }
}

/// A message from a phone.
async fn take_in(lane: Arc<Lane>, delivery: Delivery) {
    let incoming = Box::new(incoming::read(&delivery.pdu, lane.link.inverted_addresses));
    debug!(
        connection = %lane.connection,
        destination = incoming.destination.value,
        part = ?incoming.part,
        "a message from a phone"
    );
    let (connection, at) = (lane.connection.clone(), runtime::now());
    match lane.outbox.send(&Progress::IncomingV1 { connection, incoming, at }).await {
        Ok(()) => {
            lane.figures.phone_message();
            delivery.accept();
        }
        Err(_) => delivery.refuse(NOT_NOW), // the outbox has said why
    }
}

impl Gathering {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whether one more might be too much.
    fn is_full(&self) -> bool {
        REPORTS_MAX <= self.reports.len() || OCTETS_MAX <= self.octets
    }
}

/// How long it is as JSON, at the most.
fn octets(report: &Report) -> usize {
    const NAMES: usize = 120;
    let Report { reference, other_reference, error, recipient, .. } = report;
    let texts = [Some(reference), other_reference.as_ref(), error.as_ref(), recipient.as_ref()];
    NAMES + texts.into_iter().flatten().map(|text| written(text)).sum::<usize>()
}

fn segment_octets(segment: &Segment) -> usize {
    const NAMES: usize = 110;
    /// With its quotes, or `null`.
    const REFERENCE: usize = 5;
    let texts = segment.references.iter().flatten().map(|text| written(text)).sum::<usize>();
    NAMES + texts + segment.references.len() * REFERENCE
}

/// JSON writes a control character in six octets.
fn written(text: &str) -> usize {
    let is_long = |octet: &u8| *octet < b' ' || matches!(octet, b'"' | b'\\' | 0x7f);
    text.len() + 5 * text.bytes().filter(|octet| is_long(octet)).count()
}

//! A message to one recipient, what it costs, and how its status moves.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::handling::Handling;
use crate::id::{AgreementId, CompanyId, ConnectionId, MessageId, WalletId};
use crate::lease::LeaseTag;
use crate::money::Amount;
use crate::quote::Charge;
use crate::rating::BillingRule;
use crate::receipt::ReceiptState;
use crate::segmentation::Encoding;
use crate::sender::SenderAddress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Charged and stored.
    Accepted,
    /// A worker has it and is handing it to the vendor.
    Queued,
    /// The vendor took it, or may have: see [`Message::reason`].
    Submitted,
    Delivered,
    Undelivered,
    Expired,
    /// The vendor reported that it refused it.
    Rejected,
    /// It never left; every charge is refunded.
    Unsent,
    /// Its sender called it back before it left; every charge is refunded.
    Canceled,
}

impl Status {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Accepted | Self::Queued | Self::Submitted)
    }

    /// Whether a charge under this rule stands: nothing is owed for what never left, and under
    /// bill-on-delivered nothing for what did not arrive.
    pub fn owes(self, billing: BillingRule) -> bool {
        if billing == BillingRule::Accepted {
            return true;
        }
        match self {
            Self::Accepted | Self::Queued | Self::Submitted | Self::Delivered => true,
            Self::Undelivered | Self::Expired | Self::Rejected => billing == BillingRule::Submitted,
            Self::Unsent | Self::Canceled => false,
        }
    }

    /// As it is stored and filtered by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Unsent => "unsent",
            Self::Canceled => "canceled",
        }
    }
}

/// What the reason of a message says while nobody knows whether the vendor took it.
pub const IN_DOUBT: &str = "in_doubt";

/// What the reason of a message says that waited until it may go out to no vendor any more.
pub const VALIDITY_OVER: &str = "validity_over";

/// What the reason of a message says that ended because no report came.
pub const NO_REPORT: &str = "no_report";

/// A report is awaited so long after the validity is over (spec 40, status).
const REPORTED_WITHIN: SignedDuration = SignedDuration::from_hours(48);
/// 63 days, what vendors grant at most: a client may name any time.
pub const VALIDITY_MAX: SignedDuration = SignedDuration::from_hours(63 * 24);

/// A segment at the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The vendor's id as it was answered; empty if the vendor refused this segment, or if nobody knows whether
    /// it took it.
    pub reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ReceiptState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub sender: SenderAddress,
    pub recipient: Msisdn,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    pub connection: ConnectionId,
    pub connection_kind: ConnectionKind,
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// By which it was priced: the network's main one, or what a look-up found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mccmnc: Option<String>,
    pub encoding: Encoding,
    pub segments: u32,
    /// The client's level first.
    pub charges: Vec<Charge>,
    /// How often its charges were rated again; see [`crate::rerate`].
    #[serde(default, skip_serializing_if = "is_first_version")]
    pub charge_version: u32,
    /// How it is to be handed on, where that is not as usual.
    #[serde(default, skip_serializing_if = "Handling::is_usual")]
    pub handling: Handling,
    pub status: Status,
    /// Ours or the vendor's, where the status alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    pub accepted_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Raised by every change.
    pub revision: u32,
    /// Tells a repeat of the request from another request under the same key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_hash: String,
    /// The sender's balance as it stood when the message was planned, less its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_after: Option<Amount>,
    /// The flush that charged it, if it was charged through a lease: it counts once that has happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseTag>,
}

/// What a message consists of before anything has happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    pub id: MessageId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub sender: SenderAddress,
    pub recipient: Msisdn,
    pub text: String,
    pub client_reference: Option<String>,
    pub connection: ConnectionId,
    pub connection_kind: ConnectionKind,
    pub country: String,
    pub network: Option<String>,
    pub mccmnc: Option<String>,
    pub encoding: Encoding,
    pub segments: u32,
    /// The client's level first.
    pub charges: Vec<Charge>,
    pub handling: Handling,
}

impl NewMessage {
    /// The message as it begins. One that came from its phone has arrived.
    pub fn accepted(self, at: Timestamp) -> Message {
        let has_arrived = self.handling.incoming.is_some();
        Message {
            id: self.id,
            company: self.company,
            agreement: self.agreement,
            sender: self.sender,
            recipient: self.recipient,
            text: self.text,
            client_reference: self.client_reference,
            connection: self.connection,
            connection_kind: self.connection_kind,
            country: self.country,
            network: self.network,
            mccmnc: self.mccmnc,
            encoding: self.encoding,
            segments: self.segments,
            charges: self.charges,
            charge_version: 0,
            handling: self.handling,
            status: if has_arrived { Status::Delivered } else { Status::Accepted },
            reason: None,
            parts: Vec::new(),
            accepted_at: at,
            submitted_at: None,
            finished_at: has_arrived.then_some(at),
            revision: 0,
            request_hash: String::new(),
            balance_after: None,
            lease: None,
        }
    }
}

/// That nobody has rated it again.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(crate) fn is_first_version(version: &u32) -> bool {
    *version == 0
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The vendor answered: an id for each segment, none for a segment it refused.
    Submitted { references: Vec<Option<String>> },
    /// The vendor took nothing of it.
    Refused { reason: String },
    /// The vendor took nothing of it, and another one is to be tried.
    Rerouted { connection: ConnectionId, kind: ConnectionKind },
    /// Its sender calls it back.
    Canceled,
    /// It may or may not have been taken, and will not be sent again.
    InDoubt,
    /// The same of its other segments, after the vendor took these: an id for each that it took.
    PartlyInDoubt { references: Vec<Option<String>> },
    /// A report on the segment with this index.
    Receipt { part: usize, state: ReceiptState, error: Option<String> },
    /// No report came as long as one was awaited, see [`Message::report_due`].
    Unreported,
}

/// What a progress does to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Late, doubled or overtaken: nothing changes.
    Ignore,
    Move {
        message: Box<Message>,
        /// The charges to give back, each to its wallet.
        refund: Vec<Charge>,
    },
}

impl Message {
    /// Whether a charge is owed in the message's present status.
    pub fn stands(&self, charge: &Charge) -> bool {
        self.status.owes(charge.billing)
    }

    /// With its recipient masked if it is from before `till`.
    pub fn masked_before(mut self, till: Option<Timestamp>) -> Self {
        if till.is_some_and(|till| self.accepted_at < till) {
            self.recipient = self.recipient.masked();
        }
        self
    }

    /// Whether nobody knows if the vendor took it.
    pub fn is_in_doubt(&self) -> bool {
        self.status == Status::Submitted && self.reason.as_deref() == Some(IN_DOUBT)
    }

    /// Until when it may go out to a vendor: what has waited for longer is of no use any more. `validity` is what
    /// its connection says for messages that say none.
    pub fn goes_out_till(&self, validity: SignedDuration) -> Timestamp {
        self.handling.valid_till.unwrap_or(self.accepted_at + validity)
    }

    /// Until when a report on it is awaited, if one is. `validity` is what its connection says for messages that
    /// say none. It counts from the submit, as a message may have waited for that.
    pub fn report_due(&self, validity: SignedDuration) -> Option<Timestamp> {
        if self.status != Status::Submitted {
            return None;
        }
        let submitted_at = self.submitted_at.unwrap_or(self.accepted_at);
        let valid_till = self.handling.valid_till.unwrap_or(submitted_at + validity);
        Some(valid_till.clamp(submitted_at, submitted_at + VALIDITY_MAX) + REPORTED_WITHIN)
    }

    /// The charges of each level, the client's first.
    pub fn levels(&self) -> impl Iterator<Item = &[Charge]> {
        self.charges.chunk_by(|charge, next| charge.wallet == next.wallet)
    }

    /// What the client was charged, whatever was refunded since.
    pub fn price(&self) -> Amount {
        let charged = self.levels().next().unwrap_or_default().iter().map(|charge| charge.amount);
        // It was summed without overflow when it was charged.
        Amount::checked_sum(charged).unwrap_or_default()
    }

    /// What the client owes for it now: zero once all of it was refunded.
    pub fn owes(&self) -> Amount {
        let own = self.levels().next().unwrap_or_default().iter().filter(|charge| self.stands(charge));
        Amount::checked_sum(own.map(|charge| charge.amount)).unwrap_or_default()
    }

    /// The main wallet of the sender's agreement.
    pub fn main_wallet(&self) -> WalletId {
        WalletId::main(&self.agreement)
    }

    /// The wallet that it was sent from.
    pub fn home(&self) -> WalletId {
        self.charges.first().map_or_else(|| self.main_wallet(), |charge| charge.wallet.clone())
    }

    /// The charges that stand, one by one; zero where one was refunded.
    pub fn owed(&self) -> Vec<Amount> {
        let owed = |charge: &Charge| if self.stands(charge) { charge.amount } else { Amount::ZERO };
        self.charges.iter().map(owed).collect()
    }
}

/// The next state of a message. Final states absorb; reports may come late, twice, or out of order.
pub fn apply(message: &Message, progress: &Progress, now: Timestamp) -> Step {
    if message.status.is_final() {
        return Step::Ignore;
    }
    match progress {
        Progress::Submitted { references } => submitted(message, references, now),
        Progress::Refused { reason } if message.status != Status::Submitted || message.is_in_doubt() => {
            finish(message.clone(), Status::Unsent, Some(reason.clone()), now)
        }
        Progress::Refused { .. } => Step::Ignore,
        Progress::Rerouted { connection, kind } => rerouted(message, connection, *kind),
        Progress::Canceled if message.status == Status::Accepted => {
            finish(message.clone(), Status::Canceled, None, now)
        }
        Progress::Canceled => Step::Ignore,
        Progress::InDoubt if message.status == Status::Submitted => Step::Ignore,
        Progress::InDoubt => {
            let mut next = message.clone();
            next.status = Status::Submitted;
            next.reason = Some(IN_DOUBT.to_owned());
            next.submitted_at = Some(now);
            step(message, next)
        }
        Progress::PartlyInDoubt { references } => partly_in_doubt(message, references, now),
        Progress::Receipt { part, state, error } => receipt(message, *part, *state, error.as_deref(), now),
        Progress::Unreported if message.status == Status::Submitted => {
            finish(message.clone(), Status::Expired, Some(NO_REPORT.to_owned()), now)
        }
        Progress::Unreported => Step::Ignore,
    }
}

/// On to the next road, as if it had just been accepted. Never for what a vendor took or may have taken, and
/// to no vendor twice.
fn rerouted(message: &Message, connection: &ConnectionId, kind: ConnectionKind) -> Step {
    let is_known = message.connection == *connection || message.handling.tried.contains(connection);
    if message.status == Status::Submitted || is_known {
        return Step::Ignore;
    }
    let mut next = message.clone();
    next.handling.tried.push(std::mem::replace(&mut next.connection, connection.clone()));
    next.connection_kind = kind;
    next.status = Status::Accepted;
    step(message, next)
}

fn submitted(message: &Message, references: &[Option<String>], now: Timestamp) -> Step {
    if message.status == Status::Submitted && !message.is_in_doubt() {
        return Step::Ignore;
    }
    let part = |(place, reference): (usize, &Option<String>)| {
        let Some(reference) = reference.clone() else {
            return Part { reference: String::new(), state: Some(ReceiptState::Rejected) };
        };
        // While the last segment was in doubt there may have been a report on this one.
        let known = message.parts.get(place).filter(|part| part.reference == reference);
        Part { state: known.and_then(|part| part.state), reference }
    };
    let mut next = message.clone();
    next.parts = references.iter().enumerate().map(part).collect();
    next.submitted_at = Some(now);
    next.reason = None;
    next.status = Status::Submitted;
    if references.iter().any(Option::is_none) {
        return finish(next, Status::Undelivered, Some("segment_refused".to_owned()), now);
    }
    step(message, next)
}

/// A report on one of the segments that were taken can end the message as ever, but for that all of it has
/// arrived.
fn partly_in_doubt(message: &Message, references: &[Option<String>], now: Timestamp) -> Step {
    if message.status == Status::Submitted && (!message.is_in_doubt() || !message.parts.is_empty()) {
        return Step::Ignore;
    }
    let part = |reference: &Option<String>| {
        let reference = reference.clone().unwrap_or_default();
        Part { reference, state: None }
    };
    let mut next = message.clone();
    next.parts = references.iter().map(part).collect();
    next.submitted_at = Some(now);
    next.reason = Some(IN_DOUBT.to_owned());
    next.status = Status::Submitted;
    step(message, next)
}

fn receipt(message: &Message, part: usize, state: ReceiptState, error: Option<&str>, now: Timestamp) -> Step {
    if !state.is_final() || message.parts.get(part).is_none_or(|part| part.state.is_some()) {
        return Step::Ignore;
    }
    let mut next = message.clone();
    next.parts[part].state = Some(state);
    let failed = match state {
        ReceiptState::Undelivered => Some(Status::Undelivered),
        ReceiptState::Expired => Some(Status::Expired),
        ReceiptState::Rejected => Some(Status::Rejected),
        ReceiptState::Unsent => Some(Status::Unsent),
        ReceiptState::Delivered | ReceiptState::Enroute | ReceiptState::Unknown => None,
    };
    if let Some(status) = failed {
        return finish(next, status, error.map(str::to_owned), now);
    }
    let all_delivered = next.parts.iter().all(|part| part.state == Some(ReceiptState::Delivered));
    if all_delivered { finish(next, Status::Delivered, None, now) } else { step(message, next) }
}

/// Ends a message and gives back the charges that no longer stand.
fn finish(message: Message, status: Status, reason: Option<String>, now: Timestamp) -> Step {
    let mut next = message.clone();
    next.status = status;
    next.reason = reason;
    next.finished_at = Some(now);
    step(&message, next)
}

fn step(before: &Message, mut next: Message) -> Step {
    next.revision = before.revision + 1;
    let worth = |charge: &Charge| !charge.amount.is_zero() || charge.taken.is_some();
    let stood = |charge: &&Charge| before.stands(charge) && !next.stands(charge) && worth(charge);
    let refund = before.charges.iter().filter(stood).cloned().collect();
    Step::Move { message: Box::new(next), refund }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{BatchId, RateId, ServiceId, TreeTag};
    use crate::rating::{PricedBy, QuantityRule};
    use proptest::prelude::*;

    pub(crate) fn charge(level: u128, amount: &str, billing: BillingRule) -> Charge {
        let unit_price = Amount::parse(amount).unwrap();
        Charge {
            wallet: WalletId::new(level),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(level), 1), 0),
            unit_price,
            quantity: 1,
            quantity_rule: Some(QuantityRule::Segments),
            billing,
            priced_by: PricedBy::Flat,
            amount: unit_price,
            taken: None,
        }
    }

    pub(crate) fn message() -> Message {
        Message {
            id: MessageId::in_batch(&BatchId::new(1), 0),
            company: CompanyId::new(1),
            agreement: AgreementId::new(1),
            sender: SenderAddress::parse("ACME").unwrap(),
            recipient: Msisdn::parse("+4915112345678").unwrap(),
            text: "hello".into(),
            client_reference: None,
            connection: ConnectionId::new(1),
            connection_kind: ConnectionKind::Smpp,
            country: "DE".into(),
            network: None,
            mccmnc: None,
            encoding: Encoding::Gsm7,
            segments: 2,
            charges: vec![
                charge(1, "0.05", BillingRule::Delivered),
                charge(2, "0.03", BillingRule::Submitted),
            ],
            charge_version: 0,
            handling: Handling::default(),
            status: Status::Queued,
            reason: None,
            parts: Vec::new(),
            accepted_at: Timestamp::UNIX_EPOCH,
            submitted_at: None,
            finished_at: None,
            revision: 1,
            request_hash: String::new(),
            balance_after: None,
            lease: None,
        }
    }

    /// The statuses a message goes through, and the wallets that got money back.
    fn play(progresses: &[Progress]) -> (Status, Vec<WalletId>) {
        let mut message = message();
        let mut refunded = Vec::new();
        for progress in progresses {
            if let Step::Move { message: next, refund } = apply(&message, progress, Timestamp::UNIX_EPOCH) {
                assert_eq!(next.revision, message.revision + 1);
                refunded.extend(refund.into_iter().map(|charge| charge.wallet));
                message = *next;
            }
        }
        (message.status, refunded)
    }

    fn taken() -> Progress {
        Progress::Submitted { references: vec![Some("a".into()), Some("b".into())] }
    }

    fn report(part: usize, state: ReceiptState) -> Progress {
        Progress::Receipt { part, state, error: None }
    }

    #[test]
    fn a_message_is_delivered_when_every_segment_is() {
        use ReceiptState::Delivered;
        assert_eq!(play(&[taken(), report(0, Delivered)]), (Status::Submitted, vec![]));
        assert_eq!(play(&[taken(), report(1, Delivered), report(0, Delivered)]), (Status::Delivered, vec![]));
    }

    #[test]
    fn an_unsent_message_is_refunded_at_every_level() {
        let refused = Progress::Refused { reason: "0x0B".into() };
        assert_eq!(play(&[refused]), (Status::Unsent, vec![WalletId::new(1), WalletId::new(2)]));
    }

    #[test]
    fn what_did_not_arrive_is_refunded_where_delivery_is_billed() {
        let failed = [taken(), report(0, ReceiptState::Undelivered)];
        assert_eq!(play(&failed), (Status::Undelivered, vec![WalletId::new(1)]));
    }

    #[test]
    fn what_is_reported_as_never_sent_is_refunded_at_every_level() {
        let unsent = [taken(), report(0, ReceiptState::Unsent)];
        assert_eq!(play(&unsent), (Status::Unsent, vec![WalletId::new(1), WalletId::new(2)]));
    }

    #[test]
    fn a_segment_the_vendor_refused_fails_the_message_that_it_took() {
        let half = Progress::Submitted { references: vec![Some("a".into()), None] };
        assert_eq!(play(&[half]), (Status::Undelivered, vec![WalletId::new(1)]));
    }

    #[test]
    fn late_and_doubled_reports_change_nothing() {
        use ReceiptState::{Delivered, Enroute, Expired, Unknown};
        let end = [taken(), report(0, Delivered), report(1, Delivered)];
        let more = [report(0, Expired), report(1, Delivered), taken(), Progress::InDoubt];
        let all: Vec<_> = end.iter().cloned().chain(more).collect();
        assert_eq!(play(&all), (Status::Delivered, vec![]));
        let doubled = [taken(), report(0, Delivered), report(0, Delivered), report(0, Expired)];
        assert_eq!(play(&doubled).0, Status::Submitted);
        assert_eq!(play(&[taken(), report(0, Enroute), report(0, Unknown)]).0, Status::Submitted);
    }

    #[test]
    fn a_message_in_doubt_learns_what_became_of_it() {
        assert_eq!(play(&[Progress::InDoubt]), (Status::Submitted, vec![]));
        assert_eq!(play(&[Progress::InDoubt, taken(), report(0, ReceiptState::Expired)]).0, Status::Expired);
        let refused = Progress::Refused { reason: "0x0B".into() };
        assert_eq!(play(&[Progress::InDoubt, refused.clone()]).0, Status::Unsent);
        assert_eq!(play(&[taken(), refused]).0, Status::Submitted);
    }

    #[test]
    fn a_message_whose_last_segment_is_in_doubt_ends_by_the_report_on_another() {
        let partly = || Progress::PartlyInDoubt { references: vec![Some("a".into()), None] };
        assert_eq!(play(&[partly()]), (Status::Submitted, vec![]));
        let failed = [partly(), report(0, ReceiptState::Undelivered)];
        assert_eq!(play(&failed), (Status::Undelivered, vec![WalletId::new(1)]));
        let arrived = [partly(), report(0, ReceiptState::Delivered), partly(), Progress::InDoubt];
        assert_eq!(play(&arrived), (Status::Submitted, vec![]));
        // Whether it was taken whole may be known before, or after.
        assert_eq!(play(&[Progress::InDoubt, partly(), report(0, ReceiptState::Expired)]).0, Status::Expired);
        assert_eq!(play(&[taken(), partly(), report(1, ReceiptState::Expired)]).0, Status::Expired);
        let both = [report(0, ReceiptState::Delivered), report(1, ReceiptState::Delivered)];
        let whole: Vec<_> = [partly(), taken()].into_iter().chain(both).collect();
        assert_eq!(play(&whole), (Status::Delivered, vec![]));
    }

    #[test]
    fn a_report_on_a_segment_counts_also_when_it_comes_before_the_rest_is_known() {
        let partly = || Progress::PartlyInDoubt { references: vec![Some("a".into()), None] };
        let [first, second] = [0, 1].map(|part| report(part, ReceiptState::Delivered));
        assert_eq!(play(&[partly(), first.clone(), taken()]).0, Status::Submitted);
        assert_eq!(play(&[partly(), first.clone(), taken(), second.clone()]).0, Status::Delivered);
        // Sent anew it is another one.
        let again = Progress::Submitted { references: vec![Some("c".into()), Some("d".into())] };
        assert_eq!(play(&[partly(), first, again, second]).0, Status::Submitted);
    }

    #[test]
    fn what_nobody_reports_on_ends_as_expired_and_is_refunded_where_delivery_is_billed() {
        let client = vec![WalletId::new(1)];
        assert_eq!(play(&[taken(), Progress::Unreported]), (Status::Expired, client.clone()));
        assert_eq!(play(&[Progress::InDoubt, Progress::Unreported]), (Status::Expired, client.clone()));
        // A part of it arrived.
        let half = [taken(), report(0, ReceiptState::Delivered), Progress::Unreported];
        assert_eq!(play(&half), (Status::Expired, client.clone()));
        let late = [taken(), Progress::Unreported, report(0, ReceiptState::Delivered), Progress::Unreported];
        assert_eq!(play(&late), (Status::Expired, client));
        // Nobody was to report on it.
        assert_eq!(play(&[Progress::Unreported]), (Status::Queued, vec![]));
    }

    #[test]
    fn a_report_is_awaited_until_48_hours_after_the_validity() {
        let hours = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let due = |valid_till: Option<i64>| {
            let handling = Handling { valid_till: valid_till.map(hours), ..Handling::default() };
            let submitted_at = Some(hours(10));
            Message { status: Status::Submitted, submitted_at, handling, ..message() }
                .report_due(SignedDuration::from_hours(72))
        };
        assert_eq!(due(None), Some(hours(10 + 72 + 48)));
        assert_eq!(due(Some(11)), Some(hours(11 + 48)));
        // Over before it was submitted, and later than any vendor grants.
        assert_eq!(due(Some(9)), Some(hours(10 + 48)));
        assert_eq!(due(Some(100_000)), Some(hours(10 + 63 * 24 + 48)));
        for status in [Status::Queued, Status::Delivered] {
            assert_eq!(Message { status, ..message() }.report_due(SignedDuration::ZERO), None);
        }
    }

    #[test]
    fn a_message_goes_out_no_more_once_its_validity_or_that_of_its_connection_is_over() {
        let hours = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let till = |valid_till: Option<i64>| {
            let handling = Handling { valid_till: valid_till.map(hours), ..Handling::default() };
            Message { handling, accepted_at: hours(10), ..message() }
                .goes_out_till(SignedDuration::from_hours(72))
        };
        assert_eq!((till(None), till(Some(11)), till(Some(100))), (hours(82), hours(11), hours(100)));
    }

    #[test]
    fn a_message_goes_on_to_the_next_vendor_until_one_may_have_taken_it() {
        let to =
            |number| Progress::Rerouted { connection: ConnectionId::new(number), kind: ConnectionKind::Http };
        let Step::Move { message: second, refund } = apply(&message(), &to(2), Timestamp::UNIX_EPOCH) else {
            panic!("it stays");
        };
        assert_eq!((second.status, refund.len()), (Status::Accepted, 0));
        assert_eq!(
            (&second.connection, second.connection_kind),
            (&ConnectionId::new(2), ConnectionKind::Http)
        );
        assert_eq!(second.handling.tried, [ConnectionId::new(1)]);
        for known in [1, 2] {
            assert_eq!(apply(&second, &to(known), Timestamp::UNIX_EPOCH), Step::Ignore);
        }
        assert_eq!(play(&[Progress::InDoubt, to(2)]), (Status::Submitted, vec![]));
    }

    #[test]
    fn a_message_is_called_back_only_while_no_worker_has_it() {
        assert_eq!(play(&[Progress::Canceled]).0, Status::Queued);
        let waiting = Message { status: Status::Accepted, ..message() };
        let Step::Move { message: next, refund } =
            apply(&waiting, &Progress::Canceled, Timestamp::UNIX_EPOCH)
        else {
            panic!("it stays");
        };
        assert_eq!((next.status, refund.len()), (Status::Canceled, 2));
    }

    #[test]
    fn a_message_row_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&message()).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message());
    }

    fn any_progress() -> impl Strategy<Value = Progress> {
        use ReceiptState::*;
        let state =
            prop::sample::select(vec![Enroute, Delivered, Undelivered, Expired, Rejected, Unsent, Unknown]);
        prop_oneof![
            prop::collection::vec(prop::option::of("[0-9a-f]{1,8}"), 2)
                .prop_map(|references| Progress::Submitted { references }),
            Just(Progress::Refused { reason: "no".into() }),
            Just(Progress::InDoubt),
            Just(Progress::PartlyInDoubt { references: vec![Some("a".into()), None] }),
            Just(Progress::Canceled),
            Just(Progress::Unreported),
            (2u128..4).prop_map(|number| Progress::Rerouted {
                connection: ConnectionId::new(number),
                kind: ConnectionKind::Smpp,
            }),
            (0usize..3, state).prop_map(|(part, state)| report(part, state)),
        ]
    }

    proptest! {
        #[test]
        fn whatever_comes_in_whatever_order_each_charge_is_refunded_at_most_once(
            progresses in prop::collection::vec(any_progress(), 0..12)
        ) {
            let (status, refunded) = play(&progresses);
            let ended = Message { status, ..message() };
            let expected: Vec<_> = message().charges.iter().filter(|charge| !ended.stands(charge)).map(|charge| charge.wallet.clone()).collect();
            prop_assert_eq!(refunded, expected);
        }
    }
}

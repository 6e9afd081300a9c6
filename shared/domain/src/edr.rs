//! Event detail records: what a message was and cost, as seen from one level; and the usage that is
//! counted from them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::destination::Msisdn;
use crate::id::{
    AgreementId, CodeRequestId, CompanyId, ConnectionId, FeeId, IncomingId, MessageId, RateId, WalletId,
};
use crate::message::{Message, Status, is_first_version};
use crate::money::{Amount, AmountError};
use crate::period::Period;
use crate::quote::Charge;
use crate::rating::{BillingRule, PricedBy, QuantityRule, Resource};
use crate::sender::SenderAddress;

/// For how long EDRs are kept, hot and in the archive (spec 50): the longest 24 months.
const KEPT_DAYS: i64 = 731;
/// DynamoDB takes expired items away within a few days.
const ROW_KEPT_LONGER: SignedDuration = SignedDuration::from_hours(24 * 7);

/// When a record of this time is kept no longer.
pub fn kept_until(accepted_at: Timestamp) -> Timestamp {
    accepted_at + SignedDuration::from_hours(24 * KEPT_DAYS)
}

/// When the row or the block of a message that was accepted at this time may go: after all that is listed of
/// it, for which the database takes its time. Whatever it waited for is long over.
pub fn row_kept_until(accepted_at: Timestamp) -> Timestamp {
    kept_until(accepted_at) + ROW_KEPT_LONGER
}

/// The last day of which nothing is kept any more.
pub fn last_expired_day(today: Date) -> Date {
    today.saturating_sub((KEPT_DAYS + 1).days())
}

/// One message as one agreement sees it. It holds that level's price only: what the levels above and
/// below pay is theirs to know. Which way it went, and what the vendor called it, is for who sees the
/// connection to that vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edr {
    pub message: MessageId,
    pub agreement: AgreementId,
    /// 1 is the sender's own agreement.
    pub level: u32,
    /// The company that sent it.
    pub company: CompanyId,
    pub resource: Resource,
    pub sender: SenderAddress,
    pub recipient: Msisdn,
    pub country: String,
    pub network: Option<String>,
    /// By which it was priced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mccmnc: Option<String>,
    /// Over which it went, or is to go.
    pub connection: ConnectionId,
    /// The vendor's id of each segment; empty for one that the vendor refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    pub segments: u32,
    pub rate: RateId,
    pub unit_price: Amount,
    pub quantity: u32,
    /// What that counts; none in records from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    pub billing: BillingRule,
    #[serde(default, skip_serializing_if = "PricedBy::is_flat")]
    pub priced_by: PricedBy,
    /// What is owed for it: zero once it was refunded.
    pub amount: Amount,
    /// Whose money that is: of a user with credits of its own. The agreement's main wallet unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletId>,
    /// The parts of the amount if there are several; `rate` to `billing` are then those of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<EdrPart>,
    pub status: Status,
    pub reason: Option<String>,
    pub client_reference: Option<String>,
    /// The message from a phone that it is of; the phone is the recipient here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingId>,
    /// The two-factor code that it carries; in the sender's own records only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_request: Option<CodeRequestId>,
    pub accepted_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The revision of the message that this record shows.
    pub revision: u32,
    /// How often what it costs was rated again; what stood before is in the archive.
    #[serde(default, skip_serializing_if = "is_first_version")]
    pub charge_version: u32,
}

/// A fee as the agreement that pays it sees it. It was charged in the moment in which it was accepted; only a
/// rerate gives some of it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRecord {
    pub fee: FeeId,
    pub agreement: AgreementId,
    pub company: CompanyId,
    pub resource: Resource,
    pub sender: Option<SenderAddress>,
    /// What else it is for: the pack's or the additional service's name, the operator.
    pub subject: Option<String>,
    pub rate: RateId,
    pub unit_price: Amount,
    /// The guide's count (7.2): 1, and 0 in records from before fees were counted.
    #[serde(default)]
    pub count: u32,
    pub quantity: u32,
    /// What that counts; none of a price that is in no tree, and in records from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    pub amount: Amount,
    /// How often what it costs was rated again; what stood before is in the archive.
    #[serde(default, skip_serializing_if = "is_first_version")]
    pub charge_version: u32,
    /// What a rule charged it for.
    pub period: Option<Period>,
    pub accepted_at: Timestamp,
}

/// A record of one agreement: of a message, or of a fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    Message(Box<Edr>),
    Fee(Box<FeeRecord>),
}

impl Edr {
    /// Which way it went, as records name it.
    pub fn direction(&self) -> &'static str {
        if self.incoming.is_some() { "incoming" } else { "outgoing" }
    }
}

impl FeeRecord {
    /// What it adds to the usage.
    pub fn usage(&self) -> Usage {
        Usage { messages: self.count.into(), quantity: self.quantity.into(), amount: self.amount }
    }
}

impl Record {
    pub fn into_message(self) -> Option<Edr> {
        match self {
            Self::Message(edr) => Some(*edr),
            Self::Fee(_) => None,
        }
    }

    /// The agreement whose record it is.
    pub fn agreement(&self) -> &AgreementId {
        match self {
            Self::Message(edr) => &edr.agreement,
            Self::Fee(fee) => &fee.agreement,
        }
    }

    /// When the message was accepted, or the fee charged.
    pub fn accepted_at(&self) -> Timestamp {
        match self {
            Self::Message(edr) => edr.accepted_at,
            Self::Fee(fee) => fee.accepted_at,
        }
    }

    /// With its recipient masked, if it has one.
    pub fn masked(mut self) -> Self {
        if let Self::Message(edr) = &mut self {
            edr.recipient = edr.recipient.masked();
        }
        self
    }

    /// Masked if it is from before `till`.
    pub fn masked_before(self, till: Option<Timestamp>) -> Self {
        if till.is_some_and(|till| self.accepted_at() < till) { self.masked() } else { self }
    }
}

/// The agreement whose main wallet a charge is taken from.
pub fn agreement_of(wallet: &WalletId) -> Option<AgreementId> {
    AgreementId::parse(&format!("{}{}", AgreementId::PREFIX, wallet.body())).ok()
}

/// One of several parts of what a level paid: a message may take from packs, fall into two tiers, reprice
/// others, or cost extra for a new recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdrPart {
    pub rate: RateId,
    pub unit_price: Amount,
    pub quantity: u32,
    /// What that counts; none in records from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    pub billing: BillingRule,
    #[serde(default, skip_serializing_if = "PricedBy::is_flat")]
    pub priced_by: PricedBy,
    /// What is owed for it.
    pub amount: Amount,
}

/// A message's record at each of its levels, the sender's first.
pub fn records(message: &Message) -> Vec<Edr> {
    message.levels().enumerate().filter_map(|(index, charges)| record(message, index, charges)).collect()
}

/// A message's records as it was accepted with these charges, whatever has become of it since.
pub fn first_records(message: &Message, charges: &[Charge]) -> Vec<Edr> {
    let accepted = Message {
        charges: charges.to_vec(),
        charge_version: 0,
        status: Status::Accepted,
        reason: None,
        parts: Vec::new(),
        submitted_at: None,
        finished_at: None,
        revision: 0,
        ..message.clone()
    };
    records(&accepted)
}

/// A message's record at the level of one agreement. None if that does not pay for it.
pub fn record_at(message: &Message, agreement: &AgreementId) -> Option<Edr> {
    let (index, charges) = message.levels().enumerate().find(|(index, charges)| {
        let wallet = charges.first().map(|charge| &charge.wallet);
        wallet.and_then(|wallet| agreement_at(message, *index, wallet)).as_ref() == Some(agreement)
    })?;
    record(message, index, charges)
}

fn record(message: &Message, index: usize, charges: &[Charge]) -> Option<Edr> {
    let part = |charge: &Charge| EdrPart {
        rate: charge.rate.clone(),
        unit_price: charge.unit_price,
        quantity: charge.quantity,
        quantity_rule: charge.quantity_rule,
        billing: charge.billing,
        priced_by: charge.priced_by,
        amount: if message.stands(charge) { charge.amount } else { Amount::ZERO },
    };
    let parts: Vec<EdrPart> = charges.iter().map(part).collect();
    let first = parts.first()?.clone();
    let wallet = &charges.first()?.wallet;
    let agreement = agreement_at(message, index, wallet)?;
    Some(Edr {
        message: message.id.clone(),
        wallet: Some(wallet).filter(|wallet| **wallet != WalletId::main(&agreement)).cloned(),
        agreement,
        level: u32::try_from(index + 1).ok()?,
        company: message.company.clone(),
        resource: Resource::SmsMessage,
        sender: message.sender.clone(),
        recipient: message.recipient.clone(),
        country: message.country.clone(),
        network: message.network.clone(),
        mccmnc: message.mccmnc.clone(),
        connection: message.connection.clone(),
        references: message.parts.iter().map(|part| part.reference.clone()).collect(),
        segments: message.segments,
        rate: first.rate,
        unit_price: first.unit_price,
        quantity: first.quantity,
        quantity_rule: first.quantity_rule,
        billing: first.billing,
        priced_by: first.priced_by,
        amount: Amount::checked_sum(parts.iter().map(|part| part.amount)).ok()?,
        parts: if parts.len() > 1 { parts } else { Vec::new() },
        status: message.status,
        reason: message.reason.clone(),
        client_reference: message.client_reference.clone().filter(|_| index == 0),
        incoming: message.handling.incoming.clone(),
        code_request: message.handling.code.as_ref().filter(|_| index == 0).map(|code| code.request.clone()),
        accepted_at: message.accepted_at,
        submitted_at: message.submitted_at,
        finished_at: message.finished_at,
        revision: message.revision,
        charge_version: message.charge_version,
    })
}

/// The agreement of a level: the sender's own, whoever of its users pays; above it, each wallet is the
/// main one of its agreement.
fn agreement_at(message: &Message, index: usize, wallet: &WalletId) -> Option<AgreementId> {
    if index == 0 { Some(message.agreement.clone()) } else { agreement_of(wallet) }
}

/// The agreements that a message is charged to, the sender's first.
pub fn agreements(message: &Message) -> impl Iterator<Item = AgreementId> {
    let levels = message.levels().enumerate();
    levels.filter_map(|(index, charges)| agreement_at(message, index, &charges.first()?.wallet))
}

/// What usage is summed by; the rows of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageKey {
    pub agreement: AgreementId,
    /// Whose money it costs: the agreement's main wallet, or a user's own.
    pub wallet: WalletId,
    /// The agreement's own day in which the message was accepted, or the fee charged.
    pub day: Date,
    pub resource: Resource,
    /// None for fees that no sender ID has to do with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderAddress>,
    /// What else a fee is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    pub rate: RateId,
    pub unit_price: Amount,
    #[serde(default, skip_serializing_if = "PricedBy::is_flat")]
    pub priced_by: PricedBy,
}

/// A sum, or a change of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Or fees: the guide's count.
    pub messages: i64,
    pub quantity: i64,
    pub amount: Amount,
}

impl Usage {
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        Ok(Self {
            messages: self.messages + other.messages,
            quantity: self.quantity + other.quantity,
            amount: self.amount.checked_add(other.amount)?,
        })
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { messages: -self.messages, quantity: -self.quantity, amount: -self.amount }
    }

    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// How usage changes when a message goes from one stored state to the next: each charge counts, under its
/// own rate and price, while it stands. The message itself counts with the first charge of a level. What
/// was rated again no longer counts under its old price, and counts under its new one.
pub fn usage_changes(before: Option<&Message>, after: &Message) -> Result<Vec<ChargeUsage>, AmountError> {
    let mut changes: Vec<ChargeUsage> = Vec::new();
    let counted = counted(after).chain(before.into_iter().flat_map(counted).map(ChargeUsage::negated));
    for part in counted {
        match changes.iter_mut().find(|known| known.is_in_row_of(&part)) {
            Some(known) => known.usage = known.usage.checked_add(part.usage)?,
            None => changes.push(part),
        }
    }
    changes.retain(|change| !change.usage.is_zero());
    Ok(changes)
}

/// What counts of a message as it is.
fn counted(message: &Message) -> impl Iterator<Item = ChargeUsage> {
    message.levels().enumerate().flat_map(move |(level, charges)| {
        let standing = charges.iter().enumerate().filter(|(_, charge)| message.stands(charge));
        standing.map(move |(place, charge)| ChargeUsage {
            level,
            wallet: charge.wallet.clone(),
            rate: charge.rate.clone(),
            unit_price: charge.unit_price,
            priced_by: charge.priced_by,
            usage: Usage {
                messages: i64::from(place == 0),
                quantity: i64::from(charge.quantity),
                amount: charge.amount,
            },
        })
    })
}

/// What one charge adds to the usage of its level, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeUsage {
    pub level: usize,
    pub wallet: WalletId,
    pub rate: RateId,
    pub unit_price: Amount,
    pub priced_by: PricedBy,
    pub usage: Usage,
}

impl ChargeUsage {
    fn negated(self) -> Self {
        Self { usage: self.usage.negated(), ..self }
    }

    fn is_in_row_of(&self, other: &Self) -> bool {
        let row = |part: &Self| (part.level, part.unit_price, part.priced_by);
        row(self) == row(other) && self.rate == other.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handling::{Code, Handling};
    use crate::id::TwoFactorIntegrationId;
    use crate::message::tests::message;

    #[test]
    fn a_level_sees_its_own_price_and_no_other() {
        let records = records(&message());
        for record in &records {
            assert_eq!(record_at(&message(), &record.agreement).as_ref(), Some(record));
        }
        assert_eq!(record_at(&message(), &AgreementId::new(99)), None);
        let shown: Vec<_> = records.iter().map(|edr| (edr.level, edr.amount.to_string())).collect();
        assert_eq!(shown, [(1, "0.05".to_owned()), (2, "0.03".to_owned())]);
        assert!(!serde_json::to_string(&records[1]).unwrap().contains("0.05"));
    }

    #[test]
    fn only_the_senders_own_record_names_the_code_that_a_message_carries() {
        let (integration, request) = (TwoFactorIntegrationId::new(1), CodeRequestId::new(2));
        let code = Code { integration, request: request.clone(), result_url: None };
        let handling = Handling { code: Some(code), ..Handling::default() };
        let shown = records(&Message { handling, ..message() }).into_iter().map(|edr| edr.code_request);
        assert_eq!(shown.collect::<Vec<_>>(), [Some(request), None]);
    }

    #[test]
    fn the_first_version_of_a_record_is_the_same_whenever_it_is_made() {
        let accepted = Message { status: Status::Accepted, revision: 0, ..message() };
        let now = Timestamp::UNIX_EPOCH;
        let mut later = Message { status: Status::Expired, finished_at: Some(now), revision: 3, ..message() };
        (later.charges[0].amount, later.charge_version) = (Amount::ONE, 1);
        assert_eq!(first_records(&later, &accepted.charges), records(&accepted));
    }

    #[test]
    fn an_old_record_shows_its_recipient_masked_and_a_young_one_whole() {
        let record = || Record::Message(Box::new(records(&message()).remove(0)));
        let shown = |till: Option<Timestamp>| {
            record().masked_before(till).into_message().map(|edr| edr.recipient.to_string())
        };
        let accepted_at = record().accepted_at();
        assert_eq!(shown(None).as_deref(), Some("4915112345678"));
        assert_eq!(shown(Some(accepted_at)).as_deref(), Some("4915112345678"));
        let later = accepted_at + SignedDuration::from_secs(1);
        assert_eq!(shown(Some(later)).as_deref(), Some("49*********78"));
    }

    fn usage(before: Option<&Message>, after: &Message) -> Vec<(usize, i64, String)> {
        let shown =
            |change: ChargeUsage| (change.level, change.usage.messages, change.usage.amount.to_string());
        usage_changes(before, after).unwrap().into_iter().map(shown).collect()
    }

    #[test]
    fn usage_counts_a_message_while_its_charge_stands() {
        let accepted = message();
        let unsent = Message { status: Status::Unsent, ..message() };
        assert_eq!(usage(None, &accepted), [(0, 1, "0.05".to_owned()), (1, 1, "0.03".to_owned())]);
        assert_eq!(
            usage(Some(&accepted), &unsent),
            [(0, -1, "-0.05".to_owned()), (1, -1, "-0.03".to_owned())]
        );
        assert!(usage(None, &unsent).is_empty());
    }

    #[test]
    fn a_failed_delivery_counts_where_the_submit_is_billed() {
        let failed = Message { status: Status::Undelivered, ..message() };
        assert_eq!(usage(Some(&message()), &failed), [(0, -1, "-0.05".to_owned())]);
    }

    #[test]
    fn what_a_message_took_in_two_parts_is_one_record_and_two_rows_of_usage() {
        let mut split = message();
        let more = Charge { unit_price: Amount::ONE, amount: Amount::ONE, ..split.charges[0].clone() };
        split.charges.insert(1, more);
        let records = records(&split);
        assert_eq!(
            (records.len(), records[0].amount.to_string(), records[0].parts.len()),
            (2, "1.05".to_owned(), 2)
        );
        assert_eq!(usage(None, &split)[..2], [(0, 1, "0.05".to_owned()), (0, 0, "1".to_owned())]);
    }

    #[test]
    fn what_was_rated_again_leaves_its_old_row_of_usage_for_the_new_one() {
        let mut again = message();
        again.charges[0].unit_price = Amount::parse("0.07").unwrap();
        again.charges[0].amount = again.charges[0].unit_price;
        let shown = usage(Some(&message()), &again);
        assert_eq!(shown, [(0, 1, "0.07".to_owned()), (0, -1, "-0.05".to_owned())]);
        let refunded = Message { status: Status::Unsent, ..again.clone() };
        assert_eq!(usage(Some(&again), &refunded).first(), Some(&(0, -1, "-0.07".to_owned())));
    }
}

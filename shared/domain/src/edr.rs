//! Event detail records: what a message was and cost, as seen from one level; and the usage that is
//! counted from them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::destination::Msisdn;
use crate::id::{AgreementId, CompanyId, FeeId, MessageId, RateId, WalletId};
use crate::message::{Message, Status};
use crate::money::{Amount, AmountError};
use crate::period::Period;
use crate::quote::Charge;
use crate::rating::{BillingRule, Resource};
use crate::sender::SenderAddress;

/// One message as one agreement sees it. It holds that level's price only: what the levels above and
/// below pay is theirs to know.
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
    pub segments: u32,
    pub rate: RateId,
    pub unit_price: Amount,
    pub quantity: u32,
    pub billing: BillingRule,
    /// What is owed for it: zero once it was refunded.
    pub amount: Amount,
    /// The parts of the amount if there are several; `rate` to `billing` are then those of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<EdrPart>,
    pub status: Status,
    pub reason: Option<String>,
    pub client_reference: Option<String>,
    pub accepted_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The revision of the message that this record shows.
    pub revision: u32,
}

/// A fee as the agreement that pays it sees it. It was charged in the moment in which it was accepted,
/// and stays.
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
    pub quantity: u32,
    pub amount: Amount,
    /// What a rule charged it for.
    pub period: Option<Period>,
    pub accepted_at: Timestamp,
}

/// A record of one agreement: of a message, or of a fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    Message(Box<Edr>),
    Fee(Box<FeeRecord>),
}

impl Record {
    pub fn into_message(self) -> Option<Edr> {
        match self {
            Self::Message(edr) => Some(*edr),
            Self::Fee(_) => None,
        }
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
    pub billing: BillingRule,
    /// What is owed for it.
    pub amount: Amount,
}

/// A message's record at each of its levels, the sender's first.
pub fn records(message: &Message) -> Vec<Edr> {
    message.levels().enumerate().filter_map(|(index, charges)| record(message, index, charges)).collect()
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
        billing: charge.billing,
        amount: if message.stands(charge) { charge.amount } else { Amount::ZERO },
    };
    let parts: Vec<EdrPart> = charges.iter().map(part).collect();
    let first = parts.first()?.clone();
    Some(Edr {
        message: message.id.clone(),
        agreement: agreement_at(message, index, &charges.first()?.wallet)?,
        level: u32::try_from(index + 1).ok()?,
        company: message.company.clone(),
        resource: Resource::SmsMessage,
        sender: message.sender.clone(),
        recipient: message.recipient.clone(),
        country: message.country.clone(),
        network: message.network.clone(),
        segments: message.segments,
        rate: first.rate,
        unit_price: first.unit_price,
        quantity: first.quantity,
        billing: first.billing,
        amount: Amount::checked_sum(parts.iter().map(|part| part.amount)).ok()?,
        parts: if parts.len() > 1 { parts } else { Vec::new() },
        status: message.status,
        reason: message.reason.clone(),
        client_reference: message.client_reference.clone().filter(|_| index == 0),
        accepted_at: message.accepted_at,
        submitted_at: message.submitted_at,
        finished_at: message.finished_at,
        revision: message.revision,
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
}

/// A sum, or a change of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
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

    fn negated(self) -> Self {
        Self { messages: -self.messages, quantity: -self.quantity, amount: -self.amount }
    }

    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// How usage changes when a message goes from one stored state to the next: each charge counts, under its
/// own rate and price, while it stands. The message itself counts with the first charge of a level.
pub fn usage_changes(before: Option<&Message>, after: &Message) -> Result<Vec<ChargeUsage>, AmountError> {
    let mut changes = Vec::new();
    for (level, charges) in after.levels().enumerate() {
        for (place, charge) in charges.iter().enumerate() {
            let counted = |message: &Message| match message.stands(charge) {
                false => Usage::default(),
                true => Usage {
                    messages: i64::from(place == 0),
                    quantity: i64::from(charge.quantity),
                    amount: charge.amount,
                },
            };
            let was = before.map(counted).unwrap_or_default();
            let usage = counted(after).checked_add(was.negated())?;
            if !usage.is_zero() {
                changes.push(ChargeUsage {
                    level,
                    rate: charge.rate.clone(),
                    unit_price: charge.unit_price,
                    usage,
                });
            }
        }
    }
    Ok(changes)
}

/// What one charge adds to the usage of its level, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeUsage {
    pub level: usize,
    pub rate: RateId,
    pub unit_price: Amount,
    pub usage: Usage,
}

#[cfg(test)]
mod tests {
    use super::*;
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
}

//! Event detail records: what a message was and cost, as seen from one level; and the usage that is
//! counted from them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::destination::Msisdn;
use crate::id::{AgreementId, CompanyId, MessageId, RateId, WalletId};
use crate::message::{Message, Status};
use crate::money::{Amount, AmountError};
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
    pub status: Status,
    pub reason: Option<String>,
    pub client_reference: Option<String>,
    pub accepted_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The revision of the message that this record shows.
    pub revision: u32,
}

/// The agreement whose main wallet a charge is taken from.
pub fn agreement_of(wallet: &WalletId) -> Option<AgreementId> {
    AgreementId::parse(&format!("{}{}", AgreementId::PREFIX, wallet.body())).ok()
}

/// A message's record at each of its levels, the sender's first.
pub fn records(message: &Message) -> Vec<Edr> {
    let record = |(index, charge): (usize, &Charge)| {
        Some(Edr {
            message: message.id.clone(),
            agreement: agreement_of(&charge.wallet)?,
            level: u32::try_from(index + 1).ok()?,
            company: message.company.clone(),
            resource: Resource::SmsMessage,
            sender: message.sender.clone(),
            recipient: message.recipient.clone(),
            country: message.country.clone(),
            network: message.network.clone(),
            segments: message.segments,
            rate: charge.rate.clone(),
            unit_price: charge.unit_price,
            quantity: charge.quantity,
            billing: charge.billing,
            amount: if message.stands(charge) { charge.amount } else { Amount::ZERO },
            status: message.status,
            reason: message.reason.clone(),
            client_reference: message.client_reference.clone().filter(|_| index == 0),
            accepted_at: message.accepted_at,
            submitted_at: message.submitted_at,
            finished_at: message.finished_at,
            revision: message.revision,
        })
    };
    message.charges.iter().enumerate().filter_map(record).collect()
}

/// What usage is summed by; the rows of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageKey {
    pub agreement: AgreementId,
    /// The agreement's own day in which the message was accepted.
    pub day: Date,
    pub resource: Resource,
    pub sender: SenderAddress,
    pub country: String,
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

/// How the usage of a level changes when a message goes from one stored state to the next: it counts
/// while its charge stands.
pub fn usage_change(before: Option<&Message>, after: &Message, level: usize) -> Result<Usage, AmountError> {
    let counted = |message: &Message| {
        let charge = message.charges.get(level).filter(|charge| message.stands(charge));
        charge.map_or_else(Usage::default, |charge| Usage {
            messages: 1,
            quantity: i64::from(charge.quantity),
            amount: charge.amount,
        })
    };
    let was = before.map(counted).unwrap_or_default();
    counted(after).checked_add(was.negated())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[test]
    fn a_level_sees_its_own_price_and_no_other() {
        let records = records(&message());
        let shown: Vec<_> = records.iter().map(|edr| (edr.level, edr.amount.to_string())).collect();
        assert_eq!(shown, [(1, "0.05".to_owned()), (2, "0.03".to_owned())]);
        assert!(!serde_json::to_string(&records[1]).unwrap().contains("0.05"));
    }

    #[test]
    fn usage_counts_a_message_while_its_charge_stands() {
        let accepted = message();
        let unsent = Message { status: Status::Unsent, ..message() };
        let counted = usage_change(None, &accepted, 0).unwrap();
        assert_eq!((counted.messages, counted.amount), (1, Amount::parse("0.05").unwrap()));
        let back = usage_change(Some(&accepted), &unsent, 0).unwrap();
        assert!(counted.checked_add(back).unwrap().is_zero());
        assert!(usage_change(None, &unsent, 0).unwrap().is_zero());
    }

    #[test]
    fn a_failed_delivery_counts_where_the_submit_is_billed() {
        let failed = Message { status: Status::Undelivered, ..message() };
        assert_eq!(usage_change(Some(&message()), &failed, 0).unwrap().messages, -1);
        assert!(usage_change(Some(&message()), &failed, 1).unwrap().is_zero());
    }
}

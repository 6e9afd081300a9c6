//! One text to several recipients, charged in one write and expanded into messages afterwards.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId};
use crate::message::{Message, Status};
use crate::money::{Amount, AmountError};
use crate::quote::Charge;
use crate::segmentation::Encoding;
use crate::sender::SenderAddress;
use crate::wallet::Leg;

/// Recipients of one request; more go out as a broadcast.
pub const RECIPIENTS_MAX: usize = 1_000;

/// The recipients that go to one place at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The client's level first.
    pub charges: Vec<Charge>,
}

/// A recipient and the place of its tariff; stored as `number:place`, because a thousand of them share
/// one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient {
    pub number: Msisdn,
    pub tariff: usize,
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> String {
        format!("{}:{}", recipient.number, recipient.tariff)
    }
}

impl TryFrom<String> for Recipient {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (number, tariff) = text.split_once(':').ok_or("a recipient is number:tariff")?;
        let number = Msisdn::try_from(number.to_owned()).map_err(|error| error.to_string())?;
        Ok(Self { number, tariff: tariff.parse().map_err(|_| "a tariff is a place")? })
    }
}

/// A recipient that gets nothing and costs nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub recipient: String,
    pub code: String,
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub id: BatchId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub sender: SenderAddress,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    pub connection: ConnectionId,
    pub connection_kind: ConnectionKind,
    pub encoding: Encoding,
    pub segments: u32,
    pub tariffs: Vec<Tariff>,
    pub recipients: Vec<Recipient>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    pub accepted_at: Timestamp,
    pub request_hash: String,
    pub balance_after: Amount,
}

impl Batch {
    /// The messages of this batch, each with its own id and charges. Always the same ones.
    pub fn messages(&self) -> impl Iterator<Item = Message> {
        (0..self.recipients.len()).filter_map(|place| self.message(u16::try_from(place).ok()?))
    }

    pub fn message(&self, place: u16) -> Option<Message> {
        let recipient = self.recipients.get(usize::from(place))?;
        let tariff = self.tariffs.get(recipient.tariff)?;
        Some(Message {
            id: MessageId::in_batch(&self.id, place),
            company: self.company.clone(),
            agreement: self.agreement.clone(),
            sender: self.sender.clone(),
            recipient: recipient.number.clone(),
            text: self.text.clone(),
            client_reference: self.client_reference.clone(),
            connection: self.connection.clone(),
            connection_kind: self.connection_kind,
            country: tariff.country.clone(),
            network: tariff.network.clone(),
            encoding: self.encoding,
            segments: self.segments,
            charges: tariff.charges.clone(),
            status: Status::Accepted,
            reason: None,
            parts: Vec::new(),
            accepted_at: self.accepted_at,
            submitted_at: None,
            finished_at: None,
            revision: 0,
            request_hash: String::new(),
            balance_after: None,
        })
    }
}

/// What all messages together take from each level, and the dearest one of each level.
pub fn totals<'a>(
    charges: impl IntoIterator<Item = &'a [Charge]>,
) -> Result<(Vec<Leg>, Vec<Amount>), AmountError> {
    let (mut legs, mut units): (Vec<Leg>, Vec<Amount>) = (Vec::new(), Vec::new());
    for charges in charges {
        for (level, charge) in charges.iter().enumerate() {
            if level == legs.len() {
                legs.push(Leg { wallet: charge.wallet.clone(), amount: Amount::ZERO });
                units.push(Amount::ZERO);
            }
            legs[level].amount = legs[level].amount.checked_add(charge.amount)?;
            units[level] = units[level].max(charge.amount);
        }
    }
    Ok((legs, units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::charge;
    use crate::rating::BillingRule::Submitted;

    #[test]
    fn a_batch_costs_each_level_the_sum_of_its_messages() {
        let (near, far) = (
            vec![charge(1, "0.05", Submitted), charge(2, "0.03", Submitted)],
            vec![charge(1, "0.1", Submitted), charge(2, "0.07", Submitted)],
        );
        let (legs, units) = totals([near.as_slice(), &far, &near]).unwrap();
        assert_eq!(legs.iter().map(|leg| leg.amount.to_string()).collect::<Vec<_>>(), ["0.2", "0.13"]);
        assert_eq!(units.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0.1", "0.07"]);
    }

    #[test]
    fn a_stored_recipient_is_short_and_reads_back() {
        let recipient = Recipient { number: Msisdn::parse("+4915112345678").unwrap(), tariff: 3 };
        let text = String::from(recipient.clone());
        assert_eq!(text, "4915112345678:3");
        assert_eq!(Recipient::try_from(text), Ok(recipient));
    }
}

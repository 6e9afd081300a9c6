//! One text to several recipients, charged in one write and expanded into messages afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::allowance::{Allowance, Pot, Stock};
use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::handling::Handling;
use crate::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId, WalletId};
use crate::lease::LeaseTag;
use crate::message::{Message, NewMessage};
use crate::money::{Amount, AmountError};
use crate::quote::{Charge, Offer, QuoteError};
use crate::rating::Size;
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
    /// As in [`Message::mccmnc`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mccmnc: Option<String>,
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
    /// As in [`Message::handling`].
    #[serde(default, skip_serializing_if = "Handling::is_usual")]
    pub handling: Handling,
    pub tariffs: Vec<Tariff>,
    pub recipients: Vec<Recipient>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    pub accepted_at: Timestamp,
    pub request_hash: String,
    pub balance_after: Amount,
    /// As in [`Message::lease`]; its messages are rows that were written when it counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseTag>,
}

impl Batch {
    /// The messages of this batch, each with its own id and charges. Always the same ones.
    pub fn messages(&self) -> impl Iterator<Item = Message> {
        (0..self.recipients.len()).filter_map(|place| self.message(u16::try_from(place).ok()?))
    }

    pub fn message(&self, place: u16) -> Option<Message> {
        let recipient = self.recipients.get(usize::from(place))?;
        let tariff = self.tariffs.get(recipient.tariff)?;
        Some(
            NewMessage {
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
                mccmnc: tariff.mccmnc.clone(),
                encoding: self.encoding,
                segments: self.segments,
                charges: tariff.charges.clone(),
                handling: self.handling.clone(),
            }
            .accepted(self.accepted_at),
        )
    }
}

/// What stands in the place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Message(Box<Message>),
    Batch(Box<Batch>),
}

impl Row {
    /// What statements refer to.
    pub fn reference(&self) -> &str {
        match self {
            Self::Message(message) => message.id.as_str(),
            Self::Batch(batch) => batch.id.as_str(),
        }
    }

    /// The flush that charges it, if that is done through a lease.
    pub fn lease(&self) -> Option<&LeaseTag> {
        match self {
            Self::Message(message) => message.lease.as_ref(),
            Self::Batch(batch) => batch.lease.as_ref(),
        }
    }

    /// The same, to be charged by this flush.
    pub fn charged_by(mut self, tag: LeaseTag) -> Self {
        match &mut self {
            Self::Message(message) => message.lease = Some(tag),
            Self::Batch(batch) => batch.lease = Some(tag),
        }
        self
    }

    /// Whether a worker has had it, which none has before it was charged.
    pub fn has_moved(&self) -> bool {
        matches!(self, Self::Message(message) if 0 < message.revision)
    }

    /// The wallet that it was sent from.
    pub fn home(&self) -> Option<&WalletId> {
        let charges = match self {
            Self::Message(message) => &message.charges,
            Self::Batch(batch) => &batch.tariffs.first()?.charges,
        };
        charges.first().map(|charge| &charge.wallet)
    }
}

/// Where recipients are, and what one of them is offered for at each level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub country: String,
    pub network: Option<String>,
    pub mccmnc: Option<String>,
    pub offers: Vec<Offer>,
}

/// A request before it is priced: what each recipient costs depends on what is left of packs, tiers and
/// bundles in the moment in which it is charged.
#[derive(Debug, Clone)]
pub struct Draft {
    /// All but recipients, charges and balance.
    pub batch: Batch,
    /// The id of a request to one recipient, which is stored as a message.
    pub single: Option<MessageId>,
    /// The wallet that the client's level is paid from, and that has escrow on those above.
    pub home: WalletId,
    /// The main wallet of the client's agreement, which has its allowances, whoever pays.
    pub main: WalletId,
    pub places: Vec<Place>,
    /// Each recipient with its place.
    pub wanted: Vec<(Msisdn, usize)>,
}

/// A request with its price.
#[derive(Debug, Clone)]
pub struct Priced {
    pub row: Row,
    /// What all messages together take of each pot, the client's money first.
    pub legs: Vec<Leg>,
    /// What the dearest one takes of each pot, by which escrow is refilled.
    pub units: BTreeMap<Pot, Amount>,
    /// As it was used.
    pub stock: Stock,
}

impl Priced {
    /// What all messages together take of a pot.
    pub fn need_of(&self, pot: &Pot) -> Amount {
        self.legs.iter().find(|leg| leg.pot == *pot).map_or(Amount::ZERO, |leg| leg.amount)
    }
}

impl Draft {
    /// Every allowance that may be taken from.
    pub fn allowances(&self) -> BTreeMap<Pot, &Allowance> {
        let offers = self.places.iter().flat_map(|place| &place.offers);
        offers.flat_map(Offer::allowances).map(|allowance| (allowance.pot.clone(), allowance)).collect()
    }

    /// The level that a wallet pays, from 1; 1 also for those that pay none.
    pub fn level_of(&self, wallet: &WalletId) -> usize {
        let offers = self.places.first().map(|place| place.offers.as_slice()).unwrap_or_default();
        offers.iter().position(|offer| offer.payer == *wallet).map_or(1, |place| place + 1)
    }

    /// The allowances that have nothing at all for the sender.
    pub fn empty(&self, stock: &Stock) -> BTreeSet<Pot> {
        let is_empty = |allowance: &Allowance| {
            stock.available(allowance).is_ok_and(|available| available < allowance.each)
        };
        let empty = self.allowances().into_iter().filter(|(_, allowance)| is_empty(allowance));
        empty.map(|(pot, _)| pot).collect()
    }

    /// The recipient sets of the bundles in force.
    pub fn bundles(&self) -> BTreeSet<&Pot> {
        let offers = self.places.iter().flat_map(|place| &place.offers);
        offers.filter_map(|offer| offer.bundle.as_ref()).map(|bundle| &bundle.members).collect()
    }

    /// Prices the recipients in their order. One that cannot be sold any more is refused; if none is
    /// left, so is the request. `balance` is the sender's before.
    pub fn price(&self, mut stock: Stock, balance: Amount) -> Result<Priced, QuoteError> {
        let mut batch = Batch { tariffs: Vec::new(), recipients: Vec::new(), ..self.batch.clone() };
        let mut sums = Sums::default();
        let mut latest: BTreeMap<usize, usize> = BTreeMap::new();
        let mut refusal = None;
        for (number, place) in &self.wanted {
            let charges = match self.charges(number, &self.places[*place], &mut stock) {
                Ok(charges) => charges,
                Err(error) => {
                    batch.refused.push(Refusal::of(number.as_str(), &error));
                    refusal.get_or_insert(error);
                    continue;
                }
            };
            sums.add(&charges, &self.main)?;
            let known = latest.get(place).filter(|known| batch.tariffs[**known].charges == charges);
            let tariff = known.copied().unwrap_or_else(|| {
                let Place { country, network, mccmnc, .. } = self.places[*place].clone();
                batch.tariffs.push(Tariff { country, network, mccmnc, charges });
                batch.tariffs.len() - 1
            });
            latest.insert(*place, tariff);
            batch.recipients.push(Recipient { number: number.clone(), tariff });
        }
        if let (true, Some(error)) = (batch.recipients.is_empty(), refusal) {
            return Err(error);
        }
        let Sums { legs, units } = sums;
        let total = legs.first().map_or(Amount::ZERO, |leg| leg.amount);
        batch.balance_after = balance.checked_sub(total)?;
        Ok(Priced { row: self.row(batch), legs, units, stock })
    }

    /// What one recipient takes at all levels, or nothing at any.
    fn charges(&self, number: &Msisdn, place: &Place, stock: &mut Stock) -> Result<Vec<Charge>, QuoteError> {
        // Most prices depend on nothing that is left of anything.
        let counted = place.offers.iter().any(|offer| offer.allowances().next().is_some());
        let before = counted.then(|| stock.clone());
        let drawn = place.offers.iter().enumerate().map(|(index, offer)| {
            offer.draw(index + 1, Size::segments(self.batch.segments), number.as_str(), stock)
        });
        let drawn: Result<Vec<Vec<Charge>>, QuoteError> = drawn.collect();
        if let (Err(_), Some(before)) = (&drawn, before) {
            *stock = before;
        }
        Ok(drawn?.concat())
    }

    fn row(&self, batch: Batch) -> Row {
        let message = self.single.as_ref().and_then(|id| Some((id, batch.message(0)?)));
        match message {
            None => Row::Batch(Box::new(batch)),
            Some((id, message)) => Row::Message(Box::new(Message {
                id: id.clone(),
                request_hash: batch.request_hash,
                balance_after: Some(batch.balance_after),
                ..message
            })),
        }
    }
}

impl Refusal {
    fn of(recipient: &str, error: &QuoteError) -> Self {
        Self { recipient: recipient.to_owned(), code: error.code().to_owned(), detail: error.to_string() }
    }
}

/// What charges take of each pot.
#[derive(Debug, Default)]
struct Sums {
    legs: Vec<Leg>,
    units: BTreeMap<Pot, Amount>,
}

impl Sums {
    fn add(&mut self, charges: &[Charge], main: &WalletId) -> Result<(), AmountError> {
        let mut once: BTreeMap<Pot, Amount> = BTreeMap::new();
        for leg in legs(charges, main) {
            let sum = once.entry(leg.pot.clone()).or_default();
            *sum = sum.checked_add(leg.amount)?;
            match self.legs.iter_mut().find(|known| known.pot == leg.pot) {
                Some(known) => known.amount = known.amount.checked_add(leg.amount)?,
                None => self.legs.push(leg),
            }
        }
        for (pot, amount) in once {
            let most = self.units.entry(pot).or_default();
            *most = (*most).max(amount);
        }
        Ok(())
    }
}

/// What charges take, pot by pot. The allowances of the first level, whoever pays it, are those of
/// `main`; further up each wallet is the main one.
pub fn legs<'a>(charges: &'a [Charge], main: &'a WalletId) -> impl Iterator<Item = Leg> + 'a {
    let payer = charges.first().map(|charge| &charge.wallet);
    charges.iter().flat_map(move |charge| {
        let owner = if Some(&charge.wallet) == payer { main } else { &charge.wallet };
        charge.legs(owner)
    })
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
        let mut sums = Sums::default();
        for charges in [&near, &far, &near] {
            sums.add(charges, &WalletId::new(1)).unwrap();
        }
        assert_eq!(sums.legs.iter().map(|leg| leg.amount.to_string()).collect::<Vec<_>>(), ["0.2", "0.13"]);
        assert_eq!(sums.units.values().map(ToString::to_string).collect::<Vec<_>>(), ["0.1", "0.07"]);
    }

    #[test]
    fn a_stored_recipient_is_short_and_reads_back() {
        let recipient = Recipient { number: Msisdn::parse("+4915112345678").unwrap(), tariff: 3 };
        let text = String::from(recipient.clone());
        assert_eq!(text, "4915112345678:3");
        assert_eq!(Recipient::try_from(text), Ok(recipient));
    }
}

//! Messages that clients ask for one by one, many a second. What those have in common that go from one
//! sender to one place over one connection is worked out once: with its price, as long as that depends on
//! nothing that is left of anything.

use std::sync::Arc;

use jiff::Timestamp;

use crate::allowance::Stock;
use crate::batch::{Batch, Draft, Place, legs};
use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::handling::Handling;
use crate::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId, WalletId};
use crate::message::{Message, NewMessage};
use crate::money::Amount;
use crate::quote::{Charge, Offer, QuoteError};
use crate::rating::Size;
use crate::segmentation::Encoding;
use crate::sender::SenderAddress;
use crate::wallet::Leg;

/// Who sends what from where: all of a message but its text and its recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    pub company: CompanyId,
    pub agreement: AgreementId,
    /// As in [`Draft`].
    pub home: WalletId,
    pub main: WalletId,
    pub sender: SenderAddress,
    pub connection: ConnectionId,
    pub connection_kind: ConnectionKind,
    pub encoding: Encoding,
    pub segments: u32,
    pub place: Place,
}

/// Messages of one kind, with their price.
#[derive(Debug, PartialEq, Eq)]
pub struct Article {
    shared: Shared,
    /// None where the price depends on what is left of packs, tiers and bundles.
    fixed: Option<Fixed>,
}

#[derive(Debug, PartialEq, Eq)]
struct Fixed {
    charges: Vec<Charge>,
    /// What one message takes of each pot, each pot once.
    legs: Vec<Leg>,
}

impl Article {
    /// An error where it cannot be sold, whatever is left of anything.
    pub fn new(shared: Shared) -> Result<Self, QuoteError> {
        let depends = |offer: &Offer| offer.bundle.is_some() || offer.allowances().next().is_some();
        let fixed = match shared.place.offers.iter().any(depends) {
            true => None,
            false => Some(Fixed::of(&shared)?),
        };
        Ok(Self { shared, fixed })
    }

    pub fn company(&self) -> &CompanyId {
        &self.shared.company
    }

    pub fn connection(&self) -> &ConnectionId {
        &self.shared.connection
    }

    pub fn connection_kind(&self) -> ConnectionKind {
        self.shared.connection_kind
    }

    pub fn home(&self) -> &WalletId {
        &self.shared.home
    }

    /// What one message takes of each pot; none where it depends on what is left.
    pub fn legs(&self) -> Option<&[Leg]> {
        self.fixed.as_ref().map(|fixed| fixed.legs.as_slice())
    }
}

impl Fixed {
    fn of(shared: &Shared) -> Result<Self, QuoteError> {
        let size = Size::segments(shared.segments);
        let mut charges = Vec::with_capacity(shared.place.offers.len());
        for (index, offer) in shared.place.offers.iter().enumerate() {
            // No bundle asks who the recipient is.
            charges.extend(offer.draw(index + 1, size, "", &mut Stock::default())?);
        }
        let mut sums: Vec<Leg> = Vec::new();
        for leg in legs(&charges, &shared.main) {
            match sums.iter_mut().find(|known| known.pot == leg.pot) {
                Some(known) => known.amount = known.amount.checked_add(leg.amount)?,
                None => sums.push(leg),
            }
        }
        Ok(Self { charges, legs: sums })
    }
}

/// One message that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub article: Arc<Article>,
    pub recipient: Msisdn,
    pub text: String,
    pub handling: Handling,
}

impl Line {
    /// As it is when it was charged. None where its price depends on what is left.
    pub fn message(&self, id: MessageId, now: Timestamp) -> Option<Message> {
        let shared = &self.article.shared;
        let charges = self.article.fixed.as_ref()?.charges.clone();
        Some(
            NewMessage {
                id,
                company: shared.company.clone(),
                agreement: shared.agreement.clone(),
                sender: shared.sender.clone(),
                recipient: self.recipient.clone(),
                text: self.text.clone(),
                client_reference: None,
                connection: shared.connection.clone(),
                connection_kind: shared.connection_kind,
                country: shared.place.country.clone(),
                network: shared.place.network.clone(),
                mccmnc: shared.place.mccmnc.clone(),
                encoding: shared.encoding,
                segments: shared.segments,
                charges,
                handling: self.handling.clone(),
            }
            .accepted(now),
        )
    }

    /// The same as a request of its own, for what is priced in the moment in which it is charged.
    pub fn draft(&self, id: MessageId, now: Timestamp) -> Draft {
        let shared = &self.article.shared;
        let batch = Batch {
            // A single message is stored without its batch.
            id: BatchId::new(0),
            company: shared.company.clone(),
            agreement: shared.agreement.clone(),
            sender: shared.sender.clone(),
            text: self.text.clone(),
            client_reference: None,
            connection: shared.connection.clone(),
            connection_kind: shared.connection_kind,
            encoding: shared.encoding,
            segments: shared.segments,
            handling: self.handling.clone(),
            tariffs: Vec::new(),
            recipients: Vec::new(),
            refused: Vec::new(),
            accepted_at: now,
            request_hash: String::new(),
            balance_after: Amount::ZERO,
            lease: None,
        };
        Draft {
            batch,
            single: Some(id),
            home: shared.home.clone(),
            main: shared.main.clone(),
            places: vec![shared.place.clone()],
            wanted: vec![(self.recipient.clone(), 0)],
        }
    }
}

//! Credit notes: the tax documents that answer the receipt of message credits when money of it goes back. Each has
//! a number of its own in the receipt's series, and once all has gone back they add up to the receipt, exactly.

use rust_decimal::RoundingStrategy;
use serde::{Deserialize, Serialize};

use super::{Receipt, TakeBack, TopUp};
use crate::id::CompanyId;
use crate::money::{Amount, AmountError};

/// What a counter-payment undoes of a receipt; below zero where money came again, so that it is sold once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    /// Gapless among all tax documents of the series; zero until it is stored.
    pub number: u64,
    /// The number of the counter-payment.
    pub take_back: u32,
    /// The message credits that left the wallet again.
    pub credits: Amount,
    /// In the currency that was paid in, as are tax and fee; together they are what went back.
    pub net: Amount,
    pub tax: Amount,
    pub fee: Amount,
    /// Where the PDF is, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

impl CreditNote {
    pub fn total(&self) -> Result<Amount, AmountError> {
        Amount::checked_sum([self.net, self.tax, self.fee])
    }
}

impl TopUp {
    /// What a counter-payment undoes of the receipt, if there is one. Tax and fee follow what has gone back in all,
    /// rounded half-even, less what earlier credit notes have of them; the net amount is the rest.
    pub(super) fn credit_note(&self, made: TakeBack) -> Result<Option<CreditNote>, AmountError> {
        let (Some(order), Some(_)) = (&self.order, &self.receipt) else { return Ok(None) };
        let to_pay = self.to_pay();
        let gone = self.gone()?.min(to_pay);
        let noted = |part: fn(&CreditNote) -> Amount| Amount::checked_sum(self.credit_notes.iter().map(part));
        let share = |whole: Amount| {
            let share = whole.decimal() * gone.decimal() / to_pay.decimal();
            let places = self.currency.minor_places();
            Amount::new(share.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven))
        };
        let (tax, fee) = (share(order.tax)?, share(self.fee)?);
        let net = gone.checked_sub(tax)?.checked_sub(fee)?;
        Ok(Some(CreditNote {
            number: 0,
            take_back: made.number,
            credits: made.amount,
            net: net.checked_sub(noted(|note| note.net)?)?,
            tax: tax.checked_sub(noted(|note| note.tax)?)?,
            fee: fee.checked_sub(noted(|note| note.fee)?)?,
            document: None,
        }))
    }

    /// Of which series a number is taken when the top-up becomes this: for its receipt, or for a new credit note.
    pub fn takes_number<'a>(&'a self, before: &Self, tenant: &'a CompanyId) -> Option<&'a str> {
        if before.received.is_none() {
            return self.receipt_series(tenant);
        }
        let receipt = self.receipt.as_ref()?;
        (before.credit_notes.len() < self.credit_notes.len()).then_some(receipt.series.as_str())
    }

    /// The same revision, with that number.
    #[must_use]
    pub fn numbered(&self, series: &str, number: u64) -> Self {
        let mut numbered = self.clone();
        match numbered.credit_notes.last_mut() {
            Some(note) => note.number = number,
            None => numbered.receipt = Some(Receipt { series: series.to_owned(), number, document: None }),
        }
        numbered
    }

    /// The number of the receipt, or else of a credit note, whose document is still to be made.
    pub fn unprinted(&self) -> Option<u64> {
        let receipt = self.receipt.iter().map(|receipt| (receipt.number, &receipt.document));
        let notes = self.credit_notes.iter().map(|note| (note.number, &note.document));
        receipt.chain(notes).find(|(_, document)| document.is_none()).map(|(number, _)| number)
    }

    /// The next revision, with the document of this number made.
    #[must_use]
    pub fn with_document(&self, number: u64, made: String) -> Self {
        let mut after = self.next();
        let receipt = after.receipt.iter_mut().map(|receipt| (receipt.number, &mut receipt.document));
        let notes = after.credit_notes.iter_mut().map(|note| (note.number, &mut note.document));
        if let Some((_, document)) = receipt.chain(notes).find(|(its, _)| *its == number) {
            *document = Some(made);
        }
        after
    }
}

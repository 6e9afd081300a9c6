//! A top-up that a person confirms: its money came, by the bank say, and no callback of the payment system said so
//! that settles it. From then on nothing that the system tells moves the balance.

use super::{Received, TopUp, TopUpState};
use crate::money::{Amount, AmountError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    #[error("it was closed by hand: its money may be in the balance by a payment of its own")]
    Closed,
    #[error("it is confirmed already: {credited} were credited, as paid by {reference}")]
    Confirmed { reference: String, credited: Amount },
    #[error("money of it went back to the payer: close it, and record as a payment what stays")]
    Returned,
    #[error("what the payment system keeps comes from the client: say what is credited, as nobody knows it")]
    NoCredited,
    #[error("{expected} are credited, as no fee comes from the client")]
    NotCredited { expected: Amount },
    #[error("more than nothing is credited, at most {amount}, in the currency's smallest unit")]
    CreditedRange { amount: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl TopUp {
    /// What a person says has come, under the name that the money has. `credited` is what the balance is to rise by:
    /// needed where the payment system's fee comes from the client and no tariff has it, else known. None if that
    /// confirmed it already.
    pub fn plan_confirmation(
        &self,
        reference: &str,
        credited: Option<Amount>,
    ) -> Result<Option<Received>, ConfirmError> {
        let reference = reference.trim();
        if self.closed_by.is_some() {
            return Err(ConfirmError::Closed);
        }
        if let (TopUpState::Confirmed { .. }, Some(received)) = (&self.state, &self.received) {
            let is_same = credited.is_none_or(|credited| credited == received.credited);
            if received.reference == reference && is_same {
                return Ok(None);
            }
            let Received { reference, credited, .. } = received.clone();
            return Err(ConfirmError::Confirmed { reference, credited });
        }
        if !self.returns.is_empty() {
            return Err(ConfirmError::Returned);
        }
        let (credited, system_fee) = self.credited_by_hand(credited)?;
        Ok(Some(Received { reference: reference.to_owned(), authorization: None, system_fee, credited }))
    }

    /// What the balance rises by, and what the payment system kept if that is missing from it.
    fn credited_by_hand(&self, told: Option<Amount>) -> Result<(Amount, Option<Amount>), ConfirmError> {
        if !self.needs_system_fee() {
            let expected = self.buys.unwrap_or(self.amount);
            return match told.is_none_or(|told| told == expected) {
                true => Ok((expected, None)),
                false => Err(ConfirmError::NotCredited { expected }),
            };
        }
        let by_tariff = self.tariff_fee()?.map(|fee| self.amount.checked_sub(fee)).transpose()?;
        let credited = told.or(by_tariff).ok_or(ConfirmError::NoCredited)?;
        let fee = self.amount.checked_sub(credited)?;
        let is_fine = credited.rounded(self.currency.minor_places()) == credited;
        if !credited.is_positive() || fee.is_negative() || !is_fine {
            return Err(ConfirmError::CreditedRange { amount: self.amount });
        }
        Ok((credited, Some(fee)))
    }
}

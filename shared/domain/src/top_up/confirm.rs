//! A purchase of message credits that a person confirms: its money came, by the bank say, and no callback of the
//! payment system said so that settles it. From then on nothing that the system tells moves the balance.

use super::{Received, TopUp, TopUpState};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    #[error("no message credits are bought by it: record its money as a payment")]
    NoOrder,
    #[error("it was closed by hand: its money may be in the balance by a payment of its own")]
    Closed,
    #[error("it is confirmed already, as paid by {reference}")]
    Confirmed { reference: String },
    #[error("money of it went back to the payer: close it, and record as a payment what stays")]
    Returned,
}

impl TopUp {
    /// What a person says has come, under the name that the money has. None if that confirmed it already.
    pub fn plan_confirmation(&self, reference: &str) -> Result<Option<Received>, ConfirmError> {
        let reference = reference.trim();
        let Some(order) = &self.order else { return Err(ConfirmError::NoOrder) };
        if self.closed_by.is_some() {
            return Err(ConfirmError::Closed);
        }
        if let (TopUpState::Confirmed { .. }, Some(received)) = (&self.state, &self.received) {
            if received.reference == reference {
                return Ok(None);
            }
            return Err(ConfirmError::Confirmed { reference: received.reference.clone() });
        }
        if !self.returns.is_empty() {
            return Err(ConfirmError::Returned);
        }
        let (reference, credited) = (reference.to_owned(), order.credits());
        Ok(Some(Received { reference, system_fee: None, credited }))
    }
}

//! A top-up that a person ends, mostly because its money was booked by hand.

use super::{TopUp, TopUpState};
use crate::id::CompanyId;

const REASON_LENGTH_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    #[error("a reason has 1 to {REASON_LENGTH_MAX} characters")]
    Reason,
    #[error("a confirmed top-up is in the balance: refund it at the payment system")]
    Confirmed,
}

impl TopUp {
    /// The next revision, closed by hand: whatever is told of it from now on, no money of it comes into the
    /// balance. None if it is so already.
    pub fn plan_close(&self, reason: &str, by: &CompanyId) -> Result<Option<Self>, CloseError> {
        let reason = reason.trim();
        if !(1..=REASON_LENGTH_MAX).contains(&reason.chars().count()) {
            return Err(CloseError::Reason);
        }
        if self.closed_by.is_some() {
            return Ok(None);
        }
        if matches!(self.state, TopUpState::Confirmed { .. }) {
            return Err(CloseError::Confirmed);
        }
        let closed = self.in_state(TopUpState::Closed { reason: reason.to_owned() });
        Ok(Some(Self { closed_by: Some(by.clone()), ..closed }))
    }
}

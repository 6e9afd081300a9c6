//! Top-ups: what we expect payment systems to report, and the one payment that each becomes.

use domain::audit::Act;
use domain::id::TopUpId;
use domain::payment::Payment;
use domain::top_up::{TopUp, TopUpState};
use domain::wallet::Wallet;

use crate::catalog::Written;
use crate::transact::Refused;
use crate::{Store, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopUpPosted {
    Now,
    /// The top-up was not in the expected state any more.
    Overtaken,
}

impl Store {
    pub async fn top_up(&self, id: &TopUpId) -> Result<Option<TopUp>, StoreError> {
        self.thing(id.as_str()).await
    }

    /// Stores a new top-up. False if there was one under its id.
    pub async fn put_top_up(&self, act: &Act, top_up: &TopUp) -> Result<bool, StoreError> {
        Ok(self.create(act, top_up).await? == Written::Now)
    }

    /// The one payment of a top-up, together with the state that says so: however many callbacks come,
    /// in whatever order, one of them does this.
    pub async fn confirm_top_up(
        &self,
        act: &Act,
        top_up: &TopUp,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<TopUpPosted, StoreError> {
        let confirmed = top_up.in_state(TopUpState::Confirmed { payment: payment.id.clone() });
        let mut items = self.payment_items(act, None, payment, wallet)?.items();
        items.extend(self.changes(act, Some(top_up), Some(&confirmed))?);
        match self.transact("confirm the top-up", items).await {
            Ok(()) => Ok(TopUpPosted::Now),
            Err(Refused::At(..)) => Ok(TopUpPosted::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Moves a top-up that has not been confirmed.
    pub async fn move_top_up(
        &self,
        act: &Act,
        top_up: &TopUp,
        state: &TopUpState,
    ) -> Result<TopUpPosted, StoreError> {
        match self.replace(act, top_up, &top_up.in_state(state.clone())).await? {
            Written::Now => Ok(TopUpPosted::Now),
            Written::Overtaken | Written::Taken => Ok(TopUpPosted::Overtaken),
        }
    }
}

//! Top-ups: what we expect payment systems to report, and the one payment that each becomes.

use domain::id::{AgreementId, TopUpId};
use domain::payment::Payment;
use domain::top_up::{TopUp, TopUpState};
use domain::wallet::Wallet;

use crate::item::{Item, Partition, listed};
use crate::keys;
use crate::transact::{Change, Refused};
use crate::{Store, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopUpPosted {
    Now,
    /// The top-up was not in the expected state any more.
    Overtaken,
}

impl Store {
    pub async fn top_up(&self, id: &TopUpId) -> Result<Option<TopUp>, StoreError> {
        self.get(&self.tables.directory, &keys::top_up(id), "a top-up").await
    }

    pub async fn top_ups(&self, agreement: &AgreementId) -> Result<Vec<TopUp>, StoreError> {
        let parent = keys::listing("top_ups", agreement.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), "a top-up").await
    }

    /// Stores a new top-up. False if there was one under its id.
    pub async fn put_top_up(&self, top_up: &TopUp) -> Result<bool, StoreError> {
        let listing = keys::listing("top_ups", top_up.agreement.as_str(), top_up.id.as_str());
        let item = listed(&keys::top_up(&top_up.id), &listing, top_up)?;
        self.put_if_new(&self.tables.directory, item).await
    }

    /// The one payment of a top-up, together with the state that says so: however many callbacks come,
    /// in whatever order, one of them does this.
    pub async fn confirm_top_up(
        &self,
        top_up: &TopUp,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<TopUpPosted, StoreError> {
        let state = TopUpState::Confirmed { payment: payment.id.clone() };
        let mut items = self.payment_items(None, payment, wallet)?.items();
        items.push(self.update_item(self.top_up_change(top_up, &state)?));
        match self.transact("confirm the top-up", items).await {
            Ok(()) => Ok(TopUpPosted::Now),
            Err(Refused::At(..)) => Ok(TopUpPosted::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Moves a top-up that has not been confirmed.
    pub async fn move_top_up(&self, top_up: &TopUp, state: &TopUpState) -> Result<TopUpPosted, StoreError> {
        let change = self.top_up_change(top_up, state)?;
        match self.transact("move the top-up", vec![self.update_item(change)]).await {
            Ok(()) => Ok(TopUpPosted::Now),
            Err(Refused::At(..)) => Ok(TopUpPosted::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    fn top_up_change(&self, top_up: &TopUp, state: &TopUpState) -> Result<Change, StoreError> {
        let value = |state: &TopUpState| {
            serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(state)
                .map_err(|error| StoreError::corrupt("a top-up", error))
        };
        Ok(Change {
            key: keys::top_up(&top_up.id),
            table: self.tables.directory.clone(),
            expression: "SET #state = :state".to_owned(),
            condition: "#state = :before".to_owned(),
            names: vec![("#state".to_owned(), "state".to_owned())],
            values: Item::from([
                (":state".to_owned(), value(state)?),
                (":before".to_owned(), value(&top_up.state)?),
            ]),
        })
    }
}

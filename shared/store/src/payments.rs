//! Payments and top-ups. A payment, its unique reference code and its effect are one write.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{AgreementId, PaymentId, TopUpId};
use domain::payment::{Payment, PaymentDirection};
use domain::top_up::{TopUp, TopUpState};
use domain::wallet::{Operation, OperationKind, Wallet};

use crate::item::{Item, Partition, document, listed, read, text};
use crate::keys;
use crate::transact::{Change, Refused};
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostedPayment {
    Now,
    Before(Box<Payment>),
    /// Another payment of this company has the reference code.
    ReferenceTaken,
    /// Outbound, and the wallet has been spent from since it was planned.
    NotEnough,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopUpPosted {
    Now,
    /// The top-up was not in the expected state any more.
    Overtaken,
}

impl Store {
    pub async fn payment(&self, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
        self.get(&self.tables.ledger, &keys::payment(id), "a payment").await
    }

    /// Posts a payment once. Six write units.
    pub async fn post_payment(
        &self,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<PostedPayment, StoreError> {
        let items = self.payment_items(payment, wallet)?;
        match self.transact("post the payment", items).await {
            Ok(()) => Ok(PostedPayment::Now),
            Err(Refused::At(0, Some(stored))) => {
                Ok(PostedPayment::Before(Box::new(read("a payment", stored)?)))
            }
            Err(Refused::At(1, _)) => Ok(PostedPayment::ReferenceTaken),
            Err(Refused::At(2, _)) => Ok(PostedPayment::NotEnough),
            Err(refused) => Err(refused.unexpected("post the payment")),
        }
    }

    fn payment_items(
        &self,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let operation = Operation { kind: OperationKind::Payment, reference: payment.id.to_string() };
        let effect = payment.effect();
        let mut change = WalletChange::new(&payment.wallet, operation)
            .add(Sum::Headroom, effect)
            .add(Sum::Funding, effect);
        if payment.direction == PaymentDirection::Outbound {
            let kept = wallet.credit_limit;
            change = change
                .guard(Guard::AtLeast(Sum::Headroom, payment.amount.checked_add(kept)?))
                .guard(Guard::CreditLimit(kept));
        }
        let record = document(&keys::payment(&payment.id), payment)?;
        let reference = keys::payment_reference(&payment.company, &payment.reference);
        let mut reference = document(&reference, &std::collections::BTreeMap::<String, String>::new())?;
        reference.insert("payment".to_owned(), text(payment.id.as_str()));
        Ok(vec![
            self.new_item(&self.tables.ledger, record),
            self.new_item(&self.tables.ledger, reference),
            self.change_wallet(change),
        ])
    }

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
        let mut items = self.payment_items(payment, wallet)?;
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

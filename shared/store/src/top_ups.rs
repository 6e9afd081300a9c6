//! Top-ups: what we expect payment systems to report, the one payment that each becomes, and the
//! counter-payments of what went back. With them goes their place in the list of those to ask about.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::id::TopUpId;
use domain::payment::{Payment, delta};
use domain::top_up::{TopUp, received_name};
use domain::wallet::Wallet;
use jiff::Timestamp;

use crate::catalog::Written;
use crate::item::{Item, document};
use crate::keys;
use crate::transact::pause;
use crate::{Store, StoreError};

/// In each of these, one of those who need a number at once gets it.
const NUMBERS_MAX: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopUpPosted {
    Now,
    /// The top-up was not as it was read any more, or another payment has the reference code.
    Overtaken,
    /// Another top-up was paid by the same payment of the payment system.
    PaidAnother,
}

impl Store {
    pub async fn top_up(&self, id: &TopUpId) -> Result<Option<TopUp>, StoreError> {
        self.thing(id.as_str()).await
    }

    /// The top-up that was paid by a payment which a payment system names so.
    pub async fn top_up_paid_by(&self, system: &str, reference: &str) -> Result<Option<TopUp>, StoreError> {
        self.thing_named(&received_name(system, reference)).await
    }

    /// Stores a new top-up. False if there was one under its id.
    pub async fn put_top_up(&self, act: &Act, top_up: &TopUp) -> Result<bool, StoreError> {
        let due = self.due_changes(None, top_up)?;
        Ok(self.write_thing(act, None, Some(top_up), due).await? == Written::Now)
    }

    /// Stores `after`, which no money comes or goes with.
    pub async fn change_top_up(
        &self,
        act: &Act,
        before: &TopUp,
        after: &TopUp,
    ) -> Result<TopUpPosted, StoreError> {
        let due = self.due_changes(Some(before), after)?;
        Ok(self.write_thing(act, Some(before), Some(after), due).await?.into())
    }

    /// A payment of a top-up together with the top-up that says so: however many callbacks come, in
    /// whatever order, one of them does this. A counter-payment may take more than there is: what holders
    /// below have set aside of it comes back then. The number of a receipt or credit note, if there is one, is taken
    /// with it.
    pub async fn pay_top_up(
        &self,
        act: &Act,
        before: &TopUp,
        after: &TopUp,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<TopUpPosted, StoreError> {
        let mut posted = TopUpPosted::Overtaken;
        match after.takes_number(before, &payment.tenant) {
            None => posted = self.pay(act, before, after, payment, wallet, Vec::new()).await?,
            Some(series) => {
                for round in 0..NUMBERS_MAX {
                    let number = self.last_document_number(series).await? + 1;
                    let after = after.numbered(series, number);
                    let taken = vec![self.take_number(series, number)];
                    posted = self.pay(act, before, &after, payment, wallet, taken).await?;
                    let is_taken = posted == TopUpPosted::Overtaken
                        && number <= self.last_document_number(series).await?;
                    if !is_taken {
                        break;
                    }
                    pause(round).await;
                }
            }
        }
        if posted == TopUpPosted::Now && delta(None, payment)?.is_negative() {
            self.call_back_if_overdrawn(&wallet.id).await?;
        }
        Ok(posted)
    }

    async fn pay(
        &self,
        act: &Act,
        before: &TopUp,
        after: &TopUp,
        payment: &Payment,
        wallet: &Wallet,
        mut with: Vec<TransactWriteItem>,
    ) -> Result<TopUpPosted, StoreError> {
        with.extend(self.payment_items(act, None, payment, wallet)?.items());
        with.extend(self.due_changes(Some(before), after)?);
        Ok(self.write_thing(act, Some(before), Some(after), with).await?.into())
    }

    /// The top-ups that payment systems are to be asked about, earliest first. For the sweeper.
    pub async fn due_top_ups(&self, now: Timestamp, limit: u16) -> Result<Vec<TopUpId>, StoreError> {
        let due = self.due_entries(keys::TOP_UPS_DUE, "list due top-ups", now, limit).await?;
        due.iter().map(due_id).collect()
    }

    fn due_changes(
        &self,
        before: Option<&TopUp>,
        after: &TopUp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let ledger = &self.tables.ledger;
        let due = |top_up: &TopUp| top_up.due().map(|due| keys::due_top_up(due, &top_up.id));
        let (was_due, is_due) = (before.and_then(due), due(after));
        if was_due == is_due {
            return Ok(Vec::new());
        }
        let mut items = Vec::new();
        if let Some(key) = &is_due {
            items.push(self.put_any(ledger, document(key, &BTreeMap::<String, String>::new())?));
        }
        items.extend(was_due.map(|key| self.delete_any(ledger, &key)));
        Ok(items)
    }
}

impl From<Written> for TopUpPosted {
    fn from(written: Written) -> Self {
        match written {
            Written::Now => Self::Now,
            Written::Overtaken => Self::Overtaken,
            Written::Taken => Self::PaidAnother,
        }
    }
}

fn due_id(item: &Item) -> Result<TopUpId, StoreError> {
    let key = item.get(keys::SK).and_then(|sk| sk.as_s().ok());
    let id = key.and_then(|sk| sk.split_once('#')).map(|(_, id)| id).unwrap_or_default();
    TopUpId::parse(id).map_err(|error| StoreError::corrupt("a due top-up", error))
}

//! Payments: the record, its reference code, its deadline and its effect on the balance are one write,
//! whatever happens to a payment, with its places in lists and the entry of the audit log.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::id::{CompanyId, PaymentId, WalletId};
use domain::money::Amount;
use domain::payment::{Payment, PaymentStatus, delta, needed, needs_open_wallet, plan_expiry};
use domain::wallet::{Operation, OperationKind, Wallet, WalletState};
use jiff::Timestamp;
use serde::Deserialize;

use crate::item::{Item, Partition, document, number, read, text};
use crate::keys::{self, Key};
use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange, wallet_of};
use crate::{Store, StoreError};

const KIND: &str = "a payment";
/// In each round either the payment expires, or a person has changed it.
const EXPIRY_ROUNDS_MAX: u32 = 8;

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
pub enum ChangedPayment {
    Now,
    /// The payment is not any more as it was read: plan again.
    Overtaken,
    /// Another payment of this company has the reference code.
    ReferenceTaken,
    /// Outbound, and the wallet has been spent from since it was planned.
    NotEnough,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    Now,
    /// Expired before, or confirmed, deleted or given a later deadline meanwhile.
    NotDue,
}

/// Which payment has a reference code.
#[derive(Deserialize)]
struct Code {
    payment: PaymentId,
}

/// What an item of the transaction is for, to read which of them said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Record,
    Code,
    Wallet,
    /// Follows from the record: refused only together with it.
    Entry,
}

/// The items of one transaction, with their parts.
pub(crate) struct Parts(Vec<(Part, TransactWriteItem)>);

impl Parts {
    pub fn items(self) -> Vec<TransactWriteItem> {
        self.0.into_iter().map(|(_, item)| item).collect()
    }

    /// The parts, and the items in the same order.
    fn split(self) -> (Vec<Part>, Vec<TransactWriteItem>) {
        self.0.into_iter().unzip()
    }
}

/// Reads a payment's item, from the table or from an image in its stream.
pub fn payment_of(item: Item) -> Result<Payment, StoreError> {
    read(KIND, item)
}

impl Store {
    pub async fn payment(&self, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
        self.get(&self.tables.ledger, &keys::payment(id), KIND).await
    }

    /// Every payment of a company that was not canceled, as it surely is now: found by the reference codes, which
    /// are written with them. What the lists show is a moment older.
    pub async fn payments_of(&self, company: &CompanyId) -> Result<Vec<Payment>, StoreError> {
        let partition = keys::payment_references(company);
        let codes: Vec<Code> = self.all(&self.tables.ledger, Partition::Table(&partition), KIND).await?;
        let wanted: Vec<Key> = codes.iter().map(|code| keys::payment(&code.payment)).collect();
        let found = self.get_many(&self.tables.ledger, &wanted).await?;
        found.into_iter().map(payment_of).collect()
    }

    /// Which payment of a company has this reference code.
    pub async fn payment_under(
        &self,
        company: &CompanyId,
        reference: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        let key = keys::payment_reference(company, reference);
        let code: Option<Code> = self.get(&self.tables.ledger, &key, KIND).await?;
        Ok(code.map(|code| code.payment))
    }

    /// Posts a payment once. The money takes six write units, eight with a deadline; the lists twenty, and
    /// the audit log two or four for each company above.
    pub async fn post_payment(
        &self,
        act: &Act,
        payment: &Payment,
        wallet: &Wallet,
    ) -> Result<PostedPayment, StoreError> {
        let (parts, items) = self.payment_items(act, None, payment, wallet)?.split();
        match self.transact("post the payment", items).await {
            Ok(()) => Ok(PostedPayment::Now),
            Err(Refused::At(place, stored)) => match (parts.get(place), stored) {
                (Some(Part::Record), Some(stored)) => {
                    Ok(PostedPayment::Before(Box::new(payment_of(stored)?)))
                }
                (Some(Part::Code), _) => Ok(PostedPayment::ReferenceTaken),
                // The agreement was deleted a moment ago: asked again, it is not there.
                (Some(Part::Wallet), Some(wallet)) if wallet_of(&wallet)?.state == WalletState::Closed => {
                    Err(StoreError::Busy { action: "post the payment" })
                }
                (Some(Part::Wallet), _) => Ok(PostedPayment::NotEnough),
                _ => Err(StoreError::Busy { action: "post the payment" }),
            },
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Stores `after` where `before` still stands, with all that follows from it. `wallet` is the
    /// payment's as it was read. The money takes two write units if only the record changes, four if the
    /// balance does, two or four more for a deadline and for another reference code.
    pub async fn change_payment(
        &self,
        act: &Act,
        before: &Payment,
        after: &Payment,
        wallet: &Wallet,
    ) -> Result<ChangedPayment, StoreError> {
        let (parts, items) = self.payment_items(act, Some(before), after, wallet)?.split();
        match self.transact("change the payment", items).await {
            Ok(()) => {}
            Err(Refused::At(place, _)) => {
                return Ok(match parts.get(place) {
                    Some(Part::Code) => ChangedPayment::ReferenceTaken,
                    Some(Part::Wallet) => ChangedPayment::NotEnough,
                    _ => ChangedPayment::Overtaken,
                });
            }
            Err(Refused::Failed(error)) => return Err(error),
        }
        if delta(Some(before), after)?.is_negative() {
            self.call_back_if_overdrawn(&wallet.id).await?;
        }
        Ok(ChangedPayment::Now)
    }

    /// What was taken back by force may be missing now. What holders below have set aside of it comes
    /// back, so that they stop sending too.
    pub(crate) async fn call_back_if_overdrawn(&self, wallet: &WalletId) -> Result<(), StoreError> {
        let wallet = self.known_wallet(wallet).await?;
        if wallet.headroom.is_negative() {
            self.free_headroom(&wallet).await?;
        }
        Ok(())
    }

    /// The payments whose deadline has come, earliest first. For the sweeper.
    pub async fn due_payments(&self, now: Timestamp, limit: u16) -> Result<Vec<PaymentId>, StoreError> {
        let due = self.due_entries(keys::PAYMENTS_DUE, "list due payments", now, limit).await?;
        due.iter().map(due_id).collect()
    }

    /// The entries of a list by time whose moment has come, earliest first.
    pub(crate) async fn due_entries(
        &self,
        list: &str,
        action: &'static str,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<Item>, StoreError> {
        // Behind every entry of this very moment.
        let last = format!("{}#~", keys::sortable(now));
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.ledger)
            .key_condition_expression("pk = :pk AND sk <= :last")
            .expression_attribute_values(":pk", text(list))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true)
            .limit(i32::from(limit));
        Ok(query.send().await.map_err(StoreError::aws(action))?.items.unwrap_or_default())
    }

    /// Takes a payment out of the balance whose deadline has come. Any number of callers may try at any
    /// time: it happens once.
    pub async fn expire_payment(&self, id: &PaymentId, now: Timestamp) -> Result<Expired, StoreError> {
        for _ in 0..EXPIRY_ROUNDS_MAX {
            let Some(before) = self.payment(id).await? else { return Ok(Expired::NotDue) };
            let Some(after) = plan_expiry(&before, now) else { return Ok(Expired::NotDue) };
            let wallet = self.known_wallet(&before.wallet).await?;
            let act = self.act_of_platform("sweeper", &before.company, now, &[id.as_str()]).await?;
            if self.change_payment(&act, &before, &after, &wallet).await? == ChangedPayment::Now {
                return Ok(Expired::Now);
            }
        }
        Err(StoreError::Busy { action: "expire the payment" })
    }

    /// All that changes when a payment is stored as `after` in place of `before`.
    pub(crate) fn payment_items(
        &self,
        act: &Act,
        before: Option<&Payment>,
        after: &Payment,
        wallet: &Wallet,
    ) -> Result<Parts, StoreError> {
        let ledger = &self.tables.ledger;
        let record = document(&keys::payment(&after.id), after)?;
        let record = match before {
            None => self.new_item(ledger, record),
            Some(before) => self.put_item(ledger, record, AS_READ, as_read(before)),
        };
        let mut parts = vec![(Part::Record, record)];
        let (code_before, code) = (before.and_then(code_of), code_of(after));
        if code_before != code {
            if let Some(code) = &code {
                let mut entry = document(code, &BTreeMap::<String, String>::new())?;
                entry.insert("payment".to_owned(), text(after.id.as_str()));
                parts.push((Part::Code, self.new_item(ledger, entry)));
            }
            if let Some(code) = &code_before {
                parts.push((Part::Entry, self.remove_entry(code)));
            }
        }
        let due = |payment: &Payment| payment.due().map(|due| keys::due_payment(due, &payment.id));
        let (due_before, due) = (before.and_then(due), due(after));
        if due_before != due {
            if let Some(due) = &due {
                let entry = document(due, &BTreeMap::<String, String>::new())?;
                parts.push((Part::Entry, self.new_item(ledger, entry)));
            }
            if let Some(due) = &due_before {
                parts.push((Part::Entry, self.remove_entry(due)));
            }
        }
        parts.extend(self.effect(before, after, wallet)?.map(|change| (Part::Wallet, change)));
        let action = match (before, after.status) {
            (None, _) => "payment.create",
            (_, PaymentStatus::Canceled) => "payment.delete",
            _ => "payment.change",
        };
        let mut noted = self.list_changes(before, Some(after));
        noted.extend(self.audit_items(act, action, after.id.as_str(), before, Some(after))?);
        parts.extend(noted.into_iter().map(|item| (Part::Entry, item)));
        Ok(Parts(parts))
    }

    /// What the change does to the wallet; none if nothing.
    fn effect(
        &self,
        before: Option<&Payment>,
        after: &Payment,
        wallet: &Wallet,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let delta: Amount = delta(before, after)?;
        if delta.is_zero() {
            return Ok(None);
        }
        let operation = Operation { kind: OperationKind::Payment, reference: after.id.to_string() };
        let mut change =
            WalletChange::new(&after.wallet, operation).add(Sum::Headroom, delta).add(Sum::Funding, delta);
        if needs_open_wallet(before, after)? {
            change = change.guard(Guard::NotClosed);
        }
        if let Some(needed) = needed(before, after)? {
            let kept = wallet.credit_limit;
            change = change
                .guard(Guard::AtLeast(Sum::Headroom, needed.checked_add(kept)?))
                .guard(Guard::CreditLimit(kept));
        }
        Ok(Some(self.change_wallet(change)))
    }

    fn remove_entry(&self, key: &Key) -> TransactWriteItem {
        self.delete_item(&self.tables.ledger, key, "attribute_exists(pk)", Item::new())
    }
}

/// The record is as it was read.
const AS_READ: &str = "revision = :revision";

fn as_read(payment: &Payment) -> Item {
    Item::from([(":revision".to_owned(), number(payment.revision))])
}

/// What keeps others from having its reference code.
fn code_of(payment: &Payment) -> Option<Key> {
    (payment.status != PaymentStatus::Canceled)
        .then(|| keys::payment_reference(&payment.company, &payment.reference))
}

fn due_id(item: &Item) -> Result<PaymentId, StoreError> {
    let key = item.get(keys::SK).and_then(|sk| sk.as_s().ok());
    let id = key.and_then(|sk| sk.split_once('#')).map(|(_, id)| id).unwrap_or_default();
    PaymentId::parse(id).map_err(|error| StoreError::corrupt("a due payment", error))
}

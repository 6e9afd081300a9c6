//! The wallet item: read, opened, listed with its holders, and changed by guarded sums.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use domain::id::{AgreementId, CompanyId, WalletId};
use domain::money::{Amount, Currency};
use domain::wallet::{Operation, Wallet};

use crate::item::{Item, Partition, amount_of, document, key_of, number, read, text};
use crate::keys;
use crate::transact::Change;
use crate::{Store, StoreError};

const KIND: &str = "a wallet";
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;

/// One of the sums of a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sum {
    Funding,
    Charged,
    Headroom,
    Allocated,
    Escrow(WalletId),
    Used(WalletId),
}

/// What a write relies on; refused by the database if it no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    AtLeast(Sum, Amount),
    CreditLimit(Amount),
    Refills(u64),
}

/// A guarded change of a wallet's sums. There is no other way to change one.
#[derive(Debug, Clone)]
pub(crate) struct WalletChange {
    wallet: WalletId,
    add: Vec<(Sum, Amount)>,
    guards: Vec<Guard>,
    refilled: bool,
    operation: Operation,
}

impl WalletChange {
    pub fn new(wallet: &WalletId, operation: Operation) -> Self {
        Self { wallet: wallet.clone(), add: Vec::new(), guards: Vec::new(), refilled: false, operation }
    }

    pub fn add(mut self, sum: Sum, amount: Amount) -> Self {
        if !amount.is_zero() {
            self.add.push((sum, amount));
        }
        self
    }

    /// Takes an amount that has to be there.
    pub fn take(mut self, sum: Sum, amount: Amount) -> Self {
        self.guards.push(Guard::AtLeast(sum.clone(), amount));
        self.add(sum, -amount)
    }

    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    pub fn refilled(mut self) -> Self {
        self.refilled = true;
        self
    }
}

impl Store {
    pub async fn wallet(&self, id: &WalletId) -> Result<Option<Wallet>, StoreError> {
        let item = self.get_item(&self.tables.ledger, &keys::wallet(id)).await?;
        item.as_ref().map(wallet_of).transpose()
    }

    /// A wallet that another item says exists.
    pub(crate) async fn known_wallet(&self, id: &WalletId) -> Result<Wallet, StoreError> {
        self.wallet(id).await?.ok_or_else(|| StoreError::corrupt(KIND, format!("{id} does not exist")))
    }

    /// The wallets that may hold escrow on this one.
    pub async fn holders(&self, wallet: &WalletId) -> Result<Vec<Wallet>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Holder {
            sk: WalletId,
        }
        let pk = keys::holders(wallet);
        let holders: Vec<Holder> = self.all(&self.tables.ledger, Partition::Table(&pk), "a holder").await?;
        let mut wallets = Vec::with_capacity(holders.len());
        for some in holders.chunks(BATCH_MAX) {
            let ids: Vec<_> = some.iter().map(|holder| keys::wallet(&holder.sk)).collect();
            for item in self.get_many(&self.tables.ledger, &ids).await? {
                wallets.push(wallet_of(&item)?);
            }
        }
        Ok(wallets)
    }

    /// The balance as its owner understands it: what holders below have used counts, settled or not.
    pub async fn balance(&self, wallet: &Wallet) -> Result<Amount, StoreError> {
        let mut balance = wallet.posted_balance()?;
        if !wallet.allocated.is_zero() {
            for holder in self.holders(&wallet.id).await? {
                balance = balance.checked_sub(holder.used_of(&wallet.id))?;
            }
        }
        Ok(balance)
    }

    pub(crate) async fn get_many(&self, table: &str, wanted: &[keys::Key]) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut left: Vec<Item> = wanted.iter().map(key_of).collect();
        let mut attempt = 0;
        while !left.is_empty() {
            let request = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
            let request = request.map_err(StoreError::aws("read items"))?;
            let sent = self.dynamo.batch_get_item().request_items(table, request).send().await;
            let mut answer = sent.map_err(StoreError::aws("read items"))?;
            found.extend(
                answer.responses.take().and_then(|mut tables| tables.remove(table)).unwrap_or_default(),
            );
            left = answer
                .unprocessed_keys
                .take()
                .and_then(|mut tables| tables.remove(table))
                .map(|keys| keys.keys)
                .unwrap_or_default();
            if !left.is_empty() {
                attempt += 1;
                if attempt > crate::CONFLICT_ATTEMPTS_MAX {
                    return Err(StoreError::Busy { action: "read items" });
                }
                crate::transact::pause(attempt).await;
            }
        }
        Ok(found)
    }

    /// The items that open a wallet: itself, and a holder entry at each wallet above.
    pub(crate) fn open_wallet(&self, wallet: &Wallet) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items = vec![self.new_item(&self.tables.ledger, item_of(wallet))];
        for above in &wallet.above {
            let entry = document(&keys::holder(above, &wallet.id), &BTreeMap::<String, String>::new())?;
            items.push(self.new_item(&self.tables.ledger, entry));
        }
        Ok(items)
    }

    pub(crate) fn change_wallet(&self, change: WalletChange) -> TransactWriteItem {
        self.update_item(expression(&self.tables.ledger, change))
    }
}

/// The sums of a wallet as one update: every sum by its own difference, never as a value computed here.
fn expression(table: &str, change: WalletChange) -> Change {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut values: Item = HashMap::new();
    let mut path = |sum: &Sum| match sum {
        Sum::Funding => "funding".to_owned(),
        Sum::Charged => "charged".to_owned(),
        Sum::Headroom => "headroom".to_owned(),
        Sum::Allocated => "allocated".to_owned(),
        Sum::Escrow(wallet) => format!("escrow.{}", name_of(&mut names, wallet)),
        Sum::Used(wallet) => format!("used.{}", name_of(&mut names, wallet)),
    };
    let mut sets = Vec::new();
    for (place, (sum, amount)) in change.add.iter().enumerate() {
        let path = path(sum);
        sets.push(format!("{path} = {path} + :add{place}"));
        values.insert(format!(":add{place}"), number(amount));
    }
    let mut conditions = vec!["attribute_exists(pk)".to_owned()];
    for (place, guard) in change.guards.iter().enumerate() {
        let value = format!(":guard{place}");
        let (condition, operand) = match guard {
            Guard::AtLeast(sum, amount) => (format!("{} >= {value}", path(sum)), number(amount)),
            Guard::CreditLimit(limit) => (format!("credit_limit = {value}"), number(limit)),
            Guard::Refills(refills) => (format!("refills = {value}"), number(refills)),
        };
        conditions.push(condition);
        values.insert(value, operand);
    }
    sets.push("#sequence = #sequence + :one".to_owned());
    names.insert("#sequence".into(), "sequence".into());
    sets.push("last_operation = :operation".to_owned());
    if change.refilled {
        sets.push("refills = refills + :one".to_owned());
    }
    values.insert(":one".into(), number(1));
    values.insert(":operation".into(), operation_value(&change.operation));
    Change {
        key: keys::wallet(&change.wallet),
        table: table.to_owned(),
        expression: format!("SET {}", sets.join(", ")),
        condition: conditions.join(" AND "),
        names: names.into_iter().collect(),
        values,
    }
}

fn name_of(names: &mut BTreeMap<String, String>, wallet: &WalletId) -> String {
    let name = format!("#w{}", wallet.body());
    names.insert(name.clone(), wallet.body().to_owned());
    name
}

fn operation_value(operation: &Operation) -> AttributeValue {
    let kind = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(operation.kind)
        .unwrap_or_else(|_| text("unknown"));
    let reference = text(&operation.reference);
    AttributeValue::M(HashMap::from([("kind".to_owned(), kind), ("reference".to_owned(), reference)]))
}

/// Amounts as numbers, so that conditions compare and updates add them. Wallets inside are named by the
/// bodies of their ids: with seven levels above, the item still fits one write unit of 1 KB.
pub(crate) fn item_of(wallet: &Wallet) -> Item {
    let amounts = |map: &BTreeMap<WalletId, Amount>| {
        AttributeValue::M(map.iter().map(|(id, amount)| (id.body().to_owned(), number(amount))).collect())
    };
    let above = wallet.above.iter().map(|id| text(id.body())).collect();
    let mut item = key_of(&keys::wallet(&wallet.id));
    item.extend([
        ("company".to_owned(), text(wallet.company.as_str())),
        ("agreement".to_owned(), text(wallet.agreement.as_str())),
        ("currency".to_owned(), text(wallet.currency.code())),
        ("above".to_owned(), AttributeValue::L(above)),
        ("funding".to_owned(), number(wallet.funding)),
        ("credit_limit".to_owned(), number(wallet.credit_limit)),
        ("charged".to_owned(), number(wallet.charged)),
        ("headroom".to_owned(), number(wallet.headroom)),
        ("allocated".to_owned(), number(wallet.allocated)),
        ("escrow".to_owned(), amounts(&wallet.escrow)),
        ("used".to_owned(), amounts(&wallet.used)),
        ("refills".to_owned(), number(wallet.refills)),
        ("sequence".to_owned(), number(wallet.sequence)),
        ("last_operation".to_owned(), operation_value(&wallet.last_operation)),
    ]);
    item
}

/// Reads a wallet's item, from the table or from an image in its stream.
pub fn wallet_of(item: &Item) -> Result<Wallet, StoreError> {
    #[derive(serde::Deserialize)]
    struct Plain {
        pk: String,
        company: CompanyId,
        agreement: AgreementId,
        currency: Currency,
        above: Vec<String>,
        refills: u64,
        sequence: u64,
        last_operation: Operation,
    }
    let plain: Plain = read(KIND, item.clone())?;
    let id = |body: &str| {
        WalletId::parse(&format!("{}{body}", WalletId::PREFIX))
            .map_err(|error| StoreError::corrupt(KIND, error))
    };
    let amount = |name: &str| amount_of(KIND, item.get(name));
    let amounts = |name: &str| {
        let map = item.get(name).and_then(|value| value.as_m().ok());
        let map = map.ok_or_else(|| StoreError::corrupt(KIND, format!("{name} is missing")))?;
        map.iter()
            .map(|(body, value)| Ok((id(body)?, amount_of(KIND, Some(value))?)))
            .collect::<Result<_, StoreError>>()
    };
    let own = plain.pk.strip_prefix("wallet#").unwrap_or_default();
    Ok(Wallet {
        id: WalletId::parse(own).map_err(|error| StoreError::corrupt(KIND, error))?,
        company: plain.company,
        agreement: plain.agreement,
        currency: plain.currency,
        above: plain.above.iter().map(|body| id(body)).collect::<Result<_, _>>()?,
        funding: amount("funding")?,
        credit_limit: amount("credit_limit")?,
        charged: amount("charged")?,
        headroom: amount("headroom")?,
        allocated: amount("allocated")?,
        escrow: amounts("escrow")?,
        used: amounts("used")?,
        refills: plain.refills,
        sequence: plain.sequence,
        last_operation: plain.last_operation,
    })
}

//! The wallet item: read, opened, listed with its holders, and changed by guarded sums.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use domain::allowance::{AllowanceId, Gone, Pot};
use domain::id::{AgreementId, CompanyId, TransferId, WalletId};
use domain::money::{Amount, Currency};
use domain::wallet::{Lease, Operation, OperationKind, Wallet, WalletState};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::item::{Item, Partition, amount_of, document, key_of, number, read, text};
use crate::keys;
use crate::transact::{Change, Refused};
use crate::{Store, StoreError};

const KIND: &str = "a wallet";
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;
/// Batches under way at once.
const BATCHES_AT_ONCE: usize = 16;

/// One of the sums of a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sum {
    Funding,
    CreditLimit,
    Charged,
    Headroom,
    Allocated,
    /// What is gone of one of its own allowances, and what of that is with holders.
    Drawn(AllowanceId),
    Granted(AllowanceId),
    Escrow(Pot),
    Used(Pot),
}

impl Sum {
    /// Those that are there from the beginning; the others begin as zero.
    fn always_there(&self) -> bool {
        match self {
            Self::Drawn(_) | Self::Granted(_) => false,
            Self::Escrow(pot) | Self::Used(pot) => pot.allowance.is_none(),
            _ => true,
        }
    }
}

/// What a write relies on; refused by the database if it no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    AtLeast(Sum, Amount),
    AtMost(Sum, Amount),
    /// Not moved since it was read.
    Exactly(Sum, Amount),
    CreditLimit(Amount),
    Refills(u64),
    /// Nothing at all was written since it was read.
    Sequence(u64),
    /// Nobody drains, suspends or closes it.
    Open,
    State(WalletState),
    /// It was not deleted.
    NotClosed,
    /// The lease is held by this holder under this fence, and this is its last block that counts.
    Lease {
        holder: String,
        fence: u64,
        written: u64,
    },
}

/// A guarded change of a wallet's sums. There is no other way to change one.
#[derive(Debug, Clone)]
pub(crate) struct WalletChange {
    pub wallet: WalletId,
    add: Vec<(Sum, Amount)>,
    forget: Vec<Sum>,
    guards: Vec<Guard>,
    refilled: bool,
    state: Option<WalletState>,
    lease: Option<Lease>,
    operation: Operation,
}

impl WalletChange {
    pub fn new(wallet: &WalletId, operation: Operation) -> Self {
        Self {
            wallet: wallet.clone(),
            add: Vec::new(),
            forget: Vec::new(),
            guards: Vec::new(),
            refilled: false,
            state: None,
            lease: None,
            operation,
        }
    }

    /// Several additions to one sum become one, as an update names each path once.
    pub fn add(mut self, sum: Sum, amount: Amount) -> Self {
        if amount.is_zero() {
            return self;
        }
        let known = self.add.iter_mut().find(|(known, _)| *known == sum);
        match known.and_then(|(_, known)| Some((known.checked_add(amount).ok()?, known))) {
            Some((total, known)) => *known = total,
            // Past a trillion it stays twice, which the database refuses.
            None => self.add.push((sum, amount)),
        }
        self
    }

    /// Takes an amount that has to be there. A negative one is given, which needs nothing.
    pub fn take(mut self, sum: Sum, amount: Amount) -> Self {
        if amount.is_positive() {
            self.guards.push(Guard::AtLeast(sum.clone(), amount));
        }
        self.add(sum, -amount)
    }

    /// Removes a sum that still is what it was read as.
    pub fn forget(mut self, sum: Sum, seen: Amount) -> Self {
        self.guards.push(Guard::Exactly(sum.clone(), seen));
        self.forget.push(sum);
        self
    }

    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    pub fn refilled(mut self) -> Self {
        self.refilled = true;
        self
    }

    pub fn state(mut self, state: WalletState) -> Self {
        self.state = Some(state);
        self
    }

    pub fn lease(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
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
        // Also where nothing is allocated: a refund to a holder may wait there to be settled.
        for holder in self.holders(&wallet.id).await? {
            balance = balance.checked_sub(holder.used_of(&Pot::money(&wallet.id)))?;
        }
        Ok(balance)
    }

    /// The items of these keys that are there, each once, in any order.
    pub(crate) async fn get_many(&self, table: &str, wanted: &[keys::Key]) -> Result<Vec<Item>, StoreError> {
        let mut wanted: Vec<_> = wanted.iter().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let batch =
            |some: &[&keys::Key]| self.get_some(table, some.iter().map(|key| key_of(key)).collect()).boxed();
        let batches: Vec<BoxFuture<'_, _>> = wanted.chunks(BATCH_MAX).map(batch).collect();
        stream::iter(batches).buffered(BATCHES_AT_ONCE).try_concat().await
    }

    /// At most so many as a batch of reads takes.
    async fn get_some(&self, table: &str, wanted: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut left = wanted;
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

    /// Whether the wallet may be charged, changed unless it is in another state than `before`. False if
    /// it is.
    pub async fn move_wallet(
        &self,
        wallet: &WalletId,
        before: &WalletState,
        after: &WalletState,
    ) -> Result<bool, StoreError> {
        let operation = Operation { kind: OperationKind::Terms, reference: wallet.to_string() };
        let change =
            WalletChange::new(wallet, operation).guard(Guard::State(before.clone())).state(after.clone());
        match self.transact("change the wallet's state", vec![self.change_wallet(change)]).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// A new credit limit, unless another one than `before` was in force. False if it was. A limit cut
    /// below what is spent leaves a negative headroom: nothing is spent until it is paid.
    pub async fn change_credit_limit(
        &self,
        wallet: &WalletId,
        before: Amount,
        after: Amount,
    ) -> Result<bool, StoreError> {
        let difference = after.checked_sub(before)?;
        let operation = Operation { kind: OperationKind::Terms, reference: wallet.to_string() };
        let change = WalletChange::new(wallet, operation)
            .guard(Guard::CreditLimit(before))
            .add(Sum::CreditLimit, difference)
            .add(Sum::Headroom, difference);
        match self.transact("change the credit limit", vec![self.change_wallet(change)]).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

/// The sums of a wallet as one update: every sum by its own difference, never as a value computed here.
pub(crate) fn expression(table: &str, change: WalletChange) -> Change {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut values: Item = HashMap::new();
    let mut sets = Vec::new();
    for (place, (sum, amount)) in change.add.iter().enumerate() {
        let path = path(sum, &mut names);
        let before = match sum.always_there() {
            true => path.clone(),
            false => {
                values.insert(":zero".into(), number(0));
                format!("if_not_exists({path}, :zero)")
            }
        };
        sets.push(format!("{path} = {before} + :add{place}"));
        values.insert(format!(":add{place}"), number(amount));
    }
    let mut conditions = vec!["attribute_exists(pk)".to_owned()];
    for (place, guard) in change.guards.iter().enumerate() {
        let value = format!(":guard{place}");
        let (condition, operand) = match guard {
            Guard::AtLeast(sum, amount) => (format!("{} >= {value}", path(sum, &mut names)), number(amount)),
            Guard::AtMost(sum, amount) => {
                let path = path(sum, &mut names);
                (format!("(attribute_not_exists({path}) OR {path} <= {value})"), number(amount))
            }
            Guard::Exactly(sum, amount) => {
                let path = path(sum, &mut names);
                let absent = match amount.is_zero() {
                    true => format!("attribute_not_exists({path}) OR "),
                    false => String::new(),
                };
                (format!("({absent}{path} = {value})"), number(amount))
            }
            Guard::CreditLimit(limit) => (format!("credit_limit = {value}"), number(limit)),
            Guard::Refills(refills) => (format!("refills = {value}"), number(refills)),
            Guard::Sequence(sequence) => (format!("#sequence = {value}"), number(sequence)),
            Guard::Open => {
                names.insert("#state".into(), "state".into());
                (format!("#state = {value}"), state_value(&WalletState::Open))
            }
            Guard::NotClosed => {
                names.insert("#state".into(), "state".into());
                (format!("#state <> {value}"), state_value(&WalletState::Closed))
            }
            Guard::State(state) => {
                names.insert("#state".into(), "state".into());
                (format!("#state = {value}"), state_value(state))
            }
            Guard::Lease { holder, fence, written } => {
                values.insert(":fence".into(), number(fence));
                values.insert(":written".into(), number(written));
                let condition =
                    format!("lease.holder = {value} AND lease.fence = :fence AND lease.written = :written");
                (condition, text(holder))
            }
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
    if let Some(state) = &change.state {
        names.insert("#state".into(), "state".into());
        sets.push("#state = :state".to_owned());
        values.insert(":state".into(), state_value(state));
    }
    if let Some(lease) = &change.lease {
        sets.push("lease = :lease".to_owned());
        values.insert(":lease".into(), lease_value(lease));
    }
    values.insert(":one".into(), number(1));
    values.insert(":operation".into(), operation_value(&change.operation));
    let removed: Vec<String> = change.forget.iter().map(|sum| path(sum, &mut names)).collect();
    let remove = if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
    Change {
        key: keys::wallet(&change.wallet),
        table: table.to_owned(),
        expression: format!("SET {}{remove}", sets.join(", ")),
        condition: conditions.join(" AND "),
        names: names.into_iter().collect(),
        values,
    }
}

/// Where a sum stands in the item.
fn path(sum: &Sum, names: &mut BTreeMap<String, String>) -> String {
    let mut named = |map: &str, name: String| {
        let known = names.iter().find(|(_, known)| **known == name).map(|(place, _)| place.clone());
        let place = known.unwrap_or_else(|| format!("#n{}", names.len()));
        names.insert(place.clone(), name);
        format!("{map}.{place}")
    };
    match sum {
        Sum::Funding => "funding".to_owned(),
        Sum::CreditLimit => "credit_limit".to_owned(),
        Sum::Charged => "charged".to_owned(),
        Sum::Headroom => "headroom".to_owned(),
        Sum::Allocated => "allocated".to_owned(),
        Sum::Drawn(allowance) => named("drawn", allowance.as_str().to_owned()),
        Sum::Granted(allowance) => named("granted", allowance.as_str().to_owned()),
        Sum::Escrow(pot) => named("escrow", pot_name(pot)),
        Sum::Used(pot) => named("used", pot_name(pot)),
    }
}

/// A pot inside a wallet's item: named by the body of the wallet's id, to keep the item small.
fn pot_name(pot: &Pot) -> String {
    match &pot.allowance {
        None => pot.wallet.body().to_owned(),
        Some(allowance) => format!("{}.{}", pot.wallet.body(), allowance.as_str()),
    }
}

fn pot_of(name: &str) -> Result<Pot, StoreError> {
    let (body, allowance) = match name.split_once('.') {
        Some((body, allowance)) => (body, Some(allowance_of(allowance)?)),
        None => (name, None),
    };
    Ok(Pot { wallet: wallet_id(body)?, allowance })
}

fn allowance_of(text: &str) -> Result<AllowanceId, StoreError> {
    AllowanceId::parse(text).ok_or_else(|| StoreError::corrupt(KIND, format!("{text} names no allowance")))
}

fn wallet_id(body: &str) -> Result<WalletId, StoreError> {
    WalletId::parse(&format!("{}{body}", WalletId::PREFIX)).map_err(|error| StoreError::corrupt(KIND, error))
}

/// One text, so that a condition can compare it whole.
fn state_value(state: &WalletState) -> AttributeValue {
    match state {
        WalletState::Open => text("open"),
        WalletState::Suspended => text("suspended"),
        WalletState::Closed => text("closed"),
        WalletState::Draining { transfer, since } => text(format!("draining {transfer} {since}")),
    }
}

fn state_of(value: &str) -> Result<WalletState, StoreError> {
    let draining = |rest: &str| {
        let (transfer, since) = rest.split_once(' ')?;
        Some(WalletState::Draining {
            transfer: TransferId::parse(transfer).ok()?,
            since: since.parse().ok()?,
        })
    };
    match value {
        "open" => Some(WalletState::Open),
        "suspended" => Some(WalletState::Suspended),
        "closed" => Some(WalletState::Closed),
        other => other.strip_prefix("draining ").and_then(draining),
    }
    .ok_or_else(|| StoreError::corrupt(KIND, format!("{value} is no state")))
}

fn lease_value(lease: &Lease) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("holder".to_owned(), text(&lease.holder)),
        ("fence".to_owned(), number(lease.fence)),
        ("written".to_owned(), number(lease.written)),
        ("expires_at".to_owned(), text(lease.expires_at.to_string())),
    ]))
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
    let pots = |map: &BTreeMap<Pot, Amount>| {
        AttributeValue::M(map.iter().map(|(pot, amount)| (pot_name(pot), number(amount))).collect())
    };
    let gone = |of: fn(&Gone) -> Amount| {
        let entry = |(id, gone): (&AllowanceId, &Gone)| (id.as_str().to_owned(), number(of(gone)));
        AttributeValue::M(wallet.allowances.iter().map(entry).collect())
    };
    let above = wallet.above.iter().map(|id| text(id.body())).collect();
    let mut item = key_of(&keys::wallet(&wallet.id));
    item.extend([
        ("company".to_owned(), text(wallet.company.as_str())),
        ("agreement".to_owned(), text(wallet.agreement.as_str())),
        ("currency".to_owned(), text(wallet.currency.code())),
        ("state".to_owned(), state_value(&wallet.state)),
        ("above".to_owned(), AttributeValue::L(above)),
        ("funding".to_owned(), number(wallet.funding)),
        ("credit_limit".to_owned(), number(wallet.credit_limit)),
        ("charged".to_owned(), number(wallet.charged)),
        ("headroom".to_owned(), number(wallet.headroom)),
        ("allocated".to_owned(), number(wallet.allocated)),
        ("drawn".to_owned(), gone(|gone| gone.drawn)),
        ("granted".to_owned(), gone(|gone| gone.granted)),
        ("escrow".to_owned(), pots(&wallet.escrow)),
        ("used".to_owned(), pots(&wallet.used)),
        ("refills".to_owned(), number(wallet.refills)),
        ("sequence".to_owned(), number(wallet.sequence)),
        ("last_operation".to_owned(), operation_value(&wallet.last_operation)),
    ]);
    if let Some(lease) = &wallet.lease {
        item.insert("lease".to_owned(), lease_value(lease));
    }
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
        state: String,
        above: Vec<String>,
        refills: u64,
        sequence: u64,
        last_operation: Operation,
        lease: Option<PlainLease>,
    }
    #[derive(serde::Deserialize)]
    struct PlainLease {
        holder: String,
        fence: u64,
        written: u64,
        expires_at: Timestamp,
    }
    let plain: Plain = read(KIND, item.clone())?;
    let amount = |name: &str| amount_of(KIND, item.get(name));
    let own = plain.pk.strip_prefix("wallet#").unwrap_or_default();
    let mut allowances: BTreeMap<AllowanceId, Gone> = BTreeMap::new();
    for (name, drawn) in amounts(item, "drawn")? {
        allowances.entry(allowance_of(&name)?).or_default().drawn = drawn;
    }
    for (name, granted) in amounts(item, "granted")? {
        allowances.entry(allowance_of(&name)?).or_default().granted = granted;
    }
    let pots = |name: &str| {
        let amounts = amounts(item, name)?.into_iter();
        amounts.map(|(name, amount)| Ok((pot_of(&name)?, amount))).collect::<Result<_, StoreError>>()
    };
    let lease = |lease: PlainLease| Lease {
        holder: lease.holder,
        fence: lease.fence,
        written: lease.written,
        expires_at: lease.expires_at,
    };
    Ok(Wallet {
        id: WalletId::parse(own).map_err(|error| StoreError::corrupt(KIND, error))?,
        company: plain.company,
        agreement: plain.agreement,
        currency: plain.currency,
        state: state_of(&plain.state)?,
        above: plain.above.iter().map(|body| wallet_id(body)).collect::<Result<_, _>>()?,
        funding: amount("funding")?,
        credit_limit: amount("credit_limit")?,
        charged: amount("charged")?,
        headroom: amount("headroom")?,
        allocated: amount("allocated")?,
        allowances,
        escrow: pots("escrow")?,
        used: pots("used")?,
        refills: plain.refills,
        sequence: plain.sequence,
        last_operation: plain.last_operation,
        lease: plain.lease.map(lease),
    })
}

/// A map of amounts by name.
fn amounts(item: &Item, name: &str) -> Result<BTreeMap<String, Amount>, StoreError> {
    let map = item.get(name).and_then(|value| value.as_m().ok());
    let map = map.ok_or_else(|| StoreError::corrupt(KIND, format!("{name} is missing")))?;
    map.iter().map(|(name, value)| Ok((name.clone(), amount_of(KIND, Some(value))?))).collect()
}

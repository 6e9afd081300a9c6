//! Accepting a message or a batch: its row and its charge at every level, in one write.
//!
//! Four write units whatever the depth, because the home wallet carries the escrow of all levels. The
//! row is the idempotency record: a repeat finds it, and nothing is charged twice.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::allowance::{Allowance, Pot, Stock};
use domain::batch::{Draft, Priced, Row};
use domain::edr::row_kept_until;
use domain::id::WalletId;
use domain::incoming::IncomingMessage;
use domain::lease::{LeaseTag, Seen};
use domain::money::{Amount, AmountError};
use domain::quote::QuoteError;
use domain::wallet::{
    ChargePlan, Leg, Operation, OperationKind, REFILL_SENDS_MIN, Short, Wallet, WalletState, plan_charge,
};

use crate::escrow::{Need, Needs, Recalled};
use crate::item::{Item, document, expiring, text};
use crate::keys::{self, Key};
use crate::members::Members;
use crate::messages::{message_item, row_of};
use crate::transact::{CONFLICT_ATTEMPTS_MAX, Refused};
use crate::wallets::{Guard, Sum, WalletChange, wallet_of};
use crate::{Store, StoreError};

/// Each round either ends or has made progress (a refill, a recall, exact mode for one more level), so
/// the depth of the tree bounds them; beyond that others are spending faster than we can plan.
const ROUNDS_MAX: u32 = 24;
/// Fifty messages from phones may be in one delivery, for which there are ten seconds. What meets others as
/// often as this is stored unpaid, and tried again in a minute.
const INCOMING_ATTEMPTS_MAX: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// As it was charged and stored.
    Now(Row),
    /// There was a row under this id already; read it to see whether it is the same request.
    Before,
}

#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    /// A company above cannot pay its part; its figures are not the sender's to know.
    #[error("the account at level {level} above cannot cover this message")]
    NotEnoughAbove { level: usize },
    #[error("the agreement at level {level} is suspended")]
    Suspended { level: usize },
    #[error(transparent)]
    Refused(#[from] QuoteError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AmountError> for AcceptError {
    fn from(error: AmountError) -> Self {
        Self::Store(error.into())
    }
}

/// What a price depends on, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub home: Wallet,
    pub stock: Stock,
    /// The recipients of each bundle.
    members: BTreeMap<Pot, Members>,
}

impl Store {
    /// Prices a request, charges every level and stores its row, all or nothing.
    pub async fn accept(&self, draft: &Draft) -> Result<Accepted, AcceptError> {
        self.accept_over(draft, None, &mut Seen::default()).await
    }

    /// The same, in the place of a row with this tag, which has to be void; and noting what was `seen` of
    /// the home wallet.
    pub async fn accept_over(
        &self,
        draft: &Draft,
        over: Option<&LeaseTag>,
        seen: &mut Seen,
    ) -> Result<Accepted, AcceptError> {
        self.accept_beside(draft, over, &[], CONFLICT_ATTEMPTS_MAX, seen).await
    }

    /// Charges a message from a phone as `draft` says, and stores it in the place of what it was `before`, if
    /// it was stored. It was charged or changed before where its row or another state of it is there.
    pub async fn accept_incoming(
        &self,
        draft: &Draft,
        before: Option<&IncomingMessage>,
        after: &IncomingMessage,
    ) -> Result<Accepted, AcceptError> {
        let beside = self.incoming_items(before, after)?;
        self.accept_beside(draft, None, &beside, INCOMING_ATTEMPTS_MAX, &mut Seen::default()).await
    }

    /// With other items in the same write, which are refused only where somebody else was faster, and so many
    /// tries of it.
    async fn accept_beside(
        &self,
        draft: &Draft,
        over: Option<&LeaseTag>,
        beside: &[TransactWriteItem],
        attempts_max: u32,
        seen: &mut Seen,
    ) -> Result<Accepted, AcceptError> {
        let allowances = draft.allowances();
        let mut tried = Tried::default();
        for _ in 0..ROUNDS_MAX {
            let home = self.known_wallet(&draft.home).await?;
            seen.sequence = Some(home.sequence);
            let read = self.read_stock(&[draft], home, &allowances, &tried.exact).await?;
            if let Err(error) = check_state(draft, &read.home) {
                return self.refuse(draft, over, error).await;
            }
            let priced = match draft.price(read.stock.clone(), read.home.posted_balance()?) {
                Ok(priced) => priced,
                // What a pack has left may be with others.
                Err(_) if self.recall_empty(&read, &draft.empty(&read.stock), &mut tried).await? => continue,
                Err(error) => return self.refuse(draft, over, error.into()).await,
            };
            if self.recall_empty(&read, priced.stock.empty(), &mut tried).await?
                || tried.reprices(&priced, &allowances, &read.home.id)
            {
                continue;
            }
            let refused = match plan_charge(&read.home, &priced.legs, &tried.exact) {
                Ok(plan) => {
                    let items = self.charge_items(&read, &priced, &plan, &allowances, over)?;
                    let charged = items.len();
                    let items = [items, beside.to_vec()].concat();
                    let (action, conflicts) = ("charge the message", &mut seen.conflicts);
                    match self.transact_within(action, items, attempts_max, conflicts).await {
                        Ok(()) => return Ok(Accepted::Now(priced.row)),
                        Err(Refused::At(place, _)) if place == 0 || charged <= place => {
                            return Ok(Accepted::Before);
                        }
                        Err(Refused::At(place, item)) => exactly_refused(&plan, place, item)?,
                        Err(Refused::Failed(error)) => return Err(error.into()),
                    }
                }
                Err(Short::Home { .. }) => Some(read.home.id.clone()),
                Err(Short::Escrow { pot, .. }) => {
                    self.refill_or_exact(&read.home, &pot, &priced, &allowances, &mut tried).await?;
                    continue;
                }
            };
            // Spent since it was read: plan again.
            let Some(wallet) = refused else { continue };
            // Before anyone is told no: what holders below keep unused comes back, until none of them has any.
            // Not all at once, or all of them would have to ask for it again.
            let pot = Pot::money(&wallet);
            let unit = priced.units.get(&pot).copied().unwrap_or_default();
            let enough = priced.need_of(&pot).checked_add(unit.checked_times(REFILL_SENDS_MIN)?)?;
            if self.recall(&pot, Some(enough)).await? == Recalled::Something {
                continue;
            }
            return self.refuse(draft, over, not_enough(draft, &read.home, &wallet, &priced.legs)).await;
        }
        Err(StoreError::Busy { action: "charge the message" }.into())
    }

    /// The price of a request as things stand. Nothing is written, and escrow does not matter.
    pub async fn estimate(&self, draft: &Draft) -> Result<Priced, AcceptError> {
        let allowances = draft.allowances();
        let home = self.known_wallet(&draft.home).await?;
        let read = self.read_stock(&[draft], home, &allowances, &BTreeSet::new()).await?;
        Ok(draft.price(read.stock, read.home.posted_balance()?)?)
    }

    /// What `home` can draw of the allowances in question. What wallets in `exact` have set aside for it
    /// does not count there: they are debited directly.
    pub(crate) async fn read_stock(
        &self,
        drafts: &[&Draft],
        home: Wallet,
        allowances: &BTreeMap<Pot, &Allowance>,
        exact: &BTreeSet<WalletId>,
    ) -> Result<Read, StoreError> {
        let mut read = Read { stock: Stock::default(), home, members: BTreeMap::new() };
        let owners: BTreeSet<&WalletId> = allowances.keys().map(|pot| &pot.wallet).collect();
        let wanted: Vec<Key> =
            owners.into_iter().filter(|owner| **owner != read.home.id).map(keys::wallet).collect();
        let others = self.get_many(&self.tables.ledger, &wanted).await?;
        let mut owners: Vec<Wallet> = others.iter().map(wallet_of).collect::<Result<_, _>>()?;
        owners.push(read.home.clone());
        for pot in allowances.keys() {
            let owner = owners.iter().find(|owner| owner.id == pot.wallet);
            let gone = owner.and_then(|owner| Some(owner.gone(pot.allowance.as_ref()?)));
            read.stock.gone.insert(pot.clone(), gone.unwrap_or_default());
            if !exact.contains(&pot.wallet) {
                read.stock.held.insert(pot.clone(), read.home.escrow_on(pot));
            }
        }
        for bundle in drafts.iter().flat_map(|draft| draft.bundles()).collect::<BTreeSet<_>>() {
            let wanted = drafts.iter().flat_map(|draft| &draft.wanted);
            let recipients = wanted.map(|(number, _)| number.as_str());
            let members = self.members(bundle, recipients).await?;
            read.stock.members.insert(bundle.clone(), members.known.clone());
            read.members.insert(bundle.clone(), members);
        }
        Ok(read)
    }

    /// Before a later source is used, what others keep of the earlier ones comes back, once.
    async fn recall_empty(
        &self,
        read: &Read,
        empty: &BTreeSet<Pot>,
        tried: &mut Tried,
    ) -> Result<bool, StoreError> {
        let mut recalled = false;
        for pot in empty.iter().filter(|pot| pot.allowance.is_some()) {
            // What a wallet that is debited directly has set aside for the sender was not counted.
            let exact = tried.exact.contains(&pot.wallet);
            let counted = if exact { Amount::ZERO } else { read.home.escrow_on(pot) };
            let own = counted.checked_add(read.home.used_of(pot))?;
            let granted = read.stock.gone.get(pot).copied().unwrap_or_default().granted;
            if granted > own && tried.recalled.insert((pot.clone(), exact)) {
                recalled |= self.recall(pot, None).await? == Recalled::Something;
            }
        }
        Ok(recalled)
    }

    /// A repeat whose first try was charged meanwhile is no refusal.
    async fn refuse(
        &self,
        draft: &Draft,
        over: Option<&LeaseTag>,
        error: AcceptError,
    ) -> Result<Accepted, AcceptError> {
        let row = self.get_item(&self.tables.messages, &draft_key(draft)).await?.map(row_of).transpose()?;
        match row {
            Some(row) if over.is_none() || row.lease() != over => Ok(Accepted::Before),
            _ => Err(error),
        }
    }

    /// Gets escrow for every pot that is short; a wallet that cannot give any is debited directly.
    async fn refill_or_exact(
        &self,
        home: &Wallet,
        short: &Pot,
        priced: &Priced,
        allowances: &BTreeMap<Pot, &Allowance>,
        tried: &mut Tried,
    ) -> Result<(), StoreError> {
        if !tried.refilled.insert(short.clone()) {
            tried.exact.insert(short.wallet.clone());
            return Ok(());
        }
        let needs = needs(home, priced, allowances, &tried.exact);
        self.refill(home, &needs).await
    }

    /// The row, then the wallets.
    fn charge_items(
        &self,
        read: &Read,
        priced: &Priced,
        plan: &ChargePlan,
        allowances: &BTreeMap<Pot, &Allowance>,
        over: Option<&LeaseTag>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let operation =
            Operation { kind: OperationKind::Charge, reference: priced.row.reference().to_owned() };
        let row = row_item(&priced.row)?;
        let mut items = vec![match over {
            None => self.new_item(&self.tables.messages, row),
            Some(tag) => {
                let void = Item::from([(":void".to_owned(), text(tag.to_string()))]);
                self.put_item(&self.tables.messages, row, "attribute_not_exists(pk) OR lease = :void", void)
            }
        }];
        for wallet in charged_wallets(&read.home.id, plan) {
            let change = WalletChange::new(wallet, operation.clone()).guard(Guard::Open);
            items.push(self.change_wallet(charge(change, plan, priced, allowances)?));
        }
        items.extend(self.joining(read, priced));
        Ok(items)
    }

    /// The new recipients of bundles.
    pub(crate) fn joining(&self, read: &Read, priced: &Priced) -> Vec<TransactWriteItem> {
        let of_bundle = |(bundle, joined): (&Pot, &BTreeSet<String>)| {
            let members = read.members.get(bundle).cloned().unwrap_or_default();
            self.join(bundle, &members, joined)
        };
        priced.stock.joined().iter().flat_map(of_bundle).collect()
    }
}

/// Escrow that a charge needs and `home` has too little of.
pub(crate) fn needs(
    home: &Wallet,
    priced: &Priced,
    allowances: &BTreeMap<Pot, &Allowance>,
    exact: &BTreeSet<WalletId>,
) -> Needs {
    let is_short = |leg: &&Leg| {
        leg.pot.wallet != home.id && !exact.contains(&leg.pot.wallet) && home.escrow_on(&leg.pot) < leg.amount
    };
    let need = |leg: &Leg| {
        let unit = priced.units.get(&leg.pot).copied().unwrap_or(leg.amount);
        let size = allowances.get(&leg.pot).map(|allowance| allowance.size);
        (leg.pot.clone(), Need { now: leg.amount, unit, size })
    };
    priced.legs.iter().filter(is_short).map(need).collect()
}

/// The home wallet first, then those debited directly.
fn charged_wallets<'a>(home: &'a WalletId, plan: &'a ChargePlan) -> Vec<&'a WalletId> {
    let mut wallets = vec![home];
    for leg in &plan.exact {
        if !wallets.contains(&&leg.pot.wallet) {
            wallets.push(&leg.pot.wallet);
        }
    }
    wallets
}

/// A plan's part in one wallet.
fn charge(
    mut change: WalletChange,
    plan: &ChargePlan,
    priced: &Priced,
    allowances: &BTreeMap<Pot, &Allowance>,
) -> Result<WalletChange, AmountError> {
    let wallet = change.wallet.clone();
    let is_home = plan.exact.iter().all(|leg| leg.pot.wallet != wallet);
    for leg in plan.own.iter().chain(&plan.exact).filter(|leg| leg.pot.wallet == wallet) {
        change = match (&leg.pot.allowance, allowances.get(&leg.pot)) {
            (Some(allowance), Some(of)) => {
                let room = of.size.checked_sub(leg.amount)?;
                change
                    .guard(Guard::AtMost(Sum::Drawn(allowance.clone()), room))
                    .add(Sum::Drawn(allowance.clone()), leg.amount)
            }
            _ => change.take(Sum::Headroom, leg.amount).add(Sum::Charged, leg.amount),
        };
    }
    if is_home {
        for leg in &plan.from_escrow {
            change = change
                .take(Sum::Escrow(leg.pot.clone()), leg.amount)
                .add(Sum::Used(leg.pot.clone()), leg.amount);
        }
    }
    // What the order of sources and the price of a tier rest on must be as it was read.
    let pinned = priced.stock.empty().iter().chain(priced.stock.begun());
    for pot in pinned.filter(|pot| pot.wallet == wallet) {
        let seen = priced.stock.gone.get(pot).copied().unwrap_or_default().drawn;
        if let Some(allowance) = &pot.allowance {
            change = change.guard(Guard::Exactly(Sum::Drawn(allowance.clone()), seen));
        }
    }
    Ok(change)
}

/// The wallet debited directly that has too little; none if a new plan may do.
fn exactly_refused(
    plan: &ChargePlan,
    place: usize,
    item: Option<Item>,
) -> Result<Option<WalletId>, StoreError> {
    let Some(wallet) = item.filter(|item| item.contains_key("headroom")) else { return Ok(None) };
    let wallet = wallet_of(&wallet)?;
    let money = Pot::money(&wallet.id);
    let needed = plan.exact.iter().find(|leg| leg.pot == money).map_or(Amount::ZERO, |leg| leg.amount);
    if place > 1 && matches!(wallet.state, WalletState::Draining { .. }) {
        return Err(StoreError::Busy { action: "charge the message" });
    }
    let short = place > 1 && (wallet.headroom < needed || wallet.state != WalletState::Open);
    Ok(short.then_some(wallet.id))
}

fn check_state(draft: &Draft, home: &Wallet) -> Result<(), AcceptError> {
    match home.state {
        WalletState::Open => Ok(()),
        WalletState::Draining { .. } => Err(StoreError::Busy { action: "charge the message" }.into()),
        WalletState::Suspended | WalletState::Closed => {
            Err(AcceptError::Suspended { level: draft.level_of(&home.id) })
        }
    }
}

fn not_enough(draft: &Draft, home: &Wallet, wallet: &WalletId, legs: &[Leg]) -> AcceptError {
    let level = draft.level_of(wallet);
    if level > 1 {
        return AcceptError::NotEnoughAbove { level };
    }
    let needed = legs.first().map_or(Amount::ZERO, |leg| leg.amount);
    AcceptError::NotEnough { available: home.headroom, needed }
}

pub(crate) fn draft_key(draft: &Draft) -> Key {
    match &draft.single {
        Some(id) => keys::message(id),
        None => keys::batch(&draft.batch.id),
    }
}

pub(crate) fn row_item(row: &Row) -> Result<Item, StoreError> {
    match row {
        Row::Message(message) => message_item(message),
        Row::Batch(batch) => {
            let item = document(&keys::batch(&batch.id), batch)?;
            Ok(expiring(item, row_kept_until(batch.accepted_at)))
        }
    }
}

/// What has been tried for one acceptance, so that no step is repeated for ever.
#[derive(Debug, Default)]
struct Tried {
    refilled: BTreeSet<Pot>,
    /// Once while what is set aside counts, and once more when it does not.
    recalled: BTreeSet<(Pot, bool)>,
    exact: BTreeSet<WalletId>,
}

impl Tried {
    /// The first unit of a tier that reprices the others is written at the wallet it belongs to.
    fn reprices(&mut self, priced: &Priced, allowances: &BTreeMap<Pot, &Allowance>, home: &WalletId) -> bool {
        let adjusts = |pot: &&Pot| allowances.get(*pot).is_some_and(|of| of.adjustment.is_some());
        let begun = priced.stock.begun().iter().filter(adjusts).filter(|pot| pot.wallet != *home);
        let before = self.exact.len();
        self.exact.extend(begun.map(|pot| pot.wallet.clone()));
        before < self.exact.len()
    }
}

//! What the holder of a lease does: puts what it accepts, charges it by one plain write of the lease, and
//! only then says so. Two write units for a request, whatever the depth of the tree; and a block of many
//! messages is charged by one write as well.
//!
//! Memory is only a hint here: the guards of that write decide. The next number is used only once it is
//! certain what became of the one before. Where that cannot be found out, the lease is closed, so that it
//! cannot land any more.

mod lines;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use domain::allowance::{Allowance, Gone, Pot, Stock};
use domain::batch::{Draft, Priced, Row};
use domain::connection::ConnectionKind;
use domain::id::{ConnectionId, WalletId};
use domain::lease::{Block, LeaseTag, Pace, Seen, Standing};
use domain::money::{Amount, AmountError};
use domain::wallet::{Lease, Leg, Operation, OperationKind, Wallet, WalletState};
use jiff::Timestamp;

use super::{CLOSE_ATTEMPTS_MAX, Changed, Put, block_reference, lease_of};
use crate::accept::{draft_key, row_item};
use crate::escrow::{Need, Needs, Recalled};
use crate::item::Item;
use crate::keys::{self, Key};
use crate::transact::pause;
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{AcceptError, Accepted, Requested, Store, StoreError};

/// Messages of a block. One with its outcomes then stays below what DynamoDB writes in some milliseconds,
/// and half of what a usual window allows to be under way.
const BLOCK_MAX: usize = 200;
/// A write whose answer did not come is asked again so often before the lease is closed.
const FLUSH_ATTEMPTS_MAX: u32 = 3;
/// With so many tenths of the last refill left the next one is asked for, so that few have to wait.
const LOW_TENTHS: u32 = 3;

/// A lease in the hands of its holder. It does one thing at a time.
#[derive(Debug)]
pub struct LeaseSession {
    store: Store,
    home: WalletId,
    /// As it was last seen.
    wallet: Wallet,
    /// As this holder has written it.
    lease: Lease,
    course: Course,
    /// The balance of the home wallet at the last refill, less what was spent here since.
    balance: Amount,
    pace: Pace,
    /// The escrow after the last refill.
    filled: BTreeMap<Pot, Amount>,
    /// Allowances of which nobody keeps anything, as they were when that was found.
    exhausted: BTreeMap<Pot, Gone>,
    /// The money for one message could not be had.
    is_short: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Held,
    /// Something was put or charged, and it was not found out what became of it.
    InFlight,
    Over,
}

/// How a request ended that was given to a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flushed {
    /// As it was charged and stored.
    Now(Row),
    /// There was a row under this id already.
    Before,
    /// It cannot be charged here, and was not: it is for the home wallet, in the place of the row with
    /// this tag if there is one.
    AtHome { over: Option<LeaseTag> },
}

/// What was found of a flush.
enum Flight {
    Landed,
    /// It has not, and still may.
    Open,
    /// It has not, as the lease is closed.
    Closed,
    /// Somebody else has the lease.
    Fenced,
}

/// The requests that a lease can charge, with their prices.
#[derive(Default)]
struct Fitting {
    /// With their places among those asked for.
    rows: Vec<(usize, Row)>,
    legs: BTreeMap<Pot, Amount>,
    /// What the dearest takes of each pot.
    units: BTreeMap<Pot, Amount>,
    /// Of allowances, all that there ever is.
    sizes: BTreeMap<Pot, Amount>,
    empty: BTreeSet<Pot>,
}

impl LeaseSession {
    /// `wallet` is the lease as it was just taken.
    pub(super) fn new(
        store: Store,
        home: WalletId,
        wallet: Wallet,
        balance: Amount,
        pace: Pace,
    ) -> Result<Self, StoreError> {
        let lease = lease_of(&wallet)?.clone();
        Ok(Self {
            store,
            home,
            wallet,
            lease,
            course: Course::Held,
            balance,
            pace,
            filled: BTreeMap::new(),
            exhausted: BTreeMap::new(),
            is_short: false,
        })
    }

    /// The wallet of the lease.
    pub fn id(&self) -> &WalletId {
        &self.wallet.id
    }

    /// Whether there is nothing more to do with it.
    pub fn is_over(&self) -> bool {
        self.course == Course::Over
    }

    /// Whether it is over for want of money.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// Whether its time is over because nothing was sent.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        !self.lease.is_usable(now)
    }

    /// Charges a request and stores its row, all or nothing. An error says that nobody knows whether it
    /// was charged.
    pub async fn send(&mut self, draft: &Draft, now: Timestamp) -> Result<Flushed, StoreError> {
        if !self.is_usable(now).await? {
            return Ok(Flushed::AtHome { over: None });
        }
        let mut fitting = self.prepare(&[draft], now).await?;
        let (Some((_, row)), false) = (fitting.rows.pop(), self.is_over()) else {
            return Ok(Flushed::AtHome { over: None });
        };
        let tag = self.next_tag();
        let row = row.charged_by(tag.clone());
        let item = row_item(&row)?;
        self.course = Course::InFlight;
        let counts = match self.put_row(&row, item, &tag).await {
            Ok(Put::Now) => self.charge(&fitting, row.reference(), &tag, now).await?,
            Ok(Put::Before) => {
                self.course = Course::Held;
                return Ok(Flushed::Before);
            }
            // It may be there, or come yet: its number must never be charged for another.
            Err(_) => self.settle(&tag).await?,
        };
        Ok(if counts { Flushed::Now(row) } else { Flushed::AtHome { over: Some(tag) } })
    }

    /// Its own first try is no other row.
    async fn put_row(&self, row: &Row, item: Item, tag: &LeaseTag) -> Result<Put, StoreError> {
        if self.store.put_before_flush(item).await? == Put::Now {
            return Ok(Put::Now);
        }
        let found = self.store.row(&row_key(row)).await?;
        let is_own = found.as_ref().and_then(Row::lease) == Some(tag);
        Ok(if is_own { Put::Now } else { Put::Before })
    }

    /// Accepts messages that came together, each to one recipient: those for one SMPP connection as blocks,
    /// those for vendors with an HTTP API one by one, and those that a lease cannot charge at the home
    /// wallet. For each, in their order, how it was accepted or why not; in a block messages have other ids
    /// than they were drafted with. An error says that nobody knows which of them were charged.
    pub async fn flush(
        &mut self,
        drafts: &[Draft],
        now: Timestamp,
    ) -> Result<Vec<Result<Row, AcceptError>>, StoreError> {
        let mut accepted = BTreeMap::new();
        for places in in_blocks(drafts) {
            let together: Vec<&Draft> = places.iter().map(|place| &drafts[*place]).collect();
            let charged = self.flush_block(&together, now).await?;
            accepted.extend(charged.into_iter().map(|(place, row)| (places[place], row)));
        }
        let mut outcomes = Vec::with_capacity(drafts.len());
        for (place, draft) in drafts.iter().enumerate() {
            outcomes.push(match accepted.remove(&place) {
                Some(row) => Ok(row),
                None => self.accept_alone(draft, now).await?,
            });
        }
        Ok(outcomes)
    }

    async fn accept_alone(
        &mut self,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Result<Row, AcceptError>, StoreError> {
        let over = match draft.batch.connection_kind {
            ConnectionKind::Smpp => None,
            ConnectionKind::Http => match self.send(draft, now).await? {
                Flushed::Now(row) => return Ok(Ok(row)),
                Flushed::Before => None,
                Flushed::AtHome { over } => over,
            },
        };
        Ok(self.at_home(draft, over.as_ref()).await)
    }

    /// Gives back what is unused. To be called when there is nothing to send for a while; a lease that
    /// nobody closes is reclaimed.
    pub async fn close(&mut self) -> Result<(), StoreError> {
        let next = self.next_tag();
        if self.course != Course::Over {
            self.settle(&next).await?;
        }
        Ok(())
    }

    /// Finds out what became of a request that was cut short. False if there was none.
    pub async fn settle_unfinished(&mut self) -> Result<bool, StoreError> {
        if self.course != Course::InFlight {
            return Ok(false);
        }
        let next = self.next_tag();
        self.settle(&next).await.map(|_| true)
    }

    /// Those that were charged, by their places.
    async fn flush_block<D: Borrow<Draft>>(
        &mut self,
        drafts: &[D],
        now: Timestamp,
    ) -> Result<BTreeMap<usize, Row>, StoreError> {
        if !self.is_usable(now).await? {
            return Ok(BTreeMap::new());
        }
        let all: Vec<&Draft> = drafts.iter().map(Borrow::borrow).collect();
        let mut fitting = self.prepare(&all, now).await?;
        let (mut places, mut messages) = (Vec::new(), Vec::new());
        for (place, row) in std::mem::take(&mut fitting.rows) {
            if let Row::Message(message) = row {
                places.push(place);
                messages.push(*message);
            }
        }
        if messages.is_empty() || self.is_over() {
            return Ok(BTreeMap::new());
        }
        let tag = self.next_tag();
        let block = Block::new(tag.clone(), messages, now);
        self.course = Course::InFlight;
        let charged = match self.store.put_block(&block, now).await {
            // Nobody but this holder puts a block under this fence: what is there is its own first try.
            Ok(Put::Now | Put::Before) => self.charge(&fitting, &block_reference(&tag), &tag, now).await?,
            Err(_) => self.settle(&tag).await?,
        };
        let rows = block.messages.into_iter().map(|message| Row::Message(Box::new(message)));
        Ok(if charged { places.into_iter().zip(rows).collect() } else { BTreeMap::new() })
    }

    async fn at_home(&self, draft: &Draft, over: Option<&LeaseTag>) -> Result<Row, AcceptError> {
        match self.store.accept_over(draft, over, &mut Seen::default()).await? {
            Accepted::Now(row) => Ok(row),
            Accepted::Before => match self.store.standing_row(&draft_key(draft)).await? {
                Requested::Counts(row) => Ok(row),
                _ => Err(StoreError::Busy { action: "charge the message" }.into()),
            },
        }
    }

    /// A request that was cut short is settled first; one whose time is over closes the lease.
    async fn is_usable(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        self.settle_unfinished().await?;
        if self.course == Course::Held && !self.lease.is_usable(now) {
            self.close().await?;
        }
        Ok(self.course == Course::Held)
    }

    fn next_tag(&self) -> LeaseTag {
        LeaseTag { lease: self.wallet.id.clone(), fence: self.lease.fence, number: self.lease.written + 1 }
    }

    /// Prices what can be charged here, with escrow asked for in time. A lease that cannot get the money
    /// for one message is closed, as what it keeps is missing elsewhere.
    async fn prepare(&mut self, drafts: &[&Draft], now: Timestamp) -> Result<Fitting, StoreError> {
        let allowances: BTreeMap<Pot, &Allowance> =
            drafts.iter().flat_map(|draft| draft.allowances()).collect();
        let (mut recalled, mut filled) = (false, false);
        loop {
            let read =
                self.store.read_stock(drafts, self.wallet.clone(), &allowances, &BTreeSet::new()).await?;
            let all = fit(drafts, &read.stock, &allowances, self.balance, None)?;
            if !recalled && self.recall_empty(&all.empty, &read.stock).await? {
                recalled = true;
                self.wallet = self.store.known_wallet(&self.wallet.id).await?;
                continue;
            }
            if !filled && all.legs.iter().any(|(pot, needed)| self.is_low(pot, *needed)) {
                filled = true;
                self.fill(&all, now).await?;
                continue;
            }
            let fitting = fit(drafts, &read.stock, &allowances, self.balance, Some(&self.wallet))?;
            let is_short =
                |(pot, unit): (&Pot, &Amount)| pot.allowance.is_none() && self.wallet.escrow_on(pot) < *unit;
            if fitting.rows.is_empty() && all.units.iter().any(is_short) {
                self.is_short = true;
                self.close().await?;
            }
            return Ok(fitting);
        }
    }

    /// Before a later source is used, what others keep of the earlier ones comes back. True if anything
    /// did.
    async fn recall_empty(&mut self, empty: &BTreeSet<Pot>, stock: &Stock) -> Result<bool, StoreError> {
        let mut recalled = false;
        for pot in empty.iter().filter(|pot| pot.allowance.is_some()) {
            let gone = stock.gone.get(pot).copied().unwrap_or_default();
            if gone.granted.is_positive() && self.exhausted.get(pot) != Some(&gone) {
                recalled |= self.store.recall(pot, None).await? == Recalled::Something;
                self.exhausted.insert(pot.clone(), gone);
            }
        }
        Ok(recalled)
    }

    fn is_low(&self, pot: &Pot, needed: Amount) -> bool {
        let escrow = self.wallet.escrow_on(pot);
        let filled = self.filled.get(pot).copied().unwrap_or_default();
        let low = filled.divided_down(10).checked_times(LOW_TENTHS).unwrap_or_default();
        escrow < needed || (escrow < low && !needed.is_zero())
    }

    /// Asks for escrow for what is low: for as much as suits the pace, or else for little.
    async fn fill(&mut self, wanted: &Fitting, now: Timestamp) -> Result<(), StoreError> {
        let is_low = |(pot, needed): &(&Pot, &Amount)| self.is_low(pot, **needed);
        let low: Vec<Pot> = wanted.legs.iter().filter(is_low).map(|(pot, _)| pot.clone()).collect();
        let factor = self.pace.factor(now);
        for factor in BTreeSet::from([1, factor]).into_iter().rev() {
            let needs: Result<Needs, AmountError> =
                low.iter().map(|pot| Ok((pot.clone(), wanted.need(pot, factor)?))).collect();
            self.store.refill(&self.wallet, &needs?).await?;
            self.wallet = self.store.known_wallet(&self.wallet.id).await?;
            if wanted.is_covered_by(&self.wallet) {
                break;
            }
            self.pace.refused(now);
        }
        for pot in low {
            let escrow = self.wallet.escrow_on(&pot);
            self.filled.insert(pot, escrow);
        }
        let home = self.store.known_wallet(&self.home).await?;
        self.balance = self.store.balance(&home).await?;
        Ok(())
    }

    /// The one write that makes a flush count. False if it does not and never will.
    async fn charge(
        &mut self,
        wanted: &Fitting,
        reference: &str,
        tag: &LeaseTag,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut filled = false;
        for _ in 0..FLUSH_ATTEMPTS_MAX {
            let change = self.flush_of(wanted, reference, now);
            // Where no answer comes the same is asked again.
            let Ok(changed) = self.store.change_alone("charge a flush", change).await else { continue };
            let (Changed::Now(wallet) | Changed::Refused(wallet)) = changed;
            match self.flight(&wallet)? {
                Flight::Landed => {
                    self.landed(*wallet)?;
                    return self.spent(wanted).map(|()| true);
                }
                // Escrow was called back meanwhile.
                Flight::Open if !filled => {
                    filled = true;
                    self.wallet = *wallet;
                    if self.fill(wanted, now).await.is_err() {
                        break;
                    }
                }
                Flight::Open | Flight::Closed | Flight::Fenced => break,
            }
        }
        let counts = self.settle(tag).await?;
        if counts {
            self.spent(wanted)?;
        }
        Ok(counts)
    }

    fn flush_of(&self, wanted: &Fitting, reference: &str, now: Timestamp) -> WalletChange {
        let operation = Operation { kind: OperationKind::Charge, reference: reference.to_owned() };
        let Lease { holder, fence, written, .. } = self.lease.clone();
        let change = WalletChange::new(&self.wallet.id, operation)
            .guard(Guard::Lease { holder, fence, written })
            .guard(Guard::Open)
            .lease(self.lease.flushed(written + 1, now));
        wanted.legs.iter().fold(change, |change, (pot, amount)| {
            change.take(Sum::Escrow(pot.clone()), *amount).add(Sum::Used(pot.clone()), *amount)
        })
    }

    /// What the lease's item says of the flush that comes next.
    fn flight(&self, wallet: &Wallet) -> Result<Flight, StoreError> {
        let found = lease_of(wallet)?;
        if (found.fence, &found.holder) != (self.lease.fence, &self.lease.holder) {
            return Ok(Flight::Fenced);
        }
        Ok(match &wallet.state {
            _ if self.lease.written < found.written => Flight::Landed,
            WalletState::Open => Flight::Open,
            _ => Flight::Closed,
        })
    }

    /// Ends the uncertainty: either the flush counts, or the lease is closed and it never will.
    async fn settle(&mut self, tag: &LeaseTag) -> Result<bool, StoreError> {
        for attempt in 0..CLOSE_ATTEMPTS_MAX {
            if let Some(counts) = self.settled(tag).await.unwrap_or_default() {
                return Ok(counts);
            }
            pause(attempt).await;
        }
        // It is left to those who reclaim it.
        self.course = Course::Over;
        Err(StoreError::Busy { action: "settle a lease" })
    }

    /// None if it has to be looked at again.
    async fn settled(&mut self, tag: &LeaseTag) -> Result<Option<bool>, StoreError> {
        let wallet = self.store.known_wallet(&self.wallet.id).await?;
        match self.flight(&wallet)? {
            Flight::Landed => {
                self.landed(wallet)?;
                Ok(Some(true))
            }
            Flight::Open if !self.store.close_lease(&wallet).await? => Ok(None),
            Flight::Open | Flight::Closed | Flight::Fenced => {
                let standing = self.store.standing(tag).await?;
                self.course = Course::Over;
                Ok(Some(standing == Standing::Counts))
            }
        }
    }

    fn landed(&mut self, wallet: Wallet) -> Result<(), StoreError> {
        self.lease = lease_of(&wallet)?.clone();
        // It may have been closed since.
        self.course = if wallet.state == WalletState::Open { Course::Held } else { Course::Over };
        self.wallet = wallet;
        Ok(())
    }

    fn spent(&mut self, wanted: &Fitting) -> Result<(), StoreError> {
        let spent = wanted.legs.get(&Pot::money(&self.home)).copied().unwrap_or_default();
        self.balance = self.balance.checked_sub(spent)?;
        Ok(())
    }
}

impl Fitting {
    fn need(&self, pot: &Pot, factor: u32) -> Result<Need, AmountError> {
        let of = |amounts: &BTreeMap<Pot, Amount>| amounts.get(pot).copied();
        let unit = of(&self.units).unwrap_or_default().checked_times(factor)?;
        Ok(Need { now: of(&self.legs).unwrap_or_default(), unit, size: of(&self.sizes) })
    }

    fn is_covered_by(&self, wallet: &Wallet) -> bool {
        self.legs.iter().all(|(pot, needed)| *needed <= wallet.escrow_on(pot))
    }

    /// Takes one more in. False, and nothing taken, if the escrow of the lease `within` which it has to be
    /// does not allow it.
    fn add(&mut self, legs: &[Leg], within: Option<&Wallet>) -> Result<bool, AmountError> {
        let legs = || legs.iter().filter(|leg| !leg.amount.is_zero());
        if let Some(wallet) = within {
            for leg in legs() {
                let sum = self.legs.get(&leg.pot).copied().unwrap_or_default().checked_add(leg.amount)?;
                if wallet.escrow_on(&leg.pot) < sum {
                    return Ok(false);
                }
            }
        }
        for leg in legs() {
            match self.legs.get_mut(&leg.pot) {
                Some(sum) => *sum = sum.checked_add(leg.amount)?,
                None => drop(self.legs.insert(leg.pot.clone(), leg.amount)),
            }
        }
        Ok(true)
    }
}

/// Prices requests one after another. Left out are those that cannot be sold as things stand, that count
/// somebody into a bundle or reprice others, which is written at the wallets concerned, and those that the
/// escrow of the lease `within` which they have to be does not cover.
fn fit(
    drafts: &[&Draft],
    stock: &Stock,
    allowances: &BTreeMap<Pot, &Allowance>,
    balance: Amount,
    within: Option<&Wallet>,
) -> Result<Fitting, AmountError> {
    let sizes = allowances.iter().map(|(pot, allowance)| (pot.clone(), allowance.size)).collect();
    let mut fitting = Fitting { sizes, ..Fitting::default() };
    let mut stock = stock.clone();
    for (place, draft) in drafts.iter().enumerate() {
        let Ok(priced) = draft.price(stock.clone(), balance) else { continue };
        let Priced { row, legs, units, stock: after } = priced;
        let adjusts = |pot: &Pot| allowances.get(pot).is_some_and(|of| of.adjustment.is_some());
        let reprices = after.begun().difference(stock.begun()).any(adjusts);
        if reprices || after.joined() != stock.joined() {
            continue;
        }
        if !fitting.add(&legs, within)? {
            continue;
        }
        for (pot, unit) in units {
            let most = fitting.units.entry(pot).or_default();
            *most = (*most).max(unit);
        }
        fitting.rows.push((place, row));
        stock = after;
    }
    fitting.empty = stock.empty().clone();
    Ok(fitting)
}

/// The places of the drafts that may share a block: a block is worked on by one connection's owner.
fn in_blocks(drafts: &[Draft]) -> Vec<Vec<usize>> {
    let mut by_connection: BTreeMap<&ConnectionId, Vec<usize>> = BTreeMap::new();
    for (place, draft) in drafts.iter().enumerate() {
        if draft.batch.connection_kind == ConnectionKind::Smpp {
            by_connection.entry(&draft.batch.connection).or_default().push(place);
        }
    }
    by_connection.values().flat_map(|places| places.chunks(BLOCK_MAX)).map(<[usize]>::to_vec).collect()
}

fn row_key(row: &Row) -> Key {
    match row {
        Row::Message(message) => keys::message(&message.id),
        Row::Batch(batch) => keys::batch(&batch.id),
    }
}

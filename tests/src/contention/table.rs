//! What DynamoDB does to writers of the same item: transactions cancel each other, a plain update on an
//! item that a transaction holds is refused, and an item takes so many write units a second.
//!
//! Only items that several writers share are modelled. A message's row has a key of its own: nobody
//! else writes it, and a transaction's other items decide.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rand::RngExt;
use rand::rngs::StdRng;
use store::CONFLICT_ATTEMPTS_MAX;

use super::clock::{Clock, Micros};

/// Half of what a transaction takes beyond its hold. With a hold of 20 ms it takes the median that was
/// published for five items, 25 ms (A. DeBrie, dynamodb-performance-testing, 2020).
const ONE_WAY: Micros = 2_500;
/// The median of a put, from the same test.
pub const PLAIN_WRITE: Micros = 7_600;
/// Assumed: a strongly consistent read.
pub const READ: Micros = 5_000;

/// What one item may be written in a second: the limit of a partition, and an item cannot be split
/// (Developer Guide, "Designing partition keys").
const UNITS_PER_SECOND: u64 = 1_000;
/// Items are smaller than 1 KB; a transaction prepares and commits (Developer Guide, "Transactions").
const UNITS_OF_TRANSACTION: u64 = 2;
const UNITS_OF_UPDATE: u64 = 1;
const MICROS_PER_UNIT: Micros = 1_000_000 / UNITS_PER_SECOND;

/// As in `store`, which draws a pause up to this bound, doubled for each of the first five tries.
const CONFLICT_PAUSE: Micros = 10_000;

/// One item, by its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemId(usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A condition did not hold.
    Condition,
    /// Others were in the way at every try.
    Busy,
}

/// The answer to one try.
enum Answer {
    Written,
    Condition,
    Conflict,
    Throttled,
}

/// Counts of tries: transactions and plain updates alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    pub all: u64,
    pub conflicts: u64,
    pub throttled: u64,
    /// First tries of an operation, and those of them that met a conflict.
    pub first: u64,
    pub first_conflicts: u64,
}

struct Item {
    held_until: Micros,
    /// Its capacity as time: what has passed since then is unused, and each unit written takes a part.
    unused_since: Micros,
    tries: u64,
}

pub struct Table {
    clock: Rc<Clock>,
    random: RefCell<StdRng>,
    hold: Micros,
    reserve: Micros,
    items: RefCell<Vec<Item>>,
    tries: Cell<Tries>,
}

impl Table {
    /// Transactions keep their items for `hold`; an item may use the unused capacity of the time
    /// `reserve`, which lies behind it when the model begins.
    pub fn new(clock: Rc<Clock>, random: StdRng, hold: Micros, reserve: Micros) -> Self {
        let random = RefCell::new(random);
        Self { clock, random, hold, reserve, items: RefCell::default(), tries: Cell::default() }
    }

    pub fn add_item(&self) -> ItemId {
        let mut items = self.items.borrow_mut();
        items.push(Item { held_until: 0, unused_since: 0, tries: 0 });
        ItemId(items.len() - 1)
    }

    pub fn tries(&self) -> Tries {
        self.tries.get()
    }

    pub fn tries_on(&self, item: ItemId) -> u64 {
        self.items.borrow()[item.0].tries
    }

    /// Writes all items or none. `change` says whether the conditions hold and, if so, makes the change.
    pub async fn transact(&self, items: &[ItemId], change: impl Fn() -> bool) -> Result<(), Refused> {
        self.retried(async || self.try_transaction(items, &change).await).await
    }

    /// One conditional update outside of any transaction.
    pub async fn update(&self, item: ItemId, change: impl Fn() -> bool) -> Result<(), Refused> {
        self.retried(async || self.try_update(item, &change).await).await
    }

    /// Tries and pauses as `store` does.
    async fn retried(&self, attempt: impl AsyncFn() -> Answer) -> Result<(), Refused> {
        for number in 0..CONFLICT_ATTEMPTS_MAX {
            let answer = attempt().await;
            self.count(&answer, number == 0);
            match answer {
                Answer::Written => return Ok(()),
                Answer::Condition => return Err(Refused::Condition),
                Answer::Conflict | Answer::Throttled => {}
            }
            let bound = CONFLICT_PAUSE << number.min(5);
            let pause = self.random.borrow_mut().random_range(0..=bound);
            self.clock.sleep(pause).await;
        }
        Err(Refused::Busy)
    }

    async fn try_transaction(&self, items: &[ItemId], change: &impl Fn() -> bool) -> Answer {
        self.clock.sleep(ONE_WAY).await;
        let answer = self.prepare(items);
        if let Err(in_the_way) = answer {
            self.clock.sleep(ONE_WAY).await;
            return in_the_way;
        }
        self.clock.sleep(self.hold).await;
        let changed = change();
        self.clock.sleep(ONE_WAY).await;
        if changed { Answer::Written } else { Answer::Condition }
    }

    async fn try_update(&self, item: ItemId, change: &impl Fn() -> bool) -> Answer {
        self.clock.sleep(ONE_WAY).await;
        let answer = if !self.take_units(&[item], UNITS_OF_UPDATE) {
            Answer::Throttled
        } else if self.is_held(item) {
            Answer::Conflict
        } else if change() {
            Answer::Written
        } else {
            Answer::Condition
        };
        self.clock.sleep(PLAIN_WRITE - ONE_WAY).await;
        answer
    }

    /// Takes all items, or is cancelled; then those that it got stay taken until the cancellation reaches
    /// them, after half the time (assumed).
    fn prepare(&self, items: &[ItemId]) -> Result<(), Answer> {
        if !self.take_units(items, UNITS_OF_TRANSACTION) {
            return Err(Answer::Throttled);
        }
        let got: Vec<_> = items.iter().filter(|item| !self.is_held(**item)).collect();
        let all = got.len() == items.len();
        let held_until = self.clock.now() + if all { self.hold } else { self.hold / 2 };
        for item in got {
            self.items.borrow_mut()[item.0].held_until = held_until;
        }
        if all { Ok(()) } else { Err(Answer::Conflict) }
    }

    fn is_held(&self, item: ItemId) -> bool {
        self.clock.now() < self.items.borrow()[item.0].held_until
    }

    /// Uses write units of every item, also for a try that is then cancelled (assumed), or of none.
    fn take_units(&self, ids: &[ItemId], units: u64) -> bool {
        // The beginning has the reserve behind it.
        let now = self.clock.now() + self.reserve;
        let oldest = now - self.reserve;
        let need = units * MICROS_PER_UNIT;
        let mut items = self.items.borrow_mut();
        for id in ids {
            let item = &mut items[id.0];
            item.tries += 1;
            item.unused_since = item.unused_since.max(oldest);
        }
        let enough = ids.iter().all(|id| items[id.0].unused_since + need <= now);
        if enough {
            ids.iter().for_each(|id| items[id.0].unused_since += need);
        }
        enough
    }

    fn count(&self, answer: &Answer, first: bool) {
        let mut tries = self.tries.get();
        let conflict = matches!(answer, Answer::Conflict);
        tries.all += 1;
        tries.conflicts += u64::from(conflict);
        tries.throttled += u64::from(matches!(answer, Answer::Throttled));
        tries.first += u64::from(first);
        tries.first_conflicts += u64::from(first && conflict);
        self.tries.set(tries);
    }
}

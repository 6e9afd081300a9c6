//! The store on an embedded DynamoDB: each guarded write under races, lost answers and duplicates; what
//! writes cost; and the ledger under a seeded simulation.

mod accepting;
mod directory;
mod leases;
mod money;
mod paying;
mod records;
mod seeded;
mod settings;
mod write_units;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use store::{Store, StoreError};
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::World;

/// The keys that the transactions of a store have written to.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<String>>>);

impl Writes {
    /// How many of the writes were to items under these keys.
    fn writes_under(&self, keys: &[String]) -> usize {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.iter().filter(|key| keys.contains(key)).count()
    }
}

/// A store, and what its transactions write to.
fn observed(world: &World) -> (Writes, Store) {
    let writes = Writes::default();
    let noted = writes.clone();
    let store = world.store_with(move |call: &Call| {
        let items = call.body["TransactItems"].as_array().into_iter().flatten();
        let keys = items.filter_map(|item| item["Update"]["Key"]["pk"]["S"].as_str()).map(str::to_owned);
        noted.0.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
        Fault::None
    });
    (writes, store)
}

/// The first write of a client fails so; every other call succeeds.
fn first_write(fault: Fault) -> impl Fn(&Call) -> Fault + Send + Sync + 'static {
    nth_write(1, fault)
}

/// The `number`-th write of a client, counted from 1, fails so.
fn nth_write(number: usize, fault: Fault) -> impl Fn(&Call) -> Fault + Send + Sync + 'static {
    let writes = AtomicUsize::new(0);
    move |call: &Call| {
        let is_it = call.is_write && writes.fetch_add(1, Ordering::SeqCst) + 1 == number;
        if is_it { fault } else { Fault::None }
    }
}

/// Whether nobody knows if a write was applied.
fn is_unknown<T>(written: &Result<T, StoreError>) -> bool {
    matches!(written, Err(StoreError::Aws { .. }))
}

//! This design at high rates: the holder of a lease writes blocks of messages, each made effective by one
//! plain update of the lease's item. A transaction with the home wallet tops the lease up once in some
//! hundred messages, while blocks go on.
//!
//! Each client has one lease, as on one SMPP bind; several share out the same top-ups.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use domain::wallet::REFILL_SENDS;

use super::clock::Micros;
use super::home::refill;
use super::table::{PLAIN_WRITE, READ, Refused};
use super::world::{Client, Wallet, World};

pub const BLOCK_MESSAGES_MAX: u64 = 100;
const GRANT: u64 = REFILL_SENDS as u64;
/// Below this a top-up is asked for: at 1,000 messages a second it has 120 ms.
pub const LOW: u64 = GRANT * 3 / 10;

pub struct Lease {
    wallet: Wallet,
    /// When each message came that is in no block yet.
    waiting: RefCell<VecDeque<Micros>>,
    writing: Cell<bool>,
    topping_up: Cell<bool>,
}

impl Lease {
    pub fn new(wallet: Wallet) -> Self {
        Self { wallet, waiting: RefCell::default(), writing: Cell::default(), topping_up: Cell::default() }
    }
}

/// Hands a message to the holder of the lease.
pub fn submit(world: &Rc<World>, client: &Rc<Client>, lease: &Rc<Lease>) {
    lease.waiting.borrow_mut().push_back(world.clock.now());
    write(world, client, lease);
}

/// Begins to write blocks, unless the holder does.
fn write(world: &Rc<World>, client: &Rc<Client>, lease: &Rc<Lease>) {
    if !lease.writing.replace(true) {
        let (world, client, lease) = (world.clone(), client.clone(), lease.clone());
        world.clone().clock.spawn(async move { write_blocks(&world, &client, &lease).await });
    }
}

/// Writes block after block until nothing waits or the escrow is gone; a top-up begins it again.
async fn write_blocks(world: &Rc<World>, client: &Rc<Client>, lease: &Rc<Lease>) {
    loop {
        if lease.wallet.escrow.get() <= LOW && !lease.topping_up.replace(true) {
            let (world, client, lease) = (world.clone(), client.clone(), lease.clone());
            world.clone().clock.spawn(async move { top_up(&world, &client, &lease).await });
        }
        let block = next_block(lease);
        if block.is_empty() {
            lease.writing.set(false);
            return;
        }
        // The block has a key of its own; it counts once the lease's item says so.
        world.clock.sleep(PLAIN_WRITE).await;
        let messages = block.len() as u64;
        let flushed = world.table.update(lease.wallet.item, || lease.wallet.take(messages)).await;
        block.into_iter().for_each(|came| world.answer(came, flushed));
    }
}

fn next_block(lease: &Lease) -> Vec<Micros> {
    let mut waiting = lease.waiting.borrow_mut();
    let messages = BLOCK_MESSAGES_MAX.min(lease.wallet.escrow.get()).min(waiting.len() as u64);
    waiting.drain(..messages as usize).collect()
}

async fn top_up(world: &Rc<World>, client: &Rc<Client>, lease: &Rc<Lease>) {
    let granted = grant(world, &client.home, &lease.wallet).await;
    lease.topping_up.set(false);
    if granted.is_err() && lease.wallet.escrow.get() == 0 {
        let waiting = std::mem::take(&mut *lease.waiting.borrow_mut());
        waiting.into_iter().for_each(|came| world.answer(came, granted));
    }
    if !lease.waiting.borrow().is_empty() {
        write(world, client, lease);
    }
}

/// Moves escrow from the home wallet to the lease; a home that has too little gets it from above first,
/// and as much again for the next time.
async fn grant(world: &World, home: &Wallet, lease: &Wallet) -> Result<(), Refused> {
    world.clock.sleep(READ).await;
    if home.escrow.get() < GRANT {
        refill(world, home, world.shared, 2 * GRANT).await?;
        world.clock.sleep(READ).await;
    }
    let seen = lease.refills.get();
    let moved = || home.escrow.get() >= GRANT && lease.refill(seen, GRANT) && home.take(GRANT);
    world.table.transact(&[home.item, lease.item], moved).await
}

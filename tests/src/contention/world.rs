//! One owner's reseller with its clients: the wallets, who sends when, and what became of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use domain::wallet::REFILL_SENDS;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::clock::{Clock, Micros};
use super::lease::{self, Lease};
use super::table::{ItemId, Refused, Table};
use super::{Design, Escrow, Measured, Options, every_level, home};

const SECOND: Micros = 1_000_000;

/// A wallet below another one. Money is counted in messages, of which the wallet above has any number.
pub struct Wallet {
    pub item: ItemId,
    pub escrow: Cell<u64>,
    pub refills: Cell<u64>,
}

impl Wallet {
    fn new(item: ItemId, escrow: u64) -> Self {
        Self { item, escrow: Cell::new(escrow), refills: Cell::new(0) }
    }

    pub fn take(&self, messages: u64) -> bool {
        let left = self.escrow.get().checked_sub(messages);
        left.inspect(|left| self.escrow.set(*left)).is_some()
    }

    /// Adds escrow unless another refill has come since `seen`.
    pub fn refill(&self, seen: u64, messages: u64) -> bool {
        let first = self.refills.get() == seen;
        if first {
            self.refills.set(seen + 1);
            self.escrow.set(self.escrow.get() + messages);
        }
        first
    }
}

pub struct Client {
    pub home: Wallet,
    pub lease: Option<Rc<Lease>>,
}

pub struct World {
    pub clock: Rc<Clock>,
    pub table: Table,
    /// The wallet right above all clients.
    pub shared: ItemId,
    latencies: RefCell<Vec<Micros>>,
    refused: Cell<u64>,
}

/// Lets every client send for the given time and waits for the last answer.
pub fn run(options: Options) -> Measured {
    let mut random = StdRng::seed_from_u64(options.seed);
    let clock = Rc::new(Clock::default());
    let reserve = options.burst_seconds.max(1) * SECOND;
    let jitter = StdRng::seed_from_u64(random.random());
    let table = Table::new(clock.clone(), jitter, options.hold_ms * 1_000, reserve);
    let shared = table.add_item();
    let clients: Vec<_> =
        (0..options.clients).map(|_| Rc::new(client(&table, options, &mut random))).collect();
    let (latencies, refused) = (RefCell::default(), Cell::default());
    let world = Rc::new(World { clock: clock.clone(), table, shared, latencies, refused });
    clock.spawn(offer(world.clone(), clients, options, random));
    clock.run();
    world.measured(options)
}

fn client(table: &Table, options: Options, random: &mut StdRng) -> Client {
    let grant = u64::from(REFILL_SENDS);
    // In steady operation a wallet is somewhere between two refills.
    let mut wallet = |least: u64, refill: u64| {
        let escrow = match options.escrow {
            Escrow::Steady => least + random.random_range(1..=refill),
            Escrow::None => 0,
        };
        Wallet::new(table.add_item(), escrow)
    };
    if !options.uses_leases() {
        return Client { home: wallet(0, grant), lease: None };
    }
    let home = wallet(0, 2 * grant);
    Client { home, lease: Some(Rc::new(Lease::new(wallet(lease::LOW, grant)))) }
}

/// Open arrivals: nobody waits for an answer before the next message. Those of a Poisson process, when
/// their number is given, are spread evenly at random.
async fn offer(world: Rc<World>, clients: Vec<Rc<Client>>, options: Options, mut random: StdRng) {
    let end = options.seconds * SECOND;
    let mut arrivals: Vec<_> = (0..options.offered()).map(|_| random.random_range(0..end)).collect();
    arrivals.sort_unstable();
    for time in arrivals {
        world.clock.sleep_until(time).await;
        let client = clients[random.random_range(0..clients.len())].clone();
        if let Some(lease) = &client.lease {
            lease::submit(&world, &client, lease);
            continue;
        }
        let sending = world.clone();
        world.clock.spawn(async move {
            let sent = match options.design {
                Design::EveryLevel => every_level::send(&sending, &client).await,
                Design::HomeWallet => home::send(&sending, &client).await,
            };
            sending.answer(time, sent);
        });
    }
}

impl World {
    /// The answer to a message that came at this time.
    pub fn answer(&self, came: Micros, sent: Result<(), Refused>) {
        match sent {
            Ok(()) => self.latencies.borrow_mut().push(self.clock.now() - came),
            Err(_) => self.refused.set(self.refused.get() + 1),
        }
    }

    fn measured(&self, options: Options) -> Measured {
        let mut latencies = self.latencies.borrow().clone();
        latencies.sort_unstable();
        let percentile = |percent: usize| latencies.get(latencies.len() * percent / 100).copied();
        Measured {
            seconds: options.seconds,
            offered: options.offered(),
            accepted: latencies.len() as u64,
            refused: self.refused.get(),
            tries: self.table.tries(),
            shared_tries: self.table.tries_on(self.shared),
            p50: percentile(50).unwrap_or_default(),
            p99: percentile(99).unwrap_or_default(),
        }
    }
}

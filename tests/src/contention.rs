//! A model of many writers on few DynamoDB items, in virtual time: what is left of an offered load when
//! each message writes the wallet of every level in one transaction, and in this design, where it writes
//! the sender's own wallet only.
//!
//! It models what the embedded database of the other tests cannot show, since no emulator raises
//! conflicts by itself: see `table` for the rules and where they are from. It knows nothing of money; that
//! the designs charge exactly is the business of `ledger_simulation`. The same seed gives the same result.

mod clock;
mod every_level;
mod home;
mod lease;
mod report;
mod table;
mod world;

use clock::Micros;

pub use report::report;
pub use table::Tries;
pub use world::run;

/// How a message is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Naive: one transaction over the row and the wallets of all levels.
    EveryLevel,
    /// This design: the sender's own wallet with escrow, or a lease for a client with a high rate.
    HomeWallet,
}

/// What clients have set aside for them in the wallet above when the model begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escrow {
    /// As in operation: each is somewhere between two refills.
    Steady,
    /// Nobody has any.
    None,
}

/// What to model. The load is that of all clients together, evenly at random over time and clients.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub seed: u64,
    pub design: Design,
    /// Clients of one reseller, whose wallet they share.
    pub clients: u64,
    pub messages_per_second: u64,
    pub seconds: u64,
    /// How long a transaction keeps its items. AWS publishes no figure.
    pub hold_ms: u64,
    /// Unused capacity of so many seconds, at least one, may be used in a burst.
    pub burst_seconds: u64,
    pub escrow: Escrow,
}

/// Unused capacity is kept for five minutes at best (Developer Guide, "Burst capacity").
const BURST_SECONDS: u64 = 300;
/// A client that sends more than this in a second does it through a lease.
const HOME_MESSAGES_PER_SECOND_MAX: u64 = 5;

impl Options {
    /// One reseller in steady operation, for a minute.
    pub fn new(design: Design, clients: u64, messages_per_second: u64) -> Self {
        Self {
            seed: 1,
            design,
            clients,
            messages_per_second,
            seconds: 60,
            hold_ms: 20,
            burst_seconds: BURST_SECONDS,
            escrow: Escrow::Steady,
        }
    }

    fn offered(&self) -> u64 {
        self.messages_per_second * self.seconds
    }

    fn uses_leases(&self) -> bool {
        let by_home_wallets = self.clients * HOME_MESSAGES_PER_SECOND_MAX;
        self.design == Design::HomeWallet && by_home_wallets < self.messages_per_second
    }
}

/// What became of the offered load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    pub seconds: u64,
    pub offered: u64,
    pub accepted: u64,
    /// After all tries.
    pub refused: u64,
    pub tries: Tries,
    /// Transactions that reached the wallet that all clients share, also those it cancelled.
    pub shared_tries: u64,
    /// From the arrival of a message to its answer, of those accepted.
    pub p50: Micros,
    pub p99: Micros,
}

#[cfg(test)]
mod tests;

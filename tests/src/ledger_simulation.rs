//! A seeded simulation of the ledger: random commands of several actors, interleaved at every call and
//! under faults, on the real store and its real expressions, beside a plain serial model.
//!
//! After every write the promises in `invariants` are checked on what the write was to; when nothing is in
//! flight, the model, the projections and the whole database are compared as well. The same seed gives the
//! same history. `mutations` leaves out one guard of the store at a time, to show that this would be
//! noticed.

mod actors;
mod commands;
mod invariants;
pub mod ledger;
mod model;
pub mod mutations;
mod projection;
mod replay;
mod requests;
mod rerating;
pub(crate) mod scenario;
mod simulation;

use std::fmt;

pub use invariants::{Breach, Invariant};
pub use mutations::Mutation;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub seed: u64,
    /// Commands to finish.
    pub steps: u32,
    /// A guard to leave out, to show that the checks notice.
    pub mutation: Option<Mutation>,
}

/// What a simulation without a breach did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub commands: u32,
    /// Writes, of which each was followed by a check.
    pub checks: u32,
    pub messages: usize,
    /// What leases have charged: a row or a block each.
    pub flushes: u32,
    /// Messages that were rated again, as often as they were.
    pub rerated: usize,
    pub refused: u32,
    /// Actors that died, or were thought to.
    pub kills: u32,
    /// The largest wallet there was.
    pub wallet_bytes_most: usize,
    /// The largest transaction.
    pub items_most: u64,
    /// Tells two histories apart.
    pub digest: u64,
}

impl Summary {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            commands: self.commands + other.commands,
            checks: self.checks + other.checks,
            messages: self.messages + other.messages,
            flushes: self.flushes + other.flushes,
            rerated: self.rerated + other.rerated,
            refused: self.refused + other.refused,
            kills: self.kills + other.kills,
            wallet_bytes_most: self.wallet_bytes_most.max(other.wallet_bytes_most),
            items_most: self.items_most.max(other.items_most),
            digest: self.digest ^ other.digest,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            commands,
            checks,
            messages,
            flushes,
            rerated,
            refused,
            kills,
            wallet_bytes_most,
            items_most,
            ..
        } = self;
        write!(
            out,
            "{commands} commands ({refused} refused), {messages} messages, {flushes} flushes of leases, {rerated} \
             messages rated again, {kills} kills and pauses, {checks} writes checked; the largest wallet had {wallet_bytes_most} bytes, the \
             largest transaction {items_most} items"
        )
    }
}

/// A seed that breaks a promise.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Failure {
    pub seed: u64,
    pub steps: u32,
    /// Commands that had finished.
    pub step: u32,
    pub breach: Breach,
    /// The last commands that began or ended.
    pub history: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, rule) = self.breach.invariant.rule();
        writeln!(out, "seed {} breaks a promise at step {}: {}", self.seed, self.step, self.breach)?;
        writeln!(out, "{name}: {rule}")?;
        for line in &self.history {
            writeln!(out, "  {line}")?;
        }
        let Self { seed, steps, .. } = self;
        write!(out, "again: cargo run --release -p tests --bin simulate -- --steps {steps} --seed {seed}")
    }
}

/// Runs one simulation on a runtime of its own, whose clock only moves when everyone waits.
///
/// # Panics
/// When the runtime cannot be made or the embedded database fails.
pub fn run(options: Options) -> Result<Summary, Box<Failure>> {
    run_with(options, mutations::Guards::default())
}

fn run_with(options: Options, guards: mutations::Guards) -> Result<Summary, Box<Failure>> {
    runtime().block_on(simulation::Simulation::run(options, guards))
}

/// One whose clock only moves when everyone waits.
fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime")
}

/// Runs these seeds on so many threads, until one of them fails.
///
/// # Panics
/// As [`run`].
pub fn run_seeds(seeds: std::ops::Range<u64>, steps: u32, threads: usize) -> Result<Summary, Box<Failure>> {
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    let failed = std::sync::Mutex::new(None);
    let lock = || failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let work = || {
        let mut total = Summary::default();
        while lock().is_none() {
            let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if !seeds.contains(&seed) {
                break;
            }
            match run(Options { seed, steps, mutation: None }) {
                Ok(summary) => total = total.and(summary),
                Err(failure) => *lock() = Some(failure),
            }
        }
        total
    };
    let totals = on_threads(threads, work);
    let failure = lock().take();
    match failure {
        Some(failure) => Err(failure),
        None => Ok(totals.into_iter().fold(Summary::default(), Summary::and)),
    }
}

/// The same work on so many threads. Unoptimized futures are larger than a thread's usual stack.
fn on_threads<T: Send>(threads: usize, work: impl Fn() -> T + Copy + Send) -> Vec<T> {
    const STACK_BYTES: usize = 64 << 20;
    std::thread::scope(|scope| {
        let builder = || std::thread::Builder::new().stack_size(STACK_BYTES);
        let workers = (0..threads.max(1)).map(|_| builder().spawn_scoped(scope, work).expect("a thread"));
        let workers: Vec<_> = workers.collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker ends")).collect()
    })
}

//! A seeded simulation of the ledger: random commands of several actors, interleaved at every call and
//! under faults, on the real store and its real expressions, beside a plain serial model.
//!
//! After every write the identities B, E, C and F (see `domain::wallet`) are checked on the items that
//! were written; when nothing is in flight, the model, the statements and the whole database are
//! compared as well. The same seed gives the same history.

mod actors;
mod commands;
pub mod ledger;
mod model;
mod sabotage;
mod scenario;
mod simulation;
mod statements;

use std::fmt;

pub use ledger::Breach;
pub use sabotage::Sabotage;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub seed: u64,
    /// Commands to finish.
    pub steps: u32,
    /// A guard to leave out, to show that the checks notice.
    pub sabotage: Option<Sabotage>,
}

/// What a simulation without a breach did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub commands: u32,
    /// Writes, of which each was followed by a check.
    pub checks: u32,
    pub messages: usize,
    pub refused: u32,
    pub kills: u32,
    /// Tells two histories apart.
    pub digest: u64,
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
        writeln!(out, "seed {} breaks a promise at step {}: {}", self.seed, self.step, self.breach)?;
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(simulation::Simulation::run(options))
}

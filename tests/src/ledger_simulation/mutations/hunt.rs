//! Looks for a history in which a missing guard shows: first in random ones, then in one that was written
//! for it.

use super::super::{Failure, Invariant, Options, run};
use super::Mutation;

/// Commands of a random history.
const STEPS: u32 = 250;

/// How a missing guard was noticed.
#[derive(Debug, Clone)]
pub struct Catch {
    pub mutation: Mutation,
    pub failure: Failure,
    /// Seeds that were tried.
    pub tried: u64,
}

/// The first of so many seeds that breaks a promise about money or identity without this guard, and breaks
/// none with it.
pub fn hunt(mutation: Mutation, seeds: u64) -> Option<Catch> {
    (0..seeds).find_map(|seed| {
        let failure = run(Options { seed, steps: STEPS, mutation: Some(mutation) }).err()?;
        let is_real = !matches!(failure.breach.invariant, Invariant::Lively | Invariant::Small);
        let is_its_own = is_real && run(Options { seed, steps: STEPS, mutation: None }).is_ok();
        is_its_own.then(|| Catch { mutation, failure: *failure, tried: seed + 1 })
    })
}

impl std::fmt::Display for Catch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "seed {}, step {}: {}", self.failure.seed, self.failure.step, self.failure.breach)
    }
}

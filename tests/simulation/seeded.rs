//! Bounded runs of the simulation. `simulate --help` runs as many as one likes.

use tests::ledger_simulation::{Options, run};

const STEPS: u32 = 80;

#[test]
fn no_seed_breaks_a_promise_of_the_ledger() {
    for seed in 0..12 {
        if let Err(failure) = run(Options { seed, steps: STEPS, mutation: None }) {
            panic!("{failure}");
        }
    }
}

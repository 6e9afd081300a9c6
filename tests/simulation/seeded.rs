//! Bounded runs of the simulation, and that it would notice if a guard were missing. `simulate --help` runs
//! as many seeds as one likes, `mutate --help` says which guards there are.

use tests::ledger_simulation::mutations::{hunt_all, observe};
use tests::ledger_simulation::{Invariant, Mutation, Options, run, run_seeds};

/// Less than a minute on two processors. The long run is `simulate --seeds 500 --steps 2000`.
const SEEDS: u64 = 40;
const STEPS: u32 = 400;
const THREADS: usize = 2;
/// Histories to look for guards in.
const OBSERVED: u64 = 12;

#[test]
fn no_seed_breaks_a_promise_of_the_ledger() {
    for invariant in Invariant::ALL {
        let (name, rule) = invariant.rule();
        println!("{name:<10} {rule}");
    }
    match run_seeds(0..SEEDS, STEPS, THREADS) {
        Ok(summary) => {
            println!("{SEEDS} seeds of {STEPS} steps, no breach: {summary}");
            assert!(summary.rerated > 0, "{summary}");
        }
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_seed_leads_to_one_history() {
    let played = || run(Options { seed: 5, steps: STEPS, mutation: None }).expect("no breach");
    assert_eq!(played(), played());
}

#[test]
fn the_absence_of_every_guard_is_noticed() {
    let report = hunt_all(&Mutation::ALL);
    println!("{report}");
    assert!(report.survivors().is_empty(), "{report}");
}

#[test]
fn every_condition_that_the_store_sends_is_on_the_list_of_guards() {
    let seen = observe(OBSERVED).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(seen.unknown(), Vec::<String>::new());
}

//! Leaves out one guard of the store's writes after the other: `mutate`. Prints which of them were noticed,
//! by which seed and breach, and fails if one was not.

use std::process::ExitCode;

use clap::Parser;
use tests::ledger_simulation::Mutation;
use tests::ledger_simulation::mutations::hunt;

/// Proves guards by their removal.
#[derive(Parser)]
struct Arguments {
    /// Random histories to try for each guard.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// Only guards whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let Arguments { seeds, only } = Arguments::parse();
    let wanted: Vec<Mutation> =
        Mutation::ALL.into_iter().filter(|mutation| format!("{mutation:?}").contains(&only)).collect();
    let mut caught = 0;
    for mutation in &wanted {
        let sentence = mutation.sentence();
        match hunt(*mutation, seeds) {
            Some(found) => {
                caught += 1;
                println!("caught   {mutation:?} ({sentence}): {found}");
            }
            None => println!("SURVIVED {mutation:?} ({sentence})"),
        }
    }
    println!("{caught}/{} caught", wanted.len());
    if caught == wanted.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! Leaves out one guard of the store's writes after the other: `mutate`. Prints by which history and breach
//! each was noticed, and fails if one was not.

use std::process::ExitCode;

use clap::Parser;
use tests::ledger_simulation::Mutation;
use tests::ledger_simulation::mutations::hunt_all;

/// Proves guards by their removal.
#[derive(Parser)]
struct Arguments {
    /// Only guards whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// A third of the time goes into memory with the system's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let Arguments { only } = Arguments::parse();
    let wanted: Vec<Mutation> =
        Mutation::ALL.into_iter().filter(|mutation| format!("{mutation:?}").contains(&only)).collect();
    let report = hunt_all(&wanted);
    println!("{report}");
    if report.survivors().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

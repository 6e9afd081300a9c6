//! Looks for a seed on which the ledger breaks a promise: `simulate --seeds 1000 --steps 300`. Prints it,
//! and the command that plays it again.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tests::ledger_simulation::{Options, Summary, run};

/// Random commands on the real store beside a plain model, under faults, conflicts and kills.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to try.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Commands of each.
    #[arg(long, default_value_t = 300)]
    steps: u32,
    /// This seed alone; without it, the seeds from 0 on.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let Arguments { seeds, steps, seed } = Arguments::parse();
    let seeds = seed.map_or(0..seeds, |seed| seed..seed + 1);
    let began = Instant::now();
    let (mut runs, mut total) = (0, Summary::default());
    for seed in seeds {
        match run(Options { seed, steps, sabotage: None }) {
            Ok(summary) => {
                runs += 1;
                total.commands += summary.commands;
                total.checks += summary.checks;
                total.messages += summary.messages;
                total.refused += summary.refused;
                total.kills += summary.kills;
            }
            Err(failure) => {
                eprintln!("{failure}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{runs} seeds of {steps} steps in {:.1?}: {} commands ({} refused), {} messages, {} kills, {} checks, no breach",
        began.elapsed(),
        total.commands,
        total.refused,
        total.messages,
        total.kills,
        total.checks
    );
    ExitCode::SUCCESS
}

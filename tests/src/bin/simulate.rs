//! Looks for a seed on which the ledger breaks a promise: `simulate --seeds 500 --steps 2000`. Prints it,
//! and the command that plays it again.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tests::ledger_simulation::run_seeds;

/// A third of the time goes into memory with the system's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Random commands on the real store beside a plain model, under faults, conflicts and kills.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to try.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Commands of each.
    #[arg(long, default_value_t = 300)]
    steps: u32,
    /// This seed alone; without it, the seeds from `--from` on.
    #[arg(long)]
    seed: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Seeds at once; as many as there are processors unless told.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let Arguments { seeds, steps, seed, from, threads } = Arguments::parse();
    let seeds = seed.map_or(from..from + seeds, |seed| seed..seed + 1);
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let began = Instant::now();
    let count = seeds.end - seeds.start;
    match run_seeds(seeds, steps, threads) {
        Ok(total) => {
            let seconds = began.elapsed();
            println!("{count} seeds of {steps} steps in {seconds:.1?}, no breach: {total}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

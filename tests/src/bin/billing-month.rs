//! A month of traffic through the real code, added up in four ways that have to come to the same:
//! `billing-month --edrs 1000000 [--seed S]`. Exits with 1 where they do not.

use std::process::ExitCode;

use clap::Parser;
use tests::billing_month::{Options, close_only, rerate_only, run};
use tracing_subscriber::EnvFilter;

/// As the functions that allocate most have it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a month's records come to, its usage rows, the charges of its invoices and its wallets: to the last
/// digit.
#[derive(Parser)]
struct Arguments {
    /// Records to make: of each message one at every level that pays for it, and of each fee.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..))]
    edrs: u64,
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(8..))]
    agreements: u16,
    /// The same seed makes the same month.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Close a million usage rows of 1,000 agreements, and 100,000 of one, and nothing else. Fails where the
    /// function takes more than 60 s of one core for all, or 2 s for the one.
    #[arg(long)]
    close_only: bool,
    /// Rate the messages of a month again, twice, and nothing else. Fails unless both passes looked at all of
    /// them, the first changed something, the second nothing, and the sums are the same afterwards.
    #[arg(long)]
    rerate_only: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { edrs, agreements, seed, close_only: is_close_only, rerate_only: is_rerate_only } =
        Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // One core, as the targets are for one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if is_close_only {
        let mut is_fast_enough = true;
        for (agreements, rows) in [(1, 100_000), (1_000, 1_000_000)] {
            let measured = runtime.block_on(close_only::measure(agreements, rows))?;
            println!("{measured}");
            is_fast_enough &= measured.is_fast_enough();
        }
        return Ok(exit_code(is_fast_enough));
    }
    let options = Options { edrs, agreements: agreements.into(), seed };
    if is_rerate_only {
        let rerated = runtime.block_on(rerate_only(options))?;
        print!("{rerated}");
        return Ok(exit_code(rerated.is_exact()));
    }
    let report = runtime.block_on(run(options))?;
    print!("{report}");
    Ok(exit_code(report.is_exact()))
}

fn exit_code(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

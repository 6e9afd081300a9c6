//! How fast our SMPP is beside what others wrote: `cargo run --release -p tests --bin smpp-bench` prints a
//! table, with `--json` the same as JSON.

use clap::Parser;
use tests::smpp_bench::{Counts, run, run_gateway, serve_idle};
use tracing_subscriber::EnvFilter;

/// As the gateway has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Sessions, gateways of others and the whole of ours, in one run on this machine
#[derive(Parser)]
struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Send little, to see that everything works; the figures say nothing
    #[arg(long)]
    quick: bool,
    /// Only the gateway's rows
    #[arg(long)]
    gateway: bool,
    /// Serve idle binds, for another process of this program
    #[arg(long, hide = true)]
    serve_idle: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.serve_idle {
        return serve_idle();
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let counts = if arguments.quick { Counts::QUICK } else { Counts::FULL };
    let report = if arguments.gateway { run_gateway(counts)? } else { run(counts)? };
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print!("{report}"),
    }
    Ok(())
}

//! Offered load against accepted load for one owner with 1, 100 and 10,000 clients: this design beside the
//! naive one that writes every wallet above per message. Prints the tables of `tests::contention`.

use std::io;

use clap::Parser;

/// How many messages pass when many write the same few items: this design beside the naive one.
#[derive(Parser)]
struct Arguments {
    /// The same seed gives the same tables.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> io::Result<()> {
    let Arguments { seed } = Arguments::parse();
    tests::contention::report(seed, &mut io::stdout().lock())
}

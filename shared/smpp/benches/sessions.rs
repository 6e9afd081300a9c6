//! How fast a session is, beside node's `smpp` on itself in the same run: submits of 78 octets and
//! their answers at a window of 100 on loopback, with and without a receipt for each.
//!
//! `cargo bench -p smpp --bench sessions -- --node DIRECTORY`: the directory is one in which
//! `npm install smpp` was run; without it node's rows are left out. A rate is the median of its
//! rounds. Both ends share the machine, so the client's CPU time is steadier than the rate.

#[path = "sessions/client.rs"]
mod client;
#[path = "sessions/node.rs"]
mod node;
#[path = "sessions/server.rs"]
mod server;

use std::error::Error;
use std::path::PathBuf;

use server::{Kind, Server};

const ROUNDS: usize = 5;
const SUBMITS: u64 = 500_000;
const SUBMITS_OF_NODE: u64 = 100_000;
const WINDOW: usize = 100;

/// One round of one row.
#[derive(Clone, Copy)]
struct Round {
    per_second: u64,
    /// The client's CPU time for a message; unknown for node.
    cpu_ns: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, kind, ..] = arguments.as_slice()
        && mode == server::SERVE
    {
        return Ok(server::serve(Kind::parse(kind)?)?);
    }
    let node = arguments.iter().position(|argument| argument == "--node");
    let node = node.and_then(|at| arguments.get(at + 1)).map(PathBuf::from);
    let beside = node.as_ref().map(|folder| node::rounds(folder, false)).transpose()?.map(median);
    println!("{:<52}{:>12}{:>8}{:>12}", "client -> server", "msg/s", "ratio", "CPU us/msg");
    for kind in Kind::ALL {
        let rounds = (0..ROUNDS).map(|_| ours(kind)).collect::<Result<Vec<_>, _>>()?;
        print(kind.title(), median(rounds), beside);
    }
    if let (Some(folder), Some(plain)) = (&node, beside) {
        print("node smpp -> node smpp", plain, beside);
        print("node smpp -> node smpp, a receipt each", median(node::rounds(folder, true)?), beside);
    }
    Ok(())
}

fn ours(kind: Kind) -> Result<Round, Box<dyn Error>> {
    let server = Server::start(kind)?;
    client::load(server.address, kind.has_receipts(), SUBMITS, WINDOW)
}

fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by_key(|round| round.per_second);
    rounds[rounds.len() / 2]
}

fn print(title: &str, round: Round, beside: Option<Round>) {
    let ratio = beside.map_or("-".to_owned(), |beside| {
        let tenths = round.per_second * 10 / beside.per_second;
        format!("{}.{}", tenths / 10, tenths % 10)
    });
    let cpu = round.cpu_ns.map_or("-".to_owned(), |ns| format!("{}.{:02}", ns / 1000, ns % 1000 / 10));
    println!("{title:<52}{:>12}{ratio:>8}{cpu:>12}", round.per_second);
}

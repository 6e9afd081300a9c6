//! How fast our SMPP is, beside what others wrote, in one run on one machine.
//!
//! Submits of 78 octets and their answers on loopback, one bind, a window of 100. All that takes part
//! shares the machine, so CPU time for a message is steadier than the rate. A rate is the median of its
//! rounds; a row whose peer is missing says so.

mod client;
mod cpu;
mod gateway;
mod idle;
mod kannel;
mod machine;
mod packages;
mod relay;
mod report;
mod server;
mod threads;

use std::time::Duration;

use anyhow::Context;

pub use idle::serve as serve_idle;
pub use report::Report;
use report::Row;
use server::Kind;

/// Submits without an answer at one time.
const WINDOW: usize = 100;
/// How often a row is measured.
const ROUNDS: usize = 5;
/// Of programs that take long.
const ROUNDS_OF_OTHERS: usize = 3;
/// From a message's answer to its receipt, where a gateway is measured: less than any phone takes.
const PHONE: Duration = Duration::from_millis(500);
/// Binds that do nothing, for their memory.
const IDLE_BINDS: usize = 1_000;

/// How much is sent in a round.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub ours: u64,
    pub node: u64,
    pub smpplib: u64,
    pub kannel: u64,
    /// Each with its receipt.
    pub kannel_receipts: u64,
    /// Through the whole gateway, each with its receipt.
    pub gateway: u64,
    pub rounds: usize,
    pub idle_binds: usize,
}

impl Counts {
    pub const FULL: Self = Self {
        ours: 500_000,
        node: 100_000,
        smpplib: 50_000,
        kannel: 20_000,
        kannel_receipts: 8_000,
        gateway: 60_000,
        rounds: ROUNDS,
        idle_binds: IDLE_BINDS,
    };
    /// To see that everything works; its figures say nothing.
    pub const QUICK: Self = Self {
        ours: 5_000,
        node: 1_000,
        smpplib: 1_000,
        kannel: 300,
        kannel_receipts: 200,
        gateway: 600,
        rounds: 1,
        idle_binds: 50,
    };
}

/// One round of a row.
#[derive(Debug, Clone, Copy)]
struct Round {
    per_second: u64,
    /// The measured side's CPU time for a message.
    cpu_ns: u64,
}

/// Measures everything, telling of each row on standard error as it is done.
///
/// # Errors
/// When something of ours does not work. A peer that is missing is a row that says so.
pub fn run(counts: Counts) -> anyhow::Result<Report> {
    let mut report = Report::new(machine::describe());
    // First, while nothing has been allocated yet.
    report.idle = Some(idle::measure(counts.idle_binds).context("idle binds")?);
    for kind in Kind::ALL {
        let rounds = (0..counts.rounds).map(|_| client::round(kind, counts.ours));
        let round = median(rounds.collect::<anyhow::Result<_>>()?);
        report.add(Row::of(kind.title(), kind.has_receipts(), round));
    }
    let rounds_of_others = counts.rounds.min(ROUNDS_OF_OTHERS);
    for receipts in [false, true] {
        report.add(match packages::node(counts.node, receipts, rounds_of_others)? {
            Ok(rounds) => Row::of(title("node smpp -> node smpp", receipts), receipts, median(rounds)),
            Err(missing) => Row::missing(title("node smpp -> node smpp", receipts), receipts, &missing),
        });
    }
    for receipts in [false, true] {
        report.add(match packages::smpplib(counts.smpplib, receipts, rounds_of_others)? {
            Ok(rounds) => Row::of(title("smpplib -> templates", receipts), receipts, median(rounds)),
            Err(missing) => Row::missing(title("smpplib -> templates", receipts), receipts, &missing),
        });
    }
    for (receipts, count) in [(false, counts.kannel), (true, counts.kannel_receipts)] {
        report.add(match kannel::rounds(count, receipts, rounds_of_others)? {
            Ok(rounds) => Row::of(title("HTTP -> Kannel -> our server", receipts), receipts, median(rounds)),
            Err(missing) => Row::missing(title("HTTP -> Kannel -> our server", receipts), receipts, &missing),
        });
    }
    gateway_rows(&mut report, counts)?;
    Ok(report)
}

/// Only the rows of the gateway.
///
/// # Errors
/// When something of ours does not work.
pub fn run_gateway(counts: Counts) -> anyhow::Result<Report> {
    let mut report = Report::new(machine::describe());
    gateway_rows(&mut report, counts)?;
    Ok(report)
}

fn gateway_rows(report: &mut Report, counts: Counts) -> anyhow::Result<()> {
    for billing in [false, true] {
        report.add(gateway::row(counts.gateway, billing)?);
    }
    Ok(())
}

fn title(plain: &str, receipts: bool) -> String {
    if receipts { format!("{plain}, a receipt each") } else { plain.to_owned() }
}

fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by_key(|round| round.per_second);
    rounds[rounds.len() / 2]
}

fn round(count: u64, elapsed: Duration, cpu: Duration) -> Round {
    let (elapsed, count) = (elapsed.as_nanos().max(1), u128::from(count.max(1)));
    let clamp = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    Round { per_second: clamp(count * 1_000_000_000 / elapsed), cpu_ns: clamp(cpu.as_nanos() / count) }
}

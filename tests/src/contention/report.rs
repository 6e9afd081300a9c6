//! The result as text: both designs beside each other, and what was assumed.

use std::io::{self, Write};

use domain::wallet::REFILL_SENDS;
use store::CONFLICT_ATTEMPTS_MAX;

use super::clock::Micros;
use super::lease::BLOCK_MESSAGES_MAX;
use super::{Design, Escrow, HOME_MESSAGES_PER_SECOND_MAX, Measured, Options, run};

const LOADS: [u64; 6] = [10, 40, 100, 400, 1_000, 4_000];
const CLIENTS: [u64; 3] = [1, 100, 10_000];
const HOLDS_MS: [u64; 2] = [10, 20];
/// A load runs until it has offered so many messages, and a minute at least.
const MESSAGES_MIN: u64 = 6_000;
const SECONDS_MIN: u64 = 60;

/// Writes all tables.
pub fn report(seed: u64, out: &mut impl Write) -> io::Result<()> {
    write_legend(out)?;
    for hold_ms in HOLDS_MS {
        writeln!(out, "A transaction holds its items for {hold_ms} ms")?;
        write_heading(out)?;
        for load in LOADS {
            for clients in CLIENTS {
                write_row(out, &|design| Options {
                    seed,
                    hold_ms,
                    seconds: SECONDS_MIN.max(MESSAGES_MIN / load),
                    ..Options::new(design, clients, load)
                })?;
            }
        }
        writeln!(out)?;
    }
    write_start_from_nothing(seed, out)?;
    write_one_item(seed, out)
}

/// What is shown, and what it rests on.
fn write_legend(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\
One reseller of the owner, its clients below it: each message is charged to its client and to the reseller,
whose wallet is the one item that all clients share. Messages come at random, evenly over time and clients,
and wait for no other.

  every level   naive: one transaction over the message's row and the wallet of every level
  this design   home: one transaction over the row and the client's own wallet, which carries escrow on the
                reseller's, refilled with {REFILL_SENDS} messages; lease, above {HOME_MESSAGES_PER_SECOND_MAX} messages/s: blocks of up to
                {BLOCK_MESSAGES_MAX}, each one plain update of the lease's item, topped up with {REFILL_SENDS} from the client's wallet.
                All begin somewhere between two refills
  lost          refused after all tries: the sender gets 503 and has to ask again
  cancelled     tries on wallets that met a conflict or a throttle
  p50, p99      ms from arrival to answer, of those accepted
  shared tx/s   transactions that reach the reseller's wallet, cancelled and throttled ones included

  our code      {CONFLICT_ATTEMPTS_MAX} tries, full jitter below 10 ms, doubling to 320 ms; sizes of refills; the order of reads
  published     an item takes 1,000 write units/s and a transaction uses 2 of each item; unused capacity is
                kept for up to 300 s; a transaction on an item that another one holds is cancelled, a plain
                update refused (Developer Guide: partition keys, burst capacity, transactions); a put takes
                7.6 ms, a transaction 25 ms, here at a hold of 20 ms (dynamodb-performance-testing, 2020)
  assumed       the hold, of which AWS publishes nothing; reads and conflicts are answered in 5 ms; cancelled
                tries use write units, and what they had got stays taken for half a hold; there is no limit
                to the writers; wallets above have money enough
"
    )
}

/// What the steady tables do not show.
fn write_start_from_nothing(seed: u64, out: &mut impl Write) -> io::Result<()> {
    for hold_ms in HOLDS_MS {
        writeln!(
            out,
            "The first minute when no client has any escrow, hold {hold_ms} ms: each asks the reseller first"
        )?;
        write_heading(out)?;
        for clients in CLIENTS {
            let escrow = Escrow::None;
            write_row(out, &|design| Options {
                seed,
                hold_ms,
                escrow,
                ..Options::new(design, clients, 1_000)
            })?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_heading(out: &mut impl Write) -> io::Result<()> {
    let columns = format!(
        "{:>10} {:>7} {:>9} {:>6} {:>6} {:>11}",
        "accepted/s", "lost", "cancelled", "p50", "p99", "shared tx/s"
    );
    writeln!(out, "{:>17} | {:<54} | this design", "", "every level")?;
    writeln!(out, "{:>9} {:>7} | {columns} | {:<5} {columns}", "offered/s", "clients", "by")
}

fn write_row(out: &mut impl Write, options: &dyn Fn(Design) -> Options) -> io::Result<()> {
    let ours = options(Design::HomeWallet);
    writeln!(
        out,
        "{:>9} {:>7} | {} | {:<5} {}",
        ours.messages_per_second,
        ours.clients,
        columns(&run(options(Design::EveryLevel))),
        if ours.uses_leases() { "lease" } else { "home" },
        columns(&run(ours)),
    )
}

fn columns(measured: &Measured) -> String {
    let cancelled = measured.tries.conflicts + measured.tries.throttled;
    format!(
        "{:>10} {:>7} {:>9} {:>6} {:>6} {:>11}",
        tenths(measured.accepted, measured.seconds),
        percent(measured.refused, measured.offered),
        percent(cancelled, measured.tries.all),
        milliseconds(measured.p50),
        milliseconds(measured.p99),
        tenths(measured.shared_tries, measured.seconds),
    )
}

/// What the number of tries and the rule of five messages a second rest on.
fn write_one_item(seed: u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "One item that every operation transacts on; in brackets what the design was calculated with"
    )?;
    writeln!(
        out,
        "{:>7} {:>12} | {:>20} {:>18} {:>18}",
        "hold", "offered tx/s", "first-try conflicts", "tries each", "gave up"
    )?;
    for row in CALCULATED {
        let measured = run(row.options(seed));
        let tries = measured.tries;
        writeln!(
            out,
            "{:>4} ms {:>12} | {:>13} {:>6} {:>11} {:>6} {:>11} {:>6}",
            row.hold_ms,
            row.load,
            percent(tries.first_conflicts, tries.first),
            format!("({}%)", row.first_conflicts_percent),
            tenths(tries.all, measured.offered),
            format!("({})", tenths(row.tries_per_hundred, 100)),
            percent(measured.refused, measured.offered),
            format!("({}%)", tenths(row.gave_up_per_mille, 10)),
        )?;
    }
    Ok(())
}

/// What was calculated for one transactional item with eight tries before any of it was built.
pub struct Calculated {
    pub hold_ms: u64,
    pub load: u64,
    pub first_conflicts_percent: u64,
    pub tries_per_hundred: u64,
    pub gave_up_per_mille: u64,
}

pub const CALCULATED: [Calculated; 8] = [
    calculated(10, 10, 12, 115, 0),
    calculated(10, 20, 22, 130, 0),
    calculated(10, 40, 44, 190, 2),
    calculated(10, 80, 77, 380, 130),
    calculated(20, 10, 20, 140, 0),
    calculated(20, 20, 45, 200, 5),
    calculated(20, 40, 76, 380, 130),
    calculated(20, 80, 91, 590, 480),
];

const fn calculated(hold_ms: u64, load: u64, conflicts: u64, tries: u64, gave_up: u64) -> Calculated {
    Calculated {
        hold_ms,
        load,
        first_conflicts_percent: conflicts,
        tries_per_hundred: tries,
        gave_up_per_mille: gave_up,
    }
}

impl Calculated {
    /// Of so many clients, no two send at the same moment: the shared wallet alone is in the way.
    pub fn options(&self, seed: u64) -> Options {
        let design = Options::new(Design::EveryLevel, 10_000, self.load);
        Options { seed, hold_ms: self.hold_ms, seconds: 300, ..design }
    }
}

/// The quotient with one decimal place.
fn tenths(amount: u64, by: u64) -> String {
    let tenths = (amount * 10 + by / 2) / by.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `none` stands for exactly none.
fn percent(part: u64, whole: u64) -> String {
    match part * 1_000 / whole.max(1) {
        0 if part == 0 => "none".to_owned(),
        0 => "<0.1%".to_owned(),
        _ => format!("{}%", tenths(part * 100, whole)),
    }
}

fn milliseconds(span: Micros) -> u64 {
    (span + 500) / 1_000
}

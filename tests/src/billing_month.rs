//! The proof of a month: some hundred agreements in four time zones send through the real store code, the
//! stream is projected by the real projector with deliveries that come twice or cut in two, receipts come
//! late, fees are charged, prices are corrected afterwards, and all periods are closed and confirmed by the
//! invoice-closer. Then what the records come to, the usage rows, the charges of the invoices and the
//! wallets have to be one and the same number, to the last digit.
//!
//! `cargo run --release -p tests --bin billing-month -- --edrs 1000000` prints them.

pub mod close_only;
mod closing;
mod fates;
mod functions;
mod parties;
mod phases;
mod rerates;
mod sums;
mod traffic;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use domain::id::AgreementId;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

use functions::Functions;
use parties::Parties;
use phases::Phases;
use traffic::Traffic;

use crate::world::Member;

pub use sums::{Sums, Totals};

/// 1 March 2026, 00:00 UTC: a month in which Europe and America change their clocks.
pub const MONTH: Timestamp = Timestamp::constant(1_772_323_200, 0);
const DAYS: i64 = 31;
/// So many days after the month, the last quarter that has a day of it is over.
const AFTER_QUARTER: i64 = 130;
/// How many days lie between two closings of what has ended.
const CLOSED_EVERY: i64 = 7;
/// How often prices are corrected: a correction is corrected as well.
const RERATES: i64 = 2;
/// One of so many agreements had wrong prices.
const WRONG: u32 = 4;

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Records to make: of each message one at every level, and of each fee.
    pub edrs: u64,
    pub agreements: usize,
    /// The same seed makes the same month.
    pub seed: u64,
}

/// What was made, what it came to, and how long each part took.
#[derive(Debug)]
pub struct Report {
    pub options: Options,
    pub made: traffic::Made,
    pub deliveries: functions::Deliveries,
    pub invoices: closing::Invoiced,
    pub rerated: rerates::Rerated,
    pub totals: Totals,
    pub phases: Vec<(&'static str, Duration)>,
}

impl Report {
    /// Whether all sums are the same and nothing else in the ledger is amiss, in a month that had so many records,
    /// and something of each kind that could make them differ.
    pub fn is_exact(&self) -> bool {
        let had = [
            self.made.late,
            self.deliveries.again,
            self.deliveries.bisected,
            self.invoices.corrections,
            self.rerated.first.updated,
        ];
        self.totals.is_exact()
            && self.options.edrs <= self.made.edrs
            && self.totals.records == self.made.edrs
            && had.iter().all(|count| 0 < *count)
            && self.rerated.second.updated == 0
            && self.invoices.drafts == 0
    }
}

/// Makes a month and adds it up.
///
/// # Errors
/// When a function fails; a difference is none.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut phases = Phases::new();
    let parties = Parties::open(options.agreements, &mut random).await;
    let mut functions = Functions::start(&parties.world).await?;
    parties.connect(&functions).await;
    functions.project(&mut random).await?;
    phases.end("open agreements");
    let mut traffic = Traffic::new(options);
    for day in 0..DAYS {
        functions.now = MONTH + days(day + 1);
        traffic.send_day(&parties, &functions, day, &mut random).await?;
        phases.end("send");
        functions.project(&mut random).await?;
        phases.end("project");
        traffic.tell(&parties, &functions, day, &mut random).await?;
        phases.end("report");
        functions.project(&mut random).await?;
        phases.end("project");
        if day % CLOSED_EVERY == CLOSED_EVERY - 1 {
            closing::close_and_confirm(&parties, &functions, MONTH + days(day + 1)).await?;
            phases.end("close and confirm");
        }
    }
    let end = MONTH + days(DAYS + AFTER_QUARTER);
    functions.now = end;
    closing::close_and_confirm(&parties, &functions, end).await?;
    phases.end("close and confirm");
    traffic.tell_late(&parties, &functions, end, &mut random).await?;
    phases.end("report late");
    functions.project(&mut random).await?;
    phases.end("project");
    closing::close_and_confirm(&parties, &functions, end + days(1)).await?;
    phases.end("close and confirm");
    let mut rerated = rerates::Rerated::default();
    for round in 0..RERATES {
        let now = end + days(2 + round);
        rerated.correct(&parties, &functions, now, WRONG, &mut random).await?;
        phases.end("rate again");
        functions.project(&mut random).await?;
        phases.end("project");
        closing::close_and_confirm(&parties, &functions, now).await?;
        phases.end("close and confirm");
    }
    let totals = sums::add_up(&parties, &functions).await?;
    phases.end("add up");
    let invoices = closing::invoiced(&parties, &functions).await?;
    Ok(Report {
        options,
        made: traffic.made,
        deliveries: functions.deliveries,
        invoices,
        rerated,
        totals,
        phases: phases.all(),
    })
}

/// What rating a month again came to.
#[derive(Debug)]
pub struct RerateReport {
    pub rerated: rerates::Rerated,
    /// How many records each pass has to look at: of all messages for which somebody pays a simple price, and of
    /// all fees of those who do.
    pub records: u64,
    /// After it was billed.
    pub totals: Totals,
}

impl RerateReport {
    /// Whether both passes looked at all, only the first one changed something, and all sums are the same.
    pub fn is_exact(&self) -> bool {
        let rerates::Rerated { first, second, .. } = self.rerated;
        [first.processed, second.processed] == [self.records; 2]
            && 0 < first.updated
            && second.updated == 0
            && self.totals.is_exact()
    }
}

impl fmt::Display for RerateReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}, of {} to look at\n", self.rerated, self.records)?;
        writeln!(out, "{}", self.totals)
    }
}

/// Makes a month, corrects all simple prices and rates the month again, twice. Then bills it and adds it up.
///
/// # Errors
/// When a function fails; a difference is none.
pub async fn rerate_only(options: Options) -> anyhow::Result<RerateReport> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let parties = Parties::open(options.agreements, &mut random).await;
    let mut functions = Functions::start(&parties.world).await?;
    parties.connect(&functions).await;
    let mut traffic = Traffic::new(options);
    for day in 0..DAYS {
        traffic.send_day(&parties, &functions, day, &mut random).await?;
        functions.project(&mut random).await?;
    }
    let mut rerated = rerates::Rerated::default();
    rerated.correct(&parties, &functions, MONTH + days(DAYS + 2), 1, &mut random).await?;
    functions.project(&mut random).await?;
    let end = MONTH + days(DAYS + AFTER_QUARTER);
    functions.now = end;
    closing::close_and_confirm(&parties, &functions, end).await?;
    let totals = sums::add_up(&parties, &functions).await?;
    let flat: BTreeSet<&AgreementId> =
        parties.flat.iter().map(|place| &parties.members[*place].agreement.id).collect();
    let is_flat = |member: &&Member| member.levels.iter().any(|level| flat.contains(&level.agreement.id));
    let rated: BTreeSet<&AgreementId> =
        parties.senders.iter().filter(is_flat).map(|member| &member.agreement.id).collect();
    let of_rated = traffic.records.iter().filter(|(agreement, _)| rated.contains(agreement));
    let of_flat = traffic.fees.iter().filter(|(agreement, _)| flat.contains(agreement));
    let records = of_rated.chain(of_flat).map(|(_, records)| records).sum();
    Ok(RerateReport { rerated, records, totals })
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { edrs, agreements, seed } = self.options;
        writeln!(out, "{edrs} EDRs wanted, {agreements} agreements, seed {seed}")?;
        writeln!(out, "{}\n{}\n{}\n{}\n", self.made, self.deliveries, self.rerated, self.invoices)?;
        writeln!(out, "{}", self.totals)?;
        for (name, took) in &self.phases {
            writeln!(out, "{name:<20} {:>9.1} s", took.as_secs_f64())?;
        }
        let sum: Duration = self.phases.iter().map(|(_, took)| *took).sum();
        writeln!(out, "{:<20} {:>9.1} s", "all", sum.as_secs_f64())
    }
}

//! The figures as a table and as JSON.

use std::fmt;

use serde::Serialize;

use super::Round;
use super::idle::Idle;
use super::machine::Machine;
use crate::peers::Missing;

const NODE: &str = "node smpp";
const KANNEL: &str = "HTTP -> Kannel";

/// Everything that was measured in a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub rows: Vec<Row>,
    pub idle: Option<Idle>,
}

/// One road of messages.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub title: String,
    /// Whether each message has its receipt.
    pub receipts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u64>,
    /// What the measured side has used of its CPUs for a message, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// At half the rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// The same until the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_latency: Option<Latency>,
    /// The rate in hundredths of node's on itself without receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent_of_node: Option<u64>,
    /// The rate in hundredths of Kannel's, with receipts if the row has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent_of_kannel: Option<u64>,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// From a message's turn to be sent until its answer, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
}

impl Latency {
    pub fn of(mut samples: Vec<u64>) -> Option<Self> {
        samples.sort_unstable();
        let at = |percent: usize| samples.get(samples.len().saturating_sub(1) * percent / 100).copied();
        Some(Self { p50_us: at(50)?, p90_us: at(90)?, p99_us: at(99)? })
    }
}

impl Row {
    pub(super) fn of(title: impl Into<String>, receipts: bool, round: Round) -> Self {
        let Round { per_second, cpu_ns } = round;
        Self { per_second: Some(per_second), cpu_ns: Some(cpu_ns), ..Self::empty(title.into(), receipts) }
    }

    pub(super) fn missing(title: impl Into<String>, receipts: bool, missing: &Missing) -> Self {
        Self { missing: Some(missing.to_string()), ..Self::empty(title.into(), receipts) }
    }

    fn empty(title: String, receipts: bool) -> Self {
        Self {
            title,
            receipts,
            per_second: None,
            cpu_ns: None,
            latency: None,
            receipt_latency: None,
            percent_of_node: None,
            percent_of_kannel: None,
            missing: None,
        }
    }
}

impl Report {
    pub(super) fn new(machine: Machine) -> Self {
        Self { machine, rows: Vec::new(), idle: None }
    }

    /// Takes in a row, and tells of it on standard error.
    pub(super) fn add(&mut self, row: Row) {
        eprintln!("{}", line(&row));
        self.rows.push(row);
        self.compare();
    }

    fn compare(&mut self) {
        let rate = |title: &str, receipts: bool| {
            let row = self.rows.iter().find(|row| row.title.starts_with(title) && row.receipts == receipts);
            row.and_then(|row| row.per_second)
        };
        let node = rate(NODE, false);
        let kannel = [rate(KANNEL, false), rate(KANNEL, true)];
        for row in &mut self.rows {
            let percent = |other: Option<u64>| (row.per_second? * 100).checked_div(other?);
            row.percent_of_node = percent(node);
            row.percent_of_kannel = percent(kannel[usize::from(row.receipts)]);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, kernel } = &self.machine;
        writeln!(out, "{processor}, {cores} cores, {kernel}")?;
        writeln!(
            out,
            "{:<52}{:>10}{:>8}{:>9}{:>12}{:>9}{:>9}{:>9}{:>11}{:>11}",
            "road",
            "msg/s",
            "x node",
            "x Kannel",
            "CPU us/msg",
            "p50 us",
            "p90 us",
            "p99 us",
            "rcpt p50",
            "rcpt p99"
        )?;
        for row in &self.rows {
            writeln!(out, "{}", line(row))?;
        }
        if let Some(Idle { binds, before_kb, after_kb }) = &self.idle {
            let each = (after_kb.saturating_sub(*before_kb) * 1024).checked_div(*binds).unwrap_or(0);
            writeln!(
                out,
                "{binds} idle binds: {before_kb} kB before, {after_kb} kB with them, {each} octets each"
            )?;
        }
        writeln!(
            out,
            "x node: to node without receipts. x Kannel: to Kannel, with receipts where the row has them. CPU: \
             of the side named first, of Kannel's two programs, of the gateway's threads. Latencies: at half the rate, \
             to the answer and to the receipt, which the vendor sends 500 ms after its answer."
        )
    }
}

fn line(row: &Row) -> String {
    if let Some(missing) = &row.missing {
        return format!("{:<52}{missing}", row.title);
    }
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let hundredths = |number: Option<u64>| {
        number.map_or("-".to_owned(), |number| format!("{}.{:02}", number / 100, number % 100))
    };
    let latency = |pick: fn(&Latency) -> u64| number(row.latency.as_ref().map(pick));
    let receipt = |pick: fn(&Latency) -> u64| number(row.receipt_latency.as_ref().map(pick));
    format!(
        "{:<52}{:>10}{:>8}{:>9}{:>12}{:>9}{:>9}{:>9}{:>11}{:>11}",
        row.title,
        number(row.per_second),
        hundredths(row.percent_of_node),
        hundredths(row.percent_of_kannel),
        hundredths(row.cpu_ns.map(|ns| ns / 10)),
        latency(|latency| latency.p50_us),
        latency(|latency| latency.p90_us),
        latency(|latency| latency.p99_us),
        receipt(|latency| latency.p50_us),
        receipt(|latency| latency.p99_us),
    )
}

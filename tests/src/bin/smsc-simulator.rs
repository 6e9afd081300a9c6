//! The SMSC simulator as a process: `smsc-simulator --help` lists what it can be told.
//!
//! When it is ready it prints one line of JSON with its address on standard output; after that it
//! logs a line per submit on standard error, and ends on SIGTERM or Ctrl-C.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tests::smsc_simulator::{Behaviour, IdForm, Identity, ReceiptForm, ReceiptMode, SmscSimulator};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const ENDINGS: &str = "\
Destinations that end in these digits have their own outcome:
  0001  receipt UNDELIV, error 001
  0002  receipt EXPIRED, error 002
  0003  receipt DELIVRD, late
  0004  no receipt
  0005  refused with ESME_RINVDSTADR (0x0B)
  0006  throttled once with ESME_RTHROTTLED (0x58), then taken
  0007  the submit is never answered, the receipt comes
  0008  receipt DELIVRD before the submit's answer
  0009  the connection drops, the message is not taken
  0010  receipt REJECTD, error 010
  0011  receipt DELIVRD twice";

/// An SMS centre (SMPP 3.4 and 5.0) on loopback that does what it is told.
#[derive(Parser)]
#[command(after_help = ENDINGS)]
struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The same with its address, which is 127.0.0.1 always
    #[arg(long, value_name = "127.0.0.1:PORT", conflicts_with = "port", value_parser = loopback)]
    listen: Option<SocketAddrV4>,
    /// The newest version that it speaks: 3.3, 3.4 or 5.0
    #[arg(long, value_name = "VERSION", default_value = "5.0", value_parser = smpp_version)]
    interface_version: u8,
    /// Only this system_id may bind; needs --password
    #[arg(long, requires = "password")]
    system_id: Option<String>,
    /// The password to --system-id
    #[arg(long, requires = "system_id")]
    password: Option<String>,
    /// From a submit to its answer
    #[arg(long, default_value_t = 0)]
    answer_latency_ms: u64,
    /// Shortest time from the answer to the receipt
    #[arg(long, default_value_t = 100)]
    receipt_delay_ms: u64,
    /// Longest time from the answer to the receipt; the shortest if not given
    #[arg(long)]
    receipt_delay_max_ms: Option<u64>,
    /// What late receipts wait on top
    #[arg(long, default_value_t = 2_000)]
    late_by_ms: u64,
    /// Of a thousand messages, how many fail
    #[arg(long, default_value_t = 0)]
    failed_per_mille: u16,
    /// When receipts come
    #[arg(long, value_enum, default_value_t = ReceiptMode::Normal)]
    receipts: ReceiptMode,
    /// How ids are written in the submit's answer
    #[arg(long, value_enum, default_value_t = IdForm::Decimal)]
    answer_id: IdForm,
    /// How ids are written in receipts
    #[arg(long, value_enum, default_value_t = IdForm::Decimal)]
    receipt_id: IdForm,
    /// Where receipts say what they have to say
    #[arg(long, value_enum, default_value_t = ReceiptForm::Both)]
    receipt_form: ReceiptForm,
    /// Name sender and recipient the other way round in what is delivered
    #[arg(long)]
    inverted_addresses: bool,
    /// Binds of one system_id at one time; any number if not given
    #[arg(long)]
    binds_max: Option<usize>,
    /// Speak TLS alone, with the certificates of this PEM file; needs --tls-key
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_certificates: Option<PathBuf>,
    /// The PEM file with the key to --tls-certificates
    #[arg(long, requires = "tls_certificates", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Treat all destinations alike, whatever they end in
    #[arg(long)]
    no_endings: bool,
    /// Deliveries without an answer, for each bind
    #[arg(long, default_value = "100")]
    window: NonZeroUsize,
    /// Do not log each submit
    #[arg(long)]
    quiet: bool,
}

impl Arguments {
    fn behaviour(self) -> anyhow::Result<Behaviour> {
        let shortest = Duration::from_millis(self.receipt_delay_ms);
        let longest = self.receipt_delay_max_ms.map_or(shortest, Duration::from_millis);
        let usual = Behaviour::default();
        let tls = self.tls_certificates.zip(self.tls_key).map(|(certificates, key)| {
            anyhow::Ok(Identity { certificates: read(&certificates)?, key: read(&key)? })
        });
        Ok(Behaviour {
            port: self.listen.map_or(self.port, |listen| listen.port()),
            interface_version: self.interface_version,
            answer_latency: Duration::from_millis(self.answer_latency_ms),
            receipt_delay: shortest..=longest,
            late_by: Duration::from_millis(self.late_by_ms),
            failed_per_mille: self.failed_per_mille,
            receipts: self.receipts,
            answer_id: self.answer_id,
            receipt_id: self.receipt_id,
            receipt_form: self.receipt_form,
            inverted_addresses: self.inverted_addresses,
            overrides: if self.no_endings { Vec::new() } else { usual.overrides },
            credentials: self.system_id.zip(self.password),
            binds_max: self.binds_max.unwrap_or(usize::MAX),
            tls: tls.transpose()?,
            window: self.window,
            remembered_max: 0, // nobody can ask a process what it received
        })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// It takes any password, so nobody but this machine may reach it.
fn loopback(text: &str) -> Result<SocketAddrV4, String> {
    let address: SocketAddrV4 = text.parse().map_err(|_| "not an address and port".to_owned())?;
    if *address.ip() == Ipv4Addr::LOCALHOST {
        Ok(address)
    } else {
        Err("only 127.0.0.1 is served".to_owned())
    }
}

fn smpp_version(text: &str) -> Result<u8, String> {
    match text {
        "3.3" => Ok(0x33),
        "3.4" => Ok(0x34),
        "5.0" => Ok(0x50),
        _ => Err("only 3.3, 3.4 and 5.0 are known".to_owned()),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    log(arguments.quiet);
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM handler")?;
    let simulator = SmscSimulator::start(arguments.behaviour()?).await.context("the port is not free")?;
    println!("{}", serde_json::json!({ "address": simulator.address().to_string() }));
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("no Ctrl-C handler")?,
        _ = terminate.recv() => {}
    }
    simulator.stop().await;
    Ok(())
}

/// Standard output belongs to the line of JSON. `RUST_LOG` wins over `quiet`.
fn log(quiet: bool) {
    let level = if quiet { "warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

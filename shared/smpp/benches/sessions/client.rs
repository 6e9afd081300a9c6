//! Our end: as many tasks as the window is wide, each submitting one message after the other.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Instant;

use smpp::esme::{BindSettings, Inbound, Session, bind};
use smpp::{SubmitSm, receipt, tcp};

use crate::Round;

/// A tick of /proc/self/stat, which is the same on every Linux.
const TICK_NS: u64 = 10_000_000;

pub fn load(
    address: SocketAddr,
    receipts: bool,
    submits: u64,
    window: usize,
) -> Result<Round, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cpu_before = cpu_ns()?;
    let started = Instant::now();
    runtime.block_on(run(address, receipts, submits, window))?;
    let elapsed_ns = u64::try_from(started.elapsed().as_nanos())?;
    let cpu_ns = (cpu_ns()? - cpu_before) / submits;
    Ok(Round { per_second: submits * 1_000_000_000 / elapsed_ns, cpu_ns: Some(cpu_ns) })
}

async fn run(address: SocketAddr, receipts: bool, submits: u64, window: usize) -> Result<(), Box<dyn Error>> {
    let size = NonZeroUsize::new(window).ok_or("a window of nothing")?;
    let settings = BindSettings { window: size, ..BindSettings::new("load", "load") };
    let (session, inbound) = bind(tcp::connect(address).await?, settings).await?;
    let expected = if receipts { submits } else { 0 };
    let receipts = tokio::spawn(take_receipts(inbound, expected));
    let each = submits / window as u64;
    let tasks: Vec<_> = (0..window).map(|_| tokio::spawn(submit_some(session.clone(), each))).collect();
    for task in tasks {
        task.await?;
    }
    receipts.await?;
    session.unbind().await;
    Ok(())
}

async fn submit_some(session: Session, count: u64) {
    let message = SubmitSm {
        source_ton: 5,
        source: "Waybill".to_owned(),
        destination_ton: 1,
        destination_npi: 1,
        destination: "491700000001".to_owned(),
        registered_delivery: 1,
        short_message: "Your code is 123456 ab".into(),
        ..SubmitSm::default()
    };
    for _ in 0..count {
        let answer = session.submit(message.clone()).await.expect("is answered");
        assert!(answer.status.is_ok());
    }
}

async fn take_receipts(mut inbound: Inbound, expected: u64) {
    for _ in 0..expected {
        let delivery = inbound.next().await.expect("comes");
        assert!(receipt::parse(&delivery.pdu).is_some());
        delivery.accept();
    }
}

/// What this process has used.
fn cpu_ns() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program may have blanks; user and system time are the 12th and 13th after it.
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u64>);
    Ok(ticks.sum::<Result<u64, _>>()? * TICK_NS)
}

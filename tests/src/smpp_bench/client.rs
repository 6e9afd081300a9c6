//! Our end of a session: as many tasks as the window is wide, each submitting one message after the
//! other, all on one thread.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use anyhow::{Context, anyhow, ensure};
use smpp::esme::{BindSettings, Inbound, Session, bind};
use smpp::{SubmitSm, receipt, tcp};

use super::server::{Kind, Server};
use super::{Round, WINDOW, cpu};

/// Submits so many to a fresh server.
pub fn round(kind: Kind, submits: u64) -> anyhow::Result<Round> {
    let server = Server::start(kind)?;
    let (address, receipts) = (server.address, kind.has_receipts());
    let load = move || -> anyhow::Result<Round> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (cpu_before, started) = (cpu::of_this_thread()?, Instant::now());
        let sent = runtime.block_on(run(address, receipts, submits))?;
        Ok(super::round(sent, started.elapsed(), cpu::of_this_thread()? - cpu_before))
    };
    let client = thread::Builder::new().name("client".to_owned()).spawn(load)?;
    client.join().map_err(|_| anyhow!("the client broke"))?
}

/// How many were sent: the same number by each task.
async fn run(address: SocketAddr, receipts: bool, submits: u64) -> anyhow::Result<u64> {
    let window = NonZeroUsize::new(WINDOW).context("a window of nothing")?;
    let settings = BindSettings { window, ..BindSettings::new("load", "load") };
    let (session, inbound) = bind(tcp::connect(address).await?, settings).await?;
    let each = submits / WINDOW as u64;
    let sent = each * WINDOW as u64;
    let receipts = tokio::spawn(take_receipts(inbound, if receipts { sent } else { 0 }));
    let tasks: Vec<_> = (0..WINDOW).map(|_| tokio::spawn(submit_some(session.clone(), each))).collect();
    for task in tasks {
        task.await??;
    }
    receipts.await??;
    session.unbind().await;
    Ok(sent)
}

async fn submit_some(session: Session, count: u64) -> anyhow::Result<()> {
    let message = message("491700000001");
    for _ in 0..count {
        let answer = session.submit(message.clone()).await?;
        ensure!(answer.status.is_ok(), "refused with {}", answer.status);
    }
    Ok(())
}

/// 78 octets with the header.
pub fn message(destination: &str) -> SubmitSm {
    SubmitSm {
        source_ton: 5,
        source: "Waybill".to_owned(),
        destination_ton: 1,
        destination_npi: 1,
        destination: destination.to_owned(),
        registered_delivery: 1,
        short_message: "Your code is 123456 ab".into(),
        ..SubmitSm::default()
    }
}

async fn take_receipts(mut inbound: Inbound, expected: u64) -> anyhow::Result<()> {
    for _ in 0..expected {
        let delivery = inbound.next().await.context("the link has ended")?;
        ensure!(receipt::parse(&delivery.pdu).is_some(), "no receipt");
        delivery.accept();
    }
    Ok(())
}

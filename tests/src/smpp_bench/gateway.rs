//! The whole gateway: a client's bind in, pricing, the charge through a lease, queues, the vendor's bind
//! out, and the receipt back to the client; and the same without billing. The gateway, the cloud, the
//! functions, the client and the vendor each have threads of their own on the one machine.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use smpp::esme::{BindSettings, Inbound, Session, bind};
use smpp::{CommandStatus, SubmitSm, receipt, tcp};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::report::{Latency, Row};
use super::server::{Kind, Server};
use super::threads::Threads;
use super::{PHONE, client, relay, round};
use crate::smpp_platform::{PASSWORD, Places, Platform, many};

/// Of the client's one bind. A charged submit waits for the store, so it takes more of them in flight.
const WINDOW: usize = 500;
const WINDOW_OF_VENDOR: u32 = 1_000;
/// Above what the portal grants, so that no limit is measured.
const RATE: u32 = 1_000_000;
const FUNDS: &str = "1000000";
const NUMBER: &str = "4915112345678";
const CLIENT: &str = "load";
const SENDER: &str = "ACME";
/// Nothing takes longer.
const PHASE_MAX: Duration = Duration::from_secs(90);
/// A client that is told to wait does.
const THROTTLED_REST: Duration = Duration::from_millis(20);
/// As `infra/template.yaml` has it.
const THREADS: usize = 1;
/// A warm gateway is measured: it has its lease, its rates and its binds.
const WARM_UP_PARTS: u64 = 20;

/// The row of the gateway with or without billing.
pub fn row(count: u64, billing: bool) -> anyhow::Result<Row> {
    let gateway = Threads::start("gateway", THREADS)?;
    let cloud = Threads::start("cloud", 1)?;
    let vendor = Server::start_with(Kind::SessionWithReceipts, PHONE)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if !billing {
            let address = gateway.handle().spawn(relay::start(vendor.address, WINDOW)).await??;
            let row = measure("the gateway without billing, a receipt each", address, &gateway, count, || {});
            return row.await;
        }
        let places = Places { cloud: cloud.handle().clone(), gateway: gateway.handle().clone() };
        let platform = start(&places, vendor.address).await;
        let title = "the whole gateway, a receipt each";
        let row = measure(title, platform.address, &gateway, count, || tell_calls(&platform, count)).await;
        platform.stop().await;
        row
    })
}

async fn start(places: &Places, vendor: SocketAddr) -> Platform {
    let platform = Platform::start(vendor, places, |link| {
        link.window = many(WINDOW_OF_VENDOR);
        link.rate = many(RATE);
    })
    .await;
    platform
        .client(CLIENT, FUNDS, |link| {
            link.window = many(WINDOW_OF_VENDOR);
            link.rate = many(RATE);
        })
        .await;
    platform
}

/// What was asked of tables and queues since this was last told, for a hundred thousand of so many messages:
/// in the log, as that is what bounds the rate.
fn tell_calls(platform: &Platform, count: u64) {
    for (call, times) in platform.take_calls() {
        tracing::info!(call, times = times * 100_000 / count.max(1), "asked");
    }
}

/// The rate with the window always full, then the latencies at half of it.
async fn measure(
    title: &str,
    address: SocketAddr,
    gateway: &Threads,
    count: u64,
    at_moment: impl Fn(),
) -> anyhow::Result<Row> {
    let load = Load::bind(address).await?;
    load.full(count / WARM_UP_PARTS).await.context("to warm up")?;
    at_moment();
    let (cpu_before, started) = (gateway.cpu()?, Instant::now());
    load.full(count).await.context("at the full rate")?;
    let measured = round(count, started.elapsed(), gateway.cpu()? - cpu_before);
    at_moment();
    let (answers, receipts) =
        load.paced(count / 2, measured.per_second / 2).await.context("at half the rate")?;
    load.session.unbind().await;
    let row = Row::of(title, true, measured);
    Ok(Row { latency: Latency::of(answers), receipt_latency: Latency::of(receipts), ..row })
}

/// The client: one bind.
struct Load {
    session: Session,
    /// The ids of the receipts, as they come.
    receipts: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Instant)>>,
}

impl Load {
    async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let window = NonZeroUsize::new(WINDOW).context("a window of nothing")?;
        let settings = BindSettings { window, ..BindSettings::new(CLIENT, PASSWORD) };
        let (session, inbound) = bind(tcp::connect(address).await?, settings).await?;
        let (sender, receipts) = mpsc::unbounded_channel();
        Handle::current().spawn(take_receipts(inbound, sender));
        Ok(Self { session, receipts: tokio::sync::Mutex::new(receipts) })
    }

    /// Sends with the window always full, until all receipts are there.
    async fn full(&self, count: u64) -> anyhow::Result<()> {
        let tasks: Vec<_> = (0..WINDOW as u64)
            .map(|place| {
                let each = count / WINDOW as u64 + u64::from(place < count % WINDOW as u64);
                let session = self.session.clone();
                tokio::spawn(async move {
                    let mut ids = Vec::new();
                    for _ in 0..each {
                        ids.push(submit(&session).await?);
                    }
                    anyhow::Ok(ids)
                })
            })
            .collect();
        let mut sent = HashSet::new();
        for task in tasks {
            sent.extend(timeout(PHASE_MAX, task).await.context("submits take too long")???);
        }
        self.receipts(&sent).await.map(drop)
    }

    /// Sends so many a second, whether answers come or not. How long the answers took, and the receipts,
    /// in microseconds.
    async fn paced(&self, count: u64, per_second: u64) -> anyhow::Result<(Vec<u64>, Vec<u64>)> {
        let first = Instant::now();
        let interval_ns = 1_000_000_000 / per_second.max(1);
        let sent = Arc::new(Mutex::new(HashMap::new()));
        let mut tasks = Vec::new();
        for number in 0..count {
            let turn = first + Duration::from_nanos(interval_ns * number);
            sleep_until(turn).await;
            let (session, sent) = (self.session.clone(), sent.clone());
            tasks.push(tokio::spawn(async move {
                let id = submit(&session).await?;
                sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id, turn);
                anyhow::Ok(micros(turn, Instant::now()))
            }));
        }
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(timeout(PHASE_MAX, task).await.context("submits take too long")???);
        }
        let sent = std::mem::take(&mut *sent.lock().unwrap_or_else(PoisonError::into_inner));
        let receipts = self.receipts(&sent.keys().cloned().collect()).await?;
        let latency = |(id, at)| sent.get(&id).map(|turn| micros(*turn, at)).context("a foreign receipt");
        Ok((answers, receipts.into_iter().map(latency).collect::<anyhow::Result<_>>()?))
    }

    /// Each message's first receipt, and when it came.
    async fn receipts(&self, sent: &HashSet<String>) -> anyhow::Result<HashMap<String, Instant>> {
        let mut receipts = self.receipts.lock().await;
        let mut found = HashMap::new();
        let all = async {
            while found.len() < sent.len() {
                let (id, at) = receipts.recv().await.context("the link has ended")?;
                // One may come again that belongs to an earlier round.
                if sent.contains(&id) {
                    found.entry(id).or_insert(at);
                }
            }
            anyhow::Ok(())
        };
        match timeout(PHASE_MAX, all).await {
            Ok(done) => done.map(|()| found),
            Err(_) => {
                let missing: Vec<_> = sent.iter().filter(|id| !found.contains_key(*id)).collect();
                let first = missing.first().map_or("", |id| id.as_str());
                bail!("{} of {} receipts are missing, that of {first} among them", missing.len(), sent.len())
            }
        }
    }
}

fn micros(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(u64::MAX)
}

/// The id of the message.
async fn submit(session: &Session) -> anyhow::Result<String> {
    loop {
        let message = SubmitSm { source: SENDER.to_owned(), ..client::message(NUMBER) };
        let answer = session.submit(message).await?;
        if answer.status == CommandStatus::RTHROTTLED {
            sleep(THROTTLED_REST).await;
            continue;
        }
        ensure!(answer.status.is_ok(), "refused with {}", answer.status);
        return Ok(answer.message_id);
    }
}

async fn take_receipts(mut inbound: Inbound, receipts: mpsc::UnboundedSender<(String, Instant)>) {
    while let Some(delivery) = inbound.next().await {
        if let Some(receipt) = receipt::parse(&delivery.pdu) {
            let _ = receipts.send((receipt.id, Instant::now())); // the round has ended
        }
        delivery.accept();
    }
}

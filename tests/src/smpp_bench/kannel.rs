//! Kannel: messages come to its smsbox over HTTP, go from its bearerbox to our server session, and
//! receipts come back to a web server of ours.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::server::{Kind, Server};
use super::{PHONE, Round, WINDOW, cpu, round};
use crate::peers::{BindKind, Kannel, Missing, Smsc};

/// Clients of its HTTP interface; more make it no faster.
const CLIENTS: u64 = 16;
/// It reports the end alone.
const DELIVERED: u8 = 1;
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Nothing takes longer.
const ROUND_MAX: Duration = Duration::from_secs(120);

/// All rounds over one Kannel.
pub fn rounds(count: u64, receipts: bool, rounds: usize) -> anyhow::Result<Result<Vec<Round>, Missing>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let kind = if receipts { Kind::SessionWithReceipts } else { Kind::Session };
        let server = Server::start_with(kind, PHONE)?;
        let (system_id, password) = ("load".to_owned(), "load".to_owned());
        let (binds, window) = (BindKind::Transceiver, u32::try_from(WINDOW)?);
        let smsc = Smsc { address: server.address, system_id, password, binds, version: 0x34, window };
        let mut kannel = match Kannel::start(&smsc).await {
            Ok(kannel) => kannel,
            Err(missing) => return Ok(Err(missing)),
        };
        kannel.until_bound().await;
        let mut done = Vec::new();
        for _ in 0..rounds {
            let one = one_round(&mut kannel, &server, count, receipts);
            done.push(timeout(ROUND_MAX, one).await.context("Kannel lost something")??);
        }
        Ok(Ok(done))
    })
}

async fn one_round(
    kannel: &mut Kannel,
    server: &Server,
    count: u64,
    receipts: bool,
) -> anyhow::Result<Round> {
    let each = count / CLIENTS;
    let expected = server.taken() + each * CLIENTS;
    let mask = if receipts { DELIVERED } else { 0 };
    let url = kannel.send_url("Waybill", "491700000001", "Your code is 123456 ab", mask);
    let (cpu_before, started) = (cpu(kannel)?, Instant::now());
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(ask(url.clone(), each))).collect();
    if receipts {
        for _ in 0..each * CLIENTS {
            kannel.next_posted().await;
        }
    }
    for client in clients {
        client.await??;
    }
    while server.taken() < expected {
        sleep(LOOK_EVERY).await;
    }
    Ok(round(each * CLIENTS, started.elapsed(), cpu(kannel)? - cpu_before))
}

/// Of both its programs.
fn cpu(kannel: &Kannel) -> anyhow::Result<Duration> {
    let mut sum = Duration::ZERO;
    for id in kannel.process_ids() {
        sum += cpu::of_process(id)?;
    }
    Ok(sum)
}

/// The same request again and again over one connection: as little of a client as can be, since it
/// shares the machine.
async fn ask(url: String, count: u64) -> anyhow::Result<()> {
    let url: http::Uri = url.parse()?;
    let authority = url.authority().context("a host")?.as_str();
    let page = url.path_and_query().context("a page")?;
    let request = format!("GET {page} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    let mut stream = BufReader::new(TcpStream::connect(authority).await?);
    stream.get_ref().set_nodelay(true)?;
    for _ in 0..count {
        stream.write_all(request.as_bytes()).await?;
        let status = read_answer(&mut stream).await?;
        ensure!(status.contains(" 202 "), "Kannel says {status}");
    }
    Ok(())
}

/// The status line, once the whole answer was read.
async fn read_answer(stream: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    let mut status = String::new();
    stream.read_line(&mut status).await?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line).await? > 0, "Kannel hung up");
        if let Some(octets) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = octets.trim().parse()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(status)
}

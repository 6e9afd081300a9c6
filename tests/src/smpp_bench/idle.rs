//! The memory of binds that do nothing, in a process that does nothing else: this program again, which
//! serves the binds and says on request how much it holds.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use smpp::esme::{BindSettings, bind};
use smpp::smsc::{self, ServerSettings};
use smpp::tcp;
use tokio::net::{TcpListener, TcpStream};

use super::cpu::resident_kb;

/// The argument that makes the program the server.
pub const SERVE: &str = "--serve-idle";

/// What the server held, in kB.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Idle {
    pub binds: u64,
    pub before_kb: u64,
    pub after_kb: u64,
}

/// A child that serves, and is killed when dropped.
struct Server {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(SERVE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().context("no input")?;
        let answers = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, orders, answers })
    }

    fn answer(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn resident_kb(&mut self) -> anyhow::Result<u64> {
        writeln!(self.orders)?;
        Ok(self.answer()?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it has ended already
        let _ = self.child.wait();
    }
}

/// Holds so many binds open at once. The first has the server warm before it is looked at.
pub fn measure(binds: usize) -> anyhow::Result<Idle> {
    allow_many_files();
    let mut server = Server::start()?;
    let address: SocketAddr = server.answer()?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut held = vec![bound(address).await?];
        let before_kb = server.resident_kb()?;
        for _ in 0..binds {
            held.push(bound(address).await?);
        }
        let after_kb = server.resident_kb()?;
        Ok(Idle { binds: binds as u64, before_kb, after_kb })
    })
}

async fn bound(address: SocketAddr) -> anyhow::Result<impl Sized> {
    Ok(bind(tcp::connect(address).await?, BindSettings::new("idle", "idle")).await?)
}

/// Serves binds until the input ends, and prints its memory for each line of it.
///
/// # Errors
/// When it cannot listen.
pub fn serve() -> anyhow::Result<()> {
    allow_many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    println!("{}", listener.local_addr()?);
    runtime.spawn(async move {
        while let Ok(stream) = tcp::accept(&listener).await {
            tokio::spawn(hold(stream));
        }
    });
    for _ in std::io::stdin().lines() {
        println!("{}", resident_kb()?);
    }
    Ok(())
}

async fn hold(stream: TcpStream) {
    let Ok(handshake) = smsc::accept(stream, ServerSettings::new("bench")).await else { return };
    let Ok((_session, mut requests)) = handshake.accept().await else { return };
    while requests.next_submit().await.is_some() {}
}

/// As many as the system grants; a bind that finds none fails.
fn allow_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

//! Wires the smpp-gateway and runs it until SIGTERM or Ctrl-C. `smpp-gateway health` asks the one that
//! runs here whether it is healthy.

use anyhow::{Context, bail};
use runtime::config::Aws;
use runtime::targets::Targets;
use sending::Lookups;
use smpp_gateway::client::deliveries::{Deliveries, Pauses};
use smpp_gateway::client::intake::Intake;
use smpp_gateway::client::{Clients, doors};
use smpp_gateway::vendor::bind;
use smpp_gateway::{Gateway, Pace, metrics, status};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info};

/// Much of what a message costs here is memory that comes and goes.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Where `/status` and `/health` are. Unless told, a free port of this machine, which the log names.
const STATUS_ADDRESS: &str = "STATUS_ADDRESS";
const STATUS_ADDRESS_DEFAULT: &str = "127.0.0.1:0";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::var(STATUS_ADDRESS).unwrap_or_else(|_| STATUS_ADDRESS_DEFAULT.to_owned());
    match std::env::args().nth(1).as_deref() {
        None => run(&address).await,
        Some("health") => status::check(&address).await.context("the gateway is not healthy"),
        Some(other) => bail!("{other} is not a command, only `health` is"),
    }
}

async fn run(address: &str) -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let progress = aws.queue("PROGRESS_QUEUE_URL")?;
    let gateway = Gateway::new(aws.store()?, aws.secrets()?, aws.sqs(), progress, Pace::default());
    let targets = Targets::from_environment()?;
    let intake = Intake::new(aws.store()?, Lookups::new(aws.secrets()?, targets)?);
    let deliveries = Deliveries::new(aws.sqs(), Pauses::default());
    let clients = Clients::new(&gateway, intake, deliveries)?;
    let doors = doors::open().await?;
    tell(address, &gateway).await;
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM handler")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no SIGINT handler")?;
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(clients.serve(doors, stopped.clone()));
    let running = tokio::spawn(smpp_gateway::run(gateway, bind::tcp(targets), stopped));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    serving.await.context("the clients' side broke")?;
    running.await.context("the gateway broke")
}

/// Starts the status page and the metrics. Messages go out also where the address is taken.
async fn tell(address: &str, gateway: &Gateway) {
    tokio::spawn(metrics::write_every_minute(gateway.board()));
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => return error!(address, %error, "there is no status page"),
    };
    if let Ok(address) = listener.local_addr() {
        info!(%address, "the status page");
    }
    let board = gateway.board();
    tokio::spawn(async move {
        if let Err(error) = status::serve(listener, board).await {
            error!(%error, "the status page broke");
        }
    });
}

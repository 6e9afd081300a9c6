//! Wires the smpp-gateway and runs it until SIGTERM or Ctrl-C.

use anyhow::Context;
use runtime::config::Aws;
use smpp_gateway::{Gateway, Pace, bind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let progress = aws.queue("PROGRESS_QUEUE_URL")?;
    let gateway = Gateway::new(aws.store()?, aws.secrets()?, aws.sqs(), progress, Pace::default());
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM handler")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no SIGINT handler")?;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(smpp_gateway::run(gateway, bind::tcp(), stopped));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    running.await.context("the gateway broke")
}

//! Stripe and an Alaris operator as a program, for demonstrations and for systems deployed locally.
//! It prints one line of JSON when ready, `{"stripe_url", "alaris_url"}`: the `api_url` of our Stripe
//! settings and the `url` of an Alaris link. Logs go to standard error. Callback URLs that are known
//! only later are set, for both, by `POST /simulator/settings` below `stripe_url`.

use std::io;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use serde_json::json;
use tests::alaris_simulator::{self, AlarisSimulator};
use tests::callback_urls::{CallbackUrls, Urls};
use tests::stripe_simulator::{self, StripeSimulator};
use tokio::signal::unix::{SignalKind, signal};

/// Simulates a payment system and a vendor of SMS on loopback.
#[derive(Parser)]
struct Arguments {
    /// Zero takes a free port.
    #[arg(long, default_value_t = 0)]
    stripe_port: u16,
    /// Zero takes a free port.
    #[arg(long, default_value_t = 0)]
    alaris_port: u16,
    #[arg(long)]
    stripe_secret_key: String,
    /// What payment events are signed with.
    #[arg(long)]
    webhook_secret: String,
    /// Where payment events go; may be set later.
    #[arg(long)]
    webhook_url: Option<String>,
    #[arg(long)]
    alaris_username: String,
    #[arg(long)]
    alaris_password: String,
    /// Where delivery reports go; may be set later.
    #[arg(long)]
    receipt_url: Option<String>,
    /// From a submit to its delivery report.
    #[arg(long, default_value_t = 500)]
    receipt_delay_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let arguments = Arguments::parse();
    let mut terminated = signal(SignalKind::terminate()).context("no signal handler")?;
    let callbacks = CallbackUrls::default();
    callbacks.set(Urls { webhook_url: arguments.webhook_url, receipt_url: arguments.receipt_url });
    let stripe = StripeSimulator::start_with(stripe_simulator::Settings {
        port: arguments.stripe_port,
        secret_key: arguments.stripe_secret_key,
        webhook_secret: arguments.webhook_secret,
        callbacks: callbacks.clone(),
    })
    .await
    .context("Stripe's port is not free")?;
    let alaris = AlarisSimulator::start(alaris_simulator::Settings {
        port: arguments.alaris_port,
        username: arguments.alaris_username,
        password: arguments.alaris_password,
        receipt_delay: Duration::from_millis(arguments.receipt_delay_ms),
        callbacks,
        ..alaris_simulator::Settings::default()
    })
    .await
    .context("the port of Alaris is not free")?;
    println!("{}", json!({ "stripe_url": stripe.url(), "alaris_url": alaris.url() }));
    tokio::select! {
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("no signal handler")?,
    }
    Ok(())
}

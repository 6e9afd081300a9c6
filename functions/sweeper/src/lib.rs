//! What has to happen by itself, minute by minute. Each duty is a file with one function, which may run
//! at any moment, twice, and beside itself; what it did not get done waits for the next minute.

pub mod allowances;
pub mod drains;
pub mod fees;
pub mod incoming;
pub mod leases;
pub mod payments;
pub mod reconcile;
pub mod recount;
pub mod top_ups;
pub mod traffic;
pub mod unreported;
pub mod versions;

use std::pin::Pin;

use ::top_ups::Cashier;
use futures::future::join_all;
use jiff::Timestamp;
use queue::Sender;
use store::Store;

#[derive(Clone)]
pub struct App {
    pub store: Store,
    /// Asks payment systems.
    pub cashier: Cashier,
    /// Takes `queue::Mail`.
    pub mail: Sender,
}

type Duty<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>>;

fn duties(app: &App, now: Timestamp) -> Vec<(&'static str, Duty<'_>)> {
    vec![
        ("drains", Box::pin(drains::run(app, now))),
        ("fees", Box::pin(fees::run(app, now))),
        ("incoming", Box::pin(incoming::run(app, now))),
        ("leases", Box::pin(leases::run(app, now))),
        ("payments", Box::pin(payments::run(app, now))),
        ("reconcile", Box::pin(reconcile::run(app, now))),
        ("recount", Box::pin(recount::run(app, now))),
        ("top_ups", Box::pin(top_ups::run(app, now))),
        ("traffic", Box::pin(traffic::run(app, now))),
        ("unreported", Box::pin(unreported::run(app, now))),
        ("versions", Box::pin(versions::run(app, now))),
    ]
}

/// Runs all duties at once, so that neither an error nor a long wait of one keeps the others from their
/// work. Errors are logged, and in the end fail the invocation.
pub async fn handle(app: &App, now: Timestamp) -> anyhow::Result<()> {
    run(duties(app, now)).await
}

async fn run(duties: Vec<(&'static str, Duty<'_>)>) -> anyhow::Result<()> {
    let named = duties.into_iter().map(|(name, duty)| async move { (name, duty.await) });
    let mut failed = Vec::new();
    for (name, outcome) in join_all(named).await {
        if let Err(error) = outcome {
            tracing::error!(duty = name, error = format!("{error:#}"), "a duty failed");
            failed.push(name);
        }
    }
    anyhow::ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_failing_duty_stops_no_other_and_fails_the_run() {
        let done = AtomicU32::new(0);
        let count = || async {
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let fail = async { anyhow::bail!("no") };
        let duties: Vec<(_, Duty<'_>)> =
            vec![("first", Box::pin(count())), ("second", Box::pin(fail)), ("third", Box::pin(count()))];
        assert_eq!(run(duties).await.unwrap_err().to_string(), "failed: second");
        assert_eq!(done.load(Ordering::Relaxed), 2);
    }
}

//! Messages from phones that could not be charged: tried again each hour for three days after they came, and
//! handed on once they are paid. What is unpaid then stays so, and stays listed.

use domain::id::IncomingId;
use jiff::Timestamp;
use sending::settle_incoming;
use tokio::time::Instant;

use crate::App;

const PAGE: u16 = 50;
/// No more messages are begun after this; the function has 60 seconds.
const BEGIN_MAX: std::time::Duration = std::time::Duration::from_secs(40);

/// Tries those that are due. One that fails stays due, and keeps no other from being tried.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (mut settled, mut failed) = (0, 0);
    let mut cursor = None;
    loop {
        let page = app.store.due_incoming(now, PAGE, cursor.as_deref()).await?;
        for id in &page.items {
            if begin.elapsed() > BEGIN_MAX {
                break;
            }
            match settle(app, id, now).await {
                Ok(()) => settled += 1,
                Err(error) => {
                    failed += 1;
                    let error = format!("{error:#}");
                    tracing::error!(incoming = %id, error, "a message from a phone was not settled");
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() || begin.elapsed() > BEGIN_MAX {
            break;
        }
    }
    tracing::info!(settled, failed, "unpaid messages from phones");
    anyhow::ensure!(failed == 0, "{failed} messages from phones could not be settled");
    Ok(())
}

async fn settle(app: &App, id: &IncomingId, now: Timestamp) -> anyhow::Result<()> {
    // One that is paid meanwhile has left the list by the same write.
    let Some(message) = app.store.incoming(id).await? else { return Ok(()) };
    if message.cost.try_at().is_none_or(|at| now < at) {
        return Ok(());
    }
    let settled = Box::pin(settle_incoming(&app.store, &message, Some(&message), now)).await?;
    if let Some(after) = settled {
        tracing::info!(incoming = %id, cost = ?after.cost, "tried again");
    }
    Ok(())
}

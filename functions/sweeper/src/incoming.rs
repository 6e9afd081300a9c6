//! Messages from phones that could not be charged: tried again each hour for three days after they came, and
//! handed on once they are paid. What is unpaid then stays so, and stays listed.

use anyhow::Context;
use domain::incoming::IncomingCost;
use jiff::{SignedDuration, Timestamp};
use sending::{leave_unpaid, settle_again};
use store::{DueIncoming, StoreError};
use tokio::time::Instant;

use crate::App;

const PAGE: u16 = 50;
const UNREAD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// No more messages are begun after this; the function has 60 seconds.
const BEGIN_MAX: std::time::Duration = std::time::Duration::from_secs(40);

/// Tries those that are due. One that fails keeps no other from being tried, and is tried again as if nobody
/// could pay for it.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (mut settled, mut failed) = (0, 0);
    let mut cursor = None;
    loop {
        let page = app.store.due_incoming(now, PAGE, cursor.as_deref()).await?;
        for due in &page.items {
            if begin.elapsed() > BEGIN_MAX {
                break;
            }
            match settle(app, due, now).await {
                Ok(()) => settled += 1,
                Err(error) => {
                    failed += 1;
                    let (id, error) = (&due.incoming, format!("{error:#}"));
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

async fn settle(app: &App, due: &DueIncoming, now: Timestamp) -> anyhow::Result<()> {
    let (store, id) = (&app.store, &due.incoming);
    let message = match store.incoming(id).await {
        // A later release may have written it: this one is not to lose it.
        Err(error @ StoreError::Corrupt { .. }) => {
            store.move_due_incoming(due, Some(now + UNREAD_AGAIN_AFTER)).await?;
            return Err(error).context("it does not read, and is tried again");
        }
        read => read?,
    };
    let unpaid = message.and_then(|message| match message.cost {
        IncomingCost::Unpaid { why, try_at: Some(at) } if due.is_at(at) => Some((message, why)),
        _ => None,
    });
    // One that is paid meanwhile, or has another time, is due no more at this one.
    let Some((message, why)) = unpaid else { return Ok(store.move_due_incoming(due, None).await?) };
    match Box::pin(settle_again(store, &message, now)).await {
        Ok(Some(after)) => tracing::info!(incoming = %id, cost = ?after.cost, "tried again"),
        Ok(None) => {}
        Err(error) => {
            let cost = IncomingCost::failed(why, message.received_at, now);
            let put_off = leave_unpaid(store, &message, cost).await?;
            let is_over = put_off.is_some_and(|after| after.cost.try_at().is_none());
            return Err(error).context(if is_over { "it is not tried again" } else { "it is tried again" });
        }
    }
    Ok(())
}

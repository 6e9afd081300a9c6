//! Takes back the leases whose holders have stopped or died: a function that is not called any more cannot
//! close its own.

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::App;

/// Leases closed at once; more only queue up in the client.
const AT_ONCE: usize = 16;

/// Closes every lease whose time is over.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let open = app.store.open_leases().await?;
    let count = open.len();
    let reclaims = open.into_iter().map(|lease| async move { app.store.reclaim_lease(&lease, now).await });
    let reclaimed: Vec<bool> =
        futures::stream::iter(reclaims).buffer_unordered(AT_ONCE).try_collect().await?;
    let reclaimed = reclaimed.into_iter().filter(|reclaimed| *reclaimed).count();
    tracing::info!(open = count, reclaimed, "leases swept");
    Ok(())
}

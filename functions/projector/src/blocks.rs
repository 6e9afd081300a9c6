//! What leases have charged. A row or a block that was put under a lease is passed over in the stream of
//! messages; the write of the lease that charges it is what makes it count, and so what sends it.

use domain::batch::Row;
use domain::lease::{Block, LeaseTag};
use futures::future::try_join_all;
use store::Effective;

use crate::change::{MessageChange, WalletChange};
use crate::reopened::Reopened;
use crate::{App, block_usage, codes, jobs, usage, write_rows};

/// What leases have charged.
pub struct Charged {
    pub rows: Vec<MessageChange>,
    pub blocks: Vec<Block>,
}

/// Does for what these changes charge what is done for a new row.
pub async fn release(
    app: &App,
    wallets: &[WalletChange],
    reopened: &mut Reopened,
) -> anyhow::Result<Charged> {
    let flushes: Vec<_> = wallets.iter().filter_map(|change| Some((flush(change)?, change))).collect();
    let charged = flushes.iter().map(|(tag, change)| async move {
        let reference = &change.after.last_operation.reference;
        let charged = app.store.flushed(tag, reference).await?;
        charged.ok_or_else(|| anyhow::anyhow!("{tag} has charged {reference}, which is not there"))
    });
    let (mut rows, mut blocks) = (Vec::new(), Vec::new());
    for charged in try_join_all(charged).await? {
        match charged {
            Effective::Block(block) => blocks.push(block),
            Effective::Row(Row::Batch(batch)) => write_rows(&app.store, batch.messages()).await?,
            Effective::Row(Row::Message(message)) => rows.push(*message),
        }
    }
    // One that has moved is known: from an earlier delivery, or from whoever called it back. One that was only
    // rated again waits all the same: that delivery may have ended before it was sent.
    let (new, known): (Vec<_>, Vec<_>) = rows.into_iter().partition(|message| message.revision == 0);
    let new: Vec<_> = new.into_iter().map(MessageChange::new).collect();
    let known: Vec<_> = known.into_iter().map(MessageChange::new).collect();
    // Their later changes come by another stream: nobody may work on them before they are recorded.
    usage::post(&app.store, &new, reopened).await?;
    codes::tell(app, &new, &[]).await?;
    block_usage::post_accepted(&app.store, &blocks, reopened).await?;
    jobs::enqueue(app, &new, &blocks).await?;
    jobs::enqueue(app, &known, &[]).await?;
    Ok(Charged { rows: new, blocks })
}

/// The flush that a write of a lease was.
fn flush(change: &WalletChange) -> Option<LeaseTag> {
    let (before, after) = (change.before.as_ref()?.lease.as_ref()?, change.after.lease.as_ref()?);
    let is_flush = before.fence == after.fence && before.written < after.written;
    let lease = change.after.id.clone();
    is_flush.then_some(LeaseTag { lease, fence: after.fence, number: after.written })
}

//! Messages on which no report came by their validity and 48 hours (spec 40, status): they end as expired,
//! with the refund that belongs to that.
//!
//! A report that comes at the same moment is stored under the same condition: one of the two ends the
//! message, and the other finds it ended.

use std::time::Duration;

use domain::id::MessageId;
use domain::lease::{Fits, LeaseTag};
use domain::message::{Progress, Status, Step, apply};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use store::keys::Key;
use store::{Awaiting, DueReports, Stored};
use tokio::time::Instant;

use crate::App;

/// Each entry names as much as one delivery of the stream brought.
const PAGE: u16 = 20;
/// Messages and blocks looked at together.
const AT_ONCE: usize = 16;
/// No more entries are begun after this; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(40);
/// In each round lost somebody else has stored a change of the same message or block.
const ROUNDS_MAX: u32 = 10;

/// What one look at a message or a block came to.
#[derive(Default)]
struct Looked {
    /// Messages that ended just now.
    ended: usize,
    /// What still awaits reports, and until when.
    waits: Vec<(Awaiting, Timestamp)>,
}

/// Ends what is due. An entry that fails stays, and keeps no other from being looked after.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (mut ended, mut failed) = (0, 0);
    for list in store::keys::reports_due_lists() {
        let mut cursor = None;
        loop {
            let page = app.store.due_reports(&list, now, PAGE, cursor.as_deref()).await?;
            for (filed, due) in &page.items {
                if begin.elapsed() > BEGIN_MAX {
                    break;
                }
                match settle(app, filed, due, now).await {
                    Ok(count) => ended += count,
                    Err(error) => {
                        failed += 1;
                        let error = format!("{error:#}");
                        tracing::error!(at = %due.at, error, "due reports were not looked after");
                    }
                }
            }
            cursor = page.next;
            if cursor.is_none() || begin.elapsed() > BEGIN_MAX {
                break;
            }
        }
    }
    tracing::info!(ended, failed, "messages without a report");
    anyhow::ensure!(failed == 0, "{failed} entries of due reports could not be looked after");
    Ok(())
}

/// Ends what an entry names, and gives how many messages that were. What awaits reports for longer, as more is
/// known of it now or as others of its block do, is filed anew before the entry goes.
async fn settle(app: &App, filed: &Key, due: &DueReports, now: Timestamp) -> anyhow::Result<usize> {
    let rows = due.messages.iter().map(|id| end_row(app, id, now).boxed());
    let blocks = due.blocks.iter().map(|tag| end_block(app, tag, now).boxed());
    let looks: Vec<BoxFuture<'_, anyhow::Result<Looked>>> = rows.chain(blocks).collect();
    // All of them, whichever fail.
    let looked: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    let (mut ended, mut waits) = (0, Vec::new());
    for looked in looked {
        let looked = looked?;
        ended += looked.ended;
        waits.extend(looked.waits);
    }
    app.store.put_due_reports(&DueReports::by_hour(waits)).await?;
    app.store.forget_due_reports(filed).await?;
    Ok(ended)
}

async fn end_row(app: &App, id: &MessageId, now: Timestamp) -> anyhow::Result<Looked> {
    for _ in 0..ROUNDS_MAX {
        let message = app.store.message(id).await?;
        let open = message.filter(|message| message.status == Status::Submitted);
        let Some(message) = open else { return Ok(Looked::default()) };
        let validity = app.store.validity_over(&message.connection).await?;
        let Some(due) = message.report_due(validity) else { return Ok(Looked::default()) };
        if now < due {
            return Ok(Looked { ended: 0, waits: vec![(Awaiting::Message(id.clone()), due)] });
        }
        let Step::Move { message: next, refund } = apply(&message, &Progress::Unreported, now) else {
            return Ok(Looked::default());
        };
        if app.store.move_message(&next, message.revision, &refund).await? == Stored::Now {
            tracing::info!(message_id = %id, refunds = refund.len(), "no report came");
            return Ok(Looked { ended: 1, waits: Vec::new() });
        }
    }
    anyhow::bail!("{id} is being changed by others")
}

/// Those that left the block are filed by themselves.
async fn end_block(app: &App, tag: &LeaseTag, now: Timestamp) -> anyhow::Result<Looked> {
    let (mut ended, mut lost) = (0, 0);
    while lost < ROUNDS_MAX {
        let Some(block) = app.store.block(tag).await? else { break };
        let Some(first) = block.messages.first() else { break };
        // All of them go over the same one.
        let validity = app.store.validity_over(&first.connection).await?;
        let dues = (0..).zip(&block.messages);
        let dues = dues.filter_map(|(place, message)| Some((place, message.report_due(validity)?)));
        let (over, waiting): (Vec<_>, Vec<_>) = dues.partition(|(_, due)| *due <= now);
        let mut change = block.change();
        // The first of them always has room.
        let has_room =
            |(place, _): &&(u16, Timestamp)| change.step(*place, &Progress::Unreported, now) == Fits::Yes;
        let moved = over.iter().take_while(has_room).count();
        if change.is_some() && app.store.change_block(&change).await? == Stored::Overtaken {
            lost += 1;
            continue;
        }
        ended += moved;
        if moved == over.len() {
            if 0 < ended {
                tracing::info!(block = %tag, ended, "no reports came");
            }
            let earliest = waiting.into_iter().map(|(_, due)| due).min();
            let waits = earliest.map(|due| (Awaiting::Block(tag.clone()), due));
            return Ok(Looked { ended, waits: waits.into_iter().collect() });
        }
    }
    anyhow::ensure!(lost < ROUNDS_MAX, "the block {tag} is being changed by others");
    Ok(Looked { ended, waits: Vec::new() })
}

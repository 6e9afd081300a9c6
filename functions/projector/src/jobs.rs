//! Accepted messages, handed to the queues of their connections.

use std::collections::BTreeMap;

use domain::connection::{ConnectionKind, Link};
use domain::id::ConnectionId;
use domain::lease::Block;
use domain::message::Status;
use queue::{Job, Sender};

use crate::App;
use crate::change::MessageChange;

/// A job for each message that has a new row, or goes on to another connection; and one for each block. A
/// job may come twice; the claim makes it happen once.
pub async fn enqueue(app: &App, changes: &[MessageChange], blocks: &[Block]) -> anyhow::Result<()> {
    let mut http = Vec::new();
    let mut smpp: BTreeMap<&ConnectionId, Vec<Job>> = BTreeMap::new();
    for message in changes.iter().filter(|change| is_due(change)).map(|change| &change.after) {
        let job = Job::SubmitV1 { message: message.id.clone(), connection: message.connection.clone() };
        match message.connection_kind {
            ConnectionKind::Http => http.push(job),
            ConnectionKind::Smpp => smpp.entry(&message.connection).or_default().push(job),
        }
    }
    for block in blocks {
        let waiting = block.messages.iter().filter(|message| message.status == Status::Accepted);
        let (Some(first), count) = (block.messages.first(), waiting.count()) else { continue };
        // Whoever has claimed it had its job.
        if !block.is_claimed && 0 < count {
            let (connection, count) = (first.connection.clone(), u16::try_from(count)?);
            let job = Job::SubmitBlockV1 { block: block.tag.clone(), connection, count };
            smpp.entry(&first.connection).or_default().push(job);
        }
    }
    app.http_send.send_all(&http).await?;
    for (connection, jobs) in smpp {
        queue_of(app, connection).await?.send_all(&jobs).await?;
    }
    Ok(())
}

fn is_due(MessageChange { before, after, has_new_row }: &MessageChange) -> bool {
    let has_new_road = before.as_ref().is_some_and(|before| before.connection != after.connection);
    after.status == Status::Accepted && (*has_new_row || has_new_road)
}

async fn queue_of(app: &App, id: &ConnectionId) -> anyhow::Result<Sender> {
    let connection = app.store.any_connection(id).await?;
    match connection.map(|connection| connection.link) {
        Some(Link::Smpp(link)) => Ok(Sender::new(app.sqs.clone(), link.queue_url)),
        _ => anyhow::bail!("{id} is not an SMPP connection"),
    }
}

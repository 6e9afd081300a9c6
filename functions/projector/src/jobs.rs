//! Accepted messages, handed to the queues of their connections.

use std::collections::BTreeMap;

use domain::connection::{ConnectionKind, Link};
use domain::id::ConnectionId;
use domain::message::Status;
use queue::{Job, Sender};

use crate::App;
use crate::change::MessageChange;

/// A job for each new message. The job may come twice; the claim of the message makes it happen once.
pub async fn enqueue(app: &App, changes: &[MessageChange]) -> anyhow::Result<()> {
    let mut http = Vec::new();
    let mut smpp: BTreeMap<&ConnectionId, Vec<Job>> = BTreeMap::new();
    for message in changes.iter().filter(|change| change.before.is_none()).map(|change| &change.after) {
        if message.status != Status::Accepted {
            continue;
        }
        let job = Job::SubmitV1 { message: message.id.clone(), connection: message.connection.clone() };
        match message.connection_kind {
            ConnectionKind::Http => http.push(job),
            ConnectionKind::Smpp => smpp.entry(&message.connection).or_default().push(job),
        }
    }
    app.http_send.send_all(&http).await?;
    for (connection, jobs) in smpp {
        queue_of(app, connection).await?.send_all(&jobs).await?;
    }
    Ok(())
}

async fn queue_of(app: &App, id: &ConnectionId) -> anyhow::Result<Sender> {
    let connection = app.store.any_connection(id).await?;
    match connection.map(|connection| connection.link) {
        Some(Link::Smpp(link)) => Ok(Sender::new(app.sqs.clone(), link.queue_url)),
        _ => anyhow::bail!("{id} is not an SMPP connection"),
    }
}

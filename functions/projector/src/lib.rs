//! What follows from a stored change: the streams of the ledger and of the messages become statement
//! lines, EDRs, usage rows and jobs.
//!
//! The stream is the outbox: a message is on its way as soon as its row is stored, whatever happens to
//! the function that stored it. A stream delivers at least once and in order for each item; everything
//! here can be repeated.

mod archive;
mod block_usage;
mod blocks;
mod change;
mod codes;
mod cover;
mod fees;
mod for_clients;
mod incoming;
mod jobs;
mod notices;
mod rate_changes;
mod receipts;
mod reopened;
mod reports_due;
mod statements;
mod unmatched;
mod usage;

use aws_lambda_events::event::dynamodb::Event;
use domain::message::Message;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use queue::Sender;
use store::{Archive, Store, StoreError};

use crate::reopened::Reopened;

pub use crate::change::{
    BlockChange, Change, IncomingChange, MessageChange, PaymentChange, WalletChange, changes,
};

/// Rows of a batch written at once.
const ROWS_AT_ONCE: usize = 32;

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub sqs: aws_sdk_sqs::Client,
    pub http_send: Sender,
    /// Takes `queue::Notification`.
    pub notifications: Sender,
    /// Takes `queue::Billing`.
    pub billing: Sender,
    /// Takes `queue::Webhook`.
    pub webhooks: Sender,
    pub archive: Archive,
}

/// Projects one delivery of a stream. On an error the whole delivery comes again.
pub async fn handle(app: &App, event: Event) -> anyhow::Result<()> {
    let records = event.records.len();
    let begun_at = event.records.first().map(|record| record.change.approximate_creation_date_time);
    let begun_at = Timestamp::from_second(begun_at.unwrap_or_default().timestamp())?;
    let (mut wallets, mut payments, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    let (mut charged, mut rates, mut incoming) = (Vec::new(), Vec::new(), Vec::new());
    let (mut parked, mut expired, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    let mut verified = Vec::new();
    let mut reopened = Reopened::at(begun_at);
    for change in changes(event)? {
        match change {
            Change::Wallet(change) => wallets.push(*change),
            Change::Payment(change) => payments.push(*change),
            Change::Fee(fee) => charged.push(*fee),
            Change::Verified(request) => verified.push(*request),
            Change::Rates(change) => rates.push(*change),
            Change::Messages(changes) => messages.extend(changes),
            Change::Block(change) => blocks.push(*change),
            Change::Incoming(change) => incoming.push(*change),
            Change::Parked(receipt) => parked.push(*receipt),
            Change::Expired(receipt) => expired.push(*receipt),
            Change::Batch(batch) => write_rows(&app.store, batch.messages()).await?,
        }
    }
    jobs::enqueue(app, &messages, &[]).await?;
    let writes = messages.iter().map(std::slice::from_ref).chain(blocks.iter().map(|block| &*block.moved));
    for_clients::tell_ends(app, writes).await?;
    for_clients::hand_on(app, &incoming).await?;
    incoming::list(&app.store, &incoming).await?;
    codes::tell(app, &messages, &verified).await?;
    usage::post(&app.store, &messages, &mut reopened).await?;
    block_usage::post_moved(&app.store, &blocks, &mut reopened).await?;
    let released = blocks::release(app, &wallets, &mut reopened).await?;
    let charged = fees::post(&app.store, &charged, &mut reopened).await?;
    reopened.close(app).await?;
    notices::send(app, &wallets, &payments).await?;
    cover::ask(app, &payments).await?;
    receipts::ask(app, &payments).await?;
    statements::post(&app.store, wallets).await?;
    rate_changes::tell(app, &rates).await?;
    unmatched::follow(&app.store, &parked, &expired).await?;
    reports_due::file(&app.store, &messages, &blocks).await?;
    let shown = archive::Shown { messages, blocks, released, fees: charged };
    archive::stage(&app.archive, shown, begun_at).await?;
    tracing::info!(records, "projected");
    Ok(())
}

/// Writes the rows of messages that were accepted together. They come back in the stream, and are sent
/// from there.
async fn write_rows(store: &Store, messages: impl Iterator<Item = Message>) -> Result<(), StoreError> {
    let rows = messages.map(|message| async move { store.write_message_of_batch(&message).await });
    futures::stream::iter(rows).buffer_unordered(ROWS_AT_ONCE).try_collect().await
}

//! Sender IDs that are monitored: somebody is told when too many of the messages that ended within a window
//! have failed. Windows follow each other, and of each one is told once.
//!
//! The counters are those of the statistics: by company, address and the month in which a message was
//! accepted. So what a company sends from one address under two agreements counts for both, and what was
//! accepted before the month that precedes a window's beginning counts no longer.

use anyhow::Context;
use domain::channel::Channel;
use domain::notification::NotificationEvent;
use domain::sender::{Monitoring, Sender};
use domain::statistics::{Counts, day_of};
use futures::StreamExt;
use jiff::{SignedDuration, Span, Timestamp};
use queue::Mail;
use store::{StoreError, TrafficWindow};

use crate::App;

/// Sender IDs looked at at once; more only queue up in the client.
const AT_ONCE: usize = 16;
/// Where nobody looked for longer, the sweeper stood still or the monitoring was switched off: what has been
/// counted since is not of one window.
const LATE_MAX: SignedDuration = SignedDuration::from_mins(5);

pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let mut senders = app.store.monitored_senders().await?;
    // Nothing is sent from those of other channels.
    senders.retain(|sender| sender.channel() == Channel::Sms);
    let count = senders.len();
    let looks = senders.into_iter().map(|sender| async move {
        let looked = look(app, &sender, now).await;
        if let Err(error) = &looked {
            let (sender, error) = (&sender.id, format!("{error:#}"));
            tracing::error!(%sender, error, "a sender ID was not looked at");
        }
        looked.is_err()
    });
    let failed: Vec<bool> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    let failed = failed.into_iter().filter(|failed| *failed).count();
    tracing::info!(count, failed, "monitored sender IDs");
    anyhow::ensure!(failed == 0, "{failed} monitored sender IDs were not looked at");
    Ok(())
}

/// Tells of the present window if there is reason to, and begins the next one when it is over.
async fn look(app: &App, sender: &Sender, now: Timestamp) -> anyhow::Result<()> {
    let Some(monitoring) = sender.monitoring else { return Ok(()) };
    let length = SignedDuration::from_mins(i64::from(monitoring.window_minutes));
    let window = app.store.traffic_window(&sender.id).await?;
    if let Some(window) = window.filter(|window| now < window.begun_at + length + LATE_MAX) {
        let counts = counted(app, sender, window.begun_at, now).await?;
        if monitoring.is_alarming(&window.counts, &counts) {
            tell(app, sender, monitoring, window.begun_at).await?;
        }
        if now < window.begun_at + length {
            return Ok(());
        }
    }
    let next = TrafficWindow { begun_at: now, counts: counted(app, sender, now, now).await? };
    app.store.begin_traffic_window(&sender.id, &next).await?;
    Ok(())
}

/// What the sender ID has counted of messages that were accepted since the month before a window began.
async fn counted(
    app: &App,
    sender: &Sender,
    begun_at: Timestamp,
    now: Timestamp,
) -> Result<Counts, StoreError> {
    let first = day_of(begun_at).first_of_month().saturating_sub(Span::new().months(1));
    app.store.statistics_of_sender(&sender.company, &sender.address, first, day_of(now)).await
}

/// One mail to each address, however often the window is looked at.
async fn tell(app: &App, sender: &Sender, monitoring: Monitoring, begun_at: Timestamp) -> anyhow::Result<()> {
    let cause = format!("traffic_alert {} {begun_at}", sender.id);
    if !app.store.begin_notice(&cause, begun_at).await? {
        return Ok(());
    }
    let agreement = app.store.any_agreement(&sender.agreement).await?.context("no such agreement")?;
    let company = app.store.any_company(&sender.company).await?.context("no such company")?;
    let values = [
        ("name", company.name),
        ("sender_id", sender.address.to_string()),
        ("window_size", monitoring.window_minutes.to_string()),
    ];
    let event = NotificationEvent::TrafficAlert;
    let emails = app.store.account_emails(&agreement).await?;
    let mails = Mail::of_agreement(&agreement, event, &emails, &cause, values, begun_at);
    app.mail.send_all(&mails).await?;
    app.store.end_notice(&cause, begun_at).await?;
    tracing::warn!(sender = %sender.id, mails = mails.len(), "too many messages of a sender ID fail");
    Ok(())
}

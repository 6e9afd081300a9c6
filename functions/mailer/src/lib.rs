//! mailer: tells people by mail. What the platform notifies of becomes mails, one for each person
//! ([`notices`]), which wait in a queue of their own; each is written in the words of the company in whose
//! name it goes ([`letter`]) and given to that company's mail server ([`smtp`]).
//!
//! A mail has a record from its first try on, which says what became of it; one that was sent or is not
//! wanted is not sent again, however often it comes. SMTP itself has no such memory: if the function dies
//! between a server's answer and the record, the mail leaves once more, under the same Message-ID. What no
//! server takes comes again, later each time, for about a day, and ends in the dead-letter queue.

mod files;
mod letter;
mod notices;
mod road;
mod smtp;
mod ticket;

use anyhow::{Context, bail};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::id::NotificationChannelId;
use domain::notification::MailRecord;
use futures::future::join_all;
use queue::{Mail, Notification, Receiver, Sender};
use runtime::batch::each_message;
use serde::Deserialize;
use store::{Documents, MailBegun, Secrets, Store};

use letter::Letter;
use road::Road;
pub use smtp::Smtp;
use smtp::Taken;
use ticket::Ticket;

/// What the function works with, made once a process.
pub struct App {
    pub store: Store,
    pub secrets: Secrets,
    /// Where the files of invoices are.
    pub documents: Documents,
    /// Takes [`Mail`].
    pub mail: Sender,
    /// The same queue, where mails wait for their next try.
    pub waiting: Receiver,
    pub smtp: Smtp,
    /// Where people without a portal of their own come in, without a slash at the end.
    pub public_base_url: String,
}

/// What comes from either queue.
#[derive(Deserialize)]
#[serde(untagged)]
enum Work {
    Mail(Mail),
    Notification(Notification),
}

/// Works off a batch. Its mails go out at the same time: one slow server must not use up the time of the
/// others.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let answers = event.records.into_iter().map(|message| {
        let ticket = Ticket::of(&message);
        each_message(only(message), async move |work: Work| match work {
            Work::Mail(mail) => take(app, mail, &ticket).await,
            Work::Notification(notification) => tell(app, &notification).await,
        })
    });
    let mut response = SqsBatchResponse::default();
    for answer in join_all(answers).await {
        response.batch_item_failures.extend(answer.batch_item_failures);
    }
    response
}

fn only(message: SqsMessage) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records.push(message);
    event
}

async fn tell(app: &App, notification: &Notification) -> anyhow::Result<()> {
    let mails = notices::mails_of(&app.store, notification).await?;
    app.mail.send_all(&mails).await.context("the mails could not be queued")
}

/// Tries once. What is not taken stays away for as long as it has to wait, and is an error.
async fn take(app: &App, mail: Mail, ticket: &Ticket) -> anyhow::Result<()> {
    let tried = attempt(app, mail).await;
    if tried.is_err()
        && let Err(error) = app.waiting.hold(&ticket.handle, ticket.pause()).await
    {
        tracing::warn!(error = format!("{:#}", anyhow::Error::new(error)), "it will come again too early");
    }
    tried
}

async fn attempt(app: &App, mail: Mail) -> anyhow::Result<()> {
    let record = match app.store.begin_mail(first_record(&mail)).await? {
        MailBegun::Yours(record) => record,
        MailBegun::Done => return Ok(()),
        MailBegun::Busy => bail!("another try is under way"),
    };
    let id = record.id.clone();
    let (taken, channel) = deliver(app, &mail, &record).await;
    let record = MailRecord { channel: channel.or(record.channel.clone()), ..record };
    let record = match &taken {
        Taken::Now => record.sent(),
        Taken::Never(why) => record.refused(why),
        Taken::NotNow(why) => record.not_taken(why),
    };
    app.store.end_mail(&record).await?;
    match taken {
        Taken::Now => Ok(()),
        Taken::Never(why) => {
            tracing::warn!(%id, why, "the mail is refused");
            Ok(())
        }
        Taken::NotNow(why) => bail!("{id} was not taken: {why}"),
    }
}

fn first_record(mail: &Mail) -> MailRecord {
    let (id, company, event, to, at) = match mail {
        Mail::EventV1 { id, company, event, to, at, .. } => (id, company, Some(*event), to, *at),
        Mail::TestV1 { id, company, to, at, .. } => (id, company, None, to, *at),
    };
    MailRecord::first(id, company, event, to, at, runtime::now())
}

/// Writes the mail and hands it over; says over which channel.
async fn deliver(app: &App, mail: &Mail, record: &MailRecord) -> (Taken, Option<NotificationChannelId>) {
    let road = match Road::find(app, mail).await {
        Ok(road) => road,
        Err(taken) => return (taken, None),
    };
    let channel = Some(road.channel.id.clone());
    let letter = match Letter::write(app, mail, record, &road.channel).await {
        Ok(letter) => letter,
        Err(taken) => return (taken, channel),
    };
    (app.smtp.send(&road, &letter.0, record.tries).await, channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_read_as_what_they_are() {
        let mail: SqsEvent = serde_json::from_str(include_str!("../../../events/mailer/mail.json")).unwrap();
        let notification: SqsEvent =
            serde_json::from_str(include_str!("../../../events/mailer/notification.json")).unwrap();
        let work = |event: SqsEvent| serde_json::from_str(event.records[0].body.as_ref().unwrap()).unwrap();
        assert!(matches!(work(mail), Work::Mail(Mail::EventV1 { .. })));
        assert!(matches!(work(notification), Work::Notification(Notification::PaymentConfirmedV1 { .. })));
    }
}

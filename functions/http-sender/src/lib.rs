//! http-sender: takes jobs from the outbound queue and submits their messages to HTTP vendors; and posts
//! webhooks, which come from a queue of their own, see [`webhook`].
//!
//! A job is done when the outcome of its submit is on the progress queue. Until then it comes again, and
//! the claim on the message decides whether that may submit once more.

mod attempt;
mod road;
mod webhook;

use std::time::Duration;

use anyhow::{Context, bail};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::connection::{OnUnknownOutcome, USUAL_VALIDITY};
use domain::id::{ConnectionId, MessageId};
use domain::message::{Message, VALIDITY_OVER};
use futures::future::join_all;
use queue::{Job, Progress, Sender, Webhook};
use runtime::batch::each_message;
use runtime::targets::Targets;
use serde::Deserialize;
use store::{Claim, Mark, Passwords, Secrets, Standings, Store, StoreError};
use tokio::time::Instant;
use vendors::alaris::Link;

use attempt::Outcome;
use road::{Road, Roads};
use webhook::Ticket;
pub use webhook::Webhooks;

/// Why a message is refused whose connection, or the company that owns it, is switched off.
pub const CONNECTION_DISABLED: &str = "connection_disabled";
/// Why a message is refused for which there is no account at the vendor: neither the connection nor the sender ID
/// has one, or that of the sender ID was told for another address or connection, or the sender ID is gone.
pub const NO_VENDOR_ACCOUNT: &str = "no_vendor_account";
/// Why a message is refused whose vendor's address is none that this platform calls.
pub const VENDOR_NOT_CALLED: &str = "vendor_address_not_called";
/// Tries of one run, also to be heard by the store. What is still not sent then is given back and comes again
/// in a minute.
const ATTEMPTS_MAX: u32 = 3;
/// Doubled after each try: a throttled second is over after the second pause.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// A try is only begun with this much time left, or it would end in doubt for no reason.
const ATTEMPT_TIME_MIN: Duration = Duration::from_secs(2);
/// What is left at the end for giving back, or for putting the outcome on its queue.
const CLOSING_TIME: Duration = Duration::from_secs(1);

/// What the function works with, made once a process.
pub struct App {
    store: Store,
    standings: Standings,
    secrets: Secrets,
    progress: Sender,
    vendors: reqwest::Client,
    targets: Targets,
    passwords: Passwords,
    webhooks: Option<Webhooks>,
}

impl App {
    /// Vendors are called where `targets` allow it.
    pub fn new(store: Store, secrets: Secrets, progress: Sender, targets: Targets) -> anyhow::Result<Self> {
        let vendors = attempt::client(targets).context("no client for HTTP vendors")?;
        let passwords = Passwords::new(secrets.clone());
        let standings = Standings::new(store.clone());
        Ok(Self { store, standings, secrets, progress, vendors, targets, passwords, webhooks: None })
    }

    /// The same, which posts webhooks too.
    #[must_use]
    pub fn posting(self, webhooks: Webhooks) -> Self {
        Self { webhooks: Some(webhooks), ..self }
    }
}

/// What comes from either queue.
#[derive(Deserialize)]
#[serde(untagged)]
enum Work {
    Job(Job),
    Webhook(Webhook),
}

/// Works off a batch within `time_left`. Its messages go out at the same time: one slow vendor must not
/// use up the time of the others.
pub async fn handle(app: &App, event: SqsEvent, time_left: Duration) -> SqsBatchResponse {
    let until = Instant::now() + time_left.saturating_sub(CLOSING_TIME);
    let run = Run { app, roads: Roads::default(), until };
    let answers = event.records.into_iter().map(|message| {
        let (run, ticket) = (&run, Ticket::of(&message));
        each_message(only(message), async move |work: Work| match work {
            Work::Job(job) => run.take(job).await,
            Work::Webhook(webhook) => run.post(&webhook, &ticket).await,
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

/// One invocation.
struct Run<'a> {
    app: &'a App,
    roads: Roads,
    until: Instant,
}

impl Run<'_> {
    async fn take(&self, job: Job) -> anyhow::Result<()> {
        let Job::SubmitV1 { message, connection } = job else { bail!("a block is not for an HTTP vendor") };
        let road = self.roads.get(self.app, &connection).await?;
        if !self.has_time() {
            bail!("no time left in this run");
        }
        let mark = Mark::random();
        match self.ask(|| self.app.store.claim_over(&message, &connection, mark)).await {
            Ok(Claim::Done) => Ok(()),
            Ok(Claim::Yours(claimed)) => self.submit(&claimed.message, &road, Some(mark)).await,
            // It may have been carried out all the same, and nothing has left under this mark.
            Err(error) => {
                self.release(&message, mark).await?;
                Err(error.into())
            }
            // An earlier run ended without an outcome: perhaps the vendor has the message.
            Ok(Claim::Before(claimed)) => match road.on_unknown_outcome {
                OnUnknownOutcome::Resend => self.submit(&claimed, &road, None).await,
                OnUnknownOutcome::Wait => self.tell(in_doubt(message, connection)).await,
            },
        }
    }

    async fn post(&self, webhook: &Webhook, ticket: &Ticket) -> anyhow::Result<()> {
        let webhooks = self.app.webhooks.as_ref().context("this process posts no webhooks")?;
        webhooks.take(&self.app.secrets, webhook, ticket, self.until).await
    }

    /// Submits a message and tells what came of it. Without a claim of ours it is in doubt: an earlier
    /// submit may have reached the vendor, so nothing that is answered now can prove that it did not.
    async fn submit(&self, message: &Message, road: &Road, claim: Option<Mark>) -> anyhow::Result<()> {
        let id = message.id.clone();
        let mut doubted = claim.is_none();
        // Nor does one go out again that was stopped before that could be told.
        let is_over = message.goes_out_till(USUAL_VALIDITY) <= runtime::now();
        let stopped = self.app.standings.refusal(message).await.or(is_over.then_some(VALIDITY_OVER));
        let refused = |reason: &str| Outcome::Refused { reason: reason.to_owned() };
        let outcome = match (&road.way, stopped) {
            (Some(_), Some(reason)) => refused(reason),
            (Some(way), None) => match way.link(self.app, message).await {
                Ok(Some(link)) => self.attempts(message, &link, road.on_unknown_outcome, &mut doubted).await,
                Ok(None) => refused(NO_VENDOR_ACCOUNT),
                Err(error) => Outcome::NotSent { reason: format!("{error:#}") },
            },
            (None, _) => refused(CONNECTION_DISABLED),
        };
        match outcome {
            Outcome::Submitted { references } => {
                let references = references.into_iter().map(Some).collect();
                let (connection, at) = (Some(message.connection.clone()), runtime::now());
                self.tell(Progress::SubmittedV1 { message: id, references, connection, at }).await
            }
            Outcome::Refused { .. } if doubted => self.tell(in_doubt(id, message.connection.clone())).await,
            Outcome::Refused { reason } => {
                // As over SMPP: what waits for a disabled connection goes by the next one.
                let next_route = [CONNECTION_DISABLED, NO_VENDOR_ACCOUNT].contains(&reason.as_str());
                self.tell(Progress::RefusedV1 {
                    message: id,
                    reason,
                    next_route,
                    connection: next_route.then(|| message.connection.clone()),
                    at: runtime::now(),
                })
                .await
            }
            Outcome::InDoubt { reason } => match road.on_unknown_outcome {
                OnUnknownOutcome::Wait => self.tell(in_doubt(id, message.connection.clone())).await,
                OnUnknownOutcome::Resend => bail!("{id} will be sent again: {reason}"),
            },
            // It stays claimed, so that the next run knows of the doubt.
            Outcome::NotSent { reason } if doubted => bail!("{id} will be sent again: {reason}"),
            Outcome::NotSent { reason } => {
                if let Some(mark) = claim {
                    self.release(&id, mark).await?;
                }
                bail!("{id} was given back: {reason}")
            }
        }
    }

    /// Tries until there is an answer that another try would not change, or no time.
    async fn attempts(
        &self,
        message: &Message,
        link: &Link,
        on_unknown_outcome: OnUnknownOutcome,
        doubted: &mut bool,
    ) -> Outcome {
        let mut pause = RETRY_PAUSE;
        let mut attempt = 1;
        loop {
            let outcome = attempt::submit(self.app, message, link, self.until).await;
            let again = match &outcome {
                Outcome::Submitted { .. } | Outcome::Refused { .. } => false,
                Outcome::NotSent { .. } => true,
                Outcome::InDoubt { .. } => {
                    *doubted = true;
                    on_unknown_outcome == OnUnknownOutcome::Resend
                }
            };
            if !again || attempt == ATTEMPTS_MAX {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            if !self.has_time() {
                return outcome;
            }
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }

    /// Only for a claim under which nothing has left.
    async fn release(&self, id: &MessageId, mark: Mark) -> anyhow::Result<()> {
        self.ask(|| self.app.store.release_under(id, mark)).await?;
        Ok(())
    }

    /// Asks the store again while there is time: what stays claimed is in doubt when its job comes again.
    async fn ask<T, W>(&self, ask: impl Fn() -> W) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, StoreError>>,
    {
        for _ in 1..ATTEMPTS_MAX {
            match ask().await {
                Err(_) if self.has_time() => tokio::time::sleep(RETRY_PAUSE).await,
                answer => return answer,
            }
        }
        ask().await
    }

    fn has_time(&self) -> bool {
        ATTEMPT_TIME_MIN <= self.until.saturating_duration_since(Instant::now())
    }

    async fn tell(&self, progress: Progress) -> anyhow::Result<()> {
        self.app.progress.send(&progress).await.context("the outcome could not be told")
    }
}

fn in_doubt(message: MessageId, connection: ConnectionId) -> Progress {
    Progress::InDoubtV1 { message, references: Vec::new(), connection: Some(connection), at: runtime::now() }
}

/// Why a job cannot be worked off; it ends in the dead-letter queue, where somebody looks at it.
fn misrouted(connection: &ConnectionId) -> anyhow::Error {
    anyhow::anyhow!("{connection} is not an HTTP connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_a_batch_of_jobs() {
        let sample = include_str!("../../../events/http-sender/submit.json");
        let event: SqsEvent = serde_json::from_str(sample).unwrap();
        for message in event.records {
            let Job::SubmitV1 { message, .. } = serde_json::from_str(&message.body.unwrap()).unwrap() else {
                panic!("a block")
            };
            assert!(message.as_str().starts_with(MessageId::PREFIX));
        }
    }
}

//! What is posted to addresses that clients have named, signed as Standard Webhooks 1.0 say
//! (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and `webhook-signature` over both and the body.
//!
//! What is not taken comes again, later each time, for about a day, and ends in the dead-letter queue.

mod body;
mod signature;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use aws_lambda_events::event::sqs::SqsMessage;
use domain::id::AgreementId;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use queue::{Receiver, Webhook};
use reqwest::Client;
use runtime::targets::Targets;
use store::Secrets;
use tokio::sync::Mutex;
use tokio::time::Instant;

use signature::SigningSecret;

/// What a receiver may take to answer, if the run has that much left.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
/// A changed secret is used after this time at the latest.
const SECRET_KEPT: Duration = Duration::from_secs(5 * 60);
/// The pauses that Standard Webhooks recommend; SQS holds a message for twelve hours at most. With the
/// first try there is one more of them than pauses, as `infra/template.yaml` has to say too.
const PAUSES_SECONDS: [u64; 7] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 8 * 3600, 8 * 3600];

/// The means to post.
pub struct Webhooks {
    queue: Receiver,
    posts: Client,
    targets: Targets,
    kept: Mutex<HashMap<AgreementId, (Instant, SigningSecret)>>,
}

impl Webhooks {
    /// `queue` is where [`Webhook`]s come from. The client follows no redirects, uses no proxy and calls no
    /// address that `targets` do not allow.
    pub fn new(queue: Receiver, targets: Targets) -> anyhow::Result<Self> {
        let posts = Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(targets)
            .build()
            .context("no client for webhooks")?;
        Ok(Self { queue, posts, targets, kept: Mutex::default() })
    }

    /// Posts once. What is not taken stays away for as long as it has to wait, and is an error.
    pub(crate) async fn take(
        &self,
        secrets: &Secrets,
        webhook: &Webhook,
        ticket: &Ticket,
        until: Instant,
    ) -> anyhow::Result<()> {
        let posted = self.post(secrets, webhook, until).await;
        if posted.is_err()
            && let Err(error) = self.queue.hold(&ticket.handle, ticket.pause()).await
        {
            tracing::warn!(
                error = format!("{:#}", anyhow::Error::new(error)),
                "it will come again too early"
            );
        }
        posted
    }

    async fn post(&self, secrets: &Secrets, webhook: &Webhook, until: Instant) -> anyhow::Result<()> {
        let (id, url, agreement) = (webhook.id(), webhook.url(), webhook.agreement());
        let url = self.targets.webhook(url)?;
        let secret = self.secret(secrets, agreement).await?;
        let body = body::text(webhook)?;
        let sent_at = runtime::now().as_second().to_string();
        let time = ANSWER_TIME_MAX.min(until.saturating_duration_since(Instant::now()));
        let call = self
            .posts
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &sent_at)
            .header("webhook-signature", secret.sign(&id, &sent_at, &body))
            .body(body)
            .timeout(time);
        // Clients write secrets into addresses.
        let answer = call.send().await.map_err(reqwest::Error::without_url)?;
        match answer.status() {
            StatusCode::GONE => tracing::warn!(id, "the receiver wants no webhooks any more"),
            status => ensure!(status.is_success(), "{id} was answered with {status}"),
        }
        Ok(())
    }

    /// The agreement's secret, made when it is needed first.
    async fn secret(&self, secrets: &Secrets, agreement: &AgreementId) -> anyhow::Result<SigningSecret> {
        let mut kept = self.kept.lock().await;
        if let Some((read_at, secret)) = kept.get(agreement)
            && read_at.elapsed() < SECRET_KEPT
        {
            return Ok(secret.clone());
        }
        let name = Secrets::webhooks(agreement);
        let secret: SigningSecret = secrets.read_or_create(&name, SigningSecret::new).await?;
        kept.insert(agreement.clone(), (Instant::now(), secret.clone()));
        Ok(secret)
    }
}

/// What SQS says of a message beside its content.
pub(crate) struct Ticket {
    handle: String,
    /// From 1.
    receives: usize,
}

impl Ticket {
    pub fn of(message: &SqsMessage) -> Self {
        let receives = message.attributes.get("ApproximateReceiveCount");
        let receives = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
        Self { handle: message.receipt_handle.clone().unwrap_or_default(), receives }
    }

    fn pause(&self) -> Duration {
        let place = self.receives.saturating_sub(1).min(PAUSES_SECONDS.len() - 1);
        Duration::from_secs(PAUSES_SECONDS[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_tried_again_for_about_a_day() {
        let pause = |receives| Ticket { handle: String::new(), receives }.pause().as_secs();
        assert_eq!([pause(0), pause(1), pause(2), pause(100)], [5, 5, 300, 8 * 3600]);
        let hours = PAUSES_SECONDS.iter().sum::<u64>() / 3600;
        assert!((23..=24).contains(&hours), "{hours}");
    }
}

//! Delivery reports on their way to us.

use std::time::Duration;

use form_urlencoded::byte_serialize;
use tokio::time::sleep;

use crate::callback_urls::CallbackUrls;

/// How often a report is sent until it is acknowledged: for a minute, as our webhook may be down for
/// a deployment.
const ATTEMPTS_MAX: u32 = 60;
const REST: Duration = Duration::from_secs(1);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(CALL_TIMEOUT).build()
}

pub(super) struct Report {
    pub message_id: String,
    pub state: String,
    pub dnis: String,
    pub error_code: String,
}

impl Report {
    /// Posts the report after a delay, until an answer of success or the last attempt.
    pub(super) async fn send(self, client: reqwest::Client, callbacks: CallbackUrls, delay: Duration) {
        sleep(delay).await;
        for _ in 0..ATTEMPTS_MAX {
            if self.is_acknowledged(&client, &callbacks).await {
                return;
            }
            sleep(REST).await;
        }
        tracing::warn!(message_id = self.message_id, "nobody wants the report");
    }

    async fn is_acknowledged(&self, client: &reqwest::Client, callbacks: &CallbackUrls) -> bool {
        let Some(template) = callbacks.get().receipt_url else {
            return false;
        };
        match client.post(self.fill(&template)).form(&self.form()).send().await {
            Ok(answer) if answer.status().is_success() => true,
            Ok(answer) => {
                tracing::debug!(status = %answer.status(), message_id = self.message_id, "report refused");
                false
            }
            Err(error) => {
                tracing::debug!(%error, message_id = self.message_id, "report not delivered");
                false
            }
        }
    }

    fn form(&self) -> [(&'static str, &str); 4] {
        [
            ("dlvrMsgId", &self.message_id),
            ("dlvrMsgStat", &self.state),
            ("dnis", &self.dnis),
            ("error_code", &self.error_code),
        ]
    }

    fn fill(&self, template: &str) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        template
            .replace("$messageID$", &encoded(&self.message_id))
            .replace("$status$", &encoded(&self.state))
            .replace("$dnis$", &encoded(&self.dnis))
            .replace("$errorCode$", &encoded(&self.error_code))
    }
}

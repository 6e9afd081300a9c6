//! Builds the clients and serves the API as a function.

use std::time::Duration;

use anyhow::Context;
use portal_api::{App, ConnectionQueues, router};
use runtime::config::{Aws, masking, setting};
use runtime::limits::{Limit, limited};
use runtime::targets::Targets;
use store::{Files, Invoices};
use top_ups::{Addresses, Cashier};

/// Buckets answer within a second or two; the function itself has twenty.
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let http = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build().context("the HTTP client")?;
    let app = App {
        store: aws.store()?,
        trees: store::TreeCache::default(),
        billing: aws.queue("BILLING_QUEUE_URL")?,
        mail: aws.queue("MAIL_QUEUE_URL")?,
        connection_queues: ConnectionQueues {
            sqs: aws.sqs(),
            prefix: setting("CONNECTION_QUEUE_PREFIX")?,
            dead_queue_arn: setting("CONNECTION_DEAD_QUEUE_ARN")?,
        },
        documents: aws.document_links()?,
        invoices: Invoices::new(aws.store()?, Files::new(aws.document_links()?, http.clone())),
        secrets: aws.secrets()?,
        http,
        cashier: Cashier::new(aws.store()?, aws.secrets()?, Addresses::from_environment()?)?,
        public_base_url: setting("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
        targets: Targets::from_environment()?,
        masking: masking()?,
    };
    runtime::http::serve(limited(router(app), Limit::from_env()?)).await
}

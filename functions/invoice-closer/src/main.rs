//! The function behind the billing schedule and queue: builds the clients and runs the handler.

use std::time::Duration;

use invoice_closer::{App, Wake, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use runtime::config::Aws;
use serde_json::Value;
use store::{Files, Invoices, TreeCache};

/// The rows of the largest charge are some megabytes.
const HTTP_TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let http = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build()?;
    let app = App {
        store: aws.store()?,
        documents: aws.documents()?,
        invoices: Invoices::new(aws.store()?, Files::new(aws.document_links()?, http)),
        billing: aws.queue("BILLING_QUEUE_URL")?,
        notifications: aws.queue("NOTIFICATIONS_QUEUE_URL")?,
        trees: TreeCache::default(),
    };
    let wake = async |event: LambdaEvent<Value>| {
        handle(&app, Wake::read(event.payload)?, runtime::now()).await.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(wake)).await
}

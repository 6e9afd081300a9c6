//! The function behind the billing schedule and queue: builds the clients and runs the handler.

use invoice_closer::{App, Wake, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use runtime::config::Aws;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app =
        App { store: aws.store()?, documents: aws.documents()?, billing: aws.queue("BILLING_QUEUE_URL")? };
    let wake = async |event: LambdaEvent<Value>| {
        handle(&app, Wake::read(event.payload)?, runtime::now()).await.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(wake)).await
}

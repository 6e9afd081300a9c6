//! The function behind the table streams: builds the clients and runs the handler.

use aws_lambda_events::event::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use projector::{App, handle};
use runtime::config::Aws;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = App {
        store: aws.store()?,
        sqs: aws.sqs(),
        http_send: aws.queue("HTTP_SEND_QUEUE_URL")?,
        notifications: aws.queue("NOTIFICATIONS_QUEUE_URL")?,
        billing: aws.queue("BILLING_QUEUE_URL")?,
        webhooks: aws.queue("WEBHOOKS_QUEUE_URL")?,
        archive: aws.archive()?,
    };
    let project = async |event: LambdaEvent<Event>| handle(&app, event.payload).await.map_err(Error::from);
    lambda_runtime::run(service_fn(project)).await
}

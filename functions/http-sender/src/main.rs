//! Runs http-sender as a Lambda function.

use std::convert::Infallible;
use std::time::SystemTime;

use aws_lambda_events::event::sqs::SqsEvent;
use http_sender::{App, Webhooks};
use lambda_runtime::{LambdaEvent, service_fn};
use runtime::config::{Aws, setting};
use runtime::targets::Targets;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let webhooks = queue::Receiver::new(aws.sqs(), setting("WEBHOOKS_QUEUE_URL")?);
    let targets = Targets::from_environment()?;
    let app = App::new(aws.store()?, aws.secrets()?, aws.queue("PROGRESS_QUEUE_URL")?, targets)?;
    let app = &app.posting(Webhooks::new(webhooks, targets)?);
    let invocation = service_fn(async move |event: LambdaEvent<SqsEvent>| {
        let time_left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        Ok::<_, Infallible>(http_sender::handle(app, event.payload, time_left).await)
    });
    lambda_runtime::run(invocation).await.map_err(|error| anyhow::anyhow!("the function stopped: {error}"))
}

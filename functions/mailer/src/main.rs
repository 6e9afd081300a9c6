//! Runs mailer as a Lambda function.

use std::convert::Infallible;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use mailer::{App, Smtp};
use queue::Receiver;
use runtime::config::{Aws, setting};
use runtime::targets::Targets;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = &App {
        store: aws.store()?,
        secrets: aws.secrets()?,
        documents: aws.documents()?,
        mail: aws.queue("MAIL_QUEUE_URL")?,
        waiting: Receiver::new(aws.sqs(), setting("MAIL_QUEUE_URL")?),
        smtp: Smtp::new(Targets::from_environment()?),
        public_base_url: setting("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
    };
    let invocation = service_fn(async move |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Infallible>(mailer::handle(app, event.payload).await)
    });
    lambda_runtime::run(invocation).await.map_err(|error| anyhow::anyhow!("the function stopped: {error}"))
}

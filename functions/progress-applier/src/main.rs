//! The function behind the progress queue: builds the clients and runs the handler.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use progress_applier::{App, handle};
use runtime::config::Aws;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let app = App { store: Aws::load().await.store()? };
    let answer = async |event: LambdaEvent<SqsEvent>| Ok::<_, Error>(handle(&app, event.payload).await);
    lambda_runtime::run(service_fn(answer)).await
}

//! Runs dlr-webhook as a Lambda function behind the HTTP API.

use runtime::config::Aws;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = dlr_webhook::App::new(aws.store()?, aws.queue("PROGRESS_QUEUE_URL")?);
    runtime::http::serve(dlr_webhook::router(app)).await
}

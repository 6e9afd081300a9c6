//! Runs payment-callback as a Lambda function behind the HTTP API.

use runtime::config::Aws;
use top_ups::Addresses;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = payment_callback::App::new(aws.store()?, aws.secrets()?, Addresses::from_environment()?)?;
    runtime::http::serve(payment_callback::router(app)).await
}

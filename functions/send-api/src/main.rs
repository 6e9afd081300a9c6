//! The function behind `POST /v1/messages`: builds the clients and runs the router.

use runtime::config::Aws;
use send_api::{App, router};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    runtime::http::serve(router(App::new(aws.store()?, aws.secrets()?)?)).await
}

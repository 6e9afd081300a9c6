//! The function behind the every-minute schedule: builds the clients and runs the duties.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use runtime::config::Aws;
use serde_json::Value;
use sweeper::{App, handle};

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let app = App { store: Aws::load().await.store()? };
    let sweep = async |_: LambdaEvent<Value>| handle(&app, runtime::now()).await.map_err(Error::from);
    lambda_runtime::run(service_fn(sweep)).await
}

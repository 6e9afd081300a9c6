//! The function behind the archive's schedule: builds the clients and runs it.

use edr_archiver::{App, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use runtime::config::{Aws, masking};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = App::new(aws.store()?, aws.archive()?, masking()?);
    let archive = async |_: LambdaEvent<Value>| handle(&app, runtime::now()).await.map_err(Error::from);
    lambda_runtime::run(service_fn(archive)).await
}

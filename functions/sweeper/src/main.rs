//! The function behind the every-minute schedule: builds the clients and runs the duties.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use runtime::config::Aws;
use serde_json::Value;
use sweeper::{App, handle};
use top_ups::{Addresses, Cashier};

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let cashier = Cashier::new(aws.store()?, aws.secrets()?, Addresses::from_environment()?)?;
    let app = App { store: aws.store()?, cashier, mail: aws.queue("MAIL_QUEUE_URL")? };
    let sweep = async |_: LambdaEvent<Value>| handle(&app, runtime::now()).await.map_err(Error::from);
    lambda_runtime::run(service_fn(sweep)).await
}

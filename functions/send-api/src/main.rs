//! The function behind `POST /v1/messages`: builds the clients and runs the router.

use runtime::config::{Aws, masking};
use runtime::limits::{Limit, limited};
use runtime::targets::Targets;
use send_api::{App, router};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::telemetry::init();
    let aws = Aws::load().await;
    let app = App::new(aws.store()?, aws.secrets()?, Targets::from_environment()?)?;
    let app = App { masking: masking()?, ..app };
    runtime::http::serve(limited(router(app), Limit::from_env()?)).await
}

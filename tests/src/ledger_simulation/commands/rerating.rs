//! Rerates, as the invoice-closer does them when a job of its queue wakes it.

use std::sync::LazyLock;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use domain::id::RerateId;
use invoice_closer::Wake;
use queue::Billing;
use serde_json::json;
use store::{DocumentLinks, Documents, Files, Invoices, StoreError, TreeCache};

use super::{Answer, Means, unexpected};
use crate::embedded_s3::EmbeddedS3;
use crate::world::Refused;

/// Of files that no rerate reads. Making one takes longer than many commands.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);

pub async fn rerate(means: &Means, task: RerateId) -> Result<Answer, Refused> {
    let credentials = Credentials::new("embedded", "embedded", None, None, "tests");
    let links = DocumentLinks::new(
        SharedCredentialsProvider::new(credentials),
        "eu-central-1".to_owned(),
        "https://documents.example".to_owned(),
    );
    let closer = invoice_closer::App {
        store: means.store.clone(),
        documents: Documents::new(EmbeddedS3::new().client(), "documents".to_owned()),
        invoices: Invoices::new(means.store.clone(), Files::new(links, HTTP.clone())),
        billing: means.notifications.clone(), // nobody closes here
        notifications: means.notifications.clone(),
        trees: TreeCache::default(),
    };
    let job = serde_json::to_string(&Billing::RerateV1 { task }).map_err(|_| unexpected("no job"))?;
    let event = json!({"Records": [{"messageId": "1", "body": job}]});
    let wake = Wake::read(event).map_err(|_| unexpected("no event"))?;
    match Box::pin(invoice_closer::handle(&closer, wake, means.now())).await {
        Ok(answer) if answer.batch_item_failures.is_empty() => Ok(Answer::Done),
        _ => Err(StoreError::Busy { action: "rate messages again" }.into()),
    }
}

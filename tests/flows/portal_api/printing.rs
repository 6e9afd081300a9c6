//! What a client gets of a confirmed invoice: the document and the archive of charges, by the forms of the
//! one who sells.

use domain::id::CompanyId;
use domain::upload::FileName;
use invoice_closer::Wake;
use queue::{Billing, Sender};
use serde_json::json;
use store::{Documents, TreeCache};
use tests::embedded_s3::EmbeddedS3;

use crate::billing::use_from;
use crate::platform::{Member, Platform, text};

const BUCKET: &str = "documents";

struct Office {
    platform: Platform,
    client: Member,
    s3: EmbeddedS3,
}

impl Office {
    async fn new() -> Self {
        let mut platform = Platform::new().await;
        platform.app.documents = platform.bucket.links();
        let client = platform.euro_member(&platform.owner, "Client", "client").await;
        use_from(&platform, &client, "ACME", 0..3).await;
        Self { platform, client, s3: EmbeddedS3::new() }
    }

    async fn add_form(&self, kind: &str, form: &'static str) {
        let (platform, owner) = (&self.platform, &self.platform.owner);
        let upload = platform.made(owner, "/v1/uploads", json!({"kind": "xml"})).await;
        let put = platform.app.http.put(text(&upload, "url")).body(form).send().await.unwrap();
        assert!(put.status().is_success());
        let file = FileName::parse(&text(&upload, "file")).unwrap();
        // The closer reads the bucket itself, and not by a link.
        let place = file.place(&CompanyId::parse(&owner.company).unwrap());
        self.s3.put(BUCKET, &place, form.as_bytes().to_vec());
        let form = json!({"kind": kind, "name": "Mine", "date_from": "2020-01-01", "file": file});
        platform.made(owner, "/v1/printable_forms", form).await;
    }

    /// The files of the client's invoice, once it is confirmed: PDF, CSV and XLSX.
    async fn confirm(&self) -> [Vec<u8>; 3] {
        let (platform, owner) = (&self.platform, &self.platform.owner);
        let path = format!("/v1/agreements/{}/invoices", self.client.agreement);
        let draft = platform.post(&owner.key, &path, json!({})).await.good();
        let path = format!("/v1/invoices/{}", text(&draft, "id"));
        platform.post(&owner.key, &format!("{path}/confirm"), json!({"early": true})).await.good();
        self.render(&text(&draft, "id")).await;
        assert!(
            !text(&platform.get(&self.client.key, &format!("{path}/pdf")).await.good(), "url").is_empty()
        );
        let place = format!("invoices/{}/{}", self.client.agreement, text(&draft, "id"));
        ["pdf", "csv", "xlsx"].map(|ending| self.s3.get(BUCKET, &format!("{place}.{ending}")).unwrap())
    }

    async fn render(&self, invoice: &str) {
        let platform = &self.platform;
        let queue = |name| Sender::new(platform.sqs.client(), platform.sqs.queue(name));
        let app = invoice_closer::App {
            store: platform.store.clone(),
            documents: Documents::new(self.s3.client(), BUCKET.to_owned()),
            invoices: platform.app.invoices.clone(),
            billing: queue("billing"),
            notifications: queue("notifications"),
            trees: TreeCache::default(),
        };
        let job = Billing::RenderV1 { invoice: invoice.to_owned().try_into().unwrap() };
        let body = serde_json::to_string(&job).unwrap();
        let event = json!({"Records": [{"messageId": "1", "body": body}]});
        let answer = invoice_closer::handle(&app, Wake::read(event).unwrap(), runtime::now()).await.unwrap();
        assert!(answer.batch_item_failures.is_empty());
    }
}

fn contains(pdf: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(pdf).contains(text)
}

#[tokio::test]
async fn a_confirmed_invoice_has_a_document_and_the_archive_of_its_charges() {
    let office = Office::new().await;
    let [pdf, csv, xlsx] = office.confirm().await;
    assert!(contains(&pdf, "INVOICE 1, "));
    let csv = String::from_utf8(csv).unwrap();
    let (head, row) = csv.split_once('\n').unwrap();
    assert!(head.starts_with("Invoice,Period from,Period to,Resource,"), "{csv}");
    // The rate of the test is in no rate plan.
    assert!(row.contains(",SMS message,additional_fee,ACME,,DE,"), "{csv}");
    assert!(row.ends_with(",0.05,3,3,0.15,0,0.15,EUR\n"), "{csv}");
    assert!(xlsx.starts_with(b"PK"));
}

#[tokio::test]
async fn a_tenants_own_forms_make_its_documents() {
    let office = Office::new().await;
    office
        .add_form("invoice", "<document title='Mine {{ number }}'><text>{{ total }}</text></document>")
        .await;
    office.add_form("charge", "<details><column value='net' title='Sum'/></details>").await;
    let [pdf, csv, _] = office.confirm().await;
    assert!(contains(&pdf, "Mine 1"));
    assert_eq!(String::from_utf8(csv).unwrap(), "Sum\n0.15\n");
}

#[tokio::test]
async fn a_form_that_fails_on_a_real_invoice_keeps_no_client_waiting() {
    let office = Office::new().await;
    let form = "<document>{% if agreement == 'MAIN-2026' %}<space/>{% else %}<tabel/>{% endif %}</document>";
    office.add_form("invoice", form).await;
    let [pdf, ..] = office.confirm().await;
    assert!(contains(&pdf, "INVOICE 1, "));
}

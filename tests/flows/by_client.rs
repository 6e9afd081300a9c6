//! The Rust client of `clients/rust` against both APIs on loopback: a reseller opens a client, hands it
//! credits, and the client sends; and the example of `clients/typescript`. A target of its own, so that
//! `whole_api` can generate the client anew when this does not compile with the old one.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "shared with the flows, which use more of it")]
#[path = "portal_api/platform.rs"]
mod platform;
#[allow(dead_code, reason = "shared with the flows, which use more of it")]
#[path = "portal_api/shop.rs"]
mod shop;

use std::path::Path;
use std::process::Command;

use domain::connection::Connection;
use runtime::targets::Targets;
use serde_json::{Value, json};
use tests::loopback::{Reserved, Serving};
use tests::peers::{TypeScript, required};
use waybill_client::portal::{
    AgreementRequest, ApiKeyRequest, Charging, CompanyKind, CompanyPatch, CompanyRequest, ConnectionPatch,
    ConnectionSettings, GetCompaniesQuery, NewPaymentRequest, NewTransferRequest,
};
use waybill_client::sending::{GetMessagesQuery, SendRequest};
use waybill_client::{Client, Error};

use crate::platform::{Platform, today};
use crate::shop::{Shop, flat, sms};

struct Served {
    platform: Platform,
    url: String,
    _serving: Serving,
}

async fn served() -> Served {
    let platform = Platform::new().await;
    let (url, serving) = serve(&platform).await;
    Served { platform, url, _serving: serving }
}

/// Both APIs at one address, as they are deployed.
async fn serve(platform: &Platform) -> (String, Serving) {
    let port = Reserved::port(0).await.unwrap();
    let sending = send_api::App::new(platform.store.clone(), platform.secrets.store(), Targets::Any).unwrap();
    let both = portal_api::router(platform.app.clone()).merge(send_api::router(sending));
    (port.url(), port.serve(runtime::http::finish(both)))
}

#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    answer.unwrap_err().code().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn companies_are_opened_listed_and_changed_by_the_client() {
    let served = served().await;
    let client = Client::new(&served.url, &served.platform.owner.key);
    for (name, kind) in [("Bakery", CompanyKind::Client), ("Mill", CompanyKind::Reseller)] {
        client.post_companies(&company(name, kind)).await.unwrap();
    }
    let listed = client.get_companies(&GetCompaniesQuery::default()).await.unwrap();
    let names: Vec<&str> = listed.items.iter().map(|company| company.name.as_str()).collect();
    assert_eq!((names.as_slice(), listed.next), (["Bakery", "Mill"].as_slice(), None));
    let change = CompanyPatch { enabled: Some(false), ..CompanyPatch::default() };
    let changed = client.patch_company(&listed.items[0].id, None, &change).await.unwrap();
    assert_eq!(changed, client.get_company(&listed.items[0].id).await.unwrap());
    assert!(!changed.enabled);
    assert_eq!(code(client.get_company("com_x").await), "not_found");
    assert_eq!(code(Client::new(&served.url, "waybill_0").get_me().await), "unauthorized");
}

fn company(name: &str, kind: CompanyKind) -> CompanyRequest {
    serde_json::from_value(json!({"name": name, "kind": kind})).unwrap()
}

fn agreement(company: &str, code: &str) -> AgreementRequest {
    let terms = json!({"company": company, "code": code, "currency": "CREDIT"});
    AgreementRequest { charging: Some(Charging::Prefunded), ..serde_json::from_value(terms).unwrap() }
}

#[tokio::test]
async fn credits_are_paid_in_and_handed_down_once_by_the_client() {
    let served = served().await;
    let owner = &served.platform.owner;
    let client = Client::new(&served.url, &owner.key);
    let bakery = client.post_companies(&company("Bakery", CompanyKind::Client)).await.unwrap();
    let opened = client.post_agreements(&agreement(&bakery.id, "B-1")).await.unwrap();
    assert_eq!(client.get_agreement(&opened.id).await.unwrap().code, "B-1");
    let payment: NewPaymentRequest = serde_json::from_value(json!({"agreement": owner.agreement,
        "amount": "100", "payment_date": today(), "reference": "P-1"}))
    .unwrap();
    client.post_payments("pay-1", &payment).await.unwrap();
    let transfer = |amount: &str| NewTransferRequest {
        from: owner.wallet.clone(),
        to: opened.wallet.clone(),
        amount: amount.to_owned(),
        ..NewTransferRequest::default()
    };
    let first = client.post_transfers("transfer-1", &transfer("40")).await.unwrap();
    assert_eq!(client.post_transfers("transfer-1", &transfer("40")).await.unwrap(), first);
    assert_eq!(code(client.post_transfers("transfer-1", &transfer("41")).await), "idempotency_key_reused");
    let refused = client.post_transfers("transfer-2", &transfer("61")).await.unwrap_err();
    let Error::Refused { problem, .. } = &refused else { panic!("{refused}") };
    assert_eq!((problem.status, &problem.figures["available"]), (402, &"60".into()));
    assert_eq!(client.get_wallet(&opened.wallet).await.unwrap().balance, "40");
}

#[tokio::test]
async fn keys_are_made_and_revoked_by_the_client() {
    let served = served().await;
    let client = Client::new(&served.url, &served.platform.owner.key);
    let ask: ApiKeyRequest = serde_json::from_value(json!({"name": "Shop"})).unwrap();
    let made = client.post_api_keys(&ask).await.unwrap();
    let shop = Client::new(&served.url, &made.secret);
    assert_eq!(shop.get_me().await.unwrap().id, served.platform.owner.company);
    client.delete_api_key(&made.id, &Default::default(), None).await.unwrap();
    assert_eq!(code(shop.get_me().await), "unauthorized");
}

#[tokio::test]
async fn connections_are_made_with_their_password_and_read_without_it_by_the_client() {
    let served = served().await;
    let client = Client::new(&served.url, &served.platform.owner.key);
    let ask: ConnectionSettings = serde_json::from_value(json!({"kind": "smpp", "name": "Vendor",
        "host": "smsc.example.com", "port": 2775, "system_id": "waybill", "password": "secret08"}))
    .unwrap();
    let made = client.post_connections(&ask).await.unwrap();
    let secret = async || {
        let kept = served.platform.secret_of::<Connection>(&made.id).await.unwrap();
        kept["password"].clone()
    };
    assert_eq!(secret().await, "secret08");
    assert_eq!(client.get_connection(&made.id).await.unwrap(), made);
    let ConnectionSettings::Smpp { host, password, .. } = &made.connection_settings else {
        panic!("{made:?}")
    };
    assert_eq!((host.as_str(), password), ("smsc.example.com", &None));
    let more = [("window".to_owned(), json!(20)), ("password".to_owned(), json!("secret09"))];
    let change = ConnectionPatch { enabled: Some(false), more: more.into() };
    let changed = client.patch_connection(&made.id, None, &change).await.unwrap();
    let ConnectionSettings::Smpp { window, .. } = changed.connection_settings else { panic!("{made:?}") };
    assert_eq!((changed.enabled, window), (false, Some(20)));
    assert_eq!(secret().await, "secret09");
}

#[tokio::test]
async fn messages_are_priced_sent_and_followed_by_the_client() {
    let shop = Shop::new().await;
    let bakery = shop.client("10").await;
    shop.sell(&shop.platform.owner, &bakery, sms(flat("0.05"))).await;
    let (url, _serving) = serve(&shop.platform).await;
    let client = Client::new(&url, &bakery.key);
    let ask = SendRequest {
        sender: "ACME".into(),
        recipients: vec!["+4915112345678".into()],
        text: "hello".into(),
        ..SendRequest::default()
    };
    let price = client.post_messages_estimate(&ask).await.unwrap();
    let sent = client.post_messages("send-1", &ask).await.unwrap();
    assert_eq!((price.total.as_str(), price.messages.len()), ("0.05", 1));
    assert_eq!((sent.total.as_str(), sent.balance_after.as_str()), ("0.05", "9.95"));
    assert_eq!(client.post_messages("send-1", &ask).await.unwrap(), sent);
    let id = sent.messages[0].id.clone().unwrap();
    assert_eq!(client.get_message(&id).await.unwrap().recipient, "4915112345678");
    shop.project().await;
    let query = GetMessagesQuery { limit: Some(1), ..GetMessagesQuery::default() };
    let page = client.get_messages(&query).await.unwrap();
    assert_eq!((page.items[0].id.as_str(), page.next.is_some()), (id.as_str(), true));
}

/// With an address, and the keys of a reseller and of a client.
const RUN_EXAMPLE: &str = r#"
import { companies, lastMessages, sendOne } from "./example.js";
const [baseUrl, reseller, client] = process.argv.slice(2);
console.log(JSON.stringify([
  await companies({ baseUrl, apiKey: reseller }),
  await sendOne({ baseUrl, apiKey: client }, "ACME", "+4915112345678"),
  await lastMessages({ baseUrl, apiKey: client }),
]));
"#;

#[tokio::test]
async fn the_example_of_the_typescript_client_lists_and_sends() {
    let found = tokio::task::spawn_blocking(TypeScript::find).await.unwrap();
    let Some(tools) = required(found) else { return };
    let shop = Shop::new().await;
    let bakery = shop.client("10").await;
    shop.sell(&shop.platform.owner, &bakery, sms(flat("0.05"))).await;
    let (url, _serving) = serve(&shop.platform).await;
    let ask = json!({"sender": "ACME", "recipients": ["+4915112345678"], "text": "hello"});
    let ask: SendRequest = serde_json::from_value(ask).unwrap();
    let sent = Client::new(&url, &bakery.key).post_messages("send-1", &ask).await.unwrap();
    shop.project().await;
    let arguments = [url, shop.platform.owner.key.clone(), bakery.key.clone()];
    let told = tokio::task::spawn_blocking(move || example(&tools, &arguments)).await.unwrap();
    assert!(told[0][0].as_str().unwrap().ends_with(" (client)"), "{told}");
    assert!(told[1].as_str().unwrap().starts_with("1 sent for 0.05 "), "{told}");
    let id = sent.messages[0].id.as_deref();
    assert!(told[2].as_array().unwrap().iter().any(|row| row[0].as_str() == id), "{told}");
}

/// What the example answers. It is compiled first, because not every node runs types.
fn example(tools: &TypeScript, arguments: &[String]) -> Value {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("clients/typescript");
    let folder = tools.folder.join("example");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["tsconfig.json", "waybill.ts", "example.ts", "portal-api.ts", "send-api.ts"] {
        std::fs::copy(client.join(name), folder.join(name)).unwrap();
    }
    std::fs::write(folder.join("run.js"), RUN_EXAMPLE).unwrap();
    let compile = ["--noEmit", "false", "--noCheck", "--rewriteRelativeImportExtensions"];
    let compiler = tools.program("typescript/bin/tsc");
    run(Command::new("node").arg(compiler).args(compile).current_dir(&folder));
    serde_json::from_str(&run(Command::new("node").arg(folder.join("run.js")).args(arguments))).unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (told, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {told}{complaints}");
    told.into_owned()
}

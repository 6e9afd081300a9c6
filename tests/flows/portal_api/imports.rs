//! Rates from files of suppliers into trees, step by step, with real CSV, XLS and XLSX files and a bucket on
//! loopback; and trees as files that import back.

use http::Method;
use serde_json::{Value, json};
use tests::bucket::Bucket;

use crate::platform::{Answer, Member, Platform, text};
use crate::shop::flat;

/// What the old Excel format looks like; `tests/fixtures/make_xls.py` made it.
const XLS: &[u8] = include_bytes!("../../fixtures/rates.xls");

/// A platform with a bucket, and a service of the owner in euros.
struct Desk {
    platform: Platform,
    service: String,
    _bucket: Bucket,
}

impl Desk {
    async fn with_tree(tree: Value) -> Self {
        let bucket = Bucket::start().await.unwrap();
        let mut platform = Platform::new().await;
        platform.app.documents = bucket.links();
        let body = json!({"name": "Rates", "currency": "EUR", "tree": tree});
        let service = platform.post(&platform.owner.key, "/v1/services", body).await.good();
        Self { service: text(&service, "id"), platform, _bucket: bucket }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.platform.ask(&self.platform.owner.key, method, path, &[], body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.good()
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn begin(&self, path: &str, file_name: &str, format: &str) -> Answer {
        let body = json!({"path": path, "file_name": file_name, "supplier": "Tele", "format": format});
        self.post(&format!("/v1/services/{}/scopes/1/imports", self.service), body).await
    }

    /// A new import with its file in the bucket, by its path.
    async fn upload(&self, path: &str, file_name: &str, format: &str, bytes: &[u8]) -> String {
        let import = self.begin(path, file_name, format).await.good();
        let put = self.platform.app.http.put(text(&import, "upload_url")).body(bytes.to_vec());
        assert!(put.send().await.unwrap().status().is_success());
        format!("/v1/imports/{}", text(&import, "id"))
    }

    async fn parsed(&self, path: &str, file_name: &str, bytes: &[u8]) -> (String, Value) {
        let import = self.upload(path, file_name, "standard", bytes).await;
        let parsed = self.post(&format!("{import}/parse"), json!({})).await.good();
        (import, parsed)
    }

    async fn confirm(&self, import: &str, preview: &Value, more: Value) -> Answer {
        let mut body = json!({"preview": preview["preview"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let version = format!("\"{}\"", preview["version"]);
        let headers = [("if-match", version.as_str())];
        let path = format!("{import}/confirm");
        self.platform.ask(&self.platform.owner.key, Method::POST, &path, &headers, Some(body)).await
    }

    async fn tree(&self) -> Value {
        self.get(&format!("/v1/services/{}/scopes/1/tree", self.service)).await["tree"].clone()
    }

    async fn exported(&self, query: &str) -> Vec<u8> {
        let link = self.get(&format!("/v1/services/{}/scopes/1/export?{query}", self.service)).await;
        let file = self.platform.app.http.get(text(&link, "url")).send().await.unwrap();
        assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename="));
        file.bytes().await.unwrap().to_vec()
    }
}

fn by_country(prices: &[(&str, &str)]) -> Value {
    let values: serde_json::Map<_, _> = prices
        .iter()
        .map(|(country, price)| ((*country).to_owned(), json!({"price": flat(price)})))
        .collect();
    json!({"depends_on": "country", "values": values})
}

fn today() -> Value {
    json!({"sms_message": {"depends_on": "direction", "billing_rule": "submitted", "values": {
        "MO": {"price": {"type": "free"}},
        "MT": {"quantity_rule": "messages", "depends_on": "country",
            "values": by_country(&[("DE", "0.05"), ("FR", "0.06"), ("IT", "0.07")])["values"]}}}})
}

fn changes(list: &Value) -> Vec<String> {
    let shown = |change: &Value| {
        format!(
            "{} {} {}",
            text(change, "path"),
            text(change, "change"),
            change["by"].as_str().unwrap_or("-")
        )
    };
    list["items"].as_array().unwrap().iter().map(shown).collect()
}

#[tokio::test]
async fn a_file_is_uploaded_parsed_mapped_previewed_and_confirmed_in_one_step() {
    let desk = Desk::with_tree(today()).await;
    let file =
        "Our rates\nCountry;Price\nGermany;0,055\nFrance;0,05\nAtlantis;0,1\nSpain;Free\nPoland;0,0000001\n";
    let (import, parsed) = desk.parsed("sms_message/MT", "rates.csv", file.as_bytes()).await;
    assert_eq!((&parsed["state"], &parsed["settings"]["start_row"]), (&json!("parsed"), &json!(3)));
    assert_eq!((&parsed["columns"], &parsed["rows_total"]), (&json!(["A", "B"]), &json!(7)));
    assert_eq!(parsed["rows"][1], json!({"number": 2, "cells": ["Country", "Price"]}));

    let mut settings = parsed["settings"].clone();
    settings["columns"][0]["match"] = json!({"type": "key"});
    let strict = desk.put(&format!("{import}/settings"), json!({"settings": settings})).await.good();
    assert_eq!(strict["mapped"][0]["unmatched_total"], 5);
    settings["columns"][0]["match"] = json!({"type": "field", "field": "name_en", "equality": "best"});
    let mapped = desk.put(&format!("{import}/settings"), json!({"settings": settings})).await.good();
    let unmatched = |place: usize| mapped["mapped"][place]["unmatched"][0]["text"].clone();
    assert_eq!((unmatched(0), unmatched(1)), (json!("Atlantis"), json!("Free")));

    let by_hand =
        json!({"country": {"Atlantis": {"key": "PT"}}, "price": {"Free": {"price": {"type": "free"}}}});
    let mapped = desk.put(&format!("{import}/mappings"), json!({"mappings": by_hand})).await.good();
    assert_eq!(mapped["mapped"][0]["unmatched_total"], 0);
    let texts = desk.get(&format!("{import}/mappings?subject=country&limit=3")).await;
    assert_eq!((&texts["items"][2]["to"], &texts["items"][2]["how"]), (&json!("PT"), &json!("manual")));
    assert_eq!(texts["next"], "3");

    let preview = desk.get(&format!("{import}/preview")).await;
    assert_eq!(preview["counts"], json!({"rows": 5, "rows_with_errors": 1, "rows_skipped": 0, "prices": 4}));
    assert_eq!(
        preview["changes"],
        json!({"new": 2, "removed": 1, "up": 1, "down": 1, "changed": 0, "unchanged": 0})
    );
    assert_eq!(preview["problem"], Value::Null);
    let list = desk.get(&format!("{import}/preview/changes")).await;
    assert_eq!(changes(&list), ["DE up 0.005", "ES new -", "FR down -0.01", "IT removed -", "PT new -"]);
    assert_eq!(list["items"][0]["percent"], "10");
    let errors = desk.get(&format!("{import}/preview/errors")).await;
    let reason = "\"0,0000001\": an amount has at most 6 decimal places";
    assert_eq!(errors["items"], json!([{"row": 7, "column": "B", "reason": reason}]));
    let node = desk.get(&format!("{import}/preview/nodes?path=sms_message/MT/DE")).await;
    assert_eq!(node["price"], flat("0.055"));
    assert_eq!(desk.tree().await, today(), "nothing is changed yet");

    assert_eq!(desk.confirm(&import, &preview, json!({})).await.refusal(), "422 import_has_errors");
    let done = desk.confirm(&import, &preview, json!({"leave_out_errors": true})).await.good();
    assert_eq!((&done["state"], &done["version"]), (&json!("confirmed"), &json!(2)));
    let mut expected = today();
    let mut node = by_country(&[("DE", "0.055"), ("FR", "0.05"), ("PT", "0.1")]);
    node["values"]["ES"] = json!({"price": {"type": "free"}});
    node["quantity_rule"] = json!("messages");
    expected["sms_message"]["values"]["MT"] = node;
    assert_eq!(desk.tree().await, expected, "the rule that the node had stays");
    let again = desk.confirm(&import, &preview, json!({"leave_out_errors": true})).await.good();
    assert_eq!(again, done, "a repeat changes nothing");
}

#[tokio::test]
async fn xls_and_xlsx_files_are_imported_as_well() {
    let desk = Desk::with_tree(today()).await;
    let (import, parsed) = desk.parsed("sms_message/MT", "rates.xls", XLS).await;
    assert_eq!(
        (&parsed["sheets"], &parsed["settings"]["sheet"]),
        (&json!(["Notes", "Rates"]), &json!("Rates"))
    );
    let mut settings = parsed["settings"].clone();
    settings["sections"] = json!(["country", "mccmnc"]);
    settings["accept_unknown_mccmnc"] = json!(true);
    let mapped = desk.put(&format!("{import}/settings"), json!({"settings": settings})).await.good();
    assert!(
        mapped["warnings"].as_array().unwrap().iter().all(|warning| warning["prevents"] == false),
        "{mapped}"
    );
    let skip = json!({"mappings": {"country": {"Россия": {"key": "RU"}}}});
    desk.put(&format!("{import}/mappings"), skip).await.good();
    let preview = desk.get(&format!("{import}/preview")).await;
    assert_eq!(preview["counts"]["prices"], 5, "{preview}");
    desk.confirm(&import, &preview, json!({"leave_out_errors": true})).await.good();
    let tree = desk.tree().await;
    let values = &tree["sms_message"]["values"]["MT"]["values"];
    assert_eq!(values["DE"]["values"]["26202"]["price"], flat("0.0523"));
    assert_eq!(values["DE"]["others"]["price"], flat("0.06"));
    assert_eq!(values["TR"]["values"]["28601"]["price"], flat("0.011234"));

    let xlsx = desk.exported("format=xlsx&path=sms_message/MT/DE").await;
    let (import, parsed) = desk.parsed("sms_message/MT/DE", "germany.xlsx", &xlsx).await;
    assert_eq!(parsed["settings"]["exported"], true);
    let preview = desk.get(&format!("{import}/preview")).await;
    assert_eq!(preview["changes"]["unchanged"], 2, "{preview}");
}

#[tokio::test]
async fn an_exported_tree_imports_back_as_the_same_tree() {
    let tree = json!({"sms_message": {"depends_on": "direction", "quantity_rule": "segments", "values": {
            "MO": {"price": {"type": "free"}},
            "MT": {"depends_on": "country", "billing_rule": "delivered", "values": {
                "DE": {"depends_on": "network", "values": {"Others": {"price": {"type": "blocked"}}, "=1+1": {"price": flat("1")}},
                    "others": {"price": {"type": "scale", "scale": "back_to_first", "counter_group": "sender_id",
                        "tiers": [{"threshold": 1000, "amount": "0.05"}, {"amount": "0.04"}]}}}},
                "others": {"depends_on": "time_of_day", "values": {"08:00-20:00": {"price": flat("0.1")}},
                    "others": {"price": {"type": "not_included"}}}}}},
        "platform_fee": {"depends_on": "periodicity", "values": {"month": {"price": flat("10")}}}});
    let desk = Desk::with_tree(tree.clone()).await;
    for format in ["csv", "xlsx"] {
        let file = desk.exported(&format!("format={format}")).await;
        let name = format!("tree.{format}");
        let path = format!("/v1/services/{}/scopes/1/tree", desk.service);
        desk.put(&path, json!({"tree": {"sms_message": {"price": flat("7")}}})).await.good();
        let (import, parsed) = desk.parsed("", &name, &file).await;
        assert_eq!(parsed["settings"]["exported"], true);
        let preview = desk.get(&format!("{import}/preview")).await;
        assert_eq!(preview["counts"]["rows_with_errors"], 0, "{preview}");
        desk.confirm(&import, &preview, json!({})).await.good();
        assert_eq!(desk.tree().await, tree, "{format}");
    }
    let nowhere = format!("/v1/services/{}/scopes/1/export?path=sms_message/XX", desk.service);
    assert_eq!(desk.ask(Method::GET, &nowhere, None).await.refusal(), "404 not_found");
    assert_eq!(desk.begin("", "rates.csv", "standard").await.status, 201);
    let (import, _) = desk.parsed("", "rates.csv", b"Country,Price\nDE,1\n").await;
    assert_eq!(desk.ask(Method::GET, &format!("{import}/preview"), None).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn what_was_mapped_by_hand_is_remembered_for_the_next_file_of_the_supplier() {
    let desk = Desk::with_tree(today()).await;
    let file = b"Country,Price\nAtlantis,1\nFRG,2\n";
    let (first, _) = desk.parsed("sms_message/MT", "first.csv", file).await;
    let by_hand = json!({"mappings": {"country": {"Atlantis": "skip", "FRG": {"key": "DE"}}}});
    desk.put(&format!("{first}/mappings"), by_hand).await.good();
    let (second, _) = desk.parsed("sms_message/MT", "second.csv", file).await;
    let preview = desk.get(&format!("{second}/preview")).await;
    assert_eq!(preview["counts"], json!({"rows": 2, "rows_with_errors": 0, "rows_skipped": 1, "prices": 1}));
    let forget = json!({"mappings": {"country": {"Atlantis": null}}});
    let left = desk.put(&format!("{second}/mappings"), forget).await.good();
    assert_eq!(left["mapped"][0]["unmatched"][0]["text"], "Atlantis");
    let wrong = json!({"mappings": {"country": {"Atlantis": {"key": "Germany"}}}});
    let refused = desk.put(&format!("{second}/mappings"), wrong).await;
    assert_eq!(
        (refused.refusal(), &refused.body["field"]),
        ("422 invalid".into(), &json!("mappings.country"))
    );
    let list = desk.get(&format!("/v1/services/{}/scopes/1/imports", desk.service)).await;
    let names: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|import| text(import, "file_name")).collect();
    assert_eq!(names, ["first.csv", "second.csv"]);
}

#[tokio::test]
async fn only_what_was_previewed_is_confirmed_and_only_over_the_tree_it_was_compared_with() {
    let desk = Desk::with_tree(today()).await;
    let (import, _) = desk.parsed("sms_message/MT", "rates.csv", b"Country,Price\nDE,1\nFR,2\n").await;
    let preview = desk.get(&format!("{import}/preview")).await;
    let unseen = desk.post(&format!("{import}/confirm"), json!({"preview": preview["preview"]})).await;
    assert_eq!(unseen.refusal(), "428 if_match_missing");

    // Somebody else says that FR is none of theirs.
    let skip = json!({"mappings": {"country": {"FR": "skip"}}});
    desk.put(&format!("{import}/mappings"), skip).await.good();
    assert_eq!(desk.confirm(&import, &preview, json!({})).await.refusal(), "409 preview_differs");

    let preview = desk.get(&format!("{import}/preview")).await;
    let node = format!("/v1/services/{}/scopes/1/nodes?path=sms_message/MO", desk.service);
    desk.put(&node, json!({"node": {"price": flat("1")}})).await.good();
    assert_eq!(desk.confirm(&import, &preview, json!({})).await.refusal(), "412 precondition_failed");
    let preview = desk.get(&format!("{import}/preview")).await;
    desk.confirm(&import, &preview, json!({})).await.good();
    assert_eq!(desk.tree().await["sms_message"]["values"]["MO"]["price"], flat("1"));
    let late = desk.put(&format!("{import}/mappings"), json!({"mappings": {}})).await;
    assert_eq!(late.refusal(), "409 import_confirmed");
    assert_eq!(desk.ask(Method::DELETE, &import, None).await.refusal(), "409 import_confirmed");
}

#[tokio::test]
async fn a_tree_that_would_lack_something_or_be_wrong_is_not_put_in_force() {
    let desk = Desk::with_tree(today()).await;
    let (import, _) = desk.parsed("sms_message/MT", "rates.csv", b"Country,Price\nAtlantis,1\n").await;
    let preview = desk.get(&format!("{import}/preview")).await;
    assert_eq!(preview["problem"]["path"], "sms_message/MT", "{preview}");
    let refused = desk.confirm(&import, &preview, json!({"leave_out_errors": true})).await;
    assert_eq!(refused.refusal(), "422 invalid_tree");
    assert_eq!(desk.tree().await, today());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_names_sheet_row_and_column() {
    let desk = Desk::with_tree(today()).await;
    let begun = desk.begin("sms_message/MT", "rates.csv", "standard").await.good();
    let import = format!("/v1/imports/{}", text(&begun, "id"));
    assert_eq!(desk.post(&format!("{import}/parse"), json!({})).await.refusal(), "409 not_uploaded");
    assert_eq!(desk.ask(Method::GET, &format!("{import}/preview"), None).await.refusal(), "409 not_parsed");

    let broken = format!("Country,Price\nDE,\"0.05\n{}", "FR,1\n".repeat(10_000));
    let import = desk.upload("sms_message/MT", "rates.csv", "standard", broken.as_bytes()).await;
    let refused = desk.post(&format!("{import}/parse"), json!({})).await;
    assert_eq!((refused.refusal(), &refused.body["row"]), ("422 unreadable_file".into(), &json!("2")));
    assert_eq!(refused.body["column"], "B");
    let import = desk.upload("sms_message/MT", "rates.xls", "standard", XLS).await;
    let refused = desk.post(&format!("{import}/parse"), json!({"sheet": "Prices"})).await;
    assert_eq!((refused.refusal(), &refused.body["sheet"]), ("422 unreadable_file".into(), &json!("Prices")));
    let import = desk.upload("sms_message/MT", "rates.xlsx", "standard", b"%PDF-1.7").await;
    assert_eq!(desk.post(&format!("{import}/parse"), json!({})).await.refusal(), "422 unreadable_file");
    assert_eq!(desk.begin("sms_message/XX/DE", "rates.csv", "standard").await.refusal(), "422 invalid");
}

#[tokio::test]
async fn whatsapp_prices_are_imported_by_category_and_by_tier() {
    let desk = Desk::with_tree(json!({"whatsapp_message": {"price": {"type": "free"}}})).await;
    let basic = "Market,Marketing,Utility\nArgentina,0.0618,0.0289\nEgypt,0.1073,n/a\n";
    let import = desk.upload("whatsapp_message", "basic.csv", "whatsapp_basic", basic.as_bytes()).await;
    desk.post(&format!("{import}/parse"), json!({})).await.good();
    let free = json!({"mappings": {"price": {"n/a": {"price": {"type": "free"}}}}});
    desk.put(&format!("{import}/mappings"), free).await.good();
    let preview = desk.get(&format!("{import}/preview")).await;
    desk.confirm(&import, &preview, json!({})).await.good();
    let tree = desk.tree().await;
    let egypt = &tree["whatsapp_message"]["values"]["egypt"]["values"];
    assert_eq!(
        (&egypt["marketing"]["price"], &egypt["utility"]["price"]["type"]),
        (&flat("0.1073"), &json!("free"))
    );

    let tiers = "Market,Category,From,To,Price\nArgentina,Utility,0,\"100,000\",0.0289\nArgentina,Utility,\"100,001\",,0.0275\n";
    let import = desk.upload("whatsapp_message", "tiers.csv", "whatsapp_tier", tiers.as_bytes()).await;
    desk.post(&format!("{import}/parse"), json!({})).await.good();
    let preview = desk.get(&format!("{import}/preview")).await;
    desk.confirm(&import, &preview, json!({})).await.good();
    let tree = desk.tree().await;
    let price = &tree["whatsapp_message"]["values"]["argentina"]["values"]["utility"]["price"];
    let tiers = json!([{"threshold": 100_000, "amount": "0.0289"}, {"amount": "0.0275"}]);
    assert_eq!((&price["scale"], &price["tiers"]), (&json!("tier"), &tiers));
}

#[tokio::test]
async fn imports_are_for_who_may_edit_the_service_and_can_be_canceled() {
    let desk = Desk::with_tree(today()).await;
    let owner = &desk.platform.owner;
    let client: Member = desk.platform.euro_member(owner, "Client", "client").await;
    let reseller: Member = desk.platform.euro_member(owner, "Reseller", "reseller").await;
    let (import, _) = desk.parsed("sms_message/MT", "rates.csv", b"Country,Price\nDE,1\n").await;
    assert_eq!(desk.platform.get(&client.key, &import).await.refusal(), "403 not_allowed");
    assert_eq!(desk.platform.get(&reseller.key, &import).await.refusal(), "404 not_found");
    let export = format!("/v1/services/{}/scopes/1/export", desk.service);
    assert_eq!(desk.platform.get(&reseller.key, &export).await.refusal(), "404 not_found");

    let canceled = desk.ask(Method::DELETE, &import, None).await.good();
    assert_eq!(canceled["state"], "canceled");
    assert_eq!(desk.ask(Method::DELETE, &import, None).await.good()["state"], "canceled");
    assert_eq!(
        desk.ask(Method::GET, &format!("{import}/preview"), None).await.refusal(),
        "409 import_canceled"
    );
    assert_eq!(desk.get(&import).await["state"], "canceled");
}

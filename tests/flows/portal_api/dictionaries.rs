//! Dictionaries as the owner edits and imports them, and what messages cost by them.

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::platform::{Answer, Member, Platform, text};
use crate::shop::Shop;

const HEAD: &str = "key,mcc,mnc,country,name,status\n";

async fn import(platform: &Platform, by: &Member, path: &str, file: impl Into<Body>) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("authorization", format!("Bearer {}", by.key))
        .header("content-type", "text/csv")
        .body(file.into())
        .unwrap();
    let response = platform.router().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap() }
}

async fn operator(platform: &Platform, key: &str) -> Option<String> {
    let path = format!("/v1/dictionaries/operators/entries/{key}");
    let answer = platform.get(&platform.owner.key, &path).await;
    answer.status.is_success().then(|| text(&answer.body["values"], "name"))
}

#[tokio::test]
async fn whoever_sells_reads_dictionaries_with_where_they_come_from() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let list = platform.get(&reseller.key, "/v1/dictionaries").await.good();
    assert_eq!(list["items"].as_array().unwrap().len(), 14);
    let operators = platform.get(&reseller.key, "/v1/dictionaries/operators").await.good();
    assert_eq!(operators["fields"], json!(["mcc", "mnc", "country", "name", "status"]));
    assert_eq!(text(&operators["shipped"], "licence"), "public domain");
    assert_eq!((&operators["updated_at"], &operators["editable"]), (&Value::Null, &json!(true)));
    assert_eq!(platform.get(&reseller.key, "/v1/dictionaries/planets").await.refusal(), "404 not_found");
    assert_eq!(platform.get(&client.key, "/v1/dictionaries").await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn entries_are_found_by_text_and_country_and_listed_in_pages() {
    let platform = Platform::new().await;
    let page = |query: String| {
        let platform = &platform;
        async move {
            let path = format!("/v1/dictionaries/operators/entries?{query}");
            let page = platform.get(&platform.owner.key, &path).await.good();
            let keys = page["items"].as_array().unwrap().iter().map(|entry| text(entry, "key"));
            (keys.collect::<Vec<_>>(), page["next"].as_str().map(str::to_owned))
        }
    };
    let (first, next) = page("search=vodaFONE&country=DE&limit=2".into()).await;
    assert_eq!(first, ["26202", "26204"]);
    let next = next.unwrap();
    let (second, next) = page(format!("search=vodaFONE&country=DE&limit=2&cursor={next}")).await;
    assert_eq!((second, next), (vec!["26209".to_owned()], None));
    let network = platform.get(&platform.owner.key, "/v1/dictionaries/networks/entries/DE%20Vodafone").await;
    assert_eq!(text(&network.good()["values"], "mccmncs"), "26202 26204 26209");
}

#[tokio::test]
async fn only_the_company_that_runs_the_platform_changes_dictionaries() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let entry = "/v1/dictionaries/operators/entries/26298";
    let body = || Some(json!({"values": {"mcc": "262", "mnc": "98", "country": "DE", "name": "Neu"}}));
    let refused = platform.ask(&reseller.key, Method::PUT, entry, &[], body()).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
    let import = import(&platform, &reseller, "/v1/dictionaries/operators/import?source=me", HEAD).await;
    assert_eq!(import.refusal(), "403 not_allowed");
    let fixed = platform.ask(
        &platform.owner.key,
        Method::PUT,
        "/v1/dictionaries/directions/entries/MX",
        &[],
        Some(json!({"values": {"name": "Both"}})),
    );
    assert_eq!(fixed.await.refusal(), "422 not_editable");
    platform.ask(&platform.owner.key, Method::PUT, entry, &[], body()).await.good();
    assert_eq!(operator(&platform, "26298").await.as_deref(), Some("Neu"));
}

#[tokio::test]
async fn an_entry_is_put_and_deleted_and_a_reset_brings_back_what_is_shipped() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let put = |entry: &'static str, values: Value| {
        let (platform, path) = (&platform, format!("/v1/dictionaries/operators/entries/{entry}"));
        async move { platform.ask(key, Method::PUT, &path, &[], Some(json!({"values": values}))).await }
    };
    let values = json!({"mcc": "262", "mnc": "02", "country": "DE", "name": "Rot"});
    put("26202", values.clone()).await.good();
    assert_eq!(operator(&platform, "26202").await.as_deref(), Some("Rot"));
    let wrong = put("26203", values).await;
    assert_eq!((wrong.refusal().as_str(), text(&wrong.body, "field").as_str()), ("422 invalid", "key"));
    let nowhere = put("26202", json!({"mcc": "262", "mnc": "02", "country": "ZZ", "name": "Rot"})).await;
    assert_eq!(text(&nowhere.body, "field"), "values.country");
    let unknown = put("26202", json!({"colour": "red"})).await;
    assert_eq!(text(&unknown.body, "field"), "values.colour");
    let path = "/v1/dictionaries/operators/entries/26203";
    let left = platform.ask(key, Method::DELETE, path, &[], None).await.good();
    assert_eq!((&left["entries"], left["updated_at"].is_string()), (&json!(813), true));
    assert_eq!(platform.ask(key, Method::DELETE, path, &[], None).await.refusal(), "404 not_found");
    let reset = platform.post(key, "/v1/dictionaries/operators/reset", json!({})).await.good();
    assert_eq!((&reset["entries"], &reset["updated_at"]), (&json!(814), &Value::Null));
    assert_eq!(operator(&platform, "26202").await.as_deref(), Some("Vodafone"));
}

#[tokio::test]
async fn a_file_is_taken_whole_or_refused_with_row_column_and_reason() {
    let platform = Platform::new().await;
    let path = "/v1/dictionaries/operators/import?source=Regulator%202026&licence=CC0&date=2026-11-01";
    let wrong = format!("{HEAD}26298,262,98,DE,Neu,\n26299,262,99,ZZ,Neu,\n2629,262,9,DE,Neu,\n");
    let refused = import(&platform, &platform.owner, path, wrong).await;
    assert_eq!(refused.refusal(), "422 invalid_file");
    let error = json!({"row": 3, "column": "country", "reason": "there is no country \"ZZ\""});
    assert_eq!(refused.body["errors"][0], error);
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(operator(&platform, "26298").await, None);

    let good = format!("{HEAD}26298,262,98,DE,Neu,\n");
    let merged = import(&platform, &platform.owner, path, good.clone()).await.good();
    assert_eq!((&merged["entries"], &merged["replaced"]), (&json!(815), &json!(false)));
    let imported = json!({"source": "Regulator 2026", "licence": "CC0", "date": "2026-11-01"});
    assert_eq!(merged["imported"], imported);
    let replaced = import(&platform, &platform.owner, &format!("{path}&mode=replace"), good).await.good();
    assert_eq!((&replaced["entries"], &replaced["replaced"]), (&json!(1), &json!(true)));
    let file = platform.get(&platform.owner.key, "/v1/dictionaries/operators/export").await.good();
    assert_eq!(file, json!(format!("{HEAD}26298,262,98,DE,Neu,\n")));
}

#[tokio::test]
async fn a_list_of_prefixes_of_any_length_is_kept_in_parts() {
    let platform = Platform::new().await;
    let mut file = String::from("key,country,network\n");
    // Names that do not pack well.
    for place in 0..40_000u64 {
        let name = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        file.push_str(&format!("49151{place:07},DE,N{name:016x}\n"));
    }
    let path = "/v1/dictionaries/prefixes/import?source=test&mode=replace";
    let imported = import(&platform, &platform.owner, path, file).await.good();
    assert_eq!(imported["entries"], 40_000);
    // Another process, with nothing in memory.
    let fresh = store::Store::new(platform.database.client(), platform.store.tables.clone());
    let prefixes = fresh.dictionaries().await.unwrap();
    let prefixes = prefixes.get(domain::dictionary::DictionaryName::Prefixes);
    assert_eq!(
        (prefixes.entries.len(), prefixes.value("491510000001", "network")),
        (40_000, Some("N9e3779b97f4a7c15"))
    );
}

#[tokio::test]
async fn of_several_editors_at_once_none_loses_a_change() {
    let platform = Platform::new().await;
    let put = |mnc: u32| {
        let platform = &platform;
        async move {
            let path = format!("/v1/dictionaries/operators/entries/262{mnc}");
            let body =
                json!({"values": {"mcc": "262", "mnc": mnc.to_string(), "country": "DE", "name": "Neu"}});
            platform.ask(&platform.owner.key, Method::PUT, &path, &[], Some(body)).await.good()
        }
    };
    futures::future::join_all((90..94).map(put)).await;
    for mnc in 90..94 {
        assert_eq!(operator(&platform, &format!("262{mnc}")).await.as_deref(), Some("Neu"));
    }
}

#[tokio::test]
async fn a_message_accepted_after_a_change_is_priced_by_it() {
    let shop = Shop::new().await;
    let (client, owner) = (shop.client("100").await, shop.platform.owner.clone());
    let tree = json!({"sms_message": {"depends_on": "network",
        "values": {"Rot": {"price": {"type": "flat", "amount": "0.08"}}},
        "others": {"price": {"type": "flat", "amount": "0.05"}}}});
    shop.sell(&owner, &client, tree).await;
    assert_eq!(shop.send(&client, 0..1).await, "0.05");
    let path = "/v1/dictionaries/prefixes/entries/49151";
    let body = json!({"values": {"country": "DE", "network": "Rot"}});
    shop.platform.ask(&owner.key, Method::PUT, path, &[], Some(body)).await.good();
    assert_eq!(shop.send(&client, 1..2).await, "0.08");
    let file = "key,country,network\n4915,DE,Rot\n";
    import(&shop.platform, &owner, "/v1/dictionaries/prefixes/import?source=test&mode=replace", file)
        .await
        .good();
    assert_eq!(shop.send(&client, 3..4).await, "0.08");
    shop.platform.post(&owner.key, "/v1/dictionaries/prefixes/reset", json!({})).await.good();
    assert_eq!(shop.send(&client, 2..3).await, "0.05");
}

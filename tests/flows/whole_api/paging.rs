//! A page costs the same wherever it is in a list, and however long the list is: counted in read units.
//!
//! The lists are filled by copying what the product stored for one company and one message, which takes
//! seconds where as many requests would take minutes. They have 10,000 entries; `LIST_ENTRIES=100000` takes
//! more.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Act, Actor};
use domain::id::{AuditId, CompanyId};
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::platform::{Platform, text};
use crate::tenancy_walk::world::World;

const ENTRIES_DEFAULT: usize = 10_000;
/// Copied at once: some megabytes.
const IMPORT_MAX: usize = 5_000;
const PAGE: usize = 500;
/// What a page may cost more than another: the sizes of its items differ by a few bytes.
const SLACK: Decimal = Decimal::ONE;

type Item = HashMap<String, AttributeValue>;

fn entries() -> usize {
    std::env::var("LIST_ENTRIES").ok().and_then(|value| value.parse().ok()).unwrap_or(ENTRIES_DEFAULT)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_companies_costs_the_same_at_any_place_of_a_long_list() {
    let platform = Platform::new().await;
    let sample = platform.euro_member(&platform.owner, "Aaaaaaaa", "client").await;
    let (owner, columns) = (&platform.owner.company, ["created_at", "name"]);
    let items = standing_in(&platform, "company", &[&sample.company], owner, &columns).await;
    let copies = (1..entries()).map(|number| {
        let id = numbered(&sample.company, number);
        vec![
            (sample.company.clone(), id),
            ("Aaaaaaaa".into(), name(number)),
            ("aaaaaaaa".into(), name(number).to_lowercase()),
        ]
    });
    fill(&platform, "flow-directory", &items, copies);
    let router = crate::router(&platform);
    for sort in ["", "&sort=name", "&sort=-name"] {
        let path = format!("/v1/companies?limit={PAGE}{sort}");
        let pages = pages(&platform, &router, &platform.owner.key, &path).await;
        check(&path, &pages, entries(), PAGE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_users_sender_ids_or_agreements_costs_the_same_at_any_place_of_a_long_list() {
    const ADDRESS: &str = "AAAAAAAA";
    let platform = Platform::new().await;
    let (router, owner) = (crate::router(&platform), &platform.owner);
    let client = platform.euro_member(owner, "Client", "client").await;
    let (company, agreement) = (&client.company, &client.agreement);
    let user = json!({"name": "Ada", "email": "ada@example.com", "company": company});
    let user = text(&platform.post(&owner.key, "/v1/users", user).await.good(), "id");
    let sender = json!({"agreement": agreement, "address": ADDRESS, "settings": {"channel": "tts"}});
    let sender = text(&platform.post(&owner.key, "/v1/sender_ids", sender).await.good(), "id");
    let sold = format!("with#{}", owner.company);
    // In its usual order each.
    for (noun, id, list, column, path) in [
        ("user", &user, company, "standing", format!("users?company={company}")),
        ("sender", &sender, company, "created_at", format!("sender_ids?company={company}")),
        ("agreement", agreement, &sold, "created_at", format!("agreements?tenant={}", owner.company)),
    ] {
        let items = standing_in(&platform, noun, &[id, ADDRESS], list, &[column]).await;
        let copy = |number| vec![(id.clone(), numbered(id, number)), (ADDRESS.to_owned(), name(number))];
        fill(&platform, "flow-directory", &items, (1..entries()).map(copy));
        let path = format!("/v1/{path}&limit={PAGE}");
        let pages = pages(&platform, &router, &owner.key, &path).await;
        check(&path, &pages, entries(), PAGE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_messages_costs_the_same_at_any_place_of_a_long_list() {
    let world = World::build().await;
    let from_phones = world.things.text("incoming_message");
    let company = world.things.text("company");
    let mut listed = items_with(world.platform(), "flow-records", &[&from_phones]).await;
    listed.retain(|item| mentions(&item["pk"], &company));
    assert_eq!(listed.len(), 1, "of a message from a phone");
    let copies = (1..entries()).map(|number| vec![(from_phones.clone(), numbered(&from_phones, number))]);
    fill(world.platform(), "flow-records", &listed, copies);
    let sent = world.first_message().await;
    let (id, accepted_at) = (sent["id"].as_str().unwrap(), sent["accepted_at"].as_str().unwrap());
    let platform = world.platform();
    let items = items_with(platform, "flow-records", &[id]).await;
    let copies = (1..entries()).map(|number| vec![(id.to_owned(), numbered(id, number))]);
    assert!(!items.is_empty(), "{id} of {accepted_at} has records");
    fill(platform, "flow-records", &items, copies);
    let agreement = world.things.text("agreement");
    let of_agreement = format!("/v1/edrs?agreement={agreement}&limit={PAGE}");
    let from_phones = format!("/v1/incoming_messages?limit={PAGE}");
    for path in [format!("/v1/messages?limit={PAGE}"), of_agreement, from_phones] {
        let pages = pages(platform, &world.router(), &world.a, &path).await;
        check(&path, &pages, entries(), PAGE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_invoices_or_charges_costs_the_same_at_any_place_of_a_long_list() {
    let world = World::build().await;
    let (platform, router) = (world.platform(), world.router());
    let (agreement, id) = (world.things.text("agreement"), world.things.text("invoice"));
    let invoice = get(&router, &world.parent, &format!("/v1/invoices/{id}")).await;
    let (first_day, charges) = (text(&invoice, "first_day"), invoice["charges"].as_array().unwrap().len());
    let by_day = format!("{agreement}#first_day");
    let mut listed = items_with(platform, "flow-directory", &[&id]).await;
    listed.retain(|item| mentions(&item["sk"], &by_day));
    let stored = items_with(platform, "flow-records", &[&format!("invoices#{agreement}")]).await;
    for (table, items) in [("flow-directory", listed), ("flow-records", stored)] {
        assert_eq!(items.len(), 1, "of an invoice in {table}");
        let copies = (1..entries()).map(|number| {
            let day = date(1700, 1, 1).checked_add(i32::try_from(number).unwrap().days()).unwrap();
            vec![(id.clone(), numbered(&id, number)), (first_day.clone(), day.to_string())]
        });
        fill(platform, table, &items, copies);
    }
    for (list, each) in [("invoices", 1), ("charges", charges)] {
        let path = format!("/v1/{list}?agreement={agreement}&limit={PAGE}");
        let pages = pages(platform, &router, &world.parent, &path).await;
        check(&path, &pages, each * entries(), each * PAGE);
    }
}

/// An order without an index: what it may read is bounded, whatever else is in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_audit_log_by_user_reads_a_span_of_ten_thousand_entries_and_of_no_more() {
    const SPAN: usize = 10_000;
    let platform = Platform::new().await;
    let owner = CompanyId::parse(&platform.owner.company).unwrap();
    let (who, name) = ("tester".to_owned(), "Tester".to_owned());
    let actor = Actor { company: owner.clone(), who, name, ip: None };
    let (id, at) = (AuditId::new(1), Timestamp::from_second(1_000_000).unwrap());
    let act = Act { id, actor, at, path: vec![owner] };
    platform.store.audit(&act, "bank.create", "thing").await.unwrap();
    let log = platform.get(&platform.owner.key, "/v1/audit?object=thing").await.good();
    let id = text(&log["items"][0], "id");
    let items = items_with(&platform, "flow-records", &[&id]).await;
    let copies = (1..SPAN).map(|number| vec![(id.clone(), numbered(&id, number))]);
    fill(&platform, "flow-records", &items, copies);
    let (key, capacity) = (&platform.owner.key, platform.database.capacity());
    let read = async |query: &str| {
        capacity.take();
        let answer = platform.get(key, &format!("/v1/audit?limit={PAGE}&sort=name&{query}")).await;
        (answer, capacity.take().iter().map(|consumed| consumed.read_units).sum::<Decimal>())
    };
    let (page, units) = read(&format!("from={at}&till={}", at + 1.second())).await;
    let page = page.good();
    assert_eq!((page["items"].as_array().unwrap().len(), page["next"].is_string()), (PAGE, true));
    // The log has more: what made the owner.
    let (refused, units_refused) = read("").await;
    assert_eq!(refused.refusal(), "422 too_many");
    println!(
        "of {SPAN} entries a page by user reads {units} units, and {units_refused} where there are more"
    );
    assert!(units_refused <= units * Decimal::TWO);
}

/// The first, a middle and the last full page cost the same, and so does every other.
#[track_caller]
fn check(path: &str, pages: &[(usize, Decimal)], entries: usize, full: usize) {
    let found: usize = pages.iter().map(|(count, _)| count).sum();
    assert!(found >= entries, "{path}: {found} of {entries} are listed");
    let full: Vec<Decimal> =
        pages.iter().filter(|(count, _)| *count == full).map(|(_, units)| *units).collect();
    let (first, middle, last) = (full[0], full[full.len() / 2], full[full.len() - 1]);
    println!(
        "{path}: {found} entries, {} pages; read units first {first}, middle {middle}, last {last}",
        pages.len()
    );
    let (least, most) = (full.iter().min().unwrap(), full.iter().max().unwrap());
    assert!(*most - *least <= SLACK, "{path}: pages cost from {least} to {most}");
}

/// Every page of a list: how many items it has, and what it read.
async fn pages(platform: &Platform, router: &axum::Router, key: &str, path: &str) -> Vec<(usize, Decimal)> {
    let capacity = platform.database.capacity();
    let mut pages = Vec::new();
    let mut next: Option<String> = None;
    loop {
        capacity.take();
        let cursor = next.as_deref().map(|next| {
            let cursor: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("&cursor={cursor}")
        });
        let page = get(router, key, &format!("{path}{}", cursor.unwrap_or_default())).await;
        let units = capacity.take().iter().map(|consumed| consumed.read_units).sum();
        pages.push((page["items"].as_array().unwrap_or_else(|| panic!("{page}")).len(), units));
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            return pages;
        }
    }
}

async fn get(router: &axum::Router, key: &str, path: &str) -> Value {
    let request = http::Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
    let response = router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Everything of a table in which one of these texts stands.
async fn items_with(platform: &Platform, table: &str, texts: &[&str]) -> Vec<Item> {
    let all = platform.database.client().scan().table_name(table).into_paginator().items().send();
    let all: Vec<Item> = all.collect::<Result<_, _>>().await.unwrap();
    // Where only the content names it, a copy would have the same key.
    let in_key = |item: &Item, text: &str| ["pk", "sk"].iter().any(|name| mentions(&item[*name], text));
    all.into_iter().filter(|item| texts.iter().any(|text| in_key(item, text))).collect()
}

/// What a list by one of these columns reads of a thing in whose keys these texts stand: the thing itself, and
/// its place in the list by each of them. It has further places, by which the test does not ask.
async fn standing_in(
    platform: &Platform,
    noun: &str,
    texts: &[&str],
    list: &str,
    columns: &[&str],
) -> Vec<Item> {
    let mut items = items_with(platform, "flow-directory", texts).await;
    let is_thing = |item: &Item| {
        item.contains_key("listed") && item["pk"].as_s().unwrap().starts_with(&format!("{noun}#"))
    };
    let is_place =
        |item: &Item| columns.iter().any(|column| *item["sk"].as_s().unwrap() == format!("{list}#{column}"));
    items.retain(|item| is_thing(item) || is_place(item));
    assert_eq!(items.len(), 1 + columns.len(), "{noun}: {items:?}");
    items
}

fn mentions(value: &AttributeValue, text: &str) -> bool {
    match value {
        AttributeValue::S(own) => own.contains(text),
        AttributeValue::L(values) => values.iter().any(|value| mentions(value, text)),
        AttributeValue::M(fields) => fields.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

/// Copies the items, each time with other texts.
fn fill(
    platform: &Platform,
    table: &str,
    items: &[Item],
    copies: impl Iterator<Item = Vec<(String, String)>>,
) {
    let mut copies = copies.flat_map(|texts| items.iter().map(move |item| copied(item, &texts))).peekable();
    while copies.peek().is_some() {
        platform.database.import(table, copies.by_ref().take(IMPORT_MAX));
    }
}

fn copied(item: &Item, texts: &[(String, String)]) -> Item {
    item.iter().map(|(name, value)| (name.clone(), replaced(value, texts))).collect()
}

fn replaced(value: &AttributeValue, texts: &[(String, String)]) -> AttributeValue {
    let each = |own: &String| texts.iter().fold(own.clone(), |own, (from, to)| own.replace(from, to));
    match value {
        AttributeValue::S(own) => AttributeValue::S(each(own)),
        AttributeValue::L(values) => {
            AttributeValue::L(values.iter().map(|value| replaced(value, texts)).collect())
        }
        AttributeValue::M(fields) => AttributeValue::M(
            fields.iter().map(|(name, value)| (name.clone(), replaced(value, texts))).collect(),
        ),
        other => other.clone(),
    }
}

/// Another id of the same kind.
fn numbered(id: &str, number: usize) -> String {
    format!("{}{number:08}", &id[..id.len() - 8])
}

/// As long as the sample's.
fn name(number: usize) -> String {
    format!("Z{number:07}")
}

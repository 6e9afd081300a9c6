//! What every list of the portals does alike, shown on companies; and what every editor sees.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Act, Actor};
use domain::id::{AuditId, CompanyId};
use http::Method;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::platform::{Platform, text};

async fn with_children(names: &[&str]) -> Platform {
    let platform = Platform::new().await;
    for name in names {
        let kind = if name.contains("Ltd") { "reseller" } else { "client" };
        let body = json!({"name": name, "kind": kind});
        platform.post(&platform.owner.key, "/v1/companies", body).await.good();
    }
    platform
}

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| text(item, "name")).collect()
}

/// The names on every page of a list, and how many pages there were.
async fn walk(platform: &Platform, path: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = platform.get(&platform.owner.key, &format!("{path}{cursor}")).await.good();
        found.extend(names(&page));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (found, pages),
        }
    }
}

#[tokio::test]
async fn a_list_is_sorted_by_any_column_either_way_and_read_in_pages() {
    let platform = with_children(&["delta", "Alpha Ltd", "charlie", "Bravo Ltd", "alpha"]).await;
    let walk = |query| {
        let path = format!("/v1/companies?limit=2&{query}");
        let platform = &platform;
        async move { walk(platform, &path).await }
    };
    let by_name = ["alpha", "Alpha Ltd", "Bravo Ltd", "charlie", "delta"];
    assert_eq!(walk("sort=name").await, (by_name.map(String::from).into(), 3));
    let mut reversed = by_name;
    reversed.reverse();
    assert_eq!(walk("sort=-name").await.0, reversed);
    let oldest = ["delta", "Alpha Ltd", "charlie", "Bravo Ltd", "alpha"];
    assert_eq!(walk("sort=created_at").await.0, oldest);
    let mut newest = oldest;
    newest.reverse();
    assert_eq!(walk("sort=-created_at").await.0, newest);
    assert_eq!(walk("sort=kind").await.0[3..], ["Alpha Ltd", "Bravo Ltd"]);
    let refused = platform.get(&platform.owner.key, "/v1/companies?sort=path").await;
    assert_eq!(refused.refusal(), "422 invalid");
    let refused = platform.get(&platform.owner.key, "/v1/companies?cursor=%25").await;
    assert_eq!(refused.refusal(), "422 invalid");
}

#[tokio::test]
async fn filters_work_together_and_with_any_order() {
    let platform = with_children(&["delta", "Alpha Ltd", "charlie", "Bravo Ltd", "alpha"]).await;
    for (query, expected) in [
        ("name=ALPHA", vec!["alpha", "Alpha Ltd"]),
        ("name=alpha&kind=reseller", vec!["Alpha Ltd"]),
        ("kind=reseller&sort=-name", vec!["Bravo Ltd", "Alpha Ltd"]),
        ("enabled=false", vec![]),
        ("enabled=true&sort=name&limit=2", vec!["alpha", "Alpha Ltd", "Bravo Ltd", "charlie", "delta"]),
        ("kind=client&limit=1&sort=-created_at", vec!["alpha", "charlie", "delta"]),
    ] {
        let (found, _) = walk(&platform, &format!("/v1/companies?{query}")).await;
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn a_renamed_company_stands_where_its_new_name_belongs() {
    let platform = with_children(&["alpha", "bravo"]).await;
    let key = &platform.owner.key;
    let list = platform.get(key, "/v1/companies?sort=name").await.good();
    let path = format!("/v1/companies/{}", text(&list["items"][0], "id"));
    platform.patch(key, &path, json!({"name": "Zulu"})).await.good();
    let list = platform.get(key, "/v1/companies?sort=name").await.good();
    assert_eq!(names(&list), ["bravo", "Zulu"]);
}

#[tokio::test]
async fn a_list_is_answered_as_a_file_too() {
    let platform = with_children(&["delta", "=cmd()", "alpha, inc"]).await;
    let key = &platform.owner.key;
    let accept = [("accept", "text/csv")];
    let path = "/v1/companies?sort=name&limit=1";
    let answer = platform.ask(key, Method::GET, path, &accept, None).await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let file = answer.good();
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert!(lines[0].starts_with("id,name,kind,parent,enabled,direct_sending,created_at,"), "{file}");
    assert_eq!(lines.len(), 4);
    assert!(lines[1].contains(",'=cmd(),client,") && lines[2].contains(",\"alpha, inc\","), "{file}");
}

/// Two clients of the owner, of which the later one comes first by name, with one of everything.
async fn with_clients() -> Platform {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    for name in ["Zulu", "alpha"] {
        let client = platform.euro_member(owner, name, "client").await;
        platform.pay(owner, &client.agreement, "10").await;
        let fee = json!({"name": "Support", "price": {"type": "fixed", "amount": "3"}});
        platform.post(&owner.key, &format!("/v1/agreements/{}/fees", client.agreement), fee).await.good();
        let user = json!({"name": "Ada", "email": "ada@example.com", "company": client.company});
        platform.post(&owner.key, "/v1/users", user).await.good();
        let sender = json!({"agreement": client.agreement, "address": "ACME",
            "settings": {"channel": "tts", "webhook_url": "https://hoho.example/calls"}});
        platform.post(&owner.key, "/v1/sender_ids", sender).await.good();
    }
    platform
}

/// A column of a file.
pub fn cells(file: &Value, column: &str) -> Vec<String> {
    let mut lines = file.as_str().unwrap().lines().map(|line| line.split(','));
    let place = lines.next().unwrap().position(|name| name == column);
    let place = place.unwrap_or_else(|| panic!("no {column} in {file}"));
    lines.map(|mut line| line.nth(place).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_by_company_or_agreement_are_in_the_order_of_names_and_codes_and_tell_these() {
    let platform = with_clients().await;
    let below = format!("?tenant={}", platform.owner.company);
    for (list, column, named) in [
        (format!("/v1/payments{below}"), "company", "company_name"),
        (format!("/v1/payments{below}"), "agreement", "agreement_code"),
        (format!("/v1/fees{below}"), "company", "company_name"),
        (format!("/v1/fees{below}"), "wallet", "agreement_code"),
        (format!("/v1/agreements{below}"), "company", "company_name"),
        ("/v1/users?".to_owned(), "company", "company_name"),
        ("/v1/sender_ids?".to_owned(), "company", "company_name"),
        ("/v1/sender_ids?".to_owned(), "agreement", "agreement_code"),
    ] {
        is_in_order_of_names(&platform, &list, column, named).await;
    }
}

/// A list of the owner's by a column that holds ids of an older `Zulu` and a younger `alpha`.
pub async fn is_in_order_of_names(platform: &Platform, list: &str, column: &str, named: &str) {
    let key = &platform.owner.key;
    let is_known = |name: &String| ["alpha", "Zulu"].contains(&name.as_str());
    for (sort, expected) in
        [(column.to_owned(), ["alpha", "Zulu"]), (format!("-{column}"), ["Zulu", "alpha"])]
    {
        let path = format!("{list}&sort={sort}");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = platform.get(key, &format!("{path}&limit=1{cursor}")).await.good();
            let name = |row: &Value| row[named].as_str().unwrap_or_default().to_owned();
            found.extend(page["items"].as_array().unwrap().iter().map(name));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        found.retain(is_known);
        assert_eq!(found, expected, "{path}");
        let file = platform.ask(key, Method::GET, &path, &[("accept", "text/csv")], None).await.good();
        let mut found = cells(&file, named);
        found.retain(is_known);
        assert_eq!(found, expected, "{file}");
    }
}

#[tokio::test]
async fn names_that_a_list_is_in_the_order_of_are_read_once() {
    let platform = with_clients().await;
    let capacity = platform.database.capacity();
    let units = async |accept: &str, sort: &str| {
        let path = format!("/v1/payments?tenant={}&sort={sort}", platform.owner.company);
        capacity.take();
        platform.ask(&platform.owner.key, Method::GET, &path, &[("accept", accept)], None).await.good();
        capacity.take().iter().map(|consumed| consumed.read_units).sum::<Decimal>()
    };
    for accept in ["text/csv", "application/json"] {
        assert_eq!(units(accept, "company").await, units(accept, "amount").await, "{accept}");
    }
}

#[tokio::test]
async fn a_renamed_company_has_its_new_name_and_place_in_lists_of_what_it_has() {
    let platform = with_clients().await;
    let key = &platform.owner.key;
    let path = format!("/v1/payments?tenant={}&sort=company", platform.owner.company);
    let companies = async || {
        let list = platform.get(key, &path).await.good();
        list["items"].as_array().unwrap().iter().map(|row| text(row, "company_name")).collect::<Vec<_>>()
    };
    assert_eq!(companies().await, ["alpha", "Zulu"]);
    let list = platform.get(key, &path).await.good();
    let alpha = format!("/v1/companies/{}", text(&list["items"][0], "company"));
    platform.patch(key, &alpha, json!({"name": "Zz Bakery"})).await.good();
    assert_eq!(companies().await, ["Zulu", "Zz Bakery"]);
}

#[tokio::test]
async fn of_two_editors_of_one_revision_the_second_is_told() {
    let platform = with_children(&["alpha"]).await;
    let key = &platform.owner.key;
    let list = platform.get(key, "/v1/companies").await.good();
    let path = format!("/v1/companies/{}", text(&list["items"][0], "id"));
    let read = platform.get(key, &path).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let change = |name: &str| {
        let (body, path, tag) = (json!({ "name": name }), path.clone(), tag.clone());
        let platform = &platform;
        async move { platform.ask(key, Method::PATCH, &path, &[("if-match", &tag)], Some(body)).await }
    };
    let first = change("first").await;
    assert_ne!(first.headers["etag"].to_str().unwrap(), tag);
    first.good();
    assert_eq!(change("second").await.refusal(), "412 precondition_failed");
    assert_eq!(text(&platform.get(key, &path).await.good(), "name"), "first");
}

#[tokio::test]
async fn every_change_is_in_the_log_of_all_companies_above_with_its_fields() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let path = format!("/v1/companies/{}", client.company);
    platform.patch(&reseller.key, &path, json!({"name": "Renamed", "enabled": false})).await.good();
    for seer in [&platform.owner, &reseller] {
        let path = format!("/v1/audit?action=company.change&object={}", client.company);
        let log = platform.get(&seer.key, &path).await.good();
        let entry = &log["items"][0];
        assert_eq!(log["items"].as_array().unwrap().len(), 1);
        assert_eq!((text(entry, "company"), text(entry, "name")), (reseller.company.clone(), "first".into()));
        let changed: Vec<_> = entry["changes"].as_array().unwrap().iter().map(|c| text(c, "field")).collect();
        assert_eq!(changed, ["enabled", "name", "revision", "updated_at"]);
    }
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let log = platform.get(&neighbour.key, "/v1/audit?limit=500").await.good();
    assert!(!log.to_string().contains(&client.company));
}

#[tokio::test]
async fn one_entry_of_the_log_is_read_by_those_who_see_it_and_is_a_file_by_itself() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let path = format!("/v1/companies/{}", client.company);
    platform.patch(&reseller.key, &path, json!({"name": "Renamed"})).await.good();
    let log = format!("/v1/audit?action=company.change&object={}", client.company);
    let listed = platform.get(&reseller.key, &log).await.good()["items"][0].clone();
    assert_eq!(text(&listed, "object_company"), client.company);
    assert_eq!(
        (text(&listed, "company"), &listed["changes_left_out"]),
        (reseller.company.clone(), &json!(0))
    );
    let path = format!("/v1/audit/{}", text(&listed, "id"));
    for seer in [&platform.owner, &reseller, &client] {
        assert_eq!(platform.get(&seer.key, &path).await.good(), listed);
    }
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
    let nobodys = format!("/v1/audit/{}", AuditId::new(1));
    for path in [nobodys.as_str(), "/v1/audit/entry"] {
        assert_eq!(platform.get(&reseller.key, path).await.refusal(), "404 not_found");
    }
    let accept = [("accept", "text/csv")];
    let file = platform.ask(&reseller.key, Method::GET, &path, &accept, None).await.good();
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert_eq!(lines[0], "at,action,object,field,before,after,object_company");
    let name = format!(",company.change,{0},name,Client,Renamed,{0}", client.company);
    assert!(lines[1].ends_with(&name), "{file}");
    assert_eq!(lines.len(), 1 + listed["changes"].as_array().unwrap().len());
}

#[tokio::test]
async fn the_log_is_read_either_way_in_pages_and_by_its_filters() {
    let platform = with_children(&["a", "b", "c", "d"]).await;
    let key = &platform.owner.key;
    let mut found = Vec::new();
    let mut path = "/v1/audit?action=company.create&limit=2&sort=at".to_owned();
    loop {
        let page = platform.get(key, &path).await.good();
        let items = page["items"].as_array().unwrap().clone();
        found.extend(items.iter().map(|item| text(item, "object")));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/audit?action=company.create&limit=2&sort=at&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), 5, "the owner and four children");
    let newest = platform.get(key, "/v1/audit?action=company.create").await.good();
    let newest: Vec<_> =
        newest["items"].as_array().unwrap().iter().map(|item| text(item, "object")).collect();
    found.reverse();
    assert_eq!(newest, found);
    let none = platform.get(key, "/v1/audit?who=nobody").await.good();
    assert_eq!(none["items"], json!([]));
}

/// Somebody of the owner does something to `thing`, each a second after the one before.
async fn noted(platform: &Platform, entries: &[(&str, &str, &str)]) {
    let owner = CompanyId::parse(&platform.owner.company).unwrap();
    for (place, (name, ip, action)) in entries.iter().enumerate() {
        let actor = Actor {
            company: owner.clone(),
            who: (*name).to_owned(),
            name: (*name).to_owned(),
            ip: Some((*ip).to_owned()),
        };
        let at = Timestamp::from_second(1_000_000 + place as i64).unwrap();
        let act = Act { id: AuditId::new(place as u128), actor, at, path: vec![owner.clone()] };
        platform.store.audit(&act, action, "thing").await.unwrap();
    }
}

#[tokio::test]
async fn the_log_is_sorted_by_user_address_and_action_and_by_time_where_these_are_the_same() {
    let platform = Platform::new().await;
    noted(
        &platform,
        &[
            ("Zoe", "10.0.0.2", "bank.create"),
            ("ada", "10.0.0.9", "role.create"),
            ("Zoe", "10.0.0.1", "agreement.change"),
            ("Bob", "10.0.0.2", "bank.delete"),
        ],
    )
    .await;
    for (query, expected) in [
        ("sort=name", vec!["role.create", "bank.delete", "bank.create", "agreement.change"]),
        ("sort=-name", vec!["agreement.change", "bank.create", "bank.delete", "role.create"]),
        ("sort=ip", vec!["agreement.change", "bank.create", "bank.delete", "role.create"]),
        ("sort=-ip&action=bank.", vec!["bank.delete", "bank.create"]),
        ("sort=action", vec!["agreement.change", "bank.create", "bank.delete", "role.create"]),
        ("sort=-action&who=Zoe", vec!["bank.create", "agreement.change"]),
    ] {
        let path = format!("/v1/audit?object=thing&{query}");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = platform.get(&platform.owner.key, &format!("{path}&limit=1{cursor}")).await.good();
            found.extend(page["items"].as_array().unwrap().iter().map(|entry| text(entry, "action")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "{query}");
        let accept = [("accept", "text/csv")];
        let file = platform.ask(&platform.owner.key, Method::GET, &path, &accept, None).await.good();
        let rows = file.as_str().unwrap().lines().skip(1).map(|line| line.split(',').nth(5).unwrap());
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{query}");
    }
    let refused = platform.get(&platform.owner.key, "/v1/audit?sort=changes").await;
    assert_eq!(refused.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_file_that_is_longer_than_an_answer_may_be_is_answered_as_a_link() {
    let mut platform = Platform::new().await;
    platform.app.documents = platform.bucket.links();
    noted(&platform, &[("Zoe", "10.0.0.2", "bank.create")]).await;
    let client = platform.database.client();
    let all = client.scan().table_name("flow-records").send().await.unwrap().items.unwrap();
    let value = |text: &str| AttributeValue::S(text.to_owned());
    let mut entry = all.into_iter().find(|item| item.get("object") == Some(&value("thing"))).unwrap();
    // Quotes are escaped in the cell, in the file and in the answer.
    let long = value(&"\"".repeat(50_000));
    let change = HashMap::from([("field".to_owned(), value("name")), ("after".to_owned(), long)]);
    entry.insert("changes".to_owned(), AttributeValue::L(vec![AttributeValue::M(change)]));
    let (first, at) = (entry["id"].as_s().unwrap().clone(), entry["sk"].as_s().unwrap().clone());
    for number in 1..50 {
        let id = AuditId::new(number).to_string();
        entry.insert("sk".to_owned(), value(&at.replace(&first, &id)));
        entry.insert("id".to_owned(), value(&id));
        client.put_item().table_name("flow-records").set_item(Some(entry.clone())).send().await.unwrap();
    }
    let accept = [("accept", "text/csv")];
    let path = "/v1/audit?object=thing&limit=500";
    // A page ends before an answer would be too long.
    let page = platform.get(&platform.owner.key, path).await.good();
    assert!(page["items"].as_array().unwrap().len() < 50 && page["next"].is_string());
    let answer = platform.ask(&platform.owner.key, Method::GET, path, &accept, None).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body, answer.headers.get("content-type")),
        (303, &json!(""), None)
    );
    let file = reqwest::get(answer.headers["location"].to_str().unwrap()).await.unwrap();
    let file = file.error_for_status().unwrap();
    let head = ["content-type", "content-disposition"].map(|name| file.headers()[name].to_str().unwrap());
    assert_eq!(head, ["text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""]);
    let file = file.text().await.unwrap();
    assert_eq!((file.lines().count(), file.starts_with("at,company,who,")), (1 + 50, true));
    let keys = platform.bucket.keys();
    assert!(keys.len() == 1 && keys[0].starts_with("exports/lists/"), "{keys:?}");
}

#[tokio::test]
async fn more_than_a_batch_takes_is_read_at_once_and_what_is_named_twice_too() {
    let platform = Platform::new().await;
    let owner = CompanyId::parse(&platform.owner.company).unwrap();
    let ids: Vec<_> = (1..=150).map(CompanyId::new).chain([owner.clone(), owner.clone()]).collect();
    let found = platform.store.companies(&ids).await.unwrap();
    assert_eq!(found.into_iter().map(|company| company.id).collect::<Vec<_>>(), [owner]);
}

//! What the platform found wrong with its own books, as whoever runs it lists it and marks it as dealt with.

use domain::finding::{Figures, FindingKind};
use domain::id::AgreementId;
use domain::money::Amount;
use http::Method;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::legal_entities::values;
use crate::platform::{Answer, Platform, text};

const LIST: &str = "/v1/ledger_reviews";

/// Finds that the records of a day come to one sum, and its usage to another.
async fn find(platform: &Platform, event: &str, second: i64, sums: (i64, i64)) {
    find_rows(platform, event, second, sums, "a row").await;
}

/// The same of these rows.
async fn find_rows(platform: &Platform, event: &str, second: i64, (expected, found): (i64, i64), rows: &str) {
    let review = store::Review {
        system: FindingKind::Recount.name().to_owned(),
        event: event.to_owned(),
        top_up: None,
        detail: "1 usage rows differ from their records".to_owned(),
        at: Timestamp::from_second(second).unwrap(),
    };
    let figures = Figures {
        agreement: AgreementId::new(1),
        day: Some(date(2026, 3, 14)),
        wallet: None,
        subject: None,
        expected: Amount::whole(expected),
        found: Amount::whole(found),
        rows: Some(rows.to_owned()),
    };
    platform.store.put_finding(review, figures).await.unwrap();
}

/// A fee is given up.
async fn give_up(platform: &Platform, event: &str, second: i64) {
    let review = store::Review {
        system: FindingKind::Fees.name().to_owned(),
        event: event.to_owned(),
        top_up: None,
        detail: "platform_fee was tried 3 times and not charged".to_owned(),
        at: Timestamp::from_second(second).unwrap(),
    };
    platform.store.put_review(&review).await.unwrap();
}

async fn mark(platform: &Platform, key: &str, event: &str, revision: &str) -> Answer {
    let body = json!({"kind": "recount", "event": event, "note": " rated again "});
    let path = format!("{LIST}/done");
    platform.ask(key, Method::POST, &path, &[("if-match", revision)], Some(body)).await
}

#[tokio::test]
async fn what_the_platform_found_is_one_list_by_time_and_kind_for_whoever_runs_it_alone() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    find(&platform, "day-1", 1, (11, 12)).await;
    give_up(&platform, "fee-2", 2).await;
    find(&platform, "day-3", 3, (14, 15)).await;
    let listed =
        async |query: &str| values(&platform.get(key, &format!("{LIST}{query}")).await.good(), "event");
    let first = platform.get(key, &format!("{LIST}?limit=2")).await.good();
    assert_eq!(values(&first, "event"), ["day-3", "fee-2"]);
    assert_eq!(listed(&format!("?limit=2&cursor={}", text(&first, "next"))).await, ["day-1"]);
    assert_eq!(listed("?kind=fees").await, ["fee-2"]);
    assert_eq!(listed("?kind=reconciliation").await, Vec::<String>::new());
    let (two, three) = (Timestamp::from_second(2).unwrap(), Timestamp::from_second(3).unwrap());
    assert_eq!(listed(&format!("?from={two}&till={three}")).await, ["fee-2"]);
    let (day, fee) = (&first["items"][0], &first["items"][1]);
    let figures =
        json!([day["kind"], day["agreement"], day["day"], day["expected"], day["found"], day["done"]]);
    let agreement = AgreementId::new(1);
    assert_eq!(figures, json!(["recount", agreement.as_str(), "2026-03-14", "14", "15", null]));
    assert_eq!((text(fee, "kind"), &fee["found"]), ("fees".into(), &Value::Null));

    let file = platform.ask(key, Method::GET, LIST, &[("accept", "text/csv")], None).await.good();
    let file = file.as_str().unwrap();
    assert_eq!(file.lines().count(), 4);
    assert!(file.contains(&format!(",recount,day-1,{agreement},2026-03-14,,,11,12,")), "{file}");

    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    assert_eq!(platform.get(&reseller.key, LIST).await.refusal(), "403 not_allowed");
    assert_eq!(mark(&platform, &reseller.key, "day-1", "*").await.refusal(), "403 not_allowed");
    assert_eq!(listed("?done=false").await.len(), 3);
}

#[tokio::test]
async fn what_was_dealt_with_is_marked_once_noted_and_open_again_with_another_difference() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    find(&platform, "day-1", 1, (11, 12)).await;
    let open = async || platform.get(key, &format!("{LIST}?done=false")).await.good()["items"].clone();
    let read = open().await[0]["revision"].clone();
    assert_eq!(mark(&platform, key, "day-1", "\"7\"").await.refusal(), "412 precondition_failed");
    assert_eq!(mark(&platform, key, "day-2", "*").await.refusal(), "404 not_found");
    let marked = mark(&platform, key, "day-1", &format!("\"{read}\"")).await.good();
    assert_eq!(text(&marked["done"], "note"), "rated again");
    assert_eq!(mark(&platform, key, "day-1", "*").await.good(), marked);
    let log = platform.get(key, "/v1/audit?object=recount.day-1").await.good();
    assert_eq!(values(&log, "action"), ["ledger_review.done"]);

    find(&platform, "day-1", 2, (12, 13)).await;
    assert_eq!(open().await, json!([]), "somebody knows of that");
    find(&platform, "day-1", 3, (12, 14)).await;
    let again = open().await;
    assert_eq!((text(&again[0], "found"), &again[0]["done"]), ("14".into(), &Value::Null));
    assert_eq!(platform.get(key, LIST).await.good()["items"], again, "in one place");
}

#[tokio::test]
async fn what_moved_from_row_to_row_is_another_difference_though_the_day_comes_to_the_same() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let open = async || values(&platform.get(key, &format!("{LIST}?done=false")).await.good(), "event");
    find_rows(&platform, "day-1", 1, (12, 12), "one row").await;
    mark(&platform, key, "day-1", "*").await.good();
    find_rows(&platform, "day-1", 2, (15, 15), "one row").await;
    assert_eq!(open().await, Vec::<String>::new(), "somebody knows of that");
    find_rows(&platform, "day-1", 3, (12, 12), "another row").await;
    assert_eq!(open().await, ["day-1"]);
}

#[tokio::test]
async fn what_is_found_while_something_else_of_it_is_written_is_kept_as_well() {
    let platform = Platform::new().await;
    tokio::join!(find(&platform, "day-1", 1, (11, 12)), find(&platform, "day-1", 2, (11, 13)));
    let listed = platform.get(&platform.owner.key, LIST).await.good();
    assert_eq!(listed["items"][0]["revision"], 2, "{listed}");
}

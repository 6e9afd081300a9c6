//! Credits handed down and taken back: the worked examples of the product, to the digit.

use serde_json::{Value, json};
use tests::embedded_dynamodb::Fault;

use crate::platform::{Member, Platform, text};

fn transfer(from: &Member, to: &Member, amount: &str) -> Value {
    json!({"from": from.wallet, "to": to.wallet, "amount": amount, "note": "monthly"})
}

/// A reseller that has been given this many credits.
async fn reseller(platform: &Platform, credits: &str) -> Member {
    let owner = &platform.owner;
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    platform.pay(owner, &owner.agreement, credits).await;
    platform.post(&owner.key, "/v1/transfers", transfer(owner, &reseller, credits)).await.good();
    reseller
}

async fn child(platform: &Platform, parent: &Member, number: u32) -> Member {
    platform.member(parent, &format!("Child {number}"), "client").await
}

#[tokio::test]
async fn a_reseller_gives_thirty_to_three_children_and_a_fourth_thirty_is_refused() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let mut children = Vec::new();
    for number in 1..=4 {
        children.push(child(&platform, &reseller, number).await);
    }
    for (given, child) in (1..).zip(&children[..3]) {
        let body = transfer(&reseller, child, "30");
        let done = platform.post(&reseller.key, "/v1/transfers", body).await.good();
        let left = (100 - 30 * given).to_string();
        assert_eq!((text(&done, "from_balance"), text(&done, "to_balance")), (left, "30".into()));
    }
    let refused =
        platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &children[3], "30")).await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    assert_eq!((text(&refused.body, "available"), text(&refused.body, "needed")), ("10".into(), "30".into()));
    assert_eq!(platform.balance(&reseller).await, "10");
    assert_eq!(platform.balance(&children[3]).await, "0");
    let revoke = transfer(&children[0], &reseller, "30");
    platform.post(&reseller.key, "/v1/transfers", revoke).await.good();
    assert_eq!(platform.balance(&reseller).await, "40");
    assert_eq!(platform.balance(&children[0]).await, "0");
}

#[tokio::test]
async fn a_client_at_79_gets_10_and_gives_5_back_and_the_giver_mirrors_it() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let client = child(&platform, &reseller, 1).await;
    for (amount, client_has, reseller_has) in [("79", "79", "21"), ("10", "89", "11"), ("-5", "84", "16")] {
        platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &client, amount)).await.good();
        assert_eq!(platform.balance(&client).await, client_has);
        assert_eq!(platform.balance(&reseller).await, reseller_has);
    }
}

#[tokio::test]
async fn a_repeat_moves_nothing_again_and_a_key_serves_one_request() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let client = child(&platform, &reseller, 1).await;
    let body = transfer(&reseller, &client, "60");
    let first = platform.post_once(&reseller.key, "/v1/transfers", "once", body.clone()).await;
    let again = platform.post_once(&reseller.key, "/v1/transfers", "once", body).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    let other =
        platform.post_once(&reseller.key, "/v1/transfers", "once", transfer(&reseller, &client, "61"));
    assert_eq!(other.await.refusal(), "422 idempotency_key_reused");
    assert_eq!(platform.balance(&client).await, "60");
    // Another company's key of the same name is another key.
    let same_name =
        platform.post_once(&platform.owner.key, "/v1/transfers", "once", transfer(&reseller, &client, "1"));
    assert_eq!(same_name.await.status, 201);
    let without = platform.ask(
        &reseller.key,
        http::Method::POST,
        "/v1/transfers",
        &[],
        Some(transfer(&reseller, &client, "1")),
    );
    assert_eq!(without.await.refusal(), "400 idempotency_key");
}

#[tokio::test]
async fn of_two_requests_for_the_last_ten_exactly_one_wins() {
    for round in 0..10 {
        let platform = Platform::new().await;
        let reseller = reseller(&platform, "10").await;
        let children = [child(&platform, &reseller, 1).await, child(&platform, &reseller, 2).await];
        let ask =
            |child: &Member| platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, child, "10"));
        let (left, right) = tokio::join!(ask(&children[0]), ask(&children[1]));
        let mut statuses = [left.status.as_u16(), right.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 402], "round {round}");
        assert_eq!(platform.balance(&reseller).await, "0");
    }
}

#[tokio::test]
async fn a_transfer_whose_answer_was_lost_is_found_by_its_repeat() {
    let mut platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let client = child(&platform, &reseller, 1).await;
    let reliable = platform.app.store.clone();
    let lossy = platform.database.client_with(|call: &tests::embedded_dynamodb::Call| {
        if call.operation == "TransactWriteItems" { Fault::TimeoutAppliedAnswerLost } else { Fault::None }
    });
    platform.app.store = store::Store::new(lossy, reliable.tables.clone());
    let body = transfer(&reseller, &client, "60");
    let lost = platform.post_once(&reseller.key, "/v1/transfers", "lost", body.clone()).await;
    assert_eq!(lost.refusal(), "503 try_again");
    platform.app.store = reliable;
    platform.post_once(&reseller.key, "/v1/transfers", "lost", body).await.good();
    assert_eq!(platform.balance(&client).await, "60");
}

#[tokio::test]
async fn a_child_cannot_pull_from_its_parent_nor_from_a_neighbour() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let (client, neighbour) = (child(&platform, &reseller, 1).await, child(&platform, &reseller, 2).await);
    platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &neighbour, "50")).await.good();
    for body in [
        transfer(&reseller, &client, "10"),
        transfer(&neighbour, &client, "10"),
        transfer(&client, &reseller, "-10"),
    ] {
        let refused = platform.post(&client.key, "/v1/transfers", body).await;
        assert_eq!(
            (refused.refusal(), text(&refused.body, "field")),
            ("404 not_found".into(), "from".into())
        );
    }
    let sideways = platform.post(&reseller.key, "/v1/transfers", transfer(&neighbour, &client, "10")).await;
    assert_eq!(sideways.refusal(), "422 not_related");
    assert_eq!(platform.balance(&client).await, "0");
}

#[tokio::test]
async fn both_sides_see_a_transfer_and_nobody_else_does() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let (client, neighbour) = (child(&platform, &reseller, 1).await, child(&platform, &reseller, 2).await);
    let done = platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &client, "10")).await.good();
    let path = format!("/v1/transfers/{}", text(&done, "id"));
    for seer in [&platform.owner, &reseller, &client] {
        let seen = platform.get(&seer.key, &path).await.good();
        assert_eq!((text(&seen, "note"), text(&seen, "by")), ("monthly".into(), reseller.company.clone()));
    }
    assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
}

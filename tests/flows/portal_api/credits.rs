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

#[tokio::test]
async fn every_pair_but_parent_and_child_or_two_agreements_of_one_company_is_refused() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = reseller(&platform, "100").await;
    let neighbour = platform.member(owner, "Neighbour", "reseller").await;
    let (client, sibling) = (child(&platform, &reseller, 1).await, child(&platform, &reseller, 2).await);
    let second = json!({"company": reseller.company, "code": "SECOND", "currency": "CREDIT",
        "charging": "prefunded"});
    let second = platform.post(&owner.key, "/v1/agreements", second).await.good();
    let second = Member { wallet: text(&second, "wallet"), ..reseller.clone() };
    let ask = async |from: &Member, to: &Member| {
        let answer = platform.post(&owner.key, "/v1/transfers", transfer(from, to, "10")).await;
        if answer.status.is_success() { "moved".to_owned() } else { answer.refusal() }
    };
    platform.post(&owner.key, "/v1/transfers", transfer(&reseller, &client, "20")).await.good();
    for (from, to) in [(&reseller, &second), (&second, &reseller), (&reseller, &client), (&client, &reseller)]
    {
        assert_eq!(ask(from, to).await, "moved");
    }
    assert_eq!(ask(&reseller, owner).await, "moved");
    for (from, to) in [
        (owner, &client),
        (&client, owner),
        (&client, &sibling),
        (&reseller, &neighbour),
        (&neighbour, &client),
    ] {
        assert_eq!(ask(from, to).await, "422 not_related");
    }
    assert_eq!(ask(&client, &client).await, "422 invalid");
    let euro = Member { wallet: platform.house.wallet.to_string(), ..owner.clone() };
    assert_eq!(ask(owner, &euro).await, "422 currency_differs");
}

#[tokio::test]
async fn a_full_withdrawal_takes_all_there_is_and_its_repeat_is_the_same_request() {
    let platform = Platform::new().await;
    let reseller = reseller(&platform, "100").await;
    let client = child(&platform, &reseller, 1).await;
    platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &client, "33.333333")).await.good();
    let all = transfer(&client, &reseller, "all");
    let first = platform.post_once(&reseller.key, "/v1/transfers", "all", all.clone()).await.good();
    assert_eq!((text(&first, "amount"), &first["all"]), ("33.333333".into(), &json!(true)));
    assert_eq!((text(&first, "from_balance"), text(&first, "to_balance")), ("0".into(), "100".into()));
    let again = platform.post_once(&reseller.key, "/v1/transfers", "all", all.clone()).await.good();
    assert_eq!(again, first);
    // The same amount in figures is another request, and there is nothing to take with a new key.
    let exact = transfer(&client, &reseller, "33.333333");
    let exact = platform.post_once(&reseller.key, "/v1/transfers", "all", exact).await;
    assert_eq!(exact.refusal(), "422 idempotency_key_reused");
    let nothing = platform.post(&reseller.key, "/v1/transfers", all).await;
    assert_eq!(nothing.refusal(), "402 insufficient_funds");
    assert_eq!(text(&nothing.body, "available"), "0");
}

#[tokio::test]
async fn of_two_full_withdrawals_at_once_one_gets_all_and_the_other_nothing() {
    for round in 0..5 {
        let platform = Platform::new().await;
        let reseller = reseller(&platform, "100").await;
        let client = child(&platform, &reseller, 1).await;
        platform.post(&reseller.key, "/v1/transfers", transfer(&reseller, &client, "40")).await.good();
        let ask = || platform.post(&reseller.key, "/v1/transfers", transfer(&client, &reseller, "all"));
        let (left, right) = tokio::join!(ask(), ask());
        let mut statuses = [left.status.as_u16(), right.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 402], "round {round}");
        assert_eq!(platform.balance(&reseller).await, "100");
    }
}

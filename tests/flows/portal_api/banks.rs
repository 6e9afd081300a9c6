//! Banks, which a company shares with all below it, and the accounts there.

use serde_json::{Value, json};

use crate::legal_entities::{entity, values, with};
use crate::platform::{Platform, text};

fn bank(name: &str) -> Value {
    json!({"name": name, "country": "AT", "address": "Ring 1, Vienna", "swift": "vcubatww", "branch_code": "777"})
}

#[tokio::test]
async fn a_bank_is_used_by_all_below_and_changed_by_who_made_it() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let below = platform.member(&reseller, "Below", "reseller").await;
    let top = platform.made(&platform.owner, "/v1/banks", bank("Vienna")).await;
    assert_eq!(text(&top, "swift"), "VCUBATWW");
    let middle = platform.made(&reseller, "/v1/banks", bank("Baltic")).await;
    platform.made(&below, "/v1/banks", bank("Alpine")).await;
    let names = |list: &Value| values(list, "name");
    let list = platform.get(&below.key, "/v1/banks?sort=name").await.good();
    assert_eq!(names(&list), ["Alpine", "Baltic", "Vienna"]);
    assert_eq!(
        names(&platform.get(&reseller.key, "/v1/banks?sort=-name").await.good()),
        ["Vienna", "Baltic"]
    );
    assert_eq!(names(&platform.get(&platform.owner.key, "/v1/banks").await.good()), ["Vienna"]);
    let found = platform.get(&below.key, "/v1/banks?swift=VCUB&name=ba&country=AT&branch_code=7").await;
    assert_eq!(names(&found.good()), ["Baltic"]);

    let (top, middle) = (text(&top, "id"), text(&middle, "id"));
    let (top, middle) = (format!("/v1/banks/{top}"), format!("/v1/banks/{middle}"));
    assert!(platform.get(&below.key, &middle).await.status.is_success());
    let change = json!({"name": "Mine now"});
    assert_eq!(platform.patch(&below.key, &middle, change.clone()).await.refusal(), "403 not_allowed");
    assert_eq!(platform.remove(&below, &top).await.refusal(), "403 not_allowed");
    assert_eq!(platform.patch(&platform.owner.key, &middle, change).await.good()["name"], "Mine now");
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    assert_eq!(platform.get(&neighbour.key, &middle).await.refusal(), "404 not_found");
    assert_eq!(names(&platform.get(&neighbour.key, "/v1/banks").await.good()), ["Vienna"]);
}

#[tokio::test]
async fn a_bank_needs_a_code_of_the_right_form() {
    let platform = Platform::new().await;
    let refused = |more: Value| {
        let (platform, body) = (&platform, with(bank("Vienna"), more));
        async move {
            let answer = platform.post(&platform.owner.key, "/v1/banks", body).await;
            assert_eq!(answer.refusal(), "422 invalid");
            text(&answer.body, "field")
        }
    };
    assert_eq!(refused(json!({"swift": null, "branch_code": null})).await, "swift");
    assert_eq!(refused(json!({"swift": "VIENNA"})).await, "swift");
    assert_eq!(refused(json!({"country": "Austria"})).await, "country");
    assert_eq!(refused(json!({"address": " "})).await, "address");
    let body = with(bank("Vienna"), json!({"swift": null}));
    platform.made(&platform.owner, "/v1/banks", body).await;
}

#[tokio::test]
async fn a_client_pays_from_an_account_and_its_tenant_is_paid_to_one() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let client = platform.member(owner, "Client", "client").await;
    let vienna = platform.made(owner, "/v1/banks", bank("Vienna")).await;
    let body = with(entity("Client"), json!({"company": client.company}));
    let buys = platform.made(owner, "/v1/legal_entities", body).await;
    let sells = platform.made(owner, "/v1/own_legal_entities", entity("Owner")).await;
    let account = json!({"name": "Main EUR", "company": client.company, "legal_entity": buys["id"],
        "bank": vienna["id"], "holder": "Client, Inc.", "number": "DE89 3704 0044 0532 0130 00"});
    let mistaken = with(account.clone(), json!({"number": "DE89 3704 0044 0532 0130 01"}));
    let refused = platform.post(&owner.key, "/v1/bank_accounts", mistaken).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("number")));
    let pays = platform.made(owner, "/v1/bank_accounts", account.clone()).await;
    assert_eq!(text(&pays, "number"), "DE89370400440532013000");
    let foreign = with(account, json!({"company": owner.company}));
    let refused = platform.post(&owner.key, "/v1/bank_accounts", foreign).await;
    assert_eq!(refused.body["field"], "legal_entity", "the legal entity is of another company");
    let own = json!({"name": "VIP", "own_legal_entity": sells["id"], "bank": vienna["id"],
        "holder": "Owner", "number": "000123-456"});
    let paid = platform.made(owner, "/v1/own_bank_accounts", own).await;

    let list = platform.get(&owner.key, "/v1/bank_accounts?number=de89").await.good();
    assert_eq!(values(&list, "id"), [text(&pays, "id")]);
    let path = format!("/v1/own_bank_accounts?own_legal_entity={}&sort=-holder", text(&sells, "id"));
    assert_eq!(values(&platform.get(&owner.key, &path).await.good(), "name"), ["VIP"]);

    let agreement = json!({"company": client.company, "code": "PAPER", "currency": "EUR",
        "legal_entity": buys["id"], "own_legal_entity": sells["id"], "bank_account": pays["id"],
        "own_bank_account": paid["id"]});
    platform.made(owner, "/v1/agreements", agreement).await;
    for (filter, expected) in [
        (format!("bank_account={}", text(&pays, "id")), vec!["PAPER"]),
        (format!("own_bank_account={}", text(&paid, "id")), vec!["PAPER"]),
        (format!("bank_account={}", text(&paid, "id")), vec![]),
        ("sort=-own_bank_account".into(), vec!["PAPER", "Client"]),
    ] {
        let path = format!("/v1/agreements?company={}&{filter}", client.company);
        assert_eq!(values(&platform.get(&owner.key, &path).await.good(), "code"), expected, "{filter}");
    }
    for path in [
        format!("/v1/bank_accounts/{}", text(&pays, "id")),
        format!("/v1/own_bank_accounts/{}", text(&paid, "id")),
        format!("/v1/banks/{}", text(&vienna, "id")),
        format!("/v1/own_legal_entities/{}", text(&sells, "id")),
    ] {
        assert_eq!(platform.remove(owner, &path).await.refusal(), "409 in_use", "{path}");
    }
    let change = json!({"holder": "Client Ltd."});
    let path = format!("/v1/bank_accounts/{}", text(&pays, "id"));
    assert_eq!(platform.patch(&owner.key, &path, change).await.good()["holder"], "Client Ltd.");
}

#[tokio::test]
async fn an_account_is_at_a_bank_of_the_company_or_one_above() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let foreign = platform.made(&neighbour, "/v1/banks", bank("Foreign")).await;
    let above = platform.made(&platform.owner, "/v1/banks", bank("Above")).await;
    let body = with(entity("Client"), json!({"company": client.company}));
    let buys = platform.made(&reseller, "/v1/legal_entities", body).await;
    let account = |bank: &Value| {
        json!({"name": "Main", "company": client.company, "legal_entity": buys["id"], "bank": bank["id"],
            "holder": "Client", "number": "1"})
    };
    let refused = platform.post(&reseller.key, "/v1/bank_accounts", account(&foreign)).await;
    assert_eq!(refused.refusal(), "404 not_found", "the reseller does not see it");
    let refused = platform.post(&platform.owner.key, "/v1/bank_accounts", account(&foreign)).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("bank")));
    platform.made(&reseller, "/v1/bank_accounts", account(&above)).await;
}

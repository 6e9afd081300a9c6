//! What is made at the moment in which an agreement or a company is deleted: lists that are read before
//! show nothing of it, and yet nothing hangs off what is deleted, and no money is in it.

use domain::agreement::Agreement;
use domain::company::Company;
use domain::connection::Connection;
use domain::id::{AgreementId, CompanyId, ConnectionId, FeeRuleId, PaymentId, TransferId, UserId, WalletId};
use domain::payment::Payment;
use domain::transfer::Transfer;
use domain::wallet::WalletState;
use http::Method;
use serde_json::{Value, json};
use store::{StoreError, Written};
use tests::edits::act;

use crate::platform::{Member, Platform, text, today};

async fn company(platform: &Platform, member: &Member) -> Company {
    let id = CompanyId::parse(&member.company).unwrap();
    platform.store.any_company(&id).await.unwrap().unwrap()
}

async fn agreement(platform: &Platform, member: &Member) -> Agreement {
    let id = AgreementId::parse(&member.agreement).unwrap();
    platform.store.any_agreement(&id).await.unwrap().unwrap()
}

async fn delete(platform: &Platform, path: &str) {
    let answer = platform.ask(&platform.owner.key, Method::DELETE, path, &[], None).await;
    assert!(answer.status.is_success(), "{}", answer.body);
}

fn smsc() -> Value {
    json!({"kind": "smpp", "name": "SMSC", "host": "127.0.0.1", "port": 2775, "system_id": "waybill",
        "password": "hush-hush"})
}

/// A platform with a client whose agreement or company is deleted, and another one.
async fn with_two() -> (Platform, Member, Member) {
    let platform = Platform::new().await;
    let gone = platform.member(&platform.owner, "Gone", "client").await;
    let other = platform.member(&platform.owner, "Other", "client").await;
    (platform, gone, other)
}

#[tokio::test]
async fn a_payment_or_a_transfer_that_comes_just_after_a_deletion_is_refused() {
    for what in ["agreements", "companies"] {
        let (platform, gone, other) = with_two().await;
        let store = &platform.store;
        let path = company(&platform, &gone).await.path;
        let paid = platform.pay(&platform.owner, &other.agreement, "10").await;
        let paid = store.payment(&PaymentId::parse(&text(&paid, "id")).unwrap()).await.unwrap().unwrap();
        let ask = json!({"from": other.wallet, "to": platform.owner.wallet, "amount": "1"});
        let moved = platform.post(&platform.owner.key, "/v1/transfers", ask).await.good();
        let moved = TransferId::parse(&text(&moved, "id")).unwrap();
        let moved = store.transfer(&moved).await.unwrap().unwrap();

        // Planned while all was there.
        let wallet = WalletId::parse(&gone.wallet).unwrap();
        let (seen, from) = (
            store.wallet(&wallet).await.unwrap().unwrap(),
            store.wallet(&WalletId::parse(&other.wallet).unwrap()).await.unwrap().unwrap(),
        );
        let payment = Payment {
            id: PaymentId::new(1),
            company: CompanyId::parse(&gone.company).unwrap(),
            agreement: AgreementId::parse(&gone.agreement).unwrap(),
            wallet: wallet.clone(),
            reference: "late".to_owned(),
            ..paid
        };
        let transfer =
            Transfer { id: TransferId::new(1), from: from.id.clone(), to: wallet.clone(), ..moved };
        let id = if what == "agreements" { &gone.agreement } else { &gone.company };
        delete(&platform, &format!("/v1/{what}/{id}")).await;

        let late = store.post_payment(&act(&path), &payment, &seen).await;
        assert!(matches!(late, Err(StoreError::Busy { .. })), "{what}: {late:?}");
        let late = store.post_transfer(&act(&path), &transfer, &from).await;
        assert!(matches!(late, Err(StoreError::Busy { .. })), "{what}: {late:?}");
        let after = store.wallet(&wallet).await.unwrap().unwrap();
        // Nor does a user's wallet take any that is opened below it now.
        let opened = store.user_wallets(&after, &[UserId::new(1)]).await.unwrap().remove(0);
        let transfer = Transfer { id: TransferId::new(2), to: opened.id, ..transfer };
        let late = store.post_transfer(&act(&path), &transfer, &from).await;
        assert!(matches!(late, Err(StoreError::Busy { .. })), "{what}: {late:?}");
        assert!(after.funding.is_zero() && after.headroom.is_zero(), "{what}");
        assert_eq!(platform.balance(&other).await, "9");
    }
}

#[tokio::test]
async fn a_users_wallet_that_is_opened_in_the_moment_of_a_deletion_does_not_stay_open() {
    for what in ["agreements", "companies"] {
        let (platform, gone, _) = with_two().await;
        let store = &platform.store;
        let (found, under) = (company(&platform, &gone).await, agreement(&platform, &gone).await);
        let seen = store.wallet(&under.wallet()).await.unwrap().unwrap();
        let early = store.user_wallets(&seen, &[UserId::new(1)]).await.unwrap().remove(0);
        assert_eq!(early.state, WalletState::Open);
        // Planned before it was opened.
        let (act, wallets) = (act(&found.path), std::slice::from_ref(&seen));
        let deleted = match what {
            "agreements" => store.delete_agreement(&act, &under, wallets).await,
            _ => {
                let (deleted_at, revision) = (Some(runtime::now()), found.revision + 1);
                let deleted = Company { deleted_at, revision, ..found.clone() };
                store.delete_company(&act, &found, &deleted, wallets, 1).await
            }
        };
        assert_eq!(deleted.unwrap(), Written::Overtaken, "{what}");
        let id = if what == "agreements" { &gone.agreement } else { &gone.company };
        delete(&platform, &format!("/v1/{what}/{id}")).await;
        // Whoever opens another one has read the main wallet before.
        let late = store.user_wallets(&seen, &[UserId::new(2)]).await.unwrap().remove(0);
        for wallet in [early.id, late.id] {
            let stored = store.wallet(&wallet).await.unwrap().unwrap();
            assert_eq!(stored.state, WalletState::Closed, "{what}");
        }
    }
}

#[tokio::test]
async fn nothing_is_deleted_while_a_fee_rule_runs_and_one_that_is_left_ends() {
    for what in ["agreements", "companies"] {
        let (platform, gone, _) = with_two().await;
        let store = &platform.store;
        let path = format!("/v1/agreements/{}/fee_rules", gone.agreement);
        let rule = json!({"kind": {"type": "platform"}, "valid_from": today(), "retries_max": 100});
        let rule = text(&platform.post(&platform.owner.key, &path, rule).await.good(), "id");
        let id = if what == "agreements" { &gone.agreement } else { &gone.company };
        let path = format!("/v1/{what}/{id}");
        let refused = platform.ask(&platform.owner.key, Method::DELETE, &path, &[], None).await;
        let why = (refused.refusal(), text(&refused.body, "fee_rule"));
        assert_eq!(why, ("409 has_fee_rules".into(), rule.clone()), "{what}");

        // As if the rule had been made at the moment of the deletion.
        let (found, under) = (company(&platform, &gone).await, agreement(&platform, &gone).await);
        let wallets = [store.wallet(&under.wallet()).await.unwrap().unwrap()];
        let act = act(&found.path);
        let deleted = match what {
            "agreements" => store.delete_agreement(&act, &under, &wallets).await,
            _ => {
                let (deleted_at, revision) = (Some(runtime::now()), found.revision + 1);
                let deleted = Company { deleted_at, revision, ..found.clone() };
                store.delete_company(&act, &found, &deleted, &wallets, 1).await
            }
        };
        assert_eq!(deleted.unwrap(), Written::Now, "{what}");
        let rule = FeeRuleId::parse(&rule).unwrap();
        let left = store.fee_rule(&under.id, &rule).await.unwrap().unwrap();
        let due = left.next.unwrap().at;
        sweeper::fees::run(&tests::paying::sweeper(store), due).await.unwrap();
        let ended = store.fee_rule(&under.id, &rule).await.unwrap().unwrap();
        assert_eq!(ended.next, None, "{what}");
    }
}

#[tokio::test]
async fn what_was_made_a_moment_ago_is_seen_by_a_deletion() {
    let (platform, gone, _) = with_two().await;
    let (store, key) = (&platform.store, &platform.owner.key);
    let before = agreement(&platform, &gone).await;
    let wallets = [store.wallet(&before.wallet()).await.unwrap().unwrap()];
    let sender = json!({"agreement": gone.agreement, "address": "LATE", "settings": {"channel": "tts"}});
    let sender = platform.post(key, "/v1/sender_ids", sender).await.good();
    let path = company(&platform, &gone).await.path;
    // As if no list had shown it yet.
    let written = store.delete_agreement(&act(&path), &before, &wallets).await.unwrap();
    assert_eq!(written, Written::Overtaken);
    delete(&platform, &format!("/v1/sender_ids/{}", text(&sender, "id"))).await;

    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let found = company(&platform, &reseller).await;
    let below =
        platform.post(&reseller.key, "/v1/companies", json!({"name": "Late", "kind": "client"})).await;
    let below = text(&below.good(), "id");
    let mut deleted = found.clone();
    deleted.deleted_at = Some(runtime::now());
    deleted.revision += 1;
    let try_to = async |agreements| {
        store.delete_company(&act(&found.path), &found, &deleted, &[], agreements).await.unwrap()
    };
    assert_eq!(try_to(1).await, Written::Overtaken);
    delete(&platform, &format!("/v1/companies/{below}")).await;
    let sender = json!({"agreement": reseller.agreement, "address": "LATE", "settings": {"channel": "tts"}});
    for (by, path, body) in
        [(&platform.owner, "/v1/sender_ids", sender), (&reseller, "/v1/connections", smsc())]
    {
        let made = platform.post(&by.key, path, body).await.good();
        assert_eq!(try_to(1).await, Written::Overtaken, "{path}");
        delete(&platform, &format!("{path}/{}", text(&made, "id"))).await;
    }
    // An agreement that no list shows yet is missing in the number.
    assert_eq!(try_to(0).await, Written::Overtaken);
    assert_eq!(try_to(1).await, Written::Now);
}

#[tokio::test]
async fn what_was_made_before_its_kind_was_counted_is_in_no_deletions_way_once_it_is_gone() {
    let (platform, gone, other) = with_two().await;
    let store = &platform.store;
    let sender = json!({"agreement": other.agreement, "address": "OLD", "settings": {"channel": "tts"}});
    let made = platform.post(&platform.owner.key, "/v1/sender_ids", sender).await.good();
    let sender = domain::id::SenderId::parse(&text(&made, "id")).unwrap();
    let sender = store.sender_by_id(&sender).await.unwrap().unwrap();
    // As if it were that company's: it was never counted there.
    let found = company(&platform, &gone).await;
    let sender = domain::sender::Sender { company: found.id, ..sender };
    assert_eq!(store.delete_sender(&act(&found.path), &sender).await.unwrap(), Written::Now);
    delete(&platform, &format!("/v1/companies/{}", gone.company)).await;
}

#[tokio::test]
async fn nothing_is_made_under_what_was_deleted_a_moment_ago() {
    let (platform, gone, other) = with_two().await;
    let store = &platform.store;
    let path = company(&platform, &gone).await.path;
    let below = agreement(&platform, &gone).await;
    let wallet = store.wallet(&below.wallet()).await.unwrap().unwrap();
    let opened = Agreement { id: AgreementId::new(7), code: "LATE".to_owned(), ..below.clone() };
    let wallet = domain::wallet::Wallet { id: opened.wallet(), agreement: opened.id.clone(), ..wallet };
    let rule = json!({"agreement": other.agreement, "address": "SHOP", "settings": {"channel": "tts"}});
    let made = platform.post(&platform.owner.key, "/v1/sender_ids", rule).await.good();
    let sender = domain::id::SenderId::parse(&text(&made, "id")).unwrap();
    let sender = store.sender_by_id(&sender).await.unwrap().unwrap();
    let sender = domain::sender::Sender {
        id: domain::id::SenderId::new(7),
        agreement: below.id.clone(),
        company: below.company.clone(),
        ..sender
    };
    delete(&platform, &format!("/v1/agreements/{}", gone.agreement)).await;
    assert_eq!(store.put_sender(&act(&path), &sender).await.unwrap(), Written::Overtaken);
    let resold = Agreement { above: vec![below.id.clone()], ..opened.clone() };
    assert_eq!(store.open_agreement(&act(&path), &resold, &wallet).await.unwrap(), Written::Overtaken);
    let road = text(&platform.post(&platform.owner.key, "/v1/connections", smsc()).await.good(), "id");
    let road = store.any_connection(&ConnectionId::parse(&road).unwrap()).await.unwrap().unwrap();
    let road = Connection { id: ConnectionId::new(7), company: below.company.clone(), ..road };
    delete(&platform, &format!("/v1/companies/{}", gone.company)).await;
    assert_eq!(store.open_agreement(&act(&path), &opened, &wallet).await.unwrap(), Written::Overtaken);
    assert_eq!(store.create_connection(&act(&path), &road).await.unwrap(), Written::Overtaken);
    // As if its agreement had stayed: one of a company that is deleted does.
    let sender = domain::sender::Sender { agreement: opened.id, ..sender };
    assert_eq!(store.put_sender(&act(&path), &sender).await.unwrap(), Written::Overtaken);
}

#[tokio::test]
async fn who_takes_what_came_too_late_for_a_wallet_is_named_to_those_who_know_them() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    platform.pay(&reseller, &client.agreement, "5").await;
    // As if it had come after the deletion, which looks for money first.
    let (found, under) = (company(&platform, &client).await, agreement(&platform, &client).await);
    let wallet = platform.store.wallet(&under.wallet()).await.unwrap().unwrap();
    let deleted = platform.store.delete_agreement(&act(&found.path), &under, &[wallet]).await.unwrap();
    assert_eq!(deleted, Written::Now);
    let ask = json!({"from": client.wallet, "to": owner.wallet, "amount": "5"});
    platform.post(&owner.key, "/v1/transfers", ask).await.good();
    let name = text(&platform.get(&owner.key, "/v1/me").await.good(), "name");
    let path = format!("/v1/transfers?company={}", client.company);
    for (by, taker) in [(&client, Value::Null), (&reseller, Value::Null), (owner, json!(name))] {
        let row = platform.get(&by.key, &path).await.good()["items"][0].clone();
        assert_eq!((&row["from_company_name"], &row["to_company_name"]), (&json!("Client"), &taker));
    }
}

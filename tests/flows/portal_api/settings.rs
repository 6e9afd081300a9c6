//! What the company that sells changes while an agreement runs.

use domain::id::WalletId;
use domain::wallet::WalletState;
use serde_json::{Value, json};

use crate::platform::{Answer, Member, Platform, text};
use crate::users::person;

async fn change(platform: &Platform, member: &Member, body: Value) -> Answer {
    platform.patch(&platform.owner.key, &format!("/v1/agreements/{}", member.agreement), body).await
}

async fn wallet(platform: &Platform, member: &Member) -> Value {
    platform.get(&platform.owner.key, &format!("/v1/wallets/{}", member.wallet)).await.good()
}

#[tokio::test]
async fn a_new_credit_limit_is_in_force_at_once_up_or_down() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    platform.pay(&platform.owner, &client.agreement, "10").await;
    for (limit, shown, headroom) in [
        (json!("50"), json!("50"), json!("60")),
        (json!("20"), json!("20"), json!("30")),
        (json!(null), json!(null), json!(null)),
        (json!("0"), json!("0"), json!("10")),
    ] {
        let changed = change(&platform, &client, json!({"credit_limit": limit})).await.good();
        let wallet = wallet(&platform, &client).await;
        assert_eq!((&changed["credit_limit"], &wallet["credit_limit"]), (&shown, &shown));
        assert_eq!((&wallet["headroom"], text(&wallet, "balance")), (&headroom, "10".into()));
        // The same again changes nothing.
        change(&platform, &client, json!({"credit_limit": limit})).await.good();
        assert_eq!(self::wallet(&platform, &client).await, wallet);
    }
    let negative = change(&platform, &client, json!({"credit_limit": "-1"})).await;
    assert_eq!(
        (negative.refusal(), text(&negative.body, "field")),
        ("422 invalid".into(), "credit_limit".into())
    );
}

#[tokio::test]
async fn credits_on_credit_are_given_where_the_agreement_allows_it_and_a_cut_is_in_force_below_zero() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    change(&platform, &reseller, json!({"credit_limit": "50"})).await.good();
    let give = async |amount: &str| {
        let body = json!({"from": reseller.wallet, "to": client.wallet, "amount": amount});
        platform.post(&reseller.key, "/v1/transfers", body).await
    };
    let refused = give("30").await;
    assert_eq!(
        (refused.refusal(), text(&refused.body, "available")),
        ("402 insufficient_funds".into(), "0".into())
    );
    change(&platform, &reseller, json!({"transfers_use_credit_limit": true})).await.good();
    let done = give("30").await.good();
    assert_eq!((text(&done, "from_balance"), text(&done, "to_balance")), ("-30".into(), "30".into()));
    assert_eq!(text(&give("21").await.body, "available"), "20");
    change(&platform, &reseller, json!({"credit_limit": "10"})).await.good();
    assert_eq!(wallet(&platform, &reseller).await["headroom"], json!("-20"));
    assert_eq!(give("1").await.refusal(), "402 insufficient_funds");
    // What was given is still the client's, and comes back as it went.
    let back = json!({"from": client.wallet, "to": reseller.wallet, "amount": "all"});
    platform.post(&reseller.key, "/v1/transfers", back).await.good();
    assert_eq!(wallet(&platform, &reseller).await["headroom"], json!("10"));
}

#[tokio::test]
async fn alerts_and_addresses_are_kept_as_told_and_checked() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = json!({
        "alerts": {"balance": ["20", "100", "20"], "credit_limit_percent": [80], "emails": ["ops@example.com"],
            "webhook_url": "https://client.example/alerts"},
        "payment_alert_emails": ["pay@example.com"],
    });
    let changed = change(&platform, &client, body).await.good();
    assert_eq!(
        changed["alerts"],
        json!({"balance": ["20", "100"], "credit_limit_percent": [80],
        "bundle_percent": [], "emails": ["ops@example.com"], "webhook_url": "https://client.example/alerts"})
    );
    assert_eq!(changed["payment_alert_emails"], json!(["pay@example.com"]));
    // What is not named stays.
    let next = change(&platform, &client, json!({"transfers_use_credit_limit": true})).await.good();
    assert_eq!(
        (&next["alerts"], &next["payment_alert_emails"]),
        (&changed["alerts"], &changed["payment_alert_emails"])
    );
    for (body, field) in [
        (json!({"alerts": {"credit_limit_percent": [101]}}), "alerts"),
        (json!({"alerts": {"balance": ["x"]}}), "alerts"),
        (json!({"alerts": {"webhook_url": "javascript:alert(1)"}}), "alerts"),
        (json!({"payment_alert_emails": ["nobody"]}), "payment_alert_emails"),
    ] {
        let refused = change(&platform, &client, body.clone()).await;
        assert_eq!(
            (refused.refusal(), text(&refused.body, "field")),
            ("422 invalid".into(), field.into()),
            "{body}"
        );
    }
    assert_eq!(change(&platform, &client, json!({"colour": "red"})).await.refusal(), "422 invalid");
    let own = platform.patch(&client.key, &format!("/v1/agreements/{}", client.agreement), json!({})).await;
    assert_eq!(own.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_suspended_agreement_stops_every_wallet_of_it_until_it_is_resumed() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    platform.pay(&platform.owner, &client.agreement, "10").await;
    change(&platform, &client, json!({"individual_credits": true})).await.good();
    let ada = person(&platform, &client, "Ada", false).await;
    let listed = platform.get(&client.key, "/v1/wallets").await.good();
    let ada_wallet = listed["items"][1].clone();
    assert_eq!(text(&ada_wallet, "user"), ada.id);
    let ids = [client.wallet.clone(), text(&ada_wallet, "id")].map(|id| WalletId::parse(&id).unwrap());
    for suspended in [true, false] {
        let changed = change(&platform, &client, json!({"suspended": suspended})).await.good();
        assert_eq!(changed["suspended"], json!(suspended));
        let state = if suspended { WalletState::Suspended } else { WalletState::Open };
        let wallets = platform.store.wallets(&ids).await.unwrap();
        assert!(wallets.len() == 2 && wallets.values().all(|wallet| wallet.state == state));
        // What is there can still be moved.
        let back = json!({"from": client.wallet, "to": ids[1], "amount": "5"});
        platform.post(&client.key, "/v1/transfers", back).await.good();
    }
}

#[tokio::test]
async fn settings_changed_at_the_same_time_are_all_kept() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let (limit, use_it, alerts, users) = tokio::join!(
        change(&platform, &client, json!({"credit_limit": "7"})),
        change(&platform, &client, json!({"transfers_use_credit_limit": true})),
        change(&platform, &client, json!({"alerts": {"balance": ["5"]}})),
        change(&platform, &client, json!({"individual_credits": true})),
    );
    for answer in [limit, use_it, alerts, users] {
        answer.good();
    }
    let path = format!("/v1/agreements/{}", client.agreement);
    let agreement = platform.get(&client.key, &path).await.good();
    assert_eq!(text(&agreement, "credit_limit"), "7");
    assert_eq!(agreement["alerts"]["balance"], json!(["5"]));
    assert_eq!(agreement["transfers_use_credit_limit"], json!(true));
    assert_eq!(agreement["individual_credits"], json!(true));
    assert_eq!(wallet(&platform, &client).await["headroom"], json!("7"));
}

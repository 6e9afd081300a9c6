//! The ledger page of an agreement.

use domain::id::WalletId;
use serde_json::{Value, json};

use crate::platform::{Platform, text};

/// The holder with this wallet.
fn holder<'a>(ledger: &'a Value, wallet: &str) -> &'a Value {
    let holders = ledger["holders"].as_array().unwrap();
    holders.iter().find(|holder| holder["wallet"] == wallet).unwrap()
}

#[tokio::test]
async fn the_ledger_of_an_agreement_shows_what_is_set_aside_and_with_whom() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let other = platform.euro_member(&reseller, "Other", "client").await;
    platform.pay(owner, &reseller.agreement, "60").await;
    let home = WalletId::parse(&client.wallet).unwrap();
    let mut session = platform.store.acquire_lease(&home, 5, runtime::now()).await.unwrap().unwrap();
    let path = format!("/v1/agreements/{}/ledger", reseller.agreement);
    // The company itself and those above it.
    for key in [&reseller.key, &owner.key] {
        let ledger = platform.get(key, &path).await.good();
        assert_eq!(
            ["state", "funding", "credit_limit", "charged", "headroom", "allocated"]
                .map(|field| text(&ledger, field)),
            ["open", "60", "0", "0", "60", "0"]
        );
        let child = holder(&ledger, &client.wallet);
        assert_eq!((&child["company"], &child["lease"]), (&json!(client.company), &Value::Null));
        assert_eq!(child["held"], json!([{"allowance": null, "escrow": "0", "used": "0"}]));
        let lease = holder(&ledger, session.id().as_str());
        assert_eq!(lease["lease"]["home"], client.wallet);
        assert_eq!((&lease["lease"]["slot"], &lease["lease"]["open"]), (&json!(0), &json!(true)));
    }
    session.close().await.unwrap();
    let own = platform.get(&client.key, &format!("/v1/agreements/{}/ledger", client.agreement)).await.good();
    assert_eq!(holder(&own, session.id().as_str())["lease"]["open"], false);
    // Whoever stands beside it does not see it.
    let beside = platform.get(&other.key, &path).await;
    assert_eq!(beside.refusal(), "404 not_found");
}

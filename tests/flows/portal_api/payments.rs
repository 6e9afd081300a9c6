//! Money that comes in: recorded by hand, and by card.

use serde_json::{Value, json};
use tests::stripe_simulator::StripeSimulator;

use crate::platform::{Member, Platform, text};

fn payment(member: &Member, direction: &str, amount: &str, reference: &str) -> Value {
    json!({"agreement": member.agreement, "direction": direction, "amount": amount,
        "payment_date": "2026-01-15", "reference": reference, "description": "wire"})
}

#[tokio::test]
async fn a_payment_is_in_the_balance_once_however_often_it_is_sent() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let key = &platform.owner.key;
    let body = payment(&client, "inbound", "100.50", "TT-1");
    let first = platform.post_once(key, "/v1/payments", "once", body.clone()).await;
    let again = platform.post_once(key, "/v1/payments", "once", body).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(text(&first.body, "balance"), "100.5");
    let other =
        platform.post_once(key, "/v1/payments", "once", payment(&client, "inbound", "7", "TT-1")).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    let taken = platform.post(key, "/v1/payments", payment(&client, "inbound", "7", "TT-1")).await;
    assert_eq!(taken.refusal(), "409 reference_taken");
    let sentence = "The payment with this code already exists for the selected company.";
    assert_eq!(text(&taken.body, "detail"), sentence);
    let seen = platform.get(&client.key, &format!("/v1/payments/{}", text(&first.body, "id"))).await.good();
    assert_eq!((text(&seen, "amount"), text(&seen, "by")), ("100.5".into(), platform.owner.company.clone()));
}

#[tokio::test]
async fn what_is_paid_back_is_there() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    platform.pay(&platform.owner, &client.agreement, "100").await;
    let key = &platform.owner.key;
    let refused = platform.post(key, "/v1/payments", payment(&client, "outbound", "100.01", "BACK-1")).await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    let done = platform.post(key, "/v1/payments", payment(&client, "outbound", "30", "BACK-1")).await.good();
    assert_eq!(text(&done, "balance"), "70");
}

#[tokio::test]
async fn what_is_not_an_amount_is_refused_with_its_field() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    for amount in ["0", "-1", "1e3", "", "0.0000001", "1000000000001"] {
        let body = payment(&client, "inbound", amount, "X");
        let refused = platform.post(&platform.owner.key, "/v1/payments", body).await;
        assert_eq!(
            (refused.refusal(), text(&refused.body, "field")),
            ("422 invalid".into(), "amount".into())
        );
    }
    let number =
        json!({"agreement": client.agreement, "amount": 5, "payment_date": "2026-01-01", "reference": "X"});
    let refused = platform.post(&platform.owner.key, "/v1/payments", number).await;
    assert_eq!(refused.refusal(), "422 invalid");
}

async fn shop(stripe: &StripeSimulator) -> (Platform, Member) {
    let platform = Platform::with_stripe(stripe.url()).await;
    let secret = json!({"secret_key": "sk_test_flow", "webhook_secret": "whsec_flow"});
    platform.secrets.set("payment-systems/stripe", secret);
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    (platform, client)
}

#[tokio::test]
async fn a_top_up_opens_one_page_however_often_it_is_asked_for() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, client) = shop(&stripe).await;
    let body = json!({"agreement": client.agreement, "amount": "25.50"});
    let ask = || platform.post_once(&client.key, "/v1/top_ups", "once", body.clone());
    let (first, second) = tokio::join!(ask(), ask());
    let (first, second, third) = (first.good(), second.good(), ask().await.good());
    assert_eq!((&first, &first), (&second, &third));
    assert_eq!(stripe.sessions().len(), 1);
    assert_eq!((text(&first, "state"), text(&first, "amount")), ("redirected".into(), "25.5".into()));
    assert!(text(&first, "url").starts_with(stripe.url()));
    let other = json!({"agreement": client.agreement, "amount": "26"});
    let other = platform.post_once(&client.key, "/v1/top_ups", "once", other).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    let listed =
        platform.get(&client.key, &format!("/v1/top_ups?agreement={}", client.agreement)).await.good();
    assert_eq!(listed["items"], json!([first]));
}

#[tokio::test]
async fn what_cannot_be_paid_by_card_opens_no_page() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, client) = shop(&stripe).await;
    for amount in ["0", "-5", "0.001"] {
        let body = json!({"agreement": client.agreement, "amount": amount});
        assert_eq!(
            platform.post(&client.key, "/v1/top_ups", body).await.refusal(),
            "422 invalid",
            "{amount}"
        );
    }
    let credits = platform.member(&platform.owner, "Credits", "client").await;
    let body = json!({"agreement": credits.agreement, "amount": "5"});
    assert_eq!(platform.post(&credits.key, "/v1/top_ups", body).await.refusal(), "422 invalid");
    platform.secrets.set("payment-systems/stripe", json!({"secret_key": "", "webhook_secret": ""}));
    let body = json!({"agreement": client.agreement, "amount": "5"});
    assert_eq!(platform.post(&client.key, "/v1/top_ups", body).await.refusal(), "409 no_payment_system");
    assert_eq!(stripe.sessions().len(), 0);
}

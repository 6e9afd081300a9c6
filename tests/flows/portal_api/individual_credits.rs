//! System credits and user credits: a company whose users each have a wallet of their own.

use domain::id::{AgreementId, UserId, WalletId};
use serde_json::{Value, json};
use tests::stripe_simulator::StripeSimulator;

use crate::platform::{Answer, Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};
use crate::users::{Person, person};

/// The wallet that a user has under an agreement.
fn wallet_of(member: &Member, person: &Person) -> String {
    let agreement = AgreementId::parse(&member.agreement).unwrap();
    WalletId::of_user(&agreement, &UserId::parse(&person.id).unwrap()).into()
}

async fn settings(platform: &Platform, member: &Member, body: Value) -> Answer {
    platform.patch(&platform.owner.key, &format!("/v1/agreements/{}", member.agreement), body).await
}

async fn give(platform: &Platform, key: &str, from: &str, to: &str, amount: &str) -> Answer {
    platform.post(key, "/v1/transfers", json!({"from": from, "to": to, "amount": amount})).await
}

async fn balance(platform: &Platform, wallet: &str) -> String {
    text(&platform.get(&platform.owner.key, &format!("/v1/wallets/{wallet}")).await.good(), "balance")
}

/// A client with 100 system credits, a master user and two others.
struct Company {
    platform: Platform,
    client: Member,
    master: Person,
    ada: Person,
    bob: Person,
}

impl Company {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let client = platform.member(&platform.owner, "Client", "client").await;
        platform.pay(&platform.owner, &client.agreement, "100").await;
        // One user from before individual credits, the others from after.
        let ada = person(&platform, &client, "Ada", false).await;
        let on = settings(&platform, &client, json!({"individual_credits": true})).await.good();
        assert_eq!(on["individual_credits"], json!(true));
        let master = person(&platform, &client, "Mia", true).await;
        let bob = person(&platform, &client, "Bob", false).await;
        Self { platform, client, master, ada, bob }
    }

    fn wallet(&self, person: &Person) -> String {
        wallet_of(&self.client, person)
    }

    async fn give(&self, by: &str, from: &str, to: &str, amount: &str) -> Answer {
        give(&self.platform, by, from, to, amount).await
    }

    async fn shown<const N: usize>(&self, wallets: [&str; N]) -> [String; N] {
        let mut shown = [const { String::new() }; N];
        for (shown, wallet) in shown.iter_mut().zip(wallets) {
            *shown = balance(&self.platform, wallet).await;
        }
        shown
    }
}

#[tokio::test]
async fn a_master_moves_credits_between_the_system_and_users_and_between_users() {
    let company = Company::new().await;
    let (system, ada, bob) =
        (&company.client.wallet, company.wallet(&company.ada), company.wallet(&company.bob));
    let done = company.give(&company.master.key, system, &ada, "30").await.good();
    assert_eq!((text(&done, "from_balance"), text(&done, "to_balance")), ("70".into(), "30".into()));
    assert_eq!(text(&done, "by_user"), company.master.id);
    company.give(&company.master.key, &ada, &bob, "10").await.good();
    company.give(&company.master.key, &bob, system, "4").await.good();
    // The company's own key may do what a master may; a negative amount turns the direction round.
    company.give(&company.client.key, system, &ada, "-5").await.good();
    assert_eq!(company.shown([system, &ada, &bob]).await, ["79", "15", "6"]);
    let refused = company.give(&company.master.key, &bob, &ada, "7").await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    assert_eq!((text(&refused.body, "available"), text(&refused.body, "needed")), ("6".into(), "7".into()));
    assert_eq!(company.shown([system, &ada, &bob]).await, ["79", "15", "6"]);
}

#[tokio::test]
async fn a_user_gives_from_the_own_wallet_alone() {
    let company = Company::new().await;
    let (system, ada, bob) =
        (&company.client.wallet, company.wallet(&company.ada), company.wallet(&company.bob));
    company.give(&company.master.key, system, &ada, "30").await.good();
    let done = company.give(&company.ada.key, &ada, &bob, "10").await.good();
    assert_eq!((text(&done, "from_balance"), &done["to_balance"]), ("20".into(), &Value::Null));
    company.give(&company.ada.key, &ada, system, "5").await.good();
    for (from, to, amount) in
        [(system, &ada, "1"), (&bob, &ada, "1"), (&ada, &bob, "-1"), (&ada, system, "-1")]
    {
        let refused = company.give(&company.ada.key, from, to, amount).await;
        let field = text(&refused.body, "field");
        assert_eq!(
            (refused.refusal(), field),
            ("404 not_found".into(), "from".into()),
            "{from} {to} {amount}"
        );
    }
    assert_eq!(company.shown([system, &ada, &bob]).await, ["75", "15", "10"]);
}

#[tokio::test]
async fn a_key_word_of_one_user_says_nothing_of_anothers_transfer() {
    let company = Company::new().await;
    let (system, ada, bob) =
        (&company.client.wallet, company.wallet(&company.ada), company.wallet(&company.bob));
    company.give(&company.master.key, system, &ada, "30").await.good();
    let body = json!({"from": ada, "to": bob, "amount": "10"});
    let platform = &company.platform;
    platform.post_once(&company.ada.key, "/v1/transfers", "once", body.clone()).await.good();
    let other = platform.post_once(&company.bob.key, "/v1/transfers", "once", body.clone()).await;
    assert_eq!(other.refusal(), "404 not_found");
    platform.post_once(&company.ada.key, "/v1/transfers", "once", body).await.good();
    assert_eq!(company.shown([ada.as_str(), &bob]).await, ["20", "10"]);
}

#[tokio::test]
async fn user_credits_never_leave_their_agreement() {
    let company = Company::new().await;
    let Company { platform, client, ada, .. } = &company;
    let ada_wallet = company.wallet(ada);
    company.give(&client.key, &client.wallet, &ada_wallet, "30").await.good();
    let neighbour = platform.member(&platform.owner, "Neighbour", "client").await;
    let second = json!({"company": client.company, "code": "SECOND", "currency": "CREDIT",
        "charging": "prefunded"});
    let second = platform.post(&platform.owner.key, "/v1/agreements", second).await.good();
    let second = text(&second, "wallet");
    for other in [&platform.owner.wallet, &neighbour.wallet, &second] {
        for (from, to) in [(&ada_wallet, other), (other, &ada_wallet)] {
            let refused = give(platform, &platform.owner.key, from, to, "1").await;
            assert_eq!(refused.refusal(), "422 not_related");
        }
    }
    // Between agreements of one company it goes by way of the system credits.
    company.give(&client.key, &ada_wallet, &client.wallet, "30").await.good();
    company.give(&client.key, &client.wallet, &second, "100").await.good();
    assert_eq!(company.shown([client.wallet.as_str(), &second]).await, ["0", "100"]);
    assert_eq!(
        give(platform, &neighbour.key, &neighbour.wallet, &ada_wallet, "1").await.refusal(),
        "404 not_found"
    );
}

#[tokio::test]
async fn the_list_shows_system_credits_to_masters_and_to_others_the_own_balance_alone() {
    let company = Company::new().await;
    let (client, ada) = (&company.client, company.wallet(&company.ada));
    company.give(&client.key, &client.wallet, &ada, "30").await.good();
    let shown = async |key: &str| {
        let list = company.platform.get(key, "/v1/wallets").await.good();
        let items = list["items"].as_array().unwrap().clone();
        let line = |item: &Value| format!("{} {}", item["user_name"], item["balance"]);
        items.iter().map(line).collect::<Vec<_>>()
    };
    let all = [r#"null "70""#, r#""Ada" "30""#, r#""Mia" "0""#, r#""Bob" "0""#];
    assert_eq!(shown(&client.key).await, all);
    assert_eq!(shown(&company.master.key).await, all);
    let own = ["null null", r#""Ada" "30""#, r#""Mia" null"#, r#""Bob" null"#];
    assert_eq!(shown(&company.ada.key).await, own);
    let own = company.platform.get(&company.ada.key, &format!("/v1/wallets/{ada}")).await.good();
    assert_eq!((text(&own, "user"), text(&own, "balance")), (company.ada.id.clone(), "30".into()));
    for other in [&client.wallet, &company.wallet(&company.bob)] {
        for path in [format!("/v1/wallets/{other}"), format!("/v1/wallets/{other}/statement")] {
            assert_eq!(company.platform.get(&company.ada.key, &path).await.refusal(), "404 not_found");
        }
    }
}

#[tokio::test]
async fn individual_credits_end_when_no_user_has_any_and_leave_nothing_behind() {
    let company = Company::new().await;
    let (client, ada) = (&company.client, company.wallet(&company.ada));
    company.give(&client.key, &client.wallet, &ada, "30").await.good();
    let off = json!({"individual_credits": false});
    let refused = settings(&company.platform, client, off.clone()).await;
    assert_eq!(refused.refusal(), "409 users_have_credits");
    company.give(&client.key, &ada, &client.wallet, "all").await.good();
    settings(&company.platform, client, off).await.good();
    assert_eq!(
        company.give(&client.key, &client.wallet, &ada, "1").await.refusal(),
        "422 no_individual_credits"
    );
    assert_eq!(company.shown([client.wallet.as_str(), &ada]).await, ["100", "0"]);
    // A user from this time has a wallet once there are individual credits again.
    let eve = person(&company.platform, client, "Eve", false).await;
    let eve = company.wallet(&eve);
    assert_eq!(company.give(&client.key, &client.wallet, &eve, "1").await.refusal(), "404 not_found");
    settings(&company.platform, client, json!({"individual_credits": true})).await.good();
    company.give(&client.key, &client.wallet, &eve, "1").await.good();
}

#[tokio::test]
async fn individual_credits_are_for_the_other_side_of_the_agreement_to_switch() {
    let company = Company::new().await;
    let path = format!("/v1/agreements/{}", company.client.agreement);
    for key in [&company.client.key, &company.master.key, &company.ada.key] {
        let refused = company.platform.patch(key, &path, json!({"individual_credits": false})).await;
        assert_eq!(refused.refusal(), "403 not_allowed");
    }
}

#[tokio::test]
async fn credits_are_bought_for_the_system_or_for_a_user_and_users_buy_for_themselves() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let platform = Platform::with_stripe(stripe.url()).await;
    let secret = json!({"secret_key": "sk_test_flow", "webhook_secret": "whsec_flow"});
    platform.secrets.set("payment-systems/stripe", secret);
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let (ada, bob) =
        (person(&platform, &client, "Ada", false).await, person(&platform, &client, "Bob", false).await);
    let buy = async |key: &str, wallet: Option<&str>| {
        let body = json!({"agreement": client.agreement, "amount": "5", "wallet": wallet});
        platform.post(key, "/v1/top_ups", body).await
    };
    let ada_wallet = wallet_of(&client, &ada);
    assert_eq!(buy(&client.key, Some(&ada_wallet)).await.refusal(), "404 not_found");
    assert_eq!(buy(&ada.key, None).await.refusal(), "404 not_found");
    settings(&platform, &client, json!({"individual_credits": true})).await.good();
    for (key, wallet, bought) in [
        (&client.key, None, &client.wallet),
        (&client.key, Some(client.wallet.as_str()), &client.wallet),
        (&client.key, Some(ada_wallet.as_str()), &ada_wallet),
        (&ada.key, None, &ada_wallet),
        (&ada.key, Some(ada_wallet.as_str()), &ada_wallet),
    ] {
        assert_eq!(text(&buy(key, wallet).await.good(), "wallet"), *bought);
    }
    for other in [&client.wallet, &wallet_of(&client, &bob)] {
        assert_eq!(buy(&ada.key, Some(other)).await.refusal(), "404 not_found");
    }
    let elsewhere = platform.euro_member(&platform.owner, "Elsewhere", "client").await;
    assert_eq!(buy(&platform.owner.key, Some(&elsewhere.wallet)).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn what_a_message_gives_back_to_a_user_after_a_deletion_is_taken_by_the_company_above() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let client = shop.client("0.05").await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    settings(platform, &client, json!({"individual_credits": true})).await.good();
    let ada = person(platform, &client, "Ada", false).await;
    let wallet = wallet_of(&client, &ada);
    give(platform, &client.key, &client.wallet, &wallet, "0.05").await.good();
    let by = Member { key: ada.key, ..client.clone() };
    let sent = shop.try_send(&by, &numbers(0..1), "hello", "ACME").await.good();
    shop.clear(owner, &client).await;
    platform.remove(owner, &format!("/v1/companies/{}", client.company)).await.good();
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    assert_eq!(balance(platform, &wallet).await, "0.05");
    let refused = give(platform, &owner.key, &wallet, &client.wallet, "0.05").await;
    assert_eq!(refused.refusal(), "409 agreement_deleted");
    give(platform, &owner.key, &wallet, platform.house.wallet.as_str(), "0.05").await.good();
    assert_eq!(balance(platform, &wallet).await, "0");
    assert_eq!(balance(platform, platform.house.wallet.as_str()).await, "0.05");
    shop.project().await;
    shop.check().await;
}

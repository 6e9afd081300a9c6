//! Payment systems as tenants set them up.

use domain::id::{CompanyId, TopUpId};
use domain::money::Amount;
use domain::payment_system::PaymentSystem;
use domain::top_up::{Received, TopUp};
use http::Method;
use serde_json::{Value, json};
use store::TopUpPosted;
use tests::edits::act;
use tests::stripe_simulator::StripeSimulator;

use crate::legal_entities::{entity, values, with};
use crate::platform::{Member, Platform, text};

fn stripe(name: &str) -> Value {
    json!({"name": name, "kind": "stripe", "enabled": true, "secret": "sk_live_1", "fee_from": "owner",
        "internal_fee_percent": "1.5", "currencies": ["EUR", "USD"]})
}

#[tokio::test]
async fn a_secret_goes_to_the_secret_store_and_nowhere_else() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let made = platform.made(&platform.owner, "/v1/payment_systems", stripe("Cards")).await;
    let id = text(&made, "id");
    let path = format!("/v1/payment_systems/{id}");
    let stored =
        async || platform.secret_of::<PaymentSystem>(&id).await.map(|secret| text(&secret, "secret_key"));
    assert_eq!(stored().await.unwrap(), "sk_live_1");
    let changed = platform.patch(key, &path, json!({"enabled": false})).await.good();
    assert_eq!((&changed["enabled"], text(&changed, "internal_fee_percent")), (&json!(false), "1.5".into()));
    assert_eq!(stored().await.unwrap(), "sk_live_1", "a secret that is not named stays");
    platform.patch(key, &path, json!({"secret": "sk_live_2"})).await.good();
    assert_eq!(stored().await.unwrap(), "sk_live_2");
    let log = platform.get(key, &format!("/v1/audit?object={id}")).await.good();
    assert!(log.to_string().contains(r#""field":"secret""#) && !log.to_string().contains("sk_live"));
    assert!(!platform.get(key, "/v1/payment_systems").await.good().to_string().contains("sk_live"));
    let refused = platform.patch(key, &path, json!({"secret": "sk_live_3", "name": ""})).await;
    assert_eq!(refused.body["field"], "name");
    assert_eq!(stored().await.unwrap(), "sk_live_2", "a change that is refused changes nothing");
    assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
    assert!(platform.secrets.names("payment-systems/").is_empty());
}

#[tokio::test]
async fn each_kind_has_the_fields_that_it_needs() {
    let platform = Platform::new().await;
    for (more, field) in [
        (json!({"kind": "pay_online"}), "merchant"),
        (json!({"kind": "pay_online", "merchant": "81135", "fee_from": "client"}), "fee_from"),
        (json!({"merchant": "81135"}), "merchant"),
        (json!({"secret": null}), "secret"),
        (json!({"internal_fee_percent": "0.001"}), "internal_fee_percent"),
        (json!({"fee_from": "client"}), "internal_fee_percent"),
        (json!({"currencies": ["CREDIT"]}), "currencies"),
        (json!({"tariff_percent": "2.9"}), "tariff_percent"),
        (json!({"kind": "net_commerce", "merchant": "81135", "tariff_percent": "0"}), "tariff_percent"),
        (json!({"kind": "net_commerce", "merchant": "81135", "tariff_fixed": "0.3"}), "tariff_fixed"),
        (json!({"currencies": ["EURO"]}), "currencies"),
    ] {
        let body = with(stripe("Cards"), more);
        let refused = platform.post(&platform.owner.key, "/v1/payment_systems", body).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }
    let mut last = String::new();
    for kind in ["pay_online", "freedom_pay", "net_commerce"] {
        let body = with(stripe(kind), json!({"kind": kind, "merchant": "81135"}));
        let made = platform.made(&platform.owner, "/v1/payment_systems", body).await;
        last = text(&made, "updated_at");
    }
    for (span, expected) in [("from", vec!["net_commerce"]), ("till", vec!["pay_online", "freedom_pay"])] {
        let list = format!("/v1/payment_systems?updated_{span}={last}");
        let list = platform.get(&platform.owner.key, &list).await.good();
        assert_eq!(values(&list, "kind"), expected);
    }
    let sorted =
        platform.get(&platform.owner.key, "/v1/payment_systems?sort=-name&enabled=true").await.good();
    assert_eq!(values(&sorted, "kind"), ["pay_online", "net_commerce", "freedom_pay"]);
    let accept = [("accept", "text/csv")];
    let path = "/v1/payment_systems?kind=pay_online";
    let file = platform.ask(&platform.owner.key, Method::GET, path, &accept, None).await.good();
    assert!(file.as_str().unwrap().lines().nth(1).unwrap().contains("EUR; USD"), "{file}");
}

#[tokio::test]
async fn a_name_is_one_of_the_companys_own() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    platform.made(&platform.owner, "/v1/payment_systems", stripe("Cards")).await;
    let again = platform.post(&platform.owner.key, "/v1/payment_systems", stripe("cards")).await;
    assert_eq!((again.refusal(), &again.body["field"]), ("409 taken".into(), &json!("name")));
    let made = platform.made(&reseller, "/v1/payment_systems", stripe("Cards")).await;
    let path = format!("/v1/payment_systems/{}", text(&made, "id"));
    let other = json!({"kind": "pay_online", "merchant": "1"});
    assert_eq!(platform.patch(&reseller.key, &path, other).await.body["field"], "kind");
    let client = platform.member(&reseller, "Client", "client").await;
    assert_eq!(platform.get(&client.key, "/v1/payment_systems").await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_replaced_secret_is_kept_beside_its_successor_for_a_while() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let body = with(stripe("Cards"), json!({"webhook_secret": "whsec_1"}));
    let made = platform.made(&platform.owner, "/v1/payment_systems", body).await;
    let path = format!("/v1/payment_systems/{}", text(&made, "id"));
    let id = text(&made, "id");
    let valid = async || {
        let stored = platform.secret_of::<PaymentSystem>(&id).await.unwrap();
        let stored: top_ups::PaymentSecret = serde_json::from_value(stored).unwrap();
        let kind = domain::payment_system::PaymentSystemKind::Stripe;
        let valid: Vec<String> = stored.valid(kind, runtime::now()).into_iter().map(str::to_owned).collect();
        (stored.key().to_owned(), valid)
    };
    assert_eq!(valid().await, ("sk_live_1".into(), vec!["whsec_1".into()]));
    platform.patch(key, &path, json!({"webhook_secret": "whsec_2"})).await.good();
    assert_eq!(valid().await, ("sk_live_1".into(), vec!["whsec_2".into(), "whsec_1".into()]));
    platform.patch(key, &path, json!({"secret": "sk_live_2"})).await.good();
    assert_eq!(valid().await.0, "sk_live_2");
    let other = json!({"kind": "pay_online", "merchant": "1", "webhook_secret": "whsec_1"});
    let refused = platform.post(key, "/v1/payment_systems", with(stripe("Other"), other)).await;
    assert_eq!(refused.body["field"], "webhook_secret");
}

/// A client whose seller's legal entity names these payment systems.
async fn client_of(platform: &Platform, systems: &[&Value]) -> Member {
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let ids: Vec<String> = systems.iter().map(|system| text(system, "id")).collect();
    let sells = with(entity("Owner"), json!({"payment_systems": ids}));
    let sells = platform.made(&platform.owner, "/v1/own_legal_entities", sells).await;
    let agreement = format!("/v1/agreements/{}", client.agreement);
    let named = json!({"own_legal_entity": sells["id"]});
    platform.patch(&platform.owner.key, &agreement, named).await.good();
    client
}

#[tokio::test]
async fn a_client_sees_what_it_pays_by_each_payment_system_and_pays_by_one() {
    let simulator = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let platform = Platform::with_stripe(simulator.url()).await;
    let owner = &platform.owner;
    let cards = with(stripe("Cards"), json!({"secret": "sk_test_flow"}));
    let cards = platform.made(owner, "/v1/payment_systems", cards).await;
    let online = json!({"kind": "pay_online", "merchant": "81135", "internal_fee_percent": null});
    let online = platform.made(owner, "/v1/payment_systems", with(stripe("Online"), online)).await;
    let dollars = with(stripe("Dollars"), json!({"currencies": ["USD"]}));
    let dollars = platform.made(owner, "/v1/payment_systems", dollars).await;
    let client = client_of(&platform, &[&cards, &online, &dollars]).await;

    let ask = json!({"agreement": client.agreement, "amount": "33.33"});
    let quote = platform.post(&client.key, "/v1/top_ups/quote", ask.clone()).await.good();
    assert_eq!(values(&quote, "name"), ["Cards", "Online"], "not what takes other currencies only");
    assert_eq!(values(&quote, "fee"), ["0.5", "0"], "1.5 %, rounded up");
    assert_eq!(values(&quote, "to_pay"), ["33.83", "33.33"]);
    let several = platform.post(&client.key, "/v1/top_ups", ask.clone()).await;
    let field = |refused: &Value| text(refused, "field");
    assert_eq!((several.refusal(), field(&several.body)), ("422 invalid".into(), "payment_system".into()));
    let other = with(ask.clone(), json!({"payment_system": dollars["id"]}));
    assert_eq!(platform.post(&client.key, "/v1/top_ups", other).await.refusal(), "422 invalid");

    let named = with(ask.clone(), json!({"payment_system": cards["id"]}));
    let made = platform.post_once(&client.key, "/v1/top_ups", "a", named.clone()).await.good();
    let again = platform.post_once(&client.key, "/v1/top_ups", "a", named).await.good();
    assert_eq!(made, again);
    let numbers = ["amount", "fee", "to_pay"].map(|name| text(&made, name));
    assert_eq!(numbers, ["33.33", "0.5", "33.83"]);
    assert_eq!((&made["payment_system"], text(&made, "kind")), (&cards["id"], "stripe".into()));
    assert_eq!(simulator.sessions()[0].amount_total, 3383, "what Stripe asks the payer for");
    let by_the_other = with(ask, json!({"payment_system": online["id"]}));
    let other = platform.post(&client.key, "/v1/top_ups", by_the_other).await.good();
    let url = text(&other, "url");
    assert!(url.starts_with("https://secure.payonlinesystem.com/"), "{url}");
    let cards_only = format!("payment_system={}", text(&cards, "id"));
    for (query, found) in [
        (cards_only.as_str(), vec![text(&made, "id")]),
        ("kind=pay_online", vec![text(&other, "id")]),
        ("payment_system=stripe", Vec::new()),
    ] {
        let list = platform.get(&owner.key, &format!("/v1/top_ups?tenant={}&{query}", owner.company)).await;
        assert_eq!(values(&list.good(), "id"), found, "{query}");
    }
}

#[tokio::test]
async fn a_tariff_says_before_paying_what_the_balance_rises_by() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let tariff = json!({"kind": "pay_online", "merchant": "81135", "currencies": ["EUR"], "tariff_percent": "2.9",
        "tariff_fixed": "0.3"});
    let online = platform.made(owner, "/v1/payment_systems", with(stripe("Online"), tariff)).await;
    let client = client_of(&platform, &[&online]).await;
    let quoted = async |sum: &str| {
        let ask = json!({"agreement": client.agreement, "amount": sum});
        let quote = platform.post(&client.key, "/v1/top_ups/quote", ask).await.good();
        let numbers = ["amount", "fee", "to_pay", "system_fee", "credited"];
        quote["items"].as_array().unwrap().first().map(|item| numbers.map(|name| item[name].clone()))
    };
    let shown = quoted("50").await.unwrap();
    assert_eq!(
        shown,
        [json!("50"), json!("0.75"), json!("50.75"), Value::Null, json!("50")],
        "as the owner pays it"
    );

    // What the owner pays is told to the owner.
    let ask = json!({"agreement": client.agreement, "amount": "50"});
    let made = platform.post(&client.key, "/v1/top_ups", ask).await.good();
    let before = platform.store.top_up(&TopUpId::parse(&text(&made, "id")).unwrap()).await.unwrap().unwrap();
    let received = Received {
        reference: "90".into(),
        authorization: None,
        system_fee: Some(Amount::parse("1.77").unwrap()),
        credited: before.amount,
    };
    let after = TopUp { received: Some(received), revision: before.revision + 1, ..before.clone() };
    let act = act(&[CompanyId::parse(&owner.company).unwrap()]);
    assert_eq!(platform.store.change_top_up(&act, &before, &after).await.unwrap(), TopUpPosted::Now);
    let path = format!("/v1/top_ups/{}", text(&made, "id"));
    for (key, fee) in [(&client.key, Value::Null), (&owner.key, json!("1.77"))] {
        let seen = platform.get(key, &path).await.good();
        assert_eq!((&seen["system_fee"], text(&seen, "credited")), (&fee, "50".into()));
    }

    let path = format!("/v1/payment_systems/{}", text(&online, "id"));
    let from_client = json!({"fee_from": "client", "internal_fee_percent": null});
    platform.patch(&owner.key, &path, from_client).await.good();
    let shown = quoted("50").await.unwrap();
    assert_eq!(shown.map(|number| number.as_str().unwrap().to_owned()), ["50", "0", "50", "1.75", "48.25"]);
    assert_eq!(quoted("0.31").await, None, "nothing would be left");
    let ask = json!({"agreement": client.agreement, "amount": "0.31"});
    let refused = platform.post(&client.key, "/v1/top_ups", ask).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "amount".into()));

    let none = json!({"tariff_percent": null, "tariff_fixed": null});
    assert_eq!(platform.patch(&owner.key, &path, none).await.body["field"], "fee_from");
    let changed = platform.patch(&owner.key, &path, json!({"tariff_percent": "3.1"})).await.good();
    assert_eq!(
        (text(&changed, "tariff_percent"), text(&changed, "tariff_fixed")),
        ("3.1".into(), "0.3".into())
    );
    let log = platform.get(&owner.key, &format!("/v1/audit?object={}", text(&online, "id"))).await.good();
    assert!(log.to_string().contains("3.1") && log.to_string().contains("tariff"), "{log}");
    let file = platform.ask(&owner.key, Method::GET, "/v1/payment_systems", &[("accept", "text/csv")], None);
    assert!(file.await.good().as_str().unwrap().contains(",3.1,0.3,"));
}

#[tokio::test]
async fn a_payment_system_that_is_disabled_takes_no_new_top_up() {
    let platform = Platform::new().await;
    let cards = platform.made(&platform.owner, "/v1/payment_systems", stripe("Cards")).await;
    let client = client_of(&platform, &[&cards]).await;
    let path = format!("/v1/payment_systems/{}", text(&cards, "id"));
    platform.patch(&platform.owner.key, &path, json!({"enabled": false})).await.good();
    let ask = json!({"agreement": client.agreement, "amount": "5"});
    let quote = platform.post(&client.key, "/v1/top_ups/quote", ask.clone()).await.good();
    assert_eq!(quote, json!({"order": null, "items": []}));
    let refused = platform.post(&client.key, "/v1/top_ups", ask).await;
    assert_eq!(refused.refusal(), "409 no_payment_system", "and not by the platform's own account");
}

#[tokio::test]
async fn what_a_payment_system_told_that_has_to_be_looked_at_is_listed_for_its_tenant() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let made = platform.made(&reseller, "/v1/payment_systems", stripe("Cards")).await;
    let system = text(&made, "id");
    for (number, of) in [(1, system.as_str()), (2, &system), (3, "stripe")] {
        let (system, event) = (of.to_owned(), format!("evt_{number}"));
        let at = runtime::now() + jiff::SignedDuration::from_secs(number);
        let review = store::Review { system, event, top_up: None, detail: "other money".into(), at };
        platform.store.put_review(&review).await.unwrap();
    }
    let path = format!("/v1/payment_reviews?payment_system={system}&limit=1");
    let first = platform.get(&reseller.key, &path).await.good();
    let second = format!("{path}&cursor={}", text(&first, "next"));
    let second = platform.get(&reseller.key, &second).await.good();
    assert_eq!(
        (values(&first, "event"), values(&second, "event")),
        (vec!["evt_2".into()], vec!["evt_1".into()])
    );
    let own = "/v1/payment_reviews?payment_system=stripe";
    assert_eq!(values(&platform.get(&platform.owner.key, own).await.good(), "event"), ["evt_3"]);
    assert_eq!(platform.get(&reseller.key, own).await.refusal(), "404 not_found");
    let stranger = platform.member(&platform.owner, "Stranger", "reseller").await;
    assert_eq!(platform.get(&stranger.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn what_all_payment_systems_of_a_tenant_told_is_one_list_by_time_and_kind() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let cards = platform.made(&reseller, "/v1/payment_systems", stripe("Cards")).await;
    let online = json!({"kind": "pay_online", "merchant": "81135", "internal_fee_percent": null});
    let online = platform.made(&reseller, "/v1/payment_systems", with(stripe("Online"), online)).await;
    let others = platform.made(owner, "/v1/payment_systems", stripe("Cards")).await;
    let (cards, online, others) = (text(&cards, "id"), text(&online, "id"), text(&others, "id"));
    let time = |second: i64| jiff::Timestamp::from_second(second).unwrap();
    let told = [&cards, &online, &others, &online, &cards, &"stripe".to_owned(), &cards];
    for (number, system) in (1..).zip(told) {
        let (system, event) = (system.clone(), format!("evt_{number}"));
        let (detail, at) = ("other money".into(), time(number));
        let review = store::Review { system, event, top_up: None, detail, at };
        platform.store.put_review(&review).await.unwrap();
    }
    let listed = async |key: &str, query: &str| {
        let (mut events, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/payment_reviews?limit=2{query}{cursor}");
            let page = platform.get(key, &path).await.good();
            events.extend(values(&page, "event").iter().map(|event| event.replace("evt_", "")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return events.join(" "),
            }
        }
    };
    assert_eq!(listed(&reseller.key, "").await, "7 5 4 2 1");
    assert_eq!(listed(&owner.key, "").await, "6 3");
    assert_eq!(listed(&reseller.key, "&kind=pay_online").await, "4 2");
    assert_eq!(listed(&reseller.key, &format!("&from={}&till={}", time(2), time(7))).await, "5 4 2");
    assert_eq!(listed(&reseller.key, &format!("&payment_system={cards}&from={}", time(5))).await, "7 5");
    assert_eq!(listed(&reseller.key, &format!("&payment_system={cards}&kind=pay_online")).await, "");
}

#[tokio::test]
async fn what_a_person_has_dealt_with_is_marked_once_noted_and_left_out_of_what_is_open() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let system = text(&platform.made(&reseller, "/v1/payment_systems", stripe("Cards")).await, "id");
    for number in 1..=3 {
        let (system, event) = (system.clone(), format!("evt_{number}"));
        let at = jiff::Timestamp::from_second(number).unwrap();
        let review = store::Review { system, event, top_up: None, detail: "other money".into(), at };
        platform.store.put_review(&review).await.unwrap();
    }
    let path = "/v1/payment_reviews/done";
    let body = |event: &str| json!({"payment_system": system, "event": event, "note": " refunded "});
    let stranger = platform.member(&platform.owner, "Stranger", "reseller").await;
    assert_eq!(platform.post(&stranger.key, path, body("evt_2")).await.refusal(), "404 not_found");
    for unknown in ["evt_9", "", &"x".repeat(2_000)] {
        assert_eq!(platform.post(&reseller.key, path, body(unknown)).await.refusal(), "404 not_found");
    }
    let long = json!({"payment_system": system, "event": "evt_2", "note": "x".repeat(501)});
    assert_eq!(platform.post(&reseller.key, path, long).await.body["field"], "note");
    let marked = platform.post(&reseller.key, path, body("evt_2")).await.good();
    assert_eq!(text(&marked["done"], "note"), "refunded");
    assert_eq!(platform.post(&reseller.key, path, body("evt_2")).await.good(), marked);
    let listed = async |query: &str| {
        let path = format!("/v1/payment_reviews?payment_system={system}{query}");
        values(&platform.get(&reseller.key, &path).await.good(), "event")
    };
    assert_eq!(listed("").await, ["evt_3", "evt_2", "evt_1"]);
    assert_eq!(listed("&done=false").await, ["evt_3", "evt_1"]);
    assert_eq!(listed("&done=true").await, ["evt_2"]);
    let log = format!("/v1/audit?object={system}.evt_2");
    let log = platform.get(&reseller.key, &log).await.good();
    assert_eq!(values(&log, "action"), ["payment_review.done"]);
}

#[tokio::test]
async fn a_call_that_is_refused_after_its_day_was_dealt_with_opens_it_again() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let at = jiff::Timestamp::UNIX_EPOCH;
    let refuse = async || {
        let call = store::CountedCall { at, detail: "forged".into() };
        platform.store.count_call(store::Counted::Refused, "stripe", call).await.unwrap();
        let list = platform.get(key, "/v1/payment_reviews?payment_system=stripe&done=false").await.good();
        list["items"].clone()
    };
    let first = refuse().await;
    assert_eq!((&first[0]["times"], &first[0]["lately"][0]["detail"]), (&json!(1), &json!("forged")));
    let body = json!({"payment_system": "stripe", "event": first[0]["event"]});
    platform.post(key, "/v1/payment_reviews/done", body).await.good();
    let again = refuse().await;
    assert_eq!((again.as_array().unwrap().len(), &again[0]["times"]), (1, &json!(2)));
    assert_eq!(again[0]["done"], Value::Null);
}

/// A client that has asked for a page of a PayOnline account, that account's path and the top-up.
async fn asked(platform: &Platform) -> (Member, String, Value) {
    let online = json!({"kind": "pay_online", "merchant": "81135"});
    let online = platform.made(&platform.owner, "/v1/payment_systems", with(stripe("Online"), online)).await;
    let client = client_of(platform, &[&online]).await;
    let ask = json!({"agreement": client.agreement, "amount": "5"});
    let top_up = platform.post(&client.key, "/v1/top_ups", ask).await.good();
    (client, format!("/v1/payment_systems/{}", text(&online, "id")), top_up)
}

#[tokio::test]
async fn a_payment_system_stays_while_it_may_still_tell_of_money() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let (_, path, top_up) = asked(&platform).await;
    let entities = platform.get(&owner.key, "/v1/own_legal_entities").await.good();
    let entity = format!("/v1/own_legal_entities/{}", text(&entities["items"][0], "id"));
    platform.patch(&owner.key, &entity, json!({"payment_systems": []})).await.good();
    let refused = platform.remove(owner, &path).await;
    assert_eq!((refused.refusal(), &refused.body["by"]), ("409 in_use".into(), &top_up["id"]));
    platform.patch(&owner.key, &path, json!({"enabled": false})).await.good();
    let close = format!("/v1/top_ups/{}/close", text(&top_up, "id"));
    platform.post(&owner.key, &close, json!({"reason": "never paid"})).await.good();
    assert_eq!(platform.remove(owner, &path).await.refusal(), "409 in_use", "its page is still open");
}

#[tokio::test]
async fn a_top_up_is_closed_by_the_side_that_is_paid_and_stays_so() {
    let platform = Platform::new().await;
    let (client, _, top_up) = asked(&platform).await;
    let key = &platform.owner.key;
    let path = format!("/v1/top_ups/{}", text(&top_up, "id"));
    let close = format!("{path}/close");
    let reason = |text: &str| json!({"reason": text});
    assert_eq!(platform.post(&client.key, &close, reason("paid")).await.refusal(), "403 not_allowed");
    assert_eq!(platform.post(key, &close, reason(" ")).await.body["field"], "reason");
    let stale = [("if-match", "\"7\"")];
    let stale = platform.ask(key, Method::POST, &close, &stale, Some(reason("booked"))).await;
    assert_eq!(stale.status, 412);
    let closed = platform.post(key, &close, reason("booked by hand")).await.good();
    assert_eq!((text(&closed, "state"), text(&closed, "reason")), ("closed".into(), "booked by hand".into()));
    assert_eq!(text(&closed, "closed_by"), platform.owner.company);
    assert_eq!(platform.post(key, &close, reason("again")).await.good(), closed);
    assert_eq!(platform.get(&client.key, &path).await.good(), closed);
}

#[tokio::test]
async fn a_top_up_of_money_is_confirmed_by_the_side_that_is_paid_once() {
    let platform = Platform::new().await;
    let (client, _, top_up) = asked(&platform).await;
    let key = &platform.owner.key;
    let path = format!("/v1/top_ups/{}", text(&top_up, "id"));
    let confirm = async |key: &str, body: Value| platform.post(key, &format!("{path}/confirm"), body).await;
    let named = || json!({"reference": "TT-1"});
    assert_eq!(confirm(&client.key, named()).await.refusal(), "403 not_allowed");
    let other = json!({"reference": "TT-1", "credited": "4"});
    assert_eq!(confirm(key, other).await.body["field"], "credited", "no fee comes from the client");
    let confirmed = confirm(key, named()).await.good();
    let told = (text(&confirmed, "state"), text(&confirmed, "credited"), text(&confirmed, "confirmed_by"));
    assert_eq!(told, ("confirmed".into(), "5".into(), platform.owner.company.clone()));
    assert_eq!(confirm(key, named()).await.good(), confirmed);
    assert_eq!(confirm(key, json!({"reference": "TT-2"})).await.refusal(), "409 top_up_confirmed");
    assert_eq!(platform.balance(&client).await, "5");
    let payment = format!("/v1/payments/{}", text(&confirmed, "payment"));
    let booked = platform.get(key, &payment).await.good();
    assert_eq!((text(&booked, "reference"), text(&booked, "amount")), ("TT-1".into(), "5".into()));
    // The top-up would still say that this money came.
    let withdrawn = json!({"confirmed": false, "confirm_before": "2099-01-01"});
    for edit in [withdrawn, json!({"amount": "6"})] {
        assert_eq!(platform.patch(key, &payment, edit).await.refusal(), "409 paid_by_top_up");
    }
    assert_eq!(platform.ask(key, Method::DELETE, &payment, &[], None).await.refusal(), "409 paid_by_top_up");
    assert_eq!(platform.balance(&client).await, "5");
    let close = platform.post(key, &format!("{path}/close"), json!({"reason": "x"})).await;
    assert_eq!(close.refusal(), "409 top_up_confirmed");
}

#[tokio::test]
async fn a_payer_comes_back_by_https_and_never_to_an_address_that_freedompay_signs_as_ours() {
    let platform = Platform::new().await;
    let freedom = json!({"kind": "freedom_pay", "merchant": "1"});
    let freedom =
        platform.made(&platform.owner, "/v1/payment_systems", with(stripe("Freedom"), freedom)).await;
    let client = client_of(&platform, &[&freedom]).await;
    let ours = format!("https://evil.example/{}?x=1", text(&freedom, "id"));
    for url in [ours.as_str(), &ours.to_uppercase(), "javascript:alert(1)"] {
        for field in ["success_url", "cancel_url"] {
            let ask = json!({"agreement": client.agreement, "amount": "5", field: url});
            let refused = platform.post(&client.key, "/v1/top_ups", ask).await;
            assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!(field)));
        }
    }
}

#[tokio::test]
async fn the_secret_of_a_test_account_is_not_taken_of_a_live_one() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let kind = domain::payment_system::PaymentSystemKind::FreedomPay;
    let freedom = json!({"kind": "freedom_pay", "merchant": "1", "testing": true, "secret": "play"});
    let made = platform.made(&platform.owner, "/v1/payment_systems", with(stripe("Freedom"), freedom)).await;
    let path = format!("/v1/payment_systems/{}", text(&made, "id"));
    let id = text(&made, "id");
    let valid = async || {
        let stored = platform.secret_of::<PaymentSystem>(&id).await.unwrap();
        let stored: top_ups::PaymentSecret = serde_json::from_value(stored).unwrap();
        stored.valid(kind, runtime::now()).join(" ")
    };
    platform.patch(key, &path, json!({"testing": false, "secret": "live"})).await.good();
    assert_eq!(valid().await, "live");
    platform.patch(key, &path, json!({"secret": "newer"})).await.good();
    assert_eq!(valid().await, "newer live");
    platform.patch(key, &path, json!({"merchant": "2"})).await.good();
    assert_eq!(valid().await, "newer");
}

#[tokio::test]
async fn an_address_and_a_test_flag_are_for_those_that_have_them() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let freedom = json!({"kind": "freedom_pay", "merchant": "1", "testing": true,
        "address": "https://api.freedompay.uz"});
    let made = platform.made(&platform.owner, "/v1/payment_systems", with(stripe("Freedom"), freedom)).await;
    assert_eq!(
        (&made["testing"], text(&made, "address")),
        (&json!(true), "https://api.freedompay.uz".into())
    );
    for (more, field) in [
        (json!({"testing": true}), "testing"),
        (json!({"address": "https://stripe.example"}), "address"),
        (json!({"kind": "freedom_pay", "merchant": "1", "address": "gopher://x"}), "address"),
    ] {
        let refused = platform.post(key, "/v1/payment_systems", with(stripe("Other"), more)).await;
        assert_eq!(refused.body["field"], field);
    }
}

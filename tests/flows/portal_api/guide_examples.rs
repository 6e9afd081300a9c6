//! The guide's examples of services (7.3.4 to 7.3.6) from the tree to the balance. Those of SMS (7.3.3) and
//! of bundles (7.3.7) are in `scales` and `bundles`.
//!
//! Only SMS have an API to be sent by, so events of other channels are offered and charged here by the same
//! functions that price and charge an SMS.

use domain::agreement::Agreement;
use domain::batch::{Batch, Draft, Place};
use domain::connection::ConnectionKind;
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{AgreementId, BatchId, ConnectionId};
use domain::money::Amount;
use domain::quote::offers;
use domain::rating::{Attribute, Event, Resource};
use domain::segmentation::Encoding;
use domain::sender::SenderAddress;
use serde_json::{Value, json};
use store::{Accepted, Row};

use crate::platform::Member;
use crate::shop::{Shop, flat};

/// What so many events cost, each of a recipient of its own, charged in requests of up to 1,000.
async fn charge(shop: &Shop, member: &Member, event: Event<'_>, count: usize) -> String {
    let (store, now) = (&shop.platform.store, runtime::now());
    let id = AgreementId::parse(&member.agreement).unwrap();
    let agreement: Agreement = store.any_agreement(&id).await.unwrap().unwrap();
    let levels = tests::world::levels(store, &agreement, now).await;
    let mut total = Amount::ZERO;
    for first in (0..count).step_by(1_000) {
        let recipients = first..count.min(first + 1_000);
        let country = event.value(Attribute::Country).unwrap_or_default().to_owned();
        let offers = offers(&levels, &event, now).unwrap();
        let number = |place: usize| Msisdn::parse(&format!("+4915{:09}", 100_000_000 + place)).unwrap();
        let key = format!("event-{}", runtime::fresh());
        let draft = Draft {
            batch: Batch {
                id: BatchId::of_request(&agreement.company, &key),
                company: agreement.company.clone(),
                agreement: agreement.id.clone(),
                sender: SenderAddress::parse("ACME").unwrap(),
                text: "hello".into(),
                client_reference: None,
                connection: ConnectionId::new(1),
                connection_kind: ConnectionKind::Http,
                encoding: Encoding::Gsm7,
                segments: 1,
                handling: Handling::default(),
                tariffs: Vec::new(),
                recipients: Vec::new(),
                refused: Vec::new(),
                accepted_at: now,
                request_hash: key,
                balance_after: Amount::ZERO,
                lease: None,
            },
            single: None,
            home: agreement.wallet(),
            main: agreement.wallet(),
            places: vec![Place { country, network: None, mccmnc: None, offers }],
            wanted: recipients.map(|place| (number(place), 0)).collect(),
        };
        let Accepted::Now(Row::Batch(batch)) = store.accept(&draft).await.unwrap() else {
            panic!("nobody asked for this before")
        };
        let charged = batch.messages().flat_map(|message| message.charges).map(|charge| charge.amount);
        total = total.checked_add(Amount::checked_sum(charged).unwrap()).unwrap();
    }
    total.to_string()
}

fn tier(steps: &[(u32, &str)], last: &str) -> Value {
    let mut tiers: Vec<Value> =
        steps.iter().map(|(threshold, amount)| json!({"threshold": threshold, "amount": amount})).collect();
    tiers.push(json!({"amount": last}));
    json!({"price": {"type": "scale", "scale": "tier", "tiers": tiers}})
}

fn regular(price: Value) -> Value {
    json!({"depends_on": "pricing_type", "values": {"regular": price}, "others": free()})
}

fn free() -> Value {
    json!({"price": {"type": "free"}})
}

fn price(amount: &str) -> Value {
    json!({"price": flat(amount)})
}

fn whatsapp<'a>(region: &'a str, category: &'a str) -> Event<'a> {
    Event::of(Resource::WhatsappMessage)
        .with(Attribute::Direction, "MT")
        .with(Attribute::WhatsappRegion, region)
        .with(Attribute::PricingCategory, category)
        .with(Attribute::PricingType, "regular")
}

#[tokio::test]
async fn the_guides_whatsapp_service_for_argentina_and_egypt() {
    let shop = Shop::new().await;
    let client = shop.client("100000").await;
    let argentina = json!({"depends_on": "pricing_category", "values": {
        "authentication": regular(tier(&[(120_000, "0.0289"), (400_000, "0.0275"), (1_000_000, "0.026"),
            (5_000_000, "0.0246"), (10_000_000, "0.0231")], "0.0217")),
        "utility": regular(tier(&[(100_000, "0.0289"), (1_000_000, "0.0275"), (4_500_000, "0.026"),
            (15_000_000, "0.0246"), (30_000_000, "0.0231")], "0.0217")),
        "authentication_international": regular(price("0.028")),
        "marketing": regular(price("0.0618")),
        "service": free()}, "others": free()});
    let egypt = json!({"depends_on": "pricing_category", "values": {
        "authentication": regular(tier(&[(300_000, "0.0052"), (2_000_000, "0.0049"), (10_000_000, "0.0047"),
            (20_000_000, "0.0044"), (40_000_000, "0.0042")], "0.0039")),
        "marketing": regular(price("0.1073")),
        "service": free()}, "others": free()});
    let tree = json!({"whatsapp_message": {"depends_on": "whatsapp_region", "billing_rule": "submitted",
        "quantity_rule": "messages", "values": {"argentina": argentina, "egypt": egypt}}});
    shop.sell(&shop.platform.owner, &client, tree).await;
    let charge = async |event, count| charge(&shop, &client, event, count).await;

    assert_eq!(charge(whatsapp("argentina", "marketing"), 1).await, "0.0618");
    assert_eq!(charge(whatsapp("argentina", "authentication_international"), 100).await, "2.8");
    assert_eq!(charge(whatsapp("argentina", "service"), 1).await, "0");
    assert_eq!(charge(whatsapp("argentina", "referral_conversion"), 1).await, "0");
    assert_eq!(charge(whatsapp("egypt", "marketing"), 10).await, "1.073");
    assert_eq!(charge(whatsapp("egypt", "authentication"), 1).await, "0.0052");
    let in_window = whatsapp("egypt", "authentication").with(Attribute::PricingType, "free_customer_service");
    assert_eq!(charge(in_window, 1).await, "0");
    // 100,000 at 0.0289 and 500 at 0.0275; the other category counts for itself.
    assert_eq!(charge(whatsapp("argentina", "utility"), 99_900).await, "2887.11");
    assert_eq!(charge(whatsapp("argentina", "utility"), 600).await, "16.64");
    assert_eq!(charge(whatsapp("argentina", "authentication"), 1).await, "0.0289");
    // 100000 less all of these.
    assert_eq!(shop.platform.balance(&client).await, "97092.2811");
    shop.check().await;
}

/// The text of the guide has 0.93 and its picture 0.093 for a single message to Spain; the text is taken.
#[tokio::test]
async fn the_guides_rcs_service_for_three_countries() {
    let shop = Shop::new().await;
    let client = shop.client("100").await;
    let in_countries = |spain, italy, france| json!({"depends_on": "country", "values": {"ES": price(spain), "IT": price(italy), "FR": price(france)}});
    let tree = json!({"rcs_message": {"depends_on": "billing_event", "billing_rule": "delivered",
        "quantity_rule": "messages", "values": {
            "basic": in_countries("0.04", "0.05", "0.034"),
            "conversation": in_countries("0.08", "0.088", "0.09"),
            "single": in_countries("0.93", "0.089", "1")},
        "others": price("1.5")}});
    shop.sell(&shop.platform.owner, &client, tree).await;
    let rcs = |kind: Option<&'static str>, country| {
        let event = Event::of(Resource::RcsMessage).with(Attribute::Direction, "MT");
        event.with_known(Attribute::BillingEvent, kind).with(Attribute::Country, country)
    };
    let cases = [
        ("basic", ["0.04", "0.05", "0.034"]),
        ("conversation", ["0.08", "0.088", "0.09"]),
        ("single", ["0.93", "0.089", "1"]),
    ];
    for (kind, prices) in cases {
        for (country, expected) in ["ES", "IT", "FR"].into_iter().zip(prices) {
            assert_eq!(
                charge(&shop, &client, rcs(Some(kind), country), 1).await,
                expected,
                "{kind} {country}"
            );
        }
    }
    assert_eq!(charge(&shop, &client, rcs(None, "ES"), 1).await, "1.5");
    assert_eq!(shop.platform.balance(&client).await, "96.099");
    let levels = {
        let id = AgreementId::parse(&client.agreement).unwrap();
        let agreement = shop.platform.store.any_agreement(&id).await.unwrap().unwrap();
        tests::world::levels(&shop.platform.store, &agreement, runtime::now()).await
    };
    let germany = offers(&levels, &rcs(Some("basic"), "DE"), runtime::now()).unwrap_err();
    assert_eq!(
        germany.to_string(),
        "there is no rate for this destination at level 1 (looked as far as `rcs_message/basic`)"
    );
    shop.check().await;
}

#[tokio::test]
async fn the_guides_pack_of_1000_sms_and_whatsapp_messages_to_the_usa() {
    let shop = Shop::new().await;
    let client = shop.client("1000").await;
    let owner = &shop.platform.owner;
    let to_the_usa = json!({"depends_on": "country", "values": {"US": {"price": {"type": "included"}}}});
    let mut tree = json!({"sms_message": to_the_usa, "whatsapp_message": to_the_usa});
    tree["sms_message"]["quantity_rule"] = json!("segments");
    let pack = shop.service(owner, json!({"type": "unit_pack", "size": 1_000}), tree).await;
    let prices = json!({"service_purchase": {"depends_on": "pack", "values": {&pack: price("100")}},
        "sms_message": price("0.05"), "whatsapp_message": price("0.03")});
    shop.sell(owner, &client, prices).await;
    shop.try_buy(owner, &client, json!({"service": pack, "billing": "charge"})).await.good();
    assert_eq!(shop.platform.balance(&client).await, "900");

    let whatsapp = |country| {
        let event = Event::of(Resource::WhatsappMessage).with(Attribute::Direction, "MT");
        event.with(Attribute::Country, country)
    };
    let charge = async |event, count| charge(&shop, &client, event, count).await;
    // Of any mixture of both; and what the pack does not hold any more is paid as one goes.
    assert_eq!(charge(Event::sms("US", None, Some("ACME")), 900).await, "0");
    assert_eq!(charge(whatsapp("US"), 60).await, "0");
    assert_eq!(charge(whatsapp("MX"), 10).await, "0.3");
    assert_eq!(shop.packs(&client).await, ["960/40"]);
    assert_eq!(charge(whatsapp("US"), 50).await, "0.3");
    assert_eq!(charge(Event::sms("US", None, Some("ACME")), 10).await, "0.5");
    assert_eq!(shop.packs(&client).await, ["1000/0"]);
    assert_eq!(shop.platform.balance(&client).await, "898.9");
    shop.check().await;
}

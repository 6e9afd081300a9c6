//! Records, statements and invoices as the portals read them.

use domain::destination::Msisdn;
use domain::edr::{Edr, EdrPart, Usage, UsageKey};
use domain::id::{
    AgreementId, CompanyId, ConnectionId, IncomingId, InvoiceId, MessageId, RateId, ServiceId, TreeTag,
    WalletId,
};
use domain::message::{Message, Status};
use domain::money::Amount;
use domain::period::BillingTerms;
use domain::rating::{BillingRule, PricedBy, QuantityRule, Resource, ScaleKind};
use domain::sender::SenderAddress;
use domain::statement::line;
use http::Method;
use jiff::SignedDuration;
use queue::Billing;
use serde_json::{Value, json};
use store::UsageChange;

use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};

const RECIPIENTS: [&str; 3] = ["4915112345671", "4915112345672", "4915112345673"];

/// Three messages of five cents.
async fn use_something(platform: &Platform, member: &Member) {
    use_from(platform, member, "ACME", 0..3).await;
}

/// Messages of five cents from a sender, as the projector posts them.
pub async fn use_from(platform: &Platform, member: &Member, sender: &str, places: std::ops::Range<u32>) {
    for number in places {
        let recipient = RECIPIENTS[number as usize % RECIPIENTS.len()];
        let edr = Edr { sender: SenderAddress::parse(sender).unwrap(), ..edr(member, recipient, number) };
        post(platform, edr).await;
    }
}

async fn post(platform: &Platform, edr: Edr) {
    let key = UsageKey {
        agreement: edr.agreement.clone(),
        wallet: WalletId::main(&edr.agreement),
        day: BillingTerms::monthly_utc().day_of(edr.accepted_at),
        resource: edr.resource,
        sender: Some(edr.sender.clone()),
        subject: None,
        country: Some(edr.country.clone()),
        rate: edr.rate.clone(),
        unit_price: edr.unit_price,
        priced_by: edr.priced_by,
    };
    let usage = Usage { messages: 1, quantity: 1, amount: edr.amount };
    let change =
        UsageChange { edrs: vec![edr], usage: vec![(key, usage)], statistics: store::Statistics::new() };
    platform.store.post_usage(&[change]).await.unwrap();
}

fn edr(member: &Member, recipient: &str, number: u32) -> Edr {
    let company = CompanyId::parse(&member.company).unwrap();
    Edr {
        message: MessageId::of_request(&company, &number.to_string()),
        agreement: AgreementId::parse(&member.agreement).unwrap(),
        level: 1,
        company,
        resource: Resource::SmsMessage,
        sender: SenderAddress::parse("ACME").unwrap(),
        recipient: Msisdn::parse(recipient).unwrap(),
        country: "DE".into(),
        network: None,
        mccmnc: None,
        connection: ConnectionId::new(1),
        references: Vec::new(),
        segments: 1,
        rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 0),
        unit_price: Amount::parse("0.05").unwrap(),
        quantity: 1,
        quantity_rule: Some(QuantityRule::Segments),
        billing: BillingRule::Submitted,
        priced_by: PricedBy::Flat,
        wallet: None,
        parts: Vec::new(),
        amount: Amount::parse("0.05").unwrap(),
        status: if number == 0 { Status::Delivered } else { Status::Submitted },
        reason: None,
        client_reference: None,
        incoming: None,
        code_request: None,
        accepted_at: runtime::now(),
        submitted_at: None,
        finished_at: None,
        revision: 1,
        charge_version: 0,
    }
}

fn recipients(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|edr| text(edr, "recipient")).collect()
}

#[tokio::test]
async fn records_are_listed_newest_first_in_pages_and_by_filter() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    use_something(&platform, &client).await;
    let path = format!("/v1/edrs?agreement={}", client.agreement);
    let first = platform.get(&client.key, &format!("{path}&limit=2")).await.good();
    assert_eq!(recipients(&first), [RECIPIENTS[2], RECIPIENTS[1]]);
    assert_eq!(first["items"][0]["quantity_rule"], "segments");
    let next = text(&first, "next").replace('#', "%23");
    let second = platform.get(&client.key, &format!("{path}&limit=2&cursor={next}")).await.good();
    assert_eq!(recipients(&second), [RECIPIENTS[0]]);
    let delivered = platform.get(&client.key, &format!("{path}&status=delivered")).await.good();
    assert_eq!(recipients(&delivered), [RECIPIENTS[0]]);
    let one = platform.get(&client.key, &format!("{path}&recipient=%2B{}", RECIPIENTS[1])).await.good();
    assert_eq!(recipients(&one), [RECIPIENTS[1]]);
    let future = platform.get(&client.key, &format!("{path}&from=2100-01-01T00:00:00Z")).await.good();
    assert_eq!(recipients(&future), Vec::<String>::new());
    for wrong in [
        "status=lost",
        "limit=0",
        "cursor=",
        "from=2100-01-01T00:00:00Z&till=2099-01-01T00:00:00Z",
        "from=2100-01-01T00:00:00Z&cursor=2026",
        "colour=red",
    ] {
        assert_eq!(
            platform.get(&client.key, &format!("{path}&{wrong}")).await.refusal(),
            "422 invalid",
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn records_are_found_by_country_network_resource_and_direction() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let (german, network) = (edr(&client, RECIPIENTS[0], 0), Some("Telekom".to_owned()));
    let french = Edr { country: "FR".into(), ..edr(&client, RECIPIENTS[1], 1) };
    let incoming = Some(IncomingId::new(1));
    let from_a_phone = Edr { network, incoming, ..edr(&client, RECIPIENTS[2], 2) };
    let now = runtime::now();
    for (second, edr) in (0..).zip([german, french, from_a_phone]) {
        post(&platform, Edr { accepted_at: now + SignedDuration::from_secs(second), ..edr }).await;
    }
    for (query, places) in [
        ("country=DE", &[2, 0][..]),
        ("country=FR", &[1]),
        ("country=PL", &[]),
        ("network=Telekom", &[2]),
        ("resource=sms_message&country=FR", &[1]),
        ("resource=platform_fee", &[]),
        ("direction=incoming", &[2]),
        ("direction=outgoing", &[1, 0]),
    ] {
        let path = format!("/v1/edrs?agreement={}&{query}", client.agreement);
        let found = recipients(&platform.get(&client.key, &path).await.good());
        assert_eq!(found, places.iter().map(|place| RECIPIENTS[*place]).collect::<Vec<_>>(), "{query}");
    }
    for wrong in ["resource=letter", "direction=back"] {
        let path = format!("/v1/edrs?agreement={}&{wrong}", client.agreement);
        assert_eq!(platform.get(&client.key, &path).await.refusal(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn a_record_says_how_its_price_came_about_and_its_vendor_to_who_sees_the_connection() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let body = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Vendor", "url": "https://vendor.example", "username": "u", "password": "p"});
    let vendor = text(&platform.post(&owner.key, "/v1/connections", body).await.good(), "id");
    let plain = edr(&client, RECIPIENTS[0], 0);
    let part = EdrPart {
        rate: plain.rate.clone(),
        unit_price: plain.unit_price,
        quantity: 1,
        quantity_rule: plain.quantity_rule,
        billing: plain.billing,
        priced_by: PricedBy::Included,
        amount: Amount::ZERO,
    };
    let scale = PricedBy::Scale { scale: ScaleKind::Tier, tier: 2, counter_group: None };
    let paid = EdrPart { priced_by: scale, amount: plain.amount, ..part.clone() };
    let sent = Edr {
        mccmnc: Some("26201".into()),
        connection: ConnectionId::parse(&vendor).unwrap(),
        references: vec!["v-1".into()],
        priced_by: PricedBy::Included,
        parts: vec![part, paid],
        charge_version: 1,
        ..plain
    };
    post(&platform, sent).await;
    let path = format!("/v1/edrs?agreement={}", client.agreement);
    for (reader, connection, references) in [
        (owner, json!(vendor), json!(["v-1"])),
        (&reseller, Value::Null, Value::Null),
        (&client, Value::Null, Value::Null),
    ] {
        let shown = platform.get(&reader.key, &path).await.good()["items"][0].clone();
        assert_eq!((&shown["connection"], &shown["vendor_references"]), (&connection, &references));
        let of_client = (text(&shown, "mccmnc"), text(&shown, "price_type"), text(&shown, "wallet"));
        assert_eq!(of_client, ("26201".into(), "included".into(), client.wallet.clone()));
        assert_eq!(shown["charge_version"], 1);
        let part = |field: &str| [&shown["parts"][0][field], &shown["parts"][1][field]].map(Value::clone);
        assert_eq!(part("price_type"), [json!("included"), json!("scale")]);
        assert_eq!(part("scale_tier"), [Value::Null, json!(2)]);
        assert_eq!(part("amount"), [json!("0"), json!("0.05")]);
    }
    let hour = SignedDuration::from_hours(1);
    let path = format!("{path}&from={}&till={}", runtime::now() - hour, runtime::now() + hour);
    let file = platform.ask(&client.key, Method::GET, &path, &[("accept", "text/csv")], None).await.good();
    assert!(file.as_str().unwrap().contains(r#"""scale_tier"":2"#), "a file has the parts too: {file}");
}

#[tokio::test]
async fn a_statement_shows_who_moved_credits_and_why() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let client = platform.member(&owner, "Client", "client").await;
    platform.pay(&owner, &owner.agreement, "100").await;
    let wallet = WalletId::parse(&client.wallet).unwrap();
    let before = platform.store.wallet(&wallet).await.unwrap().unwrap();
    let body = json!({"from": owner.wallet, "to": client.wallet, "amount": "79", "note": "for January"});
    let transfer = platform.post(&owner.key, "/v1/transfers", body).await.good();
    let after = platform.store.wallet(&wallet).await.unwrap().unwrap();
    let line = line(Some(&before), &after, runtime::now()).unwrap().unwrap();
    platform.store.post_statement(&wallet, &[line], 0, 1).await.unwrap();
    let path = format!("/v1/wallets/{wallet}/statement");
    let statement = platform.get(&client.key, &path).await.good();
    let line = &statement["items"][0];
    assert_eq!((text(line, "kind"), text(line, "amount")), ("transfer_in".into(), "79".into()));
    assert_eq!((text(line, "balance_after"), text(line, "note")), ("79".into(), "for January".into()));
    assert_eq!((text(line, "by"), text(line, "reference")), (owner.company, text(&transfer, "id")));
    assert_eq!(statement["next"], Value::Null);
    assert_eq!(platform.get(&client.key, &format!("{path}?cursor=z")).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn the_running_invoice_is_a_draft_until_it_is_confirmed_and_then_frozen() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let client = platform.euro_member(&owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let empty = platform.post(&owner.key, &path, json!({})).await;
    assert_eq!(empty.refusal(), "409 nothing_to_bill");
    use_something(&platform, &client).await;
    let draft = platform.post(&owner.key, &path, json!({})).await.good();
    assert_eq!((text(&draft, "status"), text(&draft, "total_due")), ("draft".into(), "0.15".into()));
    let invoice = format!("/v1/invoices/{}", text(&draft, "id"));
    assert_eq!(platform.get(&client.key, &invoice).await.refusal(), "404 not_found");
    let again = platform.post(&owner.key, &format!("{invoice}/recalculate"), json!({})).await.good();
    assert_ne!(text(&draft, "calculated_at"), text(&again, "calculated_at"));
    let but_for_the_date = |mut invoice: Value| {
        invoice["calculated_at"] = Value::Null;
        invoice["charges"][0]["calculated_at"] = Value::Null;
        invoice
    };
    assert_eq!(but_for_the_date(again), but_for_the_date(draft.clone()), "also the revision");
    assert_eq!(platform.get(&owner.key, &format!("{invoice}/pdf")).await.refusal(), "409 not_ready");

    let confirm = format!("{invoice}/confirm");
    assert_eq!(platform.post(&owner.key, &confirm, json!({})).await.refusal(), "409 period_open");
    let confirmed = platform.post(&owner.key, &confirm, json!({"early": true})).await.good();
    assert_eq!((text(&confirmed, "status"), &confirmed["number"]), ("confirmed".into(), &json!(1)));
    assert_eq!(platform.post(&owner.key, &confirm, json!({"early": true})).await.good(), confirmed);
    let frozen = platform.post(&owner.key, &format!("{invoice}/recalculate"), json!({})).await;
    assert_eq!(frozen.refusal(), "409 already_confirmed");
    let jobs: Vec<Billing> = platform.sqs.messages(&platform.sqs.queue("billing"));
    let invoice: InvoiceId = text(&confirmed, "id").try_into().unwrap();
    let agreement = client.agreement.clone().try_into().unwrap();
    // The draft's was asked for as well.
    let render = || Billing::RenderV1 { invoice: invoice.clone() };
    assert_eq!(jobs[..3], [render(), render(), Billing::CoverV1 { agreement }]);

    let seen =
        platform.get(&client.key, &format!("/v1/invoices?agreement={}", client.agreement)).await.good();
    let ids: Vec<_> = seen["items"].as_array().unwrap().iter().map(|invoice| &invoice["id"]).collect();
    assert_eq!(ids, [&confirmed["id"]]);
    assert_eq!(platform.post(&client.key, &path, json!({})).await.refusal(), "403 not_allowed");
    assert_eq!(platform.post(&client.key, &confirm, json!({})).await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_charge_is_recalculated_by_itself_by_those_who_may_recalculate_its_invoice() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let client = platform.euro_member(&owner, "Client", "client").await;
    let neighbour = platform.member(&owner, "Neighbour", "client").await;
    use_something(&platform, &client).await;
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let draft = platform.post(&owner.key, &path, json!({})).await.good();
    let invoice = format!("/v1/invoices/{}", text(&draft, "id"));
    let charge = format!("{invoice}/charges/{}/recalculate", text(&draft["charges"][0], "id"));
    for member in [&neighbour, &client] {
        let refused = platform.post(&member.key, &charge, json!({})).await;
        assert_eq!(refused.refusal(), "404 not_found", "nobody below sees a draft");
    }
    let unknown = platform.post(&owner.key, &format!("{invoice}/charges/chg_0/recalculate"), json!({})).await;
    assert_eq!(unknown.refusal(), "404 not_found");

    let own = &draft["charges"][0];
    assert_eq!((text(own, "source"), &own["time_zone"]), ("auto".into(), &draft["time_zone"]));
    assert_eq!([&own["first_day"], &own["last_day"]], [&draft["first_day"], &draft["last_day"]]);
    assert_eq!(own["calculated_at"], draft["calculated_at"]);
    let again = platform.post(&owner.key, &charge, json!({})).await.good();
    assert_ne!(again["calculated_at"], own["calculated_at"]);
    let mut same = platform.get(&owner.key, &invoice).await.good();
    assert_eq!(same["charges"][0], again);
    same["charges"][0]["calculated_at"] = own["calculated_at"].clone();
    assert_eq!(same, draft, "also its own date and the revision");

    use_from(&platform, &client, "ACME", 3..5).await;
    for _ in 0..2 {
        let more = platform.post(&owner.key, &charge, json!({})).await.good();
        assert_eq!((&more["messages"], text(&more, "net")), (&json!(5), "0.25".into()));
        let after = platform.get(&owner.key, &invoice).await.good();
        assert_eq!((text(&after, "total_due"), &after["revision"]), ("0.25".into(), &json!(1)), "once");
    }
    let log = format!("/v1/audit?object={}&action=invoice.change", text(&draft, "id"));
    let log = platform.get(&owner.key, &log).await.good();
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log}");

    platform.post(&owner.key, &format!("{invoice}/confirm"), json!({"early": true})).await.good();
    let frozen = platform.post(&owner.key, &charge, json!({})).await;
    assert_eq!(frozen.refusal(), "409 already_confirmed");
    assert_eq!(platform.post(&client.key, &charge, json!({})).await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_finished_document_is_downloaded_by_a_link_that_expires() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    use_something(&platform, &client).await;
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let draft = platform.post(&platform.owner.key, &path, json!({})).await.good();
    let id: domain::id::InvoiceId = text(&draft, "id").try_into().unwrap();
    let confirm = format!("/v1/invoices/{id}/confirm");
    platform.post(&platform.owner.key, &confirm, json!({"early": true})).await.good();
    let before = platform.store.any_invoice(&id).await.unwrap().unwrap();
    let mut invoice = before.clone();
    (invoice.document, invoice.revision) = (Some("invoices/1.pdf".into()), invoice.revision + 1);
    let act = tests::edits::act(std::slice::from_ref(&before.company));
    platform.store.replace_invoice(&act, &before, &invoice).await.unwrap();
    let link = platform.get(&client.key, &format!("/v1/invoices/{id}/pdf")).await.good();
    assert!(text(&link, "url").contains("/invoices/1.pdf?"), "{link}");
    for (query, file) in
        [("", "/invoices/1.xlsx?"), ("?format=csv", "/invoices/1.csv?"), ("?format=zip", "/invoices/1.zip?")]
    {
        let link = platform.get(&client.key, &format!("/v1/invoices/{id}/details{query}")).await.good();
        assert!(text(&link, "url").contains(file), "{link}");
    }
    assert!(text(&link, "expires_at").parse::<jiff::Timestamp>().unwrap() > runtime::now());
}

#[tokio::test]
async fn invoices_confirmed_at_once_get_numbers_without_a_gap() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let mut confirmations = Vec::new();
    for number in 0..8 {
        let client = platform.euro_member(owner, &format!("Client {number}"), "client").await;
        use_something(&platform, &client).await;
        let path = format!("/v1/agreements/{}/invoices", client.agreement);
        let draft = platform.post(&owner.key, &path, json!({})).await.good();
        confirmations.push(format!("/v1/invoices/{}/confirm", text(&draft, "id")));
    }
    let confirm = |path: &String| {
        let path = path.clone();
        let platform = &platform;
        async move { platform.post(&owner.key, &path, json!({"early": true})).await.good() }
    };
    let confirmed = futures::future::join_all(confirmations.iter().map(confirm)).await;
    let mut numbers: Vec<_> = confirmed.iter().map(|invoice| invoice["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_message_that_is_read_by_its_id_shows_its_recipient_masked_once_it_is_old() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    shop.sell(&shop.platform.owner, &client, sms(flat("0.05"))).await;
    let sent = shop.try_send(&client, &numbers(0..1), "hello", "ACME").await.good();
    let id = text(&sent["messages"][0], "id");
    let recipient = async || {
        let authorization = format!("Bearer {}", client.key);
        let headers = [("authorization", authorization.as_str())];
        let path = format!("/v1/messages/{id}");
        let message = shop.ask_sending(Method::GET, &path, &headers, String::new()).await.good();
        text(&message, "recipient")
    };
    assert_eq!(recipient().await, "4915110000000");
    let store = &shop.platform.store;
    let message = store.message(&MessageId::parse(&id).unwrap()).await.unwrap().unwrap();
    let accepted_at = message.accepted_at - SignedDuration::from_hours(25);
    let old = Message { accepted_at, revision: message.revision + 1, ..message.clone() };
    store.move_message(&old, message.revision, &[]).await.unwrap();
    assert_eq!(recipient().await, "49*********00");
}

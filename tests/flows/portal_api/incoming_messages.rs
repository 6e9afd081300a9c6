//! Messages from phones: what they cost, who sees them, and what becomes of those that nobody pays.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::agreement::Agreement;
use domain::handling::ClientAddress;
use domain::id::{AgreementId, ConnectionId};
use domain::masking::Masking;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use queue::{Incoming, IncomingPart, Progress, Webhook};
use serde_json::{Value, json};
use store::Store;
use tests::edits::change_agreement;
use tests::embedded_dynamodb::Fault;

use crate::platform::{Member, text, things};
use crate::rerates::about;
use crate::shop::{Shop, flat};
use crate::statistics::project_twice;

const NUMBER: &str = "49300123456";
const PHONE: &str = "4915112345678";

/// A reseller with 100 and its client, whose sender ID has a number that a vendor of the owner carries.
struct Stage {
    shop: Shop,
    reseller: Member,
    client: Member,
    connection: ConnectionId,
    sender: String,
    /// What the reseller sells the client.
    service: String,
}

/// A price of a send of 0.05, and of a message from a phone, if there is one.
fn tree(from_phones: Option<Value>) -> Value {
    let mut values = json!({"MT": {"price": flat("0.05")}});
    if let Some(price) = from_phones {
        values["MO"] = json!({"price": price});
    }
    json!({"sms_message": {"depends_on": "direction", "quantity_rule": "segments", "values": values}})
}

impl Stage {
    /// With these prices of messages from phones for the reseller and the client.
    async fn new(reseller_pays: Option<Value>, client_pays: Option<Value>, client_funds: &str) -> Self {
        Self::with([tree(reseller_pays), tree(client_pays)], client_funds).await
    }

    async fn with([above, below]: [Value; 2], client_funds: &str) -> Self {
        let shop = Shop::new().await;
        let (platform, owner) = (&shop.platform, shop.platform.owner.clone());
        let reseller = platform.euro_member(&owner, "Reseller", "reseller").await;
        let client = platform.euro_member(&reseller, "Client", "client").await;
        platform.pay(&owner, &reseller.agreement, "100").await;
        platform.pay(&reseller, &client.agreement, client_funds).await;
        shop.sell(&owner, &reseller, above).await;
        let service = shop.sell(&reseller, &client, below).await;
        let vendor = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Vendor", "url": "https://vendor.example/api",
            "username": "waybill", "password": "hush-hush"});
        let vendor = platform.post(&owner.key, "/v1/connections", vendor).await.good();
        let connection = ConnectionId::parse(&text(&vendor, "id")).unwrap();
        let sender = json!({"agreement": client.agreement, "address": NUMBER, "connection": vendor["id"],
            "incoming": {"webhook_url": "https://bakery.example/sms"}});
        let sender = text(&platform.post(&owner.key, "/v1/sender_ids", sender).await.good(), "id");
        Self { shop, reseller, client, connection, sender, service }
    }

    /// What the vendor delivers, and all that follows.
    async fn arrives(&self, incoming: Incoming) {
        self.arrives_with(self.shop.platform.store.clone(), incoming).await;
    }

    async fn arrives_with(&self, store: Store, incoming: Incoming) {
        self.is_taken(store, incoming).await;
        self.shop.project().await;
    }

    async fn is_taken(&self, store: Store, incoming: Incoming) {
        let applier = progress_applier::App { store };
        let (connection, incoming) = (self.connection.clone(), Box::new(incoming));
        let said = Progress::IncomingV1 { connection, incoming, at: runtime::now() };
        applier.apply(said).await.unwrap();
    }

    /// What the statistics of a company say of the month, by what they name first.
    async fn received(&self, of: &Member) -> Vec<String> {
        let path = format!("/v1/companies/{}/statistics", of.company);
        let shown = self.shop.platform.get(&of.key, &path).await.good();
        let line = |name: &str, counts: &Value| {
            assert_eq!((&counts["accepted"], &counts["delivered"]), (&json!(0), &json!(0)));
            assert_eq!(counts["delivery_rate"], Value::Null);
            format!("{name} {}", counts["received"])
        };
        let mut lines = vec![line("all", &shown["counts"]), line("day", &shown["parts"][0]["counts"])];
        for kind in ["channels", "countries", "senders"] {
            let named = shown[kind].as_array().unwrap().iter();
            lines.extend(named.map(|one| line(&text(one, "name"), &one["counts"])));
        }
        lines
    }

    /// What the sweeper does about unpaid ones at that time.
    async fn sweep(&self, now: Timestamp) {
        let sweeper = self.shop.sweeper(self.shop.platform.store.clone());
        sweeper::incoming::run(&sweeper, now).await.unwrap();
        self.shop.project().await;
    }

    async fn list(&self, key: &str, query: &str) -> Vec<Value> {
        let list = self.shop.platform.get(key, &format!("/v1/incoming_messages{query}")).await.good();
        list["items"].as_array().unwrap().clone()
    }

    /// Without its first line.
    async fn file(&self, key: &str) -> Vec<String> {
        let accept = [("accept", "text/csv")];
        let asked = self.shop.platform.ask(key, Method::GET, "/v1/incoming_messages", &accept, None);
        asked.await.good().as_str().unwrap().lines().skip(1).map(str::to_owned).collect()
    }

    /// The only one, as the client sees it.
    async fn only(&self) -> Value {
        let list = self.list(&self.client.key, "").await;
        let [message] = &list[..] else { panic!("{list:?}") };
        message.clone()
    }

    /// What the client's address was told, by its ids.
    fn told(&self) -> Vec<String> {
        let ids = self.shop.webhooks().into_iter().map(|webhook| match webhook {
            Webhook::IncomingMessageV1 { id, .. } => id.to_string(),
            other => panic!("{other:?}"),
        });
        ids.collect()
    }

    async fn edrs(&self, of: &Member) -> Vec<Value> {
        let path = format!("/v1/edrs?agreement={}", of.agreement);
        let list = self.shop.platform.get(&self.shop.platform.owner.key, &path).await.good();
        list["items"].as_array().unwrap().clone()
    }

    /// What a member's invoice comes to, or why it has none.
    async fn invoice(&self, of: &Member) -> String {
        let seller =
            if of.company == self.client.company { &self.reseller } else { &self.shop.platform.owner };
        let path = format!("/v1/agreements/{}/invoices", of.agreement);
        let invoice = self.shop.platform.post(&seller.key, &path, json!({})).await;
        if invoice.status.is_success() { text(&invoice.body, "total_due") } else { invoice.refusal() }
    }

    async fn balances(&self) -> [String; 2] {
        [self.shop.platform.balance(&self.client).await, self.shop.platform.balance(&self.reseller).await]
    }
}

fn said(words: &str) -> Incoming {
    let address = |value: &str| ClientAddress { ton: 1, npi: 1, value: value.to_owned() };
    Incoming {
        source: address(PHONE),
        destination: address(NUMBER),
        data_coding: 0,
        octets: hex::encode(words),
        text: words.to_owned(),
        part: None,
    }
}

fn part(number: u8, words: &str) -> Incoming {
    Incoming { part: Some(IncomingPart { reference: 7, total: 2, number }), ..said(words) }
}

#[tokio::test]
async fn a_message_from_a_phone_costs_every_level_its_price_once() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    // Two segments, delivered twice.
    for number in [1, 2, 1, 2] {
        stage.arrives(part(number, "bread ")).await;
    }
    assert_eq!(stage.balances().await, ["9.94", "99.96"]);
    let message = stage.only().await;
    assert_eq!((text(&message, "status"), &message["parts"]), ("handed_on".into(), &json!(2)));
    assert_eq!(stage.told(), [text(&message, "id")]);
    for (member, unit_price, amount) in [(&stage.client, "0.03", "0.06"), (&stage.reseller, "0.02", "0.04")] {
        let edrs = stage.edrs(member).await;
        let [edr] = &edrs[..] else { panic!("{edrs:?}") };
        let (charged, of) = (&message["charged_message"], &message["id"]);
        assert_eq!((&edr["message"], &edr["incoming_message"]), (charged, of));
        assert_eq!([text(edr, "direction"), text(edr, "recipient")], ["incoming", PHONE]);
        assert_eq!([text(edr, "unit_price"), text(edr, "amount")], [unit_price, amount]);
        assert_eq!((&edr["quantity"], text(edr, "status")), (&json!(2), "delivered".into()));
    }
    assert_eq!(stage.shop.statement(&stage.client).await.last().unwrap(), "charge -0.06");
    assert_eq!(stage.invoice(&stage.client).await, "0.06");
    stage.shop.settle(&[&stage.client, &stage.reseller]).await;
}

#[tokio::test]
async fn a_wrong_price_of_messages_from_phones_is_corrected_by_a_rerate() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    stage.arrives(said("hello")).await;
    let (shop, platform, key) = (&stage.shop, &stage.shop.platform, &stage.reseller.key);
    let corrected = json!({"tree": tree(Some(flat("0.01")))});
    let path = format!("/v1/services/{}/tree", stage.service);
    platform.ask(key, Method::PUT, &path, &[], Some(corrected)).await.good();
    let task = shop.counted_rerate(&stage.reseller, about(&stage.client)).await;
    let done = shop.run_rerate(&stage.reseller, &task).await;
    assert_eq!(done["edrs"], json!({"processed": 1, "updated": 1, "failed": 0}));
    shop.project().await;
    assert_eq!(stage.balances().await, ["9.99", "99.98"]);
    let edrs = stage.edrs(&stage.client).await;
    let [edr] = &edrs[..] else { panic!("{edrs:?}") };
    assert_eq!((&edr["charge_version"], text(edr, "amount")), (&json!(1), "0.01".into()));
    assert_eq!(stage.invoice(&stage.client).await, "0.01");
    shop.settle(&[&stage.client, &stage.reseller]).await;
}

#[tokio::test]
async fn a_message_from_a_phone_is_none_of_the_messages_that_were_sent() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    stage.arrives(said("hello")).await;
    let charged = text(&stage.only().await, "charged_message");
    let authorization = format!("Bearer {}", stage.client.key);
    let ask = async |path: &str| {
        let headers = [("authorization", authorization.as_str())];
        stage.shop.ask_sending(Method::GET, path, &headers, String::new()).await
    };
    assert_eq!(ask("/v1/messages").await.good()["items"], json!([]));
    assert_eq!(ask(&format!("/v1/messages/{charged}")).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_message_from_a_phone_is_received_once_it_is_handed_on_and_counts_once_for_all_who_see_it() {
    let stage = Stage::new(None, Some(flat("0.03")), "0.03").await;
    let (platform, store) = (&stage.shop.platform, stage.shop.platform.store.clone());
    for words in ["one", "too much"] {
        stage.is_taken(store.clone(), said(words)).await;
        project_twice(&stage.shop).await;
    }
    let statistics = |count: u32| ["all", "day", "sms", "DE"].map(|name| format!("{name} {count}")).to_vec();
    let of_client = |count| [statistics(count), vec![format!("{NUMBER} {count}")]].concat();
    assert_eq!(stage.received(&stage.client).await, of_client(1), "nobody has paid for the other one");
    assert_eq!(stage.received(&platform.owner).await, statistics(1));
    platform.pay(&stage.reseller, &stage.client.agreement, "0.03").await;
    stage.sweep(runtime::now() + SignedDuration::from_mins(61)).await;
    assert_eq!(stage.received(&stage.client).await, of_client(2));
    assert_eq!(stage.received(&stage.reseller).await, statistics(2));
    for member in [&stage.client, &platform.owner] {
        let shown = platform.get(&member.key, "/v1/dashboard").await.good();
        assert_eq!((&shown["today"]["received"], &shown["month"]["received"]), (&json!(2), &json!(2)));
    }
}

#[tokio::test]
async fn what_a_level_has_no_price_for_is_free_there() {
    let (free, nothing) = (json!({"type": "free"}), "409 nothing_to_bill");
    for (reseller_pays, client_pays, balances, edrs, invoices) in [
        (None, None, ["10", "100"], 0, [nothing, nothing]),
        (Some(flat("0.02")), None, ["10", "99.98"], 1, [nothing, "0.02"]),
        (None, Some(flat("0.03")), ["9.97", "100"], 1, ["0.03", nothing]),
        (None, Some(free), ["10", "100"], 1, ["0", nothing]),
    ] {
        let stage = Stage::new(reseller_pays, client_pays, "10").await;
        stage.arrives(said("hello")).await;
        assert_eq!(text(&stage.only().await, "status"), "handed_on");
        assert_eq!((stage.told().len(), stage.balances().await), (1, balances.map(str::to_owned)));
        assert_eq!(
            [stage.edrs(&stage.client).await.len(), stage.edrs(&stage.reseller).await.len()],
            [edrs; 2]
        );
        let invoices = invoices.map(str::to_owned);
        assert_eq!([stage.invoice(&stage.client).await, stage.invoice(&stage.reseller).await], invoices);
        stage.shop.settle(&[&stage.client, &stage.reseller]).await;
    }
}

#[tokio::test]
async fn a_price_that_tells_no_directions_apart_is_that_of_a_send() {
    let both = json!({"sms_message": {"price": flat("0.05")}});
    let stage = Stage::with([both.clone(), both], "10").await;
    stage.arrives(said("hello")).await;
    assert_eq!((text(&stage.only().await, "status"), stage.told().len()), ("handed_on".into(), 1));
    assert_eq!(stage.balances().await, ["10", "100"]);
}

#[tokio::test]
async fn what_a_level_blocks_is_kept_and_neither_handed_on_nor_charged() {
    let stage = Stage::new(Some(json!({"type": "blocked"})), Some(flat("0.03")), "10").await;
    stage.arrives(said("hello")).await;
    let message = stage.only().await;
    assert_eq!((text(&message, "status"), &message["text"]), ("blocked".into(), &Value::Null));
    assert_eq!((stage.told(), stage.balances().await), (vec![], ["10".to_owned(), "100".to_owned()]));
    assert_eq!(stage.edrs(&stage.client).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_nobody_can_pay_is_kept_and_handed_on_once_it_is_paid() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("3")), "2").await;
    stage.arrives(said("hello")).await;
    let unpaid = stage.only().await;
    assert_eq!([text(&unpaid, "status"), text(&unpaid, "reason")], ["unpaid", "insufficient_funds"]);
    // Nobody reads it before it is paid.
    let file = stage.file(&stage.client.key).await;
    assert_eq!((&unpaid["text"], file.len(), file[0].contains("hello")), (&Value::Null, 1, false));
    assert_eq!((stage.told(), stage.balances().await), (vec![], ["2".to_owned(), "100".to_owned()]));
    let came: Timestamp = text(&unpaid, "received_at").parse().unwrap();
    let after = |minutes| came + SignedDuration::from_mins(minutes);
    stage.sweep(after(61)).await;
    let again: Timestamp = text(&stage.only().await, "next_try_at").parse().unwrap();
    assert_eq!(again, after(61 + 60));
    stage.shop.platform.pay(&stage.reseller, &stage.client.agreement, "2").await;
    // Before its time nothing happens, and then it happens once.
    for (minutes, told, balance) in [(90, 0, "4"), (121, 1, "1"), (182, 1, "1")] {
        stage.sweep(after(minutes)).await;
        assert_eq!((stage.told().len(), &stage.balances().await[0][..]), (told, balance), "{minutes}");
    }
    let paid = stage.only().await;
    assert_eq!((text(&paid, "status"), &paid["next_try_at"]), ("handed_on".into(), &Value::Null));
    assert_eq!(text(&paid, "text"), "hello");
    assert_eq!(text(&stage.edrs(&stage.client).await[0], "amount"), "3");
    stage.shop.check().await;
}

#[tokio::test]
async fn what_nobody_pays_for_three_days_stays_unpaid() {
    let stage = Stage::new(Some(flat("200")), Some(flat("0.03")), "10").await;
    stage.arrives(said("hello")).await;
    let came: Timestamp = text(&stage.only().await, "received_at").parse().unwrap();
    stage.sweep(came + SignedDuration::from_mins(72 * 60 - 1)).await;
    let unpaid = stage.only().await;
    assert_eq!((text(&unpaid, "status"), &unpaid["next_try_at"]), ("unpaid".into(), &Value::Null));
    stage.shop.platform.pay(&stage.shop.platform.owner, &stage.reseller.agreement, "500").await;
    stage.sweep(came + SignedDuration::from_hours(80)).await;
    assert_eq!(text(&stage.only().await, "status"), "unpaid");
    assert_eq!((stage.told(), stage.balances().await), (vec![], ["10".to_owned(), "600".to_owned()]));
}

#[tokio::test]
async fn what_phones_send_under_an_agreement_that_is_suspended_or_over_waits_for_it() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    let platform = &stage.shop.platform;
    let path = format!("/v1/agreements/{}", stage.client.agreement);
    platform.patch(&stage.reseller.key, &path, json!({"suspended": true})).await.good();
    stage.arrives(said("hello")).await;
    let unpaid = stage.only().await;
    assert_eq!([text(&unpaid, "status"), text(&unpaid, "reason")], ["unpaid", "suspended"]);
    platform.patch(&stage.reseller.key, &path, json!({"suspended": false})).await.good();
    let came: Timestamp = text(&unpaid, "received_at").parse().unwrap();
    let agreement = AgreementId::parse(&stage.client.agreement).unwrap();
    let ends = async |till: Option<Timestamp>| {
        let change = |agreement: &mut Agreement| agreement.effective.till = till;
        change_agreement(&platform.store, &agreement, change).await;
    };
    ends(Some(came)).await;
    stage.sweep(came + SignedDuration::from_mins(61)).await;
    let unpaid = stage.only().await;
    assert_eq!([text(&unpaid, "status"), text(&unpaid, "reason")], ["unpaid", "agreement_not_in_force"]);
    assert_eq!(stage.balances().await, ["10", "100"]);
    ends(None).await;
    stage.sweep(came + SignedDuration::from_mins(122)).await;
    assert_eq!((text(&stage.only().await, "status"), stage.told().len()), ("handed_on".into(), 1));
    assert_eq!(stage.balances().await, ["9.97", "99.98"]);
}

#[tokio::test]
async fn nobody_pays_for_what_phones_send_while_a_company_or_an_agreement_above_is_stopped() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    let (platform, owner) = (&stage.shop.platform, &stage.shop.platform.owner);
    let mut came = Timestamp::UNIX_EPOCH;
    for (path, stopped, going) in [
        (
            format!("/v1/companies/{}", stage.client.company),
            json!({"enabled": false}),
            json!({"enabled": true}),
        ),
        (
            format!("/v1/companies/{}", stage.reseller.company),
            json!({"enabled": false}),
            json!({"enabled": true}),
        ),
        (
            format!("/v1/agreements/{}", stage.reseller.agreement),
            json!({"suspended": true}),
            json!({"suspended": false}),
        ),
    ] {
        platform.patch(&owner.key, &path, stopped).await.good();
        stage.arrives(said(&path)).await;
        let unpaid = &stage.list(&owner.key, "").await[0];
        assert_eq!([text(unpaid, "status"), text(unpaid, "reason")], ["unpaid", "suspended"], "{path}");
        came = text(unpaid, "received_at").parse().unwrap();
        platform.patch(&owner.key, &path, going).await.good();
    }
    assert_eq!((stage.told().len(), stage.balances().await), (0, ["10", "100"].map(str::to_owned)));
    stage.sweep(came + SignedDuration::from_mins(61)).await;
    assert_eq!((stage.told().len(), stage.balances().await), (3, ["9.91", "99.94"].map(str::to_owned)));
    stage.shop.check().await;
}

#[tokio::test]
async fn what_costs_nothing_waits_too_while_its_company_is_disabled() {
    let stage = Stage::new(None, None, "10").await;
    let (platform, owner) = (&stage.shop.platform, &stage.shop.platform.owner);
    let company = format!("/v1/companies/{}", stage.client.company);
    platform.patch(&owner.key, &company, json!({"enabled": false})).await.good();
    stage.arrives(said("hello")).await;
    assert!(stage.told().is_empty());
    let came: Timestamp = text(&stage.list(&owner.key, "").await[0], "received_at").parse().unwrap();
    platform.patch(&owner.key, &company, json!({"enabled": true})).await.good();
    stage.sweep(came + SignedDuration::from_mins(61)).await;
    assert_eq!((stage.told().len(), stage.balances().await), (1, ["10", "100"].map(str::to_owned)));
}

#[tokio::test]
async fn what_waits_goes_where_its_sender_id_sends_it_then_and_costs_nothing_while_that_is_blocked() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("3")), "2").await;
    let (platform, owner) = (&stage.shop.platform, &stage.shop.platform.owner);
    stage.arrives(said("hello")).await;
    let came: Timestamp = text(&stage.only().await, "received_at").parse().unwrap();
    platform.pay(&stage.reseller, &stage.client.agreement, "2").await;
    let sender = format!("/v1/sender_ids/{}", stage.sender);
    let moved = json!({"incoming": {"webhook_url": "https://bakery.example/moved"}});
    platform.patch(&stage.client.key, &sender, moved).await.good();
    platform.patch(&owner.key, &sender, json!({"status": "blocked"})).await.good();
    stage.sweep(came + SignedDuration::from_mins(61)).await;
    let unpaid = stage.only().await;
    assert_eq!([text(&unpaid, "status"), text(&unpaid, "reason")], ["unpaid", "sender_not_in_use"]);
    assert_eq!((stage.told(), stage.balances().await), (vec![], ["4", "100"].map(str::to_owned)));
    platform.patch(&owner.key, &sender, json!({"status": "active"})).await.good();
    stage.sweep(came + SignedDuration::from_mins(122)).await;
    assert_eq!(text(&stage.only().await, "status"), "handed_on");
    assert_eq!(stage.balances().await, ["1", "99.98"]);
    let posts = stage.shop.webhooks();
    let [Webhook::IncomingMessageV1 { url, .. }] = &posts[..] else { panic!("{posts:?}") };
    assert_eq!(url, "https://bakery.example/moved");
}

#[tokio::test]
async fn what_finds_its_wallets_busy_is_kept_and_paid_a_minute_later() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    let busy = stage.shop.platform.opening_with(Fault::ConflictBeforeApply);
    stage.arrives_with(busy, said("hello")).await;
    let unpaid = stage.only().await;
    assert_eq!([text(&unpaid, "status"), text(&unpaid, "reason")], ["unpaid", "busy"]);
    let at = |name: &str| -> Timestamp { text(&unpaid, name).parse().unwrap() };
    let next = at("received_at") + SignedDuration::from_mins(1);
    assert_eq!((at("next_try_at"), stage.told()), (next, vec![]));
    // It is due by the microsecond, and lost to no sweep within it.
    stage.sweep(Timestamp::from_microsecond(next.as_microsecond()).unwrap()).await;
    assert_eq!((text(&stage.only().await, "status"), stage.told().len()), ("handed_on".into(), 1));
    assert_eq!(stage.balances().await, ["9.97", "99.98"]);
}

#[tokio::test]
async fn one_whose_charge_fails_is_tried_again_each_hour_and_not_for_ever() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("3")), "2").await;
    let platform = &stage.shop.platform;
    for words in ["one", "two"] {
        stage.arrives(said(words)).await;
    }
    let came: Timestamp = text(&stage.list(&stage.client.key, "").await[0], "received_at").parse().unwrap();
    let after = |minutes| came + SignedDuration::from_mins(minutes);
    platform.pay(&stage.reseller, &stage.client.agreement, "7").await;
    let failing = stage.shop.sweeper(platform.opening_with(Fault::TimeoutNotApplied));
    let failed = sweeper::incoming::run(&failing, after(61)).await.unwrap_err().to_string();
    assert_eq!(failed, "2 messages from phones could not be settled");
    stage.shop.project().await;
    let next = |list: &[Value]| list.iter().map(|message| message["next_try_at"].clone()).collect::<Vec<_>>();
    assert_eq!(next(&stage.list(&stage.client.key, "").await), vec![json!(after(61 + 60)); 2]);
    // Nothing is due in the next minute. What fails has a day more than what nobody can pay, and then ends.
    sweeper::incoming::run(&failing, after(62)).await.unwrap();
    sweeper::incoming::run(&failing, after(71 * 60 + 30)).await.unwrap_err();
    stage.shop.project().await;
    assert_eq!(next(&stage.list(&stage.client.key, "").await), vec![json!(after(72 * 60 + 30)); 2]);
    sweeper::incoming::run(&failing, after(95 * 60 + 30)).await.unwrap_err();
    stage.shop.project().await;
    assert_eq!(next(&stage.list(&stage.client.key, "").await), vec![Value::Null; 2]);
    stage.sweep(after(96 * 60)).await;
    assert_eq!((stage.told(), stage.balances().await), (vec![], ["9", "100"].map(str::to_owned)));
}

#[tokio::test]
async fn one_that_does_not_read_is_tried_each_hour_and_holds_up_no_other() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("3")), "2").await;
    for words in ["one", "two"] {
        stage.arrives(said(words)).await;
    }
    let message = stage.list(&stage.client.key, "").await.remove(0);
    let key = store::keys::incoming(&text(&message, "id").try_into().unwrap());
    let client = stage.shop.platform.database.client();
    let row = client.update_item().table_name("flow-messages");
    let row = row.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    row.update_expression("REMOVE octets").send().await.unwrap();
    stage.shop.platform.pay(&stage.reseller, &stage.client.agreement, "7").await;
    let sweeper = stage.shop.sweeper(stage.shop.platform.store.clone());
    let came: Timestamp = text(&message, "received_at").parse().unwrap();
    let after = |minutes| came + SignedDuration::from_mins(minutes);
    let failed = sweeper::incoming::run(&sweeper, after(61)).await.unwrap_err().to_string();
    assert_eq!(failed, "1 messages from phones could not be settled");
    assert_eq!(stage.balances().await, ["6", "99.98"], "the other is paid");
    sweeper::incoming::run(&sweeper, after(62)).await.unwrap();
    sweeper::incoming::run(&sweeper, after(61 + 60)).await.unwrap_err();
}

#[tokio::test]
async fn a_pack_holds_messages_from_phones_where_it_names_them() {
    let stage = Stage::new(None, Some(flat("0.03")), "10").await;
    let (shop, reseller) = (&stage.shop, &stage.reseller);
    let tree = json!({"sms_message": {"depends_on": "direction",
        "values": {"MO": {"price": {"type": "included"}}}}});
    let pack = shop.service(reseller, json!({"type": "unit_pack", "size": 1}), tree).await;
    shop.give(reseller, &stage.client, &pack).await;
    for (words, balance) in [("one", "10"), ("two", "9.97")] {
        stage.arrives(said(words)).await;
        assert_eq!(stage.balances().await[0], balance, "{words}");
    }
    shop.check().await;
}

#[tokio::test]
async fn messages_from_phones_are_seen_by_their_company_and_those_above_and_read_by_itself() {
    let mut stage = Stage::new(None, None, "10").await;
    for words in ["one", "two", "three"] {
        stage.arrives(said(words)).await;
    }
    let (shop, reseller, client) = (&stage.shop, &stage.reseller, &stage.client);
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let words = |list: &[Value]| list.iter().map(|message| message["text"].clone()).collect::<Vec<_>>();
    let own = stage.list(&client.key, "").await;
    assert_eq!(words(&own), ["three", "two", "one"]);
    for (key, query) in [
        (&reseller.key, String::new()),
        (&owner.key, String::new()),
        (&owner.key, format!("?company={}", client.company)),
        (&reseller.key, format!("?agreement={}", client.agreement)),
        (&owner.key, format!("?company={}&connection={}", client.company, stage.connection)),
        (&reseller.key, format!("?sender_id={}&phone=%2B{PHONE}", stage.sender)),
    ] {
        let seen = stage.list(key, &query).await;
        assert_eq!((seen.len(), words(&seen)), (3, vec![Value::Null; 3]), "{query}");
    }
    let path = format!("/v1/incoming_messages/{}", text(&own[0], "id"));
    let listed = platform.get(&client.key, "/v1/incoming_messages").await.good();
    assert_eq!(platform.get(&client.key, &path).await.good(), things(&listed)[0]);
    let names = |row: &Value| (text(row, "company_name"), text(row, "agreement_code"));
    let code = platform.get(&client.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    assert_eq!(names(&own[0]), ("Client".to_owned(), text(&code, "code")));
    let above = platform.get(&owner.key, &path).await.good();
    assert_eq!((&above["text"], text(&above, "connection")), (&Value::Null, stage.connection.to_string()));
    // Others neither find it nor the way it came.
    let neighbour = platform.euro_member(owner, "Neighbour", "reseller").await;
    assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
    assert_eq!(stage.list(&neighbour.key, "").await, Vec::<Value>::new());
    for query in [format!("company={}", client.company), format!("connection={}", stage.connection)] {
        let list = format!("/v1/incoming_messages?{query}");
        assert_eq!(platform.get(&neighbour.key, &list).await.refusal(), "404 not_found");
    }
    for query in [format!("?phone=49301{PHONE}"), format!("?till={}", text(&own[2], "received_at"))] {
        assert_eq!(stage.list(&client.key, &query).await, Vec::<Value>::new(), "{query}");
    }
    let page = platform.get(&client.key, "/v1/incoming_messages?limit=2").await.good();
    let next = format!("?limit=2&cursor={}", text(&page, "next"));
    assert_eq!(words(&stage.list(&client.key, &next).await), ["one"]);
    let file = stage.file(&client.key).await;
    assert!(file.len() == 3 && file[0].contains(PHONE) && file[0].contains("three"), "{file:?}");
    assert!(file[0].contains(&format!(",{},Client,", client.company)), "{file:?}");
    // Who counts messages does not read them.
    let scopes = json!({"portal_statistics": "view", "portal_export": "view"});
    let counts = platform.post(&client.key, "/v1/api_keys", json!({"name": "Counts", "scopes": scopes}));
    let counts = text(&counts.await.good(), "secret");
    assert_eq!(words(&stage.list(&counts, "").await), vec![Value::Null; 3]);
    let file = stage.file(&counts).await;
    assert!(file.len() == 3 && file[0].contains(PHONE) && !file[0].contains("three"), "{file:?}");

    stage.shop.platform.app.masking = Masking::parse("1").unwrap();
    age(&stage, &own[0]).await;
    let masked = "49*********78";
    let list = stage.list(&stage.client.key, &format!("?phone={masked}")).await;
    assert_eq!(list.iter().map(|message| text(message, "phone")).collect::<Vec<_>>(), [masked]);
    assert_eq!(stage.list(&stage.client.key, &format!("?phone={PHONE}")).await.len(), 3);
}

/// Stores one once more as if it had come two days ago.
async fn age(stage: &Stage, message: &Value) {
    let store = &stage.shop.platform.store;
    let id = text(message, "id").try_into().unwrap();
    let mut old = store.incoming(&id).await.unwrap().unwrap();
    old.id = domain::id::IncomingId::derived(&["two days ago"]);
    old.received_at -= SignedDuration::from_hours(48);
    assert!(store.write_incoming(None, &old).await.unwrap());
    stage.shop.project().await;
}

#[tokio::test]
async fn what_nobody_gets_is_listed_for_those_who_have_the_vendors_connection() {
    let stage = Stage::new(None, None, "10").await;
    let nobodys = ClientAddress { ton: 1, npi: 1, value: "49309999999".to_owned() };
    stage.arrives(Incoming { destination: nobodys, ..said("anybody?") }).await;
    stage.arrives(said("somebody")).await;
    let (platform, owner) = (&stage.shop.platform, &stage.shop.platform.owner);
    let by_connection = format!("?connection={}", stage.connection);
    let list = stage.list(&owner.key, &by_connection).await;
    let [message] = &list[..] else { panic!("{list:?}") };
    assert_eq!([text(message, "status"), text(message, "text")], ["unrouted", "anybody?"]);
    assert_eq!(message["company"], Value::Null);
    let path = format!("/v1/incoming_messages/{}", text(message, "id"));
    let listed = platform.get(&owner.key, &format!("/v1/incoming_messages{by_connection}")).await.good();
    assert_eq!(platform.get(&owner.key, &path).await.good(), things(&listed)[0]);
    assert_eq!((&message["company_name"], &message["agreement_code"]), (&Value::Null, &Value::Null));
    for member in [&stage.reseller, &stage.client] {
        assert_eq!(platform.get(&member.key, &path).await.refusal(), "404 not_found");
    }
    assert_eq!(stage.list(&owner.key, "").await.len(), 1, "it is in no company's list");
}

#[tokio::test]
async fn messages_from_phones_and_their_places_in_lists_are_kept_for_24_months() {
    let stage = Stage::new(Some(flat("0.02")), Some(flat("0.03")), "10").await;
    stage.arrives(said("hello")).await;
    let message = stage.only().await;
    let came: Timestamp = text(&message, "received_at").parse().unwrap();
    let expected = domain::edr::kept_until(came).as_second();
    let week = 7 * 24 * 3_600;
    let mut found = Vec::new();
    for table in ["flow-messages", "flow-records"] {
        let client = stage.shop.platform.database.client();
        let items = client.scan().table_name(table).send().await.unwrap().items.unwrap_or_default();
        for item in items {
            let pk = item["pk"].as_s().unwrap();
            // When the same words came last stands for 48 hours alone.
            if !pk.starts_with("incoming") || pk.starts_with("incoming_last#") {
                continue;
            }
            let expires_at: i64 = item["expires_at"].as_n().unwrap().parse().unwrap();
            found.push((pk.split('#').next().unwrap().to_owned(), expires_at - expected));
        }
    }
    found.sort();
    let listed = ("incoming_list".to_owned(), 0);
    let expected = [("incoming".to_owned(), week), listed.clone(), listed.clone(), listed.clone(), listed];
    assert_eq!(found, expected, "the row, and lists of three companies and an agreement");
}

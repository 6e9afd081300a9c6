//! Clients of others at the gateway's own door, with everything behind it: what they send is priced and
//! charged, goes on to a simulated vendor, and its receipt comes back to them.

use std::time::Duration;

use serde_json::{Value, json};
use smpp::{CommandStatus, udh};
use tests::peers::{BindKind, Kannel, Language, Script, Smsc, required};
use tests::smpp_platform::{Client, PASSWORD, Places, Platform};
use tests::smsc_simulator::{Behaviour, SmscSimulator};

const SENDER: &str = "ACME";
/// What a phone takes to answer, at the least.
const PHONE: Duration = Duration::from_millis(150);

/// A platform with a client whose 10 credits pay for 200 segments.
async fn platform() -> (SmscSimulator, Platform, Client) {
    // Shown with a test that fails. Another test here may have begun to log already.
    let log = tracing_subscriber::fmt().with_env_filter("info,smpp_gateway=debug").with_test_writer();
    let _ = log.try_init();
    let behaviour = Behaviour { receipt_delay: PHONE..=PHONE, ..Behaviour::default() };
    let simulator = SmscSimulator::start(behaviour).await.expect("starts");
    let platform = Platform::start(simulator.address(), &Places::here(), |_| {}).await;
    let client = platform.client("acme", "10", |_| {}).await;
    (simulator, platform, client)
}

fn bind(platform: &Platform, client: &Client, version: u8) -> Value {
    let (port, system_id) = (platform.address.port(), &client.system_id);
    json!({"port": port, "mode": "transceiver", "system_id": system_id, "password": PASSWORD, "version": version})
}

/// What the vendor was sent for a number, as text. Parts that a client cut may come in any order.
fn sent(simulator: &SmscSimulator, destination: &str) -> String {
    let mut parts: Vec<_> =
        simulator.received().into_iter().filter(|submit| submit.destination == destination).collect();
    parts.sort_by_key(|part| udh::concat(&part.udh).map(|concat| concat.part));
    let octets: Vec<u8> = parts.iter().flat_map(|part| part.text.to_vec()).collect();
    super::text(parts[0].data_coding, &octets)
}

async fn submit(client: &mut Script, destination: &str, text: &str, form: &str) -> Vec<(u64, String)> {
    let message = json!({"source": SENDER, "destination": destination, "text": text, "form": form});
    let submitted = client.ask("submit", message, "submitted").await;
    let answers = submitted["answers"].as_array().expect("answers").iter();
    let answer = |answer: &Value| (answer["status"].as_u64(), answer["id"].as_str().map(str::to_owned));
    answers.map(answer).map(|(status, id)| (status.expect("a status"), id.expect("an id"))).collect()
}

async fn is_charged_and_told(language: Language, version: u8) {
    let Some(mut peer) = required(Script::start(language, "client").await) else { return };
    let (simulator, platform, client) = platform().await;
    let bound = peer.ask("bind", bind(&platform, &client, version), "bound").await;
    assert_eq!((&bound["status"], &bound["name"]), (&json!(0), &json!("waybill")));
    let (latin, cyrillic) = ("0123456789".repeat(40), "Съешь ещё этих мягких булок ".repeat(4));
    let cases = [
        ("plain", "491511234599", "Your code is 123456", 2, 1),
        ("plain", "491511234699", "Ваш код 123456", 2, 1),
        ("plain", "491511230001", "to nobody", 5, 1),
        ("udh", "491511234799", latin.as_str(), 2, 3),
        ("udh", "491511234899", cyrillic.as_str(), 2, 2),
        ("sar", "491511234999", latin.as_str(), 2, 3),
        ("payload", "491511235099", latin.as_str(), 2, 3),
    ];
    let mut segments = 0;
    for (form, destination, text, state, charged) in cases {
        segments += charged;
        let answers = submit(&mut peer, destination, text, form).await;
        let mut ids: Vec<_> = answers
            .into_iter()
            .map(|(status, id)| {
                assert_eq!(status, 0, "{form}");
                id
            })
            .collect();
        assert_eq!(platform.balance(&client).await, left(segments), "{form}");
        while !ids.is_empty() {
            let receipt = peer.event("delivered").await;
            let id = receipt["id"].as_str().expect("the parameter is there");
            let place = ids.iter().position(|sent| sent == id).expect("an id of ours, once");
            ids.swap_remove(place);
            assert_eq!((&receipt["receipt"], &receipt["state"]), (&json!(true), &json!(state)));
            assert_eq!((&receipt["source"], &receipt["destination"]), (&json!(destination), &json!(SENDER)));
        }
        assert_eq!(sent(&simulator, destination), text, "{form}");
    }
    assert_eq!(peer.ask("unbind", json!({}), "unbound").await["status"], 0);
    platform.stop().await;
}

/// Of 10 credits, after so many segments at 0.05.
fn left(segments: u32) -> String {
    let price = tests::world::amount("0.05");
    let spent = domain::money::Amount::checked_sum((0..segments).map(|_| price)).expect("a sum");
    tests::world::amount("10").checked_sub(spent).expect("a difference").to_string()
}

#[tokio::test]
async fn what_node_sends_is_charged_and_its_receipts_come_back() {
    is_charged_and_told(Language::Node, 0x34).await;
}

#[tokio::test]
async fn what_smpplib_sends_is_charged_and_its_receipts_come_back() {
    is_charged_and_told(Language::Python, 0x34).await;
}

#[tokio::test]
async fn what_node_sends_in_version_5_is_charged_and_its_receipts_come_back() {
    is_charged_and_told(Language::Node, 0x50).await;
}

#[tokio::test]
async fn what_smpplib_sends_in_version_5_is_charged_and_its_receipts_come_back() {
    is_charged_and_told(Language::Python, 0x50).await;
}

async fn is_refused_and_may_ask(language: Language) {
    let Some(mut stranger) = required(Script::start(language, "client").await) else { return };
    let (_simulator, platform, client) = platform().await;
    let mut wrong = bind(&platform, &client, 0x34);
    wrong["password"] = json!("wrong");
    let bound = stranger.ask("bind", wrong, "bound").await;
    assert_eq!(bound["status"].as_u64(), Some(u64::from(CommandStatus::RINVPASWD.0)));

    let Some(mut peer) = required(Script::start(language, "client").await) else { return };
    peer.ask("bind", bind(&platform, &client, 0x34), "bound").await;
    let refused = submit(&mut peer, "12", "hello", "plain").await;
    assert_eq!(refused[0].0, u64::from(CommandStatus::RINVDSTADR.0));
    assert_eq!(platform.balance(&client).await, "10");
    let sent = submit(&mut peer, "491511234599", "hello", "plain").await;
    peer.event("delivered").await;
    let question = json!({"id": sent[0].1, "source": SENDER});
    let answer = peer.ask("query", question, "queried").await;
    assert_eq!((&answer["status"], &answer["state"]), (&json!(0), &json!(2)), "delivered");
    assert_eq!(peer.ask("unbind", json!({}), "unbound").await["status"], 0);
    platform.stop().await;
}

#[tokio::test]
async fn node_hears_what_is_wrong_and_what_became_of_a_message() {
    is_refused_and_may_ask(Language::Node).await;
}

#[tokio::test]
async fn smpplib_hears_what_is_wrong_and_what_became_of_a_message() {
    is_refused_and_may_ask(Language::Python).await;
}

async fn kannel_is_charged_and_told(binds: BindKind, version: u8) {
    let (simulator, platform, client) = platform().await;
    let (address, system_id, password) = (platform.address, client.system_id.clone(), PASSWORD.to_owned());
    let smsc = Smsc { address, system_id, password, binds, version, window: 10 };
    let Some(mut kannel) = required(Kannel::start(&smsc).await) else { return };
    kannel.until_bound().await;
    let (latin, cyrillic) = ("0123456789".repeat(40), "Привет ".repeat(20));
    let mut segments = 0;
    for (destination, text, charged, last) in [
        ("491511234599", "Your code is 123456", 1, "1"),
        ("491511234699", latin.as_str(), 3, "1"),
        ("491511234799", cyrillic.as_str(), 3, "1"),
        ("491511230001", "to nobody", 1, "2"),
    ] {
        segments += charged;
        assert_eq!(kannel.send(SENDER, destination, text).await.status, 202);
        let kinds = kannel.reports().await;
        assert_eq!(kinds.last().map(String::as_str), Some(last), "{destination} {kinds:?}");
        // It reports on a long message when the first part has arrived.
        super::until("the whole text", || sent(&simulator, destination) == text).await;
        assert_eq!(platform.balance(&client).await, left(segments));
    }
    drop(kannel);
    platform.stop().await;
}

#[tokio::test]
async fn what_kannel_sends_over_a_transceiver_is_charged_and_its_reports_come_back() {
    kannel_is_charged_and_told(BindKind::Transceiver, 0x34).await;
}

#[tokio::test]
async fn what_kannel_sends_over_binds_apart_is_charged_and_its_reports_come_back() {
    kannel_is_charged_and_told(BindKind::Apart, 0x34).await;
}

#[tokio::test]
async fn what_kannel_sends_in_version_5_is_charged_and_its_reports_come_back() {
    kannel_is_charged_and_told(BindKind::Transceiver, 0x50).await;
}

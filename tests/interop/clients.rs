//! Clients of others at our server's end of a session: the simulated SMS centre, which runs on it.

use serde_json::{Value, json};
use smpp::{DeliverSm, udh};
use tests::peers::{Language, Script, required};
use tests::smsc_simulator::{Behaviour, ReceivedSubmit, SmscSimulator};

const SYSTEM_ID: &str = "acme";
const PASSWORD: &str = "pw-Kq83z";
const LATIN: &str = "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ ";
const CYRILLIC: &str = "Съешь ещё этих мягких французских булок ";

async fn simulator() -> SmscSimulator {
    let credentials = Some((SYSTEM_ID.to_owned(), PASSWORD.to_owned()));
    SmscSimulator::start(Behaviour { credentials, ..Behaviour::default() }).await.expect("starts")
}

fn bind(simulator: &SmscSimulator, mode: &str, version: u8) -> Value {
    let port = simulator.address().port();
    json!({"port": port, "mode": mode, "system_id": SYSTEM_ID, "password": PASSWORD, "version": version})
}

/// A bound client.
async fn bound(language: Language, simulator: &SmscSimulator, mode: &str, version: u8) -> Option<Script> {
    let mut client = required(Script::start(language, "client").await)?;
    let bound = client.ask("bind", bind(simulator, mode, version), "bound").await;
    assert_eq!((&bound["status"], &bound["name"]), (&json!(0), &json!("simulator")));
    Some(client)
}

async fn submit(client: &mut Script, destination: &str, text: &str, form: &str) -> Vec<String> {
    let message = json!({"source": "Waybill", "destination": destination, "text": text, "form": form});
    let submitted = client.ask("submit", message, "submitted").await;
    let answers = submitted["answers"].as_array().expect("answers");
    answers
        .iter()
        .map(|answer| {
            assert_eq!(answer["status"], 0);
            answer["id"].as_str().expect("an id").to_owned()
        })
        .collect()
}

/// The text of all parts, in their order.
fn joined(parts: &[ReceivedSubmit]) -> String {
    let octets: Vec<u8> = parts.iter().flat_map(|part| part.text.to_vec()).collect();
    super::text(parts[0].data_coding, &octets)
}

/// Submits, and all receipts come back.
async fn walks_through_every_form(language: Language, version: u8) {
    let simulator = simulator().await;
    let Some(mut client) = bound(language, &simulator, "transceiver", version).await else { return };
    let (latin, cyrillic) = (LATIN.repeat(5), CYRILLIC.repeat(4));
    let cases = [
        ("plain", "Your code is 123456", 1),
        ("plain", "Ваш код 123456", 1),
        ("udh", latin.as_str(), 3),
        ("udh", cyrillic.as_str(), 3),
        ("sar", latin.as_str(), 3),
        ("payload", latin.as_str(), 1),
        ("payload", cyrillic.as_str(), 1),
    ];
    for (number, (form, text, parts)) in cases.into_iter().enumerate() {
        let destination = format!("4915100000{number}99");
        let mut ids = submit(&mut client, &destination, text, form).await;
        assert_eq!(ids.len(), parts, "{form}");
        let received: Vec<_> =
            simulator.received().into_iter().filter(|submit| submit.destination == destination).collect();
        assert_eq!(joined(&received), text, "{form}");
        assert_eq!(received.iter().filter_map(|part| part.vendor_id.clone()).collect::<Vec<_>>(), ids);
        if form == "udh" {
            let numbers: Vec<_> =
                received.iter().map(|part| udh::concat(&part.udh).expect("a part").part).collect();
            assert_eq!(numbers, [1, 2, 3]);
        }
        for _ in 0..parts {
            let receipt = client.event("delivered").await;
            let id = receipt["id"].as_str().expect("the parameter is there");
            ids.retain(|sent| sent != id);
            assert_eq!((&receipt["receipt"], &receipt["state"]), (&json!(true), &json!(2)));
            assert_eq!(
                (&receipt["source"], &receipt["destination"]),
                (&json!(destination), &json!("Waybill"))
            );
            assert!(receipt["text"].as_str().expect("a text").contains("stat:DELIVRD"), "{receipt}");
        }
        assert!(ids.is_empty(), "each part has its receipt");
    }
    assert_eq!(client.ask("unbind", json!({}), "unbound").await["status"], 0);
    assert!(simulator.binds().is_empty());
    assert_eq!(simulator.undelivered_count(), 0);
}

#[tokio::test]
async fn node_sends_every_form_of_message_and_gets_its_receipts() {
    walks_through_every_form(Language::Node, 0x34).await;
}

#[tokio::test]
async fn smpplib_sends_every_form_of_message_and_gets_its_receipts() {
    walks_through_every_form(Language::Python, 0x34).await;
}

#[tokio::test]
async fn node_speaks_version_5() {
    walks_through_every_form(Language::Node, 0x50).await;
}

#[tokio::test]
async fn smpplib_speaks_version_5() {
    walks_through_every_form(Language::Python, 0x50).await;
}

async fn is_refused_with_a_wrong_password(language: Language) {
    let simulator = simulator().await;
    let Some(mut client) = required(Script::start(language, "client").await) else { return };
    let mut wrong = bind(&simulator, "transceiver", 0x34);
    wrong["password"] = json!("wrong");
    let bound = client.ask("bind", wrong, "bound").await;
    assert_eq!(bound["status"], 0x0E, "ESME_RINVPASWD");
    assert!(simulator.binds().is_empty());
}

#[tokio::test]
async fn node_understands_that_its_password_is_wrong() {
    is_refused_with_a_wrong_password(Language::Node).await;
}

#[tokio::test]
async fn smpplib_understands_that_its_password_is_wrong() {
    is_refused_with_a_wrong_password(Language::Python).await;
}

/// Sends over one bind and receives over another.
async fn uses_two_binds(language: Language) {
    let simulator = simulator().await;
    let Some(mut sender) = bound(language, &simulator, "transmitter", 0x34).await else { return };
    let Some(mut receiver) = bound(language, &simulator, "receiver", 0x34).await else { return };
    let ids = submit(&mut sender, "491510000001", "hello", "plain").await;
    let receipt = receiver.event("delivered").await;
    assert_eq!((receipt["id"].as_str(), &receipt["state"]), (Some(ids[0].as_str()), &json!(5)));
    let text = "Привет с телефона";
    simulator.send_incoming(SYSTEM_ID, from_phone(text));
    let incoming = receiver.event("delivered").await;
    assert_eq!((&incoming["receipt"], incoming["text"].as_str()), (&json!(false), Some(text)));
    assert_eq!((&incoming["source"], &incoming["destination"]), (&json!("491512345678"), &json!("12345")));
}

fn from_phone(text: &str) -> DeliverSm {
    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    DeliverSm {
        source_ton: 1,
        source_npi: 1,
        source: "491512345678".to_owned(),
        destination: "12345".to_owned(),
        data_coding: 8,
        short_message: octets.into(),
        ..DeliverSm::default()
    }
}

#[tokio::test]
async fn node_sends_over_one_bind_and_receives_over_another() {
    uses_two_binds(Language::Node).await;
}

#[tokio::test]
async fn smpplib_sends_over_one_bind_and_receives_over_another() {
    uses_two_binds(Language::Python).await;
}

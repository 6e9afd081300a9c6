//! Kannel at our server's end of a session: the simulated SMS centre.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use smpp::{BindMode, DeliverSm};
use tests::peers::{BindKind, Kannel, Smsc, required};
use tests::smsc_simulator::{Behaviour, SmscSimulator};

const SYSTEM_ID: &str = "kannel";
const PASSWORD: &str = "pw-Kq83z";
const LATER: Duration = Duration::from_millis(200);

async fn bound(binds: BindKind, version: u8) -> Option<(SmscSimulator, Kannel)> {
    let credentials = Some((SYSTEM_ID.to_owned(), PASSWORD.to_owned()));
    // Over binds apart, Kannel loses receipts that it reads before it has read the submit's answer.
    let receipt_delay =
        if binds == BindKind::Apart { LATER..=LATER } else { Duration::ZERO..=Duration::ZERO };
    let behaviour = Behaviour { credentials, receipt_delay, ..Behaviour::default() };
    let simulator = SmscSimulator::start(behaviour).await.expect("starts");
    let kannel = required(Kannel::start(&smsc(simulator.address(), PASSWORD, binds, version)).await)?;
    kannel.until_bound().await;
    Some((simulator, kannel))
}

fn smsc(address: SocketAddr, password: &str, binds: BindKind, version: u8) -> Smsc {
    let (system_id, password) = (SYSTEM_ID.to_owned(), password.to_owned());
    Smsc { address, system_id, password, binds, version, window: 10 }
}

/// What Kannel sent, joined, as text.
fn received(simulator: &SmscSimulator, destination: &str) -> (usize, String) {
    let parts: Vec<_> =
        simulator.received().into_iter().filter(|submit| submit.destination == destination).collect();
    let octets: Vec<u8> = parts.iter().flat_map(|part| part.text.to_vec()).collect();
    (parts.len(), super::text(parts[0].data_coding, &octets))
}

async fn sends_and_hears_what_became_of_it(binds: BindKind, version: u8) {
    let Some((simulator, mut kannel)) = bound(binds, version).await else { return };
    let (latin, cyrillic) = ("0123456789".repeat(40), "Привет ".repeat(20));
    for (destination, text, parts, last) in [
        ("491510000099", "Your code is 123456", 1, "1"),
        ("491510000199", latin.as_str(), 3, "1"),
        ("491510000299", cyrillic.as_str(), 3, "1"),
        ("491510000001", "to nobody", 1, "2"),
        ("491510000005", "not to be taken", 1, "16"),
    ] {
        let sent = kannel.send("Waybill", destination, text).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        let kinds = kannel.reports().await;
        assert_eq!(kinds.last().map(String::as_str), Some(last), "{destination} {kinds:?}");
        // It reports on a long message when the first part has arrived.
        super::until("all parts", || received(&simulator, destination).0 == parts).await;
        assert_eq!(received(&simulator, destination).1, text);
    }
}

#[tokio::test]
async fn kannel_sends_over_a_transceiver_and_hears_what_became_of_it() {
    sends_and_hears_what_became_of_it(BindKind::Transceiver, 0x34).await;
}

#[tokio::test]
async fn kannel_sends_over_binds_apart_and_hears_what_became_of_it() {
    sends_and_hears_what_became_of_it(BindKind::Apart, 0x34).await;
}

#[tokio::test]
async fn kannel_speaks_version_5() {
    sends_and_hears_what_became_of_it(BindKind::Transceiver, 0x50).await;
}

#[tokio::test]
async fn kannel_binds_as_it_was_told() {
    let Some((simulator, _kannel)) = bound(BindKind::Apart, 0x34).await else { return };
    let mut modes: Vec<_> = simulator.binds().into_iter().map(|bind| bind.mode).collect();
    modes.sort_by_key(|mode| *mode == BindMode::Transmitter);
    assert_eq!(modes, [BindMode::Receiver, BindMode::Transmitter]);
}

#[tokio::test]
async fn kannel_passes_on_what_a_phone_sent() {
    let Some((simulator, mut kannel)) = bound(BindKind::Transceiver, 0x34).await else { return };
    let message = DeliverSm {
        source_ton: 1,
        source_npi: 1,
        source: "491512345678".to_owned(),
        destination: "12345".to_owned(),
        short_message: "STOP please".into(),
        ..DeliverSm::default()
    };
    simulator.send_incoming(SYSTEM_ID, message);
    let (what, fields) = kannel.next_posted().await;
    assert_eq!(what, "incoming");
    assert_eq!((fields["text"].as_str(), fields["to"].as_str()), ("STOP please", "12345"));
    assert!(fields["from"].ends_with("491512345678"));
}

#[tokio::test]
async fn kannel_understands_that_its_password_is_wrong() {
    let credentials = Some((SYSTEM_ID.to_owned(), PASSWORD.to_owned()));
    let port = tests::peers::free_port();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let wrong = smsc(address, "wrong", BindKind::Transceiver, 0x34);
    let Some(kannel) = required(Kannel::start(&wrong).await) else { return };
    // Not sooner: refused before it has wholly started, Kannel breaks.
    let simulator = SmscSimulator::start(Behaviour { credentials, port, ..Behaviour::default() }).await;
    let simulator = simulator.expect("starts");
    kannel.until_logged("SMSC rejected login").await;
    assert!(simulator.binds().is_empty());
}

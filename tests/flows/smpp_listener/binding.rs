//! Who may bind, how often, and until when.

use std::time::Instant;

use domain::connection::Network;
use domain::id::CompanyId;
use futures::future::join_all;
use smpp::BindMode;
use smpp::esme::CloseReason;
use smpp::pdu::QuerySm;
use tests::edits::replace_connection;
use tests::edits::{change_agreement, change_company};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn with_password(client: &Client, password: &str) -> BindSettings {
    BindSettings { password: password.to_owned(), ..client.settings() }
}

fn in_mode(client: &Client, bind_mode: BindMode) -> BindSettings {
    BindSettings { bind_mode, ..client.settings() }
}

fn networks(network: &str) -> Vec<Network> {
    vec![Network::parse(network).expect("a network")]
}

/// What its only client may send at a gateway.
fn rate(gate: &Gate) -> Option<u32> {
    gate.board.status().clients.connections.first().map(|client| client.rate)
}

impl Stage {
    async fn change_connection(&self, client: &Client, change: impl FnOnce(&mut Connection)) {
        let mut connection = client.connection.clone();
        change(&mut connection);
        replace_connection(&self.world.store, &connection).await;
    }

    async fn set_enabled(&self, company: &CompanyId, enabled: bool) {
        change_company(&self.world.store, company, |company| company.enabled = enabled).await;
    }
}

#[tokio::test]
async fn each_refused_bind_is_told_its_status() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let good = stage.client("good", |_| {}).await;
    assert_eq!(gate.refusal(with_password(&good, "pw-wrong")).await, CommandStatus::RINVPASWD);
    assert_eq!(gate.refusal(BindSettings::new("nobody", PASSWORD)).await, CommandStatus::RINVPASWD);
    let elsewhere = stage.client("elsewhere", |link| link.networks = networks("192.0.2.0/24")).await;
    assert_eq!(gate.refusal(elsewhere.settings()).await, CommandStatus::RBINDFAIL);
    let here = stage.client("here", |link| link.networks = networks("127.0.0.0/8")).await;
    assert_eq!(gate.refusal(here.settings()).await, CommandStatus::ROK);
    let secure = stage.client("secure", |link| link.tls_required = true).await;
    assert_eq!(gate.refusal(secure.settings()).await, CommandStatus::RBINDFAIL);
    let typed = stage.client("typed", |link| link.system_type = Some("SMPP".to_owned())).await;
    assert_eq!(gate.refusal(typed.settings()).await, CommandStatus::RINVSYSTYP);
    let settings = BindSettings { system_type: "SMPP".to_owned(), ..typed.settings() };
    assert_eq!(gate.refusal(settings).await, CommandStatus::ROK);
    let off = stage.client("off", |_| {}).await;
    stage.change_connection(&off, |connection| connection.enabled = false).await;
    assert_eq!(gate.refusal(off.settings()).await, CommandStatus::RBINDFAIL);
    let closed = stage.client("closed", |_| {}).await;
    stage.set_enabled(&closed.member.company.id, false).await;
    assert_eq!(gate.refusal(closed.settings()).await, CommandStatus::RBINDFAIL);
    assert_eq!(gate.refusal(good.settings()).await, CommandStatus::ROK);
    assert_eq!(gate.board.status().clients.refused_binds, 7);
    gate.stop().await;
}

#[tokio::test]
async fn who_tries_wrong_passwords_has_to_wait_and_the_client_that_knows_it_has_not() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let client = stage.client("acme", |_| {}).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    for _ in 0..5 {
        assert_eq!(gate.refusal(with_password(&client, "pw-wrong")).await, CommandStatus::RINVPASWD);
    }
    assert_eq!(gate.refusal(with_password(&client, "pw-wrong")).await, CommandStatus::RBINDFAIL);
    assert_eq!(gate.refusal(client.settings()).await, CommandStatus::ROK);
    session.unbind().await;
    gate.stop().await;
}

#[tokio::test]
async fn who_tries_names_from_where_they_do_not_bind_has_to_wait_as_well() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let known = stage.client("known", |_| {}).await;
    assert_eq!(gate.refusal(known.settings()).await, CommandStatus::ROK);
    for name in ["one", "two", "three", "four"] {
        stage.client(name, |link| link.networks = networks("192.0.2.0/24")).await;
    }
    assert_eq!(gate.refusal(BindSettings::new("nobody", PASSWORD)).await, CommandStatus::RINVPASWD);
    for name in ["one", "two", "three", "four"] {
        for _ in 0..5 {
            let tried = gate.refusal(BindSettings::new(name, "pw-wrong")).await;
            assert_eq!(tried, CommandStatus::RBINDFAIL);
        }
    }
    // Nobody learns any more from here whether there is such a name.
    assert_eq!(gate.refusal(BindSettings::new("nobody", PASSWORD)).await, CommandStatus::RBINDFAIL);
    assert_eq!(gate.refusal(known.settings()).await, CommandStatus::ROK);
    gate.stop().await;
}

#[tokio::test]
async fn binds_are_counted_over_all_gateways_and_those_of_the_dead_are_not() {
    let stage = Stage::new().await;
    let (one, two) = (stage.gate().await, stage.gate().await);
    let client = stage.client("acme", |link| link.binds_max = NonZeroU32::MIN.saturating_add(1)).await;
    let (first, _first_inbound) = one.bind(in_mode(&client, BindMode::Receiver)).await.expect("binds");
    let (_second, _second_inbound) = two.bind(client.settings()).await.expect("binds");
    for gate in [&one, &two] {
        assert_eq!(gate.refusal(client.settings()).await, CommandStatus::RALYBND);
    }
    assert_eq!(first.unbind().await, CloseReason::Unbound);
    let id = &client.connection.id;
    let count = async || stage.world.store.client_binds(id).await.expect("is read");
    stage.work_until("a place", async || count().await == 1).await;
    let (_third, _third_inbound) = one.bind(client.settings()).await.expect("binds");
    // As if its machine had gone: nobody says that its binds are no more.
    two.serving.abort();
    two.running.abort();
    stage.work_until("the end of the other's lease", async || count().await == 1).await;
    until("the rate that was shared with it", || rate(&one) == Some(1_000)).await;
    let (_fourth, _fourth_inbound) = one.bind(client.settings()).await.expect("binds");
    assert_eq!(one.refusal(client.settings()).await, CommandStatus::RALYBND);
    one.stop().await;
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn the_gateways_that_a_client_can_send_over_share_its_rate_and_one_where_it_only_receives_takes_none() {
    let stage = Stage::new().await;
    let (one, two) = (stage.gate().await, stage.gate().await);
    let client = stage.client("acme", |link| link.rate = NonZeroU32::MIN.saturating_add(19)).await;
    let (_receiver, _deliveries) = two.bind(in_mode(&client, BindMode::Receiver)).await.expect("binds");
    let (_first, _first_inbound) = one.bind(in_mode(&client, BindMode::Transmitter)).await.expect("binds");
    until("all of it where alone it can send", || rate(&one) == Some(20)).await;
    let (second, _second_inbound) = two.bind(client.settings()).await.expect("binds");
    until("its share at both", || rate(&one) == Some(10) && rate(&two) == Some(10)).await;
    let began = Instant::now();
    let unknown = || QuerySm { message_id: "nonsense".to_owned(), ..QuerySm::default() };
    let asked = join_all((0..60).map(async |_| second.query(unknown()).await.expect("is answered").status));
    let let_through = asked.await.iter().filter(|status| **status != CommandStatus::RTHROTTLED).count();
    // A second's worth at once, and then what the time has brought.
    let most = 11 + began.elapsed().as_millis() / 100;
    assert!(10 <= let_through && let_through as u128 <= most, "{let_through} of {most}");
    assert_eq!(second.unbind().await, CloseReason::Unbound);
    until("all of it where alone it can send again", || rate(&one) == Some(20)).await;
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn what_is_disabled_or_changed_ends_its_binds_in_good_order_within_five_seconds() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let mut bound = Vec::new();
    for name in ["off", "closed", "changed", "suspended", "other"] {
        let client = stage.client(name, |_| {}).await;
        let (session, inbound) = gate.bind(client.settings()).await.expect("binds");
        bound.push((client, session, inbound));
    }
    let clients: Vec<_> = bound.iter().map(|(client, ..)| client).collect();
    stage.change_connection(clients[0], |connection| connection.enabled = false).await;
    stage.set_enabled(&clients[1].member.company.id, false).await;
    let other = runtime::password::hash("pw-new").expect("is hashed");
    let changed = |connection: &mut Connection| {
        let Link::Client(link) = &mut connection.link else { panic!("a client's link") };
        link.password_hash = other;
    };
    stage.change_connection(clients[2], changed).await;
    let id = &clients[3].member.agreement.id;
    change_agreement(&stage.world.store, id, |agreement| agreement.suspended = true).await;
    let ends = async {
        for (client, session, _) in &bound[..4] {
            assert_eq!(session.closed().await, CloseReason::UnboundByPeer, "{}", client.link().system_id);
        }
    };
    timeout(FIVE_SECONDS, ends).await.expect("they end in time");
    assert!(!bound[4].1.is_closed());
    assert_eq!(gate.refusal(clients[2].settings()).await, CommandStatus::RINVPASWD);
    assert_eq!(gate.refusal(with_password(clients[2], "pw-new")).await, CommandStatus::ROK);
    gate.stop().await;
    assert_eq!(bound[4].1.closed().await, CloseReason::UnboundByPeer);
}

#[tokio::test]
async fn behind_a_balancer_the_address_it_tells_is_the_clients() {
    let stage = Stage::new().await;
    let gate = stage.gate_behind_proxy().await;
    let client = stage.client("acme", |link| link.networks = networks("192.0.2.7")).await;
    for (last, expected) in [(7, CommandStatus::ROK), (8, CommandStatus::RBINDFAIL)] {
        match (esme::bind(gate.connect_from(last).await, client.settings()).await, expected) {
            (Ok((session, _)), CommandStatus::ROK) => drop(session),
            (Err(BindError::Refused(status)), expected) => assert_eq!(status, expected),
            (other, _) => panic!("{:?}", other.map(|_| "bound")),
        }
    }
    // Without the header nobody gets in.
    let direct = gate.bind(client.settings()).await;
    assert!(matches!(direct, Err(BindError::Link(_) | BindError::Timeout)));
    gate.stop().await;
}

#[tokio::test]
async fn an_outbind_which_is_a_servers_to_send_is_refused() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let mut stream = tcp::connect(gate.address).await.expect("connects");
    let outbind = [0, 0, 0, 18, 0, 0, 0, 0x0B, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
    stream.write_all(&outbind).await.expect("is written");
    let mut answer = Vec::new();
    timeout(SOON, stream.read_to_end(&mut answer)).await.expect("is closed").expect("is read");
    let nack = [0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 1];
    assert_eq!(answer, nack, "a generic_nack with ESME_RINVBNDSTS");
    gate.stop().await;
}

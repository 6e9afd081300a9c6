//! A client's receiver, bound over a pipe in memory to the deliveries of a gateway.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::edits::put_connection;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{Member, NOW, World};
use domain::connection::{ClientLink, Connection, Link};
use domain::id::ConnectionId;
use queue::client_queue;
use smpp::esme::{self, BindSettings, Delivery, Inbound, Session};
use smpp::smsc::{self, ServerSession, ServerSettings};
use smpp_gateway::client::account::Account;
use smpp_gateway::client::deliveries::{Deliveries, Pauses};
use smpp_gateway::client::figures::ClientBoard;
use tokio::time::timeout;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(30);

/// A client with a connection of its own.
pub async fn account(world: &World, client: &Member, sqs: &EmbeddedSqs) -> Account {
    let id = ConnectionId::new(world.unique());
    let many = |number: u32| NonZeroU32::new(number).expect("not zero");
    let link = ClientLink {
        binds_max: many(10),
        rate: many(1_000),
        queue_url: client_queue(&sqs.client(), "t-", &id).await.expect("the queue is made"),
        ..ClientLink::new(
            client.company.id.clone(),
            client.agreement.id.clone(),
            format!("client-{}", world.unique() % 10_000),
            String::new(),
        )
    };
    let connection = Connection::new(
        id.clone(),
        world.owner.company.id.clone(),
        "client",
        Link::Client(link.clone()),
        NOW,
    );
    put_connection(&world.store, &connection).await;
    let (company, agreement) = (client.company.clone(), client.agreement.clone());
    Account { connection: id, rate: link.rate, link, company, agreement }
}

/// One that does not wait long before it tries again.
pub fn gateway(sqs: &EmbeddedSqs) -> Deliveries {
    let (first, longest) = (Duration::from_millis(100), Duration::from_millis(400));
    Deliveries::new(sqs.client(), Pauses { first, longest })
}

/// The client's end.
pub struct Receiver {
    pub session: Session,
    pub inbound: Inbound,
    /// Ours.
    pub server: ServerSession,
    /// What is counted of it.
    pub board: ClientBoard,
    _requests: smsc::Requests,
}

impl Receiver {
    pub async fn bind(gateway: &Deliveries, account: &Account) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let settings = ServerSettings { answer_timeout: Duration::from_secs(2), ..ServerSettings::new("us") };
        let (accepted, bound) = tokio::join!(
            async { smsc::accept(ours, settings).await.expect("a bind").accept().await.expect("accepted") },
            esme::bind(theirs, BindSettings::new("client", "secret")),
        );
        let ((server, requests), (session, inbound)) = (accepted, bound.expect("bound"));
        let board = ClientBoard::default();
        gateway.receiver_bound(account, server.clone(), board.of(&account.connection));
        Self { session, inbound, server, board, _requests: requests }
    }

    /// What comes next, not answered yet.
    pub async fn next(&mut self) -> Delivery {
        timeout(SOON, self.inbound.next()).await.expect("something comes").expect("the link is up")
    }

    /// The payloads of so many deliveries, which are accepted.
    pub async fn take(&mut self, count: usize) -> Vec<String> {
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            let delivery = self.next().await;
            taken.push(destination_or_text(&delivery));
            delivery.accept();
        }
        taken
    }

    /// That nothing comes for a moment.
    pub async fn gets_nothing(&mut self) {
        let more = timeout(Duration::from_millis(300), self.inbound.next()).await;
        assert!(more.is_err(), "{:?}", more.ok().flatten().map(|delivery| delivery.pdu));
    }
}

/// By what a delivery is told from others: a receipt by its message, another one by its text.
pub fn destination_or_text(delivery: &Delivery) -> String {
    let text = String::from_utf8_lossy(delivery.pdu.payload()).into_owned();
    delivery.pdu.tlvs.receipted_message_id().unwrap_or(text)
}

/// Waits until a condition holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = timeout(SOON, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited for {what}");
}

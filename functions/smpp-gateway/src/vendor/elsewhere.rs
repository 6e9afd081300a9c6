//! What else a message of which nothing has left can do than wait for its vendor: end when its time is over, or
//! take another route of its sender ID.

use std::collections::BTreeMap;

use domain::connection::Connection;
use domain::id::{AgreementId, ConnectionId};
use domain::message::Message;
use domain::sender::SenderAddress;
use futures::FutureExt;
use queue::Outcome;
use store::{Store, StoreError};
use tracing::error;

use crate::chain;
use crate::vendor::lane::{Lane, Sent};
use crate::vendor::submit::Refusal;

/// As clients are told, where there turns out to be no other route any more.
const CONNECTION_DOWN: &str = "connection_down";

/// Which messages have another route, read once for all that are alike. Whether the companies above still may
/// use it is decided when the message takes it.
pub struct OtherRoutes<'a> {
    store: &'a Store,
    known: BTreeMap<(AgreementId, SenderAddress, Vec<ConnectionId>), bool>,
}

impl<'a> OtherRoutes<'a> {
    pub fn new(lane: &'a Lane) -> Self {
        Self { store: &lane.store, known: BTreeMap::new() }
    }

    /// What becomes of a message while the link is down. None: it waits.
    pub async fn instead_of_waiting(&mut self, message: &Message) -> Result<Option<Outcome>, StoreError> {
        if message.handling.valid_till.is_some_and(|till| till <= runtime::now()) {
            let reason = Refusal::ValidityOver.to_string();
            return Ok(Some(Outcome::Refused { reason, next_route: false }));
        }
        let refused = Outcome::Refused { reason: CONNECTION_DOWN.to_owned(), next_route: true };
        Ok(self.has_one(message).await?.then_some(refused))
    }

    async fn has_one(&mut self, message: &Message) -> Result<bool, StoreError> {
        let mut tried = message.handling.tried.clone();
        tried.push(message.connection.clone());
        let alike = (message.agreement.clone(), message.sender.clone(), tried);
        if let Some(known) = self.known.get(&alike) {
            return Ok(*known);
        }
        let has_one = match self.store.sender(&alike.0, &alike.1).await? {
            Some(sender) => {
                // Boxed, because the compiler does not see of unboxed ones that threads may share them.
                let roads = sending::roads(self.store, &sender.routes).boxed().await?;
                roads.iter().any(|road: &Connection| road.enabled && !alike.2.contains(&road.id))
            }
            None => false,
        };
        self.known.insert(alike, has_one);
        Ok(has_one)
    }
}

impl Lane {
    /// What a message comes to that was tried as often as it is at one time. None: it is tried again after a
    /// long pause. `is_last` if its job is not to come again for that.
    pub async fn end_of_tries(&self, message: &Message, sent: &Sent, is_last: bool) -> Option<Outcome> {
        if self.is_ending() {
            return None; // it is for whoever has the connection next
        }
        if sent.is_doubted {
            return is_last.then_some(Outcome::InDoubt);
        }
        let later = sent.later?;
        let refused = Outcome::Refused { reason: later.to_string(), next_route: true };
        (is_last || self.has_another_route(message).await).then_some(refused)
    }

    async fn has_another_route(&self, message: &Message) -> bool {
        OtherRoutes::new(self).has_one(message).await.unwrap_or_else(|error| {
            error!(message_id = %message.id, error = chain(error), "its other routes cannot be read");
            false
        })
    }
}

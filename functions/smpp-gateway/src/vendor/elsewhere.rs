//! What else a message of which nothing has left can do than wait for its vendor: take another route of its sender
//! ID, or end when its time is over.

use domain::message::Message;
use queue::Outcome;
use sending::NextRoads;
use store::StoreError;
use tracing::error;

use crate::chain;
use crate::vendor::lane::{Lane, Sent};
use crate::vendor::submit::Refusal;

/// As clients are told, where there turns out to be no other route any more.
const CONNECTION_DOWN: &str = "connection_down";

/// Which messages have another route.
pub struct OtherRoutes<'a> {
    lane: &'a Lane,
    roads: NextRoads<'a>,
}

impl<'a> OtherRoutes<'a> {
    pub fn new(lane: &'a Lane) -> Self {
        Self { lane, roads: NextRoads::new(&lane.store) }
    }

    /// What becomes of a message while the link is down. None: it waits.
    pub async fn instead_of_waiting(&mut self, message: &Message) -> Result<Option<Outcome>, StoreError> {
        let is_over = message.handling.valid_till.is_some_and(|till| till <= runtime::now());
        if !is_over && self.has_one(message).await? {
            return Ok(Some(Outcome::Refused { reason: CONNECTION_DOWN.to_owned(), next_route: true }));
        }
        let over = Outcome::Refused { reason: Refusal::ValidityOver.to_string(), next_route: false };
        Ok(self.lane.is_too_late(message).then_some(over))
    }

    async fn has_one(&mut self, message: &Message) -> Result<bool, StoreError> {
        Ok(self.roads.next_of(message).await?.is_some())
    }
}

impl Lane {
    /// Whether a message has waited for this connection for as long as it may.
    pub fn is_too_late(&self, message: &Message) -> bool {
        message.goes_out_till(self.link.validity()) <= runtime::now()
    }

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
        (is_last || Box::pin(self.has_another_route(message)).await).then_some(refused)
    }

    async fn has_another_route(&self, message: &Message) -> bool {
        OtherRoutes::new(self).has_one(message).await.unwrap_or_else(|error| {
            error!(message_id = %message.id, error = chain(error), "its other routes cannot be read");
            false
        })
    }
}

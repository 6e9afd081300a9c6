//! What a refusal by a vendor is for a message.

use domain::message::{Message, Progress as Fact};
use sending::NextRoads;
use store::StoreError;

/// That it goes on where `next_route` says so and there is a road left, and else its end.
pub async fn refusal(
    roads: &mut NextRoads<'_>,
    message: &Message,
    reason: &str,
    next_route: bool,
) -> Result<Fact, StoreError> {
    let next = if next_route { roads.next_of(message).await? } else { None };
    Ok(match next {
        Some(route) => Fact::Rerouted { connection: route.connection, kind: route.kind },
        None => Fact::Refused { reason: reason.to_owned() },
    })
}

//! Which of a sender ID's connections a new message takes.

use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::route::{Route, Routes};
use futures::future::try_join_all;
use store::{Store, StoreError};

/// The connections of routes, as far as they exist.
pub async fn roads(store: &Store, routes: &Routes) -> Result<Vec<Connection>, StoreError> {
    let wanted = routes.all().iter().map(|route| store.any_connection(&route.connection));
    Ok(try_join_all(wanted).await?.into_iter().flatten().collect())
}

/// A road whose connection is enabled or, if there is none, any: the message waits there until its
/// connection is enabled again.
pub fn pick<'a>(routes: &'a Routes, roads: &[Connection], seed: u64) -> Option<&'a Route> {
    let is_open = |id: &ConnectionId| roads.iter().any(|road| road.id == *id && road.enabled);
    let all = routes.all().iter().map(|route| &route.connection);
    let closed: Vec<ConnectionId> = all.filter(|id| !is_open(id)).cloned().collect();
    routes.pick(&closed, seed).or_else(|| routes.pick(&[], seed))
}

#[cfg(test)]
mod tests {
    use domain::connection::{ConnectionKind, HttpLink, Link};
    use domain::id::CompanyId;

    use super::*;

    fn road(number: u128, enabled: bool) -> Connection {
        let link = HttpLink::transit_sms("https://vendor.example", "us", number.to_string());
        let (id, now) = (ConnectionId::new(number), jiff::Timestamp::UNIX_EPOCH);
        let road = Connection::new(id, CompanyId::new(1), number.to_string(), Link::Http(link), now);
        Connection { enabled, ..road }
    }

    #[test]
    fn a_disabled_connection_is_passed_over_if_there_is_another() {
        let route = |number| Route::only(ConnectionId::new(number), ConnectionKind::Http);
        let routes = Routes::new(vec![route(1), Route { rank: 1, ..route(2) }]).unwrap();
        let picked = |roads: &[Connection]| pick(&routes, roads, 0).unwrap().connection.clone();
        assert_eq!(picked(&[road(1, true), road(2, true)]), ConnectionId::new(1));
        assert_eq!(picked(&[road(1, false), road(2, true)]), ConnectionId::new(2));
        assert_eq!(picked(&[road(2, true)]), ConnectionId::new(2), "one that is gone is not enabled");
        assert_eq!(picked(&[road(1, false), road(2, false)]), ConnectionId::new(1));
    }
}

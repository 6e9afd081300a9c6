//! Which vendor's connection a sender ID's messages take: by rank with fail-over, and by weight among
//! those of one rank.

use serde::{Deserialize, Serialize};

use crate::connection::ConnectionKind;
use crate::id::ConnectionId;

/// More vendors than anybody has for one sender ID; a message row names those that have refused it.
pub const ROUTES_MAX: usize = 8;
const WEIGHT_MAX: u16 = 1_000;

/// One road.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub connection: ConnectionId,
    /// Which kind the connection is, so that a message knows its queue without another read.
    pub kind: ConnectionKind,
    /// Lower ranks are tried first.
    #[serde(default)]
    pub rank: u8,
    /// Its share among the routes of its rank, 1 to 1,000.
    #[serde(default = "weight")]
    pub weight: u16,
}

const fn weight() -> u16 {
    1
}

impl Route {
    /// The only road.
    pub fn only(connection: ConnectionId, kind: ConnectionKind) -> Self {
        Self { connection, kind, rank: 0, weight: weight() }
    }
}

/// The roads of a sender ID: at least one, or none of what is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Route>", into = "Vec<Route>")]
pub struct Routes(Vec<Route>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutesError {
    #[error("1 to {ROUTES_MAX} routes are allowed")]
    Count,
    #[error("a weight is 1 to {WEIGHT_MAX}")]
    Weight,
    #[error("a connection may be named once")]
    Twice,
}

impl Routes {
    pub fn new(routes: Vec<Route>) -> Result<Self, RoutesError> {
        if routes.is_empty() || ROUTES_MAX < routes.len() {
            return Err(RoutesError::Count);
        }
        if routes.iter().any(|route| !(1..=WEIGHT_MAX).contains(&route.weight)) {
            return Err(RoutesError::Weight);
        }
        let is_again = |(place, route): (usize, &Route)| {
            routes[..place].iter().any(|earlier| earlier.connection == route.connection)
        };
        if routes.iter().enumerate().any(is_again) {
            return Err(RoutesError::Twice);
        }
        Ok(Self(routes))
    }

    /// Messages have one road.
    pub fn only(connection: ConnectionId, kind: ConnectionKind) -> Self {
        Self(vec![Route::only(connection, kind)])
    }

    pub fn all(&self) -> &[Route] {
        &self.0
    }

    /// The road of a message after those that were tried, if there is one. Of the lowest rank that is
    /// left, by weight: over many `seed`s, evenly spread, each road gets its share.
    pub fn pick(&self, tried: &[ConnectionId], seed: u64) -> Option<&Route> {
        let left = || self.0.iter().filter(|route| !tried.contains(&route.connection));
        let rank = left().map(|route| route.rank).min()?;
        let mut ranked = left().filter(|route| route.rank == rank);
        let total: u64 = ranked.clone().map(|route| u64::from(route.weight)).sum();
        let mut place = seed % total.max(1);
        ranked.find(|route| {
            let is_here = place < u64::from(route.weight);
            place = place.saturating_sub(u64::from(route.weight));
            is_here
        })
    }
}

impl TryFrom<Vec<Route>> for Routes {
    type Error = RoutesError;
    fn try_from(routes: Vec<Route>) -> Result<Self, RoutesError> {
        if routes.is_empty() { Ok(Self::default()) } else { Self::new(routes) }
    }
}

impl From<Routes> for Vec<Route> {
    fn from(routes: Routes) -> Self {
        routes.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(number: u128, rank: u8, weight: u16) -> Route {
        Route { connection: ConnectionId::new(number), kind: ConnectionKind::Smpp, rank, weight }
    }

    fn picked(routes: &Routes, tried: &[u128], seed: u64) -> Option<ConnectionId> {
        let tried: Vec<_> = tried.iter().map(|number| ConnectionId::new(*number)).collect();
        routes.pick(&tried, seed).map(|route| route.connection.clone())
    }

    #[test]
    fn routes_of_the_first_rank_share_the_messages_by_weight() {
        let routes = Routes::new(vec![route(1, 0, 3), route(2, 0, 1), route(3, 1, 9)]).unwrap();
        let count = |number| {
            (0..400).filter(|seed| picked(&routes, &[], *seed) == Some(ConnectionId::new(number))).count()
        };
        assert_eq!([count(1), count(2), count(3)], [300, 100, 0]);
    }

    #[test]
    fn the_next_rank_is_taken_when_all_before_it_were_tried() {
        let routes = Routes::new(vec![route(1, 0, 1), route(2, 0, 1), route(3, 7, 1)]).unwrap();
        assert_eq!(picked(&routes, &[1], 5), Some(ConnectionId::new(2)));
        assert_eq!(picked(&routes, &[1, 2], 5), Some(ConnectionId::new(3)));
        assert_eq!(picked(&routes, &[1, 2, 3], 5), None);
    }

    #[test]
    fn routes_are_few_different_and_weigh_something() {
        assert_eq!(Routes::new(vec![]), Err(RoutesError::Count));
        assert_eq!(Routes::new((0..9).map(|number| route(number, 0, 1)).collect()), Err(RoutesError::Count));
        assert_eq!(Routes::new(vec![route(1, 0, 0)]), Err(RoutesError::Weight));
        assert_eq!(Routes::new(vec![route(1, 0, 1), route(1, 1, 1)]), Err(RoutesError::Twice));
    }
}

//! Who serves which connection, when several gateway processes run. Here is what a process concludes from
//! what it sees; [`life`] is its own lease, `store::ownership` the items.
//!
//! Laws:
//! 1. *A process counts itself as dead before anybody else may.* It lives for [`HOLD_PERCENT`] of the
//!    lease, counted by its own clock from before it asked for its last renewal that succeeded. Others bury
//!    it when they have seen its item unchanged for the whole lease, counted by their own clock from after
//!    they first saw it. No two clocks are compared; they need only run at about the same speed.
//! 2. *Burying is a delete that repeats what was seen*, so a renewal that came in between keeps the process
//!    alive, and a renewal after it is refused. Who was buried never comes back under the same id.
//! 3. *A connection is taken only from the dead, or from nobody*, under its fence: of two who try, one has it.
//! 4. *A dead process begins nothing.* It asks its clock before each claim of a message and again before
//!    each submit, without waiting in between, drops its links without a word, and says of what was in flight
//!    that it is in doubt. So it does not matter that its tasks wake in any order after a long sleep. Two
//!    clocks are asked, and the later one counts: the monotonic one stands while a machine is suspended, the
//!    wall's may be set.
//! 5. *Should all its clocks have stood still*, the claims decide: a message is claimed once, by whomever,
//!    under a mark by which only that claim can be given back; and one that a later owner has ever had is
//!    refused to an earlier one by its fence. So a zombie may hold a link for the time until its next
//!    renewal, and can neither send a message twice nor free one that another is sending.
//! 6. *What was in flight when a process died* is claimed without an outcome: in doubt, see [`crate::vendor::job`].
//!
//! The connections are spread by counting: everybody computes the same target for everybody, takes what is
//! free up to its own, and gives one back at a time, in good order, while others have at least two fewer.

pub mod life;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::ConnectionId;
use store::{GatewayId, LivingGateway, Owner};
use tokio::time::Instant;

/// How much of the lease its holder uses. The rest is for clocks that do not run alike.
pub const HOLD_PERCENT: u32 = 75;

/// Since when each of the others has been seen unchanged.
#[derive(Default)]
pub struct Watch {
    seen: BTreeMap<GatewayId, (u64, Instant)>,
}

impl Watch {
    /// `now` must have been read after the gateways were. Returns those whose lease is over.
    pub fn stale(&mut self, gateways: &[LivingGateway], now: Instant, lease: Duration) -> Vec<LivingGateway> {
        self.seen.retain(|id, _| gateways.iter().any(|gateway| gateway.id == *id));
        let is_stale = |gateway: &&LivingGateway| {
            let (beat, since) = self.seen.entry(gateway.id.clone()).or_insert((gateway.beat, now));
            if *beat != gateway.beat {
                (*beat, *since) = (gateway.beat, now);
            }
            lease <= now.saturating_duration_since(*since)
        };
        gateways.iter().filter(is_stale).cloned().collect()
    }
}

/// What is seen of the connections that should be served.
pub struct Scene<'a> {
    pub me: &'a GatewayId,
    /// With me, without the dead.
    pub living: &'a BTreeSet<GatewayId>,
    pub wanted: &'a BTreeSet<ConnectionId>,
    pub owners: &'a [Owner],
}

/// What is to change.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Free ones to take, each with the fence of its last owner.
    pub take: Vec<(ConnectionId, Option<u64>)>,
    /// One of mine to give back.
    pub give: Option<ConnectionId>,
}

impl Scene<'_> {
    pub fn plan(&self) -> Plan {
        let owners: BTreeMap<_, _> = self.owners.iter().map(|owner| (&owner.connection, owner)).collect();
        let mut counts: BTreeMap<_, usize> = self.living.iter().map(|id| (id, 0)).collect();
        let mut free = Vec::new();
        let mut mine = Vec::new();
        for connection in self.wanted {
            let owner = owners.get(connection);
            match owner.and_then(|owner| owner.gateway.as_ref()).filter(|id| self.living.contains(*id)) {
                Some(gateway) => {
                    *counts.entry(gateway).or_default() += 1;
                    if gateway == self.me {
                        mine.push(connection);
                    }
                }
                None => free.push((connection.clone(), owner.map(|owner| owner.fence))),
            }
        }
        let target = self.target();
        let fewest = counts.values().min().copied().unwrap_or_default();
        free.truncate(target.saturating_sub(mine.len()));
        let has_too_many = target < mine.len() && fewest + 2 <= mine.len();
        Plan {
            take: free,
            give: mine.last().filter(|_| has_too_many).map(|connection| (*connection).clone()),
        }
    }

    /// The even share; what is left over goes to the first by id, one each.
    fn target(&self) -> usize {
        let (total, gateways) = (self.wanted.len(), self.living.len().max(1));
        let rank = self.living.iter().position(|id| id == self.me).unwrap_or(gateways);
        total / gateways + usize::from(rank < total % gateways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(20);
    const SECOND: Duration = Duration::from_secs(1);

    fn gateway(number: u128, beat: u64) -> LivingGateway {
        LivingGateway { id: GatewayId::new(number), beat }
    }

    #[test]
    fn a_gateway_is_dead_to_others_when_they_saw_it_unchanged_for_the_whole_lease() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let mut stale =
            |beat, second| !watch.stale(&[gateway(1, beat)], start + SECOND * second, LEASE).is_empty();
        assert!(!stale(5, 0));
        assert!(!stale(5, 19));
        assert!(!stale(6, 20), "it was renewed");
        assert!(!stale(6, 39));
        assert!(stale(6, 40));
    }

    #[test]
    fn who_looks_away_begins_to_count_anew() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        assert!(watch.stale(&[gateway(1, 5)], start, LEASE).is_empty());
        assert!(watch.stale(&[], start + SECOND, LEASE).is_empty());
        assert!(watch.stale(&[gateway(1, 5)], start + LEASE, LEASE).is_empty());
    }

    /// Who has which connection: the gateways by their numbers, 0 for nobody, 9 for one that is dead.
    struct World {
        living: BTreeSet<GatewayId>,
        owners: Vec<Owner>,
    }

    impl World {
        fn new(living: u128, owned_by: &[u128]) -> Self {
            let owner = |(number, by): (u128, &u128)| Owner {
                connection: ConnectionId::new(number),
                gateway: (*by != 0).then(|| GatewayId::new(*by)),
                fence: 1,
            };
            Self {
                living: (1..=living).map(GatewayId::new).collect(),
                owners: (100..).zip(owned_by).map(owner).collect(),
            }
        }

        fn plan(&self, me: u128) -> Plan {
            let wanted = self.owners.iter().map(|owner| owner.connection.clone()).collect();
            let (me, owners) = (&GatewayId::new(me), self.owners.as_slice());
            Scene { me, living: &self.living, wanted: &wanted, owners }.plan()
        }

        /// Each does what it plans, one after the other, until nobody plans anything. Returns the counts,
        /// and how many connections moved away from a gateway that lives.
        fn settle(&mut self) -> (Vec<usize>, usize) {
            let mut given = 0;
            for _ in 0..1_000 {
                let before = self.owners.clone();
                for me in 1..=self.living.len() as u128 {
                    let plan = self.plan(me);
                    for owner in &mut self.owners {
                        if plan.take.iter().any(|(taken, _)| *taken == owner.connection) {
                            (owner.gateway, owner.fence) = (Some(GatewayId::new(me)), owner.fence + 1);
                        } else if plan.give.as_ref() == Some(&owner.connection) {
                            owner.gateway = None;
                            given += 1;
                        }
                    }
                }
                if before == self.owners {
                    let has = |id: &GatewayId| {
                        self.owners.iter().filter(|owner| owner.gateway.as_ref() == Some(id)).count()
                    };
                    return (self.living.iter().map(has).collect(), given);
                }
            }
            panic!("they never settle")
        }
    }

    #[track_caller]
    fn check(living: u128, owned_by: &[u128], counts: &[usize], moved: usize) {
        assert_eq!(World::new(living, owned_by).settle(), (counts.to_vec(), moved));
    }

    #[test]
    fn free_connections_are_spread_evenly() {
        check(1, &[0, 0, 0], &[3], 0);
        check(2, &[0, 0, 0], &[2, 1], 0);
        check(3, &[0, 0], &[1, 1, 0], 0);
    }

    #[test]
    fn what_the_dead_had_goes_to_the_living_and_nothing_else_moves() {
        check(2, &[1, 1, 2, 2, 9, 9], &[3, 3], 0);
        check(1, &[9, 9], &[2], 0);
    }

    #[test]
    fn a_new_gateway_gets_its_share_and_no_connection_moves_without_need() {
        check(2, &[1, 1, 1, 1], &[2, 2], 2);
        check(2, &[1, 1, 1], &[2, 1], 1);
        check(2, &[2, 2, 1], &[1, 2], 0);
        check(4, &[1, 1, 2, 2, 3], &[2, 1, 1, 1], 1);
        check(2, &[1], &[1, 0], 0);
    }

    #[test]
    fn one_connection_is_given_back_at_a_time() {
        let world = World::new(2, &[1, 1, 1, 1, 1, 1]);
        assert_eq!(world.plan(1), Plan { take: vec![], give: Some(ConnectionId::new(105)) });
        assert_eq!(world.plan(2), Plan::default());
    }
}

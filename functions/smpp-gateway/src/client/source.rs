//! Where connections come from, as far as one counts for another: an address, or with IPv6 the network of
//! which one subscriber has every address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections of one source that are not bound yet. A client with more binds than this binds the others
/// when some of these are.
const UNBOUND_MAX: usize = 64;
/// The part of an address of IPv6 that a subscriber is given (RFC 6177).
const IPV6_NETWORK: u128 = !0 << 64;

/// An address of IPv4, or a network of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK).into()),
            address => Self(address),
        }
    }
}

/// How many connections of each source are not bound yet.
#[derive(Clone, Default)]
pub struct Unbound {
    counts: Arc<Mutex<HashMap<Source, usize>>>,
}

/// The right of one connection not to be bound yet.
pub struct Place {
    unbound: Unbound,
    source: Source,
}

impl Unbound {
    /// None if the source has as many as it may.
    pub fn enter(&self, source: Source) -> Option<Place> {
        let mut counts = self.counts();
        let count = counts.entry(source).or_insert(0);
        if *count == UNBOUND_MAX {
            return None;
        }
        *count += 1;
        Some(Place { unbound: self.clone(), source })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Source, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.unbound.counts();
        if let Some(count) = counts.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Source {
        Source::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_source_and_each_address_of_ipv4() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::2"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("::ffff:192.0.2.1"), source("::ffff:192.0.2.2"));
    }

    #[test]
    fn a_source_has_so_many_unbound_connections_and_others_have_theirs() {
        let unbound = Unbound::default();
        let (one, other) = (source("192.0.2.1"), source("192.0.2.2"));
        let mut places: Vec<Place> = (0..UNBOUND_MAX).map_while(|_| unbound.enter(one)).collect();
        assert_eq!(places.len(), UNBOUND_MAX);
        assert!(unbound.enter(one).is_none() && unbound.enter(other).is_some());
        places.pop();
        assert!(unbound.enter(one).is_some());
        places.clear();
        assert!(unbound.counts().is_empty());
    }
}

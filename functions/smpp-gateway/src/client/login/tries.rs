//! Wrong passwords by source and name, and by source whatever the name: after some of them the next has to
//! wait, each time longer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::source::Source;

/// Somebody who types a password in, or a client with an old one, is not slowed down yet.
const FREE_TRIES: u32 = 5;
/// Several clients may come from behind one address.
const FREE_TRIES_OF_SOURCE: u32 = 20;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);
/// The oldest give way to new ones; under a megabyte or two.
const KEPT_MAX: usize = 10_000;

#[derive(Default)]
pub struct Tries {
    failed: Mutex<HashMap<Key, Failed>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(Source, String),
    /// All names together.
    Source(Source),
}

impl Key {
    /// What a try counts for.
    fn both(address: IpAddr, system_id: &str) -> [Self; 2] {
        let source = Source::from(address);
        [Self::Name(source, system_id.to_owned()), Self::Source(source)]
    }

    fn free_tries(&self) -> u32 {
        match self {
            Self::Name(..) => FREE_TRIES,
            Self::Source(_) => FREE_TRIES_OF_SOURCE,
        }
    }
}

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    last: Instant,
}

impl Failed {
    fn wait(self, free_tries: u32) -> Duration {
        match self.count.checked_sub(free_tries) {
            None => Duration::ZERO,
            Some(more) => WAIT_FIRST.saturating_mul(1 << more.min(16)).min(WAIT_MAX),
        }
    }
}

impl Tries {
    pub fn may_try(&self, address: IpAddr, system_id: &str) -> bool {
        let kept = self.kept();
        Key::both(address, system_id).iter().all(|key| {
            kept.get(key).is_none_or(|failed| failed.wait(key.free_tries()) <= failed.last.elapsed())
        })
    }

    pub fn wrong(&self, address: IpAddr, system_id: &str) {
        let now = Instant::now();
        let mut kept = self.kept();
        for key in Key::both(address, system_id) {
            if KEPT_MAX <= kept.len() && !kept.contains_key(&key) {
                make_room(&mut kept);
            }
            let entry = kept.entry(key).or_insert(Failed { count: 0, last: now });
            if FORGOTTEN_AFTER <= now.saturating_duration_since(entry.last) {
                entry.count = 0;
            }
            *entry = Failed { count: entry.count.saturating_add(1), last: now };
        }
    }

    /// Of this name. Whoever has one right password has not the right to try others.
    pub fn right(&self, address: IpAddr, system_id: &str) {
        let [name, _] = Key::both(address, system_id);
        self.kept().remove(&name);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(failed: &mut HashMap<Key, Failed>) {
    failed.retain(|_, failed| failed.last.elapsed() < FORGOTTEN_AFTER);
    if KEPT_MAX <= failed.len()
        && let Some(oldest) = failed.iter().min_by_key(|(_, failed)| failed.last).map(|(key, _)| key.clone())
    {
        failed.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test(start_paused = true)]
    async fn wrong_passwords_have_to_wait_longer_and_longer() {
        let tries = Tries::default();
        for _ in 0..FREE_TRIES {
            assert!(tries.may_try(HOME, "acme"));
            tries.wrong(HOME, "acme");
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(!tries.may_try(HOME, "acme"));
            tokio::time::advance(Duration::from_secs(wait)).await;
            assert!(tries.may_try(HOME, "acme"));
            tries.wrong(HOME, "acme");
        }
        assert!(tries.may_try(HOME, "other"), "another name");
        assert!(tries.may_try(IpAddr::V4(Ipv4Addr::UNSPECIFIED), "acme"), "another address");
        tokio::time::advance(FORGOTTEN_AFTER).await;
        tries.wrong(HOME, "acme");
        assert!(tries.may_try(HOME, "acme"), "long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_names_are_tried_no_more_than_so_many_are_kept() {
        let tries = Tries::default();
        for number in 0..KEPT_MAX + 3 {
            tries.wrong(HOME, &number.to_string());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(tries.kept().len(), KEPT_MAX);
        let [oldest, home] = Key::both(HOME, "0");
        assert!(!tries.kept().contains_key(&oldest), "the oldest gave way");
        assert!(tries.kept().contains_key(&home));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_changes_the_name_with_each_try_has_to_wait_too() {
        let tries = Tries::default();
        let address = |last: u16| IpAddr::from([0x2001, 0xDB8, 0, 0, 0, 0, 0, last]);
        for number in 0..FREE_TRIES_OF_SOURCE {
            let from = address(u16::try_from(number).unwrap());
            assert!(tries.may_try(from, &number.to_string()));
            tries.wrong(from, &number.to_string());
        }
        assert!(!tries.may_try(address(99), "another"));
        tries.right(address(99), "acme");
        assert!(!tries.may_try(address(99), "another"), "one right password frees no others");
        assert!(tries.may_try(HOME, "another"));
        tokio::time::advance(WAIT_FIRST).await;
        assert!(tries.may_try(address(99), "another"));
    }
}

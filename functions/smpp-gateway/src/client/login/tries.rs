//! Wrong passwords by address and name: after some of them the next has to wait, each time longer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Somebody who types a password in, or a client with an old one, is not slowed down yet.
const FREE_TRIES: u32 = 5;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);
/// The oldest give way to new ones; under a megabyte or two.
const KEPT_MAX: usize = 10_000;

#[derive(Default)]
pub struct Tries {
    failed: Mutex<HashMap<(IpAddr, String), Failed>>,
}

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    last: Instant,
}

impl Failed {
    fn wait(self) -> Duration {
        match self.count.checked_sub(FREE_TRIES) {
            None => Duration::ZERO,
            Some(more) => WAIT_FIRST.saturating_mul(1 << more.min(16)).min(WAIT_MAX),
        }
    }
}

impl Tries {
    pub fn may_try(&self, address: IpAddr, system_id: &str) -> bool {
        let failed = self.kept().get(&(address, system_id.to_owned())).copied();
        failed.is_none_or(|failed| failed.wait() <= failed.last.elapsed())
    }

    pub fn wrong(&self, address: IpAddr, system_id: &str) {
        let now = Instant::now();
        let mut kept = self.kept();
        if KEPT_MAX <= kept.len() {
            make_room(&mut kept);
        }
        let entry = kept.entry((address, system_id.to_owned())).or_insert(Failed { count: 0, last: now });
        if FORGOTTEN_AFTER <= now.saturating_duration_since(entry.last) {
            entry.count = 0;
        }
        *entry = Failed { count: entry.count.saturating_add(1), last: now };
    }

    pub fn right(&self, address: IpAddr, system_id: &str) {
        self.kept().remove(&(address, system_id.to_owned()));
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(IpAddr, String), Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(failed: &mut HashMap<(IpAddr, String), Failed>) {
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
        assert!(!tries.kept().contains_key(&(HOME, "0".to_owned())), "the oldest gave way");
    }
}

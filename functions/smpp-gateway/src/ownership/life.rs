//! The lease of this process: renewed as long as the store answers, and over by this process's own clocks
//! before anybody else may think so. Law 1 and 4 of [`super`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use store::{GatewayId, Renewed, Store, StoreError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{error, warn};

use super::HOLD_PERCENT;
use crate::{Pace, chain};

/// What both clocks said at one moment.
#[derive(Debug, Clone, Copy)]
struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// By the clock that says more; a wall clock that was set back says nothing.
    fn until(self, later: Self) -> Duration {
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        later.monotonic.saturating_duration_since(self.monotonic).max(wall)
    }
}

/// One life of this process. Clones share it.
#[derive(Clone)]
pub struct Life {
    id: GatewayId,
    shared: Arc<Shared>,
}

struct Shared {
    hold: Duration,
    /// Before the last renewal that succeeded was asked for.
    proven: Mutex<Moment>,
    /// Once true it stays so.
    over: watch::Sender<bool>,
    renewing: Mutex<Option<AbortHandle>>,
}

impl Life {
    /// Begins a life under a new id, and renews it until it is over or ended.
    pub async fn begin(store: &Store, pace: Pace) -> Result<Self, StoreError> {
        let id = GatewayId::new(runtime::fresh());
        let before = Moment::now();
        store.enter_gateway(&id).await?;
        let life = Self::proven_at(id, before, pace.lease * HOLD_PERCENT / 100);
        let renewing = tokio::spawn(renew(life.clone(), store.clone(), pace.renew_every));
        *life.shared.renewing.lock().unwrap_or_else(PoisonError::into_inner) = Some(renewing.abort_handle());
        Ok(life)
    }

    fn proven_at(id: GatewayId, moment: Moment, hold: Duration) -> Self {
        let (over, _) = watch::channel(false);
        let (proven, renewing) = (Mutex::new(moment), Mutex::new(None));
        Self { id, shared: Arc::new(Shared { hold, proven, over, renewing }) }
    }

    pub fn id(&self) -> &GatewayId {
        &self.id
    }

    /// Whether this process may still begin something. Asked of the clocks each time.
    pub fn is_alive(&self) -> bool {
        self.is_alive_at(Moment::now())
    }

    fn is_alive_at(&self, now: Moment) -> bool {
        if *self.shared.over.borrow() {
            return false;
        }
        let proven = *self.shared.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let is_alive = proven.until(now) < self.shared.hold;
        if !is_alive {
            // Also if a renewal that is under way should still succeed: others have been told.
            self.shared.over.send_replace(true);
        }
        is_alive
    }

    /// Returns when the life is over.
    pub async fn over(&self) {
        let mut over = self.shared.over.subscribe();
        // The sender is as old as this.
        let _ = over.wait_for(|over| *over).await;
    }

    /// Ends it at once.
    pub fn end(&self) {
        self.shared.over.send_replace(true);
        if let Some(renewing) = self.shared.renewing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            renewing.abort();
        }
    }

    /// How long it lasts without another renewal.
    fn rest(&self) -> Duration {
        let proven = *self.shared.proven.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.hold.saturating_sub(proven.until(Moment::now()))
    }

    fn prove(&self, before: Moment) {
        *self.shared.proven.lock().unwrap_or_else(PoisonError::into_inner) = before;
    }
}

async fn renew(life: Life, store: Store, every: Duration) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Its end is not noticed later than it comes.
        let _ = timeout(life.rest(), tick.tick()).await;
        if !life.is_alive() {
            return error!(gateway = %life.id, "not renewed in time, all links are dropped");
        }
        let before = Moment::now();
        // A call that hangs is not waited for longer than until the next one.
        match timeout(every.min(life.rest()), store.renew_gateway(&life.id)).await {
            Ok(Ok(Renewed::Now)) => life.prove(before),
            Ok(Ok(Renewed::Buried)) => {
                error!(gateway = %life.id, "taken for dead by others, all links are dropped");
                return life.end();
            }
            Ok(Err(error)) => warn!(error = chain(error), "the lease is not renewed"),
            Err(_) => warn!("the lease is not renewed, the store does not answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(15);
    const SECOND: Duration = Duration::from_secs(1);

    fn after(start: Moment, monotonic: Duration, wall: Duration) -> Moment {
        Moment { monotonic: start.monotonic + monotonic, wall: start.wall + wall }
    }

    #[track_caller]
    fn check(monotonic: u32, wall: u32, is_alive: bool) {
        let start = Moment::now();
        let life = Life::proven_at(GatewayId::new(1), start, HOLD);
        assert_eq!(life.is_alive_at(after(start, SECOND * monotonic, SECOND * wall)), is_alive);
    }

    #[test]
    fn a_life_is_over_when_either_clock_says_so() {
        check(14, 14, true);
        check(15, 14, false);
        check(0, 15, false);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_says_nothing() {
        let start = Moment::now();
        let life = Life::proven_at(GatewayId::new(1), start, HOLD);
        let now = Moment { monotonic: start.monotonic + SECOND, wall: start.wall - SECOND * 3_600 };
        assert!(life.is_alive_at(now));
    }

    #[test]
    fn a_life_that_was_over_for_a_moment_stays_over() {
        let start = Moment::now();
        let life = Life::proven_at(GatewayId::new(1), start, HOLD);
        assert!(!life.is_alive_at(after(start, HOLD, HOLD)));
        life.prove(after(start, HOLD, HOLD));
        assert!(!life.is_alive_at(after(start, HOLD, HOLD)));
    }

    #[test]
    fn a_renewal_counts_from_before_it_was_asked_for() {
        let start = Moment::now();
        let life = Life::proven_at(GatewayId::new(1), start, HOLD);
        life.prove(after(start, SECOND * 5, SECOND * 5));
        assert!(life.is_alive_at(after(start, SECOND * 19, SECOND * 19)));
        assert!(!life.is_alive_at(after(start, SECOND * 20, SECOND * 20)));
    }
}

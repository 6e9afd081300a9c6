//! The mode ladder: how a wallet is charged depends on how often it is written. A few times a second it is
//! charged itself, by transactions; more often, each process that sends from it takes a lease and charges
//! that, at half the price and in nobody's way.
//!
//! All of it is a matter of speed. Whatever this process remembers, or forgets, each request is charged
//! once or not at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::batch::Draft;
use domain::id::WalletId;
use domain::lease::{LeaseTag, Load, Seen};
use jiff::{SignedDuration, Timestamp};
use store::{AcceptError, Accepted, Flushed, LeaseSession, Row, Store, StoreError};

/// Bounds the memory of a process that serves many wallets; those without a lease are forgotten first.
const WALLETS_MAX: usize = 1_024;
/// A wallet that could give its lease no more is too poor for one, and stays so for a while; nor do
/// all slots that are held become free at once.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

type Slot = Arc<tokio::sync::Mutex<Hot>>;

/// The wallets that this process sends from.
#[derive(Debug, Clone, Default)]
pub struct HotWallets(Arc<Mutex<HashMap<WalletId, Slot>>>);

/// What the process knows of one wallet.
#[derive(Debug, Default)]
struct Hot {
    load: Load,
    session: Option<LeaseSession>,
    /// No lease before this time.
    not_before: Option<Timestamp>,
}

impl HotWallets {
    /// Charges a request and stores its row, in the place of a void one with this tag if there is one.
    pub async fn accept(
        &self,
        store: &Store,
        draft: &Draft,
        void: Option<LeaseTag>,
        now: Timestamp,
    ) -> Result<Accepted, AcceptError> {
        let slot = self.slot(&draft.home);
        let mut over = void;
        if over.is_none() {
            match slot.lock().await.send(draft, now).await? {
                Flushed::Now(row) => return Ok(Accepted::Now(row)),
                Flushed::Before => return Ok(Accepted::Before),
                Flushed::AtHome { over: put } => over = put,
            }
        }
        let mut seen = Seen::default();
        let accepted = store.accept_over(draft, over.as_ref(), &mut seen).await;
        slot.lock().await.promote(store, &draft.home, seen, now).await;
        accepted
    }

    /// What became of a request that is undecided: if it is this process's own it is found out now, and if
    /// its lease was abandoned long enough ago it is closed. Otherwise it stays so for the moment.
    pub async fn decide(&self, store: &Store, undecided: &Row, now: Timestamp) -> Result<(), StoreError> {
        let (Some(home), Some(tag)) = (undecided.home(), undecided.lease()) else { return Ok(()) };
        let slot = self.slot(home);
        // Waits for one that is being sent at this moment.
        let mut hot = slot.lock().await;
        let is_own = hot.session.as_ref().is_some_and(|session| *session.id() == tag.lease);
        if is_own && let Some(session) = &mut hot.session {
            session.settle_unfinished().await?;
        } else {
            store.reclaim_for(tag, now).await?;
        }
        Ok(())
    }

    /// Whether this process has a lease on a wallet.
    pub async fn has_lease(&self, home: &WalletId) -> bool {
        self.slot(home).lock().await.session.is_some()
    }

    fn slot(&self, home: &WalletId) -> Slot {
        let mut wallets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wallets.len() >= WALLETS_MAX && !wallets.contains_key(home) {
            wallets.retain(|_, slot| slot.try_lock().map_or(true, |hot| hot.session.is_some()));
        }
        wallets.entry(home.clone()).or_default().clone()
    }
}

impl Hot {
    /// Through the lease, if there is one.
    async fn send(&mut self, draft: &Draft, now: Timestamp) -> Result<Flushed, StoreError> {
        let Some(session) = &mut self.session else { return Ok(Flushed::AtHome { over: None }) };
        let was_idle = session.is_idle(now);
        let sent = session.send(draft, now).await;
        if session.is_over() {
            self.session = None;
            self.load = Load::default();
            self.not_before = (!was_idle).then(|| now + PAUSE);
        }
        sent
    }

    /// Takes a lease for those that come after, if the wallet is written often enough.
    async fn promote(&mut self, store: &Store, home: &WalletId, seen: Seen, now: Timestamp) {
        let Some(rate) = self.load.observe(seen, now) else { return };
        let is_paused = self.not_before.is_some_and(|time| now < time);
        if is_paused || self.session.is_some() {
            return;
        }
        match store.acquire_lease(home, rate, now).await {
            Ok(Some(session)) => {
                tracing::info!(%home, lease = %session.id(), "promoted");
                self.session = Some(session);
            }
            Ok(None) => self.not_before = Some(now + PAUSE),
            // It is as well without one.
            Err(error) => tracing::warn!(%home, error = format!("{error:#}"), "no lease"),
        }
    }
}

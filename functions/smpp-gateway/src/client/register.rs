//! How many binds each client has here, and what the other gateways are told of it: `store::client_binds`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::ConnectionId;
use smpp::BindMode;
use store::{ClientBinds, ClientBound, GatewayId, Store, StoreError};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::warn;

use crate::chain;
use crate::status::Board;

/// How soon a count that could not be told is told again, and a new life tells the counts of the last one.
const TELL_EVERY: Duration = Duration::from_secs(3);
const TELL_MAX: Duration = Duration::from_secs(5);

/// Clones share it.
#[derive(Clone)]
pub struct Register {
    store: Store,
    /// Says under which id this process lives.
    board: Board,
    clients: Arc<Mutex<BTreeMap<ConnectionId, Arc<Client>>>>,
}

#[derive(Default)]
struct Client {
    binds: Mutex<ClientBinds>,
    /// Held while the store is told.
    told: tokio::sync::Mutex<Told>,
}

/// What the store knows of a client's binds here.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    /// A call was not answered.
    Unsure,
    Said {
        by: GatewayId,
        binds: ClientBinds,
    },
}

impl Told {
    /// Whether nothing has to be said for this to be known.
    fn is(&self, gateway: &GatewayId, now: ClientBinds) -> bool {
        match self {
            Self::Nothing => now.all == 0,
            Self::Unsure => false,
            Self::Said { by, binds } => *binds == now && (by == gateway || now.all == 0),
        }
    }
}

impl Client {
    fn binds(&self) -> MutexGuard<'_, ClientBinds> {
        self.binds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, mode: BindMode) {
        let mut binds = self.binds();
        *binds = plus(*binds, mode);
    }

    fn remove(&self, mode: BindMode) {
        let mut binds = self.binds();
        binds.all = binds.all.saturating_sub(1);
        binds.sending = binds.sending.saturating_sub(u32::from(mode.can_submit()));
    }
}

/// With one more.
fn plus(binds: ClientBinds, mode: BindMode) -> ClientBinds {
    ClientBinds {
        all: binds.all.saturating_add(1),
        sending: binds.sending.saturating_add(u32::from(mode.can_submit())),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the client has as many binds as it may")]
    LimitReached,
    #[error("the store does not know of this gateway yet")]
    NotAlive,
    #[error("the store did not answer in time")]
    Slow,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Register {
    pub fn new(store: Store, board: Board) -> Self {
        Self { store, board, clients: Arc::default() }
    }

    /// Counts one more bind, unless the client has `max` of them here and elsewhere. Each has to be given
    /// back by [`Self::leave`].
    pub async fn enter(
        &self,
        connection: &ConnectionId,
        mode: BindMode,
        max: u32,
    ) -> Result<(), RegisterError> {
        let client = self.clients().entry(connection.clone()).or_default().clone();
        if max <= client.binds().all {
            return Err(RegisterError::LimitReached);
        }
        let mut told = client.told.lock().await;
        let gateway = self.board.gateway().ok_or(RegisterError::NotAlive)?;
        let binds = plus(*client.binds(), mode);
        let before = std::mem::replace(&mut *told, Told::Unsure);
        let asked = timeout(TELL_MAX, self.store.bind_client(connection, &gateway, binds, max)).await;
        match asked.map_err(|_| RegisterError::Slow)?? {
            ClientBound::LimitReached => {
                *told = before;
                Err(RegisterError::LimitReached)
            }
            ClientBound::Now => {
                *told = Told::Said { by: gateway, binds };
                client.add(mode);
                Ok(())
            }
        }
    }

    /// Counts one bind less, of the mode it entered with.
    pub async fn leave(&self, connection: &ConnectionId, mode: BindMode) {
        let Some(client) = self.clients().get(connection).cloned() else { return };
        client.remove(mode);
        self.tell(connection, &client).await;
    }

    /// Tells what is not told yet, for ever.
    pub async fn keep_told(&self) {
        let mut tick = interval(TELL_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let clients = self.clients().clone();
            for (connection, client) in clients {
                self.tell(&connection, &client).await;
            }
            // Who is held by nobody else has nothing left to tell.
            self.clients().retain(|_, client| 1 < Arc::strong_count(client) || !is_idle(client));
        }
    }

    /// Of many binds that end together the first to come tells the count of all.
    async fn tell(&self, connection: &ConnectionId, client: &Client) {
        let mut told = client.told.lock().await;
        let Some(gateway) = self.board.gateway() else { return };
        let binds = *client.binds();
        if told.is(&gateway, binds) {
            return;
        }
        *told = Told::Unsure;
        match timeout(TELL_MAX, self.store.unbind_client(connection, &gateway, binds)).await {
            Ok(Ok(())) => *told = Told::Said { by: gateway, binds },
            Ok(Err(error)) => warn!(%connection, error = chain(error), "its binds are not counted yet"),
            Err(_) => warn!(%connection, "its binds are not counted yet, the store does not answer"),
        }
    }

    fn clients(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_idle(client: &Client) -> bool {
    let is_told = |told: &Told| match told {
        Told::Nothing => true,
        Told::Unsure => false,
        Told::Said { binds, .. } => binds.all == 0,
    };
    client.binds().all == 0 && client.told.try_lock().is_ok_and(|told| is_told(&told))
}

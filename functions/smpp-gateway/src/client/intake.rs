//! From a client's order to a charged message. [`ground`] has what orders are judged and priced by, as it
//! was read within the last seconds, so that an order costs no read; [`desk`] gathers the orders that one
//! wallet pays and charges them together.
//!
//! Laws: nothing is answered before it is stored and charged. What was refused was not charged, but see
//! [`Refusal::Unknown`].

mod desk;
mod ground;
mod numbers;
mod throttle;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::{ConnectionId, MessageId, WalletId};
use sending::{HotWallets, Lookups};
use store::{Store, TreeCache};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::desk::{Asked, Desk};
use self::ground::{Ground, Kept};
use self::numbers::Numbers;
use self::throttle::Throttle;
use super::account::{Account, Order, Refusal};

/// The header of a long message can number so many parts (3GPP TS 23.040, 9.2.3.24.1).
const SEGMENTS_MAX: u32 = 255;

/// Takes the orders of all clients of this process. Cheap to clone.
#[derive(Clone)]
pub struct Intake(Arc<Shared>);

struct Shared {
    store: Store,
    trees: TreeCache,
    hot: HotWallets,
    numbers: Numbers,
    clients: Mutex<HashMap<ConnectionId, Arc<Client>>>,
    desks: Mutex<Desks>,
    /// Spreads messages over the routes of a sender ID.
    spread: AtomicU64,
}

/// What is kept of one client's connection.
#[derive(Default)]
struct Client {
    throttle: Mutex<Throttle>,
    /// Of what it asks about its messages.
    questions: Mutex<Throttle>,
    ground: Kept,
}

#[derive(Default)]
struct Desks {
    open: HashMap<WalletId, Desk>,
    tasks: Vec<JoinHandle<()>>,
    is_closed: bool,
}

impl Intake {
    /// Must be used within a runtime: each wallet that is charged has a task.
    pub fn new(store: Store, lookups: Lookups) -> Self {
        Self(Arc::new(Shared {
            numbers: Numbers::new(store.clone(), lookups),
            store,
            trees: TreeCache::default(),
            hot: HotWallets::default(),
            clients: Mutex::default(),
            desks: Mutex::default(),
            spread: AtomicU64::new(0),
        }))
    }

    /// Prices and charges one message and stores it; it goes out by itself then. Takes some 20 to 100 ms:
    /// to be called for many orders of an account at once. Whoever stops waiting for the answer has
    /// ordered all the same.
    pub async fn accept(&self, account: &Account, order: Order) -> Result<MessageId, Refusal> {
        let client = self.client(&account.connection);
        let is_in_time = locked(&client.throttle).take(Instant::now(), account.rate);
        if !is_in_time {
            return Err(Refusal::Throttled);
        }
        if SEGMENTS_MAX < order.segments {
            return Err(Refusal::TooLong);
        }
        let ground = self.ground(&client, account).await?;
        let asked = self.asked(&ground, order).await?;
        let (answer, answered) = oneshot::channel();
        self.desk(asked.line.article.home())?.ask(asked, answer)?;
        // What charges it broke: how far it came nobody knows.
        answered.await.unwrap_or(Err(Refusal::Unknown))
    }

    /// Whether a client may ask about a message or call one back now: as often as it may send one, beside
    /// those that it sends.
    pub fn may_ask(&self, account: &Account) -> bool {
        let client = self.client(&account.connection);
        locked(&client.questions).take(Instant::now(), account.rate)
    }

    /// Finishes what was given to it and gives unspent money back. What comes later is refused.
    pub async fn close(&self) {
        let tasks = {
            let mut desks = locked(&self.0.desks);
            desks.is_closed = true;
            desks.open.clear();
            std::mem::take(&mut desks.tasks)
        };
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task that charges a wallet broke");
            }
        }
    }

    /// An order with its price, or why it has none.
    async fn asked(&self, ground: &Ground, order: Order) -> Result<Asked, Refusal> {
        let now = runtime::now();
        let sender = ground.sender(&self.0.store, &order.sender).await?;
        let (recipient, destination) = self.0.numbers.find(ground, &order.recipient).await?;
        let spread = match order.concat_reference() {
            // A phone joins only what came from one vendor's SMS centre: all parts take the same road, also
            // those that come to another gateway.
            Some(reference) => hash((&order.sender, recipient.as_str(), reference)),
            None => self.0.spread.fetch_add(1, Ordering::Relaxed),
        };
        ground.ask(&sender, recipient, destination, order, spread, now)
    }

    async fn ground(&self, client: &Arc<Client>, account: &Account) -> Result<Arc<Ground>, Refusal> {
        let read = |before: Option<Arc<Ground>>| {
            let (shared, account) = (self.0.clone(), account.clone());
            Box::pin(async move {
                Ground::read(&shared.store, &shared.trees, &account, before.as_deref(), runtime::now()).await
            })
        };
        client.ground.get(read).await
    }

    fn client(&self, connection: &ConnectionId) -> Arc<Client> {
        let mut clients = locked(&self.0.clients);
        match clients.get(connection) {
            Some(client) => client.clone(),
            None => clients.entry(connection.clone()).or_default().clone(),
        }
    }

    fn desk(&self, home: &WalletId) -> Result<Desk, Refusal> {
        let mut desks = locked(&self.0.desks);
        if desks.is_closed {
            return Err(Refusal::Unavailable);
        }
        if let Some(desk) = desks.open.get(home) {
            return Ok(desk.clone());
        }
        let (desk, task) = Desk::open(self.0.store.clone(), self.0.hot.clone(), home.clone());
        desks.open.insert(home.clone(), desk.clone());
        desks.tasks.push(task);
        Ok(desk)
    }
}

/// The same in each process of a release.
fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A panic elsewhere leaves what is kept here as it was.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The accounts of clients as the store has them: found by name when a client binds, and looked at again
//! and again while it is bound, so that what is changed or disabled ends its binds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::agreement::Agreement;
use domain::company::Company;
use domain::connection::{Connection, Link};
use domain::id::{AgreementId, CompanyId, ConnectionId};
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use super::account::{Account, share};
use crate::chain;
use crate::status::Board;

/// A name is not looked up again for so long, whether there is such an account or not: a client that binds
/// many times at once is read once.
const FOUND_FOR: Duration = Duration::from_secs(2);
/// More names than clients bind with within that time.
const FOUND_MAX: usize = 5_000;
/// What is disabled has to end its binds within five seconds.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_MAX: Duration = Duration::from_secs(5);
/// The store reads so many items at once.
const READ_MAX: usize = 100;

/// An account as it was found.
#[derive(Debug)]
pub struct Found {
    pub account: Arc<Account>,
    /// Whether its connection, its company, those above and its agreement are all in use.
    pub is_active: bool,
}

/// What the binds of an account see of it: the account as it is now, none once they have to end.
pub type Sight = watch::Receiver<Option<Arc<Account>>>;

/// What the store knew of a name, and when; none if no account has it.
type Answered = (Instant, Option<Arc<Found>>);

/// Clones share it.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    /// Says under which id this process counts its binds.
    board: Board,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    found: Mutex<HashMap<String, Answered>>,
    bound: Mutex<BTreeMap<ConnectionId, watch::Sender<Option<Arc<Account>>>>>,
}

impl Accounts {
    pub fn new(store: Store, board: Board) -> Self {
        Self { store, board, shared: Arc::default() }
    }

    /// The account that binds with this name, as it was within the last seconds.
    pub async fn find(&self, system_id: &str) -> Result<Option<Arc<Found>>, StoreError> {
        let now = Instant::now();
        let fresh = |(at, _): &&(Instant, Option<_>)| now.saturating_duration_since(*at) < FOUND_FOR;
        if let Some((_, found)) = self.found().get(system_id).filter(fresh) {
            return Ok(found.clone());
        }
        let found = self.read(system_id).await?.map(Arc::new);
        let mut kept = self.found();
        if FOUND_MAX <= kept.len() {
            kept.retain(|_, kept| fresh(&&*kept));
        }
        if kept.len() < FOUND_MAX {
            kept.insert(system_id.to_owned(), (now, found.clone()));
        }
        Ok(found)
    }

    async fn read(&self, system_id: &str) -> Result<Option<Found>, StoreError> {
        let Some(connection) = self.store.client_connection(system_id).await? else { return Ok(None) };
        let Link::Client(link) = &connection.link else { return Ok(None) };
        let company = self.store.any_company(&link.client).await?;
        let agreement = self.store.any_agreement(&link.agreement).await?;
        let (Some(company), Some(agreement)) = (company, agreement) else { return Ok(None) };
        let above = self.store.companies(&company.path).await?;
        let is_active = connection.enabled
            && agreement.takes_messages(runtime::now())
            && above.iter().all(|one| one.enabled);
        let gateways = self.gateways(std::slice::from_ref(&connection.id)).await?;
        let rate = share(link.rate, gateways.get(&connection.id).copied().unwrap_or(1));
        let link = link.clone();
        let account = Account { connection: connection.id, link, company, agreement, rate };
        Ok(Some(Found { account: Arc::new(account), is_active }))
    }

    /// Over how many gateways these clients can send, this one among them; of those that are missing, over
    /// this one.
    async fn gateways(&self, ids: &[ConnectionId]) -> Result<BTreeMap<ConnectionId, u32>, StoreError> {
        match self.board.gateway() {
            Some(me) => self.store.client_gateways(ids, &me).await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// For a bind of this account.
    pub fn watch(&self, account: &Arc<Account>) -> Sight {
        let mut bound = self.bound();
        if let Some(sender) = bound.get(&account.connection) {
            let is_same = sender.borrow().as_ref().is_some_and(|seen| seen.link == account.link);
            if is_same {
                return sender.subscribe();
            }
            sender.send_replace(None);
        }
        let (sender, sight) = watch::channel(Some(account.clone()));
        bound.insert(account.connection.clone(), sender);
        sight
    }

    /// Looks at those that are bound, for ever.
    pub async fn look(&self) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match timeout(LOOK_MAX, self.look_once()).await {
                Ok(Ok(())) => {}
                // Those that are bound go on as they are.
                Ok(Err(error)) => warn!(error = chain(error), "the clients' accounts cannot be read"),
                Err(_) => warn!("the clients' accounts cannot be read, the store does not answer"),
            }
        }
    }

    async fn look_once(&self) -> Result<(), StoreError> {
        let seen = self.seen();
        let ids: Vec<_> = seen.iter().map(|account| account.connection.clone()).collect();
        let gateways = self.gateways(&ids).await?;
        let directory = Directory::read(&self.store, &seen, gateways).await?;
        let mut bound = self.bound();
        for before in seen {
            let Some(sender) = bound.get(&before.connection) else { continue };
            let is_same = sender.borrow().as_ref().is_some_and(|now| Arc::ptr_eq(now, &before));
            if !is_same {
                continue; // another bind has brought a newer one
            }
            match directory.account(&before) {
                Some(now) if is_alike(&now, &before) => {}
                Some(now) if now.link == before.link => {
                    sender.send_replace(Some(Arc::new(now)));
                }
                _ => {
                    info!(connection = %before.connection, "was changed or disabled, its binds end");
                    sender.send_replace(None);
                    bound.remove(&before.connection);
                }
            }
        }
        Ok(())
    }

    /// Forgets those whose binds have all ended.
    fn seen(&self) -> Vec<Arc<Account>> {
        let mut bound = self.bound();
        bound.retain(|_, sender| 0 < sender.receiver_count());
        bound.values().filter_map(|sender| sender.borrow().clone()).collect()
    }

    fn found(&self) -> MutexGuard<'_, HashMap<String, Answered>> {
        self.shared.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bound(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, watch::Sender<Option<Arc<Account>>>>> {
        self.shared.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alike(now: &Account, before: &Account) -> bool {
    now.link == before.link
        && now.rate == before.rate
        && now.company == before.company
        && now.agreement == before.agreement
}

/// What the store says of some accounts.
struct Directory {
    connections: BTreeMap<ConnectionId, Connection>,
    companies: BTreeMap<CompanyId, Company>,
    agreements: BTreeMap<AgreementId, Agreement>,
    gateways: BTreeMap<ConnectionId, u32>,
}

impl Directory {
    async fn read(
        store: &Store,
        accounts: &[Arc<Account>],
        gateways: BTreeMap<ConnectionId, u32>,
    ) -> Result<Self, StoreError> {
        let (connections, companies, agreements) = Default::default();
        let mut directory = Self { connections, companies, agreements, gateways };
        for ids in distinct(accounts.iter().map(|account| &account.connection)).chunks(READ_MAX) {
            let read = store.connections_by_id(ids).await?;
            directory.connections.extend(read.into_iter().map(|one| (one.id.clone(), one)));
        }
        // A company stays where it is in the tree.
        for ids in distinct(accounts.iter().flat_map(|account| &account.company.path)).chunks(READ_MAX) {
            let read = store.companies(ids).await?;
            directory.companies.extend(read.into_iter().map(|one| (one.id.clone(), one)));
        }
        for ids in distinct(accounts.iter().map(|account| &account.agreement.id)).chunks(READ_MAX) {
            let read = store.agreements(ids).await?;
            directory.agreements.extend(read.into_iter().map(|one| (one.id.clone(), one)));
        }
        Ok(directory)
    }

    /// The account as it is now; none if it may not be bound any more.
    fn account(&self, before: &Account) -> Option<Account> {
        let connection = self.connections.get(&before.connection).filter(|one| one.enabled)?;
        let Link::Client(link) = &connection.link else { return None };
        let is_enabled = |id| self.companies.get(id).is_some_and(|company: &Company| company.enabled);
        let company = self.companies.get(&before.company.id)?;
        let agreement =
            self.agreements.get(&before.agreement.id).filter(|one| one.takes_messages(runtime::now()))?;
        let account = Account {
            connection: before.connection.clone(),
            link: link.clone(),
            company: company.clone(),
            agreement: agreement.clone(),
            rate: share(link.rate, self.gateways.get(&before.connection).copied().unwrap_or(1)),
        };
        before.company.path.iter().all(is_enabled).then_some(account)
    }
}

/// The store refuses to read an item twice in one call.
fn distinct<'a, T: Ord + Clone + 'a>(ids: impl Iterator<Item = &'a T>) -> Vec<T> {
    ids.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

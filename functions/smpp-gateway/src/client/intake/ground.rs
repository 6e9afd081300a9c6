//! What the orders of an account are judged and priced by: whether it may send, its agreements with their
//! rates, its sender IDs with their routes. Read again while there are orders, every two seconds; so what
//! somebody changes takes effect within five.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::company::Company;
use domain::connection::{Connection, Link};
use domain::destination::{Destination, Msisdn};
use domain::dictionary::Dictionaries;
use domain::id::ConnectionId;
use domain::order::{Article, Line, Shared};
use domain::quote::Level;
use domain::route::Routes;
use domain::segmentation::Encoding;
use domain::sender::{SenderAddress, SenderStatus};
use futures::future::join_all;
use jiff::Timestamp;
use sending::{are_in_force, levels, pick, place, roads};
use store::{Store, StoreError, TreeCache};
use tokio::time::Instant;

use super::desk::Asked;
use super::locked;
use crate::chain;
use crate::client::account::{Account, Order, Refusal};

/// What is older is read anew, beside the orders.
const FRESH: Duration = Duration::from_secs(2);
/// What is older is not used.
const USED: Duration = Duration::from_secs(4);
/// Bounds what a client can make a process keep by naming senders that do not exist.
const SENDERS_MAX: usize = 1_000;
/// And by sending everywhere: some kilobyte each, of one sender ID.
const ARTICLES_MAX: usize = 2_000;
/// A block is stored as one item; and it is submitted by one worker, beside others' messages.
const BLOCK_MAX: u32 = 200;

/// What was read last, or why nothing may be sent, and when that was.
type Last = Option<(Instant, Result<Arc<Ground>, Refusal>)>;

/// The last reading of one account.
#[derive(Default)]
pub struct Kept {
    last: Arc<Mutex<Last>>,
    /// One reads at a time.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// One reading.
pub struct Ground {
    is_allowed: bool,
    pub company: Company,
    pub dictionaries: Dictionaries,
    /// The account's own first.
    levels: Vec<Level>,
    senders: Mutex<HashMap<SenderAddress, Known>>,
}

/// A sender ID that was looked for.
struct Known {
    found: Found,
    /// Since this reading.
    is_used: bool,
}

type Found = Result<Arc<Source>, Refusal>;

/// A sender ID that may be used.
pub struct Source {
    address: SenderAddress,
    routes: Routes,
    roads: Vec<Connection>,
    articles: Mutex<HashMap<Key, Result<Arc<Article>, Refusal>>>,
}

/// What an article depends on beside the sender ID.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    destination: Destination,
    connection: ConnectionId,
    encoding: Encoding,
    segments: u32,
}

impl Kept {
    /// What was read within the last seconds, or what is `read` now, given what was read before. While it
    /// is read again before it is too old, orders go on with what there is.
    pub async fn get<F, R>(&self, read: F) -> Result<Arc<Ground>, Refusal>
    where
        F: FnOnce(Option<Arc<Ground>>) -> R,
        R: Future<Output = Result<Ground, Refusal>> + Send + 'static,
    {
        let last = locked(&self.last).clone();
        let before = match &last {
            Some((read_at, found)) if read_at.elapsed() < FRESH => return found.clone(),
            Some((read_at, Ok(ground))) if read_at.elapsed() < USED => {
                if let Ok(turn) = self.reading.clone().try_lock_owned() {
                    let (kept, reading) = (self.last.clone(), read(Some(ground.clone())));
                    tokio::spawn(async move {
                        let _ = keep(&kept, reading).await;
                        drop(turn);
                    });
                }
                return Ok(ground.clone());
            }
            Some((_, Ok(ground))) => Some(ground.clone()),
            Some((_, Err(_))) | None => None,
        };
        let _turn = self.reading.lock().await;
        let last = locked(&self.last).clone();
        if let Some((_, found)) = last.filter(|(read_at, _)| read_at.elapsed() < FRESH) {
            return found;
        }
        keep(&self.last, read(before)).await
    }
}

/// What could not be read is not kept.
async fn keep(
    kept: &Mutex<Last>,
    reading: impl Future<Output = Result<Ground, Refusal>>,
) -> Result<Arc<Ground>, Refusal> {
    let read_at = Instant::now();
    let found = reading.await.map(Arc::new);
    if !matches!(found, Err(Refusal::Unavailable)) {
        *locked(kept) = Some((read_at, found.clone()));
    }
    found
}

impl Ground {
    /// Reads all of it, with the sender IDs that were used since `before`.
    pub async fn read(
        store: &Store,
        trees: &TreeCache,
        account: &Account,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let read = async {
            let company = store.any_company(&account.company.id);
            let (company, agreement) = tokio::try_join!(company, store.any_agreement(&account.agreement.id))?;
            let (Some(company), Some(agreement)) = (company, agreement) else { return Ok(None) };
            let (path, levels, dictionaries) = tokio::try_join!(
                store.companies(&company.path),
                levels(store, trees, &agreement, agreement.wallet(), now),
                store.dictionaries(),
            )?;
            Ok(Some((company, path, levels, dictionaries)))
        };
        let found = read.await.map_err(|error: StoreError| unavailable("read the account", error))?;
        let Some((company, path, levels, dictionaries)) = found else { return Err(Refusal::NotAllowed) };
        let is_enabled = path.len() == company.path.len() && path.iter().all(|company| company.enabled);
        let is_own = levels.first().is_some_and(|own| own.agreement.company == company.id);
        let is_suspended = levels.iter().any(|level| level.agreement.suspended);
        let takes = are_in_force(&levels, now) && !is_suspended;
        let is_allowed = is_enabled && is_own && takes && company.may_send();
        let ground = Self { is_allowed, company, dictionaries, levels, senders: Mutex::default() };
        let known = before.map(Self::used_senders).unwrap_or_default();
        join_all(known.iter().map(|address| ground.read_sender(store, address, false))).await;
        Ok(ground)
    }

    /// Those of them that may be used.
    fn used_senders(&self) -> Vec<SenderAddress> {
        let senders = locked(&self.senders);
        let used = senders.iter().filter(|(_, known)| known.is_used && known.found.is_ok());
        used.map(|(address, _)| address.clone()).collect()
    }

    /// A sender ID of the account that may be used.
    pub async fn sender(&self, store: &Store, address: &str) -> Result<Arc<Source>, Refusal> {
        if !self.is_allowed {
            return Err(Refusal::NotAllowed);
        }
        let address = SenderAddress::parse(address).map_err(|_| Refusal::SenderUnknown)?;
        if let Some(known) = locked(&self.senders).get_mut(&address) {
            known.is_used = true;
            return known.found.clone();
        }
        Box::pin(self.read_sender(store, &address, true)).await // seldom: it takes no place in those that are known
    }

    async fn read_sender(&self, store: &Store, address: &SenderAddress, is_used: bool) -> Found {
        let found = self.look_for(store, address).await;
        // What could not be read is no answer.
        if !matches!(found, Err(Refusal::Unavailable)) {
            let mut senders = locked(&self.senders);
            if SENDERS_MAX <= senders.len() {
                senders.retain(|_, known| known.found.is_ok());
            }
            senders.insert(address.clone(), Known { found: found.clone(), is_used });
        }
        found
    }

    async fn look_for(&self, store: &Store, address: &SenderAddress) -> Found {
        let own = self.levels.first().ok_or(Refusal::NotAllowed)?;
        let failed = |error| unavailable("read a sender ID", error);
        let sender = store.sender_as_used(&own.agreement.id, address).await.map_err(failed)?;
        let sender = sender.ok_or(Refusal::SenderUnknown)?;
        if sender.status != SenderStatus::Active {
            return Err(Refusal::SenderNotActive);
        }
        let roads = roads(store, &sender.routes).await.map_err(failed)?;
        let (address, routes) = (sender.address, sender.routes);
        Ok(Arc::new(Source { address, routes, roads, articles: Mutex::default() }))
    }

    /// An order with its price, over the road that `spread` leads to.
    pub fn ask(
        &self,
        sender: &Source,
        recipient: Msisdn,
        destination: Destination,
        order: Order,
        spread: u64,
        now: Timestamp,
    ) -> Result<Asked, Refusal> {
        let route = pick(&sender.routes, &sender.roads, spread);
        let road = route.and_then(|route| sender.roads.iter().find(|road| road.id == route.connection));
        let road = road.ok_or(Refusal::NoRoute)?;
        let Order { text, encoding, segments, handling, .. } = order;
        let key = Key { destination, connection: road.id.clone(), encoding, segments: segments.max(1) };
        let known = locked(&sender.articles).get(&key).cloned();
        let article = match known {
            Some(known) => known,
            None => {
                let article = self.article(sender, road, &key, now);
                let mut articles = locked(&sender.articles);
                if ARTICLES_MAX <= articles.len() {
                    articles.clear();
                }
                articles.insert(key, article.clone());
                article
            }
        };
        let line = Line { article: article?, recipient, text, handling };
        Ok(Asked { line, at_once: at_once(road) })
    }

    fn article(
        &self,
        sender: &Source,
        road: &Connection,
        key: &Key,
        now: Timestamp,
    ) -> Result<Arc<Article>, Refusal> {
        let own = self.levels.first().ok_or(Refusal::NotAllowed)?;
        let no_price = |error: domain::quote::QuoteError| Refusal::NoPrice(error.code().to_owned());
        let place = place(&key.destination, sender.address.as_str(), &self.levels, now).map_err(no_price)?;
        let shared = Shared {
            company: self.company.id.clone(),
            agreement: own.agreement.id.clone(),
            home: own.payer.clone(),
            main: own.agreement.wallet(),
            sender: sender.address.clone(),
            connection: road.id.clone(),
            connection_kind: road.kind().ok_or(Refusal::NoRoute)?,
            encoding: key.encoding,
            segments: key.segments,
            place,
        };
        Article::new(shared).map(Arc::new).map_err(no_price)
    }
}

/// Messages of a block over a connection: half of what may be under way there, so that one block is
/// submitted while the next is taken, and others' messages come in between. None for vendors that take no
/// blocks.
fn at_once(road: &Connection) -> Option<usize> {
    match &road.link {
        Link::Smpp(link) => Some((link.window.get() / 2).clamp(1, BLOCK_MAX) as usize),
        _ => None,
    }
}

fn unavailable(action: &'static str, error: StoreError) -> Refusal {
    tracing::error!(action, error = chain(error), "an order is refused");
    Refusal::Unavailable
}

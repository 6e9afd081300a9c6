//! Keeps one task for each connection that this process owns, and owns its share of them.
//!
//! What the store says is what counts: each look starts what is ours and does not run, stops what runs and
//! should not, and gives back what has ended and is not to run here. So a call of which nobody knows whether
//! it was carried out is set right by the next look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::connection::{Connection, Link, SmppLink};
use domain::id::ConnectionId;
use futures::stream::{FuturesUnordered, StreamExt};
use store::{GatewayId, Owner, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use crate::ownership::life::Life;
use crate::ownership::{Plan, Scene, Watch};
use crate::status::Shown;
use crate::vendor::bind::Dial;
use crate::vendor::connection::{self, Owned};
use crate::vendor::disabled;
use crate::vendor::figures::View;
use crate::{Gateway, chain};

/// A look that takes longer is broken off: the store hangs, and we are to hear when we have to stop.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// What is said to the store at the end; who is not heard is buried by the others.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// A connection's task and what it was started with.
struct Running {
    connection: Connection,
    fence: u64,
    /// None of one that is disabled or deleted.
    view: Option<View>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

type Wanted = BTreeMap<ConnectionId, (Connection, SmppLink)>;

pub struct Supervisor {
    gateway: Arc<Gateway>,
    dial: Dial,
    /// None before the store has heard of us, and after we were taken for dead.
    life: Option<Life>,
    others: Watch,
    /// None before the first look.
    wanted: Option<Wanted>,
    running: BTreeMap<ConnectionId, Running>,
    /// What is on its way back, because others have fewer.
    giving: Option<ConnectionId>,
}

impl Supervisor {
    pub fn new(gateway: Gateway, dial: Dial) -> Self {
        Self {
            gateway: Arc::new(gateway),
            dial,
            life: None,
            others: Watch::default(),
            wanted: None,
            running: BTreeMap::new(),
            giving: None,
        }
    }

    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        enum Wake {
            Look,
            Share,
            Stop,
        }
        let every = |period| {
            let mut timer = interval(period);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer
        };
        let (mut look, mut share) =
            (every(self.gateway.pace.look_every), every(self.gateway.pace.share_every));
        loop {
            // By chance, so that a slow look at the one does not keep us from the other.
            let wake = tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => Wake::Stop,
                _ = look.tick() => Wake::Look,
                _ = share.tick() => Wake::Share,
            };
            match wake {
                Wake::Look => self.look().await,
                Wake::Share => self.share().await,
                Wake::Stop => return self.finish().await,
            }
        }
    }

    /// Which connections should be served, by whomever: what is disabled or deleted too, so that nothing waits
    /// for it.
    async fn look(&mut self) {
        match in_time(self.gateway.store.all_connections()).await {
            Ok(stored) => self.wanted = Some(stored.into_iter().filter_map(wanted).collect()),
            // Those that run go on as they are.
            Err(error) => warn!(error, "the connections cannot be read"),
        }
    }

    /// Serves our share of them.
    async fn share(&mut self) {
        self.gateway.board.looked();
        self.forget_ended().await;
        let Some(life) = self.present_life().await else { return };
        let Some(wanted) = self.wanted.clone() else { return };
        let owners = match in_time(self.see(&life)).await {
            Ok(Some((owners, living))) => {
                self.show(&life, &wanted, &owners, &living);
                self.keep_to_settings(&life, &wanted, &owners).await;
                (owners, living)
            }
            Ok(None) => return life.end(),
            Err(error) => return warn!(error, "the owners cannot be read"),
        };
        let names = wanted.keys().cloned().collect();
        let (owners, living) = owners;
        let plan = Scene { me: life.id(), living: &living, wanted: &names, owners: &owners }.plan();
        self.carry_out(plan, &life, &wanted).await;
    }

    /// The life that we have, or a new one once everything of the last one has ended.
    async fn present_life(&mut self) -> Option<Life> {
        if let Some(life) = self.life.clone() {
            if life.is_alive() {
                return Some(life);
            }
            self.stop_all();
            if !self.running.is_empty() {
                return None;
            }
            life.end();
            self.giving = None;
            // Nothing of it is left, so nobody has to wait for its lease.
            let gone = in_time(self.gateway.store.leave_gateway(life.id())).await;
            if let Err(error) = gone {
                warn!(error, "the last life is not taken back");
            }
        }
        self.life = match in_time(Life::begin(&self.gateway.store, self.gateway.pace)).await {
            Ok(life) => {
                info!(gateway = %life.id(), "begins");
                Some(life)
            }
            Err(error) => {
                warn!(error, "the store does not know of us yet");
                None
            }
        };
        self.life.clone()
    }

    /// The owners, and who lives, after the dead were buried. None if we are among those.
    async fn see(&mut self, life: &Life) -> Result<Option<(Vec<Owner>, BTreeSet<GatewayId>)>, StoreError> {
        let store = &self.gateway.store;
        let owners = store.connection_owners().await?; // first, see there
        let mut gateways = store.gateways().await?;
        let now = Instant::now();
        let mut living: BTreeSet<_> = gateways.iter().map(|gateway| gateway.id.clone()).collect();
        if !living.contains(life.id()) {
            return Ok(None);
        }
        gateways.retain(|gateway| gateway.id != *life.id());
        for stale in self.others.stale(&gateways, now, self.gateway.pace.lease) {
            if store.bury_gateway(&stale).await? {
                warn!(gateway = %stale.id, "was not renewed, its connections are free");
                living.remove(&stale.id);
            }
        }
        Ok(Some((owners, living)))
    }

    /// Makes the tasks of what is ours what the settings say. What is to change is first stopped, and
    /// started again when a later look finds it ended.
    async fn keep_to_settings(&mut self, life: &Life, wanted: &Wanted, owners: &[Owner]) {
        let is_mine = |owner: &&Owner| owner.gateway.as_ref() == Some(life.id());
        let mine: BTreeMap<_, _> =
            owners.iter().filter(is_mine).map(|owner| (owner.connection.clone(), owner.fence)).collect();
        for (id, running) in &self.running {
            let as_it_is = wanted.get(id).is_some_and(|(stored, _)| is_same(stored, &running.connection));
            if !as_it_is || mine.get(id) != Some(&running.fence) {
                running.stop.send_replace(true);
            }
        }
        let is_given = |id: &ConnectionId| !mine.contains_key(id) && !self.running.contains_key(id);
        if self.giving.as_ref().is_some_and(is_given) {
            // The answer to giving it back was lost.
            self.giving = None;
        }
        for (id, fence) in mine {
            if self.running.contains_key(&id) {
                continue;
            }
            match wanted.get(&id).filter(|_| self.giving.as_ref() != Some(&id)) {
                Some((connection, link)) => self.start(life, connection.clone(), link.clone(), fence),
                None => self.give_back(life, &id, fence).await,
            }
        }
    }

    async fn give_back(&mut self, life: &Life, id: &ConnectionId, fence: u64) {
        match in_time(self.gateway.store.disown_connection(id, fence, life.id())).await {
            Ok(()) => info!(connection = %id, fence, "given back"),
            Err(error) => return warn!(connection = %id, error, "not given back"),
        }
        if self.giving.as_ref() == Some(id) {
            self.giving = None;
        }
    }

    async fn carry_out(&mut self, plan: Plan, life: &Life, wanted: &Wanted) {
        for (id, seen) in plan.take {
            let Some((connection, link)) = wanted.get(&id) else { continue };
            match in_time(self.gateway.store.own_connection(&id, seen, life.id())).await {
                Ok(Some(fence)) => self.start(life, connection.clone(), link.clone(), fence),
                Ok(None) => {} // somebody else was faster
                Err(error) => warn!(connection = %id, error, "not taken"),
            }
        }
        if let (None, Some(id)) = (&self.giving, plan.give)
            && let Some(running) = self.running.get(&id)
        {
            info!(connection = %id, "is given to a gateway that has fewer");
            running.stop.send_replace(true);
            self.giving = Some(id);
        }
    }

    fn start(&mut self, life: &Life, connection: Connection, link: SmppLink, fence: u64) {
        let id = connection.id.clone();
        info!(connection = %id, name = connection.name, fence, "started");
        let (stop, stopped) = watch::channel(false);
        let owned = Owned { connection: connection.clone(), link, life: life.clone(), fence };
        let gateway = self.gateway.clone();
        let (view, task) = if connection.enabled {
            let (view, work) = connection::serve(gateway, owned, self.dial.clone(), stopped);
            (Some(view), tokio::spawn(work))
        } else {
            (None, tokio::spawn(disabled::serve(gateway, owned, stopped)))
        };
        self.running.insert(id, Running { connection, fence, view, stop, task });
    }

    fn show(&self, life: &Life, wanted: &Wanted, owners: &[Owner], living: &BTreeSet<GatewayId>) {
        // Nobody is to see to links that somebody has disabled.
        let enabled = wanted.iter().filter(|(_, (connection, _))| connection.enabled);
        let shown = enabled.map(|(id, (connection, _))| {
            let owner = owners.iter().find(|owner| owner.connection == *id);
            let owner = owner.and_then(|owner| owner.gateway.clone()).filter(|id| living.contains(id));
            let view = self.running.get(id).and_then(|running| running.view.clone());
            Shown { id: id.clone(), name: connection.name.clone(), owner, view }
        });
        self.gateway.board.show(life.id().clone(), living.clone(), shown.collect());
    }

    async fn forget_ended(&mut self) {
        let ended = self.running.extract_if(.., |_, running| running.task.is_finished());
        for (connection, running) in ended.collect::<Vec<_>>() {
            join(&connection, running.task).await;
        }
    }

    fn stop_all(&self) {
        for running in self.running.values() {
            running.stop.send_replace(true);
        }
    }

    /// Each connection is given back as soon as it has finished, whatever the others still have to do.
    async fn finish(mut self) {
        self.stop_all();
        let Some(life) = self.life.take() else { return };
        let ending = self.running.into_iter().map(async |(id, running)| {
            join(&id, running.task).await;
            let given = self.gateway.store.disown_connection(&id, running.fence, life.id());
            if !matches!(timeout(GOODBYE_MAX, given).await, Ok(Ok(()))) {
                warn!(connection = %id, "not given back");
            }
        });
        let mut ending: FuturesUnordered<_> = ending.collect();
        while ending.next().await.is_some() {}
        let left = timeout(GOODBYE_MAX, self.gateway.store.leave_gateway(life.id())).await;
        if !matches!(left, Ok(Ok(()))) {
            warn!(gateway = %life.id(), "left without a word");
        }
        life.end();
    }
}

async fn join(connection: &ConnectionId, task: JoinHandle<()>) {
    if let Err(error) = task.await {
        error!(%connection, %error, "the connection's task broke");
    }
}

/// The answer, or why there is none as a log tells it.
async fn in_time<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match timeout(LOOK_MAX, call).await {
        Ok(answer) => answer.map_err(chain),
        Err(_) => Err("the store does not answer".to_owned()),
    }
}

fn wanted(connection: Connection) -> Option<(ConnectionId, (Connection, SmppLink))> {
    match connection.link.clone() {
        Link::Smpp(link) => Some((connection.id.clone(), (connection, link))),
        Link::Http(_) | Link::Lookup(_) | Link::Client(_) => None,
    }
}

/// Whether two versions of a connection work alike; a new name is no reason to drop a link.
fn is_same(one: &Connection, other: &Connection) -> bool {
    let parts = |connection: &Connection| (connection.enabled, connection.on_unknown_outcome);
    one.link == other.link && one.secret == other.secret && parts(one) == parts(other)
}

//! The run itself: gives commands, lets actors go on one call at a time, kills some, and checks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use domain::batch::{Draft, Row};
use domain::id::{BatchId, MessageId, WalletId};
use domain::message::Message;
use domain::money::Amount;
use domain::wallet::WalletState;
use jiff::{SignedDuration, Timestamp};
use queue::{Job, Sender};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::{Store, Tables, keys};

use super::actors::{self, Actor, Connection, Sending, Wire};
use super::commands::{Acknowledged, Answer, Command, Means};
use super::ledger::{Breach, Invariant, Ledger};
use super::model::Model;
use super::mutations::Guards;
use super::projection::{self, STREAMED, Streams};
use super::requests::Requests;
use super::scenario::Scenario;
use super::{Failure, Mutation, Options, Summary, replay};
use crate::embedded_dynamodb::Rates;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{Refused, tables};

/// Actors at once.
const ACTORS: std::ops::RangeInclusive<usize> = 1..=5;
/// Of so many polls, one kills the actor, or pauses it while its work is done again; ten times as often
/// while it charges a lease.
const KILL_RATIO: u32 = 200;
const ZOMBIES_MAX: usize = 3;
/// Of so many commands, one waits until all before it have finished.
const PAUSE_RATIO: u32 = 25;
/// Of so many pauses, one compares all there is.
const COMPARE_RATIO: u32 = 8;
/// Attempts at one command before it is said not to end.
const ATTEMPTS_MAX: u32 = 400;
/// Steps of all actors in which none of them comes to its end.
const POLLS_MAX: u64 = 60_000;
/// A client or a queue that got no answer does not ask again at once.
const RETRY_PAUSE: Duration = Duration::from_millis(1_500);
/// So much later it is for everybody: leases of the dead come to their end.
const RETRIED_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// While nobody comes to an end, the sweeper is called again after so many steps.
const SWEPT_EVERY: u64 = 1_500;
/// By so many seconds at most a process's clock is off: a good one, a usual one, and one that nobody sets.
const SKEWS: [i64; 3] = [2, 60, 900];
/// Of so many chances to deliver, one begins a time in which a consumer gets nothing.
const OUTAGE_RATIO: u32 = 40;
/// A stream keeps its records for a day.
const OUTAGE_HOURS_MAX: i64 = 20;
/// A wallet with a few packs and scales still fits two write units.
pub const WALLET_BYTES_MAX: usize = 4_096;
/// DynamoDB takes at most so many items in a transaction.
const TRANSACTION_ITEMS_MAX: u64 = 100;
const HISTORY: usize = 40;
const FAULTS: [Rates; 3] = [rates(0, 0, 0, 0), rates(60, 15, 25, 15), rates(100, 30, 40, 20)];

const fn rates(conflict: u16, timeout_not_applied: u16, timeout_applied: u16, throttle: u16) -> Rates {
    Rates {
        conflict,
        conflict_beside_refusal: conflict / 3,
        timeout_not_applied,
        timeout_applied,
        throttle,
        kill: 0,
        kill_after_apply: 0,
        latency_max_ms: 0,
    }
}

pub struct Simulation {
    options: Options,
    random: StdRng,
    scenario: Scenario,
    requests: Requests,
    wire: Wire,
    /// Of all actors.
    store: Store,
    /// Reads without faults.
    client: Client,
    tables: Tables,
    sqs: EmbeddedSqs,
    sqs_client: aws_sdk_sqs::Client,
    http_send: Sender,
    http_send_url: String,
    notifications: Sender,
    ledger: Ledger,
    model: Model,
    /// What was streamed, in runs with a projector.
    streams: Option<Streams>,
    actors: Vec<Actor>,
    actors_max: usize,
    attempts: BTreeMap<String, u32>,
    /// Prices have to be read again.
    services_moved: bool,
    clocks_differ: bool,
    /// Until when nothing of a shard is delivered.
    outages: [Timestamp; STREAMED.len()],
    /// What the actors take the time from.
    clock: Arc<AtomicI64>,
    acknowledged: Acknowledged,
    polls: u64,
    polls_since_end: u64,
    faults: Rates,
    summary: Summary,
    history: VecDeque<String>,
}

impl Simulation {
    /// With the guards that its writes had.
    pub async fn run(options: Options, guards: Guards) -> Result<Summary, Box<Failure>> {
        let mut simulation = Self::new(options, guards).await;
        match simulation.play().await {
            Ok(()) => Ok(simulation.summary),
            Err(breach) => Err(Box::new(Failure {
                seed: options.seed,
                steps: options.steps,
                step: simulation.summary.commands,
                breach,
                history: simulation.history.into(),
            })),
        }
    }

    async fn new(options: Options, guards: Guards) -> Self {
        let mut random = StdRng::seed_from_u64(options.seed);
        let scenario = Scenario::new(&mut random).await;
        Self::of(scenario, random, options, guards)
    }

    fn of(scenario: Scenario, mut random: StdRng, options: Options, guards: Guards) -> Self {
        let wire = Wire::new(options.mutation, guards);
        // The client's own attempts, as the SDK makes them; one is none.
        let tries = if random.random_ratio(1, 3) { 3 } else { 1 };
        let store = Store::new(scenario.world.database.quick_client(wire.clone(), tries), tables());
        let sqs = EmbeddedSqs::new();
        let http_send_url = sqs.queue("http-send");
        let sqs_client = sqs.client();
        let notifications = Sender::new(sqs_client.clone(), sqs.queue("notifications"));
        Self {
            client: scenario.world.database.client(),
            requests: Requests::default(),
            wire,
            store,
            tables: tables(),
            http_send: Sender::new(sqs_client.clone(), http_send_url.clone()),
            sqs_client,
            http_send_url,
            notifications,
            sqs,
            ledger: Ledger::default(),
            model: Model::default(),
            streams: random.random_ratio(1, 5).then(Streams::default),
            actors: Vec::new(),
            actors_max: random.random_range(ACTORS),
            attempts: BTreeMap::new(),
            services_moved: false,
            clocks_differ: true,
            outages: [Timestamp::MIN; STREAMED.len()],
            clock: Arc::default(),
            acknowledged: Acknowledged::default(),
            polls: 0,
            polls_since_end: 0,
            faults: FAULTS[random.random_range(0..FAULTS.len())],
            summary: Summary::default(),
            history: VecDeque::new(),
            options,
            random,
            scenario,
        }
    }

    /// One in which nothing fails and nothing is random: the commands are given one by one.
    pub async fn staged(scenario: Scenario, mutation: Option<Mutation>) -> Result<Self, Breach> {
        let options = Options { seed: 0, steps: 0, mutation };
        let random = StdRng::seed_from_u64(0);
        let mut simulation = Self::of(scenario, random, options, Guards::default());
        simulation.faults = FAULTS[0];
        simulation.clocks_differ = false;
        simulation.streams = Some(Streams::default());
        simulation.begin_following().await?;
        Ok(simulation)
    }

    /// Carries a command out while nobody else does anything but those who are held.
    pub async fn run_to_end(&mut self, command: Command) -> Result<(), Breach> {
        let place = self.give(command);
        while self.actors.len() > place {
            self.go_on().await?;
        }
        Ok(())
    }

    /// Carries a command out until its `number`-th write has been sent and has not arrived yet.
    pub async fn hold(&mut self, command: Command, number: u64) -> Result<(), Breach> {
        self.hold_when(command, |actor| actor.sent() >= number).await
    }

    /// Likewise, until its `number`-th call.
    pub async fn hold_call(&mut self, command: Command, number: u64) -> Result<(), Breach> {
        self.hold_when(command, |actor| actor.calls() >= number).await
    }

    /// Likewise, until its first write for this.
    pub async fn hold_at(&mut self, sending: Sending, command: Command) -> Result<(), Breach> {
        self.hold_when(command, |actor| actor.sending() == sending).await
    }

    /// Likewise, until the write that charges what it sends.
    pub async fn hold_charge(&mut self, command: Command) -> Result<(), Breach> {
        self.hold_at(Sending::Charge, command).await
    }

    /// As [`Self::run_to_end`], but the answer to the first write for this gets lost.
    pub async fn run_losing(&mut self, sending: Sending, command: Command) -> Result<(), Breach> {
        let place = self.give(command);
        self.actors[place].lose_answer(sending);
        while self.actors.len() > place {
            self.go_on().await?;
        }
        Ok(())
    }

    async fn hold_when(&mut self, command: Command, is_there: impl Fn(&Actor) -> bool) -> Result<(), Breach> {
        let place = self.give(command);
        while self.actors.get(place).is_some_and(|actor| !is_there(actor)) {
            self.go_on().await?;
        }
        if let Some(actor) = self.actors.get_mut(place) {
            actor.asleep_until = u64::MAX;
        }
        Ok(())
    }

    /// Whoever has been held the longest comes to its end, before the others that are held.
    pub async fn let_go(&mut self) -> Result<(), Breach> {
        let held = self.actors.len();
        if let Some(actor) = self.actors.first_mut() {
            actor.asleep_until = 0;
        }
        while self.actors.len() == held {
            self.go_on().await?;
        }
        Ok(())
    }

    /// All that was written is projected, whoever is held.
    pub async fn project_all(&mut self) -> Result<(), Breach> {
        while let Some(shard) = (0..STREAMED.len()).find(|shard| !self.all_of(*shard).is_empty()) {
            self.run_to_end(Command::Project(self.all_of(shard))).await?;
        }
        Ok(())
    }

    /// The records of a table come to a consumer that is held before its first write.
    pub async fn hold_projection(&mut self, table: &str) -> Result<(), Breach> {
        let shard = STREAMED.iter().position(|name| *name == table).unwrap_or_default();
        let delivery = self.all_of(shard);
        self.hold(Command::Project(delivery), 1).await
    }

    fn all_of(&self, shard: usize) -> projection::Delivery {
        self.streams.as_ref().map(|streams| streams.rest(shard)).unwrap_or_default()
    }

    fn give(&mut self, command: Command) -> usize {
        let draft = self.scenario.draft(&command, self.scenario.now);
        self.begin(command, draft);
        self.actors.len() - 1
    }

    /// Whoever is held goes on, and everything comes to its end.
    pub async fn finish(&mut self) -> Result<(), Breach> {
        self.actors.iter_mut().for_each(|actor| actor.asleep_until = 0);
        self.end_all().await
    }

    pub fn scenario(&mut self) -> &mut Scenario {
        &mut self.scenario
    }

    /// Of those who do something that is no command.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    async fn begin_following(&mut self) -> Result<(), Breach> {
        self.ledger = Ledger::read(&self.client, &self.tables).await?.follow()?;
        self.model.begin(&self.ledger);
        self.stream_what_is_there();
        Ok(())
    }

    async fn play(&mut self) -> Result<(), Breach> {
        self.begin_following().await?;
        while self.summary.commands < self.options.steps {
            if self.random.random_ratio(1, PAUSE_RATIO) {
                self.finish_all().await?;
                self.scenario.pass_weeks(&mut self.random);
                if self.random.random_ratio(1, COMPARE_RATIO) {
                    self.model.compare(&self.ledger)?;
                }
                if std::mem::take(&mut self.services_moved) {
                    self.scenario.read_levels().await;
                }
            }
            self.deliver_something();
            let next = self.requests.next(&mut self.scenario, &mut self.random, &self.ledger);
            let (command, draft) = next.await;
            if !self.is_early(&command) {
                self.begin(command, draft);
            }
            while self.actors.len() >= self.actors_max {
                self.go_on().await?;
            }
        }
        self.end_all().await
    }

    /// With no more faults, everything comes to its end and nothing stays set aside.
    async fn end_all(&mut self) -> Result<(), Breach> {
        self.faults = FAULTS[0];
        self.finish_all().await?;
        self.finish_streams().await?;
        self.sweep().await?;
        self.call_everything_back().await?;
        self.finish_streams().await?;
        self.model.compare(&self.ledger)?;
        self.check_terms().await?;
        let stored = Ledger::read(&self.client, &self.tables).await?;
        if !stored.is_same(&self.ledger) {
            return Err(Breach::of(Invariant::Replayed, "something was written that nobody saw"));
        }
        stored.check()?;
        if self.streams.is_some() {
            self.check_projected().await?;
        }
        self.summary.messages = stored.messages.len();
        self.summary.flushes = self.ledger.flushes;
        self.summary.items_most = self.wire.items_most();
        if self.wire.items_most() > TRANSACTION_ITEMS_MAX {
            let detail = format!("a transaction had {} items", self.wire.items_most());
            return Err(Breach::of(Invariant::Small, detail));
        }
        Ok(())
    }

    /// What was made of the streams, all of which was projected.
    pub async fn check_projected(&self) -> Result<(), Breach> {
        let (store, url) = (&self.scenario.world.store, &self.http_send_url);
        projection::check(store, &self.sqs, url, &self.ledger).await
    }

    /// Main wallets have the limits of their agreements and are suspended with them; nobody is drained.
    async fn check_terms(&self) -> Result<(), Breach> {
        let store = &self.scenario.world.store;
        let failed = |error: store::StoreError| Breach::of(Invariant::Replayed, error.to_string());
        for member in self.scenario.members.iter() {
            let agreement = store.any_agreement(&member.agreement.id).await.map_err(failed)?;
            let (Some(agreement), Some(wallet)) = (agreement, self.ledger.wallets.get(&member.wallet)) else {
                continue;
            };
            let limit = agreement.last_version().credit_limit.amount();
            let state = if agreement.suspended { WalletState::Suspended } else { WalletState::Open };
            if (limit, &state) != (wallet.credit_limit, &wallet.state) {
                let (has, is) = (wallet.credit_limit, &wallet.state);
                let detail =
                    format!("{} has a limit of {has} and is {is:?}, not {limit} and {state:?}", wallet.id);
                return Err(Breach::of(Invariant::Terms, detail));
            }
        }
        match store.drains().await.map_err(failed)?.first() {
            Some(drain) => Err(Breach::of(Invariant::Terms, format!("{} is still drained", drain.wallet))),
            None => Ok(()),
        }
    }

    /// Lets everyone finish.
    async fn finish_all(&mut self) -> Result<(), Breach> {
        while !self.actors.is_empty() {
            self.go_on().await?;
        }
        Ok(())
    }

    /// Nobody works any more, so what is being drained was abandoned.
    async fn sweep(&mut self) -> Result<(), Breach> {
        self.scenario.now += SignedDuration::from_mins(10);
        for duty in [Command::EndDrains, Command::Reclaim] {
            self.begin(duty, None);
            self.finish_all().await?;
        }
        Ok(())
    }

    async fn call_everything_back(&mut self) -> Result<(), Breach> {
        for account in 0..self.scenario.accounts.len() {
            self.begin(Command::Recall { account }, None);
            self.finish_all().await?;
            let wallet = &self.scenario.accounts[account].wallet;
            let left = self.ledger.escrow(&domain::allowance::Pot::money(wallet));
            if !left.is_zero() {
                let allocated = self.ledger.wallets.get(wallet).map(|wallet| wallet.allocated);
                let detail = format!("{left} of {wallet} stay set aside, of {allocated:?} allocated");
                return Err(Breach::of(Invariant::Lively, detail));
            }
        }
        Ok(())
    }

    fn stream_what_is_there(&mut self) {
        let Some(streams) = &mut self.streams else { return };
        // The wallets as they were opened and funded: one record each, as a new consumer would find them.
        for wallet in self.ledger.wallets.keys() {
            let key = keys::wallet(wallet);
            let item = self.scenario.world.database.item(&self.tables.ledger, &key.pk, &key.sk);
            if let Some((item, _)) = item {
                streams.put(0, (key.pk, key.sk), &item, self.scenario.now);
            }
        }
    }

    /// Now and then the projector gets the next records.
    fn deliver_something(&mut self) {
        let shard = self.random.random_range(0..STREAMED.len());
        if self.random.random_ratio(1, OUTAGE_RATIO) {
            let hours = self.random.random_range(1..=OUTAGE_HOURS_MAX);
            self.outages[shard] = self.scenario.now + SignedDuration::from_hours(hours);
        }
        let is_out = self.scenario.now < self.outages[shard];
        if self.streams.is_some() && self.random.random_ratio(1, 6) && !is_out {
            self.deliver(shard);
        }
    }

    /// One delivery at a time of each shard, except by a consumer that was thought dead.
    fn deliver(&mut self, shard: usize) {
        let is_busy = |actor: &Actor| {
            matches!(&actor.command, Command::Project(delivery) if delivery.shard() == shard)
                && actor.asleep_until <= self.polls
        };
        if self.actors.iter().any(is_busy) {
            return;
        }
        let next = self.streams.as_ref().and_then(|streams| streams.next(shard, &mut self.random));
        if let Some(delivery) = next {
            self.begin(Command::Project(delivery), None);
        }
    }

    /// Nobody knows of a message that a lease has charged before the projector has told somebody to send it.
    fn is_early(&self, command: &Command) -> bool {
        let (Command::Claim { message } | Command::Release { message } | Command::Move { message, .. }) =
            command
        else {
            return false;
        };
        let is_new = |message: &Message| message.lease.is_some() && message.revision == 0;
        if self.streams.is_none() || !self.ledger.messages.get(message).is_some_and(is_new) {
            return false;
        }
        let jobs: Vec<Job> = self.sqs.messages(&self.http_send_url);
        !jobs.iter().any(|Job::SubmitV1 { message: told, .. }| told == message)
    }

    async fn finish_streams(&mut self) -> Result<(), Breach> {
        while self.streams.as_ref().is_some_and(|streams| !streams.is_done()) {
            for shard in 0..STREAMED.len() {
                self.deliver(shard);
                self.finish_all().await?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, command: Command, draft: Option<Arc<Draft>>) {
        self.begin_after(Duration::ZERO, command, draft);
    }

    fn begin_after(&mut self, pause: Duration, command: Command, draft: Option<Arc<Draft>>) {
        let alone = self.actors.is_empty();
        for actor in &mut self.actors {
            actor.alone = false;
        }
        self.note(|| format!("begin {command:?}"));
        if let Some(draft) = &draft {
            self.ledger.learn(draft);
        }
        let skew = self.skew();
        self.clock.store(self.scenario.now.as_second(), Ordering::Relaxed);
        let drafts = Arc::new(self.scenario.drafts(&command, self.scenario.now));
        drafts.iter().for_each(|draft| self.ledger.learn(draft));
        if let Command::SendMuch { block, .. } = &command {
            let together = drafts.iter().rev().take(*block);
            self.model.together(together.map(|draft| draft.batch.id.body()));
        }
        let means = Means {
            store: self.store.clone(),
            members: self.scenario.members.clone(),
            accounts: self.scenario.accounts.clone(),
            clock: self.clock.clone(),
            skew,
            draft: draft.clone(),
            drafts: drafts.clone(),
            acknowledged: self.acknowledged.clone(),
            sqs: self.sqs_client.clone(),
            http_send: self.http_send.clone(),
            notifications: self.notifications.clone(),
        };
        // Some make many calls, each of which may end them.
        let faults = match command {
            Command::Project(_) => self.faults.divided(8),
            Command::SendMuch { .. } => self.faults.divided(2),
            _ => self.faults,
        };
        let connection = Connection::new(self.random.random(), faults);
        let performed = command.clone().perform(means);
        let future = async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            performed.await
        };
        self.actors.push(Actor::new(command, alone, (draft, drafts), connection, future));
    }

    /// How far the clock of the next process is off.
    fn skew(&mut self) -> SignedDuration {
        let most = if self.clocks_differ { SKEWS[self.random.random_range(0..SKEWS.len())] } else { 0 };
        SignedDuration::from_secs(self.random.random_range(-most..=most))
    }

    /// The same once more, for whoever got no answer. Behind a process with a lease there are clients, each
    /// of which asks again for itself.
    fn ask_again(&mut self, pause: Duration, command: Command, draft: Option<Arc<Draft>>) {
        let Command::SendMuch { block, .. } = &command else {
            return self.begin_after(pause, command, draft);
        };
        let mut requests = command.requests();
        requests.truncate(requests.len().saturating_sub(*block));
        for request in requests {
            let draft = self.scenario.draft(&request, self.scenario.now);
            self.begin_after(pause, request, draft);
        }
    }

    /// One actor takes one step; then what it wrote is checked.
    async fn go_on(&mut self) -> Result<(), Breach> {
        let place = actors::next(&self.actors, self.polls, &mut self.random).await;
        self.polls += 1;
        self.polls_since_end += 1;
        if self.polls_since_end > POLLS_MAX {
            let waiting: Vec<_> = self.actors.iter().map(|actor| &actor.command).collect();
            return Err(Breach::of(Invariant::Lively, format!("nobody comes to an end: {waiting:?}")));
        }
        if self.polls_since_end.is_multiple_of(SWEPT_EVERY) {
            self.scenario.now += SignedDuration::from_mins(1);
            self.begin(Command::EndDrains, None);
            self.begin(Command::Reclaim, None);
        }
        self.mix(place as u64);
        let flushes = matches!(self.actors[place].sending(), Sending::Put | Sending::Flush);
        let kill_ratio = if flushes { KILL_RATIO / 10 } else { KILL_RATIO };
        if self.faults.conflict > 0 && self.random.random_ratio(1, kill_ratio) {
            self.interrupt(place);
            return Ok(());
        }
        let polled = self.actors[place].poll(&self.wire);
        self.wire.calm();
        self.check_writes(place)?;
        self.model.acknowledge(self.acknowledged.take(), &self.ledger)?;
        if let Poll::Ready(outcome) = polled {
            let actor = self.actors.swap_remove(place);
            self.end(actor, outcome)?;
        }
        Ok(())
    }

    /// An actor dies, or is only thought to be dead: the queue, or the client that got no answer, brings the
    /// same command again.
    fn interrupt(&mut self, place: usize) {
        let is_zombie = |actor: &&Actor| actor.asleep_until > self.polls;
        let zombies = self.actors.iter().filter(is_zombie).count();
        let command = self.actors[place].command.clone();
        let draft = self.actors[place].draft.clone();
        self.summary.kills += 1;
        if zombies < ZOMBIES_MAX
            && self.actors.len() < self.actors_max + ZOMBIES_MAX
            && self.random.random_ratio(1, 2)
        {
            self.note(|| format!("pause {command:?}"));
            self.actors[place].asleep_until = self.polls + self.random.random_range(20..2_000);
        } else {
            self.note(|| format!("kill {command:?}"));
            self.actors.swap_remove(place);
        }
        self.ask_again(Duration::ZERO, command, draft);
    }

    fn end(&mut self, actor: Actor, outcome: Result<Answer, Refused>) -> Result<(), Breach> {
        match outcome {
            Ok(answer) => {
                self.note(|| format!("{answer:?} {:?}", actor.command));
                self.summary.commands += 1;
                // The sweeper ends whatever the others do.
                if !matches!(actor.command, Command::EndDrains | Command::Reclaim) {
                    self.polls_since_end = 0;
                }
                self.summary.refused += u32::from(answer != Answer::Done);
                if let (Command::Project(delivery), Some(streams)) = (&actor.command, &mut self.streams) {
                    streams.posted(delivery);
                    self.summary.commands -= 1;
                }
                self.services_moved |= matches!(actor.command, Command::Enable { .. });
                let accounts = &self.scenario.accounts;
                self.model.record(&actor.command, &answer, row_of(&actor), accounts, &self.ledger)?;
                self.check_answer(&actor, &answer)
            }
            Err(error) if error.is_unknown() => {
                self.note(|| format!("{error} {:?}", actor.command));
                self.count_attempt(&actor, &error)?;
                let command = match actor.command {
                    Command::Project(delivery) => Command::Project(delivery.bisected()),
                    command => command,
                };
                self.scenario.now += RETRIED_AFTER;
                self.ask_again(RETRY_PAUSE, command, actor.draft);
                Ok(())
            }
            Err(error) => Err(Breach::of(Invariant::Replayed, format!("{:?}: {error}", actor.command))),
        }
    }

    /// Nothing is tried for ever.
    fn count_attempt(&mut self, actor: &Actor, error: &Refused) -> Result<(), Breach> {
        if !actor.alone || self.faults.conflict > 0 {
            return Ok(());
        }
        let attempts = self.attempts.entry(format!("{:?}", actor.command)).or_default();
        *attempts += 1;
        if *attempts < ATTEMPTS_MAX.min(20) {
            return Ok(());
        }
        Err(Breach::of(Invariant::Lively, format!("{:?} does not end: {error}", actor.command)))
    }

    /// Nobody who is alone is told that there is not enough where there is.
    fn check_answer(&self, actor: &Actor, answer: &Answer) -> Result<(), Breach> {
        if !actor.alone {
            return Ok(());
        }
        let wrongly = |what: String| {
            let command = &actor.command;
            Err(Breach::of(Invariant::RefusedCostsNothing, format!("{command:?} was refused: {what}")))
        };
        match (&actor.command, answer) {
            (Command::Send { .. }, Answer::NotEnough { level }) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let stock = replay::serial_stock(&self.ledger, draft)?;
                let Ok(priced) = draft.price(stock, Amount::ZERO) else { return Ok(()) };
                let payers = draft.places.iter().flat_map(|place| &place.offers).map(|offer| &offer.payer);
                let Some(payer) = payers.clone().nth(level - 1) else { return Ok(()) };
                let money = domain::allowance::Pot::money(payer);
                let needed =
                    priced.legs.iter().find(|leg| leg.pot == money).map_or(Amount::ZERO, |leg| leg.amount);
                let spendable = self.ledger.spendable(payer);
                let owners: BTreeSet<WalletId> =
                    draft.allowances().into_keys().map(|pot| pot.wallet).collect();
                let all_open = self.is_open(payer) && owners.iter().all(|owner| self.is_open(owner));
                if needed <= spendable && all_open {
                    return wrongly(format!("{payer} has {spendable} for {needed}"));
                }
            }
            (Command::Send { .. }, Answer::Refused) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let stock = replay::serial_stock(&self.ledger, draft)?;
                if draft.price(stock, Amount::ZERO).is_ok() {
                    return wrongly("it can be sold".to_owned());
                }
            }
            (Command::Send { .. }, Answer::Suspended { level }) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let payers = draft.places.iter().flat_map(|place| &place.offers).map(|offer| &offer.payer);
                if payers.clone().nth(level - 1).is_some_and(|payer| self.is_open(payer)) {
                    return wrongly(format!("level {level} is not suspended"));
                }
            }
            (
                Command::Transfer { from, amount: domain::transfer::TransferAmount::Exact(amount), .. },
                Answer::NotEnough { .. },
            ) => {
                let wallet = &self.scenario.accounts[*from].wallet;
                let limit =
                    self.ledger.wallets.get(wallet).map(|wallet| wallet.credit_limit).unwrap_or_default();
                let spendable = self.ledger.spendable(wallet);
                if amount.checked_add(limit)? <= spendable {
                    return wrongly(format!("there are {spendable}"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_open(&self, wallet: &WalletId) -> bool {
        self.ledger.wallets.get(wallet).is_some_and(|wallet| wallet.state == WalletState::Open)
    }

    /// What was written by this actor's step.
    fn check_writes(&mut self, place: usize) -> Result<(), Breach> {
        for written in self.wire.written() {
            let mut items = Vec::with_capacity(written.len());
            for (table, pk, sk) in written {
                let shard =
                    [&self.tables.ledger, &self.tables.messages].iter().position(|name| **name == table);
                let Some(shard) = shard else { continue };
                let Some((item, size)) = self.scenario.world.database.item(&table, &pk, &sk) else {
                    continue;
                };
                if keys::is_wallet(&pk) {
                    self.check_size(&pk, size)?;
                }
                if let Some(streams) = &mut self.streams {
                    streams.put(shard, (pk.clone(), sk), &item, self.scenario.now);
                }
                items.push((pk, item));
            }
            self.check_price(place, &items)?;
            // A batch counts before what is derived from it.
            for (_, item) in items {
                self.ledger.put(item)?;
            }
            self.summary.checks += 1;
        }
        self.ledger.check_touched()
    }

    fn check_size(&mut self, pk: &str, size: usize) -> Result<(), Breach> {
        self.summary.wallet_bytes_most = self.summary.wallet_bytes_most.max(size);
        if size > WALLET_BYTES_MAX {
            return Err(Breach::of(Invariant::Small, format!("{pk} has {size} bytes")));
        }
        Ok(())
    }

    /// A new row was priced as things stood.
    fn check_price(&mut self, place: usize, items: &[(String, store::Item)]) -> Result<(), Breach> {
        let rows = items.iter().filter(|(pk, _)| keys::is_message(pk));
        for (_, item) in rows {
            let row = store::row_of(item.clone());
            let row = row.map_err(|error| Breach::of(Invariant::Replayed, error.to_string()))?;
            let is_new = match &row {
                Row::Message(message) => {
                    let is_new = !self.ledger.messages.contains_key(&message.id);
                    if is_new {
                        self.requests.stored(&message.id);
                    }
                    is_new && message.id.batch().is_none()
                }
                Row::Batch(batch) => !self.ledger.batches.contains_key(&batch.id),
            };
            let actor = &self.actors[place];
            let Some(draft) = actor.draft_of(&row).filter(|_| is_new) else { continue };
            let written: BTreeSet<WalletId> = items
                .iter()
                .filter_map(|(pk, _)| WalletId::parse(pk.strip_prefix("wallet#")?).ok())
                .collect();
            replay::check(&self.ledger, draft, &row, &written, actor.alone)?;
        }
        Ok(())
    }

    fn note(&mut self, line: impl Fn() -> String) {
        let line = line();
        line.bytes().for_each(|byte| self.mix(u64::from(byte)));
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }

    /// FNV-1a.
    fn mix(&mut self, value: u64) {
        self.summary.digest = (self.summary.digest ^ value).wrapping_mul(0x0100_0000_01b3);
    }
}

/// The row that an actor's request has, by the body of its id.
fn row_of(actor: &Actor) -> Option<String> {
    let draft = actor.draft.as_ref()?;
    let (message, batch): (Option<&MessageId>, &BatchId) = (draft.single.as_ref(), &draft.batch.id);
    Some(
        message
            .map_or_else(|| batch.body().to_owned(), |id| id.as_str()[MessageId::PREFIX.len()..].to_owned()),
    )
}

//! The run itself: gives commands, lets actors go on one call at a time, kills some, and checks.

mod checks;
mod rerates;
mod stage;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::batch::Draft;
use domain::connection;
use domain::id::{BatchId, MessageId};
use domain::message::Message;
use jiff::{SignedDuration, Timestamp};
use queue::Sender;
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
use super::rerating::{Moves, Rerates};
use super::scenario::Scenario;
use super::{Failure, Options, Summary};
use crate::edits::act;
use crate::embedded_dynamodb::Rates;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{Refused, tables};

/// Actors at once.
const ACTORS: std::ops::RangeInclusive<usize> = 1..=5;
/// Of so many polls, one kills the actor, or pauses it while its work is done again; four times as often
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
    /// The queue of the SMPP connection.
    smpp_send_url: String,
    notifications: Sender,
    ledger: Ledger,
    model: Model,
    rerates: Rerates,
    /// Writes to messages.
    moves: Moves,
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
            smpp_send_url: sqs.queue("smpp-send"),
            notifications,
            sqs,
            ledger: Ledger::default(),
            model: Model::default(),
            rerates: Rerates::default(),
            moves: Moves::default(),
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

    async fn begin_following(&mut self) -> Result<(), Breach> {
        let vendor = self.vendor();
        let act = act(std::slice::from_ref(&vendor.company));
        let stored = self.scenario.world.store.create_connection(&act, &vendor).await;
        stored.map_err(|error| Breach::of(Invariant::Lively, error.to_string()))?;
        self.ledger = Ledger::read(&self.client, &self.tables).await?.follow()?;
        self.model.begin(&self.ledger);
        self.stream_what_is_there();
        Ok(())
    }

    /// Whose queue the jobs of blocks go to.
    fn vendor(&self) -> connection::Connection {
        let link = connection::SmppLink {
            queue_url: self.smpp_send_url.clone(),
            ..connection::SmppLink::new("vendor", 2775, "us")
        };
        connection::Connection::new(
            crate::world::connection(),
            self.scenario.world.owner.company.id.clone(),
            "the vendor",
            connection::Link::Smpp(link),
            self.scenario.now,
        )
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
        self.rate_all_again().await?;
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
        let (store, queues) = (&self.scenario.world.store, [&*self.http_send_url, &*self.smpp_send_url]);
        projection::check(store, &self.sqs, &queues, &self.ledger).await
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
        // The wallets as they were opened and funded. A main one was written again for each user's that was opened
        // below it, which moved no money.
        for wallet in self.ledger.wallets.keys() {
            let key = keys::wallet(wallet);
            let item = self.scenario.world.database.item(&self.tables.ledger, &key.pk, &key.sk);
            if let Some((item, _)) = item {
                let written =
                    item["sequence"].as_n().ok().and_then(|writes| writes.parse().ok()).unwrap_or(1u64);
                for sequence in 1..=written {
                    let mut item = item.clone();
                    item.insert("sequence".to_owned(), AttributeValue::N(sequence.to_string()));
                    streams.put(0, (key.pk.clone(), key.sk.clone()), &item, self.scenario.now);
                }
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
        let (Command::Claim { message }
        | Command::Release { message }
        | Command::Leave { message }
        | Command::Move { message, .. }) = command
        else {
            return false;
        };
        let is_new = |message: &Message| {
            let is_of_lease = message.lease.is_some() || message.id.block().is_some();
            // A rerate is no work on it.
            is_of_lease && message.revision == message.charge_version
        };
        if self.streams.is_none() || !self.ledger.stored_message(message).is_some_and(is_new) {
            return false;
        }
        !projection::Told::by(&self.sqs, &[&self.http_send_url, &self.smpp_send_url]).to_send(message)
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
        self.begin_rerate(&command);
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
            Command::SendMuch { .. } | Command::Rerate { .. } => self.faults.divided(2),
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
        let kill_ratio = if flushes { KILL_RATIO / 4 } else { KILL_RATIO };
        if self.faults.conflict > 0 && self.random.random_ratio(1, kill_ratio) {
            self.interrupt(place);
            return Ok(());
        }
        let polled = self.actors[place].poll(&self.wire);
        self.wire.calm();
        if self.check_writes(place)? {
            self.check_rerates(place).await?;
        }
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
                self.services_moved |=
                    matches!(actor.command, Command::Enable { .. } | Command::Rerate { .. });
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

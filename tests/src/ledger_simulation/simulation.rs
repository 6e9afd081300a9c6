//! The run itself: gives commands, lets actors go on one call at a time, kills some, and checks.

use std::collections::VecDeque;
use std::task::Poll;

use aws_sdk_dynamodb::Client;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::{Item, Store};

use super::actors::{self, Actor, Noted, Touched};
use super::commands::{Answer, Command, text};
use super::ledger::{Breach, Ledger};
use super::model::Model;
use super::scenario::Scenario;
use super::{Failure, Options, Summary, statements};
use crate::embedded_dynamodb::{Rates, SeededFaults};
use crate::world::{Refused, tables};

/// Actors at once.
const ACTORS: std::ops::RangeInclusive<usize> = 1..=5;
/// Of so many polls, one kills the actor instead.
const KILL_RATIO: u32 = 150;
/// Of so many commands, one waits until all before it have finished, and compares everything.
const PAUSE_RATIO: u32 = 12;
const DELIVERIES_UNDER_FAULTS: u32 = 3;
const HISTORY: usize = 40;
const FAULTS: [Rates; 3] = [rates(0, 0, 0, 0), rates(60, 15, 25, 15), rates(100, 30, 40, 20)];

const fn rates(conflict: u16, timeout_not_applied: u16, timeout_applied: u16, throttle: u16) -> Rates {
    Rates {
        conflict,
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
    /// Reads without faults.
    client: Client,
    ledger: Ledger,
    model: Model,
    actors: Vec<Actor>,
    actors_max: usize,
    /// The client's own attempts, as the SDK makes them; one is none.
    tries: u32,
    faults: Rates,
    streamed: bool,
    summary: Summary,
    history: VecDeque<String>,
}

impl Simulation {
    pub async fn run(options: Options) -> Result<Summary, Box<Failure>> {
        let mut simulation = Self::new(options).await;
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

    async fn new(options: Options) -> Self {
        let mut random = StdRng::seed_from_u64(options.seed);
        let streamed = random.random_ratio(1, 4);
        let scenario = Scenario::new(&mut random, streamed).await;
        Self {
            client: scenario.world.database.client(),
            ledger: Ledger::default(),
            model: Model::default(),
            actors: Vec::new(),
            actors_max: random.random_range(ACTORS),
            tries: if random.random_ratio(1, 3) { 3 } else { 1 },
            faults: FAULTS[random.random_range(0..FAULTS.len())],
            streamed,
            summary: Summary::default(),
            history: VecDeque::new(),
            options,
            random,
            scenario,
        }
    }

    async fn play(&mut self) -> Result<(), Breach> {
        self.ledger = Ledger::read(&self.client, &tables()).await?;
        for member in &self.scenario.members {
            let funding = self.ledger.wallets.get(&member.wallet).map(|wallet| wallet.funding);
            self.model.fund(member, funding.unwrap_or_default())?;
        }
        while self.summary.commands < self.options.steps {
            if self.random.random_ratio(1, PAUSE_RATIO) {
                self.finish_all().await?;
            }
            let command = self.scenario.command(&mut self.random, &self.ledger);
            self.begin(command);
            while self.actors.len() >= self.actors_max {
                self.go_on().await?;
            }
        }
        // With no more faults, everything comes to its end.
        self.faults = FAULTS[0];
        self.finish_all().await?;
        let stored = Ledger::read(&self.client, &tables()).await?;
        if stored != self.ledger {
            return Err(Breach::Other("something was written that nobody saw".to_owned()));
        }
        self.summary.messages = stored.messages.len();
        Ok(())
    }

    /// Lets everyone finish, and compares all there is.
    async fn finish_all(&mut self) -> Result<(), Breach> {
        while !self.actors.is_empty() {
            self.go_on().await?;
        }
        self.model.compare(&self.ledger)?;
        if self.streamed {
            self.project().await?;
            statements::check(&self.scenario.world.store, &self.ledger).await?;
        }
        Ok(())
    }

    /// Brings the stream to the statements: a few times under faults, which may post any part of it, and
    /// once more without.
    async fn project(&mut self) -> Result<(), Breach> {
        let event = self.scenario.world.database.take_stream(&tables().ledger);
        for _ in 0..DELIVERIES_UNDER_FAULTS {
            let (store, _) = self.store();
            let _ = statements::project(&store, event.clone()).await;
        }
        let again = statements::project(&self.scenario.world.store, event).await;
        again.map_err(|error| Breach::Other(error.to_string()))
    }

    fn begin(&mut self, command: Command) {
        let alone = self.actors.is_empty();
        for actor in &mut self.actors {
            actor.alone = false;
        }
        self.note(format!("begin {command:?}"));
        let (store, touched) = self.store();
        let members = self.scenario.members.clone();
        let future = command.clone().perform(store, members);
        self.actors.push(Actor::new(command, alone, touched, future));
    }

    /// A store like that of a new process.
    fn store(&mut self) -> (Store, Touched) {
        let touched = Touched::default();
        let faults = SeededFaults::new(self.random.random(), self.faults);
        let noted = Noted { faults: Some(faults), touched: touched.clone() };
        let database = &self.scenario.world.database;
        let client = match self.tries {
            1 => database.client_with(noted),
            tries => database.client_with_retries(noted, tries),
        };
        let client = match self.options.sabotage {
            Some(sabotage) => sabotage.on(&client),
            None => client,
        };
        (Store::new(client, tables()), touched)
    }

    /// One actor takes one step; then what it wrote is checked.
    async fn go_on(&mut self) -> Result<(), Breach> {
        let place = actors::next(&self.actors, &mut self.random).await;
        self.mix(place as u64);
        if self.faults.conflict > 0 && self.random.random_ratio(1, KILL_RATIO) {
            // The queue, or the client that got no answer, brings the same command again.
            let killed = self.actors.swap_remove(place);
            self.summary.kills += 1;
            self.note(format!("kill {:?}", killed.command));
            self.begin(killed.command);
            return Ok(());
        }
        let polled = self.actors[place].poll();
        self.check_writes(place).await?;
        if let Poll::Ready(outcome) = polled {
            let actor = self.actors.swap_remove(place);
            self.end(actor, outcome)?;
        }
        Ok(())
    }

    fn end(&mut self, actor: Actor, outcome: Result<Answer, Refused>) -> Result<(), Breach> {
        match outcome {
            Ok(answer) => {
                self.note(format!("{answer:?} {:?}", actor.command));
                self.summary.commands += 1;
                self.summary.refused += u32::from(answer != Answer::Done);
                self.model.record(&actor.command, &answer, &self.scenario.members)?;
                self.check_refusal(&actor, &answer)
            }
            Err(error) if error.is_unknown() => {
                self.note(format!("{error} {:?}", actor.command));
                self.begin(actor.command);
                Ok(())
            }
            Err(error) => Err(Breach::Other(format!("{:?}: {error}", actor.command))),
        }
    }

    /// Nobody who is alone is told that there is not enough where there is.
    fn check_refusal(&self, actor: &Actor, answer: &Answer) -> Result<(), Breach> {
        let Answer::NotEnough { level } = answer else { return Ok(()) };
        let members = &self.scenario.members;
        let (wallet, needed) = match &actor.command {
            Command::Send { member, key, characters } => {
                let message = members[*member].message(key, &text(*characters));
                let charge = message.ok().and_then(|message| message.charges.get(level - 1).cloned());
                let Some(charge) = charge else { return Ok(()) };
                (charge.wallet, charge.amount)
            }
            Command::Transfer { from, amount, .. } => {
                let wallet = members[*from].wallet.clone();
                let limit = self.ledger.wallets.get(&wallet).map(|wallet| wallet.credit_limit);
                (wallet, amount.checked_add(limit.unwrap_or_default())?)
            }
            _ => return Ok(()),
        };
        let spendable = self.ledger.spendable(&wallet);
        if actor.alone && needed <= spendable {
            let command = &actor.command;
            return Err(Breach::Other(format!("{command:?} was refused with {spendable} for {needed}")));
        }
        Ok(())
    }

    /// If anything was written, it is what this actor's latest write is to.
    async fn check_writes(&mut self, place: usize) -> Result<(), Breach> {
        let consumed = self.scenario.world.database.capacity().take();
        if consumed.iter().all(|entry| entry.write_units.is_zero()) {
            return Ok(());
        }
        for (table, key) in self.actors[place].touched.items() {
            if let Some(item) = self.read(&table, key).await {
                self.ledger.put(item)?;
            }
        }
        self.summary.checks += 1;
        self.ledger.check()
    }

    async fn read(&self, table: &str, key: Item) -> Option<Item> {
        let get = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
        get.send().await.expect("an item is read").item
    }

    fn note(&mut self, line: String) {
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

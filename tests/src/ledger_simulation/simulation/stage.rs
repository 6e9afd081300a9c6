//! A simulation in which nothing fails and nothing is random: the commands are given one by one, and whoever
//! carries one out can be held at any of its calls.

use rand::SeedableRng;
use rand::rngs::StdRng;
use store::Store;

use super::super::actors::{Actor, Sending};
use super::super::commands::Command;
use super::super::ledger::{Breach, Ledger};
use super::super::mutations::Guards;
use super::super::projection::{self, STREAMED, Streams};
use super::super::scenario::Scenario;
use super::super::{Mutation, Options};
use super::{FAULTS, Simulation};

impl Simulation {
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
}

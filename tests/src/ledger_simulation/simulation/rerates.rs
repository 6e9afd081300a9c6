//! What has to be true of rerates while they go on, and when they have ended.

use std::collections::BTreeSet;

use domain::rerate::{Rerate, Status};
use jiff::SignedDuration;
use store::{Item, StoreError, keys};

use super::super::commands::Command;
use super::super::ledger::{Breach, Invariant};
use super::super::projection::Streams;
use super::super::rerating::{Moves, Sums, due};
use super::Simulation;

impl Simulation {
    /// What a task changes can be told beforehand if all that was sent is recorded.
    pub(super) fn begin_rerate(&mut self, command: &Command) {
        let Command::Rerate { task } = command else { return };
        let is_recorded = self.streams.as_ref().is_some_and(Streams::is_done);
        let moves = is_recorded.then(|| self.all_moves());
        self.rerates.begin(task, moves);
    }

    fn all_moves(&self) -> Moves {
        let others = self.moves.others + self.scenario.corrections + u64::from(self.ledger.flushes);
        Moves { others, ..self.moves }
    }

    /// Takes note of an actor's write to these items.
    pub(super) fn note_moves(&mut self, place: usize, items: &[(String, Item)]) {
        if !items.iter().any(|(pk, _)| keys::is_message(pk) || keys::is_block(pk) || keys::is_fee(pk)) {
            return;
        }
        match &self.actors[place].command {
            Command::Rerate { .. } => self.moves.rerates += 1,
            _ => self.moves.others += 1,
        }
    }

    /// Takes in what an actor's step has rated again, which nobody does but rerates.
    pub(super) fn note_rated_again(&mut self, place: usize) -> Result<(), Breach> {
        let rated = self.ledger.take_rated_again();
        let count = rated.messages.len() + rated.fees.len();
        self.summary.rerated += count;
        match &self.actors[place].command {
            Command::Rerate { task } => self.rerates.change(task, &rated),
            _ if count == 0 => Ok(()),
            command => Err(Breach::of(Invariant::Rerated, format!("{command:?} rates again"))),
        }
    }

    /// After a write of this actor, if it is a rerate's: the task itself, and those that it may have undone.
    pub(super) async fn check_rerates(&self, place: usize) -> Result<(), Breach> {
        let Command::Rerate { task } = &self.actors[place].command else { return Ok(()) };
        let (store, now) = (&self.scenario.world.store, self.all_moves());
        let tasks: BTreeSet<_> = std::iter::once(task.clone()).chain(self.rerates.undisturbed(now)).collect();
        for task in tasks {
            let found = store.thing::<Rerate>(task.as_str()).await.map_err(failed)?;
            let Some(task) = found else { continue };
            let told = Sums::told(store.rerate_differences(&task.id).await.map_err(failed)?);
            let due = || due(&self.ledger, &self.scenario.corrected, &task);
            self.rerates.check(&task, &told, due, now)?;
        }
        Ok(())
    }

    /// Whatever prices were corrected: a task counts what that comes to, another one does it.
    pub(super) async fn rate_all_again(&mut self) -> Result<(), Breach> {
        if self.streams.is_none() || self.scenario.corrected.is_empty() {
            return Ok(());
        }
        self.scenario.now += SignedDuration::from_hours(1);
        for dry_run in [true, false] {
            let task = self.scenario.rerate(0, dry_run).await;
            self.begin(Command::Rerate { task: task.clone() }, None);
            self.finish_all().await?;
            let ended = self.scenario.world.store.thing::<Rerate>(task.as_str()).await.map_err(failed)?;
            if ended.is_none_or(|task| task.status != Status::Complete) {
                return Err(Breach::of(Invariant::Lively, format!("{task} does not end")));
            }
        }
        self.finish_streams().await
    }
}

fn failed(error: StoreError) -> Breach {
    Breach::of(Invariant::Replayed, error.to_string())
}

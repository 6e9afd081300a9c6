//! Histories for the guards of leases: one that holds a lease is stopped, others go on, and it comes back.

use domain::id::MessageId;
use domain::message::Progress;
use jiff::SignedDuration;

use super::super::super::actors::Sending;
use super::super::super::commands::Command;
use super::super::super::ledger::{Breach, Invariant};
use super::super::super::simulation::Simulation;
use super::{ABOVE, CLIENT, Played, RICH, Stage, company, one, refused, send};

/// A process with a lease, which sends so many messages and gives it back.
fn much(key: &str, requests: u32) -> Command {
    Command::SendMuch { account: CLIENT, key: key.to_owned(), requests, block: 0, closes: true }
}

/// One that forgets that it has a lease.
fn forgetful(key: &str) -> Command {
    Command::SendMuch { account: CLIENT, key: key.to_owned(), requests: 1, block: 0, closes: false }
}

/// The first message of a process with a lease, asked for by its client.
fn first_of(key: &str) -> Command {
    much(key, 1).requests().swap_remove(0)
}

/// The time of every lease is over.
fn pass_time(stage: &mut Simulation) {
    stage.scenario().now += SignedDuration::from_mins(5);
}

impl Stage {
    /// A request is charged at home while a row for it is on its way to a lease.
    pub(super) async fn leased_row_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::Put, much("a", 1)).await?;
        stage.run_to_end(first_of("a")).await?;
        stage.finish().await
    }

    /// Two take the place of a row that a dead process has left.
    pub(super) async fn void_row(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::Flush, forgetful("a")).await?;
        pass_time(&mut stage);
        stage.run_to_end(Command::Reclaim).await?;
        stage.hold_charge(first_of("a")).await?;
        stage.run_to_end(first_of("a")).await?;
        stage.finish().await
    }

    /// A lease was free at the first look, and somebody has it at the second.
    pub(super) async fn lease_free(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(much("a", 1)).await?;
        // Read are the wallet, its first slot, and the slot again.
        stage.hold_call(much("b", 1), 3).await?;
        stage.hold_at(Sending::Flush, much("c", 1)).await?;
        stage.let_go().await?;
        stage.finish().await
    }

    /// Somebody else has had the lease and given it back.
    pub(super) async fn lease_taken_sequence(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::TakeLease, much("a", 1)).await?;
        stage.run_to_end(much("b", 1)).await?;
        stage.finish().await
    }

    /// The sweeper takes a lease back at the moment of a flush.
    pub(super) async fn lease_closed_sequence(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::Flush, forgetful("a")).await?;
        pass_time(&mut stage);
        stage.hold_at(Sending::CloseLease, Command::Reclaim).await?;
        stage.let_go().await?;
        stage.finish().await
    }

    /// Both holders are at their first flush.
    pub(super) async fn flush_holder(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::Flush, much("a", 1)).await?;
        pass_time(&mut stage);
        stage.run_to_end(Command::Reclaim).await?;
        stage.hold_at(Sending::Flush, much("b", 1)).await?;
        stage.let_go().await?;
        stage.finish().await
    }

    pub(super) async fn flush_number(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_losing(Sending::Flush, much("a", 1)).await?;
        stage.finish().await
    }

    /// What is free needs no escrow, which a closed lease would not have.
    pub(super) async fn flush_open(&self) -> Played {
        let mut stage = self.set(company("0", RICH), &[company("0", RICH)]).await?;
        stage.hold_at(Sending::Flush, much("a", 1)).await?;
        pass_time(&mut stage);
        stage.run_to_end(Command::Reclaim).await?;
        stage.finish().await
    }

    pub(super) async fn flush_escrow(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold_at(Sending::Flush, much("a", 1)).await?;
        stage.run_to_end(Command::Recall { account: ABOVE }).await?;
        stage.finish().await
    }

    /// The units of the lease are called back before those that come after them in order are used.
    pub(super) async fn flush_units(&self) -> Played {
        let mut stage = self.set(company("0.03", RICH), &[company("0.05", RICH).with_pack(220)]).await?;
        stage.hold_at(Sending::Flush, much("a", 1)).await?;
        for number in 0..6 {
            stage.run_to_end(send(CLIENT, &format!("b{number}"), 1, 0, 40)).await?;
        }
        stage.run_to_end(one(CLIENT, "c")).await?;
        stage.finish().await
    }

    pub(super) async fn block_revision(&self) -> Played {
        let (mut stage, message) = self.block().await?;
        stage.hold(Command::Move { message: message.clone(), progress: Progress::InDoubt }, 1).await?;
        let references = vec![Some("reference".to_owned())];
        stage.run_to_end(Command::Move { message, progress: Progress::Submitted { references } }).await?;
        stage.finish().await
    }

    pub(super) async fn block_refund(&self) -> Played {
        let (mut stage, message) = self.block().await?;
        stage.hold(refused(message.clone()), 1).await?;
        stage.run_to_end(refused(message)).await?;
        stage.finish().await
    }

    pub(super) async fn block_claim(&self) -> Played {
        let (mut stage, message) = self.block().await?;
        stage.run_to_end(Command::Claim { message: message.clone() }).await?;
        stage.run_to_end(Command::Claim { message }).await?;
        stage.finish().await
    }

    /// A block of two messages that was charged, and one of them.
    pub(super) async fn block(&self) -> Result<(Simulation, MessageId), Breach> {
        let mut stage = self.pair(RICH, RICH).await?;
        let much =
            Command::SendMuch { account: CLIENT, key: "a".to_owned(), requests: 2, block: 2, closes: true };
        stage.run_to_end(much).await?;
        // Nobody works on it before it has its job.
        stage.project_all().await?;
        let first = stage.ledger().of_blocks.keys().next().cloned();
        let none = || Breach::of(Invariant::FencedHolders, "there is no block");
        first.map(|message| (stage, message)).ok_or_else(none)
    }
}

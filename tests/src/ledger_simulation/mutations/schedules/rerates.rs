//! Histories for the guards of rerates: what is rated again moves in the same moment, or somebody else rates
//! it.

use jiff::SignedDuration;

use super::super::super::actors::Sending;
use super::super::super::commands::Command;
use super::super::super::simulation::Simulation;
use super::{CLIENT, Played, RICH, Stage, fee, message, one, refused};
use crate::world::amount;

impl Stage {
    pub(super) async fn rerate_revision(&self) -> Played {
        self.rerate_of_what_moves().await?;
        self.rerate_of_what_another_has_rated().await
    }

    async fn rerate_of_what_moves(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.project_all().await?;
        let message = message(&mut stage, CLIENT, "a");
        let rerate = corrected(&mut stage, "0.07", false).await;
        stage.hold_at(Sending::Rerate, rerate).await?;
        stage.run_to_end(refused(message)).await?;
        stage.finish().await
    }

    pub(super) async fn rerate_block(&self) -> Played {
        let (mut stage, message) = self.block().await?;
        let rerate = corrected(&mut stage, "0.07", false).await;
        stage.hold_at(Sending::Rerate, rerate).await?;
        stage.run_to_end(refused(message)).await?;
        stage.finish().await
    }

    /// Two tasks have priced one fee, and the later prices come first.
    pub(super) async fn rerate_fee(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(fee("1")).await?;
        stage.project_all().await?;
        let before = corrected(&mut stage, "0.07", false).await;
        stage.hold_at(Sending::Rerate, before).await?;
        let after = corrected(&mut stage, "0.09", false).await;
        stage.run_to_end(after).await?;
        stage.finish().await
    }

    /// Two have counted the same chunk.
    pub(super) async fn rerate_chunk(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.project_all().await?;
        let rerate = corrected(&mut stage, "0.07", true).await;
        stage.hold_at(Sending::NoteRerated, rerate.clone()).await?;
        stage.run_to_end(rerate).await?;
        stage.finish().await
    }

    /// A task that has read its prices meets a message that another one has rated at later prices.
    async fn rerate_of_what_another_has_rated(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.project_all().await?;
        let before = corrected(&mut stage, "0.07", false).await;
        stage.hold_at(Sending::Rerate, before).await?;
        let after = corrected(&mut stage, "0.09", false).await;
        stage.run_to_end(after).await?;
        stage.finish().await
    }
}

/// The client's price was wrong, and a task is to see to that.
async fn corrected(stage: &mut Simulation, price: &str, dry_run: bool) -> Command {
    let scenario = stage.scenario();
    scenario.now += SignedDuration::from_hours(1);
    scenario.correct(CLIENT, amount(price)).await;
    Command::Rerate { task: scenario.rerate(CLIENT, dry_run).await }
}

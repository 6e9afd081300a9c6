//! Histories for the guards of what is no message: transfers, withdrawals, payments, fees and terms.

use domain::id::PaymentId;
use domain::payment::PaymentDirection;
use domain::transfer::TransferAmount;

use super::super::super::commands::{Change, Command};
use super::{ABOVE, CLIENT, OTHER, Played, RICH, Stage, fee, limit, pay, send, suspend, transfer};
use crate::edits::act_at;
use crate::world::amount;

impl Stage {
    pub(super) async fn transfer_headroom(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, amount("8")), 1).await?;
        stage.run_to_end(transfer(2, CLIENT, ABOVE, amount("8"))).await?;
        stage.finish().await
    }

    /// It was planned to leave no limit, and there is one that was spent from.
    pub(super) async fn transfer_limit(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, amount("10")), 1).await?;
        stage.run_to_end(limit(CLIENT, "10")).await?;
        stage.run_to_end(send(CLIENT, "a", 1, 0, 100)).await?;
        stage.finish().await
    }

    /// A drain that was ended by the sweeper while its transfer was on its way.
    pub(super) async fn withdrawal_state(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, TransferAmount::All), 2).await?;
        stage.scenario().now += jiff::SignedDuration::from_mins(5);
        stage.run_to_end(Command::EndDrains).await?;
        stage.finish().await
    }

    /// Something is paid in while all is being taken out.
    pub(super) async fn withdrawal_headroom(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, TransferAmount::All), 2).await?;
        stage.run_to_end(pay(1, PaymentDirection::Inbound, "5", None)).await?;
        stage.finish().await
    }

    pub(super) async fn drain_begins(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, TransferAmount::All), 1).await?;
        stage.run_to_end(suspend(CLIENT, true)).await?;
        stage.finish().await
    }

    /// An old drain is ended late, while a new one is on its way.
    pub(super) async fn drain_ends(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(transfer(1, CLIENT, ABOVE, TransferAmount::All), 2).await?;
        stage.scenario().now += jiff::SignedDuration::from_mins(5);
        stage.hold(Command::EndDrains, 1).await?;
        stage.run_to_end(Command::EndDrains).await?;
        stage.run_to_end(suspend(CLIENT, true)).await?;
        stage.finish().await
    }

    pub(super) async fn payment_revision(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.run_to_end(pay(1, PaymentDirection::Inbound, "5", None)).await?;
        let change =
            |text| Command::ChangePayment { id: PaymentId::new(1), change: Change::Amount(amount(text)) };
        stage.hold(change("7"), 1).await?;
        stage.run_to_end(change("9")).await?;
        stage.finish().await
    }

    pub(super) async fn payment_reference(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.run_to_end(pay(1, PaymentDirection::Inbound, "5", Some(1))).await?;
        stage.run_to_end(pay(2, PaymentDirection::Inbound, "5", Some(1))).await?;
        stage.finish().await
    }

    pub(super) async fn payment_headroom(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(pay(1, PaymentDirection::Outbound, "8", None), 1).await?;
        stage.run_to_end(pay(2, PaymentDirection::Outbound, "8", None)).await?;
        stage.finish().await
    }

    pub(super) async fn payment_limit(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(pay(1, PaymentDirection::Outbound, "10", None), 1).await?;
        stage.run_to_end(limit(CLIENT, "10")).await?;
        stage.run_to_end(send(CLIENT, "a", 1, 0, 100)).await?;
        stage.finish().await
    }

    pub(super) async fn fee_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(fee("1"), 1).await?;
        // Otherwise its place in the list of fees would be taken.
        stage.scenario().now += jiff::SignedDuration::from_mins(5);
        stage.run_to_end(fee("1")).await?;
        stage.finish().await
    }

    pub(super) async fn fee_headroom(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(fee("8"), 1).await?;
        stage.run_to_end(transfer(2, CLIENT, ABOVE, amount("8"))).await?;
        stage.finish().await
    }

    pub(super) async fn fee_open(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(fee("8"), 1).await?;
        stage.run_to_end(suspend(CLIENT, true)).await?;
        stage.finish().await
    }

    /// Somebody has read the wallet before the agreement.
    pub(super) async fn terms_limit(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        let (store, id) = (stage.store().clone(), stage.scenario().members[CLIENT].agreement.id.clone());
        let wallet = stage.scenario().members[CLIENT].wallet.clone();
        let main = store.wallet(&wallet).await.expect("a read").expect("a wallet");
        stage.run_to_end(limit(CLIENT, "7")).await?;
        let agreement = store.any_agreement(&id).await.expect("a read").expect("an agreement");
        let Command::Terms { change, .. } = limit(CLIENT, "5") else { return Ok(()) };
        let now = stage.scenario().now;
        let changed = agreement.with_settings(*change, now).expect("it is allowed");
        let act = act_at(&stage.scenario().members[CLIENT].company.path, now);
        store.change_terms(&act, &agreement, &changed, &main).await.expect("an answer");
        stage.finish().await
    }

    pub(super) async fn terms_state(&self) -> Played {
        let mut stage = self.with_users(RICH).await?;
        stage.run_to_end(transfer(9, CLIENT, OTHER, amount("10"))).await?;
        stage.hold(Command::Suspend { account: OTHER, suspended: true }, 1).await?;
        stage.hold(transfer(1, OTHER, CLIENT, TransferAmount::All), 2).await?;
        stage.let_go().await?;
        stage.finish().await
    }

    pub(super) async fn agreement_revision(&self) -> Played {
        let mut stage = self.pair(RICH, "10").await?;
        stage.hold(limit(CLIENT, "5"), 1).await?;
        stage.run_to_end(suspend(CLIENT, true)).await?;
        stage.finish().await
    }
}

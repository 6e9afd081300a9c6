//! Histories written for one guard each: somebody is held right before a write, another does what the guard
//! is there for, and the write goes on. With the guard every one of them ends well.

mod leases;
mod money;
mod rerates;

use domain::agreement::{AgreementChange, CreditLimit};
use domain::id::{FeeId, MessageId, PaymentId, TransferId, UserId, WalletId};
use domain::message::Progress;
use domain::payment::PaymentDirection;
use domain::rating::ServiceKind;
use domain::transfer::TransferAmount;
use serde_json::json;

use super::super::commands::{Account, Change, Command};
use super::super::ledger::{Breach, Invariant};
use super::super::scenario::{Scenario, individual_credits, main_account, tree};
use super::super::simulation::Simulation;
use super::Mutation;
use crate::world::{Member, NewMember, World, amount};

/// The accounts of a stage: the owner has the first one.
const ABOVE: usize = 1;
const CLIENT: usize = 2;
const OTHER: usize = 3;

/// Plays the history written for a guard, without that guard or with all of them.
pub async fn play(of: Mutation, left_out: Option<Mutation>) -> Played {
    let stage = Stage { left_out };
    match of {
        Mutation::ExpandedRowIsNew => stage.expanded_row_is_new().await,
        Mutation::ClaimStatus => stage.claim_status().await,
        Mutation::ChargeHeadroom => stage.charge_headroom().await,
        Mutation::ChargeEscrow => stage.charge_escrow().await,
        Mutation::RowIsNew => stage.row_is_new().await,
        Mutation::MessageRevision => stage.message_revision().await,
        Mutation::RefundRevision => stage.refund_revision().await,
        Mutation::TransferIsNew => stage.transfer_is_new().await,
        Mutation::PaymentIsNew => stage.payment_is_new().await,
        Mutation::ClaimMark => stage.claim_mark().await,
        Mutation::ReleaseMark => stage.release().await,
        Mutation::BlockRevision => stage.block_revision().await,
        Mutation::BlockRefund => stage.block_refund().await,
        Mutation::BlockClaim => stage.block_claim().await,
        Mutation::RefundUsed => stage.refund_used().await,
        Mutation::SettleUsed => stage.settle_used().await,
        Mutation::ChargeOpen => stage.charge_open().await,
        Mutation::ChargeUnits => stage.charge_units().await,
        Mutation::ChargeRoom => stage.room(CLIENT).await,
        Mutation::ChargePin => stage.pin(CLIENT).await,
        Mutation::ExactHeadroom => stage.exact_headroom().await,
        Mutation::ExactOpen => stage.exact_open().await,
        Mutation::ExactRoom => stage.room(ABOVE).await,
        Mutation::ExactPin => stage.pin(ABOVE).await,
        Mutation::RefillHeadroom => stage.refill_headroom().await,
        Mutation::RefillEscrow => stage.refill_escrow().await,
        Mutation::RefillUnits => stage.refill_units().await,
        Mutation::RefillRoom => stage.refill_room().await,
        Mutation::RefillGiverOpen => stage.refill_open(ABOVE).await,
        Mutation::RefillHolderOpen => stage.refill_open(CLIENT).await,
        Mutation::RefillCounter => stage.refill_counter().await,
        Mutation::RecallEscrow => stage.recall_escrow().await,
        Mutation::RecallUnits => stage.recall_units().await,
        Mutation::TransferHeadroom => stage.transfer_headroom().await,
        Mutation::TransferLimit => stage.transfer_limit().await,
        Mutation::WithdrawalState => stage.withdrawal_state().await,
        Mutation::WithdrawalHeadroom => stage.withdrawal_headroom().await,
        Mutation::DrainBegins => stage.drain_begins().await,
        Mutation::DrainEnds => stage.drain_ends().await,
        Mutation::PaymentRevision => stage.payment_revision().await,
        Mutation::PaymentReference => stage.payment_reference().await,
        Mutation::PaymentHeadroom => stage.payment_headroom().await,
        Mutation::PaymentLimit => stage.payment_limit().await,
        Mutation::FeeIsNew => stage.fee_is_new().await,
        Mutation::FeeHeadroom => stage.fee_headroom().await,
        Mutation::FeeOpen => stage.fee_open().await,
        Mutation::TermsLimit => stage.terms_limit().await,
        Mutation::TermsState => stage.terms_state().await,
        Mutation::AgreementRevision => stage.agreement_revision().await,
        Mutation::WalletIsNew => stage.wallet_is_new().await,
        Mutation::MembersAreNew => stage.members(0).await,
        Mutation::MembersRevision => stage.members(1).await,
        Mutation::StatementBegins => stage.statement(0).await,
        Mutation::StatementCursor => stage.statement(1).await,
        Mutation::EdrRevision => stage.edr().await,
        Mutation::LeasedRowIsNew => stage.leased_row_is_new().await,
        Mutation::VoidRow => stage.void_row().await,
        Mutation::LeaseFree => stage.lease_free().await,
        Mutation::LeaseTakenSequence => stage.lease_taken_sequence().await,
        Mutation::LeaseClosedSequence => stage.lease_closed_sequence().await,
        Mutation::FlushHolder => stage.flush_holder().await,
        Mutation::FlushNumber => stage.flush_number().await,
        Mutation::FlushOpen => stage.flush_open().await,
        Mutation::FlushEscrow => stage.flush_escrow().await,
        Mutation::FlushUnits => stage.flush_units().await,
        Mutation::RerateRevision => stage.rerate_revision().await,
        Mutation::RerateBlock => stage.rerate_block().await,
        Mutation::RerateFee => stage.rerate_fee().await,
        Mutation::RerateChunk => stage.rerate_chunk().await,
    }
}

struct Stage {
    left_out: Option<Mutation>,
}

type Played = Result<(), Breach>;

/// What one company of a stage has.
#[derive(Clone)]
struct Company {
    price: &'static str,
    funds: &'static str,
    /// Units of a pack of its own.
    pack: Option<u32>,
    bundle: bool,
}

const POOR: &str = "0.05";
const RICH: &str = "1000";

fn company(price: &'static str, funds: &'static str) -> Company {
    Company { price, funds, pack: None, bundle: false }
}

impl Company {
    fn with_pack(self, size: u32) -> Self {
        Self { pack: Some(size), ..self }
    }

    async fn open(&self, new: NewMember<'_>) -> Member {
        let included = || tree(json!({"sms_message": {"price": {"type": "included"}}}));
        let mut new = new;
        if let Some(size) = self.pack {
            new = new.with_pack(ServiceKind::UnitPack { size }, included());
        }
        if self.bundle {
            let nothing = tree(json!({"platform_fee": {"price": {"type": "free"}}}));
            new = new.with_pack(ServiceKind::BundleInitiator, included());
            new = new.with_pack(ServiceKind::BundlePack { size: 5 }, nothing);
            new = new.with_tree(tree(json!({
                "sms_message": {"price": {"type": "flat", "amount": self.price}},
                "bundle_member": {"price": {"type": "flat", "amount": "0.5"}},
            })));
        }
        new.with_funds(self.funds).open().await
    }
}

fn send(account: usize, key: &str, segments: usize, first: u32, count: u32) -> Command {
    let characters = if segments == 1 { 5 } else { 150 * segments };
    Command::Send { account, key: key.to_owned(), characters, first, count, single: count == 1 }
}

fn one(account: usize, key: &str) -> Command {
    send(account, key, 1, 0, 1)
}

fn one_to(account: usize, key: &str, number: u32) -> Command {
    send(account, key, 1, number, 1)
}

fn limit(member: usize, text: &str) -> Command {
    let limit = CreditLimit::Limited(amount(text));
    Command::Terms {
        member,
        change: Box::new(AgreementChange { credit_limit: Some(limit), ..AgreementChange::default() }),
    }
}

fn suspend(member: usize, suspended: bool) -> Command {
    Command::Terms {
        member,
        change: Box::new(AgreementChange { suspended: Some(suspended), ..AgreementChange::default() }),
    }
}

fn transfer(number: u128, from: usize, to: usize, amount: impl Into<TransferAmount>) -> Command {
    Command::Transfer { from, to, id: TransferId::new(number), amount: amount.into() }
}

fn pay(number: u128, direction: PaymentDirection, text: &str, reference: Option<u8>) -> Command {
    let (id, amount) = (PaymentId::new(number), amount(text));
    Command::Pay { account: CLIENT, id, direction, amount, confirm_within: None, reference }
}

fn fee(text: &str) -> Command {
    Command::Fee { member: CLIENT, id: FeeId::new(7), amount: amount(text) }
}

fn refused(message: MessageId) -> Command {
    Command::Move { message, progress: Progress::Refused { reason: "no".to_owned() } }
}

impl Stage {
    /// A company, one below it, and at times another one below it.
    async fn set(&self, above: Company, below: &[Company]) -> Result<Simulation, Breach> {
        let world = World::with_streams(&[]).await;
        let first = above.open(world.reseller(&world.owner, above.price)).await;
        let mut members = vec![world.owner.clone(), first.clone()];
        for company in below {
            members.push(company.open(world.client(&first, company.price)).await);
        }
        let parents = (0..members.len()).map(|place| usize::from(place > 1)).collect();
        let accounts = (0..members.len()).map(|place| main_account(&members, place)).collect();
        Simulation::staged(Scenario::of(world, members, parents, accounts).await, self.left_out).await
    }

    /// A client with two users; their accounts stand behind the client's.
    async fn with_users(&self, above: &'static str) -> Result<Simulation, Breach> {
        let world = World::with_streams(&[]).await;
        let above = company("0.03", above).open(world.reseller(&world.owner, "0.03")).await;
        let client = company("0.05", RICH).open(world.client(&above, "0.05")).await;
        let mut members = vec![world.owner.clone(), above, client];
        let mut accounts: Vec<Account> =
            (0..members.len()).map(|place| main_account(&members, place)).collect();
        accounts.extend(individual_credits(&world, &mut members, CLIENT, 2).await);
        Simulation::staged(Scenario::of(world, members, vec![0, 0, 1], accounts).await, self.left_out).await
    }

    async fn pair(&self, above: &'static str, below: &'static str) -> Result<Simulation, Breach> {
        self.set(company("0.03", above), &[company("0.05", below)]).await
    }

    async fn expanded_row_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(send(CLIENT, "a", 1, 0, 3)).await?;
        let batch = batch(&mut stage, CLIENT, "a");
        let message = MessageId::in_batch(&batch, 0);
        stage.hold(Command::Expand { batch: batch.clone(), from: 0 }, 1).await?;
        stage.run_to_end(Command::Expand { batch, from: 0 }).await?;
        stage.run_to_end(Command::Claim { message }).await?;
        stage.finish().await
    }

    async fn claim_status(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        stage.run_to_end(refused(message.clone())).await?;
        stage.run_to_end(Command::Claim { message }).await?;
        stage.finish().await
    }

    async fn charge_headroom(&self) -> Played {
        let mut stage = self.pair(RICH, "0.13").await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(one(CLIENT, "b")).await?;
        stage.run_to_end(one(CLIENT, "c")).await?;
        stage.finish().await
    }

    /// Two requests, each of which takes more than half of what is set aside.
    async fn charge_escrow(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(send(CLIENT, "b", 1, 0, 300)).await?;
        stage.run_to_end(send(CLIENT, "c", 1, 0, 300)).await?;
        stage.finish().await
    }

    async fn row_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(one(CLIENT, "b")).await?;
        stage.run_to_end(one(CLIENT, "b")).await?;
        stage.finish().await
    }

    async fn message_revision(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        stage.hold(Command::Move { message: message.clone(), progress: Progress::InDoubt }, 1).await?;
        let references = vec![Some("reference".to_owned())];
        stage.run_to_end(Command::Move { message, progress: Progress::Submitted { references } }).await?;
        stage.finish().await
    }

    async fn refund_revision(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        stage.hold(refused(message.clone()), 1).await?;
        stage.run_to_end(refused(message)).await?;
        stage.finish().await
    }

    async fn transfer_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold(transfer(1, CLIENT, ABOVE, amount("8")), 1).await?;
        stage.run_to_end(transfer(1, CLIENT, ABOVE, amount("8"))).await?;
        stage.finish().await
    }

    async fn payment_is_new(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold(pay(1, PaymentDirection::Inbound, "8", Some(1)), 1).await?;
        stage.run_to_end(pay(1, PaymentDirection::Inbound, "8", Some(1))).await?;
        // Otherwise its code would be taken.
        stage.run_to_end(Command::ChangePayment { id: PaymentId::new(1), change: Change::Rename(2) }).await?;
        stage.finish().await
    }

    async fn claim_mark(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        stage.run_to_end(Command::Claim { message: message.clone() }).await?;
        stage.run_to_end(Command::Claim { message }).await?;
        stage.finish().await
    }

    async fn release(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        // It has claimed, and is about to give back.
        stage.hold(Command::Release { message: message.clone() }, 2).await?;
        stage.run_to_end(refused(message)).await?;
        stage.finish().await
    }

    /// The units were settled by a second refill; what is then refunded goes back to their owner.
    async fn refund_used(&self) -> Played {
        let mut stage = self.set(company("0.03", RICH).with_pack(2_000), &[company("0.05", RICH)]).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let first = message(&mut stage, CLIENT, "a");
        // All that was set aside; the next one settles what was used.
        stage.run_to_end(send(CLIENT, "b", 1, 0, 400)).await?;
        stage.run_to_end(one(CLIENT, "c")).await?;
        let last = message(&mut stage, CLIENT, "c");
        stage.run_to_end(refused(last)).await?;
        stage.run_to_end(refused(first)).await?;
        stage.finish().await
    }

    /// A refill settles what was used of the units when it was planned; then one of them is refunded.
    async fn settle_used(&self) -> Played {
        let mut stage = self.set(company("0.03", RICH).with_pack(2_000), &[company("0.05", RICH)]).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let first = message(&mut stage, CLIENT, "a");
        // All that was set aside.
        stage.run_to_end(send(CLIENT, "b", 1, 0, 400)).await?;
        stage.hold(one(CLIENT, "c"), 1).await?;
        stage.run_to_end(refused(first)).await?;
        stage.finish().await
    }

    async fn charge_open(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(one(CLIENT, "b")).await?;
        stage.run_to_end(suspend(CLIENT, true)).await?;
        stage.finish().await
    }

    /// Two requests, each of which takes more than half of the units set aside.
    async fn charge_units(&self) -> Played {
        let mut stage = self.set(company("0.03", RICH).with_pack(220), &[company("0.05", RICH)]).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(send(CLIENT, "b", 1, 0, 40)).await?;
        stage.run_to_end(send(CLIENT, "c", 1, 0, 40)).await?;
        stage.finish().await
    }

    /// A pack of five units at this level, of which two requests take three each.
    async fn room(&self, owner: usize) -> Played {
        let mut stage = self.packed(owner, 6).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold_charge(send(CLIENT, "b", 3, 0, 1)).await?;
        stage.run_to_end(send(CLIENT, "c", 3, 0, 1)).await?;
        stage.finish().await
    }

    /// The last unit of a pack and one more are planned; then units come back.
    async fn pin(&self, owner: usize) -> Played {
        let mut stage = self.packed(owner, 3).await?;
        stage.run_to_end(send(CLIENT, "a", 2, 0, 1)).await?;
        let first = message(&mut stage, CLIENT, "a");
        stage.hold_charge(send(CLIENT, "b", 2, 0, 1)).await?;
        stage.run_to_end(refused(first)).await?;
        stage.finish().await
    }

    async fn packed(&self, owner: usize, size: u32) -> Result<Simulation, Breach> {
        let (above, below) = (company("0.03", RICH), company("0.05", RICH));
        match owner {
            ABOVE => self.set(above.with_pack(size), &[below]).await,
            _ => self.set(above, &[below.with_pack(size)]).await,
        }
    }

    async fn exact_headroom(&self) -> Played {
        let mut stage = self.pair(POOR, RICH).await?;
        stage.hold_charge(one(CLIENT, "a")).await?;
        stage.run_to_end(one(CLIENT, "b")).await?;
        stage.finish().await
    }

    async fn exact_open(&self) -> Played {
        let mut stage = self.pair("1", RICH).await?;
        stage.hold_charge(one(CLIENT, "a")).await?;
        stage.run_to_end(suspend(ABOVE, true)).await?;
        stage.finish().await
    }

    /// The refill is planned, and the money is gone.
    async fn refill_headroom(&self) -> Played {
        let mut stage = self.pair("20", RICH).await?;
        stage.hold(one(CLIENT, "a"), 1).await?;
        stage.run_to_end(transfer(1, ABOVE, 0, amount("19"))).await?;
        stage.finish().await
    }

    /// A user's escrow comes out of what the main wallet has itself: two users ask for it at once.
    async fn refill_escrow(&self) -> Played {
        let mut stage = self.with_users("30").await?;
        for (number, user) in [(1, OTHER), (2, OTHER + 1)] {
            stage.run_to_end(transfer(number, CLIENT, user, amount("300"))).await?;
        }
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold(one(OTHER, "b"), 1).await?;
        stage.run_to_end(one(OTHER + 1, "c")).await?;
        stage.finish().await
    }

    async fn refill_units(&self) -> Played {
        let world = World::with_streams(&[]).await;
        let above = company("0.03", RICH).with_pack(4_000);
        let above = above.open(world.reseller(&world.owner, "0.03")).await;
        let client = company("0.05", RICH).open(world.client(&above, "0.05")).await;
        let mut members = vec![world.owner.clone(), above, client];
        let mut accounts: Vec<Account> =
            (0..members.len()).map(|place| main_account(&members, place)).collect();
        accounts.extend(individual_credits(&world, &mut members, CLIENT, 2).await);
        let scenario = Scenario::of(world, members, vec![0, 0, 1], accounts).await;
        let mut stage = Simulation::staged(scenario, self.left_out).await?;
        for user in [OTHER, OTHER + 1] {
            stage.run_to_end(transfer(user as u128, CLIENT, user, amount("300"))).await?;
        }
        stage.hold(one(OTHER, "b"), 2).await?;
        stage.run_to_end(one(OTHER + 1, "c")).await?;
        stage.finish().await
    }

    /// The units of a pack are planned to be set aside, and others have taken them.
    async fn refill_room(&self) -> Played {
        let below = company("0.05", RICH);
        let mut stage = self.set(company("0.03", RICH).with_pack(220), &[below.clone(), below]).await?;
        stage.hold(one(CLIENT, "a"), 1).await?;
        for number in 0..6 {
            stage.run_to_end(send(OTHER, &format!("b{number}"), 1, 0, 35)).await?;
        }
        stage.finish().await
    }

    async fn refill_open(&self, suspended: usize) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.hold(one(CLIENT, "a"), 1).await?;
        stage.run_to_end(suspend(suspended, true)).await?;
        stage.finish().await
    }

    /// Both settle what was used before.
    async fn refill_counter(&self) -> Played {
        let mut stage = self.pair("30", RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.run_to_end(send(CLIENT, "b", 1, 0, 200)).await?;
        stage.hold(send(CLIENT, "c", 1, 0, 60), 1).await?;
        stage.run_to_end(send(CLIENT, "d", 1, 0, 61)).await?;
        stage.finish().await?;
        let client = stage.scenario().members[CLIENT].wallet.clone();
        let refills = stage.ledger().wallets.get(&client).map_or(0, |wallet| wallet.refills);
        if refills > 2 {
            let detail = format!("{client} was refilled {refills} times");
            return Err(Breach::of(Invariant::SetAsideOnce, detail));
        }
        Ok(())
    }

    async fn recall_escrow(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.hold(Command::Recall { account: ABOVE }, 1).await?;
        stage.run_to_end(one(CLIENT, "b")).await?;
        stage.finish().await
    }

    /// One client has all units that are left set aside, and spends some while another calls them back.
    async fn recall_units(&self) -> Played {
        let below = company("0.05", RICH);
        let mut stage = self.set(company("0.03", RICH).with_pack(220), &[below.clone(), below]).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        // 165 are left; less than a refill, so these are taken directly.
        for number in 0..4 {
            stage.run_to_end(send(OTHER, &format!("b{number}"), 1, 0, 40)).await?;
        }
        stage.hold(send(OTHER, "c", 1, 0, 40), 1).await?;
        stage.run_to_end(send(CLIENT, "d", 1, 0, 20)).await?;
        stage.finish().await
    }

    /// Two open a user's wallet at once, and one of them has spent from it.
    async fn wallet_is_new(&self) -> Played {
        let mut stage = self.with_users(RICH).await?;
        let user = UserId::new(99);
        let open = Command::OpenUser { member: CLIENT, user: user.clone() };
        stage.hold(open.clone(), 1).await?;
        stage.run_to_end(open).await?;
        let scenario = stage.scenario();
        let agreement = scenario.members[CLIENT].agreement.id.clone();
        let wallet = WalletId::of_user(&agreement, &user);
        let accounts: Vec<Account> = scenario
            .accounts
            .iter()
            .cloned()
            .chain([Account { member: CLIENT, wallet, user: None }])
            .collect();
        let place = accounts.len() - 1;
        scenario.accounts = accounts.into();
        stage.run_to_end(transfer(1, CLIENT, place, amount("10"))).await?;
        stage.finish().await
    }

    /// Two messages to one number, or to two in one list of a bundle.
    async fn members(&self, before: u32) -> Played {
        let mut stage =
            self.set(company("0.03", RICH), &[Company { bundle: true, ..company("0.05", RICH) }]).await?;
        // A number of another list, or some of all lists.
        stage.run_to_end(send(CLIENT, "a", 1, 0, 1 + before * 60)).await?;
        stage.hold_charge(one_to(CLIENT, "b", 100)).await?;
        stage.run_to_end(one_to(CLIENT, "c", 100)).await?;
        stage.finish().await
    }

    async fn statement(&self, before: u32) -> Played {
        let mut stage = self.pair(RICH, "0").await?;
        if before > 0 {
            stage.run_to_end(pay(1, PaymentDirection::Inbound, "5", None)).await?;
        }
        stage.project_all().await?;
        // A write that is no line: the cursor alone would go back.
        stage.run_to_end(limit(CLIENT, "10")).await?;
        stage.hold_projection("ledger").await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        stage.project_all().await?;
        stage.let_go().await?;
        stage.check_projected().await?;
        stage.finish().await
    }

    /// A delivery is late, and a later state is shown already.
    async fn edr(&self) -> Played {
        let mut stage = self.pair(RICH, RICH).await?;
        stage.run_to_end(one(CLIENT, "a")).await?;
        let message = message(&mut stage, CLIENT, "a");
        stage.hold_projection("messages").await?;
        stage.run_to_end(refused(message)).await?;
        stage.project_all().await?;
        stage.finish().await
    }
}

fn company_of(stage: &mut Simulation, account: usize) -> domain::id::CompanyId {
    let scenario = stage.scenario();
    scenario.members[scenario.accounts[account].member].company.id.clone()
}

fn message(stage: &mut Simulation, account: usize, key: &str) -> MessageId {
    MessageId::of_request(&company_of(stage, account), key)
}

fn batch(stage: &mut Simulation, account: usize, key: &str) -> domain::id::BatchId {
    domain::id::BatchId::of_request(&company_of(stage, account), key)
}

//! The random commands of a simulation: what somebody asks for next, whether it fits or not.

use std::sync::Arc;

use domain::agreement::{AgreementChange, CreditLimit};
use domain::batch::Draft;
use domain::id::{FeeId, MessageId, PaymentId, TransferId, UserId};
use domain::message::{Message, Progress, Status};
use domain::money::Amount;
use domain::payment::{Payment, PaymentDirection};
use domain::receipt::ReceiptState;
use domain::transfer::TransferAmount;
use jiff::SignedDuration;
use rand::RngExt;
use rand::rngs::StdRng;

use super::commands::{Change, Command};
use super::ledger::Ledger;
use super::scenario::{Scenario, pack, some_amount, some_price};

const RECIPIENTS: [u32; 4] = [2, 5, 9, 40];
/// Numbers that messages go to: few enough that bundles see them again.
const NUMBERS: u32 = 60;
/// Reference codes that payments contend for.
const CODES: u8 = 4;
/// Messages looked at for one that may still move.
const PLACES_TRIED: u32 = 12;
/// A plan is not carried out later than this: by then what it counts on may be forgotten.
const STALE_MAX: SignedDuration = SignedDuration::from_hours(24 * 5);
/// Fees of rules, each tried again and again.
const FEES: u128 = 1_000;

/// What was asked for, with what was to be sent as it was planned then.
#[derive(Default)]
pub struct Requests {
    given: Vec<(Command, Option<Arc<Draft>>)>,
    /// Messages that may still move. Looked through, and those that have ended thrown out, now and then.
    open: Vec<MessageId>,
}

impl Requests {
    /// A message that was stored.
    pub fn stored(&mut self, message: &MessageId) {
        self.open.push(message.clone());
    }

    /// The next command: now and then one that was given before, with its plan of that time.
    pub async fn next(
        &mut self,
        scenario: &mut Scenario,
        random: &mut StdRng,
        ledger: &Ledger,
    ) -> (Command, Option<Arc<Draft>>) {
        if !self.given.is_empty() && random.random_ratio(1, 8) {
            // The latest are the likeliest: they are still under way.
            let latest = if random.random_ratio(1, 2) { self.given.len().saturating_sub(6) } else { 0 };
            let (command, draft) = self.given[random.random_range(latest..self.given.len())].clone();
            let draft = draft.filter(|draft| scenario.now < draft.batch.accepted_at + STALE_MAX);
            let again = draft.is_none() || random.random_ratio(1, 2);
            let fresh = again.then(|| scenario.draft(&command, scenario.now)).flatten();
            return (command, fresh.or(draft));
        }
        scenario.pass_time(random);
        let command = self.new_command(scenario, random, ledger).await;
        let draft = scenario.draft(&command, scenario.now);
        self.given.push((command.clone(), draft.clone()));
        (command, draft)
    }

    async fn new_command(
        &mut self,
        scenario: &mut Scenario,
        random: &mut StdRng,
        ledger: &Ledger,
    ) -> Command {
        match random.random_range(0..204) {
            0..12 => payment(scenario, random),
            12..20 => change_of_payment(random, ledger).unwrap_or_else(|| payment(scenario, random)),
            20..44 => transfer(scenario, random),
            44..47 => {
                // At times the same request as one of a process with a lease.
                let much = random.random_range(0..=self.given.len() / 20);
                let number = random.random_range(0..4);
                Command::Send {
                    account: any(scenario, random),
                    key: format!("much-{much}-{number}"),
                    characters: 20,
                    first: number * 3,
                    count: 1,
                    single: true,
                }
            }
            47..110 => Command::Send {
                account: any(scenario, random),
                key: format!("send-{}", self.given.len()),
                characters: random.random_range(1..320),
                first: random.random_range(0..NUMBERS),
                count: 1,
                single: true,
            },
            110..124 => Command::Send {
                account: any(scenario, random),
                key: format!("send-{}", self.given.len()),
                characters: 5,
                first: random.random_range(0..NUMBERS),
                count: RECIPIENTS[random.random_range(0..RECIPIENTS.len())],
                single: false,
            },
            124..130 => match pick(random, ledger.batches.values()) {
                Some(batch) => Command::Expand {
                    batch: batch.id.clone(),
                    from: random.random_range(0..batch.recipients.len()),
                },
                None => Command::Recall { account: any(scenario, random) },
            },
            130..170 => self
                .progress(random, ledger)
                .unwrap_or_else(|| Command::Recall { account: any(scenario, random) }),
            170..182 => self.send_much(scenario, random),
            182 => Command::Reclaim,
            183 => Command::EndDrains,
            184 => Command::Forget { account: any(scenario, random) },
            185..189 => Command::Recall { account: any(scenario, random) },
            189..193 => limit(scenario, random),
            193..195 => suspension(scenario, random),
            195..198 => Command::Fee {
                member: random.random_range(1..scenario.members.len()),
                id: FeeId::new(FEES + random.random_range(0..20)),
                amount: Amount::parse("0.05").unwrap_or_default(),
            },
            198 => purchase(scenario, random).await,
            199..203 => rerate(scenario, random).await,
            _ => Command::OpenUser {
                member: random.random_range(1..scenario.members.len()),
                user: UserId::new(random.random_range(0..2)),
            },
        }
    }

    /// Mostly new requests, and at times some that were made before.
    fn send_much(&self, scenario: &Scenario, random: &mut StdRng) -> Command {
        let latest = self.given.len();
        let number = if random.random_ratio(1, 3) { random.random_range(0..=latest / 20) } else { latest };
        Command::SendMuch {
            account: any(scenario, random),
            key: format!("much-{number}"),
            requests: random.random_range(1..9),
            block: random.random_range(0..5),
            closes: random.random_ratio(2, 3),
        }
    }

    /// Something that happens to a message, whether it fits its state or not. Mostly one that has not ended.
    fn progress(&mut self, random: &mut StdRng, ledger: &Ledger) -> Option<Command> {
        for _ in 0..PLACES_TRIED {
            let place = (!self.open.is_empty()).then(|| random.random_range(0..self.open.len()))?;
            // One that a lease has not charged yet may still come.
            let Some(message) = ledger.stored_message(&self.open[place]) else { continue };
            if !message.status.is_final() || random.random_ratio(1, 6) {
                return Some(next_of(message, random));
            }
            self.open.swap_remove(place);
        }
        None
    }
}

fn any(scenario: &Scenario, random: &mut StdRng) -> usize {
    random.random_range(1..scenario.accounts.len())
}

fn payment(scenario: &Scenario, random: &mut StdRng) -> Command {
    let account = any(scenario, random);
    let outbound = random.random_ratio(1, 3);
    Command::Pay {
        account,
        id: PaymentId::new(scenario.world.unique()),
        direction: if outbound { PaymentDirection::Outbound } else { PaymentDirection::Inbound },
        amount: some_amount(&scenario.members[scenario.accounts[account].member], random),
        confirm_within: random.random_ratio(1, 3).then(|| random.random_range(1..4)),
        reference: random.random_ratio(1, 4).then(|| random.random_range(0..CODES)),
    }
}

fn change_of_payment(random: &mut StdRng, ledger: &Ledger) -> Option<Command> {
    let latest = ledger.payments.values().rev().take(12);
    let payment: &Payment = pick(random, latest)?;
    let change = match random.random_range(0..12) {
        0..3 => Change::Confirm,
        3..5 => Change::Withdraw { days: random.random_range(-1..3) },
        5..7 => {
            let more = random.random_ratio(1, 2);
            let amount = if more {
                payment.amount.checked_times(2).unwrap_or_default()
            } else {
                payment.amount.divided_down(2)
            };
            Change::Amount(amount)
        }
        7 => Change::Rename(random.random_range(0..CODES)),
        8..10 => Change::Delete,
        _ => Change::Expire,
    };
    Some(Command::ChangePayment { id: payment.id.clone(), change })
}

/// From a parent to its child, between the wallets of one agreement, or back.
fn transfer(scenario: &Scenario, random: &mut StdRng) -> Command {
    let child = any(scenario, random);
    let account = &scenario.accounts[child];
    // The members' main accounts stand in the members' order.
    let parent = if account.user.is_some() { account.member } else { scenario.parents[account.member] };
    let siblings: Vec<usize> = (0..scenario.accounts.len())
        .filter(|place| *place != child && account.user.is_some())
        .filter(|place| scenario.accounts[*place].user.is_some())
        .collect();
    let other = if siblings.is_empty() || random.random_ratio(1, 2) {
        parent
    } else {
        siblings[random.random_range(0..siblings.len())]
    };
    let (from, to) = if random.random_ratio(1, 3) { (child, other) } else { (other, child) };
    let amount = if random.random_ratio(1, 8) {
        TransferAmount::All
    } else {
        some_amount(&scenario.members[account.member], random).into()
    };
    Command::Transfer { from, to, id: TransferId::new(scenario.world.unique()), amount }
}

fn limit(scenario: &Scenario, random: &mut StdRng) -> Command {
    let limit = CreditLimit::Limited(match random.random_range(0..3) {
        0 => Amount::ZERO,
        1 => Amount::whole(random.random_range(1..20)),
        _ => Amount::parse("0.5").unwrap_or_default(),
    });
    let change = AgreementChange { credit_limit: Some(limit), ..AgreementChange::default() };
    Command::Terms { member: random.random_range(1..scenario.members.len()), change: Box::new(change) }
}

/// Mostly resumed, so that the others can go on.
fn suspension(scenario: &Scenario, random: &mut StdRng) -> Command {
    let account = any(scenario, random);
    let suspended = random.random_ratio(1, 3);
    if scenario.accounts[account].user.is_some() {
        return Command::Suspend { account, suspended };
    }
    let change = AgreementChange { suspended: Some(suspended), ..AgreementChange::default() };
    Command::Terms { member: scenario.accounts[account].member, change: Box::new(change) }
}

async fn purchase(scenario: &mut Scenario, random: &mut StdRng) -> Command {
    let member = random.random_range(1..scenario.members.len());
    let (kind, tree) = pack("submitted", random);
    let above = &scenario.members[scenario.parents[member]];
    let currency = above.agreement.currency;
    let service = scenario.world.service(&above.company.id, currency, kind, &tree).await;
    Command::Enable { member, service }
}

/// Somebody has corrected a price, and has what it touched rated again, or some of it.
async fn rerate(scenario: &mut Scenario, random: &mut StdRng) -> Command {
    let wrong = random.random_range(1..scenario.members.len());
    let price = Amount::parse(&some_price(random)).unwrap_or_default();
    scenario.correct(wrong, price).await;
    let top = random.random_range(0..scenario.members.len());
    Command::Rerate { task: scenario.rerate(top, random.random_ratio(1, 3)).await }
}

fn pick<'a, T>(random: &mut StdRng, from: impl Iterator<Item = &'a T>) -> Option<&'a T> {
    let all: Vec<_> = from.collect();
    (!all.is_empty()).then(|| all[random.random_range(0..all.len())])
}

fn next_of(message: &Message, random: &mut StdRng) -> Command {
    let id = message.id.clone();
    match message.status {
        Status::Accepted if random.random_ratio(2, 3) => return Command::Claim { message: id },
        Status::Accepted if random.random_ratio(1, 4) => return Command::Release { message: id },
        Status::Accepted if random.random_ratio(1, 8) => return Command::Cancel { message: id },
        Status::Accepted if id.block().is_some() && random.random_ratio(1, 4) => {
            return Command::Leave { message: id };
        }
        _ if random.random_ratio(1, 30) => return Command::Release { message: id },
        _ => {}
    }
    let part = random.random_range(0..message.segments as usize + 1);
    let states = [
        ReceiptState::Delivered,
        ReceiptState::Delivered,
        ReceiptState::Undelivered,
        ReceiptState::Expired,
        ReceiptState::Rejected,
        ReceiptState::Enroute,
    ];
    let state = states[random.random_range(0..states.len())];
    let progress = match random.random_range(0..11) {
        0..4 => Progress::Submitted {
            references: (0..message.segments).map(|part| Some(format!("ref-{part}"))).collect(),
        },
        4 => Progress::Submitted { references: vec![None; message.segments as usize] },
        5 | 6 => Progress::Refused { reason: "0x0000000B".to_owned() },
        7 => Progress::InDoubt,
        8 => Progress::Unreported,
        _ => Progress::Receipt { part, state, error: None },
    };
    Command::Move { message: id, progress }
}

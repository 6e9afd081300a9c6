//! The random tree of companies that a seed leads to, and the random commands given to it.

use domain::agreement::CreditLimit;
use domain::id::{BatchId, MessageId, PaymentId, TransferId};
use domain::message::{Message, Progress, Status};
use domain::money::Amount;
use domain::payment::PaymentDirection;
use domain::receipt::ReceiptState;
use rand::RngExt;
use rand::rngs::StdRng;

use super::commands::Command;
use super::ledger::Ledger;
use crate::world::{Member, World};

/// Companies below the owner.
const MEMBERS: std::ops::RangeInclusive<usize> = 3..=8;
/// Agreements that a message is charged to.
const LEVELS_MAX: usize = 5;
/// How many messages a fund pays for: none, a few, around the smallest refill, and plenty.
const MESSAGES: [u32; 6] = [0, 1, 7, 190, 260, 2_500];
const RECIPIENTS: [u32; 4] = [2, 9, 40, 120];

pub struct Scenario {
    pub world: World,
    /// The owner first.
    pub members: Vec<Member>,
    /// Each member's place of the one above it.
    parents: Vec<usize>,
    given: Vec<Command>,
}

impl Scenario {
    pub async fn new(random: &mut StdRng, streamed: bool) -> Self {
        let world = World::with_streams(if streamed { &["ledger"] } else { &[] }).await;
        let (mut members, mut parents) = (vec![world.owner.clone()], vec![0]);
        for _ in 0..random.random_range(MEMBERS) {
            let (parent, member) = new_member(&world, &members, random).await;
            members.push(member);
            parents.push(parent);
        }
        Self { world, members, parents, given: Vec::new() }
    }

    /// The next command: now and then one that was given before.
    pub fn command(&mut self, random: &mut StdRng, ledger: &Ledger) -> Command {
        if !self.given.is_empty() && random.random_ratio(1, 8) {
            return self.given[random.random_range(0..self.given.len())].clone();
        }
        let command = self.new_command(random, ledger);
        self.given.push(command.clone());
        command
    }

    fn new_command(&self, random: &mut StdRng, ledger: &Ledger) -> Command {
        match random.random_range(0..100) {
            0..8 => self.payment(random),
            8..24 => self.transfer(random),
            24..58 => Command::Send {
                member: self.any(random),
                key: format!("send-{}", self.given.len()),
                characters: random.random_range(1..320),
            },
            58..68 => Command::SendMany {
                member: self.any(random),
                key: format!("send-{}", self.given.len()),
                characters: 5,
                count: RECIPIENTS[random.random_range(0..RECIPIENTS.len())],
            },
            68..72 => match pick(random, ledger.batches.values()) {
                Some(batch) => {
                    let from = random.random_range(0..batch.recipients.len());
                    Command::Expand { batch: BatchId::clone(&batch.id), from }
                }
                None => Command::Recall { member: self.any(random) },
            },
            72..97 => progress(random, ledger).unwrap_or(Command::Recall { member: self.any(random) }),
            _ => Command::Recall { member: self.any(random) },
        }
    }

    fn payment(&self, random: &mut StdRng) -> Command {
        let member = self.any(random);
        let outbound = random.random_ratio(1, 3);
        Command::Pay {
            member,
            id: PaymentId::new(self.world.unique()),
            direction: if outbound { PaymentDirection::Outbound } else { PaymentDirection::Inbound },
            amount: some_amount(&self.members[member], random),
        }
    }

    /// From a parent to its child, or back.
    fn transfer(&self, random: &mut StdRng) -> Command {
        let child = random.random_range(1..self.members.len());
        let parent = self.parents[child];
        let amount = some_amount(&self.members[child], random);
        let (from, to) = if random.random_ratio(1, 3) { (child, parent) } else { (parent, child) };
        Command::Transfer { from, to, id: TransferId::new(self.world.unique()), amount }
    }

    fn any(&self, random: &mut StdRng) -> usize {
        random.random_range(1..self.members.len())
    }
}

async fn new_member(world: &World, members: &[Member], random: &mut StdRng) -> (usize, Member) {
    use domain::company::CompanyKind::{Client, Seller};
    let may_have_children =
        |member: &Member| member.company.kind != Client && member.levels.len() < LEVELS_MAX;
    let parents: Vec<usize> =
        (0..members.len()).filter(|place| may_have_children(&members[*place])).collect();
    // The latest is the likeliest, so that some trees are deep.
    let latest = parents.last().copied().unwrap_or_default();
    let parent =
        if random.random_ratio(1, 2) { latest } else { parents[random.random_range(0..parents.len())] };
    let price = format!("0.0{:05}", random.random_range(1..99_999));
    let above = &members[parent];
    let new = match random.random_range(0..6) {
        0 | 1 => world.client(above, &price),
        2 if above.company.kind != Seller => world.seller(above, &price),
        _ if above.company.kind != Seller => world.reseller(above, &price),
        _ => world.client(above, &price),
    };
    let new = if random.random_ratio(1, 3) { new.billed_on_delivery() } else { new };
    let new = if random.random_ratio(1, 8) { new.prefunded() } else { new };
    let limit = Amount::whole(random.random_range(1..20));
    let new = match random.random_range(0..8) {
        0 => new.with_credit_limit(CreditLimit::Unlimited),
        1 => new.with_credit_limit(CreditLimit::Limited(limit)),
        _ => new,
    };
    let member = new.open().await;
    let funds = some_amount(&member, random);
    world.fund(&member, &funds.to_string()).await;
    (parent, member)
}

/// The price of some messages, and at times a millionth more or less. Never zero.
fn some_amount(member: &Member, random: &mut StdRng) -> Amount {
    let messages = MESSAGES[random.random_range(0..MESSAGES.len())];
    let sum = member.price.checked_times(messages).unwrap_or_default();
    let bit = Amount::parse("0.000001").unwrap_or_default();
    match random.random_range(0..3) {
        0 if bit < sum => sum.checked_sub(bit).unwrap_or_default(),
        1 if bit < sum => sum,
        _ => sum.checked_add(bit).unwrap_or_default(),
    }
}

fn pick<'a, T>(random: &mut StdRng, from: impl Iterator<Item = &'a T>) -> Option<&'a T> {
    let all: Vec<_> = from.collect();
    (!all.is_empty()).then(|| all[random.random_range(0..all.len())])
}

/// Something that happens to a message, whether it fits its state or not. Mostly one that has not ended.
fn progress(random: &mut StdRng, ledger: &Ledger) -> Option<Command> {
    let is_open = |message: &&Message| !message.status.is_final();
    let open = pick(random, ledger.messages.values().filter(is_open));
    let message = match random.random_ratio(1, 6) {
        true => pick(random, ledger.messages.values()),
        false => open,
    }?;
    let id = MessageId::clone(&message.id);
    if message.status == Status::Accepted && random.random_ratio(2, 3) {
        return Some(Command::Claim { message: id });
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
    let progress = match random.random_range(0..10) {
        0..4 => Progress::Submitted {
            references: (0..message.segments).map(|part| Some(format!("ref-{part}"))).collect(),
        },
        4 => Progress::Submitted { references: vec![None; message.segments as usize] },
        5 | 6 => Progress::Refused { reason: "0x0000000B".to_owned() },
        7 => Progress::InDoubt,
        _ => Progress::Receipt { part, state, error: None },
    };
    Some(Command::Move { message: id, progress })
}

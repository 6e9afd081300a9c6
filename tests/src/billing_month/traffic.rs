//! What is sent in the month: blocks through leases for the most part, requests to many numbers, single
//! messages, and fees. What becomes of it is in `fates`.

use std::collections::BTreeMap;
use std::fmt;

use domain::batch::Draft;
use domain::destination::Msisdn;
use domain::fee::{FeeItem, FeePrice, find_price, plan_fee};
use domain::id::{AgreementId, FeeId, MessageId};
use domain::lease::LeaseTag;
use domain::money::Amount;
use domain::rating::{Attribute, Event, Resource};
use domain::sender::SenderAddress;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use store::{Accepted, FeeWrite, FeeWritten, Row};

use super::functions::Functions;
use super::parties::{Parties, depth};
use super::{DAYS, MONTH, Options};
use crate::world::{Member, Request};

/// Nothing in the month is bigger, or it would not be spread over the agreements.
const BLOCK_MAX: u32 = 140;
const BATCH_MAX: u32 = 40;
/// What is sent lies between half a day before the month and half a day behind it, so that each time zone
/// has something in the months beside.
const HALF_DAY: SignedDuration = SignedDuration::from_hours(12);
/// Of mobile numbers that end with six digits more.
const PREFIXES: [&str; 5] = ["+4915112", "+33612", "+48501", "+447400", "+393471"];
const SENDERS: [&str; 3] = ["ACME", "Bakery", "4915199"];
/// Of a lease's holder, in messages a second: what one block needs is asked for at once.
const PACE: u32 = 100;

/// How much was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Made {
    /// Records: of each message one for each level, and of each fee.
    pub edrs: u64,
    pub messages: u64,
    pub blocks: u64,
    pub batches: u64,
    pub fees: u64,
    /// Messages that ended without being owed by all levels.
    pub failed: u64,
    /// Of those that were told of after the invoices were confirmed.
    pub late: u64,
    pub canceled: u64,
    /// Messages that left their block.
    pub left: u64,
}

impl fmt::Display for Made {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { edrs, messages, blocks, batches, fees, failed, late, canceled, left } = self;
        write!(
            out,
            "{edrs} EDRs: {messages} messages at all their levels ({blocks} blocks, {batches} batches), \
             {fees} fees; {failed} messages failed, {late} were told of late, {canceled} called back, \
             {left} left their block"
        )
    }
}

pub struct Traffic {
    options: Options,
    pub made: Made,
    /// Of messages, by the agreement that sent them, at all levels.
    pub(super) records: BTreeMap<AgreementId, u64>,
    /// Fees, by the agreement that paid them.
    pub(super) fees: BTreeMap<AgreementId, u64>,
    /// Not told of yet.
    pub(super) blocks: Vec<LeaseTag>,
    pub(super) rows: Vec<MessageId>,
    /// To be told of after everything is confirmed.
    pub(super) late: Vec<LeaseTag>,
}

impl Traffic {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            made: Made::default(),
            records: BTreeMap::new(),
            fees: BTreeMap::new(),
            blocks: Vec::new(),
            rows: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Sends until the month has come so far.
    pub async fn send_day(
        &mut self,
        parties: &Parties,
        functions: &Functions,
        day: i64,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let wanted = self.options.edrs * (day as u64 + 1) / DAYS as u64;
        while self.made.edrs < wanted {
            let member = &parties.senders[random.random_range(0..parties.senders.len())];
            match random.random_range(0..40) {
                0 | 1 => self.send_batch(member, functions, random).await?,
                2 => self.send_single(member, functions, random).await?,
                3..=5 => self.charge_fee(parties, functions, random).await?,
                _ => self.send_block(member, functions, random).await?,
            }
        }
        Ok(())
    }

    /// The month's clock goes with what was made.
    fn now(&self, random: &mut StdRng) -> Timestamp {
        let seconds = (DAYS + 1) as u64 * 86_400 * self.made.edrs / self.options.edrs;
        MONTH - HALF_DAY + SignedDuration::from_secs(seconds as i64 + random.random_range(0..600))
    }

    /// So big that a small month has some of each kind as well.
    fn size(&self, most: u32, member: &Member, random: &mut StdRng) -> u32 {
        let share = self.options.edrs / 80 / depth(member) as u64;
        let most = most.min(u32::try_from(share).unwrap_or(most)).max(3);
        random.random_range(most / 2..=most)
    }

    async fn send_block(
        &mut self,
        member: &Member,
        functions: &Functions,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let (now, size) = (self.now(random), self.size(BLOCK_MAX, member, random));
        let text = text(random);
        let sender = SenderAddress::parse(SENDERS[random.random_range(0..SENDERS.len())])?;
        let countries: Vec<usize> =
            (0..random.random_range(1..=3)).map(|_| random.random_range(0..PREFIXES.len())).collect();
        let mut drafts = Vec::with_capacity(size as usize);
        for place in 0..size {
            let prefix = countries[random.random_range(0..countries.len())];
            let key = format!("{}-{place}", self.made.edrs);
            let mut draft = draft(member, vec![number(prefix, random)?], &key, &text, now)?;
            draft.batch.sender = sender.clone();
            drafts.push(draft);
        }
        let lease = functions.store.acquire_lease(&member.wallet, PACE, now).await?;
        let mut lease = lease.ok_or_else(|| anyhow::anyhow!("no lease is free"))?;
        for accepted in lease.flush(&drafts, now).await? {
            let id = MessageId::parse(accepted?.reference())?;
            self.took(member);
            match id.block() {
                Some((tag, _)) if self.blocks.last() == Some(&tag) => {}
                Some((tag, _)) => {
                    self.made.blocks += 1;
                    self.blocks.push(tag);
                }
                // The lease could not charge it.
                None => self.rows.push(id),
            }
        }
        Ok(lease.close().await?)
    }

    async fn send_batch(
        &mut self,
        member: &Member,
        functions: &Functions,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let (now, size) = (self.now(random), self.size(BATCH_MAX, member, random));
        let prefix = random.random_range(0..PREFIXES.len());
        let numbers = (0..size).map(|_| number(prefix, random)).collect::<anyhow::Result<Vec<_>>>()?;
        let key = format!("{}-batch", self.made.edrs);
        let draft = Draft { single: None, ..draft(member, numbers, &key, &text(random), now)? };
        let Accepted::Now(Row::Batch(batch)) = functions.store.accept(&draft).await? else {
            anyhow::bail!("a batch is new");
        };
        self.made.batches += 1;
        for place in 0..batch.recipients.len() {
            self.took(member);
            self.rows.push(MessageId::in_batch(&batch.id, u16::try_from(place)?));
        }
        Ok(())
    }

    async fn send_single(
        &mut self,
        member: &Member,
        functions: &Functions,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let (now, key) = (self.now(random), format!("{}-single", self.made.edrs));
        let numbers = vec![number(random.random_range(0..PREFIXES.len()), random)?];
        let draft = draft(member, numbers, &key, &text(random), now)?;
        let Accepted::Now(Row::Message(message)) = functions.store.accept(&draft).await? else {
            anyhow::bail!("a message is new");
        };
        self.took(member);
        self.rows.push(message.id);
        Ok(())
    }

    /// At any level: at the price of the rate plan, or at one that was agreed on.
    async fn charge_fee(
        &mut self,
        parties: &Parties,
        functions: &Functions,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let member = &parties.members[random.random_range(0..parties.members.len())];
        let (now, subject) = (self.now(random), format!("service {}", random.random_range(0..5)));
        let amount =
            Amount::parse(&format!("{}.{:06}", random.random_range(1..40), self.made.edrs % 999_983))?;
        let event = Event::of(Resource::SenderIdSetupFee).with(Attribute::SenderId, member.sender.as_str());
        let price = match random.random_ratio(1, 2) {
            true => find_price(&member.levels[0], &event)?,
            false => FeePrice::fixed(&member.agreement.id, &subject, amount)?,
        };
        let item = FeeItem {
            resource: Resource::SenderIdSetupFee,
            sender: Some(member.sender.clone()),
            price,
            subject: Some(subject),
            quantity: random.random_range(1..4),
        };
        let id = FeeId::new(parties.world.unique());
        let fee = plan_fee(id, &member.agreement, item, now)?;
        let act = crate::edits::act_at(&member.company.path, now);
        let written = functions.store.write_fee(&act, FeeWrite { fee: Some(&fee), ..FeeWrite::default() });
        anyhow::ensure!(written.await? == FeeWritten::Now, "a fee is new");
        self.made.fees += 1;
        self.made.edrs += 1;
        *self.fees.entry(member.agreement.id.clone()).or_default() += 1;
        Ok(())
    }

    fn took(&mut self, member: &Member) {
        self.made.messages += 1;
        self.made.edrs += depth(member) as u64;
        *self.records.entry(member.agreement.id.clone()).or_default() += depth(member) as u64;
    }
}

fn draft(
    member: &Member,
    numbers: Vec<Msisdn>,
    key: &str,
    text: &str,
    now: Timestamp,
) -> anyhow::Result<Draft> {
    let single = numbers.len() == 1;
    let request = Request { levels: &member.levels, numbers, key, text, single, now };
    Ok(member.draft_of(request)?)
}

fn number(prefix: usize, random: &mut StdRng) -> anyhow::Result<Msisdn> {
    Ok(Msisdn::parse(&format!("{}{:06}", PREFIXES[prefix], random.random_range(0..1_000_000)))?)
}

/// Of one to three segments.
fn text(random: &mut StdRng) -> String {
    "Your parcel is on its way. ".repeat(random.random_range(1..14))
}

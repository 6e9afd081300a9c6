//! The random tree of companies that a seed leads to, with what they buy from each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::agreement::{AgreementChange, CreditLimit};
use domain::batch::Draft;
use domain::company::CompanyKind::{Client, Seller};
use domain::connection::ConnectionKind;
use domain::id::{AgreementId, RerateId, UserId};
use domain::money::Amount;
use domain::period::{BillingPeriod, BillingTerms};
use domain::quote::Level;
use domain::rating::{CompiledTree, Node, Price, RateTree, Resource, ServiceKind};
use domain::record::Hand;
use domain::rerate::{NewRerate, latest_till, plan_rerate};
use domain::user::{NewUser, User, plan_user};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::commands::{Account, Command, text};
use crate::edits::act_at;
use crate::world::{Member, NOW, NewMember, Request, World, levels, number};

/// Companies below the owner.
const MEMBERS: std::ops::RangeInclusive<usize> = 2..=5;
/// Agreements that a message is charged to.
const LEVELS_MAX: usize = 5;
/// How many messages a fund pays for: none, a few, around the smallest refill, and plenty.
const MESSAGES: [u32; 8] = [0, 1, 7, 190, 260, 2_500, 2_500, 20_000];
/// How many units packs and tiers have: a few, more than a refill, and a lot.
const UNITS: [u32; 4] = [3, 20, 230, 2_000];
/// A rerate is about so many days: more have more periods to close.
const RERATED_DAYS: i64 = 120;

pub struct Scenario {
    pub world: World,
    /// The owner first.
    pub members: Arc<Vec<Member>>,
    /// Each member's place of the one above it.
    pub parents: Vec<usize>,
    /// The owner's first; then the members' main wallets in their order; then users'.
    pub accounts: Arc<Vec<Account>>,
    /// What each account's messages cost, as last read.
    levels: Vec<Arc<Vec<Level>>>,
    /// What those pay for each unit, for all time, whose price was wrong.
    pub corrected: BTreeMap<AgreementId, Amount>,
    /// How often somebody corrected one.
    pub corrections: u64,
    /// Everybody's clock, more or less.
    pub now: Timestamp,
}

impl Scenario {
    pub async fn new(random: &mut StdRng) -> Self {
        let world = World::with_streams(&[]).await;
        let (mut members, mut parents) = (vec![world.owner.clone()], vec![0]);
        for _ in 0..random.random_range(MEMBERS) {
            let (parent, member) = new_member(&world, &members, random).await;
            members.push(member);
            parents.push(parent);
        }
        let mut accounts: Vec<Account> =
            (0..members.len()).map(|member| main_account(&members, member)).collect();
        if random.random_ratio(1, 3) {
            let member = random.random_range(1..members.len());
            accounts
                .extend(individual_credits(&world, &mut members, member, random.random_range(1..=2)).await);
        }
        Self::of(world, members, parents, accounts).await
    }

    /// With these members, of which each has its parent before it.
    pub async fn of(world: World, members: Vec<Member>, parents: Vec<usize>, accounts: Vec<Account>) -> Self {
        let mut scenario = Self {
            world,
            members: Arc::new(members),
            parents,
            accounts: Arc::new(accounts),
            levels: Vec::new(),
            corrected: BTreeMap::new(),
            corrections: 0,
            now: NOW + SignedDuration::from_hours(30),
        };
        scenario.read_levels().await;
        scenario
    }

    /// What messages cost now: services may have been enabled since the last look.
    pub async fn read_levels(&mut self) {
        let mut all = Vec::new();
        for account in self.accounts.iter() {
            let member = &self.members[account.member];
            let agreement = self.world.store.any_agreement(&member.agreement.id).await;
            let agreement = agreement.expect("the agreement is read").expect("it exists");
            let mut levels = if account.member == 0 {
                Vec::new()
            } else {
                levels(&self.world.store, &agreement, self.now).await
            };
            if let Some(own) = levels.first_mut() {
                own.payer = account.wallet.clone();
            }
            all.push(Arc::new(levels));
        }
        self.levels = all;
    }

    /// What a command sends, planned as things stand now. None if it sends nothing, or cannot.
    pub fn draft(&self, command: &Command, now: Timestamp) -> Option<Arc<Draft>> {
        let Command::Send { account, key, characters, first, count, single } = command else { return None };
        let member = &self.members[self.accounts[*account].member];
        let request = Request {
            levels: &self.levels[*account],
            numbers: (*first..first + count).map(number).collect(),
            key,
            text: &text(*characters),
            single: *single,
            now,
        };
        let mut draft = member.draft_of(request).ok()?;
        draft.batch.connection_kind = ConnectionKind::Http;
        Some(Arc::new(draft))
    }

    /// What a process sends through its lease.
    pub fn drafts(&self, command: &Command, now: Timestamp) -> Vec<Draft> {
        let requests = command.requests();
        let drafts = requests.iter().filter_map(|send| self.draft(send, now));
        drafts.map(|draft| (*draft).clone()).collect()
    }

    /// A member's price was wrong all the time: another one is put in its place, also of its fees. Nothing
    /// happens to a member that has no flat one.
    pub async fn correct(&mut self, member: usize, price: Amount) {
        let (store, agreement) = (&self.world.store, &self.members[member].agreement);
        let Some(enabled) = agreement.services.last() else { return };
        let services = store.services(std::slice::from_ref(&enabled.service)).await;
        let before = services.expect("the service is read").remove(0);
        let version = before.tree_at(self.now).expect("it has a tree");
        let tree = store.tree(&before.id, version).await.expect("the tree is read").expect("it exists");
        let mut tree = tree.decompile();
        let node = tree.resources.get_mut(&Resource::SmsMessage);
        let Some(Price::Flat { amount }) = node.and_then(|node| node.price.as_mut()) else { return };
        *amount = price;
        let fee = Node::of_price(Price::Flat { amount: price });
        tree.resources.insert(Resource::PlatformFee, fee);
        let tree = CompiledTree::compile(&tree).expect("a tree");
        let after = before.clone().with_tree(1, true).expect("its first scope is in force");
        let seller = store.any_company(&before.company).await.expect("it is read").expect("it exists");
        let act = act_at(&seller.path, self.now);
        let stored = store.replace_service(&act, &before, &after, Some(&tree)).await;
        assert_eq!(stored.expect("the service is stored"), store::Stored::Now);
        self.corrected.insert(agreement.id.clone(), price);
        self.corrections += 1;
    }

    /// A started task of the owner about what a member and those below it sent until ten minutes ago.
    pub async fn rerate(&self, member: usize, dry_run: bool) -> RerateId {
        let (store, owner) = (&self.world.store, &self.world.owner.company);
        let top = &self.members[member].company.id;
        let below = self.members.iter().skip(1).filter(|member| member.company.path.contains(top));
        let (by, till) = (Hand { name: "manager", now: self.now }, latest_till(self.now));
        let ask = NewRerate {
            id: RerateId::new(self.world.unique()),
            company: owner.id.clone(),
            from: till - SignedDuration::from_hours(24 * RERATED_DAYS),
            till,
            companies: Vec::new(),
            agreements: below.map(|member| member.agreement.id.clone()).collect(),
            channels: Vec::new(),
            dry_run,
            scheduled_for: None,
            estimated: 0,
        };
        let draft = plan_rerate(ask, by).expect("a task");
        let act = act_at(&owner.path, self.now);
        let stored = store.create(&act, &draft).await.expect("the task is stored");
        assert_eq!(stored, store::Written::Now);
        let started = draft.start(by).expect("it is a draft");
        let stored = store.replace(&act, &draft, &started).await.expect("the task is started");
        assert_eq!(stored, store::Written::Now);
        draft.id
    }

    /// Time passes while others are at work: mostly little, and at times into the next billing period.
    pub fn pass_time(&mut self, random: &mut StdRng) {
        let seconds = match random.random_range(0..40) {
            0 => random.random_range(0..3 * 86_400),
            _ => random.random_range(0..600),
        };
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Weeks go by while nobody does anything.
    pub fn pass_weeks(&mut self, random: &mut StdRng) {
        if random.random_ratio(1, 3) {
            self.now += SignedDuration::from_secs(random.random_range(0..31 * 86_400));
        }
    }
}

pub fn main_account(members: &[Member], member: usize) -> Account {
    Account { member, wallet: members[member].wallet.clone(), user: None }
}

/// Gives a member so many users with wallets of their own.
pub async fn individual_credits(
    world: &World,
    members: &mut [Member],
    place: usize,
    users: u32,
) -> Vec<Account> {
    let member = &mut members[place];
    let change = AgreementChange { individual_credits: Some(true), ..AgreementChange::default() };
    let stored =
        world.store.any_agreement(&member.agreement.id).await.expect("a read").expect("an agreement");
    let agreement = stored.with_settings(change, NOW).expect("it is allowed");
    let act = act_at(&member.company.path, NOW);
    world.store.replace_agreement(&act, &stored, &agreement).await.expect("the agreement is stored");
    member.agreement = agreement;
    let mut accounts = Vec::new();
    for _ in 0..users {
        let user = new_user(world, member).await;
        let main = world.wallet(&member.wallet).await;
        let wallets = world.store.user_wallets(&main, std::slice::from_ref(&user.id)).await;
        let wallet = wallets.expect("the wallet is opened").remove(0);
        accounts.push(Account { member: place, wallet: wallet.id, user: Some(user) });
    }
    accounts
}

pub async fn new_user(world: &World, member: &Member) -> User {
    let ask = NewUser::named(UserId::new(world.unique()), "User", "user@example.com");
    let user = plan_user(&member.company, ask, NOW).expect("a user");
    let act = crate::edits::act_at(&member.company.path, NOW);
    let stored = world.store.create_user(&act, &user, None).await.expect("the user is stored");
    assert_eq!(stored, store::Written::Now);
    user
}

async fn new_member(world: &World, members: &[Member], random: &mut StdRng) -> (usize, Member) {
    let may_have_children =
        |member: &Member| member.company.kind != Client && member.levels.len() < LEVELS_MAX;
    let parents: Vec<usize> =
        (0..members.len()).filter(|place| may_have_children(&members[*place])).collect();
    // The latest is the likeliest, so that some trees are deep.
    let latest = parents.last().copied().unwrap_or_default();
    let parent =
        if random.random_ratio(1, 2) { latest } else { parents[random.random_range(0..parents.len())] };
    let price = some_price(random);
    let above = &members[parent];
    let new = match random.random_range(0..6) {
        0 | 1 => world.client(above, &price),
        2 if above.company.kind != Seller => world.seller(above, &price),
        _ if above.company.kind != Seller => world.reseller(above, &price),
        _ => world.client(above, &price),
    };
    let new = if random.random_ratio(1, 8) { new.prefunded() } else { new };
    let limit = Amount::whole(random.random_range(1..20));
    let new = match random.random_range(0..8) {
        0 => new.with_credit_limit(CreditLimit::Unlimited),
        1 => new.with_credit_limit(CreditLimit::Limited(limit)),
        _ => new,
    };
    let member = with_plans(new, &price, random).open().await;
    let funds = some_amount(&member, random);
    world.fund(&member, &funds.to_string()).await;
    (parent, member)
}

pub fn some_price(random: &mut StdRng) -> String {
    format!("0.0{:05}", random.random_range(1..99_999))
}

/// Flat prices, scales, packs and bundles.
fn with_plans<'a>(mut new: NewMember<'a>, price: &str, random: &mut StdRng) -> NewMember<'a> {
    let rule = if random.random_ratio(1, 3) { "delivered" } else { "submitted" };
    let price = match random.random_range(0..4) {
        0 => scale(random),
        _ => json!({"price": {"type": "flat", "amount": price}}),
    };
    let bundled = random.random_ratio(1, 5);
    let mut payg = json!({"sms_message": with_rules(price, rule, random)});
    if bundled {
        payg["bundle_member"] = json!({"price": {"type": "flat", "amount": some_price(random)}});
    }
    for _ in 0..random.random_range(0..6u32).saturating_sub(3) {
        let (kind, tree) = pack(rule, random);
        new = new.with_pack(kind, tree);
    }
    if bundled {
        let included = tree(json!({"sms_message": {"price": {"type": "included"}}}));
        let size = random.random_range(1..30);
        let nothing = tree(json!({"platform_fee": {"price": {"type": "free"}}}));
        new = new
            .with_pack(ServiceKind::BundleInitiator, included)
            .with_pack(ServiceKind::BundlePack { size }, nothing);
    }
    if random.random_ratio(1, 3) {
        let daily = BillingTerms { period: BillingPeriod::Daily, ..BillingTerms::monthly_utc() };
        new = new.with_periods(daily);
    }
    new.with_tree(tree(payg))
}

fn with_rules(mut node: Value, rule: &str, random: &mut StdRng) -> Value {
    node["billing_rule"] = rule.into();
    if random.random_ratio(1, 4) {
        node["quantity_rule"] = "messages".into();
    }
    node
}

/// Tiers that a few messages pass, or none.
fn scale(random: &mut StdRng) -> Value {
    let kind = if random.random_ratio(1, 2) { "tier" } else { "back_to_first" };
    let mut tiers = Vec::new();
    let mut threshold = 0;
    for _ in 0..random.random_range(1..=2) {
        threshold += units(random);
        tiers.push(json!({"threshold": threshold, "amount": some_price(random)}));
    }
    tiers.push(json!({"amount": some_price(random)}));
    let mut price = json!({"type": "scale", "scale": kind, "tiers": tiers});
    if random.random_ratio(1, 3) {
        price["counter_group"] = "network".into();
    }
    json!({ "price": price })
}

/// A pack, with what is in it.
pub fn pack(rule: &str, random: &mut StdRng) -> (ServiceKind, RateTree) {
    let included = json!({"price": {"type": "included"}});
    let flat = json!({"price": {"type": "flat", "amount": some_price(random)}});
    let (kind, price) = match random.random_range(0..3) {
        0 => {
            let size =
                Amount::parse("0.05").unwrap_or_default().checked_times(units(random)).unwrap_or_default();
            (ServiceKind::MonetaryPack { size }, if random.random_ratio(1, 2) { included } else { flat })
        }
        _ => (ServiceKind::UnitPack { size: units(random) }, included),
    };
    (kind, tree(json!({"sms_message": with_rules(price, rule, random)})))
}

fn units(random: &mut StdRng) -> u32 {
    UNITS[random.random_range(0..UNITS.len())]
}

pub fn tree(json: Value) -> RateTree {
    serde_json::from_value(json).expect("a tree")
}

/// The price of some messages, and at times a millionth more or less. Never zero.
pub fn some_amount(member: &Member, random: &mut StdRng) -> Amount {
    let messages = MESSAGES[random.random_range(0..MESSAGES.len())];
    let price = if member.price.is_zero() { Amount::ONE } else { member.price };
    let sum = price.checked_times(messages).unwrap_or_default();
    let bit = Amount::parse("0.000001").unwrap_or_default();
    match random.random_range(0..3) {
        0 if bit < sum => sum.checked_sub(bit).unwrap_or_default(),
        1 if bit < sum => sum,
        _ => sum.checked_add(bit).unwrap_or_default(),
    }
}

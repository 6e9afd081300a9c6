//! Who takes part: companies some levels deep, in several currencies, time zones and billing periods, each
//! with rates of its own.

use domain::agreement::CreditLimit;
use domain::connection::{Connection, Link, SmppLink};
use domain::id::WalletId;
use domain::money::Currency;
use domain::period::{BillingPeriod, BillingTerms};
use domain::rating::{RateTree, ServiceKind};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::functions::Functions;
use crate::edits::put_connection;
use crate::ledger_simulation::scenario::individual_credits;
use crate::world::{Member, NOW, World, connection};

/// Kathmandu is 5:45 h ahead. Berlin and Los Angeles change their clocks in the month.
const TIME_ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"];
/// With no, two and three decimal places on documents.
const CURRENCIES: [&str; 4] = ["EUR", "USD", "JPY", "KWD"];
/// Agreements that one message is charged to.
const LEVELS_MAX: usize = 4;
const FUNDS: &str = "1000000000";
/// One of so many clients has users with credits of their own, so many each.
const WITH_USERS: usize = 7;
const USERS: u32 = 2;
const CREDITS: &str = "1000000";

/// Everybody, in one world.
pub struct Parties {
    pub world: World,
    /// Each behind the one above it.
    pub members: Vec<Member>,
    /// Those that send: members that nobody is below, and users of some of them with credits of their own,
    /// as members whose wallet is the user's.
    pub senders: Vec<Member>,
    /// Those whose prices are simple ones, without tiers and packs.
    pub flat: Vec<usize>,
}

/// What an agreement buys besides one price a country.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selling {
    Flat,
    Tiers,
    Pack,
}

impl Parties {
    /// # Panics
    /// When something of it is refused.
    pub async fn open(agreements: usize, random: &mut StdRng) -> Self {
        let world = World::new().await;
        let mut members: Vec<Member> = Vec::new();
        let resellers = (agreements / 4).max(2);
        let (mut senders, mut flat) = (Vec::new(), Vec::new());
        for place in 0..agreements {
            let is_client = resellers <= place;
            let above = (0..place.min(resellers)).filter(|above| depth(&members[*above]) < LEVELS_MAX - 1);
            let above: Vec<usize> = above.collect();
            // A quarter of the resellers are the owner's own, and some clients.
            let is_top = above.is_empty() || random.random_ratio(1, if is_client { 10 } else { 4 });
            let parent = (!is_top).then(|| above[random.random_range(0..above.len())]);
            let selling = match random.random_range(0..12) {
                0 if is_client => Selling::Tiers,
                1 if is_client => Selling::Pack,
                _ => Selling::Flat,
            };
            if selling == Selling::Flat {
                flat.push(place);
            }
            let parent = parent.map(|parent| &members[parent]);
            let member = open(&world, parent, place, (is_client, selling), random).await;
            if is_client {
                senders.push(member.clone());
            }
            members.push(member);
        }
        for place in (resellers..agreements).step_by(WITH_USERS) {
            let accounts = individual_credits(&world, &mut members, place, USERS).await;
            for account in accounts {
                senders.push(user(&world, &members[place], account.wallet).await);
            }
        }
        Self { world, members, senders, flat }
    }
}

/// A member as one of its users sends, with credits of the member's.
async fn user(world: &World, member: &Member, wallet: WalletId) -> Member {
    let mut user = Member { wallet, ..member.clone() };
    user.levels[0].payer = user.wallet.clone();
    world.transfer(member, &user, CREDITS).await.expect("credits are given");
    user
}

impl Parties {
    /// The vendor that everybody's messages go to.
    pub async fn connect(&self, functions: &Functions) {
        let link =
            SmppLink { queue_url: functions.sqs.queue("vendor"), ..SmppLink::new("vendor", 2775, "us") };
        let vendor = Connection::new(
            connection(),
            self.world.owner.company.id.clone(),
            "the vendor",
            Link::Smpp(link),
            NOW,
        );
        put_connection(&functions.store, &vendor).await;
    }
}

/// Agreements that its messages are charged to.
pub fn depth(member: &Member) -> usize {
    member.levels.len()
}

async fn open(
    world: &World,
    parent: Option<&Member>,
    place: usize,
    (is_client, selling): (bool, Selling),
    random: &mut StdRng,
) -> Member {
    let above = parent.unwrap_or(&world.owner);
    let currency = match parent {
        Some(parent) => parent.agreement.currency,
        None => Currency::parse(CURRENCIES[place % CURRENCIES.len()]).expect("a currency"),
    };
    let new = if is_client { world.client(above, "1") } else { world.reseller(above, "1") };
    let mut new = new
        .with_currency(currency)
        .with_periods(terms(place))
        .with_tree(tree(selling == Selling::Tiers, random))
        .with_credit_limit(CreditLimit::Unlimited)
        .with_funds(FUNDS);
    if selling == Selling::Pack {
        let included = json!({"sms_message": {"price": {"type": "included"}}});
        new = new.with_pack(ServiceKind::UnitPack { size: random.random_range(50..500) }, read(included));
    }
    new.open().await
}

fn terms(place: usize) -> BillingTerms {
    let time_zone = TIME_ZONES[place % TIME_ZONES.len()].to_owned();
    let terms = BillingTerms { time_zone, ..BillingTerms::monthly_utc() };
    // Five kinds beside four zones: every pair of them occurs.
    match place % 5 {
        0 | 1 => terms,
        2 => BillingTerms { billing_day: 15, ..terms },
        3 => BillingTerms { period: BillingPeriod::Weekly, split_by_month: true, ..terms },
        _ if place.is_multiple_of(2) => BillingTerms { period: BillingPeriod::Daily, ..terms },
        _ => BillingTerms { period: BillingPeriod::Quarterly, ..terms },
    }
}

/// A price for each of some countries; billed when submitted or when delivered; at times in tiers. And what a
/// sender ID's setup costs.
pub fn tree(in_tiers: bool, random: &mut StdRng) -> RateTree {
    let rule = if random.random_ratio(1, 3) { "delivered" } else { "submitted" };
    let others = match in_tiers {
        true => json!({"price": {"type": "scale", "scale": "tier", "tiers": [
            {"threshold": random.random_range(20..2_000), "amount": price(random)},
            {"amount": price(random)},
        ]}}),
        false => flat(random),
    };
    let countries = json!({"DE": flat(random), "FR": flat(random), "PL": flat(random)});
    let messages =
        json!({"billing_rule": rule, "depends_on": "country", "values": countries, "others": others});
    read(json!({"sms_message": messages, "sender_id_setup_fee": flat(random)}))
}

fn flat(random: &mut StdRng) -> Value {
    json!({"price": {"type": "flat", "amount": price(random)}})
}

/// With all six places in use, so that a sum that rounds anywhere is a wrong one.
fn price(random: &mut StdRng) -> String {
    format!("0.{:06}", random.random_range(1_001..99_999))
}

fn read(tree: Value) -> RateTree {
    serde_json::from_value(tree).expect("a tree")
}

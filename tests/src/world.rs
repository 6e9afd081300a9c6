//! A small platform in an embedded database: companies, agreements with wallets, rate plans, sender IDs
//! and API keys, made by the product's own plans and store functions, so that a test says only what it
//! is about.
//!
//! ```text
//! let world = World::new().await;
//! let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
//! let client = world.client(&reseller, "0.05").with_funds("10").open().await;
//! let (accepted, message) = client.send(&world.store, "key-1", "hello").await?;
//! ```

mod member;
mod requests;

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::StreamSpecification;
use domain::agreement::{Charging, CreditLimit};
use domain::company::{CompanyKind, plan_owner};
use domain::id::{ConnectionId, PaymentId, TransferId, WalletId};
use domain::money::Amount;
use domain::payment::PaymentDirection;
use domain::transfer::{Transfer, TransferError};
use domain::wallet::Wallet;
use jiff::Timestamp;
use rust_decimal::Decimal;
use store::{PostedPayment, PostedTransfer, Store, Tables, schema};

use crate::edits;
use crate::embedded_dynamodb::{EmbeddedDynamodb, Faults};

pub use member::{Member, NewMember, enabled, levels};
pub use requests::{Accepted, Refused, Request, number, post_transfer, transfer_request};

/// The time at which everything in a world happens, unless a test says otherwise.
pub const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);
/// The name of the stack: its tables begin with it.
pub const STACK: &str = "world";

pub struct World {
    pub database: EmbeddedDynamodb,
    /// A store whose calls all succeed.
    pub store: Store,
    pub owner: Member,
    ids: AtomicU64,
}

/// An amount, for literals in tests.
///
/// # Panics
/// When the text is no amount.
#[track_caller]
pub fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

impl World {
    /// An owner in an empty database.
    pub async fn new() -> Self {
        Self::with_streams(&["ledger", "messages"]).await
    }

    /// As [`Self::new`], with a stream only on these tables: the embedded database slows down with the
    /// length of its streams.
    pub async fn with_streams(streamed: &[&str]) -> Self {
        let database = EmbeddedDynamodb::new();
        create_tables(&database, streamed).await;
        let store = Store::new(database.client(), tables());
        let ids = AtomicU64::new(1);
        let company = plan_owner(domain::id::CompanyId::new(unique(&ids)), "Owner", NOW)
            .unwrap_or_else(|error| panic!("{error}"));
        let owner = member::open_owner(&store, company, unique(&ids)).await;
        Self { database, store, owner, ids }
    }

    /// The same tables through a client whose calls fail as `faults` say.
    pub fn store_with(&self, faults: impl Faults + 'static) -> Store {
        Store::new(self.database.client_with(faults), tables())
    }

    /// A company that sells to others, and pays its tenant `price` for each segment.
    pub fn reseller<'a>(&'a self, parent: &'a Member, price: &str) -> NewMember<'a> {
        NewMember::new(self, parent, CompanyKind::Reseller, price)
    }

    pub fn seller<'a>(&'a self, parent: &'a Member, price: &str) -> NewMember<'a> {
        NewMember::new(self, parent, CompanyKind::Seller, price)
    }

    pub fn client<'a>(&'a self, parent: &'a Member, price: &str) -> NewMember<'a> {
        NewMember::new(self, parent, CompanyKind::Client, price)
    }

    /// A client below `depth - 1` resellers, with these funds each; from the client up. Its messages
    /// are charged to all of them.
    pub async fn chain(&self, depth: usize, funds: &str) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for level in 1..=depth {
            let parent = members.last().unwrap_or(&self.owner);
            let price = format!("0.01{level}357");
            let new = match level == depth {
                true => self.client(parent, &price),
                false => self.reseller(parent, &price),
            };
            let member = new.with_funds(funds).open().await;
            members.push(member);
        }
        members.reverse();
        members
    }

    /// Pays an amount into a wallet from outside.
    ///
    /// # Panics
    /// When the payment is refused.
    pub async fn fund(&self, member: &Member, funds: &str) {
        let id = PaymentId::new(self.unique());
        let wallet = self.wallet(&member.wallet).await;
        let inbound = PaymentDirection::Inbound;
        let payment = member.payment(id, inbound, amount(funds), &wallet).expect("the payment is allowed");
        let posted = self.store.post_payment(&edits::act(&member.company.path), &payment, &wallet).await;
        assert_eq!(posted.expect("the payment is stored"), PostedPayment::Now);
    }

    /// Moves credits, as the portal does.
    pub async fn transfer(&self, from: &Member, to: &Member, sum: &str) -> Result<Transfer, Refused> {
        let ask = transfer_request(TransferId::new(self.unique()), from, to, amount(sum));
        match post_transfer(&self.store, from, to, ask).await? {
            (transfer, PostedTransfer::Now | PostedTransfer::Before(_)) => Ok(transfer),
            (transfer, PostedTransfer::NotEnough) => {
                let needed = transfer.amount;
                Err(TransferError::NotEnough { available: Amount::ZERO, needed }.into())
            }
        }
    }

    /// # Panics
    /// When there is none.
    pub async fn wallet(&self, id: &WalletId) -> Wallet {
        self.store.wallet(id).await.expect("the wallet is read").expect("the wallet exists")
    }

    /// What its owner sees as the balance.
    pub async fn balance(&self, member: &Member) -> Amount {
        let wallet = self.wallet(&member.wallet).await;
        self.store.balance(&wallet).await.expect("the balance is read")
    }

    /// The write units consumed since the last take, by table.
    pub fn take_write_units(&self) -> std::collections::BTreeMap<String, Decimal> {
        let mut units = std::collections::BTreeMap::new();
        for entry in self.database.capacity().take() {
            *units.entry(entry.table).or_default() += entry.write_units;
        }
        units
    }

    /// A number that no other thing of this world has.
    pub fn unique(&self) -> u128 {
        unique(&self.ids)
    }
}

/// Numbers with all 128 bits in use, as real ids have, and the same ones in every run.
fn unique(ids: &AtomicU64) -> u128 {
    let number = ids.fetch_add(1, Ordering::Relaxed);
    let scrambled = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 16;
    (1 << 124) | (u128::from(number) << 88) | scrambled
}

/// The vendor that every sender of a world uses.
pub fn connection() -> ConnectionId {
    ConnectionId::derived(&["the vendor"])
}

pub fn tables() -> Tables {
    Tables::of_stack(STACK)
}

async fn create_tables(database: &EmbeddedDynamodb, streamed: &[&str]) {
    let client = database.client();
    schema::create(&client, STACK).await.expect("the tables are made");
    for table in schema::TABLES.iter().filter(|table| table.streamed && !streamed.contains(&table.name)) {
        let none = StreamSpecification::builder().stream_enabled(false).build().expect("a stream");
        let name = format!("{STACK}-{}", table.name);
        let update = client.update_table().table_name(name).stream_specification(none);
        update.send().await.expect("the stream is switched off");
    }
}

/// How an agreement of a new member is charged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub charging: Charging,
    pub credit_limit: CreditLimit,
}

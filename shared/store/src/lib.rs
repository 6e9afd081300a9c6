//! The tables, as the domain's words: every read and write of DynamoDB, S3 and the secret store.
//!
//! `keys` holds the whole key design, `schema` the tables, `transact` the one way to write several
//! items at once; each other file is one noun. No rule lives here: plans come from `domain`, and a
//! write repeats as a condition what the plan relied on.

mod accept;
mod agreements;
mod companies;
mod connections;
mod document_links;
mod documents;
mod error;
mod escrow;
mod invoices;
mod item;
pub mod keys;
mod messages;
mod payments;
mod records;
mod reviews;
pub mod schema;
mod secrets;
mod senders;
mod services;
mod transact;
mod transfers;
mod wallets;

use aws_sdk_dynamodb::Client;

pub use accept::{Accept, AcceptError, Accepted};
pub use companies::ApiKey;
pub use document_links::DocumentLinks;
pub use documents::Documents;
pub use error::StoreError;
pub use invoices::Closed;
pub use item::Item;
pub use messages::{Claim, ParkedReceipt, Reference, Row, Stored, row_of};
pub use payments::{PostedPayment, TopUpPosted};
pub use records::{EdrFilter, Page, StatementPosted, UsageChange};
pub use reviews::Review;
pub use secrets::Secrets;
pub use transact::CONFLICT_ATTEMPTS_MAX;
pub use transfers::PostedTransfer;
pub use wallets::wallet_of;

/// The tables by name; see `infra/template.yaml`.
#[derive(Debug, Clone)]
pub struct Tables {
    pub directory: String,
    pub ledger: String,
    pub messages: String,
    pub records: String,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    dynamo: Client,
    pub tables: Tables,
}

impl Store {
    pub fn new(dynamo: Client, tables: Tables) -> Self {
        Self { dynamo, tables }
    }
}

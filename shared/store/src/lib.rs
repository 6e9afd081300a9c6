//! The tables, as the domain's words: every read and write of DynamoDB, S3 and the secret store.
//!
//! `keys` holds the whole key design, `schema` the tables, `transact` the one way to write several
//! items at once; each other file is one noun. No rule lives here: plans come from `domain`, and a
//! write repeats as a condition what the plan relied on.

mod accept;
mod agreements;
mod allowances;
mod alone;
mod api_keys;
mod archive;
mod audit;
mod blocks;
mod catalog;
mod client_binds;
mod codes;
mod companies;
mod connections;
mod dictionaries;
mod document_links;
mod documents;
mod drains;
mod edrs;
mod error;
mod escrow;
mod fees;
mod files;
mod imports;
mod incoming;
mod invoices;
mod invoicing;
mod item;
pub mod keys;
mod leases;
mod lookups;
mod mails;
mod members;
mod messages;
mod monitoring;
mod notices;
mod numbers;
mod ownership;
mod payments;
mod portals;
mod rate_book;
mod rate_changes;
mod rates;
mod reconcile;
mod records;
mod recount;
mod references;
mod registrations;
mod reports_due;
mod rerates;
mod reselling;
mod reviews;
mod roles;
pub mod schema;
mod secrets;
mod senders;
mod services;
mod sessions;
mod standing;
mod statistics;
mod taxes;
mod top_ups;
mod transact;
mod transfers;
mod unmatched;
mod usage;
mod users;
mod uses;
mod wallets;

use aws_sdk_dynamodb::Client;

pub use accept::{AcceptError, Accepted};
pub use archive::{Archive, Found, Part, PartWritten, Staging, Upkeep, Walk};
pub use audit::{AUDIT_PAGE_BYTES, AuditAsk};
pub use blocks::{BlockClaim, ClaimedBlock, block_change_of, block_of};
pub use catalog::{Ask, Written, whole_value};
pub use client_binds::{ClientBinds, ClientBound};
pub use codes::code_request_of;
pub use dictionaries::{DictionaryNote, DictionaryVersions, EditedDictionary, EditsStored};
pub use document_links::DocumentLinks;
pub use documents::Documents;
pub use domain::batch::Row;
pub use drains::{ABANDONED_AFTER, Drain, FullTransfer, FullTransferError};
pub use edrs::{EdrFilter, EdrFilterError};
pub use error::StoreError;
pub use fees::{AgreementWrite, DueFee, FeeWrite, FeeWritten, RuleWrite, fee_of};
pub use files::Files;
pub use imports::MappingsWritten;
pub use incoming::{DueIncoming, IncomingFilter, IncomingList, PartsOf, incoming_of};
pub use invoices::{InvoiceWrite, InvoicesWritten};
pub use invoicing::{Closed, Covered, Invoices, InvoicesError};
pub use item::Item;
pub use leases::{Effective, Flushed, LeaseSession, Put};
pub use mails::{MailAsk, MailBegun, MailFilter};
pub use messages::{Claim, Claimed, Mark, Refund, Requested, Stored, row_of};
pub use monitoring::TrafficWindow;
pub use ownership::{GatewayId, LivingGateway, Owner, Renewed};
pub use payments::{ChangedPayment, Expired, PostedPayment, payment_of};
pub use rate_book::{PricesOf, RateBook};
pub use rate_changes::rate_change_of;
pub use rates::TreeCache;
pub use reconcile::{Suspicion, WalletWithHolders};
pub use records::{BlockUsage, Page, StatementPosted, UsageChange};
pub use recount::{Recounted, Recounts};
pub use references::{ParkedReceipt, Reference};
pub use registrations::{Registered, Registration};
pub use reports_due::{Awaiting, DueReports};
pub use rerates::{DIFFERENCES_MAX, Differences, Kept, RatedItem, Recorded, Rerated, add_changes};
pub use reviews::{Counted, CountedCall, KeptReview, Review, ReviewDone, ReviewFilter};
pub use roles::RoleDeleted;
pub use secrets::{HasSecret, Passwords, Secrets};
pub use services::TreeVersion;
pub use sessions::Tries;
pub use standing::{AGREEMENT_SUSPENDED, COMPANY_DISABLED, SENDER_BLOCKED, Standings, stopped};
pub use statistics::Statistics;
pub use top_ups::TopUpPosted;
pub use transact::CONFLICT_ATTEMPTS_MAX;
pub use transfers::PostedTransfer;
pub use unmatched::{UnmatchedReceipt, parked_receipt_of};
pub use usage::usage_row_text;
pub use users::Avatar;
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
    dictionary_cache: dictionaries::DictionaryCache,
    tree_cache: TreeCache,
}

impl Store {
    pub fn new(dynamo: Client, tables: Tables) -> Self {
        Self { dynamo, tables, dictionary_cache: Default::default(), tree_cache: TreeCache::default() }
    }
}

//! The whole key design. Every key string of the platform is made here.
//!
//! | table | `pk` | `sk` | what |
//! |---|---|---|---|
//! | directory | `company#id` | `company` | company; listed under its tenant |
//! | directory | `agreement#id` | `agreement` | agreement; listed under its company |
//! | directory | `agreements` | id | for the billing schedule, which visits all |
//! | directory | `agreement_code#tenant` | code | makes codes unique |
//! | directory | `service#id` | `service`, `tree#version` | rate plan; its trees |
//! | directory | `sender#agreement` | address | sender ID; listed under its company |
//! | directory | `connection#id` | `connection` | listed under its company |
//! | directory | `connections` | id | for the gateway, which serves all |
//! | directory | `webhook#guid` | `webhook` | which connection a vendor's call belongs to |
//! | directory | `api_key#hash` | `api_key` | API key; listed under its company |
//! | directory | `top_up#id` | `top_up` | top-up; listed under its agreement |
//! | directory | `review#system` | event | a payment event that a person has to look at; listed |
//! | ledger | `wallet#id` | `wallet` | the balance |
//! | ledger | `holders#wallet` | holder | who holds escrow on a wallet |
//! | ledger | `transfer#id`, `payment#id` | same noun | the operation, and the record that it happened |
//! | ledger | `payment_reference#company` | reference | makes reference codes unique |
//! | messages | `message#id` | `message` | message; a batch takes the place of its request's only message |
//! | messages | `reference#connection#id` | `message`, `receipt#hash` | vendor's id to message; receipts that came first |
//! | records | `statement#wallet` | sequence, `cursor` | statement lines; how far they go |
//! | records | `edr#agreement` | time`#`message | EDRs |
//! | records | `usage#agreement` | day`#`hash | usage rows |
//! | records | `invoices#agreement` | period's first day | invoice |
//! | records | `invoice#id` | `pointer` | finds an invoice by id |
//! | records | `invoice_numbers#tenant` | `counter` | the last number given |

use domain::edr::UsageKey;
use domain::id::{
    AgreementId, BatchId, CompanyId, ConnectionId, InvoiceId, MessageId, PaymentId, ServiceId, TopUpId,
    TransferId, WalletId,
};
use domain::period::Period;
use domain::sender::SenderAddress;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Names of the key attributes, of the listing index and of the attribute that expires items.
pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const BY_PARENT: &str = "by_parent";
pub const PARENT: &str = "parent";
pub const LISTED: &str = "listed";
pub const EXPIRES_AT: &str = "expires_at";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

pub fn company(id: &CompanyId) -> Key {
    key(format!("company#{id}"), "company")
}

pub fn agreement(id: &AgreementId) -> Key {
    key(format!("agreement#{id}"), "agreement")
}

pub const ALL_AGREEMENTS: &str = "agreements";
pub fn agreement_entry(id: &AgreementId) -> Key {
    key(ALL_AGREEMENTS.to_owned(), id.as_str())
}

pub fn agreement_code(tenant: &CompanyId, code: &str) -> Key {
    key(format!("agreement_code#{tenant}"), code)
}

pub fn service(id: &ServiceId) -> Key {
    key(format!("service#{id}"), "service")
}

pub fn tree(id: &ServiceId, version: u32) -> Key {
    key(format!("service#{id}"), format!("tree#{version:010}"))
}

pub fn sender(agreement: &AgreementId, address: &SenderAddress) -> Key {
    key(format!("sender#{agreement}"), address.as_str())
}

pub fn connection(id: &ConnectionId) -> Key {
    key(format!("connection#{id}"), "connection")
}

pub const ALL_CONNECTIONS: &str = "connections";
pub fn connection_entry(id: &ConnectionId) -> Key {
    key(ALL_CONNECTIONS.to_owned(), id.as_str())
}

pub fn webhook(guid: &str) -> Key {
    key(format!("webhook#{guid}"), "webhook")
}

pub fn api_key(hash: &str) -> Key {
    key(format!("api_key#{hash}"), "api_key")
}

pub fn top_up(id: &TopUpId) -> Key {
    key(format!("top_up#{id}"), "top_up")
}

/// The same event twice is reviewed once.
pub fn review(system: &str, event: &str) -> Key {
    key(format!("review#{system}"), event)
}

pub fn wallet(id: &WalletId) -> Key {
    key(format!("wallet#{id}"), "wallet")
}

pub fn holders(wallet: &WalletId) -> String {
    format!("holders#{wallet}")
}

pub fn holder(wallet: &WalletId, holder: &WalletId) -> Key {
    key(holders(wallet), holder.as_str())
}

pub fn transfer(id: &TransferId) -> Key {
    key(format!("transfer#{id}"), "transfer")
}

pub fn payment(id: &PaymentId) -> Key {
    key(format!("payment#{id}"), "payment")
}

pub fn payment_reference(company: &CompanyId, reference: &str) -> Key {
    key(format!("payment_reference#{company}"), reference)
}

pub fn message(id: &MessageId) -> Key {
    key(format!("message#{id}"), "message")
}

/// The row that a single message under the same idempotency key would have: of two requests with one
/// key, one finds the other's row, whichever of them is a batch.
pub fn batch(id: &BatchId) -> Key {
    key(format!("message#{}{}", MessageId::PREFIX, id.body()), "message")
}

/// `reference` is canonical, see `domain::receipt`.
pub fn references(connection: &ConnectionId, reference: &str) -> String {
    format!("reference#{connection}#{reference}")
}

pub fn reference(connection: &ConnectionId, reference: &str) -> Key {
    key(references(connection, reference), "message")
}

pub const PARKED: &str = "receipt#";
/// The same receipt twice is parked once.
pub fn parked_receipt(connection: &ConnectionId, reference: &str, content: &str) -> Key {
    key(references(connection, reference), format!("{PARKED}{}", short_hash(content)))
}

pub fn statement(wallet: &WalletId) -> String {
    format!("statement#{wallet}")
}

pub fn statement_line(wallet: &WalletId, sequence: u64) -> Key {
    key(statement(wallet), format!("{sequence:020}"))
}

/// Sorts behind every line.
pub fn statement_cursor(wallet: &WalletId) -> Key {
    key(statement(wallet), "cursor")
}

pub fn edrs(agreement: &AgreementId) -> String {
    format!("edr#{agreement}")
}

pub fn edr(agreement: &AgreementId, accepted_at: Timestamp, message: &MessageId) -> Key {
    key(edrs(agreement), format!("{}#{message}", sortable(accepted_at)))
}

/// A time as text of one length, so that texts sort as times do.
pub fn sortable(time: Timestamp) -> String {
    format!("{time:.6}")
}

pub fn usage_rows(agreement: &AgreementId) -> String {
    format!("usage#{agreement}")
}

pub fn usage(row: &UsageKey) -> Key {
    let rest = format!(
        "{}|{}|{}|{}|{}",
        row.resource.name(),
        row.sender,
        row.country,
        row.rate.as_str(),
        row.unit_price
    );
    key(usage_rows(&row.agreement), format!("{}#{}", row.day, short_hash(&rest)))
}

pub fn invoices(agreement: &AgreementId) -> String {
    format!("invoices#{agreement}")
}

pub fn invoice(agreement: &AgreementId, period: Period) -> Key {
    key(invoices(agreement), period.first.to_string())
}

pub fn invoice_pointer(id: &InvoiceId) -> Key {
    key(format!("invoice#{id}"), "pointer")
}

pub fn invoice_numbers(tenant: &CompanyId) -> Key {
    key(format!("invoice_numbers#{tenant}"), "counter")
}

/// A place in the listing index: what something is listed under, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub parent: String,
    pub listed: String,
}

pub fn listing(noun: &str, parent: &str, listed: &str) -> Listing {
    Listing { parent: format!("{noun}#{parent}"), listed: listed.to_owned() }
}

fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..12])
}

/// Where a wallet's id stands inside a key, for the readers of streams.
pub fn is_wallet(pk: &str) -> bool {
    pk.starts_with("wallet#")
}

pub fn is_message(pk: &str) -> bool {
    pk.starts_with("message#")
}

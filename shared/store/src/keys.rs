//! The whole key design. Every key string of the platform is made here.
//!
//! | table | `pk` | `sk` | what |
//! |---|---|---|---|
//! | directory | `company#id` | `company` | company; listed under its tenant |
//! | directory | `agreement#id` | `agreement` | agreement; listed under its company |
//! | directory | `agreements` | id | for the billing schedule, which visits all |
//! | directory | `versions_due` | time`#`agreement | versions of agreements that are to begin, for the sweeper |
//! | directory | `service#id` | `service`, `tree#version#part` | rate plan; its trees |
//! | directory | `import#id` | `import` | a file of rates; listed under its scope |
//! | directory | `import_mappings#company#hash` | subject | what a supplier's texts were mapped to by hand |
//! | directory | `tree_tag#tag` | `tree_tag` | which tree the rate ids with this tag are of |
//! | directory | `dictionaries` | `versions` | which dictionaries differ from what is shipped |
//! | directory | `dictionary#name` | version`#`part | how they differ |
//! | directory | `sender#agreement` | address | sender ID of SMS; listed under its company |
//! | directory | `sender#agreement#channel` | address | sender ID of another channel, likewise |
//! | directory | `sender_id#id` | `pointer` | where the sender ID with this id lies |
//! | directory | `incoming_number#digits` | agreement | which agreements have a sender ID with this number |
//! | directory | `connection#id` | `connection` | listed under its company |
//! | directory | `connections` | id | for the gateway, which serves all |
//! | directory | `gateways` | id | gateway processes that live |
//! | directory | `connection_owners` | connection | which of them serves it |
//! | directory | `client_binds` | connection | how many binds of the client each gateway has, and how many of them can send |
//! | directory | `user#id` | `user`, `credentials`, `avatar` | user; what they prove themselves with |
//! | directory | `users#company`, `user_email#email` | user | a company's users, and those with an address |
//! | directory | `role_holders#role` | `holders` | how many have a role |
//! | directory | `uses#id` | `counts` | how much hangs off a company or an agreement |
//! | directory | `top_up#id` | `top_up` | top-up; listed under its agreement |
//! | directory | `noun#id` | noun | what people edit: banks, roles, ...; listed under its company |
//! | directory | `entries#noun#id` | list`#`column | where a list stands it by a column |
//! | directory | `unique#noun` | name | a name that only one may have |
//! | directory | `review#system` | event | a payment event, or what the sweeper found, that a person has to look at; listed |
//! | ledger | `wallet#id` | `wallet` | the balance |
//! | ledger | `holders#wallet` | holder | who holds escrow on a wallet |
//! | ledger | `members#wallet.bundle` | bucket | recipients that a bundle has counted |
//! | ledger | `open_leases` | wallet | leases that somebody holds, for the sweeper |
//! | ledger | `lease_end#wallet` | fence | how far a lease was written when it was closed |
//! | ledger | `drains` | wallet | wallets that a transfer is taking all from, for the sweeper |
//! | ledger | `transfer#id`, `payment#id` | same noun | the operation, and the record that it happened |
//! | ledger | `payments#company` | `code#reference` | makes the codes of payments unique, and leads to them |
//! | ledger | `payments_due` | time`#`id | payments that expire, for the sweeper |
//! | ledger | `top_ups_due` | time`#`id | top-ups that payment systems are asked about, for the sweeper |
//! | ledger | `rate_change#service` | version | the rates of a service changed, for those who are told |
//! | ledger | `fee#id` | `fee` | the fee, and the record that it was charged or given up |
//! | ledger | `fee_rules#agreement` | rule | what charges a fee again and again |
//! | ledger | `fees_due` | time`#`rule | when each of them is due, for the sweeper |
//! | messages | `message#id` | `message` | message; a batch takes the place of its request's only message |
//! | messages | `block#wallet#fence#number` | `block` | messages that a lease accepted together, until their end |
//! | messages | `reference#connection#id` | `receipt#hash` | receipts that came before their message's vendor id was known |
//! | records | `reference#connection#id` | `message`, `awaited` | vendor's id to message; that receipts came first |
//! | messages | `code#id` | `code` | a two-factor code on its way; expires |
//! | messages | `incoming#id` | `incoming` | a message from a phone; expires |
//! | messages | `incoming_last#content` | `last` | when the last message with this content came; expires |
//! | messages | `incoming_due` | time`#`id | those that could not be charged, for the sweeper |
//! | messages | `incoming_parts#connection#hash` | number | parts of a long one that is not whole; expire |
//! | records | `statement#wallet` | sequence, `cursor` | statement lines; how far they go |
//! | records | `mails#company` | time`#`id | what was mailed, and what failed; expires |
//! | records | `sessions#user` | session | who is logged in; expires |
//! | records | `sent_code#user` | purpose | the code that somebody was sent for it; expires |
//! | records | `tries#hash` | `tries` | how often a login was tried in vain; expires |
//! | records | `codes_sent#hash` | `count` | how many two-factor codes an integration sent to somebody; expires |
//! | records | `notice#cause` | `notice` | what people were told |
//! | records | `edr#agreement` | time`#`message, time`#`fee, time`#`block | EDRs; where those of a block are |
//! | records | `usage#agreement` | day`#`hash | usage rows |
//! | records | `invoices#agreement` | period's first day, then `#`sequence | invoice; corrections behind it |
//! | records | `invoice#id` | `pointer`, `charges#`page | finds an invoice by id; charges that its item does not hold |
//! | records | `document_numbers#series` | `counter` | the last number given |
//! | records | `reports_due#letter` | time`#`hash | messages by when their reports are due, for the sweeper |
//! | records | `incoming_list#company`, `#agreement`, `#connection` | time`#`id | messages from phones as they are listed; expire |
//! | records | `unmatched#connection` | time`#`hash | receipts whose message never came to be known; expires |
//! | records | `statistics#scope` | `d`day`#`shard, `m`month`#`shard | counts of messages |
//! | records | `traffic_window#sender` | `window` | since when a monitored sender ID is counted; expires |
//! | records | `audit#company` | time`#`id | what was done in the company and below it |
//! | records | `lookup#connection` | number | what an MNP or HLR look-up answered; expires |
//! | records | `reconciliation` | `round` | how far the round through all agreements has come |
//! | records | `suspicion#agreement` | `charges` | charges and usage that did not agree yet |
//! | records | `rerate_progress#id` | `progress` | how far a rerate has come |
//! | records | `rerate_differences#id` | agreement`#`level | what a rerate has changed |
//! | records | `recounts` | `round` | how far the recount of usage has come |
//! | records | `recount#agreement` | `day` | what the last recounts found; expires |

use domain::allowance::Pot;
use domain::catalog::Thing;
use domain::destination::Msisdn;
use domain::dictionary::DictionaryName;
use domain::edr::UsageKey;
use domain::id::{
    AgreementId, AuditId, BatchId, CodeRequestId, CompanyId, ConnectionId, FeeId, FeeRuleId, IncomingId,
    InvoiceId, MailId, MessageId, PaymentId, RerateId, RoleId, SenderId, ServiceId, SessionId, TopUpId,
    TransferId, TreeTag, UserId, WalletId,
};
use domain::lease::LeaseTag;
use domain::period::Period;
use domain::sender::SenderAddress;
use domain::statistics::Scope;
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// Names of the key attributes, of the listing index and of the attribute that expires items.
pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const BY_PARENT: &str = "by_parent";
pub const PARENT: &str = "parent";
pub const LISTED: &str = "listed";
pub const EXPIRES_AT: &str = "expires_at";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// Something that people edit.
pub fn thing<T: Thing>(id: &str) -> Key {
    key(format!("{}#{id}", T::NOUN), T::NOUN)
}

/// Where a thing lies: under its id, if it does not say otherwise.
pub fn place_of<T: Thing>(thing: &T) -> Key {
    match thing.place() {
        Some((pk, sk)) => key(pk, sk),
        None => self::thing::<T>(thing.id()),
    }
}

/// Stands between a column's value and the id of what has it. Sorts before every other character.
pub const LISTED_END: char = '\u{1}';
/// The column of those who stand in a further list by their ids.
pub const BY_ID: &str = "id";

/// A list by a column, or by id as the things themselves stand in it.
pub fn list_of(nouns: &str, list: &str, column: Option<&str>) -> String {
    match column {
        Some(column) => format!("{nouns}#{list}#{column}"),
        None => format!("{nouns}#{list}"),
    }
}

pub fn list_entry<T: Thing>(id: &str, list: &str, column: &str) -> Key {
    key(format!("entries#{}#{id}", T::NOUN), format!("{list}#{column}"))
}

pub fn unique(noun: &str, name: &str) -> Key {
    key(format!("unique#{noun}"), name)
}

pub fn statistics(scope: &Scope) -> String {
    format!("statistics#{}", scope.as_str())
}

pub fn statistics_of_day(scope: &Scope, day: Date, shard: &str) -> Key {
    key(statistics(scope), format!("d{day}#{shard}"))
}

pub fn statistics_of_month(scope: &Scope, day: Date, shard: &str) -> Key {
    key(statistics(scope), format!("m{}#{shard}", day.first_of_month()))
}

pub fn audit_log(company: &CompanyId) -> String {
    format!("audit#{company}")
}

pub fn audit_entry(company: &CompanyId, at: Timestamp, id: &AuditId) -> Key {
    key(audit_log(company), format!("{}#{id}", sortable(at)))
}

/// The sort keys of the entries from one time until before another.
pub fn audit_range(from: Option<Timestamp>, till: Option<Timestamp>) -> (String, String) {
    (from.map_or_else(|| "0".to_owned(), sortable), till.map_or_else(|| "a".to_owned(), sortable))
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

pub const VERSIONS_DUE: &str = "versions_due";
pub fn due_version(at: Timestamp, agreement: &AgreementId) -> Key {
    key(VERSIONS_DUE.to_owned(), format!("{}#{agreement}", sortable(at)))
}

/// Behind all that are due by now.
pub fn due_version_till(now: Timestamp) -> String {
    format!("{}$", sortable(now))
}

pub fn service(id: &ServiceId) -> Key {
    key(format!("service#{id}"), "service")
}

/// A part of a tree, from 0.
pub fn tree(id: &ServiceId, version: u32, part: u32) -> Key {
    key(format!("service#{id}"), format!("tree#{version:010}#{part:02}"))
}

/// A supplier's name is a free text of any length, so its digest stands for it.
pub fn import_mappings(company: &CompanyId, supplier: &str) -> String {
    format!("import_mappings#{company}#{}", short_hash(&supplier.to_lowercase()))
}

pub fn import_mapping(company: &CompanyId, supplier: &str, subject: &str) -> Key {
    key(import_mappings(company, supplier), subject)
}

pub fn tree_tag(tag: &TreeTag) -> Key {
    key(format!("tree_tag#{}", tag.as_str()), "tree_tag")
}

pub fn dictionary_versions() -> Key {
    key("dictionaries".to_owned(), "versions")
}

pub fn dictionary_part(name: DictionaryName, version: u64, part: usize) -> Key {
    key(format!("dictionary#{}", name.as_str()), format!("{version:010}#{part:02}"))
}

pub fn sender(agreement: &AgreementId, address: &SenderAddress) -> Key {
    key(format!("sender#{agreement}"), address.as_str())
}

pub fn sender_id(id: &SenderId) -> Key {
    key(format!("sender_id#{id}"), "pointer")
}

/// By the number phones write to, which is the address of a sender ID.
pub fn incoming_numbers(number: &str) -> String {
    format!("incoming_number#{number}")
}

pub fn incoming_number(number: &str, agreement: &AgreementId) -> Key {
    key(incoming_numbers(number), agreement.as_str())
}

pub fn connection(id: &ConnectionId) -> Key {
    key(format!("connection#{id}"), "connection")
}

pub const ALL_CONNECTIONS: &str = "connections";
pub fn connection_entry(id: &ConnectionId) -> Key {
    key(ALL_CONNECTIONS.to_owned(), id.as_str())
}

/// As `infra/template.yaml` says it too, which lets the gateway write these partitions and no others.
pub const GATEWAYS: &str = "gateways";
pub fn gateway(id: &str) -> Key {
    key(GATEWAYS.to_owned(), id)
}

pub const CONNECTION_OWNERS: &str = "connection_owners";
pub fn connection_owner(id: &ConnectionId) -> Key {
    key(CONNECTION_OWNERS.to_owned(), id.as_str())
}

pub const CLIENT_BINDS: &str = "client_binds";
pub fn client_binds(id: &ConnectionId) -> Key {
    key(CLIENT_BINDS.to_owned(), id.as_str())
}

pub fn user(id: &UserId) -> Key {
    key(format!("user#{id}"), "user")
}

/// Read with strong consistency, which the listing index cannot.
pub fn users(company: &CompanyId) -> String {
    format!("users#{company}")
}

pub fn user_entry(company: &CompanyId, id: &UserId) -> Key {
    key(users(company), id.as_str())
}

pub fn users_with_email(email: &str) -> String {
    format!("user_email#{}", email.to_lowercase())
}

pub fn user_with_email(email: &str, id: &UserId) -> Key {
    key(users_with_email(email), id.as_str())
}

pub fn credentials(user: &UserId) -> Key {
    key(format!("user#{user}"), "credentials")
}

pub fn avatar(user: &UserId) -> Key {
    key(format!("user#{user}"), "avatar")
}

/// How much hangs off a company or an agreement.
pub fn uses(of: &str) -> Key {
    key(format!("uses#{of}"), "counts")
}

pub fn role_holders(role: &RoleId) -> Key {
    key(format!("role_holders#{role}"), "holders")
}

/// As `infra/template.yaml` says it too, which lets send-api write these partitions.
pub fn sessions(user: &UserId) -> String {
    format!("sessions#{user}")
}

pub fn session(user: &UserId, id: &SessionId) -> Key {
    key(sessions(user), id.as_str())
}

pub fn sent_code(user: &UserId, purpose: &str) -> Key {
    key(format!("sent_code#{user}"), purpose)
}

/// What is tried may be any text, so its digest stands for it.
pub fn tries(name: &str) -> Key {
    key(format!("tries#{}", short_hash(name)), "tries")
}

/// A name has somebody's number, so its digest stands for it.
pub fn codes_sent(name: &str) -> Key {
    key(format!("codes_sent#{}", short_hash(name)), "count")
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

pub fn members(bundle: &Pot, bucket: u64) -> Key {
    key(format!("members#{bundle}"), bucket.to_string())
}

pub const OPEN_LEASES: &str = "open_leases";
pub fn open_lease(lease: &WalletId) -> Key {
    key(OPEN_LEASES.to_owned(), lease.as_str())
}

pub fn lease_end(lease: &WalletId, fence: u64) -> Key {
    key(format!("lease_end#{lease}"), format!("{fence:020}"))
}

pub const DRAINS: &str = "drains";
pub fn drain(wallet: &WalletId) -> Key {
    key(DRAINS.to_owned(), wallet.as_str())
}

pub fn transfer(id: &TransferId) -> Key {
    key(format!("transfer#{id}"), "transfer")
}

pub fn payment(id: &PaymentId) -> Key {
    key(format!("payment#{id}"), "payment")
}

/// Makes a company's reference codes unique, and leads to its payments.
pub fn payment_reference(company: &CompanyId, reference: &str) -> Key {
    key(payment_references(company), format!("code#{reference}"))
}

pub fn payment_references(company: &CompanyId) -> String {
    format!("payments#{company}")
}

pub const PAYMENTS_DUE: &str = "payments_due";
pub fn due_payment(deadline: Timestamp, id: &PaymentId) -> Key {
    key(PAYMENTS_DUE.to_owned(), format!("{}#{id}", sortable(deadline)))
}

/// Top-ups by when their payment system is asked about them, in the ledger.
pub const TOP_UPS_DUE: &str = "top_ups_due";
pub fn due_top_up(due: Timestamp, id: &TopUpId) -> Key {
    key(TOP_UPS_DUE.to_owned(), format!("{}#{id}", sortable(due)))
}

/// In the ledger, whose stream brings it to those who are told.
pub fn rate_change(service: &ServiceId, version: u32) -> Key {
    key(format!("rate_change#{service}"), format!("{version:010}"))
}

pub fn fee(id: &FeeId) -> Key {
    key(format!("fee#{id}"), "fee")
}

pub fn fee_rules(agreement: &AgreementId) -> String {
    format!("fee_rules#{agreement}")
}

pub fn fee_rule(agreement: &AgreementId, id: &FeeRuleId) -> Key {
    key(fee_rules(agreement), id.as_str())
}

pub const FEES_DUE: &str = "fees_due";
pub fn due_fee(at: Timestamp, rule: &FeeRuleId) -> Key {
    key(FEES_DUE.to_owned(), format!("{}#{rule}", sortable(at)))
}

pub fn message(id: &MessageId) -> Key {
    key(format!("message#{id}"), "message")
}

/// The row that a single message under the same idempotency key would have: of two requests with one
/// key, one finds the other's row, whichever of them is a batch.
pub fn batch(id: &BatchId) -> Key {
    key(format!("message#{}{}", MessageId::PREFIX, id.body()), "message")
}

pub fn block(tag: &LeaseTag) -> Key {
    key(format!("block#{}#{}#{}", tag.lease, tag.fence, tag.number), "block")
}

/// `reference` is canonical, see `domain::receipt`.
pub fn references(connection: &ConnectionId, reference: &str) -> String {
    format!("reference#{connection}#{reference}")
}

pub fn reference(connection: &ConnectionId, reference: &str) -> Key {
    key(references(connection, reference), "message")
}

/// That a receipt may wait whose message the vendor's answer knows by this id.
pub fn awaited(connection: &ConnectionId, reference: &str) -> Key {
    key(references(connection, reference), "awaited")
}

pub const PARKED: &str = "receipt#";
/// The same receipt twice is parked once.
pub fn parked_receipt(connection: &ConnectionId, reference: &str, content: &str) -> Key {
    key(references(connection, reference), format!("{PARKED}{}", short_hash(content)))
}

pub fn code_request(id: &CodeRequestId) -> Key {
    key(format!("code#{id}"), "code")
}

pub fn is_code_request(pk: &str) -> bool {
    pk.starts_with("code#")
}

pub fn incoming(id: &IncomingId) -> Key {
    key(format!("incoming#{id}"), "incoming")
}

/// `content` is what all messages with one content have in common.
pub fn last_incoming(content: &IncomingId) -> Key {
    key(format!("incoming_last#{content}"), "last")
}

pub const INCOMING_DUE: &str = "incoming_due";
pub fn due_incoming(at: Timestamp, id: &IncomingId) -> Key {
    key(INCOMING_DUE.to_owned(), format!("{}#{id}", sortable(at)))
}

/// `of` is the id of whose list it is.
pub fn incoming_list(of: &str) -> String {
    format!("incoming_list#{of}")
}

pub fn listed_incoming(of: &str, received_at: Timestamp, id: &IncomingId) -> Key {
    key(incoming_list(of), format!("{}#{id}", sortable(received_at)))
}

/// What makes parts belong together is the vendor's text, so its digest stands for it.
pub fn incoming_parts(connection: &ConnectionId, belonging: &str) -> String {
    format!("incoming_parts#{connection}#{}", short_hash(belonging))
}

pub fn incoming_part(connection: &ConnectionId, belonging: &str, number: u8) -> Key {
    key(incoming_parts(connection, belonging), format!("{number:03}"))
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

pub fn traffic_window(sender: &SenderId) -> Key {
    key(format!("traffic_window#{sender}"), "window")
}

/// What follows from one write is told once.
pub fn notice(id: &str) -> Key {
    key(format!("notice#{id}"), "notice")
}

pub fn mails(company: &CompanyId) -> String {
    format!("mails#{company}")
}

pub fn mail(company: &CompanyId, at: Timestamp, id: &MailId) -> Key {
    key(mails(company), format!("{}#{id}", sortable(at)))
}

/// The sort keys of mails from one time until before another.
pub fn mails_range(from: Option<Timestamp>, till: Option<Timestamp>) -> (String, String) {
    audit_range(from, till)
}

pub fn edrs(agreement: &AgreementId) -> String {
    format!("edr#{agreement}")
}

pub fn edr(agreement: &AgreementId, accepted_at: Timestamp, message: &MessageId) -> Key {
    key(edrs(agreement), format!("{}#{message}", sortable(accepted_at)))
}

/// Sorts right before the records that those who have left the block have of their own.
pub fn edrs_of_block(agreement: &AgreementId, accepted_at: Timestamp, block: &LeaseTag) -> Key {
    let first = MessageId::in_block(block, 0);
    let all = first.as_str().trim_end_matches(|letter| letter != '-');
    key(edrs(agreement), format!("{}#{all}", sortable(accepted_at)))
}

/// The place of one of the messages in the list: behind the block's entry, whose `sk` this is, and before all
/// that follow.
pub fn edr_in_block(sk: &str, place: u16) -> String {
    format!("{sk}!{place:05}")
}

/// Reads what [`edr_in_block`] made of this entry.
pub fn place_in_block(sk: &str, cursor: &str) -> Option<u16> {
    cursor.strip_prefix(sk)?.strip_prefix('!')?.parse().ok()
}

pub fn fee_record(agreement: &AgreementId, accepted_at: Timestamp, fee: &FeeId) -> Key {
    key(edrs(agreement), format!("{}#{fee}", sortable(accepted_at)))
}

/// A time as text of one length, so that texts sort as times do.
pub fn sortable(time: Timestamp) -> String {
    format!("{time:.6}")
}

pub fn usage_rows(agreement: &AgreementId) -> String {
    format!("usage#{agreement}")
}

pub fn usage(row: &UsageKey) -> Key {
    let mut rest = format!(
        "{}|{}|{}|{}|{}|{}|{}",
        row.wallet,
        row.resource.name(),
        row.sender.as_ref().map_or("", SenderAddress::as_str),
        row.country.as_deref().unwrap_or_default(),
        row.rate.as_str(),
        row.unit_price,
        row.priced_by
    );
    if let Some(subject) = &row.subject {
        rest = format!("{rest}|{subject}");
    }
    key(usage_rows(&row.agreement), format!("{}#{}", row.day, short_hash(&rest)))
}

pub fn invoices(agreement: &AgreementId) -> String {
    format!("invoices#{agreement}")
}

pub fn invoice(agreement: &AgreementId, period: Period, sequence: u32) -> Key {
    key(invoices(agreement), domain::invoice::place_of(period, sequence))
}

pub fn invoice_pointer(id: &InvoiceId) -> Key {
    key(format!("invoice#{id}"), "pointer")
}

/// What the places of the pages begin with that hold the charges of an invoice.
pub const INVOICE_CHARGES: &str = "charges#";

pub fn invoice_charges(id: &InvoiceId, page: usize) -> Key {
    key(format!("invoice#{id}"), format!("{INVOICE_CHARGES}{page:03}"))
}

/// `series` is a legal entity of the tenant's own, or the tenant where an agreement names none.
pub fn document_numbers(series: &str) -> Key {
    key(format!("document_numbers#{series}"), "counter")
}

/// The lists of what awaits reports: several, as one would take a write for nearly every submit.
pub fn reports_due_lists() -> impl Iterator<Item = String> {
    ('0'..='9').chain('a'..='f').map(reports_due)
}

fn reports_due(letter: char) -> String {
    format!("reports_due#{letter}")
}

/// What awaits the same reports twice is filed once.
pub fn due_reports(at: Timestamp, content: &str) -> Key {
    let hash = short_hash(content);
    key(reports_due(hash.chars().next().unwrap_or('0')), format!("{}#{hash}", sortable(at)))
}

pub fn unmatched_receipts(connection: &ConnectionId) -> String {
    format!("unmatched#{connection}")
}

/// The same receipt twice is listed once.
pub fn unmatched_receipt(connection: &ConnectionId, received_at: Timestamp, content: &str) -> Key {
    key(unmatched_receipts(connection), format!("{}#{}", sortable(received_at), short_hash(content)))
}

pub fn lookup(connection: &ConnectionId, number: &Msisdn) -> Key {
    key(format!("lookup#{connection}"), number.as_str())
}

pub fn reconciliation() -> Key {
    key("reconciliation".to_owned(), "round")
}

pub fn rerate_progress(task: &RerateId) -> Key {
    key(format!("rerate_progress#{task}"), "progress")
}

pub fn rerate_differences(task: &RerateId) -> String {
    format!("rerate_differences#{task}")
}

pub fn rerate_difference(task: &RerateId, agreement: &AgreementId, level: u32) -> Key {
    key(rerate_differences(task), format!("{agreement}#{level:02}"))
}

pub fn recounts() -> Key {
    key("recounts".to_owned(), "round")
}

pub fn recount(agreement: &AgreementId) -> Key {
    key(format!("recount#{agreement}"), "day")
}

pub fn suspicion(agreement: &AgreementId) -> Key {
    key(format!("suspicion#{agreement}"), "charges")
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

pub fn is_rate_change(pk: &str) -> bool {
    pk.starts_with("rate_change#")
}

pub fn is_fee(pk: &str) -> bool {
    pk.starts_with("fee#")
}

pub fn is_payment(pk: &str) -> bool {
    pk.starts_with("payment#")
}

pub fn is_incoming(pk: &str) -> bool {
    pk.starts_with("incoming#")
}

pub fn is_message(pk: &str) -> bool {
    pk.starts_with("message#")
}

/// Whether a receipt waits here for its message; the connection whose receipt it is.
pub fn parked_receipt_of(key: &Key) -> Option<ConnectionId> {
    let (connection, _) = key.pk.strip_prefix("reference#")?.split_once('#')?;
    if !key.sk.starts_with(PARKED) {
        return None;
    }
    ConnectionId::parse(connection).ok()
}

pub fn is_block(pk: &str) -> bool {
    pk.starts_with("block#")
}

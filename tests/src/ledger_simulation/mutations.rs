//! The guards of the store's writes, and a way to leave one out: its condition is made always true on the
//! way to the database. A suite that does not notice proves nothing about that guard.
//!
//! The list is held against the code: [`Guards`] looks at every condition that passes, and one that is
//! neither on the list nor known to repeat another guard is reported.

mod hunt;
mod schedules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub use hunt::{Hunted, Report, hunt, hunt_all, observe};

/// A guard that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutation {
    RowIsNew,
    ExpandedRowIsNew,
    MessageRevision,
    RefundRevision,
    RefundUsed,
    SettleUsed,
    ClaimStatus,
    ClaimMark,
    ReleaseMark,
    BlockRevision,
    BlockRefund,
    BlockClaim,
    ChargeHeadroom,
    ChargeOpen,
    ChargeEscrow,
    ChargeUnits,
    ChargeRoom,
    ChargePin,
    ExactHeadroom,
    ExactOpen,
    ExactRoom,
    ExactPin,
    RefillHeadroom,
    RefillEscrow,
    RefillUnits,
    RefillRoom,
    RefillGiverOpen,
    RefillHolderOpen,
    RefillCounter,
    RecallEscrow,
    RecallUnits,
    TransferIsNew,
    TransferHeadroom,
    TransferLimit,
    WithdrawalState,
    WithdrawalHeadroom,
    DrainBegins,
    DrainEnds,
    PaymentIsNew,
    PaymentRevision,
    PaymentReference,
    PaymentHeadroom,
    PaymentLimit,
    FeeIsNew,
    FeeHeadroom,
    FeeOpen,
    TermsLimit,
    TermsState,
    AgreementRevision,
    WalletIsNew,
    MembersAreNew,
    MembersRevision,
    StatementBegins,
    StatementCursor,
    EdrRevision,
    LeasedRowIsNew,
    VoidRow,
    LeaseFree,
    LeaseTakenSequence,
    LeaseClosedSequence,
    FlushHolder,
    FlushNumber,
    FlushOpen,
    FlushEscrow,
    FlushUnits,
    RerateRevision,
    RerateBlock,
    RerateFee,
    RerateChunk,
}

impl Mutation {
    pub const ALL: [Self; 69] = [
        Self::RowIsNew,
        Self::ExpandedRowIsNew,
        Self::MessageRevision,
        Self::RefundRevision,
        Self::RefundUsed,
        Self::SettleUsed,
        Self::ClaimStatus,
        Self::ClaimMark,
        Self::ReleaseMark,
        Self::BlockRevision,
        Self::BlockRefund,
        Self::BlockClaim,
        Self::ChargeHeadroom,
        Self::ChargeOpen,
        Self::ChargeEscrow,
        Self::ChargeUnits,
        Self::ChargeRoom,
        Self::ChargePin,
        Self::ExactHeadroom,
        Self::ExactOpen,
        Self::ExactRoom,
        Self::ExactPin,
        Self::RefillHeadroom,
        Self::RefillEscrow,
        Self::RefillUnits,
        Self::RefillRoom,
        Self::RefillGiverOpen,
        Self::RefillHolderOpen,
        Self::RefillCounter,
        Self::RecallEscrow,
        Self::RecallUnits,
        Self::TransferIsNew,
        Self::TransferHeadroom,
        Self::TransferLimit,
        Self::WithdrawalState,
        Self::WithdrawalHeadroom,
        Self::DrainBegins,
        Self::DrainEnds,
        Self::PaymentIsNew,
        Self::PaymentRevision,
        Self::PaymentReference,
        Self::PaymentHeadroom,
        Self::PaymentLimit,
        Self::FeeIsNew,
        Self::FeeHeadroom,
        Self::FeeOpen,
        Self::TermsLimit,
        Self::TermsState,
        Self::AgreementRevision,
        Self::WalletIsNew,
        Self::MembersAreNew,
        Self::MembersRevision,
        Self::StatementBegins,
        Self::StatementCursor,
        Self::EdrRevision,
        Self::LeasedRowIsNew,
        Self::VoidRow,
        Self::LeaseFree,
        Self::LeaseTakenSequence,
        Self::LeaseClosedSequence,
        Self::FlushHolder,
        Self::FlushNumber,
        Self::FlushOpen,
        Self::FlushEscrow,
        Self::FlushUnits,
        Self::RerateRevision,
        Self::RerateBlock,
        Self::RerateFee,
        Self::RerateChunk,
    ];

    /// Those of writes that only leases make.
    pub const OF_LEASES: [Self; 10] = [
        Self::LeasedRowIsNew,
        Self::VoidRow,
        Self::LeaseFree,
        Self::LeaseTakenSequence,
        Self::LeaseClosedSequence,
        Self::FlushHolder,
        Self::FlushNumber,
        Self::FlushOpen,
        Self::FlushEscrow,
        Self::FlushUnits,
    ];

    /// What happens without it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::RowIsNew => "a request is charged although its row is there",
            Self::ExpandedRowIsNew => "a batch's row is written over one that has moved on",
            Self::MessageRevision => "a message is moved although it has moved since",
            Self::RefundRevision => "a message is refunded although it has moved since",
            Self::RefundUsed => "units go back to a sender that has settled their use",
            Self::SettleUsed => "units are settled as used that have been refunded meanwhile",
            Self::ClaimStatus => "a message is claimed whatever its state",
            Self::ClaimMark => "a message is claimed although somebody else has it",
            Self::BlockRevision => "a block is changed although it has changed meanwhile",
            Self::BlockRefund => "messages of a block are refunded although it has changed meanwhile",
            Self::BlockClaim => "a block is claimed although somebody else has it",
            Self::ReleaseMark => "a message is given back although it has moved on, or somebody else has it",
            Self::ChargeHeadroom => "the sender's headroom is taken although it is not there",
            Self::ChargeOpen => "a wallet that is suspended is charged",
            Self::ChargeEscrow => "escrow is spent although it is not there",
            Self::ChargeUnits => "units set aside are spent although they are not there",
            Self::ChargeRoom => "more is drawn of the sender's own allowance than it has",
            Self::ChargePin => "a later source is used although the earlier one was filled again",
            Self::ExactHeadroom => "the headroom of a wallet above is taken although it is not there",
            Self::ExactOpen => "a suspended wallet above is charged",
            Self::ExactRoom => "more is drawn of an allowance above than it has",
            Self::ExactPin => "a later source above is used, or a tier begun, although it has changed",
            Self::RefillHeadroom => "headroom is set aside although it is not there",
            Self::RefillEscrow => "escrow is passed on although it is not there",
            Self::RefillUnits => "units are passed on although they are not there",
            Self::RefillRoom => "more units are set aside than an allowance has",
            Self::RefillGiverOpen => "a suspended wallet sets headroom aside",
            Self::RefillHolderOpen => "a suspended wallet is given escrow",
            Self::RefillCounter => "two refills at once settle the same use",
            Self::RecallEscrow => "escrow is called back although it was spent",
            Self::RecallUnits => "units are called back although they were spent",
            Self::TransferIsNew => "a transfer is posted again",
            Self::TransferHeadroom => "a transfer takes what is not there",
            Self::TransferLimit => "a transfer takes a credit limit that has just been raised",
            Self::WithdrawalState => "all is taken out of a wallet that was opened again",
            Self::WithdrawalHeadroom => "all is taken as it was, and not as it is",
            Self::DrainBegins => "a drain begins in a wallet that is suspended, or being drained",
            Self::DrainEnds => "a drain is ended that is another one by now",
            Self::PaymentIsNew => "a payment is posted again",
            Self::PaymentRevision => "a payment is changed although it has changed since",
            Self::PaymentReference => "two payments get one reference code",
            Self::PaymentHeadroom => "an outbound payment takes what is not there",
            Self::PaymentLimit => "an outbound payment takes a credit limit that has just been raised",
            Self::FeeIsNew => "a fee is charged again",
            Self::FeeHeadroom => "a fee takes what is not there",
            Self::FeeOpen => "a suspended wallet pays a fee",
            Self::TermsLimit => "a credit limit is changed from one that was not in force",
            Self::TermsState => "a wallet is suspended or resumed from another state",
            Self::AgreementRevision => "an agreement is written over a newer one",
            Self::WalletIsNew => "a wallet is opened over one that is there",
            Self::MembersAreNew => "a recipient begins a list of a bundle that is there",
            Self::MembersRevision => "a recipient is counted into a bundle that has changed",
            Self::StatementBegins => "a statement begins a second time",
            Self::StatementCursor => "statement lines are posted from where another delivery has posted on",
            Self::EdrRevision => "a record is written over one of a later state",
            Self::LeasedRowIsNew => "a row is put under a lease over one that was charged",
            Self::VoidRow => "a request takes the place of a row that was charged meanwhile",
            Self::LeaseFree => "a lease is taken that somebody holds",
            Self::LeaseTakenSequence => "a lease is taken as it was before others held it",
            Self::LeaseClosedSequence => "a lease is closed as it was before its last flush",
            Self::FlushHolder => "a holder that was fenced writes to the next one's lease",
            Self::FlushNumber => "a flush is charged again, as its answer was lost",
            Self::FlushOpen => "a flush is charged to a lease that is closed",
            Self::FlushEscrow => "a flush spends escrow that was called back",
            Self::FlushUnits => "a flush spends units that were called back",
            Self::RerateRevision => "a message is rated again although it has moved since",
            Self::RerateBlock => "messages of a block are rated again although it has changed meanwhile",
            Self::RerateFee => "a fee is rated again although another task has done so since",
            Self::RerateChunk => "two who count what a rerate would change both count it",
        }
    }
}

/// What a condition, or one part of it, is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Listed(Mutation),
    /// Cannot fail unless a listed guard of the same write fails too, or its failing would change nothing.
    Repeats,
    Unknown,
}

/// The conditions that passed, if somebody wants to know.
#[derive(Clone, Default)]
pub struct Guards(Option<Arc<Mutex<Seen>>>);

#[derive(Debug, Default)]
struct Seen {
    listed: BTreeSet<Mutation>,
    unknown: BTreeMap<String, u32>,
}

impl Guards {
    /// Notes what passes.
    pub fn noting() -> Self {
        Self(Some(Arc::default()))
    }

    /// The listed guards that passed.
    pub fn seen(&self) -> BTreeSet<Mutation> {
        self.lock().map(|seen| seen.listed.clone()).unwrap_or_default()
    }

    /// Conditions that nobody has put on the list.
    pub fn unknown(&self) -> Vec<String> {
        self.lock().map(|seen| seen.unknown.keys().cloned().collect()).unwrap_or_default()
    }

    fn lock(&self) -> Option<MutexGuard<'_, Seen>> {
        self.0.as_ref().map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the conditions of a request, and leaves out those of the mutation.
    pub(super) fn pass(&self, body: &mut Value, mutation: Option<Mutation>) {
        if self.0.is_none() && mutation.is_none() {
            return;
        }
        let Some(items) = body["TransactItems"].as_array_mut() else {
            if body.get("ConditionExpression").is_some() {
                self.pass_write(body, &Transaction::default(), mutation);
            }
            return;
        };
        let conditions = |item: &Value| {
            let write = item.as_object().and_then(|item| item.values().next());
            write.and_then(|write| write["ConditionExpression"].as_str()).unwrap_or_default().to_owned()
        };
        let all: Vec<String> = items.iter().map(conditions).collect();
        let is_refill = all.iter().any(|condition| condition.contains("refills ="));
        let is_difference = |item: &Value| {
            let write = item.as_object().and_then(|item| item.values().next());
            write.is_some_and(|write| key_of(write).starts_with("rerate_differences#"))
        };
        let is_rerate = items.iter().any(is_difference);
        for (place, item) in items.iter_mut().enumerate() {
            let writes = item.as_object_mut().into_iter().flat_map(|item| item.values_mut());
            let transaction = Transaction { place, is_refill, is_rerate, items: all.len() };
            for write in writes {
                self.pass_write(write, &transaction, mutation);
            }
        }
    }

    fn pass_write(&self, write: &mut Value, transaction: &Transaction, mutation: Option<Mutation>) {
        let Some(condition) = write["ConditionExpression"].as_str().map(str::to_owned) else { return };
        let mut rewritten = Vec::new();
        for part in parts(&condition) {
            let guard = guard_of(write, part, transaction);
            if let Some(mut seen) = self.lock() {
                match guard {
                    Guard::Listed(listed) => {
                        seen.listed.insert(listed);
                        if listed == Mutation::ClaimStatus {
                            seen.listed.insert(Mutation::ClaimMark);
                        }
                    }
                    Guard::Unknown => {
                        let key = key_of(write).split('#').next().unwrap_or_default().to_owned();
                        *seen.unknown.entry(format!("{key}: {part}")).or_default() += 1;
                    }
                    Guard::Repeats => {}
                }
            }
            rewritten.push(match mutation {
                Some(Mutation::ClaimMark) if guard == Guard::Listed(Mutation::ClaimStatus) => {
                    let mark = "claimed = :mark";
                    part.replace(mark, &format!("({mark} OR NOT {mark})"))
                }
                // Brackets inside brackets are refused.
                Some(mutation) if guard == Guard::Listed(mutation) && part.starts_with('(') => {
                    format!("({part} OR NOT {part})")
                }
                Some(mutation) if guard == Guard::Listed(mutation) => format!("({part} OR NOT ({part}))"),
                _ => part.to_owned(),
            });
        }
        if mutation.is_some() {
            write["ConditionExpression"] = rewritten.join(" AND ").into();
        }
    }
}

/// Where a write stands among those it is made with.
#[derive(Debug, Default)]
struct Transaction {
    place: usize,
    is_refill: bool,
    is_rerate: bool,
    items: usize,
}

/// A condition cut at the `AND`s that stand outside brackets; whole if an `OR` does.
fn parts(condition: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0usize, 0, Vec::new());
    for (place, byte) in condition.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if condition[place..].starts_with(" OR ") => return vec![condition],
            _ if condition[place..].starts_with(" AND ") => {
                parts.push(&condition[begin..place]);
                begin = place + " AND ".len();
            }
            _ => {}
        }
    }
    parts.push(&condition[begin..]);
    parts
}

fn key_of(write: &Value) -> &str {
    let holder = write.get("Key").or_else(|| write.get("Item"));
    holder.and_then(|key| key["pk"]["S"].as_str()).unwrap_or_default()
}

fn guard_of(write: &Value, part: &str, transaction: &Transaction) -> Guard {
    use Guard::{Listed, Repeats, Unknown};
    let pk = key_of(write);
    let kind = pk.split_once('#').map_or(pk, |(kind, _)| kind);
    let is_new = part == "attribute_not_exists(pk)";
    match kind {
        // Who holds escrow on whom is written with the wallet, and refuses it as well.
        "wallet" | "holders" if is_new => Listed(Mutation::WalletIsNew),
        "wallet" => guard_of_wallet(write, part, transaction),
        "message" if is_new && write["Item"].get("lease").is_some() => Listed(Mutation::LeasedRowIsNew),
        // A message of a batch or a block, which was charged with it.
        "message" if is_new && transaction.items == 0 => Listed(Mutation::ExpandedRowIsNew),
        "message" if part.ends_with("lease = :void") => Listed(Mutation::VoidRow),
        "message" if part == "revision = :before" && transaction.is_rerate => {
            Listed(Mutation::RerateRevision)
        }
        "block" if part == "revision = :before" && transaction.is_rerate => Listed(Mutation::RerateBlock),
        "rerate_progress" => Listed(Mutation::RerateChunk),
        // Sums stand with what they are of, and that a task has begun or ended is no money.
        "rerate_differences" | "rerate" => Repeats,
        "block" if part == "revision = :before" && transaction.items > 0 => Listed(Mutation::BlockRefund),
        "block" if part == "revision = :before" => Listed(Mutation::BlockRevision),
        "block" if part.contains(":mark") => Listed(Mutation::BlockClaim),
        // Under one number a holder puts one block, a job of one that is not there is none, nobody claims
        // what was not given back, and whose fence is later only owners of connections know.
        "block" => Repeats,
        "message" if is_new => Listed(Mutation::RowIsNew),
        "message" if part == "revision = :before" && transaction.items > 0 => {
            Listed(Mutation::RefundRevision)
        }
        "message" if part == "revision = :before" => Listed(Mutation::MessageRevision),
        "message" if part.contains(":mark") => Listed(Mutation::ClaimStatus),
        "message" if part == "claimed = :own" => Listed(Mutation::ReleaseMark),
        "transfer" if is_new => Listed(Mutation::TransferIsNew),
        "payment" if is_new => Listed(Mutation::PaymentIsNew),
        "payment" if part == "revision = :revision" => Listed(Mutation::PaymentRevision),
        "payments" if is_new => Listed(Mutation::PaymentReference),
        "fee" if is_new => Listed(Mutation::FeeIsNew),
        "fee" if part.contains("charge_version") => Listed(Mutation::RerateFee),
        // A fee is never deleted.
        "fee" => Repeats,
        "agreement" if part == "revision = :before" => Listed(Mutation::AgreementRevision),
        "members" if is_new => Listed(Mutation::MembersAreNew),
        "members" if part == "revision = :seen" => Listed(Mutation::MembersRevision),
        "statement" if is_new && write.get("Key").is_some() => Listed(Mutation::StatementBegins),
        "statement" if part == "posted = :from" => Listed(Mutation::StatementCursor),
        "edr" => Listed(Mutation::EdrRevision),
        // The entries of a payment or a fee follow from the record that is written with them.
        "payments" | "payments_due" | "fees" => Repeats,
        // The lines of a statement are written with its cursor.
        "statement" => Repeats,
        // Rows of usage and of statistics have no condition of their own: the records they are written with have.
        "usage" | "statistics" => Repeats,
        // A notice that is sent twice is no money.
        "notice" => Repeats,
        _ => Unknown,
    }
}

fn guard_of_wallet(write: &Value, part: &str, transaction: &Transaction) -> Guard {
    use Guard::{Listed, Repeats, Unknown};
    // A wallet is never deleted.
    if part == "attribute_exists(pk)" {
        return Repeats;
    }
    // It is closed with its agreement, and no history here deletes one: the flow `deletion_races` does.
    if part.starts_with("#state <>") {
        return Repeats;
    }
    let kind =
        write["ExpressionAttributeValues"][":operation"]["M"]["kind"]["S"].as_str().unwrap_or_default();
    let names = &write["ExpressionAttributeNames"];
    // A pot with a dot in its name is an allowance.
    let of_units = |part: &str| {
        let name = part.split_once('.').map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
        names[name.unwrap_or_default()].as_str().is_some_and(|name| name.contains('.'))
    };
    let what = match part {
        part if part.starts_with("headroom >=") => "headroom",
        part if part.starts_with("escrow.") && of_units(part) => "units",
        part if part.starts_with("escrow.") => "escrow",
        part if part.starts_with("(attribute_not_exists(drawn.") && part.contains("<=") => "room",
        part if part.contains("drawn.") => "pin",
        part if part.starts_with("(headroom =") => "exact headroom",
        part if part.starts_with("used.") => "used",
        part if part.starts_with("#state =") => {
            let operand = part.rsplit(' ').next().unwrap_or_default();
            let state = &write["ExpressionAttributeValues"][operand]["S"];
            let after = &write["ExpressionAttributeValues"][":state"]["S"];
            let is_drain = |value: &Value| value.as_str().is_some_and(|state| state.starts_with("draining"));
            match (is_drain(state), is_drain(after)) {
                (_, true) => "drain begins",
                (true, false) if kind == "terms" => "drain ends",
                _ => "state",
            }
        }
        part if part.starts_with("refills =") => "refills",
        part if part.starts_with("#sequence =") => "sequence",
        // Either alone would do: a fence has one holder, and a holder one fence.
        part if part.starts_with("lease.holder =") || part.starts_with("lease.fence =") => "holder",
        part if part.starts_with("lease.written =") => "written",
        part if part.starts_with("credit_limit =") => "limit",
        _ => return Unknown,
    };
    let is_home = transaction.place == 1;
    let is_giver = transaction.place == 0;
    // Only a flush is charged by a plain write.
    let is_flush = transaction.items == 0;
    let takes_lease = write["ExpressionAttributeValues"].get(":lease").is_some();
    Listed(match (kind, what) {
        ("charge", "holder") => Mutation::FlushHolder,
        ("charge", "written") => Mutation::FlushNumber,
        ("charge", "state") if is_flush => Mutation::FlushOpen,
        ("charge", "escrow") if is_flush => Mutation::FlushEscrow,
        ("charge", "units") if is_flush => Mutation::FlushUnits,
        ("terms", "state") if takes_lease => Mutation::LeaseFree,
        ("terms", "sequence") => Mutation::LeaseTakenSequence,
        ("escrow", "sequence") => Mutation::LeaseClosedSequence,
        ("charge", "headroom") if is_home => Mutation::ChargeHeadroom,
        ("charge", "headroom") => Mutation::ExactHeadroom,
        ("charge", "state") if is_home => Mutation::ChargeOpen,
        ("charge", "state") => Mutation::ExactOpen,
        ("charge", "escrow") => Mutation::ChargeEscrow,
        ("charge", "units") => Mutation::ChargeUnits,
        ("charge", "room") if is_home => Mutation::ChargeRoom,
        ("charge", "room") => Mutation::ExactRoom,
        ("charge", "pin") if is_home => Mutation::ChargePin,
        ("charge", "pin") => Mutation::ExactPin,
        ("escrow", "headroom") => Mutation::RefillHeadroom,
        ("escrow", "escrow") if transaction.is_refill => Mutation::RefillEscrow,
        ("escrow", "units") if transaction.is_refill => Mutation::RefillUnits,
        ("escrow", "room") => Mutation::RefillRoom,
        ("escrow", "state") if is_giver => Mutation::RefillGiverOpen,
        ("escrow", "state") => Mutation::RefillHolderOpen,
        ("escrow", "refills") => Mutation::RefillCounter,
        ("escrow", "escrow") => Mutation::RecallEscrow,
        ("escrow", "units") => Mutation::RecallUnits,
        ("transfer_out", "headroom") => Mutation::TransferHeadroom,
        ("transfer_out", "limit") => Mutation::TransferLimit,
        ("transfer_out", "state") => Mutation::WithdrawalState,
        ("transfer_out", "exact headroom") => Mutation::WithdrawalHeadroom,
        ("terms", "drain begins") => Mutation::DrainBegins,
        ("terms", "drain ends") => Mutation::DrainEnds,
        ("refund", "used") => Mutation::RefundUsed,
        ("escrow", "used") => Mutation::SettleUsed,
        ("payment", "headroom") => Mutation::PaymentHeadroom,
        ("payment", "limit") => Mutation::PaymentLimit,
        ("fee", "headroom") => Mutation::FeeHeadroom,
        ("fee", "state") => Mutation::FeeOpen,
        ("terms", "limit") => Mutation::TermsLimit,
        ("terms", "state") => Mutation::TermsState,
        _ => return Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_cut_outside_its_brackets() {
        assert_eq!(parts("a = :a AND (b OR c = :c AND d) AND e"), ["a = :a", "(b OR c = :c AND d)", "e"]);
        assert_eq!(parts("a = :a OR (b AND c)"), ["a = :a OR (b AND c)"]);
    }

    #[test]
    fn every_guard_is_listed_once() {
        let all: BTreeSet<_> = Mutation::ALL.into_iter().collect();
        assert_eq!(all.len(), Mutation::ALL.len());
    }
}

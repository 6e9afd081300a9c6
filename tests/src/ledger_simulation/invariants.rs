//! What must hold whatever happens, by name. A breach says which of these it breaks.

use std::fmt;

use domain::money::AmountError;

/// The promises of the ledger. `Ledger` checks most of them after every write, `model` and `projection`
/// the others while nothing is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    Balanced,
    Escrow,
    Charges,
    Funding,
    NothingBelowZero,
    ChargedOnce,
    ChargedAsRated,
    RefusedCostsNothing,
    WithinFunds,
    OnlyOpen,
    VoidedOnce,
    FencedHolders,
    OneHolder,
    PacksInOrder,
    ScaleCountsOnce,
    BundleOnce,
    PaymentEffect,
    BothLegs,
    FullWithdrawal,
    OwnFunds,
    Terms,
    SetAsideOnce,
    Statement,
    Replayed,
    Lively,
    Small,
    FeeOnce,
    Rerated,
}

impl Invariant {
    pub const ALL: [Self; 28] = [
        Self::Balanced,
        Self::Escrow,
        Self::Charges,
        Self::Funding,
        Self::NothingBelowZero,
        Self::ChargedOnce,
        Self::ChargedAsRated,
        Self::RefusedCostsNothing,
        Self::WithinFunds,
        Self::OnlyOpen,
        Self::VoidedOnce,
        Self::FencedHolders,
        Self::OneHolder,
        Self::PacksInOrder,
        Self::ScaleCountsOnce,
        Self::BundleOnce,
        Self::PaymentEffect,
        Self::BothLegs,
        Self::FullWithdrawal,
        Self::OwnFunds,
        Self::Terms,
        Self::SetAsideOnce,
        Self::Statement,
        Self::Replayed,
        Self::Lively,
        Self::Small,
        Self::FeeOnce,
        Self::Rerated,
    ];

    /// Its number in the list of promises, and the rule.
    pub fn rule(self) -> (&'static str, &'static str) {
        match self {
            Self::Balanced => {
                ("I1 B", "headroom + allocated + charged = funding + credit limit in every wallet")
            }
            Self::Escrow => (
                "I1 E",
                "what a wallet has set aside, money or units, is what its holders have and have used",
            ),
            Self::Charges => (
                "I1 C",
                "what was charged or drawn, with what holders have used, is the sum of standing charges",
            ),
            Self::Funding => ("I1 F", "funding is payments + transfers in - transfers out"),
            Self::NothingBelowZero => (
                "I2",
                "no escrow is below zero, and headroom only falls below zero by force: a cut or a reversal",
            ),
            Self::ChargedOnce => ("I3", "a request is charged at most once, and a stored row stays"),
            Self::ChargedAsRated => {
                ("I4", "what was acknowledged is charged at every level as it is rated at that moment")
            }
            Self::RefusedCostsNothing => {
                ("I5", "what was refused is not stored, and nothing is refused that is covered")
            }
            Self::WithinFunds => {
                ("I6", "charges never pass the most that funding and limit have been, but by a rerate")
            }
            Self::OnlyOpen => (
                "I6 open",
                "a wallet that is suspended is not charged, and neither gives escrow nor gets any",
            ),
            Self::VoidedOnce => ("I7", "a message moves one lawful step at a time, and ends once"),
            Self::FencedHolders => ("I8", "a block counts if its lease has written it, and never otherwise"),
            Self::OneHolder => ("I9", "a lease has one holder at a time"),
            Self::PacksInOrder => {
                ("I10", "a later source is used only when the earlier ones were empty at that write")
            }
            Self::ScaleCountsOnce => (
                "I11",
                "no tier or pack gives more than it has, and a scale reprices once, when its tier begins",
            ),
            Self::BundleOnce => ("I12", "a recipient is charged to a bundle once in a period"),
            Self::PaymentEffect => {
                ("I13", "a payment is inside the balance or not, as its status says; codes are unique")
            }
            Self::BothLegs => ("I14", "a transfer moves both legs, once, and never changes"),
            Self::FullWithdrawal => (
                "I15",
                "a full withdrawal takes a wallet that is held for it, and leaves no own funds and no escrow with holders",
            ),
            Self::OwnFunds => (
                "I15 own",
                "transfers and outbound payments take own funds, and the credit limit only where that is allowed",
            ),
            Self::Terms => (
                "I15 terms",
                "a main wallet has its agreement's limit, and is suspended when the agreement is",
            ),
            Self::SetAsideOnce => {
                ("I18 once", "of two refills that were planned on one state, one sets aside")
            }
            Self::Statement => {
                ("I16", "statement lines have no gaps and sum to the balance, EDRs and usage to the charges")
            }
            Self::Replayed => {
                ("I17", "the database is what its writes say, however often anything was repeated")
            }
            Self::Lively => ("I18", "without faults everything finishes, and nothing stays set aside"),
            Self::Small => ("I20", "a transaction has at most 100 items, and wallets stay small"),
            Self::FeeOnce => ("I21", "a fee is charged once for its rule and period"),
            Self::Rerated => (
                "I22",
                "a rerate changes each level by what it says, and then all costs what the prices say; a dry one says it",
            ),
        }
    }
}

/// A promise that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Breach {
    pub invariant: Invariant,
    pub detail: String,
}

impl Breach {
    pub fn of(invariant: Invariant, detail: impl Into<String>) -> Self {
        Self { invariant, detail: detail.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.invariant.rule().0, self.detail)
    }
}

impl From<AmountError> for Breach {
    fn from(error: AmountError) -> Self {
        Self::of(Invariant::Replayed, error.to_string())
    }
}

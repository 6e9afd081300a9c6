//! What the platform finds by itself and corrects nowhere: whoever runs it has to look.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, WalletId};
use crate::money::Amount;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A day's usage is not what its records come to; see [`crate::recount`].
    Recount,
    /// The ledger does not add up; see [`crate::reconcile`].
    Reconciliation,
    /// A fee was tried as often as its rule says, and never charged.
    Fees,
}

impl FindingKind {
    pub const ALL: [Self; 3] = [Self::Recount, Self::Reconciliation, Self::Fees];

    /// As it is stored, in the place where other reviews name a payment system.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recount => "recount",
            Self::Reconciliation => "reconciliation",
            Self::Fees => "fees",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub agreement: AgreementId,
    /// The agreement's own day, of a recount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// Of a reconciliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletId>,
    /// The transfer, payment, allowance or statement line of the wallet; none if it is its money as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the other side comes to: of a recount, the day's records.
    pub expected: Amount,
    /// Of a recount, the day's usage rows.
    pub found: Amount,
    /// Of a recount, what names the rows that differ and by how much: [`crate::recount::digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

impl Figures {
    /// Whether both sides are as far apart as they were before: money moves on while nobody looks.
    pub fn differ_as(&self, before: &Self) -> bool {
        let difference = |figures: &Self| figures.found.checked_add(-figures.expected);
        self.rows == before.rows && difference(self) == difference(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_moved_on_both_sides_differs_as_before() {
        let figures = |expected: i64, found: i64| Figures {
            agreement: AgreementId::new(1),
            day: None,
            wallet: None,
            subject: None,
            expected: Amount::whole(expected),
            found: Amount::whole(found),
            rows: None,
        };
        assert!(figures(17, 18).differ_as(&figures(11, 12)));
        assert!(!figures(17, 19).differ_as(&figures(11, 12)));
    }
}

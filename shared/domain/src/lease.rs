//! Leases: how one process spends from a wallet by single writes. It holds a slot of the wallet, with
//! escrow set aside in it, and numbers what it writes. A row or a block with the tag of a lease is put
//! first and charged second: it counts once the lease says that its number was written, and not before.
//!
//! What keeps this safe are the guards of those writes, not the clocks; times here only say when to stop
//! and when to look.

mod block;
mod load;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::WalletId;
use crate::wallet::{Lease, Wallet, WalletState};

pub use block::{Block, BlockChange, BlockError, Fits};
pub use load::{Load, Pace, Seen};

/// Leases that a wallet can have at once. Each keeps escrow to itself, so more of them strand more; who
/// finds none free charges the wallet itself.
pub const SLOTS: u16 = 16;
/// A lease is over this long after its last flush: who sends less often than once a minute gains nothing
/// by it.
pub const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// Its holder stops before that, because a flush takes time and clocks differ.
const STOPPED_BEFORE: SignedDuration = SignedDuration::from_secs(3);
/// Others wait longer than that, for the same reason.
const RECLAIMED_AFTER: SignedDuration = SignedDuration::from_secs(10);

impl Lease {
    /// The next acquisition of the same slot.
    pub fn acquired(&self, holder: String, now: Timestamp) -> Self {
        Self { holder, fence: self.fence + 1, written: 0, expires_at: now + KEPT }
    }

    /// After the flush with this number.
    pub fn flushed(&self, number: u64, now: Timestamp) -> Self {
        Self { written: number, expires_at: now + KEPT, ..self.clone() }
    }

    /// Whether its holder may still begin something.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        now < self.expires_at - STOPPED_BEFORE
    }

    /// Whether others may take back what it holds.
    pub fn is_reclaimable(&self, now: Timestamp) -> bool {
        self.expires_at + RECLAIMED_AFTER <= now
    }
}

/// Names a flush: of all rows and blocks with this tag there is one, and it counts if the lease was
/// written up to its number while it had this fence.
///
/// Stored as one short text, because a message row has to fit one write unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LeaseTag {
    pub lease: WalletId,
    pub fence: u64,
    pub number: u64,
}

/// Whether something that was put under a lease was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Counts,
    /// The lease is still open: it may be charged at any moment.
    Undecided,
    /// It never will be.
    Void,
}

impl LeaseTag {
    /// As the lease's item says. None if the lease has been acquired again since: then the record of the
    /// end of this fence says it.
    pub fn standing(&self, lease: &Wallet) -> Option<Standing> {
        let held = lease.lease.as_ref().filter(|held| held.fence == self.fence)?;
        if self.number <= held.written {
            return Some(Standing::Counts);
        }
        let is_over = lease.state == WalletState::Closed;
        Some(if is_over { Standing::Void } else { Standing::Undecided })
    }

    /// As the record of the end of its fence says, with the last number written.
    pub fn standing_at_end(&self, written: u64) -> Standing {
        if self.number <= written { Standing::Counts } else { Standing::Void }
    }
}

impl fmt::Display for LeaseTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.lease.body(), self.fence, self.number)
    }
}

impl From<LeaseTag> for String {
    fn from(tag: LeaseTag) -> String {
        tag.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the tag of a lease: {text}")]
pub struct LeaseTagError {
    text: String,
}

impl TryFrom<String> for LeaseTag {
    type Error = LeaseTagError;

    fn try_from(text: String) -> Result<Self, LeaseTagError> {
        let read = || {
            let mut fields = text.split(':');
            let lease = WalletId::parse(&format!("{}{}", WalletId::PREFIX, fields.next()?)).ok()?;
            let (fence, number) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            fields.next().is_none().then_some(Self { lease, fence, number })
        };
        read().ok_or(LeaseTagError { text: text.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgreementId, CompanyId};
    use crate::money::{Amount, Currency};

    fn tag(fence: u64, number: u64) -> LeaseTag {
        LeaseTag { lease: WalletId::new(7), fence, number }
    }

    fn lease(state: WalletState, fence: u64, written: u64) -> Wallet {
        let home =
            Wallet::open(&AgreementId::new(1), &CompanyId::new(1), Currency::Credit, Amount::ZERO, vec![]);
        let held = Lease { holder: "me".into(), fence, written, expires_at: Timestamp::UNIX_EPOCH };
        Wallet { state, lease: Some(held), ..Wallet::open_lease(&home, 0) }
    }

    #[test]
    fn a_flush_counts_up_to_the_number_that_was_written_and_is_undecided_while_the_lease_is_open() {
        let open = lease(WalletState::Open, 3, 8);
        assert_eq!(tag(3, 8).standing(&open), Some(Standing::Counts));
        assert_eq!(tag(3, 9).standing(&open), Some(Standing::Undecided));
        let closed = lease(WalletState::Closed, 3, 8);
        assert_eq!(tag(3, 8).standing(&closed), Some(Standing::Counts));
        assert_eq!(tag(3, 9).standing(&closed), Some(Standing::Void));
    }

    #[test]
    fn a_lease_that_was_acquired_again_says_nothing_of_those_before() {
        let next = lease(WalletState::Open, 4, 1);
        assert_eq!(tag(3, 1).standing(&next), None);
        assert_eq!(tag(3, 8).standing_at_end(8), Standing::Counts);
        assert_eq!(tag(3, 9).standing_at_end(8), Standing::Void);
    }

    #[test]
    fn a_holder_stops_before_others_may_take_over() {
        let now = Timestamp::UNIX_EPOCH;
        let none = Lease { holder: String::new(), fence: 1, written: 5, expires_at: now };
        let held = none.acquired("me".into(), now);
        assert_eq!((held.fence, held.written), (2, 0));
        let after = |seconds| now + SignedDuration::from_secs(seconds);
        assert!(held.is_usable(after(56)) && !held.is_usable(after(57)));
        assert!(!held.is_reclaimable(after(69)) && held.is_reclaimable(after(70)));
    }

    #[test]
    fn a_tag_is_short_and_reads_back() {
        let tag = tag(3, 12);
        assert_eq!(tag.to_string(), "00000000000000000000000007:3:12");
        assert_eq!(LeaseTag::try_from(tag.to_string()), Ok(tag));
        for text in ["", "7:3:12", "00000000000000000000000007:3", "00000000000000000000000007:3:12:1"] {
            assert!(LeaseTag::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

//! When a payment system is asked how a top-up stands that no callback has confirmed.

use jiff::{SignedDuration, Timestamp};

use super::{TopUp, TopUpState};

/// Minutes after the page was made. A callback that is lost is mostly found by the first; pages close within
/// a day, and the last comes after that.
const ASK_AFTER_MINUTES: [i64; 6] = [5, 15, 60, 240, 720, 1500];

/// Whoever could not be asked, or was asked late, is not asked again before so many minutes.
const ASK_AGAIN_AFTER_MINUTES: i64 = 5;

/// When it is asked the next time, after so many times.
pub(super) fn ask_at(created_at: Timestamp, asked: u32) -> Option<Timestamp> {
    let minutes = ASK_AFTER_MINUTES.get(usize::try_from(asked).ok()?)?;
    created_at.checked_add(SignedDuration::from_mins(*minutes)).ok()
}

fn not_before(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(ASK_AGAIN_AFTER_MINUTES)).unwrap_or(now)
}

impl TopUp {
    /// When the payment system is to be asked, unless somebody says before how it stands.
    pub fn due(&self) -> Option<Timestamp> {
        self.ask_at.filter(|_| !matches!(self.state, TopUpState::Confirmed { .. }))
    }

    /// The top-up after its payment system was asked now, and said nothing that settles it. It is unpaid if
    /// the payment system said so: not if it did not answer, or if the payment is under way.
    /// After the last time it ends: unpaid, or with a person where that is not known, or where it is paid and
    /// nobody says what the payment system kept.
    #[must_use]
    pub fn after_asking(&self, is_unpaid: bool, now: Timestamp) -> Self {
        let asked = self.asked + 1;
        let ask_at = ask_at(self.created_at, asked).map(|at| at.max(not_before(now)));
        let state = match (&self.state, ask_at) {
            (TopUpState::Redirected, None) if !is_unpaid => {
                let reason = "the payment system did not say whether it is paid".to_owned();
                TopUpState::Review { reason }
            }
            (TopUpState::Redirected, None) => TopUpState::Closed { reason: "expired".to_owned() },
            (TopUpState::Paid, None) => {
                let reason = "it is paid, and the payment system has not said what it kept".to_owned();
                TopUpState::Review { reason }
            }
            (state, _) => state.clone(),
        };
        Self { asked, ask_at, state, ..self.next() }
    }

    /// The next revision, to be asked about later: its payment system does not answer now.
    #[must_use]
    pub fn postponed(&self, now: Timestamp) -> Self {
        Self { ask_at: Some(not_before(now)), ..self.next() }
    }
}

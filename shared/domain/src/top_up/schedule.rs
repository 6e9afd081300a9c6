//! When a payment system is asked how a top-up stands: until a callback has confirmed it, and then whether
//! its money went back.

use jiff::{SignedDuration, Timestamp};

use super::{TopUp, TopUpState};
use crate::payment_system::PaymentSystemKind;

/// Minutes after the page was made. A callback that is lost is mostly found by the first; pages close within
/// a day, and the last comes after that.
const ASK_AFTER_MINUTES: [i64; 6] = [5, 15, 60, 240, 720, 1500];

/// Minutes after it was confirmed: an hour, six hours, 1, 3, 7, 14 and 30 days. Payers are refunded soon, or
/// after they have complained.
const LOOK_AFTER_MINUTES: [i64; 7] = [60, 360, 1_440, 4_320, 10_080, 20_160, 43_200];
/// A payment that is not found any more was voided, if it was confirmed so many days ago or less. How long
/// payments are found is not known.
const VOIDED_WITHIN_DAYS: i64 = 4;

/// Whoever could not be asked, or was asked late, is not asked again before so many minutes.
const ASK_AGAIN_AFTER_MINUTES: i64 = 5;

fn not_before(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(ASK_AGAIN_AFTER_MINUTES)).unwrap_or(now)
}

impl TopUp {
    /// When the payment system is to be asked, unless somebody says before how it stands.
    pub fn due(&self) -> Option<Timestamp> {
        self.ask_at
    }

    /// To be asked about as if it never was.
    pub(super) fn asked_anew(self) -> Self {
        Self { asked: 0, ask_at: self.ask_at(0), ..self }
    }

    /// When it is asked about the next time, after so many times.
    fn ask_at(&self, asked: u32) -> Option<Timestamp> {
        let (begin, minutes) = self.looks();
        let minutes = minutes.get(usize::try_from(asked).ok()?)?;
        begin.checked_add(SignedDuration::from_mins(*minutes)).ok()
    }

    /// In so many minutes after this it is asked about.
    fn looks(&self) -> (Timestamp, &'static [i64]) {
        let Some(confirmed_at) = self.confirmed_at else { return (self.created_at, &ASK_AFTER_MINUTES) };
        let minutes = match self.through.kind {
            PaymentSystemKind::Stripe | PaymentSystemKind::PayOnline | PaymentSystemKind::FreedomPay => {
                &LOOK_AFTER_MINUTES[..]
            }
            // There is nobody to ask.
            PaymentSystemKind::NetCommerce => &[],
        };
        (confirmed_at, minutes)
    }

    /// Whether its payment was voided, if its payment system does not find it any more.
    pub fn may_be_voided(&self, now: Timestamp) -> bool {
        let within = SignedDuration::from_hours(24 * VOIDED_WITHIN_DAYS);
        self.confirmed_at.is_some_and(|at| now.duration_since(at) <= within)
    }

    /// The top-up after its payment system was asked now, and said nothing that settles it. It is unpaid if
    /// the payment system said so: not if it did not answer, or if the payment is under way.
    /// After the last time it ends: unpaid, or with a person where that is not known, where it is paid and
    /// nobody says what the payment system kept, or where money went back that had not come.
    #[must_use]
    pub fn after_asking(&self, is_unpaid: bool, now: Timestamp) -> Self {
        let asked = self.asked + 1;
        let ask_at = self.ask_at(asked).map(|at| at.max(not_before(now)));
        let state = match (&self.state, ask_at) {
            (TopUpState::Redirected | TopUpState::Closed { .. }, None) if self.has_stray_return() => {
                TopUpState::Review { reason: self.stray_return() }
            }
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

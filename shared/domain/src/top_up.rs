//! A payment that a customer begins in the portal and a payment system completes.
//!
//! The top-up says what is expected: which agreement, how much, in which currency. A callback only says
//! that it happened; it never decides where the money goes or how much it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{AgreementId, CompanyId, PaymentId, TopUpId, WalletId};
use crate::money::{Amount, Currency};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    pub id: TopUpId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    /// Whose credits are bought: those of a user; system credits unless told.
    #[serde(default)]
    pub wallet: Option<WalletId>,
    pub amount: Amount,
    pub currency: Currency,
    pub state: TopUpState,
    /// The payment system's own name of the checkout, and the page to send the customer to.
    pub session: String,
    pub url: String,
    pub created_at: Timestamp,
    /// Raised by every change.
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum TopUpState {
    /// The customer has been shown the page to pay on.
    Redirected,
    Confirmed {
        payment: PaymentId,
    },
    /// The checkout ended without money.
    Closed {
        reason: String,
    },
    /// What was reported is not what was expected: a person has to look.
    Review {
        reason: String,
    },
}

impl Thing for TopUp {
    const NOUN: &'static str = "top_up";
    const NOUNS: &'static str = "top_ups";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.agreement.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("created_at", catalog::time(self.created_at)), ("amount", catalog::amount(self.amount))]
    }
}

impl TopUp {
    /// The next revision, in another state.
    #[must_use]
    pub fn in_state(&self, state: TopUpState) -> Self {
        Self { state, revision: self.revision + 1, ..self.clone() }
    }

    /// The wallet whose balance will rise.
    pub fn target(&self) -> WalletId {
        self.wallet.clone().unwrap_or_else(|| WalletId::main(&self.agreement))
    }
}

/// What a payment system reported about a checkout, in our own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Paid {
        session: String,
        amount: Amount,
        currency: Currency,
        livemode: bool,
    },
    Closed {
        reason: String,
    },
    /// Money went back or is disputed.
    Review {
        reason: String,
    },
}

/// What a report does to a top-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Make this top-up's one payment.
    Confirm,
    Move(TopUpState),
    /// Known already, or too late to matter.
    Nothing,
}

/// Money for exactly the expected checkout confirms; anything else that claims money goes to review.
/// A confirmed top-up stays confirmed; a closed one is confirmed by a late payment.
pub fn decide(top_up: &TopUp, report: &Report, livemode_expected: bool) -> Decision {
    if matches!(top_up.state, TopUpState::Confirmed { .. }) {
        return Decision::Nothing;
    }
    match report {
        Report::Paid { session, amount, currency, livemode } => {
            match mismatch(top_up, session, *amount, *currency, *livemode == livemode_expected) {
                None => Decision::Confirm,
                Some(reason) => Decision::Move(TopUpState::Review { reason }),
            }
        }
        Report::Closed { reason } if top_up.state == TopUpState::Redirected => {
            Decision::Move(TopUpState::Closed { reason: reason.clone() })
        }
        Report::Closed { .. } => Decision::Nothing,
        Report::Review { reason } => Decision::Move(TopUpState::Review { reason: reason.clone() }),
    }
}

fn mismatch(
    top_up: &TopUp,
    session: &str,
    amount: Amount,
    currency: Currency,
    mode_matches: bool,
) -> Option<String> {
    if session != top_up.session {
        return Some(format!("the payment names another checkout, {session}"));
    }
    if !mode_matches {
        return Some("a test payment on a live account, or the other way round".to_owned());
    }
    if (amount, currency) != (top_up.amount, top_up.currency) {
        return Some(format!(
            "{amount} {currency} was paid, {} {} was expected",
            top_up.amount, top_up.currency
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top_up() -> TopUp {
        TopUp {
            id: TopUpId::new(1),
            company: CompanyId::new(1),
            agreement: AgreementId::new(1),
            wallet: None,
            amount: Amount::whole(50),
            currency: Currency::parse("EUR").unwrap(),
            state: TopUpState::Redirected,
            session: "cs_1".into(),
            url: "u".into(),
            created_at: Timestamp::UNIX_EPOCH,
            revision: 0,
        }
    }

    fn paid(session: &str, amount: i64, currency: &str, livemode: bool) -> Report {
        let currency = Currency::parse(currency).unwrap();
        Report::Paid { session: session.into(), amount: Amount::whole(amount), currency, livemode }
    }

    #[test]
    fn only_the_expected_money_confirms() {
        assert_eq!(decide(&top_up(), &paid("cs_1", 50, "EUR", true), true), Decision::Confirm);
        for report in [
            paid("cs_2", 50, "EUR", true),
            paid("cs_1", 49, "EUR", true),
            paid("cs_1", 50, "USD", true),
            paid("cs_1", 50, "EUR", false),
        ] {
            let decision = decide(&top_up(), &report, true);
            assert!(matches!(decision, Decision::Move(TopUpState::Review { .. })), "{report:?}");
        }
    }

    #[test]
    fn system_credits_are_bought_unless_a_users_wallet_is_named() {
        assert_eq!(top_up().target(), WalletId::main(&AgreementId::new(1)));
        let wallet = WalletId::new(7);
        assert_eq!(TopUp { wallet: Some(wallet.clone()), ..top_up() }.target(), wallet);
    }

    #[test]
    fn a_confirmed_top_up_is_confirmed_once() {
        let state = TopUpState::Confirmed { payment: PaymentId::new(1) };
        let done = TopUp { state, ..top_up() };
        assert_eq!(decide(&done, &paid("cs_1", 50, "EUR", true), true), Decision::Nothing);
        assert_eq!(decide(&done, &Report::Closed { reason: "expired".into() }, true), Decision::Nothing);
    }

    #[test]
    fn money_that_comes_after_the_page_expired_is_still_money() {
        let closed = TopUp { state: TopUpState::Closed { reason: "expired".into() }, ..top_up() };
        assert_eq!(decide(&closed, &paid("cs_1", 50, "EUR", true), true), Decision::Confirm);
    }
}

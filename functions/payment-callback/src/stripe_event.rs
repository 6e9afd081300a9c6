//! A Stripe event in our own words: a report on a top-up, something for a person, or nothing.

use domain::id::TopUpId;
use domain::money::{Amount, Currency};
use domain::top_up::Report;
use jiff::Timestamp;
use payments::stripe::{Event, ReadEventError, from_minor_units, read_event};
use sha2::{Digest, Sha256};
use store::Review;

use crate::account::Account;

/// Stripe's name in addresses, secrets, payments and reviews.
pub(crate) const SYSTEM: &str = "stripe";

/// What an event tells.
#[derive(Debug)]
pub(crate) enum News {
    Report(TopUpReport),
    Review(Review),
    Nothing,
}

/// A report on one top-up.
#[derive(Debug)]
pub(crate) struct TopUpReport {
    pub event: String,
    pub top_up: TopUpId,
    /// The checkout it is about; none if money went back, which is told without it.
    pub session: Option<String>,
    /// Unique among payments: what a payment from this report is known by.
    pub reference: String,
    pub report: Report,
    pub at: Timestamp,
}

impl TopUpReport {
    /// This report as something to look at.
    pub fn review(&self, detail: String) -> Review {
        let top_up = Some(self.top_up.clone());
        Review { system: SYSTEM.to_owned(), event: self.event.clone(), top_up, detail, at: self.at }
    }
}

/// Reads an authentic callback.
pub(crate) fn read(body: &[u8], account: &Account, now: Timestamp) -> News {
    match read_event(body) {
        Ok(event) => news(event, account.livemode, now),
        Err(error) => {
            News::Review(review(event_of(&error, body), format!("{:#}", anyhow::anyhow!(error)), now))
        }
    }
}

fn news(event: Event, livemode: bool, now: Timestamp) -> News {
    match event {
        Event::Paid { event_id, livemode, top_up, session, payment_intent, amount_minor, currency } => {
            let Some((amount, currency)) = money(amount_minor, currency) else {
                let detail =
                    format!("{session} paid {amount_minor} {}, which cannot be counted", currency.code());
                return News::Review(review(event_id, detail, now));
            };
            let reference = payment_intent.unwrap_or_else(|| session.clone());
            let report = Report::Paid { session: session.clone(), amount, currency, livemode };
            about(event_id, &top_up, Some(session), reference, report, now)
        }
        // No money is at stake, and play events must not end real top-ups.
        Event::Closed { livemode: mode, .. } | Event::Failed { livemode: mode, .. } if mode != livemode => {
            News::Nothing
        }
        Event::Closed { event_id, top_up, session, .. } => {
            let report = Report::Closed { reason: "expired".to_owned() };
            about(event_id, &top_up, Some(session.clone()), session, report, now)
        }
        Event::Failed { event_id, top_up, session, .. } => {
            let report = Report::Closed { reason: "payment_failed".to_owned() };
            about(event_id, &top_up, Some(session.clone()), session, report, now)
        }
        Event::Refunded {
            event_id,
            livemode,
            top_up,
            payment_intent,
            charge,
            amount_refunded_minor,
            currency,
        } => {
            let detail = format!(
                "{} of charge {charge} (payment {}) went back{}",
                told(amount_refunded_minor, currency),
                payment_intent.as_deref().unwrap_or("unknown"),
                mode_note(livemode),
            );
            match top_up {
                Some(top_up) => {
                    about(event_id, &top_up, None, charge, Report::Review { reason: detail }, now)
                }
                None => News::Review(review(event_id, detail, now)),
            }
        }
        Event::Disputed { event_id, livemode, payment_intent, charge, dispute, amount_minor, currency } => {
            let detail = format!(
                "{} of charge {charge} (payment {}) are disputed as {dispute}{}",
                told(amount_minor, currency),
                payment_intent.as_deref().unwrap_or("unknown"),
                mode_note(livemode),
            );
            News::Review(review(event_id, detail, now))
        }
        Event::Ignored { .. } => News::Nothing,
    }
}

fn about(
    event: String,
    top_up: &str,
    session: Option<String>,
    reference: String,
    report: Report,
    now: Timestamp,
) -> News {
    match TopUpId::parse(top_up) {
        Ok(top_up) => News::Report(TopUpReport { event, top_up, session, reference, report, at: now }),
        Err(_) => News::Review(review(
            event,
            format!("{reference} names {top_up:?}, which is no top-up of ours"),
            now,
        )),
    }
}

fn money(units: i64, currency: iso_currency::Currency) -> Option<(Amount, Currency)> {
    let amount = Amount::new(from_minor_units(units, currency)?).ok()?;
    Some((amount, Currency::Money(currency)))
}

fn told(units: i64, currency: iso_currency::Currency) -> String {
    match money(units, currency) {
        Some((amount, currency)) => format!("{amount} {currency}"),
        None => format!("{units} units of {}", currency.code()),
    }
}

fn mode_note(livemode: bool) -> &'static str {
    if livemode { "" } else { ", in test mode" }
}

fn review(event: String, detail: String, at: Timestamp) -> Review {
    Review { system: SYSTEM.to_owned(), event, top_up: None, detail, at }
}

/// The event's id; if it does not read, its content names it, so that repeats are kept once.
fn event_of(error: &ReadEventError, body: &[u8]) -> String {
    match error {
        ReadEventError::Unreadable(_) => format!("unreadable-{}", hex::encode(Sha256::digest(body))),
        ReadEventError::Content { event_id, .. }
        | ReadEventError::NoTopUp { event_id, .. }
        | ReadEventError::TwoTopUps { event_id, .. }
        | ReadEventError::NoAmount { event_id, .. } => event_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payments::stripe::verify;

    fn sample(text: &str) -> News {
        let call = lambda_http::request::from_str(text).unwrap();
        assert_eq!(call.uri().path(), "/payments/stripe");
        let signed_at = Timestamp::from_second(1_760_000_000).unwrap();
        let account = Account::test("whsec_sample", false);
        let signature = call.headers()["stripe-signature"].to_str().unwrap();
        verify(signature, call.body(), account.secrets(), signed_at).unwrap();
        read(call.body(), &account, signed_at)
    }

    fn report(news: News) -> (Option<String>, String, Report) {
        match news {
            News::Report(told) => (told.session, told.reference, told.report),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_sample_of_a_paid_checkout_is_money() {
        let (session, reference, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_completed.json")));
        assert_eq!((session.as_deref(), reference.as_str()), (Some("cs_test_sample"), "pi_sample"));
        let Report::Paid { amount, currency, livemode, .. } = report else { panic!("{report:?}") };
        assert_eq!((amount, currency.code(), livemode), (Amount::whole(50), "EUR", false));
    }

    #[test]
    fn the_sample_of_an_expired_checkout_closes_its_top_up() {
        let (_, _, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_expired.json")));
        assert_eq!(report, Report::Closed { reason: "expired".into() });
    }

    #[test]
    fn the_sample_of_a_refund_is_for_a_person() {
        let (session, _, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_refunded.json")));
        assert_eq!(session, None);
        let reason = "50 EUR of charge ch_sample (payment pi_sample) went back, in test mode";
        assert_eq!(report, Report::Review { reason: reason.into() });
    }

    #[test]
    fn an_event_that_does_not_read_is_kept_once_under_its_content() {
        let account = Account::test("", false);
        let event = |body: &[u8]| match read(body, &account, Timestamp::UNIX_EPOCH) {
            News::Review(review) => review.event,
            other => panic!("{other:?}"),
        };
        assert_eq!(event(b"{}"), event(b"{}"));
        assert_ne!(event(b"{}"), event(b"[]"));
    }

    #[test]
    fn a_play_event_does_not_end_a_real_top_up() {
        let top_up = TopUpId::new(1).to_string();
        let closed = Event::Closed { event_id: "e".into(), livemode: false, top_up, session: "cs_1".into() };
        assert!(matches!(news(closed, true, Timestamp::UNIX_EPOCH), News::Nothing));
    }
}

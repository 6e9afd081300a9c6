//! Stripe's events in our own words: a report on a top-up, something for a person, or nothing.

use axum::response::{IntoResponse, Response};
use domain::money::{Amount, Currency};
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Paid, Report, Return, TopUp};
use http::StatusCode;
use payments::stripe::{DisputeStage, Event, ReadEventError, from_minor_units, read_event, verify};
use runtime::http::Problem;
use sha2::{Digest, Sha256};
use top_ups::{Account, Hint};

use crate::{About, App, Call};

/// Carries the signatures, as `payments::stripe` reads them.
const SIGNATURE: &str = "stripe-signature";

/// What an event tells.
#[derive(Debug)]
pub(crate) enum News {
    /// Of the top-up that it names.
    Report {
        event: String,
        top_up: String,
        /// The checkout it is about; none if money went back, which is told without it.
        session: Option<String>,
        report: Report,
    },
    /// Of the top-up that a payment was for, which only the payment knows.
    Returned {
        event: String,
        payment_intent: String,
        report: Report,
    },
    /// Money that was told to have gone back did not reach the payer. What went back in all is asked for: events
    /// come in any order.
    RefundFailed {
        event: String,
        payment_intent: String,
    },
    /// What was kept of a payment can be asked for now.
    FeeKnown {
        event: String,
        top_up: String,
    },
    Review {
        event: String,
        detail: String,
    },
    Nothing,
}

pub(crate) async fn called(app: &App, call: Call) -> Result<Response, Problem> {
    let signature = call.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verify = |_: &_, secrets: &[&str]| verify(signature, &call.body, secrets, call.now);
    let (account, ()) = app.verified(&call, PaymentSystemKind::Stripe, verify).await?;
    let through = account.through();
    let about = |event: String| About { system: through.name(), event, at: call.now };
    match read(&call.body, account.livemode) {
        News::Report { event, top_up, session, report } => {
            app.report(&about(event), &account, &top_up, session, report).await?;
        }
        News::Returned { event, payment_intent, report } => {
            app.returned(&about(event), &account, &payment_intent, report).await?;
        }
        News::RefundFailed { event, payment_intent } => {
            app.refund_failed(&about(event), &account, &payment_intent).await?;
        }
        News::FeeKnown { event, top_up } => app.fee_known(&about(event), &top_up).await?,
        News::Review { event, detail } => app.keep(&about(event), None, detail).await?,
        News::Nothing => {}
    }
    Ok(StatusCode::OK.into_response())
}

impl App {
    async fn report(
        &self,
        about: &About<'_>,
        account: &Account,
        top_up: &str,
        session: Option<String>,
        mut report: Report,
    ) -> Result<(), Problem> {
        let Some(top_up) = self.named_top_up(about, top_up).await? else { return Ok(()) };
        match &mut report {
            // An earlier page of the same top-up that closes says nothing about the one the payer is on.
            Report::Closed { .. } if session.as_ref() != Some(&top_up.session) => return Ok(()),
            Report::Paid(paid) if top_up.needs_system_fee() => {
                paid.system_fee = self.fee(account, &top_up, paid).await;
            }
            Report::Returned { back, .. } if top_up.has_failed_return(&back.by) => {
                if let Some(payment_intent) = &back.payment {
                    return self.ask_what_returned(about, account, &top_up, payment_intent).await;
                }
            }
            _ => {}
        }
        self.settle(about, &top_up, report, account).await
    }

    /// What Stripe keeps, if it says so already; else an event tells when it does.
    async fn fee(&self, account: &Account, top_up: &TopUp, paid: &Paid) -> Option<Amount> {
        let Currency::Money(currency) = paid.currency else { return None };
        let asked = self.cashier.stripe_fee(account, &paid.reference, currency).await;
        asked.unwrap_or_else(|error| {
            let error = format!("{:#}", anyhow::Error::new(error));
            tracing::warn!(top_up = %top_up.id, error, "the fee of a payment is not known yet");
            None
        })
    }

    async fn returned(
        &self,
        about: &About<'_>,
        account: &Account,
        payment_intent: &str,
        report: Report,
    ) -> Result<(), Problem> {
        let is_again = matches!(&report, Report::Returned { back, .. } if back.reinstated);
        let what = if is_again { "money of it came again" } else { "money of it went back" };
        match self.top_up_of(about, account, payment_intent, what).await? {
            Some(top_up) => self.report(about, account, &top_up, None, report).await,
            None => Ok(()),
        }
    }

    async fn refund_failed(
        &self,
        about: &About<'_>,
        account: &Account,
        payment_intent: &str,
    ) -> Result<(), Problem> {
        let what = "a refund of it failed";
        let Some(top_up) = self.top_up_of(about, account, payment_intent, what).await? else {
            return Ok(());
        };
        let Some(top_up) = self.named_top_up(about, &top_up).await? else { return Ok(()) };
        self.ask_what_returned(about, account, &top_up, payment_intent).await
    }

    /// The top-up that a payment was for, by its name. A payment that was for none is kept for a person, with what
    /// happened to it.
    async fn top_up_of(
        &self,
        about: &About<'_>,
        account: &Account,
        payment_intent: &str,
        what: &str,
    ) -> Result<Option<String>, Problem> {
        if let Some(top_up) = self.store.top_up_paid_by(about.system, payment_intent).await? {
            return Ok(Some(top_up.id.into()));
        }
        match self.cashier.stripe_top_up(account, payment_intent).await {
            Ok(Some(top_up)) => Ok(Some(top_up)),
            Ok(None) => {
                let detail = format!("{payment_intent} paid no top-up of ours: {what}");
                self.keep(about, None, detail).await?;
                Ok(None)
            }
            Err(error) => self.unanswered(about, None, error).await.map(|()| None),
        }
    }

    /// Settles what went back of a payment as it is now.
    async fn ask_what_returned(
        &self,
        about: &About<'_>,
        account: &Account,
        top_up: &TopUp,
        payment_intent: &str,
    ) -> Result<(), Problem> {
        match self.cashier.stripe_returned(account, payment_intent).await {
            Ok(Some(report)) => self.settle(about, top_up, report, account).await,
            Ok(None) => Ok(()),
            Err(error) => self.unanswered(about, Some(top_up.id.clone()), error).await,
        }
    }

    async fn fee_known(&self, about: &About<'_>, top_up: &str) -> Result<(), Problem> {
        let Some(top_up) = self.named_top_up(about, top_up).await? else { return Ok(()) };
        if top_up.received.is_none() && top_up.needs_system_fee() {
            self.look_after(about, &top_up, &Hint::default()).await?;
        }
        Ok(())
    }
}

/// Reads an authentic callback. `livemode` is the account's.
pub(crate) fn read(body: &[u8], livemode: bool) -> News {
    match read_event(body) {
        Ok(event) => news(event, livemode),
        Err(error) => {
            let event = event_of(&error, body);
            News::Review { event, detail: format!("{:#}", anyhow::Error::new(error)) }
        }
    }
}

fn news(event: Event, livemode: bool) -> News {
    match event {
        Event::Paid {
            event_id: event,
            livemode,
            top_up,
            session,
            payment_intent,
            amount_minor,
            currency,
        } => {
            let Some((amount, currency)) = money(amount_minor, currency) else {
                let detail =
                    format!("{session} paid {amount_minor} {}, which cannot be counted", currency.code());
                return News::Review { event, detail };
            };
            let paid = Paid {
                session: session.clone(),
                attempt: None,
                reference: payment_intent.unwrap_or_else(|| session.clone()),
                authorization: None,
                amount,
                currency,
                livemode,
                system_fee: None,
            };
            News::Report { event, top_up, session: Some(session), report: Report::Paid(paid) }
        }
        // No money is at stake, and play events must not end real top-ups.
        Event::Closed { livemode: mode, .. } | Event::Failed { livemode: mode, .. } if mode != livemode => {
            News::Nothing
        }
        Event::Closed { event_id, top_up, session, .. } => closed(event_id, top_up, session, "expired"),
        Event::Failed { event_id, top_up, session, .. } => {
            closed(event_id, top_up, session, "payment_failed")
        }
        Event::FeeKnown { event_id: event, top_up: Some(top_up), .. } => News::FeeKnown { event, top_up },
        Event::Refunded {
            event_id: event,
            livemode,
            top_up,
            payment_intent,
            charge,
            amount_refunded_minor,
            currency,
        } => {
            let money = (amount_refunded_minor, currency);
            let Some(report) = back(&charge, payment_intent.as_deref(), money, livemode, false) else {
                let detail = format!("{charge} went back by an amount that cannot be counted");
                return News::Review { event, detail };
            };
            match (top_up, payment_intent) {
                (Some(top_up), _) => News::Report { event, top_up, session: None, report },
                (None, Some(payment_intent)) => News::Returned { event, payment_intent, report },
                (None, None) => {
                    News::Review { event, detail: format!("{charge}, no payment of ours, went back") }
                }
            }
        }
        Event::Disputed {
            event_id: event,
            livemode,
            stage,
            payment_intent,
            charge,
            dispute,
            amount_minor,
            currency,
        } => {
            let reinstated = match stage {
                DisputeStage::FundsWithdrawn => false,
                DisputeStage::FundsReinstated => true,
                // No money moves, but somebody has to answer the bank.
                DisputeStage::Opened | DisputeStage::Lost => {
                    let detail = format!("charge {charge} is disputed as {dispute}: {stage:?}");
                    return News::Review { event, detail };
                }
                DisputeStage::Won => return News::Nothing,
            };
            let money = (amount_minor, currency);
            let report = back(&dispute, payment_intent.as_deref(), money, livemode, reinstated);
            match (report, payment_intent) {
                (Some(report), Some(payment_intent)) => News::Returned { event, payment_intent, report },
                _ => News::Review { event, detail: format!("charge {charge} is disputed as {dispute}") },
            }
        }
        // Two kinds of events tell it.
        Event::RefundFailed { refund, payment_intent, charge, amount_minor, currency, .. } => {
            let event = format!("{refund}-failed");
            if let Some(payment_intent) = payment_intent {
                return News::RefundFailed { event, payment_intent };
            }
            let charge = charge.unwrap_or_default();
            let detail = format!(
                "refund {refund} of {amount_minor} {} (smallest units) of charge {charge} failed: what it took \
                 from the balance is to be given back",
                currency.code()
            );
            News::Review { event, detail }
        }
        Event::FeeKnown { top_up: None, .. } | Event::Ignored { .. } => News::Nothing,
    }
}

fn closed(event: String, top_up: String, session: String, reason: &str) -> News {
    let report = Report::Closed { reason: reason.to_owned(), attempt: None };
    News::Report { event, top_up, session: Some(session), report }
}

/// Money that went back by a charge's refunds or by a dispute.
fn back(
    by: &str,
    payment: Option<&str>,
    (amount_minor, currency): (i64, iso_currency::Currency),
    livemode: bool,
    reinstated: bool,
) -> Option<Report> {
    let (amount, currency) = money(amount_minor, currency)?;
    let payment = payment.map(str::to_owned);
    let back = Return { by: by.to_owned(), payment, amount, failed: Amount::ZERO, reinstated };
    Some(Report::Returned { back, currency, livemode })
}

fn money(units: i64, currency: iso_currency::Currency) -> Option<(Amount, Currency)> {
    let amount = Amount::new(from_minor_units(units, currency)?).ok()?;
    Some((amount, Currency::Money(currency)))
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
mod payment_callbacks {
    use super::*;
    use domain::id::TopUpId;
    use jiff::Timestamp;

    fn sample(text: &str) -> News {
        let call = lambda_http::request::from_str(text).unwrap();
        assert_eq!(call.uri().path(), "/payments/stripe");
        let signed_at = Timestamp::from_second(1_760_000_000).unwrap();
        let signature = call.headers()[SIGNATURE].to_str().unwrap();
        verify(signature, call.body(), &["whsec_sample"], signed_at).unwrap();
        read(call.body(), false)
    }

    fn report(news: News) -> (Option<String>, Report) {
        match news {
            News::Report { session, report, .. } => (session, report),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_sample_of_a_paid_checkout_is_money() {
        let (session, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_completed.json")));
        let Report::Paid(paid) = report else { panic!("{report:?}") };
        assert_eq!((session.as_deref(), paid.reference.as_str()), (Some("cs_test_sample"), "pi_sample"));
        assert_eq!((paid.amount, paid.currency.code(), paid.livemode), (Amount::whole(50), "EUR", false));
    }

    #[test]
    fn the_sample_of_an_expired_checkout_closes_its_top_up() {
        let (_, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_expired.json")));
        assert_eq!(report, Report::Closed { reason: "expired".into(), attempt: None });
    }

    #[test]
    fn the_sample_of_a_refund_is_money_that_went_back() {
        let (session, report) =
            report(sample(include_str!("../../../events/payment-callback/stripe_refunded.json")));
        assert_eq!(session, None);
        let Report::Returned { back, currency, livemode } = report else { panic!("{report:?}") };
        let payment = Some("pi_sample".to_owned());
        let (amount, failed) = (Amount::whole(50), Amount::ZERO);
        let expected = Return { by: "ch_sample".into(), payment, amount, failed, reinstated: false };
        assert_eq!((back, currency.code(), livemode), (expected, "EUR", false));
    }

    #[test]
    fn the_sample_of_a_refund_that_failed_is_a_reason_to_ask_for_its_payment() {
        let news = sample(include_str!("../../../events/payment-callback/stripe_refund_failed.json"));
        let News::RefundFailed { event, payment_intent } = news else { panic!("{news:?}") };
        assert_eq!((event.as_str(), payment_intent.as_str()), ("re_sample-failed", "pi_sample"));
    }

    #[test]
    fn an_event_that_does_not_read_is_kept_once_under_its_content() {
        let event = |body: &[u8]| match read(body, false) {
            News::Review { event, .. } => event,
            other => panic!("{other:?}"),
        };
        assert_eq!(event(b"{}"), event(b"{}"));
        assert_ne!(event(b"{}"), event(b"[]"));
    }

    #[test]
    fn a_play_event_does_not_end_a_real_top_up() {
        let top_up = TopUpId::new(1).to_string();
        let closed = Event::Closed { event_id: "e".into(), livemode: false, top_up, session: "cs_1".into() };
        assert!(matches!(news(closed, true), News::Nothing));
    }

    #[test]
    fn a_refund_that_failed_and_names_no_payment_is_kept_once_for_a_person() {
        let failed = |event: &str| Event::RefundFailed {
            event_id: event.into(),
            livemode: true,
            refund: "re_1".into(),
            payment_intent: None,
            charge: Some("ch_1".into()),
            amount_minor: 500,
            currency: iso_currency::Currency::EUR,
        };
        for event in ["evt_1", "evt_2"] {
            let News::Review { event, detail } = news(failed(event), true) else { panic!("it is not kept") };
            assert_eq!(event, "re_1-failed");
            assert!(detail.contains("500 EUR") && detail.contains("ch_1"), "{detail}");
        }
    }

    #[test]
    fn a_dispute_moves_money_when_stripe_takes_it_and_when_it_comes_again() {
        let dispute = |stage| Event::Disputed {
            event_id: "e".into(),
            livemode: true,
            stage,
            payment_intent: Some("pi_1".into()),
            charge: "ch_1".into(),
            dispute: "dp_1".into(),
            amount_minor: 5000,
            currency: iso_currency::Currency::EUR,
        };
        let moved = |stage| match news(dispute(stage), true) {
            News::Returned { report: Report::Returned { back, .. }, .. } => Some((back.by, back.reinstated)),
            _ => None,
        };
        assert_eq!(moved(DisputeStage::FundsWithdrawn), Some(("dp_1".into(), false)));
        assert_eq!(moved(DisputeStage::FundsReinstated), Some(("dp_1".into(), true)));
        for stage in [DisputeStage::Opened, DisputeStage::Won, DisputeStage::Lost] {
            assert_eq!(moved(stage), None);
        }
    }
}

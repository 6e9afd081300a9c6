//! What a webhook call says, once [`verify`](super::verify) has accepted it. The shape of an event
//! follows the version its endpoint was set up with, so only the few fields needed are read.

use std::collections::BTreeMap;

use iso_currency::Currency;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::checkout::TOP_UP_KEY;

/// News about a payment. `livemode` is false for play money: an event whose mode differs from the
/// account's must change nothing. Amounts are in Stripe's units, see
/// [`from_minor_units`](super::from_minor_units).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The payer's money is certain. Comes at least once, possibly as two different events.
    Paid {
        event_id: String,
        livemode: bool,
        top_up: String,
        session: String,
        payment_intent: Option<String>,
        amount_minor: i64,
        currency: Currency,
    },
    /// The page closed without a payment.
    Closed { event_id: String, livemode: bool, top_up: String, session: String },
    /// A payment that takes days was begun and did not succeed.
    Failed { event_id: String, livemode: bool, top_up: String, session: String },
    /// What Stripe kept of a payment can be asked for, by [`payment`](super::payment()).
    FeeKnown {
        event_id: String,
        livemode: bool,
        /// Missing for charges that did not begin with our checkout.
        top_up: Option<String>,
        payment_intent: Option<String>,
        charge: String,
    },
    /// Money went back to the payer.
    Refunded {
        event_id: String,
        livemode: bool,
        /// Missing for charges that did not begin with our checkout.
        top_up: Option<String>,
        payment_intent: Option<String>,
        charge: String,
        /// All that went back so far, not only this time.
        amount_refunded_minor: i64,
        currency: Currency,
    },
    /// A refund that was told before did not reach the payer: the money is the seller's again.
    RefundFailed {
        event_id: String,
        livemode: bool,
        refund: String,
        /// Whose refund it was; what has gone back of it now can be asked for, by [`payment`](super::payment()).
        payment_intent: Option<String>,
        charge: Option<String>,
        amount_minor: i64,
        currency: Currency,
    },
    /// The payer's bank wants money back. Which top-up it is about is not told: the payment knows, see
    /// [`payment`](super::payment()).
    Disputed {
        event_id: String,
        livemode: bool,
        stage: DisputeStage,
        payment_intent: Option<String>,
        charge: String,
        dispute: String,
        amount_minor: i64,
        currency: Currency,
    },
    /// Nothing to do, now or ever for this event: a kind we do not use, or a checkout whose payment
    /// is still under way and will be told by another event.
    Ignored { event_id: String, livemode: bool, kind: String },
}

/// How far a dispute has come. Money moves at two of the stages only, each once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStage {
    /// Asked; the money may never be taken.
    Opened,
    /// The money is gone from the account.
    FundsWithdrawn,
    /// The money is back.
    FundsReinstated,
    Won,
    Lost,
}

/// Why an authentic event cannot be used. To be acknowledged and looked at: Stripe would only send
/// the same again.
#[derive(Debug, thiserror::Error)]
pub enum ReadEventError {
    #[error("the event cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the content of event {event_id} cannot be read")]
    Content { event_id: String, source: serde_json::Error },
    /// Somebody else's session in the same account, or one made by hand.
    #[error("session {session} of event {event_id} names no top-up")]
    NoTopUp { event_id: String, session: String },
    #[error("session {session} of event {event_id} names two different top-ups")]
    TwoTopUps { event_id: String, session: String },
    #[error("session {session} of event {event_id} is paid and has no amount")]
    NoAmount { event_id: String, session: String },
}

/// Reads a webhook body. The caller still compares top-up, amount, currency and mode with what it
/// stored: a signature says who speaks, not which top-up was meant.
pub fn read_event(raw_body: &[u8]) -> Result<Event, ReadEventError> {
    let Envelope { id: event_id, livemode, kind, data } =
        serde_json::from_slice(raw_body).map_err(ReadEventError::Unreadable)?;
    let object = data.object;
    match kind.as_str() {
        "checkout.session.completed" => {
            let session: Session = content(&event_id, object)?;
            match session.payment_status.as_deref() {
                Some("paid") => paid(event_id, livemode, session),
                _ => Ok(Event::Ignored { event_id, livemode, kind }),
            }
        }
        "checkout.session.async_payment_succeeded" => {
            let session = content(&event_id, object)?;
            paid(event_id, livemode, session)
        }
        "checkout.session.async_payment_failed" => {
            let session: Session = content(&event_id, object)?;
            let top_up = session.top_up(&event_id)?;
            Ok(Event::Failed { event_id, livemode, top_up, session: session.id })
        }
        "checkout.session.expired" => {
            let session: Session = content(&event_id, object)?;
            let top_up = session.top_up(&event_id)?;
            Ok(Event::Closed { event_id, livemode, top_up, session: session.id })
        }
        "charge.refunded" => {
            let charge = content(&event_id, object)?;
            Ok(refunded(event_id, livemode, charge))
        }
        // Which of them come depends on how it was paid, and how it failed.
        "refund.failed" | "refund.updated" | "charge.refund.updated" => {
            let refund: Refund = content(&event_id, object)?;
            Ok(refund_failed(event_id, livemode, kind, refund))
        }
        "charge.updated" => {
            let charge = content(&event_id, object)?;
            Ok(fee_known(event_id, livemode, kind, charge))
        }
        "charge.dispute.created"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => {
            let dispute: Dispute = content(&event_id, object)?;
            match stage(&kind, &dispute.status) {
                Some(stage) => Ok(disputed(event_id, livemode, stage, dispute)),
                None => Ok(Event::Ignored { event_id, livemode, kind }),
            }
        }
        _ => Ok(Event::Ignored { event_id, livemode, kind }),
    }
}

fn paid(event_id: String, livemode: bool, session: Session) -> Result<Event, ReadEventError> {
    let top_up = session.top_up(&event_id)?;
    let (Some(amount_minor), Some(currency)) = (session.amount_total, session.currency) else {
        return Err(ReadEventError::NoAmount { event_id, session: session.id });
    };
    let Session { id: session, payment_intent, .. } = session;
    Ok(Event::Paid {
        event_id,
        livemode,
        top_up,
        session,
        payment_intent,
        amount_minor,
        currency: currency.0,
    })
}

fn refunded(event_id: String, livemode: bool, charge: Charge) -> Event {
    Event::Refunded {
        event_id,
        livemode,
        top_up: charge.metadata.and_then(|mut metadata| metadata.remove(TOP_UP_KEY)),
        payment_intent: charge.payment_intent,
        charge: charge.id,
        amount_refunded_minor: charge.amount_refunded,
        currency: charge.currency.0,
    }
}

fn refund_failed(event_id: String, livemode: bool, kind: String, refund: Refund) -> Event {
    if !matches!(refund.status.as_deref(), Some("failed" | "canceled")) {
        return Event::Ignored { event_id, livemode, kind };
    }
    Event::RefundFailed {
        event_id,
        livemode,
        refund: refund.id,
        payment_intent: refund.payment_intent,
        charge: refund.charge,
        amount_minor: refund.amount,
        currency: refund.currency.0,
    }
}

/// A charge that is updated before its fee is known says nothing of use.
fn fee_known(event_id: String, livemode: bool, kind: String, charge: UpdatedCharge) -> Event {
    match charge {
        UpdatedCharge { id: Some(charge), balance_transaction: Some(_), payment_intent, metadata } => {
            let top_up = metadata.and_then(|mut metadata| metadata.remove(TOP_UP_KEY));
            Event::FeeKnown { event_id, livemode, top_up, payment_intent, charge }
        }
        _ => Event::Ignored { event_id, livemode, kind },
    }
}

/// What an inquiry ends in counts as won: no money was taken.
fn stage(kind: &str, status: &str) -> Option<DisputeStage> {
    match (kind, status) {
        ("charge.dispute.created", _) => Some(DisputeStage::Opened),
        ("charge.dispute.funds_withdrawn", _) => Some(DisputeStage::FundsWithdrawn),
        ("charge.dispute.funds_reinstated", _) => Some(DisputeStage::FundsReinstated),
        (_, "won" | "warning_closed") => Some(DisputeStage::Won),
        (_, "lost") => Some(DisputeStage::Lost),
        _ => None,
    }
}

fn disputed(event_id: String, livemode: bool, stage: DisputeStage, dispute: Dispute) -> Event {
    Event::Disputed {
        event_id,
        livemode,
        stage,
        payment_intent: dispute.payment_intent,
        charge: dispute.charge,
        dispute: dispute.id,
        amount_minor: dispute.amount,
        currency: dispute.currency.0,
    }
}

fn content<T: DeserializeOwned>(event_id: &str, object: Value) -> Result<T, ReadEventError> {
    serde_json::from_value(object)
        .map_err(|source| ReadEventError::Content { event_id: event_id.to_owned(), source })
}

/// What [`checkout`](super::checkout()) left on an object, among what others may have left there.
pub(super) type Metadata = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Envelope {
    id: String,
    livemode: bool,
    #[serde(rename = "type")]
    kind: String,
    data: EnvelopeData,
}

#[derive(Deserialize)]
struct EnvelopeData {
    object: Value,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    client_reference_id: Option<String>,
    metadata: Option<Metadata>,
    payment_status: Option<String>,
    payment_intent: Option<String>,
    amount_total: Option<i64>,
    currency: Option<LowerCaseCurrency>,
}

impl Session {
    /// Our id, which [`checkout`](super::checkout()) put in two places.
    fn top_up(&self, event_id: &str) -> Result<String, ReadEventError> {
        let (event_id, session) = (event_id.to_owned(), self.id.clone());
        match (
            &self.client_reference_id,
            self.metadata.as_ref().and_then(|metadata| metadata.get(TOP_UP_KEY)),
        ) {
            (Some(reference), Some(metadata)) if reference != metadata => {
                Err(ReadEventError::TwoTopUps { event_id, session })
            }
            (Some(top_up), _) | (None, Some(top_up)) => Ok(top_up.clone()),
            (None, None) => Err(ReadEventError::NoTopUp { event_id, session }),
        }
    }
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    metadata: Option<Metadata>,
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: LowerCaseCurrency,
}

/// A charge as it changes, of which only a fee that has become known matters.
#[derive(Deserialize)]
struct UpdatedCharge {
    id: Option<String>,
    /// An id, or the whole of it.
    balance_transaction: Option<Value>,
    payment_intent: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    status: Option<String>,
    payment_intent: Option<String>,
    charge: Option<String>,
    amount: i64,
    currency: LowerCaseCurrency,
}

#[derive(Deserialize)]
struct Dispute {
    id: String,
    #[serde(default)]
    status: String,
    charge: String,
    payment_intent: Option<String>,
    amount: i64,
    currency: LowerCaseCurrency,
}

/// A currency by its ISO 4217 code in small letters, as Stripe writes it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct LowerCaseCurrency(pub Currency);

impl TryFrom<String> for LowerCaseCurrency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Currency::from_code(&code.to_uppercase()).map(Self).ok_or_else(|| format!("{code:?} is no currency"))
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(kind: &str, object: &str, expected: Expect) {
        let body = format!(
            r#"{{"id":"evt_1","object":"event","api_version":"2019-01-01","livemode":true,
                "type":"{kind}","data":{{"object":{object}}}}}"#
        );
        expected.assert_eq(&match read_event(body.as_bytes()) {
            Ok(event) => format!("{event:?}"),
            Err(ReadEventError::Content { event_id, source }) => format!("{event_id}: {source}"),
            Err(error) => error.to_string(),
        });
    }

    /// A session as Stripe sends it, with more fields than are read.
    fn session(payment_status: &str) -> String {
        format!(
            r#"{{"id":"cs_1","object":"checkout.session","amount_total":15000,"currency":"usd",
                "client_reference_id":"top_0001","metadata":{{"top_up":"top_0001","other":"x"}},
                "mode":"payment","payment_intent":"pi_1","payment_status":"{payment_status}",
                "status":"complete","customer_details":{{"email":"a@example.com"}}}}"#
        )
    }

    #[test]
    fn a_paid_session_tells_which_top_up_was_paid_and_how_much() {
        check(
            "checkout.session.completed",
            &session("paid"),
            expect![[
                r#"Paid { event_id: "evt_1", livemode: true, top_up: "top_0001", session: "cs_1", payment_intent: Some("pi_1"), amount_minor: 15000, currency: USD }"#
            ]],
        );
        check(
            "checkout.session.async_payment_succeeded",
            &session("paid"),
            expect![[
                r#"Paid { event_id: "evt_1", livemode: true, top_up: "top_0001", session: "cs_1", payment_intent: Some("pi_1"), amount_minor: 15000, currency: USD }"#
            ]],
        );
    }

    #[test]
    fn a_completed_session_that_is_not_paid_is_not_money() {
        check(
            "checkout.session.completed",
            &session("unpaid"),
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "checkout.session.completed" }"#]],
        );
        check(
            "checkout.session.completed",
            &session("no_payment_required"),
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "checkout.session.completed" }"#]],
        );
        check(
            "checkout.session.completed",
            r#"{"id":"cs_1"}"#,
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "checkout.session.completed" }"#]],
        );
    }

    #[test]
    fn a_session_that_ends_without_money_closes_its_top_up() {
        check(
            "checkout.session.expired",
            &session("unpaid"),
            expect![[r#"Closed { event_id: "evt_1", livemode: true, top_up: "top_0001", session: "cs_1" }"#]],
        );
        check(
            "checkout.session.async_payment_failed",
            &session("unpaid"),
            expect![[r#"Failed { event_id: "evt_1", livemode: true, top_up: "top_0001", session: "cs_1" }"#]],
        );
    }

    #[test]
    fn money_that_went_back_is_told_for_review() {
        let charge = r#"{"id":"ch_1","amount":15000,"amount_refunded":5000,"currency":"usd",
            "payment_intent":"pi_1","metadata":{"top_up":"top_0001"},"refunded":false}"#;
        check(
            "charge.refunded",
            charge,
            expect![[
                r#"Refunded { event_id: "evt_1", livemode: true, top_up: Some("top_0001"), payment_intent: Some("pi_1"), charge: "ch_1", amount_refunded_minor: 5000, currency: USD }"#
            ]],
        );
        let dispute = r#"{"id":"dp_1","amount":15000,"charge":"ch_1","currency":"kwd",
            "payment_intent":null,"reason":"fraudulent"}"#;
        check(
            "charge.dispute.created",
            dispute,
            expect![[
                r#"Disputed { event_id: "evt_1", livemode: true, stage: Opened, payment_intent: None, charge: "ch_1", dispute: "dp_1", amount_minor: 15000, currency: KWD }"#
            ]],
        );
    }

    #[test]
    fn a_dispute_tells_when_money_moves() {
        let stage = |kind: &str, status: &str| {
            let body = format!(
                r#"{{"id":"evt_1","livemode":true,"type":"charge.dispute.{kind}","data":{{"object":
                {{"id":"dp_1","amount":15000,"charge":"ch_1","currency":"usd","payment_intent":"pi_1",
                "status":"{status}"}}}}}}"#
            );
            match read_event(body.as_bytes()) {
                Ok(Event::Disputed { stage, amount_minor: 15_000, .. }) => Some(stage),
                Ok(_) => None,
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(stage("created", "needs_response"), Some(DisputeStage::Opened));
        assert_eq!(stage("funds_withdrawn", "needs_response"), Some(DisputeStage::FundsWithdrawn));
        assert_eq!(stage("funds_reinstated", "won"), Some(DisputeStage::FundsReinstated));
        assert_eq!(stage("closed", "won"), Some(DisputeStage::Won));
        assert_eq!(stage("closed", "lost"), Some(DisputeStage::Lost));
        assert_eq!(stage("closed", "warning_closed"), Some(DisputeStage::Won));
        assert_eq!(stage("closed", "something_new"), None);
        assert_eq!(stage("updated", "lost"), None);
    }

    #[test]
    fn a_charge_tells_when_its_fee_can_be_asked_for() {
        check(
            "charge.updated",
            r#"{"id":"ch_1","balance_transaction":"txn_1","payment_intent":"pi_1","metadata":{"top_up":"top_1"}}"#,
            expect![[
                r#"FeeKnown { event_id: "evt_1", livemode: true, top_up: Some("top_1"), payment_intent: Some("pi_1"), charge: "ch_1" }"#
            ]],
        );
        check(
            "charge.updated",
            r#"{"id":"ch_1","balance_transaction":null,"payment_intent":"pi_1","metadata":{}}"#,
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "charge.updated" }"#]],
        );
    }

    #[test]
    fn a_session_that_names_no_top_up_or_two_is_refused() {
        let nameless = r#"{"id":"cs_1","payment_status":"paid","amount_total":1,"currency":"usd",
            "client_reference_id":null,"metadata":null}"#;
        check("checkout.session.completed", nameless, expect!["session cs_1 of event evt_1 names no top-up"]);
        check("checkout.session.expired", nameless, expect!["session cs_1 of event evt_1 names no top-up"]);
        let torn = session("paid").replacen("top_0001", "top_0002", 1);
        check(
            "checkout.session.completed",
            &torn,
            expect!["session cs_1 of event evt_1 names two different top-ups"],
        );
    }

    #[test]
    fn an_amount_that_is_missing_or_no_integer_is_refused() {
        let paid = session("paid");
        let with = |amount: &str| paid.replace("15000", amount);
        check(
            "checkout.session.completed",
            &with("null"),
            expect!["session cs_1 of event evt_1 is paid and has no amount"],
        );
        check(
            "checkout.session.completed",
            &with("150.00"),
            expect!["evt_1: invalid type: floating point `150.0`, expected i64"],
        );
        check(
            "checkout.session.completed",
            &with("\"15000\""),
            expect![[r#"evt_1: invalid type: string "15000", expected i64"#]],
        );
        check(
            "checkout.session.completed",
            &paid.replace("usd", "zzz"),
            expect![[r#"evt_1: "zzz" is no currency"#]],
        );
    }

    #[test]
    fn a_refund_that_fails_later_is_told() {
        let refund = |status: &str| {
            format!(
                r#"{{"id":"re_1","status":{status},"payment_intent":"pi_1","charge":"ch_1","amount":500,
                    "currency":"usd"}}"#
            )
        };
        let kinds = ["refund.failed", "refund.updated", "charge.refund.updated"];
        for (kind, status) in kinds.into_iter().zip([r#""failed""#, r#""canceled""#, r#""failed""#]) {
            check(
                kind,
                &refund(status),
                expect![[
                    r#"RefundFailed { event_id: "evt_1", livemode: true, refund: "re_1", payment_intent: Some("pi_1"), charge: Some("ch_1"), amount_minor: 500, currency: USD }"#
                ]],
            );
        }
        for status in [r#""succeeded""#, "null"] {
            check(
                "charge.refund.updated",
                &refund(status),
                expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "charge.refund.updated" }"#]],
            );
        }
    }

    #[test]
    fn other_kinds_of_events_are_ignored_whatever_they_hold() {
        check(
            "charge.updated",
            "{}",
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "charge.updated" }"#]],
        );
        check(
            "payment_intent.succeeded",
            "null",
            expect![[r#"Ignored { event_id: "evt_1", livemode: true, kind: "payment_intent.succeeded" }"#]],
        );
    }

    #[test]
    fn a_body_that_is_no_event_is_an_error() {
        for body in ["", "[]", "{}", r#"{"id":"evt_demo_1","type":"checkout.session.completed"}"#] {
            let answer = read_event(body.as_bytes());
            assert!(matches!(answer, Err(ReadEventError::Unreadable(_))), "{body}");
        }
    }
}

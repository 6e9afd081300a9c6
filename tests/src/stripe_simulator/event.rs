//! What the webhook is told, and its signature (docs.stripe.com/webhooks/signature).

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use payments::stripe::API_VERSION;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::session::Session;

/// What can be made to happen to a session. Each is also known by its name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// `checkout.session.completed` with the money.
    CompletedPaid,
    /// `checkout.session.completed` for a way of paying that takes days.
    CompletedUnpaid,
    AsyncPaymentSucceeded,
    AsyncPaymentFailed,
    /// `checkout.session.expired`.
    Expired,
    /// `charge.updated`, from which on the fee can be asked for.
    FeeKnown,
    /// `charge.refunded`, of all that went back; of the whole amount if nothing had.
    Refunded,
    /// `refund.failed`, of all refunds that did.
    RefundFailed,
    /// `charge.dispute.created`, over the whole amount, as the others of a dispute.
    Disputed,
    DisputeFundsWithdrawn,
    DisputeFundsReinstated,
    /// `charge.dispute.closed`, in our favour.
    DisputeWon,
    /// `charge.dispute.closed`, in the payer's favour.
    DisputeLost,
}

impl EventKind {
    /// Stripe's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CompletedPaid | Self::CompletedUnpaid => "checkout.session.completed",
            Self::AsyncPaymentSucceeded => "checkout.session.async_payment_succeeded",
            Self::AsyncPaymentFailed => "checkout.session.async_payment_failed",
            Self::Expired => "checkout.session.expired",
            Self::Refunded => "charge.refunded",
            Self::RefundFailed => "refund.failed",
            Self::FeeKnown => "charge.updated",
            Self::Disputed => "charge.dispute.created",
            Self::DisputeFundsWithdrawn => "charge.dispute.funds_withdrawn",
            Self::DisputeFundsReinstated => "charge.dispute.funds_reinstated",
            Self::DisputeWon | Self::DisputeLost => "charge.dispute.closed",
        }
    }

    fn object(self, session: &Session, livemode: bool) -> Value {
        match self {
            Self::Refunded | Self::FeeKnown => charge(session, livemode),
            Self::RefundFailed => refund(session, session.refunds_failed, "failed"),
            Self::Disputed | Self::DisputeFundsWithdrawn => dispute(session, "needs_response", livemode),
            Self::DisputeFundsReinstated | Self::DisputeWon => dispute(session, "won", livemode),
            Self::DisputeLost => dispute(session, "lost", livemode),
            _ => session.json(livemode),
        }
    }
}

/// An event that happened: its bytes are the same however often it is delivered.
pub struct Event {
    pub id: String,
    pub body: String,
}

impl Event {
    pub(super) fn new(kind: EventKind, session: &Session, at: Timestamp, livemode: bool) -> Self {
        let id = format!("evt_{}", Uuid::now_v7().simple());
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": at.as_second(),
            "data": { "object": kind.object(session, livemode) },
            "livemode": livemode,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind.name(),
        });
        // Stripe's bodies are indented. Whoever writes them anew to check the signature is found out.
        Self { id, body: format!("{body:#}") }
    }

    pub(super) fn signature(&self, secret: &str, at: Timestamp) -> String {
        let time = at.as_second();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is taken");
        mac.update(format!("{time}.{}", self.body).as_bytes());
        format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
    }
}

/// The charge of a session knows what was put on its payment, and nothing of the session.
fn charge(session: &Session, livemode: bool) -> Value {
    json!({
        "id": charge_id(session),
        "object": "charge",
        "amount": session.amount_total,
        "amount_refunded": session.refunded,
        "balance_transaction": session.fee_known.then(|| session.id_as("txn")),
        "currency": session.currency,
        "livemode": livemode,
        "metadata": session.payment_metadata,
        "payment_intent": session.payment_intent,
        "refunded": session.refunded == session.amount_total,
    })
}

/// All of its refunds that stand so are one here.
fn refund(session: &Session, amount: i64, status: &str) -> Value {
    json!({
        "id": session.id_as(&format!("re_{status}")),
        "object": "refund",
        "amount": amount,
        "charge": charge_id(session),
        "currency": session.currency,
        "payment_intent": session.payment_intent,
        "status": status,
    })
}

/// Its refunds, the latest first.
pub(super) fn refunds(session: &Session) -> Vec<Value> {
    let refunds = [(session.refunded, "succeeded"), (session.refunds_failed, "failed")];
    let refunds = refunds.into_iter().filter(|(amount, _)| *amount > 0);
    refunds.map(|(amount, status)| refund(session, amount, status)).collect()
}

/// A page of a list (docs.stripe.com/api/pagination).
pub(super) fn page(all: &[Value], begin: usize, limit: usize) -> Value {
    let data: Vec<&Value> = all.iter().skip(begin).take(limit).collect();
    json!({"object": "list", "has_more": begin + data.len() < all.len(), "data": data})
}

const BOOKED: &str = "latest_charge.balance_transaction";
const REFUNDS: &str = "latest_charge.refunds";
/// What of a payment is an id, or missing, unless it is asked for (docs.stripe.com/expand).
pub(super) const EXPANDABLE: [&str; 3] = ["latest_charge", BOOKED, REFUNDS];

/// A payment with as much inside as is asked for: its charge, and inside that its refunds and what was booked for
/// it. Paid out in the same currency.
pub(super) fn payment(session: &Session, livemode: bool, expand: &[String]) -> Value {
    let is_asked = |field: &str| expand.iter().any(|asked| asked == field);
    let mut charge = charge(session, livemode);
    if is_asked(REFUNDS) {
        charge["refunds"] = page(&refunds(session), 0, session.refunds_with_payment);
    }
    if session.fee_known && is_asked(BOOKED) {
        charge["balance_transaction"] = json!({
            "id": session.id_as("txn"),
            "object": "balance_transaction",
            "amount": session.amount_total,
            "currency": session.currency,
            "exchange_rate": null,
            "fee": session.fee(),
            "net": session.amount_total - session.fee(),
        });
    }
    json!({
        "id": session.payment_intent,
        "object": "payment_intent",
        "amount": session.amount_total,
        "currency": session.currency,
        "latest_charge": if expand.is_empty() { json!(charge_id(session)) } else { charge },
        "livemode": livemode,
        "metadata": session.payment_metadata,
    })
}

fn dispute(session: &Session, status: &str, livemode: bool) -> Value {
    json!({
        "id": session.id_as("dp"),
        "object": "dispute",
        "amount": session.amount_total,
        "charge": charge_id(session),
        "currency": session.currency,
        "livemode": livemode,
        "metadata": {},
        "payment_intent": session.payment_intent,
        "reason": "fraudulent",
        "status": status,
    })
}

pub(super) fn charge_id(session: &Session) -> String {
    session.id_as("ch")
}

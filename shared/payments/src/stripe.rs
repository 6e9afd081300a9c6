//! Stripe Checkout: a hosted payment page for each top-up, and the webhook that says it was paid.
//!
//! One top-up is one Checkout Session. Two events may report one session, and any event may come
//! twice or late, so the session (not the event) is what a payment is made once for.
//!
//! The fee that Stripe keeps is known only some time after the payment, and only by asking for the payment.

mod checkout;
mod event;
mod minor_units;
mod payment;
mod session;
mod signature;

pub use checkout::{
    API_VERSION, Checkout, CheckoutError, CheckoutRequest, ReadCheckoutError, Settings, checkout,
    read_checkout,
};
pub use event::{DisputeStage, Event, ReadEventError, read_event};
pub use minor_units::{AmountError, from_minor_units, to_minor_units};
pub use payment::{Fee, PaymentFacts, Refunds, payment, read_payment, read_refunds, refunds};
pub use session::{Session, SessionState, read_session, session};
pub use signature::{SignatureError, TOLERANCE_SECONDS, verify};

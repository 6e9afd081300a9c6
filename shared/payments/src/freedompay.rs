//! FreedomPay (formerly PayBox.money, of Kazakhstan): a page that is asked for by a signed form, signed
//! callbacks that want a signed answer, and a status that tells what was really paid (freedompay.kz/docs).
//!
//! A signature covers the values of all fields but none of their names, so who holds a signed message
//! could try to hand it on under other names. A callback is therefore only a reason to ask for the status,
//! and nothing is ever signed in answer to a message that failed its check: the digest of such an answer
//! can be that of a forged callback.
//!
//! Not here: the check URL, which asks before a payment is taken, and messages in XML mode.

mod callback;
mod checkout;
mod sign;
mod status;
mod xml;

pub use callback::{ANSWER_CONTENT_TYPE, Callback, Outcome, Verdict, answer, read_callback};
pub use checkout::{Ask, Checkout, Settings, checkout, read_checkout};
pub use status::{Ref, Refund, State, Status, read_status, status};

//! What top-ups are opened and settled with in tests, and the sweeper, which asks about them.

use runtime::targets::Targets;
use store::Store;
use top_ups::{Addresses, Cashier};

use crate::embedded_secrets::EmbeddedSecrets;
use crate::embedded_sqs::EmbeddedSqs;

/// Where payers and payment systems reach the platform in tests.
pub const PUBLIC_URL: &str = "https://waybill.example";

/// With Stripe at this address, and all others wherever their records say.
pub fn addresses(stripe: &str) -> Addresses {
    Addresses { stripe: stripe.to_owned(), public: PUBLIC_URL.to_owned(), targets: Targets::Any }
}

pub fn cashier(store: &Store, secrets: &EmbeddedSecrets, stripe: &str) -> Cashier {
    Cashier::new(store.clone(), secrets.store(), addresses(stripe)).expect("a client")
}

/// The sweeper where no payment system is set up.
pub fn sweeper(store: &Store) -> sweeper::App {
    let cashier = cashier(store, &EmbeddedSecrets::new(), "http://stripe.invalid");
    let sqs = EmbeddedSqs::new();
    let mail = queue::Sender::new(sqs.client(), sqs.queue("mail"));
    sweeper::App { store: store.clone(), cashier, mail }
}

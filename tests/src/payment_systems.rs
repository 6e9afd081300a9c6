//! PayOnline, FreedomPay and NetCommerce on loopback: each shows its page, tells us of payments, honestly or
//! not, and answers what can be asked of it. Written after the vendors' rules and not with our own code for
//! them, so that a mistake there is not made here as well.
//!
//! One simulator is one merchant's account. Not here: cards, and what none of our code sends or reads.

pub mod freedompay;
pub mod netcommerce;
pub mod payonline;

// By this name a filter finds all of them.
#[cfg(test)]
#[path = "payment_systems/tests.rs"]
mod payment_callbacks;

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};

pub use freedompay::FreedomPaySimulator;
pub use netcommerce::NetCommerceSimulator;
pub use payonline::PayOnlineSimulator;

/// How long our callback may take.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);
const FORM: &str = "application/x-www-form-urlencoded";

/// What a payer does on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    Pays,
    IsDeclined,
}

/// What is wrong with a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Nothing.
    Honest,
    /// Signed with another secret.
    Forged,
    /// The amount was raised after signing.
    Altered,
    /// The amount is there a second time, raised.
    Twice,
    /// Rightly signed, about ten times the amount, as if a payer could choose it.
    OtherAmount,
    /// Rightly signed, about an order that nobody made.
    UnknownOrder,
    /// What the system signed for a declined payment, made to look like an approval as far as the signature
    /// allows. Of a payment that was paid it is honest.
    DeclinedAsPaid,
}

/// Every trick but honesty.
pub const TRICKS: [Trick; 6] = [
    Trick::Forged,
    Trick::Altered,
    Trick::Twice,
    Trick::OtherAmount,
    Trick::UnknownOrder,
    Trick::DeclinedAsPaid,
];

/// Pairs of a form, in the order in which they are sent.
type Pairs = Vec<(&'static str, String)>;

fn form(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn set(pairs: &mut Pairs, name: &'static str, value: impl Into<String>) {
    match pairs.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value.into(),
        None => pairs.push((name, value.into())),
    }
}

/// An amount in the same writing, ten times as high.
fn raised(amount: &str) -> String {
    let amount: rust_decimal::Decimal = amount.parse().unwrap_or_default();
    format!("{:.2}", amount * rust_decimal::Decimal::TEN)
}

async fn post(client: &reqwest::Client, url: &str, body: String) -> reqwest::Result<(StatusCode, String)> {
    let answer = client.post(url).header(CONTENT_TYPE, FORM).body(body).send().await?;
    Ok((answer.status(), answer.text().await?))
}

fn client() -> std::io::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(CALLBACK_TIMEOUT).build().map_err(std::io::Error::other)
}

fn refusal(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Html(format!("<!doctype html><title>Error</title><p>{why}"))).into_response()
}

/// A page with two buttons, which post `outcome=pay` or `outcome=decline` to where the page is from.
fn pay_page(what: &str, hidden: &[(&str, &str)]) -> Response {
    let inputs: String = hidden
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)))
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Pay</title><h1>{what}</h1>\
         <form method=\"post\">{inputs}<button name=\"outcome\" value=\"pay\">Pay</button>\
         <button name=\"outcome\" value=\"decline\">Decline</button></form></html>",
        what = escaped(what),
    ))
    .into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! Asking PayOnline what was paid: the only thing that makes a payment certain.

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use iso_currency::Currency;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Settings, read_time, security_key};
use crate::fields::{Fields, ReadError};

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub enum Search<'a> {
    TopUp(&'a str),
    Transaction(&'a str),
}

/// A payment that was authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// PayOnline's id of the payment: a payment is made once for each.
    pub transaction: String,
    pub top_up: String,
    pub amount: Decimal,
    pub currency: Currency,
    pub state: FoundState,
    /// When it was made.
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundState {
    /// Held on the card until the merchant takes it, or until it is given back.
    PreAuthorized,
    /// Authorised. It is taken from the card within a day unless the merchant voids it.
    Pending,
    Settled,
}

impl FoundState {
    /// Whether it may be counted on.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Pending | Self::Settled)
    }
}

/// The request that looks for a successful payment.
pub fn search(ask: &Search, settings: &Settings) -> Result<Request<String>, http::Error> {
    let by = match *ask {
        Search::TopUp(id) => ("OrderId", id),
        Search::Transaction(id) => ("TransactionId", id),
    };
    let signed = [("MerchantId", settings.merchant.as_str()), by];
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(signed)
        .append_pair("ContentType", "text")
        .append_pair("SecurityKey", &hex::encode(security_key(&signed, &settings.secret)))
        .finish();
    let url = format!("{}/payment/search/", settings.page_url.trim_end_matches('/'));
    Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

/// Reads the answer to [`search`]: none if nothing was paid. It is not signed, so it is as true as the
/// connection is.
pub fn read_search(status: StatusCode, body: &[u8]) -> Result<Option<Found>, ReadError> {
    ReadError::of_status(status)?;
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let fields = Fields::read(body.trim_ascii()).map_err(ReadError::unreadable)?;
    if let (Some(code), Some(message)) = (fields.get("Code"), fields.get("Message")) {
        return Err(ReadError::Refused { message: format!("{code} {message}") });
    }
    // The reference calls it by both names.
    let order = fields.get("Order").or_else(|| fields.get("OrderId"));
    let text = |name| fields.required(name).map(str::to_owned).map_err(ReadError::unreadable);
    Ok(Some(Found {
        transaction: text("TransactionId")?,
        top_up: order.ok_or_else(|| ReadError::unreadable("Order is missing"))?.to_owned(),
        amount: fields.amount("Amount").map_err(ReadError::unreadable)?,
        currency: fields.currency("Currency").map_err(ReadError::unreadable)?,
        state: state(&text("Status")?)?,
        at: read_time(&text("DateTime")?).ok_or_else(|| ReadError::unreadable("DateTime is no time"))?,
    }))
}

fn state(text: &str) -> Result<FoundState, ReadError> {
    match text {
        "PreAuthorized" => Ok(FoundState::PreAuthorized),
        "Pending" => Ok(FoundState::Pending),
        "Settled" => Ok(FoundState::Settled),
        _ => Err(ReadError::unreadable(format!("{text:?} is no known status"))),
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    fn settings() -> Settings {
        Settings {
            page_url: "https://secure.payonlinesystem.com".to_owned(),
            merchant: "70001".to_owned(),
            secret: "demo-key-0001".to_owned(),
        }
    }

    #[test]
    fn a_search_is_signed_by_what_it_looks_for() {
        let by = |ask| {
            let request = search(&ask, &settings()).expect("a request");
            format!("{} {} {}", request.method(), request.uri(), request.body())
        };
        expect![[r#"POST https://secure.payonlinesystem.com/payment/search/ MerchantId=70001&OrderId=TOPUP-0001&ContentType=text&SecurityKey=018cdacd171b4dcda2c6e3e201c34346"#]]
            .assert_eq(&by(Search::TopUp("TOPUP-0001")));
        expect![[r#"POST https://secure.payonlinesystem.com/payment/search/ MerchantId=70001&TransactionId=900100200&ContentType=text&SecurityKey=c95a382cd020f354b7749112012abea2"#]]
            .assert_eq(&by(Search::Transaction("900100200")));
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: Expect) {
        let status = StatusCode::from_u16(status).expect("a status");
        expected.assert_eq(&match read_search(status, body.as_bytes()) {
            Ok(Some(found)) => format!("{found:?} money={}", found.state.is_money()),
            Ok(None) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn an_answer_is_a_payment_or_nothing() {
        let found = "TransactionId=900100200&Amount=150.00&Currency=USD&Order=TOPUP-0001\
            &DateTime=2026-01-30 09:15:07&Status=Pending";
        check(
            200,
            found,
            expect![[
                r#"Found { transaction: "900100200", top_up: "TOPUP-0001", amount: 150.00, currency: USD, state: Pending, at: 2026-01-30T09:15:07Z } money=true"#
            ]],
        );
        check(
            200,
            &found.replace("Pending", "Settled"),
            expect![[
                r#"Found { transaction: "900100200", top_up: "TOPUP-0001", amount: 150.00, currency: USD, state: Settled, at: 2026-01-30T09:15:07Z } money=true"#
            ]],
        );
        check(
            200,
            &found.replace("Pending", "PreAuthorized"),
            expect![[
                r#"Found { transaction: "900100200", top_up: "TOPUP-0001", amount: 150.00, currency: USD, state: PreAuthorized, at: 2026-01-30T09:15:07Z } money=false"#
            ]],
        );
        check(200, "", expect!["nothing"]);
        check(200, "\r\n", expect!["nothing"]);
        check(
            200,
            &found.replace("Pending", "Voided"),
            expect![[r#"the answer cannot be read: "Voided" is no known status"#]],
        );
        check(
            200,
            &format!("{found}&Amount=1.00"),
            expect!["the answer cannot be read: Amount is there twice"],
        );
        check(
            200,
            &found.replace("09:15:07", "soon"),
            expect!["the answer cannot be read: DateTime is no time"],
        );
        check(200, "<html>", expect!["the answer cannot be read: TransactionId is missing"]);
        check(200, "Code=3001&Message=Bad+key", expect!["the payment system refused: 3001 Bad key"]);
        check(400, "", expect!["the payment system refused: status 400 Bad Request"]);
        check(503, "", expect!["the payment system cannot answer now, status 503 Service Unavailable"]);
    }
}

//! Asking for a payment page (docs.freedompay.kz/api-11620859).

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use iso_currency::Currency;
use rust_decimal::Decimal;

use super::sign::{is_whole, signed_form};
use super::xml;
use crate::fields::{AskError, ReadError, is_alphanumeric, is_order, write_amount};

/// What the page's address is asked of, and signs with.
const SCRIPT: &str = "init_payment.php";
const DESCRIPTION_CHARACTERS_MAX: usize = 1024;
const URL_LENGTH_MAX: usize = 255;
const OPEN_FOR_SECONDS: std::ops::RangeInclusive<u32> = 300..=604_800;

/// How an account is reached. Holds a secret, so it cannot be printed.
#[derive(Clone)]
pub struct Settings {
    /// `https://api.freedompay.kz` or that of another country, or a stand-in for tests.
    pub api_url: String,
    /// The number that FreedomPay knows the merchant by.
    pub merchant: String,
    /// The secret that payments are received with.
    pub secret: String,
    /// Asks for payments of play money.
    pub testing: bool,
}

/// What a payer is asked for. No text in it may hold a `;`, which separates values when they are signed.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Our id of the top-up, at most 50 letters, digits, `-` and `_`.
    pub top_up: &'a str,
    /// What the payer pays, in `currency`.
    pub amount: Decimal,
    pub currency: Currency,
    /// The one line that the payer sees. Not the place for text that users typed.
    pub description: &'a str,
    /// Where callbacks go. Its last part is what they are signed with: no other address that receives
    /// signed messages may end so, and it has no query.
    pub result_url: &'a str,
    /// Where the browser goes afterwards.
    pub success_url: &'a str,
    pub failure_url: &'a str,
    /// How long the page stays open: five minutes to a week.
    pub open_for_seconds: u32,
    /// Random letters and digits.
    pub salt: &'a str,
}

/// The request for the payment page of a top-up. The merchant's money is taken at once, not only held.
pub fn checkout(ask: &Ask, settings: &Settings) -> Result<Request<String>, AskError> {
    check(ask)?;
    let amount = write_amount(ask.amount)?;
    let open_for = ask.open_for_seconds.to_string();
    let fields = [
        ("pg_amount", amount.as_str()),
        ("pg_auto_clearing", "1"),
        ("pg_currency", ask.currency.code()),
        ("pg_description", ask.description),
        ("pg_failure_url", ask.failure_url),
        ("pg_lifetime", &open_for),
        ("pg_merchant_id", &settings.merchant),
        ("pg_order_id", ask.top_up),
        ("pg_request_method", "POST"),
        ("pg_result_url", ask.result_url),
        ("pg_salt", ask.salt),
        ("pg_success_url", ask.success_url),
        ("pg_testing_mode", if settings.testing { "1" } else { "0" }),
    ];
    Ok(post(SCRIPT, &fields, settings)?)
}

/// A signed form for one of the scripts; the fields are given sorted by name.
pub(super) fn post(
    script: &str,
    fields: &[(&str, &str)],
    settings: &Settings,
) -> Result<Request<String>, http::Error> {
    Request::post(format!("{}/{script}", settings.api_url.trim_end_matches('/')))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(signed_form(script, fields, &settings.secret))
}

fn check(ask: &Ask) -> Result<(), AskError> {
    let is_line =
        |text: &str| !text.is_empty() && text.chars().count() <= DESCRIPTION_CHARACTERS_MAX && is_whole(text);
    let is_url = |text: &str| !text.is_empty() && text.len() <= URL_LENGTH_MAX && is_whole(text);
    let rules = [
        ("top_up", is_order(ask.top_up)),
        ("description", is_line(ask.description)),
        ("result_url", is_url(ask.result_url) && !ask.result_url.contains('?')),
        ("success_url", is_url(ask.success_url)),
        ("failure_url", is_url(ask.failure_url)),
        ("open_for_seconds", OPEN_FOR_SECONDS.contains(&ask.open_for_seconds)),
        ("salt", is_alphanumeric(ask.salt)),
    ];
    match rules.into_iter().find(|(_, fits)| !fits) {
        Some((field, _)) => Err(AskError::Field { field }),
        None => Ok(()),
    }
}

/// An open payment page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// FreedomPay's id of the payment to come.
    pub payment: String,
    /// Where to send the payer.
    pub url: String,
}

/// Reads the answer to [`checkout`].
pub fn read_checkout(status: StatusCode, body: &[u8], settings: &Settings) -> Result<Checkout, ReadError> {
    ReadError::of_status(status)?;
    let answer = xml::read(body, SCRIPT, &settings.secret)?;
    let url = answer.required("pg_redirect_url")?.to_owned();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(ReadError::unreadable("pg_redirect_url is no address"));
    }
    Ok(Checkout { payment: answer.required("pg_payment_id")?.to_owned(), url })
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    fn settings() -> Settings {
        Settings {
            api_url: "https://api.freedompay.kz/".to_owned(),
            merchant: "500001".to_owned(),
            secret: "demoSecret01".to_owned(),
            testing: true,
        }
    }

    fn ask() -> Ask<'static> {
        Ask {
            top_up: "TOPUP-0001",
            amount: Decimal::new(1500, 0),
            currency: Currency::KZT,
            description: "Balance top-up",
            result_url: "https://pay.example.com/cb/freedompay-result",
            success_url: "https://pay.example.com/return?top_up=1",
            failure_url: "https://pay.example.com/return?top_up=1",
            open_for_seconds: 3600,
            salt: "a1b2c3d4",
        }
    }

    #[test]
    fn a_page_is_asked_for_by_a_signed_form() {
        let request = checkout(&ask(), &settings()).expect("a request");
        let mut text = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in form_urlencoded::parse(request.body().as_bytes()) {
            text += &format!("{name} = {value}\n");
        }
        expect![[r#"
            POST https://api.freedompay.kz/init_payment.php
            pg_amount = 1500.00
            pg_auto_clearing = 1
            pg_currency = KZT
            pg_description = Balance top-up
            pg_failure_url = https://pay.example.com/return?top_up=1
            pg_lifetime = 3600
            pg_merchant_id = 500001
            pg_order_id = TOPUP-0001
            pg_request_method = POST
            pg_result_url = https://pay.example.com/cb/freedompay-result
            pg_salt = a1b2c3d4
            pg_success_url = https://pay.example.com/return?top_up=1
            pg_testing_mode = 1
            pg_sig = 3b2be6f37889d960b43718d97dfbc349
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn nothing_that_holds_a_separator_is_signed() {
        let refused = |ask: Ask| checkout(&ask, &settings()).expect_err("a refusal").to_string();
        for (ask, field) in [
            (Ask { top_up: "A;1", ..ask() }, "top_up"),
            (Ask { description: "Top-up;POST", ..ask() }, "description"),
            (Ask { success_url: "https://a/;b", ..ask() }, "success_url"),
            (Ask { failure_url: "", ..ask() }, "failure_url"),
            (Ask { result_url: "https://a/b?c=1", ..ask() }, "result_url"),
            (Ask { salt: "a;b", ..ask() }, "salt"),
            (Ask { salt: "", ..ask() }, "salt"),
            (Ask { open_for_seconds: 299, ..ask() }, "open_for_seconds"),
        ] {
            assert_eq!(refused(ask), format!("{field} does not fit into the form"));
        }
    }

    #[track_caller]
    fn check_answer(status: u16, body: &str, expected: Expect) {
        let status = StatusCode::from_u16(status).expect("a status");
        expected.assert_eq(&match read_checkout(status, body.as_bytes(), &settings()) {
            Ok(open) => format!("{} at {}", open.payment, open.url),
            Err(error) => error.to_string(),
        });
    }

    /// An answer as FreedomPay gives it, signed by its own rule.
    fn signed(fields: &[(&str, &str)]) -> String {
        let values = fields.iter().map(|(_, value)| *value);
        let signature = hex::encode(super::super::sign::digest(SCRIPT, values, "demoSecret01"));
        let inner: String = fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>{inner}<pg_sig>{signature}</pg_sig></response>"
        )
    }

    #[test]
    fn an_answer_is_a_page_to_go_to_or_the_reason_there_is_none() {
        let page = [
            ("pg_payment_id", "880011"),
            ("pg_redirect_url", "https://customer.freedompay.kz/pay.html?customer=1"),
            ("pg_redirect_url_type", "need data"),
            ("pg_salt", "s1"),
            ("pg_status", "ok"),
        ];
        let honest = signed(&page);
        check_answer(200, &honest, expect!["880011 at https://customer.freedompay.kz/pay.html?customer=1"]);
        check_answer(
            200,
            &honest.replace("customer.freedompay", "customer.freed0mpay"),
            expect!["the answer is not signed with our secret"],
        );
        check_answer(
            200,
            "<response><pg_status>error</pg_status><pg_error_code>101</pg_error_code>\
             <pg_error_description>Wrong merchant</pg_error_description></response>",
            expect!["the payment system refused: 101 Wrong merchant"],
        );
        let script = [("pg_payment_id", "1"), ("pg_redirect_url", "javascript:x"), ("pg_status", "ok")];
        check_answer(
            200,
            &signed(&script),
            expect!["the answer cannot be read: pg_redirect_url is no address"],
        );
        check_answer(502, "", expect!["the payment system cannot answer now, status 502 Bad Gateway"]);
    }
}

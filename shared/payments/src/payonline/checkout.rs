//! The address of the payment page.

use iso_currency::Currency;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{security_key, write_time};
use crate::fields::{AskError, is_order, write_amount};

const DESCRIPTION_CHARACTERS_MAX: usize = 100;

/// How an account is reached. Holds a secret, so it cannot be printed.
#[derive(Clone)]
pub struct Settings {
    /// `https://secure.payonlinesystem.com`, or a stand-in for tests.
    pub page_url: String,
    /// The number that PayOnline knows the merchant by.
    pub merchant: String,
    /// The account's `PrivateSecurityKey`.
    pub secret: String,
}

/// What a payer is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Our id of the top-up, new for each: PayOnline takes no second payment for one. At most 50 letters,
    /// digits, `-` and `_`.
    pub top_up: &'a str,
    /// What the payer pays, in `currency`.
    pub amount: Decimal,
    pub currency: Currency,
    /// The one line that the payer sees. Signed, so not the place for text that users typed.
    pub description: Option<&'a str>,
    /// When the page closes.
    pub valid_until: Option<Timestamp>,
    /// Where the browser goes afterwards.
    pub success_url: &'a str,
    pub fail_url: &'a str,
}

/// Where to send the payer: a page for cards, in English.
pub fn checkout(ask: &Ask, settings: &Settings) -> Result<String, AskError> {
    let amount = write_amount(ask.amount)?;
    let valid_until = ask.valid_until.map(write_time);
    check(ask)?;
    let mut signed = vec![
        ("MerchantId", settings.merchant.as_str()),
        ("OrderId", ask.top_up),
        ("Amount", &amount),
        ("Currency", ask.currency.code()),
    ];
    signed.extend(valid_until.as_deref().map(|time| ("ValidUntil", time)));
    signed.extend(ask.description.map(|text| ("OrderDescription", text)));
    let key = hex::encode(security_key(&signed, &settings.secret));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(signed)
        .append_pair("ReturnUrl", ask.success_url)
        .append_pair("FailUrl", ask.fail_url)
        .append_pair("SecurityKey", &key)
        .finish();
    Ok(format!("{}/en/payment/?{query}", settings.page_url.trim_end_matches('/')))
}

/// Nothing that is signed may hold what separates fields: who can write such text can sign callbacks.
fn check(ask: &Ask) -> Result<(), AskError> {
    if !is_order(ask.top_up) {
        return Err(AskError::Field { field: "top_up" });
    }
    let is_line = |text: &str| {
        text.chars().count() <= DESCRIPTION_CHARACTERS_MAX
            && !text.is_empty()
            && !text.chars().any(|character| character.is_control() || "&=".contains(character))
    };
    if !ask.description.is_none_or(is_line) {
        return Err(AskError::Field { field: "description" });
    }
    Ok(())
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    const SECRET: &str = "demo-key-0001";

    fn settings() -> Settings {
        Settings {
            page_url: "https://secure.payonlinesystem.com/".to_owned(),
            merchant: "70001".to_owned(),
            secret: SECRET.to_owned(),
        }
    }

    fn ask() -> Ask<'static> {
        Ask {
            top_up: "TOPUP-0001",
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
            description: None,
            valid_until: None,
            success_url: "https://portal.example.com/done?top_up=1",
            fail_url: "https://portal.example.com/failed",
        }
    }

    #[track_caller]
    fn check_url(ask: &Ask, expected: Expect) {
        let url = checkout(ask, &settings()).expect("an address");
        assert!(!url.contains(SECRET));
        let (page, query) = url.split_once('?').expect("a query");
        let mut text = format!("{page}\n");
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            text += &format!("{name} = {value}\n");
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn the_address_says_and_signs_what_is_to_be_paid() {
        check_url(
            &ask(),
            expect![[r#"
                https://secure.payonlinesystem.com/en/payment/
                MerchantId = 70001
                OrderId = TOPUP-0001
                Amount = 150.00
                Currency = USD
                ReturnUrl = https://portal.example.com/done?top_up=1
                FailUrl = https://portal.example.com/failed
                SecurityKey = f38e4c6c9889bee8c694f33a05a4435a
            "#]],
        );
    }

    #[test]
    fn a_closing_time_and_a_description_are_signed_as_well() {
        let valid_until = Some("2026-01-31T10:00:00Z".parse().expect("a time"));
        check_url(
            &Ask { valid_until, description: Some("Пополнение баланса 42"), ..ask() },
            expect![[r#"
                https://secure.payonlinesystem.com/en/payment/
                MerchantId = 70001
                OrderId = TOPUP-0001
                Amount = 150.00
                Currency = USD
                ValidUntil = 2026-01-31 10:00:00
                OrderDescription = Пополнение баланса 42
                ReturnUrl = https://portal.example.com/done?top_up=1
                FailUrl = https://portal.example.com/failed
                SecurityKey = f2a222e0de6006d83f2e9e6b4dba7952
            "#]],
        );
    }

    #[test]
    fn text_that_could_be_read_as_other_fields_is_never_signed() {
        let refused = |ask: Ask| checkout(&ask, &settings()).expect_err("a refusal").to_string();
        let injected = "x&PrivateSecurityKey=";
        assert_eq!(
            refused(Ask { description: Some(injected), ..ask() }),
            "description does not fit into the form"
        );
        assert_eq!(
            refused(Ask { description: Some("Amount=1"), ..ask() }),
            "description does not fit into the form"
        );
        assert_eq!(refused(Ask { top_up: "A&Amount=1.00", ..ask() }), "top_up does not fit into the form");
        let long = "x".repeat(51);
        assert_eq!(refused(Ask { top_up: &long, ..ask() }), "top_up does not fit into the form");
    }

    #[test]
    fn an_amount_that_would_have_to_be_rounded_is_refused() {
        let refused = checkout(&Ask { amount: Decimal::new(1, 3), ..ask() }, &settings());
        assert!(matches!(refused, Err(AskError::Amount { .. })));
    }
}

//! The form that takes a payer to the payment page.

use iso_currency::Currency;
use rust_decimal::Decimal;

use super::digest;
use crate::fields::{AskError, is_alphanumeric, write_amount};

const ATTEMPT_LENGTH_MAX: usize = 50;
const TEXT_CHARACTERS_MAX: usize = 200;

/// How an account is reached. Holds a secret, so it cannot be printed.
#[derive(Clone)]
pub struct Settings {
    /// Where the form goes, as NetCommerce tells each merchant: `https://www.netcommercepay.com/iPAY/`, or
    /// a stand-in for tests.
    pub page_url: String,
    /// The number that NetCommerce knows the merchant by.
    pub merchant: String,
    /// The account's `sha_key`.
    pub secret: String,
    /// Whether this is real money. It is not signed: a test account needs another number and key.
    pub live: bool,
}

/// What a payer is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Our id of this attempt: letters and digits, new for every form, also when the payer comes back and
    /// tries again.
    pub attempt: &'a str,
    /// What the payer pays, in `currency`.
    pub amount: Decimal,
    /// Only US dollars: how Lebanese pounds are to be written is not known.
    pub currency: Currency,
    /// Where the payer's browser posts the result.
    pub return_url: &'a str,
    pub payer: Payer<'a>,
}

/// Who pays. NetCommerce wants all of it; none of it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
    /// Digits, with `00` and the country code before them.
    pub mobile: &'a str,
    pub address: &'a str,
    pub city: &'a str,
    /// Its name or code.
    pub country: &'a str,
}

/// A form that the payer's browser is to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(&'static str, String)>,
}

/// Where to send the payer, and with what.
pub fn checkout(ask: &Ask, settings: &Settings) -> Result<Form, AskError> {
    check(ask)?;
    let amount = write_amount(ask.amount)?;
    let currency = write_currency(ask.currency)?;
    let signed = [&amount, currency, ask.attempt, &settings.merchant, ask.return_url];
    let signature = hex::encode(digest(&signed, &settings.secret));
    let payer = ask.payer;
    let fields = [
        ("payment_mode", if settings.live { "real" } else { "test" }),
        ("txtAmount", &amount),
        ("txtCurrency", currency),
        ("txtIndex", ask.attempt),
        ("txtMerchNum", &settings.merchant),
        ("txthttp", ask.return_url),
        ("signature", &signature),
        ("first_name", payer.first_name),
        ("last_name", payer.last_name),
        ("email", payer.email),
        ("mobile", payer.mobile),
        ("address_line1", payer.address),
        ("city", payer.city),
        ("country", payer.country),
        ("Lng", "EN"),
    ];
    let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Ok(Form { action: settings.page_url.clone(), fields })
}

/// The number of a currency in ISO 4217, for those that can be paid in.
pub(super) fn write_currency(currency: Currency) -> Result<&'static str, AskError> {
    match currency {
        Currency::USD => Ok("840"),
        _ => Err(AskError::Currency { currency }),
    }
}

fn check(ask: &Ask) -> Result<(), AskError> {
    let Payer { first_name, last_name, email, mobile, address, city, country } = ask.payer;
    let is_line = |text: &str| {
        text.chars().count() <= TEXT_CHARACTERS_MAX && !text.chars().any(|character| character.is_control())
    };
    let texts = [
        ("first_name", first_name),
        ("last_name", last_name),
        ("email", email),
        ("mobile", mobile),
        ("address", address),
        ("city", city),
        ("country", country),
    ];
    if ATTEMPT_LENGTH_MAX < ask.attempt.len() || !is_alphanumeric(ask.attempt) {
        return Err(AskError::Field { field: "attempt" });
    }
    match texts.into_iter().find(|(_, text)| !is_line(text)) {
        Some((field, _)) => Err(AskError::Field { field }),
        None => Ok(()),
    }
}

impl Form {
    /// A page whose form posts itself; by a button where scripts are off. The one script is
    /// [`Form::SCRIPT`], for a content security policy that names its digest.
    pub fn page(&self) -> String {
        let inputs: String = self
            .fields
            .iter()
            .map(|(name, value)| {
                format!(
                    "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                    quick_xml::escape::escape(value)
                )
            })
            .collect();
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Payment</title>\
             <form id=\"pay\" method=\"post\" action=\"{}\">{inputs}<button>Go to the payment page</button>\
             </form><script>{}</script></html>",
            quick_xml::escape::escape(&self.action),
            Self::SCRIPT
        )
    }

    pub const SCRIPT: &str = "document.getElementById('pay').submit()";
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::expect;

    fn settings() -> Settings {
        Settings {
            page_url: "https://www.netcommercepay.com/iPAY/".to_owned(),
            merchant: "00999001".to_owned(),
            secret: "DEMOKEY".to_owned(),
            live: false,
        }
    }

    fn ask() -> Ask<'static> {
        Ask {
            attempt: "TOPUP0001A1",
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
            return_url: "https://pay.example.com/cb/netcommerce",
            payer: Payer {
                first_name: "Rana",
                last_name: "\"><script>",
                email: "rana@example.com",
                mobile: "0096170000000",
                address: "1 Street",
                city: "Beirut",
                country: "LB",
            },
        }
    }

    #[test]
    fn the_form_says_what_is_to_be_paid_and_signs_it() {
        let form = checkout(&ask(), &settings()).expect("a form");
        let mut text = format!("{}\n", form.action);
        for (name, value) in &form.fields {
            text += &format!("{name} = {value}\n");
        }
        expect![[r#"
            https://www.netcommercepay.com/iPAY/
            payment_mode = test
            txtAmount = 150.00
            txtCurrency = 840
            txtIndex = TOPUP0001A1
            txtMerchNum = 00999001
            txthttp = https://pay.example.com/cb/netcommerce
            signature = b4fbec5ea88095e6891f47258f3a4ecfd21ac9dcc7612a9844b5574d329ac433
            first_name = Rana
            last_name = "><script>
            email = rana@example.com
            mobile = 0096170000000
            address_line1 = 1 Street
            city = Beirut
            country = LB
            Lng = EN
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn the_page_shows_no_key_and_runs_no_text_of_the_payer() {
        let page = checkout(&ask(), &settings()).expect("a form").page();
        assert!(page.contains("name=\"last_name\" value=\"&quot;&gt;&lt;script&gt;\""), "{page}");
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(!page.contains("DEMOKEY"));
    }

    #[test]
    fn what_netcommerce_would_not_take_is_refused() {
        let refused = |ask: Ask| checkout(&ask, &settings()).expect_err("a refusal").to_string();
        assert_eq!(refused(Ask { currency: Currency::LBP, ..ask() }), "LBP cannot be paid in");
        for attempt in ["", "TOPUP_1", "A B", &"x".repeat(51)] {
            assert_eq!(refused(Ask { attempt, ..ask() }), "attempt does not fit into the form");
        }
        let payer = Payer { city: "Bei\nrut", ..ask().payer };
        assert_eq!(refused(Ask { payer, ..ask() }), "city does not fit into the form");
    }
}

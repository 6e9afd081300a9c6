//! What the payer's browser posts to our address after the payment page.

use iso_currency::Currency;
use rust_decimal::Decimal;

use super::checkout::write_currency;
use super::digest;
use crate::fields::{CallbackError, Fields, is_alphanumeric, who_signed, write_amount};

/// As long as the only one on record. A shorter one could have given its end to the field after it.
const AUTHORIZATION_LENGTH: usize = 6;

/// What the payer was sent away with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub merchant: &'a str,
    pub attempt: &'a str,
    pub amount: Decimal,
    pub currency: Currency,
}

/// An authentic result. The first one of an attempt counts; another one later is for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    pub attempt: String,
    /// The bank's number of the payment.
    pub authorization: String,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Approved,
    Refused { reason: String },
}

/// The attempt that a result names, by which the top-up is found. Nothing has been checked yet.
pub fn attempt_of(body: &[u8]) -> Result<String, CallbackError> {
    Ok(Fields::read(body)?.shaped("txtIndex", is_alphanumeric)?.to_owned())
}

/// Reads a result that was signed with any of the keys and is about what was expected. The browser is
/// answered by a redirection to a page that tells how the top-up stands.
pub fn read_callback(
    body: &[u8],
    expected: &Expected,
    secrets: &[impl AsRef<str>],
) -> Result<Callback, CallbackError> {
    let fields = Fields::read(body)?;
    let not_asked = |name| CallbackError::NotAsked { name };
    let amount = write_amount(expected.amount).map_err(|_| not_asked("txtAmount"))?;
    let currency = write_currency(expected.currency).map_err(|_| not_asked("txtCurrency"))?;
    // In the order in which they are signed, and each bound before the digest is made.
    let values = [
        equal(&fields, "txtMerchNum", expected.merchant)?,
        equal(&fields, "txtIndex", expected.attempt)?,
        equal(&fields, "txtAmount", &amount)?,
        equal(&fields, "txtCurrency", currency)?,
        fields.shaped("txtNumAut", is_authorization)?,
        fields.shaped("RespVal", |text| text == "0" || text == "1")?,
        fields.required("RespMsg")?,
    ];
    let signature = fields.required("signature")?;
    who_signed(signature, secrets, |key| digest(&values, key)).ok_or(CallbackError::NoMatch)?;
    let [_, attempt, _, _, authorization, approved, message] = values;
    let outcome = match approved {
        "1" => Outcome::Approved,
        _ => Outcome::Refused { reason: message.to_owned() },
    };
    Ok(Callback { attempt: attempt.to_owned(), authorization: authorization.to_owned(), outcome })
}

fn equal<'a>(fields: &'a Fields, name: &'static str, expected: &str) -> Result<&'a str, CallbackError> {
    match fields.required(name)? {
        value if value == expected => Ok(value),
        _ => Err(CallbackError::NotAsked { name }),
    }
}

fn is_authorization(text: &str) -> bool {
    text.len() == AUTHORIZATION_LENGTH && is_alphanumeric(text)
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    const KEYS: [&str; 2] = ["DEMOKEY", "OLDKEY"];
    const APPROVED: &str = "txtMerchNum=00999001&txtIndex=TOPUP0001A1&txtAmount=150.00&txtCurrency=840\
        &txtNumAut=123456&RespVal=1&RespMsg=Approved\
        &signature=9e97301dc344ec0a74c81fdaca07c35da70a397b4fe735664b5ff6f05f766531";
    const REFUSED: &str = "txtMerchNum=00999001&txtIndex=TOPUP0001A1&txtAmount=150.00&txtCurrency=840\
        &txtNumAut=001234&RespVal=0&RespMsg=Declined\
        &signature=214fa267d39f721437549721e1e9a970342770a6b740a353f7b460477a614d68";

    fn expected() -> Expected<'static> {
        Expected {
            merchant: "00999001",
            attempt: "TOPUP0001A1",
            amount: Decimal::new(15_000, 2),
            currency: Currency::USD,
        }
    }

    #[track_caller]
    fn check(body: &str, expect: Expect) {
        expect.assert_eq(&match read_callback(body.as_bytes(), &expected(), &KEYS) {
            Ok(callback) => format!("{callback:?}"),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn a_result_is_an_approval_or_a_refusal() {
        check(
            APPROVED,
            expect![[r#"Callback { attempt: "TOPUP0001A1", authorization: "123456", outcome: Approved }"#]],
        );
        check(
            REFUSED,
            expect![[
                r#"Callback { attempt: "TOPUP0001A1", authorization: "001234", outcome: Refused { reason: "Declined" } }"#
            ]],
        );
        assert_eq!(attempt_of(APPROVED.as_bytes()), Ok("TOPUP0001A1".to_owned()));
    }

    #[test]
    fn a_refusal_cut_anew_to_read_as_an_approval_is_refused_although_its_signature_fits() {
        let forged = REFUSED
            .replace("txtNumAut=001234", "txtNumAut=00")
            .replace("RespVal=0", "RespVal=1")
            .replace("RespMsg=Declined", "RespMsg=2340Declined");
        assert_eq!(
            digest(&["00999001", "TOPUP0001A1", "150.00", "840", "00", "1", "2340Declined"], "DEMOKEY")
                .to_vec(),
            hex::decode("214fa267d39f721437549721e1e9a970342770a6b740a353f7b460477a614d68").expect("hex")
        );
        check(&forged, expect!["txtNumAut is not written as it should be"]);
    }

    #[test]
    fn digits_cannot_move_between_any_two_fields() {
        // Each keeps the text that is signed, and so the signature.
        for (known, other, reason) in [
            ("00999001&txtIndex=TOPUP0001A1", "00999001T&txtIndex=OPUP0001A1", "txtMerchNum"),
            ("TOPUP0001A1&txtAmount=150.00", "TOPUP0001A11&txtAmount=50.00", "txtIndex"),
            ("150.00&txtCurrency=840", "150.008&txtCurrency=40", "txtAmount"),
            ("840&txtNumAut=123456", "8401&txtNumAut=23456", "txtCurrency"),
        ] {
            let body = APPROVED.replacen(known, other, 1);
            assert_ne!(body, APPROVED);
            let refused = read_callback(body.as_bytes(), &expected(), &KEYS).expect_err("a refusal");
            assert_eq!(refused, CallbackError::NotAsked { name: reason });
        }
        check(
            &APPROVED.replace("123456&RespVal=1", "1234561&RespVal="),
            expect!["txtNumAut is not written as it should be"],
        );
        check(
            &APPROVED.replace("RespVal=1&RespMsg=Approved", "RespVal=1A&RespMsg=pproved"),
            expect!["RespVal is not written as it should be"],
        );
    }

    #[test]
    fn a_result_of_another_attempt_merchant_or_amount_is_refused() {
        let other = |expected: Expected| {
            read_callback(APPROVED.as_bytes(), &expected, &KEYS).expect_err("a refusal").to_string()
        };
        assert_eq!(
            other(Expected { attempt: "TOPUP0001A2", ..expected() }),
            "txtIndex is not what was asked for"
        );
        assert_eq!(
            other(Expected { merchant: "00999002", ..expected() }),
            "txtMerchNum is not what was asked for"
        );
        assert_eq!(
            other(Expected { amount: Decimal::new(151, 0), ..expected() }),
            "txtAmount is not what was asked for"
        );
        assert_eq!(
            other(Expected { currency: Currency::LBP, ..expected() }),
            "txtCurrency is not what was asked for"
        );
    }

    #[test]
    fn nothing_that_is_signed_can_be_changed() {
        for (known, other) in [
            ("txtNumAut=123456", "txtNumAut=123457"),
            ("RespVal=1", "RespVal=0"),
            ("RespMsg=Approved", "RespMsg=Approve"),
            ("9e97301d", "9e97301e"),
        ] {
            let body = APPROVED.replacen(known, other, 1);
            let refused = read_callback(body.as_bytes(), &expected(), &KEYS);
            assert_eq!(refused, Err(CallbackError::NoMatch), "{other}");
        }
        let turned = REFUSED.replace("RespVal=0", "RespVal=1");
        assert_eq!(read_callback(turned.as_bytes(), &expected(), &KEYS), Err(CallbackError::NoMatch));
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        check(&format!("{REFUSED}&RespVal=1"), expect!["RespVal is there twice"]);
        check(&format!("RespVal=1&{REFUSED}"), expect!["RespVal is there twice"]);
        assert!(attempt_of(format!("{APPROVED}&txtIndex=B").as_bytes()).is_err());
    }

    #[test]
    fn a_result_may_be_signed_with_the_key_that_is_being_replaced() {
        assert!(read_callback(APPROVED.as_bytes(), &expected(), &["new", "DEMOKEY"]).is_ok());
        let refused = read_callback(APPROVED.as_bytes(), &expected(), &["new", ""]);
        assert_eq!(refused, Err(CallbackError::NoMatch));
    }

    #[test]
    fn a_result_signed_with_the_key_of_the_test_account_is_no_money() {
        let live = ["LIVEKEY"];
        let refused = read_callback(APPROVED.as_bytes(), &expected(), &live);
        assert_eq!(refused, Err(CallbackError::NoMatch));
    }

    #[test]
    fn our_own_signed_form_is_no_result() {
        use super::super::{Ask, Payer, Settings, checkout};
        let settings = Settings {
            page_url: String::new(),
            merchant: "00999001".to_owned(),
            secret: KEYS[0].to_owned(),
            live: true,
        };
        let nobody = Payer {
            first_name: "",
            last_name: "",
            email: "",
            mobile: "",
            address: "",
            city: "",
            country: "",
        };
        let ask = Ask {
            attempt: "TOPUP0001A1",
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
            return_url: "https://pay.example.com/1",
            payer: nobody,
        };
        let form = checkout(&ask, &settings).expect("a form");
        let (_, signature) = form.fields.iter().find(|(name, _)| *name == "signature").expect("a signature");
        let replayed = APPROVED.split("&signature").next().expect("fields").to_owned();
        check(
            &format!("{replayed}&signature={signature}"),
            expect!["no signature fits the fields and a configured secret"],
        );
    }
}

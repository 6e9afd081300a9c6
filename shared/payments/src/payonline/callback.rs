//! What PayOnline tells the addresses that the merchant's cabinet names for approved and declined payments.

use iso_currency::Currency;
use rust_decimal::Decimal;

use super::{is_time, security_key};
use crate::fields::{CallbackError, Fields, is_digits, is_order, who_signed};

/// The fields that are signed, in this order; all others can be made up by whoever passes them on.
const SIGNED: [&str; 5] = ["DateTime", "TransactionID", "OrderId", "Amount", "Currency"];

/// That there was an attempt to pay. Whether it succeeded is for [`search`](super::search()) to tell:
/// the signature of a declined payment is as good at the address for approved ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// PayOnline's id of the payment.
    pub transaction: String,
    pub top_up: String,
    /// What was asked for, not what was taken from the card.
    pub amount: Decimal,
    pub currency: Currency,
    /// Why it was declined, unsigned.
    pub declined: Option<String>,
}

/// Reads a form, or the query of a call by GET, that was signed with any of the secrets.
///
/// The answer is an empty 200 once all that follows is stored.
pub fn read_callback(body: &[u8], secrets: &[impl AsRef<str>]) -> Result<Callback, CallbackError> {
    let fields = Fields::read(body)?;
    // The shapes come first: they leave no place in which a field could hold a piece of another.
    fields.shaped("DateTime", is_time)?;
    let transaction = fields.shaped("TransactionID", is_digits)?.to_owned();
    let top_up = fields.shaped("OrderId", is_order)?.to_owned();
    let amount = fields.amount("Amount")?;
    let currency = fields.currency("Currency")?;
    let mut signed = Vec::with_capacity(SIGNED.len());
    for name in SIGNED {
        signed.push((name, fields.required(name)?));
    }
    let signature = fields.required("SecurityKey")?;
    who_signed(signature, secrets, |secret| security_key(&signed, secret)).ok_or(CallbackError::NoMatch)?;
    let declined = fields.get("ErrorCode").or_else(|| fields.get("Code")).map(str::to_owned);
    Ok(Callback { transaction, top_up, amount, currency, declined })
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    const SECRETS: [&str; 2] = ["demo-key-0001", "demo-key-0000"];
    const HONEST: &str = "DateTime=2026-01-30+09%3A15%3A07&TransactionID=900100200&OrderId=TOPUP-0001\
        &Amount=150.00&Currency=USD&SecurityKey=c8a783d8eaf32130bb52cb7269e6dfb4&PaymentAmount=150.00\
        &PaymentCurrency=USD&CardHolder=A+B&CardNumber=************0015";

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        expected.assert_eq(&match read_callback(body.as_bytes(), &SECRETS) {
            Ok(callback) => format!("{callback:?}"),
            Err(error) => error.to_string(),
        });
    }

    /// A form that is signed with our key, whatever it holds.
    fn signed(fields: [&str; 5]) -> String {
        let pairs: Vec<_> = SIGNED.into_iter().zip(fields).collect();
        let key = hex::encode(security_key(&pairs, SECRETS[0]));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .append_pair("SecurityKey", &key)
            .finish()
    }

    #[test]
    fn an_honest_callback_tells_what_to_search_for() {
        check(
            HONEST,
            expect![[
                r#"Callback { transaction: "900100200", top_up: "TOPUP-0001", amount: 150.00, currency: USD, declined: None }"#
            ]],
        );
        let upper = HONEST.replace("c8a783d8eaf32130bb52cb7269e6dfb4", "C8A783D8EAF32130BB52CB7269E6DFB4");
        assert_eq!(read_callback(upper.as_bytes(), &SECRETS), read_callback(HONEST.as_bytes(), &SECRETS));
    }

    #[test]
    fn a_callback_may_be_signed_with_the_key_that_is_being_replaced() {
        assert!(read_callback(HONEST.as_bytes(), &["new", "demo-key-0001"]).is_ok());
        assert_eq!(read_callback(HONEST.as_bytes(), &["new", ""]), Err(CallbackError::NoMatch));
    }

    #[test]
    fn a_declined_payment_has_the_same_signature_so_a_callback_is_never_money() {
        // Nothing that is signed differs: the type has no field that says "paid".
        check(
            &format!("{HONEST}&ErrorCode=3"),
            expect![[
                r#"Callback { transaction: "900100200", top_up: "TOPUP-0001", amount: 150.00, currency: USD, declined: Some("3") }"#
            ]],
        );
    }

    #[test]
    fn what_is_signed_cannot_be_changed() {
        for (known, other) in [
            ("09%3A15%3A07", "09%3A15%3A08"),
            ("900100200", "900100201"),
            ("TOPUP-0001", "TOPUP-0002"),
            ("&Amount=150.00", "&Amount=950.00"),
            ("&Amount=150.00", "&Amount=150"),
            ("&Currency=USD", "&Currency=EUR"),
            ("c8a783d8", "c8a783d9"),
            ("SecurityKey=c8a783d8", "SecurityKey="),
        ] {
            let body = HONEST.replacen(known, other, 1);
            assert_ne!(body, HONEST);
            assert_eq!(read_callback(body.as_bytes(), &SECRETS), Err(CallbackError::NoMatch), "{other}");
        }
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        check(&format!("{HONEST}&Amount=950.00"), expect!["Amount is there twice"]);
        check(&format!("OrderId=TOPUP-0002&{HONEST}"), expect!["OrderId is there twice"]);
        check(&format!("{HONEST}&SecurityKey=00"), expect!["SecurityKey is there twice"]);
    }

    #[test]
    fn signed_text_cut_into_other_fields_is_refused() {
        let honest = ["2026-01-30 09:15:07", "900100200", "TOPUP-0001", "150.00", "USD"];
        assert!(read_callback(signed(honest).as_bytes(), &SECRETS).is_ok());
        // The signature fits each of these: only the shapes tell that a field has swallowed another.
        let [time, transaction, order, amount, currency] = honest;
        for (cut, field) in [
            (["2026&TransactionID=1", transaction, order, amount, currency], "DateTime"),
            ([time, "9&OrderId=TOPUP-0002", order, amount, currency], "TransactionID"),
            ([time, transaction, "A&Amount=1.00", amount, currency], "OrderId"),
            ([time, transaction, order, "1.00&Currency=USD&Amount=150.00", currency], "Amount"),
            ([time, transaction, order, amount, "USD&Currency=USD"], "Currency"),
        ] {
            let refused = read_callback(signed(cut).as_bytes(), &SECRETS);
            assert_eq!(refused, Err(CallbackError::Malformed { name: field.to_owned() }));
        }
    }

    #[test]
    fn our_own_signed_address_is_no_callback() {
        use super::super::{Ask, Settings, checkout};
        let settings = Settings {
            page_url: "https://p".to_owned(),
            merchant: "70001".to_owned(),
            secret: SECRETS[0].to_owned(),
        };
        let ask = Ask {
            top_up: "TOPUP-0001",
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
            description: None,
            valid_until: None,
            success_url: "",
            fail_url: "",
        };
        let url = checkout(&ask, &settings).expect("an address");
        let query = url.split_once('?').expect("a query").1;
        let forged = format!("{query}&DateTime=2026-01-30+09:15:07&TransactionID=70001");
        check(&forged, expect!["no signature fits the fields and a configured secret"]);
    }

    #[test]
    fn a_call_with_missing_fields_is_refused() {
        check("", expect!["DateTime is missing"]);
        check(&HONEST.replace("TransactionID", "TransactionId"), expect!["TransactionID is missing"]);
        check(&HONEST.replace("SecurityKey", "securityKey"), expect!["SecurityKey is missing"]);
    }
}

//! What FreedomPay posts to the result URL, and the answer that it wants (docs.freedompay.kg/doc-833008).

use std::fmt;

use iso_currency::Currency;
use rust_decimal::Decimal;

use super::sign::{SALT, SIGNATURE, digest, is_whole, signer};
use crate::fields::{CallbackError, Fields, is_alphanumeric, is_digits, is_order};

/// What [`answer`] is sent as.
pub const ANSWER_CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// Must be there: it is what a signed message under other names lacks most easily.
const TESTING: &str = "pg_testing_mode";

/// An authentic callback: a reason to ask for the [`status`](super::status()), which decides.
#[derive(Debug)]
pub struct Callback {
    /// FreedomPay's id of the payment, told when the page was opened: another one is another payment.
    pub payment: String,
    pub top_up: String,
    pub amount: Decimal,
    pub currency: Currency,
    /// What is left after FreedomPay's commission, where it tells.
    pub net: Option<Decimal>,
    pub outcome: Outcome,
    /// Play money: changes nothing on a live account.
    pub testing: bool,
    /// Whether it may be answered with [`Verdict::Rejected`].
    pub can_reject: bool,
    signer: Signer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `captured` is false while the money is only held on the card.
    Paid {
        captured: bool,
    },
    Failed {
        reason: String,
    },
    /// Still under way; another callback will tell.
    Unfinished,
}

/// What the answer is signed with. Holds a secret, so it cannot be printed.
struct Signer {
    script: String,
    salt: String,
    secret: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("..")
    }
}

impl Callback {
    /// FreedomPay's commission, where it tells.
    pub fn fee(&self) -> Option<Decimal> {
        self.net.and_then(|net| self.amount.checked_sub(net))
    }
}

/// Reads a form that was posted to a result URL which ends in `script`, signed with any of the secrets.
///
/// What is an error here is answered by a plain 400, and never by anything signed.
pub fn read_callback(
    script: &str,
    body: &[u8],
    secrets: &[impl AsRef<str>],
) -> Result<Callback, CallbackError> {
    let fields = Fields::read(body)?;
    // A value that holds a separator could be two. Such a callback is left to the status to settle.
    if let Some((name, _)) = fields.iter().find(|(_, value)| !is_whole(value)) {
        return Err(CallbackError::Malformed { name: name.to_owned() });
    }
    let salt = fields.shaped(SALT, is_alphanumeric)?.to_owned();
    let signature = fields.required(SIGNATURE)?;
    let values: Vec<&str> =
        fields.iter().filter(|(name, _)| *name != SIGNATURE).map(|(_, value)| value).collect();
    let secret = signer(signature, script, &values, secrets).ok_or(CallbackError::NoMatch)?;
    let amount = fields.amount("pg_amount")?;
    Ok(Callback {
        payment: fields.shaped("pg_payment_id", is_digits)?.to_owned(),
        top_up: fields.shaped("pg_order_id", is_order)?.to_owned(),
        amount,
        currency: fields.currency("pg_currency")?,
        net: net(&fields, amount)?,
        outcome: outcome(&fields)?,
        testing: flag(&fields, TESTING)?.ok_or(CallbackError::Missing { name: TESTING })?,
        can_reject: flag(&fields, "pg_can_reject")?.unwrap_or(false),
        signer: Signer { script: script.to_owned(), salt, secret: secret.to_owned() },
    })
}

/// Zero, and more than was paid, have been seen and mean that it is not known yet.
fn net(fields: &Fields, amount: Decimal) -> Result<Option<Decimal>, CallbackError> {
    const NAME: &str = "pg_net_amount";
    if fields.get(NAME).is_none_or(str::is_empty) {
        return Ok(None);
    }
    let net = fields.amount(NAME)?;
    Ok((Decimal::ZERO < net && net <= amount).then_some(net))
}

fn outcome(fields: &Fields) -> Result<Outcome, CallbackError> {
    const NAME: &str = "pg_result";
    match fields.required(NAME)? {
        // Only money on cards can be held: where nothing is said it was taken.
        "1" => Ok(Outcome::Paid { captured: flag(fields, "pg_captured")?.unwrap_or(true) }),
        "0" => {
            let reason = fields.get("pg_failure_description").filter(|text| !text.is_empty());
            let reason = reason.or_else(|| fields.get("pg_failure_code")).unwrap_or("no reason given");
            Ok(Outcome::Failed { reason: reason.to_owned() })
        }
        "2" => Ok(Outcome::Unfinished),
        _ => Err(CallbackError::Malformed { name: NAME.to_owned() }),
    }
}

fn flag(fields: &Fields, name: &str) -> Result<Option<bool>, CallbackError> {
    match fields.get(name) {
        None | Some("") => Ok(None),
        Some("0") => Ok(Some(false)),
        Some("1") => Ok(Some(true)),
        Some(_) => Err(CallbackError::Malformed { name: name.to_owned() }),
    }
}

/// What is made of a callback. The texts are fixed, because they are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stored: a payment, a failure, or a repeat of either.
    Recorded(&'static str),
    /// The money goes back and the payer is shown the text; only where [`Callback::can_reject`].
    Rejected(&'static str),
    /// FreedomPay is to ask a person.
    CannotProcess(&'static str),
}

/// The body of the answer, sent with status 200 once all that follows is stored. Not reached within two
/// hours, FreedomPay gives up.
pub fn answer(callback: &Callback, verdict: Verdict) -> String {
    let (status, description) = match verdict {
        Verdict::Recorded(text) => ("ok", text),
        Verdict::Rejected(text) => ("rejected", text),
        Verdict::CannotProcess(text) => ("error", text),
    };
    let Signer { script, salt, secret } = &callback.signer;
    let signature = hex::encode(digest(script, [description, salt, status].into_iter(), secret));
    let description = quick_xml::escape::escape(description);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response><pg_description>{description}</pg_description>\
         <pg_salt>{salt}</pg_salt><pg_status>{status}</pg_status><pg_sig>{signature}</pg_sig></response>"
    )
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    const SCRIPT: &str = "freedompay-result";
    const SECRETS: [&str; 2] = ["demoSecret01", "demoSecret00"];
    const HONEST: &str = "pg_order_id=TOPUP-0001&pg_payment_id=880011&pg_amount=1500.00&pg_currency=KZT\
        &pg_net_amount=1462.50&pg_ps_amount=1500&pg_ps_full_amount=1500.00&pg_ps_currency=KZT\
        &pg_description=Balance+top-up&pg_result=1&pg_payment_date=2026-01-30+14%3A15%3A07&pg_can_reject=0\
        &pg_testing_mode=1&pg_captured=1&pg_salt=z9y8x7&agreement=42&pg_sig=cb2ed1ae0f8959c8d89bca414d40c5ac";

    fn read(body: &str) -> Result<Callback, CallbackError> {
        read_callback(SCRIPT, body.as_bytes(), &SECRETS)
    }

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        expected.assert_eq(&match read(body) {
            Ok(callback) => format!("{callback:?}"),
            Err(error) => error.to_string(),
        });
    }

    /// Signs whatever the fields hold, by FreedomPay's rule.
    fn signed(fields: &[(&str, &str)]) -> String {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        super::super::sign::signed_form(SCRIPT, &sorted, SECRETS[0])
    }

    const FIELDS: [(&str, &str); 8] = [
        ("pg_order_id", "TOPUP-0001"),
        ("pg_payment_id", "880011"),
        ("pg_amount", "1500.00"),
        ("pg_currency", "KZT"),
        ("pg_result", "1"),
        ("pg_captured", "1"),
        ("pg_testing_mode", "0"),
        ("pg_salt", "z9y8x7"),
    ];

    fn with(name: &'static str, value: &'static str) -> String {
        let mut fields: Vec<_> = FIELDS.into_iter().filter(|(known, _)| *known != name).collect();
        fields.push((name, value));
        signed(&fields)
    }

    #[test]
    fn an_honest_callback_tells_what_was_paid_and_what_it_cost() {
        check(
            HONEST,
            expect![[
                r#"Callback { payment: "880011", top_up: "TOPUP-0001", amount: 1500.00, currency: KZT, net: Some(1462.50), outcome: Paid { captured: true }, testing: true, can_reject: false, signer: .. }"#
            ]],
        );
        assert_eq!(read(HONEST).expect("a callback").fee(), Some(Decimal::new(3750, 2)));
    }

    #[test]
    fn empty_fields_may_be_signed_or_not() {
        for signature in ["49ff406d6219c40e540ad537c88e08c3", "745d681c10a9e32b48d9ad21921cada9"] {
            let body = HONEST
                .replace("pg_description=Balance+top-up", "pg_description=")
                .replace("cb2ed1ae0f8959c8d89bca414d40c5ac", signature);
            assert!(read(&body).is_ok(), "{signature}");
        }
    }

    #[test]
    fn a_callback_may_be_signed_with_the_secret_that_is_being_replaced() {
        assert!(read_callback(SCRIPT, HONEST.as_bytes(), &["new", "demoSecret01"]).is_ok());
        let refused = read_callback(SCRIPT, HONEST.as_bytes(), &["new", ""]).expect_err("a refusal");
        assert_eq!(refused, CallbackError::NoMatch);
    }

    #[test]
    fn the_fee_is_unknown_when_the_net_amount_is_zero_missing_or_too_much() {
        for net in ["0.00", "", "1500.01"] {
            assert_eq!(read(&with("pg_net_amount", net)).expect("a callback").fee(), None, "{net:?}");
        }
        assert_eq!(read(&signed(&FIELDS)).expect("a callback").fee(), None);
        let free = read(&with("pg_net_amount", "1500")).expect("a callback");
        assert_eq!(free.fee(), Some(Decimal::ZERO));
    }

    #[test]
    fn a_failed_held_or_unfinished_payment_is_told_from_a_paid_one() {
        let outcome = |body: String| read(&body).expect("a callback").outcome;
        assert_eq!(outcome(with("pg_captured", "0")), Outcome::Paid { captured: false });
        assert_eq!(outcome(with("pg_result", "0")), Outcome::Failed { reason: "no reason given".into() });
        assert_eq!(outcome(with("pg_result", "2")), Outcome::Unfinished);
        assert!(read(&with("pg_result", "3")).is_err());
        assert!(read(&with("pg_result", "")).is_err());
    }

    #[test]
    fn nothing_that_is_signed_can_be_changed_added_or_left_out() {
        for (known, other) in [
            ("TOPUP-0001", "TOPUP-0002"),
            ("pg_payment_id=880011", "pg_payment_id=880012"),
            ("pg_amount=1500.00", "pg_amount=9500.00"),
            ("pg_currency=KZT", "pg_currency=USD"),
            ("pg_net_amount=1462.50", "pg_net_amount=1500.00"),
            ("pg_result=1", "pg_result=0"),
            ("agreement=42", "agreement=43"),
            ("&agreement=42", ""),
            ("&agreement=42", "&agreement=42&more=1"),
            ("cb2ed1ae", "cb2ed1af"),
        ] {
            let body = HONEST.replacen(known, other, 1);
            assert_ne!(body, HONEST);
            assert_eq!(read(&body).expect_err("a refusal"), CallbackError::NoMatch, "{other}");
        }
    }

    #[test]
    fn the_test_flag_cannot_be_taken_off() {
        assert!(read(HONEST).expect("a callback").testing);
        for body in [
            HONEST.replace("pg_testing_mode=1", "pg_testing_mode=0"),
            HONEST.replace("&pg_testing_mode=1", ""),
        ] {
            assert_eq!(read(&body).expect_err("a refusal"), CallbackError::NoMatch);
        }
        let unsure = FIELDS.into_iter().filter(|(name, _)| *name != TESTING).collect::<Vec<_>>();
        check(&signed(&unsure), expect!["pg_testing_mode is missing"]);
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        check(&format!("{HONEST}&pg_amount=9500.00"), expect!["pg_amount is there twice"]);
        check(&format!("{HONEST}&pg_sig=00"), expect!["pg_sig is there twice"]);
    }

    #[test]
    fn a_separator_in_a_value_is_refused_however_it_is_signed() {
        check(&with("pg_salt", "1500.00;KZT"), expect!["pg_salt is not written as it should be"]);
        check(&with("pg_description", "a;b"), expect!["pg_description is not written as it should be"]);
        check(&with("pg_salt", "a b"), expect!["pg_salt is not written as it should be"]);
        check(&with("pg_salt", ""), expect!["pg_salt is not written as it should be"]);
        // Two values in one: the digest of the honest callback, but other fields.
        let merged = HONEST.replace("&pg_captured=1", "").replace("pg_can_reject=0", "pg_can_reject=0%3B1");
        check(&merged, expect!["pg_can_reject is not written as it should be"]);
    }

    #[test]
    fn nobody_gets_an_answer_signed_that_is_a_callback_under_other_names() {
        // The digest of an answer whose salt was chosen so, with the fields of a paid callback.
        let forged = "pg_a=bad+signature&pg_amount=1500.00&pg_currency=KZT&pg_order_id=TOPUP-0001\
            &pg_payment_id=880011&pg_result=1&pg_salt=error&pg_sig=d475ce1d232c4b691e854d65dcb00452";
        // The signature fits; here the test flag is missing, but a longer salt could bring one.
        check(forged, expect!["pg_testing_mode is missing"]);
        // So it must never be made: who asks for it has to send that salt, and is not answered.
        let asked = with("pg_salt", "1500.00;KZT;TOPUP-0001;880011;1");
        check(&asked, expect!["pg_salt is not written as it should be"]);
        let unsigned = asked.split("&pg_sig").next().expect("fields").to_owned() + "&pg_sig=00";
        check(&unsigned, expect!["pg_salt is not written as it should be"]);
    }

    #[test]
    fn a_message_signed_for_another_address_is_no_callback() {
        for script in ["success", "init_payment.php", "get_status3.php", ""] {
            let refused = read_callback(script, HONEST.as_bytes(), &SECRETS).expect_err("a refusal");
            assert_eq!(refused, CallbackError::NoMatch);
        }
    }

    /// The same values under other names: the signature fits.
    fn renamed(body: &str, names: &[(&str, &str)]) -> String {
        let rename = |pair: &str| {
            let (name, value) = pair.split_once('=').expect("a pair");
            let other = names.iter().find(|(known, _)| *known == name);
            format!("{}={value}", other.map_or(name, |(_, other)| other))
        };
        body.split('&').map(rename).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn a_signed_message_under_other_names_is_refused_by_what_its_values_look_like() {
        let mut fields = FIELDS.to_vec();
        fields.retain(|(name, _)| !["pg_result", "pg_testing_mode"].contains(name));
        fields.extend([("pg_result", "0"), ("pg_testing_mode", "1"), ("pg_user_phone", "77001234567")]);
        let failed = signed(&fields);
        assert!(matches!(read(&failed).expect("a callback").outcome, Outcome::Failed { .. }));
        // The test flag read as the result, and the phone as the salt: no test flag is left.
        let paid = [
            ("pg_result", "pg_reference"),
            ("pg_salt", "pg_rest"),
            ("pg_testing_mode", "pg_result"),
            ("pg_user_phone", "pg_salt"),
        ];
        check(&renamed(&failed, &paid), expect!["pg_testing_mode is missing"]);
        // The phone read as the test flag.
        let paid = [
            ("pg_result", "pg_reference"),
            ("pg_salt", "pg_result"),
            ("pg_testing_mode", "pg_salt"),
            ("pg_user_phone", "pg_testing_mode"),
        ];
        check(&renamed(&failed, &paid), expect!["pg_result is not written as it should be"]);
        // The currency read as another top-up.
        let other = [("pg_captured", "pg_currency"), ("pg_currency", "pg_order_id"), ("pg_order_id", "pg_p")];
        check(&renamed(&failed, &other), expect!["pg_currency is not written as it should be"]);
    }

    #[test]
    fn an_answer_is_signed_with_what_the_callback_was_signed_with() {
        let callback = read(HONEST).expect("a callback");
        expect![[r#"
            <?xml version="1.0" encoding="utf-8"?>
            <response><pg_description>accepted</pg_description><pg_salt>z9y8x7</pg_salt><pg_status>ok</pg_status><pg_sig>579ed7fa9d3753cb297ece7532789270</pg_sig></response>"#]]
        .assert_eq(&answer(&callback, Verdict::Recorded("accepted")));
        let rejected = answer(&callback, Verdict::Rejected("order expired"));
        assert!(rejected.contains("<pg_sig>84fe3efd7660be130a54530d0e222405</pg_sig>"), "{rejected}");
    }

    #[test]
    fn the_secret_is_not_printed_with_a_callback() {
        assert!(!format!("{:?}", read(HONEST)).contains("demoSecret"));
    }
}

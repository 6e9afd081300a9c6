//! Asking FreedomPay how a payment stands (freedompay.kz/docs-en/merchant-api/after-pay): what makes a
//! payment certain, and where refunds are told.

use http::{Request, StatusCode};
use iso_currency::Currency;
use rust_decimal::Decimal;

use super::Settings;
use super::checkout::post;
use super::xml::{self, Element};
use crate::fields::{AskError, ReadError, is_alphanumeric, is_digits, is_order, read_amount};

/// What is asked, and signs the answer.
const SCRIPT: &str = "get_status3.php";

/// Which payment is meant.
#[derive(Clone, Copy, Debug)]
pub enum Ref<'a> {
    Payment(&'a str),
    /// The latest payment of a top-up.
    TopUp(&'a str),
}

/// How a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// FreedomPay's id of the payment: a payment is made once for each.
    pub payment: String,
    /// Not always told.
    pub top_up: Option<String>,
    pub amount: Decimal,
    pub currency: Currency,
    pub state: State,
    /// False while the money is only held on the card.
    pub captured: bool,
    /// Not always told.
    pub testing: Option<bool>,
    /// What went back, refund by refund.
    pub refunds: Vec<Refund>,
    /// The sum of that as FreedomPay tells it; zero where it does not.
    pub refunded: Decimal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Success,
    /// Nobody has paid yet, or the bank has not answered.
    Waiting,
    Failed,
    /// All of it went back to the payer after it was paid.
    Returned,
    /// A state that is not known here: for a person to look at.
    Other(String),
}

/// Money that went back to the payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// FreedomPay's id of it.
    pub payment: String,
    /// Above zero, in the payment's currency.
    pub amount: Decimal,
}

impl Status {
    /// Whether it may be counted on; some of it may have gone back.
    pub fn is_money(&self) -> bool {
        self.state == State::Success && self.captured
    }

    /// The sum of its refunds.
    pub fn listed(&self) -> Decimal {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

/// The request for a payment's status. The salt is random letters and digits.
pub fn status(of: &Ref, salt: &str, settings: &Settings) -> Result<Request<String>, AskError> {
    let (by, fits) = match *of {
        Ref::Payment(id) => (("pg_payment_id", id), is_digits(id)),
        Ref::TopUp(id) => (("pg_order_id", id), is_order(id)),
    };
    if !fits {
        return Err(AskError::Field { field: by.0 });
    }
    if !is_alphanumeric(salt) {
        return Err(AskError::Field { field: "salt" });
    }
    let fields = [("pg_merchant_id", settings.merchant.as_str()), by, ("pg_salt", salt)];
    Ok(post(SCRIPT, &fields, settings)?)
}

/// Reads the answer to [`status`].
pub fn read_status(status: StatusCode, body: &[u8], settings: &Settings) -> Result<Status, ReadError> {
    ReadError::of_status(status)?;
    let answer = xml::read(body, SCRIPT, &settings.secret)?;
    Ok(Status {
        payment: answer.required("pg_payment_id")?.to_owned(),
        top_up: answer.get("pg_order_id").map(str::to_owned),
        amount: answer.amount("pg_amount")?,
        currency: answer.currency("pg_currency")?,
        state: state(answer.required("pg_payment_status")?),
        // Only money on cards can be held: where nothing is said it was taken.
        captured: answer.get("pg_captured").is_none_or(|text| text == "1"),
        testing: answer.get("pg_testing_mode").map(|text| text == "1"),
        refunds: refunds(&answer)?,
        refunded: answer
            .get("pg_refund_amount")
            .map_or(Ok(Decimal::ZERO), |text| below_zero("pg_refund_amount", text))?,
    })
}

fn state(text: &str) -> State {
    match text {
        "success" => State::Success,
        "new" | "waiting" | "process" | "pending" | "incomplete" => State::Waiting,
        "error" | "failed" => State::Failed,
        "refunded" | "revoked" => State::Returned,
        _ => State::Other(text.to_owned()),
    }
}

/// Those that succeeded.
fn refunds(answer: &Element) -> Result<Vec<Refund>, ReadError> {
    let Some(told) = answer.child("pg_refund_payments") else { return Ok(Vec::new()) };
    let is_done = |refund: &&Element| refund.get("pg_payment_status") == Some("success");
    let refunds = told.children.iter().filter(is_done).map(|refund| {
        let amount = below_zero("pg_amount", refund.required("pg_amount")?)?;
        Ok(Refund { payment: refund.required("pg_payment_id")?.to_owned(), amount })
    });
    refunds.collect()
}

/// What goes back is told below zero.
fn below_zero(name: &str, text: &str) -> Result<Decimal, ReadError> {
    let amount = read_amount(text.strip_prefix('-').unwrap_or(text));
    amount.ok_or_else(|| ReadError::unreadable(format!("{name} is no amount: {text:?}")))
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    fn settings() -> Settings {
        Settings {
            api_url: "https://api.freedompay.kz".to_owned(),
            merchant: "500001".to_owned(),
            secret: "demoSecret01".to_owned(),
            testing: false,
        }
    }

    #[test]
    fn the_status_is_asked_by_top_up_or_by_payment() {
        let body = |of| status(&of, "q1w2e3", &settings()).expect("a request").into_body();
        expect![
            "pg_merchant_id=500001&pg_order_id=TOPUP-0001&pg_salt=q1w2e3&pg_sig=a7995a093a14d6ad0d37db1d264cc33e"
        ]
        .assert_eq(&body(Ref::TopUp("TOPUP-0001")));
        assert!(body(Ref::Payment("880011")).starts_with("pg_merchant_id=500001&pg_payment_id=880011&"));
        let request = status(&Ref::Payment("880011"), "q1", &settings()).expect("a request");
        assert_eq!(request.uri(), "https://api.freedompay.kz/get_status3.php");
    }

    #[test]
    fn what_could_be_two_values_is_not_signed() {
        assert!(status(&Ref::Payment("1;2"), "q1", &settings()).is_err());
        assert!(status(&Ref::TopUp("a;b"), "q1", &settings()).is_err());
        assert!(status(&Ref::TopUp("a"), "q;1", &settings()).is_err());
    }

    /// An answer as the vendor shows it. `values` is what is signed, in order.
    fn answer(state: &str, refunds: &str, values: &str) -> String {
        use md5::{Digest, Md5};
        let signed = format!("{SCRIPT};{values};demoSecret01");
        let signature = hex::encode(Md5::digest(signed));
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>\n    <pg_status>ok</pg_status>\n    \
             <pg_payment_id>880011</pg_payment_id>\n    <pg_amount>10</pg_amount>\n    \
             <pg_currency>KZT</pg_currency>\n    <pg_payment_status>{state}</pg_payment_status>\n    \
             {refunds}<pg_captured>1</pg_captured>\n    <pg_salt>abc</pg_salt>\n    \
             <pg_sig>{signature}</pg_sig>\n</response>\n"
        )
    }

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        expected.assert_eq(&match read_status(StatusCode::OK, body.as_bytes(), &settings()) {
            Ok(status) => format!("{status:?} money={}", status.is_money()),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn a_status_tells_whether_there_is_money() {
        let paid = answer("success", "", "10;1;KZT;880011;success;abc;ok");
        check(
            &paid,
            expect![[
                r#"Status { payment: "880011", top_up: None, amount: 10, currency: KZT, state: Success, captured: true, testing: None, refunds: [], refunded: 0 } money=true"#
            ]],
        );
        let waiting = answer("process", "", "10;1;KZT;880011;process;abc;ok");
        check(
            &waiting,
            expect![[
                r#"Status { payment: "880011", top_up: None, amount: 10, currency: KZT, state: Waiting, captured: true, testing: None, refunds: [], refunded: 0 } money=false"#
            ]],
        );
        for state in ["refunded", "revoked"] {
            check(
                &answer(state, "", &format!("10;1;KZT;880011;{state};abc;ok")),
                expect![[
                    r#"Status { payment: "880011", top_up: None, amount: 10, currency: KZT, state: Returned, captured: true, testing: None, refunds: [], refunded: 0 } money=false"#
                ]],
            );
        }
        let odd = answer("partial", "", "10;1;KZT;880011;partial;abc;ok");
        check(
            &odd,
            expect![[
                r#"Status { payment: "880011", top_up: None, amount: 10, currency: KZT, state: Other("partial"), captured: true, testing: None, refunds: [], refunded: 0 } money=false"#
            ]],
        );
    }

    #[test]
    fn refunds_are_inside_and_signed_in_their_place() {
        let refund = |id: &str, state: &str, amount: &str| {
            format!(
                "<pg_refund_payment>\n <pg_payment_id>{id}</pg_payment_id>\n \
                 <pg_payment_status>{state}</pg_payment_status>\n <pg_amount>{amount}</pg_amount>\n \
                 </pg_refund_payment>\n"
            )
        };
        let told = format!(
            "<pg_refund_payments>\n{}{}</pg_refund_payments>\n<pg_refund_amount>-4</pg_refund_amount>\n",
            refund("1", "success", "-4"),
            refund("2", "error", "-6"),
        );
        check(
            &answer("success", &told, "10;1;KZT;880011;success;-4;-4;1;success;-6;2;error;abc;ok"),
            expect![[
                r#"Status { payment: "880011", top_up: None, amount: 10, currency: KZT, state: Success, captured: true, testing: None, refunds: [Refund { payment: "1", amount: 4 }], refunded: 4 } money=true"#
            ]],
        );
    }

    #[test]
    fn a_status_that_is_not_signed_by_us_is_not_believed() {
        let failed = answer("error", "", "10;1;KZT;880011;error;abc;ok");
        check(&failed.replace("error", "success"), expect!["the answer is not signed with our secret"]);
        check(
            "<response><pg_status>error</pg_status><pg_error_code>9998</pg_error_code></response>",
            expect!["the payment system refused: 9998 no reason given"],
        );
    }
}

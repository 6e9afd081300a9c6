//! Asking for a payment with all that Stripe booked for it (docs.stripe.com/api/payment_intents/retrieve):
//! what it kept, what went back, and which top-up it was for. Of its charge, fee and refunds Stripe tells no more
//! than ids unless they are asked for (docs.stripe.com/expand), and of refunds the latest ten; the others are
//! in lists (docs.stripe.com/api/refunds/list).

use http::{Method, Request, StatusCode};
use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;

use super::checkout::{Settings, TOP_UP_KEY, call};
use super::event::{LowerCaseCurrency, Metadata};
use super::from_minor_units;
use super::session::read;
use crate::fields::ReadError;

/// In one list: as many as Stripe gives.
const REFUNDS_AT_ONCE: &str = "100";

/// A payment as it is now. Amounts are in Stripe's units, see [`from_minor_units`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFacts {
    pub payment_intent: String,
    pub livemode: bool,
    /// Missing for payments that did not begin with our checkout.
    pub top_up: Option<String>,
    pub amount_minor: i64,
    pub currency: Currency,
    /// What took the money from the payer: by this name refunds are told.
    pub charge: Option<String>,
    /// The latest of its refunds; those that came before are told by [`refunds`](refunds()).
    pub refunds: Refunds,
    /// Not known at once: with the charge's next update it is.
    pub fee: Option<Fee>,
}

/// Refunds of a charge, the latest first, as far as they were told. All of them together only grow, which what
/// the charge itself says does not: it falls with a refund that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refunds {
    /// What they are of, whether it reached the payer or not.
    pub amount_minor: i64,
    /// What of that did not: refunds that failed.
    pub failed_minor: i64,
    /// The last of them, if there are more behind it.
    pub more_behind: Option<String>,
}

impl Refunds {
    /// Adds those of the list behind them.
    pub fn add(&mut self, next: Self) {
        self.amount_minor += next.amount_minor;
        self.failed_minor += next.failed_minor;
        self.more_behind = next.more_behind;
    }
}

/// What Stripe booked for a payment, in the currency that the account is paid out in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    pub amount_minor: i64,
    pub fee_minor: i64,
    pub net_minor: i64,
    pub currency: Currency,
    /// By how much the payment's amount was multiplied, where the currencies differ.
    pub exchange_rate: Option<Decimal>,
}

impl Fee {
    /// The fee in the currency that was paid in: exact where nothing was converted, else rounded up to the
    /// smallest unit. None if no rate was told.
    pub fn in_currency(&self, paid: Currency) -> Option<Decimal> {
        let fee = from_minor_units(self.fee_minor, self.currency)?;
        if self.currency == paid {
            return Some(fee);
        }
        let places = u32::from(paid.exponent()?);
        let exact = fee.checked_div(self.exchange_rate?)?;
        Some(exact.round_dp_with_strategy(places, RoundingStrategy::AwayFromZero))
    }
}

/// The request for a payment with its fee and its latest refunds.
pub fn payment(payment_intent: &str, settings: &Settings) -> Result<Request<String>, http::Error> {
    let id: String = form_urlencoded::byte_serialize(payment_intent.as_bytes()).collect();
    let expand =
        ["balance_transaction", "refunds"].map(|field| format!("expand%5B%5D=latest_charge.{field}"));
    let path = format!("payment_intents/{id}?{}", expand.join("&"));
    call(Method::GET, &path, settings)?.body(String::new())
}

/// Reads the answer to [`payment`](payment()).
pub fn read_payment(status: StatusCode, body: &[u8]) -> Result<PaymentFacts, ReadError> {
    let told: Told = read(status, body)?;
    let (charge, refunds, booked) = match told.latest_charge {
        Some(charge) => {
            let all = Refunds { amount_minor: charge.amount_refunded, ..Refunds::default() };
            (Some(charge.id), charge.refunds.map_or(all, Refunds::from), charge.balance_transaction)
        }
        None => (None, Refunds::default(), None),
    };
    Ok(PaymentFacts {
        payment_intent: told.id,
        livemode: told.livemode,
        top_up: told.metadata.and_then(|mut metadata| metadata.remove(TOP_UP_KEY)),
        amount_minor: told.amount,
        currency: told.currency.0,
        charge,
        refunds,
        fee: booked.map(Fee::try_from).transpose()?,
    })
}

/// The request for the refunds of a charge that are behind one of them.
pub fn refunds(charge: &str, behind: &str, settings: &Settings) -> Result<Request<String>, http::Error> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("charge", charge)
        .append_pair("limit", REFUNDS_AT_ONCE)
        .append_pair("starting_after", behind)
        .finish();
    call(Method::GET, &format!("refunds?{query}"), settings)?.body(String::new())
}

/// Reads the answer to [`refunds`](refunds()).
pub fn read_refunds(status: StatusCode, body: &[u8]) -> Result<Refunds, ReadError> {
    Ok(read::<RefundList>(status, body)?.into())
}

#[derive(Deserialize)]
struct Told {
    id: String,
    livemode: bool,
    metadata: Option<Metadata>,
    amount: i64,
    currency: LowerCaseCurrency,
    latest_charge: Option<Charge>,
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    #[serde(default)]
    amount_refunded: i64,
    refunds: Option<RefundList>,
    balance_transaction: Option<BalanceTransaction>,
}

#[derive(Deserialize)]
struct RefundList {
    data: Vec<Refund>,
    /// There are more than are listed.
    has_more: bool,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    amount: i64,
    status: Option<String>,
}

impl From<RefundList> for Refunds {
    fn from(list: RefundList) -> Self {
        let failed = list.data.iter().filter(|refund| refund.has_failed());
        Self {
            amount_minor: list.data.iter().map(|refund| refund.amount).sum(),
            failed_minor: failed.map(|refund| refund.amount).sum(),
            more_behind: list.data.last().filter(|_| list.has_more).map(|refund| refund.id.clone()),
        }
    }
}

impl Refund {
    fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }
}

#[derive(Deserialize)]
struct BalanceTransaction {
    amount: i64,
    fee: i64,
    net: i64,
    currency: LowerCaseCurrency,
    /// A number with a point, kept as it is written.
    exchange_rate: Option<serde_json::Number>,
}

impl TryFrom<BalanceTransaction> for Fee {
    type Error = ReadError;

    fn try_from(told: BalanceTransaction) -> Result<Self, ReadError> {
        let rate = |number: serde_json::Number| {
            let rate = number.to_string().parse::<Decimal>().map_err(ReadError::unreadable)?;
            if rate <= Decimal::ZERO {
                return Err(ReadError::unreadable(format!("{rate} is no exchange rate")));
            }
            Ok(rate)
        };
        Ok(Self {
            amount_minor: told.amount,
            fee_minor: told.fee,
            net_minor: told.net,
            currency: told.currency.0,
            exchange_rate: told.exchange_rate.map(rate).transpose()?,
        })
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(charge: &str, paid: Currency, expected: Expect) {
        let body = format!(
            r#"{{"id":"pi_1","object":"payment_intent","livemode":false,"amount":15000,"currency":"usd",
                "metadata":{{"top_up":"top_1"}},"latest_charge":{charge}}}"#
        );
        expected.assert_eq(&match read_payment(StatusCode::OK, body.as_bytes()) {
            Ok(facts) => {
                assert_eq!(facts.top_up.as_deref(), Some("top_1"));
                let fee = facts.fee.map(|fee| fee.in_currency(paid));
                format!("{}, fee {fee:?}", shown(&facts.refunds))
            }
            Err(error) => error.to_string(),
        });
    }

    fn shown(refunds: &Refunds) -> String {
        let Refunds { amount_minor, failed_minor, more_behind } = refunds;
        let more = more_behind.iter().map(|last| format!(", more behind {last}"));
        format!("refunded {amount_minor} less {failed_minor}{}", more.collect::<String>())
    }

    #[test]
    fn a_payment_tells_its_fee_as_soon_as_it_is_known() {
        check("null", Currency::USD, expect!["refunded 0 less 0, fee None"]);
        check(
            r#"{"id":"ch_1","amount_refunded":0,"balance_transaction":null}"#,
            Currency::USD,
            expect!["refunded 0 less 0, fee None"],
        );
        check(
            r#"{"id":"ch_1","amount_refunded":5000,"balance_transaction":{"id":"txn_1","amount":15000,
                "fee":465,"net":14535,"currency":"usd","exchange_rate":null}}"#,
            Currency::USD,
            expect!["refunded 5000 less 0, fee Some(Some(4.65))"],
        );
    }

    #[test]
    fn what_went_back_only_grows_and_so_does_what_of_it_failed() {
        let charge = |refunded: i64, refunds: &str| {
            format!(r#"{{"id":"ch_1","amount_refunded":{refunded},"refunds":{{{refunds}}}}}"#)
        };
        let first = r#"{"id":"re_1","amount":5000,"status":"failed"}"#;
        check(
            &charge(0, &format!(r#""data":[{first}],"has_more":false"#)),
            Currency::USD,
            expect!["refunded 5000 less 5000, fee None"],
        );
        let next = r#"{"id":"re_2","amount":2000,"status":null}"#;
        check(
            &charge(2_000, &format!(r#""data":[{next},{first}],"has_more":false"#)),
            Currency::USD,
            expect!["refunded 7000 less 5000, fee None"],
        );
        check(
            &charge(2_000, &format!(r#""data":[{next}],"has_more":true"#)),
            Currency::USD,
            expect!["refunded 2000 less 0, more behind re_2, fee None"],
        );
    }

    #[test]
    fn further_refunds_are_asked_for_and_added() {
        let settings = Settings { api_url: "https://api.stripe.com/".into(), secret_key: "sk_test_1".into() };
        assert_eq!(
            refunds("ch_1", "re_2", &settings).expect("a request").uri(),
            "https://api.stripe.com/v1/refunds?charge=ch_1&limit=100&starting_after=re_2"
        );
        let mut all = Refunds { amount_minor: 2_000, failed_minor: 0, more_behind: Some("re_2".into()) };
        let list = r#"{"has_more":false,"data":[{"id":"re_1","amount":5000,"status":"failed"}]}"#;
        all.add(read_refunds(StatusCode::OK, list.as_bytes()).expect("a list"));
        assert_eq!(shown(&all), "refunded 7000 less 5000");
    }

    #[test]
    fn a_fee_in_another_currency_is_converted_back_and_rounded_up() {
        let converted = |rate: &str| {
            format!(
                r#"{{"id":"ch_1","amount_refunded":0,"balance_transaction":{{"amount":13800,"fee":430,
                    "net":13370,"currency":"eur","exchange_rate":{rate}}}}}"#
            )
        };
        check(&converted("0.92"), Currency::USD, expect!["refunded 0 less 0, fee Some(Some(4.68))"]);
        check(&converted("null"), Currency::USD, expect!["refunded 0 less 0, fee Some(None)"]);
        check(&converted("0"), Currency::USD, expect!["the answer cannot be read: 0 is no exchange rate"]);
    }

    #[test]
    fn a_payment_is_asked_for_with_its_fee() {
        let settings = Settings { api_url: "https://api.stripe.com/".into(), secret_key: "sk_test_1".into() };
        let request = payment("pi_1", &settings).expect("a request");
        assert_eq!(
            request.uri(),
            "https://api.stripe.com/v1/payment_intents/pi_1?expand%5B%5D=latest_charge.balance_transaction\
             &expand%5B%5D=latest_charge.refunds"
        );
    }
}

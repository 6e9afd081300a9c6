//! Listing what happened on an account: the only place where PayOnline says whether money is real, and where
//! refunds are, each a transaction of its own with the order of the payment.

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{Settings, security_key, write_time};
use crate::fields::{ReadError, read_amount};
use crate::xml::{self, Element};

/// A list is of no longer time (PayOnline API reference, "List method").
pub const LIST_SPAN_MAX: SignedDuration = SignedDuration::from_hours(3 * 24);
/// What was declined moved no money.
const STATUSES: &str = "Pending,Settled,Voided";

/// What is listed: all transactions of an account of one kind, between two times.
#[derive(Clone, Copy, Debug)]
pub struct List {
    pub kind: ListKind,
    pub from: Timestamp,
    /// With its whole second.
    pub till: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    Purchase,
    Refund,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// PayOnline's id of it: a refund has another one than the payment.
    pub transaction: String,
    /// Above zero, refunds too.
    pub amount: Decimal,
    pub currency: Currency,
    /// False for play money.
    pub is_real: bool,
    /// Whether it was taken back within its first day, as if it had never been.
    pub is_voided: bool,
}

impl ListKind {
    fn name(self) -> &'static str {
        match self {
            Self::Purchase => "Purchase",
            Self::Refund => "Refund",
        }
    }
}

/// The request for a list.
pub fn list(ask: &List, settings: &Settings) -> Result<Request<String>, http::Error> {
    let (from, till) = (write_time(ask.from), write_time(ask.till));
    let signed = [
        ("MerchantId", settings.merchant.as_str()),
        ("DateFrom", &from),
        ("DateTill", &till),
        ("Type", ask.kind.name()),
        ("Status", STATUSES),
    ];
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(signed)
        .append_pair("ContentType", "xml")
        .append_pair("SecurityKey", &hex::encode(security_key(&signed, &settings.secret)))
        .finish();
    let url = format!("{}/payment/transaction/list/", settings.page_url.trim_end_matches('/'));
    Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

/// Reads of the answer to [`list`] what belongs to a top-up. As of a search, the answer is not signed, and may be
/// empty where there is nothing.
pub fn read_list(
    status: StatusCode,
    body: &[u8],
    kind: ListKind,
    top_up: &str,
) -> Result<Vec<Listed>, ReadError> {
    ReadError::of_status(status)?;
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let is_its = |row: &&Element| row.get("orderId") == Some(top_up) && row.get("type") == Some(kind.name());
    xml::parse(body, "list")?.children.iter().filter(is_its).map(listed).collect()
}

fn listed(row: &Element) -> Result<Listed, ReadError> {
    row.check_names()?;
    let amount = row.required("amount")?;
    let unknown = |name: &str, text: &str| ReadError::unreadable(format!("{text:?} is no known {name}"));
    Ok(Listed {
        transaction: row.required("id")?.to_owned(),
        amount: read_amount(amount.strip_prefix('-').unwrap_or(amount))
            .ok_or_else(|| unknown("amount", amount))?,
        currency: row.currency("currency")?,
        is_real: match row.required("gateway")? {
            "Real" => true,
            "Test" => false,
            other => return Err(unknown("gateway", other)),
        },
        is_voided: match row.required("status")? {
            "Pending" | "Settled" => false,
            "Voided" => true,
            other => return Err(unknown("status", other)),
        },
    })
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    /// As the reference shows it.
    const ROW: &str = "<transaction>
        <date>2026-01-30 09:15:07</date> <id>900100200</id> <orderId>TOPUP-0001</orderId>
        <type>Purchase</type> <status>Settled</status> <cardNumber>************0015</cardNumber>
        <amount>150.00</amount> <currency>USD</currency> <gateway>Test</gateway>
        <cardHolder>Test HolderName</cardHolder> <phone /> <email>test@local.com</email>
    </transaction>";

    #[test]
    fn a_list_is_signed_by_its_times_and_what_is_listed() {
        let settings = Settings {
            page_url: "https://secure.payonlinesystem.com".to_owned(),
            merchant: "70001".to_owned(),
            secret: "demo-key-0001".to_owned(),
        };
        let time = |text: &str| text.parse().expect("a time");
        let (from, till) = (time("2026-01-30T09:10:07Z"), time("2026-01-30T09:20:07Z"));
        let request = list(&List { kind: ListKind::Purchase, from, till }, &settings).expect("a request");
        expect!["POST https://secure.payonlinesystem.com/payment/transaction/list/ MerchantId=70001&DateFrom=2026-01-30+09%3A10%3A07&DateTill=2026-01-30+09%3A20%3A07&Type=Purchase&Status=Pending%2CSettled%2CVoided&ContentType=xml&SecurityKey=4b5bf0e089ea2b9c12a96050fd20ee37"]
            .assert_eq(&format!("{} {} {}", request.method(), request.uri(), request.body()));
    }

    #[track_caller]
    fn check(rows: &str, expected: Expect) {
        let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><list>{rows}</list>");
        let read = read_list(StatusCode::OK, body.as_bytes(), ListKind::Purchase, "TOPUP-0001");
        expected.assert_eq(&read.map_or_else(|error| error.to_string(), |listed| format!("{listed:?}")));
    }

    #[test]
    fn a_list_says_of_each_transaction_whether_its_money_is_real() {
        check(
            ROW,
            expect![[
                r#"[Listed { transaction: "900100200", amount: 150.00, currency: USD, is_real: false, is_voided: false }]"#
            ]],
        );
        check(
            &ROW.replace("Test<", "Real<").replace("Settled", "Voided").replace("150.00", "-150.00"),
            expect![[
                r#"[Listed { transaction: "900100200", amount: 150.00, currency: USD, is_real: true, is_voided: true }]"#
            ]],
        );
    }

    #[test]
    fn what_belongs_to_others_is_not_read_and_what_is_not_understood_is_no_answer() {
        check("", expect!["[]"]);
        let nothing = read_list(StatusCode::OK, b"\n", ListKind::Purchase, "TOPUP-0001");
        assert_eq!(nothing.expect("no rows"), []);
        check(&ROW.replace("TOPUP-0001", "TOPUP-0002").replace("150.00", "?"), expect!["[]"]);
        check(&ROW.replace("Purchase", "Refund"), expect!["[]"]);
        check(
            &ROW.replace("Test<", "Other<"),
            expect![[r#"the answer cannot be read: "Other" is no known gateway"#]],
        );
        check(
            &ROW.replace("<gateway>Test</gateway>", ""),
            expect!["the answer cannot be read: gateway is missing"],
        );
        check(
            &ROW.replace("<phone />", "<gateway>Real</gateway>"),
            expect!["the answer cannot be read: gateway is there twice"],
        );
        check(
            &ROW.replace("Settled", "Declined"),
            expect![[r#"the answer cannot be read: "Declined" is no known status"#]],
        );
        check(
            &ROW.replace("150.00", "1e9"),
            expect![[r#"the answer cannot be read: "1e9" is no known amount"#]],
        );
    }
}

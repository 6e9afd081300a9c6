//! FreedomPay on loopback.
//!
//! | call | does |
//! |---|---|
//! | `POST /init_payment.php` | takes an order, if it is rightly signed, and answers with its page |
//! | `GET /pay/{payment}` | the page |
//! | `POST /pay/{payment}` | pays or declines: calls the order's result URL, then sends the browser back |
//! | `POST /get_status3.php` | tells how a payment stands, with its refunds |
//!
//! As with FreedomPay, the address of callbacks comes with each order. Nothing is sent again by itself.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post as posted};
use md5::{Digest, Md5};
use rust_decimal::Decimal;

use super::{Pairs, Payer, Trick, client, form, pay_page, post, raised, refusal, set};
use crate::loopback::{Reserved, Serving};

const FIRST_PAYMENT: u64 = 880_011;
/// What is kept of a payment: 2.5 %.
const FEE_PER_MILLE: i64 = 25;
const SALT: &str = "Yw7zK2pQ";

/// A payment that was begun or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub payment: u64,
    pub order: String,
    pub amount: String,
    pub currency: String,
    pub description: String,
    pub result_url: String,
    pub success_url: String,
    pub failure_url: String,
    pub testing: bool,
    /// Whether its status tells that; the real one does not always.
    pub tells_mode: bool,
    /// Whether its callback tells what is left of it.
    pub tells_net: bool,
    /// Whether its callback may still be answered with a refusal, so that the money goes back.
    pub can_reject: bool,
    /// None before the payer acted.
    pub outcome: Option<Payer>,
    /// False while the money is only held.
    pub captured: bool,
    /// What went back, each with its id.
    pub refunds: Vec<(u64, Decimal)>,
    /// What its status says instead of the sum of these.
    pub refund_amount: Option<Decimal>,
    /// How its status says that it stands instead, such as `refunded` or `revoked`.
    pub state: Option<String>,
}

/// A running simulator. Dropped, it stops.
pub struct FreedomPaySimulator {
    shared: Arc<Shared>,
    _serving: Serving,
}

struct Shared {
    base_url: String,
    merchant: String,
    secret: String,
    orders: Mutex<Vec<Order>>,
    client: reqwest::Client,
}

impl FreedomPaySimulator {
    /// Listens on loopback; port zero takes a free one.
    pub async fn start(port: u16, merchant: &str, secret: &str) -> io::Result<Self> {
        let reserved = Reserved::port(port).await?;
        let shared = Arc::new(Shared {
            base_url: reserved.url(),
            merchant: merchant.to_owned(),
            secret: secret.to_owned(),
            orders: Mutex::default(),
            client: client()?,
        });
        let serving = reserved.serve(router(shared.clone()));
        Ok(Self { shared, _serving: serving })
    }

    /// What `api_url` is to us.
    pub fn url(&self) -> &str {
        &self.shared.base_url
    }

    /// All payments in the order they were begun.
    pub fn orders(&self) -> Vec<Order> {
        self.shared.orders().clone()
    }

    /// Pays an order or is declined. False if there is no such order, or the payer has acted.
    pub fn act(&self, order: &str, payer: Payer) -> bool {
        self.shared.act(order, payer)
    }

    /// Changes a payment, such as to one that is only held or was made with play money.
    pub fn change(&self, order: &str, change: impl FnOnce(&mut Order)) {
        if let Some(found) = self.shared.orders().iter_mut().find(|found| found.order == order) {
            change(found);
        }
    }

    /// Gives money back. Only the status tells.
    pub fn refund(&self, order: &str, amount: Decimal) {
        self.change(order, |order| {
            let id = order.payment * 1000 + order.refunds.len() as u64;
            order.refunds.push((id, amount));
        });
    }

    /// The callback about an order as it stands, as a form. None before the payer acted.
    pub fn callback(&self, order: &str, trick: Trick) -> Option<String> {
        self.shared.callback(order, trick)
    }

    /// Sends a callback to the order's result URL, and gives the answer. One with status 200 must be signed
    /// as FreedomPay wants it, or this is none.
    pub async fn deliver(&self, order: &str, trick: Trick) -> Option<(StatusCode, String)> {
        self.shared.deliver(order, trick).await
    }
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, is_it: impl Fn(&Order) -> bool) -> Option<Order> {
        self.orders().iter().find(|order| is_it(order)).cloned()
    }

    /// A form whose signature fits, by name.
    fn signed(&self, script: &str, body: &[u8]) -> Result<BTreeMap<String, String>, String> {
        let mut fields: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let signature = fields.remove("pg_sig").ok_or("pg_sig is missing")?;
        if fields.get("pg_merchant_id") != Some(&self.merchant) {
            return Err("101 unknown merchant".to_owned());
        }
        if signature != sign(script, fields.values().map(String::as_str), &self.secret) {
            return Err("9998 wrong signature".to_owned());
        }
        Ok(fields)
    }

    fn init(&self, body: &[u8]) -> Result<Order, String> {
        let fields = self.signed("init_payment.php", body)?;
        let field = |name: &str| {
            let value = fields.get(name).filter(|value| !value.is_empty());
            value.cloned().ok_or_else(|| format!("{name} is missing"))
        };
        let mut orders = self.orders();
        let order = Order {
            payment: FIRST_PAYMENT + orders.len() as u64,
            order: field("pg_order_id")?,
            amount: field("pg_amount")?,
            currency: field("pg_currency")?,
            description: field("pg_description")?,
            result_url: field("pg_result_url")?,
            success_url: field("pg_success_url")?,
            failure_url: field("pg_failure_url")?,
            testing: field("pg_testing_mode")? == "1",
            tells_mode: true,
            tells_net: true,
            can_reject: false,
            outcome: None,
            captured: field("pg_auto_clearing")? == "1",
            refunds: Vec::new(),
            refund_amount: None,
            state: None,
        };
        orders.push(order.clone());
        Ok(order)
    }

    fn act(&self, order: &str, payer: Payer) -> bool {
        let mut orders = self.orders();
        let open = orders.iter_mut().rfind(|found| found.order == order && found.outcome.is_none());
        open.map(|found| found.outcome = Some(payer)).is_some()
    }

    fn callback(&self, order: &str, trick: Trick) -> Option<String> {
        let order = self.find(|found| found.order == order)?;
        let paid = order.outcome? == Payer::Pays;
        let mut pairs = callback_fields(&order, paid);
        match trick {
            Trick::OtherAmount => set(&mut pairs, "pg_amount", raised(&order.amount)),
            Trick::UnknownOrder => set(&mut pairs, "pg_order_id", "top_00000000000000000000000000"),
            _ => {}
        }
        pairs.sort_unstable();
        let secret = if trick == Trick::Forged { "not the secret" } else { &self.secret };
        let script = script_of(&order.result_url);
        let signature = sign(script, pairs.iter().map(|(_, value)| value.as_str()), secret);
        pairs.push(("pg_sig", signature));
        match trick {
            Trick::Altered => set(&mut pairs, "pg_amount", raised(&order.amount)),
            Trick::Twice => pairs.push(("pg_amount", raised(&order.amount))),
            Trick::DeclinedAsPaid if !paid => relabel(&mut pairs),
            _ => {}
        }
        Some(form(&pairs))
    }

    async fn deliver(&self, order: &str, trick: Trick) -> Option<(StatusCode, String)> {
        let url = self.find(|found| found.order == order)?.result_url;
        let body = self.callback(order, trick)?;
        let (status, answer) = post(&self.client, &url, body).await.ok()?;
        let is_signed = || self.is_signed(script_of(&url), &answer);
        (status != StatusCode::OK || is_signed()).then_some((status, answer))
    }

    /// Whether an answer of ours is what FreedomPay wants.
    fn is_signed(&self, script: &str, answer: &str) -> bool {
        let part = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
        };
        let (Some(text), Some(salt), Some(status), Some(signature)) =
            (part("pg_description"), part("pg_salt"), part("pg_status"), part("pg_sig"))
        else {
            return false;
        };
        signature == sign(script, [text, salt, status].into_iter(), &self.secret)
    }

    fn status(&self, body: &[u8]) -> Result<String, String> {
        const SCRIPT: &str = "get_status3.php";
        let fields = self.signed(SCRIPT, body)?;
        let order = self.find(|order| match fields.get("pg_payment_id") {
            Some(payment) => order.payment.to_string() == *payment,
            None => fields.get("pg_order_id") == Some(&order.order),
        });
        let order = order.ok_or("340 payment not found")?;
        let state = match order.outcome {
            None => "new",
            Some(Payer::Pays) => "success",
            Some(Payer::IsDeclined) => "error",
        };
        let mut parts = vec![
            part("pg_amount", &order.amount),
            part("pg_captured", if order.captured { "1" } else { "0" }),
            part("pg_currency", &order.currency),
            part("pg_order_id", &order.order),
            part("pg_payment_id", &order.payment.to_string()),
            part("pg_payment_status", order.state.as_deref().unwrap_or(state)),
        ];
        let refunded = order.refund_amount.unwrap_or(order.refunds.iter().map(|(_, amount)| amount).sum());
        if !refunded.is_zero() {
            parts.push(part("pg_refund_amount", &format!("-{refunded}")));
        }
        if !order.refunds.is_empty() {
            parts.push(refunds(&order));
        }
        parts.push(part("pg_salt", SALT));
        parts.push(part("pg_status", "ok"));
        if order.tells_mode {
            parts.push(part("pg_testing_mode", if order.testing { "1" } else { "0" }));
        }
        Ok(self.answer(SCRIPT, &parts))
    }

    /// An answer whose parts are given in the order of their names.
    fn answer(&self, script: &str, parts: &[Part]) -> String {
        let values = parts.iter().flat_map(|part| part.values.iter().map(String::as_str));
        let signature = sign(script, values, &self.secret);
        let xml: String = parts.iter().map(|part| part.xml.as_str()).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>{xml}<pg_sig>{signature}</pg_sig></response>"
        )
    }
}

/// A field of an answer, and what it brings to the signature.
struct Part {
    xml: String,
    values: Vec<String>,
}

fn part(name: &str, value: &str) -> Part {
    let escaped = super::escaped(value);
    Part { xml: format!("<{name}>{escaped}</{name}>"), values: vec![value.to_owned()] }
}

fn refunds(order: &Order) -> Part {
    let (mut xml, mut values) = (String::new(), Vec::new());
    for (id, amount) in &order.refunds {
        xml += &format!(
            "<pg_refund_payment><pg_payment_id>{id}</pg_payment_id><pg_payment_status>success\
             </pg_payment_status><pg_amount>-{amount}</pg_amount></pg_refund_payment>"
        );
        values.extend([format!("-{amount}"), id.to_string(), "success".to_owned()]);
    }
    Part { xml: format!("<pg_refund_payments>{xml}</pg_refund_payments>"), values }
}

/// Sorted values between script and secret.
fn sign<'a>(script: &str, values: impl Iterator<Item = &'a str>, secret: &str) -> String {
    let values: Vec<&str> = values.collect();
    hex::encode(Md5::digest(format!("{script};{};{secret}", values.join(";"))))
}

fn script_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

fn callback_fields(order: &Order, paid: bool) -> Pairs {
    let amount: Decimal = order.amount.parse().unwrap_or_default();
    let net = amount - amount * Decimal::new(FEE_PER_MILLE, 3);
    let flag = |yes: bool| if yes { "1" } else { "0" }.to_owned();
    let mut pairs = vec![
        ("pg_amount", order.amount.clone()),
        ("pg_can_reject", flag(order.can_reject)),
        ("pg_captured", flag(order.captured && paid)),
        ("pg_currency", order.currency.clone()),
        ("pg_description", order.description.clone()),
        ("pg_need_email_notification", flag(false)),
        ("pg_net_amount", format!("{net:.2}")),
        ("pg_order_id", order.order.clone()),
        ("pg_payment_date", "2026-01-30 14:15:07".to_owned()),
        ("pg_payment_id", order.payment.to_string()),
        ("pg_payment_method", "bankcard".to_owned()),
        ("pg_ps_amount", order.amount.clone()),
        ("pg_ps_currency", order.currency.clone()),
        ("pg_ps_full_amount", order.amount.clone()),
        ("pg_result", flag(paid)),
        ("pg_salt", SALT.to_owned()),
        ("pg_testing_mode", flag(order.testing)),
        ("pg_user_phone", "77001234567".to_owned()),
    ];
    if !order.tells_net {
        pairs.retain(|(name, _)| *name != "pg_net_amount");
    }
    if !paid {
        pairs.push(("pg_failure_code", "100".to_owned()));
        pairs.push(("pg_failure_description", "Declined by the bank".to_owned()));
    }
    pairs
}

/// The values of a failed payment under other names, in the same order, so that the signature stays: the
/// phone as the test flag, which it cannot pass for.
fn relabel(pairs: &mut Pairs) {
    for (name, _) in pairs {
        *name = match *name {
            "pg_result" => "pg_reference",
            "pg_salt" => "pg_rest",
            "pg_testing_mode" => "pg_result",
            "pg_user_phone" => "pg_salt",
            other => other,
        };
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/init_payment.php", posted(init))
        .route("/get_status3.php", posted(status))
        .route("/pay/{payment}", get(show).post(pay))
        .with_state(shared)
}

fn xml(text: String) -> Response {
    ([(CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

/// Unsigned, because nobody knows whom it would be signed for.
fn error(why: &str) -> Response {
    let (code, text) = why.split_once(' ').unwrap_or(("100", why));
    xml(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response><pg_status>error</pg_status>\
         <pg_error_code>{code}</pg_error_code><pg_error_description>{text}</pg_error_description></response>"
    ))
}

async fn init(State(shared): State<Arc<Shared>>, RawForm(body): RawForm) -> Response {
    match shared.init(&body) {
        Ok(order) => {
            let page = format!("{}/pay/{}", shared.base_url, order.payment);
            let parts = [
                part("pg_payment_id", &order.payment.to_string()),
                part("pg_redirect_url", &page),
                part("pg_redirect_url_type", "need data"),
                part("pg_salt", SALT),
                part("pg_status", "ok"),
            ];
            xml(shared.answer("init_payment.php", &parts))
        }
        Err(why) => error(&why),
    }
}

async fn status(State(shared): State<Arc<Shared>>, RawForm(body): RawForm) -> Response {
    shared.status(&body).map_or_else(|why| error(&why), xml)
}

async fn show(State(shared): State<Arc<Shared>>, Path(payment): Path<u64>) -> Response {
    match shared.find(|order| order.payment == payment) {
        Some(order) if order.outcome.is_none() => {
            pay_page(&format!("{}: {} {}", order.description, order.amount, order.currency), &[])
        }
        _ => refusal("this page is no longer open"),
    }
}

async fn pay(
    State(shared): State<Arc<Shared>>,
    Path(payment): Path<u64>,
    RawForm(body): RawForm,
) -> Response {
    let Some(order) = shared.find(|order| order.payment == payment) else { return refusal("no payment") };
    let declines = form_urlencoded::parse(&body).any(|pair| pair == ("outcome".into(), "decline".into()));
    let payer = if declines { Payer::IsDeclined } else { Payer::Pays };
    if !shared.act(&order.order, payer) {
        return refusal("this page is no longer open");
    }
    if shared.deliver(&order.order, Trick::Honest).await.is_none() {
        tracing::warn!(order = order.order, "nobody was told of a payment");
    }
    Redirect::to(if declines { &order.failure_url } else { &order.success_url }).into_response()
}

//! PayOnline on loopback.
//!
//! | call | does |
//! |---|---|
//! | `GET /{language}/payment/` | the hosted page, if its address is rightly signed |
//! | `POST /{language}/payment/` | pays or declines: calls us, then sends the browser back |
//! | `GET`, `POST /payment/search/` | tells successful payments |
//! | `GET`, `POST /payment/transaction/list/` | tells payments or refunds of up to three days |
//! | `POST /simulator/settings` | see [`CallbackUrls`] |
//!
//! As with PayOnline, the address of callbacks is the account's, approved and declined ones look alike, and
//! nothing is sent twice.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Query, RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};

use super::{Pairs, Payer, Trick, client, form, pay_page, post, raised, refusal, set, value};
use crate::callback_urls::CallbackUrls;
use crate::loopback::{Reserved, Serving};

/// As on one account.
const FIRST_TRANSACTION: u64 = 900_100_200;
const FIRST_REFUND: u64 = 100_000_000_000;
const CALLBACK_FIELDS: [&str; 5] = ["DateTime", "TransactionID", "OrderId", "Amount", "Currency"];
const DATE_TIME: &str = "2026-01-30 09:15:07";
const DATE_FORMAT: &str = "%Y-%m-%d %H:%M:%S";
const LIST_SPAN_MAX: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A payment that was begun or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub order: String,
    pub amount: String,
    pub currency: String,
    pub success_url: String,
    pub fail_url: String,
    /// Once the payer has paid or was declined.
    pub transaction: Option<u64>,
    pub state: Stand,
    /// `Real` or `Test`, as lists say it; empty is not listed yet.
    pub gateway: String,
    /// What lists say that it was, if they do not say what it was.
    pub listed_amount: Option<String>,
    pub refunds: Vec<Refund>,
}

/// Money that went back after its payment was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub transaction: u64,
    pub amount: String,
    pub at: Timestamp,
    /// Settled, or voided.
    pub state: Stand,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Open,
    PreAuthorized,
    Pending,
    Settled,
    Declined,
    Voided,
}

/// A running simulator. Dropped, it stops.
pub struct PayOnlineSimulator {
    shared: Arc<Shared>,
    _serving: Serving,
}

struct Shared {
    base_url: String,
    merchant: String,
    secret: String,
    callbacks: CallbackUrls,
    orders: Mutex<Vec<Order>>,
    lists: AtomicU32,
    client: reqwest::Client,
}

impl PayOnlineSimulator {
    /// Listens on loopback; port zero takes a free one.
    pub async fn start(port: u16, merchant: &str, secret: &str) -> io::Result<Self> {
        let reserved = Reserved::port(port).await?;
        let shared = Arc::new(Shared {
            base_url: reserved.url(),
            merchant: merchant.to_owned(),
            secret: secret.to_owned(),
            callbacks: CallbackUrls::default(),
            orders: Mutex::default(),
            lists: AtomicU32::default(),
            client: client()?,
        });
        let serving = reserved.serve(router(shared.clone()));
        Ok(Self { shared, _serving: serving })
    }

    /// What `page_url` is to us.
    pub fn url(&self) -> &str {
        &self.shared.base_url
    }

    /// Where callbacks go; may be set while the simulator runs.
    pub fn callbacks(&self) -> &CallbackUrls {
        &self.shared.callbacks
    }

    /// All payments in the order they were begun.
    pub fn orders(&self) -> Vec<Order> {
        self.shared.orders().clone()
    }

    /// Opens the page that an address of ours leads to, as a browser would.
    pub fn visit(&self, url: &str) -> Result<(), String> {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        self.shared.open(query).map(drop)
    }

    /// Pays an order or is declined. False if there is no such order, or it is paid.
    pub fn act(&self, order: &str, payer: Payer) -> bool {
        self.shared.act(order, payer)
    }

    /// Puts a payment into a state, such as one that the merchant voided.
    pub fn put(&self, order: &str, state: Stand) {
        self.change(order, |found| found.state = state);
    }

    /// Makes of an order what it is not.
    pub fn change(&self, order: &str, change: impl FnOnce(&mut Order)) {
        if let Some(found) = self.shared.orders().iter_mut().find(|found| found.order == order) {
            change(found);
        }
    }

    /// Gives so much of a payment back at a time, which nobody is told of.
    pub fn refund(&self, order: &str, amount: &str, at: Timestamp) {
        self.change(order, |found| {
            let number = found.refunds.len() as u64 + 1;
            let transaction = FIRST_REFUND + found.transaction.unwrap_or_default() * 100 + number;
            let amount = amount.to_owned();
            found.state = Stand::Settled;
            found.refunds.push(Refund { transaction, amount, at, state: Stand::Settled });
        });
    }

    /// How many lists were asked for.
    pub fn lists(&self) -> u32 {
        self.shared.lists.load(Ordering::Relaxed)
    }

    /// The callback about an order as it stands, as a form. None before the payer acted.
    pub fn callback(&self, order: &str, trick: Trick) -> Option<String> {
        self.shared.callback(order, trick)
    }

    /// Sends a callback to the address that is set, and gives the answer's status.
    pub async fn deliver(&self, order: &str, trick: Trick) -> Option<StatusCode> {
        self.shared.deliver(order, trick).await
    }
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digest over pairs and the private key.
    fn key(&self, pairs: &[(&str, &str)]) -> String {
        sign(pairs, &self.secret)
    }

    /// Takes an order from a signed address. An order that is there already is shown again.
    fn open(&self, query: &str) -> Result<Order, String> {
        let fields: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let field = |name: &str| fields.get(name).map(String::as_str);
        let needed = |name: &str| field(name).ok_or_else(|| format!("{name} is missing"));
        let mut signed = Vec::new();
        for name in ["MerchantId", "OrderId", "Amount", "Currency", "ValidUntil", "OrderDescription"] {
            match field(name) {
                Some(value) => signed.push((name, value)),
                None if name == "ValidUntil" || name == "OrderDescription" => {}
                None => return Err(format!("{name} is missing")),
            }
        }
        if needed("SecurityKey")? != self.key(&signed) {
            return Err("wrong SecurityKey".to_owned());
        }
        if needed("MerchantId")? != self.merchant {
            return Err("unknown merchant".to_owned());
        }
        let order = Order {
            order: needed("OrderId")?.to_owned(),
            amount: needed("Amount")?.to_owned(),
            currency: needed("Currency")?.to_owned(),
            success_url: field("ReturnUrl").unwrap_or_default().to_owned(),
            fail_url: field("FailUrl").unwrap_or_default().to_owned(),
            transaction: None,
            state: Stand::Open,
            gateway: "Real".to_owned(),
            listed_amount: None,
            refunds: Vec::new(),
        };
        let mut orders = self.orders();
        match orders.iter().find(|known| known.order == order.order) {
            Some(known) if known.state == Stand::Open => Ok(known.clone()),
            Some(_) => Err("4016: the order is already paid".to_owned()),
            None => {
                orders.push(order.clone());
                Ok(order)
            }
        }
    }

    fn act(&self, order: &str, payer: Payer) -> bool {
        let mut orders = self.orders();
        let next =
            FIRST_TRANSACTION + orders.iter().filter(|order| order.transaction.is_some()).count() as u64;
        let Some(found) = orders.iter_mut().find(|found| found.order == order) else { return false };
        if found.state != Stand::Open {
            return false;
        }
        found.transaction = Some(next);
        found.state = match payer {
            Payer::Pays => Stand::Pending,
            Payer::IsDeclined => Stand::Declined,
        };
        true
    }

    fn callback(&self, order: &str, trick: Trick) -> Option<String> {
        let order = self.orders().iter().find(|found| found.order == order)?.clone();
        let mut pairs: Pairs = vec![
            ("DateTime", DATE_TIME.to_owned()),
            ("TransactionID", order.transaction?.to_string()),
            ("OrderId", order.order.clone()),
            ("Amount", order.amount.clone()),
            ("Currency", order.currency.clone()),
        ];
        match trick {
            Trick::OtherAmount => set(&mut pairs, "Amount", raised(&order.amount)),
            Trick::UnknownOrder => set(&mut pairs, "OrderId", "top_00000000000000000000000000"),
            _ => {}
        }
        let secret = if trick == Trick::Forged { "not the secret" } else { &self.secret };
        let signed: Vec<(&str, &str)> =
            CALLBACK_FIELDS.iter().map(|name| (*name, value(&pairs, name))).collect();
        let key = sign(&signed, secret);
        set(&mut pairs, "SecurityKey", key);
        set(&mut pairs, "PaymentAmount", order.amount.clone());
        set(&mut pairs, "PaymentCurrency", order.currency);
        set(&mut pairs, "CardNumber", "************0015");
        if order.state == Stand::Declined && trick != Trick::DeclinedAsPaid {
            set(&mut pairs, "ErrorCode", "3"); // unsigned, so it can be left out
        }
        match trick {
            Trick::Altered => set(&mut pairs, "Amount", raised(&order.amount)),
            Trick::Twice => pairs.push(("Amount", raised(&order.amount))),
            _ => {}
        }
        Some(form(&pairs))
    }

    async fn deliver(&self, order: &str, trick: Trick) -> Option<StatusCode> {
        let url = self.callbacks.get().webhook_url?;
        let body = self.callback(order, trick)?;
        post(&self.client, &url, body).await.ok().map(|(status, _)| status)
    }

    fn search(&self, form: &[u8]) -> Result<String, String> {
        let fields: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let by = if fields.contains_key("TransactionId") { "TransactionId" } else { "OrderId" };
        if field("SecurityKey") != self.key(&[("MerchantId", field("MerchantId")), (by, field(by))]) {
            return Err("wrong SecurityKey".to_owned());
        }
        let orders = self.orders();
        let found = orders.iter().find(|order| match by {
            "TransactionId" => order.transaction.is_some_and(|id| id.to_string() == field(by)),
            _ => order.order == field(by),
        });
        Ok(found.and_then(told).unwrap_or_default())
    }

    fn list(&self, form: &[u8]) -> Result<String, String> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        let fields: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let signed = ["MerchantId", "DateFrom", "DateTill", "Type", "Status"].map(|name| (name, field(name)));
        if field("SecurityKey") != self.key(&signed) || field("ContentType") != "xml" {
            return Err("wrong SecurityKey or ContentType".to_owned());
        }
        let (from, till) = (time(field("DateFrom"))?, time(field("DateTill"))?);
        if till.duration_since(from) > LIST_SPAN_MAX {
            return Err("not more than three days".to_owned());
        }
        let is_listed = |at: Timestamp, state: Stand| {
            from <= at
                && at.as_second() <= till.as_second()
                && field("Status").contains(&format!("{state:?}"))
        };
        let orders = self.orders();
        let mut rows = String::new();
        for order in orders.iter().filter(|order| !order.gateway.is_empty()) {
            if field("Type") == "Purchase" && is_listed(time(DATE_TIME)?, order.state) {
                let amount = order.listed_amount.as_ref().unwrap_or(&order.amount);
                rows += &row(order, order.transaction.unwrap_or_default(), "Purchase", amount, order.state);
            }
            for refund in order.refunds.iter().filter(|_| field("Type") == "Refund") {
                if is_listed(refund.at, refund.state) {
                    rows += &row(order, refund.transaction, "Refund", &refund.amount, refund.state);
                }
            }
        }
        Ok(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><list>{rows}</list>"))
    }
}

/// A transaction as lists have it.
fn row(order: &Order, id: u64, kind: &str, amount: &str, state: Stand) -> String {
    let Order { order, currency, gateway, .. } = order;
    format!(
        "<transaction><date>{DATE_TIME}</date><id>{id}</id><orderId>{order}</orderId><type>{kind}</type>\
         <status>{state:?}</status><cardNumber>************0015</cardNumber><amount>{amount}</amount>\
         <currency>{currency}</currency><gateway>{gateway}</gateway><phone /></transaction>"
    )
}

fn time(text: &str) -> Result<Timestamp, String> {
    let read = jiff::civil::DateTime::strptime(DATE_FORMAT, text);
    let read = read.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    read.map(|time| time.timestamp()).map_err(|error| error.to_string())
}

fn sign(pairs: &[(&str, &str)], secret: &str) -> String {
    let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    hex::encode(Md5::digest(format!("{}&PrivateSecurityKey={secret}", text.join("&"))))
}

/// Only successful payments are found.
fn told(order: &Order) -> Option<String> {
    let status = match order.state {
        Stand::PreAuthorized => "PreAuthorized",
        Stand::Pending => "Pending",
        Stand::Settled => "Settled",
        Stand::Open | Stand::Declined | Stand::Voided => return None,
    };
    let Order { order, amount, currency, transaction, .. } = order;
    let transaction = (*transaction)?;
    Some(format!(
        "TransactionId={transaction}&Amount={amount}&Currency={currency}&Order={order}\
         &DateTime={DATE_TIME}&Status={status}"
    ))
}

fn router(shared: Arc<Shared>) -> Router {
    let settings = shared.callbacks.router();
    Router::new()
        .route("/{language}/payment/", get(show).post(pay))
        .route("/payment/search/", get(search).post(search))
        .route("/payment/transaction/list/", get(list).post(list))
        .with_state(shared)
        .merge(settings)
}

async fn show(State(shared): State<Arc<Shared>>, RawForm(query): RawForm) -> Response {
    match shared.open(&String::from_utf8_lossy(&query)) {
        Ok(order) => pay_page(&format!("{} {}", order.amount, order.currency), &[("order", &order.order)]),
        Err(why) => refusal(&why),
    }
}

async fn pay(
    State(shared): State<Arc<Shared>>,
    Query(address): Query<HashMap<String, String>>,
    RawForm(body): RawForm,
) -> Response {
    let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let Some(order) = address.get("OrderId").or_else(|| fields.get("order")) else {
        return refusal("no order");
    };
    let payer = match fields.get("outcome").map(String::as_str) {
        Some("decline") => Payer::IsDeclined,
        _ => Payer::Pays,
    };
    if !shared.act(order, payer) {
        return refusal("4016: the order is already paid");
    }
    if shared.deliver(order, Trick::Honest).await.is_none() {
        tracing::warn!(order, "nobody was told of a payment");
    }
    let found = shared.orders().iter().find(|found| found.order == *order).cloned();
    match (found, payer) {
        (Some(order), Payer::Pays) => Redirect::to(&order.success_url).into_response(),
        (Some(order), Payer::IsDeclined) => Redirect::to(&order.fail_url).into_response(),
        (None, _) => refusal("no order"),
    }
}

async fn search(State(shared): State<Arc<Shared>>, RawForm(form): RawForm) -> Response {
    match shared.search(&form) {
        Ok(text) => text.into_response(),
        Err(why) => refusal(&why),
    }
}

async fn list(State(shared): State<Arc<Shared>>, RawForm(form): RawForm) -> Response {
    match shared.list(&form) {
        Ok(text) => text.into_response(),
        Err(why) => refusal(&why),
    }
}

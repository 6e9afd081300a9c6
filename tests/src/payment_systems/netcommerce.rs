//! NetCommerce on loopback.
//!
//! | call | does |
//! |---|---|
//! | `POST /iPAY/` | the page, if the form that leads there is rightly signed and its index is new |
//! | `POST /iPAY/pay/{index}` | pays or declines: a page whose form brings the result to us, as a browser does |
//!
//! As with NetCommerce, the result goes through the payer's browser only, and nothing can be asked.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post as posted;
use sha2::{Digest, Sha256};

use super::{Pairs, Payer, Trick, client, escaped, form, post, raised, refusal, set, value};
use crate::loopback::{Reserved, Serving};

const RESULT_FIELDS: [&str; 7] =
    ["txtMerchNum", "txtIndex", "txtAmount", "txtCurrency", "txtNumAut", "RespVal", "RespMsg"];

/// A form that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub index: String,
    pub amount: String,
    pub currency: String,
    pub return_url: String,
    /// `payment_mode`, which is not signed.
    pub mode: String,
    /// None before the payer acted.
    pub outcome: Option<Payer>,
}

/// A running simulator. Dropped, it stops.
pub struct NetCommerceSimulator {
    shared: Arc<Shared>,
    _serving: Serving,
}

struct Shared {
    base_url: String,
    merchant: String,
    key: String,
    attempts: Mutex<Vec<Attempt>>,
    client: reqwest::Client,
}

impl NetCommerceSimulator {
    /// Listens on loopback; port zero takes a free one.
    pub async fn start(port: u16, merchant: &str, key: &str) -> io::Result<Self> {
        let reserved = Reserved::port(port).await?;
        let shared = Arc::new(Shared {
            base_url: reserved.url(),
            merchant: merchant.to_owned(),
            key: key.to_owned(),
            attempts: Mutex::default(),
            client: client()?,
        });
        let serving = reserved.serve(router(shared.clone()));
        Ok(Self { shared, _serving: serving })
    }

    /// What `page_url` is to us.
    pub fn url(&self) -> String {
        format!("{}/iPAY/", self.shared.base_url)
    }

    /// All forms in the order they came in.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.shared.attempts().clone()
    }

    /// Takes a form of ours, as if a browser had posted it.
    pub fn visit(&self, fields: &[(&str, String)]) -> Result<(), String> {
        self.shared.open(&fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    /// Pays an attempt or is declined. False if there is no such attempt, or the payer has acted.
    pub fn act(&self, index: &str, payer: Payer) -> bool {
        self.shared.act(index, payer)
    }

    /// The result of an attempt as it stands, as a form. None before the payer acted.
    pub fn result(&self, index: &str, trick: Trick) -> Option<String> {
        self.shared.result(index, trick).map(|pairs| form(&pairs))
    }

    /// Brings a result to where the form said, and gives the answer's status. Redirections are not followed.
    pub async fn deliver(&self, index: &str, trick: Trick) -> Option<StatusCode> {
        let url = self.shared.find(index)?.return_url;
        let body = self.result(index, trick)?;
        post(&self.shared.client, &url, body).await.ok().map(|(status, _)| status)
    }
}

impl Shared {
    fn attempts(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, index: &str) -> Option<Attempt> {
        self.attempts().iter().find(|attempt| attempt.index == index).cloned()
    }

    fn open(&self, fields: &HashMap<String, String>) -> Result<(), String> {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let signed = ["txtAmount", "txtCurrency", "txtIndex", "txtMerchNum", "txthttp"].map(field).concat();
        if field("signature") != sign(&signed, &self.key) {
            return Err("wrong signature".to_owned());
        }
        if field("txtMerchNum") != self.merchant {
            return Err("unknown merchant".to_owned());
        }
        if let Some(name) =
            ["first_name", "last_name", "email", "mobile"].iter().find(|name| field(name).is_empty())
        {
            return Err(format!("{name} is missing"));
        }
        let mut attempts = self.attempts();
        if attempts.iter().any(|known| known.index == field("txtIndex")) {
            return Err("duplicate index".to_owned());
        }
        attempts.push(Attempt {
            index: field("txtIndex").to_owned(),
            amount: field("txtAmount").to_owned(),
            currency: field("txtCurrency").to_owned(),
            return_url: field("txthttp").to_owned(),
            mode: field("payment_mode").to_owned(),
            outcome: None,
        });
        Ok(())
    }

    fn act(&self, index: &str, payer: Payer) -> bool {
        let mut attempts = self.attempts();
        let open = attempts.iter_mut().find(|found| found.index == index && found.outcome.is_none());
        open.map(|found| found.outcome = Some(payer)).is_some()
    }

    fn result(&self, index: &str, trick: Trick) -> Option<Pairs> {
        let attempt = self.find(index)?;
        let paid = attempt.outcome? == Payer::Pays;
        let (number, approved, message) =
            if paid { ("123456", "1", "Approved") } else { ("001234", "0", "Declined") };
        let mut pairs: Pairs = vec![
            ("txtMerchNum", self.merchant.clone()),
            ("txtIndex", attempt.index.clone()),
            ("txtAmount", attempt.amount.clone()),
            ("txtCurrency", attempt.currency),
            ("txtNumAut", number.to_owned()),
            ("RespVal", approved.to_owned()),
            ("RespMsg", message.to_owned()),
        ];
        match trick {
            Trick::OtherAmount => set(&mut pairs, "txtAmount", raised(&attempt.amount)),
            Trick::UnknownOrder => set(&mut pairs, "txtIndex", "00000000000000000000000000A1"),
            _ => {}
        }
        let key = if trick == Trick::Forged { "not the key" } else { &self.key };
        let signed: String = RESULT_FIELDS.iter().map(|name| value(&pairs, name)).collect();
        let signature = sign(&signed, key);
        set(&mut pairs, "signature", signature);
        match trick {
            Trick::Altered => set(&mut pairs, "txtAmount", raised(&attempt.amount)),
            Trick::Twice => pairs.push(("txtAmount", raised(&attempt.amount))),
            // Cut elsewhere: the same text is signed.
            Trick::DeclinedAsPaid if !paid => {
                set(&mut pairs, "txtNumAut", "00");
                set(&mut pairs, "RespVal", "1");
                set(&mut pairs, "RespMsg", "2340Declined");
            }
            _ => {}
        }
        Some(pairs)
    }
}

fn sign(text: &str, key: &str) -> String {
    hex::encode(Sha256::digest(format!("{text}{key}")))
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/iPAY/", posted(show)).route("/iPAY/pay/{index}", posted(pay)).with_state(shared)
}

async fn show(State(shared): State<Arc<Shared>>, RawForm(body): RawForm) -> Response {
    let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    if let Err(why) = shared.open(&fields) {
        return refusal(&why);
    }
    let index = fields.get("txtIndex").map_or("", String::as_str);
    let amount = fields.get("txtAmount").map_or("", String::as_str);
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Pay</title><h1>{}</h1>\
         <form method=\"post\" action=\"/iPAY/pay/{}\"><button name=\"outcome\" value=\"pay\">Pay</button>\
         <button name=\"outcome\" value=\"decline\">Decline</button></form></html>",
        escaped(amount),
        escaped(index)
    ))
    .into_response()
}

/// What the browser posts to us next.
async fn pay(
    State(shared): State<Arc<Shared>>,
    Path(index): Path<String>,
    RawForm(body): RawForm,
) -> Response {
    let declines = form_urlencoded::parse(&body).any(|pair| pair == ("outcome".into(), "decline".into()));
    if !shared.act(&index, if declines { Payer::IsDeclined } else { Payer::Pays }) {
        return refusal("this page is no longer open");
    }
    let (Some(attempt), Some(pairs)) = (shared.find(&index), shared.result(&index, Trick::Honest)) else {
        return refusal("no attempt");
    };
    let inputs: String = pairs
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)))
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Done</title>\
         <form id=\"back\" method=\"post\" action=\"{}\">{inputs}<button>Back to the shop</button></form>\
         <script>document.getElementById('back').submit()</script></html>",
        escaped(&attempt.return_url)
    ))
    .into_response()
}

//! Event detail records: what messages and fees were and cost, as one agreement sees them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::catalog;
use domain::edr::{Edr, EdrPart, FeeRecord, Record};
use domain::id::{AgreementId, ConnectionId, WalletId};
use domain::masking::Masking;
use domain::message::Status;
use domain::permission::Area;
use domain::rating::{Attribute, BillingRule, QuantityRule, Resource, ScaleKind};
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query, unavailable};
use serde::{Deserialize, Serialize};
use store::EdrFilter;
use utoipa::{IntoParams, ToSchema};

use super::connections::area_of;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Format, Found};
use crate::names::PayerNames;
use crate::{rights, schema};

/// Of one file.
const FILE_DAYS_MAX: i64 = 31;
const FILE_ROWS_MAX: usize = 10_000;
const FILE_PAGE: u16 = 500;
/// A filter that passes little must not read for longer than a caller waits.
const FILE_PAGES_MAX: u32 = 100;
/// Names the place at which the next part of a file begins.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");

#[derive(Debug, Serialize, ToSchema)]
pub struct EdrView {
    /// The message; null for a fee.
    message: Option<String>,
    /// The fee; null for a message.
    fee: Option<String>,
    /// The agreement that this record is of.
    agreement: String,
    /// 1 is the sender's own agreement, 2 the one above it.
    level: u32,
    /// The company that sent it, or that the fee is charged to.
    company: String,
    /// What was billed.
    #[schema(example = "sms_message")]
    resource: String,
    /// What it was sent from, or the sender ID that the fee is for.
    sender: Option<String>,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    subject: Option<String>,
    /// Of messages: international form, digits only. Of old ones, where the platform keeps whole numbers for a
    /// while only, the calling code and the last two digits, with stars between them.
    #[schema(example = "4915112345678")]
    recipient: Option<String>,
    /// Of messages: ISO 3166 alpha-2.
    country: Option<String>,
    /// The network that the number's range was given to.
    network: Option<String>,
    /// Of messages: the network's codes for country and network together, by which it was priced.
    #[schema(example = "26201")]
    mccmnc: Option<String>,
    /// Of messages: how many segments the text took.
    segments: Option<u32>,
    /// The price of the rate tree, by its id.
    rate: String,
    /// What a unit costs.
    unit_price: String,
    /// How many units.
    quantity: u32,
    /// What the units are: `messages`, `segments`, `full_period` or `minutes`; null of a price that is in no
    /// tree, and in records from before it was kept.
    #[schema(example = "segments")]
    quantity_rule: Option<String>,
    /// When the charge becomes final.
    #[schema(value_type = schema::BillingRule)]
    billing_rule: BillingRule,
    /// Of messages: how the price came about: `flat`, `free`, `scale`, or `included` in a pack or bundle.
    #[schema(example = "flat")]
    price_type: Option<&'static str>,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[schema(value_type = Option<schema::ScaleKind>)]
    scale_type: Option<ScaleKind>,
    /// Of a scale: which tier the units fell into, from 1.
    scale_tier: Option<u16>,
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[schema(example = "sender_id")]
    counter_group: Option<&'static str>,
    /// What is owed for it at this level: zero once it was refunded.
    amount: String,
    /// The parts of the amount if there are several; `rate` to `counter_group` are those of the first then.
    parts: Vec<EdrPartView>,
    /// Of messages: whose money it is: the agreement's wallet, or that of a user with credits of its own.
    wallet: Option<String>,
    /// How often what it costs was rated again.
    charge_version: u32,
    /// How far the message has come; null for a fee.
    #[schema(value_type = Option<schema::MessageStatus>)]
    status: Option<Status>,
    /// Where the status alone does not say it.
    reason: Option<String>,
    /// What the sender named it; in the sender's own records only.
    client_reference: Option<String>,
    /// Of messages that carry a two-factor code: its `requestId`; in the sender's own records only.
    #[schema(example = "cod_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    code_request: Option<String>,
    /// Of messages: `outgoing`, or `incoming` for what the recipient's phone sent.
    #[schema(example = "outgoing")]
    direction: Option<String>,
    /// The message from a phone that it is of; null for others.
    incoming_message: Option<String>,
    /// The vendor's connection over which it went, or is to go; for who sees that connection.
    connection: Option<String>,
    /// The vendor's id of each segment, empty for one that the vendor refused; for who sees the connection.
    vendor_references: Option<Vec<String>>,
    /// When it was accepted, or charged.
    #[schema(value_type = String, format = DateTime)]
    accepted_at: Timestamp,
    /// When the vendor took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Timestamp>,
    /// When it reached its last status.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// One of several parts of what a message cost: it may take from packs, or fall into two tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct EdrPartView {
    /// The price of the rate tree, by its id.
    rate: String,
    /// What a unit costs.
    unit_price: String,
    /// How many units.
    quantity: u32,
    /// What the units are.
    #[schema(example = "segments")]
    quantity_rule: Option<&'static str>,
    /// When the charge becomes final.
    #[schema(value_type = schema::BillingRule)]
    billing_rule: BillingRule,
    /// How the price came about.
    #[schema(example = "included")]
    price_type: &'static str,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[schema(value_type = Option<schema::ScaleKind>)]
    scale_type: Option<ScaleKind>,
    /// Of a scale: which tier the units fell into, from 1.
    scale_tier: Option<u16>,
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[schema(example = "sender_id")]
    counter_group: Option<&'static str>,
    /// What is owed for it.
    amount: String,
}

impl From<EdrPart> for EdrPartView {
    fn from(part: EdrPart) -> Self {
        Self {
            rate: part.rate.as_str().to_owned(),
            unit_price: part.unit_price.to_string(),
            quantity: part.quantity,
            quantity_rule: part.quantity_rule.map(QuantityRule::name),
            billing_rule: part.billing,
            price_type: part.priced_by.price_type(),
            scale_type: part.priced_by.scale(),
            scale_tier: part.priced_by.tier(),
            counter_group: part.priced_by.counter_group().map(Attribute::name),
            amount: part.amount.to_string(),
        }
    }
}

impl From<Edr> for EdrView {
    fn from(edr: Edr) -> Self {
        let direction = edr.direction().to_owned();
        let wallet = edr.wallet.unwrap_or_else(|| WalletId::main(&edr.agreement));
        Self {
            message: Some(edr.message.into()),
            fee: None,
            agreement: edr.agreement.into(),
            level: edr.level,
            company: edr.company.into(),
            resource: edr.resource.name().to_owned(),
            sender: Some(edr.sender.into()),
            subject: None,
            recipient: Some(edr.recipient.to_string()),
            country: Some(edr.country),
            network: edr.network,
            mccmnc: edr.mccmnc,
            segments: Some(edr.segments),
            rate: edr.rate.as_str().to_owned(),
            unit_price: edr.unit_price.to_string(),
            quantity: edr.quantity,
            quantity_rule: edr.quantity_rule.map(|rule| rule.name().to_owned()),
            billing_rule: edr.billing,
            price_type: Some(edr.priced_by.price_type()),
            scale_type: edr.priced_by.scale(),
            scale_tier: edr.priced_by.tier(),
            counter_group: edr.priced_by.counter_group().map(Attribute::name),
            amount: edr.amount.to_string(),
            parts: edr.parts.into_iter().map(Into::into).collect(),
            wallet: Some(wallet.into()),
            charge_version: edr.charge_version,
            status: Some(edr.status),
            reason: edr.reason,
            client_reference: edr.client_reference,
            code_request: edr.code_request.map(Into::into),
            direction: Some(direction),
            incoming_message: edr.incoming.map(Into::into),
            connection: None,
            vendor_references: None,
            accepted_at: edr.accepted_at,
            submitted_at: edr.submitted_at,
            finished_at: edr.finished_at,
        }
    }
}

impl From<FeeRecord> for EdrView {
    fn from(fee: FeeRecord) -> Self {
        Self {
            message: None,
            fee: Some(fee.fee.into()),
            agreement: fee.agreement.into(),
            level: 1,
            company: fee.company.into(),
            resource: fee.resource.name().to_owned(),
            sender: fee.sender.map(Into::into),
            subject: fee.subject,
            recipient: None,
            country: None,
            network: None,
            mccmnc: None,
            segments: None,
            rate: fee.rate.as_str().to_owned(),
            unit_price: fee.unit_price.to_string(),
            quantity: fee.quantity,
            quantity_rule: fee.quantity_rule.map(|rule| rule.name().to_owned()),
            billing_rule: BillingRule::Accepted,
            price_type: None,
            scale_type: None,
            scale_tier: None,
            counter_group: None,
            amount: fee.amount.to_string(),
            parts: Vec::new(),
            wallet: None,
            charge_version: fee.charge_version,
            status: None,
            reason: None,
            client_reference: None,
            code_request: None,
            direction: None,
            incoming_message: None,
            connection: None,
            vendor_references: None,
            accepted_at: fee.accepted_at,
            submitted_at: None,
            finished_at: None,
        }
    }
}

impl From<Record> for EdrView {
    fn from(record: Record) -> Self {
        match record {
            Record::Message(edr) => (*edr).into(),
            Record::Fee(fee) => (*fee).into(),
        }
    }
}

/// Records as one caller sees them.
struct Views<'a> {
    app: &'a App,
    who: &'a Principal,
    /// The connections that were asked for, and whether the caller sees them.
    connections: BTreeMap<ConnectionId, bool>,
}

impl<'a> Views<'a> {
    fn new(app: &'a App, who: &'a Principal) -> Self {
        Self { app, who, connections: BTreeMap::new() }
    }

    async fn of(&mut self, records: Vec<Record>) -> Result<Vec<EdrView>, ApiError> {
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            let vendor = match &record {
                Record::Message(edr) => Some((edr.connection.clone(), edr.references.clone())),
                Record::Fee(_) => None,
            };
            let mut view = EdrView::from(record);
            if let Some((connection, references)) = vendor
                && self.shows(&connection).await?
            {
                view.connection = Some(connection.into());
                view.vendor_references = Some(references);
            }
            views.push(view);
        }
        Ok(views)
    }

    async fn shows(&mut self, id: &ConnectionId) -> Result<bool, ApiError> {
        if let Some(shows) = self.connections.get(id) {
            return Ok(*shows);
        }
        let connection = self.app.store.connection(&self.who.scope(), id).await?;
        let shows =
            connection.is_some_and(|connection| rights::view(self.who, area_of(&connection.link)).is_ok());
        self.connections.insert(id.clone(), shows);
        Ok(shows)
    }
}

/// Which way a message went: from a phone it is `incoming`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdrDirection {
    Outgoing,
    Incoming,
}

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EdrQuery {
    /// Whose records.
    pub agreement: String,
    /// Accepted at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Accepted before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub till: Option<Timestamp>,
    /// International form. A masked one is found by its mask alone.
    pub recipient: Option<String>,
    /// What it was sent from.
    pub sender: Option<String>,
    /// How far the message has come.
    #[param(value_type = Option<schema::MessageStatus>)]
    pub status: Option<Status>,
    /// What the sender named it.
    pub client_reference: Option<String>,
    /// Only messages to this country, or from phones of it: ISO 3166 alpha-2.
    #[param(example = "DE")]
    pub country: Option<String>,
    /// Only messages to numbers of this network.
    pub network: Option<String>,
    /// Only of this resource.
    #[param(value_type = Option<schema::Resource>)]
    pub resource: Option<Resource>,
    /// Only messages that went this way.
    #[param(inline)]
    pub direction: Option<EdrDirection>,
    /// 1 to 500, 50 unless told. A file is whole unless told, and else a part of 1 to 10,000 rows.
    pub limit: Option<u16>,
    /// `next` of the page before, or `Next-Cursor` of the part before.
    pub cursor: Option<String>,
}

impl EdrQuery {
    fn filter(self, masking: Masking) -> EdrFilter {
        EdrFilter {
            from: self.from,
            till: self.till,
            recipient: self.recipient.map(|number| number.trim_start_matches('+').to_owned()),
            sender: self.sender,
            status: self.status.map(catalog::choice),
            client_reference: self.client_reference,
            country: self.country,
            network: self.network,
            resource: self.resource,
            direction: self.direction.map(catalog::choice),
            masked_before: masking.before(runtime::now()),
        }
    }
}

/// A record in a file.
#[derive(Debug, Serialize)]
struct EdrRow {
    #[serde(flatten)]
    edr: EdrView,
    #[serde(flatten)]
    names: PayerNames,
}

/// The columns of a file.
const FILE_COLUMNS: [&str; 39] = [
    "message",
    "fee",
    "agreement",
    "agreement_code",
    "level",
    "company",
    "company_name",
    "resource",
    "sender",
    "subject",
    "recipient",
    "country",
    "network",
    "segments",
    "rate",
    "unit_price",
    "quantity",
    "quantity_rule",
    "billing_rule",
    "amount",
    "status",
    "reason",
    "client_reference",
    "accepted_at",
    "submitted_at",
    "finished_at",
    "direction",
    "incoming_message",
    "mccmnc",
    "price_type",
    "scale_type",
    "scale_tier",
    "counter_group",
    "wallet",
    "charge_version",
    "connection",
    "vendor_references",
    "code_request",
    "parts",
];

/// An agreement's records, newest first.
///
/// With a filter a page may hold fewer than `limit` while there are more: go on while there is a `next`.
/// `Accept: text/csv` answers a file, of a span of at most 31 days named by `from` and `till`. One that would
/// have more than 10,000 rows, or takes too long to find, comes in parts: with a `limit`, and as long as an
/// answer has a `Next-Cursor`, again with that as `cursor`.
#[utoipa::path(get, path = "/v1/edrs", tag = "edrs", params(EdrQuery),
    responses((status = 200, description = "A page",
        content((List<EdrView> = "application/json"), (String = "text/csv")),
        headers(("Next-Cursor" = Option<String>, description = "Of a part of a file: where the next one begins")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<EdrQuery>,
) -> Result<Response, ApiError> {
    let agreement = app.seen_by(&who).agreement(&query.agreement).await?;
    rights::view_own(&who, &agreement.company, Area::InvoicesAndCharges, Area::PortalStatistics)?;
    answer(&app, &who, &agreement.id, format, query).await
}

/// The records of an agreement, as a page or a file.
pub async fn answer(
    app: &App,
    who: &Principal,
    agreement: &AgreementId,
    format: Format,
    query: EdrQuery,
) -> Result<Response, ApiError> {
    let cursor = query.cursor.as_deref().map(cursor::place_of).transpose()?;
    query.clone().filter(app.masking).check(cursor.as_deref())?;
    if format == Format::Csv {
        return file(app, who, agreement, query, cursor).await;
    }
    let limit = fields::limit(query.limit)?;
    let page = app.store.edrs(agreement, &query.filter(app.masking), limit, cursor.as_deref()).await?;
    let next = page.next.as_deref().map(cursor::cursor_of);
    let items = Views::new(app, who).of(page.items).await?;
    Ok(Json(List { items, next }).into_response())
}

/// All records of a span, or the next part of them.
async fn file(
    app: &App,
    who: &Principal,
    agreement: &AgreementId,
    query: EdrQuery,
    mut cursor: Option<String>,
) -> Result<Response, ApiError> {
    let Some((from, till)) = query.from.zip(query.till) else {
        let field = if query.from.is_none() { "from" } else { "till" };
        return Err(Problem::invalid(field, "a file is of a span: name `from` and `till`").into());
    };
    if SignedDuration::from_hours(24 * FILE_DAYS_MAX) < till.duration_since(from) {
        let detail = format!("a file is of at most {FILE_DAYS_MAX} days");
        return Err(Problem::invalid("till", detail).into());
    }
    let part = query.limit.map(usize::from);
    if part.is_some_and(|rows| !(1..=FILE_ROWS_MAX).contains(&rows)) {
        let detail = format!("1 to {FILE_ROWS_MAX} are allowed in a file");
        return Err(Problem::invalid("limit", detail).into());
    }
    // Of a whole file one row more tells that it is too long.
    let rows_max = part.unwrap_or(FILE_ROWS_MAX + 1);
    let filter = query.filter(app.masking);
    let (mut rows, mut views) = (Vec::new(), Views::new(app, who));
    for _ in 0..FILE_PAGES_MAX {
        // The store counts what it looks at, and a part ends between two records.
        let left = part.and_then(|_| u16::try_from(rows_max - rows.len()).ok()).unwrap_or(FILE_PAGE);
        let page = app.store.edrs(agreement, &filter, left.min(FILE_PAGE), cursor.as_deref()).await?;
        rows.extend(views.of(page.items).await?);
        cursor = page.next;
        if cursor.is_none() || rows_max <= rows.len() {
            break;
        }
    }
    if part.is_none() && (cursor.is_some() || FILE_ROWS_MAX < rows.len()) {
        let detail = format!(
            "a file holds at most {FILE_ROWS_MAX} rows, found in one go: ask for its parts, with a `limit`"
        );
        return Err(Problem::new(422, "too_many", detail).into());
    }
    let found = Found::all(rows, Format::Csv);
    let names = found.names(&app.store, |edr| [edr.company.as_str(), edr.agreement.as_str()]).await?;
    let row = |edr: EdrView| EdrRow { names: names.payer_of([&edr.company, &edr.agreement]), edr };
    let mut response = found.answer(row, "edrs", &FILE_COLUMNS)?;
    if let Some(cursor) = cursor {
        let cursor = HeaderValue::from_str(&cursor::cursor_of(&cursor)).map_err(unavailable)?;
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    Ok(response)
}

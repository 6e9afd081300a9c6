//! Event detail records: what messages and fees were and cost, as one agreement sees them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::edr::{Edr, FeeRecord, Record};
use domain::id::AgreementId;
use domain::masking::Masking;
use domain::message::Status;
use domain::permission::Area;
use domain::rating::BillingRule;
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query, unavailable};
use serde::{Deserialize, Serialize};
use store::EdrFilter;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Format, csv_file};
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
    /// What is owed for it at this level: zero once it was refunded.
    amount: String,
    /// How far the message has come; null for a fee, which is charged for good.
    #[schema(value_type = Option<schema::MessageStatus>)]
    status: Option<Status>,
    /// Where the status alone does not say it.
    reason: Option<String>,
    /// What the sender named it; in the sender's own records only.
    client_reference: Option<String>,
    /// Of messages: `outgoing`, or `incoming` for what the recipient's phone sent.
    #[schema(example = "outgoing")]
    direction: Option<String>,
    /// The message from a phone that it is of; null for others.
    incoming_message: Option<String>,
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

impl From<Edr> for EdrView {
    fn from(edr: Edr) -> Self {
        let direction = edr.direction().to_owned();
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
            segments: Some(edr.segments),
            rate: edr.rate.as_str().to_owned(),
            unit_price: edr.unit_price.to_string(),
            quantity: edr.quantity,
            quantity_rule: edr.quantity_rule.map(|rule| rule.name().to_owned()),
            billing_rule: edr.billing,
            amount: edr.amount.to_string(),
            status: Some(edr.status),
            reason: edr.reason,
            client_reference: edr.client_reference,
            direction: Some(direction),
            incoming_message: edr.incoming.map(Into::into),
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
            segments: None,
            rate: fee.rate.as_str().to_owned(),
            unit_price: fee.unit_price.to_string(),
            quantity: fee.quantity,
            quantity_rule: fee.quantity_rule.map(|rule| rule.name().to_owned()),
            billing_rule: BillingRule::Accepted,
            amount: fee.amount.to_string(),
            status: None,
            reason: None,
            client_reference: None,
            direction: None,
            incoming_message: None,
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

#[derive(Debug, Clone, Deserialize, IntoParams)]
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
            status: self.status.and_then(name),
            client_reference: self.client_reference,
            masked_before: masking.before(runtime::now()),
        }
    }
}

/// A status as the table has it.
fn name(status: Status) -> Option<String> {
    serde_json::to_value(status).ok()?.as_str().map(str::to_owned)
}

/// The columns of a file.
const FILE_COLUMNS: [&str; 26] = [
    "message",
    "fee",
    "agreement",
    "level",
    "company",
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
    answer(&app, &agreement.id, format, query).await
}

/// The records of an agreement, as a page or a file.
pub async fn answer(
    app: &App,
    agreement: &AgreementId,
    format: Format,
    query: EdrQuery,
) -> Result<Response, ApiError> {
    let cursor = query.cursor.as_deref().map(cursor::place_of).transpose()?;
    query.clone().filter(app.masking).check(cursor.as_deref())?;
    if format == Format::Csv {
        return file(app, agreement, query, cursor).await;
    }
    let limit = fields::limit(query.limit)?;
    let page = app.store.edrs(agreement, &query.filter(app.masking), limit, cursor.as_deref()).await?;
    let next = page.next.as_deref().map(cursor::cursor_of);
    Ok(Json(List { items: page.items.into_iter().map(EdrView::from).collect(), next }).into_response())
}

/// All records of a span, or the next part of them.
async fn file(
    app: &App,
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
    let mut rows = Vec::new();
    for _ in 0..FILE_PAGES_MAX {
        // The store counts what it looks at, and a part ends between two records.
        let left = part.and_then(|_| u16::try_from(rows_max - rows.len()).ok()).unwrap_or(FILE_PAGE);
        let page = app.store.edrs(agreement, &filter, left.min(FILE_PAGE), cursor.as_deref()).await?;
        rows.extend(page.items.into_iter().map(EdrView::from));
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
    let mut response = csv_file("edrs", &rows, &FILE_COLUMNS)?;
    if let Some(cursor) = cursor {
        let cursor = HeaderValue::from_str(&cursor::cursor_of(&cursor)).map_err(unavailable)?;
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    Ok(response)
}

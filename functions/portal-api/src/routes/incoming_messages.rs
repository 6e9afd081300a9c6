//! Messages from phones: whose they are, what became of them, and those that nobody gets.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::connection::Connection;
use domain::id::{CompanyId, IncomingId, SenderId};
use domain::incoming::{IncomingCost, IncomingMessage, Unpaid};
use domain::permission::{Area, Level};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use store::{EdrFilter, IncomingFilter, IncomingList, Page};
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use super::connections::area_of;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found};
use crate::names::PayerNames;
use crate::{rights, schema};

/// What became of a message from a phone: `handed_on` to the address or the connection of its sender ID, for
/// nothing or for its price; `unrouted` if no rule of a sender ID chooses it; `blocked` by the rate plans of its
/// agreement or of one above; `unpaid` if one of these could not pay for it, or for another `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
pub enum IncomingStatus {
    HandedOn,
    Unrouted,
    Blocked,
    Unpaid,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IncomingMessageView {
    /// Its id, which its webhook names too.
    #[schema(example = "inc_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// What became of it. Only what is handed on was told to its client.
    status: IncomingStatus,
    /// Why it is unpaid.
    #[schema(value_type = Option<schema::UnpaidReason>)]
    reason: Option<Unpaid>,
    /// When an unpaid one is tried again: each hour for three days after it came, a `busy` one each minute in
    /// the first hour. Null if it is not any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
    /// The message as which it was charged, in the EDRs of its agreement and of those above; null if it cost
    /// nothing.
    charged_message: Option<String>,
    /// The company whose it is; null if it is nobody's.
    company: Option<String>,
    /// Its agreement.
    agreement: Option<String>,
    /// The sender ID whose rule chose it.
    sender_id: Option<String>,
    /// The phone, as the vendor wrote it. Of an old message, where the platform keeps whole numbers for a while
    /// only, the calling code and the last two digits, with stars between them.
    #[schema(example = "4915112345678")]
    phone: String,
    /// The number that it was sent to, likewise.
    #[schema(example = "12345")]
    number: String,
    /// Once it is handed on, for people of the company whose it is who may see messages (`portal_messages`).
    /// Of those that are nobody's for the company that has the vendor's connection. Null for others.
    #[schema(example = "VOTE 7")]
    text: Option<String>,
    /// How many short messages it came in.
    parts: u8,
    /// The vendor's connection over which it came, where the list is asked for by one; of a single message, for
    /// who sees that connection.
    connection: Option<String>,
    /// When all of it was there.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
}

impl IncomingMessageView {
    /// As one caller sees it, who sees this connection.
    fn new(message: IncomingMessage, who: &Principal, connection: Option<&Connection>) -> Self {
        let IncomingMessage { id, source, destination, text, parts, received_at, routed, cost, .. } = message;
        let status = match (&routed, &cost) {
            (None, _) => IncomingStatus::Unrouted,
            (Some(_), IncomingCost::Blocked) => IncomingStatus::Blocked,
            (Some(_), IncomingCost::Unpaid { .. }) => IncomingStatus::Unpaid,
            (Some(_), IncomingCost::Free | IncomingCost::Charged { .. }) => IncomingStatus::HandedOn,
        };
        let is_own = |company: &CompanyId| *company == who.company.id;
        let is_read = match (&routed, status) {
            (Some(routed), IncomingStatus::HandedOn) => {
                is_own(&routed.company) && who.may(Area::PortalMessages, Level::View)
            }
            (None, _) => connection.is_some_and(|connection| is_own(&connection.company)),
            (Some(_), _) => false,
        };
        let next_try_at = cost.try_at();
        let (reason, charged_message) = match cost {
            IncomingCost::Unpaid { why, .. } => (Some(why), None),
            IncomingCost::Charged { message } => (None, Some(message.into())),
            IncomingCost::Free | IncomingCost::Blocked => (None, None),
        };
        let (company, agreement, sender_id) = match routed {
            Some(of) => (Some(of.company.into()), Some(of.agreement.into()), Some(of.sender.into())),
            None => (None, None, None),
        };
        Self {
            id: id.into(),
            status,
            reason,
            next_try_at,
            charged_message,
            company,
            agreement,
            sender_id,
            phone: source.value,
            number: destination.value,
            text: is_read.then_some(text),
            parts,
            connection: connection.map(|connection| connection.id.to_string()),
            received_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct IncomingQuery {
    /// Those of this company and of all below it; yours unless told.
    company: Option<String>,
    /// Those of this agreement.
    agreement: Option<String>,
    /// Those that came over this connection to a vendor. Without a company or an agreement those that nobody
    /// gets.
    connection: Option<String>,
    /// Those that this sender ID got, by its id.
    sender_id: Option<String>,
    /// Those from this phone. A masked one is found by its mask alone.
    phone: Option<String>,
    /// Received at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Received before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// 1 to 500; 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl IncomingQuery {
    fn filter(&self, app: &App, connection: Option<&Connection>) -> Result<IncomingFilter, ApiError> {
        let sender = self.sender_id.as_deref().map(SenderId::parse).transpose();
        Ok(IncomingFilter {
            from: self.from,
            till: self.till,
            sender: sender.map_err(|error| Problem::invalid("sender_id", error))?,
            phone: self.phone.as_deref().map(|phone| phone.trim_start_matches('+').to_owned()),
            connection: connection.map(|connection| connection.id.clone()),
            masked_before: app.masking.before(runtime::now()),
        })
    }

    /// The place to go on at, if there can be such a list.
    fn place(&self) -> Result<Option<String>, ApiError> {
        let cursor = self.cursor.as_deref().map(cursor::place_of).transpose()?;
        let range = EdrFilter { from: self.from, till: self.till, ..EdrFilter::default() };
        range.check(cursor.as_deref())?;
        Ok(cursor)
    }
}

/// A message from a phone in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncomingMessageRow {
    #[serde(flatten)]
    message: IncomingMessageView,
    #[serde(flatten)]
    names: PayerNames,
}

const FILE_COLUMNS: [&str; 16] = [
    "id",
    "status",
    "reason",
    "next_try_at",
    "charged_message",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "sender_id",
    "phone",
    "number",
    "text",
    "parts",
    "connection",
    "received_at",
];

/// Messages from phones, newest first.
///
/// One is listed within moments after it came, for 24 months. With a filter a page may hold fewer than `limit`
/// while there are more: go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/incoming_messages", tag = "incoming_messages", params(IncomingQuery),
    responses((status = 200, description = "A page",
        content((List<IncomingMessageRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<IncomingQuery>,
) -> Result<Response, ApiError> {
    let seen = app.seen_by(&who);
    let company = match &query.company {
        Some(id) => Some(seen.company(id).await?),
        None => None,
    };
    let agreement = match &query.agreement {
        Some(id) => Some(seen.agreement(id).await?),
        None => None,
    };
    let connection = match &query.connection {
        Some(id) => Some(seen.connection(id).await?),
        None => None,
    };
    if let Some(connection) = &connection {
        rights::view(&who, area_of(&connection.link))?;
    }
    let (list, of) = match (&agreement, &company, &connection) {
        (Some(agreement), Some(company), _) if agreement.company != company.id => {
            return Err(Problem::invalid("agreement", "it has to be one of this company's own").into());
        }
        (Some(agreement), ..) => (IncomingList::Agreement(&agreement.id), Some(&agreement.company)),
        (None, Some(company), _) => (IncomingList::Company(&company.id), Some(&company.id)),
        (None, None, Some(connection)) => (IncomingList::Connection(&connection.id), None),
        (None, None, None) => (IncomingList::Company(&who.company.id), Some(&who.company.id)),
    };
    if let Some(company) = of {
        rights::view_own(&who, company, Area::InvoicesAndCharges, Area::PortalStatistics)?;
    }
    let (place, filter) = (query.place()?, query.filter(&app, connection.as_ref())?);
    let page = match format {
        Format::Json => {
            let limit = fields::limit(query.limit)?;
            app.store.listed_incoming(list, &filter, limit, place.as_deref()).await?
        }
        Format::Csv => all(&app, list, &filter, place).await?,
    };
    let found = Found::of(page, format);
    let names = found.names(&app.store, payer_of).await?;
    let row = |message: IncomingMessage| IncomingMessageRow {
        names: names.payer_of(payer_of(&message)),
        message: IncomingMessageView::new(message, &who, connection.as_ref()),
    };
    found.answer(row, "incoming_messages", &FILE_COLUMNS)
}

/// Whose one is; empty of one that is nobody's.
fn payer_of(message: &IncomingMessage) -> [&str; 2] {
    message.routed.as_ref().map_or(["", ""], |of| [of.company.as_str(), of.agreement.as_str()])
}

/// For a file.
async fn all(
    app: &App,
    list: IncomingList<'_>,
    filter: &IncomingFilter,
    mut place: Option<String>,
) -> Result<Page<IncomingMessage>, ApiError> {
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        place = rows.add(app.store.listed_incoming(list, filter, FILE_PAGE, place.as_deref()).await?)?;
        if place.is_none() {
            return Ok(Page { items: rows.items, next: None });
        }
    }
}

/// One message from a phone.
#[utoipa::path(get, path = "/v1/incoming_messages/{id}", tag = "incoming_messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message", body = IncomingMessageView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Reply<IncomingMessageView> {
    let none = || Problem::not_found("message from a phone");
    let id = IncomingId::parse(&id).map_err(|_| none())?;
    let message = app.store.incoming(&id).await?.ok_or_else(none)?;
    let connection = app.store.connection(&who.scope(), &message.connection).await?;
    match (&message.routed, &connection) {
        (Some(routed), _) => {
            app.store.company(&who.scope(), &routed.company).await?.ok_or_else(none)?;
            let (office, portal) = (Area::InvoicesAndCharges, Area::PortalStatistics);
            rights::view_own(&who, &routed.company, office, portal)?;
        }
        (None, Some(connection)) => rights::view(&who, area_of(&connection.link))?,
        (None, None) => return Err(none().into()),
    }
    let connection = connection.filter(|connection| rights::view(&who, area_of(&connection.link)).is_ok());
    let message = message.masked_before(app.masking.before(runtime::now()));
    Ok(Json(IncomingMessageView::new(message, &who, connection.as_ref())))
}

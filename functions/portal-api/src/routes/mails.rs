//! What was mailed in a company's name, and what failed.

use axum::extract::State;
use axum::response::Response;
use domain::notification::{MailRecord, MailStatus, NotificationEvent};
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use store::{MailAsk, MailFilter};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found};
use crate::{rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MailQuery {
    /// In whose name; in yours unless told.
    company: Option<String>,
    /// Only what has this status.
    #[param(value_type = Option<schema::MailStatus>)]
    status: Option<MailStatus>,
    /// Only of this event.
    #[param(value_type = Option<schema::NotificationEvent>)]
    event: Option<NotificationEvent>,
    /// Only to addresses that begin so.
    recipient: Option<String>,
    /// Only over this channel.
    channel: Option<String>,
    /// Of this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Of before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    /// Its id.
    #[schema(example = "mai_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// In whose name it was mailed.
    company: String,
    /// What it tells of; null for a test of a channel.
    #[schema(value_type = Option<schema::NotificationEvent>)]
    event: Option<NotificationEvent>,
    /// Whom it is for.
    #[schema(example = "anna@bakery.example")]
    recipient: String,
    /// What became of it.
    #[schema(value_type = schema::MailStatus)]
    status: MailStatus,
    /// What went wrong at the last try; null if nothing did.
    #[schema(example = "permanent error (550): 5.1.1 nobody of this name")]
    error: Option<String>,
    /// How often it was tried, 8 times at most within about a day.
    tries: u32,
    /// Over which channel it was tried last; null if there is none.
    channel: Option<String>,
    /// When its cause was.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it was tried last.
    #[schema(value_type = String, format = DateTime)]
    tried_at: Timestamp,
}

impl From<MailRecord> for MailView {
    fn from(mail: MailRecord) -> Self {
        Self {
            id: mail.id.into(),
            company: mail.company.into(),
            event: mail.event,
            recipient: mail.recipient,
            status: mail.status,
            error: mail.error,
            tries: mail.tries,
            channel: mail.channel.map(Into::into),
            at: mail.at,
            tried_at: mail.tried_at,
        }
    }
}

const FILE_COLUMNS: [&str; 10] =
    ["id", "company", "event", "recipient", "status", "error", "tries", "channel", "at", "tried_at"];

/// What was mailed, and what failed.
///
/// Newest first, of the last 90 days. With a filter a page may hold fewer than `limit` while there are more:
/// go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/mails", tag = "notifications", params(MailQuery),
    responses((status = 200, description = "A page",
        content((List<MailView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<MailQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::NotificationChannels)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let mut ask = query.ask()?;
    if format == Format::Json {
        let page = app.store.mails(&company.id, &ask).await?;
        return Found::of(page, format).answer(MailView::from, "mails", &FILE_COLUMNS);
    }
    ask.limit = FILE_PAGE;
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        ask.cursor = rows.add(app.store.mails(&company.id, &ask).await?)?;
        if ask.cursor.is_none() {
            return Found::all(rows.items, format).answer(MailView::from, "mails", &FILE_COLUMNS);
        }
    }
}

impl MailQuery {
    fn ask(self) -> Result<MailAsk, ApiError> {
        let filter = MailFilter {
            status: self.status,
            event: self.event,
            recipient: self.recipient.map(|recipient| recipient.to_lowercase()),
            channel: self.channel,
        };
        let cursor = self.cursor.as_deref().map(cursor::place_of).transpose()?;
        Ok(MailAsk { from: self.from, till: self.till, filter, limit: fields::limit(self.limit)?, cursor })
    }
}

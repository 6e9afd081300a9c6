//! The credits that came and went in the last 30 days, over all wallets that the caller manages: as
//! JSON, as a CSV file, and as a page to print.

mod collect;
mod names;
mod sheet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::company::Company;
use domain::permission::{Area, Level};
use domain::wallet::OperationKind;
use http::HeaderMap;
use http::header::{ACCEPT, VARY};
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::rights;
use crate::seen::Seen;
use crate::wallet_book::{Entry, all_wallets, main_wallets};

const DAYS: i64 = 30;
/// More would be slow to read; the caller names one of them.
const CHILDREN_MAX: usize = 500;

/// Whether credits came to the wallet or went from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditDirection {
    In,
    Out,
}

/// What moved credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditMovement {
    Transfer,
    /// A purchase, or money paid back.
    Payment,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CreditLogLine {
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The wallet.
    wallet: String,
    /// The company it belongs to.
    company: String,
    /// That company's name.
    company_name: String,
    /// The code of the agreement it belongs to.
    agreement_code: String,
    /// The name of the user whose it is; null for system credits.
    user_name: Option<String>,
    /// Whether credits came or went.
    direction: CreditDirection,
    /// What moved them.
    movement: CreditMovement,
    /// How much, above zero.
    #[schema(example = "30")]
    amount: String,
    /// What the wallet counts in.
    currency: String,
    /// The balance after it.
    balance_after: String,
    /// The wallet on the other side of a transfer.
    counterparty: Option<String>,
    /// Whose that is: a company's name, with the user's where it is a user's.
    counterparty_name: Option<String>,
    /// A transfer's note; a payment's reference code and description.
    note: String,
    /// Who asked for it: a user's or company's name, or the payment system.
    by: String,
    /// The id of the transfer or payment.
    reference: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreditLogView {
    /// What happened at this time or later is listed.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// What happened before this time is listed.
    #[schema(value_type = String, format = DateTime)]
    till: Timestamp,
    /// Newest first.
    items: Vec<CreditLogLine>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CreditLogQuery {
    /// This wallet alone.
    wallet: Option<String>,
    /// This company's wallets alone: yours, or one below you.
    company: Option<String>,
    /// From this time on; 30 days ago unless told, and never longer ago.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time; now unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
}

/// The credits that came and went in the last 30 days.
///
/// Transfers and payments of your own wallets, your users' and the main ones of the companies directly
/// below you, newest first. A user whose roles show them no wallets sees the own ones. `Accept: text/csv` answers a
/// file for a spreadsheet, `Accept: text/html` a page to print.
#[utoipa::path(get, path = "/v1/credit_log", tag = "wallets", params(CreditLogQuery),
    responses((status = 200, description = "Within moments after it happened", content(
        (CreditLogView = "application/json"), (String = "text/csv"), (String = "text/html")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(query): Query<CreditLogQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let window = Window::of(&query, runtime::now());
    let entries = wallets(&app, &who, &query).await?;
    let (seen, format) = (app.seen_by(&who), Format::wanted(&headers));
    // What came to somebody's own wallet is theirs to take along.
    if format == Format::Csv && !entries.iter().all(|entry| seen.is_own(&entry.wallet)) {
        rights::export(&who)?;
    }
    let CreditLogView { from, till, items } = CreditLogView {
        items: collect::lines(&app.store, entries, window).await?,
        from: window.from,
        till: window.till,
    };
    let mut response = match format {
        Format::Json => Json(CreditLogView { from, till, items }).into_response(),
        Format::Csv => sheet::csv(&items)?,
        Format::Page => sheet::page(&who.company.name, window, &items),
    };
    response.headers_mut().insert(VARY, http::HeaderValue::from_static("accept"));
    Ok(response)
}

/// The time that is shown: at most the last 30 days.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Timestamp,
    till: Timestamp,
}

impl Window {
    fn of(query: &CreditLogQuery, now: Timestamp) -> Self {
        let first = now.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MIN);
        Self { from: query.from.map_or(first, |from| from.max(first)), till: query.till.unwrap_or(now) }
    }
}

/// The wallets to show, all of which the caller may see.
async fn wallets(app: &App, who: &Principal, query: &CreditLogQuery) -> Result<Vec<Entry>, ApiError> {
    let seen = app.seen_by(who);
    if let Some(id) = &query.wallet {
        let (wallet, company) = seen.wallet(id).await.map_err(|error| error.field("wallet"))?;
        if query.company.as_ref().is_some_and(|id| *id != company.id.as_str()) {
            return Err(Problem::invalid("wallet", "the wallet is not one of the company").into());
        }
        let mut entries = all_wallets(&app.store, &company).await?;
        entries.retain(|entry| entry.wallet.id == wallet.id);
        return Ok(entries);
    }
    if let Some(id) = &query.company {
        let company = seen.company(id).await.map_err(|error| error.field("company"))?;
        if company.id != who.company.id {
            rights::view(who, Area::Transfers)?;
        }
        return own_wallets(app, &seen, &company).await;
    }
    let mut entries = own_wallets(app, &seen, &who.company).await?;
    if who.may(Area::Transfers, Level::View) {
        let children = app.store.children(&who.company.id).await?;
        if children.len() > CHILDREN_MAX {
            let detail = format!("there are more than {CHILDREN_MAX} companies below yours: name one");
            return Err(Problem::invalid("company", detail).into());
        }
        for child in children {
            entries.extend(main_wallets(&app.store, &child).await?);
        }
    }
    Ok(entries)
}

async fn own_wallets(app: &App, seen: &Seen<'_>, company: &Company) -> Result<Vec<Entry>, ApiError> {
    let mut entries = all_wallets(&app.store, company).await?;
    entries.retain(|entry| seen.shows_wallet(&entry.wallet));
    Ok(entries)
}

impl CreditMovement {
    /// None for what is no movement of credits: charges, refunds and the like.
    fn of(kind: OperationKind) -> Option<Self> {
        match kind {
            OperationKind::TransferIn | OperationKind::TransferOut => Some(Self::Transfer),
            OperationKind::Payment => Some(Self::Payment),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Page,
}

impl Format {
    /// The first of ours that the caller names.
    fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut types = accepted.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        types
            .find_map(|media_type| match media_type {
                "text/csv" => Some(Self::Csv),
                "text/html" => Some(Self::Page),
                "application/json" | "*/*" => Some(Self::Json),
                _ => None,
            })
            .unwrap_or(Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Format {
        Format::wanted(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]))
    }

    #[test]
    fn the_caller_says_how_the_log_comes() {
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Json);
        assert_eq!(wanted("text/csv"), Format::Csv);
        assert_eq!(wanted("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), Format::Page);
        assert_eq!(wanted("application/json, text/csv;q=0.5"), Format::Json);
        assert_eq!(wanted("image/png"), Format::Json);
    }

    #[test]
    fn nothing_older_than_thirty_days_is_shown() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let days_ago = |days: i64| now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap();
        let from = |from| {
            let query = CreditLogQuery { wallet: None, company: None, from, till: None };
            Window::of(&query, now).from
        };
        assert_eq!(from(None), days_ago(30));
        assert_eq!(from(Some(days_ago(31))), days_ago(30));
        assert_eq!(from(Some(days_ago(1))), days_ago(1));
    }
}

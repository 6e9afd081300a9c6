//! The files of an invoice, as links that a browser can follow for a while.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use domain::invoice::{Invoice, period_of};
use jiff::{SignedDuration, Timestamp};
use queue::Billing;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Reply, readable};
use crate::App;
use crate::error::{ApiError, busy};

/// Long enough to click, short enough not to be passed on.
const LINK_VALID_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentLink {
    /// Where a browser finds the file. Whoever has the link can open it until it expires.
    url: String,
    /// When the link stops working.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A link to an invoice's PDF.
///
/// That of a draft says that it is one. It is made when it is asked for, and made anew after the draft has
/// changed or was recalculated.
#[utoipa::path(get, path = "/v1/invoices/{id}/pdf", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "A link for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`not_ready`: the PDF is being made; `period_changed`: a draft to be \
            recalculated", body = Problem, content_type = "application/problem+json")
    ))]
pub async fn pdf(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<DocumentLink> {
    let invoice = readable(&app, &who, &id).await?;
    link(&app, &invoice, "pdf").await
}

/// A file that holds all rows of all charges.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetailsFormat {
    /// A sheet for each resource.
    #[default]
    Xlsx,
    Csv,
    /// An archive of the invoice's PDF and the `xlsx`.
    Zip,
}

impl DetailsFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Zip => "zip",
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DetailsQuery {
    /// Which kind of file; `xlsx` unless told.
    #[serde(default)]
    #[param(inline, value_type = Option<DetailsFormat>)]
    format: DetailsFormat,
}

/// A link to the rows of all charges of an invoice, as one file; as `zip` together with the invoice's PDF.
///
/// Of a draft it is made together with the PDF.
#[utoipa::path(get, path = "/v1/invoices/{id}/details", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id"), DetailsQuery),
    responses(
        (status = 200, description = "A link for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`not_ready`: the file is being made; `period_changed`: a draft to be \
            recalculated", body = Problem, content_type = "application/problem+json")
    ))]
pub async fn details(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<DetailsQuery>,
) -> Reply<DocumentLink> {
    let invoice = readable(&app, &who, &id).await?;
    link(&app, &invoice, query.format.extension()).await
}

/// The files of an invoice lie side by side, and are there when its PDF is.
async fn link(app: &App, invoice: &Invoice, extension: &str) -> Reply<DocumentLink> {
    let Some(document) = &invoice.document else {
        if !invoice.is_confirmed() {
            ask_for(app, invoice).await?;
        }
        let detail = "The file is being made, which takes moments. Ask again then.";
        return Err(Problem::new(409, "not_ready", detail).into());
    };
    let file = format!("{}.{extension}", document.trim_end_matches(".pdf"));
    link_to(app, &file, &invoice.file_name(extension)).await
}

/// A draft changes all the time and few are looked at, so its files are made for who asks for them. Asking again
/// meanwhile makes them once.
async fn ask_for(app: &App, draft: &Invoice) -> Result<(), ApiError> {
    let agreement = app.store.any_agreement(&draft.agreement).await?.ok_or_else(busy)?;
    period_of(&agreement, draft)?;
    app.billing.send(&Billing::RenderV1 { invoice: draft.id.clone() }).await?;
    Ok(())
}

/// A link to a file, which a browser stores under this name.
pub async fn link_to(app: &App, file: &str, file_name: &str) -> Reply<DocumentLink> {
    let now = runtime::now();
    let url = app.documents.link(file, file_name, LINK_VALID_FOR, now).await?;
    let valid_for = SignedDuration::try_from(LINK_VALID_FOR).unwrap_or_default();
    Ok(Json(DocumentLink { url, expires_at: now.saturating_add(valid_for).unwrap_or(now) }))
}

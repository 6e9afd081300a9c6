//! The records of the codes that an integration sent.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::AgreementId;
use domain::message::Status;
use domain::two_factor::TwoFactorIntegration;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::may_view;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::Format;
use crate::routes::edrs::{EdrQuery, EdrView, answer};
use crate::schema;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CodeEdrQuery {
    /// Accepted at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Accepted before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// International form. A masked one is found by its mask alone.
    recipient: Option<String>,
    /// How far the message has come.
    #[param(value_type = Option<schema::MessageStatus>)]
    status: Option<Status>,
    /// 1 to 500, 50 unless told. A file is whole unless told, and else a part of 1 to 10,000 rows.
    limit: Option<u16>,
    /// `next` of the page before, or `Next-Cursor` of the part before.
    cursor: Option<String>,
}

impl CodeEdrQuery {
    /// All messages of an integration have its id as their reference.
    fn of(self, integration: TwoFactorIntegration) -> (AgreementId, EdrQuery) {
        let query = EdrQuery {
            agreement: integration.agreement.to_string(),
            from: self.from,
            till: self.till,
            recipient: self.recipient,
            status: self.status,
            client_reference: Some(integration.id.into()),
            limit: self.limit,
            cursor: self.cursor,
            ..EdrQuery::default()
        };
        (integration.agreement, query)
    }
}

/// The records of an integration's codes, newest first.
///
/// They are found among all records of the agreement: a page may hold fewer than `limit` while there are
/// more, so go on while there is a `next`. `Accept: text/csv` answers a file, of a span of at most 31 days
/// named by `from` and `till`. One that would have more than 10,000 rows, or is found among too many records,
/// comes in parts: with a `limit`, and as long as an answer has a `Next-Cursor`, again with that as `cursor`.
#[utoipa::path(get, path = "/v1/two_factor_integrations/{id}/edrs", tag = "two_factor_integrations",
    params(("id" = String, Path, description = "The integration's id"), CodeEdrQuery),
    responses((status = 200, description = "A page",
        content((List<EdrView> = "application/json"), (String = "text/csv")),
        headers(("Next-Cursor" = Option<String>, description = "Of a part of a file: where the next one begins")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
    Query(query): Query<CodeEdrQuery>,
) -> Result<Response, ApiError> {
    let (integration, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_view(&who, &company)?;
    let (agreement, query) = query.of(integration);
    answer(&app, &who, &agreement, format, query).await
}

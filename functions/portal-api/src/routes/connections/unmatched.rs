//! Receipts of a vendor whose messages never came to be known: kept for 48 hours in case the message is
//! only late, and listed here when that time is over.

use axum::Json;
use axum::extract::{Path, State};
use domain::receipt::ReceiptState;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use store::UnmatchedReceipt;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::fields::{self, List};
use crate::routes::Reply;
use crate::{rights, schema};

use super::area_of;

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedReceiptView {
    /// The vendor's id of a message, as the receipt names it.
    #[schema(example = "1a2b3c")]
    reference: String,
    /// What the receipt says became of it.
    #[schema(value_type = schema::ReceiptState, example = "delivered")]
    state: ReceiptState,
    /// The vendor's error code, if it said one.
    #[schema(example = "011")]
    error: Option<String>,
    /// To whom the message went, as the vendor wrote it, if it did.
    #[schema(example = "4915112345678")]
    recipient: Option<String>,
    /// When the receipt came.
    #[schema(value_type = String, format = DateTime, example = "2026-11-22T08:00:00Z")]
    received_at: Timestamp,
}

impl From<UnmatchedReceipt> for UnmatchedReceiptView {
    fn from(unmatched: UnmatchedReceipt) -> Self {
        let receipt = unmatched.receipt;
        Self {
            reference: receipt.reference,
            state: receipt.state,
            error: receipt.error,
            recipient: receipt.recipient,
            received_at: unmatched.received_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UnmatchedFilter {
    /// 1 to 500; 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Receipts that no message was found for within 48 hours; kept for 90 days.
#[utoipa::path(get, path = "/v1/connections/{id}/unmatched_receipts", tag = "connections",
    params(("id" = String, Path, description = "The connection's id"), UnmatchedFilter),
    responses((status = 200, description = "Newest first", body = List<UnmatchedReceiptView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<UnmatchedFilter>,
) -> Reply<List<UnmatchedReceiptView>> {
    let limit = fields::limit(filter.limit)?;
    let connection = app.seen_by(&who).connection(&id).await?;
    rights::view(&who, area_of(&connection.link))?;
    let cursor = filter.cursor.as_deref().map(cursor::place_of).transpose()?;
    let page = app.store.unmatched_receipts(&connection.id, limit, cursor.as_deref()).await?;
    let next = page.next.as_deref().map(cursor::cursor_of);
    Ok(Json(List { items: page.items.into_iter().map(Into::into).collect(), next }))
}

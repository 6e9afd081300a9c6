//! The tax receipt of message credits that were bought, and the credit notes of what went back of it, as links that a
//! browser can follow for a while. The invoice-closer makes them.

use axum::extract::{Path, State};
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::shows;
use crate::App;
use crate::routes::Reply;
use crate::routes::invoices::documents::{DocumentLink, link_to};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReceiptQuery {
    /// The number of one of the credit notes; the receipt unless told.
    credit_note: Option<u64>,
}

/// A link to the tax receipt of bought message credits, or to a credit note that answers it.
#[utoipa::path(get, path = "/v1/top_ups/{id}/receipt", tag = "top_ups",
    params(("id" = String, Path, description = "The top-up's id"), ReceiptQuery),
    responses(
        (status = 200, description = "A link to a PDF for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`no_receipt`: not confirmed, no message credits were \
            bought, or there is no such credit note; \
            `not_ready`: the PDF is still being made",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<ReceiptQuery>,
) -> Reply<DocumentLink> {
    let top_up = app.seen_by(&who).top_up(&id).await?;
    if !shows(&who, &top_up) {
        return Err(Problem::not_found("top-up").into());
    }
    let found = match query.credit_note {
        None => top_up.receipt.map(|receipt| ("receipt", receipt.number, receipt.document)),
        Some(number) => {
            let note = top_up.credit_notes.into_iter().find(|note| note.number == number);
            note.map(|note| ("credit-note", note.number, note.document))
        }
    };
    let Some((name, number, document)) = found else {
        let detail = "There is a receipt for message credits as soon as they are paid, and a credit note for what goes \
                      back of it.";
        return Err(Problem::new(409, "no_receipt", detail).into());
    };
    let Some(file) = document else {
        let detail =
            "The file is made within moments after the credits were paid or paid back. Ask again then.";
        return Err(Problem::new(409, "not_ready", detail).into());
    };
    link_to(&app, &file, &format!("{name}-{number}.pdf")).await
}

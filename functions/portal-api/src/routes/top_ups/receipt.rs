//! The tax receipt of message credits that were bought, as a link that a browser can follow for a while. The
//! invoice-closer makes it.

use axum::extract::{Path, State};
use runtime::auth::Principal;
use runtime::http::Problem;

use super::shows;
use crate::App;
use crate::routes::Reply;
use crate::routes::invoices::documents::{DocumentLink, link_to};

/// A link to the tax receipt of bought message credits.
#[utoipa::path(get, path = "/v1/top_ups/{id}/receipt", tag = "top_ups",
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, description = "A link to a PDF for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`no_receipt`: not confirmed, or no message credits were bought; \
            `not_ready`: the PDF is still being made",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<DocumentLink> {
    let top_up = app.seen_by(&who).top_up(&id).await?;
    if !shows(&who, &top_up) {
        return Err(Problem::not_found("top-up").into());
    }
    let Some(receipt) = top_up.receipt else {
        let detail = "There is a receipt for message credits as soon as they are paid.";
        return Err(Problem::new(409, "no_receipt", detail).into());
    };
    let Some(file) = receipt.document else {
        let detail = "The file is made within moments after the credits were paid. Ask again then.";
        return Err(Problem::new(409, "not_ready", detail).into());
    };
    link_to(&app, &file, &format!("receipt-{}.pdf", receipt.number)).await
}

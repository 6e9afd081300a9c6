//! The tax receipt of message credits that were bought: made when it is first asked for, and the same file
//! from then on.

use std::time::Duration;

use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::credit_order::CreditOrder;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::payment::Payment;
use domain::printable_form::{FormKind, PrintableForm, choose_form};
use domain::top_up::{TopUp, TopUpState};
use jiff::Timestamp;
use jiff::civil::Date;
use printing::Document;
use printing::facts::{Parties, Purchase, receipt};
use runtime::auth::Principal;
use runtime::http::{Problem, unavailable};
use store::Files;

use super::shows;
use crate::App;
use crate::error::ApiError;
use crate::routes::Reply;
use crate::routes::invoices::documents::{DocumentLink, link_to};

/// Used at once, by this function.
const OWN_USE_VALID_FOR: Duration = Duration::from_secs(60);

/// A link to the tax receipt of bought message credits.
#[utoipa::path(get, path = "/v1/top_ups/{id}/receipt", tag = "top_ups",
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, description = "A link to a PDF for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`no_receipt`: not confirmed, or no message credits were bought",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<DocumentLink> {
    let top_up = app.seen_by(&who).top_up(&id).await?;
    if !shows(&who, &top_up) {
        return Err(Problem::not_found("top-up").into());
    }
    let (TopUpState::Confirmed { payment }, Some(order)) = (&top_up.state, &top_up.order) else {
        let detail = "There is a receipt for message credits as soon as they are paid.";
        return Err(Problem::new(409, "no_receipt", detail).into());
    };
    let now = runtime::now();
    let file = format!("receipts/{}/{}.pdf", top_up.agreement, top_up.id);
    if !is_there(&app, &file, now).await? {
        let payment = app.store.payment(payment).await?.ok_or_else(|| missing("payment"))?;
        let made = make(&app, &top_up, order, &payment).await?;
        Files::new(app.documents.clone(), app.http.clone()).put(&file, made, now).await?;
    }
    link_to(&app, &file, &format!("receipt-{}.pdf", top_up.id)).await
}

/// Without the right to list a bucket, S3 answers 403 for what is not there.
async fn is_there(app: &App, file: &str, now: Timestamp) -> Result<bool, ApiError> {
    let url = app.documents.address("GET", file, OWN_USE_VALID_FOR, now).await?;
    let answer = app.http.get(url).send().await.map_err(unavailable)?;
    match answer.status().as_u16() {
        403 | 404 => Ok(false),
        _ => Ok(answer.error_for_status().map(|_| true).map_err(unavailable)?),
    }
}

async fn make(
    app: &App,
    top_up: &TopUp,
    order: &CreditOrder,
    payment: &Payment,
) -> Result<Vec<u8>, ApiError> {
    let store = &app.store;
    let agreement = store.any_agreement(&top_up.agreement).await?.ok_or_else(|| missing("agreement"))?;
    let issuer = store.any_company(&agreement.tenant).await?.ok_or_else(|| missing("company"))?;
    let payer = store.any_company(&agreement.company).await?.ok_or_else(|| missing("company"))?;
    let own = match &agreement.parties.own_legal_entity {
        Some(id) => store.thing::<OwnLegalEntity>(id.as_str()).await?,
        None => None,
    };
    let entity = match &agreement.parties.legal_entity {
        Some(id) => store.thing::<LegalEntity>(id.as_str()).await?,
        None => None,
    };
    let parties = Parties {
        issuer: (&issuer, own.as_ref()),
        payer: (&payer, entity.as_ref()),
        agreement: &agreement,
        account: None,
    };
    let reference = top_up.received.as_ref().map(|received| received.reference.clone());
    let purchase = Purchase {
        id: top_up.id.as_str(),
        number: payment.id.to_string(),
        currency: top_up.currency,
        description: "Message credits".to_owned(),
        quantity: order.quantity.into(),
        unit_price: order.unit_price,
        net: order.net,
        tax_rule: order.tax_rule.as_ref(),
        tax: order.tax,
        total: order.total,
        payment_method: Some("Card".to_owned()),
        payment_reference: reference,
        paid_at: payment.at,
        issue_date: payment.payment_date,
        comment: None,
    };
    let document = Document::Receipt(Box::new(receipt(&purchase, &parties)));
    let form = form(app, &agreement, payment.payment_date).await?;
    Ok(printing::print(&document, form.as_deref()).map_err(unavailable)?)
}

/// The seller's own form for receipts of that day; none for the product's own.
async fn form(app: &App, agreement: &Agreement, day: Date) -> Result<Option<String>, ApiError> {
    let forms: Vec<PrintableForm> = app.store.all_things(agreement.tenant.as_str()).await?;
    let seller = agreement.parties.own_legal_entity.as_ref();
    let Some(form) = choose_form(&forms, FormKind::Receipt, seller, None, day) else { return Ok(None) };
    let files = Files::new(app.documents.clone(), app.http.clone());
    let file = files.get(&form.details.file.place(&form.company), runtime::now()).await?;
    Ok(Some(String::from_utf8(file).map_err(unavailable)?))
}

/// What belongs to a top-up is always there.
fn missing(what: &'static str) -> ApiError {
    unavailable(anyhow::anyhow!("the top-up has no {what}")).into()
}

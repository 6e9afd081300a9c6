//! Message credits for money: what an order of some costs, by the rate plan that the agreement names for
//! it and with the tax of the legal entity that sells.

use domain::agreement::{Agreement, EnabledService};
use domain::credit_order::{CreditOrder, CreditOrderError, credit_price};
use domain::top_up::CreditNote;
use runtime::http::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::Goods;
use crate::App;
use crate::error::ApiError;

/// Message credits with what they cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditOrderView {
    /// How many.
    quantity: u32,
    /// Of one, without tax.
    #[schema(example = "0.06")]
    unit_price: String,
    /// Of all, without tax, rounded to the currency's smallest unit.
    net: String,
    /// The name of the tax; null if there is none.
    tax_name: Option<String>,
    /// Its rate; null if there is none.
    tax_percent: Option<String>,
    /// Whether the buyer owes the tax itself, so that none is added.
    reverse_charge: bool,
    /// The tax.
    tax: String,
    /// With tax.
    total: String,
}

impl From<CreditOrder> for CreditOrderView {
    fn from(order: CreditOrder) -> Self {
        let rule = order.tax_rule;
        Self {
            quantity: order.quantity,
            unit_price: order.unit_price.to_string(),
            net: order.net.to_string(),
            tax_percent: rule.as_ref().map(|rule| rule.percent.to_string()),
            reverse_charge: rule.as_ref().is_some_and(|rule| rule.reverse_charge),
            tax_name: rule.map(|rule| rule.name),
            tax: order.tax.to_string(),
            total: order.total.to_string(),
        }
    }
}

/// What of a receipt for message credits is undone because money of it went back; below zero what is sold once more,
/// because it came again. When all has gone back, the credit notes add up to the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditNoteView {
    /// Without gaps among the receipts and credit notes of the legal entity that sells.
    number: u64,
    /// The message credits that left the wallet again.
    #[schema(example = "250")]
    credits: String,
    /// In the currency that was paid in, without tax.
    #[schema(example = "15")]
    net: String,
    /// The tax of that.
    #[schema(example = "2.85")]
    tax: String,
    /// Of the fee that was charged on top.
    #[schema(example = "0")]
    fee: String,
}

impl From<CreditNote> for CreditNoteView {
    fn from(note: CreditNote) -> Self {
        Self {
            number: note.number,
            credits: note.credits.to_string(),
            net: note.net.to_string(),
            tax: note.tax.to_string(),
            fee: note.fee.to_string(),
        }
    }
}

/// What so many credits cost under an agreement now.
pub(super) async fn order(app: &App, agreement: &Agreement, quantity: u32) -> Result<Goods, ApiError> {
    let Some(service) = &agreement.credit_service else { return Err(not_sold()) };
    let service = app.store.services(std::slice::from_ref(service)).await?.pop();
    let service = service.filter(|service| !service.archived).ok_or_else(not_sold)?;
    let now = runtime::now();
    // As if it were the only one that is enabled: the agreement's own prices are in credits.
    let sale =
        Agreement { services: vec![EnabledService::new(service.id.clone(), now, None)], ..agreement.clone() };
    let level = app.store.levels(&app.trees, vec![sale], now).await?.pop().ok_or_else(not_sold)?;
    let price = credit_price(&level).map_err(|error| no_order(error.into()))?;
    let seller = agreement.parties.own_legal_entity.as_ref();
    let today = agreement.version_at(now).billing.day_of(now);
    let tax = app.store.tax_rule(seller, agreement, today).await?;
    let order =
        CreditOrder::plan(quantity, price, service.currency, seller.cloned(), tax).map_err(no_order)?;
    Ok(Goods { amount: order.total, currency: service.currency, order: Some(order) })
}

fn not_sold() -> ApiError {
    let detail = "Message credits are not sold by card under this agreement. Ask your provider.";
    Problem::new(409, "no_credit_sale", detail).into()
}

fn no_order(error: CreditOrderError) -> ApiError {
    match error {
        CreditOrderError::Price(error) => Problem::new(409, error.code(), error.to_string()).into(),
        CreditOrderError::Free => not_sold(),
        CreditOrderError::Quantity | CreditOrderError::TooLittle(_) | CreditOrderError::Amount(_) => {
            Problem::invalid("quantity", error).into()
        }
    }
}

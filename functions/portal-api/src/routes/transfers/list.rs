//! The transfers from and to the wallets of a company.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::id::WalletId;
use domain::permission::Area;
use domain::transfer::Transfer;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::TransferView;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Column, Format, Listing};
use crate::rights;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TransferQuery {
    /// Whose transfers; the caller's own unless told.
    company: Option<String>,
    /// Only from this wallet.
    from_wallet: Option<String>,
    /// Only to this wallet.
    to_wallet: Option<String>,
    /// Only what this company asked for.
    by: Option<String>,
    /// Only what this user asked for.
    by_user: Option<String>,
    /// Only in this currency.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// Only those with this in their note, whatever the case.
    note: Option<String>,
    /// At least so much.
    amount_min: Option<String>,
    /// At most so much.
    amount_max: Option<String>,
    /// At this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// `at`, `amount` or `note`, with a `-` before it for the other way round; `-at` unless told or filtered. By
    /// `note` it is of 10,000 transfers at most: name `from` and `till` where there are more.
    #[param(example = "-at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl TransferQuery {
    /// What no list is in the order of.
    fn passes(&self, transfer: &Transfer) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|it| it == value);
        is(&self.from_wallet, transfer.from.as_str())
            && is(&self.to_wallet, transfer.to.as_str())
            && is(&self.by, transfer.by.as_str())
            && is(&self.by_user, transfer.by_user.as_ref().map_or("", |user| user.as_str()))
            && is(&self.currency, transfer.currency.code())
            && self
                .note
                .as_ref()
                .is_none_or(|part| transfer.note.to_lowercase().contains(&part.to_lowercase()))
    }
}

/// Without an index, which every transfer would pay for.
const NOTE: Column<Transfer> = ("note", |transfer| catalog::words(&transfer.note));
const FILE_COLUMNS: [&str; 12] = [
    "id",
    "at",
    "from",
    "from_company",
    "to",
    "to_company",
    "amount",
    "currency",
    "note",
    "by",
    "by_user",
    "all",
];

/// A company's transfers, in and out.
///
/// Newest first unless a filter or `sort` says otherwise. A user whose roles show them no wallets sees those
/// of the own wallets. With a filter a page may hold fewer than `limit` while there are more: go on while
/// there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/transfers", tag = "transfers", params(TransferQuery),
    responses((status = 200, description = "A page",
        content((List<TransferView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<TransferQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let sees_all = rights::sees_wallets(&who, &company.id);
    if company.id != who.company.id {
        rights::view(&who, Area::Transfers)?;
    }
    let own = if sees_all { BTreeSet::new() } else { own_wallets(&app, &who).await? };
    let is_shown = |transfer: &Transfer| {
        (sees_all || own.contains(&transfer.from) || own.contains(&transfer.to)) && query.passes(transfer)
    };
    let amounts = fields::amounts(query.amount_min.as_deref(), query.amount_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &["at", "amount", NOTE.0], sort, query.limit, cursor)?
        .within("at", query.from, query.till)
        .within_amounts("amount", amounts)
        .newest_first("at");
    let found = listing.read_in_order(&[NOTE], &app.store, format, is_shown).await?;
    found.answer(TransferView::from, "transfers", &FILE_COLUMNS)
}

/// Those of a person under each agreement of the company; none of a key of the company itself.
async fn own_wallets(app: &App, who: &Principal) -> Result<BTreeSet<WalletId>, ApiError> {
    let Some(user) = &who.user else { return Ok(BTreeSet::new()) };
    let agreements = app.store.agreements_of(&who.company.id).await?;
    Ok(agreements.iter().map(|agreement| WalletId::of_user(&agreement.id, &user.id)).collect())
}

//! The transfers from and to the wallets of a company.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::id::{CompanyId, WalletId};
use domain::permission::Area;
use domain::transfer::Transfer;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use store::StoreError;
use utoipa::{IntoParams, ToSchema};

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

/// A transfer in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferRow {
    #[serde(flatten)]
    transfer: TransferView,
    /// What the company is called whose wallet gave; null where that is neither the one whose transfers these are
    /// nor the one above it, nor yours or below yours.
    #[schema(example = "Reseller")]
    from_company_name: Option<String>,
    /// What the company is called whose wallet got, or null as there.
    #[schema(example = "Bakery")]
    to_company_name: Option<String>,
}

const FILE_COLUMNS: [&str; 14] = [
    "id",
    "at",
    "from",
    "from_company",
    "from_company_name",
    "to",
    "to_company",
    "to_company_name",
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
        content((List<TransferRow> = "application/json"), (String = "text/csv")))))]
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
    let listing = Listing::new(company.id.clone(), &["at", "amount", NOTE.0], sort, query.limit, cursor)?
        .within("at", query.from, query.till)
        .within_amounts("amount", amounts)
        .newest_first("at");
    let found = listing.read_in_order(&[NOTE], &app.store, format, is_shown).await?;
    let names = names_told(&app, &who, &company, found.items()).await?;
    let row = |transfer: Transfer| TransferRow {
        from_company_name: names.get(&transfer.from_company).cloned(),
        to_company_name: names.get(&transfer.to_company).cloned(),
        transfer: transfer.into(),
    };
    found.answer(row, "transfers", &FILE_COLUMNS)
}

/// Of the two companies of each transfer. What came back to a closed wallet may go to any company above, whose name
/// is not for those far below it.
async fn names_told(
    app: &App,
    who: &Principal,
    listed: &Company,
    transfers: &[Transfer],
) -> Result<BTreeMap<CompanyId, String>, StoreError> {
    let both = |it: &Transfer| [it.from_company.clone(), it.to_company.clone()];
    let ids: BTreeSet<CompanyId> = transfers.iter().flat_map(both).collect();
    let ids: Vec<&str> = ids.iter().map(CompanyId::as_str).collect();
    let companies: Vec<Company> = app.store.things_by_id(&ids).await?;
    let is_told = |it: &Company| {
        it.id == listed.id || listed.tenant() == Some(&it.id) || it.path.contains(&who.company.id)
    };
    Ok(companies.into_iter().filter(is_told).map(|it| (it.id, it.name)).collect())
}

/// Those of a person under each agreement of the company; none of a key of the company itself.
async fn own_wallets(app: &App, who: &Principal) -> Result<BTreeSet<WalletId>, ApiError> {
    let Some(user) = &who.user else { return Ok(BTreeSet::new()) };
    let agreements = app.store.agreements_of(&who.company.id).await?;
    Ok(agreements.iter().map(|agreement| WalletId::of_user(&agreement.id, &user.id)).collect())
}

//! Banks: a company keeps those that it and all below it have accounts at.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::bank::Swift;
use domain::bank_account::{Bank, BankAccount, BankDetails, OwnBankAccount, accounts_at};
use domain::company::Company;
use domain::id::BankId;
use domain::permission::Area;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Format, Listing};
use crate::rights;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankSettings {
    /// Whose it is: who may change it; yours unless told. It stays.
    company: Option<String>,
    /// As it is registered, 1 to 120 characters.
    #[schema(example = "Vienna Credit Union")]
    name: String,
    /// Up to 500 characters.
    description: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    #[schema(example = "AT")]
    country: String,
    /// Its legal address.
    #[schema(example = "Ringstrasse 1, 1010 Vienna")]
    address: String,
    /// 8 or 11 characters (ISO 9362). A bank has this or a branch code.
    #[schema(example = "VCUBATWW")]
    swift: Option<String>,
    /// The branch's code in its country.
    branch_code: Option<String>,
    /// The bank's code in its country.
    bank_code: Option<String>,
}

impl From<&Bank> for BankSettings {
    fn from(bank: &Bank) -> Self {
        let details = bank.details.clone();
        Self {
            company: Some(bank.company.to_string()),
            name: details.name,
            description: details.description,
            country: details.country,
            address: details.address,
            swift: details.swift.map(Into::into),
            branch_code: details.branch_code,
            bank_code: details.bank_code,
        }
    }
}

impl BankSettings {
    fn details(self, company: &Company) -> Result<BankDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let swift = self.swift.as_deref().filter(|swift| !swift.trim().is_empty()).map(Swift::parse);
        Ok(BankDetails {
            name: self.name,
            description: self.description,
            country: self.country,
            address: self.address,
            swift: swift.transpose().map_err(|error| Problem::invalid("swift", error))?,
            branch_code: self.branch_code,
            bank_code: self.bank_code,
        })
    }
}

record_forms!(BankDetails, BankSettings: BankView, BankPatch);

/// Create a bank.
///
/// Everybody below may have accounts there; only your company may change it.
#[utoipa::path(post, path = "/v1/banks", tag = "banks", request_body = BankSettings,
    responses((status = 201, description = "The new bank", body = BankView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<BankSettings>,
) -> Edited<BankView> {
    rights::manage(&who, Area::Banks)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let id = BankId::new(runtime::fresh());
    let bank = Bank::plan(id, &company, body.details(&company)?, records::hand(&who))?;
    let bank = records::create(&app, &who, &company, bank).await?;
    Ok(Versioned::created(bank.revision, bank.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct BankQuery {
    /// Only those of this company; all that you may use, your own and those of companies above, unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this country.
    country: Option<String>,
    /// Only those whose SWIFT code begins so.
    swift: Option<String>,
    /// Only those whose branch code begins so.
    branch_code: Option<String>,
    /// Only those whose bank code begins so.
    bank_code: Option<String>,
    /// `name`, `country`, `swift`, `branch_code`, `bank_code`, `updated_at` or `created_at`, with a `-`
    /// before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 6] = ["name", "country", "swift", "branch_code", "bank_code", "updated_at"];
const FILE_COLUMNS: [&str; 11] = [
    "id",
    "name",
    "company",
    "country",
    "address",
    "swift",
    "branch_code",
    "bank_code",
    "description",
    "created_at",
    "updated_at",
];

/// Banks that you may use.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/banks", tag = "banks", params(BankQuery),
    responses((status = 200, description = "A page",
        content((List<BankView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<BankQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::Banks)?;
    let lists = match query.company.as_deref() {
        Some(id) => vec![app.seen_by(&who).company(id).await?.id.into()],
        None => who.company.path.iter().map(ToString::to_string).collect(),
    };
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("country", query.country.map(|country| country.to_ascii_uppercase()))
        .begins("swift", query.swift.as_deref())
        .begins("branch_code", query.branch_code.as_deref())
        .begins("bank_code", query.bank_code.as_deref());
    let found = listing.read_all(&lists, &app.store, format, |_: &Bank| true).await?;
    found.answer(BankView::from, "banks", &FILE_COLUMNS)
}

/// One bank.
#[utoipa::path(get, path = "/v1/banks/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The bank", body = BankView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<BankView> {
    rights::view(&who, Area::Banks)?;
    let bank = app.seen_by(&who).bank(&id).await?;
    Ok(Versioned::new(bank.revision, bank.into()))
}

/// Change a bank.
#[utoipa::path(patch, path = "/v1/banks/{id}", tag = "banks", request_body = BankPatch,
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The bank as it is now", body = BankView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<BankPatch>,
) -> Edited<BankView> {
    let (bank, company) = own(&app, &who, &id).await?;
    if_match.check(bank.revision)?;
    let details = records::patched(&BankSettings::from(&bank), body.0)?.details(&company)?;
    let changed = records::replace(&app, &who, &company, &bank, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a bank.
///
/// Not while there is an account, of whichever company.
#[utoipa::path(delete, path = "/v1/banks/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (bank, company) = own(&app, &who, &id).await?;
    if_match.check(bank.revision)?;
    records::check_unlisted::<BankAccount>(&app, accounts_at(&bank.id), None).await?;
    records::check_unlisted::<OwnBankAccount>(&app, accounts_at(&bank.id), None).await?;
    records::delete(&app, &who, &company, &bank).await
}

/// A bank that the caller may change: one of a company above may only be used.
async fn own(app: &App, who: &Principal, id: &str) -> Result<(Bank, Company), ApiError> {
    rights::manage(who, Area::Banks)?;
    let bank = app.seen_by(who).bank(id).await?;
    match app.seen_by(who).company(bank.company.as_str()).await {
        Ok(company) => Ok((bank, company)),
        Err(_) => {
            let detail = "This bank is of a company above yours: you may use it and not change it.";
            Err(Problem::new(403, "not_allowed", detail).into())
        }
    }
}

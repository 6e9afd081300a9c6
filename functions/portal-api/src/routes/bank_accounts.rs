//! The accounts from which companies pay, as invoices name them.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::bank_account::{Account, AccountDetails, BankAccount, may_use};
use domain::company::Company;
use domain::id::{BankAccountId, BankId};
use domain::legal_entity::EntityDetails;
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
use crate::lists::{Column, Format, Listing};
use crate::rights;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccountSettings {
    /// Whose it is; yours unless told. It stays.
    company: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[schema(example = "Main EUR account")]
    name: String,
    /// Whose account it is: a legal entity of the same company.
    legal_entity: String,
    /// The bank: one of the company itself or of a company above it.
    bank: String,
    /// Whose account it is, as the bank knows it.
    #[schema(example = "Schmidt Automotive GmbH")]
    holder: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    #[schema(example = "DE89370400440532013000")]
    number: String,
}

impl From<&BankAccount> for BankAccountSettings {
    fn from(account: &BankAccount) -> Self {
        let AccountDetails { account: details, legal_entity } = account.details.clone();
        Self {
            company: Some(account.company.to_string()),
            name: details.name,
            legal_entity: legal_entity.into(),
            bank: details.bank.into(),
            holder: details.holder,
            number: details.number,
        }
    }
}

impl BankAccountSettings {
    async fn details(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
    ) -> Result<AccountDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let entity = records::named::<EntityDetails>(app, who, company, "legal_entity", &self.legal_entity);
        let legal_entity = entity.await?.id;
        let bank = bank(app, who, company, &self.bank).await?;
        let account = Account { name: self.name, bank, holder: self.holder, number: self.number };
        Ok(AccountDetails { account, legal_entity })
    }
}

/// A bank that this company may have an account at.
pub(super) async fn bank(
    app: &App,
    who: &Principal,
    company: &Company,
    id: &str,
) -> Result<BankId, ApiError> {
    let bank = app.seen_by(who).bank(id).await.map_err(|error| error.field("bank"))?;
    if may_use(&bank, company) {
        return Ok(bank.id);
    }
    Err(Problem::invalid("bank", "it has to be a bank of the company itself or of one above it").into())
}

record_forms!(AccountDetails, BankAccountSettings: BankAccountView, BankAccountPatch);

/// Create a bank account.
#[utoipa::path(post, path = "/v1/bank_accounts", tag = "banks", request_body = BankAccountSettings,
    responses((status = 201, description = "The new account", body = BankAccountView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<BankAccountSettings>,
) -> Edited<BankAccountView> {
    rights::manage(&who, Area::BankAccounts)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let details = body.details(&app, &who, &company).await?;
    let id = BankAccountId::new(runtime::fresh());
    let account = BankAccount::plan(id, &company, details, records::hand(&who))?;
    let account = records::create(&app, &who, &company, account).await?;
    Ok(Versioned::created(account.revision, account.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct BankAccountQuery {
    /// Only of this company; of yours and those directly below it unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this legal entity.
    legal_entity: Option<String>,
    /// Only at this bank.
    bank: Option<String>,
    /// Only those whose holder begins so.
    holder: Option<String>,
    /// Only those whose number begins so.
    number: Option<String>,
    /// `name`, `holder`, `number`, `updated_at` or `created_at`; or of 10,000 accounts at most `company`,
    /// `legal_entity` or `bank`. With a `-` before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] = ["name", "company", "legal_entity", "bank", "holder", "number", "updated_at"];
/// By name, which no index has.
const ROW_COLUMNS: [Column<BankAccount>; 3] = [
    ("company", |account| account.company.to_string()),
    ("legal_entity", |account| account.details.legal_entity.to_string()),
    ("bank", |account| account.details.account.bank.to_string()),
];

/// A bank account in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankAccountRow {
    #[serde(flatten)]
    account: BankAccountView,
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// What the legal entity is called.
    #[schema(example = "Bakery Ltd")]
    legal_entity_name: Option<String>,
    /// What the bank is called.
    #[schema(example = "Vienna Credit Union")]
    bank_name: Option<String>,
}

const FILE_COLUMNS: [&str; 12] = [
    "id",
    "name",
    "company",
    "company_name",
    "legal_entity",
    "legal_entity_name",
    "bank",
    "bank_name",
    "holder",
    "number",
    "created_at",
    "updated_at",
];

/// Accounts of companies.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/bank_accounts", tag = "banks", params(BankAccountQuery),
    responses((status = 200, description = "A page",
        content((List<BankAccountRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<BankAccountQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::BankAccounts)?;
    let lists = records::lists_of(&app, &who, query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("legal_entity", query.legal_entity)
        .is("bank", query.bank)
        .begins("holder", query.holder.as_deref())
        .begins("number", query.number.as_deref());
    let all = |_: &BankAccount| true;
    let found = listing.read_all_in_order(&ROW_COLUMNS, &lists, &app.store, format, all).await?;
    let names = found.names(&app.store, named).await?;
    let row = |account: BankAccount| {
        let [company_name, legal_entity_name, bank_name] = named(&account).map(|id| names.get(id));
        BankAccountRow { company_name, legal_entity_name, bank_name, account: account.into() }
    };
    found.answer(row, "bank_accounts", &FILE_COLUMNS)
}

/// Whose name stands in a row.
fn named(account: &BankAccount) -> [&str; 3] {
    let AccountDetails { account: Account { bank, .. }, legal_entity } = &account.details;
    [account.company.as_str(), legal_entity.as_str(), bank.as_str()]
}

/// One account.
#[utoipa::path(get, path = "/v1/bank_accounts/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The account", body = BankAccountView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<BankAccountView> {
    records::one::<AccountDetails, _>(&app, &who, Area::BankAccounts, &id).await
}

/// Change a bank account.
#[utoipa::path(patch, path = "/v1/bank_accounts/{id}", tag = "banks", request_body = BankAccountPatch,
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The account as it is now", body = BankAccountView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<BankAccountPatch>,
) -> Edited<BankAccountView> {
    let (account, company): (BankAccount, _) =
        records::to_change(&app, &who, Area::BankAccounts, &id, &if_match).await?;
    let settings = records::patched(&BankAccountSettings::from(&account), body.0)?;
    let details = settings.details(&app, &who, &company).await?;
    let changed = records::replace(&app, &who, &company, &account, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a bank account.
///
/// Not while an agreement names it.
#[utoipa::path(delete, path = "/v1/bank_accounts/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (account, company): (BankAccount, _) =
        records::to_change(&app, &who, Area::BankAccounts, &id, &if_match).await?;
    let in_column = Some(("bank_account", account.id.as_str()));
    records::check_unlisted::<Agreement>(&app, company.id.to_string(), in_column).await?;
    records::delete(&app, &who, &company, &account).await
}

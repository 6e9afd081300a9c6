//! The accounts to which a company's clients pay, as invoices name them.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::bank_account::{Account, OwnAccountDetails, OwnBankAccount};
use domain::catalog::list_with;
use domain::company::Company;
use domain::id::BankAccountId;
use domain::legal_entity::OwnEntityDetails;
use domain::permission::Area;
use domain::self_registration::SelfRegistration;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::bank_accounts::bank;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::rights;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnBankAccountSettings {
    /// Whose it is; yours unless told. It stays.
    company: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[schema(example = "Main EUR account")]
    name: String,
    /// Whose account it is: an own legal entity of the same company.
    own_legal_entity: String,
    /// The bank: one of the company itself or of a company above it.
    bank: String,
    /// Whose account it is, as the bank knows it.
    #[schema(example = "Schmidt Automotive GmbH")]
    holder: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    #[schema(example = "DE89370400440532013000")]
    number: String,
}

impl From<&OwnBankAccount> for OwnBankAccountSettings {
    fn from(account: &OwnBankAccount) -> Self {
        let OwnAccountDetails { account: details, own_legal_entity } = account.details.clone();
        Self {
            company: Some(account.company.to_string()),
            name: details.name,
            own_legal_entity: own_legal_entity.into(),
            bank: details.bank.into(),
            holder: details.holder,
            number: details.number,
        }
    }
}

impl OwnBankAccountSettings {
    async fn details(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
    ) -> Result<OwnAccountDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let entity =
            records::named::<OwnEntityDetails>(app, who, company, "own_legal_entity", &self.own_legal_entity);
        let own_legal_entity = entity.await?.id;
        let bank = bank(app, who, company, &self.bank).await?;
        let account = Account { name: self.name, bank, holder: self.holder, number: self.number };
        Ok(OwnAccountDetails { account, own_legal_entity })
    }
}

record_forms!(OwnAccountDetails, OwnBankAccountSettings: OwnBankAccountView, OwnBankAccountPatch);

/// Create an own bank account.
#[utoipa::path(post, path = "/v1/own_bank_accounts", tag = "banks", request_body = OwnBankAccountSettings,
    responses((status = 201, description = "The new account", body = OwnBankAccountView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<OwnBankAccountSettings>,
) -> Edited<OwnBankAccountView> {
    rights::manage(&who, Area::OwnBankAccounts)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let details = body.details(&app, &who, &company).await?;
    let id = BankAccountId::new(runtime::fresh());
    let account = OwnBankAccount::plan(id, &company, details, records::hand(&who))?;
    let account = records::create(&app, &who, &company, account).await?;
    Ok(Versioned::created(account.revision, account.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OwnBankAccountQuery {
    /// Whose; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this legal entity.
    own_legal_entity: Option<String>,
    /// Only at this bank.
    bank: Option<String>,
    /// Only those whose holder begins so.
    holder: Option<String>,
    /// Only those whose number begins so.
    number: Option<String>,
    /// `name`, `holder`, `number`, `updated_at` or `created_at`; or of 10,000 accounts at most `own_legal_entity` or
    /// `bank`. With a `-` before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 6] = ["name", "own_legal_entity", "bank", "holder", "number", "updated_at"];
/// By name, which no index has.
const ROW_COLUMNS: [Column<OwnBankAccount>; 2] = [
    ("own_legal_entity", |account| account.details.own_legal_entity.to_string()),
    ("bank", |account| account.details.account.bank.to_string()),
];

/// An own bank account in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnBankAccountRow {
    #[serde(flatten)]
    account: OwnBankAccountView,
    /// What the legal entity is called.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
    /// What the bank is called.
    #[schema(example = "Vienna Credit Union")]
    bank_name: Option<String>,
}

const FILE_COLUMNS: [&str; 11] = [
    "id",
    "name",
    "company",
    "own_legal_entity",
    "own_legal_entity_name",
    "bank",
    "bank_name",
    "holder",
    "number",
    "created_at",
    "updated_at",
];

/// A company's own accounts.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/own_bank_accounts", tag = "banks", params(OwnBankAccountQuery),
    responses((status = 200, description = "A page",
        content((List<OwnBankAccountRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<OwnBankAccountQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::OwnBankAccounts)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("own_legal_entity", query.own_legal_entity)
        .is("bank", query.bank)
        .begins("holder", query.holder.as_deref())
        .begins("number", query.number.as_deref());
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, |_| true).await?;
    let names = found.names(&app.store, named).await?;
    let row = |account: OwnBankAccount| {
        let [own_legal_entity_name, bank_name] = named(&account).map(|id| names.get(id));
        OwnBankAccountRow { own_legal_entity_name, bank_name, account: account.into() }
    };
    found.answer(row, "own_bank_accounts", &FILE_COLUMNS)
}

/// Whose name stands in a row.
fn named(account: &OwnBankAccount) -> [&str; 2] {
    [account.details.own_legal_entity.as_str(), account.details.account.bank.as_str()]
}

/// One account.
#[utoipa::path(get, path = "/v1/own_bank_accounts/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The account", body = OwnBankAccountView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<OwnBankAccountView> {
    records::one::<OwnAccountDetails, _>(&app, &who, Area::OwnBankAccounts, &id).await
}

/// Change an own bank account.
#[utoipa::path(patch, path = "/v1/own_bank_accounts/{id}", tag = "banks", request_body = OwnBankAccountPatch,
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The account as it is now", body = OwnBankAccountView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<OwnBankAccountPatch>,
) -> Edited<OwnBankAccountView> {
    let (account, company): (OwnBankAccount, _) =
        records::to_change(&app, &who, Area::OwnBankAccounts, &id, &if_match).await?;
    let settings = records::patched(&OwnBankAccountSettings::from(&account), body.0)?;
    let details = settings.details(&app, &who, &company).await?;
    let changed = records::replace(&app, &who, &company, &account, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete an own bank account.
///
/// Not while an agreement or a self-registration names it.
#[utoipa::path(delete, path = "/v1/own_bank_accounts/{id}", tag = "banks",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (account, company): (OwnBankAccount, _) =
        records::to_change(&app, &who, Area::OwnBankAccounts, &id, &if_match).await?;
    let in_column = Some(("own_bank_account", account.id.as_str()));
    let list = company.id.to_string();
    records::check_unlisted::<Agreement>(&app, list_with(&list), in_column).await?;
    let names = |settings: &SelfRegistration| settings.details.own_bank_account == account.id;
    records::check_unnamed(&app, &company.id, names).await?;
    records::delete(&app, &who, &company, &account).await
}

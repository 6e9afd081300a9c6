//! The fees of an agreement, of a company, or of all companies directly below one.

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::fee::{Fee, FeeStatus};
use domain::id::CompanyId;
use domain::permission::Area;
use domain::record::id_of;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::FeeView;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::names::PayerNames;
use crate::{fields, rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FeeQuery {
    /// The fees of this agreement.
    agreement: Option<String>,
    /// Or of this company; yours unless told.
    company: Option<String>,
    /// Or of all companies directly below this one.
    tenant: Option<String>,
    /// Charged, or given up, at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// What they are for, as `service_purchase`.
    resource: Option<String>,
    /// The sender ID that they are for.
    sender: Option<String>,
    /// Only those whose `subject` begins so, whatever the case.
    subject: Option<String>,
    /// The rule that charged them.
    rule: Option<String>,
    /// The user who asked for them; not for the company that pays, which cannot sort by it either.
    by_user: Option<String>,
    /// What the statement names it by.
    transaction: Option<String>,
    /// Only those with this attribute, as `mno:Vodafone`.
    #[param(example = "mno:Vodafone")]
    attribute: Option<String>,
    /// Whether they became an event that is billed.
    issued: Option<bool>,
    /// The wallet that they were charged to.
    wallet: Option<String>,
    /// Whether they were charged.
    #[param(value_type = Option<schema::FeeStatus>)]
    status: Option<FeeStatus>,
    /// At least so much.
    amount_min: Option<String>,
    /// At most so much.
    amount_max: Option<String>,
    /// `subject`, `rule`, `by_user`, `issued` or `at`; or of 10,000 fees at most `company`, by name, `agreement` or
    /// `wallet`, by the agreement's code, `transaction` or `attributes`. With a `-` before it for the other way
    /// round; `-at` unless told.
    #[param(example = "-at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl FeeQuery {
    /// What no list is in the order of.
    fn filter(&self) -> Result<impl Fn(&Fee) -> bool + use<>, ApiError> {
        let (resource, sender) = (self.resource.clone(), self.sender.clone());
        let (rule, wallet) = (self.rule.clone(), self.wallet.clone());
        let (by_user, transaction, issued) = (self.by_user.clone(), self.transaction.clone(), self.issued);
        let attribute = self.attribute.as_deref().map(attribute_of).transpose()?;
        let subject = self.subject.as_deref().map(catalog::words);
        let status = self.status;
        let amounts = fields::amounts(self.amount_min.as_deref(), self.amount_max.as_deref())?;
        Ok(move |fee: &Fee| {
            let has = |wanted: &Option<String>, value: Option<&str>| {
                wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
            };
            has(&resource, Some(fee.resource.name()))
                && has(&sender, fee.sender.as_ref().map(|sender| sender.as_str()))
                && has(&rule, fee.rule.as_ref().map(|rule| rule.as_str()))
                && has(&wallet, Some(fee.wallet.as_str()))
                && has(&by_user, fee.by_user.as_ref().map(|user| user.as_str()))
                && has(&transaction, fee.transaction().map(|id| id.as_str()))
                && attribute.as_ref().is_none_or(|(name, value)| fee.attributes.get(name) == Some(value))
                && issued.is_none_or(|issued| issued == fee.is_issued())
                && status.is_none_or(|status| status == fee.status)
                && amounts.contains(fee.amount)
                && subject.as_deref().is_none_or(|subject| {
                    fee.subject.as_deref().is_some_and(|known| catalog::words(known).starts_with(subject))
                })
        })
    }

    /// Whose fees, if the caller may see them.
    async fn list(&self, app: &App, who: &Principal) -> Result<String, ApiError> {
        let seen = app.seen_by(who);
        if let Some(id) = &self.agreement {
            let agreement = seen.agreement(id).await?;
            rights::view_own(who, &agreement.company, Area::AdditionalFees, Area::PortalFinance)?;
            self.check_side(who, &agreement.company, &agreement.tenant)?;
            return Ok(agreement.id.into());
        }
        if let Some(tenant) = &self.tenant {
            let tenant = seen.company(tenant).await.map_err(|error| error.field("tenant"))?;
            rights::view(who, Area::AdditionalFees)?;
            return Ok(catalog::list_with(tenant.id.as_str()));
        }
        let company = seen.company_or_own(self.company.as_deref()).await?;
        rights::view_own(who, &company.id, Area::AdditionalFees, Area::PortalFinance)?;
        self.check_side(who, &company.id, company.tenant().unwrap_or(&company.id))?;
        Ok(company.id.into())
    }

    /// Whoever does not see which user asked for a fee learns it neither by a filter nor from an order.
    fn check_side(&self, who: &Principal, company: &CompanyId, tenant: &CompanyId) -> Result<(), ApiError> {
        let sort = self.sort.as_deref().map(|sort| sort.trim_start_matches('-'));
        if self.by_user.is_none() && sort != Some("by_user") {
            return Ok(());
        }
        rights::on_tenant_side(who, company, tenant)
    }
}

/// The two sides of `mno:Vodafone`.
fn attribute_of(text: &str) -> Result<(String, String), ApiError> {
    let (name, value) =
        text.split_once(':').ok_or_else(|| Problem::invalid("attribute", "`name:value` is allowed"))?;
    Ok((name.to_owned(), value.to_owned()))
}

const COLUMNS: [&str; 9] =
    ["at", "company", "agreement", "subject", "rule", "by_user", "issued", "transaction", "attributes"];
/// Without indexes, which every fee would pay for, in three lists.
const ROW_COLUMNS: [Column<Fee>; 4] = [
    ("company", |fee| fee.company.to_string()),
    ("agreement", |fee| fee.agreement.to_string()),
    ("transaction", |fee| id_of(fee.transaction())),
    ("attributes", |fee| {
        let attributes = fee.attributes.iter().map(|(name, value)| format!("{name}:{value}"));
        catalog::words(&attributes.collect::<Vec<_>>().join("; "))
    }),
];
/// A fee in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeeRow {
    #[serde(flatten)]
    fee: FeeView,
    #[serde(flatten)]
    names: PayerNames,
}

const FILE_COLUMNS: [&str; 24] = [
    "id",
    "at",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "wallet",
    "resource",
    "sender",
    "subject",
    "attributes",
    "rule",
    "by_user",
    "first_day",
    "last_day",
    "unit_price",
    "quantity",
    "amount",
    "currency",
    "status",
    "issued",
    "transaction",
    "attempts",
    "problem",
];

/// Fees, charged or given up.
///
/// Newest first unless `sort` says otherwise. With a filter a page may hold fewer than `limit` while there
/// are more: go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/fees", tag = "fees", params(FeeQuery),
    responses((status = 200, description = "A page",
        content((List<FeeRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<FeeQuery>,
) -> Result<Response, ApiError> {
    let list = query.list(&app, &who).await?;
    // A main wallet is its agreement's.
    let sort = query.sort.as_deref().map(|sort| match sort {
        "wallet" => "agreement",
        "-wallet" => "-agreement",
        sort => sort,
    });
    let cursor = query.cursor.as_deref();
    let listing = Listing::new(list, &COLUMNS, sort, query.limit, cursor)?
        .within("at", query.from, query.till)
        .newest_first("at");
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, query.filter()?).await?;
    let names = found.names(&app.store, |fee| [fee.company.as_str(), fee.agreement.as_str()]).await?;
    let row =
        |fee: Fee| FeeRow { names: names.payer(&fee.company, &fee.agreement), fee: FeeView::new(fee, &who) };
    found.answer(row, "fees", &FILE_COLUMNS)
}

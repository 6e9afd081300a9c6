//! Who may do what to whom, once both are known. What a caller may see at all is in `seen`.

use domain::catalog::choice;
use domain::company::CompanyKind;
use domain::id::CompanyId;
use domain::permission::{Area, Level};
use runtime::auth::Principal;
use runtime::http::Problem;

use crate::error::ApiError;

/// Seeing what belongs to an area.
pub fn view(who: &Principal, area: Area) -> Result<(), ApiError> {
    has(who, area, Level::View)
}

/// Changing what belongs to an area.
pub fn manage(who: &Principal, area: Area) -> Result<(), ApiError> {
    has(who, area, Level::Manage)
}

/// Seeing what a company sees of itself in the client portal, and those above it in the back office.
pub fn view_own(who: &Principal, company: &CompanyId, office: Area, portal: Area) -> Result<(), ApiError> {
    has_own(who, company, office, portal, Level::View)
}

/// Changing what a company changes for itself in the client portal, and those above it in the back office.
pub fn manage_own(who: &Principal, company: &CompanyId, office: Area, portal: Area) -> Result<(), ApiError> {
    has_own(who, company, office, portal, Level::Manage)
}

fn has_own(
    who: &Principal,
    company: &CompanyId,
    office: Area,
    portal: Area,
    level: Level,
) -> Result<(), ApiError> {
    if *company == who.company.id && who.may(portal, level) {
        return Ok(());
    }
    has(who, office, level)
}

fn has(who: &Principal, area: Area, level: Level) -> Result<(), ApiError> {
    if who.may(area, level) {
        return Ok(());
    }
    let (area, level) = (choice(area), choice(level));
    let detail = format!("Your roles do not let you {level} this: ask for `{area}`.");
    Err(Problem::new(403, "not_allowed", detail).figure("area", area).figure("level", level).into())
}

/// What is done for the whole company is for its master users, and for keys of the company itself.
pub fn master(who: &Principal) -> Result<(), ApiError> {
    if who.is_master() {
        return Ok(());
    }
    Err(not_allowed("This is for master users of your company."))
}

/// Terms, payments and invoices are for the tenant's side of an agreement: for the company that sells,
/// or one above it. The owner's agreement with itself has the owner on both sides. `company` is known to
/// be inside the caller's subtree.
pub fn tenant_side(who: &Principal, company: &CompanyId, tenant: &CompanyId) -> Result<(), ApiError> {
    master(who)?;
    if is_tenant_side(who, company, tenant) {
        return Ok(());
    }
    Err(not_allowed("This is for the company that the agreement is with, not for the company itself."))
}

pub fn is_tenant_side(who: &Principal, company: &CompanyId, tenant: &CompanyId) -> bool {
    who.company.id != *company || who.company.id == *tenant
}

/// Clients buy; only those who sell have rate plans and vendors.
pub fn sells(who: &Principal) -> Result<(), ApiError> {
    master(who)?;
    match who.company.kind {
        CompanyKind::Client => Err(not_allowed("A client has no rate plans and no connections of its own.")),
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => Ok(()),
    }
}

/// What holds for the whole platform is for master users of the company that runs it.
pub fn runs_platform(who: &Principal) -> Result<(), ApiError> {
    master(who)?;
    match who.company.kind {
        CompanyKind::Owner => Ok(()),
        CompanyKind::Reseller | CompanyKind::Seller | CompanyKind::Client => {
            Err(not_allowed("This is for the company that runs the platform."))
        }
    }
}

fn not_allowed(detail: &str) -> ApiError {
    Problem::new(403, "not_allowed", detail).into()
}

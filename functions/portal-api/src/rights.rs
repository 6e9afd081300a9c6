//! Who may do what to whom, once both are known. What a caller may see at all is in `seen`.

use domain::catalog::choice;
use domain::company::CompanyKind;
use domain::id::CompanyId;
use domain::permission::{Area, Face, Grants, Level};
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

/// Terms, payments and invoices are for the tenant's side of an agreement: for the company that sells, or one
/// above it. The owner's agreement with itself has the owner on both sides. `company` is known to be inside
/// the caller's subtree; what somebody may do on that side is for their roles to say.
pub fn on_tenant_side(who: &Principal, company: &CompanyId, tenant: &CompanyId) -> Result<(), ApiError> {
    if is_tenant_side(who, company, tenant) {
        return Ok(());
    }
    Err(not_allowed("This is for the company that the agreement is with, not for the company itself."))
}

/// Seeing what is in the wallets of a company, its users' included.
pub fn sees_wallets(who: &Principal, company: &CompanyId) -> bool {
    view_own(who, company, Area::Transfers, Area::PortalFinance).is_ok()
}

/// Taking along as a file what one sees: to view the area of exports is enough, because nothing is changed.
/// Whoever has anything of the back office may see companies below, so theirs is its export; who has the
/// client portal alone needs that of the portal.
pub fn export(who: &Principal) -> Result<(), ApiError> {
    let has_portal_alone = who.grants.within(Face::BackOffice) == Grants::default();
    view(who, if has_portal_alone { Area::PortalExport } else { Area::Export })
}

/// Seeing what is of the whole platform.
pub fn view_platform(who: &Principal, area: Area) -> Result<(), ApiError> {
    view(who, area)?;
    runs_platform(who)
}

/// Changing what holds for the whole platform.
pub fn manage_platform(who: &Principal, area: Area) -> Result<(), ApiError> {
    manage(who, area)?;
    runs_platform(who)
}

fn runs_platform(who: &Principal) -> Result<(), ApiError> {
    match who.company.kind {
        CompanyKind::Owner => Ok(()),
        CompanyKind::Reseller | CompanyKind::Seller | CompanyKind::Client => {
            Err(not_allowed("This is for the company that runs the platform."))
        }
    }
}

pub fn is_tenant_side(who: &Principal, company: &CompanyId, tenant: &CompanyId) -> bool {
    who.company.id != *company || who.company.id == *tenant
}

fn not_allowed(detail: &str) -> ApiError {
    Problem::new(403, "not_allowed", detail).into()
}

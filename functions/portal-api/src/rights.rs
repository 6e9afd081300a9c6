//! Who may do what to whom, once both are known. What a caller may see at all is in `seen`.

use domain::company::CompanyKind;
use domain::id::CompanyId;
use runtime::auth::Principal;
use runtime::http::Problem;

use crate::error::ApiError;

/// Terms, payments and invoices are for the tenant's side of an agreement: for the company that sells,
/// or one above it. The owner's agreement with itself has the owner on both sides. `company` is known to
/// be inside the caller's subtree.
pub fn tenant_side(who: &Principal, company: &CompanyId, tenant: &CompanyId) -> Result<(), ApiError> {
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
    match who.company.kind {
        CompanyKind::Client => Err(not_allowed("A client has no rate plans and no connections of its own.")),
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => Ok(()),
    }
}

fn not_allowed(detail: &str) -> ApiError {
    Problem::new(403, "not_allowed", detail).into()
}

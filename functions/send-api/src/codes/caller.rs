//! Who calls: the key of an integration, as its id and its secret in HTTP Basic authentication (RFC 7617).

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::company::Company;
use domain::id::TwoFactorIntegrationId;
use domain::two_factor::{IntegrationStatus, TwoFactorIntegration};
use http::header::AUTHORIZATION;
use http::request::Parts;
use runtime::http::Problem;
use store::Store;

use crate::App;

/// An integration that has shown its key, and whose company may use the platform.
pub struct Caller {
    pub integration: TwoFactorIntegration,
    pub company: Company,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (id, secret) = credentials(parts).ok_or_else(unauthorized)?;
        let id = TwoFactorIntegrationId::parse(&id).map_err(|_| unauthorized())?;
        let integration: Option<TwoFactorIntegration> = app.store.thing(id.as_str()).await?;
        let hash = runtime::token::hash(&secret);
        let integration = integration.filter(|found| found.has_key(&hash));
        let integration = integration.ok_or_else(unauthorized)?;
        let company = enabled_company(&app.store, &integration).await?;
        if integration.status != IntegrationStatus::Active {
            return Err(Problem::new(403, "integration_not_active", "This integration is not active."));
        }
        Ok(Self { integration, company })
    }
}

async fn enabled_company(store: &Store, integration: &TwoFactorIntegration) -> Result<Company, Problem> {
    let company = store.any_company(&integration.company).await?.ok_or_else(unauthorized)?;
    let path = store.companies(&company.path).await?;
    if path.len() != company.path.len() || path.iter().any(|company| !company.enabled) {
        return Err(Problem::new(403, "company_disabled", "This company, or one above it, is disabled."));
    }
    Ok(company)
}

fn credentials(parts: &Parts) -> Option<(String, String)> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn unauthorized() -> Problem {
    let detail = "Send the key of an active integration as HTTP Basic authentication.";
    Problem::new(401, "unauthorized", detail)
}

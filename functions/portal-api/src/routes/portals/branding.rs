//! How the product looks under the host name that was asked for: what a page shows before anybody has
//! logged in.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::id::CompanyId;
use domain::portal::{Portal, parse_host};
use domain::self_registration::SelfRegistration;
use http::HeaderMap;
use http::header::HOST;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::LinkSettings;
use crate::App;
use crate::error::ApiError;
use crate::routes::{Reply, uploads};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct BrandingQuery {
    /// The host name of the page; that of this request unless told.
    #[param(example = "sms.hornes.example")]
    host: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BrandingView {
    /// The title of the pages.
    title: String,
    /// The languages, the one that is shown unless told first.
    languages: Vec<String>,
    /// Where the pictures and documents are, by name: `logo_square_light`, `logo_wide_light`,
    /// `logo_square_dark`, `logo_wide_dark`, `favicon`, `login_logo`, `login_background`, `terms`, `privacy`.
    /// The links hold for some hours.
    files: BTreeMap<&'static str, String>,
    /// What stands above the fields of the login page, by language.
    login_texts: BTreeMap<String, String>,
    /// Whether the login page shows whose product it is.
    shows_product: bool,
    /// Links at the foot of the pages.
    links: Vec<LinkSettings>,
    /// Where people ask for help.
    support_email: Option<String>,
    /// How one registers here; null where one has to be invited.
    self_registration: Option<RegistrationView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegistrationView {
    /// The currency of the agreement that one gets.
    #[schema(example = "EUR")]
    currency: String,
    /// Whether a code proves the phone number.
    phone_verification: bool,
    /// Where the terms of service are that one agrees to.
    terms_url: Option<String>,
    /// Where the privacy policy is that one agrees to.
    privacy_url: Option<String>,
}

/// The looks of a portal.
///
/// For everybody, without an API key. 404 for a host name that no portal has: show the product's own looks.
#[utoipa::path(get, path = "/v1/portal", tag = "portals", params(BrandingQuery), security(()),
    responses((status = 200, description = "The looks", body = BrandingView)))]
pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<BrandingQuery>,
) -> Reply<BrandingView> {
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = query.host.as_deref().unwrap_or_else(|| asked.split(':').next().unwrap_or_default());
    let missing = || Problem::not_found("portal");
    let host = parse_host(host).map_err(|_| missing())?;
    let portal = app.store.thing_named::<Portal>(&host).await?.ok_or_else(missing)?;
    let registration = app.store.thing_named::<SelfRegistration>(portal.id.as_str()).await?;
    let self_registration = match registration.filter(|settings| settings.details.enabled) {
        Some(settings) => Some(registration_view(&app, settings).await?),
        None => None,
    };
    let (company, branding) = (&portal.company, portal.details.branding.clone());
    let mut files = BTreeMap::new();
    for (name, file, _) in branding.files.each() {
        if let Some(file) = file {
            files.insert(name, uploads::address(&app, company, file).await?);
        }
    }
    Ok(Json(BrandingView {
        title: branding.title,
        languages: branding.languages,
        files,
        login_texts: branding.login_texts,
        shows_product: branding.shows_product,
        links: branding.links.into_iter().map(|l| LinkSettings { title: l.title, url: l.url }).collect(),
        support_email: branding.support_email,
        self_registration,
    }))
}

async fn registration_view(app: &App, settings: SelfRegistration) -> Result<RegistrationView, ApiError> {
    let (company, details): (&CompanyId, _) = (&settings.company, &settings.details);
    let mut urls = [None, None];
    for (url, file) in urls.iter_mut().zip([&details.terms, &details.privacy]) {
        if let Some(file) = file {
            *url = Some(uploads::address(app, company, file).await?);
        }
    }
    let [terms_url, privacy_url] = urls;
    Ok(RegistrationView {
        currency: details.agreement.currency.code().to_owned(),
        phone_verification: details.phone_verification.is_some(),
        terms_url,
        privacy_url,
    })
}

//! Registering at a portal without an invitation: a company, its legal entity, its agreement and its first
//! user, as the portal's settings say: all of it, or nothing.

use axum::extract::State;
use domain::agreement::{Agreement, AgreementChange, EnabledService, NewAgreement, Parties, plan_agreement};
use domain::audit::{Act, Actor};
use domain::catalog::choice;
use domain::company::{Company, CompanyKind, NewCompany, Subtree, plan_company};
use domain::credentials::Credentials;
use domain::enabled::PackRequest;
use domain::id::{AgreementId, AuditId, CompanyId, LegalEntityId, PurchaseId, UserId};
use domain::legal_entity::{EntityDetails, LegalEntity};
use domain::notification::{NotificationEvent, Values};
use domain::portal::{Portal, parse_host};
use domain::record::Hand;
use domain::role::UserRole;
use domain::self_registration::SelfRegistration;
use domain::two_factor::{IntegrationStatus, TwoFactorIntegration};
use domain::user::{NewUser, User, UserStatus, plan_user};
use domain::wallet::Wallet;
use jiff::{SignedDuration, Timestamp};
use runtime::auth::enabled_company;
use runtime::http::{Body, Problem};
use runtime::revision::Versioned;
use serde::Deserialize;
use store::{Registered, Registration, Tries, Written};
use utoipa::ToSchema;

use super::Edited;
use super::agreements::check_governs;
use super::enabled_services::check_channels;
use super::users::UserView;
use crate::App;
use crate::bootstrap::wallet_of;
use crate::error::{ApiError, busy, taken_login};
use crate::people::{self, Caller};
use crate::second_factor::code_required;
use crate::sms_codes::{self, REGISTRATION, Road};

/// From one address, and then none for an hour.
const REGISTRATIONS_MAX: u32 = 10;
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// The host name of the portal.
    #[schema(example = "sms.example.com")]
    portal: String,
    /// 1 to 120 characters: what the new company is called.
    #[schema(example = "Bakery Weber")]
    company_name: String,
    /// Where the company is: ISO 3166 alpha-2.
    #[schema(example = "DE")]
    country: String,
    /// 1 to 60 characters.
    first_name: String,
    /// At most 60 characters.
    last_name: String,
    /// Where mail reaches you.
    #[schema(example = "ada@example.com")]
    email: String,
    /// In international form.
    #[schema(example = "+4915112345678")]
    phone: String,
    /// 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    #[schema(example = "ada.l")]
    login: String,
    /// By the password policy.
    password: String,
    /// As `en` or `pt-BR`.
    language: Option<String>,
    /// That you agree to the portal's terms and privacy policy.
    terms_accepted: bool,
    /// The code that was sent to the phone, after an answer `code_required`.
    code: Option<String>,
}

/// Register at a portal.
///
/// Where the portal has phone numbers proved, the answer is 401 `code_required` first, and a code is on its
/// way; send the same again with it. Until somebody has reviewed the registration you can do nothing.
#[utoipa::path(post, path = "/v1/registrations", tag = "users", request_body = RegistrationRequest, security(()),
    responses(
        (status = 201, description = "You, waiting for a review", body = UserView),
        (status = 401, description = "`code_required`, and what comes of codes", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<RegistrationRequest>,
) -> Edited<UserView> {
    count(&app, &caller).await?;
    let settings = settings_of(&app, &body.portal).await?;
    if !body.terms_accepted {
        return Err(Problem::invalid("terms_accepted", "registering needs your agreement").into());
    }
    let tenant = enabled_company(&app.store, &settings.company).await?;
    let mut planned = Planned::plan(&app, &settings, &tenant, &body).await?;
    planned.check_login_free(&app).await?;
    match verify_phone(&app, &settings, &tenant, &planned, body.code.as_deref()).await {
        Ok(proved) => planned.user.proved_phone = proved,
        Err(error) => {
            if error.is_unavailable() {
                report(&app, &settings, &planned.company, &planned.user).await;
            }
            return Err(error);
        }
    }
    let act = planned.act(&caller);
    if let Err(error) = planned.store(&app, &act).await {
        report(&app, &settings, &planned.company, &planned.user).await;
        return Err(error);
    }
    planned.tell(&app, &settings, body.portal.trim()).await;
    Ok(Versioned::created(planned.user.revision, planned.user.into()))
}

async fn count(app: &App, caller: &Caller) -> Result<(), ApiError> {
    let (now, from) = (runtime::now(), caller.network());
    let lock = |tries: Tries| tries.count.is_multiple_of(REGISTRATIONS_MAX).then(|| tries.last_at + PAUSE);
    let counted = app.store.count_try(&format!("registration {from}"), now, lock).await?;
    counted.map_err(|until| super::locked(until, now))
}

/// The settings of a portal where people may register.
async fn settings_of(app: &App, host: &str) -> Result<SelfRegistration, ApiError> {
    let closed =
        || ApiError::from(Problem::new(404, "not_found", "Nobody registers at this portal.").field("portal"));
    let host = parse_host(host).map_err(|_| closed())?;
    let portal = app.store.thing_named::<Portal>(&host).await?.ok_or_else(closed)?;
    let settings = app.store.thing_named::<SelfRegistration>(portal.id.as_str()).await?;
    settings.filter(|settings| settings.details.enabled).ok_or_else(closed)
}

/// All that a registration makes.
struct Planned {
    company: Company,
    entity: LegalEntity,
    agreement: Agreement,
    wallet: Wallet,
    user: User,
    credentials: Credentials,
}

impl Planned {
    async fn plan(
        app: &App,
        settings: &SelfRegistration,
        tenant: &Company,
        body: &RegistrationRequest,
    ) -> Result<Self, ApiError> {
        let (details, now) = (&settings.details, runtime::now());
        let company = company(settings, tenant, &body.company_name, now)?;
        let entity = entity(&company, body, now)?;
        let roles = details.roles.iter().filter_map(|role| UserRole::parse(&choice(role))).collect();
        let ask = NewUser {
            id: UserId::new(runtime::fresh()),
            first_name: body.first_name.clone(),
            last_name: body.last_name.clone(),
            email: body.email.clone(),
            login: Some(body.login.clone()),
            phone: Some(body.phone.clone()),
            language: body.language.clone(),
            roles,
            departments: Vec::new(),
            two_factor_required: details.two_factor,
        };
        let user = plan_user(&company, ask, now)?;
        let registered_with = Some(tenant.id.clone());
        let user = User { status: UserStatus::Waiting, registered_with, ..user };
        let (policy, known) = (people::policy(&app.store).await?, Credentials::new(&user.id));
        let hash = people::new_password(&body.password, &body.login, &known, &policy).await?;
        let credentials = known.with_password(hash, false, &policy, now);
        let agreement = match agreement(app, settings, &company, &entity, now).await {
            Ok(agreement) => agreement,
            // What the settings name does not go together any more: who registers can do nothing about it.
            Err(error) => {
                report(app, settings, &company, &user).await;
                return Err(error);
            }
        };
        let wallet = wallet_of(&agreement);
        Ok(Self { company, entity, agreement, wallet, user, credentials })
    }

    /// Before a code is sent or spent.
    async fn check_login_free(&self, app: &App) -> Result<(), ApiError> {
        let login = self.user.login.as_deref().unwrap_or_default();
        match app.store.login_owner(login).await? {
            Some(_) => taken_login(Written::Taken),
            None => Ok(()),
        }
    }

    fn act(&self, caller: &Caller) -> Act {
        let (company, who) = (self.company.id.clone(), self.user.id.to_string());
        let actor = Actor { company, who, name: self.user.name.clone(), ip: caller.ip.clone() };
        Act { id: AuditId::new(runtime::fresh()), actor, at: runtime::now(), path: self.company.path.clone() }
    }

    async fn store(&self, app: &App, act: &Act) -> Result<(), ApiError> {
        let Self { company, entity, agreement, wallet, user, credentials } = self;
        let all = Registration { company, entity, agreement, wallet, user, credentials };
        match app.store.register(act, &all).await? {
            Registered::Now => Ok(()),
            Registered::LoginTaken => taken_login(Written::Taken),
            Registered::Overtaken => Err(busy()),
        }
    }

    /// Mails who has registered, and who runs the portal. Whatever becomes of the mails, the registration is
    /// stored: nobody is to try it again.
    async fn tell(&self, app: &App, settings: &SelfRegistration, host: &str) {
        let portal = ("portal_name", host.to_owned());
        let more = [portal.clone(), ("registration_link", format!("https://{host}/"))];
        let (values, cause) = (people::values(&self.user, &more), format!("registration {}", self.user.id));
        let (event, email) = (NotificationEvent::RegistrationConfirmation, &self.user.email);
        let told = mail(app, "registration", &self.company, email, event, &cause, values).await;
        people::note_failure("the mail to who has registered", told);
        let company = ("company_name", self.company.name.clone());
        let values = people::values(&self.user, &[portal, company, ("email", self.user.email.clone())]);
        let (event, report) = (NotificationEvent::NewRegistration, &settings.details.report_email);
        let cause = format!("new registration {}", self.user.id);
        let told = people::mail(app, &self.company, report, event, &cause, values).await;
        people::note_failure("the mail about a registration", told);
    }
}

/// Mails an address that was told, as long as it does not get too many.
async fn mail(
    app: &App,
    about: &str,
    company: &Company,
    email: &str,
    event: NotificationEvent,
    cause: &str,
    values: Values,
) -> Result<(), ApiError> {
    match people::count_mail(app, about, email).await? {
        Ok(()) => people::mail(app, company, email, event, cause, values).await,
        Err(_) => Ok(()),
    }
}

/// Mails who runs the portal, and who tried.
async fn report(app: &App, settings: &SelfRegistration, company: &Company, user: &User) {
    let text = format!("The registration of {} could not be completed.", company.name);
    let report = &settings.details.report_email;
    let more = [("text", text), ("email", report.clone())];
    let (values, cause) = (people::values(user, &more), format!("report {}", user.id));
    let event = NotificationEvent::ProblemReport;
    let told = mail(app, "registration report", company, report, event, &cause, values.clone()).await;
    people::note_failure("the report of a registration", told);
    let told = mail(app, "registration", company, &user.email, event, &cause, values).await;
    people::note_failure("the mail to who tried", told);
}

fn company(
    settings: &SelfRegistration,
    tenant: &Company,
    name: &str,
    now: Timestamp,
) -> Result<Company, ApiError> {
    let id = CompanyId::new(runtime::fresh());
    let ask = NewCompany { id, name: name.to_owned(), kind: CompanyKind::Client, direct_sending: false };
    let mut company =
        plan_company(tenant, ask, now).map_err(|error| ApiError::from(error).field("company_name"))?;
    let details = &settings.details;
    company.settings.moderation = details.moderation;
    company.settings.invoices_enabled = details.invoices_enabled;
    company.settings.two_factor_required = details.two_factor;
    company.settings.own_legal_entity = Some(details.own_legal_entity.clone());
    Ok(company)
}

fn entity(company: &Company, body: &RegistrationRequest, now: Timestamp) -> Result<LegalEntity, ApiError> {
    let details = EntityDetails {
        name: body.company_name.clone(),
        legal_name: body.company_name.clone(),
        country: body.country.clone(),
        portal: None,
        tax_number: None,
        legal_number: None,
        vat_number: None,
        legal_address: None,
        billing_address: None,
        notification_emails: vec![body.email.clone()],
        is_default: true,
    };
    let by = Hand { name: "registration", now };
    Ok(LegalEntity::plan(LegalEntityId::new(runtime::fresh()), company, details, by)?)
}

async fn agreement(
    app: &App,
    settings: &SelfRegistration,
    company: &Company,
    entity: &LegalEntity,
    now: Timestamp,
) -> Result<Agreement, ApiError> {
    let template = settings.details.agreement.clone();
    let id = AgreementId::new(runtime::fresh());
    let ask = NewAgreement {
        // The end of an id differs from that of every other.
        code: format!("{}{}", template.code_prefix, &id.body()[14..]),
        id,
        company: company.id.clone(),
        tenant: settings.company.clone(),
        currency: template.currency,
        charging: template.charging,
        credit_limit: template.credit_limit,
        billing: template.billing,
    };
    let above = match &template.resold_under {
        Some(id) => app.store.any_agreement(id).await?,
        None => None,
    };
    if let Some(above) = &above {
        let governs = check_governs(app, above, &settings.company).await;
        governs.map_err(|error| error.field("portal"))?;
    }
    let planned = plan_agreement(ask, above.as_ref(), company.path.len() <= 2, now)?;
    let parties = Parties {
        legal_entity: Some(entity.id.clone()),
        own_legal_entity: Some(settings.details.own_legal_entity.clone()),
        own_bank_account: Some(settings.details.own_bank_account.clone()),
        ..Parties::default()
    };
    let change = AgreementChange { parties: Some(parties), ..AgreementChange::default() };
    let mut planned = planned.begun_with(change, now)?;
    let seen = Subtree { root: settings.company.clone() };
    for id in &settings.details.services {
        if let Some(service) = app.store.service(&seen, id).await? {
            let enabled = EnabledService::new(id.clone(), now, None);
            let enabled = EnabledService { enabled_at: Some(now), ..enabled };
            let currency = if service.kind.has_currency() { service.currency } else { planned.currency };
            planned = planned.with_service(enabled, currency)?;
        }
    }
    check_channels(app, &[], &planned.services).await?;
    for id in &settings.details.packs {
        if let Some(pack) = app.store.service(&seen, id).await?.filter(|pack| !pack.archived) {
            let ask =
                PackRequest::free(PurchaseId::derived(&["registration", planned.id.as_str(), id.as_str()]));
            planned = planned.with_pack(&pack, &ask, now)?;
        }
    }
    Ok(planned)
}

/// Has the phone number proved, if the portal's settings say how: the one that is.
async fn verify_phone(
    app: &App,
    settings: &SelfRegistration,
    tenant: &Company,
    planned: &Planned,
    code: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some(id) = &settings.details.phone_verification else { return Ok(None) };
    let phone = planned.user.phone.as_deref().unwrap_or_default();
    let applicant = UserId::derived(&["registration", settings.id.as_str(), phone]);
    if let Some(code) = code {
        let sent = sms_codes::take(app, REGISTRATION, &applicant, phone, code).await?;
        sms_codes::note_verified(app, &sent, code).await;
        return Ok(Some(sent.phone));
    }
    let integration = app.store.thing::<TwoFactorIntegration>(id.as_str()).await?;
    let integration = integration
        .ok_or_else(|| sms_codes::not_sent("the portal's two-factor integration is not there any more"))?;
    if integration.status != IntegrationStatus::Active {
        return Err(sms_codes::not_sent("the portal's two-factor integration is not active"));
    }
    let (agreement, sender) = (&integration.agreement, integration.sender.as_str());
    let (purpose, integrated) = (REGISTRATION, Some(&integration));
    let road = Road { purpose, person: None, company: tenant, agreement, sender, integration: integrated };
    sms_codes::send_over(app, road, &applicant, phone, |code| integration.message(code)).await?;
    Err(code_required("sms"))
}

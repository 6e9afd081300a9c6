//! Registering at a portal without an invitation, and the review of it.

use domain::agreement::{Charging, CreditLimit};
use domain::id::{BankAccountId, CompanyId, OwnLegalEntityId, PortalId, SelfRegistrationId};
use domain::money::{Amount, Currency};
use domain::notification::NotificationEvent;
use domain::period::BillingTerms;
use domain::record::Hand;
use domain::role::SystemRole;
use domain::self_registration::{AgreementTemplate, RegistrationDetails, RegistrationRole, SelfRegistration};
use http::Method;
use queue::Mail;
use serde_json::{Value, json};
use tests::edits::act;

use crate::people::{Browser, PASSWORD, log_in, post, sign_up};
use crate::platform::{Answer, Platform, text};

const HOST: &str = "sms.hornes.example";

/// A platform whose owner lets people register at a portal.
async fn open() -> Platform {
    let platform = Platform::new().await;
    open_with(&platform, RegistrationRole::System(SystemRole::PortalAdmin)).await;
    platform
}

async fn open_with(platform: &Platform, role: RegistrationRole) {
    let portal = json!({"name": "Hornes", "host": HOST, "certificate": "automatic", "title": "Hornes",
        "languages": ["en"], "login_texts": {"en": "Welcome"}, "support_email": "help@hornes.example",
        "links": []});
    let portal = text(&platform.post(&platform.owner.key, "/v1/portals", portal).await.good(), "id");
    let owner = CompanyId::parse(&platform.owner.company).unwrap();
    let owner = platform.store.any_company(&owner).await.unwrap().unwrap();
    let details = RegistrationDetails {
        own_legal_entity: OwnLegalEntityId::new(1),
        portal: PortalId::parse(&portal).unwrap(),
        own_bank_account: BankAccountId::new(1),
        enabled: true,
        terms: None,
        privacy: None,
        phone_verification: None,
        report_email: "report@example.com".into(),
        moderation: true,
        two_factor: false,
        invoices_enabled: true,
        agreement: AgreementTemplate {
            code_prefix: "WEB-".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Prefunded,
            credit_limit: CreditLimit::Limited(Amount::ZERO),
            billing: BillingTerms::monthly_utc(),
            resold_under: None,
        },
        services: Vec::new(),
        packs: Vec::new(),
        roles: vec![role],
    };
    let by = Hand { name: "test", now: runtime::now() };
    let settings = SelfRegistration::plan(SelfRegistrationId::new(1), &owner, details, by).unwrap();
    platform.store.create(&act(&owner.path), &settings).await.unwrap();
}

async fn register(platform: &Platform, more: Value) -> Answer {
    let mut body = json!({"portal": HOST, "company_name": "Bakery Weber", "country": "DE", "first_name": "Ada",
        "last_name": "Weber", "email": "ada@example.com", "phone": "+4915112345678", "login": "ada",
        "password": PASSWORD, "terms_accepted": true});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(platform, "/v1/registrations", body).await
}

#[tokio::test]
async fn who_registers_can_do_nothing_until_somebody_approves() {
    let platform = open().await;
    let key = &platform.owner.key;
    let user = register(&platform, json!({})).await.good();
    assert_eq!((text(&user, "status"), user["external"].clone()), ("waiting".into(), json!(true)));
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 waits_for_review");
    let company = text(&user, "company");
    let agreements = platform.get(key, &format!("/v1/agreements?company={company}")).await.good();
    assert!(text(&agreements["items"][0], "code").starts_with("WEB-"));
    let waiting = platform.get(key, "/v1/external_users").await.good();
    assert_eq!(waiting["items"], json!([user]));
    let path = format!("/v1/external_users/{}/review", text(&user, "id"));
    platform.post(key, &path, json!({"approved": false})).await.good();
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 user_inactive");
    platform.post(key, &path, json!({"approved": true})).await.good();
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    assert_eq!(text(&browser.get("/v1/me").await.good(), "name"), "Bakery Weber");
    assert_eq!(platform.post(key, &path, json!({"approved": false})).await.refusal(), "409 user_status");
}

#[tokio::test]
async fn a_registration_that_fails_leaves_nothing_behind_and_is_reported() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let role = json!({"name": "Guest", "face": "client_portal", "grants": {"portal_finance": "view"}});
    let role = text(&platform.post(key, "/v1/roles", role).await.good(), "id");
    open_with(&platform, RegistrationRole::parse(&role).unwrap()).await;
    platform.ask(key, Method::DELETE, &format!("/v1/roles/{role}"), &[], None).await;
    let before = platform.get(key, "/v1/companies").await.good();
    assert_eq!(register(&platform, json!({"email": "eve@example.com"})).await.refusal(), "409 conflict");
    assert_eq!(platform.get(key, "/v1/companies").await.good(), before);
    let told = told_of(&platform, NotificationEvent::ProblemReport);
    assert_eq!(told, ["report@example.com", "eve@example.com"]);
}

/// To whom mails about something went.
fn told_of(platform: &Platform, about: NotificationEvent) -> Vec<String> {
    let mails = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail"));
    let told = mails.into_iter().filter_map(|mail| match mail {
        Mail::EventV1 { event, to, .. } if event == about => Some(to),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_login_that_somebody_has_is_refused_before_anything_is_made() {
    let platform = open().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let log = async || platform.get(&platform.owner.key, "/v1/audit").await.good();
    let before = log().await;
    let taken = register(&platform, json!({"email": "eve@example.com", "login": "ADA"})).await;
    assert_eq!((taken.refusal(), text(&taken.body, "field")), ("409 taken".into(), "login".into()));
    assert_eq!(log().await, before);
    assert_eq!(told_of(&platform, NotificationEvent::ProblemReport), [""; 0]);
}

#[tokio::test]
async fn an_address_gets_three_mails_about_registrations_and_then_none_for_an_hour() {
    let platform = open().await;
    for number in 0..4 {
        register(&platform, json!({"login": format!("ada{number}")})).await.good();
    }
    let told = told_of(&platform, NotificationEvent::RegistrationConfirmation);
    assert_eq!(told, ["ada@example.com"; 3]);
}

#[tokio::test]
async fn nobody_registers_where_it_is_not_open_or_without_agreeing() {
    let platform = open().await;
    assert_eq!(register(&platform, json!({"portal": "other.example"})).await.refusal(), "404 not_found");
    assert_eq!(register(&platform, json!({"terms_accepted": false})).await.refusal(), "422 invalid");
    assert_eq!(register(&platform, json!({"password": "x"})).await.refusal(), "422 weak_password");
}

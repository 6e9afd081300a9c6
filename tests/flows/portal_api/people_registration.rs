//! Registering at a portal without an invitation, and the review of it.

use domain::agreement::{Charging, CreditLimit};
use domain::id::{
    AgreementId, BankAccountId, CompanyId, OwnLegalEntityId, PortalId, SelfRegistrationId, ServiceId,
};
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
use crate::platform::{Answer, Member, Platform, text};

const HOST: &str = "sms.hornes.example";

/// A platform whose owner lets people register at a portal.
async fn open() -> Platform {
    let platform = Platform::new().await;
    open_changed(&platform, |_| {}).await;
    platform
}

async fn open_with(platform: &Platform, role: RegistrationRole) {
    open_changed(platform, |details| details.roles = vec![role]).await;
}

async fn open_changed(platform: &Platform, change: impl FnOnce(&mut RegistrationDetails)) {
    open_of(platform, &platform.owner, change).await;
}

async fn open_of(platform: &Platform, seller: &Member, change: impl FnOnce(&mut RegistrationDetails)) {
    let portal = json!({"name": "Hornes", "host": HOST, "certificate": "automatic", "title": "Hornes",
        "languages": ["en"], "login_texts": {"en": "Welcome"}, "support_email": "help@hornes.example",
        "links": []});
    let portal = text(&platform.post(&seller.key, "/v1/portals", portal).await.good(), "id");
    let owner = CompanyId::parse(&seller.company).unwrap();
    let owner = platform.store.any_company(&owner).await.unwrap().unwrap();
    let mut details = RegistrationDetails {
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
        roles: vec![RegistrationRole::System(SystemRole::PortalAdmin)],
    };
    change(&mut details);
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
    let state = async || {
        (platform.get(key, "/v1/companies").await.good(), platform.get(key, "/v1/audit").await.good())
    };
    let before = state().await;
    assert_eq!(register(&platform, json!({"email": "eve@example.com"})).await.refusal(), "409 conflict");
    assert_eq!(state().await, before, "nothing was made and taken back");
    let told = told_of(&platform, NotificationEvent::ProblemReport);
    assert_eq!(told, ["report@example.com", "eve@example.com"]);
}

#[tokio::test]
async fn who_registers_gets_the_services_and_packs_of_the_portal() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let make = async |name: &str, kind: Value, price: Value| {
        let mut service = json!({"name": name, "kind": kind, "tree": {"sms_message": {"price": price}}});
        if kind["type"] == "pay_as_you_go" {
            service["currency"] = json!("EUR");
        }
        let made = platform.post(key, "/v1/services", service).await.good();
        ServiceId::parse(&text(&made, "id")).unwrap()
    };
    let flat = json!({"type": "flat", "amount": "0.05"});
    let sms = make("SMS", json!({"type": "pay_as_you_go"}), flat).await;
    let units = json!({"type": "unit_pack", "size": 25});
    let welcome = make("Welcome", units.clone(), json!({"type": "included"})).await;
    let more = make("More", units, json!({"type": "included"})).await;
    open_changed(&platform, |details| {
        details.services = vec![sms.clone()];
        details.packs = vec![welcome, more];
    })
    .await;
    let user = register(&platform, json!({})).await.good();
    let company = text(&user, "company");
    let list = format!("/v1/agreements?company={company}");
    let agreement = platform.get(key, &list).await.good()["items"][0].clone();
    assert_eq!(agreement["services"][0]["service"], sms.as_str());
    let list = format!("/v1/agreements/{}/packs", text(&agreement, "id"));
    let packs = platform.get(key, &list).await.good();
    let packs = packs["items"].as_array().unwrap();
    let names: Vec<_> = packs.iter().map(|pack| text(pack, "name")).collect();
    assert_eq!(names, ["Welcome", "More"]);
    assert_eq!((&packs[0]["left"], &packs[0]["billing"]), (&json!("25"), &json!("free")));
    let log = platform.get(key, &format!("/v1/audit?object={company}")).await.good();
    assert_eq!(text(&log["items"][0], "action"), "company.register");

    // What is enabled later is a thing of its own.
    let price = json!({"type": "flat", "amount": "0.04"});
    let later = make("Later", json!({"type": "pay_as_you_go"}), price).await;
    let list = format!("/v1/agreements/{}/services", text(&agreement, "id"));
    let enabled = platform.post(key, &list, json!({"service": later})).await.good();
    let enabled = enabled["services"].as_array().unwrap();
    let enabled = enabled.iter().find(|enabled| enabled["service"] == later.as_str()).unwrap();
    let path = format!("{list}/{}", text(enabled, "id"));
    let gone = platform.ask(key, http::Method::DELETE, &path, &[], None).await;
    assert!(gone.status.is_success(), "{}", gone.body);
    let agreement = platform.get(key, &format!("/v1/agreements/{}", text(&agreement, "id"))).await.good();
    assert_eq!(agreement["services"][0]["service"], sms.as_str());
}

/// More than one transaction holds.
#[tokio::test]
async fn one_can_register_at_every_depth() {
    let platform = Platform::new().await;
    let mut tenant = platform.member(&platform.owner, "Reseller 2", "reseller").await;
    for depth in 3..8 {
        tenant = platform.member(&tenant, &format!("Reseller {depth}"), "reseller").await;
    }
    let mut roles = Vec::new();
    for name in ["One", "Two", "Three"] {
        let role = json!({"name": name, "face": "client_portal", "grants": {"portal_finance": "view"}});
        let role = text(&platform.post(&tenant.key, "/v1/roles", role).await.good(), "id");
        roles.push(RegistrationRole::parse(&role).unwrap());
    }
    let (company, agreement) = (tenant.company.clone(), tenant.agreement.clone());
    open_of(&platform, &tenant, |details| {
        details.roles = roles;
        details.agreement.resold_under = Some(AgreementId::parse(&agreement).unwrap());
    })
    .await;
    let entities = async || {
        let list = "/v1/legal_entities";
        platform.get(&tenant.key, list).await.good()["items"].as_array().unwrap().len()
    };
    let before = entities().await;
    let user = register(&platform, json!({})).await.good();
    assert_eq!(entities().await, before + 1);
    let log = platform.get(&platform.owner.key, "/v1/audit").await.good();
    assert_eq!(text(&log["items"][0], "object"), text(&user, "company"));
    let waiting = platform.get(&tenant.key, "/v1/external_users").await.good();
    assert_eq!(waiting["items"], json!([user]), "{company}");
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

//! Registering at a portal without an invitation, and the review of it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use domain::agreement::{Charging, CreditLimit};
use domain::id::{
    AgreementId, BankAccountId, CompanyId, OwnLegalEntityId, PortalId, SelfRegistrationId, ServiceId,
};
use domain::money::{Amount, Currency};
use domain::notification::NotificationEvent;
use domain::period::BillingTerms;
use domain::record::Hand;
use domain::role::{Role, SystemRole};
use domain::self_registration::{AgreementTemplate, RegistrationDetails, RegistrationRole, SelfRegistration};
use http::Method;
use queue::Mail;
use serde_json::{Value, json};
use store::{RoleDeleted, Store, Tables};
use tests::edits::act;
use tests::embedded_dynamodb::{Call, Fault, Faults};

use crate::legal_entities::entity;
use crate::people::{Browser, PASSWORD, log_in, post, sign_up};
use crate::platform::{Answer, Member, Platform, text, things};
use crate::shop::{Shop, flat, sms};

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

/// Deletes a role though the portal's settings give it, as no request does.
async fn lose(platform: &Platform, role: &str) {
    let role: Role = platform.store.thing(role).await.unwrap().unwrap();
    let by = act(std::slice::from_ref(&role.company));
    assert_eq!(platform.store.delete_role(&by, &role).await.unwrap(), RoleDeleted::Now);
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
    assert_eq!(things(&waiting), json!([user]));
    for (query, expected) in [
        (format!("company={company}&login=AD"), json!([user])),
        (format!("company={}", platform.owner.company), json!([])),
        ("login=bob".to_owned(), json!([])),
    ] {
        let list = platform.get(key, &format!("/v1/external_users?{query}")).await.good();
        assert_eq!(things(&list), expected, "{query}");
    }
    let path = format!("/v1/external_users/{}/review", text(&user, "id"));
    platform.post(key, &path, json!({"approved": false})).await.good();
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 user_inactive");
    platform.post(key, &path, json!({"approved": true})).await.good();
    let before = runtime::now();
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    assert_eq!(text(&browser.get("/v1/me").await.good(), "name"), "Bakery Weber");
    for (span, expected) in [("from", 1), ("till", 0)] {
        let list = format!("/v1/external_users?status=active&seen_{span}={before}");
        let list = platform.get(key, &list).await.good();
        assert_eq!(list["items"].as_array().unwrap().len(), expected, "{span}");
    }
    assert_eq!(platform.post(key, &path, json!({"approved": false})).await.refusal(), "409 user_status");
}

#[tokio::test]
async fn a_role_that_registrations_give_is_not_deleted() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let role = json!({"name": "Guest", "face": "client_portal", "grants": {"portal_finance": "view"}});
    let role = text(&platform.post(key, "/v1/roles", role).await.good(), "id");
    open_with(&platform, RegistrationRole::parse(&role).unwrap()).await;
    let settings = platform.get(key, "/v1/self_registrations").await.good();
    let settings = text(&settings["items"][0], "id");
    let delete = async |path: String| platform.ask(key, Method::DELETE, &path, &[], None).await;
    let refused = delete(format!("/v1/roles/{role}")).await;
    assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), settings.clone()));
    delete(format!("/v1/self_registrations/{settings}")).await.good();
    delete(format!("/v1/roles/{role}")).await.good();
}

#[tokio::test]
async fn a_registration_stands_though_its_mails_could_not_be_queued() {
    let mut platform = open().await;
    platform.refuse_mail();
    let user = register(&platform, json!({})).await.good();
    let waiting = platform.get(&platform.owner.key, "/v1/external_users").await.good();
    assert_eq!(things(&waiting), json!([user]));
}

#[tokio::test]
async fn who_runs_the_portal_is_told_of_a_registration_beside_who_has_registered() {
    let platform = open().await;
    register(&platform, json!({"email": "report@example.com"})).await.good();
    let mails = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail"));
    let [Mail::EventV1 { id: first, .. }, Mail::EventV1 { id: second, values, .. }] = mails.as_slice() else {
        panic!("{mails:?}")
    };
    assert_ne!(first, second, "one address gets both");
    assert_eq!(told_of(&platform, NotificationEvent::RegistrationConfirmation), ["report@example.com"]);
    assert_eq!(told_of(&platform, NotificationEvent::NewRegistration), ["report@example.com"]);
    assert_eq!((values["company_name"].as_str(), values["portal_name"].as_str()), ("Bakery Weber", HOST));
}

#[tokio::test]
async fn a_registration_that_fails_leaves_nothing_behind_and_is_reported() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let role = json!({"name": "Guest", "face": "client_portal", "grants": {"portal_finance": "view"}});
    let role = text(&platform.post(key, "/v1/roles", role).await.good(), "id");
    open_with(&platform, RegistrationRole::parse(&role).unwrap()).await;
    lose(&platform, &role).await;
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
async fn settings_that_do_not_go_together_any_more_are_reported_and_what_is_filled_in_wrong_is_not() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let above = AgreementId::parse(&client.agreement).unwrap();
    open_changed(&platform, |details| details.agreement.resold_under = Some(above)).await;
    let wrong = register(&platform, json!({"phone": "12"})).await;
    assert_eq!(text(&wrong.body, "field"), "phone");
    assert_eq!(told_of(&platform, NotificationEvent::ProblemReport), [""; 0]);
    assert!(!register(&platform, json!({})).await.status.is_success());
    let told = told_of(&platform, NotificationEvent::ProblemReport);
    assert_eq!(told, ["report@example.com", "ada@example.com"]);
}

/// Prices may have come to be in both since the settings were made.
#[tokio::test]
async fn who_registers_does_not_get_two_services_with_prices_of_the_same() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let make = async |name: &str| {
        let tree = json!({"sms_message": {"price": {"type": "flat", "amount": "0.05"}}});
        let body = json!({"name": name, "currency": "EUR", "tree": tree});
        ServiceId::parse(&text(&platform.post(key, "/v1/services", body).await.good(), "id")).unwrap()
    };
    let services = vec![make("One").await, make("Other").await];
    open_changed(&platform, |details| details.services = services).await;
    assert_eq!(register(&platform, json!({})).await.refusal(), "409 service_overlaps");
    assert_eq!(things(&platform.get(key, "/v1/external_users").await.good()), json!([]));
    let told = told_of(&platform, NotificationEvent::ProblemReport);
    assert_eq!(told, ["report@example.com", "ada@example.com"]);
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
    let tree = json!({"viber_message": {"price": {"type": "flat", "amount": "0.04"}}});
    let later = platform.post(key, "/v1/services", json!({"name": "Later", "currency": "EUR", "tree": tree}));
    let later = text(&later.await.good(), "id");
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

/// Nothing of it is made in another way than by requests to the two APIs.
#[tokio::test]
async fn a_pack_of_units_comes_with_a_registration_is_used_up_and_bought_again() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let included = sms(json!({"type": "included"}));
    let pack = shop.service(owner, json!({"type": "unit_pack", "size": 10}), included).await;
    let prices = json!({"sms_message": {"price": flat("0.05")},
        "service_purchase": {"depends_on": "pack", "values": {&pack: {"price": flat("8")}}}});
    let plan = shop.service(owner, json!({"type": "pay_as_you_go"}), prices).await;
    let make = async |nouns: &str, body: Value| {
        platform.post(&owner.key, &format!("/v1/{nouns}"), body).await.good()
    };
    let seller = make("own_legal_entities", entity("Owner")).await;
    let portal = json!({"name": "Hornes", "host": HOST, "certificate": "automatic", "title": "Hornes",
        "languages": ["en"], "login_texts": {"en": "Welcome"}, "support_email": "help@hornes.example",
        "links": []});
    let portal = make("portals", portal).await;
    let bank = json!({"name": "Vienna", "country": "AT", "address": "Ring 1", "branch_code": "1"});
    let bank = make("banks", bank).await;
    let account = json!({"name": "Main", "own_legal_entity": seller["id"], "bank": bank["id"],
        "holder": "Owner", "number": "1"});
    let account = make("own_bank_accounts", account).await;
    let billing = json!({"time_zone": "UTC", "period": "monthly", "billing_day": 1, "days_for_payment": 30});
    let settings = json!({"own_legal_entity": seller["id"], "portal": portal["id"], "enabled": true,
        "own_bank_account": account["id"], "report_email": "sales@hornes.example",
        "agreement": {"code_prefix": "WEB-", "currency": "EUR", "credit_limit": "0", "billing": billing},
        "services": [plan], "roles": ["portal_admin"]});
    let settings = make("self_registrations", settings).await;
    let path = format!("/v1/self_registrations/{}", text(&settings, "id"));
    platform.patch(&owner.key, &path, json!({"packs": [pack]})).await.good();

    let user = register(platform, json!({})).await.good();
    make(&format!("external_users/{}/review", text(&user, "id")), json!({"approved": true})).await;
    let company = text(&user, "company");
    let list = format!("/v1/agreements?company={company}");
    let agreement = platform.get(&owner.key, &list).await.good()["items"][0].clone();
    let key = make("api_keys", json!({"company": company, "name": "first"})).await;
    let client = Member {
        company: company.clone(),
        agreement: text(&agreement, "id"),
        wallet: text(&agreement, "wallet"),
        key: text(&key, "secret"),
    };
    let enabled = format!("/v1/enabled_services?kind=unit_pack&company={company}");
    let enabled = platform.get(&client.key, &enabled).await.good();
    assert_eq!(
        (&enabled["items"][0]["service"], &enabled["items"][0]["in_force"]),
        (&json!(pack), &json!(true))
    );
    shop.stock(owner, &client, "10").await;
    assert_eq!(shop.send(&client, 0..8).await, "0");
    assert_eq!(shop.packs(&client).await, ["8/2"]);
    assert_eq!(shop.send(&client, 8..12).await, "0.1");
    let charged = json!({"service": pack, "billing": "charge"});
    let bought = shop.try_buy(owner, &client, charged).await.good();
    assert_eq!((text(&bought["fee"], "amount"), text(&bought, "balance")), ("8".into(), "1.9".into()));
    assert_eq!(shop.send(&client, 12..17).await, "0");
    assert_eq!(shop.packs(&client).await, ["10/0", "5/5"]);
    shop.settle(&[&client]).await;
    assert_eq!(shop.statement(&client).await, ["payment 10", "charge -0.1", "fee -8"]);
}

/// A platform with a portal far down in the tree, whose registrations are more than one transaction holds; who
/// sells there, and one of the roles that who registers gets.
async fn open_far_down() -> (Platform, Member, String) {
    let platform = Platform::new().await;
    let mut tenant = platform.member(&platform.owner, "Reseller 2", "reseller").await;
    for depth in 3..8 {
        tenant = platform.member(&tenant, &format!("Reseller {depth}"), "reseller").await;
    }
    let mut roles = Vec::new();
    for name in ["One", "Two", "Three"] {
        let role = json!({"name": name, "face": "client_portal", "grants": {"portal_finance": "view"}});
        roles.push(text(&platform.post(&tenant.key, "/v1/roles", role).await.good(), "id"));
    }
    open_of(&platform, &tenant, |details| {
        details.roles = roles.iter().map(|role| RegistrationRole::parse(role).unwrap()).collect();
        details.agreement.resold_under = Some(AgreementId::parse(&tenant.agreement).unwrap());
    })
    .await;
    (platform, tenant, roles.remove(0))
}

/// How many legal entities a company sees.
async fn entities(platform: &Platform, of: &Member) -> usize {
    platform.get(&of.key, "/v1/legal_entities").await.good()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn one_can_register_at_every_depth() {
    let (platform, tenant, _) = open_far_down().await;
    let before = entities(&platform, &tenant).await;
    let user = register(&platform, json!({})).await.good();
    assert_eq!(entities(&platform, &tenant).await, before + 1);
    let log = platform.get(&platform.owner.key, "/v1/audit").await.good();
    assert_eq!(text(&log["items"][0], "object"), text(&user, "company"));
    let waiting = platform.get(&tenant.key, "/v1/external_users").await.good();
    assert_eq!(things(&waiting), json!([user]), "{}", tenant.company);
}

#[tokio::test]
async fn nobody_is_invited_to_register_below_the_lowest_level() {
    let (platform, tenant, _) = open_far_down().await;
    let lowest = platform.member(&tenant, "Reseller 8", "reseller").await;
    let billing = json!({"time_zone": "UTC", "period": "monthly", "billing_day": 1, "days_for_payment": 30});
    let settings = json!({"own_legal_entity": OwnLegalEntityId::new(1), "portal": PortalId::new(1),
        "own_bank_account": BankAccountId::new(1), "enabled": true, "report_email": "report@example.com",
        "agreement": {"code_prefix": "WEB-", "currency": "EUR", "credit_limit": "0", "billing": billing},
        "services": [], "roles": ["portal_admin"]});
    let refused = platform.post(&lowest.key, "/v1/self_registrations", settings).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 too_deep".into(), &json!("company")));
}

#[tokio::test]
async fn an_agreement_that_new_clients_would_be_charged_to_is_not_deleted() {
    let platform = Platform::new().await;
    let tenant = platform.member(&platform.owner, "Reseller", "reseller").await;
    open_of(&platform, &tenant, |details| {
        details.agreement.resold_under = Some(AgreementId::parse(&tenant.agreement).unwrap());
    })
    .await;
    let path = format!("/v1/agreements/{}", tenant.agreement);
    let refused = platform.ask(&platform.owner.key, Method::DELETE, &path, &[], None).await;
    let by = SelfRegistrationId::new(1).to_string();
    assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), by));
    register(&platform, json!({})).await.good();
}

#[tokio::test]
async fn nobody_registers_while_the_seller_does_not_resell_under_the_agreement() {
    let platform = Platform::new().await;
    let tenant = platform.member(&platform.owner, "Reseller", "reseller").await;
    open_of(&platform, &tenant, |details| {
        details.agreement.resold_under = Some(AgreementId::parse(&tenant.agreement).unwrap());
    })
    .await;
    let entity = json!({"company": tenant.company, "name": "Cats", "legal_name": "Cats", "country": "DE"});
    let entity = text(&platform.made(&platform.owner, "/v1/legal_entities", entity).await, "id");
    let tie = json!({"agreement": tenant.agreement, "effective_from": "2026-01-01T00:00:00Z",
        "effective_till": "2026-02-01T00:00:00Z"});
    let path = format!("/v1/legal_entities/{entity}/reselling_agreements");
    let tie = platform.made(&platform.owner, &path, tie).await;
    let refused = register(&platform, json!({})).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("portal")));
    let tie = format!("/v1/reselling_agreements/{}", text(&tie, "id"));
    platform.patch(&platform.owner.key, &tie, json!({"effective_till": null})).await.good();
    register(&platform, json!({})).await.good();
}

/// Its store, with this fault at that write of a registration, counted from 1, and at no other.
fn failing_at(platform: &Platform, write: u32, fault: Fault) -> Store {
    let (count, failed) = (AtomicU32::new(0), AtomicBool::new(false));
    let faults = move |call: &Call| {
        let is_write = call.operation == "TransactWriteItems";
        let at_it = is_write && count.fetch_add(1, Ordering::Relaxed) + 1 == write;
        if at_it && !failed.swap(true, Ordering::Relaxed) { fault } else { Fault::None }
    };
    Store::new(platform.database.client_with(faults), Tables::of_stack("flow"))
}

/// What everybody sees of what registrations make.
async fn made(platform: &Platform, tenant: &Member) -> Vec<Value> {
    let mut made = Vec::new();
    let agreements = format!("agreements?tenant={}", tenant.company);
    for list in ["companies", "legal_entities", &agreements, "external_users"] {
        made.push(platform.get(&tenant.key, &format!("/v1/{list}")).await.good()["items"].clone());
    }
    made
}

#[tokio::test]
async fn a_registration_far_down_that_is_refused_leaves_no_legal_entity_whatever_fails() {
    let faults = [Fault::ConflictBeforeApply, Fault::TimeoutNotApplied, Fault::TimeoutAppliedAnswerLost];
    let (mut platform, tenant, role) = open_far_down().await;
    lose(&platform, &role).await;
    let before = made(&platform, &tenant).await;
    let store = platform.app.store.clone();
    // Its legal entity, the rest, which is refused, and the taking back.
    let writes = (1..=3).flat_map(|write| faults.map(|fault| (write, fault)));
    for (write, fault) in std::iter::once((1, Fault::None)).chain(writes) {
        platform.app.store = failing_at(&platform, write, fault);
        let refused = register(&platform, json!({"email": "eve@example.com"})).await;
        platform.app.store = store.clone();
        let seen = format!("{fault:?} at write {write}");
        assert!([409, 503].contains(&refused.status.as_u16()), "{seen}: {}", refused.body);
        assert_eq!(made(&platform, &tenant).await, before, "{seen}");
    }
}

#[tokio::test]
async fn a_registration_far_down_is_made_whole_or_not_at_all_whatever_fails() {
    for (write, fault, is_made) in [
        (1, Fault::ConflictBeforeApply, true),
        (1, Fault::TimeoutNotApplied, false),
        (1, Fault::TimeoutAppliedAnswerLost, false),
        (2, Fault::ConflictBeforeApply, true),
        (2, Fault::TimeoutNotApplied, false),
        (2, Fault::TimeoutAppliedAnswerLost, true),
    ] {
        let (mut platform, tenant, _) = open_far_down().await;
        let before = made(&platform, &tenant).await;
        let store = platform.app.store.clone();
        platform.app.store = failing_at(&platform, write, fault);
        let answer = register(&platform, json!({})).await;
        platform.app.store = store;
        let seen = format!("{fault:?} at write {write}");
        assert_eq!(answer.status.is_success(), is_made, "{seen}: {}", answer.body);
        let now = made(&platform, &tenant).await;
        if !is_made {
            assert_eq!(now, before, "{seen}");
            register(&platform, json!({})).await.good();
        }
        let one_more = made(&platform, &tenant).await;
        let more = |list: usize| {
            let count = |made: &[Value]| made[list].as_array().unwrap().len();
            count(&one_more) - count(&before)
        };
        assert_eq!([0, 1, 2, 3].map(more), [1; 4], "{seen}");
    }
}

/// Keeps the second write back that it is shown.
#[derive(Clone, Default)]
struct KeptBack {
    writes: Arc<AtomicU32>,
    write: Arc<Mutex<Option<Value>>>,
}

impl Faults for KeptBack {
    fn decide(&self, call: &Call) -> Fault {
        if call.operation != "TransactWriteItems" || self.writes.fetch_add(1, Ordering::Relaxed) != 1 {
            return Fault::None;
        }
        *self.write.lock().unwrap() = Some(call.body.clone());
        Fault::TimeoutNotApplied
    }
}

/// Has this write arrive in the place of each other.
struct Arriving(Value);

impl Faults for Arriving {
    fn decide(&self, _: &Call) -> Fault {
        Fault::None
    }

    fn rewrite(&self, operation: &str, body: &mut Value) {
        if operation == "TransactWriteItems" {
            body.clone_from(&self.0);
        }
    }
}

#[tokio::test]
async fn a_registration_that_arrives_after_its_legal_entity_was_taken_back_makes_nothing() {
    let (mut platform, tenant, _) = open_far_down().await;
    let before = made(&platform, &tenant).await;
    let store = platform.app.store.clone();
    let kept = KeptBack::default();
    platform.app.store = Store::new(platform.database.client_with(kept.clone()), Tables::of_stack("flow"));
    assert_eq!(register(&platform, json!({})).await.status, 503);
    let write = kept.write.lock().unwrap().take().unwrap();
    let late = platform.database.client_with(Arriving(write));
    platform.app.store = Store::new(late, Tables::of_stack("flow"));
    let carrier = json!({"name": "Carrier", "kind": "client"});
    platform.post(&platform.owner.key, "/v1/companies", carrier).await.refusal();
    platform.app.store = store;
    assert_eq!(made(&platform, &tenant).await, before);
    register(&platform, json!({})).await.good();
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

#[tokio::test]
async fn who_has_registered_keeps_the_role_of_the_portal_when_roles_change() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let role = json!({"name": "Guest", "face": "client_portal", "grants": {"portal_api_accesses": "view"}});
    let role = text(&platform.post(key, "/v1/roles", role).await.good(), "id");
    open_with(&platform, RegistrationRole::parse(&role).unwrap()).await;
    let user = register(&platform, json!({})).await.good();
    let review = format!("/v1/external_users/{}/review", text(&user, "id"));
    platform.post(key, &review, json!({"approved": true})).await.good();
    let path = format!("/v1/users/{}", text(&user, "id"));
    let give = async |roles: Value| platform.patch(key, &path, json!({"roles": roles})).await;
    let roles = json!([role, "portal_finance_manager"]);
    assert_eq!(give(roles.clone()).await.good()["roles"], roles);
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    browser.get("/v1/api_keys").await.good();
    // Nobody else of the company can have it, nor they once it was taken from them.
    let ask = json!({"email": "bob@example.com", "company": user["company"], "roles": [role]});
    assert_eq!(platform.post(key, "/v1/invitations", ask).await.refusal(), "422 invalid");
    give(json!(["portal_finance_manager"])).await.good();
    assert_eq!(give(roles).await.refusal(), "422 invalid");
}

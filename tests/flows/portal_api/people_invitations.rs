//! Invitations, signing up with them, and other passwords by mail.

use std::time::{Duration, Instant};

use domain::id::{AgreementId, UserId, WalletId};
use domain::notification::NotificationEvent;
use domain::portal::{DomainCheck, DomainState, Portal, PortalDetails};
use domain::record::Hand;
use http::Method;
use serde_json::json;
use tests::edits::act;
use tests::embedded_dynamodb::Fault;

use crate::people::{Browser, PASSWORD, link, link_token, log_in, post, sign_up};
use crate::platform::{Platform, text, things};

const EMAIL: &str = "ada@example.com";

fn form(token: &str, login: &str) -> serde_json::Value {
    json!({"token": token, "first_name": "Ada", "last_name": "Lovelace", "login": login,
        "password": PASSWORD, "phone": "+4915112345678"})
}

#[tokio::test]
async fn an_invitation_is_followed_once() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ask = json!({"email": EMAIL, "roles": ["portal_admin"]});
    let guest = platform.post(&client.key, "/v1/invitations", ask).await.good();
    assert_eq!((text(&guest, "status"), text(&guest, "name")), ("invited".into(), EMAIL.into()));
    let token = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    let shown = post(&platform, "/v1/invitations/check", json!({"token": token})).await.good();
    assert_eq!((text(&shown, "email"), text(&shown, "company_name")), (EMAIL.into(), "Client".into()));
    let weak = json!({"token": token, "first_name": "Ada", "last_name": "", "login": "ada", "password": "x"});
    assert_eq!(post(&platform, "/v1/sign_ups", weak).await.refusal(), "422 weak_password");
    let user = post(&platform, "/v1/sign_ups", form(&token, "ada")).await.good();
    assert_eq!((text(&user, "status"), text(&user, "name")), ("active".into(), "Ada Lovelace".into()));
    assert_eq!(user["master"], json!(true));
    assert_eq!(post(&platform, "/v1/sign_ups", form(&token, "eve")).await.refusal(), "422 link_expired");
    Browser::open(&platform, "ada", PASSWORD).await;
    let log = platform.get(&client.key, "/v1/audit").await.good().to_string();
    assert!(!log.contains(&token) && !log.contains(PASSWORD) && !log.contains("argon2"));
}

#[tokio::test]
async fn an_invitation_sent_again_has_another_link_and_a_revoked_one_has_none() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let guest = platform.post(&client.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    let path = format!("/v1/users/{}/invitation", text(&guest, "id"));
    let first = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    platform.post(&client.key, &path, json!({})).await.good();
    let second = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    assert_eq!(post(&platform, "/v1/sign_ups", form(&first, "ada")).await.refusal(), "422 link_expired");
    let revoked = platform.ask(&client.key, Method::DELETE, &path, &[], None).await.good();
    assert_eq!(text(&revoked, "status"), "revoked");
    assert_eq!(post(&platform, "/v1/sign_ups", form(&second, "ada")).await.refusal(), "422 link_expired");
    platform.post(&client.key, &path, json!({})).await.good();
    let third = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    post(&platform, "/v1/sign_ups", form(&third, "ada")).await.good();
    assert_eq!(platform.post(&client.key, &path, json!({})).await.refusal(), "409 user_status");
    let invited = platform.get(&client.key, "/v1/users?status=invited").await.good();
    assert_eq!(invited["items"], json!([]));
}

#[tokio::test]
async fn an_invitation_whose_mail_could_not_be_queued_is_there_and_is_sent_again() {
    let mut platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let mail = platform.app.mail.clone();
    platform.refuse_mail();
    let guest = platform.post(&client.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    platform.app.mail = mail;
    let invited = platform.get(&client.key, "/v1/users?status=invited").await.good();
    assert_eq!(things(&invited), json!([guest]));
    let path = format!("/v1/users/{}/invitation", text(&guest, "id"));
    platform.post(&client.key, &path, json!({})).await.good();
    let token = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    post(&platform, "/v1/sign_ups", form(&token, "ada")).await.good();
}

#[tokio::test]
async fn who_has_signed_up_has_a_wallet_though_none_could_be_opened_before() {
    let mut platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}", client.agreement);
    platform.patch(&platform.owner.key, &path, json!({"individual_credits": true})).await.good();
    let store = platform.app.store.clone();
    platform.app.store = platform.opening_with(Fault::TimeoutNotApplied);
    let guest = platform.post(&client.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    platform.app.store = store;
    let (agreement, user) = (AgreementId::parse(&client.agreement), UserId::parse(&text(&guest, "id")));
    let wallet = WalletId::of_user(&agreement.unwrap(), &user.unwrap());
    let has_wallet = async || platform.store.wallet(&wallet).await.unwrap().is_some();
    assert!(!has_wallet().await);
    let token = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    post(&platform, "/v1/sign_ups", form(&token, "ada")).await.good();
    assert!(has_wallet().await);
}

/// Lets a portal's host name lead here or elsewhere.
async fn lead(platform: &Platform, portal: &str, state: DomainState) {
    let before: Portal = platform.store.thing(portal).await.unwrap().unwrap();
    let domain = DomainCheck { state, at: None };
    let details = PortalDetails { domain, ..before.details.clone() };
    let after = before.plan_change(details, Hand { name: "test", now: runtime::now() }).unwrap();
    let path = [before.company.clone()];
    assert_eq!(platform.store.replace(&act(&path), &before, &after).await.unwrap(), store::Written::Now);
}

#[tokio::test]
async fn a_mailed_link_leads_to_the_nearest_portal_whose_host_name_leads_here() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let guest = platform.post(&client.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    let path = format!("/v1/users/{}/invitation", text(&guest, "id"));
    let mut made = Vec::new();
    for (key, host) in [(&platform.owner.key, "owner.example"), (&reseller.key, "reseller.example")] {
        let portal = json!({"name": host, "host": host, "certificate": "automatic", "title": host,
            "languages": ["en"]});
        made.push(text(&platform.post(key, "/v1/portals", portal).await.good(), "id"));
    }
    let is_at = |host: &str| {
        let link = link(&platform, EMAIL, NotificationEvent::UserInvitation);
        assert!(link.starts_with(&format!("https://{host}/sign-up?token=")), "{link}");
    };
    is_at("waybill.example");
    lead(&platform, &made[0], DomainState::Ready).await;
    platform.post(&client.key, &path, json!({})).await.good();
    is_at("owner.example");
    lead(&platform, &made[1], DomainState::Ready).await;
    platform.post(&client.key, &path, json!({})).await.good();
    is_at("reseller.example");
    let token = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    post(&platform, "/v1/sign_ups", form(&token, "ada")).await.good();
    lead(&platform, &made[1], DomainState::Elsewhere).await;
    post(&platform, "/v1/password_resets", json!({"email": EMAIL})).await;
    let reset = link(&platform, EMAIL, NotificationEvent::PasswordReset);
    assert!(reset.starts_with("https://owner.example/reset-password?token="), "{reset}");
}

#[tokio::test]
async fn a_mailed_link_leads_to_the_portal_of_the_legal_entity_that_sells() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let mut portals = Vec::new();
    for host in ["one.example", "two.example"] {
        let portal = json!({"name": host, "host": host, "certificate": "automatic", "title": host,
            "languages": ["en"]});
        let portal = text(&platform.post(&reseller.key, "/v1/portals", portal).await.good(), "id");
        lead(&platform, &portal, DomainState::Ready).await;
        portals.push((host, portal));
    }
    let invited = async |email: &str| {
        platform.post(&client.key, "/v1/invitations", json!({"email": email})).await.good();
        let link = link(&platform, email, NotificationEvent::UserInvitation);
        link.trim_start_matches("https://").split('/').next().unwrap().to_owned()
    };
    // Both are as near; whichever it is, the other one is that of the seller.
    let nearest = invited("1@example.com").await;
    let (host, portal) = portals.into_iter().find(|(host, _)| *host != nearest).unwrap();
    let seller = json!({"name": "Hornes", "country": "CA", "legal_name": "Hornes, Inc.",
        "legal_number": "654321", "portal": portal});
    let seller = text(&platform.post(&reseller.key, "/v1/own_legal_entities", seller).await.good(), "id");
    let sells = json!({"own_legal_entity": seller});
    let agreement = format!("/v1/agreements/{}", client.agreement);
    platform.patch(&reseller.key, &agreement, sells.clone()).await.good();
    assert_eq!(invited("2@example.com").await, host, "by the agreement");
    platform.patch(&reseller.key, &agreement, json!({"own_legal_entity": null})).await.good();
    assert_eq!(invited("3@example.com").await, nearest);
    let spare = json!({"company": client.company, "code": "SPARE", "currency": "CREDIT", "charging": "prefunded",
            "own_legal_entity": seller});
    let spare = text(&platform.post(&reseller.key, "/v1/agreements", spare).await.good(), "id");
    assert_eq!(invited("6@example.com").await, host, "by the only agreement that names one");
    let spare = format!("/v1/agreements/{spare}");
    assert_eq!(platform.ask(&reseller.key, Method::DELETE, &spare, &[], None).await.status, 204);
    assert_eq!(invited("7@example.com").await, nearest, "none that was deleted counts");
    let company = format!("/v1/companies/{}", client.company);
    platform.patch(&reseller.key, &company, sells).await.good();
    assert_eq!(invited("4@example.com").await, host, "by the company's settings");
    lead(&platform, &portal, DomainState::Elsewhere).await;
    assert_eq!(invited("5@example.com").await, nearest);
}

#[tokio::test]
async fn people_of_a_company_with_a_portal_come_in_through_that() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let mut made = Vec::new();
    for (key, host) in [(&platform.owner.key, "owner.example"), (&reseller.key, "reseller.example")] {
        let portal = json!({"name": host, "host": host, "certificate": "automatic", "title": host,
            "languages": ["en"]});
        let portal = text(&platform.post(key, "/v1/portals", portal).await.good(), "id");
        lead(&platform, &portal, DomainState::Ready).await;
        made.push(portal);
    }
    let seller = json!({"name": "Hornes", "country": "CA", "legal_name": "Hornes, Inc.",
        "legal_number": "654321", "portal": made[0]});
    let seller = platform.post(&platform.owner.key, "/v1/own_legal_entities", seller).await.good();
    let sells = json!({"own_legal_entity": seller["id"]});
    let agreement = format!("/v1/agreements/{}", reseller.agreement);
    platform.patch(&platform.owner.key, &agreement, sells).await.good();
    for (state, email, host) in [
        (DomainState::Ready, "1@example.com", "https://reseller.example/"),
        (DomainState::Elsewhere, "2@example.com", "https://owner.example/"),
    ] {
        lead(&platform, &made[1], state).await;
        platform.post(&reseller.key, "/v1/invitations", json!({"email": email})).await.good();
        let link = link(&platform, email, NotificationEvent::UserInvitation);
        assert!(link.starts_with(host), "{link}");
    }
}

#[tokio::test]
async fn an_address_gets_three_invitations_and_then_none_for_an_hour() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let other = platform.member(&platform.owner, "Other", "client").await;
    let guest = platform.post(&client.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    let path = format!("/v1/users/{}/invitation", text(&guest, "id"));
    platform.post(&client.key, &path, json!({})).await.good();
    platform.post(&other.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    assert_eq!(platform.post(&client.key, &path, json!({})).await.refusal(), "429 locked");
    let again = json!({"email": "Ada@Example.com"});
    assert_eq!(platform.post(&other.key, "/v1/invitations", again).await.refusal(), "429 locked");
    let last = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    post(&platform, "/v1/sign_ups", form(&last, "ada")).await.good();
    let another = json!({"email": "bob@example.com"});
    platform.post(&client.key, "/v1/invitations", another).await.good();
}

#[tokio::test]
async fn no_two_have_one_login_on_the_whole_platform() {
    let platform = Platform::new().await;
    let one = platform.member(&platform.owner, "One", "client").await;
    let other = platform.member(&platform.owner, "Other", "client").await;
    sign_up(&platform, &one, "ada", json!([])).await;
    platform.post(&other.key, "/v1/invitations", json!({"email": EMAIL})).await.good();
    let token = link_token(&platform, EMAIL, NotificationEvent::UserInvitation);
    let taken = post(&platform, "/v1/sign_ups", form(&token, "ADA")).await;
    assert_eq!((taken.refusal(), text(&taken.body, "field")), ("409 taken".into(), "login".into()));
    post(&platform, "/v1/sign_ups", form(&token, "ada.l")).await.good();
}

#[tokio::test]
async fn how_long_asking_for_another_password_takes_does_not_tell_who_is_known() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let too_long = format!("{}@example.com", "a".repeat(500));
    for email in [EMAIL, "stranger@example.com", too_long.as_str()] {
        let asked = Instant::now();
        assert_eq!(post(&platform, "/v1/password_resets", json!({"email": email})).await.status, 202);
        assert!(Duration::from_millis(250) <= asked.elapsed(), "{email} is answered at once");
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_is_good_once() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let mut answers = Vec::new();
    for email in ["Ada@example.com", "stranger@example.com"] {
        let answer = post(&platform, "/v1/password_resets", json!({"email": email})).await;
        answers.push((answer.status, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    let token = link_token(&platform, EMAIL, NotificationEvent::PasswordReset);
    let confirm = |password: &str| {
        let body = json!({"token": token, "password": password});
        let platform = &platform;
        async move { post(platform, "/v1/password_resets/confirmation", body).await }
    };
    assert_eq!(confirm(PASSWORD).await.refusal(), "422 password_used");
    assert_eq!(confirm("Other-Word-2").await.status, 204);
    assert_eq!(confirm("Third-Word-3").await.refusal(), "422 link_expired");
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "401 wrong_login");
    log_in(&platform, "ada", "Other-Word-2").await.good();
}

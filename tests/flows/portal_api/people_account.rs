//! What people do about themselves, and second factors.

use domain::id::UserId;
use http::Method;
use runtime::totp;
use serde_json::{Value, json};

use crate::people::{Browser, PASSWORD, log_in, post, sign_up};
use crate::platform::{Platform, text};
use crate::users::person;

async fn patch(browser: &Browser<'_>, body: Value) -> crate::platform::Answer {
    browser.ask(Method::PATCH, "/v1/my_account", Some(body)).await
}

#[tokio::test]
async fn somebody_changes_their_own_facts_and_delicate_ones_with_the_password() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let me = patch(&browser, json!({"last_name": "Lovelace", "language": "pt-BR"})).await.good();
    assert_eq!((text(&me, "name"), text(&me, "language")), ("ada Lovelace".into(), "pt-BR".into()));
    assert_eq!(patch(&browser, json!({"email": "x@example.com"})).await.refusal(), "422 invalid");
    let wrong = json!({"email": "x@example.com", "password": "wrong"});
    assert_eq!(patch(&browser, wrong).await.refusal(), "422 wrong_password");
    let right = json!({"email": "x@example.com", "password": PASSWORD});
    assert_eq!(text(&patch(&browser, right).await.good(), "email"), "x@example.com");
}

#[tokio::test]
async fn where_nobody_sends_codes_a_phone_is_for_people_to_call_and_no_second_factor() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let other = Browser::open(&platform, "ada", PASSWORD).await;
    let me = patch(&browser, json!({"phone": "+4915187654321", "password": PASSWORD})).await.good();
    assert_eq!((text(&me, "phone"), &me["phone_proved"]), ("4915187654321".into(), &json!(false)));
    assert_eq!(me["proved_phone"], Value::Null);
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized", "another phone ends other sessions");
    let refused = browser.post("/v1/my_account/phone/proof", json!({})).await;
    assert_eq!(refused.refusal(), "409 no_code_sender");
    let chosen = json!({"two_factor_required": true, "password": PASSWORD});
    let refused = patch(&browser, chosen).await;
    let field = text(&refused.body, "field");
    assert_eq!((refused.refusal(), field), ("422 invalid".into(), "two_factor_required".into()));
    patch(&browser, json!({"phone": null, "password": PASSWORD})).await.good();
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized", "none ends all");
}

#[tokio::test]
async fn a_picture_is_a_png_or_jpeg_file() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let put = |content: &str| {
        let (body, browser) = (Some(json!({"content": content})), &browser);
        async move { browser.ask(Method::PUT, "/v1/my_account/avatar", body).await }
    };
    assert_eq!(put("PHN2Zz4=").await.refusal(), "422 invalid");
    let me = put("iVBORw0KGgo=").await.good();
    assert!(me["avatar"].is_string());
    let path = format!("/v1/users/{ada}/avatar");
    let seen = platform.get(&client.key, &path).await;
    assert_eq!((seen.status.as_u16(), seen.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    browser.ask(Method::DELETE, "/v1/my_account/avatar", None).await.good();
    assert_eq!(platform.get(&client.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn an_account_is_deleted_by_typing_so_and_the_last_administrator_stays() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let delete = |words: &str, password: &str| {
        let (body, browser) = (json!({"confirm": words, "password": password}), &browser);
        async move { browser.post("/v1/my_account/deletion", body).await }
    };
    assert_eq!(delete("delete", PASSWORD).await.refusal(), "422 invalid");
    assert_eq!(delete("delete-account", "wrong").await.refusal(), "422 wrong_password");
    assert_eq!(delete("delete-account", PASSWORD).await.refusal(), "409 last_administrator");
    sign_up(&platform, &client, "bob", json!(["portal_admin"])).await;
    assert_eq!(delete("delete-account", PASSWORD).await.status, 204);
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "401 wrong_login");
}

#[tokio::test]
async fn no_api_key_changes_what_its_user_logs_in_with() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!(["portal_admin"])).await;
    let ask = json!({"name": "Reader", "user": ada, "scopes": {"portal_users": "view"}});
    let key = text(&platform.post(&client.key, "/v1/api_keys", ask).await.good(), "secret");
    let proof = json!({"password": PASSWORD});
    for (method, path, body) in [
        (Method::PATCH, "", json!({"email": "eve@example.com", "password": PASSWORD})),
        (Method::PATCH, "", json!({"last_name": "Eve"})),
        (Method::PUT, "/password", json!({"password": PASSWORD, "new_password": "Other-Word-2"})),
        (Method::POST, "/deletion", json!({"confirm": "delete-account", "password": PASSWORD})),
        (Method::POST, "/phone/proof", json!({})),
        (Method::POST, "/totp", proof.clone()),
        (Method::POST, "/totp/confirmation", json!({"code": "000000"})),
        (Method::POST, "/totp/removal", proof),
        (Method::DELETE, "/sessions", Value::Null),
        (Method::DELETE, "/sessions/ses_01kd3v5x9q8m7n6p5r4s3t2v1w", Value::Null),
    ] {
        let path = format!("/v1/my_account{path}");
        let refused = platform.ask(&key, method, &path, &[], Some(body)).await;
        assert_eq!(refused.refusal(), "403 not_allowed", "{path}");
    }
    let me = platform.get(&key, "/v1/my_account").await.good();
    assert_eq!(text(&me, "email"), "ada@example.com");
    // A user without any password has no account that somebody else's key could take.
    let bob = json!({"name": "Bob", "email": "bob@example.com"});
    let bob = text(&platform.post(&client.key, "/v1/users", bob).await.good(), "id");
    let key = platform.post(&client.key, "/v1/api_keys", json!({"name": "Bob", "user": bob})).await.good();
    let refused = platform.patch(&text(&key, "secret"), "/v1/my_account", json!({"login": "bob"})).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_second_factor_that_others_ask_for_is_lifted_by_an_administrator_only() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let (_, _, recovery) = enrol(&browser).await;
    let set = |required: bool| json!({"two_factor_required": required, "password": PASSWORD});
    patch(&browser, set(false)).await.good();
    let path = format!("/v1/users/{ada}");
    platform.patch(&client.key, &path, json!({"two_factor_required": true})).await.good();
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized", "sessions from before end");
    let browser = Browser::of(&platform, with_code(&platform, &recovery[0]).await);
    assert_eq!(patch(&browser, set(false)).await.refusal(), "403 not_allowed");
    // Asking for it as well does not make it one's own.
    assert_eq!(patch(&browser, set(true)).await.good()["two_factor_chosen"], json!(false));
    assert_eq!(patch(&browser, set(false)).await.refusal(), "403 not_allowed");
    platform.patch(&client.key, &path, json!({"two_factor_required": false})).await.good();
    assert_eq!(patch(&browser, set(true)).await.good()["two_factor_chosen"], json!(true));
    let company = format!("/v1/companies/{}", client.company);
    platform.patch(&platform.owner.key, &company, json!({"two_factor_required": true})).await.good();
    assert_eq!(patch(&browser, set(false)).await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn who_has_chosen_a_second_factor_lifts_it_with_password_and_code_which_ends_the_other_sessions() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let (_, _, recovery) = enrol(&browser).await;
    let before = Browser::of(&platform, with_code(&platform, &recovery[4]).await);
    patch(&browser, json!({"two_factor_required": true, "password": PASSWORD})).await.good();
    assert_eq!(before.get("/v1/me").await.refusal(), "401 unauthorized", "other sessions end");
    let other = Browser::of(&platform, with_code(&platform, &recovery[0]).await);
    let lift = |more: Value| {
        let mut body = json!({"two_factor_required": false, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        patch(&browser, body)
    };
    assert_eq!(lift(json!({"password": "wrong", "code": recovery[1]})).await.refusal(), "422 wrong_password");
    let asked = lift(json!({})).await;
    assert_eq!((asked.refusal(), text(&asked.body, "method")), ("401 code_required".into(), "totp".into()));
    assert_eq!(lift(json!({"code": recovery[0]})).await.refusal(), "401 wrong_code");
    other.get("/v1/me").await.good();
    let lifted = lift(json!({"code": recovery[1]})).await.good();
    assert_eq!(
        (&lifted["two_factor_required"], &lifted["two_factor_chosen"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized");
    browser.get("/v1/me").await.good();
    let log = format!("/v1/audit?action=user.change&object={ada}");
    let log = platform.get(&client.key, &log).await.good();
    let change = json!({"field": "two_factor_required", "before": "true", "after": "false"});
    assert!(log["items"][0]["changes"].as_array().unwrap().contains(&change), "{log}");
    // The app asks for its codes until it is taken away as well.
    let other = Browser::of(&platform, with_code(&platform, &recovery[2]).await);
    let remove = |body: Value| browser.post("/v1/my_account/totp/removal", body);
    assert_eq!(remove(json!({"password": PASSWORD})).await.refusal(), "401 code_required");
    assert_eq!(remove(json!({"password": PASSWORD, "code": recovery[2]})).await.refusal(), "401 wrong_code");
    assert_eq!(remove(json!({"password": PASSWORD, "code": recovery[3]})).await.status, 204);
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized");
    log_in(&platform, "ada", PASSWORD).await.good();
}

#[tokio::test]
async fn an_administrator_changes_their_own_login_with_the_password_only() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let path = format!("/v1/users/{ada}");
    for (method, path, body) in [
        (Method::PUT, format!("{path}/password"), Some(json!({"password": "Other-Word-2"}))),
        (Method::DELETE, format!("{path}/two_factor"), None),
        (Method::PATCH, path.clone(), Some(json!({"two_factor_required": false}))),
        (Method::DELETE, path.clone(), None),
    ] {
        assert_eq!(browser.ask(method, &path, body).await.refusal(), "403 use_my_account", "{path}");
    }
    let renamed = browser.ask(Method::PATCH, &path, Some(json!({"first_name": "Augusta"}))).await.good();
    assert_eq!(text(&renamed, "name"), "Augusta");
}

#[tokio::test]
async fn nobody_deletes_the_last_administrator_of_a_company() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!(["portal_admin"])).await;
    let path = format!("/v1/users/{ada}");
    let refused = platform.ask(&client.key, Method::DELETE, &path, &[], None).await;
    assert_eq!(refused.refusal(), "409 last_administrator");
    sign_up(&platform, &client, "bob", json!(["portal_admin"])).await;
    assert_eq!(platform.ask(&client.key, Method::DELETE, &path, &[], None).await.status, 204);
}

#[tokio::test]
async fn the_last_administrator_of_a_company_stays_one_and_active() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/users/{}", person(&platform, &client, "Ada", true).await.id);
    let change = async |body: Value| platform.patch(&client.key, &path, body).await;
    for body in [json!({"active": false}), json!({"roles": ["portal_finance_manager"]})] {
        assert_eq!(change(body).await.refusal(), "409 last_administrator");
    }
    change(json!({"first_name": "Augusta", "roles": ["portal_admin", "portal_noc_engineer"]})).await.good();
    person(&platform, &client, "Bob", true).await;
    change(json!({"active": false})).await.good();
    // Who is none any more can be one again.
    change(json!({"active": true})).await.good();
}

#[tokio::test]
async fn of_two_administrators_who_take_that_from_each_other_at_once_one_stays() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let [ada, bob] =
        [person(&platform, &client, "Ada", true).await, person(&platform, &client, "Bob", true).await];
    let take = async |by: &str, from: &str| {
        platform.patch(by, &format!("/v1/users/{from}"), json!({"roles": []})).await.status.as_u16()
    };
    let mut answers: [u16; 2] = tokio::join!(take(&ada.key, &bob.id), take(&bob.key, &ada.id)).into();
    answers.sort_unstable();
    assert_eq!(answers, [200, 409]);
}

async fn with_code(platform: &Platform, code: &str) -> crate::platform::Answer {
    post(platform, "/v1/sessions", json!({"login": "ada", "password": PASSWORD, "code": code})).await
}

/// The secret of an app, by the link that it is told with.
pub fn secret_of(url: &str) -> Vec<u8> {
    let text = url.split_once("secret=").unwrap().1.split('&').next().unwrap();
    let value = |letter: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter);
    let bits: Vec<u8> = text
        .bytes()
        .flat_map(|letter| (0..5).rev().map(move |bit| (value(letter).unwrap() >> bit & 1) as u8))
        .collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect()
}

/// Begins to use an app: its secret, the step of the code that was taken, and the recovery codes.
async fn enrol(browser: &Browser<'_>) -> (Vec<u8>, u64, Vec<String>) {
    let begun = browser.post("/v1/my_account/totp", json!({"password": PASSWORD})).await.good();
    // Nothing is asked for yet.
    log_in(browser.platform, "ada", PASSWORD).await.good();
    let secret = secret_of(&text(&begun, "url"));
    let step = u64::try_from(runtime::now().as_second() / 30).unwrap();
    let confirm = json!({"code": totp::code(&secret, step)});
    let codes = browser.post("/v1/my_account/totp/confirmation", confirm).await.good();
    let recovery = codes["recovery_codes"].as_array().unwrap().iter();
    (secret, step, recovery.map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn a_login_with_an_app_asks_for_its_code_and_takes_each_once() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let (secret, step, recovery) = enrol(&browser).await;
    assert_eq!(recovery.len(), 10);
    let asked = log_in(&platform, "ada", PASSWORD).await;
    assert_eq!((asked.refusal(), text(&asked.body, "method")), ("401 code_required".into(), "totp".into()));
    assert_eq!(with_code(&platform, &totp::code(&secret, step)).await.refusal(), "401 wrong_code");
    with_code(&platform, &totp::code(&secret, step + 1)).await.good();
    assert_eq!(with_code(&platform, &totp::code(&secret, step + 1)).await.refusal(), "401 wrong_code");
    let code = &recovery[0];
    with_code(&platform, code).await.good();
    for _ in 0..3 {
        assert_eq!(with_code(&platform, code).await.refusal(), "401 wrong_code");
    }
    assert_eq!(with_code(&platform, &recovery[1]).await.refusal(), "429 locked");
    // An administrator takes a lost one away.
    let path = format!("/v1/users/{ada}/two_factor");
    assert_eq!(platform.ask(&client.key, Method::DELETE, &path, &[], None).await.status, 204);
    log_in(&platform, "ada", PASSWORD).await.good();
}

#[tokio::test]
async fn without_a_phone_nobody_enters_a_company_that_asks_for_two_factors() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let path = format!("/v1/companies/{}", client.company);
    platform.patch(&platform.owner.key, &path, json!({"two_factor_required": true})).await.good();
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "503 code_not_sent");
    let id = UserId::parse(&ada).unwrap();
    let user = platform.store.any_user(&id).await.unwrap().unwrap();
    let change = domain::user::UserChange { phone: Some(None), ..Default::default() };
    let changed = domain::user::plan_change(&user, domain::company::CompanyKind::Client, change).unwrap();
    let company = domain::id::CompanyId::parse(&client.company).unwrap();
    platform.store.replace_user(&tests::edits::act(&[company]), &user, &changed, None).await.unwrap();
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 phone_required");
}

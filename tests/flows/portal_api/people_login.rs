//! Logging in: sessions, what ends them, what locks a login, and how long a refusal takes.

use std::time::{Duration, Instant};

use axum::body::Body;
use domain::credentials::Totp;
use domain::id::UserId;
use domain::user::User;
use http::{Method, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Store, Tables};
use tests::edits::act;
use tests::embedded_dynamodb::{Call, Fault, Faults};
use tower::ServiceExt;

use crate::people::{Browser, PASSWORD, log_in, post, sign_up, without_key};
use crate::platform::{Platform, text};

#[tokio::test]
async fn a_session_does_what_its_user_may_and_nothing_after_it_ended() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "Ada.L", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada.l", PASSWORD).await;
    assert_eq!(text(&browser.get("/v1/me").await.good(), "id"), client.company);
    browser.post("/v1/api_keys", json!({"name": "Shop"})).await.good();
    let again = browser.get("/v1/sessions/current").await.good();
    assert_eq!(text(&again, "csrf_token"), browser.csrf);
    assert_eq!(browser.ask(Method::DELETE, "/v1/sessions/current", None).await.status, 204);
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
}

#[tokio::test]
async fn a_change_with_a_cookie_needs_the_token_that_only_our_page_knows() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let body = || Some(json!({"name": "Shop"}));
    for token in [None, Some("x")] {
        let mut headers = vec![("cookie", browser.cookie.as_str())];
        headers.extend(token.map(|token| ("x-csrf-token", token)));
        let refused = without_key(&platform, Method::POST, "/v1/api_keys", &headers, body()).await;
        assert_eq!(refused.refusal(), "403 csrf_token");
        let read = without_key(&platform, Method::GET, "/v1/me", &headers, None).await;
        assert_eq!(read.status, 200);
    }
}

#[tokio::test]
async fn a_session_ends_after_an_idle_hour_and_with_its_user_or_company() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!(["portal_finance_manager"])).await;
    let (id, now) = (UserId::parse(&ada).unwrap(), runtime::now());
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let mut session = platform.store.sessions(&id, now).await.unwrap().remove(0);
    session.last_seen_at = now - SignedDuration::from_mins(61);
    platform.store.replace_session(&session).await.unwrap();
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");

    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let company = format!("/v1/companies/{}", client.company);
    platform.patch(&platform.owner.key, &company, json!({"enabled": false})).await.good();
    assert_eq!(browser.get("/v1/me").await.refusal(), "403 company_disabled");
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 company_disabled");
    platform.patch(&platform.owner.key, &company, json!({"enabled": true})).await.good();
    browser.get("/v1/me").await.good();

    let user = format!("/v1/users/{ada}");
    platform.patch(&client.key, &user, json!({"active": false})).await.good();
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 user_inactive");
    platform.patch(&client.key, &user, json!({"active": true})).await.good();
    Browser::open(&platform, "ada", PASSWORD).await;
}

#[tokio::test]
async fn somebody_sees_where_they_are_logged_in_and_ends_the_others() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    let (one, other) =
        (Browser::open(&platform, "ada", PASSWORD).await, Browser::open(&platform, "ada", PASSWORD).await);
    let listed = one.get("/v1/my_account/sessions").await.good();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let path = format!("/v1/my_account/sessions/{}", text(&other.started, "id"));
    assert_eq!(one.ask(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized");
    let third = Browser::open(&platform, "ada", PASSWORD).await;
    assert_eq!(one.ask(Method::DELETE, "/v1/my_account/sessions", None).await.status, 204);
    assert_eq!(third.get("/v1/me").await.refusal(), "401 unauthorized");
    one.get("/v1/me").await.good();
}

#[tokio::test]
async fn sessions_end_with_an_entry_in_the_log_or_not_at_all() {
    let mut platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = UserId::parse(&sign_up(&platform, &client, "ada", json!([])).await).unwrap();
    let store = platform.store.clone();
    let silent = platform.store_with(|call: &Call| match call.operation {
        "TransactWriteItems" => Fault::TimeoutNotApplied,
        _ => Fault::None,
    });
    let paths = ["/v1/sessions/current", "/v1/my_account/sessions/", "/v1/my_account/sessions"];
    for (entries, path) in (1..).zip(paths) {
        let Browser { cookie, csrf, .. } = Browser::open(&platform, "ada", PASSWORD).await;
        let other = text(&Browser::open(&platform, "ada", PASSWORD).await.started, "id");
        let path = if path.ends_with('/') { format!("{path}{other}") } else { path.to_owned() };
        let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
        platform.app.store = silent.clone();
        let failed = without_key(&platform, Method::DELETE, &path, &headers, None).await;
        platform.app.store = store.clone();
        let left = async || store.sessions(&ada, runtime::now()).await.unwrap().len();
        assert_eq!((failed.status.as_u16(), left().await), (503, 2), "{path}");
        let ended = without_key(&platform, Method::DELETE, &path, &headers, None).await;
        assert_eq!((ended.status.as_u16(), left().await), (204, 1), "{path}");
        let log = platform.get(&client.key, "/v1/audit?action=session.delete").await.good();
        assert_eq!(log["items"].as_array().unwrap().len(), entries, "{path}");
        store.end_sessions(&ada, None).await.unwrap();
    }
}

#[tokio::test]
async fn five_wrong_passwords_lock_a_login_whether_it_exists_or_not() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    for login in ["ada", "nobody"] {
        for _ in 0..5 {
            assert_eq!(log_in(&platform, login, "wrong").await.refusal(), "401 wrong_login");
        }
        let refused = log_in(&platform, &login.to_uppercase(), PASSWORD).await;
        assert_eq!(refused.refusal(), "429 locked");
        assert!(refused.body["retry_after"].is_string());
    }
}

#[tokio::test]
async fn many_wrong_logins_lock_the_address_that_they_come_from() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    // Both in one window, however late in one this begins: half of them would be too few.
    let mut refusals = Vec::new();
    for number in 0..101 {
        refusals.push(log_in(&platform, &format!("nobody{number}"), "wrong").await.refusal());
        if refusals.last().is_some_and(|refusal| refusal == "429 locked") {
            break;
        }
        if number % 10 == 0 {
            log_in(&platform, "ada", PASSWORD).await.good();
        }
    }
    assert!(50 < refusals.len(), "right passwords are not counted: {}", refusals.len());
    assert_eq!(refusals.pop().unwrap(), "429 locked");
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "429 locked");
}

#[tokio::test]
async fn a_login_that_is_too_long_for_any_is_refused_like_a_wrong_one() {
    let platform = Platform::new().await;
    for _ in 0..7 {
        // Nothing is counted: nothing is looked up.
        assert_eq!(log_in(&platform, &"x".repeat(101), "wrong").await.refusal(), "401 wrong_login");
    }
    let email = format!("{}@example.com", "x".repeat(5_000));
    assert_eq!(post(&platform, "/v1/password_resets", json!({"email": email})).await.status, 202);
}

#[tokio::test]
async fn no_session_outlives_the_password_that_it_began_with() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = UserId::parse(&sign_up(&platform, &client, "ada", json!([])).await).unwrap();
    let act = act(&[client_id(&client.company)]);
    let policy = domain::password::PasswordPolicy::default();
    let first = platform.store.credentials(&ada).await.unwrap().unwrap();
    let mut known = first.clone();
    // Logging in takes some time; at one of these moments it has read the password and has no session yet.
    for moment in [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256] {
        let change = async {
            tokio::time::sleep(Duration::from_millis(moment)).await;
            known = known.with_password("another".to_owned(), false, &policy, runtime::now());
            platform.store.put_credentials(&act, "test", &known).await.unwrap();
            platform.store.end_sessions(&ada, None).await.unwrap();
        };
        tokio::join!(log_in(&platform, "ada", PASSWORD), change);
        let sessions = platform.store.sessions(&ada, runtime::now()).await.unwrap();
        assert_eq!(sessions, [], "after {moment} ms");
        known = domain::credentials::Credentials { revision: known.revision + 1, ..first.clone() };
        platform.store.put_credentials(&act, "test", &known).await.unwrap();
        platform.store.forget_tries("login ada").await.unwrap();
    }
}

#[tokio::test]
async fn no_session_outlives_a_second_factor_that_it_began_without() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = UserId::parse(&sign_up(&platform, &client, "ada", json!([])).await).unwrap();
    let store = &platform.store;
    let act = || act(&[client_id(&client.company)]);
    let use_app = async |confirmed: bool| {
        let known = store.credentials(&ada).await.unwrap().unwrap();
        let totp = confirmed.then(|| Totp { confirmed, ..Totp::default() });
        store.put_credentials(&act(), "test", &known.with_totp(totp)).await.unwrap();
    };
    let require = async |two_factor_required: bool| {
        let before = store.any_user(&ada).await.unwrap().unwrap();
        let after = User { two_factor_required, revision: before.revision + 1, ..before.clone() };
        store.replace_user(&act(), &before, &after, None).await.unwrap();
    };
    // As above: at one of these moments it is known what has to be shown, and there is no session yet.
    for moment in [8, 32, 64, 128] {
        for is_app in [true, false] {
            let change = async {
                tokio::time::sleep(Duration::from_millis(moment)).await;
                if is_app {
                    use_app(true).await
                } else {
                    require(true).await
                }
                store.end_sessions(&ada, None).await.unwrap();
            };
            tokio::join!(log_in(&platform, "ada", PASSWORD), change);
            let sessions = store.sessions(&ada, runtime::now()).await.unwrap();
            assert_eq!(sessions, [], "after {moment} ms, by an app: {is_app}");
            use_app(false).await;
            require(false).await;
        }
    }
}

#[tokio::test]
async fn a_right_password_forgets_the_wrong_ones_before_it() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    sign_up(&platform, &client, "ada", json!([])).await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(log_in(&platform, "ada", "wrong").await.refusal(), "401 wrong_login");
        }
        log_in(&platform, "ada", PASSWORD).await.good();
    }
}

#[tokio::test]
async fn every_login_and_every_failure_is_in_the_log() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    log_in(&platform, "ada", PASSWORD).await.good();
    log_in(&platform, "ada", "wrong").await;
    log_in(&platform, "stranger", "wrong").await;
    let log = platform.get(&client.key, "/v1/audit?action=session.").await.good();
    let actions: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|entry| text(entry, "action")).collect();
    assert_eq!(actions, ["session.refuse", "session.create"]);
    assert!(log["items"].as_array().unwrap().iter().all(|entry| text(entry, "object") == ada));
    let log = platform.get(&platform.owner.key, "/v1/audit?action=session.refuse").await.good();
    // What nobody logs in as may be a password that was typed in the wrong place.
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
    assert!(!log.to_string().contains("wrong") && !log.to_string().contains("stranger"));
}

#[tokio::test]
async fn a_given_password_is_changed_before_anything_else() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = json!({"name": "Ada", "email": "ada@example.com", "login": "ada", "password": PASSWORD,
        "master": true});
    let ada = text(&platform.post(&client.key, "/v1/users", body).await.good(), "id");
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    assert_eq!(browser.started["password_due"], json!(true));
    assert_eq!(browser.get("/v1/me").await.refusal(), "403 password_due");
    let change = |password: &str, new: &str| {
        let body = json!({"password": password, "new_password": new});
        let browser = &browser;
        async move { browser.ask(Method::PUT, "/v1/my_account/password", Some(body)).await }
    };
    assert_eq!(change("wrong", "Other-Word-2").await.refusal(), "422 wrong_password");
    assert_eq!(change(PASSWORD, PASSWORD).await.refusal(), "422 password_used");
    assert_eq!(change(PASSWORD, "short").await.refusal(), "422 weak_password");
    assert_eq!(change(PASSWORD, "Other-Word-2").await.status, 204);
    browser.get("/v1/me").await.good();
    let given = json!({"password": "Third-Word-3"});
    let path = format!("/v1/users/{ada}/password");
    let answer = platform.ask(&client.key, Method::PUT, &path, &[], Some(given)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
    let again = Browser::open(&platform, "ada", "Third-Word-3").await;
    assert_eq!(again.started["password_due"], json!(true));
}

/// What is written of sessions is under way for an hour.
struct LateNotes;

impl Faults for LateNotes {
    fn decide(&self, _: &Call) -> Fault {
        Fault::None
    }

    fn latency(&self, call: &Call) -> Duration {
        let is_note = call.is_write && call.body.to_string().contains("sessions#");
        if is_note { Duration::from_secs(3_600) } else { Duration::ZERO }
    }
}

#[tokio::test]
async fn a_request_beside_a_change_of_the_password_does_not_make_it_due_again() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = json!({"name": "Ada", "email": "ada@example.com", "login": "ada", "password": PASSWORD});
    let ada = text(&platform.post(&client.key, "/v1/users", body).await.good(), "id");
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let (id, now) = (UserId::parse(&ada).unwrap(), runtime::now());
    let mut session = platform.store.sessions(&id, now).await.unwrap().remove(0);
    session.last_seen_at = now - SignedDuration::from_mins(2);
    platform.store.replace_session(&session).await.unwrap();

    let late = Store::new(platform.database.client_with(LateNotes), Tables::of_stack("flow"));
    let router = portal_api::router(portal_api::App { store: late, ..platform.app.clone() });
    let request = Request::builder().uri("/v1/me").header("cookie", &browser.cookie);
    let beside = router.oneshot(request.body(Body::empty()).unwrap());
    let change = Some(json!({"password": PASSWORD, "new_password": "Other-Word-2"}));
    tokio::time::pause();
    let change = browser.ask(Method::PUT, "/v1/my_account/password", change);
    let (beside, changed) = tokio::join!(beside, change);
    tokio::time::resume();
    assert_eq!((beside.unwrap().status().as_u16(), changed.status.as_u16()), (403, 204));
    browser.get("/v1/me").await.good();
    let noted = platform.store.sessions(&id, now).await.unwrap().remove(0);
    assert!(now <= noted.last_seen_at, "and it was noted");
}

#[tokio::test]
async fn who_changes_a_given_password_late_in_a_session_has_an_idle_hour_from_then_on() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = json!({"name": "Ada", "email": "ada@example.com", "login": "ada", "password": PASSWORD});
    let ada = text(&platform.post(&client.key, "/v1/users", body).await.good(), "id");
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let (id, now) = (UserId::parse(&ada).unwrap(), runtime::now());
    let mut session = platform.store.sessions(&id, now).await.unwrap().remove(0);
    session.last_seen_at = now - SignedDuration::from_mins(59);
    platform.store.replace_session(&session).await.unwrap();
    let change = json!({"password": PASSWORD, "new_password": "Other-Word-2"});
    let changed = browser.ask(Method::PUT, "/v1/my_account/password", Some(change)).await;
    assert_eq!(changed.status, 204);
    let session = platform.store.sessions(&id, now).await.unwrap().remove(0);
    assert!(now <= session.last_seen_at);
}

#[tokio::test]
async fn a_password_is_over_after_sixty_days_and_not_changed_twice_a_day() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = UserId::parse(&sign_up(&platform, &client, "ada", json!([])).await).unwrap();
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let change = json!({"password": PASSWORD, "new_password": "Other-Word-2"});
    let refused = browser.ask(Method::PUT, "/v1/my_account/password", Some(change)).await;
    assert_eq!(refused.refusal(), "409 password_changed");
    let mut known = platform.store.credentials(&ada).await.unwrap().unwrap();
    known.revision += 1;
    known.password.as_mut().unwrap().set_at = runtime::now() - SignedDuration::from_hours(60 * 24);
    platform.store.put_credentials(&act(&[client_id(&client.company)]), "test", &known).await.unwrap();
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    assert_eq!(browser.get("/v1/my_account").await.refusal(), "403 password_due");
}

fn client_id(id: &str) -> domain::id::CompanyId {
    domain::id::CompanyId::parse(id).unwrap()
}

#[tokio::test]
async fn who_was_away_for_half_a_year_is_let_in_by_an_administrator() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let user = platform.store.any_user(&UserId::parse(&ada).unwrap()).await.unwrap().unwrap();
    platform.store.note_seen(&user, runtime::now() - SignedDuration::from_hours(180 * 24)).await.unwrap();
    assert_eq!(log_in(&platform, "ada", PASSWORD).await.refusal(), "403 unused_too_long");
    platform.patch(&client.key, &format!("/v1/users/{ada}"), json!({"active": true})).await.good();
    log_in(&platform, "ada", PASSWORD).await.good();
}

#[tokio::test]
async fn the_owner_sets_the_policy_for_all() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let mut policy = without_key(&platform, Method::GET, "/v1/password_policy", &[], None).await.good();
    assert_eq!((policy["length_min"].clone(), policy["valid_days"].clone()), (json!(8), json!(60)));
    policy["length_min"] = json!(20);
    let set = |key: String, policy: Value| {
        let platform = &platform;
        async move { platform.ask(&key, Method::PUT, "/v1/password_policy", &[], Some(policy)).await }
    };
    assert_eq!(set(client.key.clone(), policy.clone()).await.refusal(), "403 not_allowed");
    set(platform.owner.key.clone(), policy.clone()).await.good();
    policy["length_min"] = json!(4);
    assert_eq!(set(platform.owner.key.clone(), policy).await.refusal(), "422 invalid");
    let body = json!({"name": "Ada", "email": "ada@example.com", "login": "ada", "password": PASSWORD});
    assert_eq!(platform.post(&client.key, "/v1/users", body).await.refusal(), "422 weak_password");
    let made = post(&platform, "/v1/password_policy/password", json!({})).await.good();
    assert_eq!(text(&made, "password").chars().count(), 20);
}

/// Attempts for somebody and for nobody take turns, so that whatever else the machine does meets both alike.
#[tokio::test]
async fn a_refusal_takes_as_long_for_nobody_as_for_somebody() {
    const ROUNDS: usize = 25;
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let somebody = format!("ada{round}");
        if round % 4 == 0 {
            sign_up(&platform, &client, &somebody, json!([])).await;
        }
        let somebody = format!("ada{}", round / 4 * 4);
        let mut logins = [(0, somebody), (1, format!("nobody{round}"))];
        logins.rotate_left(round % 2);
        for (which, login) in logins {
            let began = Instant::now();
            assert_eq!(log_in(&platform, &login, "wrong").await.status, 401);
            times[which].push(began.elapsed());
        }
    }
    let [somebody, nobody] = times.map(|mut times| {
        times.sort();
        let median = times[times.len() / 2];
        median.checked_sub(Duration::from_millis(100)).expect("no refusal is answered sooner")
    });
    println!("median of {ROUNDS}: {somebody:?} for somebody, {nobody:?} for nobody");
    // Without the pretence nobody's refusal is some ten times as fast.
    let apart = somebody.abs_diff(nobody);
    assert!(apart < somebody.max(nobody) / 3, "{apart:?} apart");
    assert!(Duration::from_millis(1) < nobody);
}

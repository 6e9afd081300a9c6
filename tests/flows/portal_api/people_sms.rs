//! Codes by SMS at logins and registrations and for phones that are to be proved: what is sent, who pays, and
//! how often in a day.

use std::time::Duration;

use domain::agreement::{Charging, CreditLimit};
use domain::id::{
    AgreementId, BankAccountId, CompanyId, OwnLegalEntityId, PortalId, SelfRegistrationId,
    TwoFactorIntegrationId, UserId,
};
use domain::money::{Amount, Currency};
use domain::notification::NotificationEvent;
use domain::period::BillingTerms;
use domain::record::Hand;
use domain::role::SystemRole;
use domain::second_factor::SentCode;
use domain::self_registration::{AgreementTemplate, RegistrationDetails, RegistrationRole, SelfRegistration};
use domain::user::User;
use http::Method;
use jiff::SignedDuration;
use queue::{Job, Mail, Webhook};
use runtime::totp;
use serde_json::{Value, json};
use store::Written;
use tests::edits::act;
use tests::embedded_dynamodb::Fault;

use crate::people::{Browser, PASSWORD, link_token, log_in, post, sign_up};
use crate::people_account::secret_of;
use crate::platform::{Answer, Member, text};
use crate::shop::{Shop, flat, sms};

const HOST: &str = "sms.hornes.example";
/// That people sign up with, and another.
const PHONE: &str = "4915112345678";
const OTHER_PHONE: &str = "4915187654321";

/// What was sent, by its texts.
async fn texts(shop: &Shop) -> Vec<String> {
    shop.project().await;
    let mut texts = Vec::new();
    for job in shop.platform.sqs.messages::<Job>(&shop.platform.sqs.queue("http-send")) {
        let Job::SubmitV1 { message, .. } = job else { panic!("a code is sent alone") };
        texts.push(shop.platform.store.message(&message).await.unwrap().unwrap().text);
    }
    texts
}

/// The code that a phone got last.
async fn code_to(shop: &Shop, phone: &str) -> String {
    shop.project().await;
    let mut last = None;
    for job in shop.platform.sqs.messages::<Job>(&shop.platform.sqs.queue("http-send")) {
        let Job::SubmitV1 { message, .. } = job else { panic!("a code is sent alone") };
        let message = shop.platform.store.message(&message).await.unwrap().unwrap();
        if message.recipient.as_str() == phone {
            last = Some(code_in(&message.text));
        }
    }
    last.expect("a code went there")
}

fn code_in(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// As if so many codes had been sent today, by the names that `sms_codes` counts under.
async fn count(shop: &Shop, name: &str, times: u32) {
    let now = runtime::now();
    let name = format!("{name} {}", now.as_second() / 86_400);
    for _ in 0..times {
        shop.platform.store.count_try(&name, now, |_| None).await.unwrap().unwrap();
    }
}

/// A client whose user Ada logs in with codes at 0.05 that it pays itself.
struct Office {
    shop: Shop,
    client: Member,
    ada: UserId,
}

impl Office {
    async fn with(funds: &str) -> Self {
        let shop = Shop::new().await;
        let client = shop.client(funds).await;
        let platform = &shop.platform;
        shop.sell(&platform.owner, &client, sms(flat("0.05"))).await;
        let ada = UserId::parse(&sign_up(platform, &client, "ada", json!([])).await).unwrap();
        let path = format!("/v1/companies/{}", client.company);
        platform.patch(&platform.owner.key, &path, json!({"two_factor_required": true})).await.good();
        let codes = json!({"agreement": client.agreement, "sender": "ACME", "text": "Your code: {{code}}"});
        let path = format!("{path}/login_codes");
        platform.ask(&client.key, Method::PUT, &path, &[], Some(codes)).await.good();
        Self { shop, client, ada }
    }

    async fn log_in(&self) -> Answer {
        log_in(&self.shop.platform, "ada", PASSWORD).await
    }

    async fn log_in_with(&self, code: &str) -> Answer {
        let body = json!({"login": "ada", "password": PASSWORD, "code": code});
        post(&self.shop.platform, "/v1/sessions", body).await
    }

    /// With the code that went to this phone.
    async fn enter(&self, phone: &str) -> Browser<'_> {
        assert_eq!(self.log_in().await.refusal(), "401 code_required");
        let code = code_to(&self.shop, phone).await;
        Browser::of(&self.shop.platform, self.log_in_with(&code).await)
    }

    /// Ada's other phone is told, which the code of the one before has to allow.
    async fn tell_other_phone(&self, browser: &Browser<'_>) -> Value {
        let mut ask = json!({"phone": OTHER_PHONE, "password": PASSWORD});
        let refused = browser.ask(Method::PATCH, "/v1/my_account", Some(ask.clone())).await;
        assert_eq!(refused.refusal(), "401 code_required");
        ask["code"] = json!(code_to(&self.shop, PHONE).await);
        browser.ask(Method::PATCH, "/v1/my_account", Some(ask)).await.good()
    }

    /// Whether the company asks everybody for two factors.
    async fn ask_for_two(&self, required: bool) {
        let (platform, path) = (&self.shop.platform, format!("/v1/companies/{}", self.client.company));
        platform.patch(&platform.owner.key, &path, json!({"two_factor_required": required})).await.good();
    }

    async fn balance(&self) -> String {
        self.shop.platform.balance(&self.client).await
    }

    /// As if the last code had been typed in.
    async fn spend(&self) {
        let store = &self.shop.platform.store;
        let sent = store.sent_code(&self.ada, "login").await.unwrap().unwrap();
        assert!(store.spend_code(&sent).await.unwrap());
    }
}

#[tokio::test]
async fn a_code_by_sms_is_paid_for_and_logs_in_once() {
    let office = Office::with("1").await;
    let asked = office.log_in().await;
    assert_eq!((asked.refusal(), text(&asked.body, "method")), ("401 code_required".into(), "sms".into()));
    assert_eq!(office.log_in().await.refusal(), "401 code_required", "one is on its way");
    let sent = texts(&office.shop).await;
    let code = code_in(&sent[0]);
    assert_eq!((sent, code.len()), (vec![format!("Your code: {code}")], 6));
    assert_eq!(office.balance().await, "0.95");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(office.log_in_with(wrong).await.refusal(), "401 wrong_code");
    office.log_in_with(&code).await.good();
    assert_eq!(office.log_in_with(&code).await.refusal(), "401 wrong_code");
}

#[tokio::test]
async fn logins_at_the_same_moment_send_one_code() {
    let office = Office::with("1").await;
    let answers = tokio::join!(office.log_in(), office.log_in(), office.log_in());
    for answer in [answers.0, answers.1, answers.2] {
        assert_eq!(answer.refusal(), "401 code_required");
    }
    assert_eq!((texts(&office.shop).await.len(), office.balance().await), (1, "0.95".into()));
}

#[tokio::test]
async fn a_code_that_could_not_be_paid_is_sent_by_the_next_try() {
    let office = Office::with("0.04").await;
    // More often than a phone gets codes in a day: what was not sent does not count.
    for _ in 0..11 {
        assert_eq!(office.log_in().await.refusal(), "503 code_not_sent");
    }
    assert_eq!(office.shop.platform.store.sent_code(&office.ada, "login").await.unwrap(), None);
    office.shop.platform.pay(&office.shop.platform.owner, &office.client.agreement, "0.01").await;
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    let sent = texts(&office.shop).await;
    assert_eq!((sent.len(), office.balance().await), (1, "0".into()));
    office.log_in_with(&code_in(&sent[0])).await.good();
}

#[tokio::test]
async fn a_code_whose_charge_has_no_answer_is_good_and_charged_once() {
    let mut office = Office::with("1").await;
    let answering = office.shop.platform.app.store.clone();
    office.shop.platform.app.store = office.shop.platform.charging_with(Fault::TimeoutAppliedAnswerLost);
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    assert_eq!(office.log_in().await.refusal(), "401 code_required", "it may be on its way");
    office.shop.platform.app.store = answering;
    let sent = texts(&office.shop).await;
    assert_eq!((sent.len(), office.balance().await), (1, "0.95".into()));
    office.log_in_with(&code_in(&sent[0])).await.good();
}

#[tokio::test]
async fn a_code_that_got_lost_on_its_way_costs_nothing_and_the_next_one_comes_after_a_minute() {
    let mut office = Office::with("1").await;
    let answering = office.shop.platform.app.store.clone();
    office.shop.platform.app.store = office.shop.platform.charging_with(Fault::TimeoutNotApplied);
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    office.shop.platform.app.store = answering;
    assert_eq!(office.balance().await, "1");
    let store = &office.shop.platform.store;
    let lost = store.sent_code(&office.ada, "login").await.unwrap().unwrap();
    let a_minute_ago = SentCode { sent_at: lost.sent_at - SignedDuration::from_mins(1), ..lost.clone() };
    assert!(store.put_sent_code(&a_minute_ago, Some(&lost)).await.unwrap());
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    let sent = texts(&office.shop).await;
    assert_eq!((sent.len(), office.balance().await), (1, "0.95".into()));
    office.log_in_with(&code_in(&sent[0])).await.good();
}

#[tokio::test]
async fn of_codes_made_at_the_same_moment_one_is_kept() {
    let office = Office::with("1").await;
    let store = &office.shop.platform.store;
    let code = |hash: &str| SentCode {
        user: office.ada.clone(),
        purpose: "login".into(),
        phone: PHONE.into(),
        hash: hash.into(),
        sent_at: runtime::now(),
    };
    let (first, second, third) = (code("1"), code("2"), code("3"));
    assert!(store.put_sent_code(&first, None).await.unwrap());
    assert!(!store.put_sent_code(&second, None).await.unwrap());
    assert!(store.put_sent_code(&second, Some(&first)).await.unwrap());
    assert!(!store.put_sent_code(&third, Some(&first)).await.unwrap());
    assert!(store.put_sent_code(&second, Some(&first)).await.unwrap(), "a retry finds itself");
}

#[tokio::test]
async fn the_code_before_stays_good_when_another_could_not_be_sent() {
    let office = Office::with("0.04").await;
    let store = &office.shop.platform.store;
    let sent_at = runtime::now() - SignedDuration::from_mins(2);
    let (user, purpose) = (office.ada.clone(), "login".into());
    let before = SentCode { user, purpose, phone: PHONE.into(), hash: "1".into(), sent_at };
    assert!(store.put_sent_code(&before, None).await.unwrap());
    assert_eq!(office.log_in().await.refusal(), "503 code_not_sent");
    assert_eq!(store.sent_code(&office.ada, "login").await.unwrap(), Some(before));
}

#[tokio::test]
async fn a_phone_gets_ten_codes_a_day_for_logins() {
    let office = Office::with("1").await;
    for _ in 0..10 {
        assert_eq!(office.log_in().await.refusal(), "401 code_required");
        office.spend().await;
    }
    let refused = office.log_in().await;
    assert_eq!(refused.refusal(), "429 too_many_codes");
    let seconds: u32 = text(&refused.body, "retry_after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
    assert_eq!((texts(&office.shop).await.len(), office.balance().await), (10, "0.5".into()));
}

#[tokio::test]
async fn who_pays_is_mailed_once_a_day_that_the_codes_are_used_up() {
    let office = Office::with("1").await;
    let (platform, client) = (&office.shop.platform, &office.client);
    let path = format!("/v1/agreements/{}", client.agreement);
    let told = json!({"account_emails": ["office@client.example"]});
    platform.patch(&platform.owner.key, &path, told).await.good();
    let mails = || {
        let mails = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail")).into_iter();
        let told = mails.filter_map(|mail| match mail {
            Mail::EventV1 { event: NotificationEvent::CodesUsedUp, to, values, .. } => {
                Some(format!("{to}: {} for {}", values["codes_max"], values["codes_for"]))
            }
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    count(&office.shop, &format!("codes paid by {}", client.company), 999).await;
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    office.spend().await;
    assert!(mails().is_empty());
    for _ in 0..2 {
        assert_eq!(office.log_in().await.refusal(), "429 too_many_codes");
        assert_eq!(mails(), ["office@client.example: 1000 for your people"]);
    }
}

#[tokio::test]
async fn a_company_pays_a_thousand_codes_a_day_for_people() {
    let office = Office::with("1").await;
    count(&office.shop, &format!("codes paid by {}", office.client.company), 999).await;
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    office.spend().await;
    assert_eq!(office.log_in().await.refusal(), "429 too_many_codes");
    assert_eq!(office.balance().await, "0.95");
}

#[tokio::test]
async fn codes_for_logins_are_sent_from_a_sender_id_that_the_agreement_has() {
    let office = Office::with("1").await;
    let path = format!("/v1/companies/{}/login_codes", office.client.company);
    let codes = json!({"agreement": office.client.agreement, "sender": "ACNE", "text": "{{code}}"});
    let refused = office.shop.platform.ask(&office.client.key, Method::PUT, &path, &[], Some(codes)).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "sender".into()));
    assert_eq!(office.log_in().await.refusal(), "401 code_required", "as before");
}

/// Somebody's phone, the one that codes go to, and whether the phone is proved.
async fn account(browser: &Browser<'_>) -> (String, String, bool) {
    let me = browser.get("/v1/my_account").await.good();
    (text(&me, "phone"), text(&me, "proved_phone"), me["phone_proved"].as_bool().unwrap())
}

async fn prove(browser: &Browser<'_>, code: Option<&str>) -> Answer {
    browser.post("/v1/my_account/phone/proof", json!({"code": code})).await
}

#[tokio::test]
async fn another_phone_gets_no_codes_for_logins_until_it_has_answered_one() {
    let office = Office::with("1").await;
    let (other, browser) = (office.enter(PHONE).await, office.enter(PHONE).await);
    let is_proved = (PHONE.to_owned(), PHONE.to_owned(), true);
    assert_eq!(account(&browser).await, is_proved, "by the first login");
    assert_eq!(prove(&browser, None).await.refusal(), "409 phone_proved");
    office.tell_other_phone(&browser).await;
    assert_eq!(account(&browser).await, (OTHER_PHONE.into(), PHONE.into(), false));
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized", "other sessions end");
    let browser = office.enter(PHONE).await;
    // A code that went to the phone before proves nothing about this one.
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    let before = code_to(&office.shop, PHONE).await;
    assert_eq!(prove(&browser, Some(&before)).await.refusal(), "401 wrong_code");
    let asked = prove(&browser, None).await;
    assert_eq!((asked.refusal(), text(&asked.body, "method")), ("401 code_required".into(), "sms".into()));
    let code = code_to(&office.shop, OTHER_PHONE).await;
    let proved = prove(&browser, Some(&code)).await.good();
    assert_eq!((text(&proved, "proved_phone"), &proved["phone_proved"]), (OTHER_PHONE.into(), &json!(true)));
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized", "every session ends");
    let browser = office.enter(OTHER_PHONE).await;
    assert_eq!(account(&browser).await, (OTHER_PHONE.into(), OTHER_PHONE.into(), true));
}

#[tokio::test]
async fn who_mistypes_a_phone_goes_on_with_the_one_before() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    office.tell_other_phone(&browser).await;
    let browser = office.enter(PHONE).await;
    let mut right = json!({"phone": PHONE, "password": PASSWORD});
    let refused = browser.ask(Method::PATCH, "/v1/my_account", Some(right.clone())).await;
    assert_eq!(refused.refusal(), "401 code_required");
    right["code"] = json!(code_to(&office.shop, PHONE).await);
    browser.ask(Method::PATCH, "/v1/my_account", Some(right)).await.good();
    assert_eq!(account(&browser).await, (PHONE.into(), PHONE.into(), true), "it was proved before");
}

#[tokio::test]
async fn who_has_to_log_in_with_a_second_factor_keeps_a_phone() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    let ask = json!({"phone": null, "password": PASSWORD});
    let refused = browser.ask(Method::PATCH, "/v1/my_account", Some(ask)).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "phone".into()));
    office.enter(PHONE).await;
}

#[tokio::test]
async fn a_code_is_asked_for_only_where_it_lets_a_phone_become_another_one() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    sign_up_in(&office, "bob").await;
    let sent = texts(&office.shop).await.len();
    let ask = |more: Value| {
        let mut body = json!({"phone": OTHER_PHONE, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        browser.ask(Method::PATCH, "/v1/my_account", Some(body))
    };
    ask(json!({"phone": format!("+{PHONE}")})).await.good();
    assert_eq!(ask(json!({"first_name": ""})).await.refusal(), "422 invalid");
    assert_eq!(ask(json!({"login": "BOB"})).await.refusal(), "409 taken");
    assert_eq!(texts(&office.shop).await.len(), sent, "none was sent for these");
    assert_eq!(ask(json!({})).await.refusal(), "401 code_required");
}

/// Somebody else signs up while no second factor is asked for.
async fn sign_up_in(office: &Office, login: &str) {
    office.ask_for_two(false).await;
    sign_up(&office.shop.platform, &office.client, login, json!([])).await;
    office.ask_for_two(true).await;
}

#[tokio::test]
async fn an_app_takes_the_place_of_a_phone_with_a_code_that_went_there() {
    let office = Office::with("1").await;
    let (other, browser) = (office.enter(PHONE).await, office.enter(PHONE).await);
    let mut ask = json!({"password": PASSWORD});
    let begin = |ask: &Value| browser.post("/v1/my_account/totp", ask.clone());
    assert_eq!(begin(&ask).await.refusal(), "401 code_required");
    ask["code"] = json!("x");
    assert_eq!(begin(&ask).await.refusal(), "401 wrong_code");
    ask["code"] = json!(code_to(&office.shop, PHONE).await);
    let secret = secret_of(&text(&begin(&ask).await.good(), "url"));
    other.get("/v1/me").await.good();
    let step = u64::try_from(runtime::now().as_second() / 30).unwrap();
    let confirm = json!({"code": totp::code(&secret, step)});
    browser.post("/v1/my_account/totp/confirmation", confirm).await.good();
    assert_eq!(other.get("/v1/me").await.refusal(), "401 unauthorized", "other sessions end");
    browser.get("/v1/me").await.good();
    assert_eq!(text(&office.log_in().await.body, "method"), "totp");
}

#[tokio::test]
async fn a_session_from_before_a_second_factor_was_asked_for_changes_none() {
    let office = Office::with("1").await;
    office.ask_for_two(false).await;
    let browser = Browser::open(&office.shop.platform, "ada", PASSWORD).await;
    let begun = browser.post("/v1/my_account/totp", json!({"password": PASSWORD})).await.good();
    let step = u64::try_from(runtime::now().as_second() / 30).unwrap();
    let app_code = totp::code(&secret_of(&text(&begun, "url")), step);
    office.ask_for_two(true).await;
    let other_phone = || json!({"phone": OTHER_PHONE, "password": PASSWORD});
    for (method, path, body) in [
        (Method::PATCH, "/v1/my_account", other_phone()),
        (Method::POST, "/v1/my_account/phone/proof", json!({})),
        (Method::POST, "/v1/my_account/totp/confirmation", json!({"code": app_code})),
        (Method::POST, "/v1/my_account/totp", json!({"password": PASSWORD})),
    ] {
        let refused = browser.ask(method, path, Some(body)).await;
        assert_eq!(refused.refusal(), "403 second_factor_due", "{path}");
    }
    assert_eq!(texts(&office.shop).await.len(), 0);
    let browser = office.enter(PHONE).await;
    office.tell_other_phone(&browser).await;
    assert_eq!(prove(&browser, None).await.refusal(), "401 code_required");
}

#[tokio::test]
async fn an_administrator_lets_in_who_has_lost_the_phone_that_was_proved() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    let (platform, key) = (&office.shop.platform, &office.client.key);
    let user = format!("/v1/users/{}", office.ada);
    let reset = async |phone: &str| {
        let path = format!("{user}/two_factor?phone={phone}");
        platform.ask(key, Method::DELETE, &path, &[], None).await
    };
    assert_eq!(reset("none").await.refusal(), "422 invalid");
    browser.get("/v1/me").await.good();
    assert_eq!(reset(&format!("%2B{OTHER_PHONE}")).await.status, 204);
    assert_eq!(browser.get("/v1/me").await.refusal(), "401 unauthorized");
    let told = platform.get(key, &user).await.good();
    assert_eq!((text(&told, "phone"), &told["phone_proved"]), (OTHER_PHONE.into(), &json!(false)));
    let browser = office.enter(OTHER_PHONE).await;
    assert_eq!(account(&browser).await, (OTHER_PHONE.into(), OTHER_PHONE.into(), true));
    for action in ["user.reset_two_factor", "user.change"] {
        let log = platform.get(key, &format!("/v1/audit?action={action}&object={}", office.ada)).await.good();
        assert!(!log["items"].as_array().unwrap().is_empty(), "{action}");
    }
}

#[tokio::test]
async fn a_code_that_proves_a_phone_takes_none_for_a_login_away() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    office.tell_other_phone(&browser).await;
    assert_eq!(office.log_in().await.refusal(), "401 code_required");
    let code = code_to(&office.shop, PHONE).await;
    assert_eq!(prove(&browser, None).await.refusal(), "401 code_required");
    for _ in 0..3 {
        assert_eq!(prove(&browser, Some("x")).await.refusal(), "401 wrong_code");
    }
    assert_eq!(prove(&browser, Some("x")).await.refusal(), "429 locked");
    office.log_in_with(&code).await.good();
}

#[tokio::test]
async fn nobody_uses_up_the_codes_of_a_phone_that_somebody_else_has_proved() {
    let office = Office::with("1").await;
    // As if users of other companies told the same phone.
    count(&office.shop, &format!("login code {PHONE}"), 9).await;
    office.enter(PHONE).await;
    count(&office.shop, &format!("login code {PHONE}"), 1).await;
    office.enter(PHONE).await;
    // Bob has proved none.
    sign_up_in(&office, "bob").await;
    let refused = log_in(&office.shop.platform, "bob", PASSWORD).await;
    assert_eq!(refused.refusal(), "429 too_many_codes");
}

#[tokio::test]
async fn no_session_outlives_the_phone_whose_code_it_began_with() {
    let office = Office::with("1").await;
    let store = &office.shop.platform.store;
    office.enter(PHONE).await;
    let replace = async |phone: &str| {
        let before = store.any_user(&office.ada).await.unwrap().unwrap();
        let proved_phone = Some(phone.to_owned());
        let after = User { proved_phone, revision: before.revision + 1, ..before.clone() };
        let act = act(std::slice::from_ref(&before.company));
        assert_eq!(store.replace_user(&act, &before, &after, None).await.unwrap(), Written::Now);
        store.end_sessions(&office.ada, None).await.unwrap();
    };
    // Logging in takes some time; at one of these moments the code was judged and there is no session yet.
    for moment in [8, 32, 128] {
        replace(PHONE).await;
        assert_eq!(office.log_in().await.refusal(), "401 code_required");
        let code = code_to(&office.shop, PHONE).await;
        let change = async {
            tokio::time::sleep(Duration::from_millis(moment)).await;
            replace(OTHER_PHONE).await;
        };
        tokio::join!(office.log_in_with(&code), change);
        let sessions = store.sessions(&office.ada, runtime::now()).await.unwrap();
        assert_eq!(sessions, [], "after {moment} ms");
    }
}

#[tokio::test]
async fn somebody_has_ten_codes_a_day_sent_to_phones_that_are_to_be_proved() {
    let office = Office::with("1").await;
    let browser = office.enter(PHONE).await;
    office.tell_other_phone(&browser).await;
    count(&office.shop, &format!("phone codes for {}", office.ada), 10).await;
    let before = office.balance().await;
    assert_eq!(prove(&browser, None).await.refusal(), "429 too_many_codes");
    assert_eq!(office.balance().await, before);
    // Which keeps nobody from logging in.
    office.enter(PHONE).await;
}

#[tokio::test]
async fn who_signs_up_where_two_factors_are_asked_for_proves_the_phone_first() {
    let office = Office::with("1").await;
    let (platform, email) = (&office.shop.platform, "bob@example.com");
    platform.post(&office.client.key, "/v1/invitations", json!({"email": email})).await.good();
    let token = link_token(platform, email, NotificationEvent::UserInvitation);
    let sign_up = async |login: &str, phone: &str, code: Option<&str>| {
        let body = json!({"token": token, "first_name": "Bob", "last_name": "", "login": login,
            "password": PASSWORD, "phone": phone, "code": code});
        post(platform, "/v1/sign_ups", body).await
    };
    assert_eq!(sign_up("ada", PHONE, None).await.refusal(), "409 taken");
    assert_eq!(texts(&office.shop).await.len(), 0, "before a code is sent");
    assert_eq!(sign_up("bob", OTHER_PHONE, None).await.refusal(), "401 code_required");
    let elsewhere = code_to(&office.shop, OTHER_PHONE).await;
    // The first one was mistyped.
    assert_eq!(sign_up("bob", PHONE, None).await.refusal(), "401 code_required");
    let code = code_to(&office.shop, PHONE).await;
    if elsewhere != code {
        assert_eq!(sign_up("bob", PHONE, Some(&elsewhere)).await.refusal(), "401 wrong_code");
    }
    assert_eq!(sign_up("bob", OTHER_PHONE, Some(&code)).await.refusal(), "401 wrong_code");
    let bob = sign_up("bob", PHONE, Some(&code)).await.good();
    assert_eq!((text(&bob, "status"), &bob["phone_proved"]), ("active".into(), &json!(true)));
}

/// A reseller at whose portal people register with phones that are proved.
struct Gate {
    shop: Shop,
    reseller: Member,
    integration: String,
}

impl Gate {
    async fn open() -> Self {
        let shop = Shop::new().await;
        let platform = &shop.platform;
        let reseller = platform.euro_member(&platform.owner, "Hornes", "reseller").await;
        let path = format!("/v1/companies/{}", reseller.company);
        platform.patch(&platform.owner.key, &path, json!({"direct_sending": true})).await.good();
        shop.stock(&platform.owner, &reseller, "1").await;
        shop.sell(&platform.owner, &reseller, sms(flat("0.05"))).await;
        let body = json!({"name": "Phones", "agreement": reseller.agreement, "sender": "ACME",
            "text": "Welcome: {{code}}", "side": "platform", "status": "active"});
        let made = platform.post(&reseller.key, "/v1/two_factor_integrations", body).await.good();
        let gate = Self { integration: text(&made, "id"), reseller, shop };
        gate.open_portal().await;
        gate
    }

    async fn open_portal(&self) {
        let (platform, reseller) = (&self.shop.platform, &self.reseller);
        let portal = json!({"name": "Hornes", "host": HOST, "certificate": "automatic", "title": "Hornes",
            "languages": ["en"], "login_texts": {"en": "Welcome"}, "support_email": "help@hornes.example",
            "links": []});
        let portal = text(&platform.post(&reseller.key, "/v1/portals", portal).await.good(), "id");
        let company = CompanyId::parse(&reseller.company).unwrap();
        let company = platform.store.any_company(&company).await.unwrap().unwrap();
        let details = RegistrationDetails {
            own_legal_entity: OwnLegalEntityId::new(1),
            portal: PortalId::parse(&portal).unwrap(),
            own_bank_account: BankAccountId::new(1),
            enabled: true,
            terms: None,
            privacy: None,
            phone_verification: Some(TwoFactorIntegrationId::parse(&self.integration).unwrap()),
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
                resold_under: Some(AgreementId::parse(&reseller.agreement).unwrap()),
            },
            services: Vec::new(),
            packs: Vec::new(),
            roles: vec![RegistrationRole::System(SystemRole::PortalAdmin)],
        };
        let by = Hand { name: "test", now: runtime::now() };
        let settings = SelfRegistration::plan(SelfRegistrationId::new(1), &company, details, by).unwrap();
        platform.store.create(&act(&company.path), &settings).await.unwrap();
    }

    async fn register(&self, code: Option<&str>) -> Answer {
        let body = json!({"portal": HOST, "company_name": "Bakery Weber", "country": "DE",
            "first_name": "Ada", "last_name": "Weber", "email": "ada@example.com",
            "phone": "+4915112345678", "login": "ada", "password": PASSWORD, "terms_accepted": true,
            "code": code});
        post(&self.shop.platform, "/v1/registrations", body).await
    }

    async fn set(&self, more: Value) {
        let path = format!("/v1/two_factor_integrations/{}", self.integration);
        self.shop.platform.patch(&self.reseller.key, &path, more).await.good();
    }
}

#[tokio::test]
async fn who_registers_proves_the_phone_with_a_code_that_the_portals_company_pays() {
    let gate = Gate::open().await;
    let asked = gate.register(None).await;
    assert_eq!((asked.refusal(), text(&asked.body, "method")), ("401 code_required".into(), "sms".into()));
    let sent = texts(&gate.shop).await;
    let code = code_in(&sent[0]);
    assert_eq!((sent, code.len()), (vec![format!("Welcome: {code}")], 6));
    assert_eq!(gate.shop.platform.balance(&gate.reseller).await, "0.95");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(gate.register(Some(wrong)).await.refusal(), "401 wrong_code");
    let user = gate.register(Some(&code)).await.good();
    assert_eq!((text(&user, "status"), &user["phone_proved"]), ("waiting".into(), &json!(true)));
}

#[tokio::test]
async fn a_company_below_the_one_that_pays_gets_a_hundred_codes_a_day_for_its_people() {
    let gate = Gate::open().await;
    let (platform, reseller) = (&gate.shop.platform, &gate.reseller);
    let terms = json!({"currency": "EUR", "resold_under": reseller.agreement});
    let client = platform.member_with(reseller, "Client", "client", terms.clone()).await;
    let other = platform.member_with(reseller, "Other", "client", terms).await;
    for (member, login) in [(&client, "ada"), (&client, "bob"), (reseller, "cid"), (&other, "dan")] {
        sign_up(platform, member, login, json!([])).await;
    }
    for (by, member) in [(reseller, &client), (reseller, &other), (&platform.owner, reseller)] {
        let path = format!("/v1/companies/{}", member.company);
        platform.patch(&by.key, &path, json!({"two_factor_required": true})).await.good();
    }
    let codes = json!({"agreement": reseller.agreement, "sender": "ACME", "text": "{{code}}"});
    let path = format!("/v1/companies/{}/login_codes", reseller.company);
    platform.ask(&reseller.key, Method::PUT, &path, &[], Some(codes)).await.good();
    let paid = format!("codes paid by {}", reseller.company);
    count(&gate.shop, &paid, 999).await;
    count(&gate.shop, &format!("codes of {}", client.company), 99).await;
    assert_eq!(log_in(platform, "ada", PASSWORD).await.refusal(), "401 code_required");
    assert_eq!(log_in(platform, "bob", PASSWORD).await.refusal(), "429 too_many_codes");
    assert_eq!(platform.balance(reseller).await, "0.95");
    // Nobody else goes without, and who pays themselves has no such limit.
    count(&gate.shop, &format!("codes of {}", reseller.company), 100).await;
    assert_eq!(log_in(platform, "cid", PASSWORD).await.refusal(), "401 code_required");
    // Those below it have a thousand of their own, all together.
    count(&gate.shop, &format!("{paid} for others"), 999).await;
    assert_eq!(log_in(platform, "dan", PASSWORD).await.refusal(), "429 too_many_codes");
}

#[tokio::test]
async fn an_integration_that_is_not_active_sends_no_code_to_who_registers() {
    let gate = Gate::open().await;
    gate.set(json!({"status": "blocked"})).await;
    assert_eq!(gate.register(None).await.refusal(), "503 code_not_sent");
    assert_eq!(gate.shop.platform.balance(&gate.reseller).await, "1");
    assert_eq!(reported(&gate), ["report@example.com", "ada@example.com"]);
    gate.set(json!({"status": "active"})).await;
    assert_eq!(gate.register(None).await.refusal(), "401 code_required");
    assert_eq!(gate.register(Some("x")).await.refusal(), "401 wrong_code");
    assert_eq!(gate.shop.platform.balance(&gate.reseller).await, "0.95");
    assert_eq!(reported(&gate).len(), 2, "what is missing or wrong is no failure");
}

/// Who was mailed that a registration has failed.
fn reported(gate: &Gate) -> Vec<String> {
    let mails = gate.shop.platform.sqs.messages::<Mail>(&gate.shop.platform.sqs.queue("mail"));
    let reports = mails.into_iter().filter_map(|mail| match mail {
        Mail::EventV1 { event: NotificationEvent::ProblemReport, to, .. } => Some(to),
        _ => None,
    });
    reports.collect()
}

#[tokio::test]
async fn a_code_of_a_registration_is_told_and_recorded_as_a_code_of_its_integration() {
    let gate = Gate::open().await;
    gate.set(json!({"digits": 6, "result_url": "https://hornes.example/codes"})).await;
    assert_eq!(gate.register(None).await.refusal(), "401 code_required");
    let code = code_in(&texts(&gate.shop).await[0]);
    gate.register(Some(&code)).await.good();
    gate.shop.project().await;
    let told: Vec<_> = gate.shop.webhooks().iter().map(Webhook::id).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let request = told[0].strip_suffix("-sent").unwrap();
    assert_eq!(told[1], format!("{request}-verified"));
    let path = format!("/v1/two_factor_integrations/{}/edrs", gate.integration);
    let edrs = gate.shop.platform.get(&gate.reseller.key, &path).await.good();
    let amounts: Vec<_> = edrs["items"].as_array().unwrap().iter().map(|edr| &edr["amount"]).collect();
    assert_eq!(amounts, [&json!("0.05")]);
}

#[tokio::test]
async fn a_sender_id_that_codes_are_sent_from_is_not_deleted() {
    let Office { shop, client, .. } = Office::with("1").await;
    let (platform, key) = (&shop.platform, &client.key);
    let delete = async |path: &str| platform.ask(key, Method::DELETE, path, &[], None).await;
    let sender = format!("/v1/agreements/{}/sender_ids/ACME", client.agreement);
    let sender = text(&platform.get(key, &sender).await.good(), "id");
    let sender = format!("/v1/sender_ids/{sender}");
    let refused = delete(&sender).await;
    assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), client.company.clone()));
    let integration = json!({"name": "Shop", "agreement": client.agreement, "sender": "ACME",
        "text": "Your code: {{code}}", "side": "platform"});
    let integration = platform.post(key, "/v1/two_factor_integrations", integration).await.good();
    let integration = text(&integration, "id");
    let codes = format!("/v1/companies/{}/login_codes", client.company);
    assert_eq!(delete(&codes).await.status, 204);
    let refused = delete(&sender).await;
    assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), integration.clone()));
    assert_eq!(delete(&format!("/v1/two_factor_integrations/{integration}")).await.status, 204);
    assert_eq!(delete(&sender).await.status, 204);
}

#[tokio::test]
async fn an_integration_that_proves_the_phones_of_a_portal_is_not_deleted() {
    let gate = Gate::open().await;
    let path = format!("/v1/two_factor_integrations/{}", gate.integration);
    let refused = gate.shop.platform.ask(&gate.reseller.key, Method::DELETE, &path, &[], None).await;
    let by = SelfRegistrationId::new(1).to_string();
    assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), by));
    assert_eq!(gate.register(None).await.refusal(), "401 code_required");
}

#[tokio::test]
async fn registrations_at_the_same_moment_send_one_code() {
    let gate = Gate::open().await;
    let answers = tokio::join!(gate.register(None), gate.register(None));
    for answer in [answers.0, answers.1] {
        assert_eq!(answer.refusal(), "401 code_required");
    }
    assert_eq!(texts(&gate.shop).await.len(), 1);
}

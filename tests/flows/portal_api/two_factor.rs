//! Two-factor codes that a company sends its own users, as the users' guide has it (10.6, appendix 2).

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::{CodeRequestId, MessageId};
use domain::two_factor::CodeRequest;
use domain::two_factor_limits::{CodeCounter, CodeLimit};
use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use queue::Webhook;
use runtime::targets::Targets;
use serde_json::{Value, json};
use tests::embedded_dynamodb::Fault;

use crate::platform::{Answer, Member, Platform, text};
use crate::shop::{Shop, flat, sms};

const NUMBER: &str = "4915110000001";

/// One of ten thousand phones whose numbers are beside each other.
fn number(phone: u32) -> String {
    format!("491511000{phone:04}")
}

struct Bank {
    shop: Shop,
    client: Member,
}

impl Bank {
    async fn new() -> Self {
        let shop = Shop::new().await;
        let client = shop.client("1").await;
        shop.sell(&shop.platform.owner, &client, sms(flat("0.05"))).await;
        Self { shop, client }
    }

    /// An integration by its id, and its key.
    async fn integration(&self, fields: Value) -> (String, String) {
        let mut body = json!({"name": "Login", "agreement": self.client.agreement, "sender": "ACME",
            "text": "Your code is {{code}}.", "status": "active"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let platform = &self.shop.platform;
        let made = platform.post(&self.client.key, "/v1/two_factor_integrations", body).await.good();
        let id = text(&made, "id");
        let path = format!("/v1/two_factor_integrations/{id}/key");
        let key = platform.post(&self.client.key, &path, json!({})).await.good();
        (id, text(&key, "key"))
    }

    async fn platform_side(&self) -> (String, String) {
        let url = "https://bank.example/codes";
        self.integration(json!({"side": "platform", "digits": 6, "result_url": url})).await
    }

    /// A call as the guide's `curl` makes it.
    async fn call(&self, key: &str, method: Method, path: &str, form: &str) -> Answer {
        let authorization = format!("Basic {}", STANDARD.encode(key));
        let kind = "application/x-www-form-urlencoded";
        let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
        self.shop.ask_sending(method, path, &headers, form.to_owned()).await
    }

    async fn send(&self, key: &str, form: &str) -> Answer {
        self.call(key, Method::POST, "/api/v1/2fa/verify/sms", form).await
    }

    async fn verify(&self, key: &str, request: &str, code: &str) -> Answer {
        let form = format!("requestId={request}&code={code}");
        self.call(key, Method::POST, "/api/v1/2fa/verify", &form).await
    }

    /// The text that the phone of a request gets.
    async fn sms(&self, request: &str) -> String {
        let id = MessageId::of_request(
            &self.client.company.clone().try_into().unwrap(),
            &format!("2fa:{request}"),
        );
        self.shop.platform.store.message(&id).await.unwrap().unwrap().text
    }
}

fn code_in(sms: &str) -> String {
    sms.chars().filter(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn the_platform_makes_up_a_code_sends_it_and_knows_it_again() {
    let bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let sent = bank.send(&key, &format!("number={NUMBER}")).await.good();
    let request = text(&sent, "requestId");
    let sms = bank.sms(&request).await;
    let code = code_in(&sms);
    assert_eq!((sms, code.len()), (format!("Your code is {code}."), 6));
    let shown = bank.call(&key, Method::GET, &format!("/api/v1/2fa/requests/{request}"), "").await.good();
    assert_eq!((text(&shown, "status"), text(&shown, "sender")), ("SUBMIT".into(), "ACME".into()));
    assert_eq!((&shown["rate"].to_string(), &shown["billable"]), (&"0.05".to_owned(), &Value::Null));
    assert_eq!((&shown["goals"], &shown["payload"]["number"]), (&json!([]), &json!(NUMBER)));
    let verified = bank.verify(&key, &request, &code).await.good();
    assert_eq!(text(&verified, "number"), NUMBER);
    assert!(verified["verifiedAt"].is_i64());
    assert_eq!(bank.verify(&key, &request, &code).await.refusal(), "409 verified_before");
    let shown = bank.call(&key, Method::GET, &format!("/api/v1/2fa/requests/{request}"), "").await.good();
    assert_eq!(shown["goals"], json!(["NUMBER_VERIFIED"]));
    assert_eq!(bank.shop.platform.balance(&bank.client).await, "0.95");
}

#[tokio::test]
async fn after_three_wrong_codes_the_right_one_is_worth_nothing() {
    let bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let request = text(&bank.send(&key, &format!("number={NUMBER}")).await.good(), "requestId");
    let code = code_in(&bank.sms(&request).await);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..3 {
        assert_eq!(bank.verify(&key, &request, wrong).await.refusal(), "422 wrong_code");
    }
    assert_eq!(bank.verify(&key, &request, &code).await.refusal(), "422 too_many_wrong_codes");
}

#[tokio::test]
async fn a_client_that_makes_up_codes_has_them_sent_and_compares_them_itself() {
    let bank = Bank::new().await;
    let (_, key) = bank.integration(json!({"side": "client"})).await;
    let sent = bank.send(&key, &format!("number={NUMBER}&code=AB-12")).await.good();
    let request = text(&sent, "requestId");
    assert_eq!(bank.sms(&request).await, "Your code is AB-12.");
    assert_eq!(bank.verify(&key, &request, "AB-12").await.refusal(), "422 compared_by_client");
    assert_eq!(bank.send(&key, &format!("number={NUMBER}")).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_bad_number_an_empty_wallet_and_a_wrong_key_send_nothing() {
    let bank = Bank::new().await;
    let (id, key) = bank.platform_side().await;
    assert_eq!(bank.send(&key, "number=12").await.refusal(), "422 invalid_number");
    assert_eq!(
        bank.send(&format!("{id}:wrong"), &format!("number={NUMBER}")).await.refusal(),
        "401 unauthorized"
    );
    assert_eq!(bank.send(&bank.client.key, &format!("number={NUMBER}")).await.refusal(), "401 unauthorized");
    for phone in 0..20 {
        bank.send(&key, &format!("number={}", number(phone))).await.good();
    }
    assert_eq!(bank.send(&key, &format!("number={NUMBER}")).await.refusal(), "402 insufficient_funds");
}

#[tokio::test]
async fn a_code_that_could_not_be_paid_is_sent_by_a_repeat_once_there_is_money() {
    let bank = Bank::new().await;
    // Neither what was not paid nor the repeat counts.
    let (_, key) = bank.integration(json!({"side": "platform", "per_number_max": 1})).await;
    for phone in 0..20 {
        bank.send(&key, &format!("number={}", number(phone))).await.good();
    }
    let ask = async |number: &str| {
        let authorization = format!("Basic {}", STANDARD.encode(&key));
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("idempotency-key", "login-1"),
        ];
        let form = format!("number={number}");
        bank.shop.ask_sending(Method::POST, "/api/v1/2fa/verify/sms", &headers, form).await
    };
    let unpaid = "4915110000099";
    assert_eq!(ask(unpaid).await.refusal(), "402 insufficient_funds");
    bank.shop.platform.pay(&bank.shop.platform.owner, &bank.client.agreement, "1").await;
    assert_eq!(ask("4915110000002").await.refusal(), "422 idempotency_key_reused");
    let request = text(&ask(unpaid).await.good(), "requestId");
    let code = code_in(&bank.sms(&request).await);
    assert_eq!(text(&ask(unpaid).await.good(), "requestId"), request, "the same one");
    assert_eq!(bank.shop.platform.balance(&bank.client).await, "0.95", "charged once");
    assert_eq!(text(&bank.verify(&key, &request, &code).await.good(), "number"), unpaid);
}

#[tokio::test]
async fn a_code_whose_charge_has_no_answer_can_be_compared_and_is_charged_once() {
    let mut bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let store = bank.shop.platform.store.clone();
    bank.shop.platform.store = bank.shop.platform.charging_with(Fault::TimeoutAppliedAnswerLost);
    bank.shop.send_within(Targets::Any);
    let authorization = format!("Basic {}", STANDARD.encode(&key));
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers = [("authorization", authorization.as_str()), ("idempotency-key", "login-1"), kind];
    let path = "/api/v1/2fa/verify/sms";
    let keyed =
        async |shop: &Shop| shop.ask_sending(Method::POST, path, &headers, format!("number={NUMBER}")).await;
    assert_eq!(keyed(&bank.shop).await.status, 503, "whoever has a key finds out by asking again");
    let without_key = text(&bank.send(&key, &format!("number={NUMBER}")).await.good(), "requestId");
    bank.shop.platform.store = store;
    bank.shop.send_within(Targets::Any);
    let with_key = text(&keyed(&bank.shop).await.good(), "requestId");
    for request in [without_key, with_key] {
        let code = code_in(&bank.sms(&request).await);
        bank.verify(&key, &request, &code).await.good();
    }
    assert_eq!(bank.shop.platform.balance(&bank.client).await, "0.9");
}

#[tokio::test]
async fn a_new_key_ends_the_one_before_and_a_blocked_integration_takes_no_calls() {
    let bank = Bank::new().await;
    let (id, key) = bank.platform_side().await;
    let path = format!("/v1/two_factor_integrations/{id}");
    let platform = &bank.shop.platform;
    let new = platform.post(&bank.client.key, &format!("{path}/key"), json!({})).await.good();
    assert_eq!(bank.send(&key, &format!("number={NUMBER}")).await.refusal(), "401 unauthorized");
    platform.patch(&bank.client.key, &path, json!({"status": "blocked"})).await.good();
    let refused = bank.send(&text(&new, "key"), &format!("number={NUMBER}")).await;
    assert_eq!(refused.refusal(), "403 integration_not_active");
    let deleted = platform.ask(&bank.client.key, Method::DELETE, &path, &[], None).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(bank.send(&text(&new, "key"), "number=1").await.refusal(), "401 unauthorized");
}

#[tokio::test]
async fn another_integrations_request_reads_as_not_found() {
    let bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let (_, other) = bank.platform_side().await;
    let request = text(&bank.send(&key, &format!("number={NUMBER}")).await.good(), "requestId");
    assert_eq!(bank.verify(&other, &request, "1").await.refusal(), "404 not_found");
}

#[tokio::test]
async fn the_address_of_an_integration_is_told_that_a_code_was_sent_and_verified() {
    let bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let request = text(&bank.send(&key, &format!("number={NUMBER}")).await.good(), "requestId");
    bank.shop.project().await;
    let code = code_in(&bank.sms(&request).await);
    bank.verify(&key, &request, &code).await.good();
    bank.shop.project().await;
    let told: Vec<Webhook> = bank.shop.webhooks();
    let results: Vec<String> = told.iter().map(Webhook::id).collect();
    assert_eq!(results, [format!("{request}-sent"), format!("{request}-verified")]);
    assert!(told.iter().all(|webhook| webhook.url() == "https://bank.example/codes"));
}

#[tokio::test]
async fn integrations_are_listed_filtered_and_edited_under_their_revision() {
    let bank = Bank::new().await;
    let (id, _) = bank.platform_side().await;
    bank.integration(json!({"side": "client", "name": "Sign-up", "status": "draft"})).await;
    let platform = &bank.shop.platform;
    let list = platform.get(&bank.client.key, "/v1/two_factor_integrations?status=active").await.good();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let list = platform.get(&bank.client.key, "/v1/two_factor_integrations?sort=-name").await.good();
    assert_eq!(
        (text(&list["items"][0], "name"), &list["items"][0]["digits"]),
        ("Sign-up".into(), &Value::Null)
    );
    let neighbour = platform.euro_member(&platform.owner, "Neighbour", "client").await;
    for (key, seen) in [(&platform.owner.key, 2), (&neighbour.key, 0)] {
        let list = platform.get(key, "/v1/two_factor_integrations?sort=company").await.good();
        let company = |item| (text(item, "company"), text(item, "company_name"));
        let companies: Vec<_> = list["items"].as_array().unwrap().iter().map(company).collect();
        assert_eq!(companies, vec![(bank.client.company.clone(), "Client".to_owned()); seen]);
    }
    let path = format!("/v1/two_factor_integrations/{id}");
    let stale = [("if-match", "\"0\"")];
    let body = Some(json!({"text": "{{code}}"}));
    let refused = platform.ask(&bank.client.key, Method::PATCH, &path, &stale, body).await;
    assert_eq!(refused.refusal(), "412 precondition_failed", "the key has raised the revision");
    let refused = platform.patch(&bank.client.key, &path, json!({"text": "no place"})).await;
    assert_eq!(refused.refusal(), "422 invalid");
    let log = platform.get(&bank.client.key, "/v1/audit?action=two_factor_integration").await.good();
    assert!(!log.to_string().contains(&"a".repeat(64)) && log.to_string().contains("***"), "{log}");
}

#[tokio::test]
async fn a_test_code_is_sent_before_the_integration_is_active_and_paid_for_once() {
    let bank = Bank::new().await;
    let url = "https://bank.example/codes";
    let fields = json!({"side": "platform", "status": "draft", "result_url": url});
    let (id, key) = bank.integration(fields).await;
    assert_eq!(bank.send(&key, &format!("number={NUMBER}")).await.refusal(), "403 integration_not_active");
    let (platform, path) = (&bank.shop.platform, format!("/v1/two_factor_integrations/{id}/test"));
    let body = json!({"number": NUMBER, "result_url": "https://test.example/told"});
    let test = async || platform.post_once(&bank.client.key, &path, "test-1", body.clone()).await;
    let sent = test().await;
    assert_eq!(sent.status, 202);
    let request = text(&sent.good(), "request");
    assert_eq!(text(&test().await.good(), "request"), request, "a repeat");
    assert_eq!(platform.balance(&bank.client).await, "0.95", "sent once");
    bank.shop.project().await;
    let told: Vec<Webhook> = bank.shop.webhooks();
    assert_eq!((told.len(), told[0].url()), (1, "https://test.example/told"));
    let blocked = format!("/v1/two_factor_integrations/{id}");
    platform.patch(&bank.client.key, &blocked, json!({"status": "active"})).await.good();
    let code = code_in(&bank.sms(&request).await);
    assert_eq!(text(&bank.verify(&key, &request, &code).await.good(), "number"), NUMBER);
    bank.shop.project().await;
    assert_eq!(bank.shop.webhooks()[1].url(), "https://test.example/told");
}

#[tokio::test]
async fn a_test_code_that_cannot_be_sent_says_why() {
    let bank = Bank::new().await;
    let (id, _) = bank.platform_side().await;
    let (client_side, _) = bank.integration(json!({"side": "client"})).await;
    let test = async |id: &str, body: Value| {
        let path = format!("/v1/two_factor_integrations/{id}/test");
        bank.shop.platform.post(&bank.client.key, &path, body).await
    };
    assert_eq!(test(&id, json!({"number": "12"})).await.refusal(), "422 invalid_number");
    assert_eq!(test(&id, json!({"number": NUMBER, "code": "1"})).await.refusal(), "422 invalid");
    assert_eq!(test(&client_side, json!({"number": NUMBER})).await.refusal(), "422 invalid");
    let address = json!({"number": NUMBER, "result_url": "http://bank.example"});
    assert_eq!(test(&id, address).await.refusal(), "422 invalid");
    for phone in 0..20 {
        test(&client_side, json!({"number": number(phone), "code": "AB-12"})).await.good();
    }
    assert_eq!(test(&id, json!({"number": NUMBER})).await.refusal(), "402 insufficient_funds");
}

/// What a limit of one answers to one of three; a new hour may begin between two of them. And the last request
/// before it.
async fn one_too_many(bank: &Bank, key: &str, phones: [u32; 3]) -> (Answer, String) {
    let mut last = String::new();
    for phone in phones {
        let answer = bank.send(key, &format!("number={}", number(phone))).await;
        if !answer.status.is_success() {
            return (answer, last);
        }
        last = text(&answer.good(), "requestId");
    }
    panic!("all were sent");
}

#[tokio::test]
async fn a_number_and_a_prefix_get_as_many_codes_in_an_hour_as_their_integration_allows() {
    let bank = Bank::new().await;
    let fields = json!({"side": "platform", "per_number_max": 1});
    let (id, key) = bank.integration(fields).await;
    let (refused, _) = one_too_many(&bank, &key, [1, 1, 1]).await;
    assert_eq!(
        (refused.refusal().as_str(), &refused.body["limit"]),
        ("429 too_many_codes", &json!("number"))
    );
    let seconds = text(&refused.body, "retry_after");
    assert_eq!(refused.headers["retry-after"], seconds.as_str());
    assert!((1..=3_600).contains(&seconds.parse::<u32>().unwrap()));
    let (platform, path) = (&bank.shop.platform, format!("/v1/two_factor_integrations/{id}"));
    bank.send(&key, &format!("number={}", number(2))).await.good();
    let limits = json!({"per_number_max": 5, "per_prefix_max": 1});
    platform.patch(&bank.client.key, &path, limits).await.good();
    let (refused, _) = one_too_many(&bank, &key, [3, 4, 5]).await;
    assert_eq!(refused.body["limit"], "prefix");
    bank.send(&key, "number=4915110010001").await.good();
}

#[tokio::test]
async fn a_code_too_many_costs_nothing_also_as_a_test_in_the_portal() {
    let bank = Bank::new().await;
    let (id, key) = bank.integration(json!({"side": "client", "per_number_max": 1})).await;
    let (platform, path) = (&bank.shop.platform, format!("/v1/two_factor_integrations/{id}/test"));
    let mut sent = 0;
    let mut refused = Vec::new();
    for _ in 0..3 {
        let body = json!({"number": NUMBER, "code": "AB-12"});
        let answer = platform.post(&bank.client.key, &path, body).await;
        if answer.status.is_success() {
            sent += 1
        } else {
            refused.push(answer.refusal())
        }
        let answer = bank.send(&key, &format!("number={NUMBER}&code=AB-12")).await;
        if answer.status.is_success() { sent += 1 } else { refused.push(answer.refusal()) }
    }
    // One, and another if a new hour has begun meanwhile.
    assert!(
        (1..=2).contains(&sent) && refused.iter().all(|answer| answer == "429 too_many_codes"),
        "{refused:?}"
    );
    let left = if sent == 1 { "0.95" } else { "0.9" };
    assert_eq!(platform.balance(&bank.client).await, left);
}

#[tokio::test]
async fn codes_that_nobody_types_come_to_an_end_and_one_that_is_typed_makes_up_for_others() {
    let bank = Bank::new().await;
    let (_, key) = bank.integration(json!({"side": "platform", "unverified_max": 1})).await;
    let (refused, last) = one_too_many(&bank, &key, [1, 2, 3]).await;
    assert_eq!(
        (refused.refusal().as_str(), &refused.body["limit"]),
        ("429 too_many_codes", &json!("unverified"))
    );
    let code = code_in(&bank.sms(&last).await);
    let wrong = if code == "0000" { "0001" } else { "0000" };
    assert_eq!(bank.verify(&key, &last, wrong).await.refusal(), "422 wrong_code");
    let still = bank.send(&key, &format!("number={}", number(4))).await;
    let verified = bank.verify(&key, &last, &code).await;
    assert_eq!(verified.status, 200);
    bank.send(&key, &format!("number={}", number(5))).await.good();
    assert_eq!(still.refusal(), "429 too_many_codes", "a wrong one makes up for nothing");
}

#[tokio::test]
async fn of_many_codes_at_once_no_more_than_allowed_are_counted() {
    let platform = Platform::new().await;
    let till = runtime::now() + SignedDuration::from_hours(1);
    let counter = CodeCounter { limit: CodeLimit::Number, name: "one phone".into(), most: 5, till };
    let counted = async || {
        let asked = join_all((0..20).map(|_| platform.store.count_code(&counter))).await;
        asked.into_iter().filter(|counted| *counted.as_ref().unwrap()).count()
    };
    assert_eq!((counted().await, counted().await), (5, 0));
    platform.store.uncount_codes(&counter, 1).await.unwrap();
    assert_eq!(counted().await, 1, "for one that was not sent");
    platform.store.uncount_codes(&counter, 10).await.unwrap();
    assert_eq!(counted().await, 10, "for one that was verified");
}

#[tokio::test]
async fn the_limits_of_an_integration_are_settings_with_bounds() {
    let bank = Bank::new().await;
    let (platform, path) = (&bank.shop.platform, "/v1/two_factor_integrations");
    let (id, _) = bank.platform_side().await;
    let shown = platform.get(&bank.client.key, &format!("{path}/{id}")).await.good();
    let limits = |shown: &Value| {
        ["per_number_max", "per_prefix_max", "unverified_max"].map(|name| shown[name].clone())
    };
    assert_eq!(limits(&shown), [json!(5), json!(100), json!(1_000)]);
    for name in ["per_number_max", "per_prefix_max", "unverified_max"] {
        let refused = platform.patch(&bank.client.key, &format!("{path}/{id}"), json!({name: 0})).await;
        assert_eq!((refused.refusal().as_str(), &refused.body["field"]), ("422 invalid", &json!(name)));
    }
    let body = json!({"name": "Login", "agreement": bank.client.agreement, "sender": "ACME", "text": "{{code}}",
        "side": "client", "unverified_max": 10});
    assert_eq!(platform.post(&bank.client.key, path, body).await.refusal(), "422 invalid", "nobody tells us");
    let (client_side, _) = bank.integration(json!({"side": "client", "per_prefix_max": 7})).await;
    let shown = platform.get(&bank.client.key, &format!("{path}/{client_side}")).await.good();
    assert_eq!(limits(&shown), [json!(5), json!(7), Value::Null]);
}

#[tokio::test]
async fn the_statistics_of_an_integration_name_every_country() {
    let bank = Bank::new().await;
    let (id, key) = bank.platform_side().await;
    let numbers = [
        "4915110000001",
        "436641234567",
        "33612345678",
        "447400123456",
        "34612345678",
        "393123456789",
        "31612345678",
        "48512345678",
        "420601123456",
        "41781234567",
        "4532123456",
    ];
    for number in numbers {
        bank.send(&key, &format!("number={number}")).await.good();
    }
    bank.shop.project().await;
    let path = format!("/v1/two_factor_integrations/{id}/statistics");
    let shown = bank.shop.platform.get(&bank.client.key, &path).await.good();
    assert_eq!(shown["countries"].as_array().unwrap().len(), numbers.len(), "{shown}");
}

#[tokio::test]
async fn the_records_of_an_integration_are_those_of_its_codes() {
    let bank = Bank::new().await;
    let (id, key) = bank.platform_side().await;
    let (_, other) = bank.platform_side().await;
    let mut requests = BTreeSet::new();
    for key in [&key, &other, &key] {
        requests.insert(text(&bank.send(key, &format!("number={NUMBER}")).await.good(), "requestId"));
    }
    bank.shop.send(&bank.client, 1..2).await;
    bank.shop.project().await;
    let (platform, path) = (&bank.shop.platform, format!("/v1/two_factor_integrations/{id}/edrs"));
    let list = platform.get(&bank.client.key, &path).await.good();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|edr| edr["client_reference"] == json!(id) && edr["amount"] == "0.05"));
    let codes: BTreeSet<_> = items.iter().map(|edr| text(edr, "code_request")).collect();
    assert!(codes.len() == 2 && codes.is_subset(&requests), "{codes:?}");
    let csv = [("accept", "text/csv")];
    let file = async |path: &str| platform.ask(&bank.client.key, Method::GET, path, &csv, None).await;
    assert_eq!(file(&path).await.refusal(), "422 invalid", "of which span");
    let (from, till) = (runtime::now() - SignedDuration::from_hours(1), runtime::now());
    let lines = file(&format!("{path}?from={from}&till={till}")).await.good();
    assert_eq!(lines.as_str().unwrap().lines().count(), 3, "{lines}");
    assert!(codes.iter().all(|code| lines.as_str().unwrap().contains(code)), "{lines}");
    let stranger = bank.shop.platform.euro_member(&platform.owner, "Stranger", "client").await;
    assert_eq!(platform.get(&stranger.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_code_shows_its_number_masked_once_it_is_old() {
    let bank = Bank::new().await;
    let (_, key) = bank.platform_side().await;
    let request = text(&bank.send(&key, &format!("number={NUMBER}")).await.good(), "requestId");
    let numbers = async || {
        let path = format!("/api/v1/2fa/requests/{request}");
        let shown = bank.call(&key, Method::GET, &path, "").await.good();
        [text(&shown, "number"), text(&shown["payload"], "number")]
    };
    assert_eq!(numbers().await, [NUMBER; 2]);
    let store = &bank.shop.platform.store;
    let made = store.code_request(&CodeRequestId::parse(&request).unwrap()).await.unwrap().unwrap();
    let requested_at = made.requested_at - SignedDuration::from_hours(25);
    let old = CodeRequest { requested_at, revision: made.revision + 1, ..made };
    store.replace_code_request(&old).await.unwrap();
    assert_eq!(numbers().await, ["49*********01"; 2]);
}

#[tokio::test]
async fn a_test_code_of_a_disabled_company_is_refused_and_costs_nothing() {
    let bank = Bank::new().await;
    let (id, _) = bank.platform_side().await;
    let (platform, owner) = (&bank.shop.platform, &bank.shop.platform.owner);
    let enable = async |enabled: bool| {
        let path = format!("/v1/companies/{}", bank.client.company);
        platform.patch(&owner.key, &path, json!({"enabled": enabled})).await.good();
    };
    let test = async || {
        let path = format!("/v1/two_factor_integrations/{id}/test");
        platform.post_once(&owner.key, &path, "test-1", json!({"number": NUMBER})).await
    };
    enable(false).await;
    assert_eq!(test().await.refusal(), "403 company_disabled");
    assert_eq!(platform.balance(&bank.client).await, "1");
    bank.shop.project().await;
    assert_eq!(bank.shop.webhooks().len(), 0, "nobody is told of a code");
    // Nothing was kept of it: the same request sends once the company may.
    enable(true).await;
    assert_eq!(test().await.status, 202);
    assert_eq!(platform.balance(&bank.client).await, "0.95");
}

/// The lines of a file that comes in parts of so many rows, and how many parts there were.
async fn in_parts(bank: &Bank, path: &str, rows: usize) -> (Vec<String>, usize) {
    let (platform, csv) = (&bank.shop.platform, [("accept", "text/csv")]);
    let (mut lines, mut parts, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("{path}&limit={rows}{cursor}");
        let part = platform.ask(&bank.client.key, Method::GET, &path, &csv, None).await;
        let next = part.headers.get("next-cursor").map(|next| next.to_str().unwrap().to_owned());
        let part = part.good();
        let found: Vec<_> = part.as_str().unwrap().lines().skip(1).map(str::to_owned).collect();
        assert!(found.len() <= rows, "{part}");
        lines.extend(found);
        parts += 1;
        match next {
            Some(next) => cursor = format!("&cursor={}", next.replace('#', "%23")),
            None => return (lines, parts),
        }
    }
}

#[tokio::test]
async fn the_records_of_an_integration_can_be_downloaded_in_parts_however_many_there_are() {
    let bank = Bank::new().await;
    bank.shop.platform.pay(&bank.shop.platform.owner, &bank.client.agreement, "50").await;
    let (id, key) = bank.platform_side().await;
    let from = runtime::now() - SignedDuration::from_hours(1);
    for phone in 0..5 {
        bank.send(&key, &format!("number={}", number(phone))).await.good();
    }
    // More of others than are looked through for one part of a single row.
    bank.shop.send(&bank.client, 0..150).await;
    bank.send(&key, &format!("number={NUMBER}")).await.good();
    bank.shop.project().await;
    let (platform, csv) = (&bank.shop.platform, [("accept", "text/csv")]);
    let path = format!("/v1/two_factor_integrations/{id}/edrs?from={from}&till={}", runtime::now());
    let file = async |path: &str| platform.ask(&bank.client.key, Method::GET, path, &csv, None).await;
    let whole = file(&path).await;
    assert!(!whole.headers.contains_key("next-cursor"));
    let whole = whole.good();
    let whole: Vec<_> = whole.as_str().unwrap().lines().skip(1).map(str::to_owned).collect();
    assert_eq!(whole.len(), 6);
    for (rows, parts_min) in [(1, 7), (4, 2), (10_000, 1)] {
        let (lines, parts) = in_parts(&bank, &path, rows).await;
        assert_eq!(lines, whole, "in parts of {rows}");
        assert!(parts_min <= parts, "{parts} parts of {rows}");
    }
    for limit in ["0", "10001"] {
        assert_eq!(file(&format!("{path}&limit={limit}")).await.refusal(), "422 invalid");
    }
    assert_eq!(file(&format!("{path}&limit=1&cursor=x%20x")).await.refusal(), "422 invalid");
}

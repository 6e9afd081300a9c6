//! Money that comes in: recorded by hand, and by card.

use http::Method;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use tests::stripe_simulator::StripeSimulator;

use crate::platform::{Answer, Member, Platform, text, things, today};

fn payment(member: &Member, direction: &str, amount: &str, reference: &str) -> Value {
    json!({"agreement": member.agreement, "direction": direction, "amount": amount,
        "payment_date": today(), "reference": reference, "description": "wire"})
}

/// The same, with other fields beside or instead.
fn payment_with(member: &Member, direction: &str, amount: &str, reference: &str, fields: Value) -> Value {
    let mut body = payment(member, direction, amount, reference);
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn days(count: i64) -> Date {
    today().checked_add(Span::new().days(count)).unwrap()
}

impl Platform {
    async fn record(&self, body: Value) -> Answer {
        self.post(&self.owner.key, "/v1/payments", body).await
    }

    async fn change(&self, payment: &Value, body: Value) -> Answer {
        self.patch(&self.owner.key, &path(payment), body).await
    }

    async fn delete(&self, payment: &Value) -> Answer {
        self.ask(&self.owner.key, Method::DELETE, &path(payment), &[], None).await
    }

    /// The references of a list of payments.
    async fn listed(&self, key: &str, query: &str) -> Vec<String> {
        let list = self.get(key, &format!("/v1/payments?{query}")).await.good();
        list["items"].as_array().unwrap().iter().map(|payment| text(payment, "reference")).collect()
    }
}

fn path(payment: &Value) -> String {
    format!("/v1/payments/{}", text(payment, "id"))
}

/// Status, what of it is in the balance, and the balance.
#[track_caller]
fn shown(answer: Answer) -> String {
    let body = answer.good();
    format!("{}, {} of {}", text(&body, "status"), text(&body, "effect"), text(&body, "balance"))
}

/// Code, field and sentence of a refusal.
#[track_caller]
fn refused(answer: &Answer) -> (String, String, String) {
    (answer.refusal(), text(&answer.body, "field"), text(&answer.body, "detail"))
}

async fn euro_client() -> (Platform, Member) {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    (platform, client)
}

#[tokio::test]
async fn a_payment_is_in_the_balance_once_however_often_it_is_sent() {
    let (platform, client) = euro_client().await;
    let key = &platform.owner.key;
    let body = payment(&client, "inbound", "100.50", "TT-1");
    let first = platform.post_once(key, "/v1/payments", "once", body.clone()).await;
    let again = platform.post_once(key, "/v1/payments", "once", body.clone()).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(text(&first.body, "balance"), "100.5");
    let other =
        platform.post_once(key, "/v1/payments", "once", payment(&client, "inbound", "7", "TT-1")).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    let taken = platform.post(key, "/v1/payments", payment(&client, "inbound", "7", "TT-1")).await;
    let sentence = "The payment with this code already exists for the selected company";
    assert_eq!(refused(&taken), ("409 reference_taken".into(), "reference".into(), sentence.into()));
    let seen = platform.get(&client.key, &path(&first.body)).await.good();
    assert_eq!((text(&seen, "amount"), text(&seen, "by")), ("100.5".into(), platform.owner.company.clone()));
    // Also after it was changed, the same request is known.
    platform.change(&first.body, json!({"amount": "3", "reference": "TT-2"})).await.good();
    let again = platform.post_once(key, "/v1/payments", "once", body).await.good();
    assert_eq!((text(&again, "reference"), text(&again, "balance")), ("TT-2".into(), "3".into()));
}

#[tokio::test]
async fn what_is_paid_back_is_there_unless_it_is_overridden() {
    let (platform, client) = euro_client().await;
    platform.pay(&platform.owner, &client.agreement, "100").await;
    let refused = platform.record(payment(&client, "outbound", "100.01", "BACK-1")).await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    let expected = json!({"confirmed": false, "confirm_before": days(7)});
    let refused = platform.record(payment_with(&client, "outbound", "100.01", "BACK-1", expected)).await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    let done = platform.record(payment(&client, "outbound", "30", "BACK-1")).await;
    let stored = done.body.clone();
    assert_eq!(shown(done), "confirmed, -30 of 70");
    assert_eq!(
        platform.change(&stored, json!({"amount": "100.01"})).await.refusal(),
        "402 insufficient_funds"
    );
    let forced = platform.change(&stored, json!({"amount": "100.01", "override": true})).await;
    assert_eq!(shown(forced), "confirmed, -100.01 of -0.01");
    let forced = platform.record(payment_with(&client, "outbound", "5", "BACK-2", json!({"override": true})));
    assert_eq!(shown(forced.await), "confirmed, -5 of -5.01");
    // Only the side that is paid may override, because only it records payments at all.
    let own = payment_with(&client, "outbound", "5", "BACK-3", json!({"override": true}));
    assert_eq!(platform.post(&client.key, "/v1/payments", own).await.refusal(), "403 not_allowed");
    assert_eq!(shown(platform.delete(&stored).await), "canceled, 0 of 95");
}

#[tokio::test]
async fn what_is_not_an_amount_is_refused_with_its_field() {
    let (platform, client) = euro_client().await;
    let good = platform.record(payment(&client, "inbound", "5", "GOOD")).await.good();
    for amount in ["0", "-1", "1e3", "", "0.0000001", "1000000000001"] {
        let made = platform.record(payment(&client, "inbound", amount, "X")).await;
        let changed = platform.change(&good, json!({"amount": amount})).await;
        for refused in [made, changed] {
            assert_eq!(
                (refused.refusal(), text(&refused.body, "field")),
                ("422 invalid".into(), "amount".into())
            );
        }
    }
    let number =
        json!({"agreement": client.agreement, "amount": 5, "payment_date": "2026-01-01", "reference": "X"});
    assert_eq!(platform.record(number).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn an_expected_payment_counts_until_its_deadline_and_is_confirmed_without_counting_twice() {
    let (platform, client) = euro_client().await;
    let expected = json!({"confirmed": false, "confirm_before": days(7)});
    let made = platform.record(payment_with(&client, "inbound", "100", "TT-1", expected)).await;
    let stored = made.body.clone();
    assert_eq!(shown(made), "not_confirmed, 100 of 100");
    let midnight = days(7).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    assert_eq!(stored["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap(), midnight);
    for _ in 0..2 {
        let confirmed = platform.change(&stored, json!({"confirmed": true})).await;
        assert_eq!(shown(confirmed), "confirmed, 100 of 100");
    }
    let due = platform.store.due_payments(midnight, 10).await.unwrap();
    assert_eq!(due, vec![]);
}

#[tokio::test]
async fn a_withdrawn_confirmation_leaves_the_balance_at_its_deadline_or_at_once() {
    let (platform, client) = euro_client().await;
    let made = platform.record(payment(&client, "inbound", "100", "TT-1")).await.good();
    let missing = platform.change(&made, json!({"confirmed": false})).await;
    assert_eq!(
        refused(&missing),
        (
            "422 invalid".into(),
            "confirm_before".into(),
            "a payment that is not confirmed needs `confirm_before`".into()
        )
    );
    let ahead = json!({"confirmed": false, "confirm_before": days(2)});
    assert_eq!(shown(platform.change(&made, ahead).await), "not_confirmed, 100 of 100");
    // What the sweeper does when the day has come, here a little early and as often as it likes.
    let midnight = days(2).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let due = platform.store.due_payments(midnight, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    for expected in [store::Expired::Now, store::Expired::NotDue] {
        assert_eq!(platform.store.expire_payment(&due[0], midnight).await.unwrap(), expected);
    }
    assert_eq!(platform.store.due_payments(midnight, 10).await.unwrap(), vec![]);
    assert_eq!(platform.balance(&client).await, "0");
    assert_eq!(text(&platform.get(&client.key, &path(&made)).await.good(), "status"), "expired");
    assert_eq!(shown(platform.change(&made, json!({"confirmed": true})).await), "confirmed, 100 of 100");
    // An agreement that began today has no earlier day, so today's deadline needs an older one: the rule
    // is shown with dates in `domain::payment`.
    let today = platform.change(&made, json!({"confirmed": false, "confirm_before": today()})).await;
    assert_eq!(
        refused(&today),
        (
            "422 invalid".into(),
            "confirm_before".into(),
            "`confirm_before` must be later than the payment date".into()
        )
    );
}

#[tokio::test]
async fn dates_before_the_agreement_have_no_version() {
    let (platform, client) = euro_client().await;
    let sentence = "The actual agreement version could not be found for the selected payment date and payment \
                    confirmation deadline";
    let expected = ("422 no_agreement_version".into(), "payment_date".into(), sentence.to_owned());
    let early = payment_with(&client, "inbound", "5", "X", json!({"payment_date": days(-1)}));
    assert_eq!(refused(&platform.record(early).await), expected);
    let made = platform.record(payment(&client, "inbound", "5", "X")).await.good();
    let moved = platform.change(&made, json!({"payment_date": days(-1)})).await;
    assert_eq!(refused(&moved), expected);
    let both = json!({"confirmed": false, "payment_date": days(-3), "confirm_before": days(-2)});
    assert_eq!(refused(&platform.change(&made, both).await), expected);
}

#[tokio::test]
async fn a_deleted_payment_stays_readable_without_effect_and_frees_its_code() {
    let (platform, client) = euro_client().await;
    let made = platform.record(payment(&client, "inbound", "100", "TT-1")).await.good();
    for _ in 0..2 {
        assert_eq!(shown(platform.delete(&made).await), "canceled, 0 of 0");
    }
    assert_eq!(text(&platform.get(&client.key, &path(&made)).await.good(), "status"), "canceled");
    let sentence = "a deleted payment cannot be changed";
    let changed = platform.change(&made, json!({"confirmed": true})).await;
    assert_eq!(
        (changed.refusal(), text(&changed.body, "detail")),
        ("409 payment_deleted".into(), sentence.into())
    );
    assert_eq!(shown(platform.record(payment(&client, "inbound", "7", "TT-1")).await), "confirmed, 7 of 7");
    assert_eq!(shown(platform.delete(&made).await), "canceled, 0 of 7");
    for query in ["", "&status=canceled", "&status=confirmed"] {
        let company = format!("company={}{query}", client.company);
        let expected = if query.is_empty() { 2 } else { 1 };
        assert_eq!(platform.listed(&platform.owner.key, &company).await, vec!["TT-1"; expected]);
    }
}

#[tokio::test]
async fn a_payment_is_given_another_code_only_if_that_is_free() {
    let (platform, client) = euro_client().await;
    let first = platform.record(payment(&client, "inbound", "1", "TT-1")).await.good();
    platform.record(payment(&client, "inbound", "2", "TT-2")).await.good();
    let taken = platform.change(&first, json!({"reference": "TT-2"})).await;
    let sentence = "The payment with this code already exists for the selected company";
    assert_eq!(refused(&taken), ("409 reference_taken".into(), "reference".into(), sentence.into()));
    platform.change(&first, json!({"reference": " TT-3 "})).await.good();
    platform.record(payment(&client, "inbound", "3", "TT-1")).await.good();
    let company = format!("company={}", client.company);
    assert_eq!(platform.listed(&platform.owner.key, &company).await, ["TT-1", "TT-2", "TT-3"]);
    // Codes are unique in a company, not between companies.
    let other = platform.euro_member(&platform.owner, "Other", "client").await;
    platform.record(payment(&other, "inbound", "3", "TT-1")).await.good();
}

#[tokio::test]
async fn a_payment_in_another_currency_replenishes_by_its_own_amount_and_keeps_its_rate() {
    let (platform, client) = euro_client().await;
    let dollars = json!({"currency": "USD", "replenishment_amount": "98"});
    let made = platform.record(payment_with(&client, "inbound", "100", "1002", dollars)).await.good();
    let figures = |payment: &Value| {
        ["amount", "currency", "replenishment_amount", "agreement_currency", "exchange_rate", "balance"]
            .map(|name| text(payment, name))
    };
    assert_eq!(figures(&made), ["100", "USD", "98", "EUR", "1.0204081633", "98"]);
    assert_eq!(text(&made, "exchange_rate_date"), today().to_string());
    let changed = platform.change(&made, json!({"amount": "150"})).await.good();
    assert_eq!(figures(&changed), ["150", "USD", "147", "EUR", "1.0204081633", "147"]);
    // What cannot be changed is no field of a change.
    for fixed in ["company", "agreement", "direction", "currency", "replenishment_amount", "exchange_rate"] {
        assert_eq!(platform.change(&made, json!({fixed: "x"})).await.refusal(), "422 invalid", "{fixed}");
    }
    for (fields, field) in [
        (json!({"currency": "USD"}), "replenishment_amount"),
        (json!({"currency": "USD", "replenishment_amount": "0"}), "replenishment_amount"),
        (json!({"replenishment_amount": "98"}), "replenishment_amount"),
        (json!({"exchange_rate_date": today()}), "replenishment_amount"),
        (json!({"currency": "CREDIT", "replenishment_amount": "98"}), "currency"),
        (json!({"currency": "EURO"}), "currency"),
    ] {
        let refused = platform.record(payment_with(&client, "inbound", "100", "X", fields.clone())).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }
    let same = json!({"currency": "EUR", "replenishment_amount": "100.0"});
    let same = platform.record(payment_with(&client, "inbound", "100", "X", same)).await.good();
    assert_eq!((text(&same, "balance"), &same["exchange_rate"]), ("247".into(), &Value::Null));
}

#[tokio::test]
async fn what_was_taken_back_after_it_was_spent_is_owed() {
    let (platform, client) = euro_client().await;
    let made = platform.record(payment(&client, "inbound", "100", "TT-1")).await.good();
    platform.record(payment(&client, "outbound", "100", "BACK")).await.good();
    assert_eq!(shown(platform.delete(&made).await), "canceled, 0 of -100");
    platform.record(payment(&client, "inbound", "130", "TT-2")).await.good();
    assert_eq!(platform.balance(&client).await, "30");
}

#[tokio::test]
async fn a_change_of_another_revision_than_the_named_one_is_refused() {
    let (platform, client) = euro_client().await;
    let made = platform.record(payment(&client, "inbound", "100", "TT-1")).await.good();
    let path = path(&made);
    let tag = async || {
        let answer = platform.get(&platform.owner.key, &path).await;
        answer.headers["etag"].to_str().unwrap().to_owned()
    };
    let seen = tag().await;
    let change = async |tag: &str, body: Value| {
        platform.ask(&platform.owner.key, Method::PATCH, &path, &[("if-match", tag)], Some(body)).await
    };
    change(&seen, json!({"amount": "1"})).await.good();
    assert_eq!(change(&seen, json!({"amount": "2"})).await.refusal(), "412 precondition_failed");
    // The first one again, because its answer was lost: it is so already.
    change(&seen, json!({"amount": "1"})).await.good();
    change(&tag().await, json!({"amount": "2"})).await.good();
    assert_eq!(platform.balance(&client).await, "2");
}

#[tokio::test]
async fn payments_are_listed_page_by_page_and_by_what_they_are() {
    let (platform, client) = euro_client().await;
    for (reference, fields) in [
        ("A", json!({})),
        ("B", json!({"confirmed": false, "confirm_before": days(9)})),
        ("C", json!({"payment_date": days(3)})),
    ] {
        platform.record(payment_with(&client, "inbound", "1", reference, fields)).await.good();
    }
    let owner = &platform.owner.key;
    let company = format!("company={}&sort=created_at", client.company);
    for (query, expected) in [
        (String::new(), vec!["A", "B", "C"]),
        ("&status=not_confirmed".into(), vec!["B"]),
        (format!("&from={}", days(1)), vec!["C"]),
        (format!("&till={}", days(3)), vec!["A", "B"]),
        (format!("&agreement={}", client.agreement), vec!["A", "B", "C"]),
        (format!("&agreement={}", platform.house.agreement), vec![]),
    ] {
        assert_eq!(platform.listed(owner, &format!("{company}{query}")).await, expected, "{query}");
    }
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = platform.get(owner, &format!("/v1/payments?{company}&limit=2{cursor}")).await.good();
        pages.extend(page["items"].as_array().unwrap().iter().map(|payment| text(payment, "reference")));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", next.replace('#', "%23"));
    }
    assert_eq!(pages, ["A", "B", "C"]);
    for wrong in ["&cursor=x", "&limit=0", "&status=paid", &format!("&from={}&till={}", days(1), days(0))] {
        let refused = platform.get(owner, &format!("/v1/payments?{company}{wrong}")).await;
        assert_eq!(refused.refusal(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn a_company_lists_what_is_in_its_balance_and_others_find_nothing() {
    let (platform, client) = euro_client().await;
    let stranger = platform.euro_member(&platform.owner, "Stranger", "client").await;
    platform.record(payment(&client, "inbound", "1", "A")).await.good();
    let gone = platform.record(payment(&client, "inbound", "1", "B")).await.good();
    platform.delete(&gone).await.good();
    assert_eq!(platform.listed(&client.key, "").await, ["A"]);
    let foreign = platform.get(&stranger.key, &format!("/v1/payments?company={}", client.company)).await;
    assert_eq!(foreign.refusal(), "404 not_found");
    for (key, code) in [(&stranger.key, "404 not_found"), (&client.key, "403 not_allowed")] {
        let path = path(&gone);
        let changed = platform.patch(key, &path, json!({"confirmed": true})).await;
        let deleted = platform.ask(key, Method::DELETE, &path, &[], None).await;
        assert_eq!((changed.refusal(), deleted.refusal()), (code.into(), code.into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn confirming_withdrawing_and_deleting_at_once_ends_in_one_balance() {
    let (platform, client) = euro_client().await;
    for round in 0..4 {
        let made = payment(&client, "inbound", "100", &format!("TT-{round}"));
        let made = platform.record(made).await.good();
        let withdrawn = json!({"confirmed": false, "confirm_before": days(5)});
        let (confirmed, withdrawn, noted, deleted) = tokio::join!(
            platform.change(&made, json!({"confirmed": true})),
            platform.change(&made, withdrawn),
            platform.change(&made, json!({"description": "checked"})),
            platform.delete(&made),
        );
        assert_eq!(text(&deleted.good(), "status"), "canceled");
        for change in [confirmed, withdrawn, noted] {
            assert!(change.status.is_success() || change.refusal() == "409 payment_deleted");
        }
        assert_eq!(platform.balance(&client).await, "0");
    }
}

async fn shop(stripe: &StripeSimulator) -> (Platform, Member) {
    let platform = Platform::with_stripe(stripe.url()).await;
    let secret = json!({"secret_key": "sk_test_flow", "webhook_secret": "whsec_flow"});
    platform.secrets.set("payment-systems/stripe", secret);
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    (platform, client)
}

#[tokio::test]
async fn a_top_up_opens_one_page_however_often_it_is_asked_for() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, client) = shop(&stripe).await;
    let body = json!({"agreement": client.agreement, "amount": "25.50"});
    let ask = || platform.post_once(&client.key, "/v1/top_ups", "once", body.clone());
    let (first, second) = tokio::join!(ask(), ask());
    let (first, second, third) = (first.good(), second.good(), ask().await.good());
    assert_eq!((&first, &first), (&second, &third));
    assert_eq!(stripe.sessions().len(), 1);
    assert_eq!((text(&first, "state"), text(&first, "amount")), ("redirected".into(), "25.5".into()));
    assert!(text(&first, "url").starts_with(stripe.url()));
    let other = json!({"agreement": client.agreement, "amount": "26"});
    let other = platform.post_once(&client.key, "/v1/top_ups", "once", other).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    let listed =
        platform.get(&client.key, &format!("/v1/top_ups?agreement={}", client.agreement)).await.good();
    assert_eq!(things(&listed), json!([first]));
}

#[tokio::test]
async fn top_ups_are_listed_by_agreement_company_and_tenant() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, client) = shop(&stripe).await;
    let owner = &platform.owner;
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    for (member, amounts) in [(&client, ["1", "2"]), (&reseller, ["3", "4"])] {
        for amount in amounts {
            let body = json!({"agreement": member.agreement, "amount": amount});
            platform.post(&member.key, "/v1/top_ups", body).await.good();
        }
    }
    let amounts = async |key: &str, query: &str| {
        let list = platform.get(key, &format!("/v1/top_ups?sort=amount{query}")).await.good();
        list["items"].as_array().unwrap().iter().map(|it| text(it, "amount")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(amounts(&client.key, "").await, "1 2", "its own");
    assert_eq!(amounts(&owner.key, &format!("&company={}", reseller.company)).await, "3 4");
    assert_eq!(amounts(&owner.key, &format!("&agreement={}", client.agreement)).await, "1 2");
    let tenant = format!("&tenant={}", owner.company);
    assert_eq!(amounts(&owner.key, &tenant).await, "1 2 3 4");
    assert_eq!(amounts(&owner.key, &format!("{tenant}&amount_min=2&amount_max=3")).await, "2 3");
    assert_eq!(amounts(&owner.key, &format!("{tenant}&from=2100-01-01T00:00:00Z")).await, "");
    let list = platform.get(&owner.key, &format!("/v1/top_ups?company={}", client.company)).await.good();
    let close = format!("/v1/top_ups/{}/close", text(&list["items"][0], "id"));
    platform.post(&owner.key, &close, json!({"reason": "paid by wire"})).await.good();
    assert_eq!(amounts(&owner.key, &format!("{tenant}&state=closed")).await, "2", "the newest of them");
    assert_eq!(amounts(&owner.key, &format!("{tenant}&state=redirected")).await, "1 3 4");
    let (path, headers) = (format!("/v1/top_ups?state=closed{tenant}"), [("accept", "text/csv")]);
    let file = platform.ask(&owner.key, Method::GET, &path, &headers, None).await.good();
    let mut rows = file.as_str().unwrap().lines().map(|row| row.split(',').collect::<Vec<_>>());
    let (names, closed) = (rows.next().unwrap(), rows.next().unwrap());
    let by = names.iter().position(|name| *name == "closed_by").unwrap();
    assert_eq!((closed[by], rows.next()), (owner.company.as_str(), None));
    for stranger in [&client, &reseller] {
        for query in [tenant.as_str(), &format!("&company={}", owner.company)] {
            let refused = platform.get(&stranger.key, &format!("/v1/top_ups?sort=amount{query}")).await;
            assert_eq!(refused.refusal(), "404 not_found", "{query}");
        }
    }
}

#[tokio::test]
async fn the_client_of_a_reseller_that_takes_no_cards_does_not_pay_into_the_platforms_own_account() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, _) = shop(&stripe).await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Its client", "client").await;
    let body = json!({"agreement": client.agreement, "amount": "5"});
    let quote = platform.post(&client.key, "/v1/top_ups/quote", body.clone()).await.good();
    assert_eq!(quote, json!({"order": null, "items": []}));
    assert_eq!(platform.post(&client.key, "/v1/top_ups", body).await.refusal(), "409 no_payment_system");
    assert_eq!(stripe.sessions().len(), 0);
    let body = json!({"agreement": reseller.agreement, "amount": "5"});
    platform.post(&reseller.key, "/v1/top_ups", body).await.good();
    assert_eq!(stripe.sessions().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_paid_by_card_opens_no_page() {
    let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
    let (platform, client) = shop(&stripe).await;
    for amount in ["0", "-5", "0.001"] {
        let body = json!({"agreement": client.agreement, "amount": amount});
        assert_eq!(
            platform.post(&client.key, "/v1/top_ups", body).await.refusal(),
            "422 invalid",
            "{amount}"
        );
    }
    let credits = platform.member(&platform.owner, "Credits", "client").await;
    let body = json!({"agreement": credits.agreement, "amount": "5"});
    assert_eq!(platform.post(&credits.key, "/v1/top_ups", body).await.refusal(), "422 invalid");
    platform.secrets.set("payment-systems/stripe", json!({"secret_key": "", "webhook_secret": ""}));
    let body = json!({"agreement": client.agreement, "amount": "5"});
    assert_eq!(platform.post(&client.key, "/v1/top_ups", body).await.refusal(), "409 no_payment_system");
    assert_eq!(stripe.sessions().len(), 0);
}

//! Invoices, their charges and what covers them, in the back office of who issues them and in the portal of
//! who pays.

use http::Method;
use jiff::civil::Date;
use queue::Billing;
use serde_json::{Value, json};
use tests::embedded_s3::EmbeddedS3;

use crate::billing::use_from;
use crate::platform::{Answer, Member, Platform, text, today};
use crate::printing::work;

/// A client that has used three messages of five cents.
struct Office {
    platform: Platform,
    client: Member,
}

impl Office {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let client = platform.euro_member(&platform.owner, "Client", "client").await;
        use_from(&platform, &client, "ACME", 0..3).await;
        Self { platform, client }
    }

    async fn get(&self, path: &str) -> Value {
        self.platform.get(&self.platform.owner.key, path).await.good()
    }

    async fn act(&self, method: Method, path: &str, body: Value) -> Answer {
        self.platform.ask(&self.platform.owner.key, method, path, &[], Some(body)).await
    }

    async fn csv(&self, key: &str, path: &str) -> Vec<String> {
        let file = self.platform.ask(key, Method::GET, path, &[("accept", "text/csv")], None).await.good();
        file.as_str().unwrap().lines().map(str::to_owned).collect()
    }

    /// The draft of what is not billed yet, by its path.
    async fn draft(&self) -> String {
        let path = format!("/v1/agreements/{}/invoices", self.client.agreement);
        let draft = self.act(Method::POST, &path, json!({})).await.good();
        format!("/v1/invoices/{}", text(&draft, "id"))
    }

    async fn confirm(&self, invoice: &str) -> Value {
        let path = format!("{invoice}/confirm");
        self.act(Method::POST, &path, json!({"early": true, "send": false})).await.good()
    }

    /// An invoice over 0.15 and its correction over 0.1, both confirmed.
    async fn corrected(&self) -> (String, String) {
        let first = self.draft().await;
        self.confirm(&first).await;
        use_from(&self.platform, &self.client, "BETA", 3..5).await;
        let second = self.draft().await;
        self.confirm(&second).await;
        (first, second)
    }

    /// The invoices in a list, by their paths. Those of one period stand in no order.
    async fn listed(&self, key: &str, query: &str) -> Vec<String> {
        let path = format!("/v1/invoices?agreement={}{query}", self.client.agreement);
        let list = self.platform.get(key, &path).await.good();
        let invoices = list["items"].as_array().unwrap().iter();
        invoices.map(|invoice| format!("/v1/invoices/{}", text(invoice, "id"))).collect()
    }

    /// What covers an invoice, as amounts, those by hand with a star.
    async fn covers(&self, invoice: &str) -> Vec<String> {
        let shown = self.get(&format!("{invoice}/coverage")).await;
        let cover = |cover: &Value| {
            let star = if cover["by_hand"] == true { "*" } else { "" };
            format!("{}{star}", text(cover, "amount"))
        };
        shown["covers"].as_array().unwrap().iter().map(cover).collect()
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

#[tokio::test]
async fn what_is_used_after_a_confirmation_is_billed_by_a_correction() {
    let office = Office::new().await;
    let first = office.draft().await;
    let confirmed = office.confirm(&first).await;
    assert_eq!(
        (text(&confirmed, "payment_status"), text(&confirmed, "outstanding")),
        ("expected".into(), "0.15".into())
    );
    use_from(&office.platform, &office.client, "BETA", 3..5).await;
    let second = office.draft().await;
    let draft = office.get(&second).await;
    assert_eq!((&draft["sequence"], text(&draft, "total_due")), (&json!(1), "0.1".into()));
    assert_eq!((&draft["covered"], text(&draft, "payment_status")), (&Value::Null, "n/a".into()));
    let (own, correction) = (&confirmed["charges"][0], &draft["charges"][0]);
    assert_eq!((&correction["version"], &correction["corrects"]), (&json!(2), &own["id"]));

    let corrections = format!("{first}/corrections");
    assert_eq!(office.get(&corrections).await["items"], json!([draft]));
    let of_client = office.platform.get(&office.client.key, &corrections).await.good();
    assert_eq!(of_client["items"], json!([]), "a draft is its tenant's work");
    office.confirm(&second).await;
    let of_client = office.platform.get(&office.client.key, &corrections).await.good();
    assert_eq!(text(&of_client["items"][0], "id"), text(&draft, "id"));
}

#[tokio::test]
async fn a_confirmation_is_taken_back_last_correction_first_and_the_number_stays() {
    let office = Office::new().await;
    let (first, second) = office.corrected().await;
    let unconfirm =
        async |invoice: &str| office.act(Method::POST, &format!("{invoice}/unconfirm"), json!({})).await;
    let refused = unconfirm(&first).await;
    assert_eq!(refused.refusal(), "409 corrected");
    assert!(second.ends_with(&text(&refused.body, "correction")));
    let draft = unconfirm(&second).await.good();
    assert_eq!((text(&draft, "status"), &draft["number"]), ("draft".into(), &json!(2)));
    assert_eq!((&draft["outstanding"], &draft["issue_date"]), (&Value::Null, &Value::Null));
    assert_eq!(unconfirm(&second).await.refusal(), "409 not_confirmed");
    assert_eq!(office.platform.get(&office.client.key, &second).await.refusal(), "404 not_found");
    let of_client = office.platform.post(&office.client.key, &format!("{first}/unconfirm"), json!({})).await;
    assert_eq!(of_client.refusal(), "403 not_allowed");
    unconfirm(&first).await.good();
    assert_eq!(office.confirm(&first).await["number"], json!(1), "the same as before");
    let jobs: Vec<Billing> = office.platform.sqs.messages(&office.platform.sqs.queue("billing"));
    let covers = jobs.iter().filter(|job| matches!(job, Billing::CoverV1 { .. })).count();
    assert_eq!(covers, 5, "after each confirmation and each that was taken back");
}

#[tokio::test]
async fn an_invoice_is_commented_and_disputed_under_its_revision() {
    let office = Office::new().await;
    let invoice = office.draft().await;
    let dispute = json!({"dispute_status": "open", "disputed": "0.05"});
    assert_eq!(office.act(Method::PATCH, &invoice, dispute.clone()).await.refusal(), "409 not_confirmed");
    office.act(Method::PATCH, &invoice, json!({"comment": "For October"})).await.good();
    office.confirm(&invoice).await;
    let read = office.platform.get(&office.platform.owner.key, &invoice).await;
    let etag = read.headers["etag"].to_str().unwrap().to_owned();
    let disputed = office.act(Method::PATCH, &invoice, dispute.clone()).await.good();
    assert_eq!(
        (text(&disputed, "dispute_status"), text(&disputed, "disputed")),
        ("open".into(), "0.05".into())
    );
    let stale = [("if-match", etag.as_str())];
    let key = &office.platform.owner.key;
    let again = office.platform.ask(key, Method::PATCH, &invoice, &stale, Some(dispute.clone())).await;
    assert_eq!(again.refusal(), "412 precondition_failed");
    let too_much = office.act(Method::PATCH, &invoice, json!({"disputed": "0.16"})).await;
    assert_eq!(
        (too_much.refusal(), text(&too_much.body, "field")),
        ("422 invalid".into(), "disputed".into())
    );

    let client = &office.client.key;
    assert_eq!(office.platform.patch(client, &invoice, dispute).await.refusal(), "403 not_allowed");
    let shown = office.platform.get(client, &invoice).await.good();
    assert_eq!((text(&shown, "comment"), text(&shown, "disputed")), ("For October".into(), "0.05".into()));
    assert_eq!((&shown["confirmed_by"], &shown["dispatch_status"]), (&Value::Null, &Value::Null));
    let own = office.get(&invoice).await;
    assert_eq!((text(&own, "dispatch_status"), own["confirmed_by"].is_string()), ("not_sent".into(), true));
    let emptied = office.act(Method::PATCH, &invoice, json!({"comment": null})).await.good();
    assert_eq!((&emptied["comment"], text(&emptied, "disputed")), (&Value::Null, "0.05".into()));
}

#[tokio::test]
async fn payments_cover_the_oldest_due_invoice_unless_they_are_put_to_another_by_hand() {
    let office = Office::new().await;
    let (first, second) = office.corrected().await;
    let (platform, owner) = (&office.platform, &office.platform.owner);
    let payment = text(&platform.pay(owner, &office.client.agreement, "0.2").await, "id");
    assert_eq!(
        (office.covers(&first).await, office.covers(&second).await),
        (vec!["0.15".to_owned()], vec!["0.05".to_owned()])
    );

    let put = async |invoice: &str, payment: &str, amount: &str| {
        let body = json!({"allocations": [{"payment": payment, "amount": amount}]});
        office.act(Method::PUT, &format!("{invoice}/allocations"), body).await
    };
    let by_hand = put(&second, &payment, "0.1").await.good();
    assert_eq!((text(&by_hand, "covered"), text(&by_hand, "outstanding")), ("0.1".into(), "0".into()));
    assert_eq!(
        (office.covers(&first).await, office.covers(&second).await),
        (vec!["0.1".to_owned()], vec!["0.1*".to_owned()])
    );
    assert_eq!(office.listed(&owner.key, "&payment_status=partly").await, std::slice::from_ref(&first));
    assert_eq!(office.listed(&owner.key, "&payment_status=paid").await, std::slice::from_ref(&second));
    assert_eq!(put(&first, &payment, "0.15").await.refusal(), "402 insufficient_funds");
    assert_eq!(put(&second, &payment, "0.11").await.refusal(), "422 invalid");
    assert_eq!(put(&second, "pay_00000000000000000000000001", "0.1").await.refusal(), "422 invalid");

    let client = &office.client.key;
    let seen = platform.get(client, &format!("{second}/coverage")).await.good();
    assert_eq!(text(&seen["covers"][0], "payment"), payment);
    let path = format!("{second}/allocations");
    let refused = platform.ask(client, Method::PUT, &path, &[], Some(json!({"allocations": []}))).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
    let released = office.act(Method::PUT, &path, json!({"allocations": []})).await.good();
    assert_eq!((text(&released, "covered"), &released["allocations"]), ("0.05".into(), &json!([])));
    let draft = platform.euro_member(owner, "Other", "client").await;
    use_from(platform, &draft, "ACME", 0..1).await;
    let path = format!("/v1/agreements/{}/invoices", draft.agreement);
    let draft = text(&platform.post(&owner.key, &path, json!({})).await.good(), "id");
    let coverage = platform.get(&owner.key, &format!("/v1/invoices/{draft}/coverage")).await;
    assert_eq!(coverage.refusal(), "409 not_confirmed");
}

#[tokio::test]
async fn an_invoice_in_message_credits_is_paid_by_their_use_and_no_payment_is_put_to_it() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    use_from(&platform, &client, "ACME", 0..20).await;
    let office = Office { platform, client };
    let invoice = office.draft().await;
    let confirmed = office.confirm(&invoice).await;
    let told = ["total_due", "covered", "outstanding", "payment_status"].map(|name| text(&confirmed, name));
    assert_eq!(told, ["1", "1", "0", "paid"]);
    assert_eq!((&confirmed["due_date"], &confirmed["tax_rule"]), (&Value::Null, &Value::Null));
    let shown = office.get(&format!("{invoice}/coverage")).await;
    assert_eq!((text(&shown, "covered"), &shown["covers"]), ("1".into(), &json!([])));
    let put = json!({"allocations": [{"payment": "pay_00000000000000000000000001", "amount": "1"}]});
    let refused = office.act(Method::PUT, &format!("{invoice}/allocations"), put).await;
    assert_eq!(refused.refusal(), "409 nothing_to_pay");
}

#[tokio::test]
async fn invoices_are_found_by_what_the_table_shows_and_come_as_a_file() {
    let office = Office::new().await;
    let (first, second) = office.corrected().await;
    let owner = &office.platform.owner.key;
    office.act(Method::PATCH, &second, json!({"dispute_status": "open"})).await.good();
    let both = vec![first.clone(), second.clone()];
    let (day, later) = (today(), today().tomorrow().unwrap());
    for (query, expected) in [
        ("&kind=invoice".to_owned(), both.clone()),
        ("&kind=credit_note".into(), vec![]),
        ("&direction=receivable&sort=kind".into(), both.clone()),
        ("&status=draft".into(), vec![]),
        ("&payment_status=expected".into(), both.clone()),
        ("&dispute_status=open".into(), vec![second.clone()]),
        ("&dispatch_status=not_sent&is_correction=false".into(), vec![first.clone()]),
        ("&is_correction=true".into(), vec![second.clone()]),
        ("&number=1".into(), vec![first.clone()]),
        ("&currency=USD".into(), vec![]),
        ("&amount_max=0.1".into(), vec![second.clone()]),
        (format!("&issued_from={day}&issued_till={later}"), both.clone()),
        (format!("&due_till={later}"), vec![]),
        (format!("&ends_till={day}"), vec![]),
    ] {
        let found = office.listed(owner, &query).await;
        assert_eq!(sorted(found), sorted(expected), "{query}");
    }
    assert_eq!(office.listed(owner, "&sort=total_due").await, [second.clone(), first.clone()]);
    assert_eq!(office.listed(owner, "&sort=-number").await, [second, first]);
    let client = &office.client.key;
    assert_eq!(
        office.listed(client, "&dispatch_status=not_sent").await,
        [] as [String; 0],
        "not theirs to ask"
    );
    let file = office.csv(client, "/v1/invoices?sort=-total_due").await;
    assert_eq!(file.len(), 3);
    let head =
        "id,company,company_name,agreement,agreement_code,own_legal_entity,own_legal_entity_name,tenant,";
    assert!(file[0].starts_with(head) && file[1].contains(",Client,"), "{file:?}");
    assert!(
        file[1].contains(",receivable,invoice,")
            && file[1].contains(",0.15,0,0.15,0.15,0,0.15,0,EUR,confirmed,expected,n/a,,")
    );
}

#[tokio::test]
async fn charges_are_listed_with_their_rows_on_the_screen_and_as_files() {
    let office = Office::new().await;
    use_from(&office.platform, &office.client, "BETA", 3..5).await;
    use_from(&office.platform, &office.client, "GAMMA", 5..6).await;
    let invoice = office.draft().await;
    let charges = office.get(&format!("{invoice}/charges")).await;
    let charge = &charges["items"][0];
    assert_eq!((text(charge, "resource"), text(charge, "status")), ("sms_message".into(), "draft".into()));
    assert_eq!(
        (&charge["messages"], text(charge, "net"), &charge["rows"]),
        (&json!(6), "0.3".into(), &json!(3))
    );
    let path = format!("{invoice}/charges/{}", text(charge, "id"));
    let one = office.get(&path).await;
    for (name, value) in charge.as_object().unwrap() {
        assert_eq!(one[name], *value, "{name}");
    }
    let rows = format!("{path}/rows");
    let senders = async |query: &str| {
        let page = office.get(&format!("{rows}?limit=2{query}")).await;
        let senders: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|row| text(row, "sender")).collect();
        (senders, page["next"].as_str().map(str::to_owned))
    };
    for confirmed in [false, true] {
        if confirmed {
            assert_eq!(office.platform.get(&office.client.key, &rows).await.refusal(), "404 not_found");
            office.confirm(&invoice).await;
        }
        let (first, next) = senders("").await;
        let (second, end) = senders(&format!("&cursor={}", next.unwrap())).await;
        assert_eq!(
            (first, second, end),
            (vec!["ACME".to_owned(), "BETA".into()], vec!["GAMMA".into()], None)
        );
    }
    assert_eq!(
        office.platform.get(&office.client.key, &format!("{rows}?cursor=z")).await.refusal(),
        "422 invalid"
    );
    let missing = office.platform.get(&office.client.key, &format!("{invoice}/charges/chg_1/rows")).await;
    assert_eq!(missing.refusal(), "404 not_found");
    let file = office.csv(&office.client.key, &rows).await;
    assert_eq!((file.len(), file[0].starts_with("id,sender,subject,country,direction,rate")), (4, true));
    let shown = office.get(&rows).await;
    let begin = format!("{},BETA,,DE,outgoing,", text(&shown["items"][1], "id"));
    assert!(file[2].starts_with(&begin) && file[2].ends_with(",0.05,2,2,0.1,0,0.1"), "{}", file[2]);
    assert_eq!(office.csv(&office.client.key, &format!("{invoice}/charges")).await.len(), 2);
}

#[tokio::test]
async fn charges_of_all_invoices_are_found_by_what_they_are() {
    let office = Office::new().await;
    let (first, second) = office.corrected().await;
    let found = async |key: &str, query: &str| {
        let path = format!("/v1/charges?{query}");
        let list = office.platform.get(key, &path).await.good();
        let charges = list["items"].as_array().unwrap().iter();
        charges.map(|charge| format!("/v1/invoices/{}", text(charge, "invoice"))).collect::<Vec<_>>()
    };
    let owner = &office.platform.owner;
    let both = vec![first.clone(), second.clone()];
    for (query, expected) in [
        ("", both.clone()),
        ("&resource=sms_message&currency=EUR", both.clone()),
        ("&resource=rcs_message", vec![]),
        ("&is_correction=true", vec![second.clone()]),
        ("&amount_min=0.15&direction=receivable", vec![first.clone()]),
        ("&status=draft", vec![]),
        ("&number=2", vec![second.clone()]),
        (&format!("&wallet={}", office.client.wallet), both.clone()),
        (&format!("&wallet={}", owner.wallet), vec![]),
    ] {
        let of_tenant = format!("tenant={}{query}", owner.company);
        assert_eq!(sorted(found(&owner.key, &of_tenant).await), sorted(expected), "{query}");
    }
    assert_eq!(found(&owner.key, &format!("tenant={}&limit=1", owner.company)).await.len(), 1);
    assert_eq!(found(&office.client.key, "sort=net").await, [second.clone(), first.clone()]);
    assert_eq!(found(&office.client.key, "sort=-quantity").await, [first.clone(), second]);
    assert_eq!(found(&office.client.key, "sort=-total&limit=1").await, [first]);
    assert_eq!(sorted(found(&office.client.key, "").await), sorted(both));
    let neighbour = office.platform.euro_member(owner, "Neighbour", "client").await;
    let foreign = format!("/v1/charges?agreement={}", office.client.agreement);
    assert_eq!(office.platform.get(&neighbour.key, &foreign).await.refusal(), "404 not_found");
    let file = office.csv(&office.client.key, "/v1/charges?number=1").await;
    let wallet_and_direction = format!(",{},receivable,", office.client.wallet);
    assert!(file[0].contains(",wallet,direction,") && file[1].contains(&wallet_and_direction), "{file:?}");
    assert!(
        file[1].contains(",receivable,") && file[1].ends_with(",confirmed,1,,3,3,0.15,0,0.15,EUR"),
        "{}",
        file[1]
    );
}

#[tokio::test]
async fn the_tax_of_an_invoice_follows_the_sellers_rule_for_the_buyers_country() {
    let office = Office::new().await;
    let (platform, owner) = (&office.platform, &office.platform.owner);
    let rules = json!([{"country": "de", "name": "VAT", "percent": "19", "reverse_charge": true, "note": "Article 196"},
        {"name": "Levy", "percent": "20"}]);
    let seller = json!({"name": "Seller", "legal_name": "Seller, Inc.", "country": "CA", "legal_number": "1",
        "taxes": rules});
    let seller = platform.post(&owner.key, "/v1/own_legal_entities", seller).await.good();
    assert_eq!(
        (text(&seller["taxes"][0], "country"), text(&seller["taxes"][1], "percent")),
        ("DE".into(), "20".into())
    );
    let path = format!("/v1/own_legal_entities/{}", text(&seller, "id"));
    let twice = json!({"taxes": [{"name": "A", "percent": "1"}, {"name": "B", "percent": "2"}]});
    let refused = platform.patch(&owner.key, &path, twice).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "taxes".into()));

    let buyer =
        json!({"company": office.client.company, "name": "Buyer", "legal_name": "Buyer", "country": "DE"});
    let buyer = text(&platform.post(&owner.key, "/v1/legal_entities", buyer).await.good(), "id");
    let agreement = format!("/v1/agreements/{}", office.client.agreement);
    let parties = json!({"own_legal_entity": seller["id"], "legal_entity": buyer});
    platform.patch(&owner.key, &agreement, parties).await.good();
    let invoice = office.draft().await;
    let taxed = office.get(&invoice).await;
    let sums = ["net", "tax", "total", "total_due"].map(|name| text(&taxed, name));
    assert_eq!(sums, ["0.15", "0.03", "0.1785", "0.18"]);
    assert_eq!(
        (text(&taxed["tax_rule"], "name"), text(&taxed["charges"][0], "tax")),
        ("VAT".into(), "0.0285".into())
    );
    platform
        .patch(&owner.key, &format!("/v1/legal_entities/{buyer}"), json!({"vat_number": "DE1"}))
        .await
        .good();
    let reversed = office.act(Method::POST, &format!("{invoice}/recalculate"), json!({})).await.good();
    assert_eq!((text(&reversed, "tax"), text(&reversed, "total_due")), ("0".into(), "0.15".into()));
    assert_eq!(
        (&reversed["tax_rule"]["reverse_charge"], text(&reversed["tax_rule"], "note")),
        (&json!(true), "Article 196".into())
    );
    let named = format!("/v1/invoices?tenant={}&own_legal_entity={}", owner.company, text(&seller, "id"));
    assert_eq!(office.get(&named).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_day_of_its_period_says_which_rule_taxes_an_invoice_and_what_corrects_it() {
    let office = Office::new().await;
    let (platform, owner) = (&office.platform, &office.platform.owner);
    let seller =
        json!({"name": "Seller", "legal_name": "Seller, Inc.", "country": "DE", "legal_number": "1"});
    let seller = text(&platform.post(&owner.key, "/v1/own_legal_entities", seller).await.good(), "id");
    let agreement = format!("/v1/agreements/{}", office.client.agreement);
    platform.patch(&owner.key, &agreement, json!({"own_legal_entity": seller})).await.good();
    let path = format!("/v1/own_legal_entities/{seller}");
    let change = async |till: Date, from: Date| {
        let rules = json!([{"name": "VAT", "percent": "16", "valid_till": till},
            {"name": "VAT", "percent": "19", "valid_from": from}]);
        platform.patch(&owner.key, &path, json!({"taxes": rules})).await
    };
    let invoice = office.draft().await;
    let last: Date = text(&office.get(&invoice).await, "last_day").parse().unwrap();
    let next = last.tomorrow().unwrap();
    let percent = |invoice: &Value| text(&invoice["tax_rule"], "percent");

    for (day, expected) in [(last, "19"), (next, "16")] {
        let changed = change(day, day).await.good();
        assert_eq!(text(&changed["taxes"][0], "valid_till"), day.to_string());
        let drafted = office.act(Method::POST, &format!("{invoice}/recalculate"), json!({})).await.good();
        assert_eq!(percent(&drafted), expected);
    }
    let refused = change(next, last).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "taxes".into()));
    office.confirm(&invoice).await;
    change(last, last).await.good();
    use_from(platform, &office.client, "BETA", 3..5).await;
    let correction = office.get(&office.draft().await).await;
    // 19 % of 0.10 are 0.02, and of 0.15 they are 0.01 more than 16 %.
    let told = ["net", "tax", "total_due"].map(|name| text(&correction, name));
    assert_eq!((percent(&correction), told), ("19".into(), ["0.1", "0.03", "0.13"].map(str::to_owned)));
    assert_eq!(percent(&office.get(&invoice).await), "16", "what is confirmed stays");
}

#[tokio::test]
async fn a_tax_rule_that_is_changed_for_days_that_are_past_corrects_confirmed_invoices_by_itself() {
    let office = Office::new().await;
    let (platform, owner, s3) = (&office.platform, &office.platform.owner, EmbeddedS3::new());
    let seller =
        json!({"name": "Seller", "legal_name": "Seller, Inc.", "country": "DE", "legal_number": "1"});
    let seller = text(&platform.post(&owner.key, "/v1/own_legal_entities", seller).await.good(), "id");
    let agreement = format!("/v1/agreements/{}", office.client.agreement);
    platform.patch(&owner.key, &agreement, json!({"own_legal_entity": seller})).await.good();
    // Jobs of earlier changes are done again each time.
    let change = async |name: &str, percent: &str| {
        let rules = json!({"taxes": [{"name": name, "percent": percent}]});
        platform.patch(&owner.key, &format!("/v1/own_legal_entities/{seller}"), rules).await.good();
        let queued = || -> Vec<Billing> { platform.sqs.messages(&platform.sqs.queue("billing")) };
        for job in queued().iter().filter(|job| matches!(job, Billing::TaxesChangedV1 { .. })) {
            work(platform, &s3, job).await;
        }
        for job in queued().iter().filter(|job| matches!(job, Billing::CloseV1 { .. })) {
            work(platform, &s3, job).await;
        }
    };
    let corrections = async |of: &[&str]| {
        let mut listed = office.listed(&owner.key, "").await;
        listed.retain(|invoice| !of.contains(&invoice.as_str()));
        listed
    };
    let sums = |invoice: &Value| ["net", "tax", "total", "total_due"].map(|name| text(invoice, name));

    change("VAT", "20").await;
    let first = office.draft().await;
    office.confirm(&first).await;
    let confirmed = office.get(&first).await;
    assert_eq!(sums(&confirmed), ["0.15", "0.03", "0.18", "0.18"]);
    change("Sales tax", "20").await;
    assert!(corrections(&[first.as_str()]).await.is_empty(), "it is the same tax by another name");
    change("Sales tax", "40").await;
    let second = corrections(&[first.as_str()]).await.remove(0);
    let draft = office.get(&second).await;
    assert_eq!(sums(&draft), ["0", "0.03", "0.03", "0.03"]);
    assert_eq!(draft["charges"], json!([]), "only its tax was wrong");
    let corrected = &draft["tax_corrections"][0];
    let told = [text(corrected, "invoice"), text(&corrected["before"], "percent"), text(corrected, "amount")];
    assert_eq!(told, [text(&confirmed, "id"), "20".into(), "0.03".into()]);
    change("VAT", "20").await;
    assert!(corrections(&[first.as_str()]).await.is_empty(), "nothing is to be corrected any more");

    change("VAT", "40").await;
    office.confirm(&second).await;
    let render = Billing::RenderV1 { invoice: text(&draft, "id").try_into().unwrap() };
    work(platform, &s3, &render).await;
    assert_eq!(office.get(&second).await["document_ready"], true);
    change("VAT", "0").await;
    let third = corrections(&[first.as_str(), second.as_str()]).await.remove(0);
    let note = office.get(&third).await;
    assert_eq!((text(&note, "kind"), text(&note, "total_due")), ("credit_note".into(), "-0.06".into()));
    assert_eq!(office.get(&first).await, confirmed, "what is confirmed stays");
    office.confirm(&third).await;
    let unconfirm =
        async |invoice: &str| office.act(Method::POST, &format!("{invoice}/unconfirm"), json!({})).await;
    assert_eq!(unconfirm(&second).await.refusal(), "409 corrected");
    for invoice in [&third, &second, &first] {
        unconfirm(invoice).await.good();
    }
}

#[tokio::test]
async fn a_company_whose_invoices_are_not_enabled_sees_none_and_its_tenant_all() {
    let office = Office::new().await;
    let (first, _) = office.corrected().await;
    let (platform, client) = (&office.platform, &office.client);
    let enable = async |enabled: bool| {
        let path = format!("/v1/companies/{}", client.company);
        office.act(Method::PATCH, &path, json!({"invoices_enabled": enabled})).await.good();
    };
    let charges = async |key: &str| {
        let list = platform.get(key, &format!("/v1/charges?agreement={}", client.agreement)).await.good();
        list["items"].as_array().unwrap().len()
    };
    enable(false).await;
    assert_eq!((office.listed(&client.key, "").await.len(), charges(&client.key).await), (0, 0));
    for part in ["", "/pdf", "/details", "/charges", "/coverage", "/corrections"] {
        let refused = platform.get(&client.key, &format!("{first}{part}")).await;
        assert_eq!(refused.refusal(), "404 not_found", "{part}");
    }
    let owner = &platform.owner.key;
    assert_eq!((office.listed(owner, "").await.len(), charges(owner).await), (2, 2));
    // What was done, and what of it is told.
    let log = async |key: &str| {
        let path = format!("/v1/audit?company={}&action=invoice.&limit=500", client.company);
        let log = platform.get(key, &path).await.good();
        let entries = log["items"].as_array().unwrap();
        let told = entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap());
        (entries.len(), told.map(|change| text(change, "field")).collect::<Vec<_>>())
    };
    let (done, told) = log(owner).await;
    assert!(told.contains(&"total_due".to_owned()) && told.contains(&"number".to_owned()), "{told:?}");
    assert_eq!(log(&client.key).await, (done, Vec::new()));
    let file = office.csv(&client.key, "/v1/audit?action=invoice.").await;
    assert!(file.len() == done + 1 && !file.concat().contains("total_due"), "{file:?}");
    enable(true).await;
    assert_eq!((office.listed(&client.key, "").await.len(), charges(&client.key).await), (2, 2));
    assert_eq!(log(&client.key).await, (done, Vec::new()), "drafts are in it");
}

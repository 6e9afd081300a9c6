use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::routing::post;
use vendors::alaris::{
    Answer, Link, LongMessageMode, ReceiptParameters, Submission, answer, receipt, request,
};
use vendors::callback::Callback;
use vendors::receipt::{Receipt, ReceiptState};

use super::*;
use crate::callback_urls::Urls;

/// What the webhook got, and how many calls it refuses before it takes one.
#[derive(Default)]
struct Heard {
    queries: Vec<String>,
    receipts: Vec<Receipt>,
    refuse: usize,
}

struct World {
    alaris: AlarisSimulator,
    webhook_url: String,
    heard: Arc<Mutex<Heard>>,
    client: reqwest::Client,
    _webhook: Serving,
}

impl World {
    async fn start() -> Self {
        let settings =
            Settings { username: "waybill".to_owned(), password: "p&ss".to_owned(), ..Settings::default() };
        let alaris = AlarisSimulator::start(settings).await.expect("a simulator");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let reserved = Reserved::port(0).await.expect("a port");
        let webhook_url = format!("{}/dlr", reserved.url());
        let router = Router::new().route("/dlr", post(webhook)).with_state(heard.clone());
        alaris.callbacks().set(Urls { receipt_url: Some(webhook_url.clone()), webhook_url: None });
        let _webhook = reserved.serve(router);
        Self { alaris, webhook_url, heard, client: reqwest::Client::new(), _webhook }
    }

    fn link(&self) -> Link {
        Link {
            url: self.alaris.url().to_owned(),
            username: "waybill".to_owned(),
            password: "p&ss".to_owned(),
            service_type: String::new(),
            long_message_mode: LongMessageMode::default(),
        }
    }

    async fn submit_over(&self, link: &Link, recipient: &str, text: &str) -> Answer {
        let request = request(&Submission { sender: "ACME", recipient, text }, link).expect("a request");
        let request = reqwest::Request::try_from(request).expect("a request");
        let reply = self.client.execute(request).await.expect("an answer");
        assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
        let status = reply.status();
        answer(status, &reply.bytes().await.expect("a body"))
    }

    async fn submit(&self, recipient: &str) -> Answer {
        self.submit_over(&self.link(), recipient, "hi").await
    }

    /// Waits until no report is under way, and gives what came.
    async fn receipts(&self) -> Vec<Receipt> {
        while 0 < self.alaris.pending_receipts() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.heard.lock().expect("no panic").receipts.clone()
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> (StatusCode, String) {
        let reply = request.send().await.expect("an answer");
        (reply.status(), reply.text().await.expect("a body"))
    }
}

async fn webhook(
    State(heard): State<Arc<Mutex<Heard>>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut heard = heard.lock().expect("no panic");
    if 0 < heard.refuse {
        heard.refuse -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let content_type = headers[CONTENT_TYPE].to_str().ok();
    let call = Callback { query: "", content_type, body: &body };
    heard.receipts.push(receipt(call, &ReceiptParameters::default()).expect("a receipt"));
    heard.queries.extend(query);
    StatusCode::OK
}

fn ids(answer: Answer) -> Vec<String> {
    match answer {
        Answer::Submitted { vendor_refs } => vendor_refs,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn our_message_is_taken_and_its_report_names_it() {
    let world = World::start().await;
    let id = ids(world.submit_over(&world.link(), "15550001111", " hi € ").await).remove(0);
    let received = world.alaris.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (received[0].ani.as_str(), received[0].dnis.as_str(), received[0].message.as_str()),
        ("ACME", "15550001111", " hi € ")
    );
    assert_eq!(received[0].message_ids, [id.as_str()]);
    assert_eq!(received[0].long_message_mode, "single_id_split");
    let expected = Receipt {
        vendor_ref: id,
        state: ReceiptState::Delivered,
        error_code: Some("000".to_owned()),
        recipient: Some("15550001111".to_owned()),
    };
    assert_eq!(world.receipts().await, [expected]);
}

#[tokio::test]
async fn the_end_of_a_number_decides_what_is_reported() {
    let world = World::start().await;
    for (recipient, state) in [
        ("15550000001", Some(ReceiptState::Undelivered)),
        ("15550000002", Some(ReceiptState::Expired)),
        ("15550000004", None),
        ("15550000010", Some(ReceiptState::Delivered)),
    ] {
        let id = ids(world.submit(recipient).await).remove(0);
        let receipts = world.receipts().await;
        let reported = receipts.iter().find(|receipt| receipt.vendor_ref == id);
        assert_eq!(reported.map(|receipt| receipt.state), state, "{recipient}");
    }
}

#[tokio::test]
async fn a_refused_number_costs_nothing_and_is_not_reported_on() {
    let world = World::start().await;
    let answer = world.submit("15550000005").await;
    let reason = "status 400: Incorrect destination number".to_owned();
    assert_eq!(answer, Answer::Rejected { reason });
    assert!(world.alaris.received()[0].message_ids.is_empty());
    assert!(world.receipts().await.is_empty());
}

#[tokio::test]
async fn a_throttled_number_is_taken_when_it_is_sent_again() {
    let world = World::start().await;
    assert!(matches!(world.submit("15550000006").await, Answer::Retry { .. }));
    ids(world.submit("15550000006").await);
    assert_eq!(world.receipts().await.len(), 1);
}

#[tokio::test]
async fn a_message_can_be_taken_and_delivered_although_the_answer_is_an_error() {
    let world = World::start().await;
    assert!(matches!(world.submit("15550000009").await, Answer::InDoubt { .. }));
    let receipts = world.receipts().await;
    assert_eq!(receipts.len(), 1);
    assert_eq!(world.alaris.received()[0].message_ids, [receipts[0].vendor_ref.as_str()]);
}

#[tokio::test]
async fn outcomes_can_be_changed_while_it_runs() {
    let world = World::start().await;
    let outcome = Outcome::reported("REJECTD", "010");
    world.alaris.set_overrides(vec![Override { ending: "77".to_owned(), outcome }]);
    ids(world.submit("15550000077").await);
    assert_eq!(world.receipts().await[0].state, ReceiptState::Rejected);
}

#[tokio::test]
async fn a_split_text_gets_an_array_with_an_id_and_a_report_for_each_part() {
    let world = World::start().await;
    let link = Link { long_message_mode: LongMessageMode::Split, ..world.link() };
    assert_eq!(ids(world.submit_over(&link, "15550001111", "hi").await).len(), 1);
    assert_eq!(ids(world.submit_over(&link, "15550001111", &"a".repeat(161)).await).len(), 2);
    assert_eq!(ids(world.submit_over(&link, "15550001111", &"ю".repeat(135)).await).len(), 3);
    assert_eq!(ids(world.submit_over(&world.link(), "15550001111", &"a".repeat(161)).await).len(), 1);
    assert_eq!(world.receipts().await.len(), 1 + 2 + 3 + 1);
    let query = [
        ("command", "submit"),
        ("username", "waybill"),
        ("password", "p&ss"),
        ("ani", "ACME"),
        ("dnis", "15550001111"),
        ("message", "hi"),
        ("longMessageMode", "split"),
    ];
    let (_, body) = world.call(world.client.post(world.alaris.url()).form(&query)).await;
    assert!(body.starts_with(r#"[{"message_id":"alss-"#), "{body}");
}

#[tokio::test]
async fn a_submit_may_come_in_the_query_a_form_or_both() {
    let world = World::start().await;
    let login = "command=submit&username=waybill&password=p%26ss";
    let message = "ani=ACME&dnis=15550001111,15550002222&message=a+b";
    let url = world.alaris.url();
    let (status, body) = world.call(world.client.get(format!("{url}?{login}&{message}"))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let form = world.client.post(format!("{url}?{login}")).body(message);
    let (status, body) = world.call(form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let received = world.alaris.received();
    let numbers: Vec<&str> = received.iter().map(|message| message.dnis.as_str()).collect();
    assert_eq!(numbers, ["15550001111", "15550002222", "15550001111", "15550002222"]);
    assert!(received.iter().all(|message| message.message == "a b"));
}

#[tokio::test]
async fn what_the_platform_would_not_take_is_refused_with_a_text() {
    let world = World::start().await;
    let good = "command=submit&username=waybill&password=p%26ss&ani=ACME&dnis=15550001111&message=hi";
    let mut texts = String::new();
    for (known, wrong) in [
        ("waybill", "other"),
        ("p%26ss", "other"),
        ("=submit", "=mo"),
        ("ACME", "ACMEACMEACMEACMEACMEACMEACMEACMEA"),
        ("15550001111", "%2B15550001111"),
        ("15550001111", &vec!["15550001111"; 101].join(",")),
        ("=hi", "="),
        ("&message", "&longMessageMode=join&message"),
        ("&message", "&serviceType=0123456789&message"),
    ] {
        let url = format!("{}?{}", world.alaris.url(), good.replacen(known, wrong, 1));
        let (status, body) = world.call(world.client.get(url)).await;
        texts += &format!("{} {body}\n", status.as_u16());
    }
    expect_test::expect![[r#"
        401 Incorrect login
        401 Incorrect login
        400 Unknown command
        400 Incorrect ani
        400 Incorrect dnis
        400 Too many destination numbers
        400 Empty message
        400 Incorrect longMessageMode
        400 Incorrect serviceType
    "#]]
    .assert_eq(&texts);
    assert!(world.alaris.received().is_empty());
}

#[tokio::test]
async fn a_report_waits_for_its_webhook_and_fills_in_its_template() {
    let world = World::start().await;
    world.heard.lock().expect("no panic").refuse = 1;
    let template = format!("{}?id=$messageID$&to=$dnis$&s=$status$&e=$errorCode$", world.webhook_url);
    world.alaris.callbacks().set(Urls { receipt_url: Some(template), webhook_url: None });
    let id = ids(world.submit("15550000001").await).remove(0);
    assert_eq!(world.receipts().await.len(), 1);
    let queries = world.heard.lock().expect("no panic").queries.clone();
    assert_eq!(queries, [format!("id={id}&to=15550000001&s=UNDELIV&e=001")]);
}

#[tokio::test]
async fn a_dropped_simulator_answers_nobody() {
    let world = World::start().await;
    let url = world.alaris.url().to_owned();
    drop(world);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(reqwest::get(url).await.is_err());
}

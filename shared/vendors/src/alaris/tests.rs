use super::*;
use expect_test::{Expect, expect};

fn link() -> Link {
    Link {
        url: "https://sms.example.com:8002/api".to_owned(),
        username: "waybill".to_owned(),
        password: "pass\"word".to_owned(),
        service_type: String::new(),
        long_message_mode: LongMessageMode::default(),
    }
}

#[track_caller]
fn check_request(link: &Link, text: &str, expected: Expect) {
    let job = Submission { sender: "ACME", recipient: "15550001111", text };
    let request = request(&job, link).expect("a request");
    assert_eq!(request.headers()["content-type"], "application/json");
    expected.assert_eq(&format!("{} {} {}", request.method(), request.uri(), request.body()));
}

#[test]
fn a_message_is_submitted_as_json_with_the_password_in_the_body() {
    check_request(
        &link(),
        "Hi \"you\"\n€ 😀",
        expect![[
            r#"POST https://sms.example.com:8002/api {"command":"submit","username":"waybill","password":"pass\"word","ani":"ACME","dnis":"15550001111","message":"Hi \"you\"\n€ 😀","longMessageMode":"single_id_split"}"#
        ]],
    );
}

#[test]
fn service_type_and_long_message_mode_are_the_links() {
    let link =
        Link { service_type: "OTP".to_owned(), long_message_mode: LongMessageMode::SplitSar, ..link() };
    check_request(
        &link,
        "hi",
        expect![[
            r#"POST https://sms.example.com:8002/api {"command":"submit","username":"waybill","password":"pass\"word","ani":"ACME","dnis":"15550001111","message":"hi","serviceType":"OTP","longMessageMode":"split_sar"}"#
        ]],
    );
}

#[test]
fn a_link_needs_no_more_than_url_and_login() {
    let stored = r#"{"url":"http://sms.example.com:8001/api","username":"u","password":"p"}"#;
    let link: Link = serde_json::from_str(stored).expect("a link");
    check_request(
        &link,
        "hi",
        expect![[
            r#"POST http://sms.example.com:8001/api {"command":"submit","username":"u","password":"p","ani":"ACME","dnis":"15550001111","message":"hi","longMessageMode":"single_id_split"}"#
        ]],
    );
}

#[test]
fn a_broken_url_makes_no_request() {
    let link = Link { url: "https://sms example".to_owned(), ..link() };
    let job = Submission { sender: "ACME", recipient: "15550001111", text: "hi" };
    assert!(matches!(request(&job, &link), Err(RequestError::Url(_))));
}

#[track_caller]
fn check_answer(status: u16, body: &str, expected: Expect) {
    let status = StatusCode::from_u16(status).expect("a status");
    expected.assert_eq(&format!("{:?}", answer(status, body.as_bytes())));
}

#[test]
fn an_id_means_that_the_message_was_taken() {
    check_answer(
        200,
        r#"{"message_id":"alss-0a1b2c3d-0e4f5a6b"}"#,
        expect![[r#"Submitted { vendor_refs: ["alss-0a1b2c3d-0e4f5a6b"] }"#]],
    );
    check_answer(200, "\n[{\"message_id\":\"a-1\"}]\n", expect![[r#"Submitted { vendor_refs: ["a-1"] }"#]]);
    check_answer(
        200,
        r#"[{"message_id":"a-1"},{"message_id":"a-2"}]"#,
        expect![[r#"Submitted { vendor_refs: ["a-1", "a-2"] }"#]],
    );
    check_answer(
        200,
        r#"{"message_id":4026531841}"#,
        expect![[r#"Submitted { vendor_refs: ["4026531841"] }"#]],
    );
}

#[test]
fn an_id_counts_with_any_status_of_success() {
    check_answer(202, r#"{"message_id":"a-1"}"#, expect![[r#"Submitted { vendor_refs: ["a-1"] }"#]]);
}

#[test]
fn an_answer_without_an_id_is_a_failure_whatever_its_status() {
    check_answer(
        200,
        r#"{"message_id":""}"#,
        expect![[r#"Rejected { reason: "status 200: {\"message_id\":\"\"}" }"#]],
    );
    check_answer(200, "[]", expect![[r#"Rejected { reason: "status 200: []" }"#]]);
    check_answer(200, "NO ROUTES", expect![[r#"Rejected { reason: "status 200: NO ROUTES" }"#]]);
    check_answer(200, "", expect![[r#"Rejected { reason: "status 200 without a text" }"#]]);
    check_answer(302, "", expect![[r#"Rejected { reason: "status 302 without a text" }"#]]);
    check_answer(
        400,
        "Too many numbers",
        expect![[r#"Rejected { reason: "status 400: Too many numbers" }"#]],
    );
    check_answer(
        401,
        r#"{"error":"Incorrect login"}"#,
        expect![[r#"Rejected { reason: "status 401: {\"error\":\"Incorrect login\"}" }"#]],
    );
}

#[test]
fn only_a_throttled_message_is_sent_again() {
    check_answer(429, "slow down", expect![[r#"Retry { reason: "status 429: slow down" }"#]]);
    check_answer(500, "", expect![[r#"InDoubt { reason: "status 500 without a text" }"#]]);
    check_answer(
        502,
        "<html>Bad gateway</html>",
        expect![[r#"InDoubt { reason: "status 502: <html>Bad gateway</html>" }"#]],
    );
    check_answer(503, "busy", expect![[r#"InDoubt { reason: "status 503: busy" }"#]]);
}

#[test]
fn a_long_error_page_is_cut_and_bytes_that_are_no_text_do_no_harm() {
    let page = "ю".repeat(1_000);
    let Answer::Rejected { reason } = answer(StatusCode::NOT_FOUND, page.as_bytes()) else {
        panic!("an error page is a rejection");
    };
    assert_eq!(reason.chars().count(), "status 404: ".len() + REASON_CHARACTERS_MAX);
    let answer = answer(StatusCode::BAD_REQUEST, b"\xFF\xFE no");
    assert_eq!(answer, Answer::Rejected { reason: "status 400: \u{fffd}\u{fffd} no".to_owned() });
}

#[track_caller]
fn check_receipt(names: &ReceiptParameters, query: &str, body: &str, expected: Expect) {
    let content_type = (!body.is_empty()).then_some("application/x-www-form-urlencoded");
    let call = Callback { query, content_type, body: body.as_bytes() };
    expected.assert_eq(&match receipt(call, names) {
        Ok(receipt) => format!("{receipt:?}"),
        Err(error) => error.to_string(),
    });
}

#[test]
fn a_report_is_read_from_a_query_a_form_or_a_json_body() {
    let names = ReceiptParameters::default();
    let pushed = "command=deliver&username=u&password=p&dnis=15550001111&dlvrMsgId=a-1&dlvrMsgStat=DELIVRD";
    check_receipt(
        &names,
        pushed,
        "",
        expect![[
            r#"Receipt { vendor_ref: "a-1", state: Delivered, error_code: None, recipient: Some("15550001111") }"#
        ]],
    );
    check_receipt(
        &names,
        "bot_id=9",
        "dlvrMsgId=a-1&dlvrMsgStat=undeliv&error_code=21b",
        expect![[
            r#"Receipt { vendor_ref: "a-1", state: Undelivered, error_code: Some("21b"), recipient: None }"#
        ]],
    );
    let json = r#"{"dlvrMsgId":4026531841,"dlvrMsgStat":"EXPIRED","dnis":15550001111,"error_code":"000"}"#;
    check_receipt(
        &names,
        "",
        json,
        expect![[
            r#"Receipt { vendor_ref: "4026531841", state: Expired, error_code: Some("000"), recipient: Some("15550001111") }"#
        ]],
    );
}

#[test]
fn names_and_words_of_a_report_are_the_operators_choice() {
    let stored =
        r#"{"vendor_ref":"id","state":"status","words":{"Activated":"delivered","ACCEPTD":"delivered"}}"#;
    let names: ReceiptParameters = serde_json::from_str(stored).expect("names");
    check_receipt(
        &names,
        "id=a-1&status=activated",
        "",
        expect![[r#"Receipt { vendor_ref: "a-1", state: Delivered, error_code: None, recipient: None }"#]],
    );
    check_receipt(
        &names,
        "id=a-1&status=ACCEPTD&dnis=15550001111",
        "",
        expect![[
            r#"Receipt { vendor_ref: "a-1", state: Delivered, error_code: None, recipient: Some("15550001111") }"#
        ]],
    );
    check_receipt(
        &names,
        "id=a-1&status=REJECTD",
        "",
        expect![[r#"Receipt { vendor_ref: "a-1", state: Rejected, error_code: None, recipient: None }"#]],
    );
    check_receipt(&names, "dlvrMsgId=a-1&dlvrMsgStat=DELIVRD", "", expect![[r#"parameter "id" is missing"#]]);
}

#[test]
fn every_word_of_the_manual_has_its_state() {
    let states: Vec<String> =
        ["ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "IM_EXPD"]
            .iter()
            .map(|word| format!("{word} {:?}", state_of_word(word)))
            .collect();
    expect![[r#"
        ENROUTE Some(Enroute)
        DELIVRD Some(Delivered)
        EXPIRED Some(Expired)
        DELETED Some(Undelivered)
        UNDELIV Some(Undelivered)
        ACCEPTD Some(Enroute)
        UNKNOWN Some(Unknown)
        REJECTD Some(Rejected)
        IM_EXPD Some(Expired)"#]]
    .assert_eq(&states.join("\n"));
}

#[test]
fn a_call_that_is_no_report_is_refused_with_its_reason() {
    let names = ReceiptParameters::default();
    check_receipt(&names, "", "", expect![[r#"parameter "dlvrMsgId" is missing"#]]);
    check_receipt(&names, "dlvrMsgId=a-1", "", expect![[r#"parameter "dlvrMsgStat" is missing"#]]);
    check_receipt(
        &names,
        "dlvrMsgId=a-1&dlvrMsgStat=",
        "",
        expect![[r#"parameter "dlvrMsgStat" is missing"#]],
    );
    check_receipt(
        &names,
        "dlvrMsgId=a-1&dlvrMsgStat=SENT",
        "",
        expect![[r#""SENT" is no known status word"#]],
    );
    check_receipt(
        &names,
        "dlvrMsgId=a-1&dlvrMsgStat=DELIVRD",
        "dlvrMsgId=a-2",
        expect![[r#"parameter "dlvrMsgId" comes twice with different values"#]],
    );
    check_receipt(&names, "", "{", expect!["the body is no JSON object"]);
}

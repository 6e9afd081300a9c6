//! What a gateway tells about itself: its status page and its logs.

use std::io::Write;

use runtime::targets::Targets;
use serde_json::Value;
use smpp_gateway::status;
use tokio::net::TcpListener;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

#[tokio::test]
async fn the_status_page_tells_how_each_connection_stands() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let gateway = stage.gateway();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    assert!(status::check("127.0.0.1:1").await.is_err(), "nobody is there");
    tokio::spawn(status::serve(listener, gateway.board()));
    assert!(status::check(&address).await.is_err(), "it does not run yet");

    let running = run(gateway, bind::tcp(Targets::Any));
    for recipient in ["+4915112345678", "+491511230005", "+491511230007"] {
        let message = stage.send(recipient, "hello").await;
        stage.outcome(&message).await;
    }
    stage.until_done().await;
    until("receipts", || stage.receipts().len() == 2).await;
    status::check(&address).await.expect("it runs");
    let read = async || -> Value {
        let answer = reqwest::get(format!("http://{address}/status")).await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let status = read().await;
    let connection = &status["connections"][0];
    assert_eq!(connection["owner"], status["gateway"]);
    assert_eq!((&status["gateways"][0], &connection["name"]), (&status["gateway"], &json!("vendor")));
    let here = &connection["here"];
    assert_eq!(
        (&here["binds"], &here["window"]),
        (&json!({"up": 1, "wanted": 1}), &json!({"used": 0, "size": 50}))
    );
    assert_eq!(here["rate"], json!({"now": 5_000, "limit": 5_000}));
    assert_eq!((&here["answers"]["taken"], &here["answers"]["refused"]), (&json!(1), &json!(1)));
    assert_eq!((&here["answers"]["unanswered"], &here["deliveries"]["receipts"]), (&json!(1), &json!(2)));
    assert_eq!((&here["latency"]["count"], &here["jobs_in_hand"]), (&json!(2), &json!(0)));
    assert!(here["latency"]["p50_us"].as_u64() <= here["latency"]["p99_us"].as_u64());
    assert_eq!(here["troubles"], Value::Null);

    simulator.stop().await;
    let mut here = Value::Null;
    for _ in 0..100 {
        here = read().await["connections"][0]["here"].clone();
        if here["binds"]["up"] == 0 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(here["binds"], json!({"up": 0, "wanted": 1}));
    let mut troubles = here["troubles"].as_array().expect("troubles").iter();
    let trouble = troubles.find(|trouble| trouble["of"] == "transceiver 1").expect("one of the bind");
    assert!(trouble["since"].as_str() <= trouble["last_at"].as_str(), "{here}");
    assert!(trouble["error"].is_string(), "{here}");
    running.stop().await;
}

/// Logs in memory.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Write for Logs {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not broken").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logs {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_name_messages_and_never_their_texts() {
    const MARKER: &str = "Zqxj77Marker";
    let logs = Logs::default();
    // All that our crates have to say, at any level.
    let levels = "info,smpp_gateway=trace,smpp=trace,queue=trace,store=trace,runtime=trace,domain=trace";
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(levels).with_writer(logs.clone());
    // For all threads, so that nothing is missed; what other tests say is judged as well.
    tracing::subscriber::set_global_default(subscriber.finish()).expect("is the only one");

    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    // Taken, refused, throttled, never answered; and in parts.
    let long = format!("{MARKER} {}", "0123456789".repeat(40));
    for recipient in ["+4915112345678", "+491511230005", "+491511230006", "+491511230007"] {
        for text in [MARKER, &long] {
            let message = stage.send(recipient, text).await;
            stage.outcome(&message).await;
            assert!(said(&logs).contains(&message.to_string()), "{recipient}");
        }
    }
    let block = stage.send_block(&["4915112345678"; 2], MARKER).await;
    stage.until_done().await;
    let ids = [0, 1].map(|place| MessageId::in_block(&block, place).to_string());
    let lines: Vec<Value> = said(&logs).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_told = |level: &str, fields: &[(&str, &str)]| {
        let has = |line: &Value| fields.iter().all(|(name, value)| line["fields"][*name] == *value);
        assert!(lines.iter().any(|line| line["level"] == level && has(line)), "{fields:?}");
    };
    let (tag, [first, last]) = (block.to_string(), ids.each_ref().map(String::as_str));
    is_told("INFO", &[("block", tag.as_str()), ("first", first), ("last", last)]);
    for id in [first, last] {
        is_told("DEBUG", &[("message_id", id)]);
    }
    let hello = DeliverSm { short_message: MARKER.into(), ..DeliverSm::default() };
    simulator.send_incoming(SYSTEM_ID, hello);
    until("the phone's message", || said(&logs).contains("a message from a phone")).await;
    simulator.disconnect_all();
    until("a lost link", || said(&logs).contains("the link is lost")).await;
    running.stop().await;

    let said = said(&logs);
    assert!(said.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "each line is JSON");
    assert!(!said.contains(MARKER), "no text is in the logs");
    assert!(!said.contains(PASSWORD), "and no password");
}

fn said(logs: &Logs) -> String {
    String::from_utf8(logs.0.lock().expect("not broken").clone()).expect("is text")
}

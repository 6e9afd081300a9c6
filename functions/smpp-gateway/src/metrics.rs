//! What CloudWatch draws and watches: a line of JSON in its embedded metric format for each connection, to a
//! vendor or from a client, and minute, on standard output beside the logs. CloudWatch reads them out of the log group by itself.
//!
//! Lines rather than an endpoint to be scraped, because nobody reaches into the gateway's network, and
//! nothing more has to run beside it. Where no CloudWatch is, they are logs, and `/status` says it better.
//!
//! The format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use domain::id::ConnectionId;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::client::figures::ClientStatus;
use crate::status::{Board, Minute};
use crate::vendor::figures::Answers;

const EVERY: Duration = Duration::from_secs(60);
const NAMESPACE: &str = "Waybill/SmppGateway";

/// What was counted when it was last told.
#[derive(Default)]
struct Before {
    /// Of a connection to a vendor, under the fence under which it was counted.
    vendors: BTreeMap<ConnectionId, (u64, Answers)>,
    /// By the id of a connection from a client.
    clients: BTreeMap<String, ClientStatus>,
}

/// Writes the lines for ever.
pub async fn write_every_minute(board: Board) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await; // at once
    let mut before = Before::default();
    loop {
        tick.tick().await;
        let lines = lines(&board, &mut before, runtime::now());
        if let Err(error) = io::stdout().write_all(lines.as_bytes()) {
            warn!(%error, "the metrics are not written");
        }
    }
}

fn lines(board: &Board, before: &mut Before, now: Timestamp) -> String {
    let minutes = board.minutes();
    let counted = |minute: &Minute| (minute.connection.clone(), (minute.fence, minute.answers));
    let vendors = minutes.iter().map(|minute| {
        let same = before.vendors.get(&minute.connection).filter(|(fence, _)| *fence == minute.fence);
        let since = same.map(|(_, answers)| *answers).unwrap_or_default();
        line(minute, since, now)
    });
    let status = board.clients().status().connections;
    board.clients().minute_over();
    let clients = status.iter().map(|client| client_line(client, before.clients.get(&client.id), now));
    let lines = vendors.chain(clients).map(|line| format!("{line}\n")).collect();
    before.vendors = minutes.iter().map(counted).collect();
    before.clients = status.into_iter().map(|client| (client.id.clone(), client)).collect();
    lines
}

fn client_line(client: &ClientStatus, before: Option<&ClientStatus>, now: Timestamp) -> Value {
    let since = |count: fn(&ClientStatus) -> u64| count(client).saturating_sub(before.map_or(0, count));
    let values = [
        ("ClientBinds", "Count", u64::from(client.transmitters + client.receivers + client.transceivers)),
        ("ClientReceivers", "Count", u64::from(client.receivers + client.transceivers)),
        ("ClientWindowUsed", "Count", client.window.used),
        ("ClientWindowSize", "Count", client.window.size),
        ("ClientAccepted", "Count", since(|client| client.accepted)),
        ("ClientThrottled", "Count", since(|client| client.throttled)),
        ("ClientRefused", "Count", since(|client| client.refused)),
        ("ClientPassedOver", "Count", since(|client| client.passed_over)),
        ("ClientLatencyP50", "Microseconds", client.latency.p50_us),
        ("ClientLatencyP95", "Microseconds", client.latency.p95_us),
        ("ClientLatencyP99", "Microseconds", client.latency.p99_us),
    ];
    embedded(&client.id, &values, now)
}

fn line(minute: &Minute, before: Answers, now: Timestamp) -> Value {
    let (snapshot, answers) = (&minute.snapshot, minute.answers.since(before));
    let values = [
        ("Binds", "Count", snapshot.binds.up),
        ("BindsWanted", "Count", snapshot.binds.wanted),
        ("WindowUsed", "Count", snapshot.window.used),
        ("WindowSize", "Count", snapshot.window.size),
        ("RateNow", "Count/Second", u64::from(snapshot.rate.now)),
        ("RateGranted", "Count/Second", u64::from(snapshot.rate.limit)),
        ("JobsInHand", "Count", snapshot.jobs_in_hand),
        ("Taken", "Count", answers.taken),
        ("Refused", "Count", answers.refused),
        ("Busy", "Count", answers.busy),
        ("Throttled", "Count", answers.throttled),
        ("Unanswered", "Count", answers.unanswered),
        ("LatencyP50", "Microseconds", snapshot.latency.p50_us),
        ("LatencyP95", "Microseconds", snapshot.latency.p95_us),
        ("LatencyP99", "Microseconds", snapshot.latency.p99_us),
    ];
    embedded(minute.connection.as_str(), &values, now)
}

fn embedded(connection: &str, values: &[(&str, &str, u64)], now: Timestamp) -> Value {
    let metrics: Vec<_> = values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [["Connection"]], "Metrics": metrics},
            ],
        },
        "Connection": connection,
    });
    for (name, _, value) in values {
        line[*name] = (*value).into();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latency;
    use crate::vendor::figures::{Deliveries, Snapshot, Speed, Up, Used};

    fn minute(answers: Answers) -> Minute {
        let snapshot = Snapshot {
            binds: Up { up: 1, wanted: 2 },
            window: Used { used: 3, size: 10 },
            rate: Speed { now: 50, limit: 50 },
            submitted_per_second: 7,
            answers,
            latency: Latency { count: 5, p50_us: 100, p95_us: 200, p99_us: 300, max_us: 400 },
            jobs_in_hand: 4,
            deliveries: Deliveries::default(),
            troubles: Vec::new(),
        };
        Minute { connection: ConnectionId::new(7), fence: 1, snapshot, answers }
    }

    #[test]
    fn a_line_tells_a_connections_minute_in_the_embedded_metric_format() {
        let before = Answers { taken: 10, ..Answers::default() };
        let now = minute(Answers { taken: 15, refused: 2, ..Answers::default() });
        let line = line(&now, before, Timestamp::UNIX_EPOCH);
        assert_eq!(
            (&line["Taken"], &line["Refused"], &line["LatencyP99"]),
            (&json!(5), &json!(2), &json!(300))
        );
        assert_eq!(line["Connection"], ConnectionId::new(7).as_str());
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let named = directive["Metrics"].as_array().expect("metrics");
        assert_eq!(named.len(), 15);
        // Each metric and dimension that is named has its value beside it.
        let names = named.iter().map(|metric| &metric["Name"]).chain([&directive["Dimensions"][0][0]]);
        assert!(names.into_iter().all(|name| !line[name.as_str().expect("a name")].is_null()), "{line}");
    }

    #[test]
    fn a_line_tells_what_a_client_has_sent_within_the_minute() {
        let client = |accepted| ClientStatus {
            id: ConnectionId::new(7).to_string(),
            transmitters: 1,
            receivers: 0,
            transceivers: 2,
            window: Used { used: 4, size: 30 },
            rate: 100,
            accepted,
            throttled: 0,
            refused: 3,
            latency: Latency { count: 5, p50_us: 100, p95_us: 200, p99_us: 300, max_us: 400 },
            passed_over: accepted / 5,
        };
        let line = client_line(&client(15), Some(&client(10)), Timestamp::UNIX_EPOCH);
        let told = |name: &str| line[name].as_u64();
        assert_eq!((told("ClientBinds"), told("ClientReceivers")), (Some(3), Some(2)));
        assert_eq!((told("ClientAccepted"), told("ClientRefused")), (Some(5), Some(0)));
        assert_eq!(told("ClientPassedOver"), Some(1));
        assert_eq!((told("ClientWindowUsed"), told("ClientWindowSize")), (Some(4), Some(30)));
        let percentiles = ["50", "95", "99"].map(|percent| told(&format!("ClientLatencyP{percent}")));
        assert_eq!(percentiles, [Some(100), Some(200), Some(300)]);
        assert_eq!(line["Connection"], ConnectionId::new(7).as_str());
    }
}

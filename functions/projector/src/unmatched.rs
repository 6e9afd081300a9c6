//! Receipts whose message is not known: counted when they are parked, and listed and counted when their time
//! is over and no message came.
//!
//! The counts are lines in CloudWatch's embedded metric format, on standard output beside the logs:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::id::ConnectionId;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Store, UnmatchedReceipt};

const NAMESPACE: &str = "Waybill/Receipts";
/// One that waits for its message now. Most are matched within a second.
const PARKED: &str = "ReceiptsParked";
/// One that no message came for.
const UNMATCHED: &str = "ReceiptsUnmatched";

/// Counts those that wait, and lists those that the database's expiry has taken away unmatched.
pub async fn follow(
    store: &Store,
    parked: &[UnmatchedReceipt],
    expired: &[UnmatchedReceipt],
) -> anyhow::Result<()> {
    let mut unmatched = Vec::new();
    for receipt in expired {
        if !store.was_matched(receipt).await? {
            store.put_unmatched_receipt(receipt).await?;
            tracing::warn!(connection = %receipt.connection, reference = receipt.receipt.reference,
                "no message came for this receipt");
            unmatched.push(receipt);
        }
    }
    let now = runtime::now();
    let lines = lines(PARKED, parked, now) + &lines(UNMATCHED, unmatched, now);
    if let Err(error) = io::stdout().write_all(lines.as_bytes()) {
        tracing::warn!(%error, "the metrics are not written");
    }
    Ok(())
}

/// A line for each connection.
fn lines<'a>(
    metric: &str,
    receipts: impl IntoIterator<Item = &'a UnmatchedReceipt>,
    now: Timestamp,
) -> String {
    let mut counts: BTreeMap<&ConnectionId, u32> = BTreeMap::new();
    for receipt in receipts {
        *counts.entry(&receipt.connection).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(connection, count)| format!("{}\n", line(metric, connection, count, now)))
        .collect()
}

fn line(metric: &str, connection: &ConnectionId, count: u32, now: Timestamp) -> Value {
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Connection"]],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        },
        "Connection": connection.as_str(),
    });
    line[metric] = count.into();
    line
}

#[cfg(test)]
mod tests {
    use domain::receipt::ReceiptState;
    use store::ParkedReceipt;

    use super::*;

    #[test]
    fn a_line_counts_the_receipts_of_a_connection() {
        let receipt = |connection, reference: &str| UnmatchedReceipt {
            connection: ConnectionId::new(connection),
            receipt: ParkedReceipt {
                reference: reference.to_owned(),
                other_reference: None,
                state: ReceiptState::Delivered,
                error: None,
                recipient: None,
            },
            received_at: Timestamp::UNIX_EPOCH,
        };
        let receipts = [receipt(1, "a"), receipt(2, "b"), receipt(1, "c")];
        let text = lines(UNMATCHED, &receipts, Timestamp::UNIX_EPOCH);
        let counts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(counts.len(), 2);
        assert_eq!((&counts[0][UNMATCHED], &counts[1][UNMATCHED]), (&json!(2), &json!(1)));
        assert_eq!(counts[0]["Connection"], ConnectionId::new(1).as_str());
    }
}

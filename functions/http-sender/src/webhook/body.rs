//! What a receiver reads.

use queue::Webhook;
use serde_json::json;

/// Type, time and data, as Standard Webhooks have them.
pub fn text(webhook: &Webhook) -> serde_json::Result<String> {
    let Webhook::IncomingMessageV1 { id, sender, source, destination, text, octets, data_coding, at, .. } =
        webhook;
    let body = json!({
        "type": "message.incoming",
        "timestamp": at,
        "data": {
            "id": id,
            "sender_id": sender,
            "from": source,
            "to": destination,
            "text": text,
            "data_coding": data_coding,
            "octets": octets,
        },
    });
    serde_json::to_string(&body)
}

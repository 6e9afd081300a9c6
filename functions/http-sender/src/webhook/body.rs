//! What a receiver reads.

use queue::Webhook;
use serde_json::json;

/// Type, time and data, as Standard Webhooks have them. News of a two-factor code have the fields that
/// the users' guide promises (appendix 2, 16.4).
pub fn text(webhook: &Webhook) -> serde_json::Result<String> {
    let body = match webhook {
        Webhook::IncomingMessageV1 {
            id, sender, source, destination, text, octets, data_coding, at, ..
        } => json!({
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
        }),
        Webhook::CodeV1 { request, number, result, billable, at, .. } => json!({
            "requestId": request,
            "number": number,
            "status": result,
            "timestamp": at.as_second(),
            "billable": billable,
        }),
    };
    serde_json::to_string(&body)
}

//! Messages from phones, and where they go.

use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;

/// Which messages from phones to the number of a sender ID are for it, and where they go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IncomingRule {
    /// The first word of the text, for a number that several share; upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// The mobile country code of the phones, for a short code that is another client's elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// Posted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Delivered to the receivers of this client's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ConnectionId>,
}

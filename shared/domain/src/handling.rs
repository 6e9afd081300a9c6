//! How a message is to be handed on beyond its text: what a client that speaks SMPP may say of one, and
//! which vendors have refused it already.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CodeRequestId, ConnectionId, IncomingId, TwoFactorIntegrationId};

/// Nothing of it for most messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// The octets to hand on as they are, in the place of the text, which then is how they read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Raw>,
    /// 0 to 3, 3 most urgent (SMPP 3.4 section 5.2.14).
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: u8,
    /// SMPP 3.4 section 5.2.13: 3GPP TS 23.040 TP-PID.
    #[serde(skip_serializing_if = "is_zero")]
    pub protocol_id: u8,
    /// Not to be delivered after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<Timestamp>,
    /// Over which client's bind it came, if it came over one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The two-factor code that it carries, if it carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The connections whose vendors have refused it, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<ConnectionId>,
    /// The message from its phone that it charges; nothing is sent then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingId>,
}

impl Handling {
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// Which code a message carries, and of which integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    pub integration: TwoFactorIntegrationId,
    pub request: CodeRequestId,
    /// Told what becomes of it, in the place of the integration's own address: of a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
}

/// One short message in octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// SMPP 3.4 section 5.2.19.
    pub data_coding: u8,
    /// Whether the octets begin with a user data header.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_header: bool,
    #[serde(with = "hex_text")]
    pub octets: Vec<u8>,
}

/// The client's end of a message that came over SMPP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's connection, to whose receivers the receipt goes.
    pub connection: ConnectionId,
    #[serde(default, skip_serializing_if = "ReceiptsWanted::is_none")]
    pub receipts: ReceiptsWanted,
    /// The addresses as the client wrote them: a receipt repeats them the other way round.
    pub source: ClientAddress,
    pub destination: ClientAddress,
}

/// An address with its type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientAddress {
    pub ton: u8,
    pub npi: u8,
    pub value: String,
}

/// Which outcomes a client wants to hear of (SMPP 3.4 section 5.2.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptsWanted {
    #[default]
    None,
    Final,
    Failures,
    Successes,
}

impl ReceiptsWanted {
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// From the lowest two bits of `registered_delivery`; 3 is of SMPP 5.0.
    pub fn from_bits(registered_delivery: u8) -> Self {
        match registered_delivery & 0b11 {
            0 => Self::None,
            1 => Self::Final,
            2 => Self::Failures,
            _ => Self::Successes,
        }
    }

    /// Whether an end of this kind is told.
    pub fn wants(self, is_delivered: bool) -> bool {
        match self {
            Self::None => false,
            Self::Final => true,
            Self::Failures => !is_delivered,
            Self::Successes => is_delivered,
        }
    }
}

/// Octets as hexadecimal text.
mod hex_text {
    use std::fmt::Write;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(octets.len() * 2);
        for octet in octets {
            let _ = write!(text, "{octet:02x}"); // a String takes everything
        }
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pair = |place| text.get(place..place + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let octets: Option<Vec<u8>> = (0..text.len()).step_by(2).map(pair).collect();
        octets.ok_or_else(|| D::Error::custom("not pairs of hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_read_back_from_their_text() {
        let raw = Raw { data_coding: 4, has_header: true, octets: vec![0, 255, 16] };
        let text = serde_json::to_string(&raw).unwrap();
        assert_eq!(text, r#"{"data_coding":4,"has_header":true,"octets":"00ff10"}"#);
        assert_eq!(serde_json::from_str::<Raw>(&text).unwrap(), raw);
        for bad in ["0", "0g", "ä1"] {
            assert!(serde_json::from_str::<Raw>(&text.replace("00ff10", bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_client_hears_of_the_ends_it_asked_for() {
        let told = [0, 1, 2, 3].map(|bits| {
            let wanted = ReceiptsWanted::from_bits(bits);
            (wanted.wants(true), wanted.wants(false))
        });
        assert_eq!(told, [(false, false), (true, true), (false, true), (true, false)]);
    }

    #[test]
    fn the_usual_handling_takes_no_room() {
        assert_eq!(serde_json::to_string(&Handling::default()).unwrap(), "{}");
        assert!(Handling::default().is_usual());
    }
}

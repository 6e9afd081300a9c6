//! The PDUs that open a session.

use std::fmt;

use super::command;
use crate::tlv::Tlvs;

/// `interface_version` of SMPP 3.4, the first with optional parameters (its section 3.4).
pub const VERSION_3_4: u8 = 0x34;
/// `interface_version` of SMPP 5.0.
pub const VERSION_5_0: u8 = 0x50;

/// The version that two speak with each other: that of the older, where numbers between two versions are the
/// lower one.
pub fn common_version(one: u8, other: u8) -> u8 {
    match one.min(other) {
        older @ ..VERSION_3_4 => older,
        VERSION_3_4..VERSION_5_0 => VERSION_3_4,
        VERSION_5_0.. => VERSION_5_0,
    }
}

/// Which way messages go on a bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindMode {
    /// The client submits and gets no deliveries.
    Transmitter,
    /// The client gets deliveries and submits nothing.
    Receiver,
    Transceiver,
}

impl BindMode {
    pub(crate) fn command_id(self) -> u32 {
        match self {
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
            Self::Transceiver => command::BIND_TRANSCEIVER,
        }
    }

    /// Whether the client may submit.
    pub fn can_submit(self) -> bool {
        self != Self::Receiver
    }

    /// Whether the client gets receipts and incoming messages.
    pub fn can_receive(self) -> bool {
        self != Self::Transmitter
    }
}

/// The request that opens a session.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bind {
    pub system_id: String,
    pub password: String,
    pub system_type: String,
    /// 0x34 for SMPP 3.4, 0x50 for 5.0.
    pub interface_version: u8,
    pub addr_ton: u8,
    pub addr_npi: u8,
    pub address_range: String,
}

/// Without the password, since PDUs end up in logs.
impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Bind");
        fields.field("system_id", &self.system_id).field("system_type", &self.system_type);
        fields.field("interface_version", &self.interface_version).finish_non_exhaustive()
    }
}

/// The answer to a bind; empty when the bind is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindResp {
    pub system_id: String,
    pub tlvs: Tlvs,
}

/// A server's wish to be bound to. Nothing here asks for one, and a session refuses it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outbind {
    pub system_id: String,
    pub password: String,
}

/// Without the password, since PDUs end up in logs.
impl fmt::Debug for Outbind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_speak_the_version_of_the_older() {
        for (one, other, spoken) in [
            (0x34, 0x50, 0x34),
            (0x50, 0x50, 0x50),
            (0x50, 0x33, 0x33),
            (0x50, 0x40, 0x34),
            (0x51, 0x50, 0x50),
            (0x00, 0x34, 0x00),
        ] {
            assert_eq!((common_version(one, other), common_version(other, one)), (spoken, spoken));
        }
    }
}

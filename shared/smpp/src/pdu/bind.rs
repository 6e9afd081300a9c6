//! The PDUs that open a session.

use std::fmt;

use super::command;
use crate::tlv::Tlvs;

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

//! The PDUs that carry messages, and their answers.

use bytes::Bytes;

use crate::address::Address;
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// A message on its way to a phone.
pub type SubmitSm = ShortMessage;
/// A message from a phone, or a receipt.
pub type DeliverSm = ShortMessage;

/// The body that submit_sm and deliver_sm share, field for field (SMPP 3.4 section 4.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortMessage {
    pub service_type: String,
    pub source_ton: u8,
    pub source_npi: u8,
    pub source: String,
    pub destination_ton: u8,
    pub destination_npi: u8,
    pub destination: String,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority: u8,
    /// Empty or a [`SmppTime`](crate::time::SmppTime).
    pub schedule: String,
    /// Empty or a [`SmppTime`](crate::time::SmppTime).
    pub validity: String,
    pub registered_delivery: u8,
    pub replace_if_present: u8,
    pub data_coding: u8,
    pub default_message_id: u8,
    /// At most 254 octets; a longer one goes into the `message_payload` TLV.
    pub short_message: Bytes,
    pub tlvs: Tlvs,
}

impl ShortMessage {
    /// The message wherever it stands: `short_message`, or `message_payload` when that is empty.
    pub fn payload(&self) -> &Bytes {
        match self.tlvs.message_payload() {
            Some(payload) if self.short_message.is_empty() => payload,
            _ => &self.short_message,
        }
    }

    pub fn source_address(&self) -> Address {
        Address { ton: self.source_ton, npi: self.source_npi, value: self.source.clone() }
    }

    pub fn destination_address(&self) -> Address {
        Address { ton: self.destination_ton, npi: self.destination_npi, value: self.destination.clone() }
    }
}

/// A message either way whose text always stands in `message_payload` (SMPP 3.4 section 4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSm {
    pub service_type: String,
    pub source: Address,
    pub destination: Address,
    pub esm_class: u8,
    pub registered_delivery: u8,
    pub data_coding: u8,
    pub tlvs: Tlvs,
}

/// The same message as a submit_sm or deliver_sm, so that whoever takes both needs to know one.
impl From<DataSm> for ShortMessage {
    fn from(data: DataSm) -> Self {
        Self {
            service_type: data.service_type,
            source_ton: data.source.ton,
            source_npi: data.source.npi,
            source: data.source.value,
            destination_ton: data.destination.ton,
            destination_npi: data.destination.npi,
            destination: data.destination.value,
            esm_class: data.esm_class,
            registered_delivery: data.registered_delivery,
            data_coding: data.data_coding,
            tlvs: data.tlvs,
            ..Self::default()
        }
    }
}

/// One message to up to 254 destinations (SMPP 3.4 section 4.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmitMulti {
    pub destinations: Vec<Destination>,
    /// All but the destination, which is empty.
    pub message: ShortMessage,
}

impl SubmitMulti {
    /// The submit_sm for one of the destinations.
    pub fn to(&self, destination: &Address) -> SubmitSm {
        SubmitSm {
            destination_ton: destination.ton,
            destination_npi: destination.npi,
            destination: destination.value.clone(),
            ..self.message.clone()
        }
    }
}

/// To whom a submit_multi goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Address(Address),
    /// The name of a distribution list that the server keeps.
    List(String),
}

/// The answer to a submit_sm, deliver_sm or data_sm. An error answer often has no id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageResp {
    pub message_id: String,
    pub tlvs: Tlvs,
}

/// The answer to a submit_multi: one id for all, and who was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmitMultiResp {
    pub message_id: String,
    pub unsuccess: Vec<Unsuccess>,
    pub tlvs: Tlvs,
}

/// A destination that a submit_multi did not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsuccess {
    pub destination: Address,
    pub status: CommandStatus,
}

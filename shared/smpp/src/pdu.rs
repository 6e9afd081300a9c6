//! The PDUs of SMPP 3.4 as plain values; 5.0 only adds parameters, statuses and broadcasts to them.
//!
//! Text fields hold Latin-1: each character up to U+00FF is the octet it came as, so a peer's odd
//! address survives a round trip. Limits are kept by the encoder, not by these types.

mod bind;
pub mod command;
mod message;
mod operation;

use bytes::Bytes;

pub use bind::{Bind, BindMode, BindResp, Outbind, VERSION_3_4, VERSION_5_0, common_version};
pub use message::{
    DataSm, DeliverSm, Destination, MessageResp, ShortMessage, SubmitMulti, SubmitMultiResp, SubmitSm,
    Unsuccess,
};
pub use operation::{AlertNotification, CancelSm, QuerySm, QuerySmResp, ReplaceSm};

use crate::status::CommandStatus;

/// The sequence number of an answer to something that had none.
pub const SEQUENCE_UNKNOWN: u32 = 0;
/// Our own sequence numbers go from 1 to here and begin again (SMPP 3.4 section 3.2).
pub const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;
/// Set in the command id of every answer.
pub const ANSWER_BIT: u32 = 0x8000_0000;

/// One PDU: header and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    pub status: CommandStatus,
    pub sequence: u32,
    pub body: Body,
}

impl Pdu {
    /// A request: its status is always zero.
    pub fn request(sequence: u32, body: Body) -> Self {
        Self { status: CommandStatus::ROK, sequence, body }
    }

    /// The answer to something we cannot read or do not speak.
    pub fn nack(sequence: u32, status: CommandStatus) -> Self {
        Self { status, sequence, body: Body::GenericNack }
    }
}

/// What a PDU says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Bind(BindMode, Bind),
    BindResp(BindMode, BindResp),
    Outbind(Outbind),
    SubmitSm(SubmitSm),
    SubmitSmResp(MessageResp),
    SubmitMulti(SubmitMulti),
    SubmitMultiResp(SubmitMultiResp),
    DeliverSm(DeliverSm),
    DeliverSmResp(MessageResp),
    DataSm(DataSm),
    DataSmResp(MessageResp),
    QuerySm(QuerySm),
    QuerySmResp(QuerySmResp),
    CancelSm(CancelSm),
    CancelSmResp,
    ReplaceSm(ReplaceSm),
    ReplaceSmResp,
    AlertNotification(AlertNotification),
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    /// A command we do not serve, the broadcasts of 5.0 among them; as a request it is answered
    /// with a generic_nack. [`command::name`] may know it.
    Other {
        command_id: u32,
        body: Bytes,
    },
}

impl Body {
    pub fn command_id(&self) -> u32 {
        match self {
            Self::Bind(mode, _) => mode.command_id(),
            Self::BindResp(mode, _) => mode.command_id() | ANSWER_BIT,
            Self::Outbind(_) => command::OUTBIND,
            Self::SubmitSm(_) => command::SUBMIT_SM,
            Self::SubmitSmResp(_) => command::SUBMIT_SM_RESP,
            Self::SubmitMulti(_) => command::SUBMIT_MULTI,
            Self::SubmitMultiResp(_) => command::SUBMIT_MULTI_RESP,
            Self::DeliverSm(_) => command::DELIVER_SM,
            Self::DeliverSmResp(_) => command::DELIVER_SM_RESP,
            Self::DataSm(_) => command::DATA_SM,
            Self::DataSmResp(_) => command::DATA_SM_RESP,
            Self::QuerySm(_) => command::QUERY_SM,
            Self::QuerySmResp(_) => command::QUERY_SM_RESP,
            Self::CancelSm(_) => command::CANCEL_SM,
            Self::CancelSmResp => command::CANCEL_SM_RESP,
            Self::ReplaceSm(_) => command::REPLACE_SM,
            Self::ReplaceSmResp => command::REPLACE_SM_RESP,
            Self::AlertNotification(_) => command::ALERT_NOTIFICATION,
            Self::EnquireLink => command::ENQUIRE_LINK,
            Self::EnquireLinkResp => command::ENQUIRE_LINK_RESP,
            Self::Unbind => command::UNBIND,
            Self::UnbindResp => command::UNBIND_RESP,
            Self::GenericNack => command::GENERIC_NACK,
            Self::Other { command_id, .. } => *command_id,
        }
    }
}

//! Links to vendors. Passwords are not here: they live in the secret store under the connection's id.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, ConnectionId};
use crate::lookup::LookupLink;

/// The road that messages take to a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    Smpp,
    Http,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: ConnectionId,
    pub company: CompanyId,
    pub name: String,
    pub enabled: bool,
    pub link: Link,
    /// What to do with a message of which nobody can say whether the vendor took it.
    pub on_unknown_outcome: OnUnknownOutcome,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Link {
    Smpp(SmppLink),
    Alaris(AlarisLink),
    /// Carries no messages.
    Lookup(LookupLink),
}

impl Connection {
    /// The road that messages take over it; none if it carries none.
    pub fn kind(&self) -> Option<ConnectionKind> {
        match self.link {
            Link::Smpp(_) => Some(ConnectionKind::Smpp),
            Link::Alaris(_) => Some(ConnectionKind::Http),
            Link::Lookup(_) => None,
        }
    }
}

/// Bounds of an SMPP link: more than any vendor grants, less than what would exhaust a gateway.
const WINDOW_MAX: u32 = 1_000;
const RATE_MAX: u32 = 10_000;
const ENQUIRE_LINK_SECONDS_MAX: u32 = 3_600;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("a window holds at most {WINDOW_MAX} submits")]
    Window,
    #[error("a rate is at most {RATE_MAX} submits per second")]
    Rate,
    #[error("a link is enquired at least every {ENQUIRE_LINK_SECONDS_MAX} seconds")]
    EnquireLink,
}

impl SmppLink {
    pub fn check(&self) -> Result<(), LinkError> {
        if self.window.get() > WINDOW_MAX {
            return Err(LinkError::Window);
        }
        if self.rate.get() > RATE_MAX {
            return Err(LinkError::Rate);
        }
        if self.enquire_link_seconds.get() > ENQUIRE_LINK_SECONDS_MAX {
            return Err(LinkError::EnquireLink);
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmppLink {
    pub host: String,
    pub port: u16,
    pub system_id: String,
    pub system_type: String,
    /// Submits that may wait for their answers at once.
    pub window: NonZeroU32,
    /// Submits per second.
    pub rate: NonZeroU32,
    pub enquire_link_seconds: NonZeroU32,
    /// The queue that carries this connection's jobs.
    pub queue_url: String,
}

/// A vendor that runs the Alaris HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarisLink {
    pub url: String,
    pub username: String,
    pub service_type: String,
    /// The unguessable part of the address to which this vendor posts its receipts.
    pub webhook_guid: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknownOutcome {
    /// Do not send again: about a third of such messages had been taken.
    #[default]
    Wait,
    /// Send again: a message twice is better than none.
    Resend,
}

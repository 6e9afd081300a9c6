//! Links to vendors, and from clients. Passwords for vendors are not here: they live in the secret store
//! under the connection's id.

mod client;
mod smpp;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{CompanyId, ConnectionId};
use crate::lookup::LookupLink;

pub use client::{ClientAlphabet, ClientLink, ClientLinkError, Network, NetworkError};
pub use smpp::{
    Binds, ErrorAction, ErrorRule, ExtraTlv, LinkError, LongForm, NumberType, Numbering, SmppLink,
    StatusOutcome, StatusRule, Tls,
};

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
    /// Raised by every change, so that two editors cannot overwrite each other.
    #[serde(default)]
    pub revision: u64,
}

/// Listed under its company.
impl Thing for Connection {
    const NOUN: &'static str = "connection";
    const NOUNS: &'static str = "connections";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("kind", self.link.kind().to_owned()),
            ("enabled", catalog::flag(self.enabled)),
        ]
    }

    /// By what a client's bind, or a vendor's call, finds it.
    fn unique(&self) -> Vec<String> {
        match &self.link {
            Link::Client(link) => vec![Self::name_of_client(&link.system_id)],
            Link::Alaris(link) => vec![Self::name_of_webhook(&link.webhook_guid)],
            Link::Smpp(_) | Link::Lookup(_) => Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Link {
    Smpp(SmppLink),
    Alaris(AlarisLink),
    /// Carries no messages.
    Lookup(LookupLink),
    /// From a client to us.
    Client(ClientLink),
}

impl Connection {
    /// The road that messages take over it to a vendor; none if it carries none.
    pub fn kind(&self) -> Option<ConnectionKind> {
        match self.link {
            Link::Smpp(_) => Some(ConnectionKind::Smpp),
            Link::Alaris(_) => Some(ConnectionKind::Http),
            Link::Lookup(_) | Link::Client(_) => None,
        }
    }

    /// Two clients never bind with one name.
    pub fn name_of_client(system_id: &str) -> String {
        format!("client#{system_id}")
    }

    pub fn name_of_webhook(guid: &str) -> String {
        format!("webhook#{guid}")
    }
}

impl Link {
    /// As it is stored and answered.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Smpp(_) => "smpp",
            Self::Alaris(_) => "alaris",
            Self::Lookup(_) => "lookup",
            Self::Client(_) => "client",
        }
    }

    /// Whether a password that is right for this link goes to the same place over the other one.
    pub fn leads_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Smpp(one), Self::Smpp(other)) => (&one.host, one.port) == (&other.host, other.port),
            (Self::Alaris(one), Self::Alaris(other)) => one.url == other.url,
            (Self::Lookup(one), Self::Lookup(other)) => one.url == other.url,
            // We call nobody there.
            (Self::Client(_), Self::Client(_)) => true,
            _ => false,
        }
    }
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

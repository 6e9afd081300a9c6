//! Links to vendors, and from clients. Passwords for vendors are not here: they live in the secret store.

mod client;
mod http;
mod smpp;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{CompanyId, ConnectionId, SecretId};
use crate::lookup::LookupLink;

pub use client::{ClientAlphabet, ClientLink, ClientLinkError, Network, NetworkError};
pub use http::{HttpLink, HttpVendor};
pub use smpp::{
    Binds, ErrorAction, ErrorRule, ExtraTlv, InterfaceVersion, LinkError, LongForm, NumberType, Numbering,
    SmppLink, StatusOutcome, StatusRule, Tls,
};

/// How long vendors try to deliver a message where neither it nor its connection says so.
pub const USUAL_VALIDITY: SignedDuration = SignedDuration::from_hours(72);

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
    /// Under which its password is kept: a new one each time it is told, so that a row never names the
    /// password of another address. None where there is none for us to tell.
    pub secret: Option<SecretId>,
    /// What to do with a message of which nobody can say whether the vendor took it.
    pub on_unknown_outcome: OnUnknownOutcome,
    pub created_at: Timestamp,
    /// When it was deleted. It stays for what is on its way: messages that wait for it, a vendor's receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Raised by every change, so that two editors cannot overwrite each other.
    #[serde(default)]
    pub revision: u64,
}

/// Listed under its company until it is deleted.
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
        if self.is_gone() { Vec::new() } else { vec![self.company.to_string()] }
    }

    fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Those of the guide's tables of each kind (10.1 to 10.3); empty where a kind has no such thing.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let (host, port, login, client) = match &self.link {
            Link::Smpp(link) => (link.host.as_str(), Some(link.port), link.system_id.as_str(), ""),
            Link::Http(link) => {
                let login = link.username.as_deref().unwrap_or_default();
                (link.url.as_deref().unwrap_or_default(), None, login, "")
            }
            Link::Lookup(link) => (link.url.as_str(), None, "", ""),
            Link::Client(link) => ("", None, link.system_id.as_str(), link.client.as_str()),
        };
        let is_inverted = matches!(&self.link, Link::Smpp(link) if link.inverted_addresses);
        let (vendor, is_signed) = match &self.link {
            Link::Http(link) => (link.vendor.name(), link.has_signature_key),
            _ => ("", false),
        };
        vec![
            ("name", catalog::words(&self.name)),
            ("kind", self.link.kind().to_owned()),
            ("enabled", catalog::flag(self.enabled)),
            ("host", catalog::words(host)),
            ("port", port.map(|port| catalog::number(port.into())).unwrap_or_default()),
            ("login", catalog::words(login)),
            ("client", client.to_owned()),
            ("inverted_addresses", catalog::flag(is_inverted)),
            ("vendor", vendor.to_owned()),
            ("has_signature_key", catalog::flag(is_signed)),
        ]
    }

    /// By what a client's bind, or a vendor's call, finds it. Vendors go on calling what was deleted.
    fn unique(&self) -> Vec<String> {
        match &self.link {
            Link::Client(_) if self.is_gone() => Vec::new(),
            Link::Client(link) => vec![Self::name_of_client(&link.system_id)],
            Link::Http(link) => link.webhook_guid.iter().map(|guid| Self::name_of_webhook(guid)).collect(),
            Link::Smpp(_) | Link::Lookup(_) => Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Link {
    Smpp(SmppLink),
    Http(HttpLink),
    /// Carries no messages.
    Lookup(LookupLink),
    /// From a client to us.
    Client(ClientLink),
}

impl Connection {
    /// One that is enabled, and has no password yet.
    pub fn new(
        id: ConnectionId,
        company: CompanyId,
        name: impl Into<String>,
        link: Link,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            company,
            name: name.into(),
            enabled: true,
            link,
            secret: None,
            on_unknown_outcome: OnUnknownOutcome::default(),
            created_at,
            deleted_at: None,
            revision: 0,
        }
    }

    /// The connection as it stays when it was deleted: disabled for good, and without its password.
    pub fn deleted(&self, now: Timestamp) -> Self {
        let revision = self.revision + 1;
        Self { enabled: false, secret: None, deleted_at: Some(now), revision, ..self.clone() }
    }

    /// The road that messages take over it to a vendor, of whatever channel; none if it carries none.
    pub fn kind(&self) -> Option<ConnectionKind> {
        match self.link {
            Link::Smpp(_) => Some(ConnectionKind::Smpp),
            Link::Http(_) => Some(ConnectionKind::Http),
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
            Self::Http(_) => "http",
            Self::Lookup(_) => "lookup",
            Self::Client(_) => "client",
        }
    }

    /// Whether SMS goes over it to a vendor.
    pub fn carries_sms(&self) -> bool {
        match self {
            Self::Smpp(_) => true,
            Self::Http(link) => link.sms_url().is_some(),
            Self::Lookup(_) | Self::Client(_) => false,
        }
    }

    /// Whether there is a secret beside it.
    pub fn has_secret(&self) -> bool {
        match self {
            Self::Smpp(_) | Self::Lookup(_) => true,
            Self::Http(link) => link.username.is_some() || link.has_signature_key,
            Self::Client(_) => false,
        }
    }

    /// How long a vendor tries to deliver a message that does not say so itself.
    pub fn validity(&self) -> SignedDuration {
        match self {
            Self::Smpp(link) => link.validity(),
            _ => USUAL_VALIDITY,
        }
    }

    /// Whether a password that is right for this link goes to the same place over the other one.
    pub fn leads_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Smpp(one), Self::Smpp(other)) => (&one.host, one.port) == (&other.host, other.port),
            (Self::Http(one), Self::Http(other)) => (&one.url, &one.vendor) == (&other.url, &other.vendor),
            (Self::Lookup(one), Self::Lookup(other)) => one.url == other.url,
            // We call nobody there.
            (Self::Client(_), Self::Client(_)) => true,
            _ => false,
        }
    }
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

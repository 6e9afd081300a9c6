//! Sender IDs: what a message is sent from, under one agreement, over which connections; and where what
//! phones send to it goes. Nothing but SMS is sent yet: those of other channels are data.

pub mod picture;
pub mod settings;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Thing};
use crate::channel::Channel;
use crate::connection::{ConnectionKind, HttpVendor, Link};
use crate::id::{AgreementId, CompanyId, ConnectionId, SecretId, SenderId};
use crate::incoming::IncomingRule;
use crate::record::FieldError;
use crate::route::{ROUTES_MAX, Routes};
use crate::statistics::Counts;

pub use self::settings::{SenderSettings, SmsSender};

const NAME_LENGTH_MAX: usize = 120;
const GUID_LENGTH: std::ops::RangeInclusive<usize> = 8..=64;
const MNO_LENGTH_MAX: usize = 80;
const MESSAGES_MIN_MAX: u32 = 1_000_000;
/// A day.
const WINDOW_MINUTES_MAX: u16 = 1_440;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderStatus {
    #[default]
    Active,
    Blocked,
    Draft,
    Testing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub id: SenderId,
    pub company: CompanyId,
    /// The company above that one; the owner has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<CompanyId>,
    pub agreement: AgreementId,
    /// What the recipient sees.
    pub address: SenderAddress,
    /// Of every channel but SMS, where only one with an account of its own at a vendor has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettings>,
    /// Under which its secrets are kept: a new one each time they are told, so that a row never names others
    /// than those that were stored for it. None: its vendor gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
    /// Of SMS with an account of its own: the vendor's address that its password was told for, which goes nowhere
    /// else. Who has the sender ID need not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_url: Option<String>,
    /// As people call it here.
    #[serde(default)]
    pub name: String,
    pub status: SenderStatus,
    /// For SMS at least one, or none while it is not active or where it is assigned; at most one for other
    /// channels.
    #[serde(default)]
    pub routes: Routes,
    /// Only of SMS, in the place of routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_from: Option<AssignedFrom>,
    /// None: it gets nothing from phones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingRule>,
    /// The vendors' connections over which what phones send to it may come beside those of its routes. They
    /// stand beside the rule because companies above name them, and the company itself writes the rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incoming_vendors: Vec<ConnectionId>,
    /// The unguessable part of the address that a provider calls about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
    /// The operator that it is registered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// None: nobody is told when its messages fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    pub created_at: Timestamp,
    /// None until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    #[serde(default)]
    pub revision: u64,
}

/// The sender ID of the company above over whose roads messages go (guide, section 14.2: a reseller assigns the
/// sender IDs that it was given to its own clients).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedFrom {
    pub sender: SenderId,
    /// That one's. It is found by this and its address, which both have.
    pub agreement: AgreementId,
}

/// The list of those that are monitored, of all companies.
pub const MONITORED: &str = "monitored";

/// When somebody is told that its messages fail (guide, section 6.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitoring {
    /// So many of a hundred that ended have failed, 1 to 100.
    pub trigger_percent: u8,
    /// Fewer that ended than this say nothing.
    pub messages_min: u32,
    /// Counted in windows of so many minutes, one after the other.
    pub window_minutes: u16,
}

/// What is to be different; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SenderChange {
    pub name: Option<String>,
    pub status: Option<SenderStatus>,
    /// In the place of what it is assigned from.
    pub routes: Option<Routes>,
    /// In the place of its routes.
    pub assigned_from: Option<AssignedFrom>,
    /// None in it: nothing from phones any more.
    pub incoming: Option<Option<IncomingRule>>,
    /// To be checked beside: that they could be routes of it.
    pub incoming_vendors: Option<Vec<ConnectionId>>,
    pub webhook_guid: Option<Option<String>>,
    pub mno: Option<Option<String>>,
    pub monitoring: Option<Option<Monitoring>>,
    /// Of the same channel. None in it: of SMS, no account of its own any more.
    pub settings: Option<Option<SenderSettings>>,
    /// Where the secrets are that are told beside it. None in it: its vendor gives none any more.
    pub secret: Option<Option<SecretId>>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    #[error("a sender ID stays in its channel")]
    OtherChannel,
    #[error("only an RCS sender ID can be `testing`")]
    NotTested,
    #[error("{1} is nothing that a sender ID of this channel has")]
    NotOfChannel(&'static str, &'static str),
    #[error("an active one needs a connection, routes or one that it is assigned from")]
    NoRoads,
    #[error("an account is at one vendor: exactly one of the routes has to be over HTTP")]
    OneAccount,
    #[error("it has routes of its own or is assigned from another one, not both")]
    RoadsTwice,
    #[error(
        "it has to be one of SMS with the same address, under the agreement that each message is charged to as well: \
         the one that a cascade agreement is resold under"
    )]
    NotAssignable,
    #[error("a webhook GUID is needed for RCS")]
    NoWebhookGuid,
    #[error("{0}")]
    Settings(FieldError),
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a webhook GUID has 8 to 64 letters, digits or -")]
    WebhookGuid,
    #[error("at most {ROUTES_MAX} vendor connections may be named, each once")]
    IncomingVendors,
    #[error("an operator's name has 1 to {MNO_LENGTH_MAX} characters")]
    Mno,
    #[error(
        "monitoring has a percentage of 1 to 100, at least 1 and at most {MESSAGES_MIN_MAX} messages and 1 to {WINDOW_MINUTES_MAX} minutes"
    )]
    Monitoring,
}

/// Why messages cannot take a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoadError {
    #[error("no SMS goes over this connection")]
    NoSms,
    #[error("this connection has no account: the sender ID needs one of its own")]
    NoAccount,
    #[error("this connection is not one to the sender ID's vendor")]
    OtherVendor,
    #[error("the address of a Viber sender ID is the service_id of its connection")]
    OtherService,
}

impl Sender {
    /// One that may be used from now on.
    pub fn new(
        id: SenderId,
        company: CompanyId,
        agreement: AgreementId,
        address: SenderAddress,
        routes: Routes,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            company,
            tenant: None,
            agreement,
            name: address.to_string(),
            address,
            settings: None,
            secret: None,
            account_url: None,
            status: SenderStatus::Active,
            routes,
            assigned_from: None,
            incoming: None,
            incoming_vendors: Vec::new(),
            webhook_guid: None,
            mno: None,
            monitoring: None,
            created_at,
            updated_at: None,
            revision: 0,
        }
    }

    fn list_above(&self) -> Option<String> {
        self.tenant.as_ref().map(|tenant| catalog::list_with(tenant.as_str()))
    }

    pub fn channel(&self) -> Channel {
        self.settings.as_ref().map_or(Channel::Sms, SenderSettings::channel)
    }

    /// What it has in another channel than SMS.
    fn other_channel(&self) -> Option<&SenderSettings> {
        self.settings.as_ref().filter(|settings| settings.channel() != Channel::Sms)
    }

    /// Who carries what is sent from it: `smpp` or `http` for SMS, by its first route.
    pub fn vendor(&self) -> String {
        match self.other_channel() {
            Some(settings) => settings.vendor().to_owned(),
            None => self.routes.all().first().map(|route| catalog::choice(route.kind)).unwrap_or_default(),
        }
    }

    /// What one with this address under an agreement of a company below has if it is assigned from this one.
    /// Its agreement has to be charged together with this one's, so that who gave it its roads is paid for what they
    /// carry.
    pub fn assigned_to(
        &self,
        agreement: &Agreement,
        address: &SenderAddress,
    ) -> Result<AssignedFrom, SenderError> {
        let is_paid = agreement.charged_levels().get(1) == Some(&self.agreement);
        if !is_paid || self.address != *address || self.channel() != Channel::Sms {
            return Err(SenderError::NotAssignable);
        }
        Ok(AssignedFrom { sender: self.id.clone(), agreement: self.agreement.clone() })
    }

    /// An assigned one as it is used: over the roads of the one that it is assigned from, and stopped where
    /// that is. `above` is what lies where that one should.
    #[must_use]
    pub fn over(self, from: &AssignedFrom, above: Option<Self>) -> Self {
        let Some(above) = above.filter(|above| above.id == from.sender) else {
            return Self { status: SenderStatus::Blocked, assigned_from: None, ..self };
        };
        let status = if self.status == SenderStatus::Active { above.status } else { self.status };
        let incoming_vendors = [self.incoming_vendors, above.incoming_vendors].concat();
        Self { status, routes: above.routes, assigned_from: above.assigned_from, incoming_vendors, ..self }
    }

    /// One that is assigned as it is used, where `all` are the sender IDs with its address by their agreements.
    /// Each above it stands under an agreement further up.
    #[must_use]
    pub fn as_used(mut self, all: &BTreeMap<AgreementId, Self>) -> Self {
        while let Some(from) = self.assigned_from.clone() {
            self = self.over(&from, all.get(&from.agreement).cloned());
        }
        self
    }

    /// Whether what phones send to it may come over this vendor's connection: a vendor speaks for the numbers
    /// that it carries. So nobody gets the messages of another company's number by naming it, and no vendor
    /// makes up what a phone sent to another's.
    pub fn is_served_by(&self, connection: &ConnectionId) -> bool {
        self.incoming_vendors.contains(connection)
            || self.routes.all().iter().any(|route| route.connection == *connection)
    }

    /// Whether its messages can take this link. Where the guide's form asks for a connection, it is one to the
    /// vendor of the form.
    pub fn check_road(&self, link: &Link) -> Result<(), RoadError> {
        match (self.other_channel(), link) {
            (None, link) if !link.carries_sms() => Err(RoadError::NoSms),
            (None, Link::Http(http)) if http.username.is_none() && self.settings.is_none() => {
                Err(RoadError::NoAccount)
            }
            (None, _) => Ok(()),
            (Some(settings), Link::Http(http)) if http.vendor.name() == settings.vendor() => {
                match &http.vendor {
                    HttpVendor::Viber { service_id } if service_id != self.address.as_str() => {
                        Err(RoadError::OtherService)
                    }
                    _ => Ok(()),
                }
            }
            (Some(_), _) => Err(RoadError::OtherVendor),
        }
    }

    /// The connections of its routes over HTTP.
    pub fn over_http(&self) -> Vec<&ConnectionId> {
        let routes = self.routes.all().iter().filter(|route| route.kind == ConnectionKind::Http);
        routes.map(|route| &route.connection).collect()
    }

    /// The account of its own under which its messages go out over this connection, as long as that leads to
    /// the address that the account was told for.
    pub fn account_at(&self, connection: &ConnectionId, url: &str) -> Option<&SmsSender> {
        let is_there = self.over_http().contains(&connection) && self.account_url.as_deref() == Some(url);
        match &self.settings {
            Some(SenderSettings::Sms(account)) if is_there => Some(account),
            _ => None,
        }
    }

    /// It comes back as it is, with the same revision, if nothing of it is to be different.
    pub fn changed(&self, change: SenderChange, now: Timestamp) -> Result<Self, SenderError> {
        let line = |text: String, most: usize| {
            let text = text.trim().to_owned();
            let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            fits.then_some(text)
        };
        let name = match change.name {
            Some(name) => line(name, NAME_LENGTH_MAX).ok_or(SenderError::Name)?,
            None => self.name.clone(),
        };
        let mno = match change.mno {
            Some(Some(mno)) => Some(line(mno, MNO_LENGTH_MAX).ok_or(SenderError::Mno)?),
            Some(None) => None,
            None => self.mno.clone(),
        };
        let webhook_guid = change.webhook_guid.unwrap_or_else(|| self.webhook_guid.clone());
        if webhook_guid.as_deref().is_some_and(|guid| !is_guid(guid)) {
            return Err(SenderError::WebhookGuid);
        }
        let monitoring = change.monitoring.unwrap_or(self.monitoring);
        if monitoring.is_some_and(|monitoring| !monitoring.is_sound()) {
            return Err(SenderError::Monitoring);
        }
        let incoming_vendors = change.incoming_vendors.unwrap_or_else(|| self.incoming_vendors.clone());
        let different: BTreeSet<_> = incoming_vendors.iter().collect();
        if ROUTES_MAX < incoming_vendors.len() || different.len() < incoming_vendors.len() {
            return Err(SenderError::IncomingVendors);
        }
        let settings = self.settings_after(change.settings)?;
        let (routes, assigned_from) = match (change.routes, change.assigned_from) {
            (Some(_), Some(_)) => return Err(SenderError::RoadsTwice),
            (Some(routes), None) => (routes, None),
            (None, Some(from)) => (Routes::default(), Some(from)),
            (None, None) => (self.routes.clone(), self.assigned_from.clone()),
        };
        let changed = Self {
            name,
            mno,
            settings,
            secret: change.secret.unwrap_or_else(|| self.secret.clone()),
            webhook_guid,
            monitoring,
            status: change.status.unwrap_or(self.status),
            routes,
            assigned_from,
            incoming: change.incoming.unwrap_or_else(|| self.incoming.clone()),
            incoming_vendors,
            ..self.clone()
        };
        changed.check_channel()?;
        Ok(match changed == *self {
            true => changed,
            false => Self { updated_at: Some(now), revision: self.revision + 1, ..changed },
        })
    }

    fn settings_after(
        &self,
        told: Option<Option<SenderSettings>>,
    ) -> Result<Option<SenderSettings>, SenderError> {
        let channel = self.channel();
        match told {
            None => Ok(self.settings.clone()),
            Some(Some(told)) if told.channel() == channel => {
                Ok(Some(told.checked(&self.address).map_err(SenderError::Settings)?))
            }
            Some(None) if channel == Channel::Sms => Ok(None),
            Some(_) => Err(SenderError::OtherChannel),
        }
    }

    /// Whether it has what sender IDs of its channel have, and nothing else.
    fn check_channel(&self) -> Result<(), SenderError> {
        let channel = self.channel();
        if self.status == SenderStatus::Testing && channel != Channel::Rcs {
            return Err(SenderError::NotTested);
        }
        if channel == Channel::Rcs && self.webhook_guid.is_none() {
            return Err(SenderError::NoWebhookGuid);
        }
        let Some(settings) = self.other_channel() else { return self.check_sms() };
        let roads_max = usize::from(settings.has_connection());
        let over_smpp = self.routes.all().iter().any(|route| route.kind != ConnectionKind::Http);
        let is_voice = channel == Channel::Voice;
        let refused = [
            ("connection", "a connection", roads_max < self.routes.all().len()),
            ("connection", "a connection that is not HTTP", over_smpp),
            ("assigned_from", "one that it is assigned from", self.assigned_from.is_some()),
            ("incoming", "a rule for messages from phones", self.incoming.is_some()),
            ("webhook_guid", "a webhook GUID", is_voice && self.webhook_guid.is_some()),
            ("monitoring", "monitoring", is_voice && self.monitoring.is_some()),
        ];
        match refused.into_iter().find(|(.., is_told)| *is_told) {
            Some((field, what, _)) => Err(SenderError::NotOfChannel(field, what)),
            None => Ok(()),
        }
    }

    fn check_sms(&self) -> Result<(), SenderError> {
        let roads = self.routes.all();
        if self.status == SenderStatus::Active && self.assigned_from.is_none() && roads.is_empty() {
            return Err(SenderError::NoRoads);
        }
        match self.settings.is_some() && self.over_http().len() != 1 {
            true => Err(SenderError::OneAccount),
            false => Ok(()),
        }
    }
}

fn is_guid(text: &str) -> bool {
    GUID_LENGTH.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl Monitoring {
    fn is_sound(self) -> bool {
        (1..=100).contains(&self.trigger_percent)
            && (1..=MESSAGES_MIN_MAX).contains(&self.messages_min)
            && (1..=WINDOW_MINUTES_MAX).contains(&self.window_minutes)
    }

    /// Whether of the messages that ended between two looks so many have failed that somebody is told.
    pub fn is_alarming(self, before: &Counts, now: &Counts) -> bool {
        let failed = now.failed - before.failed;
        let ended = now.delivered - before.delivered + failed;
        i64::from(self.messages_min) <= ended && i64::from(self.trigger_percent) * ended <= 100 * failed
    }
}

/// Listed under its company, with the company above, and under the connections that its messages take or over
/// which what phones send comes and goes on, or the sender ID that it is assigned from; with all others that are
/// monitored if it is.
impl Thing for Sender {
    const NOUN: &'static str = "sender_id";
    const NOUNS: &'static str = "sender_ids";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let roads = self.routes.all().iter().map(|route| &route.connection);
        let client = self.incoming.iter().filter_map(|rule| rule.client.as_ref());
        let of_phones = self.incoming_vendors.iter().chain(client);
        let mut lists: Vec<_> = [self.company.to_string()].into_iter().chain(self.list_above()).collect();
        for connection in roads.chain(of_phones).map(ToString::to_string) {
            if !lists.contains(&connection) {
                lists.push(connection);
            }
        }
        lists.extend(self.assigned_from.iter().map(|from| from.sender.to_string()));
        lists.extend(self.monitoring.map(|_| MONITORED.to_owned()));
        lists
    }

    /// Elsewhere than under companies it is only looked for.
    fn columns_in(&self, list: &str) -> Vec<(&'static str, String)> {
        let is_read = list == self.company.as_str() || self.list_above().as_deref() == Some(list);
        let mut columns = self.columns();
        columns.retain(|(name, _)| is_read || Self::ORDER == Some(*name));
        columns
    }

    /// Where what is sent from it finds it. No SMS finds one of another channel.
    fn place(&self) -> Option<(String, String)> {
        let channel = match self.channel() {
            Channel::Sms => String::new(),
            channel => format!("#{}", catalog::choice(channel)),
        };
        Some((format!("sender#{}{channel}", self.agreement), self.address.to_string()))
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("created_at", catalog::time(self.created_at)),
            ("updated_at", catalog::time(self.updated_at.unwrap_or(self.created_at))),
            ("address", catalog::words(self.address.as_str())),
            ("name", catalog::words(&self.name)),
            ("channel", catalog::choice(self.channel())),
            ("vendor", self.vendor()),
            ("status", catalog::choice(self.status)),
            ("agreement", self.agreement.to_string()),
            ("webhook_guid", catalog::words(self.webhook_guid.as_deref().unwrap_or_default())),
        ]
    }

    /// Its address under its agreement, and its webhook GUID.
    fn unique(&self) -> Vec<String> {
        self.webhook_guid.iter().map(|guid| format!("guid.{guid}")).collect()
    }
}

/// What the recipient sees. Of SMS an alphanumeric name of 1 to 11 characters, or a number of 3 to 15 digits
/// (3GPP TS 23.040, 9.1.2.5); of calls a number; else the code that the provider gave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SenderAddress(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sender of SMS is a name of 1 to 11 letters, digits, blanks or & . - _ + with at least one letter, or a number of 3 to 15 digits; of calls a number; of other channels a code of 1 to {CODE_LENGTH_MAX} characters"
)]
pub struct SenderAddressError;

/// Of a code that a provider gave.
const CODE_LENGTH_MAX: usize = 120;

impl SenderAddress {
    /// Of a channel.
    pub fn parse_for(channel: Channel, text: &str) -> Result<Self, SenderAddressError> {
        match channel {
            Channel::Sms => Self::parse(text),
            Channel::Voice | Channel::FlashCall => {
                Self::parse(text).ok().filter(Self::is_numeric).ok_or(SenderAddressError)
            }
            _ => Self::code(text),
        }
    }

    fn code(text: &str) -> Result<Self, SenderAddressError> {
        let fits = (1..=CODE_LENGTH_MAX).contains(&text.chars().count());
        let is_plain = text.trim() == text && !text.chars().any(char::is_control);
        (fits && is_plain).then(|| Self(text.to_owned())).ok_or(SenderAddressError)
    }

    /// Of SMS.
    pub fn parse(text: &str) -> Result<Self, SenderAddressError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return if (3..=15).contains(&digits.len()) {
                Ok(Self(digits.to_owned()))
            } else {
                Err(SenderAddressError)
            };
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || " &.-_+".contains(c);
        let named = text.chars().all(allowed) && text.chars().any(|c| c.is_ascii_alphabetic());
        if named && text.len() <= 11 && text.trim() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(SenderAddressError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_numeric(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl std::fmt::Display for SenderAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for SenderAddress {
    type Error = SenderAddressError;
    /// Of any channel, as it was stored.
    fn try_from(text: String) -> Result<Self, SenderAddressError> {
        Self::code(&text)
    }
}

impl From<SenderAddress> for String {
    fn from(address: SenderAddress) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{HttpLink, SmppLink};
    use crate::route::Route;

    #[test]
    fn a_sender_id_changes_in_what_is_named_and_only_to_what_makes_sense() {
        let routes = Routes::only(ConnectionId::new(1), ConnectionKind::Smpp);
        let address = SenderAddress::parse("ACME").unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let (company, agreement) = (CompanyId::new(1), AgreementId::new(1));
        let sender = Sender::new(SenderId::new(1), company, agreement, address, routes, now);
        let watch = |trigger_percent| Monitoring { trigger_percent, messages_min: 40, window_minutes: 20 };
        let ask = SenderChange { monitoring: Some(Some(watch(60))), ..SenderChange::default() };
        let changed = sender.changed(ask, now).unwrap();
        assert_eq!((changed.name.as_str(), changed.revision), ("ACME", 1));
        assert_eq!(changed.monitoring, Some(watch(60)));
        for (bad, error) in [
            (SenderChange { name: Some(" ".into()), ..SenderChange::default() }, SenderError::Name),
            (
                SenderChange { monitoring: Some(Some(watch(0))), ..SenderChange::default() },
                SenderError::Monitoring,
            ),
            (
                SenderChange { webhook_guid: Some(Some("short".into())), ..SenderChange::default() },
                SenderError::WebhookGuid,
            ),
            (SenderChange { mno: Some(Some(String::new())), ..SenderChange::default() }, SenderError::Mno),
            (brought_by(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), SenderError::IncomingVendors),
            (brought_by(&[1, 1]), SenderError::IncomingVendors),
        ] {
            assert_eq!(sender.changed(bad, now), Err(error));
        }
        let brought = sender.changed(brought_by(&[1, 2, 3, 4, 5, 6, 7, 8]), now).unwrap();
        assert!(brought.is_served_by(&ConnectionId::new(8)) && !sender.is_served_by(&ConnectionId::new(8)));
    }

    fn brought_by(vendors: &[u128]) -> SenderChange {
        let vendors = vendors.iter().map(|number| ConnectionId::new(*number)).collect();
        SenderChange { incoming_vendors: Some(vendors), ..SenderChange::default() }
    }

    fn over(routes: Vec<Route>) -> Sender {
        let address = SenderAddress::parse("ACME").unwrap();
        let (company, agreement) = (CompanyId::new(1), AgreementId::new(1));
        let routes = Routes::new(routes).unwrap();
        Sender::new(SenderId::new(1), company, agreement, address, routes, Timestamp::UNIX_EPOCH)
    }

    fn route(number: u128, kind: ConnectionKind) -> Route {
        Route::only(ConnectionId::new(number), kind)
    }

    fn with_account() -> SenderChange {
        let account = SmsSender { login: " hoho ".into(), service_type: None };
        SenderChange { settings: Some(Some(SenderSettings::Sms(account))), ..SenderChange::default() }
    }

    #[test]
    fn an_account_of_a_sender_id_of_sms_is_at_its_one_vendor_over_http() {
        let now = Timestamp::UNIX_EPOCH;
        let (smpp, http) = (route(1, ConnectionKind::Smpp), route(2, ConnectionKind::Http));
        let url = "https://vendor.example";
        let own = over(vec![smpp.clone(), http.clone()]).changed(with_account(), now).unwrap();
        let own = Sender { account_url: Some(url.into()), ..own };
        assert_eq!((own.channel(), own.vendor().as_str()), (Channel::Sms, "smpp"));
        assert_eq!(own.place(), over(vec![smpp.clone()]).place());
        assert_eq!(own.account_at(&http.connection, url).map(|account| account.login.as_str()), Some("hoho"));
        assert_eq!(own.account_at(&smpp.connection, url), None);
        assert_eq!(own.account_at(&http.connection, "https://other.example"), None);
        for routes in [vec![smpp.clone()], vec![http.clone(), route(3, ConnectionKind::Http)]] {
            assert_eq!(over(routes).changed(with_account(), now), Err(SenderError::OneAccount));
        }
        let moved =
            SenderChange { routes: Some(Routes::new(vec![smpp]).unwrap()), ..SenderChange::default() };
        assert_eq!(own.changed(moved.clone(), now), Err(SenderError::OneAccount));
        let without = own.changed(SenderChange { settings: Some(None), ..moved }, now).unwrap();
        assert_eq!((without.channel(), without.settings), (Channel::Sms, None));
    }

    #[test]
    fn messages_take_connections_to_the_vendor_of_their_sender_id() {
        let sms = HttpLink::transit_sms("https://vendor.example", "we", "guid");
        let of = |vendor: HttpVendor| Link::Http(HttpLink { vendor, username: None, ..sms.clone() });
        let without_account = of(HttpVendor::TransitSms {});
        let (viber, other_viber) = (
            of(HttpVendor::Viber { service_id: "ACME".into() }),
            of(HttpVendor::Viber { service_id: "1234".into() }),
        );
        let plain = over(vec![route(1, ConnectionKind::Http)]);
        let own = plain.changed(with_account(), Timestamp::UNIX_EPOCH).unwrap();
        let in_viber = |vendor: &str| {
            let settings =
                serde_json::json!({"channel": "viber", "vendor": {"type": vendor, "login": "hoho"}});
            Sender { settings: Some(serde_json::from_value(settings).unwrap()), ..plain.clone() }
        };
        for (sender, link, expected) in [
            (&plain, &Link::Smpp(SmppLink::new("smsc.example.com", 2775, "we")), Ok(())),
            (&plain, &Link::Http(sms.clone()), Ok(())),
            (&plain, &without_account, Err(RoadError::NoAccount)),
            (&own, &without_account, Ok(())),
            (&own, &viber, Err(RoadError::NoSms)),
            (&in_viber("viber"), &viber, Ok(())),
            (&in_viber("viber"), &other_viber, Err(RoadError::OtherService)),
            (&in_viber("viber"), &Link::Http(sms.clone()), Err(RoadError::OtherVendor)),
            (&in_viber("transit_viber"), &viber, Err(RoadError::OtherVendor)),
            (&in_viber("transit_viber"), &of(HttpVendor::TransitViber {}), Ok(())),
        ] {
            assert_eq!(sender.check_road(link), expected, "{link:?}");
        }
    }

    #[test]
    fn an_assigned_sender_id_has_the_roads_and_the_stops_of_the_one_above() {
        let (company, address) = (CompanyId::new(1), SenderAddress::parse("BAKERY").unwrap());
        let at = |number: u128, routes: Routes| {
            let (id, agreement) = (SenderId::new(number), AgreementId::new(number));
            Sender::new(id, company.clone(), agreement, address.clone(), routes, Timestamp::UNIX_EPOCH)
        };
        let above = at(1, Routes::only(ConnectionId::new(1), ConnectionKind::Smpp));
        let reseller = crate::agreement::tests::agreement();
        let sold = Agreement { id: AgreementId::new(2), above: vec![reseller.id.clone()], ..reseller };
        let from = above.assigned_to(&sold, &address).unwrap();
        let other = SenderAddress::parse("BANK").unwrap();
        assert_eq!(above.assigned_to(&sold, &other), Err(SenderError::NotAssignable));
        let elsewhere = Agreement { above: vec![AgreementId::new(9)], ..sold };
        assert_eq!(above.assigned_to(&elsewhere, &address), Err(SenderError::NotAssignable));

        let now = Timestamp::UNIX_EPOCH;
        let bare = at(2, Routes::default());
        assert_eq!(bare.changed(SenderChange::default(), now), Err(SenderError::NoRoads));
        let ask = SenderChange { assigned_from: Some(from.clone()), ..SenderChange::default() };
        let both = SenderChange { routes: Some(above.routes.clone()), ..ask.clone() };
        assert_eq!(bare.changed(both, now), Err(SenderError::RoadsTwice));
        let assigned = bare.changed(ask, now).unwrap();
        let used = assigned.clone().over(&from, Some(above.clone()));
        assert_eq!(
            (used.status, &used.routes, used.assigned_from),
            (SenderStatus::Active, &above.routes, None)
        );
        let blocked = Sender { status: SenderStatus::Blocked, ..above.clone() };
        assert_eq!(assigned.clone().over(&from, Some(blocked)).status, SenderStatus::Blocked);
        let draft = Sender { status: SenderStatus::Draft, ..assigned.clone() };
        assert_eq!(draft.over(&from, Some(above)).status, SenderStatus::Draft);
        for gone in [None, Some(at(3, used.routes))] {
            let stopped = assigned.clone().over(&from, gone);
            assert_eq!((stopped.status, stopped.routes), (SenderStatus::Blocked, Routes::default()));
        }
    }

    #[test]
    fn an_alarm_needs_enough_messages_that_ended_since_and_enough_of_them_that_failed() {
        let monitoring = Monitoring { trigger_percent: 60, messages_min: 10, window_minutes: 20 };
        let counts = |delivered, failed| Counts { delivered, failed, ..Counts::default() };
        let before = counts(100, 900);
        let is_alarming = |delivered, failed| monitoring.is_alarming(&before, &counts(delivered, failed));
        assert!(!is_alarming(100, 900), "nothing has ended");
        assert!(!is_alarming(100, 909), "too few");
        assert!(is_alarming(100, 910) && is_alarming(104, 906));
        assert!(!is_alarming(105, 905), "half of them");
    }

    #[test]
    fn a_sender_is_a_short_name_or_a_number() {
        for good in ["ACME", "A", "Shop 24", "4915112345678", "+4915112345678", "12345"] {
            assert!(SenderAddress::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "12", "ABCDEFGHIJKL", " ACME", "ACMÉ", "1234567890123456", "--"] {
            assert!(SenderAddress::parse(bad).is_err(), "{bad}");
        }
    }
}

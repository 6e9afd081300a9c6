//! Sender IDs: what a message is sent from, under one agreement, over which connections; and where what
//! phones send to it goes. Nothing but SMS is sent yet: those of other channels are data.

pub mod picture;
pub mod settings;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Thing};
use crate::channel::Channel;
use crate::connection::ConnectionKind;
use crate::id::{AgreementId, CompanyId, ConnectionId, SecretId, SenderId};
use crate::incoming::IncomingRule;
use crate::record::FieldError;
use crate::route::{ROUTES_MAX, Routes};
use crate::statistics::Counts;

pub use self::settings::SenderSettings;

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
    /// Of every channel but SMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettings>,
    /// Under which its secrets are kept: a new one each time they are told, so that a row never names others
    /// than those that were stored for it. None: its vendor gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
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
    /// Of the same channel.
    pub settings: Option<SenderSettings>,
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

    /// Who carries what is sent from it: `smpp` or `http` for SMS, by its first route.
    pub fn vendor(&self) -> String {
        match &self.settings {
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

    /// Whether what phones send to it may come over this vendor's connection: a vendor speaks for the numbers
    /// that it carries. So nobody gets the messages of another company's number by naming it, and no vendor
    /// makes up what a phone sent to another's.
    pub fn is_served_by(&self, connection: &ConnectionId) -> bool {
        self.incoming_vendors.contains(connection)
            || self.routes.all().iter().any(|route| route.connection == *connection)
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

    fn settings_after(&self, told: Option<SenderSettings>) -> Result<Option<SenderSettings>, SenderError> {
        match (told, &self.settings) {
            (None, before) => Ok(before.clone()),
            (Some(told), Some(before)) if told.channel() == before.channel() => {
                Ok(Some(told.checked(&self.address).map_err(SenderError::Settings)?))
            }
            (Some(_), _) => Err(SenderError::OtherChannel),
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
        let Some(settings) = &self.settings else {
            let has_road = self.assigned_from.is_some() || !self.routes.all().is_empty();
            return match self.status {
                SenderStatus::Active if !has_road => Err(SenderError::NoRoads),
                _ => Ok(()),
            };
        };
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
        let channel = match &self.settings {
            None => String::new(),
            Some(settings) => format!("#{}", catalog::choice(settings.channel())),
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
            ("company", self.company.to_string()),
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

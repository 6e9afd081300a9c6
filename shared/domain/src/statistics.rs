//! What is counted of messages for people to look at: how many, how many arrived, and how fast, and how many
//! came from phones; by day and by month, for each company and for everything below it. Money is counted
//! elsewhere, in usage.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::channel::Channel;
use crate::destination::Destination;
use crate::id::CompanyId;
use crate::incoming::{IncomingMessage, dialled};
use crate::message::{Message, Status};
use crate::sender::SenderAddress;

/// Sums of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Taken in.
    pub accepted: i64,
    /// Segments of these.
    pub segments: i64,
    /// On the phone.
    pub delivered: i64,
    /// Will not arrive.
    pub failed: i64,
    /// From being accepted to arriving, all delivered ones together.
    pub delivery_milliseconds: i64,
    /// From phones, and handed on to those whose they are. None of the above counts them.
    #[serde(default)]
    pub received: i64,
}

/// One value for each of [`Counts::MEASURES`].
pub type Values = [i64; 6];

impl Counts {
    pub const MEASURES: [&str; 6] =
        ["accepted", "segments", "delivered", "failed", "delivery_milliseconds", "received"];

    pub fn values(&self) -> Values {
        let Self { accepted, segments, delivered, failed, delivery_milliseconds, received } = *self;
        [accepted, segments, delivered, failed, delivery_milliseconds, received]
    }

    pub fn of_values(values: Values) -> Self {
        let [accepted, segments, delivered, failed, delivery_milliseconds, received] = values;
        Self { accepted, segments, delivered, failed, delivery_milliseconds, received }
    }

    pub fn add(&mut self, other: &Self) {
        let sums = self.values().into_iter().zip(other.values()).map(|(one, other)| one + other);
        let mut values = Values::default();
        values.iter_mut().zip(sums).for_each(|(value, sum)| *value = sum);
        *self = Self::of_values(values);
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// How many of 1,000 that ended arrived; none while none has ended.
    pub fn delivered_per_mille(&self) -> Option<i64> {
        let ended = self.delivered + self.failed;
        (0 < ended).then(|| self.delivered * 1_000 / ended)
    }

    pub fn average_delivery_milliseconds(&self) -> Option<i64> {
        (0 < self.delivered).then(|| self.delivery_milliseconds / self.delivered)
    }
}

/// What one change of a message adds. It was accepted, or it has ended. What came from a phone was not sent, and
/// is counted by [`add_incoming`].
pub fn counts(before: Option<&Message>, after: &Message) -> Counts {
    let mut counts = Counts::default();
    if after.handling.incoming.is_some() {
        return counts;
    }
    if before.is_none() {
        counts.accepted = 1;
        counts.segments = i64::from(after.segments);
    }
    let had_ended = before.is_some_and(|before| before.status.is_final());
    if after.status.is_final() && !had_ended {
        match after.status {
            Status::Delivered => {
                counts.delivered = 1;
                let took = after.finished_at.unwrap_or(after.accepted_at).duration_since(after.accepted_at);
                counts.delivery_milliseconds = i64::try_from(took.as_millis().max(0)).unwrap_or_default();
            }
            _ => counts.failed = 1,
        }
    }
    counts
}

/// By what a sum is told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slice {
    All,
    Sender(String),
    Channel(String),
    Country(String),
    /// A network with its country, as one name may be in several.
    Network(String),
}

impl Slice {
    /// As the table names it.
    pub fn name(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Sender(sender) => format!("sender|{sender}"),
            Self::Channel(channel) => format!("channel|{channel}"),
            Self::Country(country) => format!("country|{country}"),
            Self::Network(network) => format!("network|{network}"),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name.split_once('|') {
            None => (name == "all").then_some(Self::All),
            Some(("sender", rest)) => Some(Self::Sender(rest.to_owned())),
            Some(("channel", rest)) => Some(Self::Channel(rest.to_owned())),
            Some(("country", rest)) => Some(Self::Country(rest.to_owned())),
            Some(("network", rest)) => Some(Self::Network(rest.to_owned())),
            Some(_) => None,
        }
    }
}

/// Whose statistics: a company's with all below it, or a two-factor integration's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    pub fn company(id: &CompanyId) -> Self {
        Self(id.to_string())
    }

    pub fn integration(id: &crate::id::TwoFactorIntegrationId) -> Self {
        Self(id.to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sums of one scope.
pub type Slices = BTreeMap<Slice, Counts>;

/// Adds what one change of a message counts, in every scope that sees it. `path` is that of the company
/// that sent it. Senders and networks are counted for that company alone: above it there may be very many.
pub fn add(
    sums: &mut BTreeMap<(Scope, Date), Slices>,
    path: &[CompanyId],
    message: &Message,
    counts: &Counts,
) {
    let day = day_of(message.accepted_at);
    let slices =
        SlicesOf::new(Some(&message.country), message.network.as_deref(), Some(message.sender.as_str()));
    for company in path {
        let sums = sums.entry((Scope::company(company), day)).or_default();
        slices.count(sums, *company == message.company, counts);
    }
    if let Some(code) = &message.handling.code {
        let sums = sums.entry((Scope::integration(&code.integration), day)).or_default();
        SlicesOf { sender: None, ..slices }.count(sums, true, counts);
    }
}

/// The same of a message from a phone that is handed on now, by the day on which it came. `path` is that of the
/// company whose it is, and `phone` where its phone is, if that is known.
pub fn add_incoming(
    sums: &mut BTreeMap<(Scope, Date), Slices>,
    path: &[CompanyId],
    message: &IncomingMessage,
    phone: Option<&Destination>,
) {
    let day = day_of(message.received_at);
    let counts = Counts { received: 1, ..Counts::default() };
    let country = phone.map(|phone| phone.country.as_str());
    let network = phone.and_then(|phone| phone.network.as_deref());
    let number = dialled(&message.destination.value);
    let slices = SlicesOf::new(country, network, number.as_ref().map(SenderAddress::as_str));
    let whose = message.routed.as_ref().map(|routed| &routed.company);
    for company in path {
        let sums = sums.entry((Scope::company(company), day)).or_default();
        slices.count(sums, whose == Some(company), &counts);
    }
}

/// What one message is counted in.
struct SlicesOf {
    /// For each company that sees it.
    shared: Vec<Slice>,
    /// For its own company alone.
    network: Option<Slice>,
    sender: Option<Slice>,
}

impl SlicesOf {
    fn new(country: Option<&str>, network: Option<&str>, sender: Option<&str>) -> Self {
        // Nothing else is sent yet.
        let channel = Slice::Channel(catalog::choice(Channel::Sms));
        let network = country.zip(network).map(|(country, name)| Slice::Network(format!("{country} {name}")));
        let country = country.map(|country| Slice::Country(country.to_owned()));
        let shared = [Slice::All, channel].into_iter().chain(country).collect();
        Self { shared, network, sender: sender.map(|sender| Slice::Sender(sender.to_owned())) }
    }

    fn count(&self, sums: &mut Slices, is_own: bool, counts: &Counts) {
        let own = [&self.network, &self.sender].into_iter().flatten().filter(|_| is_own);
        for slice in self.shared.iter().chain(own) {
            sums.entry(slice.clone()).or_default().add(counts);
        }
    }
}

/// Days of statistics are days in UTC, whatever the time zones of agreements.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::CountryCode;
    use crate::handling::ClientAddress;
    use crate::id::{AgreementId, ConnectionId, IncomingId, SenderId};
    use crate::incoming::{IncomingCost, Routed};
    use crate::message::tests::message;

    fn delivered(after_seconds: i64) -> Message {
        let accepted = message();
        let finished_at = accepted.accepted_at + jiff::SignedDuration::from_secs(after_seconds);
        Message { status: Status::Delivered, finished_at: Some(finished_at), ..accepted }
    }

    #[test]
    fn a_message_counts_when_it_is_accepted_and_when_it_ends() {
        let accepted = counts(None, &message());
        assert_eq!((accepted.accepted, accepted.segments), (1, i64::from(message().segments)));
        let ended = counts(Some(&message()), &delivered(3));
        assert_eq!((ended.accepted, ended.delivered, ended.delivery_milliseconds), (0, 1, 3_000));
        assert!(counts(Some(&delivered(3)), &delivered(3)).is_zero());
        let failed = Message { status: Status::Expired, ..message() };
        assert_eq!(counts(Some(&message()), &failed).failed, 1);
    }

    #[test]
    fn what_was_in_doubt_and_arrives_after_all_has_ended_once() {
        let submitted = Message { status: Status::Submitted, ..message() };
        assert!(counts(Some(&message()), &submitted).is_zero());
    }

    #[test]
    fn a_rate_is_of_those_that_ended() {
        let counts =
            Counts { accepted: 10, delivered: 2, failed: 1, delivery_milliseconds: 500, ..Counts::default() };
        assert_eq!(counts.delivered_per_mille(), Some(666));
        assert_eq!(counts.average_delivery_milliseconds(), Some(250));
        assert_eq!(Counts::default().delivered_per_mille(), None);
    }

    #[test]
    fn those_above_see_the_sum_and_no_senders() {
        let (owner, client) = (CompanyId::new(99), message().company);
        let mut sums = BTreeMap::new();
        let one = counts(None, &message());
        add(&mut sums, &[owner.clone(), client.clone()], &message(), &one);
        add(&mut sums, &[owner.clone(), client.clone()], &message(), &one);
        let day = day_of(message().accepted_at);
        let of = |company: &CompanyId| &sums[&(Scope::company(company), day)];
        assert_eq!((of(&owner)[&Slice::All].accepted, of(&client)[&Slice::All].accepted), (2, 2));
        assert_eq!(of(&owner)[&Slice::Channel("sms".into())].accepted, 2);
        assert!(!of(&owner).keys().any(|slice| matches!(slice, Slice::Sender(_))));
        assert!(of(&client).keys().any(|slice| matches!(slice, Slice::Sender(_))));
    }

    #[test]
    fn what_a_phone_sent_is_received_where_it_is_known_and_none_of_what_was_sent() {
        let (owner, client) = (CompanyId::new(99), CompanyId::new(1));
        let address = |value: &str| ClientAddress { ton: 1, npi: 1, value: value.to_owned() };
        let routed = Routed {
            sender: SenderId::new(1),
            company: client.clone(),
            agreement: AgreementId::new(1),
            webhook_url: None,
            client: None,
        };
        let message = IncomingMessage {
            id: IncomingId::new(1),
            connection: ConnectionId::new(1),
            source: address("4915112345678"),
            destination: address("+12345"),
            data_coding: 0,
            octets: String::new(),
            text: String::new(),
            parts: 1,
            received_at: Timestamp::UNIX_EPOCH,
            routed: Some(routed),
            cost: IncomingCost::Free,
            revision: 0,
        };
        let country = CountryCode::parse("DE").unwrap();
        let phone = Destination { country, network: Some("Net".to_owned()), mcc: None, mccmnc: None };
        let mut sums = BTreeMap::new();
        for phone in [Some(&phone), None] {
            add_incoming(&mut sums, &[owner.clone(), client.clone()], &message, phone);
        }
        let received = |company: &CompanyId| -> Vec<(String, i64)> {
            let slices = &sums[&(Scope::company(company), day_of(Timestamp::UNIX_EPOCH))];
            assert_eq!(slices[&Slice::All], Counts { received: 2, ..Counts::default() });
            assert_eq!(slices[&Slice::All].delivered_per_mille(), None);
            slices.iter().map(|(slice, counts)| (slice.name(), counts.received)).collect()
        };
        let shown = |slices: &[(&str, i64)]| -> Vec<(String, i64)> {
            slices.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        assert_eq!(received(&owner), shown(&[("all", 2), ("channel|sms", 2), ("country|DE", 1)]));
        let own =
            [("all", 2), ("sender|12345", 2), ("channel|sms", 2), ("country|DE", 1), ("network|DE Net", 1)];
        assert_eq!(received(&client), shown(&own));
    }

    #[test]
    fn a_slice_is_read_as_it_was_written() {
        let channel = Slice::Channel("sms".into());
        for slice in [Slice::All, Slice::Sender("A|B".into()), channel, Slice::Network("DE o2".into())] {
            assert_eq!(Slice::parse(&slice.name()), Some(slice));
        }
        assert_eq!(Slice::parse("other|x"), None);
    }
}

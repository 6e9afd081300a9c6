//! What is counted of messages for people to look at: how many, how many arrived, and how fast; by day and
//! by month, for each company and for everything below it. Money is counted elsewhere, in usage.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::channel::Channel;
use crate::id::CompanyId;
use crate::message::{Message, Status};

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
}

impl Counts {
    pub const MEASURES: [&str; 5] = ["accepted", "segments", "delivered", "failed", "delivery_milliseconds"];

    pub fn values(&self) -> [i64; 5] {
        [self.accepted, self.segments, self.delivered, self.failed, self.delivery_milliseconds]
    }

    pub fn of_values([accepted, segments, delivered, failed, delivery_milliseconds]: [i64; 5]) -> Self {
        Self { accepted, segments, delivered, failed, delivery_milliseconds }
    }

    pub fn add(&mut self, other: &Self) {
        let sums = self.values().into_iter().zip(other.values()).map(|(one, other)| one + other);
        let mut values = [0; 5];
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

/// What one change of a message adds. It was accepted, or it has ended. What came from a phone was not sent.
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
    // Nothing else is sent yet.
    let channel = Slice::Channel(catalog::choice(Channel::Sms));
    let shared = [Slice::All, channel, Slice::Country(message.country.clone())];
    let network = message.network.as_ref().map(|name| Slice::Network(format!("{} {name}", message.country)));
    let mut count = |scope: Scope, slices: Vec<Slice>| {
        let sums = sums.entry((scope, day)).or_default();
        for slice in slices {
            sums.entry(slice).or_default().add(counts);
        }
    };
    for company in path {
        let mut slices = shared.to_vec();
        if *company == message.company {
            slices.push(Slice::Sender(message.sender.to_string()));
            slices.extend(network.clone());
        }
        count(Scope::company(company), slices);
    }
    if let Some(code) = &message.handling.code {
        let slices = shared.into_iter().chain(network);
        count(Scope::integration(&code.integration), slices.collect());
    }
}

/// Days of statistics are days in UTC, whatever the time zones of agreements.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn a_slice_is_read_as_it_was_written() {
        let channel = Slice::Channel("sms".into());
        for slice in [Slice::All, Slice::Sender("A|B".into()), channel, Slice::Network("DE o2".into())] {
            assert_eq!(Slice::parse(&slice.name()), Some(slice));
        }
        assert_eq!(Slice::parse("other|x"), None);
    }
}

//! What is to be priced.

use jiff::civil::Time;

use super::{Attribute, Resource};

/// An event with all that is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub resource: Resource,
    values: [Option<&'a str>; Attribute::ALL.len()],
    time: Option<Time>,
}

impl<'a> Event<'a> {
    /// An event of which nothing else is known.
    pub const fn of(resource: Resource) -> Self {
        Self { resource, values: [None; Attribute::ALL.len()], time: None }
    }

    /// A message from the platform to a phone.
    pub const fn sms(country: &'a str, network: Option<&'a str>, sender: Option<&'a str>) -> Self {
        Self::of(Resource::SmsMessage)
            .with(Attribute::Direction, "MT")
            .with(Attribute::Country, country)
            .with_known(Attribute::Network, network)
            .with_known(Attribute::SenderId, sender)
    }

    /// The same the other way: from a phone to the platform.
    #[must_use]
    pub const fn from_phone(self) -> Self {
        self.with(Attribute::Direction, "MO")
    }

    /// The same, with this value.
    #[must_use]
    pub const fn with(self, attribute: Attribute, value: &'a str) -> Self {
        self.with_known(attribute, Some(value))
    }

    /// The same, with this value if there is one.
    #[must_use]
    pub const fn with_known(mut self, attribute: Attribute, value: Option<&'a str>) -> Self {
        self.values[attribute as usize] = value;
        self
    }

    /// The same, at this time in the zone of the agreement whose tree is asked.
    #[must_use]
    pub const fn at(mut self, time: Option<Time>) -> Self {
        self.time = time;
        self
    }

    pub const fn time(&self) -> Option<Time> {
        self.time
    }

    pub const fn value(&self, attribute: Attribute) -> Option<&'a str> {
        self.values[attribute as usize]
    }
}

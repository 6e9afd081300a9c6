//! What the listener and the road to a charged message say to each other: whose order it is, what it
//! asks for, and why it is refused.

use std::num::NonZeroU32;

use domain::agreement::Agreement;
use domain::company::Company;
use domain::connection::ClientLink;
use domain::handling::Handling;
use domain::id::ConnectionId;
use domain::segmentation::Encoding;
use smpp::udh;

/// A client that is bound, as it was when that was last looked at.
#[derive(Debug, Clone)]
pub struct Account {
    /// The client's connection.
    pub connection: ConnectionId,
    pub link: ClientLink,
    /// Whose messages come over it.
    pub company: Company,
    /// The agreement that pays for them.
    pub agreement: Agreement,
    /// How many messages a second it may send to this process: its [`share`].
    pub rate: NonZeroU32,
}

/// What of a client's rate one gateway lets through when it can send over so many: the same at each, together
/// not more than the rate, but at least one message a second.
pub fn share(rate: NonZeroU32, gateways: u32) -> NonZeroU32 {
    NonZeroU32::new(rate.get() / gateways.max(1)).unwrap_or(NonZeroU32::MIN)
}

/// A message that a client asks for, to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The sender ID as it is to be seen, without its type of number.
    pub sender: String,
    /// In international form, with or without `+`.
    pub recipient: String,
    /// As it reads, also where [`Handling::raw`] has the octets that are to go out in its place.
    pub text: String,
    pub encoding: Encoding,
    /// What the message takes, and what is charged for it; at least one.
    pub segments: u32,
    pub handling: Handling,
}

impl Order {
    /// The number that the parts of a long message have in common, if this is a part that the client cut.
    pub fn concat_reference(&self) -> Option<u16> {
        let raw = self.handling.raw.as_ref().filter(|raw| raw.has_header)?;
        let (header, _) = udh::split(&raw.octets)?;
        udh::concat(header).map(|concat| concat.reference)
    }
}

/// Why an order was not accepted. Nothing was charged for it, but see [`Refusal::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("more than the account's rate, or more than can be taken at the moment")]
    Throttled,
    #[error("there is no such sender ID under the account's agreement")]
    SenderUnknown,
    #[error("the sender ID is not active")]
    SenderNotActive,
    #[error("the recipient is no number that can be sent to")]
    BadRecipient,
    /// No connection of the sender ID's routes is in use.
    #[error("no connection takes messages of this sender ID")]
    NoRoute,
    /// With the code of the reason, as the HTTP API names it: `no_rate`, `blocked`, `service_archived`.
    #[error("the destination is not sold: {0}")]
    NoPrice(String),
    /// At the given level, 1 being the client's own.
    #[error("level {level} cannot pay for it")]
    NotEnough { level: usize },
    /// The company may not send or is disabled, or an agreement that pays is suspended.
    #[error("nothing may be sent under this account at the moment")]
    NotAllowed,
    #[error("the text has too many characters or segments")]
    TooLong,
    /// For want of the database, or because the process ends.
    #[error("the order could not be stored")]
    Unavailable,
    /// It is not known whether the message was charged. If it was it is on its way; to the client it is a
    /// request without an answer, or a destination that was not reached beside others that were.
    #[error("it is not known whether the order was stored")]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_share_a_clients_rate_evenly_and_each_lets_one_message_a_second_through() {
        for (rate, gateways, expected) in
            [(10, 0, 10), (10, 1, 10), (10, 2, 5), (10, 3, 3), (2, 3, 1), (1, 2, 1)]
        {
            let rate = NonZeroU32::new(rate).unwrap();
            assert_eq!(share(rate, gateways).get(), expected, "{rate} over {gateways}");
        }
    }
}

//! A link from a client over SMPP: who may bind, from where, and how much it may send.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, CompanyId};

/// SMPP 3.4 section 5.2.1.
const SYSTEM_ID_MAX: usize = 15;
const BINDS_MAX: u32 = 100;
const WINDOW_MAX: u32 = 1_000;
const RATE_MAX: u32 = 10_000;
const NETWORKS_MAX: usize = 50;

/// A client's account on our listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientLink {
    /// Whose messages come over it.
    pub client: CompanyId,
    /// The agreement that pays for them.
    pub agreement: AgreementId,
    /// The name it binds with; no two accounts have the same.
    pub system_id: String,
    /// As a PHC string.
    pub password_hash: String,
    /// What the client has to name as its system type; any if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_type: Option<String>,
    /// From where it may bind; from anywhere if none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// Whether it may not bind over plain TCP.
    #[serde(default)]
    pub tls_required: bool,
    /// Binds at one time, over all gateways.
    pub binds_max: NonZeroU32,
    /// Requests of one bind that may wait for our answers at once.
    pub window: NonZeroU32,
    /// Messages a second, over all binds: each gateway that it is bound to lets an even share of them through.
    pub rate: NonZeroU32,
    /// What `data_coding` 0 means.
    #[serde(default)]
    pub alphabet: ClientAlphabet,
    /// The queue that keeps what waits for its receivers.
    pub queue_url: String,
}

/// How octets of `data_coding` 0 read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAlphabet {
    /// 3GPP TS 23.038, one septet an octet.
    #[default]
    Gsm7,
    Latin1,
    Utf8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientLinkError {
    #[error("a system_id has 1 to {SYSTEM_ID_MAX} letters, digits or - _ .")]
    SystemId,
    #[error("1 to {BINDS_MAX} binds are allowed")]
    Binds,
    #[error("a window holds at most {WINDOW_MAX} requests")]
    Window,
    #[error("a rate is at most {RATE_MAX} messages per second")]
    Rate,
    #[error("at most {NETWORKS_MAX} networks are allowed")]
    Networks,
}

const fn number_of(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

impl ClientLink {
    pub const BINDS_DEFAULT: NonZeroU32 = number_of(4);
    pub const WINDOW_DEFAULT: NonZeroU32 = number_of(100);
    pub const RATE_DEFAULT: NonZeroU32 = number_of(100);

    /// As usual, and without a queue.
    pub fn new(
        client: CompanyId,
        agreement: AgreementId,
        system_id: impl Into<String>,
        password_hash: impl Into<String>,
    ) -> Self {
        Self {
            client,
            agreement,
            system_id: system_id.into(),
            password_hash: password_hash.into(),
            system_type: None,
            networks: Vec::new(),
            tls_required: false,
            binds_max: Self::BINDS_DEFAULT,
            window: Self::WINDOW_DEFAULT,
            rate: Self::RATE_DEFAULT,
            alphabet: ClientAlphabet::default(),
            queue_url: String::new(),
        }
    }

    pub fn check(&self) -> Result<(), ClientLinkError> {
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
        if !(1..=SYSTEM_ID_MAX).contains(&self.system_id.len()) || !self.system_id.bytes().all(allowed) {
            return Err(ClientLinkError::SystemId);
        }
        if self.binds_max.get() > BINDS_MAX {
            return Err(ClientLinkError::Binds);
        }
        if self.window.get() > WINDOW_MAX {
            return Err(ClientLinkError::Window);
        }
        if self.rate.get() > RATE_MAX {
            return Err(ClientLinkError::Rate);
        }
        if self.networks.len() > NETWORKS_MAX {
            return Err(ClientLinkError::Networks);
        }
        Ok(())
    }

    /// Whether it may bind from this address.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(address))
    }
}

/// Addresses that begin alike, as `192.0.2.0/24` (RFC 4632); a single address without its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    base: IpAddr,
    length: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a network is an IP address, or one with its length as 192.0.2.0/24 and no bit set behind it")]
pub struct NetworkError;

impl Network {
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NetworkError)?;
        let length = length.map_or(Ok(bits(base)), str::parse).map_err(|_| NetworkError)?;
        let network = Self { base, length };
        let is_sound = length <= bits(base) && network.masked(base) == number(base);
        if is_sound { Ok(network) } else { Err(NetworkError) }
    }

    /// An IPv4 address that came over IPv6 is one of IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && self.masked(address) == number(self.base)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let behind = u32::from(bits(address) - self.length.min(bits(address)));
        number(address) & u128::MAX.checked_shl(behind).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.base, self.length)
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;
    fn try_from(text: String) -> Result<Self, NetworkError> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        for (network, address, expected) in [
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.77", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
        }
    }

    #[test]
    fn a_network_with_bits_behind_its_length_is_a_mistake() {
        for bad in ["192.0.2.1/24", "192.0.2.0/33", "::1/64", "192.0.2", "", "192.0.2.0/x"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}

//! What programs identify themselves with: keys of a company, or of one of its people.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{ApiKeyId, CompanyId, UserId};
use crate::permission::Grants;

const NAME_LENGTH_MAX: usize = 120;
const NETWORKS_MAX: usize = 50;
/// When a key was last used is written at most once in this time.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// An old secret lives on beside a new one for at most so long.
pub const OVERLAP_HOURS_MAX: u16 = 7 * 24;

/// An API key as it is stored: with hashes of its secrets, never with one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub company: CompanyId,
    /// Whose it is; none for a key of the company itself.
    #[serde(default)]
    pub user: Option<UserId>,
    pub name: String,
    /// Hex SHA-256 of the secret. The secret has 256 random bits, so a plain hash tells nothing.
    pub hash: String,
    /// The secret from before the last rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// What may be done with it, at most; all that its company or user may if it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Grants>,
    /// Where it may be used from; anywhere if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// To the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default)]
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    pub hash: String,
    pub until: Timestamp,
}

/// Listed under its company.
impl Thing for ApiKey {
    const NOUN: &'static str = "api_key";
    const NOUNS: &'static str = "api_keys";

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
        let user = self.user.as_ref().map(ToString::to_string);
        vec![("name", catalog::words(&self.name)), ("user", user.unwrap_or_default())]
    }
}

impl ApiKey {
    /// Whether it is used now with a secret of this hash.
    pub fn takes(&self, hash: &str, now: Timestamp) -> bool {
        if self.expires_at.is_some_and(|at| at <= now) {
            return false;
        }
        let previous = self.previous.as_ref().filter(|secret| now < secret.until);
        self.hash == hash || previous.is_some_and(|secret| secret.hash == hash)
    }

    /// Whether it may be used from there.
    pub fn is_allowed_from(&self, address: Option<&str>) -> bool {
        let address: Option<IpAddr> = address.and_then(|text| text.parse().ok());
        self.networks.is_empty()
            || address.is_some_and(|address| self.networks.iter().any(|network| network.has(address)))
    }

    /// Whether a use now is to be noted.
    pub fn is_use_news(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| at + NOTED_EVERY <= now)
    }
}

/// Some addresses: those that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// `192.0.2.0/24`, `2001:db8::/32`, or a single address.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| ApiKeyError::Network)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(longest), str::parse).map_err(|_| ApiKeyError::Network)?;
        if longest < bits {
            return Err(ApiKeyError::Network);
        }
        Ok(Self { address: first_of(address, bits), bits })
    }

    pub fn has(&self, address: IpAddr) -> bool {
        // A gateway may write an IPv4 address as IPv6.
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && first_of(address, self.bits) == self.address
    }
}

/// The first of the addresses that share these bits.
fn first_of(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl TryFrom<String> for Network {
    type Error = ApiKeyError;
    fn try_from(text: String) -> Result<Self, ApiKeyError> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        format!("{}/{}", network.address, network.bits)
    }
}

/// What a key is for and what it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyTerms {
    pub name: String,
    pub scopes: Option<Grants>,
    pub networks: Vec<Network>,
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a network looks like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7")]
    Network,
    #[error("at most {NETWORKS_MAX} networks are allowed")]
    Networks,
    #[error("a key expires in the future")]
    Expired,
    #[error("an old secret lives on for at most {OVERLAP_HOURS_MAX} hours")]
    Overlap,
}

/// A key with these terms in place of its own.
pub fn plan_terms(key: &ApiKey, terms: ApiKeyTerms, now: Timestamp) -> Result<ApiKey, ApiKeyError> {
    let name = terms.name.trim();
    if name.is_empty() || NAME_LENGTH_MAX < name.chars().count() || name.chars().any(char::is_control) {
        return Err(ApiKeyError::Name);
    }
    if NETWORKS_MAX < terms.networks.len() {
        return Err(ApiKeyError::Networks);
    }
    if terms.expires_at.is_some_and(|at| at <= now && key.expires_at != terms.expires_at) {
        return Err(ApiKeyError::Expired);
    }
    Ok(ApiKey {
        name: name.to_owned(),
        scopes: terms.scopes,
        networks: terms.networks,
        expires_at: terms.expires_at,
        ..key.clone()
    })
}

/// The key with a new secret. The old one lives on for these hours, so that nobody is cut off meanwhile.
pub fn plan_rotation(
    key: &ApiKey,
    hash: String,
    overlap_hours: u16,
    now: Timestamp,
) -> Result<ApiKey, ApiKeyError> {
    if OVERLAP_HOURS_MAX < overlap_hours {
        return Err(ApiKeyError::Overlap);
    }
    let until = now + SignedDuration::from_hours(overlap_hours.into());
    let previous = (0 < overlap_hours).then(|| PreviousSecret { hash: key.hash.clone(), until });
    Ok(ApiKey { hash, previous, revision: key.revision + 1, ..key.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(1),
            company: CompanyId::new(1),
            user: None,
            name: "Shop".into(),
            hash: "old".into(),
            previous: None,
            scopes: None,
            networks: Vec::new(),
            expires_at: None,
            last_used_at: None,
            created_at: NOW,
            revision: 0,
        }
    }

    fn terms(networks: &[&str]) -> ApiKeyTerms {
        let networks = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
        ApiKeyTerms { name: "Shop".into(), scopes: None, networks, expires_at: None }
    }

    #[test]
    fn an_old_secret_lives_on_for_as_long_as_was_said() {
        let rotated = plan_rotation(&key(), "new".into(), 24, NOW).unwrap();
        let later = NOW + SignedDuration::from_hours(24);
        assert!(rotated.takes("new", NOW) && rotated.takes("old", NOW));
        assert!(rotated.takes("new", later) && !rotated.takes("old", later));
        assert!(!plan_rotation(&key(), "new".into(), 0, NOW).unwrap().takes("old", NOW));
        assert_eq!(plan_rotation(&key(), "new".into(), 169, NOW), Err(ApiKeyError::Overlap));
    }

    #[test]
    fn a_key_is_used_from_its_networks_only() {
        let key = plan_terms(&key(), terms(&["192.0.2.0/24", "2001:db8::/32", "10.0.0.1"]), NOW).unwrap();
        for (address, expected) in [
            (Some("192.0.2.77"), true),
            (Some("192.0.3.1"), false),
            (Some("::ffff:192.0.2.5"), true),
            (Some("2001:db8:1::9"), true),
            (Some("2001:db9::1"), false),
            (Some("10.0.0.1"), true),
            (Some("10.0.0.2"), false),
            (Some("x"), false),
            (None, false),
        ] {
            assert_eq!(key.is_allowed_from(address), expected, "{address:?}");
        }
        assert!(self::key().is_allowed_from(None));
        assert!(Network::parse("0.0.0.0/0").unwrap().has("8.8.8.8".parse().unwrap()));
        for bad in ["", "192.0.2.0/33", "x/8", "1.2.3", "::/129"] {
            assert_eq!(Network::parse(bad), Err(ApiKeyError::Network), "{bad}");
        }
    }

    #[test]
    fn a_key_expires_and_its_use_is_noted_once_an_hour() {
        let later = NOW + SignedDuration::from_hours(1);
        let key = plan_terms(&key(), ApiKeyTerms { expires_at: Some(later), ..terms(&[]) }, NOW).unwrap();
        assert!(key.takes("old", NOW) && !key.takes("old", later));
        assert_eq!(
            plan_terms(&key, ApiKeyTerms { expires_at: Some(NOW), ..terms(&[]) }, NOW),
            Err(ApiKeyError::Expired)
        );
        let used = ApiKey { last_used_at: Some(NOW), ..key };
        assert!(!used.is_use_news(NOW) && used.is_use_news(later));
    }
}

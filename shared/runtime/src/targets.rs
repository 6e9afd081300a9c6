//! Which addresses somebody outside may have us call (clients for webhooks, sellers for vendors and
//! look-ups): those of the internet, not those around us.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::setting;

/// The addresses that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Public addresses only, and webhooks over HTTPS only.
    Public,
    /// Also private addresses, and webhooks over plain HTTP: for one machine, and for tests.
    Any,
}

#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("it cannot be read as an address that begins with https:// or http://")]
    Unreadable,
    #[error("only https is called")]
    Scheme,
    #[error("{address} is no public address")]
    Private { address: IpAddr },
}

impl Targets {
    /// What `WEBHOOK_TARGETS` says: `public` or `any`.
    pub fn from_environment() -> anyhow::Result<Self> {
        match setting("WEBHOOK_TARGETS")?.as_str() {
            "public" => Ok(Self::Public),
            "any" => Ok(Self::Any),
            other => anyhow::bail!("WEBHOOK_TARGETS is public or any, not {other}"),
        }
    }

    /// The URL of a webhook, if it may be called.
    pub fn webhook(self, text: &str) -> Result<Url, TargetError> {
        let url = self.url(text)?;
        if self == Self::Public && url.scheme() != "https" {
            return Err(TargetError::Scheme);
        }
        Ok(url)
    }

    /// The URL if it may be called. What its host's name leads to is looked at when it is resolved.
    pub fn url(self, text: &str) -> Result<Url, TargetError> {
        let url = Url::parse(text).map_err(|_| TargetError::Unreadable)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Unreadable);
        }
        self.host(url.host_str().ok_or(TargetError::Unreadable)?)?;
        Ok(url)
    }

    /// Refuses an address that is written out and may not be called. A name may be told.
    pub fn host(self, host: &str) -> Result<(), TargetError> {
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) if !self.may_call(address) => Err(TargetError::Private { address }),
            _ => Ok(()),
        }
    }

    /// Resolves as the system does, and leaves out what may not be called; at least one address is left.
    /// What was looked at is what has to be connected to: a name that changes between the two changes
    /// nothing then.
    pub async fn resolve_host(self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((host, port)).await?;
        let addresses: Vec<_> = found.filter(|address| self.may_call(address.ip())).collect();
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the host has no public address"));
        }
        Ok(addresses)
    }

    fn may_call(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }
}

impl Resolve for Targets {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = *self;
        Box::pin(async move {
            let addresses = targets.resolve_host(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // shared by a provider's customers
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)); // benchmarks
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_global_unicast = segments[0] & 0xE000 == 0x2000;
    let is_special = match segments[0] {
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0DB8, // Teredo, other protocols, documents
        0x2002 => true,                                          // 6to4 has an address of IPv4 in it
        0x3FFF => segments[1] < 0x1000,
        _ => false,
    };
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_called() {
        for (url, good) in [
            ("https://example.com/hook", true),
            ("https://93.184.215.14/", true),
            ("https://[2606:4700::1111]/", true),
            ("http://example.com/", false),
            ("ftp://example.com/", false),
            ("nonsense", false),
            ("https://127.0.0.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f.1/", false),
            ("https://10.1.2.3/", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://100.64.0.1/", false),
            ("https://0.0.0.0/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[fe80::1]/", false),
            ("https://[2002:a00:1::]/", false),
            ("https://[64:ff9b::a00:1]/", false),
        ] {
            assert_eq!(Targets::Public.webhook(url).is_ok(), good, "{url}");
        }
        assert!(Targets::Any.webhook("http://127.0.0.1:8080/").is_ok());
    }

    #[test]
    fn a_vendor_is_called_over_plain_http_too_but_not_around_us() {
        for (url, good) in [
            ("http://vendor.example/api", true),
            ("http://169.254.169.254/", false),
            ("http://[::1]:8080/", false),
            ("ftp://vendor.example/", false),
        ] {
            assert_eq!(Targets::Public.url(url).is_ok(), good, "{url}");
        }
        for (host, good) in
            [("smsc.example.com", true), ("93.184.215.14", true), ("10.0.0.1", false), ("::1", false)]
        {
            assert_eq!(Targets::Public.host(host).is_ok(), good, "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_called() {
        for host in ["localhost", "127.0.0.1", "2130706433"] {
            let resolved = async |targets: Targets| targets.resolve_host(host, 80).await.is_ok();
            assert!(!resolved(Targets::Public).await, "{host}");
            assert!(resolved(Targets::Any).await, "{host}");
        }
    }
}

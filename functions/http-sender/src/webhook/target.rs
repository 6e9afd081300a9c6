//! Which addresses a client may have us call: those of the internet, not those around us.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The addresses that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Over HTTPS, at public addresses only.
    Public,
    /// Also plain HTTP and private addresses: for one machine, and for tests.
    Any,
}

#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("it cannot be read as a URL")]
    Unreadable,
    #[error("only https is called")]
    Scheme,
    #[error("{address} is no public address")]
    Private { address: IpAddr },
}

impl Targets {
    /// The URL if it may be called. What its host's name leads to is looked at when it is resolved.
    pub fn url(self, text: &str) -> Result<Url, TargetError> {
        let url = Url::parse(text).map_err(|_| TargetError::Unreadable)?;
        if self == Self::Any {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(TargetError::Scheme);
        }
        let host = url.host_str().ok_or(TargetError::Unreadable)?;
        let literal: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
        match literal {
            Ok(address) if !is_public(address) => Err(TargetError::Private { address }),
            _ => Ok(url),
        }
    }
}

/// Resolves as the system does, and leaves out what may not be called. What was looked at is what is
/// connected to: a name that changes between the two changes nothing.
impl Resolve for Targets {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let may_be_called = |address: &SocketAddr| targets == Targets::Any || is_public(address.ip());
            let addresses: Vec<_> = found.filter(may_be_called).collect();
            if addresses.is_empty() {
                let none = "the host has no public address";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, none).into());
            }
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
            assert_eq!(Targets::Public.url(url).is_ok(), good, "{url}");
        }
        assert!(Targets::Any.url("http://127.0.0.1:8080/").is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_called() {
        let resolved = async |targets: Targets| targets.resolve("localhost".parse().unwrap()).await.is_ok();
        assert!(!resolved(Targets::Public).await);
        assert!(resolved(Targets::Any).await);
    }
}

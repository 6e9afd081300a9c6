//! The true address of a client behind a load balancer: the PROXY protocol, version 2, binary form.
//!
//! <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>, section 2.2. It is only read when the
//! gateway is told that a balancer is in front, since anybody else could write any address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const HEADER: usize = 16;
/// Addresses, and what balancers add to them; the specification lets one count on 536 octets.
const REST_MAX: usize = 536;
const VERSION: u8 = 0x20;
const LOCAL: u8 = 0x00;
const PROXY: u8 = 0x01;
const IPV4: u8 = 0x10;
const IPV6: u8 = 0x20;

/// Reads the header. None: the balancer itself speaks, to see whether we are there.
pub async fn read_address(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await?;
    let [.., command, family, high, low] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !header.starts_with(&SIGNATURE) || command & 0xF0 != VERSION || REST_MAX < length {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no PROXY header of version 2"));
    }
    let mut rest = [0; REST_MAX];
    let rest = &mut rest[..length];
    stream.read_exact(rest).await?;
    match command & 0x0F {
        LOCAL => Ok(None),
        PROXY => source(family, rest).map(Some),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a PROXY header with an unknown command")),
    }
}

fn source(family: u8, addresses: &[u8]) -> io::Result<IpAddr> {
    let found = match family & 0xF0 {
        IPV4 => addresses.first_chunk::<4>().map(|octets| IpAddr::V4(Ipv4Addr::from(*octets))),
        IPV6 => addresses.first_chunk::<16>().map(|octets| IpAddr::V6(Ipv6Addr::from(*octets))),
        _ => None,
    };
    found.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a PROXY header without an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    #[track_caller]
    fn check(octets: &[u8], expected: &str) -> impl Future<Output = ()> {
        let (mut octets, expected) = (io::Cursor::new(octets.to_vec()), expected.to_owned());
        async move {
            let said = match read_address(&mut octets).await {
                Ok(Some(address)) => address.to_string(),
                Ok(None) => "the balancer".to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(said, expected);
        }
    }

    #[tokio::test]
    async fn the_address_of_the_client_is_in_the_header() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x1F, 0x90, 0x0A, 0xC3];
        check(&header(0x21, 0x11, &v4), "192.0.2.7").await;
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 0x01, 0x0D, 0xB8]);
        v6[15] = 9;
        check(&header(0x21, 0x21, &v6), "2001:db8::9").await;
    }

    #[tokio::test]
    async fn what_a_balancer_adds_is_passed_over_and_no_more() {
        let more = [&[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2][..], &[0x04, 0, 2, 9, 9]].concat();
        let mut stream = io::Cursor::new([header(0x21, 0x11, &more), b"bind".to_vec()].concat());
        assert!(read_address(&mut stream).await.unwrap().is_some());
        let mut left = Vec::new();
        stream.read_to_end(&mut left).await.unwrap();
        assert_eq!(left, b"bind");
    }

    #[tokio::test]
    async fn a_balancer_that_looks_whether_we_are_there_has_no_client() {
        check(&header(0x20, 0x00, &[]), "the balancer").await;
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        check(&[0; 16], "no PROXY header of version 2").await;
        check(b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n", "no PROXY header of version 2").await;
        check(&header(0x11, 0x11, &[0; 12]), "no PROXY header of version 2").await;
        check(&header(0x21, 0x11, &[0; 537]), "no PROXY header of version 2").await;
        check(&header(0x22, 0x11, &[0; 12]), "a PROXY header with an unknown command").await;
        check(&header(0x21, 0x31, &[0; 216]), "a PROXY header without an address").await;
        check(&header(0x21, 0x11, &[0; 3]), "a PROXY header without an address").await;
    }
}

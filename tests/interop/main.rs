//! Our SMPP beside programs that others wrote: node's `smpp`, Python's `smpplib`, and Kannel.
//!
//! `cargo test --workspace interop` runs all of it. A program that is missing is named on standard
//! error, and its tests pass without having shown anything; with `CI=true` they fail.

#[path = "."]
mod interop {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    mod charged;
    mod clients;
    mod kannel;
    mod vendors;

    /// What octets say that the peers here sent: UCS-2, or an alphabet whose texts here are ASCII.
    fn text(data_coding: u8, octets: &[u8]) -> String {
        if data_coding != 8 {
            return String::from_utf8(octets.to_vec()).expect("is ASCII");
        }
        let units = octets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        String::from_utf16(&units.collect::<Vec<_>>()).expect("is UTF-16")
    }

    /// Waits until it is so.
    async fn until(what: &str, is_so: impl Fn() -> bool) {
        let waited = async {
            while !is_so() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), waited)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"));
    }
}

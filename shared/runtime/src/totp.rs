//! Codes of apps, as RFC 6238 makes them: HMAC-SHA-1, steps of 30 seconds, six digits. Other settings exist,
//! and most apps ignore them.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;

const STEP_SECONDS: i64 = 30;
const DIGITS: u32 = 6;
/// RFC 4226, 4, R6: 160 bits.
const SECRET_LENGTH: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret.
pub fn secret() -> Vec<u8> {
    let random: [u8; SECRET_LENGTH] = rand::random();
    random.to_vec()
}

/// As people type it into an app (RFC 4648, section 6, without padding).
pub fn base32(bytes: &[u8]) -> String {
    let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| byte >> (7 - place % 8) & 1);
    let group = |first: usize| (first..first + 5).fold(0, |value, place| value << 1 | bit(place));
    (0..bytes.len() * 8).step_by(5).map(|first| BASE32[usize::from(group(first))] as char).collect()
}

/// What an app reads from a picture.
pub fn url(issuer: &str, account: &str, secret: &[u8]) -> String {
    let escape = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let (issuer, account) = (escape(issuer), escape(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", base32(secret))
}

/// The code of a step.
pub fn code(secret: &[u8], step: u64) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    // RFC 4226, 5.3.
    let offset = usize::from(digest[19] & 15);
    let word = digest[offset..offset + 4].iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 10u32.pow(DIGITS))
}

/// The step that a code is of, if it is of this one or one beside it, and later than the last one that was
/// taken. Clocks differ by some seconds (RFC 6238, 5.2).
pub fn step_of(secret: &[u8], given: &str, last: u64, now: Timestamp) -> Option<u64> {
    let this = u64::try_from(now.as_second() / STEP_SECONDS).unwrap_or_default();
    (this.saturating_sub(1)..=this + 1).find(|step| last < *step && code(secret, *step) == given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_u64, "353130"),
        ] {
            assert_eq!(code(b"12345678901234567890", seconds / 30), expected, "{seconds}");
        }
    }

    #[test]
    fn secrets_are_written_as_the_rfc_writes_them() {
        // RFC 4648, section 10.
        for (bytes, expected) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
        let url = url("Way bill", "ada@example.com", b"foobar");
        assert_eq!(url, "otpauth://totp/Way%20bill:ada@example.com?secret=MZXW6YTBOI&issuer=Way%20bill");
    }

    #[test]
    fn a_code_is_taken_once_and_a_step_early_or_late() {
        let (secret, now) = (b"12345678901234567890", Timestamp::from_second(3_000).unwrap());
        for step in 99..=101 {
            assert_eq!(step_of(secret, &code(secret, step), 0, now), Some(step));
        }
        assert_eq!(step_of(secret, &code(secret, 98), 0, now), None);
        assert_eq!(step_of(secret, &code(secret, 100), 100, now), None);
        assert_eq!(step_of(secret, "", 0, now), None);
    }
}

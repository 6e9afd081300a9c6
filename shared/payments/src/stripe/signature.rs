//! Whether a webhook call comes from Stripe, by its `Stripe-Signature` header
//! (docs.stripe.com/webhooks/signature).

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How old a signature may be. Stripe signs every retry anew, so age means somebody kept the call.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a call is not taken as Stripe's. None of these is worth a retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the signature header cannot be read")]
    HeaderInvalid,
    #[error("the header has no v1 signature")]
    Missing,
    #[error("no signature fits the body and a configured secret")]
    NoMatch,
    #[error("the signature is {age_seconds} s old, {TOLERANCE_SECONDS} s are allowed")]
    TooOld { age_seconds: i64 },
}

/// Accepts the call if any `v1` signature was made with any of the secrets over exactly these bytes,
/// and is not too old. While a secret is being rolled Stripe signs with both, and we may know both.
///
/// A time in the future is accepted, as Stripe's own libraries do: it is signed too, so it can only
/// mean that our clock is slow, and a call that is kept and repeated changes nothing anyway.
/// The secrets are the texts that begin with `whsec_`, as they are; an empty one never matches.
pub fn verify(
    header: &str,
    raw_body: &[u8],
    secrets: &[impl AsRef<str>],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let signed = Signed::parse(header)?;
    if signed.signatures.is_empty() {
        return Err(SignatureError::Missing);
    }
    let mut matches = Choice::from(0);
    for secret in secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.is_empty()) {
        let expected = digest(secret, signed.time_text, raw_body).ok_or(SignatureError::NoMatch)?;
        for signature in &signed.signatures {
            matches |= expected.ct_eq(signature);
        }
    }
    if !bool::from(matches) {
        return Err(SignatureError::NoMatch);
    }
    let age_seconds = now.as_second().saturating_sub(signed.time);
    if TOLERANCE_SECONDS < age_seconds {
        return Err(SignatureError::TooOld { age_seconds });
    }
    Ok(())
}

/// The header, read.
struct Signed<'a> {
    /// Unix seconds, and the same as it was signed.
    time: i64,
    time_text: &'a str,
    /// The `v1` signatures that are hexadecimal. Others are skipped, as later schemes will be.
    signatures: Vec<Vec<u8>>,
}

impl<'a> Signed<'a> {
    fn parse(header: &'a str) -> Result<Self, SignatureError> {
        let mut time_text = None;
        let mut signatures = Vec::new();
        for pair in header.split(',') {
            match pair.split_once('=').ok_or(SignatureError::HeaderInvalid)? {
                // Two times would leave open which one was signed.
                ("t", _) if time_text.is_some() => return Err(SignatureError::HeaderInvalid),
                ("t", text) => time_text = Some(text),
                ("v1", text) => signatures.extend(hex::decode(text)),
                _ => {}
            }
        }
        let time_text = time_text.ok_or(SignatureError::HeaderInvalid)?;
        if !time_text.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(SignatureError::HeaderInvalid);
        }
        let time = time_text.parse().map_err(|_| SignatureError::HeaderInvalid)?;
        Ok(Self { time, time_text, signatures })
    }
}

/// HMAC-SHA256 over time, a point and the body. A key of any length is taken, so there always is one.
fn digest(secret: &str, time_text: &str, raw_body: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time_text.as_bytes());
    mac.update(b".");
    mac.update(raw_body);
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    const BODY: &str = r#"{"id":"evt_demo_1","type":"checkout.session.completed","note":"Алматы"}"#;
    const SIGNED_AT: i64 = 1_760_000_000;
    const OLD: &str = "3c3530c58b76d6c029aec783c91e0c6bb41b2677e16c3300c71ca703d1f0a35d";
    const NEW: &str = "9ed90ef87dee01672d5ea66d0feda5cf23faf17830031687b3ebce4a5212cd21";
    const OLD_OF_BLANKED_BODY: &str = "975307ca735998f2d4f48c12c312c34bd0d74aec38bcde78c95407bd8e30d5f4";

    fn judge(header: &str, body: &str, secrets: &[&str], now: i64) -> Result<(), SignatureError> {
        let now = Timestamp::from_second(now).expect("a time");
        verify(header, body.as_bytes(), secrets, now)
    }

    /// Judges a header at the moment it was signed, by the old secret.
    #[track_caller]
    fn check(header: &str, expected: Expect) {
        let answer = match judge(header, BODY, &["whsec_demo_old"], SIGNED_AT) {
            Ok(()) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&answer);
    }

    #[test]
    fn a_call_signed_with_either_secret_is_accepted() {
        assert_eq!(BODY.len(), 77);
        check(&format!("t=1760000000,v1={OLD}"), expect!["accepted"]);
        let header = format!("t=1760000000,v1={NEW}");
        assert_eq!(judge(&header, BODY, &["whsec_demo_new"], SIGNED_AT), Ok(()));
        let both = ["whsec_demo_new", "whsec_demo_old"];
        assert_eq!(judge(&header, BODY, &both, SIGNED_AT), Ok(()));
    }

    #[test]
    fn one_good_signature_among_others_is_enough() {
        check(&format!("t=1760000000,v1={NEW},v1={OLD}"), expect!["accepted"]);
        check(&format!("t=1760000000,v1={OLD},v1={NEW}"), expect!["accepted"]);
        check(&format!("t=1760000000,v1=zz,v1={OLD}"), expect!["accepted"]);
        check(&format!("t=1760000000,v1=,v1={OLD}"), expect!["accepted"]);
        check(&format!("t=1760000000,v1={OLD},v0=anything"), expect!["accepted"]);
        check(&format!("v2=1,v1={OLD},t=1760000000"), expect!["accepted"]);
        check(&format!("t=1760000000,v1={}", OLD.to_uppercase()), expect!["accepted"]);
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused() {
        check("", expect!["the signature header cannot be read"]);
        check("v1,t=1", expect!["the signature header cannot be read"]);
        check(&format!("t=,v1={OLD}"), expect!["the signature header cannot be read"]);
        check(&format!("v1={OLD}"), expect!["the signature header cannot be read"]);
        check(&format!("t=+1760000000,v1={OLD}"), expect!["the signature header cannot be read"]);
        check(&format!("t=99999999999999999999,v1={OLD}"), expect!["the signature header cannot be read"]);
        check(&format!("t=1760000000,v1={OLD},"), expect!["the signature header cannot be read"]);
        check(&format!("t=1760000000,t=1760000000,v1={OLD}"), expect!["the signature header cannot be read"]);
    }

    #[test]
    fn a_signature_of_something_else_is_refused() {
        check("t=1760000000", expect!["the header has no v1 signature"]);
        check(&format!("t=1760000000,v0={OLD}"), expect!["the header has no v1 signature"]);
        check("t=1760000000,v1=zz", expect!["the header has no v1 signature"]);
        check(
            &format!("t=1760000000,v1={}", &OLD[..62]),
            expect!["no signature fits the body and a configured secret"],
        );
        check(
            &format!("t=1760000000,v1={NEW}"),
            expect!["no signature fits the body and a configured secret"],
        );
        check(
            &format!("t=1760000001,v1={OLD}"),
            expect!["no signature fits the body and a configured secret"],
        );
        check(
            &format!("t=01760000000,v1={OLD}"),
            expect!["no signature fits the body and a configured secret"],
        );
        check(
            &format!("t=1760000000,v1={OLD_OF_BLANKED_BODY}"),
            expect!["no signature fits the body and a configured secret"],
        );
    }

    #[test]
    fn one_changed_byte_of_the_body_is_noticed() {
        let header = format!("t=1760000000,v1={OLD}");
        let judge = |body: &str| judge(&header, body, &["whsec_demo_old"], SIGNED_AT);
        assert_eq!(judge(&BODY.replacen("_1", "_2", 1)), Err(SignatureError::NoMatch));
        assert_eq!(judge(&BODY.replacen(':', ": ", 1)), Err(SignatureError::NoMatch));
        assert_eq!(judge(&format!("{BODY}\n")), Err(SignatureError::NoMatch));
        assert_eq!(judge(""), Err(SignatureError::NoMatch));
    }

    #[test]
    fn the_blanked_body_has_a_signature_of_its_own() {
        let header = format!("t=1760000000,v1={OLD_OF_BLANKED_BODY}");
        let body = BODY.replacen(':', ": ", 1);
        assert_eq!(judge(&header, &body, &["whsec_demo_old"], SIGNED_AT), Ok(()));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_and_may_come_from_a_faster_clock() {
        let header = format!("t=1760000000,v1={NEW},v1={OLD}");
        let judge = |now| judge(&header, BODY, &["whsec_demo_old"], now);
        assert_eq!(judge(SIGNED_AT + 300), Ok(()));
        assert_eq!(judge(SIGNED_AT + 301), Err(SignatureError::TooOld { age_seconds: 301 }));
        assert_eq!(judge(SIGNED_AT - 3_600), Ok(()));
    }

    #[test]
    fn a_forged_old_call_is_called_forged_and_not_old() {
        let header = format!("t=1760000000,v1={NEW}");
        let later = SIGNED_AT + 1_000;
        assert_eq!(judge(&header, BODY, &["whsec_demo_old"], later), Err(SignatureError::NoMatch));
    }

    #[test]
    fn without_a_secret_nothing_is_authentic() {
        let time = SIGNED_AT.to_string();
        let with_empty_key = hex::encode(digest("", &time, BODY.as_bytes()).expect("a digest"));
        let header = format!("t={time},v1={with_empty_key}");
        assert_eq!(judge(&header, BODY, &[""], SIGNED_AT), Err(SignatureError::NoMatch));
        assert_eq!(judge(&header, BODY, &[], SIGNED_AT), Err(SignatureError::NoMatch));
    }
}

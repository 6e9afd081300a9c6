//! `pg_sig`: MD5 of a script's name, the values of all fields in the order of their names, and the secret,
//! joined by `;` (freedompay.kz/docs/merchant-api/intro).

use md5::{Digest, Md5};

use crate::fields::who_signed;

/// The field that holds the signature, and is not signed itself.
pub(super) const SIGNATURE: &str = "pg_sig";
pub(super) const SALT: &str = "pg_salt";

pub(super) fn digest<'a>(script: &str, values: impl Iterator<Item = &'a str>, secret: &str) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update(script);
    for value in values {
        hash.update(";");
        hash.update(value);
    }
    hash.update(";");
    hash.update(secret);
    hash.finalize().into()
}

/// The secret that values were signed with. Some of the vendor's own modules sign empty values and some
/// leave them out, so both are taken.
pub(super) fn signer<'a>(
    signature: &str,
    script: &str,
    values: &[&str],
    secrets: &'a [impl AsRef<str>],
) -> Option<&'a str> {
    let all = || values.iter().copied();
    who_signed(signature, secrets, |secret| digest(script, all(), secret)).or_else(|| {
        who_signed(signature, secrets, |secret| {
            digest(script, all().filter(|value| !value.is_empty()), secret)
        })
    })
}

/// Text in which one value cannot end and another begin.
pub(super) fn is_whole(text: &str) -> bool {
    !text.contains(';')
}

/// A form with its signature; the fields are given sorted by name.
pub(super) fn signed_form(script: &str, fields: &[(&str, &str)], secret: &str) -> String {
    debug_assert!(fields.is_sorted_by_key(|(name, _)| *name));
    let signature = hex::encode(digest(script, fields.iter().map(|(_, value)| *value), secret));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair(SIGNATURE, &signature)
        .finish()
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;

    const SECRET: &str = "demoSecret01";

    #[track_caller]
    fn check(script: &str, values: &[&str], expected: &str) {
        assert_eq!(hex::encode(digest(script, values.iter().copied(), SECRET)), expected);
    }

    #[test]
    fn values_are_joined_between_script_and_secret() {
        let init = [
            "1500.00",
            "KZT",
            "Balance top-up",
            "500001",
            "TOPUP-0001",
            "POST",
            "https://pay.example.com/cb/freedompay-result",
            "a1b2c3d4",
            "1",
        ];
        check("init_payment.php", &init, "4e0da23f6a07c32974cca8ce0e181991");
        check("get_status3.php", &["500001", "TOPUP-0001", "q1w2e3"], "a7995a093a14d6ad0d37db1d264cc33e");
        check("freedompay-result", &["accepted", "z9y8x7", "ok"], "579ed7fa9d3753cb297ece7532789270");
        check(
            "freedompay-result",
            &["order expired", "z9y8x7", "rejected"],
            "84fe3efd7660be130a54530d0e222405",
        );
    }

    #[test]
    fn a_salt_with_separators_would_make_an_answer_into_a_callback() {
        // Why an answer is signed only for a callback that is authentic and has a salt of one piece.
        let answer = ["bad signature", "1500.00;KZT;TOPUP-0001;880011;1", "error"];
        let forged = ["bad signature", "1500.00", "KZT", "TOPUP-0001", "880011", "1", "error"];
        check("freedompay-result", &answer, "d475ce1d232c4b691e854d65dcb00452");
        check("freedompay-result", &forged, "d475ce1d232c4b691e854d65dcb00452");
    }

    #[test]
    fn empty_values_may_be_signed_or_left_out() {
        let kept = hex::encode(digest("s", ["a", "", "b"].into_iter(), SECRET));
        let dropped = hex::encode(digest("s", ["a", "b"].into_iter(), SECRET));
        for signature in [kept, dropped] {
            assert_eq!(signer(&signature, "s", &["a", "", "b"], &[SECRET]), Some(SECRET));
        }
    }
}

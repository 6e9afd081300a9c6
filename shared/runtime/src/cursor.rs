//! Where a list goes on: of no meaning to who asks, and fit for a URL as it stands.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::Problem;

/// The place that a cursor was answered for. What is no cursor is refused.
pub fn place_of(cursor: &str) -> Result<String, Problem> {
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = place.filter(|place| !place.is_empty());
    place.ok_or_else(|| Problem::invalid("cursor", "not a cursor of this list"))
}

/// The cursor of a place.
pub fn cursor_of(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_was_answered_and_fits_in_a_url() {
        let cursor = cursor_of("ärzte\u{1}com_1#?&");
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
        assert_eq!(place_of(&cursor).unwrap(), "ärzte\u{1}com_1#?&");
        for bad in ["", "%", "????"] {
            assert!(place_of(bad).is_err(), "{bad:?}");
        }
    }
}

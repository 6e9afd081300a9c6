//! Figures as a document shows them: digits from the decimal itself, in groups of three.

/// A narrow space that no line breaks at: commas and dots mean thousands in some countries and
/// decimals in others (ISO 80000-1, 7.3.1).
pub(crate) const GROUP_SEPARATOR: &str = "\u{202F}";
const GROUP_LENGTH: usize = 3;
/// Characters of what separates groups, or the whole from the fraction.
const SEPARATOR_LENGTH_MAX: usize = 4;
/// Bytes: more than any amount has, and little enough that a form cannot fill the memory by it.
const LENGTH_MAX: usize = 60;

/// Whether figures may be separated by this.
pub(crate) fn is_separator(text: &str) -> bool {
    text.chars().count() <= SEPARATOR_LENGTH_MAX
}

/// Every digit the number has, and zeros up to `places` if it has fewer. None of what is no number, or a longer
/// one than any is.
pub(crate) fn shown(number: &str, places: usize, group: &str, point: &str) -> Option<String> {
    if LENGTH_MAX < number.len() {
        return None;
    }
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let mut text = String::with_capacity(2 * number.len() + places);
    if number.starts_with('-') {
        text.push('-');
    }
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(GROUP_LENGTH) {
            text.push_str(group);
        }
        text.push(digit);
    }
    if places.max(fraction.len()) > 0 {
        text.push_str(point);
        text.push_str(fraction);
        text.extend(std::iter::repeat_n('0', places.saturating_sub(fraction.len())));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, places: usize, expected: &str) {
        assert_eq!(shown(raw, places, " ", ".").as_deref(), Some(expected));
    }

    #[test]
    fn an_amount_keeps_every_digit_and_is_padded_to_the_places_of_its_column() {
        check("0", 2, "0.00");
        check("0.045", 2, "0.045");
        check("12.5", 3, "12.500");
        check("-7", 0, "-7");
        check("999999999999.123456", 2, "999 999 999 999.123456");
    }

    #[test]
    fn digits_are_grouped_in_threes_from_the_point() {
        check("999", 0, "999");
        check("-999", 0, "-999");
        check("1000", 0, "1 000");
        check("-123456.5", 2, "-123 456.50");
        check(&i64::MIN.to_string(), 0, "-9 223 372 036 854 775 808");
        assert_eq!(shown("1234.5", 2, ".", ",").as_deref(), Some("1.234,50"));
    }

    #[test]
    fn a_number_that_is_longer_than_any_is_not_shown() {
        check(&"1".repeat(LENGTH_MAX), 0, &["111"; LENGTH_MAX / GROUP_LENGTH].join(" "));
        assert_eq!(shown(&"1".repeat(LENGTH_MAX + 1), 0, " ", "."), None);
        assert!(is_separator("\u{202F}\u{202F}\u{202F}\u{202F}") && !is_separator("....."));
    }

    #[test]
    fn what_is_no_number_is_not_shown_as_one() {
        for text in ["", "-", ".5", "1e3", "ten", "1.2.3", "--1"] {
            assert_eq!(shown(text, 2, " ", "."), None, "{text}");
        }
    }
}

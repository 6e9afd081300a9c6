//! Figures as an invoice shows them: digits from the decimal itself, in groups of three.

use domain::money::Amount;
use jiff::civil::Date;

/// A narrow space that no line breaks at: commas and dots mean thousands in some countries and
/// decimals in others (ISO 80000-1, 7.3.1).
const GROUP_SEPARATOR: char = '\u{202F}';
const GROUP_LENGTH: usize = 3;

/// Every digit the amount has, and zeros up to `places` if it has fewer.
pub(super) fn amount(amount: Amount, places: u32) -> String {
    let mut decimal = amount.decimal();
    decimal.rescale(places.max(decimal.scale()));
    grouped(&decimal.to_string())
}

/// Decimal places that show all of these amounts in full, and at least the currency's own.
pub(super) fn places_of(amounts: impl IntoIterator<Item = Amount>, minor_places: u32) -> u32 {
    amounts.into_iter().map(|amount| amount.decimal().scale()).fold(minor_places, u32::max)
}

pub(super) fn count(count: i64) -> String {
    grouped(&count.to_string())
}

/// `31 Oct 2026`: no reader takes the day for the month.
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

fn grouped(number: &str) -> String {
    let (whole, fraction) = number.find('.').map_or((number, ""), |point| number.split_at(point));
    let digits = whole.trim_start_matches('-').len();
    let mut text = String::with_capacity(number.len() + digits);
    for (place, character) in whole.chars().rev().enumerate() {
        if place > 0 && place < digits && place % GROUP_LENGTH == 0 {
            text.push(GROUP_SEPARATOR);
        }
        text.push(character);
    }
    text.chars().rev().chain(fraction.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, places: u32, expected: &str) {
        let shown = amount(Amount::parse(raw).unwrap(), places).replace(GROUP_SEPARATOR, " ");
        assert_eq!(shown, expected);
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
        assert_eq!(count(i64::MIN).replace(GROUP_SEPARATOR, " "), "-9 223 372 036 854 775 808");
    }

    #[test]
    fn a_column_has_the_places_of_its_most_precise_amount() {
        let amounts = ["0.1", "0.0455", "3"].map(|raw| Amount::parse(raw).unwrap());
        assert_eq!(places_of(amounts, 2), 4);
        assert_eq!(places_of([], 2), 2);
    }

    #[test]
    fn a_day_names_its_month() {
        assert_eq!(day(jiff::civil::date(2026, 11, 2)), "2 Nov 2026");
    }
}

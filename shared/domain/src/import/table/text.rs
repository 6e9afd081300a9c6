//! Numbers of spreadsheets as the texts that people see.

/// Digits that Excel shows and compares; the rest of a binary fraction is noise of its calculation.
const SIGNIFICANT_DIGITS: usize = 15;

/// The shortest decimal text of a cell's number, without an exponent: `0.05`, never `0.05000000000000000277`.
/// A result such as 0.1 + 0.2 has more than 15 digits and is taken as Excel shows it.
pub fn number_text(number: f64) -> String {
    let shortest = format!("{number}");
    if shortest.bytes().filter(u8::is_ascii_digit).count() <= SIGNIFICANT_DIGITS || !number.is_finite() {
        return shortest;
    }
    let significant = format!("{number:.*e}", SIGNIFICANT_DIGITS - 1);
    significant.parse::<f64>().map_or(shortest, |shown| format!("{shown}"))
}

/// A hundredth of it, of numbers that are stored as hundredfold.
pub fn hundredth_text(number: f64) -> String {
    let mut text = number_text(number);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits.to_owned()),
        None => ("", std::mem::take(&mut text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.bytes().any(|byte| !byte.is_ascii_digit()) {
        return digits; // infinite, or no number at all
    }
    let whole = format!("{whole:0>3}");
    let (whole, moved) = whole.split_at(whole.len() - 2);
    let fraction = format!("{moved}{fraction}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}
